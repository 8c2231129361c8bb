//! What the verifier checks of signatures, commands and wrappers, each broken by one edit of a module that it accepts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use agentpol_bytecode::{
    Callable, ControlTemplate, Instruction, Module, assemble,
    limits::{MAX_ONCE_WORDS, MAX_PARALLEL_ARRAYS, MAX_UNWRAPS},
};
use agentpol_model::{
    Address, U256,
    effect::{EffectKind, MAX_EFFECTS},
    ids::{CallableId, FunctionId},
    policy::{Scalar, Target, Unwrap},
    request::{Field, Kind},
    types::{Path, Step, WordType},
};
use agentpol_verifier::{VerifyError, verify};
use std::sync::LazyLock;

fn account() -> Module {
    static ACCOUNT: LazyLock<Module> =
        LazyLock::new(|| assemble(include_str!("../../bytecode/tests/account.txt")).unwrap());
    ACCOUNT.clone()
}

/// The number of the callable of this kind whose function has this name.
fn number(module: &Module, kind: Kind, name: &str) -> usize {
    let named = |callable: &Callable| {
        callable.function.map_or("", |function| &module.functions[function.index()].name) == name
    };
    module.callables.iter().position(|callable| callable.kind == kind && named(callable)).unwrap()
}

/// The same callable in another module.
fn callable<'m>(module: &'m mut Module, kind: Kind, name: &str) -> &'m mut Callable {
    let number = number(module, kind, name);
    &mut module.callables[number]
}

fn error(edit: impl FnOnce(&mut Module)) -> VerifyError {
    let mut module = account();
    edit(&mut module);
    verify(module).expect_err("must be refused")
}

/// With this edit of this callable the module is refused there and for that.
fn refused(kind: Kind, name: &str, edit: impl FnOnce(&mut Callable), at: &str, what: &str) {
    let error = error(|module| edit(callable(module, kind, name)));
    let at = format!("{}{at}", CallableId::new(number(&account(), kind, name) as u32));
    assert!(error.at.starts_with(&at) && error.what.contains(what), "{name}: {error}");
}

fn path(steps: &[Step]) -> Path {
    Path(steps.to_vec())
}

fn member(n: u16) -> Path {
    path(&[Step::Member(n)])
}

fn of_each(n: u16) -> Path {
    path(&[Step::Member(n), Step::Element(0)])
}

#[test]
fn the_module_itself_is_accepted() {
    verify(account()).unwrap();
}

#[test]
fn each_kind_has_what_is_its_own() {
    let function = FunctionId::new(0);
    let target = account().callables[0].target;
    let untargeted = |callable: &mut Callable| callable.target = None;
    let uncalled = |callable: &mut Callable| callable.function = None;
    for (kind, name, what) in [
        (Kind::Call, "transfer", "a call has a target and a function"),
        (Kind::Delegatecall, "poke", "a delegatecall has a target and a function"),
        (Kind::Sign, "Permit", "typed data has a target and a function"),
        (Kind::Command, "SETTLE", "a command has a target and a function"),
    ] {
        refused(kind, name, untargeted, "", what);
        // Elsewhere the function is called still.
        let error = error(|module| {
            let mut again = callable(module, kind, name).clone();
            again.function = None;
            again.target = Some(Target::Fixed(Address::repeat_byte(9)));
            module.callables.insert(0, again);
        });
        assert!(error.at == "callable0" && error.what.contains(what), "{error}");
    }
    for (kind, name, what) in [
        (Kind::Message, "text", "a message has a function and no target"),
        (Kind::Authorize, "authorize", "an authorisation has a function and no target"),
    ] {
        refused(kind, name, |callable| callable.target = target, "", what);
        refused(kind, name, uncalled, "", what);
    }
    for (kind, what) in [
        (Kind::Send, "a send has neither target nor function"),
        (Kind::Deploy, "a deployment has neither target nor function"),
    ] {
        refused(kind, "", |callable| callable.target = target, "", what);
        refused(kind, "", |callable| callable.function = Some(function), "", what);
    }
    refused(Kind::Sign, "Permit", |callable| callable.typed = None, "", "says of which type");
    let typed = account().callables[number(&account(), Kind::Sign, "Permit")].typed.clone();
    refused(Kind::Call, "transfer", |callable| callable.typed = typed, "", "says of which type");
    refused(Kind::Send, "", |callable| callable.chain = 5, "", "none of the policy's");
}

