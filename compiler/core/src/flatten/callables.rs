//! Contracts on chains to what a request can be about.

use super::needs::Needs;
use crate::{
    hir::{ChainIx, ContractIx, InterfaceIx, ModuleIx},
    typecheck::{Checker, Here},
    world::{At, ContractDef, FunctionDef, SiteDef},
};
use agentpol_analysis::ruleset::{Callable, Contract, RuleSet, Target};
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_model::{B256, ids::CallableId, policy::Unwrap, request::Kind};
use std::collections::BTreeMap;

/// Where to find them.
#[derive(Debug, Default)]
pub(crate) struct Callables {
    /// By number: what is judged, and its function.
    pub(crate) all: Vec<Known>,
    /// Of a contract on a chain, by kind.
    of: BTreeMap<(Kind, ContractIx, ChainIx), Vec<CallableId>>,
    /// On a chain, of kinds that are about no contract.
    anywhere: BTreeMap<(Kind, ChainIx), Vec<CallableId>>,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) here: Here,
    /// Its interface, and which function there.
    pub(crate) function: Option<(InterfaceIx, usize)>,
    pub(crate) payable: bool,
}

impl Callables {
    pub(crate) fn get(&self, id: CallableId) -> Option<&Known> {
        self.all.get(id.index())
    }

    /// What of these kinds a contract has on a chain.
    pub(crate) fn of(&self, kinds: &[Kind], ix: ContractIx, chain: ChainIx) -> Vec<CallableId> {
        kinds.iter().filter_map(|kind| self.of.get(&(*kind, ix, chain))).flatten().copied().collect()
    }

    /// What of a kind that is about no contract there is on a chain.
    pub(crate) fn anywhere(&self, kind: Kind, chain: ChainIx) -> &[CallableId] {
        self.anywhere.get(&(kind, chain)).map(Vec::as_slice).unwrap_or_default()
    }

    fn push(&mut self, known: Known, callable: Callable, out: &mut RuleSet) -> CallableId {
        let id = CallableId::new(u32::try_from(out.callables.len()).unwrap_or(u32::MAX));
        self.all.push(known);
        out.callables.push(callable);
        id
    }
}

/// By what callables at one address are told apart: the hash of their type, or their selector.
type Key = (Kind, B256);

/// What stands at one address already: who came first, and what it has.
type Occupied = BTreeMap<(ChainIx, Target), (ContractIx, BTreeMap<Key, CallableId>)>;

