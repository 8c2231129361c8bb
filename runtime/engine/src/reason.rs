//! Decisions in words: what was found, what would be right.

use crate::{
    decision::Nearest,
    ledger::{Line, LineName, Refusal, Shortfall, Slot},
    load::Policy,
};
use agentpol_model::{
    Address, ChainId, U256,
    budget::{Measure, Period, Window},
    decision::{Denied, DenyCode},
    ids::TokenId,
    request::{Action, Request},
    words::{Decimal, Instant, Span},
};

impl Policy {
    /// Why the rules deny it.
    pub(crate) fn why_denied(
        &self,
        request: &Request<'_>,
        denied: &Denied,
        nearest: Option<&Nearest>,
    ) -> String {
        let rule = denied.rule.and_then(|rule| self.rule_name(rule));
        let named = rule.map(|rule| format!("`{rule}`")).unwrap_or_default();
        let action = request.actions.get(usize::from(denied.action));
        let what = match (denied.code, action) {
            (DenyCode::Malformed, Some(action)) => self.why_malformed(request.chain, action, denied.offset),
            (DenyCode::UnknownContract, Some(action)) => format!(
                "the policy uses no contract or token at {} on {}; import it or declare it with `contract`",
                action.to,
                self.chain_name(request.chain)
            ),
            (DenyCode::UnknownFunction, Some(action)) => format!(
                "the interface of {} declares no function with the selector {}",
                self.name_of(request.chain, action.to),
                selector(action)
            ),
            (DenyCode::WrongChain, _) => {
                let named: Vec<&str> = self.module().chains.iter().map(|c| c.name.as_str()).collect();
                format!("chain {} is not one of the policy's: {}", request.chain, named.join(", "))
            }
            (DenyCode::WrongWallet, _) => {
                format!("the wallet is {}, but the policy was loaded for {}", request.wallet, self.wallet())
            }
            (DenyCode::NotPayable, Some(action)) => {
                format!(
                    "the function takes no value, but {} would be sent along",
                    self.wei(request.chain, action.value)
                )
            }
            (DenyCode::NoRule, _) => match nearest {
                Some(n) => format!(
                    "no rule grants it; `{}` came closest, but asks for `{}` and saw {}; {} would pass",
                    n.rule, n.clause, n.saw, n.would_pass
                ),
                None => "no rule grants it, and what no rule grants is denied".to_owned(),
            },
            (DenyCode::DeniedByRule, _) => format!("the rule {named} denies it"),
            (DenyCode::Undefined, _) => {
                format!("the rule {named} reads something that the request does not have")
            }
            (DenyCode::Opaque, _) => {
                format!("nobody declared what the function does, and {named} does not say `accept opaque`")
            }
            (code, _) if rule.is_some() => format!("{} (rule {named})", first_sentence(code.doc())),
            (code, _) => first_sentence(code.doc()).to_owned(),
        };
        if request.actions.len() > 1 { format!("action {}: {what}", denied.action) } else { what }
    }

    fn why_malformed(&self, chain: ChainId, action: &Action<'_>, offset: Option<u32>) -> String {
        let cause = self.function_at(chain, action).and_then(|inputs| {
            agentpol_abi::decode_call(inputs, action.data).err().map(|fault| fault.cause.to_string())
        });
        let cause = match cause {
            Some(cause) => cause,
            None => "the bytes are not the call of any function".to_owned(),
        };
        format!("malformed calldata at byte {}: {cause}", offset.unwrap_or_default())
    }

    fn function_at(&self, chain: ChainId, action: &Action<'_>) -> Option<&[agentpol_model::types::Member]> {
        let selector = action.data.first_chunk::<4>()?;
        let here = self.module().callables.iter().filter(|callable| {
            callable.chain == chain
                && callable.target.and_then(|t| self.rules().address(t)) == Some(action.to)
        });
        let functions = here.filter_map(|callable| self.module().functions.get(callable.function?.index()));
        functions.filter(|f| f.selector == *selector).map(|f| f.inputs.as_slice()).next()
    }