#[test]
fn functions_are_those_of_their_kind() {
    let edit = |name: &str, edit: &dyn Fn(&mut agentpol_model::policy::Function)| {
        error(|module| edit(module.functions.iter_mut().find(|function| function.name == name).unwrap()))
    };
    for name in ["Permit", "SETTLE", "text", "SignIn", "authorize"] {
        assert!(edit(name, &|function| function.payable = true).what.contains("only calls take value"));
    }
    for name in ["Permit", "text", "SignIn", "authorize"] {
        assert!(edit(name, &|function| function.trailing = 32).what.contains("can be followed"));
    }
    let opcode = edit("SETTLE", &|function| function.selector[3] |= 0x80);
    assert!(opcode.at.ends_with("function17") && opcode.what.contains("below 128"), "{opcode}");
    assert!(edit("transfer", &|function| function.selector[3] ^= 1).what.contains("that of the signature"));
    assert!(edit("Permit", &|function| function.selector[3] ^= 1).what.contains("that of the signature"));
    // Others than those that there are.
    let with = |kind, name, function: u32| {
        error(|module| callable(module, kind, name).function = Some(FunctionId::new(function))).what
    };
    assert!(with(Kind::Message, "text", 7).contains("`text(string)` or a Sign-In"));
    assert!(with(Kind::Authorize, "authorize", 5).contains("`authorize(address,uint64)`"));
    assert!(with(Kind::Delegatecall, "poke", 99).contains("function99 does not exist"));
    // A function of a call has its own selector, whoever else has it.
    let shared = error(|module| callable(module, Kind::Call, "poke").function = Some(FunctionId::new(17)));
    assert!(shared.what.contains("that of the signature"), "{shared}");
}

#[test]
fn one_key_leads_to_one_callable() {
    let twice = |kind, name| {
        error(|module| {
            let again = callable(module, kind, name).clone();
            module.callables.push(again);
        })
        .what
    };
    for (kind, name) in [
        (Kind::Delegatecall, "poke"),
        (Kind::Command, "SETTLE"),
        (Kind::Message, "text"),
        (Kind::Authorize, "authorize"),
        (Kind::Deploy, ""),
    ] {
        assert!(twice(kind, name).contains("same kind, chain, target and selector"), "{name}");
    }
    assert!(twice(Kind::Sign, "Permit").contains("same kind, chain, target and type hash"));
    // Only its first four bytes are the same.
    let mut module = account();
    let mut again = callable(&mut module, Kind::Sign, "Permit").clone();
    again.typed.as_mut().unwrap().type_hash.0[31] ^= 1;
    module.callables.push(again);
    verify(module).unwrap();
}

#[test]
fn typed_data_says_what_is_used_up() {
    let once = |words: Vec<Scalar>, what| {
        let edit = |callable: &mut Callable| callable.typed.as_mut().unwrap().once_per = words;
        refused(Kind::Sign, "Permit", edit, ".typed.once_per", what);
    };
    let nonce = Scalar::Arg(member(3), WordType::Uint(256));
    once(vec![nonce; MAX_ONCE_WORDS + 1], "more words");
    once(vec![Scalar::Arg(member(9), WordType::Uint(256))], "no member 9");
    once(vec![Scalar::Field(Field::Sender)], "no such field");
    let until = |word| {
        move |callable: &mut Callable| {
            callable.typed.as_mut().unwrap().until = Some(Scalar::Arg(member(0), word));
        }
    };
    refused(Kind::Sign, "Permit", until(WordType::Address), ".typed.until", "number without sign");
}

#[test]
fn value_is_moved_whoever_sends_it() {
    let unmoved = |callable: &mut Callable| callable.effects.clear();
    for (kind, name) in [(Kind::Send, ""), (Kind::Deploy, ""), (Kind::Call, "multicall")] {
        refused(kind, name, unmoved, "", "no effect moves it");
    }
    let to_friend = |callable: &mut Callable| {
        callable.effects[0].from = Some(Scalar::Field(Field::To));
    };
    refused(Kind::Send, "", to_friend, "", "no effect moves it");
    let sender = |callable: &mut Callable| callable.effects[0].from = Some(Scalar::Field(Field::Sender));
    refused(Kind::Deploy, "", sender, ".effect0.from", "no such field");
    let mut module = account();
    callable(&mut module, Kind::Call, "multicall").effects[0].from = Some(Scalar::Field(Field::Wallet));
    verify(module).unwrap();
}

