//! What somebody has to agree to, as it was filled in the first time. Fees move: filled in anew, the same request would be
//! another one each time it is asked, and nobody could agree to it.

use crate::{keeper::Asker, recent::Recent};
use agentpol_ethereum::OwnedRequest;
use std::sync::Arc;

/// Requests that are remembered, the oldest forgotten first: of all agents together.
pub(crate) const MAX_ASKING: usize = 256;

#[derive(Clone, Debug)]
pub(crate) struct Asked {
    agent: Option<Arc<str>>,
    open: OwnedRequest,
    filled: OwnedRequest,
}

/// The requests that are remembered.
#[derive(Debug, Default)]
pub(crate) struct Asking(Recent<Asked, MAX_ASKING>);

impl Asking {
    /// As it was filled in before.
    pub(crate) fn find(&self, who: &Asker, open: &OwnedRequest) -> Option<OwnedRequest> {
        self.0.find(|one| one.agent == who.agent && one.open == *open).map(|one| one.filled)
    }

    /// Remembers it.
    pub(crate) fn keep(&self, who: &Asker, open: OwnedRequest, filled: OwnedRequest) {
        self.0.push(Asked { agent: who.agent.clone(), open, filled });
    }
}
