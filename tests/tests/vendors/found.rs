//! What is found in vendors' policies.

use agentpol_analysis::ruleset::RuleSet;
use agentpol_analysis::{findings::findings, ruleset::Bound};
use agentpol_diagnostics::codes;
use agentpol_model::request::{Envelope, Kind};
use agentpol_tests::{
    differential,
    generator::{OwnedAction, OwnedRequest},
    oracle::claims::Claims,
    vendors::{
        Outcome, Translated, coinbase,
        examine::{Examined, examine},
        roles::{self, Case, PermissionSet},
        rows,
        zodiac::{Effects, convert},
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// Policies that the vendor refuses although no test of the vendor says so: two pages that show what a mistake looks like.
const SHOWN_AS_WRONG: usize = 2;

/// Counts, for a line below a table.
#[derive(Default)]
struct Summary {
    written: usize,
    rules: usize,
    replayed: usize,
    steps: usize,
    codes: BTreeMap<String, usize>,
    gaps: BTreeMap<String, usize>,
    unsaid: BTreeMap<String, usize>,
}

impl Summary {
    /// A line of the table.
    fn take(&mut self, id: &str, rules: usize, examined: &Examined, gaps: &[String]) {
        self.written += 1;
        self.rules += rules;
        self.replayed += examined.replayed;
        self.steps += examined.steps;
        for (code, n) in &examined.codes {
            *self.codes.entry(code.clone()).or_default() += n;
        }
        for gap in gaps {
            *self.gaps.entry(gap.clone()).or_default() += 1;
        }
        let codes: Vec<String> = examined.codes.iter().map(|(code, n)| format!("{code} {n}")).collect();
        println!("| {id} | {rules} | {} | {} | {} |", codes.join(", "), examined.replayed, examined.steps);
    }

    fn say(&self) {
        let Self { written, rules, replayed, steps, .. } = self;
        println!(
            "{written} policies of {rules} rules; {replayed} findings with a witness and {steps} requests of losses, all replayed"
        );
        println!(
            "findings: {:#?}\nleft out: {:#?}\ncannot be said: {:#?}",
            self.codes, self.gaps, self.unsaid
        );
    }
}

fn examined(id: &str, text: &str) -> (RuleSet, Examined) {
    let examined = examine(text).unwrap_or_else(|why| panic!("{id}: {why}\n{text}"));
    let rules = differential::compile(text).unwrap();
    (rules, examined)
}

#[test]
fn of_coinbase() {
    let Some(rows) = rows("coinbase_cdp/policies.jsonl") else { return };
    println!(
        "| policy | rules | findings | replayed | requests of losses |\n| --- | ---: | --- | ---: | ---: |"
    );
    let mut summary = Summary::default();
    let (mut refused, mut shown_as_wrong) = (0, 0);
    for row in rows.iter().filter(|row| row["evm"] == true) {
        let accepted: BTreeSet<&str> = row["policy"]["rules"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|rule| rule["action"] == "accept")
            .filter_map(|rule| rule["operation"].as_str())
            .collect();
        for Translated { id, rules, outcome } in coinbase::translate(row) {
            let is_refused = matches!(outcome, Outcome::Refused(_));
            match row["expectInvalid"] == true {
                true => assert!(is_refused, "{id}: the vendor refuses it"),
                false => shown_as_wrong += usize::from(is_refused),
            }
            match outcome {
                Outcome::Refused(_) => refused += 1,
                Outcome::Unsaid(gaps) => {
                    gaps.into_iter().for_each(|gap| *summary.unsaid.entry(gap).or_default() += 1);
                }
                Outcome::Written { text, gaps } => {
                    let (_, examined) = examined(&id, &text);
                    // What only rejects grants nothing, and what accepts something is not said to.
                    let operation = id.split(' ').next_back().unwrap();
                    let is_vacuous = examined.codes.contains_key(codes::VACUOUS.code);
                    assert_eq!(is_vacuous, !accepted.contains(operation), "{id}\n{text}");
                    summary.take(&id, rules, &examined, &gaps);
                }
            }
        }
    }
    println!("refused by the vendor: {refused}");
    summary.say();
    assert_eq!(shown_as_wrong, SHOWN_AS_WRONG);
    assert!(summary.written >= 30 && summary.replayed >= 30, "{} {}", summary.written, summary.replayed);
    // A permit that names nobody, a transfer without a limit, a recipient who is anybody.
    for code in [codes::ANY_SPENDER, codes::ANY_RECIPIENT, codes::UNBOUNDED, codes::VACUOUS] {
        assert!(summary.codes.contains_key(code.code), "no {}", code.code);
    }
}

#[test]
fn of_zodiac() {
    let (Some(sets), Some(cases)) = (roles::sets(), roles::cases()) else { return };
    let functions = roles::functions();
    println!(
        "| permission set | rules | findings | replayed | requests of losses |\n| --- | ---: | --- | ---: | ---: |"
    );
    let mut summary = Summary::default();
    for set in &sets {
        let converted = convert(&[set], &functions, Effects::OfTokens);
        let (rules, examined) = examined(&set.id, &converted.text);
        summary.take(&set.id, rules.rules.len(), &examined, &converted.gaps);
    }
    summary.say();
    assert_eq!(summary.written, sets.len());
    // A treasury's allowances have no limit.
    assert!(summary.codes.contains_key(codes::UNBOUNDED.code) && summary.replayed > 0);
    // No recorded call shows that something was said that is not so.
    let by_id: BTreeMap<&str, &PermissionSet> = sets.iter().map(|set| (set.id.as_str(), set)).collect();
    let mut policies: BTreeMap<Vec<String>, RuleSet> = BTreeMap::new();
    for case in &cases {
        policies.entry(case.policies.clone()).or_insert_with(|| {
            let in_force: Vec<&PermissionSet> = case.policies.iter().map(|id| by_id[id.as_str()]).collect();
            differential::compile(&convert(&in_force, &functions, Effects::OfTokens).text).unwrap()
        });
    }
    let mut asked = 0;
    for (in_force, rules) in &policies {
        let found = findings(rules);
        let claims = Claims::new(rules, &found);
        for case in cases.iter().filter(|case| case.policies == *in_force) {
            let bound = Bound::new(rules, case.avatar, BTreeMap::new()).unwrap();
            let lie = request(case).with(|request| claims.lie(request, &bound));
            assert_eq!(lie, None, "{}", case.id);
            asked += 1;
        }
    }
    println!("{asked} recorded calls show no finding to be wrong, under {} policies", policies.len());
}

fn request(case: &Case) -> OwnedRequest {
    let kind = match (case.delegates, case.data.is_empty()) {
        (true, _) => Kind::Delegatecall,
        (false, true) => Kind::Send,
        (false, false) => Kind::Call,
    };
    OwnedRequest {
        chain: case.chain,
        wallet: case.avatar,
        signer: case.avatar,
        now: 1_795_428_000,
        envelope: Envelope::default(),
        actions: vec![OwnedAction {
            kind,
            from: case.avatar,
            to: case.to,
            value: case.value,
            data: case.data.clone(),
        }],
    }
}
