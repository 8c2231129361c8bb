//! What rules come to, clause by clause.

use super::{clean, run, said};
use crate::{SourceFile, compile};
use agentpol_analysis::ruleset::{Atom, Formula, Linear, Relation, RuleSet, Scalar, SetRef};
use agentpol_model::{
    budget::{Cap, Measure, Window},
    types::Step,
};

const HEAD: &str = "policy p on ethereum\n\nuse std::tokens::{DAI, ERC20, ETH, USDC, USDT, WETH}\nuse std::uniswap_v3::SwapRouter02\n\n";

fn with(text: &str) -> RuleSet {
    clean(&format!("{HEAD}{text}")).1
}

/// The codes that a policy gets.
fn codes(text: &str) -> Vec<&'static str> {
    run(&format!("{HEAD}{text}")).diagnostics.iter().map(|d| d.code).collect()
}

/// A condition on one line: arguments by their position (`a0.3`), addresses by their last four digits.
fn show(formula: &Formula) -> String {
    let all = |parts: &[Formula], by: &str| parts.iter().map(show).collect::<Vec<_>>().join(by);
    match formula {
        Formula::Const(b) => b.to_string(),
        Formula::Not(inner) => format!("not ({})", show(inner)),
        Formula::And(parts) => format!("({})", all(parts, " and ")),
        Formula::Or(parts) => format!("({})", all(parts, " or ")),
        Formula::Quantified { every, max, body, .. } => {
            format!("{} of {max}: {}", if *every { "all" } else { "any" }, show(body))
        }
        Formula::Atom(Atom::Linear { sum, relation }) => {
            let sign = if *relation == Relation::Zero { "==" } else { "<=" };
            format!("{} {sign} 0", linear(sum))
        }
        Formula::Atom(Atom::Same(a, b)) => format!("{} is {}", word(a), word(b)),
        Formula::Atom(Atom::Member(a, SetRef::Const(id))) => format!("{} in set{}", word(a), id.index()),
        Formula::Atom(Atom::Member(a, SetRef::Param(id))) => format!("{} in {id}", word(a)),
        Formula::Atom(Atom::Distinct { max, .. }) => format!("distinct up to {max}"),
        Formula::Atom(Atom::Bytes(_, test)) => format!("{test:?}"),
    }
}

fn linear(sum: &Linear) -> String {
    let mut parts: Vec<String> = sum.terms.iter().map(|(c, s)| format!("{c}*{}", word(s))).collect();
    parts.push(sum.constant.to_string());
    parts.join(" + ")
}

fn word(scalar: &Scalar) -> String {
    let steps = |steps: &[Step]| {
        let step = |s: &Step| match s {
            Step::Member(n) => n.to_string(),
            Step::Index(n) => format!("[{n}]"),
            Step::Element(n) => format!("[#{n}]"),
        };
        steps.iter().map(step).collect::<Vec<_>>().join(".")
    };
    match scalar {
        Scalar::Const(w) => {
            let hex = format!("{w:x}");
            format!("..{}", hex.get(hex.len().saturating_sub(4)..).unwrap_or_default())
        }
        Scalar::Arg(path, _) => format!("a{}", steps(&path.0)),
        Scalar::Len(path) => format!("len a{}", steps(&path.0)),
        Scalar::Party(path) => format!("party a{}", steps(&path.0)),
        Scalar::Slice { path, start, from_end, length } => {
            format!("a{}[{}{start};{length}]", steps(&path.0), if *from_end { "-" } else { "" })
        }
        Scalar::Field(field) => field.name().to_owned(),
        Scalar::Param(id) => id.to_string(),
    }
}

fn clauses(rules: &RuleSet, rule: usize) -> Vec<String> {
    rules.rules[rule].arms[0].clauses.iter().map(|c| show(&c.formula)).collect()
}

#[test]
fn one_transfer_rule_a_send_rule_and_budgets() {
    let rules = with(
        "fees at most 0.01 ETH\nbudget daily: 500 USDC per 24h, 10_000 USDC total\n\
         allow pay: USDC.transfer(to, amount) { when to == 0x1111111111111111111111111111111111111111 and amount <= 250 USDC }\n\
         allow tip: send(to, value) { when value <= 0.1 ETH }\n",
    );
    assert_eq!(clauses(&rules, 0), ["a0 is ..1111", "1*a1 + -250000000 <= 0"]);
    assert_eq!(clauses(&rules, 1), ["1*value + -100000000000000000 <= 0"]);
    assert_eq!(rules.budgets.len(), 2);
    assert_eq!(rules.budgets[0].window, Window::Sliding { seconds: 86_400 });
    assert_eq!(rules.budgets[1].window, Window::Total);
    assert_eq!(rules.fee_caps.len(), 1);
}

