//! The world a policy speaks of: chains, tokens, contracts, and what their functions do.
//!
//! | module | does |
//! | --- | --- |
//! | [`chains`] | chains and their native tokens |
//! | [`sites`] | tokens and contracts, and where they stand |
//! | [`interfaces`] | functions and structs |
//! | [`refinements`] | what `as …` says of a field |
//! | [`abi_types`] | the types of the ABI |
//! | [`json_abi`] | interfaces from JSON |
//! | [`used`] | which of all this a policy uses, and its token numbers |

mod abi_types;
mod chains;
mod interfaces;
mod json_abi;
mod refinements;
mod sites;
mod used;

pub(crate) use abi_types::elementary;
#[cfg(test)]
pub(crate) use chains::MAX_PARAM_SET;
#[cfg(test)]
pub(crate) use sites::MAX_DECIMALS;

use crate::{
    hir::{
        ChainIx, ContractIx, DefIx, FieldDef, FieldTy, InterfaceIx, LetIx, ModuleIx, ParamIx, Ratio,
        StructIx, UnitIx,
    },
    resolve::{Declared, Entity, Library, Module},
    sink::Sink,
    source::Loader,
};
use agentpol_analysis::ruleset::{ParamType, Target};
use agentpol_diagnostics::Place;
use agentpol_grammar::{ast, span::Span};
use agentpol_model::{Address, ids::TokenId, types::Member};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that has a name, with its numbers resolved.
pub(crate) struct World<'a> {
    pub(crate) library: &'a dyn Library,
    pub(crate) modules: Vec<Module<'a>>,
    /// Modules whose chains and native tokens need no `use`.
    pub(crate) prelude: Vec<ModuleIx>,
    pub(crate) chains: Vec<ChainDef<'a>>,
    pub(crate) contracts: Vec<ContractDef<'a>>,
    pub(crate) interfaces: Vec<InterfaceDef<'a>>,
    pub(crate) structs: Vec<StructDef>,
    pub(crate) params: Vec<ParamDef<'a>>,
    pub(crate) lets: Vec<(ModuleIx, &'a ast::Let)>,
    pub(crate) defs: Vec<(ModuleIx, &'a ast::Def)>,
    pub(crate) units: Vec<UnitDef<'a>>,
    /// The policy's name and its chains, in the order it names them.
    pub(crate) policy: PolicyHead<'a>,
    /// Native tokens of the policy's chains.
    pub(crate) natives: BTreeSet<ContractIx>,
    /// Contracts and tokens that the policy uses.
    pub(crate) used: BTreeSet<ContractIx>,
    /// Its tokens, by symbol.
    pub(crate) tokens: Vec<ContractIx>,
    pub(crate) token_ids: BTreeMap<ContractIx, TokenId>,
    /// Its tokens, by where they stand.
    pub(crate) token_at: BTreeMap<(ChainIx, Address), ContractIx>,
}

/// `policy NAME on CHAINS`.
#[derive(Debug, Default)]
pub(crate) struct PolicyHead<'a> {
    pub(crate) name: &'a str,
    pub(crate) chains: Vec<ChainIx>,
    pub(crate) place: Option<Place>,
}

/// A chain.
#[derive(Debug)]
pub(crate) struct ChainDef<'a> {
    pub(crate) name: &'a str,
    pub(crate) id: u64,
    pub(crate) native: Option<ContractIx>,
    pub(crate) assumptions: Vec<String>,
}

/// A token or contract.
#[derive(Debug)]
pub(crate) struct ContractDef<'a> {
    pub(crate) name: &'a str,
    /// Of a token.
    pub(crate) decimals: Option<u8>,
    pub(crate) interfaces: Vec<InterfaceIx>,
    pub(crate) sites: Vec<SiteDef<'a>>,
    pub(crate) module: ModuleIx,
    pub(crate) place: Place,
}

/// Where it stands.
#[derive(Clone, Debug)]
pub(crate) struct SiteDef<'a> {
    pub(crate) chain: ChainIx,
    pub(crate) at: At,
    pub(crate) upgradeable: bool,
    pub(crate) trusted: Option<&'a str>,
    pub(crate) place: Place,
}

/// At which address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum At {
    /// The chain's own token: at none.
    Native,
    Address(Target),
}

/// An interface.
#[derive(Debug)]
pub(crate) struct InterfaceDef<'a> {
    pub(crate) name: &'a str,
    pub(crate) module: ModuleIx,
    pub(crate) structs: BTreeMap<String, StructIx>,
    pub(crate) consts: BTreeMap<&'a str, &'a ast::Expr>,
    pub(crate) functions: Vec<FunctionDef<'a>>,
    /// Tokens and contracts that its effects and units name.
    pub(crate) mentions: BTreeSet<ContractIx>,
}

/// A function of an interface.
#[derive(Clone, Debug)]
pub(crate) struct FunctionDef<'a> {
    pub(crate) name: String,
    pub(crate) fields: Vec<FieldDef>,
    pub(crate) payable: bool,
    /// `None`: nobody declared them.
    pub(crate) effects: Option<&'a [ast::Effect]>,
    pub(crate) signature: String,
    pub(crate) selector: [u8; 4],
    pub(crate) inputs: Vec<Member>,
    pub(crate) place: Place,
}

/// A struct.
#[derive(Debug, Default)]
pub(crate) struct StructDef {
    pub(crate) name: String,
    pub(crate) fields: Vec<FieldDef>,
}

/// A parameter.
#[derive(Debug)]
pub(crate) struct ParamDef<'a> {
    pub(crate) name: &'a str,
    /// `None`: a mistake that has been reported.
    pub(crate) ty: Option<ParamTy>,
    pub(crate) domain: Option<&'a ast::Expr>,
}

