//! Coinbase CDP policies to policies, one for each operation: an operation is judged by its own rules alone.
//!
//! As the vendor means it: the first rule whose criteria all hold decides, and what none decides is rejected. So an earlier `accept` is
//! `over` a later one, and a `reject` denies what no earlier `accept` has taken. A criterion that names no contract holds for all;
//! the library's USDC stands for them, and that is told as a gap.

use super::{Outcome, Translated, cdp_schema, cdp_subjects::subjects};
use serde_json::Value as Json;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// What may be said of one thing that a rule is about, on these chains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct About {
    /// As it stands behind the rule's name.
    pub(super) subject: String,
    pub(super) chains: BTreeSet<&'static str>,
    /// All of them must hold.
    pub(super) when: Vec<String>,
}

/// What a policy declares for its rules.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) items: BTreeSet<String>,
    pub(super) gaps: BTreeSet<String>,
}

/// Chains that a transaction may be for, where nobody says which.
pub(super) const ANYWHERE: [&str; 2] = ["base", "ethereum"];

/// A row of the corpus, operation by operation.
pub fn translate(row: &Json) -> Vec<Translated> {
    let id = row["id"].as_str().unwrap_or_default();
    let rules: Vec<&Json> = row["policy"]["rules"].as_array().into_iter().flatten().collect();
    let whole = |outcome| Translated { id: id.to_owned(), rules: rules.len(), outcome };
    if let Err(why) = rules.iter().try_for_each(|rule| cdp_schema::check(rule)) {
        return vec![whole(Outcome::Refused(why))];
    }
    let mut operations: BTreeMap<&str, Vec<&Json>> = BTreeMap::new();
    for rule in &rules {
        operations.entry(rule["operation"].as_str().unwrap_or_default()).or_default().push(rule);
    }
    let one = |(operation, rules): (&str, Vec<&Json>)| Translated {
        id: format!("{id} {operation}"),
        rules: rules.len(),
        outcome: operation_of(operation, &rules),
    };
    operations.into_iter().map(one).collect()
}

fn operation_of(operation: &str, rules: &[&Json]) -> Outcome {
    if operation.contains("Sol") {
        return Outcome::Unsaid(vec!["Solana".to_owned()]);
    }
    let accepts = |rule: &&Json| rule["action"] == "accept";
    let mut world = World::default();
    let mut said: Vec<(bool, usize, Vec<About>)> = Vec::new();
    for (n, rule) in rules.iter().enumerate() {
        match subjects(operation, rule, &mut world) {
            Ok(about) => said.push((accepts(rule), n, about)),
            // Where nothing is accepted afterwards, nothing is lost with a rejection.
            Err(gap) if !accepts(rule) && !rules[n..].iter().any(accepts) => {
                world.gaps.insert(gap);
            }
            Err(gap) => return Outcome::Unsaid(vec![gap]),
        }
    }
    let gaps = std::mem::take(&mut world.gaps).into_iter().collect();
    match write(&said, &world) {
        Ok(text) => Outcome::Written { text, gaps },
        Err(gap) => Outcome::Unsaid(vec![gap]),
    }
}

fn write(said: &[(bool, usize, Vec<About>)], world: &World) -> Result<String, String> {
    let used = said.iter().flat_map(|(.., about)| about).flat_map(|about| &about.chains);
    let chains: BTreeSet<&str> = used.copied().chain(ANYWHERE).collect();
    let mut text = format!("policy vendor on {}\n\nuse std::tokens::{{ETH, USDC}}\n\n", joined(&chains));
    for item in &world.items {
        writeln!(text, "{item}").unwrap();
    }
    for (place, (accepts, n, about)) in said.iter().enumerate() {
        for (m, this) in about.iter().enumerate() {
            let (earlier, later) = (&said[..place], &said[place + 1..]);
            let mut when = this.when.clone();
            let mut over = Vec::new();
            if *accepts {
                over.extend(same(later, this, true).map(|(n, m, _)| format!("a{n}_{m}")));
            } else {
                for (.., taken) in same(earlier, this, true) {
                    if taken.chains != this.chains {
                        return Err("an order of rules for different chains".to_owned());
                    }
                    when.push(match taken.when.as_slice() {
                        [] => "1 == 2".to_owned(),
                        all => format!("not ({})", all.join(" and ")),
                    });
                }
            }
            let verb = if *accepts { "allow a" } else { "deny d" };
            writeln!(text, "\n{verb}{n}_{m}: {} on {} {{", this.subject, joined(&this.chains)).unwrap();
            for condition in &when {
                writeln!(text, "    when {condition}").unwrap();
            }
            if !over.is_empty() {
                writeln!(text, "    over {}", over.join(", ")).unwrap();
            }
            text.push_str("}\n");
        }
    }
    Ok(text)
}

/// Rules about the same thing, with their numbers.
fn same<'s>(
    rules: &'s [(bool, usize, Vec<About>)],
    this: &'s About,
    accepting: bool,
) -> impl Iterator<Item = (usize, usize, &'s About)> {
    let chosen = rules.iter().filter(move |(accepts, ..)| *accepts == accepting);
    let all = chosen.flat_map(|(_, n, about)| about.iter().enumerate().map(move |(m, other)| (*n, m, other)));
    all.filter(|(.., other)| other.subject == this.subject && !other.chains.is_disjoint(&this.chains))
}

fn joined(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join(", ")
}
