//! Are requests, one after the other, within every line of every budget? What takes one token may take others too.

use super::{Asked, Audit, Step, lines::number};
use crate::{window::grid::Grid, witness::Witness};
use agentpol_model::{
    Address, ChainId, Time, U256,
    budget::{Budget, Cap, Measure, Window},
    decision::Granted,
    effect::{Effect, EffectKind, GrantMode},
    ids::BudgetId,
    policy::{ParamValue, Target},
};
use num_bigint::BigUint;

/// What a line has seen: when, and how much.
type Seen = Vec<(Time, BigUint)>;

impl Audit<'_, '_> {
    /// Do the steps take just what they say, under one binding and within all lines? Together they are one transaction, or each is one.
    pub(super) fn plays(&self, steps: &[Step], asked: &Asked, together: bool) -> bool {
        let Some(first) = steps.first() else { return true };
        let mut lines: Vec<(Seen, bool)> = vec![(Vec::new(), true); self.rules.budgets.len()];
        for step in steps {
            // One wallet, one key, one set of values.
            let binding =
                |step: &Step| (step.request.wallet, step.request.signer, step.request.params.clone());
            if binding(step) != binding(first) {
                return false;
            }
            let Ok(Ok(granted)) = step.request.decide(self.rules) else { return false };
            if self.taken(&granted, asked, step) != step.takes {
                return false;
            }
            for ((n, line), (seen, all_ask)) in (0..).zip(&self.rules.budgets).zip(&mut lines) {
                let id = BudgetId::new(n);
                let charge = self.charge((id, line), &granted, step);
                if charge == BigUint::ZERO {
                    continue;
                }
                seen.push((step.at, charge));
                let Some(cap) = self.cap_under(line.cap, step) else { return false };
                // Beyond it somebody is asked, if every rule of the transaction that takes from it says so.
                let asks = asked.with_approvals && self.asks_beyond(id, line, &granted);
                *all_ask = asks && (*all_ask || !together);
                if used(seen, line.window, self.grid, together) > cap && !*all_ask {
                    return false;
                }
            }
        }
        true
    }

    fn is_trusted(&self, party: Address, chain: ChainId, step: &Step) -> bool {
        self.rules.contracts.iter().any(|contract| {
            let at = match contract.address {
                Target::Fixed(at) => Some(at),
                Target::Param(param) => self.word(param, step).map(|word| Address::from_word(word.into())),
            };
            contract.trusted.is_some() && contract.chain == chain && at == Some(party)
        })
    }

    /// What leaves, or is put into others' hands.
    fn leaves(&self, effect: &Effect, step: &Step) -> bool {
        match effect.kind {
            EffectKind::Move | EffectKind::Pull { .. } => true,
            EffectKind::Grant(GrantMode::Set | GrantMode::Add) => {
                !self.is_trusted(effect.party, step.request.chain, step)
            }
            EffectKind::Grant(GrantMode::Dec) | EffectKind::Receive | EffectKind::Owe => false,
        }
    }

    fn taken(&self, granted: &Granted, asked: &Asked, step: &Step) -> BigUint {
        let effects = granted.actions.iter().flat_map(|action| &action.effects);
        effects
            .filter(|effect| !asked.authority || matches!(effect.kind, EffectKind::Grant(_)))
            .filter(|effect| self.leaves(effect, step))
            .filter_map(|effect| {
                let (_, counts) = asked.of.iter().find(|(token, _)| *token == effect.token)?;
                Some(number(effect.amount) * number(*counts))
            })
            .sum()
    }

    /// Does a request take any of what is asked about?
    pub(super) fn takes_some(&self, request: &Witness, asked: &Asked) -> bool {
        let step = Step { at: request.now, request: request.clone(), takes: BigUint::ZERO };
        let Ok(Ok(granted)) = request.decide(self.rules) else { return false };
        self.taken(&granted, asked, &step) > BigUint::ZERO
    }

    /// What a line is charged. Authority that is used counts as what is taken: that is never too little.
    fn charge(&self, (id, line): (BudgetId, &Budget), granted: &Granted, step: &Step) -> BigUint {
        let mut sum = BigUint::ZERO;
        for action in &granted.actions {
            let written = action.charges.iter().filter(|(budget, _)| *budget == id);
            sum += written.map(|(_, amount)| number(*amount)).sum::<BigUint>();
            if !self.holds(id, line, action.rule, false) {
                continue;
            }
            match &line.measure {
                Measure::Calls => sum += 1_u8,
                Measure::Fees(_) => {}
                Measure::Gross(weights) => {
                    let effects = action.effects.iter().filter(|effect| self.leaves(effect, step));
                    sum += effects
                        .filter_map(|effect| {
                            let (_, weight) = weights.iter().find(|(token, _)| *token == effect.token)?;
                            Some(number(effect.amount) * number(*weight))
                        })
                        .sum::<BigUint>();
                }
            }
        }
        sum
    }

    /// Do all rules of an action that a line holds ask beyond it?
    fn asks_beyond(&self, id: BudgetId, line: &Budget, granted: &Granted) -> bool {
        let held = granted.actions.iter().filter(|action| self.holds(id, line, action.rule, false));
        held.map(|action| self.rules.rules.get(action.rule.index()))
            .all(|rule| rule.is_some_and(|rule| rule.beyond.iter().any(|(beyond, _)| *beyond == id)))
    }

    fn word(&self, param: agentpol_model::ids::ParamId, step: &Step) -> Option<U256> {
        let name = &self.rules.params.get(param.index())?.name;
        match step.request.params.get(name) {
            Some(ParamValue::Word(word)) => Some(*word),
            // The only one that nobody binds.
            None => Some(step.request.wallet.into_word().into()),
            Some(ParamValue::Set(_)) => None,
        }
    }

    fn cap_under(&self, cap: Cap, step: &Step) -> Option<BigUint> {
        Some(match cap {
            Cap::Fixed(cap) => number(cap),
            Cap::Param(param, weight) => number(self.word(param, step)?) * number(weight),
        })
    }
}

/// What the window that ends with the last charge has seen.
fn used(seen: &Seen, window: Window, grid: &Grid, together: bool) -> BigUint {
    let Some((now, last)) = seen.last() else { return BigUint::ZERO };
    let from = match window {
        Window::PerTransaction if !together => return last.clone(),
        Window::PerTransaction | Window::Total => 0,
        Window::Sliding { seconds } => now.saturating_add(1).saturating_sub(seconds),
        Window::Calendar(period) => grid.period(period, *now).start,
    };
    seen.iter().filter(|(at, _)| *at >= from).map(|(_, amount)| amount).sum()
}
