//! The wallet of the simulation: its policy in several editions, what can be asked of it, and who agrees.

use agentpol_compiler::{NoFiles, SourceFile, compile, lower::lower};
use agentpol_ethereum::{Draft, Fee, OwnedRequest, RawTransaction};
use agentpol_model::{Address, ChainId, Time, U256, policy::ParamValue};
use agentpol_runtime::{Binding, Gate, history::Bound, ledger::LineName};
use alloy::signers::{Signature, SignerSync, local::PrivateKeySigner};
use alloy_primitives::{Bytes, address, hex, keccak256};
use std::{collections::BTreeMap, sync::LazyLock};

pub(crate) const CHAIN: ChainId = 1;
pub(crate) const USDC: Address = address!("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48");
pub(crate) const SHOP: Address = address!("0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984");
/// May be lent to, and takes what it was lent when it likes.
pub(crate) const HUB: Address = address!("0x4444444444444444444444444444444444444444");

/// 2026-11-23T10:00:00Z, when every history begins.
pub(crate) const START: Time = 1_795_428_000;
pub(crate) const HOUR: Time = 3_600;
pub(crate) const DAY: Time = 24 * HOUR;

pub(crate) const GAS: u64 = 100_000;
pub(crate) const GWEI: u128 = 1_000_000_000;

/// Most that is paid without a question, by module; what needs two to agree is three times as much.
const FREE: [u64; 2] = [20, 10];
/// Calls an hour, by module.
const PACE: [u64; 2] = [14, 9];

const POLICY: &str = "policy shop on ethereum

use std::tokens::{USDC}

param alice: approver
param bob: approver
param cap: amount of USDC in 1 USDC ..= 1_000 USDC

interface Hub {
    function take(amount: uint256 as amount of USDC) { pulls amount of USDC by self }
}
contract hub: Hub on ethereum at 0x4444444444444444444444444444444444444444

fees at most 0.01 ETH
budget hourly: cap per 1h
budget daily: 250 USDC per day
budget life: 2_000 USDC total
budget gas: 0.003 ETH of fees per 1h
budget pace: PACE calls per 1h

allow pay: USDC.transfer(to, amount) { when to == 0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984 and amount <= FREE USDC }
ask much: USDC.transfer(to, amount) {
    by 1 of { alice, bob } within 10min
    when to == 0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984 and FREE USDC < amount <= MUCH USDC
}
ask most: USDC.transfer(to, amount) {
    by 2 of { alice, bob } within 1h
    when to == 0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984 and amount > MUCH USDC
}
allow lend: USDC.approve(spender, amount) { when spender == hub }
allow draw: hub.take(amount) {}
";

/// Everything of a kind that leaves and is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Usdc,
    Fee,
    Call,
}

/// When something has left a budget's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    Hour,
    Day,
    Ever,
}

impl Span {
    /// Do these two times share a window?
    pub(crate) fn shared(self, earlier: Time, later: Time) -> bool {
        match self {
            Span::Hour => earlier + HOUR > later,
            Span::Day => earlier / DAY == later / DAY,
            Span::Ever => true,
        }
    }
}

/// The budgets, as this file reads the policy.
pub(crate) const BUDGETS: [(&str, Kind, Span); 5] = [
    ("hourly", Kind::Usdc, Span::Hour),
    ("daily", Kind::Usdc, Span::Day),
    ("life", Kind::Usdc, Span::Ever),
    ("gas", Kind::Fee, Span::Hour),
    ("pace", Kind::Call, Span::Hour),
];

pub(crate) fn line(budget: &str) -> LineName {
    LineName::new(budget, 0)
}

/// An edition of the policy: which module, and the parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edition {
    pub(crate) module: usize,
    /// USDC.
    pub(crate) cap: u64,
}

impl Edition {
    pub(crate) fn cap_of(&self, budget: &str) -> U256 {
        match budget {
            "hourly" => usdc(self.cap),
            "daily" => usdc(250),
            "life" => usdc(2_000),
            "gas" => U256::from(3 * 10u64.pow(15)),
            _ => U256::from(PACE[self.module]),
        }
    }

    /// How many have to agree to this.
    pub(crate) fn need(&self, what: What) -> usize {
        let free = usdc(FREE[self.module]);
        match what {
            What::Pay(amount) if amount > free * U256::from(3) => 2,
            What::Pay(amount) if amount > free => 1,
            _ => 0,
        }
    }

    /// Within how many seconds.
    pub(crate) fn within(&self, what: What) -> Time {
        if self.need(what) == 2 { HOUR } else { 600 }
    }

