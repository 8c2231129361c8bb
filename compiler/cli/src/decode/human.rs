//! What was understood, for a person: amounts with their token, addresses with their name.

use super::{
    Decoded,
    out::{ActionOut, effect_word},
};
use crate::{
    show,
    ui::{BOLD, CODE, DIM, ERROR, Failure, Ui, WARNING},
};
use agentpol_abi::Value;
use agentpol_analysis::ruleset::{Callable, RuleSet, Target, TokenSpec, Understood};
use agentpol_diagnostics::render::visible;
use agentpol_model::{
    Address, U256,
    effect::{Effect, EffectKind},
    policy::{Scalar, Token},
    types::{Path, Step, Type, WordType},
    words::Instant,
};
use std::io::Write as _;

/// Elements of an array, and bytes of `bytes` or `string`, that are shown; the JSON has them all.
const MAX_SHOWN: usize = 64;

/// A request and its actions.
pub(super) fn write(ui: &mut Ui, decoded: &Decoded, actions: &str) -> Result<(), Failure> {
    let id = match &decoded.id {
        Some(serde_json::Value::String(text)) => visible(text).into_owned(),
        Some(other) => other.to_string(),
        None => format!("line {}", decoded.line),
    };
    writeln!(ui.out, "{BOLD}{id}{BOLD:#}")?;
    write!(ui.out, "{actions}")?;
    if let Some(error) = &decoded.error {
        writeln!(ui.out, "  {ERROR}{}{ERROR:#} {}", error.code, visible(&error.message))?;
    }
    writeln!(ui.out)?;
    Ok(())
}

/// One action, as indented lines.
pub(super) fn action(out: &ActionOut, understood: Option<&Understood<'_>>, rules: &RuleSet) -> String {
    let names = Names { rules };
    let callable = understood.and_then(|u| u.callable).map(|(_, c)| c);
    let called = match callable.and_then(|c| Some((&c.contract, c.function.as_ref()?))) {
        Some((contract, function)) if contract.is_empty() => format!(" {CODE}{}{CODE:#}", function.name),
        Some((contract, function)) => format!(" {CODE}{contract}.{}{CODE:#}", function.name),
        None => {
            let hash = out.selector.as_ref().or(out.type_hash.as_ref());
            hash.map(|hash| format!(" {CODE}{hash}{CODE:#}")).unwrap_or_default()
        }
    };
    let at = match out.kind {
        "send" | "authorize" => format!("to {} ", out.to),
        "message" | "deploy" => String::new(),
        _ => format!("at {} ", out.to),
    };
    let may_fail = if out.may_fail { format!(", {WARNING}may fail{WARNING:#}") } else { String::new() };
    let mut text = format!("  {}{called} {DIM}{at}on {}{DIM:#}{may_fail}\n", out.kind, out.chain);
    if let (Some(understood), Some(function)) = (understood, callable.and_then(|c| c.function.as_ref())) {
        let width = function.inputs.iter().map(|m| m.name.len()).max().unwrap_or(0);
        for (n, (member, value)) in function.inputs.iter().zip(&understood.args).enumerate() {
            let path = vec![Step::Member(u16::try_from(n).unwrap_or(u16::MAX))];
            let scope = Scope { callable, args: &understood.args, names: &names };
            let shown = scope.value(value, &member.ty, &path);
            text.push_str(&format!("    {:width$}  {shown}\n", member.name));
        }
    }
    if out.value != "0" {
        let native = native(out, rules);
        let value = out.value.parse().unwrap_or(U256::ZERO);
        let shown = native.map_or_else(|| format!("{} wei", out.value), |t| show::amount(value, t));
        text.push_str(&format!("    {DIM}with value{DIM:#} {shown}\n"));
    }
    match (understood, &out.effects) {
        (Some(_), None) => {
            text.push_str(&format!("    {WARNING}opaque{WARNING:#}: nobody declared what else it does\n"))
        }
        (Some(understood), Some(_)) => {
            // Value that could go along and does not is no news; what goes to a new contract is shown as such.
            let idle = |e: &Effect| {
                e.kind == EffectKind::Move
                    && ((e.amount == U256::ZERO && out.value == "0") || out.kind == "deploy")
            };
            for effect in understood.effects.iter().filter(|e| !e.as_ref().is_ok_and(idle)) {
                text.push_str(&format!("    {}\n", names.effect(effect.as_ref())));
            }
        }
        (None, _) => {}
    }
    if let Some(error) = &out.error {
        text.push_str(&format!("    {ERROR}{}{ERROR:#} {}\n", error.code, visible(&error.message)));
    }
    if let Some(understood) = understood.filter(|understood| !understood.inner.is_empty()) {
        text.push_str("    inside it:\n");
        for (out, inside) in out.inner.iter().zip(&understood.inner) {
            for line in action(out, inside.understood.as_ref().ok(), rules).lines() {
                text.push_str(&format!("    {line}\n"));
            }
        }
    }
    text
}

fn native<'r>(out: &ActionOut, rules: &'r RuleSet) -> Option<&'r Token> {
    let chain = rules.chains.iter().find(|c| c.name == out.chain)?;
    rules.tokens.get(chain.native.index())
}

/// Addresses with their names.
struct Names<'r> {
    rules: &'r RuleSet,
}

