//! The rule normal form: a policy after names, types, units and definitions have been resolved away.
//!
//! Every rule is a list of [`Arm`]s, one for each concrete callable (a function of a contract on a chain, a type of signed data, or
//! what is about no contract, like `send` on a chain) that its subject covers. An arm's guard speaks only of words: constants, arguments, request fields and parameters.
//! Money has become integers in base units, rates have been multiplied out (nothing is ever divided, so nothing is rounded),
//! definitions are inlined, token symbols are the chain's addresses.
//!
//! [`decide`](RuleSet::decide) is the reference: written to be read, and what `vm` and `jit` are held against.

pub mod bound;
pub mod decide;
mod dump;
mod effects;
mod eval;
pub mod formula;
mod look_up;
mod once;
#[cfg(test)]
mod tests;
mod understand;

pub use agentpol_model::policy::{
    Ask, Chain, Contract, Function, Param, ParamType, Seconds, Target, Token, TokenSpec, Typed, Unwrap, Verb,
};
pub use bound::{BindError, Bound, ParamValue};
pub use formula::{Atom, BytesTest, Formula, Linear, Relation, Scalar, SetRef};
pub use understand::{Inside, NotUnderstood, Understood};

use agentpol_grammar::span::Span;
use agentpol_model::{
    Address, ChainId, U256,
    budget::{Budget, Cap},
    decision::DenyCode,
    effect::EffectKind,
    ids::{BudgetId, CallableId, RuleId, TokenId},
    request::Kind,
};
use std::collections::BTreeSet;

/// A whole policy in normal form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleSet {
    /// The policy's name.
    pub name: String,
    /// The chains it names, with what their declarations say.
    pub chains: Vec<Chain>,
    /// Bound when the policy is loaded.
    pub params: Vec<Param>,
    /// By [`TokenId`]. Sorted by symbol.
    pub tokens: Vec<Token>,
    /// Every contract and token deployment that the policy uses, for trust and for the report.
    pub contracts: Vec<Contract>,
    /// By [`CallableId`]. Everything the policy can talk about, whether a rule grants it or not.
    pub callables: Vec<Callable>,
    /// Constant sets, by `SetId`.
    pub sets: Vec<BTreeSet<U256>>,
    /// By [`BudgetId`]: one for each line.
    pub budgets: Vec<Budget>,
    /// `fees at most`, per native token: the cap in wei.
    pub fee_caps: Vec<(TokenId, Cap)>,
    /// By [`RuleId`], in the order of the source.
    pub rules: Vec<Rule>,
    /// Addresses written in the policy's own text, for the look-alike refusal (contracts, tokens and parameters are added by
    /// whoever builds the index).
    pub named_addresses: BTreeSet<Address>,
}

/// Something a request can be about: the unit of dispatch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callable {
    /// What kind of action.
    pub kind: Kind,
    /// On which chain.
    pub chain: ChainId,
    /// The contract; `None` for what is about none in particular: `send`, `message`, `authorize`, `deploy`.
    pub target: Option<Target>,
    /// The contract's name for people (`USDC`).
    pub contract: String,
    /// The function, or whatever has arguments like one (see [`Kind`]); `None` for `send` and `deploy`.
    pub function: Option<Function>,
    /// What it does. The value that goes along with a payable call or a `send` is always the first of them, declared or not.
    pub effects: Vec<EffectSpec>,
    /// Nobody declared what else it does: granting it needs `accept opaque`.
    pub opaque: bool,
    /// To whom it gives authority that has no amount: nobody may have it who is not `trusted`.
    pub controls: Vec<ControlSpec>,
    /// What is declared of it holds only where this does.
    pub requires: Formula,
    /// How what is inside it is read. Something is inside: it is a wrapper.
    pub unwraps: Vec<Unwrap>,
    /// Of typed data.
    pub typed: Option<Typed>,
}

impl Callable {
    /// As a policy writes it: `USDC.transfer`, `sign USDC.Permit`, `message SignIn`, `send`.
    pub fn name(&self) -> String {
        let function = self.function.as_ref().map_or("", |function| &function.name);
        let contract = &self.contract;
        match self.kind {
            Kind::Call | Kind::Command => format!("{contract}.{function}"),
            Kind::Sign => format!("sign {contract}.{function}"),
            Kind::Delegatecall => format!("delegatecall {contract}.{function}"),
            Kind::Message if function == "SignIn" => "message SignIn".to_owned(),
            Kind::Message => "message".to_owned(),
            Kind::Send => "send".to_owned(),
            Kind::Deploy => "deploy".to_owned(),
            Kind::Authorize => "authorize".to_owned(),
        }
    }

    /// Is something inside it?
    pub const fn is_wrapper(&self) -> bool {
        !self.unwraps.is_empty()
    }
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// As declared.
    pub name: String,
    /// What it does when it matches.
    pub verb: Verb,
    /// What it covers.
    pub arms: Vec<Arm>,
    /// The grants it outranks, transitively closed, in order. A catch-all (`any`) is below every other grant: it stands here
    /// although nobody wrote it.
    pub over: Vec<RuleId>,
    /// `beyond BUDGET: ask …`
    pub beyond: Vec<(BudgetId, Ask)>,
    /// `exempt BUDGET`
    pub exempt: Vec<BudgetId>,
    /// `accept RISK because "…"`, by the risk's name.
    pub accepts: Vec<(String, String)>,
    /// The refusals among them.
    pub lifts: Vec<DenyCode>,
    /// Where it stands.
    pub span: Span,
}

/// A rule for one callable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arm {
    /// For which.
    pub callable: CallableId,
    /// All must hold, left to right. Empty: always.
    pub clauses: Vec<Clause>,
    /// Hand-written `charge`s: how much, in the budgets' own denominators, and the budgets it goes to. Below zero is zero.
    pub charges: Vec<(Linear, Vec<BudgetId>)>,
}

/// One conjunct of a guard, with what is needed to explain it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// The condition.
    pub formula: Formula,
    /// Where it stands. A condition that silence implies (`value == 0`) has the rule's place.
    pub span: Span,
    /// As a person reads it.
    pub text: String,
}

/// An effect before its amount, token and parties are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectSpec {
    /// What happens.
    pub kind: EffectKind,
    /// How much. Never below zero: a sum that is negative at run time counts as zero.
    pub amount: Linear,
    /// Of which token.
    pub token: TokenSpec,
    /// Recipient, puller, spender or receiver.
    pub party: Scalar,
    /// Of a `moves`: only what leaves the wallet is an effect on it, so it counts only if this is the wallet.
    pub from: Option<Scalar>,
    /// Of a `grants`.
    pub until: Option<Scalar>,
    /// Of a `grants` or `pulls`: who keeps the authority, if not the token.
    pub through: Option<Scalar>,
    /// Only if this holds.
    pub when: Formula,
    /// `max means all`: this argument at its type's maximum makes the amount `U256::MAX`.
    pub sentinel: Option<Scalar>,
}

/// Authority without an amount: over all tokens of a kind, over an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlSpec {
    /// Who gets it.
    pub party: Scalar,
    /// Only if this holds.
    pub when: Formula,
}
