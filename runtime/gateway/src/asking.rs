//! What somebody has to agree to, as it was filled in the first time. Fees move: filled in anew, the same request would be
//! another one each time it is asked, and nobody could agree to it.

use crate::keeper::Asker;
use agentpol_ethereum::OwnedRequest;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Requests that are remembered, the oldest forgotten first: of all agents together.
pub(crate) const MAX_ASKING: usize = 256;

#[derive(Debug)]
struct Asked {
    agent: Option<Arc<str>>,
    open: OwnedRequest,
    filled: OwnedRequest,
}

/// The requests that are remembered.
#[derive(Debug, Default)]
pub(crate) struct Asking(Mutex<VecDeque<Asked>>);

impl Asking {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Asked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As it was filled in before.
    pub(crate) fn find(&self, who: &Asker, open: &OwnedRequest) -> Option<OwnedRequest> {
        let asked = self.lock();
        let same = |one: &&Asked| one.agent == who.agent && one.open == *open;
        asked.iter().find(same).map(|one| one.filled.clone())
    }

    /// Remembers it.
    pub(crate) fn keep(&self, who: &Asker, open: OwnedRequest, filled: OwnedRequest) {
        let mut asked = self.lock();
        if asked.len() == MAX_ASKING {
            asked.pop_front();
        }
        asked.push_back(Asked { agent: who.agent.clone(), open, filled });
    }
}