    pub(crate) fn bytes(&self) -> &'static [u8] {
        &self.module().0
    }

    fn module(&self) -> &'static (Vec<u8>, Bound) {
        static MODULES: LazyLock<[(Vec<u8>, Bound); 2]> = LazyLock::new(|| {
            [0, 1].map(|module| {
                let (bytes, edition) = (compiled(module), Edition { module, cap: 60 });
                let bound = Bound::new(&bytes, &edition.binding(), false).unwrap();
                (bytes, Bound { owner: Some(owner().address()), ..bound })
            })
        });
        &MODULES[self.module]
    }

    pub(crate) fn bound(&self) -> Bound {
        Bound { params: self.binding().params, ..self.module().1.clone() }
    }

    fn binding(&self) -> Binding {
        let word = |address: Address| ParamValue::Word(address.into_word().into());
        let params = BTreeMap::from([
            ("alice".to_owned(), word(alice().address())),
            ("bob".to_owned(), word(bob().address())),
            ("cap".to_owned(), ParamValue::Word(usdc(self.cap))),
        ]);
        let wallet = key().address();
        Binding { wallet, signer: wallet, params }
    }

    /// The same with the owner's word, or somebody else's.
    pub(crate) fn signed<S>(&self, gate: &Gate<S>, by: &PrivateKeySigner) -> Bound {
        let consent = gate.consent_to(&self.bound());
        let signature = by.sign_hash_sync(&consent.digest().unwrap()).unwrap();
        Bound { signature: Some(Bytes::from(signature.as_bytes())), ..self.bound() }
    }
}

fn compiled(module: usize) -> Vec<u8> {
    let text = POLICY
        .replace("FREE", &FREE[module].to_string())
        .replace("MUCH", &(3 * FREE[module]).to_string())
        .replace("PACE", &PACE[module].to_string());
    let compilation = compile(SourceFile::new("shop", text), &NoFiles);
    let rules = compilation.ruleset.unwrap_or_else(|| panic!("{:?}", compilation.diagnostics));
    agentpol_bytecode::encode(&lower(&rules).unwrap())
}

fn named(name: &str) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&keccak256(name)).unwrap()
}

/// The wallet's own key.
pub(crate) fn key() -> PrivateKeySigner {
    static KEY: LazyLock<PrivateKeySigner> = LazyLock::new(|| named("wallet"));
    KEY.clone()
}

pub(crate) fn owner() -> PrivateKeySigner {
    named("owner")
}

pub(crate) fn alice() -> PrivateKeySigner {
    named("alice")
}

pub(crate) fn bob() -> PrivateKeySigner {
    named("bob")
}

pub(crate) fn stranger() -> PrivateKeySigner {
    named("stranger")
}

/// What an approver signs for what waits under this name, signed. `None` if nothing does.
pub(crate) fn agreed<S>(
    gate: &Gate<S>,
    name: &agentpol_model::B256,
    by: &PrivateKeySigner,
) -> Option<Signature> {
    Some(by.sign_hash_sync(&gate.approval(name)?.digest().unwrap()).unwrap())
}

pub(crate) fn usdc(n: u64) -> U256 {
    U256::from(n) * U256::from(1_000_000)
}

/// What a transaction of the wallet does, as the contracts would read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Pay(U256),
    /// The hub may take so much.
    Lend(U256),
    /// The hub takes at most so much of it.
    Draw(U256),
}

impl What {
    fn call(self) -> (Address, Vec<u8>) {
        let call = |selector: [u8; 4], words: &[[u8; 32]]| [&selector[..], &words.concat()].concat();
        match self {
            What::Pay(amount) => (USDC, call(hex!("a9059cbb"), &[SHOP.into_word().0, amount.to_be_bytes()])),
            What::Lend(amount) => (USDC, call(hex!("095ea7b3"), &[HUB.into_word().0, amount.to_be_bytes()])),
            What::Draw(amount) => {
                (HUB, call(keccak256("take(uint256)")[..4].try_into().unwrap(), &[amount.to_be_bytes()]))
            }
        }
    }

    /// What a signed transaction does, read from its bytes alone.
    pub(crate) fn of(raw: &RawTransaction) -> Self {
        let amount = U256::from_be_slice(&raw.data[raw.data.len() - 32..]);
        let what = match raw.data[..4] {
            [0xa9, 0x05, 0x9c, 0xbb] => What::Pay(amount),
            [0x09, 0x5e, 0xa7, 0xb3] => What::Lend(amount),
            _ => What::Draw(amount),
        };
        assert_eq!((raw.to, &raw.data), (Some(what.call().0), &what.call().1), "nobody asked for that");
        what
    }

    /// USDC that can leave by it and by nothing that was counted before.
    pub(crate) fn at_risk(self) -> U256 {
        match self {
            What::Pay(amount) | What::Lend(amount) => amount,
            What::Draw(_) => U256::ZERO,
        }
    }

    pub(crate) fn request(self, nonce: Option<u64>, gwei: u128) -> OwnedRequest {
        let (to, data) = self.call();
        let fee = Fee::Dynamic { max_fee_per_gas: Some(gwei * GWEI), max_priority_fee_per_gas: Some(1) };
        let draft = Draft {
            chain: CHAIN,
            nonce,
            gas_limit: Some(GAS),
            fee,
            to: Some(to),
            value: U256::ZERO,
            data,
            access_list: Vec::new(),
        };
        OwnedRequest::new(draft, Some(key().address())).unwrap()
    }
}

/// Wei that a transaction with this price can cost at most.
pub(crate) fn most(gwei: u128) -> U256 {
    U256::from(u128::from(GAS) * gwei * GWEI)
}
