//! Uniswap v4 settles at the end: what an action owes, a later one pays, and "whatever is owed" names no amount. The standard library
//! counts what the wallet pays where the debt is made. Here programs of actions run against a pool manager that is out to get the
//! wallet, written down from what the contracts publish of themselves: never does the wallet pay more of a token than was counted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use agentpol_abi::{Value, encode, signature::parse_members};
use agentpol_model::{
    Address, U256,
    decision::{Denied, DenyCode, Granted},
    effect::EffectKind,
    types::WordType,
};
use agentpol_tests::{
    differential::WALLET,
    generator::Rng,
    nested::{OPEN, Owned, judge},
};
use alloy_primitives::address;
use std::collections::BTreeMap;

const ROUTER: Address = address!("66a9893cC07D91D95644AEDD05D03f95e1dBA8Af");
const MANAGER: Address = address!("bD216513d74C8cf14cf4747E6AaA6420FF64ee9e");
const ETHER: Address = Address::ZERO;
const USDC: Address = address!("A0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48");
const WETH: Address = address!("C02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2");
/// In the order of their numbers, as pools have them.
const CURRENCIES: [Address; 3] = [ETHER, USDC, WETH];

const OWED: u128 = 0;
/// Of a settlement: what the contract holds.
const HELD: U256 = U256::from_limbs([0, 0, 0, 1 << 63]);

const SWAP_IN_SINGLE: u8 = 0x06;
const SWAP_IN: u8 = 0x07;
const SWAP_OUT_SINGLE: u8 = 0x08;
const SWAP_OUT: u8 = 0x09;
const MINT: u8 = 0x02;
const SETTLE: u8 = 0x0b;
const SETTLE_ALL: u8 = 0x0c;
const SETTLE_PAIR: u8 = 0x0d;
const TAKE: u8 = 0x0e;
const TAKE_ALL: u8 = 0x0f;
const TAKE_PORTION: u8 = 0x10;
const TAKE_PAIR: u8 = 0x11;
const CLOSE: u8 = 0x12;

const POOL: &str = "(address,address,uint24,int24,address)";
const STEPS: &str = "(address,uint24,int24,address,bytes)[]";

fn inputs(opcode: u8) -> String {
    let members = match opcode {
        SWAP_IN_SINGLE | SWAP_OUT_SINGLE => format!("({POOL},bool,uint128,uint128,bytes)"),
        SWAP_IN | SWAP_OUT => format!("(address,{STEPS},uint128,uint128)"),
        MINT => format!("{POOL},int24,int24,uint256,uint128,uint128,address,bytes"),
        SETTLE => "address,uint256,bool".to_owned(),
        SETTLE_ALL | TAKE_ALL => "address,uint256".to_owned(),
        SETTLE_PAIR => "address,address".to_owned(),
        TAKE | TAKE_PORTION => "address,address,uint256".to_owned(),
        TAKE_PAIR => "address,address,address".to_owned(),
        _ => "address".to_owned(),
    };
    format!("({members})")
}

fn word(n: impl TryInto<U256>, bits: u16) -> Value {
    Value::Word(n.try_into().unwrap_or_default(), WordType::Uint(bits))
}

fn number(n: U256) -> Value {
    word(n, 256)
}

fn amount(n: u128) -> Value {
    word(U256::from(n), 128)
}

fn at(address: Address) -> Value {
    Value::Word(address.into_word().into(), WordType::Address)
}

fn truth(yes: bool) -> Value {
    Value::Word(U256::from(u8::from(yes)), WordType::Bool)
}

fn ticks(n: u64) -> Value {
    Value::Word(U256::from(n), WordType::Int(24))
}

fn none() -> Value {
    Value::Bytes(Vec::new())
}

fn pool(low: Address, high: Address, hooks: Address) -> Value {
    Value::Tuple(vec![at(low), at(high), word(U256::from(500), 24), ticks(10), at(hooks)])
}

/// A program as it is written, and what became of it in one world.
struct Program<'r> {
    rng: &'r mut Rng,
    /// The position manager, or the router.
    manager: bool,
    opcodes: Vec<u8>,
    params: Vec<Vec<u8>>,
    /// What the pool manager owes the contract, and below zero what it is owed.
    delta: BTreeMap<Address, i128>,
    /// Of the contract.
    held: BTreeMap<Address, u128>,
    /// Out of the wallet, through Permit2.
    paid: BTreeMap<Address, u128>,
    reverted: bool,
    /// Does a declaration have to refuse it?
    unbounded: bool,
}

