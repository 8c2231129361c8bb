//! `unwraps …`: where among a function's arguments the actions inside it stand, and how they are read.

use super::{
    World,
    interfaces::{Fallible, fail},
    spots::{Each, Sight, elements_of},
};
use crate::{
    hir::{FieldDef, FieldTy, InterfaceIx, ModuleIx},
    resolve::{Entity, Found, nearest},
};
use agentpol_bytecode::limits::MAX_UNWRAPS;
use agentpol_diagnostics::codes;
use agentpol_grammar::ast::{self, EffectKind, Expr, ExprKind, QName};
use agentpol_model::{
    policy::Unwrap,
    types::{Path, Step, WordType},
};

/// Forms that are no router's commands.
const FORMS: [&str; 3] = ["multisend", "erc7579", "permit"];

/// What can stand in the braces of a call.
const CALL: [&str; 5] = ["to", "value", "data", "operation", "may_fail"];

impl<'a> World<'a> {
    /// All that a function unwraps.
    pub(super) fn unwraps(
        &self,
        module: ModuleIx,
        fields: &[FieldDef],
        effects: &'a [ast::Effect],
    ) -> Fallible<Vec<Unwrap>> {
        let mut out = Vec::new();
        for effect in effects {
            let EffectKind::Unwraps { what, form } = &effect.kind else { continue };
            if let Some(when) = &effect.when {
                let place = self.place(module, when.span);
                return fail(
                    codes::BAD_UNWRAP,
                    place,
                    "what is inside is always read: `unwraps` has no `when`",
                );
            }
            if out.len() >= MAX_UNWRAPS {
                let said = format!("a function is read in at most {MAX_UNWRAPS} ways");
                return fail(codes::BAD_UNWRAP, self.place(module, effect.span), said);
            }
            let mut sight = Sight { world: self, module, fields, each: None, same_length: Vec::new() };
            out.push(sight.unwrap(what, form.as_ref())?);
        }
        Ok(out)
    }

    /// The interfaces of commands that a function's `unwraps` name.
    pub(super) fn opened(&self, module: ModuleIx, effects: &[ast::Effect]) -> Vec<InterfaceIx> {
        let form = |effect: &ast::Effect| match &effect.kind {
            EffectKind::Unwraps { form: Some(form), .. } => match self.path(module, form) {
                Ok(Found::Entity(Entity::Interface(ix))) => Some(ix),
                _ => None,
            },
            _ => None,
        };
        effects.iter().filter_map(form).collect()
    }
}

