//! Contracts on chains to what a request can be about.

use crate::{
    hir::{ChainIx, ContractIx, FieldDef, FieldTy, InterfaceIx, ModuleIx, Refinement, Unit, UnitRef},
    typecheck::{Checker, Here, Scope},
    world::{At, FunctionDef},
};
use agentpol_analysis::ruleset::{
    Callable, Contract, EffectSpec, Formula, Function, Linear, RuleSet, Scalar, Target, TokenSpec,
};
use agentpol_diagnostics::{Diagnostic, Place, codes};
use agentpol_model::{
    effect::EffectKind,
    ids::CallableId,
    request::{Field, Kind},
    types::{Path, Step},
};
use num_bigint::BigInt;
use std::collections::BTreeMap;

/// Where to find them.
#[derive(Debug, Default)]
pub(crate) struct Callables {
    /// By number: what is judged, and its function.
    pub(crate) all: Vec<Known>,
    /// Of a contract on a chain.
    pub(crate) of: BTreeMap<(ContractIx, ChainIx), Vec<CallableId>>,
    pub(crate) sends: BTreeMap<ChainIx, CallableId>,
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
}

/// What stands at one address already: who came first, and its functions by selector.
type Occupied = BTreeMap<(ChainIx, Target), (ContractIx, BTreeMap<[u8; 4], CallableId>)>;

