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

    pub(crate) fn intervals(&self) -> &[(BigInt, BigInt)] {
        &self.0
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
        let mut theirs = other.0.iter().peekable();
        self.0.iter().all(|(low, high)| {
            while theirs.peek().is_some_and(|(_, end)| end < low) {
                theirs.next();
            }
            theirs.peek().is_some_and(|(start, end)| start <= low && high <= end)
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
    use proptest::prelude::*;

    fn members(set: &Set) -> Vec<i32> {
        (-20..40).filter(|n| set.contains(&BigInt::from(*n))).collect()
    }

    fn any() -> impl Strategy<Value = Set> {
        proptest::collection::vec(0..20i32, 0..8).prop_map(|all| Set::points(all.into_iter().map(BigInt::from)))
    }

    proptest! {
        #[test]
        fn sets_are_sets(a in any(), b in any(), low in -5..25i32, length in 0..20i32, wanted in -10..30i32) {
            let whole = Set::range(low, low + length);
            let both = members(&a.and(&b));
            let expected: Vec<i32> = members(&a).into_iter().filter(|n| members(&b).contains(n)).collect();
            prop_assert_eq!(&both, &expected);
            prop_assert_eq!(a.is_apart(&b), both.is_empty());
            prop_assert_eq!(a.is_within(&b), both == members(&a));
            let rest = a.complement(&whole);
            let expected: Vec<i32> = members(&whole).into_iter().filter(|n| !members(&a).contains(n)).collect();
            prop_assert_eq!(members(&rest), expected);
            let nearest = a.nearest(&BigInt::from(wanted));
            let expected = members(&a).into_iter().min_by_key(|n| ((n - wanted).abs(), *n)).map(BigInt::from);
            prop_assert_eq!(nearest, expected);
            // Neighbours are one interval.
            prop_assert!(a.intervals().windows(2).all(|w| &w[0].1 + BigInt::one() < w[1].0));
        }
    }
}
