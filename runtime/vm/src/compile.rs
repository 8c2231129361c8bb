//! A verified module to a program: one [`Op`](crate::program::Op) for each instruction.

mod code;
mod effect;
mod known;
mod offset;
mod share;
mod special;
mod sum;
mod words;

use crate::{
    bind::{BindError, Values},
    dispatch::Key,
    program::{Arm, Callable, FAIL, Program, Span, Word, risk},
    sets::WordSet,
};
use agentpol_abi::Layout;
use agentpol_bytecode::{self as bytecode, Module};
use agentpol_model::{
    U256,
    policy::Verb,
    refusal::{KnownAddresses, changes_control},
    request::Kind,
};
use std::collections::BTreeMap;

/// Everything the callables need, callable by callable.
pub(crate) fn program(
    module: &Module,
    layouts: Vec<Layout>,
    values: &Values,
    known: &KnownAddresses,
) -> Result<Program, BindError> {
    let sets = module.sets.iter().map(|set| WordSet::from_sorted(set.clone())).collect();
    let program = Program { layouts, sets, ..Program::default() };
    let mut compiler = Compiler {
        module,
        values,
        known,
        program,
        param_sets: vec![None; module.params.len()],
        constants: BTreeMap::new(),
        address_sets: BTreeMap::new(),
        shared: BTreeMap::new(),
    };
    for callable in &module.callables {
        compiler.callable(callable)?;
    }
    Ok(compiler.program)
}

struct Compiler<'a> {
    module: &'a Module,
    values: &'a Values,
    program: Program,
    known: &'a KnownAddresses,
    param_sets: Vec<Option<u32>>,
    constants: BTreeMap<U256, Word>,
    /// Sets that have only addresses, and where those stand.
    address_sets: BTreeMap<u32, Option<Span>>,
    /// The last effects of callables with this layout.
    shared: BTreeMap<Option<u32>, Span>,
}

/// The number of the next entry.
fn next<T>(items: &[T]) -> Result<u32, BindError> {
    u32::try_from(items.len()).ok().filter(|n| *n < FAIL).ok_or(BindError::TooLarge)
}

impl Compiler<'_> {
    fn callable(&mut self, callable: &bytecode::Callable) -> Result<(), BindError> {
        let layout = callable.function.map(|function| function.raw());
        let function = callable.function.and_then(|function| self.module.functions.get(function.index()));
        let target = callable.target.and_then(|target| self.values.address(target));
        let arms = next(&self.program.arms)?;
        self.arms(callable, layout, true)?;
        let grants = next(&self.program.arms)?;
        self.arms(callable, layout, false)?;
        let arms_end = next(&self.program.arms)?;
        let mut effects = Vec::new();
        for effect in &callable.effects {
            effects.push(self.effect(effect, layout, callable.chain)?);
        }
        let token = share::make_own(&mut effects, target);
        let effects = self.share(effects, layout)?;
        let special = self.special(callable, target)?;
        let controls = function.is_some_and(|function| changes_control(function.selector));
        let payable = match callable.kind {
            Kind::Send | Kind::Deploy => true,
            Kind::Call => function.is_some_and(|function| function.payable),
            // The others have no value of their own.
            _ => false,
        };
        self.program.callables.push(Callable {
            key: Key::of(callable, target, function),
            layout: layout.unwrap_or(FAIL),
            arms,
            grants,
            arms_end,
            effects: effects.start,
            token,
            special,
            // The verifier lets no callable have more effects than an action may.
            effect_count: u8::try_from(effects.len()).map_err(|_| BindError::TooLarge)?,
            kind: callable.kind,
            payable,
            risks: risk(callable.opaque, risk::OPAQUE) | risk(controls, risk::UPGRADE),
        });
        Ok(())
    }

    fn arms(
        &mut self,
        callable: &bytecode::Callable,
        layout: Option<u32>,
        denies: bool,
    ) -> Result<(), BindError> {
        let mut arms = Vec::new();
        for arm in &callable.arms {
            let verb = self.module.rules.get(arm.rule.index()).map(|rule| &rule.verb);
            if (verb == Some(&Verb::Deny)) != denies {
                continue;
            }
            let start = next(&self.program.ops)?;
            for clause in &arm.clauses {
                self.code(&clause.code, layout)?;
            }
            let code = start..next(&self.program.ops)?;
            let start = next(&self.program.charges)?;
            for (amount, budgets) in &arm.charges {
                let amount = self.amount(amount, layout)?;
                self.program.charges.push((amount, budgets.clone()));
            }
            let lifts =
                self.module.rules.get(arm.rule.index()).map(|rule| rule.lifts.as_slice()).unwrap_or_default();
            let lifts = lifts.iter().fold(0, |bits, code| bits | 1u64 << (*code as u8));
            let charges = start..next(&self.program.charges)?;
            let known = self.known_words(&code);
            arms.push(Arm { rule: arm.rule, code, charges, lifts, known });
        }
        self.program.arms.append(&mut arms);
        Ok(())
    }
}
