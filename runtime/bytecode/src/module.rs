//! What a module says: everything needed to decide, to explain a decision and to audit the policy.

use crate::instruction::Instruction;
use agentpol_model::{
    Address, ChainId, U256,
    budget::{Budget, Cap},
    certificate::Certificate,
    decision::DenyCode,
    effect::EffectKind,
    ids::{BudgetId, FunctionId, RuleId, TextId, TokenId},
    policy::{
        Ask, Chain, Contract, Function, Param, Relation, Scalar, Target, Token, TokenSpec, Typed, Unwrap,
        Verb,
    },
    request::Kind,
};
use alloy_primitives::U512;

/// A compiled policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Module {
    /// The policy's name.
    pub name: String,
    /// Steps that one action takes in the worst case; the verifier computes it again.
    pub max_steps: u64,
    /// The chains it names, by id.
    pub chains: Vec<Chain>,
    /// By `ParamId`.
    pub params: Vec<Param>,
    /// By `TokenId`.
    pub tokens: Vec<Token>,
    /// Every deployment that the policy uses, and whom it trusts.
    pub contracts: Vec<Contract>,
    /// By `FunctionId`: the ABIs.
    pub functions: Vec<Function>,
    /// By `SetId`; each sorted.
    pub sets: Vec<Vec<U256>>,
    /// By `BudgetId`.
    pub budgets: Vec<Budget>,
    /// `fees at most`, per native token, by token.
    pub fee_caps: Vec<(TokenId, Cap)>,
    /// By `RuleId`, in the order of the source.
    pub rules: Vec<Rule>,
    /// By `TextId`: what clauses say and where they stand.
    pub texts: Vec<Text>,
    /// Addresses in the policy's own text, sorted.
    pub named_addresses: Vec<Address>,
    /// By `CallableId`: what requests can be about, and what is decided of them.
    pub callables: Vec<Callable>,
    /// What was proved of it when it was made. Nothing is decided by it.
    pub certificate: Option<Certificate>,
}

/// A place in the source, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// What a clause says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// As a person reads it.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// A rule, apart from its guards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// As declared.
    pub name: String,
    /// What it does when it matches.
    pub verb: Verb,
    /// The grants that it outranks: transitively closed, sorted.
    pub over: Vec<RuleId>,
    /// `beyond BUDGET: ask …`, sorted.
    pub beyond: Vec<(BudgetId, Ask)>,
    /// `exempt BUDGET`, sorted.
    pub exempt: Vec<BudgetId>,
    /// The budgets that its effects are charged to, sorted: those whose `for` admits it and that it does not exempt.
    pub charged: Vec<BudgetId>,
    /// `accept RISK because "…"`
    pub accepts: Vec<(String, String)>,
    /// The refusals among them, sorted.
    pub lifts: Vec<DenyCode>,
    /// Where it stands.
    pub place: Place,
}

/// Something a request can be about: the unit of dispatch, with all that is decided about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callable {
    /// Requests of this kind.
    pub kind: Kind,
    /// On which chain.
    pub chain: ChainId,
    /// The contract; `None` for kinds that are about no contract in particular.
    pub target: Option<Target>,
    /// The contract's name for people.
    pub contract: String,
    /// The function, or whatever has arguments like one (see [`Kind`]); `None` for `send` and `deploy`.
    pub function: Option<FunctionId>,
    /// What it does, in order. Each is emitted once, or not at all if its condition does not hold: nothing else can be written.
    pub effects: Vec<EffectTemplate>,
    /// Nobody declared what else it does.
    pub opaque: bool,
    /// To whom it gives authority that has no amount.
    pub controls: Vec<ControlTemplate>,
    /// What is declared of it holds only if this runs off its end.
    pub requires: Vec<Instruction>,
    /// How what is inside it is read.
    pub unwraps: Vec<Unwrap>,
    /// Of typed data.
    pub typed: Option<Typed>,
    /// The rules that can match it, by `RuleId`.
    pub arms: Vec<Arm>,
}

/// A rule for one callable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arm {
    /// Which rule.
    pub rule: RuleId,
    /// All must hold, left to right.
    pub clauses: Vec<Clause>,
    /// Hand-written charges.
    pub charges: Vec<(Sum, Vec<BudgetId>)>,
}

/// A conjunct of a guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// What it says.
    pub text: TextId,
    /// Holds when it runs off its end.
    pub code: Vec<Instruction>,
}

/// An effect before its amount, token and parties are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectTemplate {
    /// What happens.
    pub kind: EffectKind,
    /// How much; below zero counts as zero.
    pub amount: Sum,
    /// Of which token.
    pub token: TokenSpec,
    /// Recipient, puller, spender or receiver.
    pub party: Scalar,
    /// It counts only if this is the wallet.
    pub from: Option<Scalar>,
    /// Last second of a grant.
    pub until: Option<Scalar>,
    /// Who keeps the authority of a grant or pull, if not the token.
    pub through: Option<Scalar>,
    /// This argument at its type's maximum means all there is.
    pub sentinel: Option<Scalar>,
    /// Only if this runs off its end.
    pub when: Vec<Instruction>,
}

/// Authority without an amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlTemplate {
    /// Who gets it.
    pub party: Scalar,
    /// Only if this runs off its end.
    pub when: Vec<Instruction>,
}

/// `Σ coefficient · word + constant`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Sorted by word, each once, no coefficient zero.
    pub terms: Vec<Term>,
    /// The constant.
    pub constant: Integer,
}

/// A term of a sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Not zero.
    pub coefficient: Integer,
    /// Read as its type says: two's complement for `intN`, without sign otherwise.
    pub word: Scalar,
}

/// An integer of 512 bits and a sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Integer {
    /// Below zero? Never of zero.
    pub negative: bool,
    /// Without its sign.
    pub magnitude: U512,
}

impl Integer {
    /// Not below zero.
    pub const fn positive(magnitude: U512) -> Self {
        Self { negative: false, magnitude }
    }
}

/// Whether a relation holds of `positive − negative`.
pub fn relation_holds(relation: Relation, positive: &U512, negative: &U512) -> bool {
    match relation {
        Relation::NotAbove => positive <= negative,
        Relation::Zero => positive == negative,
    }
}
