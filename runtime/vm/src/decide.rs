//! The order of a decision. The first reason to deny is the one that is given.

use crate::{
    policy::Policy,
    program::{Arm, Callable, Span, risk},
    run::Frame,
    special::Stop,
};
use agentpol_model::{
    Address,
    decision::{Denied, DenyCode, Granted, GrantedAction},
    effect::Effects,
    ids::RuleId,
    request::{Action, Kind, MAX_ACTIONS, MAX_DEPTH, Once, Request},
};
use agentpol_unwrap as unwrap;
use alloy_primitives::keccak256;

/// What deciding needs to write on. Kept by the caller, so that once it has grown nothing is allocated.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    pub(crate) granted: Granted,
    matching: Vec<u32>,
    undefined: Vec<u32>,
    pub(crate) steps: u64,
    /// Actions met so far, wrappers and what is inside them.
    met: usize,
    /// Actions granted so far.
    count: usize,
    /// Is the action at hand in a part that may fail while the request succeeds?
    may_fail: bool,
}

impl Scratch {
    /// For decisions of this policy.
    pub fn new(policy: &Policy) -> Self {
        let most = policy.most_arms();
        Self { matching: Vec::with_capacity(most), undefined: Vec::with_capacity(most), ..Self::default() }
    }

    /// What the last request was granted; nothing if it was denied.
    pub fn granted(&self) -> &Granted {
        &self.granted
    }

    /// The steps of the last decision, of all its actions together: at most [`Policy::max_steps`] for each, wrappers and
    /// what is inside them counted alike.
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
    pub(crate) fn of_request(code: DenyCode) -> Self {
        Self { code, rule: None, offset: None }
    }

    pub(crate) fn of_rule(code: DenyCode, rule: RuleId) -> Self {
        Self { code, rule: Some(rule), offset: None }
    }

    pub(crate) fn malformed(offset: u32) -> Self {
        Self { code: DenyCode::Malformed, rule: None, offset: Some(offset) }
    }

