//! The least cost of windows of the lines that cover W consecutive seconds, when these begin at the worst second.
//!
//! Sliding windows lie anywhere, so only calendar windows make one second worse than another. Let R(K, p) be how far cost K reaches from
//! second p. It is the greatest of functions that either move along with p (sliding windows only) or are steps (after a calendar window
//! one is at a boundary, wherever one came from). Where no step rises, R(K, p) − p does not grow: the worst second of such a stretch is its last.
//! A step rises where sliding windows, from p, end exactly at a boundary; so the worst second is one *before* `boundary − s`, where s is a
//! sum of sliding windows, 0 among them, and of these sums only the points of the sliding windows' own frontier.
//!
//! Which boundaries: all of the calendar's 400 years, taken once for each different outlook of the W seconds to come (the lengths
//! of the months, where the weeks and days lie in them).

use super::{
    Line, Steps, TooLong,
    frontier::Frontier,
    grid::{Cadence, Grid, calendar},
};
use agentpol_model::{Time, budget::Window};
use num_bigint::BigUint;
use num_traits::Zero;
use std::collections::{BTreeMap, BTreeSet};

/// The most that W seconds hold, as far as the lines say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cover {
    /// No line holds over time.
    Uncovered,
    /// Exactly this much.
    Exact(Covered),
    /// No more than this: the search was too long. So many windows of one line show it.
    AtMost {
        /// The bound.
        value: BigUint,
        /// The line.
        line: usize,
        /// Windows of it.
        windows: BigUint,
    },
}

/// A cheapest cover, and its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// What it costs.
    pub value: BigUint,
    /// How many windows of which line.
    pub windows: BTreeMap<usize, u64>,
    /// The first of the W seconds.
    pub start: Time,
    /// Amounts by second, inside the W seconds, that every line holds and that sum to the value.
    pub packing: Vec<(Time, BigUint)>,
}

impl Cover {
    /// The bound, if there is one.
    pub const fn value(&self) -> Option<&BigUint> {
        match self {
            Self::Uncovered => None,
            Self::Exact(covered) => Some(&covered.value),
            Self::AtMost { value, .. } => Some(value),
        }
    }
}

/// The least cost of covering `seconds` seconds that begin at `from` or later, at worst.
pub fn cover(lines: &[Line], grid: &Grid, seconds: Time, from: Time, steps: &mut Steps) -> Cover {
    let Some((line, windows)) = by_one_line(lines, grid, seconds) else { return Cover::Uncovered };
    let simple = lines.get(line).map_or(BigUint::ZERO, |line| &line.cap * &windows);
    let mut exactly = || {
        let start = worst(lines, grid, seconds, from, &simple, steps)?;
        let frontier = Frontier::climb(lines, grid, start, seconds, steps)?;
        let value = frontier.cost(seconds).cloned().ok_or(TooLong)?;
        Ok(Covered { value, windows: frontier.windows(), start, packing: frontier.packing() })
    };
    match exactly() {
        Ok(covered) => Cover::Exact(covered),
        Err(TooLong) => Cover::AtMost { value: simple, line, windows },
    }
}

/// The cheapest cover by windows of a single line, wherever the seconds lie.
fn by_one_line(lines: &[Line], grid: &Grid, seconds: Time) -> Option<(usize, BigUint)> {
    let windows = |line: &Line| match line.window {
        Window::PerTransaction => None,
        _ if seconds == 0 => Some(BigUint::ZERO),
        Window::Sliding { seconds: 0 } => None,
        Window::Sliding { seconds: width } => Some(seconds.div_ceil(width).into()),
        // The first second may be a period's last one.
        Window::Calendar(period) => {
            Some(BigUint::from((seconds - 1).div_ceil(grid.of(period).shortest())) + 1_u8)
        }
        Window::Total => Some(1_u8.into()),
    };
    let all = lines.iter().enumerate().filter_map(|(index, line)| Some((index, line, windows(line)?)));
    let best = all.min_by_key(|(_, line, windows)| &line.cap * windows);
    best.map(|(index, _, windows)| (index, windows))
}

/// The second from which covering costs most.
fn worst(
    lines: &[Line],
    grid: &Grid,
    seconds: Time,
    from: Time,
    simple: &BigUint,
    steps: &mut Steps,
) -> Result<Time, TooLong> {
    let cadences = grid.used_by(lines);
    let Some(longest) = cadences.first().filter(|_| !simple.is_zero()) else { return Ok(from) };
    let others = lines.iter().filter(|line| calendar(line).is_none()).cloned();
    // Whatever the phase, it never costs more than the windows of one line.
    let others: Vec<Line> = others.chain([Line { cap: simple.clone(), window: Window::Total }]).collect();
    let sliding = Frontier::climb(&others, grid, from, seconds, steps)?;
    let ceiling = sliding.cost(seconds).unwrap_or(simple);
    let sums = sums_before_a_calendar_window(lines, grid, &sliding, seconds, ceiling);
    let per_period = lines.iter().filter_map(|line| Some((line, grid.of(calendar(line)?))));
    let mut calendars: Vec<(&Line, &Cadence)> = per_period.collect();
    calendars.sort_by_key(|(_, cadence)| core::cmp::Reverse(cadence.shortest()));
    let (calendars, onward) = (calendars.as_slice(), BTreeMap::new());
    let mut search = Search { lines, calendars, grid, seconds, sliding: &sliding, onward, until: 0, steps };
    let mut worst: Option<(BigUint, Time)> = None;
    let first = longest.next(from);
    for context in contexts(&cadences, first, seconds, search.steps)? {
        let end = longest.next(context);
        search.enter(end);
        let mut seen = BTreeSet::new();
        for sum in &sums {
            for cadence in &cadences {
                let mut boundary = cadence.next(context.saturating_add(*sum));
                while boundary <= end.saturating_add(*sum) {
                    search.steps.take(1)?;
                    let start = boundary.saturating_sub(1).saturating_sub(*sum);
                    if seen.insert(start)
                        && let Some(cost) = search.cost_above(worst.as_ref().map(|(most, _)| most), start)?
                    {
                        worst = Some((cost, start));
                    }
                    if worst.as_ref().is_some_and(|(most, _)| most == ceiling) {
                        return Ok(worst.map_or(from, |(_, start)| start));
                    }
                    boundary = cadence.next(boundary);
                }
            }
        }
    }
    Ok(worst.map_or(from, |(_, start)| start))
}

