//! What is tried at a contract: calls, commands and typed data.

use super::{OwnedAction, Stage};
use crate::{
    flatten::Known,
    hir::{ChainIx, ContractIx, FieldDef, FieldTy, ModuleIx, Value, WordKind},
    resolve::{Entity, Found, nearest},
    typecheck::{Checker, Scope, words::target_word},
    world::{At, FunctionDef},
};
use agentpol_abi::Value as Abi;
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_grammar::ast::{Expr, ExprKind, Name, QName, Span, Target};
use agentpol_model::{Address, ids::CallableId, request::Kind};

const ROOT: ModuleIx = ModuleIx(0);

/// `CONTRACT.function(…)` as an expression.
pub(super) fn call_parts(e: &Expr) -> Option<(&QName, &Name, &[Expr])> {
    let ExprKind::Call { callee, args } = &e.kind else { return None };
    let ExprKind::Member { of, name } = &callee.kind else { return None };
    match &of.kind {
        ExprKind::Path(path) => Some((path, name, args)),
        _ => None,
    }
}

impl<'w, 'a> Checker<'w, 'a> {
    /// `CONTRACT.function(…)`, `sign CONTRACT.Struct({ … })`
    pub(super) fn try_at(
        &mut self,
        kind: Kind,
        what: (&'a Target, &'a [Expr]),
        on: Option<&Name>,
        value: Option<&'a Expr>,
        stage: Stage<'_, 'a>,
    ) -> Option<(ChainIx, OwnedAction)> {
        let (target, args) = what;
        let contract = self.contract_named(&target.path)?;
        let [name] = target.members.as_slice() else {
            self.misused(target.span, "write `CONTRACT.function(…)`");
            return None;
        };
        let world = self.world;
        let stands = |c: ChainIx| matches!(world.site(contract, c).map(|s| s.at), Some(At::Address(_)));
        let chain = self.step_chain(on, stands, target.span)?;
        // What runs as the account's own code is written as a call is.
        let like = if kind == Kind::Sign { Kind::Sign } else { Kind::Call };
        let (id, known) = self.called(like, (contract, chain), name, args, target.span, stage)?;
        let mut cx = Scope::new(ROOT, Some(known.here));
        let sent = self.sent(&mut cx, stage.now, value)?;
        let data = match kind {
            Kind::Sign => self.signed(id, &known, args, target.span, stage)?,
            _ => self.with_selector(&known, args, target.span, stage)?,
        };
        let to = self.stands_at(&cx, &known, target.span, stage)?;
        Some((chain, OwnedAction { kind, to, value: sent, data }))
    }

    /// The contract that a call is at.
    pub(super) fn contract_named(&mut self, path: &QName) -> Option<ContractIx> {
        match self.world.path(ROOT, path) {
            Ok(Found::Entity(Entity::Contract(ix))) => Some(ix),
            Ok(Found::Entity(Entity::Error)) => None,
            Ok(_) => {
                let said = "a test calls a contract or token by its name";
                let place = self.world.place(ROOT, path.span);
                self.sink.push(Diagnostic::new(codes::WRONG_KIND_OF_NAME, place, said));
                None
            }
            Err(said) => {
                self.sink.push(*said);
                None
            }
        }
    }

    /// What a contract has of that name that takes so many arguments.
    pub(super) fn called(
        &mut self,
        kind: Kind,
        at: (ContractIx, ChainIx),
        name: &Name,
        args: &[Expr],
        span: Span,
        stage: Stage<'_, 'a>,
    ) -> Option<(CallableId, Known)> {
        let (contract, chain) = at;
        let callables = &stage.flat.callables;
        let ids = callables.of(&[kind], contract, chain);
        let all: Vec<(CallableId, Known, &FunctionDef<'a>)> = ids
            .iter()
            .filter_map(|id| callables.get(*id).map(|known| (*id, *known)))
            .filter_map(|(id, known)| Some((id, known, self.function(&known)?)))
            .collect();
        let named: Vec<_> = all.iter().filter(|(.., f)| f.name == name.node).collect();
        if named.is_empty() {
            self.no_such_function(kind, at, name, all.iter().map(|(.., f)| f.name.as_str()));
            return None;
        }
        let fits = |f: &FunctionDef<'a>| match kind {
            Kind::Sign => args.len() == 1,
            _ => super::inside::fits(f, args),
        };
        if let Some((id, known, _)) = named.iter().find(|(.., f)| fits(f)) {
            return Some((*id, *known));
        }
        let said = match named.first() {
            Some((.., f)) if kind != Kind::Sign => {
                format!("`{}` takes {} arguments, not {}", name.node, f.fields.len(), args.len())
            }
            _ => format!("typed data is one struct: `{}({{ … }})`", name.node),
        };
        self.misused(span, &said);
        None
    }

