//! What is signed, as the ledger sees it.

use super::policy::{LineName, Name};
use agentpol_model::{Address, B256, ChainId, Time, U256, effect::EffectKind};
use serde::{Deserialize, Serialize};

/// A token or native coin where it stands. By address, not by symbol: history must survive that a policy is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// On which chain.
    pub chain: ChainId,
    /// The token's contract; `None` is the chain's native coin.
    pub contract: Option<Address>,
}

/// Whose authority over what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Over what.
    pub asset: Asset,
    /// Whose.
    pub spender: Address,
    /// The contract that keeps it, where that is not the token itself (Permit2).
    pub through: Option<Address>,
}

/// What excludes on chain: of everything signed for one slot, one version can land.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Slot {
    /// A nonce of an account, for transactions and EIP-7702 authorisations.
    Transaction {
        /// On which chain.
        chain: ChainId,
        /// Whose nonce.
        account: Address,
        /// The nonce.
        nonce: u64,
    },
    /// A nonce that a contract keeps for signatures: permits, EIP-3009, Permit2, orders.
    Signature {
        /// On which chain.
        chain: ChainId,
        /// Which contract keeps it; zero if none does, so that the same can be signed again.
        contract: Address,
        /// The nonce (for Permit2 with token and spender, for orders the uid), hashed where it is longer than a word; where
        /// no contract keeps one, the hash of what is signed.
        id: B256,
    },
}

impl Slot {
    /// The chain it belongs to.
    pub fn chain(&self) -> ChainId {
        match self {
            Slot::Transaction { chain, .. } | Slot::Signature { chain, .. } => *chain,
        }
    }

    /// Does something on chain see to it that what was used is not used again?
    pub(super) fn excludes(&self) -> bool {
        !matches!(self, Slot::Signature { contract: Address::ZERO, .. })
    }

    /// Can what is signed for `self` land before what is signed for `other`? Only nonces of one account have an order.
    pub(super) fn can_precede(&self, other: &Slot) -> bool {
        match (self, other) {
            (
                Slot::Transaction { chain: c1, account: a1, nonce: n1 },
                Slot::Transaction { chain: c2, account: a2, nonce: n2 },
            ) if (c1, a1) == (c2, a2) => n1 < n2,
            _ => true,
        }
    }
}

/// One resolved effect of an action. (`receives` and `owes` concern no budget.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// What happens.
    pub kind: EffectKind,
    /// To which asset.
    pub asset: Asset,
    /// How much, in base units.
    pub amount: U256,
    /// Recipient, puller or spender.
    pub party: Address,
    /// Last second at which a grant can be used.
    pub until: Option<Time>,
    /// The contract that keeps the authority, where that is not the token itself.
    pub through: Option<Address>,
}

impl Effect {
    /// The authority it uses or gives.
    pub fn key(&self) -> Key {
        Key { asset: self.asset, spender: self.party, through: self.through }
    }
}

/// One action with its verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// The deciding rule of each policy in the chain, child first.
    pub rules: Vec<Name>,
    /// What it does.
    pub effects: Vec<Effect>,
    /// What its rule charges beside that, in each line's denominator: a line may occur more than once.
    pub charges: Vec<(LineName, U256)>,
    /// May it fail while the rest lands? Then nobody is told whether it did.
    pub may_fail: bool,
}

/// What is signed once: an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What it excludes.
    pub slot: Slot,
    /// The hash that is signed. The same bytes twice are one signature and one charge.
    pub digest: B256,
    /// What an approval is bound to, where that is not the hash that is signed: a transaction whose nonce the ledger gives is
    /// approved whichever it then gets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<B256>,
    /// The name the gate authenticated, if any.
    pub agent: Option<Name>,
    /// The most it can cost in fees, in wei.
    pub fee: U256,
    /// Last second at which it can land; `None` is for ever.
    pub deadline: Option<Time>,
    /// Its actions in order. None: a cancel.
    pub actions: Vec<Action>,
}

impl Request {
    /// The name by which it waits for approval.
    pub fn name(&self) -> B256 {
        self.asked.unwrap_or(self.digest)
    }
}
