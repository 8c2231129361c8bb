//! Small policies about money, as text: amounts of a few units, windows of a few seconds, so that what can leave is seen by trying.

use super::{
    rng::Rng,
    source::{Condition, SourcePolicy, SourceRule},
};

/// Wei with a name.
fn wei(n: usize) -> String {
    format!("0.{n:018} ETH")
}

/// What a rule can be about: the subject, what leaves, and of what.
const SUBJECTS: &[(&str, &str, Of)] = &[
    ("T.transfer(to, x)", "to", Of::Coin("T")),
    ("T.approve(to, x)", "to", Of::Coin("T")),
    ("T.more(to, x)", "to", Of::Coin("T")),
    ("U.transfer(to, x)", "to", Of::Coin("U")),
    ("R.take(x)", "", Of::Coin("T")),
    ("R.both(x)", "", Of::Coin("T")),
    ("R.five(x, y)", "", Of::Coin("T")),
    ("R.pay(x) value v", "", Of::Coin("T")),
    ("send(to, x)", "to", Of::Wei),
];

#[derive(Clone, Copy)]
enum Of {
    Coin(&'static str),
    Wei,
}

impl Of {
    fn amount(self, n: usize) -> String {
        match self {
            Of::Coin(token) => format!("{n} {token}"),
            Of::Wei => wei(n),
        }
    }
}

/// A policy.
pub fn random(rng: &mut Rng) -> SourcePolicy {
    let mut items = world(rng);
    let mut subjects = SUBJECTS.to_vec();
    let mut rules = Vec::new();
    let count = rng.between(1, 4);
    let budgets = budgets(count, rng);
    for n in 0..count {
        let subject = subjects.remove(rng.below(subjects.len()));
        rules.push(rule(n, subject, budgets.len(), rng));
    }
    items.extend(budgets);
    SourcePolicy { head: "policy spending on ethereum".to_owned(), items, rules }
}

/// A policy in which a rule asks about more of what another lets through, where there is one that has a limit.
pub fn with_threshold(rng: &mut Rng) -> SourcePolicy {
    let mut policy = random(rng);
    let limited = policy.rules.iter().find_map(|rule| {
        let limit = rule.whens.iter().find_map(|when| match when {
            Condition::Test(test) => test.strip_prefix("x <= ").map(str::to_owned),
            _ => None,
        })?;
        let head = rule.head.strip_prefix("allow ")?;
        Some((head.split_once(':')?.1.to_owned(), limit, rule.whens.clone()))
    });
    if let Some((subject, limit, mut whens)) = limited {
        whens.retain(|when| !matches!(when, Condition::Test(test) if test.starts_with("x ")));
        whens.push(Condition::Test(format!("x > {limit}")));
        let clauses = vec!["by owner within 10min".to_owned()];
        policy.rules.push(SourceRule { head: format!("ask larger:{subject}"), whens, clauses });
    }
    policy
}

fn world(rng: &mut Rng) -> Vec<String> {
    let trusted = if rng.chance(30) { " trusted \"known\"" } else { "" };
    let mut items = vec![
        "use std::tokens::ETH".to_owned(),
        "interface Coin {\n    function transfer(to: address, amount: uint256 as amount of self) {\n        \
         moves amount of self from wallet to to\n    }\n    function approve(spender: address, amount: uint256 as \
         amount of self) {\n        grants amount of self to spender\n    }\n    function more(spender: address, \
         amount: uint256 as amount of self) {\n        grants more amount of self to spender\n    }\n}"
            .to_owned(),
        format!("token T: Coin decimals 0 {{ on ethereum at 0x{} }}", "41".repeat(20)),
        format!("token U: Coin decimals {} {{ on ethereum at 0x{} }}", rng.below(2), "42".repeat(20)),
        "interface Shop {\n    function take(a: uint256 as amount of T) {\n        pulls exactly a of T by self\n    \
         }\n    function both(a: uint256 as amount of T) {\n        moves a of T from wallet to self\n        grants \
         a of T to self\n    }\n    function five(a: uint256 as amount of T, b: uint256 as amount of T) {\n        \
         moves a of T from wallet to self\n        moves b of T from wallet to self\n        moves a of T from \
         wallet to self\n        moves b of T from wallet to self\n        moves a of T from wallet to self\n    }\n    \
         function pay(a: uint256 as amount of T) payable {\n        moves a of T from wallet to self\n    }\n}"
            .to_owned(),
        format!("contract R: Shop {{ on ethereum at 0x{}{trusted} }}", "43".repeat(20)),
        "unit u = 1 T = 1 U".to_owned(),
        "param owner: approver".to_owned(),
    ];
    if rng.chance(40) {
        items.push(format!("param cap: amount of T in {} T ..= {} T", rng.below(3), rng.between(3, 9)));
    }
    if rng.chance(70) {
        items.push(format!("fees at most {}", wei(rng.between(1, 9))));
    }
    items
}

fn budgets(rules: usize, rng: &mut Rng) -> Vec<String> {
    let line = |rng: &mut Rng| {
        let window = *rng.pick(&[
            "per 1s",
            "per 2s",
            "per 3s",
            "per 3s",
            "per 5s",
            "per day",
            "per day",
            "total",
            "per transaction",
        ]);
        let most = rng.between(1, 12);
        let what = match rng.below(9) {
            0..=3 => format!("{most} T"),
            4 => format!("{most} U"),
            5 => format!("{most} u"),
            6 => wei(most),
            7 => format!("{} of fees", wei(most)),
            _ => format!("{} calls", rng.between(1, 3)),
        };
        format!("{what} {window}")
    };
    (0..rng.between(0, 4))
        .map(|n| {
            let line = line(rng);
            let some: Vec<String> = (0..rules).filter(|_| rng.chance(60)).map(|n| format!("r{n}")).collect();
            let scope = if rng.chance(35) && !some.is_empty() { some.join(", ") } else { String::new() };
            let scope = if scope.is_empty() { scope } else { format!(" for {scope}") };
            format!("budget b{n}: {line}{scope}")
        })
        .collect()
}

fn rule(n: usize, (subject, party, of): (&str, &str, Of), budgets: usize, rng: &mut Rng) -> SourceRule {
    let verb = if rng.chance(25) { "ask" } else { "allow" };
    let mut clauses = Vec::new();
    if verb == "ask" {
        clauses.push("by owner within 10min".to_owned());
    }
    for budget in 0..budgets {
        if rng.chance(8) {
            clauses.push(format!("exempt b{budget} because \"a test\""));
        } else if rng.chance(10) {
            clauses.push(format!("beyond b{budget}: ask by owner within 10min"));
        }
    }
    let mut whens = Vec::new();
    if rng.chance(85) {
        whens.push(Condition::Test(format!("x <= {}", of.amount(rng.between(1, 9)))));
    }
    if rng.chance(20) {
        whens.push(Condition::Test(format!("x >= {}", of.amount(rng.between(1, 4)))));
    }
    if subject.contains("(x, y)") {
        whens.push(Condition::Test(format!("y <= {}", of.amount(rng.between(0, 3)))));
    }
    if subject.contains("value v") {
        whens.push(Condition::Test(format!("v <= {}", wei(rng.between(1, 4)))));
    }
    if !party.is_empty() && rng.chance(70) {
        whens.push(Condition::Test(format!("to in {{ 0x{}, 0x{} }}", "51".repeat(20), "52".repeat(20))));
    }
    let head = subject.replace(" value v", "");
    let whens = whens.into_iter().map(|when| match when {
        Condition::Test(test) => Condition::Test(test.replace("v <= ", "value <= ")),
        other => other,
    });
    SourceRule { head: format!("{verb} r{n}: {head}"), whens: whens.collect(), clauses }
}
