//! The pages of the codes, held against the compiler: what an example shows is what comes of it.

use super::{directory, run_in};
use agentpol_diagnostics::codes::{self, Code};
use std::collections::BTreeSet;

/// The codes that a policy is found to have: by checking it, or for a failed test by running its tests.
fn found(text: &str, code: &Code) -> BTreeSet<String> {
    let command = if *code == codes::FAILED_TEST { "test" } else { "check" };
    let parent = code.parent().map(|parent| ("treasury.agentpol", parent.as_bytes()));
    let files: Vec<_> = [("policy.agentpol", text.as_bytes())].into_iter().chain(parent).collect();
    let directory = directory(&files);
    let run = run_in(directory.path(), &[command, "policy.agentpol", "--format", "json"]);
    let Some(report) = run.json().pop() else { panic!("{}: {}", code.code, run.all()) };
    let failed =
        report["files"].as_array().into_iter().flatten().flat_map(|f| f["tests"].as_array()).flatten();
    let diagnostics = report["diagnostics"].as_array().into_iter().flatten();
    let failures = failed.map(|t| &t["failed"]["diagnostic"]).filter(|d| d.is_object());
    diagnostics.chain(failures).map(|d| d["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn examples_show_their_code_and_fixed_ones_do_not() {
    let mut wrong = Vec::new();
    // What is too hard today need not be tomorrow: its page has no example that lasts.
    for code in codes::ALL.iter().filter(|code| **code != codes::ANALYSIS_UNKNOWN) {
        let example = found(code.example(), code);
        if !example.contains(code.code) {
            wrong.push(format!("{} {}: its example comes to {example:?}", code.code, code.name));
        }
        let fixed = found(code.fixed(), code);
        if fixed.contains(code.code) {
            wrong.push(format!("{} {}: put right, it still comes to {fixed:?}", code.code, code.name));
        }
        // A page about words need not be a policy that nothing stands against; a page about what was found must be.
        let is_about_findings = code.code >= "AP0600";
        let errors: Vec<&str> =
            fixed.iter().map(String::as_str).filter(|c| is_about_findings || *c < "AP0600").collect();
        if !errors.is_empty() {
            wrong.push(format!("{} {}: put right, it comes to {errors:?}", code.code, code.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