#[test]
fn silence_about_value_allows_none() {
    let rules = with(
        "allow tip: send(to, value) { when to == 0x1111111111111111111111111111111111111111 }\ndeny no: send(to, value) {}",
    );
    assert_eq!(clauses(&rules, 0), ["value is ..0", "to is ..1111"]);
    assert!(clauses(&rules, 1).is_empty(), "a deny is not narrowed by silence");
}

#[test]
fn a_rate_is_multiplied_out_and_nothing_is_divided() {
    let rules = with(
        "let worst = 1 WETH per 6_000 USDC\n\
         def good(p: SwapRouter02::ExactInputSingleParams) = p.tokenIn == USDC and p.tokenOut == WETH and p.amountOutMinimum >= p.amountIn * worst\n\
         allow buy: SwapRouter02.exactInputSingle(p) { when value == 0 ETH and good(p) and p.amountIn < 250 USDC }\n",
    );
    // out >= in * 10^18 / (6000 * 10^6)
    assert_eq!(
        clauses(&rules, 0)[1],
        "(a0.0 is ..eb48 and a0.1 is ..6cc2 and 500000000*a0.4 + -3*a0.5 + 0 <= 0)"
    );
    assert_eq!(
        clauses(&rules, 0)[2],
        "1*a0.4 + -249999999 <= 0",
        "what `good` establishes holds to its right"
    );
}

#[test]
fn amounts_of_several_tokens_are_told_apart_only_where_it_matters() {
    let rules = with(
        "unit usd = 1 USDC = 1 USDT\nunit mixed = 1 USDC = 1 DAI\n\
         allow a: SwapRouter02.exactInputSingle(p) { when p.tokenIn in { USDC, USDT } and p.amountIn <= 5 usd }\n\
         allow b: SwapRouter02.exactInputSingle(p) { when p.tokenIn in { USDC, DAI } and p.amountIn <= 5 mixed }\n",
    );
    assert_eq!(clauses(&rules, 0)[2], "1*a0.4 + -5000000 <= 0");
    let told = &clauses(&rules, 1)[2];
    assert!(told.contains(" or ") && told.contains("-5000000000000000000 <= 0"), "{told}");
}

#[test]
fn a_map_is_read_by_cases_of_its_key() {
    let rules = with(
        "let caps = { USDC: 5 USDC, WETH: 1 WETH }\n\
         allow a: SwapRouter02.exactInputSingle(p) { when p.tokenIn in caps and p.amountIn <= caps[p.tokenIn] }\n",
    );
    assert_eq!(
        clauses(&rules, 0)[2],
        "((a0.0 is ..eb48 and 1*a0.4 + -5000000 <= 0) or (a0.0 is ..6cc2 and 1*a0.4 + -1000000000000000000 <= 0))"
    );
}

#[test]
fn what_or_and_unless_establish() {
    let rule = |when: &str| codes(&format!("allow a: SwapRouter02.exactInputSingle(p) {{ {when} }}\n"));
    assert_eq!(rule("unless p.tokenIn != USDC\n when p.amountIn <= 5 USDC"), [""; 0]);
    assert_eq!(rule("when p.tokenIn != USDC or p.amountIn <= 5 USDC"), [""; 0]);
    assert_eq!(rule("when p.tokenIn == USDC or p.amountIn <= 5 USDC"), ["AP0205"]);
    assert_eq!(rule("when p.amountIn <= 5 USDC\n when p.tokenIn == USDC"), ["AP0205"], "only to the left");
    assert_eq!(
        rule("when (p.tokenIn == USDC and p.fee == 5) or p.tokenIn == WETH\n when p.amountIn <= 5 USDC"),
        ["AP0202"]
    );
    assert_eq!(rule("when if p.tokenIn == USDC then p.amountIn <= 5 USDC else p.fee == 500"), [""; 0]);
}

