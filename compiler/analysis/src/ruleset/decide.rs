//! The reference: what a request comes to. Every other evaluator is held against this one.
//!
//! It is written in the order in which things are decided; where two reasons to deny apply, the first one here is given.
//!
//! 1. A request without actions, or for another wallet, is denied; so is one on a chain that the policy does not name.
//! 2. Its actions are judged one after the other; the first that is denied denies the request.
//! 3. What is called is looked up, and every byte of the calldata is read.
//! 4. `deny` rules, in the order of the source: the first that matches, or that cannot be told, denies.
//! 5. Grants: exactly one must be left once those that another one outranks are gone.
//! 6. What the call does is worked out effect by effect, and refused if a built-in refusal says so.

use super::{Bound, Callable, Function, Rule, RuleSet, Verb, eval::Scope};
use agentpol_abi::{Value, decode, decode::split_selector};
use agentpol_model::{
    U256,
    decision::{Denied, DenyCode, Granted, GrantedAction, Ruling},
    ids::{CallableId, RuleId},
    request::{Action, Kind, Request},
};

/// Why one action is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    pub(super) code: DenyCode,
    pub(super) rule: Option<RuleId>,
    pub(super) offset: Option<u32>,
}

impl Reason {
    fn of_request(code: DenyCode) -> Self {
        Self { code, rule: None, offset: None }
    }

    fn malformed(offset: u32) -> Self {
        Self { code: DenyCode::Malformed, rule: None, offset: Some(offset) }
    }

    pub(super) fn of_rule(code: DenyCode, rule: RuleId) -> Self {
        Self { code, rule: Some(rule), offset: None }
    }

    fn in_action(self, action: usize) -> Denied {
        let Self { code, rule, offset } = self;
        Denied { code, rule, action: u16::try_from(action).unwrap_or(u16::MAX), offset }
    }
}

impl RuleSet {
    /// What the rules say of a request. See the [module](self) for the order of things.
    pub fn decide(&self, request: &Request<'_>, bound: &Bound) -> Ruling {
        if request.wallet != bound.wallet() {
            return Err(Reason::of_request(DenyCode::WrongWallet).in_action(0));
        }
        if !self.chains.iter().any(|chain| chain.id == request.chain) {
            return Err(Reason::of_request(DenyCode::WrongChain).in_action(0));
        }
        if request.actions.is_empty() {
            return Err(Reason::of_request(DenyCode::NoRule).in_action(0));
        }
        let mut granted = Granted::default();
        for (n, action) in request.actions.iter().enumerate() {
            let judged = self.judge(request, action, bound);
            granted.actions.push(judged.map_err(|reason| reason.in_action(n))?);
        }
        Ok(granted)
    }

    fn judge(
        &self,
        request: &Request<'_>,
        action: &Action<'_>,
        bound: &Bound,
    ) -> Result<GrantedAction, Reason> {
        let Some((id, callable)) = self.look_up(request, action, bound)? else {
            return Err(Reason::of_request(DenyCode::NoRule));
        };
        let args = read(callable.function.as_ref(), action)?;
        let scope = Scope { rules: self, request, action, args: &args, bound };
        self.forbid(id, &scope)?;
        let rule = self.grant(id, &scope)?;
        self.carry_out(callable, id, rule, &scope)
    }

