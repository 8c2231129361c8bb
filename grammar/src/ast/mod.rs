//! The syntax tree: what was written, with its places, and no meaning. It mirrors `agentpol.pest` production by production.
//!
//! | module | holds |
//! | --- | --- |
//! | [`item`](self) | files, items, rules, budgets, tests |
//! | [`world`] | declarations of the world: chains, tokens, contracts, interfaces with their effects |
//! | [`expr`] | expressions and types |
//!
//! A piece that could not be parsed is left out of the tree and stands among the errors; its siblings stay. Numbers keep
//! their text: only the type decides what they mean.

pub mod expr;
pub mod world;

pub use crate::span::{Span, Spanned};
pub use expr::*;
pub use world::*;

/// A name with its place.
pub type Name = Spanned<String>;

/// `a::b::c`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QName {
    /// At least one.
    pub segments: Vec<Name>,
    /// All of it.
    pub span: Span,
}

/// A whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// `//!` at its head, without the marks.
    pub doc: Option<String>,
    /// In the order of the source.
    pub items: Vec<Item>,
}

/// An item with the `///` above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its documentation, without the marks.
    pub doc: Option<String>,
    /// The item.
    pub kind: ItemKind,
    /// From its first word to its last token.
    pub span: Span,
}

/// The kinds of item.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own word")]
pub enum ItemKind {
    Policy(Policy),
    Use(Use),
    Param(Param),
    Let(Let),
    Def(Def),
    Unit(UnitDecl),
    Fact(Fact),
    Fees(Fees),
    Budget(Budget),
    Rule(Rule),
    Assert(Assert),
    Test(Test),
    Interface(Interface),
    Contract(Contract),
    Token(Token),
    Chain(Chain),
}

/// `policy NAME extends PARENT on CHAINS`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub name: Name,
    pub extends: Option<QName>,
    pub chains: Vec<Name>,
}

/// `use a::b::{c, d as e}`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    pub path: QName,
    pub what: UseWhat,
}

/// What of a module is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UseWhat {
    /// `use a::b` or `use a::b as c`.
    Whole(Option<Name>),
    /// `use a::{b, c as d}`.
    Leaves(Vec<UseLeaf>),
}

/// `b as c`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseLeaf {
    pub name: Name,
    pub rename: Option<Name>,
}

/// `param NAME: TYPE in RANGE`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    pub name: Name,
    pub ty: TypeExpr,
    pub domain: Option<Expr>,
}

/// `let NAME = EXPR`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Let {
    pub name: Name,
    pub value: Expr,
}

/// `def NAME(x: TYPE, …) = EXPR`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Def {
    pub name: Name,
    pub params: Vec<Bind>,
    pub body: Expr,
}

/// `x: TYPE`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    pub name: Name,
    pub ty: TypeExpr,
}

/// `unit NAME = 1 USDC = 1 USDT`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitDecl {
    pub name: Name,
    pub members: Vec<Amount>,
}

/// `fact NAME(x: TYPE): TYPE in RANGE fresh DURATION`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub name: Name,
    pub params: Vec<Bind>,
    pub ty: TypeExpr,
    pub domain: Option<Expr>,
    pub fresh: DurationExpr,
}

/// `fees at most MONEY`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fees {
    pub most: Money,
}

/// `budget NAME renamed from OLD: LINE, LINE for RULES each EXPR`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    pub name: Name,
    pub renamed_from: Option<Name>,
    pub lines: Vec<BudgetLine>,
    pub rules: Option<Vec<Name>>,
    pub each: Option<Expr>,
}

/// `500 USDC per 24h`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetLine {
    pub measure: LineMeasure,
    pub window: Spanned<Window>,
    pub span: Span,
}

/// What a line counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineMeasure {
    /// `500 USDC`
    Gross(Money),
    /// `0.05 ETH of fees`
    Fees(Money),
    /// `4 calls`
    Calls(Count),
}

/// A number, or a parameter that is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Count {
    /// Its text, as written.
    Number(Spanned<String>),
    Path(QName),
}

