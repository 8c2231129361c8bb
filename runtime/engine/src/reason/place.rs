//! Where in a request: which action, and which of those inside it.

use crate::load::Policy;
use agentpol_bytecode::Callable;
use agentpol_model::{
    B256, ChainId,
    policy::Function,
    request::{Action, DOMAIN_BYTES, Kind, TYPE_HASH_BYTES},
};

/// `inner 2.1` is the first of those inside the second of those inside the only action; `action 3, inner 2` the second inside
/// the third. Nothing of the only action itself.
pub(super) fn words(path: &[u16], actions: usize) -> Option<String> {
    let (outer, inner) = path.split_first()?;
    let inner: Vec<String> = inner.iter().map(u16::to_string).collect();
    let inner = (!inner.is_empty()).then(|| format!("inner {}", inner.join(".")));
    match (actions > 1, inner) {
        (false, inner) => inner,
        (true, None) => Some(format!("action {outer}")),
        (true, Some(inner)) => Some(format!("action {outer}, {inner}")),
    }
}

/// The type hash of typed data.
pub(super) fn type_hash(action: &Action<'_>) -> Option<B256> {
    let (hash, _) = action.data.get(DOMAIN_BYTES..)?.split_first_chunk::<TYPE_HASH_BYTES>()?;
    Some(B256::from(*hash))
}

/// What stands before the arguments.
pub(super) fn prefix(kind: Kind) -> usize {
    match kind {
        Kind::Call | Kind::Delegatecall | Kind::Message => 4,
        Kind::Sign => DOMAIN_BYTES.saturating_add(TYPE_HASH_BYTES),
        Kind::Send | Kind::Deploy | Kind::Authorize | Kind::Command => 0,
    }
}

impl Policy {
    /// What the policy knows by that name there, with its function.
    pub(super) fn callable_of(
        &self,
        chain: ChainId,
        action: &Action<'_>,
    ) -> Option<(&Callable, Option<&Function>)> {
        let module = self.module();
        let here = module.callables.iter().filter(|callable| {
            let target = callable.target.map(|target| self.rules().address(target));
            callable.kind == action.kind
                && callable.chain == chain
                && target.is_none_or(|target| target == Some(action.to))
        });
        let mut known = here.map(|callable| {
            (callable, callable.function.and_then(|function| module.functions.get(function.index())))
        });
        known.find(|(callable, function)| match action.kind {
            Kind::Call | Kind::Delegatecall | Kind::Message => {
                let selector = action.data.first_chunk::<4>();
                selector.is_some_and(|selector| function.is_some_and(|f| f.selector == *selector))
            }
            Kind::Command => function.is_some_and(|f| f.selector == action.command),
            Kind::Sign => {
                let hash = type_hash(action);
                callable.typed.as_ref().is_some_and(|typed| Some(typed.type_hash) == hash)
            }
            Kind::Send | Kind::Deploy | Kind::Authorize => true,
        })
    }

    /// `Router.swap`
    pub(super) fn called(&self, chain: ChainId, action: &Action<'_>) -> Option<String> {
        let (callable, function) = self.callable_of(chain, action)?;
        let function = function?;
        match callable.contract.as_str() {
            "" => Some(function.name.clone()),
            contract => Some(format!("{contract}.{}", function.name)),
        }
    }
}
