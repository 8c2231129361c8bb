//! How often an agent may ask: a bucket that fills steadily. In thousandths of a call, so that nothing is rounded away.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// A bucket of calls.
#[derive(Debug)]
pub(crate) struct Bucket {
    per_second: u64,
    full: u64,
    /// Thousandths of a call, and since when.
    level: Mutex<(u64, Instant)>,
}

impl Bucket {
    pub(crate) fn new(per_second: u32, burst: u32) -> Self {
        let full = u64::from(burst).saturating_mul(1_000);
        Self { per_second: per_second.into(), full, level: Mutex::new((full, Instant::now())) }
    }

    /// Takes so many calls out of it, or none.
    pub(crate) fn take(&self, calls: usize) -> bool {
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let passed = u64::try_from(now.saturating_duration_since(level.1).as_millis()).unwrap_or(u64::MAX);
        // Calls a second are thousandths a millisecond.
        let filled = level.0.saturating_add(passed.saturating_mul(self.per_second)).min(self.full);
        let cost = u64::try_from(calls).unwrap_or(u64::MAX).saturating_mul(1_000);
        let left = filled.checked_sub(cost);
        // What is less than a millisecond counts the next time.
        let seen = level.1.checked_add(Duration::from_millis(passed)).unwrap_or(now);
        *level = (left.unwrap_or(filled), seen);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_fills_steadily_and_not_past_the_brim() {
        let bucket = Bucket::new(2, 5);
        assert!(bucket.take(5), "full at first");
        assert!(!bucket.take(1));
        tokio::time::advance(Duration::from_millis(499)).await;
        assert!(!bucket.take(1));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(bucket.take(1));
        tokio::time::advance(Duration::from_secs(3_600)).await;
        assert!(!bucket.take(6));
        assert!(bucket.take(5));
        assert!(!bucket.take(1));
    }
}
