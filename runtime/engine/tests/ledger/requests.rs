//! Random requests: transactions, permits and orders, user operations, messages.

use crate::property::{ACCOUNT, Behaviour, RULES, TICK};
use agentpol_model::{
    Address, B256, ChainId, U256,
    effect::{EffectKind, GrantMode},
};
use agentpol_runtime::ledger::{Action, Asset, Effect, Name, Request, Slot};

/// What a request is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signed {
    Transaction,
    /// A permit, a transfer by signature, an order.
    Permit,
    /// A user operation.
    Operation,
    Message,
}

const TOKEN: Address = Address::repeat_byte(0x51);
const ENTRY_POINT: Address = Address::repeat_byte(0x43);
const KEEPER: Address = Address::repeat_byte(0x22);
const SPENDER: Address = Address::repeat_byte(1);
const OTHER: Address = Address::repeat_byte(2);
pub(crate) const TRUSTED: Address = Address::repeat_byte(3);

pub(crate) fn asset(chain: ChainId, n: u64) -> Asset {
    Asset { chain, contract: Some(Address::with_last_byte(n as u8 + 1)) }
}

impl Behaviour {
    pub(crate) fn request(&mut self) -> Request {
        self.requests += 1;
        let chain = 1 + self.random.below(self.chains);
        let next = self.ledger.state().next_nonce[&(chain, ACCOUNT)];
        let transaction = |nonce| Slot::Transaction { chain, account: ACCOUNT, nonce };
        let open = |slot: &&Slot| matches!(slot, Slot::Transaction { chain: of, .. } if *of == chain);
        let open: Vec<Slot> = self.ledger.state().slots.keys().filter(open).copied().collect();
        let digest = B256::left_padding_from(&self.requests.to_be_bytes());
        let id = B256::with_last_byte(self.random.below(6) as u8);
        let signature = |contract, id| Slot::Signature { chain, contract, id };
        let (slot, what) = match self.random.below(if self.narrow { 8 } else { 20 }) {
            0..=3 => (signature(TOKEN, id), Signed::Permit),
            4 => (signature(ENTRY_POINT, id), Signed::Operation),
            5 => (signature(Address::ZERO, digest), Signed::Message),
            6..=8 if !open.is_empty() => (self.random.pick(&open), Signed::Transaction),
            _ => (transaction(next), Signed::Transaction),
        };
        let count = match what {
            Signed::Permit | Signed::Message => 1,
            Signed::Operation => 1 + self.random.below(3),
            Signed::Transaction => self.random.below(4),
        };
        let deadline = match what {
            Signed::Message => Some(self.world.now),
            _ => self.random.chance(40).then(|| self.world.now + self.random.below(6) * TICK),
        };
        let fee = match what {
            Signed::Permit | Signed::Message => 0,
            Signed::Operation => 1 + self.random.below(2),
            Signed::Transaction => self.random.below(3),
        };
        let actions = (0..count).map(|_| self.action(chain, what)).collect();
        Request { slot, digest, asked: None, agent: None, fee: U256::from(fee), deadline, actions }
    }

    fn action(&mut self, chain: ChainId, what: Signed) -> Action {
        let mut rules = vec![Name::from(self.random.pick(&RULES[..3]))];
        if self.random.chance(25) {
            rules.push("parent".into());
        }
        let effects = if what == Signed::Message { 0 } else { 1 + self.random.below(2) };
        let effects = (0..effects).map(|_| self.effect(chain, what)).collect();
        let may_fail = matches!(what, Signed::Transaction | Signed::Operation) && self.random.chance(25);
        Action { rules, effects, charges: Vec::new(), may_fail }
    }

    fn effect(&mut self, chain: ChainId, what: Signed) -> Effect {
        let amount = U256::from(1 + self.random.below(4));
        let permit = what == Signed::Permit;
        let (kind, amount) = match self.random.below(10) {
            0..=2 => (EffectKind::Move, amount),
            3..=5 if !permit => (EffectKind::Pull { exact: self.random.chance(50) }, amount),
            6 => (EffectKind::Grant(GrantMode::Add), amount),
            7 if !permit => (EffectKind::Grant(GrantMode::Dec), amount),
            8 => (EffectKind::Grant(GrantMode::Set), U256::ZERO),
            _ => (EffectKind::Grant(GrantMode::Set), amount),
        };
        let ends = matches!(kind, EffectKind::Grant(GrantMode::Add | GrantMode::Set));
        let until = match self.random.below(10) {
            // Over before it begins: Permit2's "in this block".
            0 if ends => Some(0),
            1..=4 if ends && what != Signed::Transaction => {
                Some(self.world.now + self.random.below(if self.narrow { 20 } else { 6 }) * TICK)
            }
            _ => None,
        };
        Effect {
            kind,
            asset: asset(chain, if self.narrow { 0 } else { self.random.below(2) }),
            amount,
            party: if self.narrow { SPENDER } else { self.random.pick(&[SPENDER, SPENDER, OTHER, TRUSTED]) },
            until,
            through: (kind != EffectKind::Move && self.random.chance(30)).then_some(KEEPER),
        }
    }
}
