//! Each thing that the verifier checks, broken by one edit of a module that it accepts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use agentpol_bytecode::{Instruction, Integer};
use agentpol_bytecode::{
    Module, assemble,
    limits::{MAX_CLAUSE_INSTRUCTIONS, MAX_STEPS, MAX_TERMS},
};
use agentpol_verifier::verify;
use alloy_primitives::U512;

const PAYMENTS: &str = include_str!("../../bytecode/tests/payments.txt");

fn payments() -> Module {
    assemble(PAYMENTS).unwrap()
}

/// The module with one edit must be refused there and for that.
fn refused(from: &str, to: &str, at: &str, what: &str) {
    assert!(PAYMENTS.contains(from), "`{from}` is not in the module");
    let module = assemble(&PAYMENTS.replacen(from, to, 1)).unwrap_or_else(|error| panic!("{to}: {error}"));
    let error = verify(module).expect_err(to);
    assert!(error.at.starts_with(at) && error.what.contains(what), "{to}: {error}");
}

#[test]
fn the_module_itself_is_accepted() {
    verify(payments()).unwrap();
    verify(Module::default()).unwrap();
}

#[test]
fn tables() {
    refused("native: token0", "native: token1", "ethereum", "without address");
    refused("native: token0", "native: token9", "ethereum", "token9 does not exist");
    refused("name: \"owner\"", "name: \"friends\"", "params", "one name");
    refused("amount(token1), domain", "amount(token7), domain", "param2", "token7 does not exist");
    refused("some((0, 1000000000))", "some((2, 1))", "param2", "empty");
    refused("ty: approver, domain: none", "ty: approver, domain: some((0, 1))", "param1", "only a number");
    refused("address_set(8)", "address_set(100000)", "param0", "larger than a set may be");
    refused("symbol: \"ETH\"", "symbol: \"USDC\"", "token1", "same symbol");
    refused("sites: [(1, none)]", "sites: [(1, none), (1, none)]", "token0", "one a chain");
    refused(
        "fixed(0x00000000000000000000000000000000000fa7e5), trusted",
        "bound(param0), trusted",
        "contracts[1].param0",
        "address",
    );
    refused("[0x70000000000000000000000001, ", "[0x80000000000000000000000001, ", "set0", "not sorted");
    refused("sliding(86400)", "sliding(0)", "budget0", "no seconds");
    refused("gross([(token1, 1)])", "gross([])", "budget0", "counts no token");
    refused("gross([(token1, 1)])", "gross([(token1, 0)])", "budget0", "weighs nothing");
    refused("fees(token0)", "fees(token1)", "budget1", "native token");
    refused("cap: bound(param2, 1)", "cap: bound(param1, 1)", "budget0.param1", "an amount");
    refused("name: \"transfer\"", "name: \"transferFrom\"", "function0", "the signature is");
    refused("selector: 0xa9059cbb", "selector: 0xa9059cbc", "function0", "selector");
    refused("units: [($1, known", "units: [($2, known", "function0", "leads nowhere");
    refused("(token0, fixed(10000000000000000))", "(token1, fixed(1))", "fee_caps", "native token");
    refused(
        "named_addresses: [",
        "named_addresses: [0x00000000000000000000000000000000000fa7e6, ",
        "named_addresses",
        "not sorted",
    );
    refused("{ start: 20, end: 90 }", "{ start: 91, end: 90 }", "rule0", "ends before");
}

#[test]
fn the_certificates_form() {
    refused("token1, flow: fees", "token9, flow: fees", "certificate", "token9 does not exist");
    refused("span: seconds(86400)", "span: transaction", "certificate", "not sorted");
    refused("span: transaction", "span: ever", "certificate", "not sorted");
    let accepted = "(\"AP0606\", \"somebody answers for it\")";
    refused(accepted, &format!("{accepted}, {accepted}"), "certificate", "each once");
}

