//! Wrappers put together inside out, and what their contracts would run, said once more beside the code that reads it.

use super::{OPEN, calls, target};
use crate::generator::{Rng, aim::any_values};
use agentpol_abi::{Value, encode};
use agentpol_analysis::ruleset::Callable;
use agentpol_model::{
    Address, U256,
    policy::Unwrap,
    request::{Action, Kind},
    types::{Path, Step, WordType},
};
use std::borrow::Cow;

/// An action that owns its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// What kind.
    pub kind: Kind,
    /// Where it goes.
    pub to: Address,
    /// Wei.
    pub value: U256,
    /// Of a command.
    pub command: [u8; 4],
    /// What it says.
    pub data: Vec<u8>,
}

impl Owned {
    /// A call without value.
    pub fn call(to: Address, data: Vec<u8>) -> Self {
        Self { kind: Kind::Call, to, value: U256::ZERO, command: [0; 4], data }
    }

    /// Lent, as the action of somebody.
    pub fn by(&self, from: Address) -> Action<'_> {
        let Self { kind, to, value, command, data } = self;
        Action { kind: *kind, from, to: *to, value: *value, command: *command, data }
    }
}

/// An action and what it is made of.
#[derive(Clone, Debug)]
pub struct Built {
    /// The whole.
    pub action: Owned,
    /// Is it a wrapper, full or empty?
    wrapper: bool,
    inside: Vec<Part>,
}

#[derive(Clone, Debug)]
struct Part {
    built: Built,
    sender: Sender,
    may_fail: bool,
}

/// As whom a wrapper acts.
#[derive(Clone, Copy, Debug)]
enum Sender {
    /// As the account whose code it is.
    Itself,
    /// As whoever called it, on itself.
    OnItself,
    /// As whoever called it, by a command.
    Command,
}

/// One of the actions, as it is met.
pub(super) struct Seen<'b> {
    pub(super) action: Cow<'b, Owned>,
    pub(super) from: Address,
    pub(super) wrapper: bool,
    pub(super) may_fail: bool,
}

impl Built {
    fn alone(action: Owned) -> Self {
        Self { action, wrapper: false, inside: Vec::new() }
    }

    /// A wrapper before what is inside it, each with who acts, if `from` acts first.
    pub(super) fn flat(&self, from: Address) -> Vec<Seen<'_>> {
        let mut all = Vec::new();
        self.collect(Cow::Borrowed(&self.action), from, false, &mut all);
        all
    }

    fn collect<'b>(&'b self, action: Cow<'b, Owned>, from: Address, may_fail: bool, all: &mut Vec<Seen<'b>>) {
        let itself = if action.kind == Kind::Delegatecall { from } else { action.to };
        let to = action.to;
        all.push(Seen { action, from, wrapper: self.wrapper, may_fail });
        for part in &self.inside {
            let mut action = Cow::Borrowed(&part.built.action);
            let from = match part.sender {
                Sender::Itself => itself,
                Sender::OnItself | Sender::Command => from,
            };
            match part.sender {
                Sender::OnItself => action.to_mut().to = itself,
                Sender::Command => action.to_mut().to = to,
                Sender::Itself => {}
            }
            part.built.collect(action, from, may_fail || part.may_fail, all);
        }
    }
}

/// A call, of a wrapper as long as there is depth left.
pub fn call(depth: usize, rng: &mut Rng) -> Built {
    let all: Vec<_> = calls(depth > 0 && rng.chance(80)).collect();
    let callable = *rng.pick(&all);
    of(callable, depth, rng)
}

/// A call of one of this contract's functions.
pub fn call_of(contract: Address, depth: usize, rng: &mut Rng) -> Built {
    let all: Vec<_> = calls(depth > 0).filter(|callable| target(callable) == contract).collect();
    let callable = *rng.pick(&all);
    of(callable, depth, rng)
}

fn of(callable: &Callable, depth: usize, rng: &mut Rng) -> Built {
    let function = callable.function.as_ref().unwrap();
    let mut values = any_values(&function.inputs, rng);
    let mut inside = Vec::new();
    for unwrap in &callable.unwraps {
        fill(&mut values, unwrap, depth, rng, &mut inside);
    }
    let mut data = function.selector.to_vec();
    data.extend(encode(&function.inputs, &values).unwrap_or_default());
    // A byte too many, now and then.
    let behind = usize::from(rng.chance(5));
    data.extend(rng.bytes(behind));
    let value = if function.payable && rng.chance(30) { rng.number() } else { U256::ZERO };
    let action = Owned { value, ..Owned::call(target(callable), data) };
    Built { action, wrapper: callable.is_wrapper(), inside }
}