impl Names<'_> {
    fn address(&self, address: Address) -> String {
        let known = self.rules.contracts.iter().find(|c| c.address == Target::Fixed(address));
        match known {
            Some(contract) => format!("{} {DIM}{address}{DIM:#}", contract.name),
            None => address.to_checksum(None),
        }
    }

    fn effect(&self, effect: Result<&Effect, &agentpol_model::decision::DenyCode>) -> String {
        let e = match effect {
            Ok(e) => e,
            Err(code) => {
                return format!("{WARNING}{code}{WARNING:#}: one of its effects cannot be worked out");
            }
        };
        let amount = self
            .rules
            .tokens
            .get(e.token.index())
            .map_or_else(|| e.amount.to_string(), |t| show::amount(e.amount, t));
        let party = self.address(e.party);
        let rest = match e.kind {
            EffectKind::Move | EffectKind::Grant(_) => format!("to {party}"),
            EffectKind::Pull { .. } => format!("by {party}"),
            EffectKind::Receive => format!("at {party}"),
            EffectKind::Owe => String::new(),
        };
        let until = e.until.map(|t| format!(" until {}", Instant(t))).unwrap_or_default();
        let through = e.through.map(|t| format!(" through {}", self.address(t))).unwrap_or_default();
        let least = if e.kind == EffectKind::Receive { " at least" } else { "" };
        format!("{DIM}{}{least}{DIM:#} {amount} {rest}{through}{until}", effect_word(e.kind))
            .trim_end()
            .to_owned()
    }
}

/// What an argument's unit can be looked up by.
struct Scope<'a> {
    callable: Option<&'a Callable>,
    args: &'a [Value],
    names: &'a Names<'a>,
}

impl Scope<'_> {
    fn value(&self, value: &Value, ty: &Type, path: &[Step]) -> String {
        match (value, ty) {
            (Value::Word(word, ty), _) => self.word(*word, *ty, path),
            (Value::Bytes(bytes), _) => {
                let head = alloy_primitives::hex::encode_prefixed(bytes.get(..MAX_SHOWN).unwrap_or(bytes));
                let more = if bytes.len() > MAX_SHOWN {
                    format!("… {} bytes", bytes.len())
                } else {
                    String::new()
                };
                format!("{head}{more}")
            }
            (Value::String(text), _) => {
                let head: String = text.chars().take(MAX_SHOWN).collect();
                let more = if head.len() < text.len() { "…" } else { "" };
                format!("{:?}{more}", visible(&head))
            }
            (Value::Tuple(values), Type::Tuple(members)) => {
                let member = |(n, (v, m)): (usize, (&Value, &agentpol_model::types::Member))| {
                    let path = [path, &[Step::Member(u16::try_from(n).unwrap_or(u16::MAX))]].concat();
                    let shown = self.value(v, &m.ty, &path);
                    if m.name.is_empty() { shown } else { format!("{DIM}{}:{DIM:#} {shown}", m.name) }
                };
                let all: Vec<String> = values.iter().zip(members).enumerate().map(member).collect();
                // One member a line, unless there are few.
                match all.as_slice() {
                    few @ ([] | [_] | [_, _]) => format!("{{ {} }}", few.join(", ")),
                    many => {
                        let indent = " ".repeat(4 + 2 * path.len());
                        let lines: Vec<String> = many.iter().map(|m| format!("\n{indent}{m}")).collect();
                        lines.concat()
                    }
                }
            }
            (Value::Array(values), Type::Array(inner, _) | Type::FixedArray(inner, _)) => {
                let element = |(n, v): (usize, &Value)| {
                    self.value(
                        v,
                        inner,
                        &[path, &[Step::Index(u32::try_from(n).unwrap_or(u32::MAX))]].concat(),
                    )
                };
                let mut all: Vec<String> = values.iter().take(MAX_SHOWN).enumerate().map(element).collect();
                if values.len() > MAX_SHOWN {
                    all.push(format!("… {} in all", values.len()));
                }
                format!("[{}]", all.join(", "))
            }
            (other, _) => other.to_string(),
        }
    }

    fn word(&self, word: U256, ty: WordType, path: &[Step]) -> String {
        if ty == WordType::Address {
            return self.names.address(Address::from_word(word.into()));
        }
        match self.token(path) {
            Some(token) => show::amount(word, token),
            None => agentpol_abi::word_to_string(word, ty),
        }
    }

    /// The token that an argument is an amount of.
    fn token(&self, path: &[Step]) -> Option<&Token> {
        let callable = self.callable?;
        let function = callable.function.as_ref()?;
        let (_, spec) = function.units.iter().find(|(at, _)| at.0 == path)?;
        let id = match spec {
            TokenSpec::Known(id) => *id,
            TokenSpec::At(Scalar::Arg(at, _)) => {
                self.names.rules.token_at(callable.chain, self.address_at(at)?)?
            }
            TokenSpec::At(Scalar::Const(word)) => {
                self.names.rules.token_at(callable.chain, Address::from_word((*word).into()))?
            }
            TokenSpec::At(_) => return None,
        };
        self.names.rules.tokens.get(id.index())
    }

    fn address_at(&self, path: &Path) -> Option<Address> {
        let (first, rest) = path.0.split_first()?;
        let Step::Member(n) = first else { return None };
        let mut value = self.args.get(usize::from(*n))?;
        for step in rest {
            value = match (value, step) {
                (Value::Tuple(values), Step::Member(n)) => values.get(usize::from(*n))?,
                (Value::Array(values), Step::Index(n)) => values.get(usize::try_from(*n).ok()?)?,
                _ => return None,
            };
        }
        match value {
            Value::Word(word, _) => Some(Address::from_word((*word).into())),
            _ => None,
        }
    }
}
