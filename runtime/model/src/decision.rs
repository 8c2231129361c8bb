//! Rulings (what the rules say) and the codes of denials.

use crate::{
    U256,
    effect::Effects,
    ids::{BudgetId, RuleId},
    request::Once,
};
use arrayvec::ArrayVec;

/// Budgets that one rule's `charge`s can name at most, counted once for each time they are named.
pub const MAX_CHARGES: usize = 8;

/// Hand-written charges of one action: to which line, and how much in its denominator.
pub type Charges = ArrayVec<(BudgetId, U256), MAX_CHARGES>;

macro_rules! codes {
    ($($variant:ident $name:literal $doc:literal;)*) => {
        /// Why a request was denied. Stable; `agentpol explain CODE` prints the same text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum DenyCode { $(#[doc = $doc] $variant,)* }

        impl DenyCode {
            /// Every code, in the order of its encoding.
            pub const ALL: &'static [DenyCode] = &[$(DenyCode::$variant),*];

            /// As it stands in a decision.
            pub const fn name(self) -> &'static str {
                match self { $(DenyCode::$variant => $name),* }
            }

            /// What it means and what would help.
            pub const fn doc(self) -> &'static str {
                match self { $(DenyCode::$variant => $doc),* }
            }
        }

        impl core::fmt::Display for DenyCode {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

codes! {
    // ---- the request itself
    Malformed "malformed" "The calldata is not the one canonical encoding of the function's arguments. The reason names the byte and the cause.";
    InvalidRequest "invalid_request" "The request cannot be a valid transaction or is not written as the JSON-RPC methods write it: chain id, intrinsic gas, fee order, nonce, init code size, odd hex, unknown or duplicate fields.";
    WrongChain "wrong_chain" "The policy does not name the request's chain.";
    WrongWallet "wrong_wallet" "The request's `from` is not the wallet that the policy was loaded for.";
    UnsupportedKind "unsupported_kind" "This kind of request is never signed, or needs a rule whose subject names it.";
    UnsafeMessage "unsafe_message" "The text could be mistaken for something else: a hash, a transaction or typed data in disguise, control or bidirectional characters, a malformed Sign-In with Ethereum.";
    // ---- what it calls
    UnknownContract "unknown_contract" "No contract or token that the policy uses stands at this address on this chain. Import it, or declare it with `contract`.";
    UnknownFunction "unknown_function" "The contract is known, but its interface declares no function with this selector.";
    UnknownType "unknown_type" "The contract is known, but its interface declares no typed data with this type hash.";
    WrongDomain "wrong_domain" "The typed data is for another domain than the contract is declared with: name, version, chain or verifying contract differ.";
    UnknownToken "unknown_token" "An argument names a token that the policy does not use, so its amount has no unit.";
    NotPayable "not_payable" "The function takes no value, but the request sends some.";
    // ---- the rules
    NoRule "no_rule" "No rule grants it. What no rule grants is denied.";
    DeniedByRule "denied_by_rule" "A `deny` rule matches. A matching `deny` beats every grant.";
    Ambiguous "ambiguous" "Two grants match and neither is written `over` the other.";
    Undefined "undefined" "A guard read something the request does not have (an element past an array's end, a fee that is not set) in a `deny`, or in a rule `over` another that matches.";
    Opaque "opaque" "Nobody declared what the function does; granting it needs `accept opaque`.";
    // ---- what is inside it
    TooMuch "too_much" "It nests deeper, or holds more actions, than is read: 8 levels, 128 actions.";
    Requirement "requirement" "The interface declares what the function does only where its `requires` holds, and it does not.";
    AllowFailure "allow_failure" "A wrapper lets a part of it fail and goes on with the rest; a rule about the wrapper grants that only if it says `accept allow_failure`.";
    Delegatecall "delegatecall" "Foreign code would run as the account, and no rule names this function with `delegatecall`.";
    ForeignSender "foreign_sender" "Inside a wrapper somebody else than the wallet acts; a rule grants it only if it says `accept foreign_sender`.";
    // ---- the built-in refusals
    Unlimited "unlimited" "An amount of 2^255 or more means everything there is. Only a spender marked `trusted` may be given it.";
    ZeroRecipient "zero_recipient" "Value or authority would go to the zero address.";
    PrecompileRecipient "precompile_recipient" "Value or authority would go to an address whose first 18 bytes are zero: precompiles stand there, and nobody holds their keys.";
    SelfRecipient "self_recipient" "Value would go to the token's own contract, where it is lost.";
    LookAlike "look_alike" "The recipient looks like an address of the policy (same first and last four digits) but is another: address poisoning.";
    Upgrade "upgrade" "The function changes who owns, administers or implements a contract; a rule grants it only if it says `accept upgrade`.";
    AmountOverflow "amount_overflow" "An effect's amount does not fit in 256 bits.";
    // ---- the money
    FeeCap "fee_cap" "The fee is above `fees at most`.";
    Budget "budget" "A budget is exhausted. The reason names it, what is left and when more is.";
    // ---- the ledger
    Locked "locked" "The chain shows spending that the ledger never saw; `agentpol ledger adopt` charges and unlocks.";
    Nonce "nonce" "The nonce is neither the next one nor that of a transaction still open.";
    TooManyAsks "too_many_asks" "Eight requests are already waiting for approval.";
    Approval "approval" "There is no such approval, it has expired, or the policy has changed since.";
    Frozen "frozen" "The owner has stopped everything, and has not let the agent go on since.";
    Storage "storage" "The ledger's log could not be written, so nothing is signed until the gate is started anew.";
}

/// What the rules say of a request, before the ledger is asked.
pub type Ruling = Result<Granted, Denied>;

/// A grant: for each action the deciding rule and its effects. Evaluators fill one that the caller keeps, so that deciding
/// allocates nothing once it has grown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Granted {
    /// One for each action that a rule grants, a wrapper before what is inside it. A wrapper needs no rule unless it carries
    /// something of its own; what is inside it always does.
    pub actions: Vec<GrantedAction>,
    /// Of a signature: what excludes that it is used twice.
    pub once: Option<Once>,
}

/// One granted action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedAction {
    /// The rule that grants it; whether it is an `ask` is the rule's own property.
    pub rule: RuleId,
    /// What it does.
    pub effects: Effects,
    /// Does it stand, however deep, in a part that may fail while the request succeeds? Then that the request landed says nothing
    /// of it: what it takes counts, and what it would end or use up is not taken as ended or used.
    pub may_fail: bool,
    /// What the rule's own `charge`s add, in the order they are written: a budget may occur more than once.
    pub charges: Charges,
}

/// A denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied {
    /// Why.
    pub code: DenyCode,
    /// The rule that says so, where one does.
    pub rule: Option<RuleId>,
    /// Which action of the request, counted as they are met: a wrapper before what is inside it.
    pub action: u16,
    /// Byte offset in that action's calldata, for `malformed`.
    pub offset: Option<u32>,
}