impl<'a> Checker<'_, 'a> {
    pub(super) fn callables(&mut self, needs: &Needs, out: &mut RuleSet) -> Callables {
        let mut known = Callables::default();
        let mut occupied = Occupied::new();
        let mut order: Vec<ContractIx> = self.world.used.iter().copied().collect();
        // What the policy declares itself goes before what it imports: at one address its own word counts.
        order.sort_by_key(|ix| {
            let def = self.world.contract(*ix);
            (def.map(|d| d.module != ModuleIx(0)), def.map(|d| d.name), *ix)
        });
        for chain in self.world.policy.chains.clone() {
            self.anywhere(chain, needs, &mut known, out);
            for ix in &order {
                self.contract_on(*ix, chain, needs, &mut known, &mut occupied, out);
            }
        }
        known
    }

    /// What is about no contract: `send`, and what some rule names.
    fn anywhere(&mut self, chain: ChainIx, needs: &Needs, known: &mut Callables, out: &mut RuleSet) {
        let world = self.world;
        let Some(def) = world.chain_def(chain) else { return };
        let builtin = world.interface(world.builtin).map(|i| i.functions.as_slice()).unwrap_or_default();
        for kind in [Kind::Send, Kind::Message, Kind::Deploy, Kind::Authorize] {
            if kind != Kind::Send && !needs.kinds.contains(&kind) {
                continue;
            }
            let here = Here { kind, chain, native: def.native, contract: None, target: None };
            let mut ids = Vec::new();
            if matches!(kind, Kind::Send | Kind::Deploy) {
                let callable = Callable { chain: def.id, ..self.without_function(&here) };
                ids.push(known.push(Known { here, function: None, payable: true }, callable, out));
            }
            for (n, function) in builtin.iter().enumerate().filter(|(_, f)| f.kind == kind) {
                let callable = Callable { chain: def.id, ..self.callable(here, ModuleIx(0), function, "") };
                let function = Some((world.builtin, n));
                ids.push(known.push(Known { here, function, payable: false }, callable, out));
            }
            known.anywhere.insert((kind, chain), ids);
        }
    }

    fn contract_on(
        &mut self,
        ix: ContractIx,
        chain: ChainIx,
        needs: &Needs,
        known: &mut Callables,
        occupied: &mut Occupied,
        out: &mut RuleSet,
    ) {
        let world = self.world;
        let (Some(def), Some(site)) = (world.contract(ix), world.site(ix, chain)) else { return };
        let (At::Address(target), Some(chain_def)) = (site.at, world.chain_def(chain)) else { return };
        let before = occupied.remove(&(chain, target));
        if let Some(first) = before.as_ref().and_then(|(ix, _)| world.contract(*ix))
            && def.module == ModuleIx(0)
        {
            let said = format!("`{}` stands at this address already", first.name);
            self.sink.push(
                Diagnostic::new(codes::DUPLICATE_SITE, site.place, said).label(first.place, "this one"),
            );
        }
        stands(def, site, (chain_def.id, target), before.is_some(), out);
        let (first, mut here_at) = before.unwrap_or((ix, BTreeMap::new()));
        for (i, interface) in def.interfaces.iter().enumerate() {
            let Some(interface_def) = world.interface(*interface) else { continue };
            for (n, function) in interface_def.functions.iter().enumerate() {
                // Of an interface that only an `unwraps` names, the contract has the commands.
                if i >= def.declared && function.kind != Kind::Command {
                    continue;
                }
                for kind in self.kinds_of(ix, *interface, function, site, needs) {
                    let here = Here {
                        kind,
                        chain,
                        native: chain_def.native,
                        contract: Some(ix),
                        target: Some(target),
                    };
                    let key = (kind, function.key());
                    let id = match here_at.get(&key) {
                        Some(id) => *id,
                        None => {
                            let callable = self.callable(here, interface_def.module, function, def.name);
                            let callable = Callable { chain: chain_def.id, ..callable };
                            let payable = function.payable && kind == Kind::Call;
                            let entry = Known { here, function: Some((*interface, n)), payable };
                            known.push(entry, callable, out)
                        }
                    };
                    here_at.insert(key, id);
                    let ids = known.of.entry((kind, ix, chain)).or_default();
                    if !ids.contains(&id) {
                        ids.push(id);
                    }
                }
            }
        }
        occupied.insert((chain, target), (first, here_at));
    }

    /// What a function of a contract is judged as. Typed data needs a domain; foreign code runs as the account where a rule names it,
    /// and to unpack records, which are judged one by one.
    fn kinds_of(
        &self,
        contract: ContractIx,
        interface: InterfaceIx,
        function: &FunctionDef<'a>,
        site: &SiteDef<'a>,
        needs: &Needs,
    ) -> Vec<Kind> {
        match function.kind {
            Kind::Sign if site.domain.is_none() => Vec::new(),
            Kind::Call => {
                let records = function.unwraps.iter().any(|u| matches!(u, Unwrap::Records { .. }));
                let named = needs.delegatecall(contract, interface, &function.name);
                let code = (records || named).then_some(Kind::Delegatecall);
                [Kind::Call].into_iter().chain(code).collect()
            }
            kind => vec![kind],
        }
    }
}

/// Every deployment, for trust and for the report: each once.
fn stands(
    def: &ContractDef<'_>,
    site: &SiteDef<'_>,
    at: (agentpol_model::ChainId, Target),
    taken: bool,
    out: &mut RuleSet,
) {
    let (chain, address) = at;
    let same = out.contracts.iter_mut().find(|c| taken && c.chain == chain && c.address == address);
    match same {
        Some(first) => {
            first.trusted = first.trusted.take().or_else(|| site.trusted.map(str::to_owned));
            first.upgradeable |= site.upgradeable;
        }
        None => out.contracts.push(Contract {
            name: def.name.to_owned(),
            chain,
            address,
            trusted: site.trusted.map(str::to_owned),
            upgradeable: site.upgradeable,
        }),
    }
}
