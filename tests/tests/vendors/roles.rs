//! Real permission sets of treasuries (Zodiac Roles v2), turned into policies: the calls that their authors recorded as allowed
//! or forbidden get the same verdict, or the difference is explained.

use agentpol_analysis::ruleset::Bound;
use agentpol_compiler::{NoFiles, SourceFile, compile, lower::lower};
use agentpol_model::{
    decision::DenyCode,
    request::{Action, Envelope, Kind, Request},
};
use agentpol_runtime::{Binding, Policy};
use agentpol_tests::vendors::{
    roles::{self, Case, PermissionSet},
    zodiac::{Effects, convert},
};
use agentpol_vm::Scratch;
use std::collections::BTreeMap;

/// Calls that a policy judges otherwise than the role, and why.
const DIFFERENCES: &[(&str, &str)] = &[(
    "defikit/cowSwap/twap/case0",
    "the set looks into `bytes` as the encoding of a struct, which a policy cannot say: nothing is allowed by it",
)];

/// What the rules say of a call, by both evaluators.
fn judge(case: &Case, text: &str) -> Result<(), DenyCode> {
    let compiled = compile(SourceFile::new("role", text.to_owned()), &NoFiles);
    let rules = compiled.ruleset.unwrap_or_else(|| panic!("{}: {:?}\n{text}", case.id, compiled.diagnostics));
    let bound = Bound::new(&rules, case.avatar, BTreeMap::new()).unwrap();
    let binding = Binding { wallet: case.avatar, signer: case.avatar, params: BTreeMap::new() };
    let policy = Policy::new(lower(&rules).unwrap(), &binding).unwrap();
    let kind = match (case.delegates, case.data.is_empty()) {
        (true, _) => Kind::Delegatecall,
        (false, true) => Kind::Send,
        (false, false) => Kind::Call,
    };
    let action =
        Action { kind, from: case.avatar, to: case.to, value: case.value, command: [0; 4], data: &case.data };
    let request = Request {
        chain: case.chain,
        wallet: case.avatar,
        signer: case.avatar,
        agent: None,
        now: 1_795_428_000,
        envelope: Envelope::default(),
        actions: &[action],
    };
    let reference = rules.decide(&request, &bound).map(drop).map_err(|denied| denied.code);
    let mut scratch = Scratch::new(policy.rules());
    let ruled = policy.rules().decide(&request, &mut scratch).map_err(|denied| denied.code);
    assert_eq!(ruled, reference, "{}: the evaluators differ", case.id);
    ruled
}

#[test]
fn recorded_calls_get_the_recorded_verdict() {
    let (Some(sets), Some(cases)) = (roles::sets(), roles::cases()) else { return };
    let functions = roles::functions();
    let by_id: BTreeMap<&str, &PermissionSet> = sets.iter().map(|set| (set.id.as_str(), set)).collect();
    let mut gaps: BTreeMap<String, usize> = BTreeMap::new();
    let (mut same, mut wrong, mut explained) = (0, Vec::new(), 0);
    for case in &cases {
        let in_force: Vec<&PermissionSet> = case.policies.iter().map(|id| by_id[id.as_str()]).collect();
        let converted = convert(&in_force, &functions, Effects::Nothing);
        for gap in converted.gaps {
            *gaps.entry(gap).or_default() += 1;
        }
        let judged = judge(case, &converted.text);
        // The two calls that were recorded to revert are of a function that no set in force allows.
        let expected = case.expected == "allow";
        let known = DIFFERENCES.iter().any(|(id, _)| *id == case.id);
        match (judged.is_ok() == expected, known) {
            (true, false) => same += 1,
            (false, true) => explained += 1,
            (agrees, _) => wrong.push(format!(
                "{}: recorded {}, judged {judged:?}, agrees: {agrees}",
                case.id, case.expected
            )),
        }
    }
    println!(
        "{} permission sets, {} calls: {same} the same verdict, {explained} explained; gaps: {gaps:#?}",
        sets.len(),
        cases.len()
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}
