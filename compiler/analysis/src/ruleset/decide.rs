//! The reference: what a request comes to. Every other evaluator is held against this one.
//!
//! It is written in the order in which things are decided; where two reasons to deny apply, the first one here is given.
//!
//! 1. A request without actions, or for another wallet, is denied; so is one on a chain that the policy does not name.
//! 2. Its actions are judged one after the other, what is inside a wrapper right behind the wrapper; the first that is denied denies
//!    the request. What nests too deep, or holds too many actions, is not read to its end.
//! 3. What an action is about is looked up, and every byte of its data is read. Typed data must be for the domain that its contract is
//!    declared with; value goes along only where it is taken.
//! 4. `deny` rules, in the order of the source: the first that matches, or that cannot be told, denies.
//! 5. What the interface `requires` must hold.
//! 6. Grants: one must be left once those that another one outranks are gone, or none, but never two.
//! 7. A wrapper is opened, which it must be possible to do in one way only. It needs no grant unless it does something of its own or
//!    lets a part of it fail; everything else does.
//! 8. Risks that the rule does not accept are refused: that a part may fail, that nobody declared what else it does, that it changes
//!    who controls a contract, that somebody else than the wallet acts. Control of the wallet's assets is for the trusted only.
//! 9. What it does is worked out effect by effect, and refused if a built-in refusal says so; then come the rule's own charges.
//! 10. Then each action inside it, as if it stood alone; but it may fail where the wrapper lets it, and so may all inside it.
//! 11. A request of wrappers around nothing is no request: it is denied.

use super::{Bound, Callable, Rule, RuleSet, Verb, effects::Grant, eval::Scope, look_up::read, once::once};
use agentpol_abi::{Cause, Malformed};
use agentpol_model::{
    decision::{Denied, DenyCode, Granted, Ruling},
    ids::{CallableId, RuleId},
    request::{Action, MAX_ACTIONS, MAX_DEPTH, Request},
};
use agentpol_unwrap::{Fault, Tree, each, summary};

/// Why one action is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    pub(super) code: DenyCode,
    pub(super) rule: Option<RuleId>,
    pub(super) offset: Option<u32>,
    /// What is wrong at the offset, where it is the encoding of arguments.
    pub(super) cause: Option<Cause>,
}

impl Reason {
    pub(super) fn of_request(code: DenyCode) -> Self {
        Self { code, rule: None, offset: None, cause: None }
    }

    pub(super) fn of_rule(code: DenyCode, rule: RuleId) -> Self {
        Self { rule: Some(rule), ..Self::of_request(code) }
    }

    pub(super) fn malformed(offset: u32) -> Self {
        Self { offset: Some(offset), ..Self::of_request(DenyCode::Malformed) }
    }

    fn in_action(self, action: usize) -> Denied {
        let Self { code, rule, offset, .. } = self;
        Denied { code, rule, action: u16::try_from(action).unwrap_or(u16::MAX), offset }
    }
}

impl From<Malformed> for Reason {
    fn from(fault: Malformed) -> Self {
        Self { cause: Some(fault.cause), ..Self::malformed(fault.offset) }
    }
}

impl From<Fault> for Reason {
    fn from(fault: Fault) -> Self {
        Self { offset: fault.offset(), ..Self::of_request(fault.code()) }
    }
}

impl RuleSet {
    /// What the rules say of a request. See the [module](self) for the order of things.
    pub fn decide(&self, request: &Request<'_>, bound: &Bound) -> Ruling {
        let deny = |code| Err(Reason::of_request(code).in_action(0));
        if request.wallet != bound.wallet() {
            return deny(DenyCode::WrongWallet);
        }
        if !self.chains.iter().any(|chain| chain.id == request.chain) {
            return deny(DenyCode::WrongChain);
        }
        if request.actions.is_empty() {
            return deny(DenyCode::NoRule);
        }
        let granted = Granted { actions: Vec::new(), once: request.envelope.once };
        let mut judge = Judge { rules: self, request, bound, granted, met: 0 };
        for action in request.actions {
            judge.action(action, Place { level: 1, may_fail: false })?;
        }
        if judge.granted.actions.is_empty() {
            return deny(DenyCode::NoRule);
        }
        Ok(judge.granted)
    }

