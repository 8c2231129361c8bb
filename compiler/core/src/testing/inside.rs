//! Calldata where `bytes` stand, and lists of actions where a wrapper holds them in a form of its own.

use super::{Stage, calls::call_parts, values::is_name};
use crate::{
    hir::{FieldTy, Refinement, UnitRef, Value},
    typecheck::{Checker, Scope},
    world::FunctionDef,
};
use agentpol_abi::Value as Abi;
use agentpol_analysis::ruleset::{Formula, Unwrap};
use agentpol_diagnostics::codes;
use agentpol_grammar::ast::{Expr, ExprKind};
use agentpol_model::{
    Address, U256,
    request::Kind,
    types::{Member, Path, Step, Type, WordType},
};
use std::collections::BTreeMap;

/// Two arguments in whose place one list is written: the wrapper's form, and where they stand.
struct Pair<'f> {
    form: &'f Unwrap,
    first: usize,
    second: usize,
}

/// An action as a wrapper holds it.
struct Inner {
    /// 0 is a call, 1 a delegatecall.
    operation: u8,
    to: Address,
    value: U256,
    data: Vec<u8>,
}

/// Arguments by their place: those that are written, and those that are made of others.
type Spread<'a> = (Vec<Option<&'a Expr>>, BTreeMap<usize, Abi>);

/// Do these arguments fit by their number, a list standing for two of them?
pub(super) fn fits(function: &FunctionDef<'_>, args: &[Expr]) -> bool {
    let listed = pair(function).is_some_and(|pair| {
        let at = args.get(pair.first.min(pair.second));
        at.is_some_and(|e| matches!(e.kind, ExprKind::List(_) | ExprKind::Map(_) | ExprKind::Call { .. }))
    });
    function.fields.len() == args.len() + usize::from(listed)
}

fn pair<'f>(function: &'f FunctionDef<'_>) -> Option<Pair<'f>> {
    function.unwraps.iter().find_map(|form| {
        let (a, b) = match form {
            Unwrap::Commands { opcodes, inputs, .. } => (argument(opcodes)?, argument(inputs)?),
            Unwrap::Execution { mode, data } => (argument(mode)?, argument(data)?),
            _ => return None,
        };
        Some(Pair { form, first: a, second: b })
    })
}

/// Which argument it is as a whole.
fn argument(path: &Path) -> Option<usize> {
    match path.0.as_slice() {
        [Step::Member(n)] => Some(usize::from(*n)),
        _ => None,
    }
}

