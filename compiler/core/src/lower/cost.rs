//! The worst case, for the header: going forward, the dearest way to reach each instruction.

use agentpol_bytecode::{Callable, Exit, Instruction};

/// Steps that deciding one action on this callable takes at most.
pub(super) fn of_callable(callable: &Callable) -> u64 {
    let mut steps = of_code(&callable.requires);
    let mut dearest_charges = 0u64;
    for arm in &callable.arms {
        for clause in &arm.clauses {
            steps = steps.saturating_add(of_code(&clause.code));
        }
        let charges = arm.charges.iter().map(|(amount, _)| 1 + amount.terms.len() as u64).sum();
        dearest_charges = dearest_charges.max(charges);
    }
    // What a wrapper does of its own is worked out to know whether it needs a grant, and once more if it has one.
    for _ in 0..=usize::from(!callable.unwraps.is_empty()) {
        steps = steps.saturating_add(of_what_it_does(callable));
    }
    steps.saturating_add(dearest_charges)
}

fn of_what_it_does(callable: &Callable) -> u64 {
    let mut steps = 0u64;
    for effect in &callable.effects {
        steps =
            steps.saturating_add(of_code(&effect.when)).saturating_add(1 + effect.amount.terms.len() as u64);
    }
    for control in &callable.controls {
        steps = steps.saturating_add(of_code(&control.when)).saturating_add(1);
    }
    steps
}

fn of_code(code: &[Instruction]) -> u64 {
    let mut reached: Vec<Option<u64>> = vec![None; code.len() + 1];
    let mut dearest = 0;
    if let Some(first) = reached.first_mut() {
        *first = Some(0);
    }
    for (at, instruction) in code.iter().enumerate() {
        let Some(before) = reached.get(at).copied().flatten() else { continue };
        let after = before.saturating_add(instruction.cost());
        dearest = dearest.max(after);
        let mut reach = |skip: u32| {
            if let Some(place) = reached.get_mut(at + 1 + skip as usize) {
                *place = Some(place.map_or(after, |other| other.max(after)));
            }
        };
        match instruction {
            Instruction::Jump { skip } => reach(*skip),
            Instruction::Fail {} => {}
            other => {
                reach(0);
                if let Some(Exit::Skip(skip)) = other.branch().map(|branch| branch.to) {
                    reach(skip);
                }
            }
        }
    }
    dearest
}