#[test]
fn what_holds_before_and_who_gets_control() {
    let fails = |callable: &mut Callable| callable.requires = vec![Instruction::Jump { skip: 9 }];
    refused(Kind::Call, "supply", fails, ".requires", "past the end");
    let party = |word: Scalar| {
        move |callable: &mut Callable| {
            callable.controls = vec![ControlTemplate { party: word, when: vec![] }];
        }
    };
    let flag = Scalar::Arg(member(1), WordType::Bool);
    refused(Kind::Call, "setApprovalForAll", party(flag), ".control0.party", "an address");
    let when = |callable: &mut Callable| callable.controls[0].when = vec![Instruction::Jump { skip: 9 }];
    refused(Kind::Call, "setApprovalForAll", when, ".control0.when", "past the end");
    let many = |callable: &mut Callable| {
        callable.controls = vec![callable.controls[0].clone(); MAX_EFFECTS + 1];
    };
    refused(Kind::Call, "setApprovalForAll", many, "", "control to more");
    // Both are part of the worst case.
    let long = |callable: &mut Callable| callable.requires = vec![Instruction::Jump { skip: 0 }; 40];
    assert!(error(|m| long(callable(m, Kind::Call, "poke"))).what.contains("the worst case is 40"));
    let long = |callable: &mut Callable| {
        callable.controls[0].when = vec![Instruction::Jump { skip: 0 }; 40];
    };
    let steps = error(|m| long(callable(m, Kind::Call, "setApprovalForAll")));
    assert!(steps.what.contains("the worst case is 41"), "{steps}");
}

#[test]
fn operands_of_routers() {
    let token = |length: u8| {
        move |callable: &mut Callable| {
            let at = Scalar::Slice { path: member(2), start: 0, from_end: false, length };
            callable.effects[0].token = agentpol_model::policy::TokenSpec::At(at);
        }
    };
    for length in [19, 21, 32] {
        refused(Kind::Command, "V3_SWAP_EXACT_IN", token(length), ".effect0.token", "an address");
    }
    for length in [0, 33] {
        refused(Kind::Command, "V3_SWAP_EXACT_IN", token(length), ".effect0.token", "1 to 32");
    }
    let of = |word: Scalar| move |callable: &mut Callable| callable.effects[0].party = word;
    let slice = Scalar::Slice { path: member(1), start: 0, from_end: false, length: 20 };
    refused(Kind::Command, "V3_SWAP_EXACT_IN", of(slice), ".effect0.party", "a slice is of `bytes`");
    let amount = Scalar::Party(member(1));
    refused(Kind::Command, "V3_SWAP_EXACT_IN", of(amount), ".effect0.party", "type address");
    refused(Kind::Send, "", of(Scalar::Party(member(0))), ".effect0.party", "no arguments");
    let kept = |callable: &mut Callable| callable.effects[0].through = Some(Scalar::Const(U256::MAX));
    refused(Kind::Call, "supply", kept, ".effect0.through", "an address");
    let owed = |callable: &mut Callable| callable.effects[0].kind = EffectKind::Owe;
    refused(Kind::Call, "supply", owed, ".effect0.through", "a grant gives");
}

/// The one way in which a wrapper is read.
fn call(callable: &mut Callable) -> (&mut Option<Path>, &mut Option<Path>, &mut Path, &mut Vec<Path>) {
    match &mut callable.unwraps[0] {
        Unwrap::Call { each, to, data, same_length, .. } => (each, to, data, same_length),
        other => panic!("{other:?}"),
    }
}

#[test]
fn wrappers_are_calls_that_are_read() {
    let unwraps = || vec![Unwrap::Records { data: member(0) }];
    for (kind, name) in
        [(Kind::Send, ""), (Kind::Deploy, ""), (Kind::Message, "text"), (Kind::Authorize, "authorize")]
    {
        refused(kind, name, |callable| callable.unwraps = unwraps(), "", "nothing is inside");
    }
    refused(Kind::Call, "multicall", |callable| callable.opaque = true, "", "not opaque");
    let many = |callable: &mut Callable| {
        callable.unwraps = vec![callable.unwraps[0].clone(); MAX_UNWRAPS + 1];
    };
    refused(Kind::Call, "multiSend", many, "", "more ways");
    // Typed data of a Safe is a wrapper like its call.
    let mut module = account();
    let data = Unwrap::Call {
        each: None,
        to: Some(member(1)),
        value: Some(member(2)),
        data: member(0),
        operation: None,
        may_fail: None,
        same_length: vec![],
    };
    let signed = callable(&mut module, Kind::Sign, "Permit");
    signed.unwraps = vec![data];
    let error = verify(module).unwrap_err();
    assert!(error.at.ends_with("unwrap0.data") && error.what.contains("`bytes` are needed"), "{error}");
}

