//! What was expected, in a person's words.

use super::{Rule, token_of};
use crate::token::TokenKind;

/// More alternatives than this say nothing: the piece is named instead.
const MOST_ALTERNATIVES: usize = 6;

/// pest's furthest failure. What can open a value is `a value`; operators after a whole value are not listed.
pub(super) fn expected(rules: &[Rule], piece: &str) -> String {
    let after_value = rules.iter().any(|rule| continues_value(*rule));
    let mut out: Vec<String> = Vec::new();
    for rule in rules {
        let Some(phrase) = phrase(*rule, after_value, piece) else { continue };
        if !out.contains(&phrase) {
            out.push(phrase);
        }
    }
    match (out.len(), out.pop()) {
        (2..=MOST_ALTERNATIVES, Some(last)) => format!("{} or {last}", out.join(", ")),
        (1, Some(only)) => only,
        (0, _) if after_value => "an operator or the end of this line".into(),
        _ => piece.into(),
    }
}

/// The keywords among what was expected.
pub(super) fn keywords(rules: &[Rule]) -> Vec<&'static str> {
    let mut words: Vec<&'static str> =
        rules.iter().filter_map(|rule| token_of(*rule)).flat_map(TokenKind::spellings).collect();
    if rules.contains(&Rule::window) {
        words.extend(["per", "total"]);
    }
    words
}

/// Only these can tell that a whole value stands before the failure.
fn continues_value(rule: Rule) -> bool {
    use Rule::*;
    matches!(rule, member_of | args | index | open_end | MUL | PLUS | L_BRACK | DOT)
}

fn phrase(rule: Rule, after_value: bool, piece: &str) -> Option<String> {
    use Rule::*;
    let phrase = match rule {
        member_of | args | index | open_end | CMP | eq_typo | KW_AND | KW_OR | KW_NOT | KW_IN | PLUS
        | MINUS | MUL | RANGE | DOT | PATHSEP | L_BRACK | L_PAREN | NUM | ASSIGN | KW_PER
            if after_value =>
        {
            return None;
        }
        cond | effects | part | exactly | grant_mode | no_open | no_close | no_colon | STRAY_L | STRAY_R
        | BAD | EOI | item_start | clause_word => return None,
        expr | and_ | not_ | cmp | range | sum | product | signed | postfix | quantity | swapped | choice
        | quantified | braces | list | parens
            if !after_value =>
        {
            "a value"
        }
        path | name | type_name | item_name | ctx_name | pat | word | target | bind | use_leaf => "a name",
        r#type | abi_type => "a type",
        money | amount => "an amount (`250 USDC`)",
        unit_name => "a unit (`USDC`)",
        span => "a duration (`10min`, `24h`, `7d`)",
        line => "an amount or a number of calls",
        window => "`per 24h` or `total`",
        of_fees => "`of fees`",
        approvals => "`with approvals`",
        subject => "what the rule is about",
        who => "an approver",
        request => "a request",
        verdict => "`allow RULE`, `ask RULE` or `deny`",
        up_to => "`up to N`",
        pats | fields | binds => "`(`",
        array => "`[]`",
        through => "`through`",
        domain => "`domain \"NAME\" \"VERSION\"`",
        assume => "`assume CONDITION because \"…\"`",
        site => "`on CHAIN at ADDRESS`",
        clause | when | unless | until | over | by_ | beyond | exempt | charge | accept => "a clause",
        rule => return Some(token_of(rule).map_or_else(|| piece.to_owned(), TokenKind::describe)),
    };
    Some(phrase.into())
}