#[test]
fn one_mistake_is_one_finding() {
    assert_eq!(
        codes(
            "let a = nothing\nallow pay: USDC.transfer(to, amount) { when amount <= a * 2 + a and a == 5 }\n"
        ),
        ["AP0101"]
    );
    let c = run(
        "policy p on ethereum, base, arbitrum\n\nuse std::tokens::USDC\n\nallow pay: USDC.transfer(to, amount) { when amount <= 5 }\n",
    );
    assert_eq!(c.diagnostics.len(), 1, "three chains, one mistake: {}", said(&c));
    assert_eq!(c.diagnostics[0].fixes[0].edits[0].1, "5 USDC");
    assert!(c.ruleset.is_none());
}

#[test]
fn a_par_puts_decimals_over_one_denominator() {
    let rules = with("unit usd = 1 USDC = 1 DAI\nbudget daily: 50 usd per 24h\n");
    let Measure::Gross(weights) = &rules.budgets[0].measure else { panic!("{:?}", rules.budgets) };
    let by_symbol: Vec<(String, String)> =
        weights.iter().map(|(t, w)| (rules.tokens[t.index()].symbol.clone(), w.to_string())).collect();
    assert_eq!(
        by_symbol,
        [("DAI".to_owned(), "1".to_owned()), ("USDC".to_owned(), "1000000000000".to_owned())]
    );
    assert!(matches!(rules.budgets[0].cap, Cap::Fixed(cap) if cap.to_string() == "50000000000000000000"));
}

#[test]
fn over_is_closed_and_a_catch_all_is_below_everything() {
    let rules = with(
        "param owner: approver\n\
         allow a: USDC.transfer(to, amount) { over b }\nallow b: USDC.transfer(to, amount) { over c }\n\
         allow c: USDC.transfer(to, amount) {}\nask rest: any { by owner within 10min }\ndeny never: DAI.transfer(to, amount) {}\n",
    );
    let over = |n: usize| rules.rules[n].over.iter().map(|r| r.index()).collect::<Vec<_>>();
    assert_eq!(
        (over(0), over(1), over(2), over(3), over(4)),
        (vec![1, 2, 3], vec![2, 3], vec![3], vec![], vec![])
    );
    assert_eq!(rules.rules[3].arms.len(), rules.callables.len());
}

#[test]
fn arms_are_one_for_each_token_and_chain() {
    let (_, rules) = clean(
        "policy p on ethereum, base\n\nuse std::tokens::{ERC20, USDC, USDT}\n\nparam payees: set of address up to 16\nunit usd = 1 USDC = 1 USDT\n\
         allow pay: ERC20.transfer(to, amount) at { USDC, USDT } { when to in payees and amount <= 100 usd }\n\
         allow here: USDC.transfer(to, amount) on base { when to in payees }\n",
    );
    let chains: Vec<u64> =
        rules.rules[0].arms.iter().map(|a| rules.callables[a.callable.index()].chain).collect();
    assert_eq!(chains.iter().filter(|c| **c == 1).count(), 2, "{chains:?}");
    assert_eq!(rules.rules[1].arms.len(), 1);
}

#[test]
fn a_deny_grants_nothing_and_an_ask_says_whom() {
    assert_eq!(codes("deny d: USDC.transfer(to, amount) { accept opaque because \"x\" }\n"), ["AP0308"]);
    assert_eq!(codes("ask d: USDC.transfer(to, amount) {}\n"), ["AP0307"]);
    assert_eq!(codes("param o: approver\nallow d: USDC.transfer(to, amount) { when to == o }\n"), ["AP0201"]);
}

