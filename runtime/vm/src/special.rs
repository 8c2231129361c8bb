//! Actions that need more than a grant: wrappers, typed data, delegations, what has requirements or gives control.

use crate::{
    decide::{Fault, Scratch, is_foreign},
    effects::address,
    policy::Policy,
    program::{Arm, Callable, Special, Typed, risk},
    run::Frame,
};
use agentpol_model::{
    decision::{Denied, DenyCode},
    request::{Kind, Once},
};
use agentpol_unwrap as unwrap;
use alloy_primitives::keccak256;

/// Why what is inside a wrapper ends: it cannot be read, or one of it is denied.
pub(crate) enum Stop {
    Unread(unwrap::Fault),
    Denied(Denied),
}

impl From<unwrap::Fault> for Stop {
    fn from(fault: unwrap::Fault) -> Self {
        Self::Unread(fault)
    }
}

impl From<Denied> for Stop {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl Stop {
    /// As a denial of the wrapper, which is the `n`-th action.
    pub(crate) fn in_action(self, n: usize) -> Denied {
        match self {
            Stop::Unread(fault) => unreadable(fault).in_action(n),
            Stop::Denied(denied) => denied,
        }
    }
}

fn unreadable(fault: unwrap::Fault) -> Fault {
    Fault { code: fault.code(), rule: None, offset: fault.offset() }
}

impl Policy {
    /// What is no wrapper.
    #[inline(never)]
    pub(crate) fn judge_special(
        &self,
        callable: &Callable,
        special: &Special,
        frame: &Frame<'_>,
        n: usize,
        scratch: &mut Scratch,
    ) -> Result<(), Fault> {
        self.require(special, frame, &mut scratch.steps)?;
        let arm =
            self.grant(&callable.grants(), frame, scratch)?.ok_or(Fault::of_request(DenyCode::NoRule))?;
        self.take_risks(callable, arm, frame)?;
        self.control(special, arm, frame, &mut scratch.steps)?;
        self.carry_out(callable, arm, frame, scratch)?;
        use_up(special, frame, n, scratch)
    }

    /// A wrapper by itself: it needs a grant only for what it carries of its own.
    #[inline(never)]
    pub(crate) fn judge_wrapper(
        &self,
        callable: &Callable,
        special: &Special,
        frame: &Frame<'_>,
        n: usize,
        scratch: &mut Scratch,
    ) -> Result<(), Fault> {
        self.require(special, frame, &mut scratch.steps)?;
        let arm = self.grant(&callable.grants(), frame, scratch)?;
        let inside = unwrap::summary(&special.unwraps, frame.action, &frame.args).map_err(unreadable)?;
        let Some(arm) = arm else {
            let deny = |code| Err(Fault::of_request(code));
            return match self.does_something(callable, special, frame, &mut scratch.steps) {
                Err(code) => deny(code),
                Ok(true) => deny(DenyCode::NoRule),
                Ok(false) if inside.may_fail => deny(DenyCode::AllowFailure),
                Ok(false) => use_up(special, frame, n, scratch),
            };
        };
        let deny = |code| Fault::of_rule(code, arm.rule);
        if inside.may_fail && !arm.lifts(DenyCode::AllowFailure) {
            return Err(deny(DenyCode::AllowFailure));
        }
        if callable.risks & risk::UPGRADE != 0 && !arm.lifts(DenyCode::Upgrade) {
            return Err(deny(DenyCode::Upgrade));
        }
        // Whoever opens a wrapper: what is inside says who acts.
        if is_foreign(frame)
            && !arm.lifts(DenyCode::ForeignSender)
            && self.does_something(callable, special, frame, &mut scratch.steps).map_err(deny)?
        {
            return Err(deny(DenyCode::ForeignSender));
        }
        self.control(special, arm, frame, &mut scratch.steps)?;
        self.carry_out(callable, arm, frame, scratch)?;
        use_up(special, frame, n, scratch)
    }

    /// Does a wrapper do anything besides what is inside it?
    fn does_something(
        &self,
        callable: &Callable,
        special: &Special,
        frame: &Frame<'_>,
        steps: &mut u64,
    ) -> Result<bool, DenyCode> {
        if callable.risks & risk::UPGRADE != 0 {
            return Ok(true);
        }
        for control in &special.controls {
            *steps = steps.saturating_add(1);
            if frame.run(&control.when, steps, &mut ()).ok_or(DenyCode::Undefined)? {
                return Ok(true);
            }
        }
        self.has_effect(callable, frame, steps)
    }

    /// What is declared holds only where this does.
    fn require(&self, special: &Special, frame: &Frame<'_>, steps: &mut u64) -> Result<(), Fault> {
        match frame.run(&special.requires, steps, &mut ()) {
            Some(true) => Ok(()),
            Some(false) | None => Err(Fault::of_request(DenyCode::Requirement)),
        }
    }

    /// Authority without an amount: whoever gets it is trusted, since no budget could hold it.
    fn control(&self, special: &Special, arm: &Arm, frame: &Frame<'_>, steps: &mut u64) -> Result<(), Fault> {
        let deny = |code| Fault::of_rule(code, arm.rule);
        let (request, action) = (frame.request, frame.action);
        // The code that stands there acts as the account from then on.
        if action.kind == Kind::Authorize && !self.is_trusted(request.chain, action.to) {
            return Err(deny(DenyCode::Unlimited));
        }
        for control in &special.controls {
            *steps = steps.saturating_add(1);
            if !frame.run(&control.when, steps, &mut ()).ok_or(deny(DenyCode::Undefined))? {
                continue;
            }
            let party = address(frame.word(control.party).ok_or(deny(DenyCode::Undefined))?);
            if party != request.wallet && !self.is_trusted(request.chain, party) {
                return Err(deny(DenyCode::Unlimited));
            }
        }
        Ok(())
    }
}

/// Of a signature: what excludes that it is used twice. What is inside another is not signed by itself.
fn use_up(special: &Special, frame: &Frame<'_>, n: usize, scratch: &mut Scratch) -> Result<(), Fault> {
    if let (Some(typed), 0) = (&special.typed, n) {
        let once = once(typed, frame).ok_or(Fault::of_request(DenyCode::Undefined))?;
        scratch.granted.once = Some(once);
    }
    Ok(())
}

/// `None` is undefined.
fn once(typed: &Typed, frame: &Frame<'_>) -> Option<Once> {
    let words = || typed.once_per.iter().map(|word| frame.word(*word));
    let defined = words().all(|word| word.is_some());
    let id = match typed.once_per.is_empty() {
        // Only the very same is excluded.
        true => keccak256(frame.action.data),
        false => defined.then(|| typed.declared.once_id(words().flatten()))?,
    };
    let until = match typed.until {
        None => None,
        Some(until) => Some(frame.word(until)?.saturating_to()),
    };
    Some(Once { contract: frame.action.to, id, until })
}
