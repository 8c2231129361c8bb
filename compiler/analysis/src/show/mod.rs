//! A witness as policy text: what a `test` block would say, in the policy's own names and units, and what it takes for granted.
//!
//! | module | shows |
//! | --- | --- |
//! | `names` | addresses and amounts |
//! | `values` | arguments |
//! | `bindings` | what parameters are bound to |
//!
//! What a test can say is policy text as it stands and comes to the same request again. What no test can say (fees, a nonce, who
//! acts) stands beside it in words.

mod bindings;
mod names;
mod values;

use crate::{
    ruleset::{Callable, RuleSet, Verb},
    witness::{OwnedAction, Witness},
};
use agentpol_abi::Value;
use agentpol_model::{
    ChainId, Time, U256,
    decision::Ruling,
    ids::RuleId,
    request::{Envelope, Kind, SIGN_IN},
    types::{Member, Type},
    words::{Instant, Span},
};
use alloy_primitives::hex;
use names::Names;

pub use bindings::bound_to;
pub use names::{amount, decimal};

/// When every test begins: 2026-01-01, UTC.
pub const TEST_START: Time = 1_767_225_600;

/// A witness in the words of its policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// `USDC.transfer(0x6666…6666, 100 USDC) on base with value 1 ETH`
    pub request: String,
    /// When it is asked, where that matters.
    pub at: Option<Time>,
    /// `limit = 500 USDC`: what it takes the parameters to be.
    pub bindings: Vec<String>,
    /// `a fee of 0.01 ETH`: what no test can say.
    pub besides: Vec<String>,
}

impl Shown {
    /// A step of a test: `try USDC.transfer(…) => deny ambiguous`.
    pub fn step(&self, verdict: &str) -> String {
        let at = self.at.map(|at| format!("at {} ", Instant(at))).unwrap_or_default();
        format!("{at}try {} => {verdict}", self.request)
    }

    /// Can a test say all of it, for parameters as they are in tests?
    pub fn is_test(&self) -> bool {
        self.besides.is_empty()
    }

    /// `where limit = 500 USDC, with a fee of 0.01 ETH`; nothing where it goes without saying.
    pub fn assumptions(&self) -> Option<String> {
        let mut parts = Vec::new();
        if !self.bindings.is_empty() {
            parts.push(format!("where {}", self.bindings.join(", ")));
        }
        if !self.besides.is_empty() {
            parts.push(format!("with {}", self.besides.join(", ")));
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// A witness in the words of its policy.
pub fn show(rules: &RuleSet, witness: &Witness) -> Shown {
    let mut besides = Vec::new();
    let actions: Vec<String> = witness
        .actions
        .iter()
        .map(|action| Speaker::new(rules, witness, &mut besides).action(action))
        .collect();
    let request = match actions.as_slice() {
        [one] => one.clone(),
        all => format!("batch [{}]", all.join(", ")),
    };
    if witness.signer != witness.wallet {
        besides.push(format!("{} as the signer", witness.signer));
    }
    besides.extend(envelope(rules, witness));
    Shown { request, at: asked_at(rules, witness), bindings: bindings::bindings(rules, witness), besides }
}

/// What the rules say of it, as a test would: `allow pay`, `ask large`, `deny ambiguous`.
pub fn verdict(rules: &RuleSet, ruling: &Ruling) -> String {
    match ruling {
        Err(denied) => format!("deny {}", denied.code),
        Ok(granted) => {
            let rule = |id: RuleId| rules.rules.get(id.index());
            let all: Vec<_> = granted.actions.iter().filter_map(|action| rule(action.rule)).collect();
            let asked = all.iter().find(|rule| matches!(rule.verb, Verb::Ask(_)));
            let verb = if asked.is_some() { "ask" } else { "allow" };
            let name = all.first().map_or("", |rule| rule.name.as_str());
            format!("{verb} {name}")
        }
    }
}

/// A witness as a step of a test, with what the rules say of it. The budgets are not asked.
pub fn step(rules: &RuleSet, witness: &Witness) -> String {
    let verdict = witness.decide(rules).map_or_else(|_| "deny".to_owned(), |r| verdict(rules, &r));
    show(rules, witness).step(&verdict)
}

/// Requests one after the other, each with its time: the first by its date, where that matters, the others after the one before.
pub fn sequence<'w>(rules: &RuleSet, requests: impl IntoIterator<Item = &'w Witness>) -> Vec<String> {
    let mut before: Option<Time> = None;
    let mut out = Vec::new();
    for witness in requests {
        let shown = show(rules, witness);
        let verdict = witness.decide(rules).map_or_else(|_| "deny".to_owned(), |r| verdict(rules, &r));
        let later = before.map(|before| witness.now.saturating_sub(before));
        let at = match later {
            None => format!("at {} ", Instant(witness.now)),
            Some(0) => String::new(),
            Some(later) => format!("at now + {} ", Span(later)),
        };
        out.push(format!("{at}try {} => {verdict}", shown.request));
        before = Some(witness.now);
    }
    out
}

/// The time, unless the rules say the same at the time at which tests begin.
fn asked_at(rules: &RuleSet, witness: &Witness) -> Option<Time> {
    if witness.now == TEST_START {
        return None;
    }
    let at_start = Witness { now: TEST_START, ..witness.clone() };
    (witness.decide(rules) != at_start.decide(rules)).then_some(witness.now)
}

/// What stands on the envelope.
fn envelope(rules: &RuleSet, witness: &Witness) -> Vec<String> {
    let Envelope { nonce, gas_limit, max_fee_per_gas, blob_fee, .. } = witness.envelope;
    let native = rules.chains.iter().find(|chain| chain.id == witness.chain).map(|chain| chain.native);
    let token = native.and_then(|id| rules.tokens.get(id.index()));
    let money = |wei: U256| token.map_or_else(|| format!("{wei} wei"), |token| amount(wei, token));
    let mut out = Vec::new();
    out.extend(nonce.map(|nonce| format!("nonce {nonce}")));
    match (gas_limit, max_fee_per_gas, witness.envelope.max_fee()) {
        (Some(gas), Some(price), Some(fee)) => {
            let blobs = if blob_fee.is_some() { ", blobs included" } else { "" };
            let price = money(U256::from(price));
            out.push(format!("a fee of {} ({gas} gas at {price} each{blobs})", money(fee)));
        }
        (gas, price, _) => {
            out.extend(gas.map(|gas| format!("a gas limit of {gas}")));
            out.extend(price.map(|price| format!("gas at {} each", money(U256::from(price)))));
        }
    }
    out
}

/// Says one action.
struct Speaker<'a> {
    rules: &'a RuleSet,
    witness: &'a Witness,
    names: Names<'a>,
    besides: &'a mut Vec<String>,
}

impl<'a> Speaker<'a> {
    fn new(rules: &'a RuleSet, witness: &'a Witness, besides: &'a mut Vec<String>) -> Self {
        Self { rules, witness, names: Names::new(rules, witness), besides }
    }