#[test]
fn a_json_abi_gives_the_functions_and_the_declaration_their_effects() {
    struct Files;
    impl crate::Loader for Files {
        fn read(&self, path: &str) -> Result<String, String> {
            match path {
                "./game.json" => Ok(r#"[
                    {"type":"function","name":"play","inputs":[{"name":"bet","type":"uint256"}],"outputs":[],"stateMutability":"nonpayable"},
                    {"type":"function","name":"quit","inputs":[{"name":"p","type":"tuple","components":[{"name":"to","type":"address"}]}],"outputs":[],"stateMutability":"nonpayable"}]"#
                    .to_owned()),
                other => Err(format!("no file {other}")),
            }
        }
    }
    let policy = |declared: &str| {
        let text = format!(
            "policy session on base\n\nuse std::tokens::USDC\n\nparam game: address\ninterface Game from \"./game.json\" {{ {declared} }}\n\
             contract arena: Game on base at game\nallow play: arena.play(bet) {{ when bet <= 1 USDC }}\n\
             allow quit: arena.quit(p) {{ when p.to == wallet\n accept opaque because \"gives back\" }}\n"
        );
        compile(SourceFile::new("p", text), &Files)
    };
    let c = policy("function play(bet: uint256 as amount of USDC) { pulls bet of USDC by self }");
    let rules = c.ruleset.clone().unwrap_or_else(|| panic!("{}", said(&c)));
    let of = |name: &str| {
        rules.callables.iter().find(|c| c.function.as_ref().is_some_and(|f| f.name == name)).cloned()
    };
    assert!(of("play").is_some_and(|c| !c.opaque && c.effects.len() == 1));
    assert!(of("quit").is_some_and(|c| c.opaque && c.effects.is_empty()));
    let wrong = policy("function play(bet: uint128 as amount of USDC) { pulls bet of USDC by self }");
    assert!(wrong.diagnostics.iter().any(|d| d.code == "AP0405"), "{}", said(&wrong));
}

#[test]
fn a_test_becomes_a_request() {
    let (c, _) = clean(&format!(
        "{HEAD}allow pay: USDC.transfer(to, amount) {{ when amount <= 250 USDC }}\n\
         test \"t\" {{\n try USDC.transfer(0x1111111111111111111111111111111111111111, 250 USDC) => allow pay\n\
         at now + 1h try send(wallet) with value 1 ETH => deny no_rule\n}}\n"
    ));
    let steps = &c.tests[0].steps;
    assert_eq!(steps[0].request.actions[0].data.len(), 68);
    assert_eq!(steps[0].request.actions[0].data[..4], [0xa9, 0x05, 0x9c, 0xbb]);
    assert_eq!(steps[1].at, crate::TEST_START + 3_600);
    assert_eq!(steps[1].request.actions[0].value.to_string(), "1000000000000000000");
}

#[test]
fn the_catalogue_compiles() {
    let c = crate::catalogue();
    assert!(c.diagnostics.is_empty(), "{}", said(&c));
    let lowered = c.ruleset.as_ref().map(crate::lower::lower);
    assert!(matches!(lowered, Some(Ok(_))));
    let n = c.ruleset.as_ref().map(|r| r.callables.len()).unwrap_or_default();
    assert!(n > 100, "{n}");
}

#[test]
fn the_same_text_gives_the_same_rules() {
    let text = format!(
        "{HEAD}allow pay: ERC20.transfer(to, amount) at {{ USDC, DAI }} {{ when to in {{ wallet, signer }} }}\n"
    );
    assert_eq!(clean(&text).1, clean(&text).1);
}

#[test]
fn a_step_is_never_left_out() {
    let c = run(&format!(
        "{HEAD}param cap: amount of USDC in 0 USDC ..= 5 USDC\nallow pay: USDC.transfer(to, amount) {{ when amount <= cap }}\n\
         test \"t\" {{ try USDC.transfer(wallet, cap) => allow pay }}\n"
    ));
    assert!(c.ruleset.is_none() && c.diagnostics.len() == 1, "{}", said(&c));
}

#[test]
fn twenty_bytes_of_hex_are_an_address_or_just_bytes_beside_bytes() {
    let text = "interface Log { function log(tag: bytes20, body: bytes) {} }\n\
        contract log: Log on ethereum at 0x00000000000000000000000000000000000A11cE\n\
        allow put: log.log(tag, body) {\n    when tag == 0x1111111111111111111111111111111111111111\n    \
        when body[4..24] == 0x2222222222222222222222222222222222222222\n}\n";
    let rules = with(text);
    let clauses: Vec<String> =
        rules.rules[0].arms[0].clauses.iter().map(|clause| show(&clause.formula)).collect();
    assert_eq!(clauses.last().map(String::as_str), Some("a1[4;20] is ..2222"));
    let left_aligned = agentpol_model::U256::from_be_slice(&[0x11; 20]) << 96;
    let atoms = format!("{:?}", rules.rules[0].arms[0].clauses);
    assert!(atoms.contains(&format!("Const({left_aligned})")), "{atoms}");
}
