//! A rule that ends, and what it gives that does not: an approval stands until it is used up or taken back, whatever became of the rule.

use super::{Analysis, Finding, Kind, granted};
use crate::{
    integer::Answer,
    solve::{ArmAt, EffectAt, Key, Prop, Term},
    witness::Witness,
};
use agentpol_model::{
    Time,
    effect::{EffectKind, GrantMode},
    request::Kind as Request,
};
use num_bigint::BigInt;
use num_traits::One as _;

/// The first second of the year 10 000: a rule that ends later has no end.
const YEAR_10_000: Time = 253_402_300_800;

impl Analysis<'_> {
    /// Found only where a request shows it. A rule that ends at a parameter without an upper bound has no end that is known.
    pub(super) fn lasting(&mut self) {
        let mut out: Vec<Finding> = Vec::new();
        for key in &self.keys {
            for arm in key.grants() {
                let lasting = key.effects.iter().filter_map(|effect| Some((effect, lasts(key, effect)?)));
                let lasting: Vec<_> = lasting.collect();
                if lasting.is_empty() {
                    continue;
                }
                let Some(last) = self.last_second(key, arm) else { continue };
                for (effect, until) in lasting {
                    for (token, takes_place) in &effect.tokens {
                        let kind = Kind::Outlives { rule: arm.rule, token: *token, last };
                        if out.iter().any(|finding| finding.kind == kind) {
                            continue;
                        }
                        if let Some(witness) = self.outliving(key, arm, (effect, takes_place), &until, last) {
                            let accepted = self.accepted(arm.rule, "outliving");
                            let callable = Some(key.id);
                            let witness = Some(witness);
                            out.push(Finding { callable, witness, accepted, ..Finding::plain(kind) });
                        }
                    }
                }
            }
        }
        self.findings.extend(out);
    }

    /// When a rule grants for the last time, if it ends.
    fn last_second(&self, key: &Key<'_>, arm: &ArmAt) -> Option<Time> {
        let decides = key.decides(arm);
        let Answer::Found((last, _)) = key.supremum(&decides.and([]), &key.now()) else { return None };
        Time::try_from(last).ok().filter(|last| *last < YEAR_10_000)
    }

    fn outliving(
        &self,
        key: &Key<'_>,
        arm: &ArmAt,
        (effect, takes_place): (&EffectAt, &Prop),
        until: &Until,
        last: Time,
    ) -> Option<Witness> {
        let later = match until {
            Until::Never => Prop::True,
            Until::At(end) => key.at_least(&key.read(end), &(BigInt::from(last) + BigInt::one())),
        };
        let something = Prop::any([effect.means_all.clone(), key.at_least(&effect.amount, &BigInt::one())]);
        let untrusted = key.not(&key.trusted(&effect.party));
        match granted(key, &key.decides(arm), &[takes_place, &later, &something, &untrusted]) {
            Answer::Found(witness) => Some(witness),
            Answer::None | Answer::Unknown => None,
        }
    }
}

/// When what is given ends.
enum Until {
    /// Not by itself.
    Never,
    /// Then, and not before.
    At(Term),
}

/// What can be used later: authority, and signed data that moves something once it is submitted. That a permit can no longer be submitted
/// does not end the allowance that it gave.
fn lasts(key: &Key<'_>, effect: &EffectAt) -> Option<Until> {
    let end = |term: Option<Term>| term.map_or(Until::Never, Until::At);
    match effect.kind {
        EffectKind::Grant(GrantMode::Set | GrantMode::Add) => Some(end(effect.until.clone())),
        EffectKind::Move if key.callable.kind == Request::Sign => Some(end(key.submitted_until())),
        EffectKind::Move
        | EffectKind::Pull { .. }
        | EffectKind::Grant(GrantMode::Dec)
        | EffectKind::Receive
        | EffectKind::Owe => None,
    }
}