    /// What is called. A `send` goes to anybody, so there may be nothing to find, but nothing is unknown either.
    pub(super) fn look_up(
        &self,
        request: &Request<'_>,
        action: &Action<'_>,
        bound: &Bound,
    ) -> Result<Option<(CallableId, &Callable)>, Reason> {
        let mut candidates = (0..).map(CallableId::new).zip(&self.callables).filter(|(_, callable)| {
            let here = callable.target.is_none_or(|target| bound.address(target) == Some(action.to));
            callable.kind == action.kind && callable.chain == request.chain && here
        });
        match action.kind {
            // What carries calldata is no `send`.
            Kind::Send if !action.data.is_empty() => Err(Reason::malformed(0)),
            Kind::Send => Ok(candidates.next()),
            Kind::Call => {
                let (selector, _) =
                    split_selector(action.data).map_err(|fault| Reason::malformed(fault.offset))?;
                let mut candidates = candidates.peekable();
                candidates.peek().ok_or(Reason::of_request(DenyCode::UnknownContract))?;
                candidates
                    .find(|(_, callable)| callable.function.as_ref().is_some_and(|f| f.selector == selector))
                    .ok_or(Reason::of_request(DenyCode::UnknownFunction))
                    .map(Some)
            }
            Kind::Delegatecall
            | Kind::Sign
            | Kind::Message
            | Kind::Deploy
            | Kind::Authorize
            | Kind::Command => Err(Reason::of_request(DenyCode::UnsupportedKind)),
        }
    }

    fn forbid(&self, callable: CallableId, scope: &Scope<'_>) -> Result<(), Reason> {
        for (id, rule) in self.rules_by_id().filter(|(_, rule)| rule.verb == Verb::Deny) {
            match rule.matches(callable, scope) {
                Some(false) => {}
                Some(true) => return Err(Reason::of_rule(DenyCode::DeniedByRule, id)),
                None => return Err(Reason::of_rule(DenyCode::Undefined, id)),
            }
        }
        Ok(())
    }

    /// The one grant that is left.
    fn grant(&self, callable: CallableId, scope: &Scope<'_>) -> Result<RuleId, Reason> {
        let (mut matching, mut undefined) = (Vec::new(), Vec::new());
        for (id, rule) in self.rules_by_id().filter(|(_, rule)| rule.verb != Verb::Deny) {
            match rule.matches(callable, scope) {
                Some(false) => {}
                Some(true) => matching.push((id, rule)),
                None => undefined.push((id, rule)),
            }
        }
        let outranks_a_match = |rule: &Rule| matching.iter().any(|(id, _)| rule.over.contains(id));
        if let Some((id, _)) = undefined.iter().find(|(_, rule)| outranks_a_match(rule)) {
            return Err(Reason::of_rule(DenyCode::Undefined, *id));
        }
        let is_outranked = |id: RuleId| matching.iter().any(|(_, rule)| rule.over.contains(&id));
        let mut left = matching.iter().map(|(id, _)| *id).filter(|id| !is_outranked(*id));
        match (left.next(), left.next()) {
            (None, _) => Err(Reason::of_request(DenyCode::NoRule)),
            (Some(rule), None) => Ok(rule),
            (Some(_), Some(_)) => Err(Reason::of_request(DenyCode::Ambiguous)),
        }
    }

    /// The rules in the order of the source.
    pub fn rules_by_id(&self) -> impl Iterator<Item = (RuleId, &Rule)> {
        (0..).map(RuleId::new).zip(&self.rules)
    }
}

impl Rule {
    /// Clauses go left to right and stop at the first that fails. A rule that does not speak of this callable does not match.
    fn matches(&self, callable: CallableId, scope: &Scope<'_>) -> Option<bool> {
        for arm in self.arms.iter().filter(|arm| arm.callable == callable) {
            let mut all = true;
            for clause in &arm.clauses {
                if !scope.holds(&clause.formula)? {
                    all = false;
                    break;
                }
            }
            if all {
                return Some(true);
            }
        }
        Some(false)
    }
}

/// Every byte of the calldata, as the function's arguments. Then: may value go along?
fn read(function: Option<&Function>, action: &Action<'_>) -> Result<Vec<Value>, Reason> {
    let Some(function) = function else { return Ok(Vec::new()) };
    let (selector, args) = split_selector(action.data).map_err(|fault| Reason::malformed(fault.offset))?;
    let behind = u32::try_from(selector.len()).unwrap_or(u32::MAX);
    let args = decode(&function.inputs, args)
        .map_err(|fault| Reason::malformed(fault.offset.saturating_add(behind)))?;
    if !function.payable && action.value != U256::ZERO {
        return Err(Reason::of_request(DenyCode::NotPayable));
    }
    Ok(args)
}
