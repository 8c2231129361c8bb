//! Tables that nothing is decided in, but everything rests on.

use crate::{At, Check, is_set, kinds, numbered, require, wrong};
use agentpol_abi::Layout;
use agentpol_bytecode::{
    Module,
    limits::{MAX_BUDGETS, MAX_SET_MEMBERS},
};
use agentpol_model::{
    Address, U256,
    budget::{Budget, Cap, Measure, Window},
    certificate::Bound,
    ids::{BudgetId, FunctionId, ParamId, SetId, TokenId},
    policy::{Function, Param, ParamType, Seconds, Target, Token, TokenSpec},
};
use std::collections::{BTreeMap, BTreeSet};

/// The parameter, which must be one of these.
pub(crate) fn param(module: &Module, id: ParamId, fits: impl Fn(ParamType) -> bool, wanted: &str) -> Check {
    match module.params.get(id.index()) {
        None => wrong(format!("{id} does not exist")),
        Some(param) => require(fits(param.ty), wanted).at(id),
    }
}

pub(crate) fn token(module: &Module, id: TokenId) -> Check<&Token> {
    module.tokens.get(id.index()).map_or_else(|| wrong(format!("{id} does not exist")), Ok)
}

pub(crate) fn budget(module: &Module, id: BudgetId) -> Check<&Budget> {
    module.budgets.get(id.index()).map_or_else(|| wrong(format!("{id} does not exist")), Ok)
}

pub(crate) fn target(module: &Module, target: Target) -> Check {
    match target {
        Target::Fixed(_) => Ok(()),
        Target::Param(id) => {
            param(module, id, |ty| ty == ParamType::Address, "an address parameter is needed")
        }
    }
}

pub(crate) fn seconds(module: &Module, seconds: Seconds) -> Check {
    match seconds {
        Seconds::Fixed(_) => Ok(()),
        Seconds::Param(id) => param(module, id, |ty| ty == ParamType::Duration, "a duration is needed"),
    }
}

pub(crate) fn chains(module: &Module) -> Check {
    require(module.chains.is_sorted_by(|a, b| a.id < b.id), "chains are not sorted by id, each once")
        .at("chains")?;
    for chain in &module.chains {
        let native = token(module, chain.native).at(&chain.name)?;
        require(native.sites.contains(&(chain.id, None)), "the native token is not without address here")
            .at(&chain.name)?;
    }
    Ok(())
}

pub(crate) fn params(module: &Module) -> Check {
    let names: BTreeSet<_> = module.params.iter().map(|param| &param.name).collect();
    require(names.len() == module.params.len(), "two parameters have one name").at("params")?;
    for (id, param) in numbered(&module.params) {
        one_param(module, param).at(ParamId::new(id))?;
    }
    Ok(())
}

fn one_param(module: &Module, param: &Param) -> Check {
    let numeric = match param.ty {
        ParamType::Amount(id) => token(module, id).map(|_| true)?,
        ParamType::Int | ParamType::Duration | ParamType::Time => true,
        ParamType::AddressSet(most) => {
            require(most as usize <= MAX_SET_MEMBERS, "the set is larger than a set may be")?;
            false
        }
        ParamType::Address | ParamType::Approver | ParamType::Bool | ParamType::Bytes32 => false,
    };
    match param.domain {
        None => Ok(()),
        Some((low, high)) => {
            require(numeric, "only a number has a domain")?;
            require(low <= high, "the domain is empty")
        }
    }
}

pub(crate) fn tokens(module: &Module) -> Check {
    let mut symbols = BTreeSet::new();
    let mut places: BTreeMap<_, TokenId> = BTreeMap::new();
    for (id, token) in numbered(&module.tokens) {
        let id = TokenId::new(id);
        require(symbols.insert(&token.symbol), "another token has the same symbol").at(id)?;
        require(token.sites.is_sorted_by(|a, b| a.0 < b.0), "its sites are not sorted by chain, one a chain")
            .at(id)?;
        for site in &token.sites {
            if let Some(other) = places.insert(*site, id) {
                return wrong(format!("{other} stands at the same address on chain {}", site.0)).at(id);
            }
        }
    }
    Ok(())
}

pub(crate) fn contracts(module: &Module) -> Check {
    for (index, contract) in numbered(&module.contracts) {
        target(module, contract.address).at(format_args!("contracts[{index}]"))?;
    }
    require(is_set::<Address>(&module.named_addresses), "not sorted, each once").at("named_addresses")
}

