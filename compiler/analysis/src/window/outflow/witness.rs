//! Amounts that attain a bound: every window of every line is metered while they are spent, second after second.

use super::{Counts, Part, Problem, Span, meter::Meter, rows::Covers};
use crate::window::{Steps, TooLong, cover::Cover, frontier::Frontier, program::Share};
use agentpol_model::{Time, budget::Window};
use num_bigint::BigUint;
use num_traits::{CheckedSub, Zero};
use std::collections::BTreeSet;

/// For ever is tried over no more moments than so many, each so far from the last that only totals remember it.
const MAX_MOMENTS: u64 = 4_096;

/// Grants from long before are tried at no more moments than so many: with windows of a month it takes 21 years to sign them.
const MAX_STANDING: u64 = 256;

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
        None
    }

    /// The moments that are tried.
    fn moments(&self, bound: &BigUint, covers: &Covers, steps: &mut Steps) -> Result<Vec<Moments>, TooLong> {
        let seconds = match self.span {
            Span::Transaction => return Ok(vec![Moments { begin: self.from, at: [self.from].into() }]),
            Span::Ever => return Ok(vec![Moments { begin: self.from, at: self.apart(bound) }]),
            Span::Seconds(seconds) => seconds,
        };
        // A line without a calendar holds from any second, so it is looked at from those of the lines with one. Covers of more seconds
        // than the span are of those before it, in which grants still live.
        let mut from = BTreeSet::from([(self.from, seconds)]);
        from.extend(covers.iter().filter_map(|((covered, _), cover)| match cover {
            Cover::Exact(found) => Some((found.start, *covered)),
            Cover::Uncovered | Cover::AtMost { .. } => None,
        }));
        let mut all = Vec::new();
        for (start, covered) in from.into_iter().rev() {
            let begin = start.saturating_add(covered.saturating_sub(seconds));
            let mut at = BTreeSet::new();
            for (length, lines) in
                covers.keys().filter(|(length, _)| *length == covered || *length == seconds)
            {
                let start = if *length == covered { start } else { begin };
                let frontier = Frontier::climb(lines, self.grid, start, *length, steps)?;
                let inside = frontier.points().iter().filter(|point| point.reach < *length);
                at.extend(inside.map(|point| start.saturating_add(point.reach)));
            }
            at.extend(self.long_before(start));
            all.push(Moments { begin, at });
        }
        Ok(all)
    }

    /// Moments before a span at which grants that live for ever are signed, so far apart that no window but a total holds two.
    fn long_before(&self, begin: Time) -> impl Iterator<Item = Time> {
        let longest = self.longest();
        (1..=self.standing()).map_while(move |n| begin.checked_sub(longest.checked_mul(n)?))
    }

    /// How many moments that may take.
    pub(super) fn standing(&self) -> u64 {
        let alive = (0..self.classes.len()).filter_map(|class| self.standing_of(class, 0, Time::MAX));
        let many = |keys: Option<u64>| keys.unwrap_or(MAX_STANDING);
        alive.fold(0, |all, keys| many(keys).saturating_add(all)).min(MAX_STANDING)
    }

    /// On how many keys a grant of a class can stand when the span begins (`Some(None)` is on any number), if it was signed then.
    fn standing_of(&self, class: usize, signed: Time, begin: Time) -> Option<Option<u64>> {
        let (life, keys) = self.classes.get(class)?.authority()?;
        let alive = life.is_none_or(|life| signed.saturating_add(life) >= begin);
        (alive && !self.holds_authority(class)).then_some(keys)
    }

    /// A line of amounts holds authority, so that none comes on top.
    fn holds_authority(&self, class: usize) -> bool {
        let over_time = self.lines.iter().filter(|bind| bind.line.window != Window::PerTransaction);
        over_time.filter(|bind| bind.counts == Counts::Amount).any(|bind| bind.classes.contains(&class))
    }

    /// No window of a line that is not a total holds two seconds so far apart.
    pub(super) fn longest(&self) -> Time {
        let lengths = self.lines.iter().map(|bind| match bind.line.window {
            Window::PerTransaction | Window::Total => 1,
            Window::Sliding { seconds } => seconds,
            Window::Calendar(period) => self.grid.of(period).longest(),
        });
        lengths.max().unwrap_or(1)
    }

    /// Moments for ever, each of which may spend something.
    fn apart(&self, bound: &BigUint) -> BTreeSet<Time> {
        let longest = self.longest();
        let many = u64::try_from(bound).unwrap_or(MAX_MOMENTS).min(MAX_MOMENTS);
        (0..many).map_while(|n| self.from.checked_add(longest.checked_mul(n)?)).collect()
    }

    /// Spends at each moment what the lines have room for, class after class, up to the most of each and the bound of all.
    fn fill(
        &self,
        moments: &Moments,
        order: &[usize],
        most: &[BigUint],
        bound: &BigUint,
        steps: &mut Steps,
    ) -> Result<Vec<Part>, TooLong> {
        let mut spending = Spending {
            problem: self,
            begin: moments.begin,
            meters: self.lines.iter().map(|bind| Meter::new(bind, self.grid)).collect(),
            left: most.to_vec(),
            standing: vec![BigUint::ZERO; self.classes.len()],
            open: bound.clone(),
            parts: Vec::new(),
        };
        for at in &moments.at {
            for class in order {
                if spending.open.is_zero() {
                    return Ok(spending.parts);
                }
                steps.take(self.lines.len().saturating_add(1))?;
                let part = spending.sign(*class, *at);
                spending.parts.extend(part);
            }
        }
        Ok(spending.parts)
    }
}

/// What was spent so far, and what is left.
struct Spending<'a> {
    problem: &'a Problem<'a>,
    begin: Time,
    meters: Vec<Meter<'a>>,
    /// By class.
    left: Vec<BigUint>,
    /// By class, the grants from before the span.
    standing: Vec<BigUint>,
    /// Of all classes.
    open: BigUint,
    parts: Vec<Part>,
}

impl Spending<'_> {
    /// As much of a class as the lines have room for at a moment; `None` is nothing.
    fn sign(&mut self, class: usize, at: Time) -> Option<Part> {
        let rule = self.problem.classes.get(class)?;
        let one = rule.most.as_ref()?;
        let (left, standing) = (self.left.get_mut(class)?, self.standing.get_mut(class)?);
        let mut amount = self.open.clone().min(left.clone());
        let before = at < self.begin;
        if before && let Some(keys) = self.problem.standing_of(class, at, self.begin)? {
            amount = amount.min(BigUint::from(keys).checked_sub(standing)? * one);
        }
        let meters = self.meters.iter_mut().filter(|meter| meter.bind.classes.contains(&class));
        let mut meters: Vec<_> = meters.collect();
        for meter in &mut meters {
            let Some(room) = meter.room(at) else { continue };
            amount = amount.min(match meter.bind.counts {
                Counts::Amount => room,
                Counts::Calls => room * one,
            });
        }
        if amount.is_zero() {
            return None;
        }
        let actions = num_integer::Integer::div_ceil(&amount, one);
        meters.iter_mut().for_each(|meter| meter.add(at, &amount, &actions));
        if before {
            *standing += &actions;
        }
        *left -= &amount;
        self.open -= &amount;
        Some(Part { rule: rule.rule, signed: at, spent: self.begin.max(at), amount, actions })
    }
}

/// When something is signed.
struct Moments {
    /// Where the span begins: what is signed before it is a grant, and used then.
    begin: Time,
    at: BTreeSet<Time>,
}