impl<'a> Checker<'_, 'a> {
    pub(super) fn callables(&mut self, out: &mut RuleSet) -> Callables {
        let mut known = Callables::default();
        let mut occupied = Occupied::new();
        let mut order: Vec<ContractIx> = self.world.used.iter().copied().collect();
        // What the policy declares itself goes before what it imports: at one address its own word counts.
        order.sort_by_key(|ix| {
            let def = self.world.contract(*ix);
            (def.map(|d| d.module != ModuleIx(0)), def.map(|d| d.name), *ix)
        });
        for chain in self.world.policy.chains.clone() {
            self.send(chain, &mut known, out);
            for ix in &order {
                self.contract_on(*ix, chain, &mut known, &mut occupied, out);
            }
        }
        known
    }

    /// `send`: value to an address.
    fn send(&mut self, chain: ChainIx, known: &mut Callables, out: &mut RuleSet) {
        let Some(def) = self.world.chain_def(chain) else { return };
        let here = Here { kind: Kind::Send, chain, native: def.native, contract: None, target: None };
        let id = CallableId::new(u32::try_from(out.callables.len()).unwrap_or(u32::MAX));
        let effects = self.value_effect(&here, Scalar::Field(Field::To)).into_iter().collect();
        known.sends.insert(chain, id);
        known.all.push(Known { here, function: None, payable: true });
        out.callables.push(Callable {
            kind: Kind::Send,
            chain: def.id,
            target: None,
            contract: String::new(),
            function: None,
            effects,
            opaque: false,
            controls: Vec::new(),
            requires: Formula::Const(true),
            unwraps: Vec::new(),
            typed: None,
        });
    }

    /// The value that goes along moves, whatever is declared.
    fn value_effect(&self, here: &Here, to: Scalar) -> Option<EffectSpec> {
        let native = self.token_id(here.native?)?;
        Some(EffectSpec {
            kind: EffectKind::Move,
            amount: Linear {
                terms: vec![(BigInt::from(1), Scalar::Field(Field::Value))],
                constant: BigInt::ZERO,
            },
            token: TokenSpec::Known(native),
            party: to,
            from: Some(Scalar::Field(Field::Wallet)),
            until: None,
            through: None,
            when: Formula::Const(true),
            sentinel: None,
        })
    }

    fn contract_on(
        &mut self,
        ix: ContractIx,
        chain: ChainIx,
        known: &mut Callables,
        occupied: &mut Occupied,
        out: &mut RuleSet,
    ) {
        let world = self.world;
        let (Some(def), Some(site)) = (world.contract(ix), world.site(ix, chain)) else { return };
        let (At::Address(target), Some(chain_def)) = (site.at, world.chain_def(chain)) else { return };
        let here = Here {
            kind: Kind::Call,
            chain,
            native: chain_def.native,
            contract: Some(ix),
            target: Some(target),
        };
        let before = occupied.remove(&(chain, target));
        if let Some(first) = before.as_ref().and_then(|(ix, _)| world.contract(*ix))
            && def.module == ModuleIx(0)
        {
            let said = format!("`{}` stands at this address already", first.name);
            self.sink.push(
                Diagnostic::new(codes::DUPLICATE_SITE, site.place, said).label(first.place, "this one"),
            );
        }
        let taken = before.is_some();
        let same = out.contracts.iter_mut().find(|c| taken && c.chain == chain_def.id && c.address == target);
        match same {
            Some(first) => {
                first.trusted = first.trusted.take().or_else(|| site.trusted.map(str::to_owned));
                first.upgradeable |= site.upgradeable;
            }
            None => out.contracts.push(Contract {
                name: def.name.to_owned(),
                chain: chain_def.id,
                address: target,
                trusted: site.trusted.map(str::to_owned),
                upgradeable: site.upgradeable,
            }),
        }
        let (first, mut here_at) = before.unwrap_or((ix, BTreeMap::new()));
        let mut ids = Vec::new();
        for interface in &def.interfaces {
            let Some(interface_def) = world.interface(*interface) else { continue };
            for (n, function) in interface_def.functions.iter().enumerate() {
                if let Some(id) = here_at.get(&function.selector) {
                    ids.push(*id);
                    continue;
                }
                let id = CallableId::new(u32::try_from(out.callables.len()).unwrap_or(u32::MAX));
                here_at.insert(function.selector, id);
                ids.push(id);
                let callable = self.function_at(here, target, interface_def.module, function, def.name);
                known.all.push(Known { here, function: Some((*interface, n)), payable: function.payable });
                out.callables.push(Callable { chain: chain_def.id, ..callable });
            }
        }
        known.of.insert((ix, chain), ids);
        occupied.insert((chain, target), (first, here_at));
    }

    fn function_at(
        &mut self,
        here: Here,
        target: Target,
        module: ModuleIx,
        function: &FunctionDef<'a>,
        contract: &str,
    ) -> Callable {
        let mut effects: Vec<EffectSpec> = Vec::new();
        if function.payable {
            effects.extend(self.value_effect(&here, crate::typecheck::words::target_word(target)));
        }
        let mut cx = Scope::new(module, Some(here));
        let declared = self.effects(&mut cx, function);
        let opaque = declared.is_none();
        effects.extend(declared.unwrap_or_default());
        if effects.len() > agentpol_model::effect::MAX_EFFECTS {
            let said = format!("a function has at most {} effects", agentpol_model::effect::MAX_EFFECTS);
            self.sink.push(Diagnostic::new(codes::NUMBER_TOO_LARGE, function.place, said));
        }
        let mut units = Vec::new();
        self.units(&cx, &[], &function.fields, &mut units);
        Callable {
            kind: Kind::Call,
            chain: 0,
            target: Some(target),
            contract: contract.to_owned(),
            function: Some(Function {
                name: function.name.clone(),
                signature: function.signature.clone(),
                selector: function.selector,
                inputs: function.inputs.clone(),
                payable: function.payable,
                trailing: 0,
                units,
            }),
            effects,
            opaque,
            controls: Vec::new(),
            requires: Formula::Const(true),
            unwraps: Vec::new(),
            typed: None,
        }
    }

    /// How the amounts among the arguments are shown.
    fn units(&mut self, cx: &Scope, parent: &[Step], fields: &[FieldDef], out: &mut Vec<(Path, TokenSpec)>) {
        for (n, field) in (0u16..).zip(fields) {
            let mut at = parent.to_vec();
            at.push(Step::Member(n));
            match (&field.ty, &field.refined) {
                (FieldTy::Struct(ix), _) => {
                    if let Some(def) = self.world.structure(*ix) {
                        self.units(cx, &at, &def.fields, out);
                    }
                }
                (FieldTy::Word(_), Refinement::Amount(unit)) => {
                    let not_token = cx.here.and_then(|h| h.contract).filter(|ix| !self.world.is_token(*ix));
                    if let (UnitRef::SelfToken, Some(ix)) = (unit, not_token) {
                        self.self_without_token(ix, field.place);
                    }
                    let spec = match self.unit_of(cx, unit, parent) {
                        Unit::Token(ix) => self.token_id(ix).map(TokenSpec::Known),
                        Unit::Of(scalar) => Some(TokenSpec::At(scalar)),
                        _ => None,
                    };
                    out.extend(spec.map(|s| (Path(at), s)));
                }
                _ => {}
            }
        }
    }

    pub(super) fn self_without_token(&mut self, ix: ContractIx, at: Place) {
        let Some(def) = self.world.contract(ix) else { return };
        let said = format!("`{}` counts in its own token, but is declared as a contract", def.name);
        self.sink.push(
            Diagnostic::new(codes::SELF_WITHOUT_TOKEN, def.place, said)
                .label(at, "this amount is of the contract's own token")
                .help(format!("declare it as a token: `token {}: … decimals N {{ … }}`", def.name)),
        );
    }
}
