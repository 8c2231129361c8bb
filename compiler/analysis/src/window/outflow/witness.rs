//! Amounts that attain a bound: every window of every line is metered while they are spent, second after second.

use super::{Class, Counts, Gives, Held, Part, Problem, Span, rows::Covers};
use crate::window::{
    Line, Steps, TooLong,
    cover::{Cover, Covered, cover},
    frontier::Frontier,
    grid::Grid,
    program::Share,
};
use agentpol_model::{Time, budget::Window};
use num_bigint::BigUint;
use num_traits::{CheckedSub, Zero};
use std::collections::{BTreeSet, VecDeque};

/// For ever is tried over no more moments than so many, each so far from the last that only totals remember it.
const MAX_MOMENTS: u64 = 4_096;

/// A bound in calls is tried with no more grants from before than so many.
const MAX_STANDING: u64 = 4_096;

impl Problem<'_> {
    /// Parts that sum to the bound, if any are found. `amounts` are those of the programme, by class.
    pub(super) fn spend(
        &self,
        bound: &BigUint,
        amounts: &[Share],
        covers: &Covers,
        steps: &mut Steps,
    ) -> Option<Vec<Part>> {
        if bound.is_zero() {
            return Some(Vec::new());
        }
        let few = amounts.iter().map(Share::to_integer).collect();
        let all = vec![bound.clone(); self.classes.len()];
        // The classes of the greatest actions first: they need the fewest calls.
        let mut order: Vec<usize> = (0..self.classes.len()).collect();
        order.sort_by_key(|class| core::cmp::Reverse(self.classes.get(*class).and_then(|c| c.most.clone())));
        let back: Vec<usize> = order.iter().rev().copied().collect();
        for moments in self.moments(bound, covers, steps).ok()? {
            for (order, most) in [(&order, &few), (&order, &all), (&back, &few), (&back, &all)] {
                let parts = self.fill(&moments, order, most, bound, steps).ok()?;
                if parts.iter().map(|part| &part.amount).sum::<BigUint>() == *bound {
                    return Some(parts);
                }
            }
        }
        match self.classes.as_slice() {
            [only] => self.grants_from_before(only, bound, steps),
            _ => None,
        }
    }

    /// The moments that are tried, each set of them inside one span.
    fn moments(
        &self,
        bound: &BigUint,
        covers: &Covers,
        steps: &mut Steps,
    ) -> Result<Vec<BTreeSet<Time>>, TooLong> {
        match self.span {
            Span::Transaction => Ok(vec![[self.from].into()]),
            Span::Ever => Ok(vec![self.apart(bound)]),
            Span::Seconds(seconds) => {
                // A line without a calendar holds from any second, so it is looked at from those of the lines with one.
                let of_span = || covers.iter().filter(|((covered, _), _)| *covered == seconds);
                let starts: BTreeSet<Time> = of_span()
                    .filter_map(|(_, cover)| match cover {
                        Cover::Exact(covered) => Some(covered.start),
                        Cover::Uncovered | Cover::AtMost { .. } => None,
                    })
                    .collect();
                let mut sets = Vec::new();
                for start in starts.into_iter().rev() {
                    let mut moments = BTreeSet::new();
                    for ((_, lines), _) in of_span() {
                        let frontier = Frontier::climb(lines, self.grid, start, seconds, steps)?;
                        let inside = frontier.points().iter().filter(|point| point.reach < seconds);
                        moments.extend(inside.map(|point| start.saturating_add(point.reach)));
                    }
                    sets.push(moments);
                }
                Ok(sets)
            }
        }
    }

    /// Moments so far apart that no window but a total holds two of them.
    fn apart(&self, bound: &BigUint) -> BTreeSet<Time> {
        let longest = self.lines.iter().map(|held| self.length(&held.line)).max().unwrap_or(0);
        // Each moment spends something.
        let many = u64::try_from(bound).unwrap_or(MAX_MOMENTS).min(MAX_MOMENTS);
        (0..many).map_while(|n| self.from.checked_add(longest.checked_mul(n)?)).collect()
    }

    /// No window of a line that is not a total holds two seconds so far apart.
    fn length(&self, line: &Line) -> Time {
        match line.window {
            Window::PerTransaction | Window::Total => 1,
            Window::Sliding { seconds } => seconds,
            Window::Calendar(period) => self.grid.of(period).longest(),
        }
    }

    /// Spends at each moment what the lines have room for, class after class, up to the most of each and the bound of all.
    fn fill(
        &self,
        moments: &BTreeSet<Time>,
        order: &[usize],
        most: &[BigUint],
        bound: &BigUint,
        steps: &mut Steps,
    ) -> Result<Vec<Part>, TooLong> {
        let mut meters: Vec<Meter<'_>> = self.lines.iter().map(|held| Meter::new(held, self.grid)).collect();
        let mut left = most.to_vec();
        let mut open = bound.clone();
        let mut parts = Vec::new();
        for at in moments {
            if open.is_zero() {
                break;
            }
            for class in order {
                steps.take(meters.len().saturating_add(1))?;
                let (Some(rule), Some(left)) = (self.classes.get(*class), left.get_mut(*class)) else {
                    continue;
                };
                let Some(one) = &rule.most else { continue };
                let mut amount = open.clone().min(left.clone());
                for meter in meters.iter_mut().filter(|meter| meter.held.rules.contains(class)) {
                    let Some(room) = meter.room(*at) else { continue };
                    amount = amount.min(match meter.held.counts {
                        Counts::Amount => room,
                        Counts::Calls => room * one,
                    });
                }
                if amount.is_zero() {
                    continue;
                }
                let actions = num_integer::Integer::div_ceil(&amount, one);
                for meter in meters.iter_mut().filter(|meter| meter.held.rules.contains(class)) {
                    meter.add(
                        *at,
                        match meter.held.counts {
                            Counts::Amount => &amount,
                            Counts::Calls => &actions,
                        },
                    );
                }
                *left -= &amount;
                open -= &amount;
                parts.push(Part { rule: rule.rule, signed: *at, spent: *at, amount, actions });
            }
        }
        Ok(parts)
    }

    /// Grants of one class under lines of calls alone: those from before the span are used in its first second, the others when they are
    /// signed.
    fn grants_from_before(&self, only: &Class, bound: &BigUint, steps: &mut Steps) -> Option<Vec<Part>> {
        let Span::Seconds(seconds) = self.span else { return None };
        // A line of amounts holds authority, so that none comes on top.
        let over_time = |held: &&Held| held.line.window != Window::PerTransaction;
        if self.lines.iter().filter(over_time).any(|held| held.counts == Counts::Amount) {
            return None;
        }
        let lines: Vec<Line> = self.lines.iter().filter(over_time).map(|held| held.line.clone()).collect();
        let one = only.most.as_ref()?;
        let (life, _) = only.authority()?;
        let part = |signed: Time, spent: Time, calls: &BigUint| Part {
            rule: only.rule,
            signed,
            spent,
            amount: one * calls,
            actions: calls.clone(),
        };
        let parts: Vec<Part> = match life {
            Some(life) => {
                let found = self.exact(&lines, seconds.checked_add(life)?, self.from, steps)?;
                let start = found.start.checked_add(life)?;
                let before = found.packing.iter().filter(|(at, _)| *at < start).map(|(_, calls)| calls).sum();
                only.keys_hold(&before).then_some(())?;
                found.packing.iter().map(|(at, calls)| part(*at, start.max(*at), calls)).collect()
            }
            None => {
                let longest = lines.iter().map(|line| self.length(line)).max()?;
                let from = self.from.checked_add(longest.checked_mul(MAX_STANDING)?)?;
                let found = self.exact(&lines, seconds, from, steps)?;
                let before = (bound / one).checked_sub(&found.value)?;
                only.keys_hold(&before).then_some(())?;
                let before = u64::try_from(before).ok().filter(|before| *before <= MAX_STANDING)?;
                // So far apart that no window but a total holds two of them.
                let signed = (1..=before).filter_map(|n| found.start.checked_sub(longest.checked_mul(n)?));
                let before = signed.map(|at| part(at, found.start, &1_u8.into()));
                before.chain(found.packing.iter().map(|(at, calls)| part(*at, *at, calls))).collect()
            }
        };
        Some(parts).filter(|parts| parts.iter().map(|part| &part.amount).sum::<BigUint>() == *bound)
    }

    fn exact(&self, lines: &[Line], seconds: Time, from: Time, steps: &mut Steps) -> Option<Covered> {
        match cover(lines, self.grid, seconds, from, steps) {
            Cover::Exact(found) => Some(found),
            Cover::Uncovered | Cover::AtMost { .. } => None,
        }
    }
}