impl<'a> Checker<'_, 'a> {
    /// The arguments by their places.
    pub(super) fn spread(
        &mut self,
        cx: &mut Scope,
        function: &FunctionDef<'a>,
        args: &'a [Expr],
        stage: Stage<'_, 'a>,
    ) -> Option<Spread<'a>> {
        let mut given: Vec<Option<&'a Expr>> = args.iter().map(Some).collect();
        let mut ready = BTreeMap::new();
        if given.len() < function.fields.len()
            && let Some(Pair { form, first, second }) = pair(function)
        {
            let list = given.get(first.min(second)).copied().flatten()?;
            let (a, b) = self.both(cx, form, list, stage)?;
            ready.insert(first, a);
            ready.insert(second, b);
            given.insert(first.max(second), None);
        }
        for form in &function.unwraps {
            let (Unwrap::Plan { data, .. } | Unwrap::Records { data } | Unwrap::Permit { data }) = form
            else {
                continue;
            };
            let Some((at, e)) = argument(data).and_then(|at| Some((at, (*given.get(at)?)?))) else {
                continue;
            };
            let bytes = match (form, &e.kind) {
                (Unwrap::Plan { table, .. }, ExprKind::List(_)) => {
                    let (opcodes, inputs) = self.commands(cx, *table, e, stage)?;
                    let types = [Type::Bytes, Type::Array(Box::new(Type::Bytes), None)];
                    encoded(&types, &[Abi::Bytes(opcodes), bytes_array(inputs)])?
                }
                (Unwrap::Records { .. }, ExprKind::List(list)) => self.records(cx, list, stage)?,
                (Unwrap::Permit { .. }, ExprKind::Call { .. }) => {
                    let permit = self.inner(cx, e, stage)?;
                    [permit.to.as_slice(), permit.data.get(4..)?].concat()
                }
                _ => continue,
            };
            ready.insert(at, Abi::Bytes(bytes));
        }
        Some((given, ready))
    }

    /// What stands for one list of commands, or of actions.
    fn both(
        &mut self,
        cx: &mut Scope,
        form: &Unwrap,
        list: &'a Expr,
        stage: Stage<'_, 'a>,
    ) -> Option<(Abi, Abi)> {
        match form {
            Unwrap::Commands { table, .. } => {
                let (opcodes, inputs) = self.commands(cx, *table, list, stage)?;
                Some((Abi::Bytes(opcodes), bytes_array(inputs)))
            }
            Unwrap::Execution { .. } => {
                let (call_type, data) = self.execution(cx, list, stage)?;
                let mode = U256::from(call_type) << 248;
                Some((Abi::Word(mode, WordType::FixedBytes(32)), Abi::Bytes(data)))
            }
            _ => None,
        }
    }

    /// `[Router.WRAP_ETH(…), { command: Router.SWEEP(…), may_fail: true }]`: opcodes and inputs.
    fn commands(
        &mut self,
        cx: &mut Scope,
        table: [u8; 4],
        list: &'a Expr,
        stage: Stage<'_, 'a>,
    ) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
        const SHAPE: &str = "commands are written as a list: `[ROUTER.COMMAND(…), …]`";
        let ExprKind::List(elements) = &list.kind else {
            self.misused(list.span, SHAPE);
            return None;
        };
        let here = cx.here?;
        let (mut opcodes, mut inputs) = (Vec::new(), Vec::new());
        for element in elements {
            let (command, may_fail) = match &element.kind {
                ExprKind::Map(pairs) => {
                    let of = |name| pairs.iter().find(|(key, _)| is_name(key, name)).map(|(_, e)| e);
                    let known =
                        pairs.iter().all(|(key, _)| is_name(key, "command") || is_name(key, "may_fail"));
                    let Some(command) = of("command").filter(|_| known) else {
                        self.misused(element.span, "write `{ command: ROUTER.COMMAND(…), may_fail: true }`");
                        return None;
                    };
                    let may_fail = match of("may_fail") {
                        Some(e) => self.known_truth(cx, e)?,
                        None => false,
                    };
                    (command, may_fail)
                }
                _ => (element, false),
            };
            let Some((path, name, args)) = call_parts(command) else {
                self.misused(command.span, SHAPE);
                return None;
            };
            let contract = self.contract_named(path)?;
            if here.contract != Some(contract) {
                self.misused(command.span, "a router runs its own commands, not those of another");
                return None;
            }
            let at = (contract, here.chain);
            let (_, known) = self.called(Kind::Command, at, name, args, command.span, stage)?;
            let [a, b, c, opcode] = self.function(&known)?.selector;
            let [x, y, z, _] = table;
            if [a, b, c] != [x, y, z] {
                let said = format!("`{}` is a command of another list", name.node);
                self.misused(command.span, &said);
                return None;
            }
            opcodes.push(opcode | if may_fail { 0x80 } else { 0 });
            inputs.push(self.arguments(&known, args, command.span, stage)?);
        }
        Some((opcodes, inputs))
    }

    fn known_truth(&mut self, cx: &mut Scope, e: &'a Expr) -> Option<bool> {
        match self.expr(cx, e) {
            Value::Error => None,
            Value::Bool(Formula::Const(b)) => Some(b),
            _ => {
                self.misused(e.span, "write `true` or `false`");
                None
            }
        }
    }

    /// `[USDC.transfer(…), send(to, 1 ETH)]` as MultiSend packs them.
    fn records(&mut self, cx: &mut Scope, list: &'a [Expr], stage: Stage<'_, 'a>) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        for e in list {
            let inner = self.inner(cx, e, stage)?;
            out.push(inner.operation);
            out.extend(inner.to);
            out.extend(inner.value.to_be_bytes::<32>());
            out.extend(U256::from(inner.data.len()).to_be_bytes::<32>());
            out.extend(inner.data);
        }
        Some(out)
    }

    /// An ERC-7579 execution: one action, or a list of them; the type of the call, and its data.
    fn execution(&mut self, cx: &mut Scope, e: &'a Expr, stage: Stage<'_, 'a>) -> Option<(u8, Vec<u8>)> {
        const SINGLE: u8 = 0x00;
        const BATCH: u8 = 0x01;
        const DELEGATE: u8 = 0xff;
        let ExprKind::List(list) = &e.kind else {
            let one = self.inner(cx, e, stage)?;
            return Some(match one.operation {
                0 => (SINGLE, [one.to.as_slice(), &one.value.to_be_bytes::<32>(), &one.data].concat()),
                _ => (DELEGATE, [one.to.as_slice(), &one.data].concat()),
            });
        };
        let mut all = Vec::with_capacity(list.len());
        for e in list {
            let inner = self.inner(cx, e, stage)?;
            if inner.operation != 0 {
                self.misused(e.span, "an execution in a batch is a call");
                return None;
            }
            all.push(Abi::Tuple(vec![
                Abi::Word(crate::literal::address_word(inner.to), WordType::Address),
                Abi::Word(inner.value, WordType::Uint(256)),
                Abi::Bytes(inner.data),
            ]));
        }
        let parts = [Type::Word(WordType::Address), Type::Word(WordType::Uint(256)), Type::Bytes];
        let execution = Type::Tuple(members(&parts));
        Some((BATCH, encoded(&[Type::Array(Box::new(execution), None)], &[Abi::Array(all)])?))
    }

    /// `USDC.transfer(…)`, `send(to, 1 ETH)` or `{ to: …, value: …, data: …, operation: … }`.
    fn inner(&mut self, cx: &mut Scope, e: &'a Expr, stage: Stage<'_, 'a>) -> Option<Inner> {
        if let Some((path, name, args)) = call_parts(e) {
            let contract = self.contract_named(path)?;
            let at = (contract, cx.here?.chain);
            let (_, known) = self.called(Kind::Call, at, name, args, e.span, stage)?;
            let data = self.with_selector(&known, args, e.span, stage)?;
            let to = self.stands_at(cx, &known, e.span, stage)?;
            return Some(Inner { operation: 0, to, value: U256::ZERO, data });
        }
        match &e.kind {
            ExprKind::Call { callee, args } if is_name(callee, "send") => {
                let (to, value) = match args.as_slice() {
                    [to] => (to, None),
                    [to, value] => (to, Some(value)),
                    _ => {
                        self.misused(e.span, "write `send(ADDRESS, 1 ETH)`");
                        return None;
                    }
                };
                let value = self.sent(cx, stage.now, value)?;
                let to = self.test_account(cx, to, stage)?;
                Some(Inner { operation: 0, to, value, data: Vec::new() })
            }
            ExprKind::Map(pairs) => self.inner_parts(cx, e, pairs, stage),
            _ => {
                let said = "an action is `CONTRACT.function(…)`, `send(ADDRESS, 1 ETH)` or `{ to: …, value: …, data: … }`";
                self.misused(e.span, said);
                None
            }
        }
    }

    fn inner_parts(
        &mut self,
        cx: &mut Scope,
        e: &'a Expr,
        pairs: &'a [(Expr, Expr)],
        stage: Stage<'_, 'a>,
    ) -> Option<Inner> {
        let mut inner = Inner { operation: 0, to: Address::ZERO, value: U256::ZERO, data: Vec::new() };
        let mut has_target = false;
        for (key, value) in pairs {
            let word = |bits| (WordType::Uint(bits), &Refinement::None);
            if is_name(key, "to") {
                inner.to = self.test_account(cx, value, stage)?;
                has_target = true;
            } else if is_name(key, "value") {
                let wei = (WordType::Uint(256), &Refinement::Amount(UnitRef::Native));
                inner.value = word_of(self.test_word(cx, stage.now, value, wei, &[])?)?;
            } else if is_name(key, "operation") {
                let n = word_of(self.test_word(cx, stage.now, value, word(8), &[])?)?;
                inner.operation = u8::try_from(n).ok()?;
            } else if is_name(key, "data") {
                let bytes = (&FieldTy::Bytes, &Refinement::None);
                let Abi::Bytes(data) = self.test_value(cx, stage, value, bytes, &[])? else { return None };
                inner.data = data;
            } else {
                let said = format!("an action has no `{}`", self.text(cx, key.span));
                self.fail_with_help(
                    cx,
                    key.span,
                    codes::UNKNOWN_MEMBER,
                    said,
                    "it has to, value, data, operation",
                );
                return None;
            }
        }
        if !has_target {
            self.misused(e.span, "an action says `to` whom it goes");
            return None;
        }
        Some(inner)
    }

    /// `USDC.transfer(…)` where `bytes` are needed: its calldata.
    pub(super) fn calldata(&mut self, cx: &mut Scope, stage: Stage<'_, 'a>, e: &'a Expr) -> Option<Vec<u8>> {
        Some(self.inner(cx, e, stage)?.data)
    }
}

fn word_of(value: Abi) -> Option<U256> {
    match value {
        Abi::Word(word, _) => Some(word),
        _ => None,
    }
}

fn members(types: &[Type]) -> Vec<Member> {
    types.iter().map(|ty| Member { name: String::new(), ty: ty.clone() }).collect()
}

fn encoded(types: &[Type], values: &[Abi]) -> Option<Vec<u8>> {
    agentpol_abi::encode(&members(types), values).ok()
}

fn bytes_array(all: Vec<Vec<u8>>) -> Abi {
    Abi::Array(all.into_iter().map(Abi::Bytes).collect())
}