    pub(crate) fn in_action(self, action: usize) -> Denied {
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
            scratch.granted.once = None;
        }
        decided
    }

    fn decide_all(&self, request: &Request<'_>, scratch: &mut Scratch) -> Result<(), Denied> {
        (scratch.met, scratch.count, scratch.may_fail) = (0, 0, false);
        self.admit(request).map_err(|fault| fault.in_action(0))?;
        for action in request.actions {
            self.judge(request, action, 0, scratch)?;
        }
        // Wrappers around nothing.
        if scratch.count == 0 {
            return Err(Fault::of_request(DenyCode::NoRule).in_action(0));
        }
        scratch.granted.actions.truncate(scratch.count);
        match request.actions {
            // It was worked out with the arguments.
            [Action { kind: Kind::Sign, .. }, ..] => {}
            // No contract sees to it that a text is used once.
            [Action { kind: Kind::Message, data, .. }, ..] => {
                let id = keccak256(data);
                scratch.granted.once = Some(Once { contract: Address::ZERO, id, until: None });
            }
            _ => scratch.granted.once = request.envelope.once,
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

    /// One action, and then what is inside it.
    fn judge(
        &self,
        request: &Request<'_>,
        action: &Action<'_>,
        depth: usize,
        scratch: &mut Scratch,
    ) -> Result<(), Denied> {
        let n = scratch.met;
        if depth >= MAX_DEPTH || n >= MAX_ACTIONS {
            return Err(Fault::of_request(DenyCode::TooMuch).in_action(n));
        }
        scratch.met = n.saturating_add(1);
        let of_this = |fault: Fault| fault.in_action(n);
        let (callable, frame) = self.enter_here(request, action).map_err(of_this)?;
        self.forbid(&callable.denies(), &frame, &mut scratch.steps).map_err(of_this)?;
        match self.special(callable) {
            None => self.judge_plain(callable, &frame, scratch).map_err(of_this),
            Some(special) if special.unwraps.is_empty() => {
                self.judge_special(callable, special, &frame, n, scratch).map_err(of_this)
            }
            Some(wrapper) => {
                self.judge_wrapper(callable, wrapper, &frame, n, scratch).map_err(of_this)?;
                let outside = scratch.may_fail;
                let inside = unwrap::each(&wrapper.unwraps, action, &frame.args, |inner| {
                    scratch.may_fail = outside || inner.may_fail;
                    self.judge(request, &inner.action, depth.saturating_add(1), scratch).map_err(Stop::Denied)
                });
                scratch.may_fail = outside;
                inside.map_err(|stop| stop.in_action(n))
            }
        }
    }

    /// What most are.
    #[inline]
    fn judge_plain(
        &self,
        callable: &Callable,
        frame: &Frame<'_>,
        scratch: &mut Scratch,
    ) -> Result<(), Fault> {
        let arm = self
            .grant_here(&callable.grants(), frame, scratch)?
            .ok_or(Fault::of_request(DenyCode::NoRule))?;
        self.take_risks(callable, arm, frame)?;
        self.carry_out_here(callable, arm, frame, scratch)
    }

    /// Opaque, changes who controls a contract, or somebody else acts.
    #[inline]
    pub(crate) fn take_risks(&self, callable: &Callable, arm: &Arm, frame: &Frame<'_>) -> Result<(), Fault> {
        let foreign = is_foreign(frame);
        if callable.risks == 0 && !foreign {
            return Ok(());
        }
        for (code, holds) in [
            (DenyCode::Opaque, callable.risks & risk::OPAQUE != 0),
            (DenyCode::Upgrade, callable.risks & risk::UPGRADE != 0),
            (DenyCode::ForeignSender, foreign),
        ] {
            if holds && !arm.lifts(code) {
                return Err(Fault::of_rule(code, arm.rule));
            }
        }
        Ok(())
    }

    /// What it does and what is charged for it, as the next of what is granted.
    #[inline(never)]
    pub(crate) fn carry_out(
        &self,
        callable: &Callable,
        arm: &Arm,
        frame: &Frame<'_>,
        scratch: &mut Scratch,
    ) -> Result<(), Fault> {
        self.carry_out_here(callable, arm, frame, scratch)
    }

    /// The same, in line.
    #[inline(always)]
    fn carry_out_here(
        &self,
        callable: &Callable,
        arm: &Arm,
        frame: &Frame<'_>,
        scratch: &mut Scratch,
    ) -> Result<(), Fault> {
        let Scratch { granted, steps, count, may_fail, .. } = scratch;
        if granted.actions.len() <= *count {
            granted.actions.push(GrantedAction {
                rule: arm.rule,
                effects: Effects::new(),
                charges: Default::default(),
                may_fail: *may_fail,
            });
        }
        let Some(granted) = granted.actions.get_mut(*count) else {
            return Err(Fault::of_request(DenyCode::NoRule));
        };
        *count = count.saturating_add(1);
        granted.rule = arm.rule;
        granted.may_fail = *may_fail;
        granted.effects.clear();
        granted.charges.clear();
        self.effects(callable, arm, frame, steps, &mut granted.effects)?;
        let charges = self.charges(&arm.charges, frame, steps, &mut granted.charges);
        charges.map_err(|code| Fault::of_rule(code, arm.rule))
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

    /// The one grant that is left, if any.
    #[inline(never)]
    pub(crate) fn grant(
        &self,
        grants: &Span,
        frame: &Frame<'_>,
        scratch: &mut Scratch,
    ) -> Result<Option<&Arm>, Fault> {
        self.grant_here(grants, frame, scratch)
    }

    /// The same, in line.
    #[inline(always)]
    fn grant_here(
        &self,
        grants: &Span,
        frame: &Frame<'_>,
        scratch: &mut Scratch,
    ) -> Result<Option<&Arm>, Fault> {
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
            return Ok(arm(one));
        }
        let mut left = matching.iter().filter(|lower| !matching.iter().any(|upper| outranks(upper, lower)));
        match (left.next().and_then(arm), left.next()) {
            (only, None) => Ok(only),
            (_, Some(_)) => Err(Fault::of_request(DenyCode::Ambiguous)),
        }
    }
}

/// Does somebody else than the wallet act? A signature is the signer's own.
#[inline]
pub(crate) fn is_foreign(frame: &Frame<'_>) -> bool {
    frame.action.from != frame.request.wallet
        && !matches!(frame.action.kind, Kind::Sign | Kind::Message | Kind::Authorize)
}