/// What stands at a path; of an array's elements the `n`-th.
fn at<'v>(values: &'v mut [Value], path: &Path, n: usize) -> Option<&'v mut Value> {
    let mut steps = path.0.iter();
    let Some(Step::Member(first)) = steps.next() else { return None };
    let mut value = values.get_mut(usize::from(*first))?;
    for step in steps {
        value = match (step, value) {
            (Step::Member(m), Value::Tuple(members)) => members.get_mut(usize::from(*m))?,
            (Step::Index(m), Value::Array(items)) => items.get_mut(*m as usize)?,
            (Step::Element(_), Value::Array(items)) => items.get_mut(n)?,
            _ => return None,
        };
    }
    Some(value)
}

fn word(values: &mut [Value], path: Option<&Path>, n: usize, new: U256) {
    if let Some(Value::Word(old, _)) = path.and_then(|path| at(values, path, n)) {
        *old = new;
    }
}

fn bytes(values: &mut [Value], path: &Path, n: usize, new: Vec<u8>) {
    if let Some(Value::Bytes(old)) = at(values, path, n) {
        *old = new;
    }
}

/// An action to be put inside; rarely without data, or as a delegatecall.
fn inner(depth: usize, rng: &mut Rng) -> Built {
    let mut built = call(depth.saturating_sub(1), rng);
    if rng.chance(3) {
        (built.action.data, built.wrapper, built.inside) = (Vec::new(), false, Vec::new());
        built.action.kind = Kind::Send;
    } else if built.action.value.is_zero() && rng.chance(8) {
        built.action.kind = Kind::Delegatecall;
    }
    built
}

fn operation(kind: Kind) -> u8 {
    u8::from(kind == Kind::Delegatecall)
}

/// Puts actions inside.
fn fill(values: &mut [Value], unwrap: &Unwrap, depth: usize, rng: &mut Rng, inside: &mut Vec<Part>) {
    match unwrap {
        Unwrap::Call { .. } => calls_inside(values, unwrap, depth, rng, inside),
        Unwrap::Commands { table, opcodes, inputs } => {
            let (codes, list) = commands(*table, rng, inside);
            bytes(values, opcodes, 0, codes);
            if let Some(Value::Array(items)) = at(values, inputs, 0) {
                *items = list.into_iter().map(Value::Bytes).collect();
            }
        }
        Unwrap::Plan { table, data } => {
            let (codes, list) = commands(*table, rng, inside);
            let inputs = agentpol_abi::signature::parse_members("(bytes,bytes[])").unwrap();
            let list = Value::Array(list.into_iter().map(Value::Bytes).collect());
            bytes(values, data, 0, encode(&inputs, &[Value::Bytes(codes), list]).unwrap());
        }
        Unwrap::Records { data } => {
            let mut records = Vec::new();
            for _ in 0..rng.between(0, 3) {
                let built = inner(depth, rng);
                records.push(operation(built.action.kind));
                records.extend_from_slice(built.action.to.as_slice());
                records.extend_from_slice(&built.action.value.to_be_bytes::<32>());
                records.extend_from_slice(&U256::from(built.action.data.len()).to_be_bytes::<32>());
                records.extend_from_slice(&built.action.data);
                inside.push(Part { built, sender: Sender::Itself, may_fail: false });
            }
            bytes(values, data, 0, records);
        }
        Unwrap::Execution { mode, data } => {
            let (says, packed) = execution(depth, rng, inside);
            word(values, Some(mode), 0, if rng.chance(95) { says } else { rng.word() });
            bytes(values, data, 0, packed);
        }
        Unwrap::Permit { data } => {
            let permit = permit(rng, inside);
            bytes(values, data, 0, permit);
        }
    }
}

fn calls_inside(values: &mut [Value], unwrap: &Unwrap, depth: usize, rng: &mut Rng, inside: &mut Vec<Part>) {
    let Unwrap::Call { each, to, value, data, operation: op, may_fail, same_length } = unwrap else { return };
    let count = match each.as_ref().and_then(|each| at(values, each, 0)) {
        Some(Value::Array(items)) => items.len(),
        _ => 1,
    };
    for array in same_length {
        if let (Some(Value::Array(items)), true) = (at(values, array, 0), rng.chance(95)) {
            items.resize(count, items.first().cloned().unwrap_or(Value::Bytes(Vec::new())));
        }
    }
    for n in 0..count {
        let mut built = inner(depth, rng);
        let action = &mut built.action;
        let fails = rng.below(2) == 1;
        word(values, to.as_ref(), n, action.to.into_word().into());
        word(values, value.as_ref(), n, action.value);
        word(values, op.as_ref(), n, U256::from(operation(action.kind)));
        word(values, may_fail.as_ref(), n, U256::from(u8::from(fails)));
        bytes(values, data, n, action.data.clone());
        // What there is no place for is not said.
        if value.is_none() || to.is_none() {
            action.value = U256::ZERO;
        }
        if op.is_none() && action.kind == Kind::Delegatecall {
            action.kind = Kind::Call;
        }
        let sender = if to.is_some() { Sender::Itself } else { Sender::OnItself };
        inside.push(Part { built, sender, may_fail: may_fail.is_some() && fails });
    }
}