#[test]
fn rules() {
    refused("over: [rule2]", "over: [rule1]", "rule1", "over itself");
    refused("over: [rule2]", "over: [rule0]", "rule1", "over a `deny`");
    refused("over: [rule2]", "over: [rule9]", "rule1", "rule9 does not exist");
    refused("name: \"big\"", "name: \"small\"", "rules", "one name");
    refused("need: 1", "need: 2", "rule2", "approvals");
    refused("need: 1", "need: 0", "rule2", "approvals");
    refused("of: [bound(param1)]", "of: [bound(param2)]", "rule2.param2", "approver");
    refused("lifts: [opaque]", "lifts: [look_alike]", "rule3", "does not accept by name");
    refused("exempt: [budget0]", "exempt: [budget5]", "rule2", "budget5 does not exist");
    // A cycle cannot be closed: `over` is whole, and nothing stands over itself.
    let mut module = payments();
    module.rules[2].over = vec![agentpol_model::ids::RuleId::new(1)];
    assert!(verify(module).unwrap_err().what.contains("transitively closed"));
}

/// Every budget in scope is charged, none else, and a `deny` charges none.
#[test]
fn charges() {
    let what = "not those in whose scope";
    refused("charged: [budget0, budget1]", "charged: [budget0]", "rule1", what);
    refused("charged: [budget0, budget1]", "charged: []", "rule1", what);
    refused("charged: [budget1]", "charged: [budget0, budget1]", "rule2", what);
    refused("charged: []", "charged: [budget0]", "rule0", what);
    refused("some([rule1, rule2])", "some([rule1])", "rule2", what);
    refused("some([rule1, rule2])", "some([rule1, rule2, rule3])", "rule3", what);
    refused("some([rule1, rule2])", "some([rule1, rule7])", "budget1", "does not exist");
}

#[test]
fn callables_and_effects() {
    refused(
        "function: some(function1)",
        "function: some(function2)",
        "callable1",
        "function2 does not exist",
    );
    refused("function: some(function1)", "function: none", "callable1", "a target and a function");
    refused("kind: call", "kind: send", "callable0", "neither target nor function");
    refused("kind: call", "kind: deploy", "callable0", "neither target nor function");
    refused("payable: false", "payable: true", "callable0", "no effect moves it");
    refused("rule: rule2,", "rule: rule1,", "callable0", "arms are not sorted");
    refused("rule: rule3,", "rule: rule4,", "callable1.arm0", "rule4 does not exist");
    refused("text: text8", "text: text9", "callable1.arm0.clause2", "text does not exist");
    refused("party: $0:address", "party: $1:uint256", "callable0.effect0.party", "an address is needed");
    refused("from: some(wallet)", "from: some(value)", "callable0.effect0.from", "an address is needed");
    refused("until: none", "until: some($0:address)", "callable0.effect0.until", "number");
    refused("through: none", "through: some(wallet)", "callable0.effect0.through", "a grant gives");
    refused("sentinel: none", "sentinel: some(value)", "callable0.effect0.sentinel", "maximum");
    refused("coefficient: 4", "coefficient: 0", "callable1.effect0.amount", "zero");
    refused("max_steps: 32", "max_steps: 31", "max_steps", "the worst case is 32");
    refused("max_steps: 32", "max_steps: 33", "max_steps", "the worst case is 32");
    refused(
        "target: some(fixed(0x00000000000000000000000000000000000fa7e5)),\n      contract: \"Payer\",\n      function: some(function1)",
        "target: some(fixed(0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48)),\n      contract: \"Payer\",\n      function: some(function0)",
        "callable1",
        "same kind, chain, target and selector",
    );
}