    /// The rules in the order of the source.
    pub fn rules_by_id(&self) -> impl Iterator<Item = (RuleId, &Rule)> {
        (0..).map(RuleId::new).zip(&self.rules)
    }
}

/// A decision under way.
struct Judge<'a> {
    rules: &'a RuleSet,
    request: &'a Request<'a>,
    bound: &'a Bound,
    /// So far.
    granted: Granted,
    /// Actions met so far, wrappers and what is inside them counted alike.
    met: usize,
}

/// Where an action stands.
#[derive(Clone, Copy)]
struct Place {
    /// How deep, the outermost being 1.
    level: usize,
    /// In a part that may fail while the request succeeds?
    may_fail: bool,
}

/// Why going through a wrapper ends.
enum Stop {
    /// Something inside is denied.
    Inside(Denied),
    /// The wrapper itself cannot be read. [`summary`] has seen to it that this does not happen any more.
    Here(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Stop::Here(fault)
    }
}

impl Judge<'_> {
    /// An action, and all that is inside it.
    fn action(&mut self, action: &Action<'_>, place: Place) -> Result<(), Denied> {
        let number = self.met;
        let here = |reason: Reason| reason.in_action(number);
        if place.level > MAX_DEPTH || number >= MAX_ACTIONS {
            return Err(here(Reason::of_request(DenyCode::TooMuch)));
        }
        self.met = number.saturating_add(1);
        let (rules, request, bound) = (self.rules, self.request, self.bound);
        let found = rules.look_up(request, action, bound).map_err(here)?;
        let (id, callable) = found.ok_or(here(Reason::of_request(DenyCode::NoRule)))?;
        let args = read(callable, action).map_err(here)?;
        let scope = Scope { rules, request, action, args: &args, bound };
        self.alone(id, callable, &scope, place).map_err(here)?;
        if number == 0 {
            self.granted.once = once(callable, &scope).map_err(here)?;
        }
        let inside = each(&callable.unwraps, action, &Tree(&args), |inner| {
            let level = place.level.saturating_add(1);
            let inside = Place { level, may_fail: place.may_fail || inner.may_fail };
            self.action(&inner.action, inside).map_err(Stop::Inside)
        });
        inside.map_err(|stop| match stop {
            Stop::Inside(denied) => denied,
            Stop::Here(fault) => here(fault.into()),
        })
    }

    /// An action without what is inside it.
    fn alone(
        &mut self,
        id: CallableId,
        callable: &Callable,
        scope: &Scope<'_>,
        Place { may_fail, .. }: Place,
    ) -> Result<(), Reason> {
        let deny = |code| Err(Reason::of_request(code));
        self.rules.forbid(id, scope)?;
        if scope.holds(&callable.requires) != Some(true) {
            return deny(DenyCode::Requirement);
        }
        let rule = self.rules.grant(id, scope)?;
        let inside = summary(&callable.unwraps, scope.action, &Tree(scope.args))?;
        match rule {
            Some(rule) => {
                let grant = Grant { callable, id, rule, lets_fail: inside.may_fail, may_fail };
                self.granted.actions.push(self.rules.carry_out(&grant, scope)?);
                Ok(())
            }
            None if !callable.is_wrapper() => deny(DenyCode::NoRule),
            None => match self.rules.does_something(callable, scope) {
                Err(code) => deny(code),
                Ok(true) => deny(DenyCode::NoRule),
                Ok(false) if inside.may_fail => deny(DenyCode::AllowFailure),
                Ok(false) => Ok(()),
            },
        }
    }
}

impl RuleSet {
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

    /// The one grant that is left, if one is.
    fn grant(&self, callable: CallableId, scope: &Scope<'_>) -> Result<Option<RuleId>, Reason> {
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
            (rule, None) => Ok(rule),
            (_, Some(_)) => Err(Reason::of_request(DenyCode::Ambiguous)),
        }
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
