//! The pieces that recovery goes by, and the words around them.

use super::Rule;
use crate::token::{TokenKind, item_words};

/// What recovery goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Item,
    Clause,
    Step,
    Member,
    Effect,
    Site,
    /// An expression by itself; never in a file.
    Value,
}

impl Piece {
    /// What stands for one that could not be read.
    pub(super) fn bad(self) -> Rule {
        match self {
            Piece::Item => Rule::bad_item,
            Piece::Clause => Rule::bad_clause,
            Piece::Step => Rule::bad_step,
            Piece::Member => Rule::bad_member,
            Piece::Effect => Rule::bad_effect,
            Piece::Site => Rule::bad_site,
            Piece::Value => Rule::one_expr,
        }
    }

    /// The entry point for one by itself.
    pub(super) fn strict(self) -> Rule {
        match self {
            Piece::Item => Rule::one_item,
            Piece::Clause => Rule::one_clause,
            Piece::Step => Rule::one_step,
            Piece::Member => Rule::one_member,
            Piece::Effect => Rule::one_effect,
            Piece::Site => Rule::one_site,
            Piece::Value => Rule::one_expr,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Piece::Item => "an item",
            Piece::Clause => "a clause",
            Piece::Step => "a test step",
            Piece::Member => "a function",
            Piece::Effect => "an effect",
            Piece::Site => "a place (`on CHAIN at ADDRESS`)",
            Piece::Value => "a value",
        }
    }

    /// What it can open with.
    pub(super) fn words(self) -> Vec<&'static str> {
        match self {
            Piece::Item => item_words().collect(),
            Piece::Clause => {
                vec!["when", "unless", "until", "over", "by", "beyond", "exempt", "charge", "accept"]
            }
            Piece::Step => vec!["try", "at", "by"],
            Piece::Member => vec!["function", "sign", "command", "struct", "const"],
            Piece::Effect => {
                vec!["moves", "pulls", "grants", "owes", "receives", "unwraps", "requires", "gives", "once"]
            }
            Piece::Site => vec!["on"],
            Piece::Value => Vec::new(),
        }
    }

    pub(super) fn opens_with(self, kind: TokenKind) -> bool {
        use TokenKind::*;
        match self {
            Piece::Item => kind.is_item_word(),
            Piece::Clause => (KW_WHEN..=KW_ACCEPT).contains(&kind) || kind == KW_BY,
            Piece::Step => matches!(kind, KW_TRY | KW_AT | KW_BY),
            Piece::Member => matches!(kind, KW_FUNCTION | KW_STRUCT | KW_CONST | KW_COMMAND | KIND),
            Piece::Effect => kind.is_effect_word(),
            Piece::Site => kind == KW_ON,
            Piece::Value => false,
        }
    }
}

/// The piece that a `bad_…` node stands for.
pub(super) fn piece_of(bad: Rule) -> Option<Piece> {
    [Piece::Item, Piece::Clause, Piece::Step, Piece::Member, Piece::Effect, Piece::Site]
        .into_iter()
        .find(|piece| piece.bad() == bad)
}

/// Other languages' words where a clause begins, and which word is meant if there is one.
pub(super) fn foreign_clause(word: &str) -> Option<Option<TokenKind>> {
    match word {
        "if" | "require" | "where" | "provided" | "given" => Some(Some(TokenKind::KW_WHEN)),
        "before" | "expires" => Some(Some(TokenKind::KW_UNTIL)),
        "else" => Some(None),
        _ => None,
    }
}

pub(super) fn foreign_operator(word: &str) -> Option<&'static str> {
    match word {
        "is" | "equals" | "eq" => Some("=="),
        "isnt" | "ne" => Some("!="),
        "lt" | "below" | "under" => Some("<"),
        "lte" => Some("<="),
        "gt" | "above" => Some(">"),
        "gte" => Some(">="),
        "contains" => Some("in"),
        _ => None,
    }
}

/// The shape of what a word opens.
pub(super) fn shape(kind: TokenKind) -> &'static str {
    use TokenKind::*;
    match kind {
        KW_ALLOW => "allow NAME: CONTRACT.function(arguments) { when … }",
        KW_ASK => "ask NAME: CONTRACT.function(arguments) { by APPROVER within 10min  when … }",
        KW_DENY => "deny NAME: CONTRACT.function(arguments) { when … }",
        KW_BUDGET => "budget NAME: 500 USDC per 24h",
        KW_POLICY => "policy NAME on CHAIN",
        KW_PARAM => "param NAME: TYPE in LOW ..= HIGH",
        KW_LET => "let NAME = VALUE",
        KW_DEF => "def NAME(x: TYPE) = VALUE",
        KW_FEES => "fees at most 0.01 ETH",
        KW_ASSERT => "assert outflow(TOKEN) <= 500 USDC per 24h",
        KW_TEST => "test \"name\" { try CONTRACT.function(…) => allow RULE }",
        KW_USE => "use std::tokens::{USDC, WETH}",
        KW_UNIT => "unit usd = 1 USDC = 1 USDT",
        KW_FACT => "fact NAME(x: TYPE): TYPE in LOW ..= HIGH fresh 5min",
        KW_TOKEN => "token NAME decimals 6 { on CHAIN at ADDRESS }",
        KW_CONTRACT => "contract NAME: INTERFACE on CHAIN at ADDRESS",
        KW_INTERFACE => "interface NAME { function f(x: address) { … } }",
        KW_CHAIN => "chain NAME id 1 native TOKEN",
        KW_WHEN => "when CONDITION",
        KW_UNLESS => "unless CONDITION",
        KW_UNTIL => "until 2027-01-01",
        KW_OVER => "over RULE, RULE",
        KW_BY => "by APPROVER within 10min",
        KW_BEYOND => "beyond BUDGET: ask by APPROVER within 10min",
        KW_EXEMPT => "exempt BUDGET because \"…\"",
        KW_ACCEPT => "accept RISK because \"…\"",
        KW_CHARGE => "charge AMOUNT to BUDGET",
        KW_TRY => "try CONTRACT.function(…) => deny",
        KW_FUNCTION => "function NAME(x: TYPE) payable trailing 32 { EFFECTS }",
        KW_COMMAND => "command 0x0b NAME(x: TYPE) { EFFECTS }",
        KW_STRUCT => "struct NAME (x: TYPE)",
        KW_CONST => "const NAME = VALUE",
        KW_MOVES => "moves A of T from X to Y",
        KW_PULLS => "pulls A of T by S through KEEPER",
        KW_GRANTS => "grants A of T to S through KEEPER until TIME",
        KW_OWES => "owes A of T",
        KW_RECEIVES => "receives at least A of T at R",
        KW_UNWRAPS => "unwraps BYTES as FORM, unwraps { to: TARGET, value: AMOUNT, data: BYTES }",
        KW_REQUIRES => "requires CONDITION",
        KW_GIVES => "gives control to PARTY",
        KW_ONCE => "once per NONCE until TIME",
        KW_ON => "on CHAIN at ADDRESS",
        _ => "",
    }
}
