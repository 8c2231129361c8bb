//! What excludes that a request is used twice.

use super::{Callable, decide::Reason, eval::Scope};
use agentpol_model::{
    Address,
    decision::DenyCode,
    request::{Kind, Once},
};
use alloy_primitives::keccak256;

/// For the outermost action: of typed data what its contract uses up (`once per … until …`), or, where nothing is declared, only that it
/// is the same; of a text that it is the same. Of everything else what the envelope says.
pub(super) fn once(callable: &Callable, scope: &Scope<'_>) -> Result<Option<Once>, Reason> {
    let undefined = Reason::of_request(DenyCode::Undefined);
    let same = keccak256(scope.action.data);
    match (scope.action.kind, &callable.typed) {
        (Kind::Sign, Some(typed)) => {
            let words: Option<Vec<_>> = typed.once_per.iter().map(|word| scope.word(word)).collect();
            let words = words.ok_or(undefined)?;
            let id = if words.is_empty() { same } else { typed.once_id(words) };
            let until = match &typed.until {
                None => None,
                Some(until) => Some(scope.word(until).ok_or(undefined)?.saturating_to()),
            };
            Ok(Some(Once { contract: scope.action.to, id, until }))
        }
        (Kind::Message, _) => Ok(Some(Once { contract: Address::ZERO, id: same, until: None })),
        _ => Ok(scope.request.envelope.once),
    }
}