impl<'a> Sight<'_, 'a> {
    fn unwrap(&mut self, what: &'a Expr, form: Option<&'a QName>) -> Fallible<Unwrap> {
        let Some(form) = form else { return self.call(what) };
        let word = match form.segments.as_slice() {
            [one] => one.node.as_str(),
            _ => "",
        };
        match word {
            "multisend" => Ok(Unwrap::Records { data: self.bytes(what)? }),
            "permit" => Ok(Unwrap::Permit { data: self.bytes(what)? }),
            "erc7579" => {
                let help = "write `unwraps { mode: …, data: … } as erc7579`";
                let [mode, data] = self.parts(what, ["mode", "data"], help)?;
                let (Some(mode), Some(data)) = (mode, data) else {
                    return self.fail(what.span, "an ERC-7579 execution is a mode and its data", help);
                };
                let fits = |ty: &FieldTy| matches!(ty, FieldTy::Word(WordType::FixedBytes(32)));
                let mode = self.slot(mode, "`mode`", "`bytes32`", fits)?;
                Ok(Unwrap::Execution { mode, data: self.bytes(data)? })
            }
            _ => self.commands(what, form),
        }
    }

    /// `unwraps { opcodes: commands, inputs: inputs } as UniversalCommands`, `unwraps unlockData as V4Actions`.
    fn commands(&mut self, what: &'a Expr, form: &QName) -> Fallible<Unwrap> {
        let table = self.table(form)?;
        if !matches!(what.kind, ExprKind::Map(_) | ExprKind::Set(_)) {
            return Ok(Unwrap::Plan { table, data: self.bytes(what)? });
        }
        let help = "write `unwraps { opcodes: …, inputs: … } as INTERFACE`";
        let [opcodes, inputs] = self.parts(what, ["opcodes", "inputs"], help)?;
        let (Some(opcodes), Some(inputs)) = (opcodes, inputs) else {
            return self.fail(what.span, "commands are opcodes and an input for each", help);
        };
        let opcodes = self.bytes(opcodes)?;
        let fits = |ty: &FieldTy| matches!(elements_of(ty), Some(FieldTy::Bytes));
        let spot = self.spot(inputs)?;
        if !fits(&spot.ty) {
            return self.wrong(inputs.span, "`inputs`", "`bytes[]`", &spot.ty);
        }
        self.bounded(inputs, &spot.ty)?;
        Ok(Unwrap::Commands { table, opcodes, inputs: Path(spot.steps) })
    }

    /// The first three bytes of the hash of the interface's name; the fourth is for the opcode.
    fn table(&self, form: &QName) -> Fallible<[u8; 4]> {
        let found = match form.segments.as_slice() {
            [one] if self.world.name(self.module, &one.node).is_none() => {
                let near = nearest(&one.node, FORMS);
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("forms are {}, and interfaces with commands", FORMS.join(", ")),
                };
                return self.fail(form.span, format!("there is no form `{}`", one.node), &help);
            }
            _ => self.world.path(self.module, form).map_err(Some)?,
        };
        let ix = match found {
            Found::Entity(Entity::Interface(ix)) => ix,
            Found::Entity(Entity::Error) => return Err(None),
            Found::Entity(_) | Found::Inside(..) => {
                let help = format!("forms are {}, and interfaces with commands", FORMS.join(", "));
                return self.fail(form.span, "this is no form in which actions stand", &help);
            }
        };
        match self.world.interface(ix) {
            Some(def) if def.has_commands => Ok(super::members::table(def.name)),
            Some(def) => {
                let said = format!("`{}` declares no `command`", def.name);
                self.fail(form.span, said, "declare them there: `command 0x00 NAME(arguments) { effects }`")
            }
            None => Err(None),
        }
    }

    /// A call: `data`, `{ to: …, data: … }`, `all c in calls: { … }`.
    fn call(&mut self, what: &'a Expr) -> Fallible<Unwrap> {
        let parts = match &what.kind {
            ExprKind::Quantified { every, var, of, body } => {
                if !every {
                    return self.fail(what.span, "all that is inside is read, not any of it", "write `all`");
                }
                let array = self.spot(of)?;
                let Some(element) = elements_of(&array.ty).cloned() else {
                    return self.wrong(of.span, "what is gone through", "an array", &array.ty);
                };
                self.bounded(of, &array.ty)?;
                self.each = Some(Each { var: &var.node, array: array.steps, element });
                body
            }
            _ => what,
        };
        if !matches!(parts.kind, ExprKind::Map(_) | ExprKind::Set(_)) {
            return self.own(parts);
        }
        let help = "write `unwraps { to: …, value: …, data: … }`";
        let [to, value, data, operation, may_fail] = self.parts(parts, CALL, help)?;
        let Some(data) = data else {
            return self.fail(parts.span, "what is called with is missing: `data`", help);
        };
        let alone = to.is_none() && (value.is_some() || operation.is_some());
        if alone {
            let help = "say who is called: `to: …`; without `to` the contract runs the calldata on itself";
            return self.fail(parts.span, "`value` and `operation` are those of a call to somebody", help);
        }
        let data = self.bytes(data)?;
        let mut word = |e: Option<&'a Expr>, name: &str, is: &str, fits: fn(&FieldTy) -> bool| match e {
            Some(e) => self.slot(e, name, is, fits).map(Some),
            None => Ok(None),
        };
        let number = "a number without sign";
        let to = word(to, "`to`", "`address`", |ty| matches!(ty, FieldTy::Word(WordType::Address)))?;
        let value = word(value, "`value`", number, is_unsigned)?;
        let operation = word(operation, "`operation`", number, is_unsigned)?;
        let may_fail =
            word(may_fail, "`may_fail`", "`bool`", |ty| matches!(ty, FieldTy::Word(WordType::Bool)))?;
        let each = self.each.take().map(|each| Path(each.array));
        let same_length = std::mem::take(&mut self.same_length);
        Ok(Unwrap::Call { each, to, value, data, operation, may_fail, same_length })
    }

    /// `unwraps data`: the contract runs it on itself; of `bytes[]` each.
    fn own(&mut self, what: &'a Expr) -> Fallible<Unwrap> {
        let spot = self.spot(what)?;
        let mut data = Path(spot.steps);
        let mut each = self.each.take().map(|each| Path(each.array));
        match elements_of(&spot.ty) {
            _ if matches!(spot.ty, FieldTy::Bytes) => {}
            Some(FieldTy::Bytes) if each.is_none() => {
                self.bounded(what, &spot.ty)?;
                each = Some(data.clone());
                data.0.push(Step::Element(0));
            }
            _ => return self.wrong(what.span, "what is unwrapped", "`bytes` or `bytes[]`", &spot.ty),
        }
        let (to, value, operation, may_fail) = (None, None, None, None);
        Ok(Unwrap::Call { each, to, value, data, operation, may_fail, same_length: Vec::new() })
    }
}

fn is_unsigned(ty: &FieldTy) -> bool {
    matches!(ty, FieldTy::Word(WordType::Uint(_)))
}
