//! Why the rules deny it.

use super::{first_sentence, place};
use crate::{decision::Nearest, load::Policy};
use agentpol_model::{
    B256, ChainId,
    decision::{Denied, DenyCode},
    effect::EffectKind,
    policy::{Typed, Unwrap},
    request::{Action, DOMAIN_BYTES, Kind, Request},
};
use alloy_primitives::hex::encode_prefixed;

impl Policy {
    /// Why the rules deny it, and where: which action inside the request, if it has more than one.
    pub(crate) fn why_denied(
        &self,
        request: &Request<'_>,
        denied: &Denied,
        nearest: Option<&Nearest>,
    ) -> (Option<String>, String) {
        let found = self.rules().with_action(request, denied.action, |action, path| {
            let why = self.why_action(request, action, denied, nearest);
            (place::words(path, request.actions.len()), why)
        });
        let (place, why) = found.unwrap_or_else(|| (None, self.why_request(request, denied)));
        match place {
            Some(place) => (Some(place.clone()), format!("{place}: {why}")),
            None => (None, why),
        }
    }

    fn ruled(&self, denied: &Denied) -> Option<String> {
        denied.rule.and_then(|rule| self.rule_name(rule)).map(|rule| format!("`{rule}`"))
    }

    /// Where no action can be pointed at.
    fn why_request(&self, request: &Request<'_>, denied: &Denied) -> String {
        match denied.code {
            DenyCode::WrongChain => {
                let named: Vec<&str> = self.module().chains.iter().map(|c| c.name.as_str()).collect();
                format!("chain {} is not one of the policy's: {}", request.chain, named.join(", "))
            }
            DenyCode::WrongWallet => {
                format!("the wallet is {}, but the policy was loaded for {}", request.wallet, self.wallet())
            }
            DenyCode::NoRule if request.actions.is_empty() => "it does nothing".to_owned(),
            code => match self.ruled(denied) {
                Some(rule) => format!("{} (rule {rule})", first_sentence(code.doc())),
                None => first_sentence(code.doc()).to_owned(),
            },
        }
    }

    fn why_action(
        &self,
        request: &Request<'_>,
        action: &Action<'_>,
        denied: &Denied,
        nearest: Option<&Nearest>,
    ) -> String {
        let chain = request.chain;
        let rule = self.ruled(denied);
        let named = rule.as_deref().unwrap_or("no rule");
        let contract = || self.name_of(chain, action.to);
        let called = || self.called(chain, action).unwrap_or_else(contract);
        match denied.code {
            DenyCode::Malformed => self.why_malformed(chain, action, denied.offset.unwrap_or_default()),
            DenyCode::UnknownContract => format!(
                "the policy uses no contract or token at {} on {}; import it or declare it with `contract`",
                action.to,
                self.chain_name(chain)
            ),
            DenyCode::UnknownFunction if action.kind == Kind::Command => format!(
                "the interface of {} declares no command {}",
                contract(),
                encode_prefixed(action.command.get(3..).unwrap_or_default())
            ),
            DenyCode::UnknownFunction => format!(
                "the interface of {} declares no function with the selector {}",
                contract(),
                action.data.first_chunk::<4>().map_or("of no bytes".to_owned(), encode_prefixed)
            ),
            DenyCode::UnknownType => format!(
                "the interface of {} declares no typed data with the type hash {}; it needs a `sign` that is written \
                 exactly so",
                contract(),
                place::type_hash(action).unwrap_or_default()
            ),
            DenyCode::WrongDomain => self.why_other_domain(chain, action),
            DenyCode::NotPayable if action.kind == Kind::Call || action.kind == Kind::Delegatecall => {
                format!(
                    "the function takes no value, but {} would be sent along",
                    self.wei(chain, action.value)
                )
            }
            DenyCode::NotPayable => {
                format!("it takes no value, but {} would go with it", self.wei(chain, action.value))
            }
            DenyCode::NoRule => self.why_no_rule(chain, action, nearest),
            DenyCode::DeniedByRule => format!("the rule {named} denies it"),
            DenyCode::Undefined if rule.is_none() => {
                format!("what {} does depends on something that the request does not have", called())
            }
            DenyCode::Undefined => {
                format!("the rule {named} reads something that the request does not have")
            }
            DenyCode::Opaque => {
                format!("nobody declared what the function does, and {named} does not say `accept opaque`")
            }
            DenyCode::Requirement => format!(
                "what {} does is declared only for where its `requires` holds, and here it does not",
                called()
            ),
            DenyCode::AllowFailure if rule.is_none() => format!(
                "a part of it may fail while the rest goes on; it takes a rule about `{}` that says `accept allow_failure`, \
                 or parts that must all succeed",
                called()
            ),
            DenyCode::AllowFailure => format!(
                "a part of it may fail while the rest goes on, and {named} does not say `accept allow_failure`"
            ),
            DenyCode::Delegatecall => format!(
                "the code of {} would run as the account; only a rule about `delegatecall` of that function grants it",
                contract()
            ),
            DenyCode::ForeignSender => format!(
                "{} acts here, not the wallet, and {named} does not say `accept foreign_sender`",
                self.name_of(chain, action.from)
            ),
            DenyCode::Unlimited => self.why_unlimited(chain, action, named),
            _ => self.why_request(request, denied),
        }
    }

