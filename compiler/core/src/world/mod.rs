//! The world a policy speaks of: chains, tokens, contracts, and what their functions do.
//!
//! | module | does |
//! | --- | --- |
//! | [`chains`] | chains and their native tokens |
//! | [`sites`] | tokens and contracts, and where they stand |
//! | [`interfaces`] | structs, and the types of fields |
//! | [`members`] | functions, typed data and commands |
//! | [`unwraps`] | how the actions inside a function's arguments are read |
//! | [`spots`] | where the parts of these stand |
//! | [`mentions`] | what an interface names |
//! | [`typed`] | what typed data is hashed with |
//! | [`refinements`] | what `as …` says of a field |
//! | [`builtin`] | texts and authorisations |
//! | [`abi_types`] | the types of the ABI |
//! | [`json_abi`] | interfaces from JSON |
//! | [`used`] | which of all this a policy uses, and its token numbers |

mod abi_types;
mod builtin;
mod chains;
mod interfaces;
mod json_abi;
mod members;
mod mentions;
mod refinements;
mod sites;
mod spots;
mod typed;
mod unwraps;
mod used;

pub(crate) use abi_types::elementary;
pub(crate) use builtin::SIGN_IN_NAME;
#[cfg(test)]
pub(crate) use chains::MAX_PARAM_SET;
#[cfg(test)]
pub(crate) use sites::MAX_DECIMALS;

use crate::{
    hir::{
        ChainIx, ContractIx, DefIx, FieldDef, InterfaceIx, LetIx, ModuleIx, ParamIx, Ratio, StructIx, UnitIx,
    },
    resolve::{Declared, Entity, Library, Module},
    sink::Sink,
    source::Loader,
};
use agentpol_analysis::ruleset::{ParamType, Target};
use agentpol_diagnostics::Place;
use agentpol_grammar::{ast, span::Span};
use agentpol_model::{Address, B256, ids::TokenId, policy::Unwrap, request::Kind, types::Member};
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
    /// What is judged at no contract, as if an interface declared it: texts and authorisations.
    pub(crate) builtin: InterfaceIx,
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
    /// Those it is declared with, then those of the commands that their functions unwrap.
    pub(crate) interfaces: Vec<InterfaceIx>,
    /// How many of them it is declared with.
    pub(crate) declared: usize,
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
    /// Of the typed data that it takes.
    pub(crate) domain: Option<Domain<'a>>,
    pub(crate) place: Place,
}

/// `domain "NAME" "VERSION"`: what an EIP-712 domain has besides the chain and the contract. An empty string stands for a member that
/// the domain does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Domain<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) version: Option<&'a str>,
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
    /// Does it declare commands?
    pub(crate) has_commands: bool,
    /// What can be judged: its functions, then its typed data and commands.
    pub(crate) functions: Vec<FunctionDef<'a>>,
    /// The interfaces of commands that its functions' `unwraps` name.
    pub(crate) opens: BTreeSet<InterfaceIx>,
    /// Tokens and contracts that its effects and units name.
    pub(crate) mentions: BTreeSet<ContractIx>,
}

/// A function of an interface, or what is judged like one.
#[derive(Clone, Debug)]
pub(crate) struct FunctionDef<'a> {
    /// A call, typed data, or a command.
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) fields: Vec<FieldDef>,
    pub(crate) payable: bool,
    /// Bytes that may stand behind the arguments.
    pub(crate) trailing: u32,
    /// `None`: nobody declared them.
    pub(crate) effects: Option<&'a [ast::Effect]>,
    /// How what is inside it is read.
    pub(crate) unwraps: Vec<Unwrap>,
    pub(crate) signature: String,
    pub(crate) selector: [u8; 4],
    pub(crate) inputs: Vec<Member>,
    /// Of typed data.
    pub(crate) typed: Option<TypedDef>,
    pub(crate) place: Place,
}

impl FunctionDef<'_> {
    /// What tells it apart from others of its kind at one contract: the hash of its type, or its selector.
    pub(crate) fn key(&self) -> B256 {
        self.typed.map_or(B256::right_padding_from(&self.selector), |typed| typed.type_hash)
    }
}

/// What typed data is signed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TypedDef {
    /// Its members are the function's fields.
    pub(crate) structure: StructIx,
    pub(crate) type_hash: B256,
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
            builtin: InterfaceIx(0),
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
        world.declare_builtin(sink);
        world.declare_wallet(&declared.contracts);
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
}
