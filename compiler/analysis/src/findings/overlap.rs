//! Two grants that match one request: without an order between them it is denied as `ambiguous`, and nobody can say which was meant.

use super::{Analysis, Kind, Question, replayed};
use crate::{
    integer::Answer,
    solve::{ArmAt, Key, Prop},
    witness::Witness,
};
use agentpol_model::decision::DenyCode;
use std::collections::BTreeSet;

impl Analysis<'_> {
    pub(super) fn overlaps(&mut self) {
        let mut seen = BTreeSet::new();
        for at in 0..self.keys.len() {
            for (kind, answer) in self.overlaps_at(at) {
                match (kind, answer) {
                    // The same two rules overlap on many chains.
                    (Kind::Overlap { first, second }, Answer::Found(witness))
                        if seen.insert((first, second)) =>
                    {
                        self.refuted(at, Kind::Overlap { first, second }, witness);
                    }
                    (Kind::Overlap { first, .. }, Answer::Unknown) => self.unknown(first, Question::Overlap),
                    _ => {}
                }
            }
        }
    }

    fn overlaps_at(&self, at: usize) -> Vec<(Kind, Answer<Witness>)> {
        let Some(key) = self.keys.get(at) else { return Vec::new() };
        let grants: Vec<&ArmAt> = key.grants().collect();
        let mut out = Vec::new();
        for (n, first) in grants.iter().enumerate() {
            for second in grants.iter().skip(n.saturating_add(1)) {
                if key.is_ranked(first, second) {
                    continue;
                }
                match meet(key, first, second) {
                    Answer::None => {}
                    answer => out.push((Kind::Overlap { first: first.rule, second: second.rule }, answer)),
                }
            }
        }
        out
    }
}

/// A request that both match, that nothing forbids and that no third rule settles.
pub(super) fn meet(key: &Key<'_>, first: &ArmAt, second: &ArmAt) -> Answer<Witness> {
    if first.is_apart(second) {
        return Answer::None;
    }
    let mut conditions: Vec<&Prop> = vec![&first.holds, &second.holds];
    conditions.extend(key.may_decide(first.rule));
    conditions.extend(key.may_decide(second.rule));
    replayed(
        key,
        key.find(&conditions),
        |ruling| matches!(ruling, Err(denied) if denied.code == DenyCode::Ambiguous),
    )
}