/// `per 24h`, `per day`, `per transaction`, `total`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Window {
    /// `day`, `week`, `month` or `transaction`.
    Period(String),
    Span(DurationExpr),
    Total,
}

/// A duration, or a parameter that is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DurationExpr {
    /// `24h`, as written.
    Literal(Spanned<String>),
    Path(QName),
}

/// An amount, or a parameter that is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Money {
    Amount(Amount),
    Path(QName),
}

/// `500 USDC`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount {
    /// As written, with its underscores.
    pub number: Spanned<String>,
    pub unit: Name,
    pub span: Span,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own word")]
pub enum Verb {
    Allow,
    Ask,
    Deny,
}

/// `allow NAME: SUBJECT { CLAUSES }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub verb: Spanned<Verb>,
    pub name: Name,
    pub subject: Subject,
    pub clauses: Vec<Clause>,
}

/// What a rule is about: `USDC.transfer(to, amount) at { … } on ethereum`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    pub what: SubjectWhat,
    /// `at EXPR`: which deployments.
    pub at: Option<Expr>,
    /// `on CHAINS`; empty: the policy's.
    pub on: Vec<Name>,
    pub span: Span,
}

/// The kinds of subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectWhat {
    /// `any`
    Any,
    Action {
        /// `send`, `sign`, …; nothing means `call`. As written.
        kind: Option<Spanned<String>>,
        target: Option<Target>,
        /// The argument names; `None` where there are no parentheses.
        patterns: Option<Vec<Name>>,
    },
}

/// `USDC.transfer`, `std::tokens::USDC.transfer`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub path: QName,
    pub members: Vec<Name>,
    pub span: Span,
}

/// A line inside a rule's braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    pub doc: Option<String>,
    pub kind: ClauseKind,
    pub span: Span,
}

/// The kinds of clause.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own word")]
pub enum ClauseKind {
    When(Expr),
    Unless(Expr),
    Until(Expr),
    Over(Vec<Name>),
    By(Asked),
    Beyond { budgets: Vec<Name>, asked: Asked },
    Exempt { budgets: Vec<Name>, because: Spanned<String> },
    Charge { amount: Expr, budgets: Vec<Name> },
    Accept { risk: Name, of: Option<Expr>, because: Spanned<String> },
}

/// `by 2 of { a, b } within 10min`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `2 of`; its text.
    pub need: Option<Spanned<String>>,
    pub who: Expr,
    pub within: DurationExpr,
}

/// `assert …`
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields follow the source")]
pub enum Assert {
    /// `outflow(USDC) <= 500 USDC per 24h with approvals`
    Bound {
        /// `outflow` or `authority`.
        measure: Spanned<String>,
        of: QName,
        op: Spanned<String>,
        most: Money,
        window: Spanned<Window>,
        with_approvals: bool,
    },
    /// `never SUBJECT when EXPR`
    Never { subject: Subject, when: Option<Expr> },
    /// `only PAYEES receive USDC`
    Only { who: Expr, token: Expr },
}

/// `test "NAME" { STEPS }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    pub name: Spanned<String>,
    pub steps: Vec<TestStep>,
}

/// `at TIME by AGENT try REQUEST => VERDICT`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestStep {
    pub at: Option<Expr>,
    pub by: Option<Name>,
    pub request: TestRequest,
    pub verdict: Verdict,
    pub span: Span,
}

/// What a test tries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly every request is an action")]
#[expect(missing_docs, reason = "the fields follow the source")]
pub enum TestRequest {
    Batch(Vec<TestRequest>, Span),
    Action {
        kind: Option<Spanned<String>>,
        target: Option<Target>,
        args: Option<Vec<Expr>>,
        on: Option<Name>,
        value: Option<Expr>,
        span: Span,
    },
}

/// What a test expects.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own word")]
pub enum Verdict {
    Allow(Name),
    Ask(Name),
    /// With a denial code, if one is named.
    Deny(Option<Name>, Span),
}