impl<'r> Program<'r> {
    fn new(rng: &'r mut Rng) -> Self {
        let manager = rng.chance(40);
        // From earlier commands.
        let held = CURRENCIES.map(|currency| (currency, rng.below(3) as u128 * 50)).into();
        let (delta, paid) = (BTreeMap::new(), BTreeMap::new());
        let mut program = Self {
            rng,
            manager,
            opcodes: Vec::new(),
            params: Vec::new(),
            delta,
            held,
            paid,
            reverted: false,
            unbounded: false,
        };
        for _ in 0..program.rng.between(1, 5) {
            program.any();
        }
        program.close();
        program
    }

    fn write(&mut self, opcode: u8, values: &[Value]) {
        let members = parse_members(&inputs(opcode)).unwrap();
        self.opcodes.push(opcode);
        self.params.push(encode(&members, values).unwrap());
    }

    fn owed(&self, currency: Address) -> u128 {
        let delta = self.delta.get(&currency).copied().unwrap_or_default();
        if delta > 0 { 0 } else { delta.unsigned_abs() }
    }

    fn credit(&self, currency: Address) -> u128 {
        self.delta.get(&currency).copied().unwrap_or_default().max(0).unsigned_abs()
    }

    fn change(&mut self, currency: Address, by: i128) {
        *self.delta.entry(currency).or_default() += by;
    }

    /// Pays the pool manager. Ether is always the contract's.
    fn pay(&mut self, currency: Address, by_wallet: bool, n: u128) {
        if by_wallet && currency != ETHER {
            *self.paid.entry(currency).or_default() += n;
        } else {
            let held = self.held.entry(currency).or_default();
            match held.checked_sub(n) {
                Some(left) => *held = left,
                None => self.reverted = true,
            }
        }
        self.change(currency, n as i128);
    }

    fn small(&mut self) -> u128 {
        self.rng.below(100) as u128
    }

    /// As much as the pool likes, up to a limit.
    fn up_to(&mut self, most: u128) -> u128 {
        if self.rng.chance(60) { most } else { self.rng.below(most as usize + 1) as u128 }
    }

    fn pair(&mut self) -> (Address, Address) {
        *self.rng.pick(&[(ETHER, USDC), (ETHER, WETH), (USDC, WETH)])
    }

    fn hooks(&mut self) -> Address {
        if self.rng.chance(30) { Address::repeat_byte(0x66) } else { Address::ZERO }
    }

    fn any(&mut self) {
        let currency = *self.rng.pick(&CURRENCIES);
        match (self.manager, self.rng.below(10)) {
            (true, 0..=3) => self.mint(),
            (false, 0..=1) => self.swap_in_single(),
            (false, 2) => self.swap_in(),
            (false, 3) => self.swap_out_single(),
            (false, 4) => self.swap_out(),
            (_, 5..=6) => self.settle(currency),
            (false, 7) => self.settle_all(currency),
            (true, 7) => self.close_currency(currency),
            (true, 4) => self.settle_pair(),
            _ => self.take(currency),
        }
    }

    fn mint(&mut self) {
        let ((low, high), hooks) = (self.pair(), self.hooks());
        let most = (self.small(), self.small());
        let values = [
            pool(low, high, hooks),
            ticks(0),
            ticks(10),
            number(U256::from(7)),
            amount(most.0),
            amount(most.1),
            at(WALLET),
            none(),
        ];
        self.write(MINT, &values);
        let costs = (self.up_to(most.0), self.up_to(most.1));
        self.change(low, -(costs.0 as i128));
        self.change(high, -(costs.1 as i128));
    }

    /// An input of zero is the whole credit; the output is not below zero, or it reverts.
    fn swap_in_single(&mut self) {
        let ((low, high), hooks, up) = (self.pair(), self.hooks(), self.rng.chance(50));
        let (pays, gets) = if up { (low, high) } else { (high, low) };
        let written = if self.rng.chance(20) { OWED } else { self.small() };
        let swap = vec![pool(low, high, hooks), truth(up), amount(written), amount(0), none()];
        self.write(SWAP_IN_SINGLE, &[Value::Tuple(swap)]);
        if written == OWED && self.owed(pays) > 0 {
            self.reverted = true;
        }
        let most = if written == OWED { self.credit(pays) } else { written };
        let (pay, get) = (self.up_to(most), self.small());
        self.change(pays, -(pay as i128));
        self.change(gets, get as i128);
    }

    fn swap_in(&mut self) {
        let mut path = vec![*self.rng.pick(&CURRENCIES)];
        for _ in 0..self.rng.between(1, 3) {
            let others: Vec<Address> = CURRENCIES.into_iter().filter(|c| path.last() != Some(c)).collect();
            path.push(*self.rng.pick(&others));
        }
        let written = if self.rng.chance(20) { OWED } else { self.small() };
        let steps = path[1..].iter().map(|currency| self.step(*currency)).collect();
        let swap = vec![at(path[0]), Value::Array(steps), amount(written), amount(0)];
        self.write(SWAP_IN, &[Value::Tuple(swap)]);
        if written == OWED && self.owed(path[0]) > 0 {
            self.reverted = true;
        }
        let mut next = if written == OWED { self.credit(path[0]) } else { written };
        for pair in path.windows(2) {
            let (pay, get) = (self.up_to(next), self.small());
            self.change(pair[0], -(pay as i128));
            self.change(pair[1], get as i128);
            next = get;
        }
    }

