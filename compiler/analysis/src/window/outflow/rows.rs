//! The rows of the programme: which sets of classes, and how much each lets out.

use super::{Class, Counts, Gives, Held, Problem, Span};
use crate::window::{
    Line, Steps,
    cover::{Cover, cover},
    program::{Row, Share},
};
use agentpol_model::{Time, budget::Window};
use num_bigint::BigUint;
use num_traits::One;
use std::collections::{BTreeMap, BTreeSet};

/// No more sets than so many have rows: with fewer rows the bound is still a bound.
const MAX_SETS: usize = 128;

/// Covers that were found: of so many seconds, by these lines.
pub(super) type Covers = BTreeMap<(Time, Vec<Line>), Cover>;

type Set = BTreeSet<usize>;

impl Problem<'_> {
    /// All rows, and the covers that they came from.
    pub(super) fn rows(&self, steps: &mut Steps) -> (Vec<Row>, Covers) {
        let mut covers = Covers::new();
        let mut rows = Vec::new();
        for set in self.sets() {
            if let Some(bound) = self.over_span(self.in_amounts(&set), &mut covers, steps) {
                let weights = set.iter().map(|class| (*class, Share::one())).collect();
                rows.push(Row { weights, bound: bound.into() });
            }
            // Of those without a greatest amount a count of calls says nothing.
            let weights: BTreeMap<usize, Share> =
                set.iter().filter_map(|class| self.weight(*class)).collect();
            if let Some(calls) = self.calls(&set, &mut covers, steps).filter(|_| !weights.is_empty()) {
                rows.push(Row { weights, bound: calls.into() });
            }
        }
        (rows, covers)
    }

    /// What lines have in common: their sets, those of them that move, what two of them share, and each class by itself.
    fn sets(&self) -> BTreeSet<Set> {
        let mut sets: BTreeSet<Set> = (0..self.classes.len()).map(|class| [class].into()).collect();
        let most = sets.len().saturating_add(MAX_SETS);
        let mut open: Vec<Set> = self.lines.iter().map(|held| held.rules.clone()).collect();
        while let Some(set) = open.pop() {
            if set.is_empty() || sets.contains(&set) || sets.len() >= most {
                continue;
            }
            open.extend(sets.iter().map(|other| other & &set).filter(|both| !sets.contains(both)));
            let moving = set.iter().copied().filter(|class| self.moves(&[*class].into())).collect();
            open.push(moving);
            sets.insert(set);
        }
        sets
    }

    /// The lines of a whole set.
    fn lines_of<'b>(&'b self, set: &'b Set) -> impl Iterator<Item = &'b Held> {
        self.lines.iter().filter(|held| held.rules.is_superset(set))
    }

    /// The lines of a set as lines of amounts: n calls move no more than n times the most of one.
    fn in_amounts(&self, set: &Set) -> Vec<Line> {
        let mut most = Some(BigUint::ZERO);
        for class in set.iter().filter_map(|class| self.classes.get(*class)) {
            most = most.zip(class.most.as_ref()).map(|(most, own)| most.max(own.clone()));
        }
        let most = most.filter(|_| self.moves(set));
        let lines = self.lines_of(set).filter_map(|held| match held.counts {
            Counts::Amount => Some(held.line.clone()),
            Counts::Calls => Some(Line { cap: &held.line.cap * most.as_ref()?, window: held.line.window }),
        });
        lines.collect()
    }

    /// How many grants of a set can be used in the span, and how many of its moves can be signed, all together.
    fn calls(&self, set: &Set, covers: &mut Covers, steps: &mut Steps) -> Option<BigUint> {
        let lines: Vec<Line> = self
            .lines_of(set)
            .filter(|held| held.counts == Counts::Calls)
            .map(|held| held.line.clone())
            .collect();
        if self.moves(set) {
            return self.over_span(lines, covers, steps);
        }
        let grants = || set.iter().filter_map(|class| self.classes.get(*class)).filter_map(Class::authority);
        // Signed in the span, or standing on a key when it began.
        let standing = grants().try_fold(0_u64, |all, (_, keys)| all.checked_add(keys?));
        let standing = standing.and_then(|keys| Some(self.over_span(lines.clone(), covers, steps)? + keys));
        // Signed in the span or as long before as anything lives.
        let longest = grants().try_fold(0, |longest, (life, _)| life.map(|life| longest.max(life)));
        let span = match (self.span, longest) {
            (Span::Seconds(seconds), Some(life)) => Span::Seconds(seconds.saturating_add(life)),
            _ => Span::Ever,
        };
        let alive = self.over(span, lines, covers, steps);
        standing.into_iter().chain(alive).min()
    }

    /// A class in calls: each lets out no more than its most.
    fn weight(&self, class: usize) -> Option<(usize, Share)> {
        let most = self.classes.get(class)?.most.clone()?;
        Some((class, Share::new(BigUint::one(), most)))
    }

    fn over_span(&self, lines: Vec<Line>, covers: &mut Covers, steps: &mut Steps) -> Option<BigUint> {
        self.over(self.span, lines, covers, steps)
    }

    /// The cover of a span by lines; `None` if they do not cover it.
    fn over(&self, span: Span, lines: Vec<Line>, covers: &mut Covers, steps: &mut Steps) -> Option<BigUint> {
        match span {
            Span::Transaction | Span::Ever => {
                lines.into_iter().filter(|line| line.window == Window::Total).map(|line| line.cap).min()
            }
            Span::Seconds(seconds) => {
                let known = covers.entry((seconds, lines));
                let found =
                    known.or_insert_with_key(|(_, lines)| cover(lines, self.grid, seconds, self.from, steps));
                found.value().cloned()
            }
        }
    }
}

impl Class {
    /// Of what grants: how long one is of use, and on how many keys one stands until the next replaces it.
    pub(super) const fn authority(&self) -> Option<(Option<u64>, Option<u64>)> {
        match self.gives {
            Gives::Moves => None,
            Gives::Grants { life, adds: true, .. } => Some((life, None)),
            Gives::Grants { life, keys, adds: false } => Some((life, keys)),
        }
    }
}
