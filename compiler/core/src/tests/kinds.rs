//! What interfaces declare besides functions, and what comes of it.

use super::{clean, run, said};
use agentpol_analysis::ruleset::{Callable, RuleSet, Scalar, Unwrap};
use agentpol_model::{
    B256,
    request::Kind,
    types::{Path, Step},
};

fn with(text: &str) -> RuleSet {
    clean(&format!("policy p on ethereum\n\nuse std::tokens::{{DAI, ETH, USDC, WETH}}\n\n{text}")).1
}

fn codes(text: &str) -> Vec<&'static str> {
    let c = run(&format!("policy p on ethereum\n\nuse std::tokens::{{DAI, ETH, USDC, WETH}}\n\n{text}"));
    c.diagnostics.iter().map(|d| d.code).collect()
}

fn find<'r>(rules: &'r RuleSet, kind: Kind, contract: &str, name: &str) -> &'r Callable {
    let named = |c: &&Callable| c.function.as_ref().is_some_and(|f| f.name == name);
    let mut all = rules.callables.iter().filter(|c| c.kind == kind && c.contract == contract).filter(named);
    all.next().unwrap_or_else(|| panic!("no {kind:?} {contract}.{name}"))
}

fn type_hash(rules: &RuleSet, contract: &str, name: &str) -> B256 {
    find(rules, Kind::Sign, contract, name).typed.as_ref().map(|t| t.type_hash).unwrap_or_default()
}

fn path(steps: &[Step]) -> Path {
    Path(steps.to_vec())
}

const AT: &str = "0x2222222222222222222222222222222222222222";

