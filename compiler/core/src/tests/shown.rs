//! What shows a finding is policy text: pasted as a test into the policy it comes to the same request, and to the same end.

use super::{clean, run, said};
use crate::{ParamSample, TEST_SIGNER, TEST_WALLET, TestBlock, Verdict, sample_params};
use agentpol_analysis::{
    findings::{Finding, findings},
    ruleset::{Bound, ParamType, ParamValue, RuleSet},
    show,
    witness::{WALLET, Witness},
};
use agentpol_model::{
    Address,
    request::{Action, Envelope, Request},
};
use std::{fmt::Write as _, fs, path::PathBuf};

/// The policy bound as in tests.
fn bound(rules: &RuleSet) -> Bound {
    let value = |sample| match sample {
        ParamSample::Word(word) => ParamValue::Word(word),
        ParamSample::Set(set) => {
            ParamValue::Set(set.into_iter().map(|word| Address::from_word(word.into())).collect())
        }
    };
    let samples = sample_params(rules).into_iter().map(value);
    let names = rules.params.iter().map(|param| param.name.clone());
    Bound::new(rules, TEST_WALLET, names.zip(samples).collect()).unwrap_or_else(|e| panic!("{e}"))
}

/// What the rules say of a test's only step, as a test would.
fn comes_to(rules: &RuleSet, test: &TestBlock) -> String {
    let [step] = test.steps.as_slice() else { panic!("one step: {test:?}") };
    let actions: Vec<Action<'_>> = step
        .request
        .actions
        .iter()
        .map(|a| Action {
            kind: a.kind,
            from: TEST_WALLET,
            to: a.to,
            value: a.value,
            command: [0; 4],
            data: &a.data,
        })
        .collect();
    let request = Request {
        chain: step.request.chain,
        wallet: TEST_WALLET,
        signer: TEST_SIGNER,
        agent: None,
        now: step.at,
        envelope: Envelope::default(),
        actions: &actions,
    };
    show::verdict(rules, &rules.decide(&request, &bound(rules)))
}

/// Parameters that a test gives other values than a witness may need.
fn depends_on_values(rules: &RuleSet) -> bool {
    rules.params.iter().any(|param| !matches!(param.ty, ParamType::Address | ParamType::Approver))
}

/// Every finding of a policy that a test can say, pasted. How many there were.
fn paste(name: &str, text: &str) -> usize {
    let c = run(text);
    let Some(rules) = &c.ruleset else { return 0 };
    let found: Vec<Finding> = findings(rules);
    let witnesses: Vec<&Witness> = found.iter().filter_map(|finding| finding.witness.as_ref()).collect();
    let mut tests = String::new();
    let mut expected = Vec::new();
    for witness in witnesses {
        let shown = show::show(rules, witness);
        if shown.is_test() {
            let step = show::step(rules, witness);
            let _ = write!(tests, "\ntest \"{}\" {{\n    {step}\n}}\n", expected.len());
            let data: Vec<_> = witness.actions.iter().map(|action| action.data.clone()).collect();
            expected.push((step, data));
        }
    }
    let pasted = run(&format!("{text}\n{tests}"));
    let again = pasted.ruleset.as_ref().unwrap_or_else(|| panic!("{name}: {tests}\n{}", said(&pasted)));
    let before = pasted.tests.len() - expected.len();
    for (test, (step, data)) in pasted.tests.iter().skip(before).zip(&expected) {
        if !depends_on_values(again) {
            let verdict = comes_to(again, test);
            assert!(step.ends_with(&format!("=> {verdict}")), "{name}: {step} comes to {verdict}");
        }
        let same: Vec<_> =
            test.steps.iter().flat_map(|s| &s.request.actions).map(|a| a.data.clone()).collect();
        if again.params.is_empty() {
            assert_eq!(&same, data, "{name}: {step}");
        }
        // What a test expects is there for its rules, too.
        assert!(matches!(test.steps[0].expect, Verdict::Allow(_) | Verdict::Ask(_) | Verdict::Deny(Some(_))));
    }
    expected.len()
}

#[test]
fn the_fixed_points_of_tests_are_those_of_witnesses() {
    assert_eq!(WALLET, TEST_WALLET);
    assert_eq!(show::TEST_START, crate::TEST_START);
}