/// One call, several, or a delegatecall (ERC-7579), with the mode that says so.
fn execution(depth: usize, rng: &mut Rng, inside: &mut Vec<Part>) -> (U256, Vec<u8>) {
    let may_fail = rng.chance(20);
    let mut mode = [0; 32];
    mode[1] = u8::from(may_fail);
    let mut put = |built: Built| inside.push(Part { built, sender: Sender::Itself, may_fail });
    let data = match rng.below(4) {
        0 => {
            mode[0] = 1;
            let mut list = Vec::new();
            for _ in 0..rng.between(0, 3) {
                let mut built = inner(depth, rng);
                let action = &mut built.action;
                if action.kind == Kind::Delegatecall {
                    action.kind = Kind::Call;
                }
                let word = |word, ty| Value::Word(word, ty);
                list.push(Value::Tuple(vec![
                    word(action.to.into_word().into(), WordType::Address),
                    word(action.value, WordType::Uint(256)),
                    Value::Bytes(action.data.clone()),
                ]));
                put(built);
            }
            let inputs = agentpol_abi::signature::parse_members("((address,uint256,bytes)[])").unwrap();
            encode(&inputs, &[Value::Array(list)]).unwrap()
        }
        1 => {
            mode[0] = 0xff;
            let mut built = call(depth.saturating_sub(1), rng);
            (built.action.value, built.action.kind) = (U256::ZERO, Kind::Delegatecall);
            let data = [built.action.to.as_slice(), &built.action.data].concat();
            put(built);
            data
        }
        _ => {
            let mut built = inner(depth, rng);
            let action = &mut built.action;
            if action.kind == Kind::Delegatecall {
                action.kind = Kind::Call;
            }
            let data = [action.to.as_slice(), &action.value.to_be_bytes::<32>(), &action.data].concat();
            put(built);
            data
        }
    };
    (U256::from_be_bytes(mode), data)
}

/// A token's permit as 1inch's routers take it, or none.
fn permit(rng: &mut Rng, inside: &mut Vec<Part>) -> Vec<u8> {
    let permits: Vec<_> = calls(false)
        .filter(|callable| {
            let function = callable.function.as_ref().unwrap();
            let plain = ["address", "uint256", "bool", "uint8", "bytes32"];
            function.name == "permit"
                && matches!(function.inputs.len(), 7 | 8)
                && function.inputs.iter().all(|input| plain.contains(&input.ty.to_string().as_str()))
        })
        .collect();
    let wanted = rng.chance(75);
    let Some(callable) = rng.choose(&permits).filter(|_| wanted) else { return Vec::new() };
    let function = callable.function.as_ref().unwrap();
    let args = encode(&function.inputs, &any_values(&function.inputs, rng)).unwrap();
    let to = target(callable);
    let data = [function.selector.as_slice(), &args].concat();
    inside.push(Part { built: Built::alone(Owned::call(to, data)), sender: Sender::Itself, may_fail: true });
    [to.as_slice(), &args].concat()
}

/// Opcodes and an input for each.
fn commands(table: [u8; 4], rng: &mut Rng, inside: &mut Vec<Part>) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (rules, ..) = &*OPEN;
    let of_table: Vec<_> = rules
        .callables
        .iter()
        .filter_map(|c| Some((c, c.function.as_ref().filter(|_| c.kind == Kind::Command)?)))
        .filter(|(_, f)| f.selector[..3] == table[..3])
        .collect();
    (0..rng.between(0, 4))
        .filter_map(|_| {
            let (callable, function) = *rng.choose(&of_table)?;
            let mut values = any_values(&function.inputs, rng);
            let mut parts = Vec::new();
            for unwrap in &callable.unwraps {
                fill(&mut values, unwrap, 0, rng, &mut parts);
            }
            let may_fail = rng.chance(10);
            let data = encode(&function.inputs, &values).unwrap_or_default();
            let action = Owned {
                kind: Kind::Command,
                command: function.selector,
                ..Owned::call(Address::ZERO, data.clone())
            };
            let built = Built { action, wrapper: callable.is_wrapper(), inside: parts };
            inside.push(Part { built, sender: Sender::Command, may_fail });
            Some((function.selector[3] | if may_fail { 0x80 } else { 0 }, data))
        })
        .unzip()
}
