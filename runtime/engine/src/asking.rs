//! Who has to agree.

use crate::{
    decision::Asking,
    ledger::{self, Judgement, LineName},
    load::Policy,
};
use agentpol_bytecode::Rule;
use agentpol_model::{
    Address, Time,
    policy::{Ask, Verb},
};
use std::collections::BTreeSet;

impl Policy {
    /// Everybody who must agree: those of each rule that asks, and those of each `beyond` that is passed. Where they differ,
    /// all of all of them.
    pub(crate) fn asking(&self, entry: &ledger::Request, judgement: &Judgement, within: Time) -> Asking {
        let asks = self.asks(entry, judgement);
        let parties = |(_, ask): &(&Rule, &Ask)| -> (u32, BTreeSet<Address>) {
            (ask.need, ask.of.iter().filter_map(|of| self.rules().address(*of)).collect())
        };
        let parts: BTreeSet<_> = asks.iter().map(parties).collect();
        match parts.first() {
            Some((need, of)) if parts.len() == 1 => {
                Asking { need: *need, of: of.iter().copied().collect(), within }
            }
            _ => {
                let of: BTreeSet<Address> = parts.into_iter().flat_map(|(_, of)| of).collect();
                Asking {
                    need: u32::try_from(of.len()).unwrap_or(u32::MAX),
                    of: of.into_iter().collect(),
                    within,
                }
            }
        }
    }

    /// Everybody whom some rule asks.
    pub fn approvers(&self) -> BTreeSet<Address> {
        let asks = self.module().rules.iter().flat_map(|rule| {
            let own = match &rule.verb {
                Verb::Ask(ask) => Some(ask),
                Verb::Allow | Verb::Deny => None,
            };
            own.into_iter().chain(rule.beyond.iter().map(|(_, ask)| ask))
        });
        asks.flat_map(|ask| &ask.of).filter_map(|of| self.rules().address(*of)).collect()
    }

    /// The rules that say so, each once.
    pub(crate) fn who_asks(&self, entry: &ledger::Request, judgement: &Judgement) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (rule, _) in self.asks(entry, judgement) {
            if !names.contains(&rule.name) {
                names.push(rule.name.clone());
            }
        }
        names
    }

    fn asks(&self, entry: &ledger::Request, judgement: &Judgement) -> Vec<(&Rule, &Ask)> {
        let rules = entry.actions.iter().flat_map(|action| &action.rules);
        let rules = rules.filter_map(|name| self.module().rules.iter().find(|rule| *rule.name == **name));
        let passed = |name: Option<&LineName>| name.is_some_and(|name| judgement.over.contains(name));
        let mut asks = Vec::new();
        for rule in rules {
            if let Verb::Ask(ask) = &rule.verb {
                asks.push((rule, ask));
            }
            let beyond = rule.beyond.iter().filter(|(budget, _)| passed(self.line_name(*budget)));
            asks.extend(beyond.map(|(_, ask)| (rule, ask)));
        }
        asks
    }
}