    fn why_no_rule(&self, chain: ChainId, action: &Action<'_>, nearest: Option<&Nearest>) -> String {
        if let Some(n) = nearest {
            return format!(
                "no rule grants it; `{}` came closest, but asks for `{}` and saw {}; {} would pass",
                n.rule, n.clause, n.saw, n.would_pass
            );
        }
        let known = self.callable_of(chain, action);
        let wraps = known.is_some_and(|(callable, _)| !callable.unwraps.is_empty());
        match action.kind {
            _ if wraps => {
                let called = self.called(chain, action).unwrap_or_default();
                format!(
                    "`{called}` needs a rule of its own where it does something besides what is inside it, or holds \
                     nothing"
                )
            }
            Kind::Message if known.is_none() => {
                "no rule is about such texts; its subject would be `message(text)`, or `message SignIn(m)`"
                    .to_owned()
            }
            Kind::Deploy if known.is_none() => {
                "no rule is about creating contracts; its subject would be `deploy`".to_owned()
            }
            Kind::Authorize if known.is_none() => {
                "no rule is about handing the account over to code; its subject would \
                 be `authorize(delegate, nonce)`"
                    .to_owned()
            }
            _ => "no rule grants it, and what no rule grants is denied".to_owned(),
        }
    }

    fn why_unlimited(&self, chain: ChainId, action: &Action<'_>, rule: &str) -> String {
        let known = self.callable_of(chain, action).map(|(callable, _)| callable);
        let has_amount = |callable: &&agentpol_bytecode::Callable| {
            callable.effects.iter().any(|effect| matches!(effect.kind, EffectKind::Grant(_)))
        };
        let what = match known {
            _ if action.kind == Kind::Authorize => format!(
                "the code of {} would act as the account from then on, and it is not `trusted`",
                self.name_of(chain, action.to)
            ),
            Some(callable) if !callable.controls.is_empty() && known.filter(has_amount).is_none() => {
                "it gives control that no amount limits to somebody who is not `trusted`".to_owned()
            }
            _ => {
                "it gives all there is to somebody who is not `trusted`; an amount could be given".to_owned()
            }
        };
        format!("{what} (rule {rule})")
    }

    fn why_malformed(&self, chain: ChainId, action: &Action<'_>, offset: u32) -> String {
        let what = match action.kind {
            Kind::Call | Kind::Delegatecall | Kind::Send => "calldata",
            Kind::Sign => "typed data",
            Kind::Message => "message",
            Kind::Command => "arguments of the command",
            Kind::Authorize => "authorisation",
            Kind::Deploy => "init code",
        };
        let known = self.callable_of(chain, action);
        let args = action.data.get(place::prefix(action.kind)..).unwrap_or_default();
        let cause = known.and_then(|(_, function)| function).and_then(|function| {
            let decoded = agentpol_abi::decode::decode_trailing(&function.inputs, args, function.trailing);
            decoded.err().map(|fault| fault.cause.to_string())
        });
        let inside = || known.and_then(|(callable, _)| callable.unwraps.first()).map(inside);
        match (cause, inside()) {
            (Some(cause), _) => format!("malformed {what} at byte {offset}: {cause}"),
            (None, Some(inside)) => format!("malformed {what}: what is inside cannot be read; {inside}"),
            (None, None) if action.kind == Kind::Send => {
                format!("malformed {what} at byte {offset}: a plain send has none")
            }
            (None, None) => {
                format!("malformed {what} at byte {offset}: the bytes are not the call of any function")
            }
        }
    }

    fn why_other_domain(&self, chain: ChainId, action: &Action<'_>) -> String {
        let found = action.data.first_chunk::<DOMAIN_BYTES>().map(|separator| B256::from(*separator));
        let known = self.callable_of(chain, action).and_then(|(callable, _)| callable.typed.as_ref());
        let right = known.map(|typed| domain(typed, chain, action)).unwrap_or_default();
        format!(
            "the typed data is for another domain than that of {}, which has {right}; its hash is {}",
            self.name_of(chain, action.to),
            found.unwrap_or_default()
        )
    }
}

/// `the name "USD Coin", the version "2", the chain 1 and the contract 0x…`
fn domain(typed: &Typed, chain: ChainId, action: &Action<'_>) -> String {
    let part = |what: &str, text: &Option<String>| match text {
        Some(text) => format!("the {what} {text:?}"),
        None => format!("no {what}"),
    };
    format!(
        "{}, {}, the chain {chain} and the contract {}",
        part("name", &typed.domain_name),
        part("version", &typed.domain_version),
        action.to
    )
}

/// What would be right inside.
fn inside(unwrap: &Unwrap) -> &'static str {
    match unwrap {
        Unwrap::Call { .. } => {
            "an operation is 0 (a call) or 1 (a delegatecall, without value), arrays that go together are equally long"
        }
        Unwrap::Commands { .. } => "there is one input for each opcode",
        Unwrap::Plan { .. } => "it is the ABI encoding of opcodes and inputs, one input for each opcode",
        Unwrap::Records { .. } => {
            "it is records of an operation (0, or 1 without value), an address, a value, a length and so many bytes, to the \
             last byte"
        }
        Unwrap::Execution { .. } => {
            "the mode is a single call, a batch or a delegatecall of ERC-7579 with nothing else in it, and the rest is \
             encoded as that standard has it"
        }
        Unwrap::Permit { .. } => {
            "it is empty, or a token and the arguments of its `permit` (EIP-2612, or DAI's)"
        }
    }
}
