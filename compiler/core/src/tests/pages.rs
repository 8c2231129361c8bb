//! Every page's example gets its code, and the example put right does not.

use super::{run, said};
use crate::{Loader, SourceFile, check};
use agentpol_diagnostics::codes;

/// The policy that the page's policies extend.
struct Above(Option<&'static str>);

impl Loader for Above {
    fn read(&self, path: &str) -> Result<String, String> {
        let parent = self.0.filter(|_| path == "treasury.agentpol");
        parent.map(ToOwned::to_owned).ok_or_else(|| "there is no such file".to_owned())
    }
}

#[test]
fn every_page_shows_what_it_says() {
    let mut wrong = Vec::new();
    // A test that fails is found by running it.
    let ours =
        |c: &&agentpol_diagnostics::Code| ("AP0100".."AP0600").contains(&c.code) && c.name != "failed_test";
    for code in codes::ALL.iter().filter(ours) {
        let example = run(code.example());
        if !example.diagnostics.iter().any(|d| d.code == code.code) {
            wrong.push(format!("{} {}: the example says\n{}", code.code, code.name, said(&example)));
        }
        let others: Vec<_> = example.diagnostics.iter().filter(|d| d.code != code.code).collect();
        if !others.is_empty() {
            wrong.push(format!(
                "{} {}: the example says more than one thing\n{}",
                code.code,
                code.name,
                said(&example)
            ));
        }
        let fixed = run(code.fixed());
        if !fixed.diagnostics.is_empty() || fixed.ruleset.is_none() {
            wrong.push(format!("{} {}: put right it says\n{}", code.code, code.name, said(&fixed)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_page_about_a_finding_shows_what_it_says() {
    let mut wrong = Vec::new();
    // What is too hard today need not be tomorrow.
    let ours = |c: &&agentpol_diagnostics::Code| {
        ("AP0600".."AP0700").contains(&c.code) && c.name != "analysis_unknown"
    };
    for code in codes::ALL.iter().filter(ours) {
        let found = |text: &str| check(SourceFile::new("policy.agentpol", text), &Above(code.parent()));
        let example = found(code.example());
        let all: Vec<&str> = example.diagnostics.iter().map(|d| d.code).collect();
        if all != [code.code] {
            wrong.push(format!("{} {}: the example says\n{}", code.code, code.name, said(&example)));
        }
        let fixed = found(code.fixed());
        if !fixed.diagnostics.is_empty() || fixed.ruleset.is_none() {
            wrong.push(format!("{} {}: put right it says\n{}", code.code, code.name, said(&fixed)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
