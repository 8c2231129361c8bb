//! Actions inside others, found again by their number.

use crate::policy::Policy;
use agentpol_model::request::{Action, MAX_ACTIONS, MAX_DEPTH, Request};
use agentpol_unwrap as unwrap;

/// The search is over, in one way or the other.
struct Ended;

impl From<unwrap::Fault> for Ended {
    fn from(_: unwrap::Fault) -> Self {
        Self
    }
}

struct Search<'s> {
    policy: &'s Policy,
    request: &'s Request<'s>,
    /// Actions still to be passed over.
    left: u16,
    /// Where the search is: which action of the request, which of those inside it, and so on, each counted from 1.
    path: Vec<u16>,
    found: &'s mut dyn FnMut(&Action<'_>, &[u16]),
}

impl Policy {
    /// Reads the action that a denial names ([`Denied::action`](agentpol_model::decision::Denied::action)): the `n`-th, counted
    /// as they are met, a wrapper before what is inside it. Beside it its path: which action of the request, which of those
    /// inside it, and so on, each counted from 1. `None` if there is none, or if a wrapper before it cannot be read.
    pub fn with_action<T>(
        &self,
        request: &Request<'_>,
        n: u16,
        read: impl FnOnce(&Action<'_>, &[u16]) -> T,
    ) -> Option<T> {
        let (mut read, mut result) = (Some(read), None);
        let mut found =
            |action: &Action<'_>, path: &[u16]| result = read.take().map(|read| read(action, path));
        let mut search = Search { policy: self, request, left: n, path: vec![0], found: &mut found };
        for action in request.actions.iter().take(MAX_ACTIONS) {
            if search.through(action, 0).is_err() {
                break;
            }
        }
        result
    }
}

impl Search<'_> {
    /// An action, and then what is inside it.
    fn through(&mut self, action: &Action<'_>, depth: usize) -> Result<(), Ended> {
        let here = self.path.last_mut().ok_or(Ended)?;
        *here = here.saturating_add(1);
        let Some(left) = self.left.checked_sub(1) else {
            (self.found)(action, &self.path);
            return Err(Ended);
        };
        self.left = left;
        if depth >= MAX_DEPTH {
            return Err(Ended);
        }
        let (callable, frame) = self.policy.enter(self.request, action).map_err(|_| Ended)?;
        let unwraps = self.policy.special(callable).map(|special| special.unwraps.as_slice());
        self.path.push(0);
        unwrap::each(unwraps.unwrap_or_default(), action, &frame.args, |inner| {
            self.through(&inner.action, depth.saturating_add(1))
        })?;
        self.path.pop();
        Ok(())
    }
}