#[test]
fn examples_say_their_findings_as_tests() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/examples");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut all = 0;
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "agentpol")) {
        all += paste(&file.display().to_string(), &fs::read_to_string(file).unwrap());
    }
    assert!(all >= 5, "only {all} findings were pasted");
}

#[test]
fn chapters_say_their_findings_as_tests() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases");
    let mut chapters: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    chapters.sort();
    let mut all = 0;
    for chapter in chapters {
        let Ok(text) = fs::read_to_string(chapter.join("spec.md")) else { continue };
        for block in text.split("```agentpol\n").skip(1) {
            let policy = block.split("\n```").next().unwrap_or_default();
            all += paste(&chapter.display().to_string(), policy);
        }
    }
    assert!(all >= 30, "only {all} findings were pasted");
}

const WIDE: &str = "policy wide on ethereum, base

use std::tokens::{USDC, WETH}
use std::uniswap_v3::SwapRouter02

param friend: address

let ten = 10 USDC

allow pay: USDC.transfer(to, amount) on base {
    when amount <= ten
}
allow again: USDC.transfer(to, amount) on base {
    when amount <= ten and to == friend
}
allow permit: sign USDC.Permit(p) on ethereum {
    when p.value <= 5 USDC
}
allow swap: SwapRouter02.exactInputSingle(p) on ethereum {
    when p.tokenIn == USDC and p.tokenOut == WETH and p.amountIn <= 7 USDC
}
allow give: send(to, value) on base {
    when value <= 0.5 ETH
}
allow late: WETH.transfer(to, amount) on ethereum {
    when amount == 1 WETH and now >= 2027-03-01T12:00Z
}
";

#[test]
fn every_kind_of_request_has_its_words() {
    let n = paste("wide", WIDE);
    assert!(n >= 5, "{n} {}", said(&run(WIDE)));
    let (_, rules) = clean(WIDE);
    let mut steps: Vec<String> = findings(&rules)
        .iter()
        .filter_map(|finding| finding.witness.as_ref())
        .map(|witness| show::step(&rules, witness))
        .collect();
    steps.sort();
    steps.dedup();
    let text = steps.join("\n");
    for said in [
        "try USDC.transfer(friend, ",
        "on base => deny ambiguous",
        "try send(0x6666666666666666666666666666666666666666) on base with value 0.5 ETH => allow give",
        "try sign USDC.Permit({ owner: 0x6666666666666666666666666666666666666666, spender: 0x6666666666666666666666666666666666666666, value: 5 USDC, ",
        "SwapRouter02.exactInputSingle({ tokenIn: USDC, tokenOut: WETH, ",
        "at 2027-03-01T12:00Z try WETH.transfer(0x6666666666666666666666666666666666666666, 1 WETH) on ethereum => allow late",
    ] {
        assert!(text.contains(said), "`{said}` is not in\n{text}");
    }
}

#[test]
fn parameters_are_said_beside() {
    let (_, rules) = clean(
        "policy p on ethereum\nuse std::tokens::USDC\nparam cap: amount of USDC in 1 USDC ..= 500 USDC\nparam payees: set of address up to 3\n\
         allow a: USDC.transfer(to, amount) { when to in payees and amount <= cap }\n\
         allow b: USDC.transfer(to, amount) { when amount > 400 USDC and amount <= 1_000 USDC }\n",
    );
    let found = findings(&rules);
    let overlap = found.iter().find(|f| matches!(f.kind, agentpol_analysis::findings::Kind::Overlap { .. }));
    let witness = overlap.and_then(|f| f.witness.as_ref()).expect("they overlap");
    let shown = show::show(&rules, witness);
    let assumed = shown.assumptions().expect("it takes values of the parameters");
    assert!(assumed.starts_with("where cap = 500 USDC, payees = { 0x"), "{assumed}");
}

#[test]
fn what_no_test_can_say_is_said_in_words() {
    let (_, rules) = clean(
        "policy p on ethereum\nuse std::tokens::USDC\nallow a: USDC.transfer(to, amount) { when tx.fee >= 0.5 ETH and tx.nonce == 7 }\n",
    );
    let found = findings(&rules);
    let witness = found.iter().find_map(|f| f.witness.as_ref()).expect("anybody may receive");
    let shown = show::show(&rules, witness);
    assert!(!shown.is_test());
    let assumed = shown.assumptions().unwrap_or_default();
    assert!(assumed.contains("nonce 7") && assumed.contains("a fee of 0.5"), "{assumed}");
}