    fn action(&mut self, action: &OwnedAction) -> String {
        if action.from != self.witness.wallet {
            self.besides.push(format!("{} acting", self.names.address(action.from)));
        }
        let on = match self.rules.chains.as_slice() {
            [] | [_] => String::new(),
            _ => format!(" on {}", self.chain_name(self.witness.chain)),
        };
        let value = match action.value {
            U256::ZERO if action.kind != Kind::Send => String::new(),
            value => format!(" with value {}", self.names.native(value)),
        };
        format!("{}{on}{value}", self.what(action))
    }

    fn chain_name(&self, id: ChainId) -> String {
        let chain = self.rules.chains.iter().find(|chain| chain.id == id);
        chain.map_or_else(|| id.to_string(), |chain| chain.name.clone())
    }

    fn what(&mut self, action: &OwnedAction) -> String {
        match action.kind {
            Kind::Send => format!("send({})", self.names.address(action.to)),
            Kind::Deploy => format!("deploy({})", self.bytes(&action.data)),
            _ => match self.understood(action) {
                Some((callable, args)) => self.call(action, callable, &args),
                None => {
                    self.besides.push("calldata that nobody can read".to_owned());
                    let data = hex::encode_prefixed(&action.data);
                    format!("{} {}({data})", action.kind.name(), self.names.address(action.to))
                }
            },
        }
    }

    fn understood(&self, action: &OwnedAction) -> Option<(&'a Callable, Vec<Value>)> {
        let bound = self.witness.bound(self.rules).ok()?;
        let understood =
            self.witness.with(|request| self.rules.understand(request, &action.lend(), &bound)).ok()?;
        Some((understood.callable?.1, understood.args))
    }

    fn call(&mut self, action: &OwnedAction, callable: &'a Callable, args: &[Value]) -> String {
        let Some(function) = &callable.function else { return callable.name() };
        let is_sign_in =
            callable.kind == Kind::Message && SIGN_IN.starts_with(&format!("{}(", function.name));
        let shown: Vec<String> = match (callable.kind, is_sign_in) {
            (Kind::Message, true) => vec![self.sign_in(&function.inputs, args)],
            (Kind::Sign, _) => {
                let whole = Type::Tuple(function.inputs.clone());
                vec![self.value(callable, args, &mut Vec::new(), &Value::Tuple(args.to_vec()), &whole, true)]
            }
            _ => self.arguments(callable, args, &function.inputs),
        };
        if action.kind == Kind::Command {
            self.besides.push("the router's call around it".to_owned());
        }
        format!("{}({})", callable.name(), shown.join(", "))
    }

    fn arguments(&mut self, callable: &Callable, args: &[Value], inputs: &[Member]) -> Vec<String> {
        let each = inputs.iter().zip(args).enumerate();
        each.map(|(n, (member, value))| {
            let mut path = vec![values::member(n)];
            self.value(callable, args, &mut path, value, &member.ty, false)
        })
        .collect()
    }
}