    /// Why the ledger denies it.
    pub(crate) fn why_refused(&self, refusal: &Refusal, slot: &Slot, next: Option<u64>) -> String {
        match (&refusal.shortfall, refusal.code) {
            (Some(shortfall), _) => self.why_exhausted(shortfall),
            (None, DenyCode::Nonce) => match (slot, next) {
                (Slot::Transaction { nonce, .. }, Some(next)) => format!(
                    "the nonce {nonce} is neither the next one ({next}) nor that of something still open"
                ),
                (Slot::Transaction { nonce, .. }, None) => format!("the nonce {nonce} cannot be used"),
                (Slot::Signature { chain, contract, .. }, _) => format!(
                    "what was signed with this nonce of {} is settled: it was used, or can be no more; take another",
                    self.name_of(*chain, *contract)
                ),
            },
            (None, code) => first_sentence(code.doc()).to_owned(),
        }
    }

    /// `budget daily: 120 USDC left of 500 USDC per 24h; this needs 250 USDC; room for it from 2026-11-23T10:00Z`
    fn why_exhausted(&self, shortfall: &Shortfall) -> String {
        let Shortfall { line: name, left, needs, room_from } = shortfall;
        let Some(line) = self.terms().lines.get(name) else {
            return format!("budget {name}: exhausted");
        };
        let amount = |n| self.counted(name, n);
        let room = match room_from {
            Some(at) => format!("room for it from {}", Instant(*at)),
            None if *needs > line.cap => "that is more than it ever holds".to_owned(),
            None if line.window == Window::Total => "it is never filled again".to_owned(),
            None => "no room for it as long as what is signed stays open".to_owned(),
        };
        format!(
            "budget {name}: {} left of {}; this needs {}; {room}",
            amount(*left),
            self.cap_words(name, line),
            amount(*needs)
        )
    }

    /// `500 USDC per 24h`
    pub(crate) fn cap_words(&self, name: &LineName, line: &Line) -> String {
        let cap = self.counted(name, line.cap);
        match line.window {
            Window::PerTransaction => format!("{cap} per transaction"),
            Window::Sliding { seconds } => format!("{cap} per {}", Span(seconds)),
            Window::Calendar(Period::Day) => format!("{cap} per day"),
            Window::Calendar(Period::Week) => format!("{cap} per week"),
            Window::Calendar(Period::Month) => format!("{cap} per month"),
            Window::Total => format!("{cap} total"),
        }
    }

    /// The token whose base units a line is counted in: that of weight one.
    pub(crate) fn unit(&self, name: &LineName) -> Option<TokenId> {
        match &self.budget(name)?.measure {
            Measure::Gross(weights) => weights.iter().find(|(_, w)| *w == U256::ONE).map(|(token, _)| *token),
            Measure::Fees(token) => Some(*token),
            Measure::Calls => None,
        }
    }

    fn counted(&self, name: &LineName, n: U256) -> String {
        match (self.unit(name), self.budget(name).map(|b| &b.measure)) {
            (Some(token), _) => self.amount(token, n),
            (None, Some(Measure::Calls)) if n == U256::ONE => "1 call".to_owned(),
            (None, Some(Measure::Calls)) => format!("{n} calls"),
            (None, _) => format!("{n} units"),
        }
    }

    /// `250.5 USDC`
    pub(crate) fn amount(&self, token: TokenId, amount: U256) -> String {
        match self.token(token) {
            Some(token) => format!("{} {}", Decimal { amount, decimals: token.decimals }, token.symbol),
            None => amount.to_string(),
        }
    }

    /// An amount of a chain's own coin.
    pub(crate) fn wei(&self, chain: ChainId, amount: U256) -> String {
        match self.native(chain) {
            Some(native) => self.amount(native, amount),
            None => format!("{amount} wei"),
        }
    }

    fn chain_name(&self, chain: ChainId) -> String {
        let named = self.module().chains.iter().find(|c| c.id == chain).map(|c| c.name.clone());
        named.unwrap_or_else(|| format!("chain {chain}"))
    }

    fn name_of(&self, chain: ChainId, address: Address) -> String {
        let token = self.rules().token_at(chain, address).and_then(|token| self.token(token));
        let contracts = self.module().contracts.iter().filter(|c| c.chain == chain);
        let contract =
            contracts.filter(|c| self.rules().address(c.address) == Some(address)).map(|c| &c.name).next();
        match contract.or(token.map(|t| &t.symbol)) {
            Some(name) => format!("{name} ({address})"),
            None => address.to_string(),
        }
    }
}

fn selector(action: &Action<'_>) -> String {
    match action.data.first_chunk::<4>() {
        Some(selector) => alloy_primitives::hex::encode_prefixed(selector),
        None => "of no bytes".to_owned(),
    }
}

fn first_sentence(doc: &str) -> &str {
    doc.split_once(". ").map_or(doc, |(first, _)| first).trim_end_matches('.')
}
