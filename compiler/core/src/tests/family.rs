//! Policies above one another.

use super::said;
use crate::{Compilation, Loader, SourceFile, compile, resolve::MAX_ANCESTORS};
use std::collections::BTreeMap;

/// Policies by file name.
#[derive(Default)]
struct Files(BTreeMap<String, String>);

impl Files {
    fn with(mut self, name: &str, text: &str) -> Self {
        self.0.insert(format!("{name}.agentpol"), text.to_owned());
        self
    }

    fn run(&self, name: &str) -> Compilation {
        let file = format!("{name}.agentpol");
        compile(SourceFile::new(file.clone(), self.0[&file].clone()), self)
    }
}

impl Loader for Files {
    fn read(&self, path: &str) -> Result<String, String> {
        self.0.get(path).cloned().ok_or_else(|| "there is no such file".to_owned())
    }
}

const RULE: &str =
    "\nallow pay: USDC.transfer(to, amount) { when to == wallet_of_mine and amount <= most }\n";

fn policy(name: &str, above: &str) -> String {
    format!("policy {name} extends {above} on base\n{RULE}")
}

fn root(more: &str) -> String {
    format!(
        "policy root on base, ethereum\nuse std::tokens::USDC\nparam most: amount of USDC in 1 USDC ..= 9 USDC\n\
         let wallet_of_mine = 0x1111111111111111111111111111111111111111\nbudget day: 20 USDC per day\n{RULE}{more}"
    )
}

fn codes(c: &Compilation) -> Vec<&'static str> {
    c.diagnostics.iter().map(|d| d.code).collect()
}

#[test]
fn names_and_budgets_come_down_the_whole_line() {
    let files = Files::default()
        .with(
            "root",
            &root(
                "deny bad: USDC.transfer(to, _) { when to == 0x2222222222222222222222222222222222222222 }\n",
            ),
        )
        .with("middle", &policy("middle", "root"))
        .with("leaf", &policy("leaf", "middle"));
    let c = files.run("leaf");
    let rules = c.ruleset.clone().unwrap_or_else(|| panic!("{}", said(&c)));
    let names: Vec<&str> = rules.rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["pay & pay & pay", "middle.root.bad"]);
    assert_eq!(rules.budgets.iter().map(|budget| budget.name.as_str()).collect::<Vec<_>>(), ["day"]);
    assert_eq!(rules.params.len(), 1);
    assert_eq!(rules.rules[0].arms[0].clauses.len(), 2, "each asked once");
    crate::lower::lower(&rules).unwrap();
}

#[test]
fn a_parent_that_cannot_stand_above() {
    let child = policy("child", "root");
    for (parent, why) in [
        (root("").replace("policy root", "policy other"), "holds the policy `other`"),
        ("let x = 1\n".to_owned(), "names no policy"),
        (root("").replace("<= most", "<= nobody"), "has errors of its own"),
        (root("").replace("base, ethereum", "ethereum"), "not on base"),
        (root("").replace("policy root", "policy root extends child"), "`child` would extend itself"),
        (root("").replace("policy root", "policy root extends root"), "`root` would extend itself"),
    ] {
        let c = Files::default().with("root", &parent).with("child", &child).run("child");
        assert!(c.ruleset.is_none() && said(&c).contains(why), "{why}\n{}", said(&c));
        assert!(codes(&c).contains(&"AP0316"), "{}", said(&c));
    }
    let path = Files::default().with("child", &policy("child", "a::b")).run("child");
    assert!(said(&path).contains("a policy is named by one word"), "{}", said(&path));
}

