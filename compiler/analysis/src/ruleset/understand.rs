//! What the gate understands of an action, without judging it.

use super::{Bound, Callable, RuleSet, decide::Reason, eval::Scope};
use agentpol_abi::{Malformed, Value, decode, decode::split_selector};
use agentpol_model::{
    decision::DenyCode,
    effect::Effect,
    ids::CallableId,
    request::{Action, Request},
};

/// An action that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Understood<'r> {
    /// What it calls; nothing for a `send` of which the policy says nothing.
    pub callable: Option<(CallableId, &'r Callable)>,
    /// Its arguments.
    pub args: Vec<Value>,
    /// What it does, in the order of the interface. What cannot be worked out has its reason instead.
    pub effects: Vec<Result<Effect, DenyCode>>,
}

/// An action that was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotUnderstood {
    /// Why.
    pub code: DenyCode,
    /// Where in the calldata, and why it is not the one encoding of the arguments.
    pub malformed: Option<Malformed>,
}

impl RuleSet {
    /// Looks an action up and reads every byte of it. No rule is asked.
    pub fn understand(
        &self,
        request: &Request<'_>,
        action: &Action<'_>,
        bound: &Bound,
    ) -> Result<Understood<'_>, NotUnderstood> {
        if !self.chains.iter().any(|chain| chain.id == request.chain) {
            return Err(NotUnderstood { code: DenyCode::WrongChain, malformed: None });
        }
        let failed = |reason: Reason| {
            let malformed = split_selector(action.data).err().filter(|_| reason.code == DenyCode::Malformed);
            NotUnderstood { code: reason.code, malformed }
        };
        let Some((id, callable)) = self.look_up(request, action, bound).map_err(failed)? else {
            return Ok(Understood { callable: None, args: Vec::new(), effects: Vec::new() });
        };
        let mut args = Vec::new();
        if let Some(function) = &callable.function {
            let fault =
                |fault: Malformed| NotUnderstood { code: DenyCode::Malformed, malformed: Some(fault) };
            let (_, bytes) = split_selector(action.data).map_err(fault)?;
            args = decode(&function.inputs, bytes).map_err(|e| fault(e.in_calldata()))?;
        }
        let scope = Scope { rules: self, request, action, args: &args, bound };
        let effects =
            callable.effects.iter().filter_map(|spec| self.resolve(spec, &scope).transpose()).collect();
        Ok(Understood { callable: Some((id, callable)), args, effects })
    }
}
