use super::*;
use crate::{
    ast::{Expr, ExprKind, ItemKind},
    error::SyntaxErrorKind,
};

mod declared;

/// One-child layers collapse; what binds tighter stands in brackets.
fn show(expr: &Expr) -> String {
    let list = |exprs: &[Expr]| exprs.iter().map(show).collect::<Vec<_>>().join(" ");
    match &expr.kind {
        ExprKind::Or(operands) => format!("(or {})", list(operands)),
        ExprKind::And(operands) => format!("(and {})", list(operands)),
        ExprKind::Not(operand) => format!("(not {})", show(operand)),
        ExprKind::Compare { operands, ops } => {
            format!(
                "({} {})",
                ops.iter().map(|op| format!("{:?}", op.node)).collect::<Vec<_>>().join(","),
                list(operands)
            )
        }
        ExprKind::In { item, set, negated } => {
            format!("({} {} {})", if *negated { "not-in" } else { "in" }, show(item), show(set))
        }
        ExprKind::Range { low, high, closed } => {
            format!("({} {} {})", if *closed { "..=" } else { ".." }, show(low), show(high))
        }
        ExprKind::Sum { first, rest } => rest
            .iter()
            .fold(show(first), |left, (op, right)| format!("({:?} {left} {})", op.node, show(right))),
        ExprKind::Product { first, rest } => rest
            .iter()
            .fold(show(first), |left, (op, right)| format!("({:?} {left} {})", op.node, show(right))),
        ExprKind::Neg(operand) => format!("(- {})", show(operand)),
        ExprKind::Amount(amount) => format!("{} {}", amount.number.node, amount.unit.node),
        ExprKind::Rate { of, per } => {
            format!("[{} {} per {} {}]", of.number.node, of.unit.node, per.number.node, per.unit.node)
        }
        ExprKind::Pace { of, per } => format!("[{} {} per {}]", of.number.node, of.unit.node, per.node),
        ExprKind::Number(text)
        | ExprKind::Percent(text)
        | ExprKind::Duration(text)
        | ExprKind::Date(text) => text.clone(),
        ExprKind::Address(text) | ExprKind::Hex(text) => text.clone(),
        ExprKind::Str(text) => format!("{text:?}"),
        ExprKind::Path(path) => {
            path.segments.iter().map(|name| name.node.as_str()).collect::<Vec<_>>().join("::")
        }
        ExprKind::Member { of, name } => format!("{}.{}", show(of), name.node),
        ExprKind::Call { callee, args } => format!("{}({})", show(callee), list(args)),
        ExprKind::Tail { of, from } => format!("{}[{}..]", show(of), show(from)),
        ExprKind::Index { of, index } => format!("{}[{}]", show(of), show(index)),
        ExprKind::Set(entries) => format!("{{{}}}", list(entries)),
        ExprKind::Map(entries) => {
            format!(
                "{{{}}}",
                entries
                    .iter()
                    .map(|(k, v)| format!("{}: {}", show(k), show(v)))
                    .collect::<Vec<_>>()
                    .join(" ")
            )
        }
        ExprKind::List(entries) => format!("[{}]", list(entries)),
        ExprKind::If { condition, yes, no } => format!("(if {} {} {})", show(condition), show(yes), show(no)),
        ExprKind::Quantified { every, var, of, body } => {
            format!("({} {} {} {})", if *every { "all" } else { "any" }, var.node, show(of), show(body))
        }
    }
}

fn expr(text: &str) -> String {
    let parse = parse(&format!("let it = {text}\n"));
    assert!(parse.errors.is_empty(), "{text}: {:#?}", parse.errors);
    match &parse.file.items[0].kind {
        ItemKind::Let(it) => show(&it.value),
        other => panic!("{other:?}"),
    }
}

