//! Numbers, amounts and times as people read them.

use agentpol_model::{
    Address, ChainId, U256,
    budget::{Budget, Cap, Measure},
    effect::UNLIMITED,
    ids::{ParamId, TokenId},
    policy::{Chain, ParamType, Token},
    words::{Decimal, grouped},
};

/// `1,250.5`: base units of something with so many decimals.
pub(crate) fn decimal(amount: U256, decimals: u8) -> String {
    Decimal { amount, decimals }.to_string()
}

/// `250 USDC`; what means "all there is" is said so.
pub(crate) fn amount(units: U256, token: &Token) -> String {
    if units >= UNLIMITED {
        return format!("unlimited {}", token.symbol);
    }
    format!("{} {}", decimal(units, token.decimals), token.symbol)
}

/// `0x3C44…93BC`
pub(crate) fn short(address: Address) -> String {
    let text = address.to_checksum(None);
    match (text.get(..6), text.get(text.len().saturating_sub(4)..)) {
        (Some(head), Some(tail)) => format!("{head}…{tail}"),
        _ => text,
    }
}

/// `ethereum`, or `chain 5` where the policy does not name it.
pub(crate) fn chain(id: ChainId, chains: &[Chain]) -> String {
    chains.iter().find(|c| c.id == id).map_or_else(|| format!("chain {id}"), |c| c.name.clone())
}

/// How much of a budget, in its own measure: `500 USDC`, `0.05 ETH of fees`, `4 calls`. Of several tokens, the first one's
/// units, which are worth the same.
pub(crate) fn of_budget(units: U256, budget: &Budget, tokens: &[Token]) -> String {
    let of = |id: TokenId, weight: U256| -> Option<(U256, &Token)> {
        Some((units.checked_div(weight)?, tokens.get(id.index())?))
    };
    match &budget.measure {
        Measure::Calls => match u64::try_from(units) {
            Ok(1) => "1 call".to_owned(),
            _ => format!("{} calls", grouped(&units.to_string())),
        },
        Measure::Fees(id) => {
            of(*id, U256::ONE).map_or_else(String::new, |(n, t)| format!("{} of fees", amount(n, t)))
        }
        Measure::Gross(weights) => {
            let first = weights.first().and_then(|(id, weight)| of(*id, *weight));
            let symbols: Vec<&str> = weights
                .iter()
                .filter_map(|(id, _)| tokens.get(id.index()))
                .map(|t| t.symbol.as_str())
                .collect();
            first.map_or_else(String::new, |(n, t)| {
                format!("{} {}", decimal(n, t.decimals), symbols.join("+"))
            })
        }
    }
}

/// A cap as a policy writes it; a parameter by its name.
pub(crate) fn cap(budget: &Budget, tokens: &[Token], name: impl Fn(ParamId) -> String) -> String {
    match budget.cap {
        Cap::Fixed(units) => of_budget(units, budget, tokens),
        Cap::Param(param, _) => name(param),
    }
}

/// A parameter's type as a policy writes it.
pub(crate) fn param_type(ty: ParamType, tokens: &[Token]) -> String {
    match ty {
        ParamType::Address => "address".to_owned(),
        ParamType::Approver => "approver".to_owned(),
        ParamType::Amount(id) => {
            format!("amount of {}", tokens.get(id.index()).map_or("?", |t| t.symbol.as_str()))
        }
        ParamType::Int => "int".to_owned(),
        ParamType::Duration => "duration".to_owned(),
        ParamType::Time => "time".to_owned(),
        ParamType::Bool => "bool".to_owned(),
        ParamType::Bytes32 => "bytes32".to_owned(),
        ParamType::AddressSet(most) => format!("set of address up to {most}"),
    }
}

#[cfg(test)]
mod tests;
