//! Declarations of the world: interfaces, contracts, tokens, chains.

use super::{Expr, Name, QName, Span, Spanned, TypeExpr};

/// `interface NAME from "abi.json" { MEMBERS }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    pub name: Name,
    /// Path of a JSON ABI, relative to the file.
    pub from: Option<Spanned<String>>,
    pub members: Vec<Member>,
}

/// A member with the `///` above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub doc: Option<String>,
    pub kind: MemberKind,
    pub span: Span,
}

/// The kinds of member.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields follow the source")]
pub enum MemberKind {
    /// `function NAME(FIELDS) payable { EFFECTS }`. No braces: effects undeclared; empty braces: no effects.
    Function {
        name: Name,
        fields: Vec<Field>,
        payable: bool,
        /// `trailing N`: bytes that may stand behind the arguments; its text.
        trailing: Option<Spanned<String>>,
        effects: Option<Vec<Effect>>,
    },
    /// `sign NAME(FIELDS) { EFFECTS }`: an EIP-712 struct. `kind` is `sign` as written.
    Typed { kind: Spanned<String>, name: Name, fields: Vec<Field>, effects: Option<Vec<Effect>> },
    /// `command 0x0b NAME(FIELDS) { EFFECTS }`: an opcode of a router; `opcode` is its text.
    Command { opcode: Spanned<String>, name: Name, fields: Vec<Field>, effects: Option<Vec<Effect>> },
    /// `struct NAME (FIELDS)`
    Struct { name: Name, fields: Vec<Field> },
    /// `const NAME = EXPR`
    Const { name: Name, value: Expr },
}

/// `amountIn: uint256 as amount of tokenIn max means all`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: Name,
    pub ty: AbiType,
    pub refined: Option<TypeExpr>,
    /// `max means WORD`
    pub sentinel: Option<Name>,
    pub span: Span,
}

/// `bytes[] up to 16`, `Params[2]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbiType {
    pub path: QName,
    /// Innermost first; `Some(n)` is `[n]`, `None` is `[]`.
    pub arrays: Vec<Option<Spanned<String>>>,
    pub up_to: Option<Spanned<String>>,
    pub span: Span,
}

/// One effect, with its condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    pub kind: EffectKind,
    pub when: Option<Expr>,
    pub span: Span,
}

/// The kinds of effect. `amount` and `token` are the two sides of `A of T`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields follow the source")]
pub enum EffectKind {
    Moves {
        amount: Expr,
        token: Expr,
        from: Expr,
        to: Expr,
    },
    Pulls {
        exactly: bool,
        amount: Expr,
        token: Expr,
        by: Expr,
        through: Option<Expr>,
    },
    Grants {
        amount: Expr,
        token: Expr,
        to: Expr,
        through: Option<Expr>,
        until: Option<Expr>,
        mode: GrantWord,
    },
    Owes {
        amount: Expr,
        token: Expr,
    },
    Receives {
        amount: Expr,
        token: Expr,
        at: Expr,
    },
    Unwraps {
        what: Expr,
        form: Option<QName>,
    },
    /// `requires EXPR`: what is declared holds only where this does.
    Requires(Expr),
    /// `gives control to PARTY`: authority without an amount.
    Gives {
        to: Expr,
    },
    /// `once per NONCE, … until TIME`: what a signature uses up, and when it ends.
    Once {
        per: Vec<Expr>,
        until: Option<Expr>,
    },
}

/// How a grant meets the allowance that stands: `grants A of T to S`, `grants more …`, `grants less …`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own word")]
pub enum GrantWord {
    Set,
    More,
    Less,
}

/// `token NAME: INTERFACES decimals N { SITES }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub name: Name,
    pub interfaces: Vec<QName>,
    /// Its text.
    pub decimals: Spanned<String>,
    pub sites: Vec<Site>,
}

/// `contract NAME: INTERFACES SITE` or `… { SITES }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    pub name: Name,
    pub interfaces: Vec<QName>,
    pub sites: Vec<Site>,
}

/// `on CHAIN native` or `on CHAIN at ADDRESS domain "NAME" "VERSION" upgradeable trusted "WHY"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    pub chain: Name,
    /// `None`: `native`.
    pub address: Option<Expr>,
    pub domain: Option<(Spanned<String>, Spanned<String>)>,
    pub upgradeable: bool,
    pub trusted: Option<Spanned<String>>,
    pub span: Span,
}

/// `chain NAME id N native TOKEN assume EXPR because "…"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    pub name: Name,
    /// Its text.
    pub id: Spanned<String>,
    pub native: Name,
    pub assumptions: Vec<(Expr, Spanned<String>)>,
}