/// What has no meaning without the parent is the parent's to say: only that it is missing is told.
#[test]
fn a_parent_that_is_missing_is_told_once() {
    let child = "policy child extends root on base, inhouse\n\
        budget week: 5 COIN per week\n\
        def small(a: amount of COIN) = a <= most\n\
        allow pay: COIN.transfer(to, amount) { when to in friends and amount <= 3 COIN and small(amount) }\n\
        allow swap: router.swap(p) { when p.least >= p.most * rate }\n\
        test \"all\" { try COIN.transfer(friend, 1 COIN) => allow pay }\n\
        assert outflow(COIN) <= 5 COIN per week\n";
    let wrong = format!("{child}allow pay: COIN.transfer(to, _) {{ when to in friends }}\n");
    let middle =
        "policy root extends nobody on base\nallow pay: COIN.transfer(to, _) { when to in friends }\n";
    for (root, child, all) in [
        (None, child, &["AP0316"][..]),
        // The middle one is there, and its parent is not.
        (Some(middle), child, &["AP0316"]),
        // Whatever else is wrong is told too.
        (None, wrong.as_str(), &["AP0316", "AP0104"]),
    ] {
        let files = Files::default().with("child", child);
        let files = root.into_iter().fold(files, |files, root| files.with("root", root));
        let c = files.run("child");
        assert!(c.ruleset.is_none() && codes(&c) == all, "{}", said(&c));
    }
    let missing = Files::default().with("child", child).run("child");
    assert!(said(&missing).contains("the policy `root` cannot be read: there is no such file"));
}

#[test]
fn what_the_child_says_otherwise() {
    let with = |child: &str| {
        let child = format!("{}{child}", policy("child", "root"));
        Files::default().with("root", &root("")).with("child", &child).run("child")
    };
    for (child, why) in [
        ("budget day: 5 USDC per day\n", "both have a budget named `day`"),
        ("param most: amount of USDC\n", "`most` is already taken"),
        (
            "token USDC decimals 18 { on base at 0x3333333333333333333333333333333333333333 }\n",
            "already taken",
        ),
    ] {
        let c = with(child);
        assert!(c.ruleset.is_none() && said(&c).contains(why), "{why}\n{}", said(&c));
    }
}

/// As if the token's own function moved nothing, so that no budget of the parent's would count it.
#[test]
fn what_a_function_does_cannot_be_declared_away() {
    let child = "policy child extends root on base\n\
        interface Quiet { function transfer(to: address, amount: uint256) {} }\n\
        contract quiet: Quiet on base at 0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913\n\
        allow round: quiet.transfer(to, amount) { when to == wallet_of_mine }\n";
    let c = Files::default().with("root", &root("")).with("child", child).run("child");
    let why = "`quiet.transfer` is declared in two ways";
    assert!(c.ruleset.is_none() && codes(&c) == ["AP0316"] && said(&c).contains(why), "{}", said(&c));
}

#[test]
fn what_is_about_other_chains_stays_behind() {
    let gas = "budget gas: 1 POL of fees per day, 0.1 ETH of fees per day\nfees at most 0.1 POL\nfees at most 0.01 ETH\n";
    let parent = root(gas).replace("base, ethereum", "base, polygon");
    let c = Files::default().with("root", &parent).with("child", &policy("child", "root")).run("child");
    let rules = c.ruleset.clone().unwrap_or_else(|| panic!("{}", said(&c)));
    assert_eq!(
        rules.budgets.iter().map(|b| (b.name.as_str(), b.line)).collect::<Vec<_>>(),
        [("day", 0), ("gas", 1)]
    );
    assert_eq!(rules.fee_caps.len(), 1);
    assert!(rules.contracts.iter().all(|contract| contract.chain == 8453));
    crate::lower::lower(&rules).unwrap();
}

#[test]
fn policies_above_one_another() {
    let line = |n: usize| {
        let start = Files::default().with("root", &root(""));
        (0..n).fold(start, |files, i| {
            let above = if i == 0 { "root".to_owned() } else { format!("p{}", i - 1) };
            files.with(&format!("p{i}"), &policy(&format!("p{i}"), &above))
        })
    };
    let last = line(MAX_ANCESTORS).run(&format!("p{}", MAX_ANCESTORS - 1));
    assert!(last.ruleset.is_some(), "{}", said(&last));
    let past = line(MAX_ANCESTORS + 1).run(&format!("p{MAX_ANCESTORS}"));
    assert!(past.ruleset.is_none() && codes(&past).contains(&"AP0316"), "{}", said(&past));
}
