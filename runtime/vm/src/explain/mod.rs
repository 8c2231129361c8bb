//! The rule that came closest to granting a request that no rule grants. The request is judged again, slowly and with a trace.

mod describe;
mod names;
mod show;

use crate::{
    decide::Scratch,
    policy::Policy,
    program::Test,
    run::{Frame, Trace},
};
use agentpol_bytecode::{Arm, Callable, Clause, Instruction};
use agentpol_model::{
    decision::DenyCode,
    ids::{FunctionId, RuleId, TextId},
    policy::Verb,
    request::{Action, Request},
};
use describe::Describe;

/// What a denied request would have needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearest {
    /// The rule that came closest.
    pub rule: RuleId,
    /// The clause that failed.
    pub text: TextId,
    /// As it is written.
    pub clause: String,
    /// What it saw, in the policy's own units: `amount = 300 USDC`.
    pub saw: String,
    /// What would have passed: `amount <= 250 USDC`.
    pub would_pass: String,
}

impl Policy {
    /// Of the first action that is denied because no rule grants it, or because a rule cannot be told: the rule with the fewest
    /// clauses that do not hold, and the first of those. `None` for other denials, whose code and rule say it all.
    pub fn explain(&self, request: &Request<'_>) -> Option<Nearest> {
        let denied = self.decide(request, &mut Scratch::new(self)).err()?;
        if !matches!(denied.code, DenyCode::NoRule | DenyCode::Undefined) {
            return None;
        }
        self.with_action(request, denied.action, |action, _| {
            self.explain_action(request, action, denied.rule)
        })?
    }

    /// Where a rule is named, of that rule.
    fn explain_action(
        &self,
        request: &Request<'_>,
        action: &Action<'_>,
        rule: Option<RuleId>,
    ) -> Option<Nearest> {
        let (bound, frame) = self.enter(request, action).ok()?;
        let at = self.program.callables.iter().position(|callable| core::ptr::eq(callable, bound))?;
        let callable = self.module().callables.get(at)?;
        let verdicts = callable.arms.iter().filter(|arm| match rule {
            Some(rule) => arm.rule == rule,
            None => self.module().rules.get(arm.rule.index()).is_some_and(|rule| rule.verb != Verb::Deny),
        });
        let code = |arm: &Arm| {
            let mut arms = self.arms(&(bound.arms..bound.arms_end)).iter();
            arms.find(|bound| bound.rule == arm.rule).map(|bound| bound.code.start)
        };
        let verdicts = verdicts.filter_map(|arm| verdict(arm, code(arm)?, &frame));
        let nearest = verdicts.min_by_key(|verdict| (verdict.failed, verdict.arm.rule))?;
        self.describe(&nearest, callable, &frame)
    }

    fn describe(&self, verdict: &Verdict<'_>, callable: &Callable, frame: &Frame<'_>) -> Option<Nearest> {
        let text = self.module().texts.get(verdict.clause.text.index())?;
        let outcome = self.program.ops.get(verdict.at as usize).and_then(|op| frame.test(&op.test));
        let function = callable.function.map(FunctionId::index);
        let function = function.and_then(|function| self.module().functions.get(function));
        let layout = callable.function.and_then(|function| self.program.layouts.get(function.index()));
        let mut describe =
            Describe { policy: self, frame, function, layout, wanted: outcome.map(|outcome| !outcome) };
        let (saw, would_pass) = verdict.instruction.accept(&mut describe);
        let would_pass = would_pass.unwrap_or_else(|| text.text.clone());
        Some(Nearest {
            rule: verdict.arm.rule,
            text: verdict.clause.text,
            clause: text.text.clone(),
            saw,
            would_pass,
        })
    }
}

/// How a guard fares, clause by clause. `None` if all hold.
fn verdict<'m>(arm: &'m Arm, mut start: u32, frame: &Frame<'_>) -> Option<Verdict<'m>> {
    let mut first: Option<(&Clause, u32, u32)> = None;
    let mut failed = 0usize;
    for clause in &arm.clauses {
        let end = start.checked_add(u32::try_from(clause.code.len()).ok()?)?;
        let mut last = Last { frame, at: start };
        if frame.run(&(start..end), &mut 0, &mut last) != Some(true) {
            failed += 1;
            first = first.or(Some((clause, start, last.at)));
        }
        start = end;
    }
    let (clause, start, at) = first?;
    let instruction = clause.code.get(at.checked_sub(start)? as usize)?;
    Some(Verdict { arm, clause, instruction, at, failed })
}

struct Verdict<'m> {
    arm: &'m Arm,
    clause: &'m Clause,
    /// The test that the clause ended at.
    instruction: &'m Instruction,
    at: u32,
    failed: usize,
}

/// Remembers the last real test.
struct Last<'a> {
    frame: &'a Frame<'a>,
    at: u32,
}

impl Trace for Last<'_> {
    fn tested(&mut self, at: u32) {
        let op = self.frame.program.ops.get(at as usize);
        if op.is_some_and(|op| !matches!(op.test, Test::Always)) {
            self.at = at;
        }
    }
}
