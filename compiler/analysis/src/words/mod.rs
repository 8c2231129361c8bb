//! A policy in plain words, made from the compiled rules and from nothing else: neither comments nor the source's own
//! spelling can make it say what the rules do not.

mod budgets;
mod conditions;
mod effects;
mod names;
mod quantities;
mod rules;
mod subjects;
#[cfg(test)]
mod tests;

pub(crate) use names::same_place;

use crate::ruleset::{RuleSet, Verb};
use core::fmt;

/// What a policy says, in sections of sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// `Policy dca_bot, on ethereum`
    pub title: String,
    /// In reading order; none is empty.
    pub sections: Vec<Section>,
}

/// Sentences about one matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// `What the agent may do`
    pub heading: String,
    /// At least one.
    pub entries: Vec<Entry>,
}

/// One sentence, with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Of the rule, budget or parameter; empty where the sentence is about none of them.
    pub name: String,
    /// The sentence. It ends in a colon if conditions follow.
    pub sentence: String,
    /// How many of the lines are conditions, all of which must hold; the rest are remarks.
    pub conditions: usize,
    /// Conditions, then remarks.
    pub lines: Vec<String>,
}

impl Entry {
    fn plain(name: &str, sentence: String) -> Self {
        Self { name: name.to_owned(), sentence, conditions: 0, lines: Vec::new() }
    }
}

/// The policy in plain words.
pub fn explain(rules: &RuleSet) -> Explanation {
    let of = |wanted: fn(&Verb) -> bool| -> Vec<Entry> {
        let chosen = rules.rules.iter().filter(|rule| wanted(&rule.verb));
        chosen.flat_map(|rule| rules::paragraphs(rules, rule)).collect()
    };
    let chains: Vec<_> = rules.chains.iter().map(|chain| chain.name.clone()).collect();
    let mut money: Vec<Entry> = budgets::budgets(rules);
    money.extend(budgets::fees(rules).into_iter().map(|sentence| Entry::plain("", sentence)));
    let sections = [
        ("What the agent may do by itself", of(|verb| matches!(verb, Verb::Allow))),
        ("What it may do with approval", of(|verb| matches!(verb, Verb::Ask(_)))),
        ("What it may never do, whatever else is granted", of(|verb| matches!(verb, Verb::Deny))),
        ("What any of it may be wrapped in", subjects::wrappers(rules)),
        ("How much in all", money),
        ("Whom it trusts", trusted(rules)),
        ("What is set when the policy is loaded", budgets::params(rules)),
        ("Otherwise", vec![Entry::plain("", "Everything else is refused.".to_owned())]),
    ];
    let sections = sections.into_iter().filter(|(_, entries)| !entries.is_empty());
    Explanation {
        title: format!("Policy {}, on {}", rules.name, quantities::list(&chains, "and")),
        sections: sections
            .map(|(heading, entries)| Section { heading: heading.to_owned(), entries })
            .collect(),
    }
}

fn trusted(rules: &RuleSet) -> Vec<Entry> {
    let names = names::Names::new(rules, None);
    let trusted = rules.contracts.iter().filter_map(|contract| Some((contract, contract.trusted.as_ref()?)));
    trusted
        .map(|(contract, why)| {
            let on = names.chain_name(contract.chain);
            let sentence = format!("What {} on {on} may take is not counted: {why}.", contract.name);
            Entry::plain("", sentence)
        })
        .collect()
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        for section in &self.sections {
            writeln!(f, "\n{}", section.heading)?;
            for entry in &section.entries {
                let name = if entry.name.is_empty() { String::new() } else { format!("{}: ", entry.name) };
                writeln!(f, "  {name}{}", entry.sentence)?;
                for (n, line) in entry.lines.iter().enumerate() {
                    let mark = if n < entry.conditions { "- " } else { "" };
                    writeln!(f, "    {mark}{line}")?;
                }
            }
        }
        Ok(())
    }
}
