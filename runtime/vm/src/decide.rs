//! The order of a decision. The first reason to deny is the one that is given.

use crate::{
    dispatch::Key,
    policy::Policy,
    program::{Arm, Callable, Span},
    run::Frame,
};
use agentpol_abi::{Malformed, decode::split_selector};
use agentpol_model::{
    U256,
    decision::{Denied, DenyCode, Granted, GrantedAction},
    effect::Effects,
    ids::RuleId,
    request::{Action, Kind, Request},
};

/// What deciding needs to write on. Kept by the caller, so that once it has grown nothing is allocated.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    granted: Granted,
    matching: Vec<u32>,
    undefined: Vec<u32>,
    steps: u64,
}

impl Scratch {
    /// For decisions of this policy.
    pub fn new(policy: &Policy) -> Self {
        let most = policy.most_arms();
        Self { matching: Vec::with_capacity(most), undefined: Vec::with_capacity(most), ..Self::default() }
    }

    /// What the last request was granted; empty if it was denied.
    pub fn granted(&self) -> &Granted {
        &self.granted
    }

    /// The steps of the last decision: at most [`Policy::max_steps`] for each action.
    pub fn steps(&self) -> u64 {
        self.steps
    }
}

/// Why one action is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: DenyCode,
    pub(crate) rule: Option<RuleId>,
    pub(crate) offset: Option<u32>,
}

impl Fault {
    fn of_request(code: DenyCode) -> Self {
        Self { code, rule: None, offset: None }
    }

    fn of_rule(code: DenyCode, rule: RuleId) -> Self {
        Self { code, rule: Some(rule), offset: None }
    }

    fn malformed(fault: Malformed) -> Self {
        Self { code: DenyCode::Malformed, rule: None, offset: Some(fault.offset) }
    }

    fn in_action(self, action: usize) -> Denied {
        let Self { code, rule, offset } = self;
        Denied { code, rule, action: u16::try_from(action).unwrap_or(u16::MAX), offset }
    }
}

impl Policy {
    /// What the rules say of a request. If they grant it, what is granted stands in the scratch.
    pub fn decide(&self, request: &Request<'_>, scratch: &mut Scratch) -> Result<(), Denied> {
        scratch.steps = 0;
        let decided = self.decide_all(request, scratch);
        if decided.is_err() {
            scratch.granted.actions.clear();
        }
        decided
    }

    fn decide_all(&self, request: &Request<'_>, scratch: &mut Scratch) -> Result<(), Denied> {
        self.admit(request).map_err(|fault| fault.in_action(0))?;
        scratch.granted.actions.truncate(request.actions.len());
        for (n, action) in request.actions.iter().enumerate() {
            self.judge(n, request, action, scratch).map_err(|fault| fault.in_action(n))?;
        }
        Ok(())
    }

    /// What holds for the request as a whole.
    fn admit(&self, request: &Request<'_>) -> Result<(), Fault> {
        if request.wallet != self.wallet() {
            return Err(Fault::of_request(DenyCode::WrongWallet));
        }
        if !self.is_chain(request.chain) {
            return Err(Fault::of_request(DenyCode::WrongChain));
        }
        if request.actions.is_empty() {
            return Err(Fault::of_request(DenyCode::NoRule));
        }
        Ok(())
    }

    fn judge(
        &self,
        n: usize,
        request: &Request<'_>,
        action: &Action<'_>,
        scratch: &mut Scratch,
    ) -> Result<(), Fault> {
        let (callable, frame) = self.enter(request, action)?;
        self.forbid(&callable.denies(), &frame, &mut scratch.steps)?;
        let arm = self.grant(&callable.grants(), &frame, scratch)?;
        for (code, holds) in [(DenyCode::Opaque, callable.opaque), (DenyCode::Upgrade, callable.controls)] {
            if holds && !arm.lifts(code) {
                return Err(Fault::of_rule(code, arm.rule));
            }
        }
        let Scratch { granted, steps, .. } = scratch;
        if granted.actions.len() <= n {
            let fresh =
                GrantedAction { rule: arm.rule, effects: Effects::new(), charges: Default::default() };
            granted.actions.push(fresh);
        }
        let Some(granted) = granted.actions.get_mut(n) else {
            return Err(Fault::of_request(DenyCode::NoRule));
        };
        granted.rule = arm.rule;
        granted.effects.clear();
        granted.charges.clear();
        self.effects(callable, arm, &frame, steps, &mut granted.effects)?;
        let charges = self.charges(&arm.charges, &frame, steps, &mut granted.charges);
        charges.map_err(|code| Fault::of_rule(code, arm.rule))
    }

