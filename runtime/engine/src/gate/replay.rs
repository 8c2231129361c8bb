//! Every decision of a log, decided once more: by the policy that was bound then, at that time, on the ledger as it was.

use super::{
    books::Books,
    deciding::{Asked, Closed, close, judge},
};
use crate::{history::Decided, ledger::Slot};
use agentpol_ethereum::{Completion, OwnedRequest};

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Decisions of the log.
    pub decisions: u64,
    /// Of these, those whose request is not in the log.
    pub unwritten: u64,
    /// Those that came out otherwise.
    pub differences: Vec<Difference>,
}

/// A decision that comes out otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where it stands in the log, counted from one.
    pub entry: u64,
    /// What the log says.
    pub recorded: String,
    /// What is decided now.
    pub decided: String,
}

/// Decides once more what is about to take effect. The decision, and what the ledger was asked for it, must be the same to the letter.
pub(super) fn compare(replayed: &mut Replayed, entry: u64, books: &mut Books, decided: &Decided) {
    replayed.decisions = replayed.decisions.saturating_add(1);
    let recorded = said(decided.decision.get(), decided);
    match again(books, decided) {
        None => replayed.unwritten = replayed.unwritten.saturating_add(1),
        Some(decided) if decided != recorded => {
            replayed.differences.push(Difference { entry, recorded, decided });
        }
        Some(_) => {}
    }
}

/// `None` if the log does not say what was asked.
fn again(books: &mut Books, decided: &Decided) -> Option<String> {
    let text = decided.request.as_ref()?;
    let request = match agentpol_ethereum::read(text.get()) {
        Ok(request) => request,
        Err(refusal) => return Some(refusal.to_string()),
    };
    let id = request.id().cloned();
    let approvals = match books.approvals_again(decided) {
        Ok(approvals) => approvals,
        Err(_) => return Some("its approvals are not of what was asked".to_owned()),
    };
    let asked = Asked {
        agent: decided.agent.as_deref(),
        now: decided.at,
        key: None,
        approvals: (!approvals.is_empty()).then_some(&approvals),
    };
    let (decision, charge) = match close(books, with_nonce(request, decided), &asked) {
        Ok(closed) => {
            let has_our_nonce = decided.charge.as_ref().is_some_and(|charge| charge.asked.is_some());
            judge(books, &Closed { has_our_nonce, ..closed }, &asked, Books::would_judge)
        }
        Err(decision) => (*decision, None),
    };
    let decision = decision.named(id.as_ref());
    let charge = charge.map(|charge| serde_json::to_string(&charge).unwrap_or_default());
    Some(format!("{} {}", serde_json::to_string(&decision).unwrap_or_default(), charge.unwrap_or_default()))
}

fn said(decision: &str, decided: &Decided) -> String {
    let charge = decided.charge.as_ref().map(|charge| serde_json::to_string(charge).unwrap_or_default());
    format!("{decision} {}", charge.unwrap_or_default())
}

/// What waits for approval is written down without the nonce it was judged with.
fn with_nonce(request: OwnedRequest, decided: &Decided) -> OwnedRequest {
    let slot = decided.charge.as_ref().map(|charge| charge.slot);
    match (request.open_fields().as_slice(), slot) {
        (["nonce"], Some(Slot::Transaction { nonce, .. })) => {
            let fill = Completion { nonce, gas_limit: 0, max_fee_per_gas: 0, max_priority_fee_per_gas: 0 };
            request.clone().complete(&fill).unwrap_or(request)
        }
        _ => request,
    }
}