#[test]
fn precedence() {
    for (text, tree) in [
        ("a or b and not c", "(or a (and b (not c)))"),
        ("250 USDC < p.amountIn <= 2_000 USDC", "(Lt,Le 250 USDC p.amountIn 2_000 USDC)"),
        ("x >= y * 1 WETH per 6_000 USDC", "(Ge x (Mul y [1 WETH per 6_000 USDC]))"),
        ("5 USDC per 1h", "[5 USDC per 1h]"),
        ("m.expiration in now ..= now + 1d", "(in m.expiration (..= now (Add now 1d)))"),
        ("not x in s and y not in t", "(and (not (in x s)) (not-in y t))"),
        ("all x in xs: x in s and y", "(all x xs (and (in x s) y))"),
        ("-1 - -2", "(Sub (- 1) (- 2))"),
        ("a - b + c * d / e", "(Add (Sub a b) (Div (Mul c d) e))"),
        ("by == at and to != from", "(and (Eq by at) (Ne to from))"),
        ("token == limit and value > 0", "(and (Eq token limit) (Gt value 0))"),
        ("a.when.allow.in(b[4..8])", "a.when.allow.in(b[(.. 4 8)])"),
        ("tx.nonce + tx.value", "(Add tx.nonce tx.value)"),
        ("if a then b else c or d", "(if a b (or c d))"),
        ("(a or b) and c", "(and (or a b) c)"),
        ("{ when: 1, 2: 3, }", "{when: 1 2: 3}"),
        ("{ a, b::c }", "{a b::c}"),
        ("{}", "{}"),
        ("[a, 95%, 2027-01-01, 10min, 0x12]", "[a 95% 2027-01-01 10min 0x12]"),
        (r#""a\"b".starts_with("c")"#, r#""a\"b".starts_with("c")"#),
    ] {
        assert_eq!(expr(text), tree, "{text}");
    }
}

#[test]
fn a_parenthesis_leaves_only_its_span() {
    let parse = parse("let x = ( a + b ) * c");
    let ItemKind::Let(it) = &parse.file.items[0].kind else { panic!() };
    let ExprKind::Product { first, .. } = &it.value.kind else { panic!() };
    assert_eq!(first.span, Span::new(8, 17));
    assert_eq!(it.value.span, Span::new(8, 21));
}

#[test]
fn three_broken_rules_are_three_errors_and_the_good_ones_stay() {
    let text = "policy p on ethereum\n\
        allow a: USDC.transfer(to, amount) { when amount <= }\n\
        allow b: USDC.transfer(to, amount) { when to == wallet }\n\
        alow c: USDC.transfer(to, amount) {}\n\
        deny d: USDC.transfer(to, amount) {}\n\
        allow e USDC.transfer(to, amount) { when to == wallet }\n\
        ask f: any { by x within 10min }\n";
    let parse = parse(text);
    let lines: Vec<usize> = parse
        .errors
        .iter()
        .map(|e| 1 + text.get(..e.span.start as usize).unwrap().matches('\n').count())
        .collect();
    assert_eq!(lines, [2, 4, 6], "{:#?}", parse.errors);
    let names: Vec<&str> = parse
        .file
        .items
        .iter()
        .filter_map(|item| match &item.kind {
            ItemKind::Rule(rule) => Some(rule.name.node.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["a", "b", "d", "e", "f"]);
}

#[test]
fn effects_of_the_later_spellings() {
    use crate::ast::{EffectKind, GrantWord, MemberKind};
    let text = "interface I { function f() {\n\
        pulls exactly amount of T by self\npulls exactly of T by self\ngrants more added of self to spender\n\
        grants less removed of self to spender\ngrants more of self to spender\ngrants less - 1 of self to spender\n\
        grants more (a + b) of self to spender } }";
    let parse = parse(text);
    assert!(parse.errors.is_empty(), "{:#?}", parse.errors);
    let ItemKind::Interface(interface) = &parse.file.items[0].kind else { panic!() };
    let MemberKind::Function { effects: Some(effects), .. } = &interface.members[0].kind else { panic!() };
    let read: Vec<(bool, Option<GrantWord>, String)> = effects
        .iter()
        .map(|effect| match &effect.kind {
            EffectKind::Pulls { exactly, amount, .. } => (*exactly, None, show(amount)),
            EffectKind::Grants { mode, amount, .. } => (false, Some(*mode), show(amount)),
            other => panic!("{other:?}"),
        })
        .collect();
    let want = [
        (true, None, "amount"),
        (false, None, "exactly"),
        (false, Some(GrantWord::More), "added"),
        (false, Some(GrantWord::Less), "removed"),
        (false, Some(GrantWord::Set), "more"),
        (false, Some(GrantWord::Set), "(Sub less 1)"),
        (false, Some(GrantWord::More), "(Add a b)"),
    ];
    assert_eq!(read, want.map(|(e, m, a)| (e, m, a.to_owned())));
}

#[test]
fn comments_above_document() {
    let text = "//! The file.\n//! All of it.\n\n/// A budget,\n/// mine.\nbudget b: 1 USDC total // not this\n\
        allow a: any {\n    /// Why.\n    when x\n}\ninterface I {\n    /// Moves.\n    function f()\n}\n";
    let file = parse(text).file;
    assert_eq!(file.doc.as_deref(), Some("The file.\nAll of it."));
    assert_eq!(file.items[0].doc.as_deref(), Some("A budget,\nmine."));
    let ItemKind::Rule(rule) = &file.items[1].kind else { panic!() };
    assert_eq!(rule.clauses[0].doc.as_deref(), Some("Why."));
    let ItemKind::Interface(interface) = &file.items[2].kind else { panic!() };
    assert_eq!(interface.members[0].doc.as_deref(), Some("Moves."));
}

#[test]
fn errors_at_the_limit_and_one_past_it() {
    use crate::limits::MAX_ERRORS;
    // Of the lexer, of the grammar, of pieces that could not be read.
    for mistake in ["let x = 'a'\n", "let x = a = b\n", "budget b 5\n"] {
        let errors = |times: usize| parse(&mistake.repeat(times)).errors;
        assert_eq!(errors(MAX_ERRORS).len(), MAX_ERRORS, "{mistake}");
        assert_eq!(errors(MAX_ERRORS + 1).len(), MAX_ERRORS + 1, "{mistake}");
        let last = |times: usize| errors(times).last().map(|error| error.kind);
        assert_ne!(last(MAX_ERRORS), Some(SyntaxErrorKind::TooManyErrors), "{mistake}");
        assert_eq!(last(MAX_ERRORS + 1), Some(SyntaxErrorKind::TooManyErrors), "{mistake}");
    }
}

#[test]
fn the_deepest_trees_fit_a_test_threads_stack_in_a_debug_build() {
    use crate::limits::MAX_DEPTH;
    for (levels, open, close) in [
        (1, "(", ")"),
        (1, "{a:", "}"),
        (1, "[", "]"),
        (1, "f(", ")"),
        (1, "if a then b else ", ""),
        (1, "all x in y: ", ""),
        (1, "1 or 1 and 1 < 1 .. 1 + 1 * (", ")"),
        (2, "1 or 1 and 1 < 1 .. 1 + 1 * -(", ")"),
        (1, "{ {a: 1 or 1 and [1] < 1 .. 1 + 1 * f(", ")}}"),
    ] {
        let deep = (MAX_DEPTH - 1) / levels.max(open.matches(['{', '(']).count());
        let text = format!("let x = {}1{}", open.repeat(deep), close.repeat(deep));
        let parse = parse(&text);
        assert!(parse.errors.is_empty(), "{open}: {:#?}", parse.errors);
        assert_eq!(parse.clone(), parse);
        assert!(!format!("{parse:?}").is_empty());
    }
}

/// A production that no text uses is a production that no test holds.
#[test]
fn the_texts_beside_the_tests_use_every_production() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    let mut seen = std::collections::BTreeSet::new();
    for folder in ["policies", "modules"] {
        for entry in std::fs::read_dir(format!("{root}/{folder}")).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let tokens = lex(&text);
            let nodes = Agentpol::parse(Rule::file, tokens.kinds()).unwrap().flatten();
            seen.extend(nodes.map(|node| format!("{:?}", node.as_rule())));
        }
    }
    let of_mistakes = |name: &str| {
        ["bad_", "no_", "one_", "STRAY_"].iter().any(|prefix| name.starts_with(prefix))
            || matches!(
                name,
                "swapped" | "eq_typo" | "group" | "item_start" | "clause_word" | "ctx_word" | "BAD" | "EOI"
            )
    };
    let silent = |name: &str| {
        let lines = include_str!("../../agentpol.pest").lines();
        lines.filter_map(|line| line.split_once("= _{")).any(|(rule, _)| rule.trim() == name)
    };
    let unused: Vec<String> = Rule::all_rules()
        .iter()
        .map(|rule| format!("{rule:?}"))
        .filter(|rule| !seen.contains(rule) && !of_mistakes(rule) && !silent(rule))
        .collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn a_value_by_itself() {
    for (text, tree) in [
        ("250 USDC", "250 USDC"),
        (" { a, 0x12 } // all\n", "{a 0x12}"),
        ("token", "token"),
        ("-1 .. 2", "(.. (- 1) 2)"),
    ] {
        assert_eq!(parse_expr(text).as_ref().map(show).unwrap(), tree);
    }
    for (text, kind) in [
        ("", SyntaxErrorKind::Unexpected),
        ("1 2", SyntaxErrorKind::Unexpected),
        ("(1", SyntaxErrorKind::MissingPunctuation),
        ("250USDC", SyntaxErrorKind::GluedUnit),
        ("1 USDC\nfees at most 1 ETH", SyntaxErrorKind::Unexpected),
        ("}", SyntaxErrorKind::ExtraClose),
        ("$5", SyntaxErrorKind::BadCharacter),
    ] {
        let errors = parse_expr(text).unwrap_err();
        assert_eq!(errors.iter().map(|error| error.kind).collect::<Vec<_>>(), [kind], "{text}: {errors:#?}");
    }
    assert!(parse_expr(&"(".repeat(100)).is_err());
}
