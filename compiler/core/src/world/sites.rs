//! Tokens and contracts: their interfaces, and where they stand.

use super::{At, ContractDef, Domain, FunctionDef, ParamDef, ParamTy, SiteDef, World};
use crate::{
    hir::{InterfaceIx, ModuleIx, ParamIx},
    literal,
    resolve::{Deployable, Entity, Found, not_a},
    sink::Sink,
};
use agentpol_analysis::ruleset::{ParamType, Target};
use agentpol_diagnostics::{Diagnostic, Place, codes};
use agentpol_grammar::ast::{self, ExprKind, QName, Span};
use agentpol_model::{B256, ids::ParamId, policy::WALLET_PARAM, request::Kind};
use std::collections::BTreeMap;

/// Decimals of a token at most: 10^77 is the greatest power of ten in 256 bits.
pub(crate) const MAX_DECIMALS: u8 = 77;

impl<'a> World<'a> {
    /// Names and decimals.
    pub(super) fn declare_contracts(
        &mut self,
        contracts: &[(ModuleIx, Deployable<'a>, Span)],
        sink: &mut Sink,
    ) {
        for (module, contract, _) in contracts {
            let (name, decimals) = match contract {
                Deployable::Contract(c) => (&c.name, None),
                Deployable::Token(t) => {
                    let n = t.decimals.node.parse::<u8>().ok().filter(|n| *n <= MAX_DECIMALS);
                    if n.is_none() {
                        let said = format!("a token has 0 to {MAX_DECIMALS} decimals");
                        let place = self.place(*module, t.decimals.span);
                        sink.push(Diagnostic::new(codes::BAD_TOKEN, place, said));
                    }
                    (&t.name, Some(n.unwrap_or(18)))
                }
            };
            self.contracts.push(ContractDef {
                name: &name.node,
                decimals,
                interfaces: Vec::new(),
                declared: 0,
                sites: Vec::new(),
                module: *module,
                place: self.place(*module, name.span),
            });
        }
    }

    /// Interfaces and addresses.
    pub(super) fn place_contracts(
        &mut self,
        contracts: &[(ModuleIx, Deployable<'a>, Span)],
        sink: &mut Sink,
    ) {
        for (i, (module, contract, _)) in contracts.iter().enumerate() {
            let (names, sites): (&[QName], &'a [ast::Site]) = match contract {
                Deployable::Contract(c) => (&c.interfaces, &c.sites),
                Deployable::Token(t) => (&t.interfaces, &t.sites),
            };
            let interfaces: Vec<_> =
                names.iter().filter_map(|n| self.interface_named(*module, n, sink)).collect();
            let is_token = matches!(contract, Deployable::Token(_));
            let mut placed: Vec<SiteDef<'a>> = Vec::new();
            for site in sites {
                let Some(site) = self.site_of(*module, site, is_token, sink) else { continue };
                if let Some(first) = placed.iter().find(|s| s.chain == site.chain) {
                    let said = format!("it stands on `{}` already", self.chain_name(site.chain));
                    sink.push(
                        Diagnostic::new(codes::DUPLICATE_SITE, site.place, said)
                            .label(first.place, "here")
                            .help("one address a chain: declare another under a name of its own"),
                    );
                    continue;
                }
                placed.push(site);
            }
            let declared = interfaces.len();
            let place = self.place(*module, contract.name().span);
            let interfaces = self.with_commands(interfaces, place, sink);
            self.check_interfaces(&interfaces, place, sink);
            if let Some(def) = self.contracts.get_mut(i) {
                def.interfaces = interfaces;
                def.declared = declared;
                def.sites = placed;
            }
        }
    }

    /// A contract's interfaces, with those of the commands inside its functions, and inside those commands.
    fn with_commands(&self, mut all: Vec<InterfaceIx>, place: Place, sink: &mut Sink) -> Vec<InterfaceIx> {
        let mut at = 0;
        while let Some(ix) = all.get(at).copied() {
            at += 1;
            let Some(def) = self.interface(ix) else { continue };
            for opened in &def.opens {
                if !all.contains(opened) {
                    all.push(*opened);
                }
            }
        }
        // A command is found by its interface's name, so two of one name cannot both stand at a contract.
        let mut tables: BTreeMap<[u8; 4], InterfaceIx> = BTreeMap::new();
        for ix in &all {
            let Some(def) = self.interface(*ix).filter(|d| d.has_commands) else { continue };
            if tables.insert(super::members::table(def.name), *ix).is_some_and(|first| first != *ix) {
                let said = format!("it has two different interfaces of commands named `{}`", def.name);
                sink.push(Diagnostic::new(codes::BAD_COMMAND, place, said).help("give one another name"));
            }
        }
        all
    }

    /// What two interfaces of one contract both declare would be what the first of them says, and nobody would see it.
    fn check_interfaces(&self, interfaces: &[InterfaceIx], place: Place, sink: &mut Sink) {
        let mut seen: BTreeMap<(Kind, B256), (InterfaceIx, &FunctionDef<'a>)> = BTreeMap::new();
        let functions = |ix: &InterfaceIx| {
            let ix = *ix;
            self.interface(ix).into_iter().flat_map(move |d| d.functions.iter().map(move |f| (ix, f)))
        };
        for (ix, function) in interfaces.iter().flat_map(functions) {
            let Some((first_ix, first)) = seen.insert((function.kind, function.key()), (ix, function)) else {
                continue;
            };
            if first_ix == ix {
                continue;
            }
            let said = format!("two of its interfaces declare `{}`", function.name);
            sink.push(
                Diagnostic::new(codes::SELECTOR_CLASH, place, said)
                    .label(first.place, "here")
                    .label(function.place, "and here")
                    .help("declare it in one of them, with all that it does"),
            );
        }
    }

    fn interface_named(&self, module: ModuleIx, name: &QName, sink: &mut Sink) -> Option<InterfaceIx> {
        let last = name.segments.last().map(|n| n.node.as_str()).unwrap_or_default();
        match self.path(module, name) {
            Ok(Found::Entity(Entity::Interface(ix))) => Some(ix),
            Ok(Found::Entity(Entity::Error)) => None,
            Ok(Found::Entity(other)) => {
                sink.push(not_a("interface", last, other, self.place(module, name.span)));
                None
            }
            Ok(Found::Inside(..)) => {
                let said = format!("`{last}` is no interface");
                sink.push(Diagnostic::new(codes::WRONG_KIND_OF_NAME, self.place(module, name.span), said));
                None
            }
            Err(said) => {
                sink.push(*said);
                None
            }
        }
    }

    fn site_of(
        &self,
        module: ModuleIx,
        site: &'a ast::Site,
        is_token: bool,
        sink: &mut Sink,
    ) -> Option<SiteDef<'a>> {
        let chain = match self.chain(module, &site.chain) {
            Ok(ix) => ix,
            Err(said) => {
                said.into_iter().for_each(|d| sink.push(*d));
                return None;
            }
        };
        let at = match &site.address {
            None if is_token => At::Native,
            None => {
                let place = self.place(module, site.span);
                sink.push(Diagnostic::new(codes::BAD_TOKEN, place, "only a token is native to a chain"));
                return None;
            }
            Some(e) => {
                let place = self.place(module, e.span);
                match self.site_address(module, e) {
                    Ok(target @ Target::Param(_)) if is_token => {
                        let said = "a token stands at an address that is known when the policy is compiled";
                        sink.push(Diagnostic::new(codes::BAD_TOKEN, place, said));
                        let _ = target;
                        return None;
                    }
                    Ok(target) => At::Address(target),
                    Err(said) => {
                        said.into_iter().for_each(|d| sink.push(*d));
                        return None;
                    }
                }
            }
        };
        Some(SiteDef {
            chain,
            at,
            upgradeable: site.upgradeable,
            trusted: site.trusted.as_ref().map(|t| t.node.as_str()),
            domain: site.domain.as_ref().map(|(name, version)| Domain {
                name: Some(name.node.as_str()).filter(|n| !n.is_empty()),
                version: Some(version.node.as_str()).filter(|v| !v.is_empty()),
            }),
            place: self.place(module, site.span),
        })
    }

    /// A contract that is the account itself stands `at wallet`: a parameter that is bound to it without being asked for.
    pub(super) fn declare_wallet(&mut self, contracts: &[(ModuleIx, Deployable<'a>, Span)]) {
        let here = contracts.iter().any(|(_, contract, _)| {
            let sites = match contract {
                Deployable::Contract(c) => &c.sites,
                Deployable::Token(t) => &t.sites,
            };
            sites.iter().filter_map(|s| s.address.as_ref()).any(is_wallet)
        });
        if here && !self.params.iter().any(|p| p.name == WALLET_PARAM) {
            self.params.push(ParamDef {
                name: WALLET_PARAM,
                ty: Some(ParamTy::Other(ParamType::Address)),
                domain: None,
            });
        }
    }

    /// An address literal, or a parameter that is one.
    fn site_address(&self, module: ModuleIx, e: &ast::Expr) -> Result<Target, Option<Box<Diagnostic>>> {
        let place = self.place(module, e.span);
        match &e.kind {
            ExprKind::Address(text) => literal::address(text, place).map(Target::Fixed).map_err(Some),
            ExprKind::Path(_) if is_wallet(e) => {
                let at = self.params.iter().position(|p| p.name == WALLET_PARAM).ok_or(None)?;
                Ok(Target::Param(ParamId::new(ParamIx::new(at).0)))
            }
            ExprKind::Path(path) => match self.path(module, path).map_err(Some)? {
                Found::Entity(Entity::Param(ix)) => match self.param(ix).map(|p| p.ty) {
                    Some(Some(ParamTy::Other(ParamType::Address))) => Ok(Target::Param(ParamId::new(ix.0))),
                    Some(None) | None => Err(None),
                    Some(Some(_)) => Err(Some(Box::new(Diagnostic::new(
                        codes::TYPE_MISMATCH,
                        place,
                        "the parameter is no `address`",
                    )))),
                },
                Found::Entity(Entity::Error) => Err(None),
                _ => Err(Some(Box::new(Diagnostic::new(
                    codes::WRONG_KIND_OF_NAME,
                    place,
                    "a contract stands at an address, at a parameter of type `address`, or `at wallet`",
                )))),
            },
            _ => Err(Some(Box::new(Diagnostic::new(
                codes::TYPE_MISMATCH,
                place,
                "a contract stands at an address, at a parameter of type `address`, or `at wallet`",
            )))),
        }
    }
}

fn is_wallet(e: &ast::Expr) -> bool {
    matches!(&e.kind, ExprKind::Path(path) if matches!(path.segments.as_slice(), [one] if one.node == WALLET_PARAM))
}