#[test]
fn code() {
    refused(
        "same $0:address 0xa0b",
        "same $2:address 0xa0b",
        "callable0.arm0.clause0.code[0]",
        "no member 2",
    );
    refused(
        "compare $1:uint256 at_most 250",
        "compare $1:uint128 at_most 250",
        "callable0.arm1",
        "type that is written",
    );
    refused(
        "compare $1:uint256 at_most 250",
        "compare $0:address at_most 250",
        "callable0.arm1",
        "number without sign",
    );
    refused("compare value equal", "compare param0 equal", "callable0.arm1", "is a set");
    refused(
        "in $0:address bound(param0)",
        "in $0:address bound(param2)",
        "callable0.arm1",
        "a set is needed",
    );
    refused("in $0:address bound(param0)", "in $1:uint256 bound(param0)", "callable0.arm1", "addresses only");
    refused(
        "each true $0/[*0] address 4",
        "each true $0/[0] address 4",
        "callable1.arm0.clause0",
        "no current element",
    );
    let each = "each true $0/[*0] address 4 const(set0)";
    refused(each, "distinct $0/[0] 4", "callable1.arm0.clause0", "no current element");
    refused(each, "distinct $0/[*0]/[*0] 4", "callable1.arm0.clause0", "more than one");
    refused(each, "distinct $2/[*0] 4", "callable1.arm0.clause0", "does not lead into");
    refused(each, "distinct $0/[*0] 1025", "max_steps", "the worst case is 1050653");
    refused("const(set0)", "const(set1)", "callable1.arm0.clause0", "set1 does not exist");
    refused(
        "same $0/[0]:address wallet",
        "same $0/[0]:address value",
        "callable1.arm0.clause1.code[2]",
        "different types",
    );
    refused(
        "same $0/[0]:address wallet",
        "same $0/[*0]:address wallet",
        "callable1.arm0.clause1.code[2]",
        "current element",
    );
    refused("len $2 equal 4", "len $1 equal 4", "callable1.arm0.clause1.code[3]", "an array");
    refused("bytes $2 starts", "bytes $0 starts", "callable1.arm0.clause1.code[4]", "`bytes` or `string`");
    refused("bound $0 4", "bound $1 4", "callable1.arm0.clause1.code[0]", "an array");
    refused("then +15", "then +16", "callable1.arm0.clause1.code[2]", "past the end");
}

/// A loop cannot be written down: there is no distance below zero.
#[test]
fn no_way_back() {
    assert!(assemble(&PAYMENTS.replacen("then +15", "then -15", 1)).is_err());
}

#[test]
fn clauses_up_to_their_limit() {
    let with = |instructions: usize| {
        let mut module = payments();
        module.callables.truncate(1);
        module.callables[0].arms.truncate(1);
        module.callables[0].arms[0].clauses[0].code = vec![Instruction::Jump { skip: 0 }; instructions];
        module.max_steps = instructions as u64 + 2;
        module
    };
    verify(with(MAX_CLAUSE_INSTRUCTIONS)).unwrap();
    let error = verify(with(MAX_CLAUSE_INSTRUCTIONS + 1)).unwrap_err();
    assert!(error.what.contains("more instructions"), "{error}");
}

#[test]
fn steps_up_to_their_limit() {
    let with = |max: u32| {
        let mut module = payments();
        for instruction in &mut module.callables[1].arms[0].clauses[0].code {
            if let Instruction::Each { max: elements, .. } = instruction {
                *elements = max;
            }
        }
        module.max_steps = u64::from(max) + 28;
        module
    };
    let at = u32::try_from(MAX_STEPS - 28).unwrap();
    verify(with(at)).unwrap();
    let error = verify(with(at + 1)).unwrap_err();
    assert!(error.what.contains("more steps"), "{error}");
}

#[test]
fn sums_up_to_their_limits() {
    let with = |terms: usize, bits: usize, constant: usize| {
        let mut module = payments();
        let amount = &mut module.callables[0].effects[0].amount;
        amount.terms[0].coefficient = Integer::positive(U512::ONE << (bits - 1));
        amount.constant = Integer::positive(U512::ONE << (constant - 1));
        let term = amount.terms[0].clone();
        amount.terms.resize(terms, term);
        module.max_steps = module.max_steps.max(9 + terms as u64);
        verify(module).map(drop)
    };
    with(MAX_TERMS, 240, 496).unwrap();
    assert!(with(MAX_TERMS + 1, 240, 496).unwrap_err().what.contains("more terms"));
    assert!(with(MAX_TERMS, 241, 496).unwrap_err().what.contains("coefficient is wider"));
    assert!(with(MAX_TERMS, 240, 497).unwrap_err().what.contains("constant is wider"));
}