/// The sums of sliding windows from which a calendar window may help. Not so if they cost as much as covering everything; or as much
/// as windows of one line that reach further, wherever they lie.
fn sums_before_a_calendar_window(
    lines: &[Line],
    grid: &Grid,
    sliding: &Frontier,
    seconds: Time,
    ceiling: &BigUint,
) -> Vec<Time> {
    let cheapest = lines.iter().filter(|line| calendar(line).is_some()).map(|line| &line.cap).min();
    let cheapest = cheapest.cloned().unwrap_or_default();
    let helps = |reach: Time, cost: &BigUint| {
        let further = by_one_line(lines, grid, reach.saturating_add(1));
        let further = further.and_then(|(line, windows)| Some(&lines.get(line)?.cap * windows));
        cost + &cheapest < *ceiling && further.is_none_or(|further| *cost < further)
    };
    let points = sliding.points().iter().filter(|point| point.reach < seconds);
    points
        .filter(|point| point.reach == 0 || helps(point.reach, &point.cost))
        .map(|point| point.reach)
        .collect()
}

/// A first second of the longest periods for each different outlook, over all that the calendar ever shows.
fn contexts(
    cadences: &[&Cadence],
    first: Time,
    seconds: Time,
    steps: &mut Steps,
) -> Result<Vec<Time>, TooLong> {
    let Some(longest) = cadences.first() else { return Ok(Vec::new()) };
    let mut whole = 1_u64;
    for cadence in cadences {
        whole =
            (whole / num_integer::gcd(whole, cadence.cycle())).checked_mul(cadence.cycle()).ok_or(TooLong)?;
    }
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let mut at = first;
    let end = first.checked_add(whole).ok_or(TooLong)?;
    while at < end {
        let next = longest.next(at);
        // The W seconds may begin with the period's last one.
        let horizon = seconds.saturating_add(next - at);
        let mut outlook = Vec::new();
        for cadence in cadences {
            for boundary in cadence.outlook(at, horizon) {
                steps.take(1)?;
                outlook.push(boundary);
            }
            // Outlooks of two cadences never run into one another.
            outlook.push(0);
        }
        if seen.insert(outlook) {
            found.push(at);
        }
        at = next;
    }
    Ok(found)
}

/// What the costs of different first seconds have in common.
struct Search<'a> {
    lines: &'a [Line],
    /// Those per calendar period, the longest first.
    calendars: &'a [(&'a Line, &'a Cadence)],
    grid: &'a Grid,
    seconds: Time,
    /// Without calendar windows, and no more than by one line.
    sliding: &'a Frontier,
    /// From each boundary on.
    onward: BTreeMap<Time, Frontier>,
    /// No first second is as late as this.
    until: Time,
    steps: &'a mut Steps,
}

impl Search<'_> {
    /// First seconds before `until`, from now on.
    fn enter(&mut self, until: Time) {
        self.until = until;
        self.onward.clear();
    }

    /// The least cost from one first second on, if it is above a bound. It is a cover without calendar windows; or its first calendar
    /// window, what comes before it, and the rest, which is the same for all that are at that window's end.
    fn cost_above(&mut self, bound: Option<&BigUint>, start: Time) -> Result<Option<BigUint>, TooLong> {
        let end = start.saturating_add(self.seconds);
        let mut least = self.sliding.cost(self.seconds).cloned();
        // The longest periods first: they end at few seconds, so that the rest is soon known.
        for (line, cadence) in self.calendars {
            let mut at = start;
            while at < end {
                self.steps.take(1)?;
                let Some(before) = self.sliding.cost(at - start) else { break };
                let so_far = before + &line.cap;
                if least.as_ref().is_some_and(|least| so_far >= *least) {
                    break;
                }
                let next = cadence.next(at);
                let rest = end.saturating_sub(next);
                let cost = so_far + self.onward(next, rest)?;
                if least.as_ref().is_none_or(|least| cost < *least) {
                    least = Some(cost);
                }
                if least.as_ref().zip(bound).is_some_and(|(least, bound)| least <= bound) {
                    return Ok(None);
                }
                at = next;
            }
        }
        least.map(Some).ok_or(TooLong)
    }
    /// The least cost of so many seconds from a boundary on.
    fn onward(&mut self, boundary: Time, seconds: Time) -> Result<BigUint, TooLong> {
        if seconds == 0 {
            return Ok(BigUint::zero());
        }
        if !self.onward.contains_key(&boundary) {
            let most = self.until.saturating_add(self.seconds).saturating_sub(boundary);
            let frontier = Frontier::climb(self.lines, self.grid, boundary, most, self.steps)?;
            self.onward.insert(boundary, frontier);
        }
        self.onward.get(&boundary).and_then(|frontier| frontier.cost(seconds)).cloned().ok_or(TooLong)
    }
}
