//! One callable: what is judged, with what it does.

use super::effects::Once;
use crate::{
    hir::{ContractIx, FieldDef, FieldTy, ModuleIx, Refinement, Unit, UnitRef},
    typecheck::{Checker, Here, Scope, words::target_word},
    world::FunctionDef,
};
use agentpol_analysis::ruleset::{Callable, EffectSpec, Formula, Function, Linear, Scalar, TokenSpec, Typed};
use agentpol_diagnostics::{Diagnostic, Place, codes};
use agentpol_model::{
    effect::EffectKind,
    request::{Field, Kind},
    types::{Path, Step},
};
use num_bigint::BigInt;

impl<'a> Checker<'_, 'a> {
    /// The value that goes along moves, whatever is declared. Inside a wrapper that acts for itself it is not the wallet's.
    fn value_effect(&self, here: &Here) -> Option<EffectSpec> {
        let native = self.token_id(here.native?)?;
        let (from, party) = match (here.kind, here.target) {
            // Where it will stand is not known; it is gone all the same.
            (Kind::Deploy, _) => (Field::Wallet, Scalar::Field(Field::Wallet)),
            (_, Some(target)) => (Field::Sender, target_word(target)),
            (_, None) => (Field::Sender, Scalar::Field(Field::To)),
        };
        Some(EffectSpec {
            kind: EffectKind::Move,
            amount: Linear {
                terms: vec![(BigInt::from(1), Scalar::Field(Field::Value))],
                constant: BigInt::ZERO,
            },
            token: TokenSpec::Known(native),
            party,
            from: Some(Scalar::Field(from)),
            until: None,
            through: None,
            when: Formula::Const(true),
            sentinel: None,
        })
    }

    /// What has no arguments: value to an address, or a new contract.
    pub(super) fn without_function(&self, here: &Here) -> Callable {
        Callable {
            kind: here.kind,
            chain: 0,
            target: None,
            contract: String::new(),
            function: None,
            effects: self.value_effect(here).into_iter().collect(),
            opaque: false,
            controls: Vec::new(),
            requires: Formula::Const(true),
            unwraps: Vec::new(),
            typed: None,
        }
    }

    /// A function at a contract, or what has arguments like one.
    pub(super) fn callable(
        &mut self,
        here: Here,
        module: ModuleIx,
        function: &FunctionDef<'a>,
        contract: &str,
    ) -> Callable {
        let payable = function.payable && here.kind == Kind::Call;
        let mut effects: Vec<EffectSpec> = Vec::new();
        if payable {
            effects.extend(self.value_effect(&here));
        }
        let mut cx = Scope::new(module, Some(here));
        let declared = self.declared(&mut cx, function);
        // What an interface says of a function it says of a call: as the account's own code it may do anything. What is inside a
        // wrapper is judged by itself.
        let wrapper = !function.unwraps.is_empty();
        let opaque = !wrapper && (function.effects.is_none() || here.kind == Kind::Delegatecall);
        effects.extend(declared.effects);
        if effects.len() > agentpol_model::effect::MAX_EFFECTS {
            let said = format!("a function has at most {} effects", agentpol_model::effect::MAX_EFFECTS);
            self.sink.push(Diagnostic::new(codes::NUMBER_TOO_LARGE, function.place, said));
        }
        let mut units = Vec::new();
        self.units(&cx, &[], &function.fields, &mut units);
        Callable {
            kind: here.kind,
            chain: 0,
            target: here.target,
            contract: contract.to_owned(),
            function: Some(Function {
                name: function.name.clone(),
                signature: function.signature.clone(),
                selector: function.selector,
                inputs: function.inputs.clone(),
                payable,
                trailing: function.trailing,
                units,
            }),
            effects,
            opaque,
            controls: declared.controls,
            requires: declared.requires,
            unwraps: function.unwraps.clone(),
            typed: self.typed_of(&here, function, declared.once),
        }
    }

    /// What makes typed data itself at one contract.
    fn typed_of(&self, here: &Here, function: &FunctionDef<'a>, once: Once) -> Option<Typed> {
        let type_hash = function.typed?.type_hash;
        let domain = self.world.site(here.contract?, here.chain)?.domain?;
        Some(Typed {
            domain_name: domain.name.map(str::to_owned),
            domain_version: domain.version.map(str::to_owned),
            type_hash,
            once_per: once.per,
            until: once.until,
        })
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