#[test]
fn parts_of_a_wrapper_have_their_types() {
    let edit = |name: &str, part: &dyn Fn(&mut Unwrap), at: &str, what: &str| {
        let edit = |callable: &mut Callable| part(&mut callable.unwraps[0]);
        refused(Kind::Call, name, edit, &format!(".unwrap0.{at}"), what);
    };
    edit("execTransaction", &|u| set(u, "to", Some(member(1))), "to", "an address");
    edit("execTransaction", &|u| set(u, "to", Some(member(2))), "to", "an address");
    edit("execTransaction", &|u| set(u, "value", Some(member(0))), "value", "number without sign");
    edit("execTransaction", &|u| set(u, "operation", Some(member(0))), "operation", "number without sign");
    edit("execTransaction", &|u| set(u, "may_fail", Some(member(3))), "may_fail", "true or false");
    edit("execTransaction", &|u| set(u, "data", Some(member(1))), "data", "`bytes` are needed");
    edit("execTransaction", &|u| set(u, "data", Some(member(7))), "data", "no member 7");
    edit("multiSend", &|u| *u = Unwrap::Permit { data: member(1) }, "data", "no member 1");
    edit("executeBatch", &|u| *u = Unwrap::Records { data: member(0) }, "data", "`bytes` are needed");
    let execution =
        |mode, data| move |u: &mut Unwrap| *u = Unwrap::Execution { mode: member(mode), data: member(data) };
    edit("execute", &execution(0, 0), "mode", "`bytes32`");
    let number = |_: ()| number(&account(), Kind::Command, "EXECUTE_SUB_PLAN");
    let commands = |opcodes: Path, inputs: Path, table: [u8; 4]| {
        let error = error(|m| {
            m.callables[number(())].unwraps = vec![Unwrap::Commands { table, opcodes, inputs }];
        });
        format!("{} {}", error.at.split_once(".unwrap0.").unwrap().1, error.what)
    };
    assert_eq!(commands(member(1), member(1), [1, 2, 3, 0]), "opcodes `bytes` are needed");
    assert_eq!(commands(member(0), member(0), [1, 2, 3, 0]), "inputs an array is needed");
    let inputs = commands(of_each(1), member(1), [1, 2, 3, 0]);
    assert_eq!(inputs, "opcodes is a part of each element of what is not gone through");
    assert!(commands(member(0), member(1), [1, 2, 3, 4]).starts_with("table the last byte"));
    let words = Unwrap::Commands { table: [0; 4], opcodes: member(0), inputs: member(1) };
    let array = |c: &mut Callable| c.unwraps = vec![words];
    refused(Kind::Call, "execTransaction", array, ".unwrap0.opcodes", "`bytes` are needed");
    edit(
        "modifyLiquidities",
        &|u| *u = Unwrap::Plan { table: [0, 0, 0, 1], data: member(0) },
        "table",
        "opcode",
    );
    edit(
        "modifyLiquidities",
        &|u| *u = Unwrap::Plan { table: [0; 4], data: member(1) },
        "data",
        "`bytes` are needed",
    );
}

fn set(unwrap: &mut Unwrap, part: &str, place: Option<Path>) {
    let Unwrap::Call { to, value, data, operation, may_fail, .. } = unwrap else { panic!("{unwrap:?}") };
    match part {
        "to" => *to = place,
        "value" => *value = place,
        "operation" => *operation = place,
        "may_fail" => *may_fail = place,
        _ => *data = place.unwrap(),
    }
}

#[test]
fn parts_of_elements_are_of_what_is_gone_through() {
    let batch = |edit: &dyn Fn(&mut Callable), at: &str, what: &str| {
        refused(Kind::Call, "executeBatch", edit, &format!(".unwrap0{at}"), what);
    };
    batch(&|c| *call(c).0 = None, "", "nothing beside it");
    batch(&|c| drop(call(c).3.pop()), ".value", "not gone through");
    batch(&|c| *call(c).0 = Some(member(7)), "", "no member 7");
    batch(&|c| *call(c).0 = Some(of_each(2)), "", "not gone through");
    batch(&|c| *call(c).3 = vec![member(0); MAX_PARALLEL_ARRAYS + 1], "", "more arrays");
    batch(&|c| *call(c).1 = Some(path(&[Step::Member(0), Step::Element(1)])), ".to", "an array within");
    let nested = path(&[Step::Member(2), Step::Element(0), Step::Element(0)]);
    batch(&|c| *call(c).2 = nested.clone(), ".data", "an array within");
    batch(&|c| *call(c).2 = member(2), ".data", "`bytes` are needed");
    refused(
        Kind::Call,
        "multiSend",
        |c| c.unwraps = vec![Unwrap::Records { data: of_each(0) }],
        "",
        "not gone",
    );
    let alone = |callable: &mut Callable| *call(callable).2 = of_each(2);
    refused(Kind::Call, "execTransaction", alone, ".unwrap0.data", "not gone through");
    // On itself a contract sends what came, nothing else.
    refused(Kind::Call, "execTransaction", |c| *call(c).1 = None, ".unwrap0", "neither value nor operation");
}