pub(crate) fn sets(module: &Module) -> Check {
    for (id, set) in numbered(&module.sets) {
        let id = SetId::new(id);
        require(is_set::<U256>(set), "not sorted, each once").at(id)?;
        require(set.len() <= MAX_SET_MEMBERS, "larger than a set may be").at(id)?;
    }
    Ok(())
}

pub(crate) fn budgets(module: &Module) -> Check {
    require(module.budgets.len() <= MAX_BUDGETS, "more budgets than a policy may have").at("budgets")?;
    let lines: BTreeSet<_> = module.budgets.iter().map(|budget| (&budget.name, budget.line)).collect();
    require(lines.len() == module.budgets.len(), "two lines of a budget have one number").at("budgets")?;
    for (id, budget) in numbered(&module.budgets) {
        one_budget(module, budget).at(BudgetId::new(id))?;
    }
    Ok(())
}

/// Its form. Whether it is true is not for this to say.
pub(crate) fn certificate(module: &Module) -> Check {
    let Some(certificate) = &module.certificate else { return Ok(()) };
    let about = |bound: &Bound| (bound.token, bound.flow, bound.with_approvals, bound.span);
    require(
        certificate.bounds.is_sorted_by(|a, b| about(a) < about(b)),
        "its bounds are not sorted, one for each token, flow and span",
    )
    .at("certificate")?;
    for bound in &certificate.bounds {
        token(module, bound.token).at("certificate")?;
    }
    require(is_set(&certificate.accepted), "what is accepted is not sorted, each once").at("certificate")
}

fn one_budget(module: &Module, budget: &Budget) -> Check {
    cap(module, budget.cap)?;
    if let Window::Sliding { seconds } = budget.window {
        require(seconds > 0, "a window of no seconds")?;
    }
    match &budget.measure {
        Measure::Calls => Ok(()),
        Measure::Fees(id) => native(module, *id),
        Measure::Gross(weights) => {
            let tokens: BTreeSet<_> = weights.iter().map(|(token, _)| token).collect();
            require(!weights.is_empty() && tokens.len() == weights.len(), "counts no token, or one twice")?;
            weights.iter().try_for_each(|(id, weight)| {
                token(module, *id)?;
                require(*weight != U256::ZERO, "a token that weighs nothing")
            })
        }
    }
}

fn cap(module: &Module, cap: Cap) -> Check {
    match cap {
        Cap::Fixed(_) => Ok(()),
        Cap::Param(id, weight) => {
            require(weight != U256::ZERO, "a cap that weighs nothing")?;
            param(
                module,
                id,
                |ty| matches!(ty, ParamType::Amount(_) | ParamType::Int),
                "an amount or a number is needed",
            )
        }
    }
}

fn native(module: &Module, id: TokenId) -> Check {
    token(module, id)?;
    require(module.chains.iter().any(|chain| chain.native == id), "fees are paid in a chain's native token")
}

pub(crate) fn fee_caps(module: &Module) -> Check {
    require(module.fee_caps.is_sorted_by(|a, b| a.0 < b.0), "not sorted by token, each once")
        .at("fee_caps")?;
    module
        .fee_caps
        .iter()
        .try_for_each(|(token, most)| {
            native(module, *token)?;
            cap(module, *most)
        })
        .at("fee_caps")
}

pub(crate) fn texts(module: &Module) -> Check {
    for (index, text) in numbered(&module.texts) {
        require(text.place.start <= text.place.end, "ends before it begins")
            .at(format_args!("text{index}"))?;
    }
    Ok(())
}

pub(crate) fn functions(module: &Module) -> Check<Vec<Layout>> {
    let mut layouts = Vec::new();
    let commands = kinds::commands(module);
    for (id, function) in numbered(&module.functions) {
        let id = FunctionId::new(id);
        layouts.push(layout(module, function).at(id)?);
        if !commands.contains(&id.index()) {
            kinds::selector_of(function).at(id)?;
        }
    }
    Ok(layouts)
}

fn layout(module: &Module, function: &Function) -> Check<Layout> {
    let signature = agentpol_abi::signature(&function.name, &function.inputs);
    if signature != function.signature {
        return wrong(format!("the signature is `{}`; these types have `{signature}`", function.signature));
    }
    let layout = Layout::new(&function.inputs).or_else(|unfit| wrong(unfit.to_string()))?;
    for (path, spec) in &function.units {
        layout.locate(&path.0).or_else(|fault| wrong(format!("a unit's path leads nowhere: {fault}")))?;
        if let TokenSpec::Known(id) = spec {
            token(module, *id)?;
        }
    }
    Ok(layout)
}
