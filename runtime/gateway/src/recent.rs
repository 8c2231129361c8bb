//! What is remembered of late: so many, the oldest forgotten first.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// At most `MOST` of them.
#[derive(Debug)]
pub(crate) struct Recent<T, const MOST: usize>(Mutex<VecDeque<T>>);

impl<T, const MOST: usize> Default for Recent<T, MOST> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone, const MOST: usize> Recent<T, MOST> {
    fn lock(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn find(&self, is: impl Fn(&T) -> bool) -> Option<T> {
        self.lock().iter().find(|one| is(one)).cloned()
    }

    /// Takes it out.
    pub(crate) fn take(&self, is: impl Fn(&T) -> bool) -> Option<T> {
        let mut all = self.lock();
        let place = all.iter().position(is)?;
        all.remove(place)
    }

    pub(crate) fn push(&self, one: T) {
        let mut all = self.lock();
        if all.len() == MOST {
            all.pop_front();
        }
        all.push_back(one);
    }
}
