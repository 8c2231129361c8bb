//! Expressions and types.

use super::{Amount, Name, QName, Span, Spanned};

/// An expression with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

/// The kinds of expression, loosest first. Parentheses leave no trace but the span.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields follow the source")]
pub enum ExprKind {
    /// `a or b or c`: two or more.
    Or(Vec<Expr>),
    /// `a and b and c`: two or more.
    And(Vec<Expr>),
    Not(Box<Expr>),
    /// `a < b <= c`: one operator fewer than operands.
    Compare {
        operands: Vec<Expr>,
        ops: Vec<Spanned<CmpOp>>,
    },
    /// `x in SET`, `x not in SET`
    In {
        item: Box<Expr>,
        set: Box<Expr>,
        negated: bool,
    },
    /// `a ..= b` (closed) or `a .. b`
    Range {
        low: Box<Expr>,
        high: Box<Expr>,
        closed: bool,
    },
    /// `a + b - c`
    Sum {
        first: Box<Expr>,
        rest: Vec<(Spanned<AddOp>, Expr)>,
    },
    /// `a * b / c`
    Product {
        first: Box<Expr>,
        rest: Vec<(Spanned<MulOp>, Expr)>,
    },
    Neg(Box<Expr>),
    /// `5`, as written.
    Number(String),
    /// `5 USDC`
    Amount(Amount),
    /// `1 WETH per 6_000 USDC`
    Rate {
        of: Amount,
        per: Amount,
    },
    /// `5 USDC per 1h`
    Pace {
        of: Amount,
        per: Spanned<String>,
    },
    /// `95%`, as written.
    Percent(String),
    /// `10min`, as written.
    Duration(String),
    /// `2027-01-01`, as written.
    Date(String),
    /// `0x…`, twenty bytes, as written.
    Address(String),
    /// `0x…`, as written.
    Hex(String),
    /// Its contents, escapes resolved.
    Str(String),
    /// A name or a path.
    Path(QName),
    /// `x.y`
    Member {
        of: Box<Expr>,
        name: Name,
    },
    /// `f(x, y)`
    Call {
        callee: Box<Expr>,
        args: Vec<Expr>,
    },
    /// `x[i]`
    Index {
        of: Box<Expr>,
        index: Box<Expr>,
    },
    /// `x[4..]`, `x[-20..]`: from there to the end.
    Tail {
        of: Box<Expr>,
        from: Box<Expr>,
    },
    /// `{ a, b }`: a set. Also the empty braces.
    Set(Vec<Expr>),
    /// `{ k: v }`: a map or a struct; the type decides.
    Map(Vec<(Expr, Expr)>),
    /// `[a, b]`
    List(Vec<Expr>),
    If {
        condition: Box<Expr>,
        yes: Box<Expr>,
        no: Box<Expr>,
    },
    /// `all x in xs: E`, `any x in xs: E`
    Quantified {
        every: bool,
        var: Name,
        of: Box<Expr>,
        body: Box<Expr>,
    },
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own word")]
pub enum CmpOp {
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
}

/// `+`, `-`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own word")]
pub enum AddOp {
    Add,
    Sub,
}

/// `*`, `/`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own word")]
pub enum MulOp {
    Mul,
    Div,
}

/// `set of amount of USDC up to 16`: the words of a type from the outside in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeExpr {
    /// `set`, `amount`, `USDC`: split at `of`; each may be a path with members (`p.tokenIn`, `Router::Params`).
    pub parts: Vec<TypeName>,
    pub up_to: Option<Spanned<String>>,
    pub span: Span,
}

/// One part of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeName {
    pub path: QName,
    pub members: Vec<Name>,
    /// `path[0..20]`
    pub slice: Option<TypeSlice>,
    pub span: Span,
}

/// A token among packed bytes: `[0..20]`, `[-20..]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeSlice {
    /// Is the start counted back from the end?
    pub from_end: bool,
    /// Its text.
    pub start: Spanned<String>,
    /// Its text; `None`: to the end.
    pub end: Option<Spanned<String>>,
    pub span: Span,
}
