//! What is understood of actions, as `decode` gives it out.

use agentpol_abi::Value;
use agentpol_analysis::ruleset::{Inside, NotUnderstood, RuleSet, Understood};
use agentpol_model::{
    Address, ChainId,
    decision::DenyCode,
    effect::{Effect, EffectKind, GrantMode},
    request::{Action, DOMAIN_BYTES, Kind, TYPE_HASH_BYTES},
    types::Member,
};
use alloy_primitives::hex;
use serde::Serialize;

/// Why something is not understood.
#[derive(Serialize)]
pub(super) struct ErrorOut {
    pub(super) code: &'static str,
    pub(super) message: String,
    /// The byte of the calldata, for `malformed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) offset: Option<u32>,
}

/// An action, and what is inside it.
#[derive(Serialize)]
pub(super) struct ActionOut {
    pub(super) kind: &'static str,
    /// Who acts, inside a wrapper.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<String>,
    /// Inside a wrapper that goes on if it fails.
    #[serde(rename = "mayFail", skip_serializing_if = "core::ops::Not::not")]
    pub(super) may_fail: bool,
    pub(super) chain: String,
    pub(super) to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contract: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) selector: Option<String>,
    /// Of typed data.
    #[serde(rename = "typeHash", skip_serializing_if = "Option::is_none")]
    pub(super) type_hash: Option<String>,
    pub(super) args: Vec<ArgOut>,
    pub(super) value: String,
    /// Null: nobody declared what else it does.
    pub(super) effects: Option<Vec<EffectOut>>,
    pub(super) inner: Vec<ActionOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<ErrorOut>,
}

#[derive(Serialize)]
pub(super) struct ArgOut {
    pub(super) name: String,
    pub(super) r#type: String,
    pub(super) value: serde_json::Value,
}

#[derive(Serialize)]
pub(super) struct EffectOut {
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) amount: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) party: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<u64>,
    /// Who keeps the authority, if not the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) through: Option<String>,
    /// Why it cannot be worked out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<&'static str>,
}

/// What is needed to show an action.
pub(super) struct Shower<'r> {
    pub(super) rules: &'r RuleSet,
    pub(super) chain: ChainId,
    /// Is only the standard library known?
    pub(super) of_library: bool,
}

impl Shower<'_> {
    pub(super) fn action(
        &self,
        action: &Action<'_>,
        understood: Result<&Understood<'_>, &NotUnderstood>,
    ) -> ActionOut {
        let error = understood.err().map(|wrong| self.error(wrong));
        let understood = understood.ok();
        let callable = understood.and_then(|u| u.callable).map(|(_, c)| c);
        let function = callable.and_then(|c| c.function.as_ref());
        let args =
            function.map(|f| &f.inputs).into_iter().flatten().zip(understood.iter().flat_map(|u| &u.args));
        let arg = |(member, value): (&Member, &Value)| ArgOut {
            name: member.name.clone(),
            r#type: member.ty.to_string(),
            value: value.to_json(&member.ty),
        };
        // A `send` moves its value whether a policy speaks of it or not; what is opaque is not told as if it were all.
        let effects = understood.map(|u| u.effects.iter().map(|e| effect(e.as_ref(), self.rules)).collect());
        let type_hash = action.data.get(DOMAIN_BYTES..).and_then(|rest| rest.get(..TYPE_HASH_BYTES));
        ActionOut {
            kind: action.kind.name(),
            from: None,
            may_fail: false,
            chain: crate::show::chain(self.chain, &self.rules.chains),
            to: action.to.to_checksum(None),
            contract: callable.map(|c| c.contract.clone()).filter(|name| !name.is_empty()),
            function: function.map(|f| f.signature.clone()),
            selector: match action.kind {
                Kind::Call | Kind::Delegatecall => action.data.get(..4).map(hex::encode_prefixed),
                Kind::Command => Some(hex::encode_prefixed(action.command)),
                _ => None,
            },
            type_hash: type_hash.filter(|_| action.kind == Kind::Sign).map(hex::encode_prefixed),
            args: args.map(arg).collect(),
            value: action.value.to_string(),
            effects: effects.filter(|_| callable.is_none_or(|c| !c.opaque)),
            inner: understood.iter().flat_map(|u| &u.inner).map(|inside| self.inside(inside)).collect(),
            error,
        }
    }

    fn inside(&self, inside: &Inside<'_>) -> ActionOut {
        let out = self.action(&inside.action(), inside.understood.as_ref());
        ActionOut { from: Some(inside.from.to_checksum(None)), may_fail: inside.may_fail, ..out }
    }

    fn error(&self, wrong: &NotUnderstood) -> ErrorOut {
        let message = match wrong.malformed {
            Some(malformed) => malformed.to_string(),
            None if self.of_library && wrong.code == DenyCode::UnknownContract => {
                "nothing of the standard library stands there; --policy names a policy that declares it"
                    .to_owned()
            }
            None => wrong.code.doc().to_owned(),
        };
        ErrorOut { code: wrong.code.name(), message, offset: wrong.malformed.map(|m| m.offset) }
    }
}

fn effect(effect: Result<&Effect, &DenyCode>, rules: &RuleSet) -> EffectOut {
    match effect {
        Ok(e) => EffectOut {
            kind: effect_word(e.kind),
            token: rules.tokens.get(e.token.index()).map(|t| t.symbol.clone()),
            amount: Some(e.amount.to_string()),
            party: Some(e.party)
                .filter(|p| *p != Address::ZERO || e.kind != EffectKind::Owe)
                .map(|p| p.to_checksum(None)),
            until: e.until,
            through: e.through.map(|t| t.to_checksum(None)),
            error: None,
        },
        Err(code) => EffectOut {
            kind: "undetermined",
            token: None,
            amount: None,
            party: None,
            until: None,
            through: None,
            error: Some(code.name()),
        },
    }
}

/// An effect as an interface writes it.
pub(crate) fn effect_word(kind: EffectKind) -> &'static str {
    match kind {
        EffectKind::Move => "moves",
        EffectKind::Pull { exact: true } => "pulls exactly",
        EffectKind::Pull { exact: false } => "pulls",
        EffectKind::Grant(GrantMode::Set) => "grants",
        EffectKind::Grant(GrantMode::Add) => "grants more",
        EffectKind::Grant(GrantMode::Dec) => "grants less",
        EffectKind::Receive => "receives",
        EffectKind::Owe => "owes",
    }
}