    fn step(&mut self, currency: Address) -> Value {
        let hooks = self.hooks();
        Value::Tuple(vec![at(currency), word(U256::from(500), 24), ticks(10), at(hooks), none()])
    }

    /// A hook may leave the buyer owing what it bought.
    fn bought(&mut self, wanted: u128, hooks: Address) -> i128 {
        if hooks == Address::ZERO {
            self.up_to(wanted) as i128
        } else {
            wanted as i128 - self.rng.below(300) as i128
        }
    }

    fn swap_out_single(&mut self) {
        let ((low, high), hooks, up) = (self.pair(), self.hooks(), self.rng.chance(50));
        let (pays, gets) = if up { (low, high) } else { (high, low) };
        let (written, most) = (if self.rng.chance(20) { OWED } else { self.small() }, self.small());
        let swap = vec![pool(low, high, hooks), truth(up), amount(written), amount(most), none()];
        self.write(SWAP_OUT_SINGLE, &[Value::Tuple(swap)]);
        self.unbounded |= hooks != Address::ZERO;
        if written == OWED && self.credit(gets) > 0 {
            self.reverted = true;
        }
        let wanted = if written == OWED { self.owed(gets) } else { written };
        let (pay, get) = (self.up_to(most), self.bought(wanted, hooks));
        self.change(pays, -(pay as i128));
        self.change(gets, get);
    }

    /// From the end backwards; an output that falls short on the way is owed.
    fn swap_out(&mut self) {
        let mut path = vec![*self.rng.pick(&CURRENCIES)];
        for _ in 0..self.rng.between(1, 2) {
            let others: Vec<Address> = CURRENCIES.into_iter().filter(|c| path.last() != Some(c)).collect();
            path.push(*self.rng.pick(&others));
        }
        let (written, most) = (1 + self.small(), self.small());
        let hooks = self.hooks();
        let step = |currency: &Address| {
            Value::Tuple(vec![at(*currency), word(U256::from(500), 24), ticks(10), at(hooks), none()])
        };
        let steps = path[1..].iter().rev().map(step).collect();
        let swap = vec![at(path[0]), Value::Array(steps), amount(written), amount(most)];
        self.write(SWAP_OUT, &[Value::Tuple(swap)]);
        self.unbounded |= hooks != Address::ZERO || path.len() > 2;
        let mut wanted = written;
        for n in 1..path.len() {
            let get = self.bought(wanted, hooks);
            let pay = if n + 1 == path.len() { self.up_to(most) } else { 500 };
            self.change(path[n - 1], get);
            self.change(path[n], -(pay as i128));
            wanted = pay;
        }
    }

    fn settle(&mut self, currency: Address) {
        let by_wallet = self.rng.chance(70);
        let (written, pays) = match self.rng.below(4) {
            0 | 1 => (U256::ZERO, self.owed(currency)),
            2 => {
                self.unbounded |= by_wallet && currency != ETHER;
                (HELD, self.held.get(&currency).copied().unwrap_or_default())
            }
            _ => {
                let n = 1 + self.small();
                (U256::from(n), n)
            }
        };
        self.write(SETTLE, &[at(currency), number(written), truth(by_wallet)]);
        self.reverted |= written.is_zero() && self.credit(currency) > 0;
        self.pay(currency, by_wallet, pays);
    }

    fn settle_all(&mut self, currency: Address) {
        let most = if self.rng.chance(80) { U256::MAX } else { U256::from(self.small()) };
        self.write(SETTLE_ALL, &[at(currency), number(most)]);
        let owed = self.owed(currency);
        self.reverted |= U256::from(owed) > most || self.credit(currency) > 0;
        self.pay(currency, true, owed);
    }

    fn settle_pair(&mut self) {
        let (low, high) = self.pair();
        self.write(SETTLE_PAIR, &[at(low), at(high)]);
        for currency in [low, high] {
            self.reverted |= self.credit(currency) > 0;
            self.pay(currency, true, self.owed(currency));
        }
    }

    fn close_currency(&mut self, currency: Address) {
        self.write(CLOSE, &[at(currency)]);
        let (owed, credit) = (self.owed(currency), self.credit(currency));
        self.change(currency, -(credit as i128));
        self.pay(currency, true, owed);
    }

