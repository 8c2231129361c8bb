//! What a request does, in a few words: `give 300 USDC to SwapRouter02 for at least 0.08 WETH`.

use crate::show;
use agentpol_analysis::ruleset::{Bound, RuleSet, Target, Understood};
use agentpol_model::{
    Address, U256,
    effect::{Effect, EffectKind, GrantMode},
    policy::Token,
    request::{Action, Kind, Request},
};
use alloy_primitives::hex;

/// Describes the actions of a request by what they do.
pub(crate) struct Describer<'a> {
    /// What is known.
    pub(crate) rules: &'a RuleSet,
    /// With its parameters.
    pub(crate) bound: &'a Bound,
}

impl Describer<'_> {
    /// All actions.
    pub(crate) fn request(&self, request: &Request<'_>) -> String {
        let each: Vec<String> = request.actions.iter().map(|action| self.action(request, action)).collect();
        each.join("; ")
    }

    fn action(&self, request: &Request<'_>, action: &Action<'_>) -> String {
        match self.rules.understand(request, action, self.bound) {
            Ok(understood) => self.understood(request, action, &understood),
            Err(_) => self.not_understood(request, action),
        }
    }

    fn understood(&self, request: &Request<'_>, action: &Action<'_>, understood: &Understood<'_>) -> String {
        let effects: Vec<&Effect> = understood.effects.iter().filter_map(|e| e.as_ref().ok()).collect();
        let whole = effects.len() == understood.effects.len();
        let opaque = understood.callable.is_some_and(|(_, c)| c.opaque);
        if action.kind == Kind::Send {
            let native = self.rules.chains.iter().find(|c| c.id == request.chain).map(|c| c.native);
            let token = native.and_then(|id| self.rules.tokens.get(id.index()));
            let value =
                token.map_or_else(|| format!("{} wei", action.value), |t| show::amount(action.value, t));
            return format!("send {value} to {}", self.address(action.to));
        }
        let does = if whole && !opaque { self.effects(&effects) } else { None };
        let own = || match understood.callable {
            Some((_, callable)) if callable.kind == Kind::Call => format!("call {}", callable.name()),
            Some((_, callable)) => callable.name(),
            None => self.not_understood(request, action),
        };
        if understood.inner.is_empty() {
            return does.unwrap_or_else(own);
        }
        // Value that could go along and does not is nothing that a wrapper does.
        let idle = effects.iter().all(|effect| effect.amount == U256::ZERO);
        let inside = understood.inner.iter().map(|inside| match &inside.understood {
            Ok(understood) => self.understood(request, &inside.action(), understood),
            Err(_) => self.not_understood(request, &inside.action()),
        });
        let does = does.filter(|_| !idle);
        let all: Vec<String> = does.into_iter().chain(inside).collect();
        format!("{}: {}", own(), all.join(", then "))
    }

    /// Nothing where there is nothing to say: the name of the function must do.
    fn effects(&self, effects: &[&Effect]) -> Option<String> {
        let mut parts = Vec::new();
        let mut comes = Vec::new();
        for effect in effects {
            let amount = self.token(effect).map(|t| show::amount(effect.amount, t))?;
            let mut party = self.address(effect.party);
            if let Some(through) = effect.through {
                party = format!("{party}, through {},", self.address(through));
            }
            match effect.kind {
                // Value that could go along and does not.
                EffectKind::Move if effect.amount == U256::ZERO && effects.len() > 1 => {}
                EffectKind::Move => parts.push(format!("pay {amount} to {party}")),
                EffectKind::Pull { .. } => parts.push(format!("give {amount} to {party}")),
                EffectKind::Grant(GrantMode::Set) if effect.amount == U256::ZERO => {
                    parts.push(format!("revoke the allowance of {party}"));
                }
                EffectKind::Grant(GrantMode::Set) => parts.push(format!("let {party} take {amount}")),
                EffectKind::Grant(GrantMode::Add) => parts.push(format!("let {party} take {amount} more")),
                EffectKind::Grant(GrantMode::Dec) => parts.push(format!("let {party} take {amount} less")),
                EffectKind::Receive => {
                    let at = if effect.party == self.bound.wallet() {
                        String::new()
                    } else {
                        format!(" sent to {party}")
                    };
                    comes.push(format!("at least {amount}{at}"));
                }
                EffectKind::Owe => parts.push(format!("owe {amount}")),
            }
        }
        match (parts.is_empty(), comes.is_empty()) {
            (true, true) => None,
            (true, false) => Some(format!("receive {}", comes.join(" and "))),
            (false, true) => Some(parts.join(" and ")),
            (false, false) => Some(format!("{} for {}", parts.join(" and "), comes.join(" and "))),
        }
    }

    fn not_understood(&self, request: &Request<'_>, action: &Action<'_>) -> String {
        let on = match self.rules.chains.iter().any(|c| c.id == request.chain) {
            true => String::new(),
            false => format!(" on chain {}", request.chain),
        };
        match action.data.get(..4) {
            Some(selector) => {
                format!("call {} of {}{on}", self.selector(action.to, selector), self.address(action.to))
            }
            None => format!(
                "{} {} byte(s) to {}{on}",
                action.kind.name(),
                action.data.len(),
                self.address(action.to)
            ),
        }
    }

    /// The function's name, if the contract has one with this selector on any chain.
    fn selector(&self, to: Address, selector: &[u8]) -> String {
        let functions = self.rules.callables.iter().filter(|c| c.target == Some(Target::Fixed(to)));
        let found = functions.filter_map(|c| c.function.as_ref()).find(|f| f.selector == selector);
        found.map_or_else(|| hex::encode_prefixed(selector), |f| f.name.clone())
    }

    fn token(&self, effect: &Effect) -> Option<&Token> {
        self.rules.tokens.get(effect.token.index())
    }

    /// A contract by its name, the wallet as such, anybody else in short.
    fn address(&self, address: Address) -> String {
        if address == self.bound.wallet() {
            return "the wallet".to_owned();
        }
        let known = self.rules.contracts.iter().find(|c| c.address == Target::Fixed(address));
        known.map_or_else(|| show::short(address), |c| c.name.clone())
    }
}
