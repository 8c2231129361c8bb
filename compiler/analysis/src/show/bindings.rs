//! What a witness takes the parameters to be.

use super::names::amount;
use crate::{
    ruleset::{Param, ParamType, ParamValue, RuleSet, Target},
    witness::{STRANGER, Witness},
};
use agentpol_model::{
    Address, U256,
    policy::WALLET_PARAM,
    words::{Instant, Span, grouped},
};

/// `limit = 500 USDC`, one for each parameter that is more than an address of its own.
pub(super) fn bindings(rules: &RuleSet, witness: &Witness) -> Vec<String> {
    let each = rules.params.iter().filter(|param| param.name != WALLET_PARAM);
    each.filter_map(|param| {
        let value = witness.params.get(&param.name)?;
        match value {
            ParamValue::Word(word) if is_address(param) && is_nobody_else(rules, witness, param, *word) => {
                None
            }
            value => Some(format!("{} = {}", param.name, bound_to(rules, param.ty, value))),
        }
    })
    .collect()
}

/// What a parameter is bound to, as a policy or a command line writes it: `500 USDC`, `{ 0x… }`, `10min`.
pub fn bound_to(rules: &RuleSet, ty: ParamType, value: &ParamValue) -> String {
    match value {
        ParamValue::Set(members) => set(members),
        ParamValue::Word(word) => self::word(rules, ty, *word),
    }
}

fn is_address(param: &Param) -> bool {
    matches!(param.ty, ParamType::Address | ParamType::Approver)
}

fn address(word: U256) -> Address {
    Address::from_word(word.into())
}

fn set<'s>(members: impl IntoIterator<Item = &'s Address>) -> String {
    let members: Vec<String> = members.into_iter().map(|member| member.to_checksum(None)).collect();
    if members.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", members.join(", ")) }
}

/// Is it an address that has no other name here? Then the parameter's own says all there is to say.
fn is_nobody_else(rules: &RuleSet, witness: &Witness, param: &Param, word: U256) -> bool {
    let address = address(word);
    let same = |other: &Param| {
        other.name != param.name
            && match witness.params.get(&other.name) {
                Some(ParamValue::Word(theirs)) => is_address(other) && *theirs == word,
                Some(ParamValue::Set(set)) => set.contains(&address),
                None => false,
            }
    };
    address != witness.wallet
        && address != STRANGER
        && !rules.named_addresses.contains(&address)
        && !rules.contracts.iter().any(|contract| contract.address == Target::Fixed(address))
        && !rules.tokens.iter().any(|token| token.sites.iter().any(|(_, at)| *at == Some(address)))
        && !rules.params.iter().any(same)
}

fn word(rules: &RuleSet, ty: ParamType, word: U256) -> String {
    let small = || u64::try_from(word).ok();
    match ty {
        ParamType::Address | ParamType::Approver | ParamType::AddressSet(_) => {
            address(word).to_checksum(None)
        }
        ParamType::Amount(token) => match rules.tokens.get(token.index()) {
            Some(token) => amount(word, token),
            None => word.to_string(),
        },
        ParamType::Int => grouped(&word.to_string()).replace(',', "_"),
        ParamType::Duration => small().map_or_else(|| word.to_string(), |seconds| Span(seconds).to_string()),
        ParamType::Time => small().map_or_else(|| word.to_string(), |time| Instant(time).to_string()),
        ParamType::Bool => (word != U256::ZERO).to_string(),
        ParamType::Bytes32 => format!("{word:#066x}"),
    }
}
