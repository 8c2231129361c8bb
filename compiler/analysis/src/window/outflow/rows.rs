//! The rows of the programme: which sets of classes, and how much each lets out.

use super::{Bind, Class, Counts, Gives, Problem, Span, Windows};
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

/// The rows, and what they came from.
#[derive(Default)]
pub(super) struct Bounds {
    pub(super) rows: Vec<Row>,
    /// By row.
    pub(super) windows: Vec<Windows>,
    pub(super) covers: Covers,
}

/// Lines with their numbers, in amounts or in calls.
type Numbered = Vec<(Option<usize>, Line)>;

type Set = BTreeSet<usize>;

impl Problem<'_> {
    /// All rows.
    pub(super) fn bounds(&self, steps: &mut Steps) -> Bounds {
        let mut bounds = Bounds::default();
        let sets = self.sets();
        for set in sets.iter().filter(|set| !self.is_implied(set, &sets)) {
            if let Some(found) = self.over(self.span, &self.in_amounts(set), &mut bounds.covers, steps) {
                bounds.push(set.iter().map(|class| (*class, Share::one())).collect(), found);
            }
            // Of those without a greatest amount a count of calls says nothing.
            let weights: BTreeMap<usize, Share> =
                set.iter().filter_map(|class| self.weight(*class)).collect();
            if let Some(found) = self.calls(set, &mut bounds.covers, steps).filter(|_| !weights.is_empty()) {
                bounds.push(weights, found);
            }
        }
        bounds
    }

    /// What lines have in common: their sets, those of them that move, what two of them share, and each class by itself.
    fn sets(&self) -> BTreeSet<Set> {
        let mut sets: BTreeSet<Set> = (0..self.classes.len()).map(|class| [class].into()).collect();
        let most = sets.len().saturating_add(MAX_SETS);
        let mut open: Vec<Set> = self.lines.iter().map(|bind| bind.classes.clone()).collect();
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

    /// Does the set of all that the same lines hold say as much?
    fn is_implied(&self, set: &Set, sets: &BTreeSet<Set>) -> bool {
        let all = self.lines_of(set).map(|bind| bind.classes.clone()).reduce(|all, classes| &all & &classes);
        all.is_some_and(|all| all != *set && sets.contains(&all) && self.moves(&all) && self.same_most(&all))
    }

    /// Do all actions let out the same at most?
    fn same_most(&self, set: &Set) -> bool {
        let mut most = set.iter().filter_map(|class| self.classes.get(*class)).map(|class| &class.most);
        let first = most.next();
        most.all(|most| Some(most) == first)
    }

    /// The lines of a whole set.
    fn lines_of<'b>(&'b self, set: &'b Set) -> impl Iterator<Item = &'b Bind> {
        self.lines.iter().filter(|bind| bind.classes.is_superset(set))
    }

    /// The lines of a set as lines of amounts: n calls move no more than n times the most of one.
    fn in_amounts(&self, set: &Set) -> Numbered {
        let mut most = Some(BigUint::ZERO);
        for class in set.iter().filter_map(|class| self.classes.get(*class)) {
            most = most.zip(class.most.as_ref()).map(|(most, own)| most.max(own.clone()));
        }
        let most = most.filter(|_| self.moves(set));
        let in_amounts = |bind: &Bind| match bind.counts {
            Counts::Amount => Some(bind.line.clone()),
            Counts::Calls => Some(Line { cap: &bind.line.cap * most.as_ref()?, window: bind.line.window }),
        };
        self.lines_of(set).filter_map(|bind| Some((bind.index, in_amounts(bind)?))).collect()
    }

    /// How many grants of a set can be used in the span, and how many of its moves can be signed, all together.
    fn calls(&self, set: &Set, covers: &mut Covers, steps: &mut Steps) -> Option<(BigUint, Windows)> {
        let lines = self.lines_of(set).filter(|bind| bind.counts == Counts::Calls);
        let lines: Numbered = lines.map(|bind| (bind.index, bind.line.clone())).collect();
        if self.moves(set) {
            return self.over(self.span, &lines, covers, steps);
        }
        let grants = || set.iter().filter_map(|class| self.classes.get(*class)).filter_map(Class::authority);
        // Signed in the span, or standing on a key when it began.
        let standing = grants().try_fold(0_u64, |all, (_, keys)| all.checked_add(keys?));
        let standing = standing.and_then(|keys| {
            let (signed, windows) = self.over(self.span, &lines, covers, steps)?;
            Some((signed + keys, windows))
        });
        // Signed in the span or as long before as anything lives.
        let longest = grants().try_fold(0, |longest, (life, _)| life.map(|life| longest.max(life)));
        let span = match (self.span, longest) {
            (Span::Seconds(seconds), Some(life)) => Span::Seconds(seconds.saturating_add(life)),
            _ => Span::Ever,
        };
        let alive = self.over(span, &lines, covers, steps);
        standing.into_iter().chain(alive).min()
    }

    /// A class in calls: each lets out no more than its most.
    fn weight(&self, class: usize) -> Option<(usize, Share)> {
        let most = self.classes.get(class)?.most.clone()?;
        Some((class, Share::new(BigUint::one(), most)))
    }

    /// The cover of a span by lines; `None` if they do not cover it.
    fn over(
        &self,
        span: Span,
        lines: &Numbered,
        covers: &mut Covers,
        steps: &mut Steps,
    ) -> Option<(BigUint, Windows)> {
        let one = |index: Option<usize>, windows: BigUint| index.map(|index| (index, windows));
        match span {
            Span::Transaction | Span::Ever => {
                let totals = lines.iter().filter(|(_, line)| line.window == Window::Total);
                let (index, least) = totals.min_by_key(|(_, line)| &line.cap)?;
                Some((least.cap.clone(), one(*index, BigUint::one()).into_iter().collect()))
            }
            Span::Seconds(seconds) => {
                let key = (seconds, lines.iter().map(|(_, line)| line.clone()).collect());
                let find =
                    |(_, lines): &(Time, Vec<Line>)| cover(lines, self.grid, seconds, self.from, steps);
                let number = |position: usize| lines.get(position).and_then(|(index, _)| *index);
                match covers.entry(key).or_insert_with_key(find) {
                    Cover::Uncovered => None,
                    Cover::Exact(found) => {
                        let windows = found.windows.iter();
                        let windows = windows.filter_map(|(line, n)| one(number(*line), (*n).into()));
                        Some((found.value.clone(), windows.collect()))
                    }
                    Cover::AtMost { value, line, windows } => {
                        Some((value.clone(), one(number(*line), windows.clone()).into_iter().collect()))
                    }
                }
            }
        }
    }
}

impl Bounds {
    fn push(&mut self, weights: BTreeMap<usize, Share>, (bound, windows): (BigUint, Windows)) {
        self.rows.push(Row { weights, bound: bound.into() });
        self.windows.push(windows);
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
