//! What an action does to the wallet's assets and authority, with every amount, token and party resolved.

use crate::{Address, Time, U256, ids::TokenId};
use arrayvec::ArrayVec;
use serde::{Deserialize, Serialize};

/// Effects of one action at most (8 arguments' worth; the widest function of the standard library has 4).
pub const MAX_EFFECTS: usize = 16;

/// From here on an amount means "all there is" (budgets: UNLIMITED).
pub const UNLIMITED: U256 = U256::from_limbs([0, 0, 0, 1 << 63]);

/// What happens to a standing allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum GrantMode {
    /// `approve`, `permit`: replaces what stood.
    Set = 0,
    /// `increaseAllowance`: adds to it.
    Add = 1,
    /// `decreaseAllowance`: takes from it; frees no budget by itself.
    Dec = 2,
}

/// The kinds of effect (language: `moves`, `pulls`, `grants`, `receives`, `owes`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    /// `amount` leaves the wallet for `party` when the action lands.
    Move,
    /// `party` takes up to `amount` (exactly it, if `exact`) out of the allowance it has.
    Pull {
        /// The interface says *exactly*.
        exact: bool,
    },
    /// `party` may take `amount` from now until `until`.
    Grant(GrantMode),
    /// At least `amount` arrives at `party`. Never reduces an outflow.
    Receive,
    /// The wallet owes `amount` afterwards.
    Owe,
}

/// One resolved effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Effect {
    /// What happens.
    pub kind: EffectKind,
    /// To which token.
    pub token: TokenId,
    /// How much, in base units. At or above [`UNLIMITED`]: all there is.
    pub amount: U256,
    /// Recipient, puller, spender or receiver.
    pub party: Address,
    /// Last second at which a grant can be used.
    pub until: Option<Time>,
    /// The contract that keeps the authority a grant gives and a pull uses, where that is not the token itself (Permit2).
    pub through: Option<Address>,
}

/// The effects of one action, without allocation.
pub type Effects = ArrayVec<Effect, MAX_EFFECTS>;
