//! Sets of integers as sorted, disjoint, closed intervals that do not touch.

use num_bigint::BigInt;
use num_traits::One as _;

/// A finite set of integers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Set(Vec<(BigInt, BigInt)>);

impl Set {
    /// Nothing.
    pub(crate) const fn empty() -> Self {
        Self(Vec::new())
    }

    /// Everything from `low` to `high`, both included.
    pub(crate) fn range(low: impl Into<BigInt>, high: impl Into<BigInt>) -> Self {
        let (low, high) = (low.into(), high.into());
        if low > high { Self::empty() } else { Self(vec![(low, high)]) }
    }

    /// One number.
    pub(crate) fn point(at: impl Into<BigInt>) -> Self {
        let at = at.into();
        Self(vec![(at.clone(), at)])
    }

    /// Each of these.
    pub(crate) fn points(all: impl IntoIterator<Item = BigInt>) -> Self {
        let mut all: Vec<BigInt> = all.into_iter().collect();
        all.sort_unstable();
        all.dedup();
        let mut out: Vec<(BigInt, BigInt)> = Vec::with_capacity(all.len());
        for at in all {
            match out.last_mut() {
                Some((_, high)) if &*high + BigInt::one() == at => *high = at,
                _ => out.push((at.clone(), at)),
            }
        }
        Self(out)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The least and the greatest of them.
    pub(crate) fn ends(&self) -> Option<(&BigInt, &BigInt)> {
        Some((&self.0.first()?.0, &self.0.last()?.1))
    }

    /// The only number in it.
    pub(crate) fn only(&self) -> Option<&BigInt> {
        match self.0.as_slice() {
            [(low, high)] if low == high => Some(low),
            _ => None,
        }
    }

    pub(crate) fn contains(&self, at: &BigInt) -> bool {
        let after = self.0.partition_point(|(_, high)| high < at);
        self.0.get(after).is_some_and(|(low, _)| low <= at)
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        let (mut ours, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut out = Vec::new();
        while let (Some((a_low, a_high)), Some((b_low, b_high))) = (ours.peek(), theirs.peek()) {
            let (low, high) = (a_low.max(b_low), a_high.min(b_high));
            if low <= high {
                out.push((low.clone(), high.clone()));
            }
            if a_high <= b_high {
                ours.next();
            } else {
                theirs.next();
            }
        }
        Self(out)
    }

    /// Have they nothing in common?
    pub(crate) fn is_apart(&self, other: &Self) -> bool {
        let (mut ours, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some((a_low, a_high)), Some((b_low, b_high))) = (ours.peek(), theirs.peek()) {
            if a_high < b_low {
                ours.next();
            } else if b_high < a_low {
                theirs.next();
            } else {
                return false;
            }
        }
        true
    }

    /// Is everything here there too?
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.0.iter().all(|(low, high)| {
            let after = other.0.partition_point(|(_, end)| end < low);
            other.0.get(after).is_some_and(|(start, end)| start <= low && high <= end)
        })
    }

    /// What is in `whole` and not here.
    pub(crate) fn complement(&self, whole: &Self) -> Self {
        let mut out = Vec::new();
        for (low, high) in &whole.0 {
            let mut next = low.clone();
            let first = self.0.partition_point(|(_, end)| end < low);
            for (a, b) in self.0.iter().skip(first) {
                if a > high {
                    break;
                }
                if &next < a {
                    out.push((next, a - BigInt::one()));
                }
                next = b + BigInt::one();
            }
            if &next <= high {
                out.push((next, high.clone()));
            }
        }
        Self(out)
    }

    /// The number in it that is nearest to `wanted`, the lower of two that are equally near.
    pub(crate) fn nearest(&self, wanted: &BigInt) -> Option<BigInt> {
        let after = self.0.partition_point(|(_, high)| high < wanted);
        let above = self.0.get(after).map(|(low, _)| low.max(wanted).clone());
        let below = after.checked_sub(1).and_then(|at| self.0.get(at)).map(|(_, high)| high.clone());
        match (below, above) {
            (Some(below), Some(above)) if wanted - &below <= &above - wanted => Some(below),
            (Some(below), None) => Some(below),
            (_, above) => above,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that members are among, and a little around them.
    const SPACE: i32 = 7;

    fn members(set: &Set) -> Vec<i32> {
        (-3..SPACE + 3).filter(|n| set.contains(&BigInt::from(*n))).collect()
    }

    /// Every set of numbers from 0 to [`SPACE`].
    fn all() -> Vec<Set> {
        let bits = |mask: u32| (0..SPACE).filter(move |n| mask >> n & 1 == 1).map(BigInt::from);
        (0..1 << SPACE).map(|mask| Set::points(bits(mask))).collect()
    }

    #[test]
    fn two_sets() {
        let sets = all();
        for a in &sets {
            for b in &sets {
                let both: Vec<i32> = members(a).into_iter().filter(|n| members(b).contains(n)).collect();
                assert_eq!(members(&a.and(b)), both);
                assert_eq!(a.is_apart(b), both.is_empty(), "{a:?} {b:?}");
                assert_eq!(a.is_within(b), both == members(a), "{a:?} {b:?}");
                let rest: Vec<i32> = members(b).into_iter().filter(|n| !members(a).contains(n)).collect();
                assert_eq!(members(&a.complement(b)), rest, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn one_set() {
        for set in all() {
            // Neighbours are one interval.
            assert!(set.0.windows(2).all(|w| &w[0].1 + BigInt::one() < w[1].0), "{set:?}");
            for wanted in -3..SPACE + 3 {
                let nearest = members(&set).into_iter().min_by_key(|n| ((n - wanted).abs(), *n));
                assert_eq!(set.nearest(&BigInt::from(wanted)), nearest.map(BigInt::from), "{set:?}");
            }
            let ends = members(&set).first().copied().zip(members(&set).last().copied());
            let found = set.ends().map(|(low, high)| (low.clone(), high.clone()));
            assert_eq!(found, ends.map(|(low, high)| (low.into(), high.into())));
        }
    }
}
