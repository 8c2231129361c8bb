//! Chains, the policy's head and units.

use super::{ChainDef, ParamDef, ParamTy, UnitDef, World};
use crate::{
    hir::{ModuleIx, Ratio, ratio},
    literal,
    resolve::{Entity, not_a},
    sink::Sink,
};
use agentpol_analysis::ruleset::ParamType;
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_grammar::ast::{self, ItemKind, Span};
use std::collections::BTreeMap;

/// Addresses in a `set of address` at most; each is compared when a request is judged, by halving.
pub(crate) const MAX_PARAM_SET: u32 = 65_536;

impl<'a> World<'a> {
    pub(super) fn declare_chains(&mut self, chains: &[(ModuleIx, &'a ast::Chain, Span)], sink: &mut Sink) {
        let mut ids: BTreeMap<u64, &str> = BTreeMap::new();
        for (module, chain, _) in chains {
            let place = self.place(*module, chain.id.span);
            let id = chain.id.node.replace('_', "").parse::<u64>().unwrap_or_else(|_| {
                sink.push(Diagnostic::new(
                    codes::BAD_CHAIN,
                    place,
                    "a chain id is a whole number below 2^64",
                ));
                0
            });
            if let Some(first) = ids.insert(id, &chain.name.node)
                && first != chain.name.node
            {
                let said = format!("`{first}` has the chain id {id} already");
                sink.push(Diagnostic::new(codes::BAD_CHAIN, place, said));
            }
            let text =
                |span| self.modules.get(module.index()).map(|m| m.slice(span).to_owned()).unwrap_or_default();
            self.chains.push(ChainDef {
                name: &chain.name.node,
                id,
                native: None,
                assumptions: chain
                    .assumptions
                    .iter()
                    .map(|(e, why)| format!("{}: {}", text(e.span), why.node))
                    .collect(),
            });
        }
    }

    /// Ties each chain to its native token, once tokens have their numbers.
    pub(super) fn tie_natives(&mut self, chains: &[(ModuleIx, &'a ast::Chain, Span)], sink: &mut Sink) {
        for (i, (module, chain, _)) in chains.iter().enumerate() {
            let own = self.modules.get(module.index()).and_then(|m| m.names.get(chain.native.node.as_str()));
            let std = || {
                self.prelude
                    .iter()
                    .find_map(|m| self.modules.get(m.index())?.names.get(chain.native.node.as_str()))
            };
            match own.or_else(std).map(|b| b.entity) {
                Some(Entity::Contract(ix)) if self.is_token(ix) => {
                    if let Some(def) = self.chains.get_mut(i) {
                        def.native = Some(ix);
                    }
                }
                Some(Entity::Error) => {}
                _ => sink.push(
                    Diagnostic::new(
                        codes::BAD_CHAIN,
                        self.place(*module, chain.native.span),
                        format!("`{}` is no token", chain.native.node),
                    )
                    .help("declare the chain's own token: `token NAME decimals 18 { on CHAIN native }`"),
                ),
            }
        }
    }

    /// `policy NAME on CHAINS`, exactly once.
    pub(super) fn head(&mut self, sink: &mut Sink) {
        let root = ModuleIx(0);
        let Some(module) = self.modules.first() else { return };
        let mut heads = module.tree.items.iter().filter_map(|i| match &i.kind {
            ItemKind::Policy(p) => Some(p),
            _ => None,
        });
        let Some(head) = heads.next() else {
            let start = module.tree.items.first().map(|i| i.span.start).unwrap_or_default();
            sink.push(
                Diagnostic::new(
                    codes::MISSING_POLICY,
                    module.place(Span::new(start, start)),
                    "the file names no policy",
                )
                .help("begin with `policy NAME on CHAIN`"),
            );
            return;
        };
        if let Some(second) = heads.next() {
            let said = "a file holds one policy";
            sink.push(
                Diagnostic::new(codes::SEVERAL_POLICIES, module.place(second.name.span), said)
                    .label(module.place(head.name.span), "this is the first"),
            );
        }
        let place = module.place(head.name.span);
        let mut on = Vec::new();
        for name in &head.chains {
            match self.chain(root, name) {
                Ok(ix) if on.contains(&ix) => {
                    let said = format!("`{}` stands here twice", name.node);
                    sink.push(Diagnostic::new(codes::DUPLICATE_NAME, self.place(root, name.span), said));
                }
                Ok(ix) => on.push(ix),
                Err(said) => said.into_iter().for_each(|d| sink.push(*d)),
            }
        }
        self.policy.name = &head.name.node;
        self.policy.place = Some(place);
        self.natives = on.iter().filter_map(|c| self.chain_def(*c)?.native).collect();
        self.policy.chains = on;
    }

    pub(super) fn declare_units(&mut self, units: &[(ModuleIx, &'a ast::UnitDecl)], sink: &mut Sink) {
        for (module, unit) in units {
            let mut members = BTreeMap::new();
            for amount in &unit.members {
                let place = self.place(*module, amount.span);
                let number = literal::number(&amount.number.node);
                let token = self.token(*module, &amount.unit.node);
                let (Some(number), Some(token)) = (number, token) else {
                    let said = match self.name(*module, &amount.unit.node) {
                        None => self.unknown_name(*module, *module, &amount.unit),
                        Some(Entity::Error) => continue,
                        Some(other) => {
                            not_a("token", &amount.unit.node, other, self.place(*module, amount.unit.span))
                        }
                    };
                    sink.push(said);
                    continue;
                };
                if number == ratio(0) {
                    sink.push(Diagnostic::new(codes::BAD_UNIT, place, "a unit is worth more than nothing"));
                    continue;
                }
                let base = Ratio::from_integer(literal::power_of_ten(self.decimals(token).into()));
                if members.insert(token, (number * base).recip()).is_some() {
                    let said = format!("`{}` stands in this unit twice", amount.unit.node);
                    sink.push(Diagnostic::new(codes::BAD_UNIT, place, said));
                }
            }
            self.units.push(UnitDef { name: &unit.name.node, members });
        }
    }

    pub(super) fn declare_params(&mut self, params: &[(ModuleIx, &'a ast::Param)], sink: &mut Sink) {
        for (module, param) in params {
            let place = self.place(*module, param.ty.span);
            let ty = self.param_type(*module, &param.ty).unwrap_or_else(|said| {
                said.into_iter().for_each(|d| sink.push(*d));
                None
            });
            if !self.modules.get(module.index()).is_some_and(|module| module.is_policy) {
                sink.push(Diagnostic::new(codes::NOT_SUPPORTED, place, "only a policy has parameters"));
            }
            self.params.push(ParamDef { name: &param.name.node, ty, domain: param.domain.as_ref() });
        }
    }

    fn param_type(
        &self,
        module: ModuleIx,
        ty: &ast::TypeExpr,
    ) -> Result<Option<ParamTy>, Option<Box<Diagnostic>>> {
        let place = self.place(module, ty.span);
        let words: Vec<&str> = ty
            .parts
            .iter()
            .map(|p| match p.path.segments.as_slice() {
                [one] if p.members.is_empty() => one.node.as_str(),
                _ => "",
            })
            .collect();
        let other = |ty| Ok(Some(ParamTy::Other(ty)));
        match words.as_slice() {
            ["address"] => other(ParamType::Address),
            ["approver"] => other(ParamType::Approver),
            ["int"] => other(ParamType::Int),
            ["duration"] => other(ParamType::Duration),
            ["time"] => other(ParamType::Time),
            ["bool"] => other(ParamType::Bool),
            ["bytes32"] => other(ParamType::Bytes32),
            ["amount", token] => match self.name(module, token) {
                Some(Entity::Contract(ix)) if self.is_token(ix) => Ok(Some(ParamTy::Amount(ix))),
                Some(Entity::Error) => Err(None),
                Some(found) => Err(Some(Box::new(not_a("token", token, found, place)))),
                None => Err(ty
                    .parts
                    .last()
                    .and_then(|p| p.path.segments.last())
                    .map(|n| Box::new(self.unknown_name(module, module, n)))),
            },
            ["set", "address"] => match &ty.up_to {
                None => Err(Some(Box::new(
                    Diagnostic::new(codes::BAD_PARAM, place, "a set that is bound at load has a greatest size")
                        .help("write `set of address up to 16`"),
                ))),
                Some(n) => match n.node.replace('_', "").parse::<u32>() {
                    Ok(n) if (1..=MAX_PARAM_SET).contains(&n) => other(ParamType::AddressSet(n)),
                    _ => Err(Some(Box::new(Diagnostic::new(
                        codes::BAD_PARAM,
                        place,
                        format!("a set holds 1 to {MAX_PARAM_SET} addresses"),
                    )))),
                },
            },
            _ => Err(Some(Box::new(
                Diagnostic::new(codes::BAD_PARAM, place, "a parameter cannot be of this type").help(
                    "parameters are: address, approver, amount of TOKEN, int, duration, time, bool, bytes32, set of \
                     address up to N",
                ),
            ))),
        }
    }
}
