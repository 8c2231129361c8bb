//! What the gate understands of an action, without judging it.

use super::{Bound, Callable, RuleSet, decide::Reason, eval::Scope, look_up::read};
use agentpol_abi::{Malformed, Value};
use agentpol_model::{
    Address, U256,
    decision::DenyCode,
    effect::Effect,
    ids::CallableId,
    request::{Action, Kind, MAX_ACTIONS, MAX_DEPTH, Request},
};
use agentpol_unwrap::{Fault, Tree, each};

/// An action that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Understood<'r> {
    /// What it is about; nothing for what the policy says nothing of (`send`, a text).
    pub callable: Option<(CallableId, &'r Callable)>,
    /// Its arguments.
    pub args: Vec<Value>,
    /// What it does, in the order of the interface. What cannot be worked out has its reason instead.
    pub effects: Vec<Result<Effect, DenyCode>>,
    /// What is inside it, in the order in which it would run.
    pub inner: Vec<Inside<'r>>,
}

/// An action inside another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside<'r> {
    /// What kind of thing.
    pub kind: Kind,
    /// Who acts.
    pub from: Address,
    /// The contract or recipient.
    pub to: Address,
    /// Wei.
    pub value: U256,
    /// Which command, of a command.
    pub command: [u8; 4],
    /// Undecoded.
    pub data: Vec<u8>,
    /// Does the wrapper go on with the rest if it fails?
    pub may_fail: bool,
    /// What is understood of it.
    pub understood: Result<Understood<'r>, NotUnderstood>,
}

impl Inside<'_> {
    /// As an action.
    pub fn action(&self) -> Action<'_> {
        let Self { kind, from, to, value, command, ref data, .. } = *self;
        Action { kind, from, to, value, command, data }
    }
}

/// An action that was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotUnderstood {
    /// Why.
    pub code: DenyCode,
    /// Where in the data, and why it is not the one encoding of the arguments.
    pub malformed: Option<Malformed>,
}

impl From<Reason> for NotUnderstood {
    fn from(reason: Reason) -> Self {
        let malformed = reason.offset.zip(reason.cause).map(|(offset, cause)| Malformed { offset, cause });
        Self { code: reason.code, malformed }
    }
}

impl From<DenyCode> for NotUnderstood {
    fn from(code: DenyCode) -> Self {
        Self { code, malformed: None }
    }
}

impl From<Fault> for NotUnderstood {
    fn from(fault: Fault) -> Self {
        fault.code().into()
    }
}

impl RuleSet {
    /// Looks an action up and reads every byte of it, and of what is inside it. No rule is asked. A wrapper that cannot be opened is not
    /// understood; of one that can be, each action inside it is understood or not by itself.
    pub fn understand(
        &self,
        request: &Request<'_>,
        action: &Action<'_>,
        bound: &Bound,
    ) -> Result<Understood<'_>, NotUnderstood> {
        if !self.chains.iter().any(|chain| chain.id == request.chain) {
            return Err(DenyCode::WrongChain.into());
        }
        Reader { rules: self, request, bound, met: 0 }.action(action, 1)
    }
}

struct Reader<'r, 'a> {
    rules: &'r RuleSet,
    request: &'a Request<'a>,
    bound: &'a Bound,
    /// Actions met so far.
    met: usize,
}

impl<'r> Reader<'r, '_> {
    fn action(&mut self, action: &Action<'_>, level: usize) -> Result<Understood<'r>, NotUnderstood> {
        if level > MAX_DEPTH || self.met >= MAX_ACTIONS {
            return Err(DenyCode::TooMuch.into());
        }
        self.met = self.met.saturating_add(1);
        let (rules, request, bound) = (self.rules, self.request, self.bound);
        let Some((id, callable)) = rules.look_up(request, action, bound)? else {
            return Ok(Understood {
                callable: None,
                args: Vec::new(),
                effects: Vec::new(),
                inner: Vec::new(),
            });
        };
        // That value may not go along is for the rules to say; what it is, is understood.
        let args = read(callable, &Action { value: U256::ZERO, ..*action })?;
        let scope = Scope { rules, request, action, args: &args, bound };
        let effects =
            callable.effects.iter().filter_map(|spec| rules.resolve(spec, &scope).transpose()).collect();
        let mut inner = Vec::new();
        each(&callable.unwraps, action, &Tree(&args), |inside| {
            let Action { kind, from, to, value, command, data } = inside.action;
            let understood = self.action(&inside.action, level.saturating_add(1));
            let (data, may_fail) = (data.to_vec(), inside.may_fail);
            inner.push(Inside { kind, from, to, value, command, data, may_fail, understood });
            Ok::<_, NotUnderstood>(())
        })?;
        Ok(Understood { callable: Some((id, callable)), args, effects, inner })
    }
}