impl Class {
    /// Can so many grants stand at once?
    fn keys_hold(&self, grants: &BigUint) -> bool {
        match self.gives {
            Gives::Moves => false,
            Gives::Grants { adds: true, .. } | Gives::Grants { keys: None, .. } => true,
            Gives::Grants { keys: Some(keys), .. } => *grants <= keys.into(),
        }
    }
}

/// What one line has seen, so far as a window that ends now still holds it.
struct Meter<'a> {
    held: &'a Held,
    grid: &'a Grid,
    seen: VecDeque<(Time, BigUint)>,
    sum: BigUint,
}

impl<'a> Meter<'a> {
    const fn new(held: &'a Held, grid: &'a Grid) -> Self {
        Self { held, grid, seen: VecDeque::new(), sum: BigUint::ZERO }
    }

    /// What still fits in the windows that end at a second, which is no earlier than any before it; `None` is everything.
    fn room(&mut self, at: Time) -> Option<BigUint> {
        let first = match self.held.line.window {
            // Any number of envelopes are signed in a second.
            Window::PerTransaction => return None,
            Window::Sliding { seconds } => at.saturating_add(1).saturating_sub(seconds),
            Window::Calendar(period) => at.saturating_sub(self.grid.of(period).place(at).since),
            Window::Total => 0,
        };
        while let Some((_, old)) = self.seen.pop_front_if(|(seen, _)| *seen < first) {
            self.sum -= old;
        }
        Some(self.held.line.cap.checked_sub(&self.sum).unwrap_or_default())
    }

    fn add(&mut self, at: Time, n: &BigUint) {
        if self.held.line.window != Window::PerTransaction {
            self.sum += n;
            self.seen.push_back((at, n.clone()));
        }
    }
}