    fn no_such_function<'n>(
        &mut self,
        kind: Kind,
        at: (ContractIx, ChainIx),
        name: &Name,
        known: impl Iterator<Item = &'n str>,
    ) {
        let (contract, on) = (self.world.contract_name(at.0), self.world.chain_name(at.1));
        let what = match kind {
            Kind::Sign => "nothing to sign named",
            Kind::Command => "no command",
            _ => "no function",
        };
        let said = format!("`{contract}` has {what} `{}` on `{on}`", name.node);
        let said = Diagnostic::new(codes::UNKNOWN_FUNCTION, self.world.place(ROOT, name.span), said);
        let no_domain = kind == Kind::Sign && self.world.site(at.0, at.1).is_some_and(|s| s.domain.is_none());
        self.sink.push(match nearest(&name.node, known) {
            Some(near) => said.help(format!("did you mean `{near}`?")),
            None if no_domain => said.help("it is declared without a `domain`: nothing is signed for it"),
            None => said,
        });
    }

    pub(super) fn function(&self, known: &Known) -> Option<&'w FunctionDef<'a>> {
        let world: &'w crate::world::World<'a> = self.world;
        world.function_of(known.function)
    }

    /// Where it stands.
    pub(super) fn stands_at(
        &mut self,
        cx: &Scope,
        known: &Known,
        span: Span,
        stage: Stage<'_, 'a>,
    ) -> Option<Address> {
        let at = Value::Word(target_word(known.here.target?), WordKind::Address);
        let word = self.as_address(cx, &at, span)?;
        Some(Address::from_word(self.concrete(&word, stage.now)?.to_be_bytes::<32>().into()))
    }

    /// Selector and arguments.
    pub(super) fn with_selector(
        &mut self,
        known: &Known,
        args: &'a [Expr],
        span: Span,
        stage: Stage<'_, 'a>,
    ) -> Option<Vec<u8>> {
        let function = self.function(known)?;
        let mut data = function.selector.to_vec();
        data.extend(self.arguments(known, args, span, stage)?);
        Some(data)
    }

    /// Arguments as the ABI writes them.
    pub(super) fn arguments(
        &mut self,
        known: &Known,
        args: &'a [Expr],
        span: Span,
        stage: Stage<'_, 'a>,
    ) -> Option<Vec<u8>> {
        let function = self.function(known)?;
        let mut cx = Scope::new(ROOT, Some(known.here));
        let (given, mut ready) = self.spread(&mut cx, function, args, stage)?;
        let given: Vec<(&FieldDef, Option<&'a Expr>)> = function.fields.iter().zip(given).collect();
        let mut values = Vec::with_capacity(given.len());
        for (n, (def, e)) in given.iter().enumerate() {
            values.push(match (ready.remove(&n), e) {
                (Some(value), _) => value,
                (None, Some(e)) => self.test_value(&mut cx, stage, e, (&def.ty, &def.refined), &given)?,
                (None, None) => return None,
            });
        }
        self.abi(&cx, function, &values, span)
    }

    pub(super) fn abi(
        &mut self,
        cx: &Scope,
        function: &FunctionDef<'a>,
        values: &[Abi],
        span: Span,
    ) -> Option<Vec<u8>> {
        match agentpol_abi::encode(&function.inputs, values) {
            Ok(data) => Some(data),
            Err(why) => {
                self.fail(cx, span, codes::TEST_VALUE, format!("the arguments cannot be encoded: {why}"));
                None
            }
        }
    }

    /// Domain separator, type hash, and the members.
    fn signed(
        &mut self,
        id: CallableId,
        known: &Known,
        args: &'a [Expr],
        span: Span,
        stage: Stage<'_, 'a>,
    ) -> Option<Vec<u8>> {
        let [e] = args else { return None };
        let function = self.function(known)?;
        let typed = stage.flat.ruleset.callables.get(id.index())?.typed.as_ref()?;
        let structure = FieldTy::Struct(function.typed?.structure);
        let mut cx = Scope::new(ROOT, Some(known.here));
        let refined = crate::hir::Refinement::None;
        let Abi::Tuple(members) = self.test_value(&mut cx, stage, e, (&structure, &refined), &[])? else {
            return None;
        };
        let contract = self.stands_at(&cx, known, span, stage)?;
        let chain = self.world.chain_def(known.here.chain)?.id;
        let mut data = typed.domain_separator(chain, contract).to_vec();
        data.extend(typed.type_hash);
        data.extend(self.abi(&cx, function, &members, span)?);
        Some(data)
    }
}