    /// Finds what is called and reads every byte of the calldata.
    pub(crate) fn enter<'a>(
        &'a self,
        request: &'a Request<'a>,
        action: &'a Action<'a>,
    ) -> Result<(&'a Callable, Frame<'a>), Fault> {
        let malformed = Fault { code: DenyCode::Malformed, rule: None, offset: Some(0) };
        let (callable, args) = match action.kind {
            // What carries calldata is no `send`.
            Kind::Send if !action.data.is_empty() => return Err(malformed),
            Kind::Send => (self.send(request.chain).ok_or(Fault::of_request(DenyCode::NoRule))?, &[][..]),
            Kind::Call => {
                let (selector, args) = split_selector(action.data).map_err(Fault::malformed)?;
                let key = Key { chain: request.chain, target: action.to, selector };
                (self.call(&key).map_err(Fault::of_request)?, args)
            }
            Kind::Delegatecall
            | Kind::Sign
            | Kind::Message
            | Kind::Deploy
            | Kind::Authorize
            | Kind::Command => {
                return Err(Fault::of_request(DenyCode::UnsupportedKind));
            }
        };
        let layout = self.layout(callable).ok_or(malformed)?;
        let args = layout.check(args).map_err(|fault| Fault::malformed(fault.in_calldata()))?;
        if !callable.payable && action.value != U256::ZERO {
            return Err(Fault::of_request(DenyCode::NotPayable));
        }
        Ok((callable, Frame { program: &self.program, request, action, args }))
    }

    pub(crate) fn arms(&self, span: &Span) -> &[Arm] {
        self.program.arms.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    fn forbid(&self, denies: &Span, frame: &Frame<'_>, steps: &mut u64) -> Result<(), Fault> {
        for arm in self.arms(denies) {
            match frame.run(&arm.code, steps, &mut ()) {
                Some(false) => {}
                Some(true) => return Err(Fault::of_rule(DenyCode::DeniedByRule, arm.rule)),
                None => return Err(Fault::of_rule(DenyCode::Undefined, arm.rule)),
            }
        }
        Ok(())
    }

    /// The one grant that is left.
    fn grant(&self, grants: &Span, frame: &Frame<'_>, scratch: &mut Scratch) -> Result<&Arm, Fault> {
        let Scratch { matching, undefined, steps, .. } = scratch;
        matching.clear();
        undefined.clear();
        let arms = self.arms(grants);
        for (n, arm) in (0u32..).zip(arms) {
            match frame.run(&arm.code, steps, &mut ()) {
                Some(false) => {}
                Some(true) => matching.push(n),
                None => undefined.push(n),
            }
        }
        let arm = |n: &u32| arms.get(*n as usize);
        let outranks = |upper: &u32, lower: &u32| match (arm(upper), arm(lower)) {
            (Some(upper), Some(lower)) => self.is_over(upper.rule, lower.rule),
            _ => false,
        };
        let unclear = undefined.iter().find(|upper| matching.iter().any(|lower| outranks(upper, lower)));
        if let Some(unclear) = unclear.and_then(arm) {
            return Err(Fault::of_rule(DenyCode::Undefined, unclear.rule));
        }
        if let [one] = matching.as_slice() {
            return arm(one).ok_or(Fault::of_request(DenyCode::NoRule));
        }
        let mut left = matching.iter().filter(|lower| !matching.iter().any(|upper| outranks(upper, lower)));
        match (left.next().and_then(arm), left.next()) {
            (None, _) => Err(Fault::of_request(DenyCode::NoRule)),
            (Some(only), None) => Ok(only),
            (Some(_), Some(_)) => Err(Fault::of_request(DenyCode::Ambiguous)),
        }
    }
}