#[test]
fn type_hashes_are_those_that_contracts_publish() {
    let rules = with(&format!(
        "interface Permits {{\n\
         struct PermitDetails (token: address as token, amount: uint160 as amount of token, expiration: uint48 as time, nonce: uint48)\n\
         sign PermitSingle(details: PermitDetails, spender: address, sigDeadline: uint256 as time) {{\n\
         once per details.token, spender, details.nonce until sigDeadline\n\
         grants details.amount of details.token to spender through self until details.expiration }}\n\
         sign SafeTx(to: address, value: uint256, data: bytes, operation: uint8, safeTxGas: uint256, baseGas: uint256, gasPrice: uint256,\n\
         gasToken: address, refundReceiver: address, nonce: uint256) {{\n\
         unwraps {{ to: to, value: value, data: data, operation: operation }} }} }}\n\
         contract permits: Permits on ethereum at {AT} domain \"Permit2\" \"\"\n"
    ));
    let known = |contract: &str, name: &str, hash: &str| {
        assert_eq!(type_hash(&rules, contract, name).to_string(), hash, "{name}");
    };
    known("USDC", "Permit", "0x6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9");
    known(
        "USDC",
        "TransferWithAuthorization",
        "0x7c7c6cdb67a18743f49ec6fa9b35f50d52ed05cbed4cc592e13b44501c1a2267",
    );
    known("permits", "PermitSingle", "0xf3841cd1ff0085026a6327b620b67997ce40f282c88a8e905a7a5626e310f3d0");
    known("permits", "SafeTx", "0xbb8310d486368db6bd6f849402fdd73ad53d316b5a4b2644ad6efe0f941286d8");

    let single = find(&rules, Kind::Sign, "permits", "PermitSingle");
    let typed = single.typed.clone().expect("typed");
    assert_eq!((typed.domain_name.as_deref(), typed.domain_version), (Some("Permit2"), None));
    let of = |steps: &[u16]| Path(steps.iter().map(|n| Step::Member(*n)).collect());
    let once: Vec<Path> = typed
        .once_per
        .iter()
        .map(|word| match word {
            Scalar::Arg(path, _) => path.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(once, [of(&[0, 0]), of(&[1]), of(&[0, 3])]);
    assert!(matches!(&typed.until, Some(Scalar::Arg(at, _)) if *at == of(&[2])));
    assert!(single.effects[0].through.is_some() && single.effects[0].until.is_some());
    let safe = find(&rules, Kind::Sign, "permits", "SafeTx");
    assert!(!safe.opaque && safe.unwraps.len() == 1);
}

#[test]
fn typed_data_needs_a_domain_and_nested_names_one_meaning() {
    let rules = with(&format!(
        "interface Vault {{ sign Claim(id: uint256) {{}} }}\ncontract vault: Vault on ethereum at {AT}\n"
    ));
    assert!(!rules.callables.iter().any(|c| c.contract == "vault"));
    assert_eq!(
        codes(
            "interface A { struct S (x: uint256) }\ninterface B { struct S (x: address) sign Both(a: A::S, b: S) {} }\n"
        ),
        ["AP0402"]
    );
}

#[test]
fn wrappers_say_where_what_is_inside_stands() {
    let rules = with(&format!(
        "interface Wraps {{\n\
         struct Call3 (target: address, allowFailure: bool, callData: bytes)\n\
         function execTransaction(to: address, value: uint256, data: bytes, operation: uint8) payable {{\n\
         unwraps {{ to: to, value: value, data: data, operation: operation }} }}\n\
         function aggregate3(calls: Call3[] up to 64) payable {{\n\
         unwraps all c in calls: {{ to: c.target, data: c.callData, may_fail: c.allowFailure }} }}\n\
         function executeBatch(dest: address[] up to 64, value: uint256[] up to 64, func: bytes[] up to 64) {{\n\
         unwraps all f in func: {{ to: dest, value: value, data: f }} }}\n\
         function toOne(dest: address, func: bytes[] up to 64) {{ unwraps all f in func: {{ to: dest, data: f }} }}\n\
         function multicall(data: bytes[] up to 64) payable {{ unwraps data }}\n\
         function multiSend(transactions: bytes) payable {{ unwraps transactions as multisend }}\n\
         function execute(mode: bytes32, calls: bytes) payable {{ unwraps {{ mode: mode, data: calls }} as erc7579 }}\n\
         function permitAndCall(permit: bytes, action: bytes) payable {{ unwraps permit as permit unwraps action }} }}\n\
         contract wraps: Wraps on ethereum at {AT}\n"
    ));
    let m = Step::Member;
    let each = Step::Element(0);
    let of = |name: &str| find(&rules, Kind::Call, "wraps", name).unwraps.clone();
    let call = |each: Option<Path>, to: Option<Path>, data: Path| Unwrap::Call {
        each,
        to,
        value: None,
        data,
        operation: None,
        may_fail: None,
        same_length: Vec::new(),
    };
    assert_eq!(
        of("execTransaction"),
        [Unwrap::Call {
            each: None,
            to: Some(path(&[m(0)])),
            value: Some(path(&[m(1)])),
            data: path(&[m(2)]),
            operation: Some(path(&[m(3)])),
            may_fail: None,
            same_length: Vec::new(),
        }]
    );
    assert_eq!(
        of("aggregate3"),
        [Unwrap::Call {
            each: Some(path(&[m(0)])),
            to: Some(path(&[m(0), each, m(0)])),
            value: None,
            data: path(&[m(0), each, m(2)]),
            operation: None,
            may_fail: Some(path(&[m(0), each, m(1)])),
            same_length: Vec::new(),
        }]
    );
    assert_eq!(
        of("executeBatch"),
        [Unwrap::Call {
            each: Some(path(&[m(2)])),
            to: Some(path(&[m(0), each])),
            value: Some(path(&[m(1), each])),
            data: path(&[m(2), each]),
            operation: None,
            may_fail: None,
            same_length: vec![path(&[m(0)]), path(&[m(1)])],
        }]
    );
    assert_eq!(of("toOne"), [call(Some(path(&[m(1)])), Some(path(&[m(0)])), path(&[m(1), each]))]);
    assert_eq!(of("multicall"), [call(Some(path(&[m(0)])), None, path(&[m(0), each]))]);
    assert_eq!(of("multiSend"), [Unwrap::Records { data: path(&[m(0)]) }]);
    assert_eq!(of("execute"), [Unwrap::Execution { mode: path(&[m(0)]), data: path(&[m(1)]) }]);
    assert_eq!(
        of("permitAndCall"),
        [Unwrap::Permit { data: path(&[m(0)]) }, call(None, None, path(&[m(1)]))]
    );
    assert!(rules.callables.iter().filter(|c| c.contract == "wraps").all(|c| !c.opaque));
    // Foreign code runs as the account only to unpack records, unless a rule names it.
    let code: Vec<_> = rules.callables.iter().filter(|c| c.kind == Kind::Delegatecall).collect();
    assert_eq!(code.len(), 1);
    assert_eq!(code[0].function.as_ref().map(|f| (f.name.as_str(), f.payable)), Some(("multiSend", false)));
    assert!(code[0].effects.is_empty() && !code[0].opaque);
    lowers(&rules);
}

#[test]
fn what_cannot_be_unwrapped_is_told() {
    let wrong = |fields: &str, effect: &str| {
        codes(&format!(
            "interface W {{ struct C (to: address, data: bytes)\nfunction f({fields}) {{ {effect} }} }}\n"
        ))
    };
    let bad = ["AP0413"];
    assert_eq!(wrong("a: address, d: bytes", "unwraps { to: d, data: d }"), bad);
    assert_eq!(wrong("a: address, d: bytes", "unwraps { target: a, data: d }"), bad);
    assert_eq!(wrong("a: address, d: bytes", "unwraps { to: a }"), bad);
    assert_eq!(wrong("a: address, d: bytes", "unwraps { to: a, to: a, data: d }"), bad);
    assert_eq!(wrong("a: address, d: bytes", "unwraps { to: a, data: e }"), bad);
    assert_eq!(wrong("v: uint256, d: bytes", "unwraps { value: v, data: d }"), bad);
    assert_eq!(wrong("a: address, v: int256, d: bytes", "unwraps { to: a, value: v, data: d }"), bad);
    assert_eq!(wrong("a: address as recipient, d: bytes", "unwraps { to: a, data: d }"), bad);
    assert_eq!(wrong("d: bytes", "unwraps d as safe"), bad);
    assert_eq!(wrong("d: bytes", "unwraps d as W"), bad, "it has no commands");
    assert_eq!(wrong("d: bytes", "unwraps d as USDC"), bad);
    assert_eq!(wrong("d: string", "unwraps d"), bad);
    assert_eq!(wrong("d: bytes", "unwraps d[4..8]"), bad);
    assert_eq!(wrong("d: bytes", "unwraps d when len(d) > 4"), bad);
    assert_eq!(wrong("m: bytes, d: bytes", "unwraps { mode: m, data: d } as erc7579"), bad);
    assert_eq!(wrong("cs: C[] up to 4", "unwraps any c in cs: { to: c.to, data: c.data }"), bad);
    assert_eq!(wrong("cs: C[] up to 4", "unwraps all c in cs: { to: c.too, data: c.data }"), bad);
    assert_eq!(wrong("cs: C[]", "unwraps all c in cs: { to: c.to, data: c.data }"), ["AP0212"]);
    assert_eq!(wrong("d: bytes[]", "unwraps d"), ["AP0212"]);
    assert_eq!(wrong("d: bytes", "unwraps d as multi::send"), ["AP0101"]);
}

#[test]
fn commands_belong_to_whoever_unwraps_them() {
    let rules = with(&format!(
        "interface Commands {{\n\
         command 0x00 SWAP(recipient: address as recipient, amountIn: uint256 as amount of path[0..20], path: bytes, payerIsUser: bool) {{\n\
         requires len(path) == 43\n\
         pulls amountIn of path[0..20] by self through keeper when payerIsUser\n\
         receives at least 1 of path[-20..] at recipient }}\n\
         command 0x21 PLAN(commands: bytes, inputs: bytes[] up to 16) {{ unwraps {{ opcodes: commands, inputs: inputs }} as Commands }} }}\n\
         interface Router {{\n\
         function execute(commands: bytes, inputs: bytes[] up to 16) payable trailing 32 {{\n\
         unwraps {{ opcodes: commands, inputs: inputs }} as Commands }}\n\
         function plan(data: bytes) {{ unwraps data as Commands }} }}\n\
         interface Keeper {{}}\n\
         contract keeper: Keeper on ethereum at 0x3333333333333333333333333333333333333333 trusted \"a test\"\n\
         contract router: Router on ethereum at {AT}\n\
         allow swap: router.SWAP(recipient, amount, path, user) {{\n\
         when recipient == wallet and path[0..20] == USDC and amount <= 5 USDC\n\
         when path[-20..] in {{ WETH, DAI }} and path[20..23] == 0x0001f4 }}\n"
    ));
    let [a, b, c, ..] = alloy_primitives::keccak256("Commands").0;
    let table = [a, b, c, 0];
    let unwraps = &find(&rules, Kind::Call, "router", "execute").unwraps;
    assert!(matches!(unwraps.as_slice(), [Unwrap::Commands { table: t, .. }] if *t == table));
    assert_eq!(find(&rules, Kind::Call, "router", "execute").function.as_ref().map(|f| f.trailing), Some(32));
    let plan = &find(&rules, Kind::Call, "router", "plan").unwraps;
    assert!(matches!(plan.as_slice(), [Unwrap::Plan { table: t, .. }] if *t == table));
    let swap = find(&rules, Kind::Command, "router", "SWAP");
    assert_eq!(swap.function.as_ref().map(|f| f.selector), Some([a, b, c, 0]));
    assert_eq!(
        find(&rules, Kind::Command, "router", "PLAN").function.as_ref().map(|f| f.selector),
        Some([a, b, c, 0x21])
    );
    let said = swap.to_string();
    for part in ["token at arg2[0;20]", "token at arg2[-20;20] at party(arg0)", "len(arg2)"] {
        assert!(said.contains(part) || format!("{}", swap.requires).contains(part), "{part}: {said}");
    }
    assert!(swap.effects[0].through.is_some());
    let arm = format!("{}", rules.rules[0].arms[0]);
    assert!(arm.contains("party(arg0) is wallet") && arm.contains("arg2[0;20] is 0x"), "{arm}");
    assert!(arm.contains("arg2[-20;20] in ") && arm.contains("arg2 from 20 is 0x0001f4"), "{arm}");
    lowers(&rules);
}

#[test]
fn a_command_is_one_byte_and_its_table_one_interface() {
    assert_eq!(codes("interface C { command 0x80 F() {} }\n"), ["AP0414"]);
    assert_eq!(codes("interface C { command 0x0001 F() {} }\n"), ["AP0414"]);
    assert_eq!(codes("interface C { command 0x01 F() {} command 0x01 G() {} }\n"), ["AP0406"]);
    assert_eq!(codes("interface C { function f() trailing 4097 {} }\n"), ["AP0208"]);
}

#[test]
fn once_is_for_what_is_signed() {
    let wrong = |member: &str| {
        codes(&format!("interface V {{ {member} }}\ncontract v: V on ethereum at {AT} domain \"V\" \"1\"\n"))
    };
    assert_eq!(wrong("sign C(id: uint256, end: uint64 as time) { once per id until end }"), [""; 0]);
    assert_eq!(wrong("function c(id: uint256) { once per id }"), ["AP0415"]);
    assert_eq!(wrong("sign C(id: uint256) { once per id once per id }"), ["AP0415"]);
    assert_eq!(wrong("sign C(id: bytes) { once per id }"), ["AP0415"]);
    assert_eq!(wrong("sign C(id: uint256) { once per id + 1 }"), ["AP0415"]);
    assert_eq!(wrong("sign C(id: uint256) { once per wallet }"), ["AP0415"]);
    assert_eq!(wrong("sign C(id: uint256) { once per id until id }"), ["AP0404"]);
}

#[test]
fn control_goes_to_somebody() {
    let rules = with(&format!(
        "interface N {{ function setApprovalForAll(operator: address, approved: bool) {{ gives control to operator when approved }} }}\n\
         contract nft: N on ethereum at {AT}\n"
    ));
    let set = find(&rules, Kind::Call, "nft", "setApprovalForAll");
    assert!(!set.opaque && set.effects.is_empty() && set.controls.len() == 1);
    lowers(&rules);
}

#[test]
fn kinds_that_no_rule_names_are_no_callables() {
    let kinds = |text: &str| -> Vec<Kind> {
        let rules = with(text);
        let mut kinds: Vec<Kind> = rules.callables.iter().map(|c| c.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    };
    assert_eq!(kinds(""), [Kind::Call, Kind::Send, Kind::Sign]);
    let rest = "param o: approver\nask rest: any { by o within 1h }\n";
    assert_eq!(kinds(rest), [Kind::Call, Kind::Send, Kind::Sign, Kind::Message]);
    let rules = with(rest);
    let messages: Vec<&Callable> = rules.callables.iter().filter(|c| c.kind == Kind::Message).collect();
    let signatures: Vec<&str> =
        messages.iter().filter_map(|c| c.function.as_ref()).map(|f| f.signature.as_str()).collect();
    assert_eq!(
        signatures,
        [
            "text(string)",
            "SignIn(string,address,string,string,uint256,string,uint64,uint64,uint64,string,string[])"
        ]
    );
    assert_eq!(rules.rules[0].arms.len(), rules.callables.len());
    lowers(&rules);
}

#[test]
fn slices_are_within_their_bytes() {
    let wrong = |when: &str| {
        codes(&format!(
            "interface B {{ function f(b: bytes) {{}} }}\ncontract b: B on ethereum at {AT}\nallow f: b.f(x) {{ when {when} }}\n"
        ))
    };
    assert_eq!(wrong("x[-43..-23] == USDC and x[-43..-23] != x[-20..]"), [""; 0]);
    assert_eq!(wrong("x[-3..] == 0x010203 or x[0..3] in { 0x010203, 0x020304 }"), [""; 0]);
    assert_eq!(wrong("x[-32..] == pad(wallet) and x[0..32] == pad(wallet)"), [""; 0]);
    assert_eq!(wrong("x[4..] == 0x01"), ["AP0216"]);
    assert_eq!(wrong("x[-4..2] == 0x01"), ["AP0208"]);
    assert_eq!(wrong("x[-4..-4] == 0x01"), ["AP0208"]);
    assert_eq!(wrong("x[0..3] == 500"), ["AP0201"]);
    assert_eq!(wrong("x[0..19] == USDC"), ["AP0201"]);
    assert_eq!(wrong("x[0..20] == 0x0102"), ["AP0214"]);
}

/// What the compiler makes is what the verifier accepts.
fn lowers(rules: &RuleSet) {
    let module = crate::lower::lower(rules).expect("lowered");
    agentpol_verifier::verify(module).unwrap_or_else(|why| panic!("{why}"));
}

#[test]
fn two_interfaces_of_commands_of_one_name_do_not_meet() {
    let c = run(&format!(
        "policy p on ethereum\n\nuse std::tokens::USDC\n\ninterface W {{ function f(d: bytes) {{ unwraps d as W }} command 0x01 G() {{}} }}\n\
         contract w: W on ethereum at {AT}\n"
    ));
    assert!(c.diagnostics.is_empty(), "{}", said(&c));
    assert_eq!(c.ruleset.map(|r| r.callables.iter().filter(|c| c.kind == Kind::Command).count()), Some(1));
}

#[test]
fn of_two_interfaces_none_hides_what_the_other_says() {
    let two = |a: &str, b: &str| {
        codes(&format!(
            "interface A {{ {a} }}\ninterface B {{ {b} }}\ncontract c: A, B on ethereum at {AT} domain \"C\" \"1\"\n"
        ))
    };
    let moves = "moves x of USDC from wallet to self";
    assert_eq!(
        two("function f(x: uint256) {}", &format!("function f(y: uint256, x: uint256) {{ {moves} }}")),
        [""; 0]
    );
    assert_eq!(
        two("function f(x: uint256) {}", &format!("function f(x: uint256) {{ {moves} }}")),
        ["AP0406"]
    );
    assert_eq!(two("sign F(x: uint256) {}", &format!("sign F(x: uint256) {{ {moves} }}")), ["AP0406"]);
    assert_eq!(two("sign F(x: uint256) {}", "function F(x: uint256) {}"), [""; 0]);
    assert_eq!(two("message F(x: uint256) {}", ""), ["AP0415"]);
}

#[test]
fn beside_a_json_abi_typed_data_and_commands_are_declared() {
    struct Files;
    impl crate::Loader for Files {
        fn read(&self, _: &str) -> Result<String, String> {
            Ok(r#"[{"type":"function","name":"run","inputs":[{"name":"commands","type":"bytes"},{"name":"inputs","type":"bytes[]"}],
                "outputs":[],"stateMutability":"payable"}]"#
                .to_owned())
        }
    }
    let text = format!(
        "policy p on ethereum\n\nuse std::tokens::USDC\n\ninterface R from \"./r.json\" {{\n\
         function run(commands: bytes, inputs: bytes[] up to 8) payable {{ unwraps {{ opcodes: commands, inputs: inputs }} as R }}\n\
         command 0x01 TAKE(amount: uint256 as amount of USDC) {{ pulls amount of USDC by self }}\n\
         sign Order(amount: uint256 as amount of USDC, nonce: uint256) {{ once per nonce grants amount of USDC to self }} }}\n\
         contract r: R on ethereum at {AT} domain \"R\" \"1\"\n"
    );
    let c = crate::compile(crate::SourceFile::new("p", text), &Files);
    assert!(c.diagnostics.is_empty(), "{}", said(&c));
    let rules = c.ruleset.expect("compiled");
    assert!(!find(&rules, Kind::Call, "r", "run").opaque);
    assert_eq!(find(&rules, Kind::Command, "r", "TAKE").effects.len(), 1);
    assert_eq!(find(&rules, Kind::Sign, "r", "Order").typed.as_ref().map(|t| t.once_per.len()), Some(1));
    lowers(&rules);
}