/// A parameter's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParamTy {
    Amount(ContractIx),
    Other(ParamType),
}

/// `unit usd = 1 USDC = 1 USDT`.
#[derive(Debug)]
pub(crate) struct UnitDef<'a> {
    pub(crate) name: &'a str,
    /// One base unit of each token in whole units of this one.
    pub(crate) members: BTreeMap<ContractIx, Ratio>,
}

impl<'a> World<'a> {
    /// Resolves every declaration.
    pub(crate) fn build(
        declared: Declared<'a>,
        library: &'a dyn Library,
        loader: &dyn Loader,
        sink: &mut Sink,
    ) -> World<'a> {
        let prelude = (0..declared.modules.len())
            .map(ModuleIx::new)
            .filter(|m| {
                let path = declared.modules.get(m.index()).map(|d| d.path).unwrap_or_default();
                crate::resolve::PRELUDE.contains(&path)
            })
            .collect();
        let mut world = World {
            library,
            modules: declared.modules,
            prelude,
            chains: Vec::new(),
            contracts: Vec::new(),
            interfaces: Vec::new(),
            structs: Vec::new(),
            params: Vec::new(),
            lets: declared.lets,
            defs: declared.defs,
            units: Vec::new(),
            policy: PolicyHead::default(),
            natives: BTreeSet::new(),
            used: BTreeSet::new(),
            tokens: Vec::new(),
            token_ids: BTreeMap::new(),
            token_at: BTreeMap::new(),
        };
        world.declare_chains(&declared.chains, sink);
        world.declare_contracts(&declared.contracts, sink);
        world.tie_natives(&declared.chains, sink);
        world.declare_params(&declared.params, sink);
        world.declare_interfaces(&declared.interfaces, loader, sink);
        world.place_contracts(&declared.contracts, sink);
        world.head(sink);
        world.declare_units(&declared.units, sink);
        world.use_all(&declared.imported, sink);
        world
    }

    /// A place in a module.
    pub(crate) fn place(&self, module: ModuleIx, span: Span) -> Place {
        match self.modules.get(module.index()) {
            Some(module) => module.place(span),
            None => Place::new(agentpol_diagnostics::FileId(0), span),
        }
    }

    pub(crate) fn contract(&self, ix: ContractIx) -> Option<&ContractDef<'a>> {
        self.contracts.get(ix.index())
    }

    pub(crate) fn contract_name(&self, ix: ContractIx) -> &'a str {
        self.contract(ix).map(|c| c.name).unwrap_or("?")
    }

    pub(crate) fn decimals(&self, ix: ContractIx) -> u8 {
        self.contract(ix).and_then(|c| c.decimals).unwrap_or_default()
    }

    pub(crate) fn is_token(&self, ix: ContractIx) -> bool {
        self.contract(ix).is_some_and(|c| c.decimals.is_some())
    }

    pub(crate) fn chain_def(&self, ix: ChainIx) -> Option<&ChainDef<'a>> {
        self.chains.get(ix.index())
    }

    pub(crate) fn chain_name(&self, ix: ChainIx) -> &'a str {
        self.chain_def(ix).map(|c| c.name).unwrap_or("?")
    }

    pub(crate) fn interface(&self, ix: InterfaceIx) -> Option<&InterfaceDef<'a>> {
        self.interfaces.get(ix.index())
    }

    pub(crate) fn structure(&self, ix: StructIx) -> Option<&StructDef> {
        self.structs.get(ix.index())
    }

    pub(crate) fn param(&self, ix: ParamIx) -> Option<&ParamDef<'a>> {
        self.params.get(ix.index())
    }

    pub(crate) fn let_(&self, ix: LetIx) -> Option<(ModuleIx, &'a ast::Let)> {
        self.lets.get(ix.index()).copied()
    }

    pub(crate) fn def(&self, ix: DefIx) -> Option<(ModuleIx, &'a ast::Def)> {
        self.defs.get(ix.index()).copied()
    }

    pub(crate) fn unit(&self, ix: UnitIx) -> Option<&UnitDef<'a>> {
        self.units.get(ix.index())
    }

    /// Where a contract stands on a chain.
    pub(crate) fn site(&self, ix: ContractIx, chain: ChainIx) -> Option<&SiteDef<'a>> {
        self.contract(ix)?.sites.iter().find(|s| s.chain == chain)
    }

    /// A struct that stands inside an interface.
    pub(crate) fn struct_inside(&self, interfaces: &[InterfaceIx], name: &str) -> Option<StructIx> {
        interfaces.iter().find_map(|i| self.interface(*i)?.structs.get(name).copied())
    }

    /// A token by its name, for amounts.
    pub(crate) fn token(&self, module: ModuleIx, name: &str) -> Option<ContractIx> {
        match self.name(module, name)? {
            Entity::Contract(ix) if self.is_token(ix) => Some(ix),
            _ => None,
        }
    }

    /// A type's words as a person reads them.
    pub(crate) fn show_type(&self, ty: &FieldTy) -> String {
        match ty {
            FieldTy::Struct(ix) => self.structure(*ix).map(|s| s.name.clone()).unwrap_or_default(),
            FieldTy::Array(inner, _) => format!("{}[]", self.show_type(inner)),
            FieldTy::FixedArray(inner, n) => format!("{}[{n}]", self.show_type(inner)),
            FieldTy::Word(word) => word.to_string(),
            FieldTy::Bytes => "bytes".to_owned(),
            FieldTy::String => "string".to_owned(),
        }
    }
}
