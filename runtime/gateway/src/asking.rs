//! What somebody has to agree to, as it was filled in the first time. Fees move: filled in anew, the same request would be
//! another one each time it is asked, and nobody could agree to it. And what came of it, for whoever asked and asks again.

use crate::{judged::Made, keeper::Asker, methods::Judged, recent::Recent};
use agentpol_ethereum::OwnedRequest;
use agentpol_model::Time;
use agentpol_runtime::gate::KEYS_ARE_KEPT;
use std::sync::Arc;

/// Requests that are remembered, the oldest forgotten first: of all agents together.
pub(crate) const MAX_ASKING: usize = 256;

#[derive(Clone, Debug)]
struct Asked {
    agent: Option<Arc<str>>,
    what: Judged,
    open: OwnedRequest,
    filled: OwnedRequest,
}

#[derive(Clone, Debug)]
struct Answered {
    agent: Option<Arc<str>>,
    request: OwnedRequest,
    made: Made,
    at: Time,
}

/// The requests that are remembered.
#[derive(Debug, Default)]
pub(crate) struct Asking {
    asked: Recent<Asked, MAX_ASKING>,
    answered: Recent<Answered, MAX_ASKING>,
}

impl Asking {
    /// As it was filled in before.
    pub(crate) fn find(&self, who: &Asker, open: &OwnedRequest) -> Option<OwnedRequest> {
        self.asked.find(|one| one.agent == who.agent && one.open == *open).map(|one| one.filled)
    }

    /// Remembers it, once.
    pub(crate) fn keep(&self, who: &Asker, what: Judged, open: &OwnedRequest, filled: &OwnedRequest) {
        if self.find(who, open).as_ref() != Some(filled) {
            let (agent, open, filled) = (who.agent.clone(), open.clone(), filled.clone());
            self.asked.push(Asked { agent, what, open, filled });
        }
    }

    /// By which method it was asked for, as it was filled in.
    pub(crate) fn method(&self, agent: Option<&str>, filled: &OwnedRequest) -> Option<Judged> {
        self.asked.find(|one| one.agent.as_deref() == agent && one.filled == *filled).map(|one| one.what)
    }

    /// Somebody agreed, and this was made of it.
    pub(crate) fn answer(&self, agent: Option<&str>, request: OwnedRequest, made: Made, at: Time) {
        self.answered.push(Answered { agent: agent.map(Arc::from), request, made, at });
    }

    /// What was made of it, once: asked for again after that, it is asked for anew. What nobody came for within a day is not
    /// taken for the answer to another day's request.
    pub(crate) fn collect(&self, who: &Asker, request: &OwnedRequest, now: Time) -> Option<Made> {
        let filled = self.find(who, request);
        let request = filled.as_ref().unwrap_or(request);
        let answered = self.answered.take(|one| one.agent == who.agent && one.request == *request)?;
        (now.saturating_sub(answered.at) <= KEYS_ARE_KEPT).then_some(answered.made)
    }
}
