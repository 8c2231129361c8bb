//! Functions whose effects nobody declared: granting one needs `accept opaque`, so a rule about nothing else grants nothing.

use super::{Analysis, Finding, Kind};
use crate::ruleset::Verb;
use agentpol_model::decision::DenyCode;

impl Analysis<'_> {
    pub(super) fn opaque(&mut self) {
        for (id, rule) in self.rules.rules_by_id() {
            let mut callables =
                rule.arms.iter().filter_map(|arm| self.rules.callables.get(arm.callable.index()));
            let grants = rule.verb != Verb::Deny && !rule.arms.is_empty();
            if grants && !rule.lifts.contains(&DenyCode::Opaque) && callables.all(|callable| callable.opaque)
            {
                let callable = rule.arms.first().map(|arm| arm.callable);
                self.findings.push(Finding { callable, ..Finding::plain(Kind::Opaque { rule: id }) });
            }
        }
    }
}
