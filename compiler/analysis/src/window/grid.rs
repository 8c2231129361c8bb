//! Where calendar windows lie. A grid is data, so that the search for the worst phase is tested on grids of a few seconds.

use super::Line;
use agentpol_model::{
    Time,
    budget::{Period, Window},
};
use core::ops::Range;

/// Seconds in a day: Unix time has no leap seconds.
const DAY: Time = 86_400;
/// The Unix epoch was a Thursday, three days after a Monday.
const SINCE_MONDAY: Time = 3 * DAY;
/// After so many years the Gregorian calendar repeats, weekdays too: their 146 097 days are whole weeks.
const YEARS: u64 = 400;

/// Periods that follow one another without gap, their lengths repeating for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// Where each period of one cycle ends, counted from where the cycle begins.
    ends: Vec<Time>,
    /// How far into its cycle second 0 lies.
    phase: Time,
    shortest: Time,
    longest: Time,
}

/// The period that a second lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Which of the cycle's periods.
    pub(super) index: usize,
    /// Seconds of the period before this one.
    pub(super) since: Time,
    /// Seconds of the period from this one on: at least 1.
    pub(super) left: Time,
}

impl Cadence {
    /// `None` if there is no period, one has no second, or a cycle does not fit half the time there is.
    pub fn new(lengths: impl IntoIterator<Item = Time>, phase: Time) -> Option<Self> {
        let mut ends = Vec::new();
        let mut end: Time = 0;
        let (mut shortest, mut longest) = (Time::MAX, 0);
        for length in lengths {
            if length == 0 {
                return None;
            }
            (shortest, longest) = (length.min(shortest), length.max(longest));
            end = end.checked_add(length).filter(|end| *end <= Time::MAX / 2)?;
            ends.push(end);
        }
        (end > 0).then(|| Self { ends, phase: phase.checked_rem(end).unwrap_or(0), shortest, longest })
    }

    /// Seconds after which everything repeats.
    pub(super) fn cycle(&self) -> Time {
        self.ends.last().copied().unwrap_or(1)
    }

    /// How many periods a cycle has.
    pub(super) fn periods(&self) -> usize {
        self.ends.len()
    }

    /// Where a second lies.
    pub(super) fn place(&self, at: Time) -> Place {
        let cycle = self.cycle();
        let inside = (at % cycle + self.phase) % cycle;
        let index = self.ends.partition_point(|end| *end <= inside);
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(index).copied().unwrap_or(cycle);
        Place { index, since: inside - start, left: end - inside }
    }

    /// The first second of the next period.
    pub(super) fn next(&self, at: Time) -> Time {
        at.saturating_add(self.place(at).left)
    }

    /// The shortest period.
    pub(super) const fn shortest(&self) -> Time {
        self.shortest
    }

    /// The longest period.
    pub(crate) const fn longest(&self) -> Time {
        self.longest
    }

    /// How long the n-th period is, of this cycle or of those after it.
    fn length(&self, n: usize) -> Time {
        let index = n.checked_rem(self.periods()).unwrap_or(0);
        let end = |index| self.ends.get(index).copied().unwrap_or(0);
        end(index) - index.checked_sub(1).map_or(0, end)
    }

    /// What comes from a second on, until `horizon` seconds later: two places with the same outlook see the same boundaries. A
    /// cadence of one length needs no more than where the first boundary is.
    pub(super) fn outlook(&self, at: Time, horizon: Time) -> impl Iterator<Item = Time> {
        let Place { index, left, .. } = self.place(at);
        let horizon = if self.periods() == 1 { 0 } else { horizon };
        let following = (1_usize..).scan(left, move |seen, n| {
            let length = self.length(index.saturating_add(n));
            (*seen < horizon).then(|| {
                *seen = seen.saturating_add(length);
                length
            })
        });
        core::iter::once(left).chain(following)
    }
}

/// The calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Days.
    pub day: Cadence,
    /// Weeks.
    pub week: Cadence,
    /// Months.
    pub month: Cadence,
}

impl Grid {
    /// Days from midnight, weeks from Monday, months from the first, UTC.
    pub fn utc() -> Option<Self> {
        let leap =
            |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let months = (1970..1970 + YEARS).flat_map(|year| {
            let february = if leap(year) { 29 } else { 28 };
            [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].map(|days| days * DAY)
        });
        Some(Self {
            day: Cadence::new([DAY], 0)?,
            week: Cadence::new([7 * DAY], SINCE_MONDAY)?,
            month: Cadence::new(months, 0)?,
        })
    }

    /// The period that a second lies in: its first second, and the first of the next. What began before time did begins with it.
    pub fn period(&self, period: Period, at: Time) -> Range<Time> {
        let Place { since, left, .. } = self.of(period).place(at);
        at.saturating_sub(since)..at.saturating_add(left)
    }

    /// The periods of one kind.
    pub(crate) const fn of(&self, period: Period) -> &Cadence {
        match period {
            Period::Day => &self.day,
            Period::Week => &self.week,
            Period::Month => &self.month,
        }
    }

    /// The cadences that lines use, the one with the longest periods first.
    pub(super) fn used_by(&self, lines: &[Line]) -> Vec<&Cadence> {
        let mut periods: Vec<Period> = lines.iter().filter_map(calendar).collect();
        periods.sort_unstable();
        periods.dedup();
        let mut used: Vec<&Cadence> = periods.into_iter().map(|period| self.of(period)).collect();
        used.sort_by_key(|cadence| core::cmp::Reverse(cadence.shortest()));
        used
    }
}

/// The kind of period, of a line per calendar period.
pub(super) const fn calendar(line: &Line) -> Option<Period> {
    match line.window {
        Window::Calendar(period) => Some(period),
        Window::PerTransaction | Window::Sliding { .. } | Window::Total => None,
    }
}