    fn take(&mut self, currency: Address) {
        let credit = self.credit(currency);
        let owes = self.owed(currency) > 0;
        match (self.manager, self.rng.below(4)) {
            (_, 0 | 1) => {
                let n = 1 + self.small();
                self.write(TAKE, &[at(currency), at(WALLET), number(U256::from(n))]);
                self.change(currency, -(n as i128));
            }
            (false, 2) => {
                let bips = self.rng.below(12_000) as u128;
                self.write(TAKE_PORTION, &[at(currency), at(WALLET), number(U256::from(bips))]);
                self.reverted |= bips > 10_000 || owes;
                self.change(currency, -((credit * bips / 10_000) as i128));
            }
            (false, _) => {
                self.write(TAKE_ALL, &[at(currency), number(U256::ZERO)]);
                self.reverted |= owes;
                self.change(currency, -(credit as i128));
            }
            (true, _) => {
                let (low, high) = self.pair();
                self.write(TAKE_PAIR, &[at(low), at(high), at(WALLET)]);
                for currency in [low, high] {
                    self.reverted |= self.owed(currency) > 0;
                    let credit = self.credit(currency);
                    self.change(currency, -(credit as i128));
                }
            }
        }
    }

    /// Whatever is open is settled, since nothing else lands.
    fn close(&mut self) {
        for currency in CURRENCIES {
            if self.owed(currency) > 0 {
                let owed = self.owed(currency);
                let by_wallet = currency != ETHER;
                self.write(SETTLE, &[at(currency), number(U256::ZERO), truth(by_wallet)]);
                self.pay(currency, by_wallet, owed);
            }
            let credit = self.credit(currency);
            if credit > 0 {
                self.write(TAKE, &[at(currency), at(WALLET), number(U256::ZERO)]);
                self.change(currency, -(credit as i128));
            }
        }
    }

    fn judged(&self) -> Result<Granted, Denied> {
        let bytes = |list: &[Vec<u8>]| Value::Array(list.iter().cloned().map(Value::Bytes).collect());
        let members = parse_members("(bytes,bytes[])").unwrap();
        let plan = encode(&members, &[Value::Bytes(self.opcodes.clone()), bytes(&self.params)]).unwrap();
        let (to, name, values) = match self.manager {
            true => {
                (MANAGER, "modifyLiquidities", vec![Value::Bytes(plan), number(U256::from(2_000_000_000))])
            }
            false => (ROUTER, "execute", vec![Value::Bytes(vec![0x10]), bytes(&[plan])]),
        };
        let (rules, ..) = &*OPEN;
        let mut functions = rules.callables.iter().filter_map(|callable| {
            let it = callable.function.as_ref()?;
            let known = it.name == name && it.inputs.len() == values.len();
            (known && agentpol_tests::nested::target(callable) == to).then_some(it)
        });
        let function = functions.next().unwrap();
        let data = [function.selector.as_slice(), &encode(&function.inputs, &values).unwrap()].concat();
        judge(&Owned::call(to, data), WALLET)
    }
}

/// What is counted of a token.
fn counted(granted: &Granted, token: Address) -> U256 {
    let (rules, ..) = &*OPEN;
    let token = rules.token_at(1, token).unwrap();
    let effects = granted.actions.iter().flat_map(|action| &action.effects);
    let pulls = effects.filter(|e| matches!(e.kind, EffectKind::Pull { .. }) && e.token == token);
    pulls.fold(U256::ZERO, |sum, e| sum.saturating_add(e.amount))
}

#[test]
fn the_wallet_never_pays_more_than_is_counted() {
    let rng = &mut Rng::new(21);
    let (mut paying, mut refused, mut tight) = (0, 0, 0);
    for n in 0..8_000 {
        let program = Program::new(rng);
        let said = program.judged();
        if program.unbounded {
            let code = said.map_err(|denied| denied.code).unwrap_err();
            assert!(matches!(code, DenyCode::Requirement | DenyCode::Unlimited), "program {n}: {code}");
            refused += 1;
            continue;
        }
        let granted = said.unwrap_or_else(|denied| panic!("program {n} is denied: {denied:?}"));
        if program.reverted || program.delta.values().any(|delta| *delta != 0) {
            continue;
        }
        for token in [USDC, WETH] {
            let paid = U256::from(program.paid.get(&token).copied().unwrap_or_default());
            let counted = counted(&granted, token);
            assert!(
                paid <= counted,
                "program {n} pays {paid} of {token}, counted {counted}: {:02x?}",
                program.opcodes
            );
            paying += usize::from(!paid.is_zero());
            tight += usize::from(!paid.is_zero() && paid == counted);
        }
    }
    println!("{paying} payments, {tight} of them to the last unit of what was counted; {refused} refused");
    assert!(paying > 1_000 && tight > 100 && refused > 100);
}
