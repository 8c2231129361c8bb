//! Actions inside actions, judged one by one.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod account;

use account::*;
use agentpol_abi::{Value, encode, signature::parse_members};
use agentpol_bytecode::{Branch, Instruction};
use agentpol_model::{
    Address, B256, U256,
    decision::DenyCode,
    policy::{Scalar, Unwrap},
    request::{Action, Kind, MAX_ACTIONS, MAX_DEPTH},
    types::{Path, Step, WordType},
};
use agentpol_vm::Scratch;

#[test]
fn what_a_contract_runs_on_itself_is_the_callers() {
    let calls = multicall(&[poke(), data("supply", &[u(10)]), poke()]);
    assert_eq!(rules(call(HUB, &calls)), ["poke", "lend", "poke"]);
    let bad = multicall(&[poke(), data("supply", &[u(9_000_001)]), poke()]);
    assert_eq!(decide(call(HUB, &bad)), denied(DenyCode::NoRule, None, 2));
    let unknown = multicall(&[poke(), transfer(FRIEND, 1)]);
    assert_eq!(decide(call(HUB, &unknown)), denied(DenyCode::UnknownFunction, None, 2));
    let mut dirty = data("supply", &[u(10)]);
    dirty.extend_from_slice(&[0; 33]);
    // The offset is one in the action's own data.
    assert_eq!(decide(call(HUB, &multicall(&[dirty]))), malformed(1, 4 + 32 + 32));
    // Counted as they are met: a wrapper before what is inside it.
    let nested = multicall(&[poke(), multicall(&[poke(), poke()]), multicall(&[transfer(FRIEND, 1)])]);
    assert_eq!(decide(call(HUB, &nested)), denied(DenyCode::UnknownFunction, None, 6));
    // The next one of a request goes on counting.
    let (first, second) = (multicall(&[poke()]), transfer(FRIEND, 250_000_001));
    let both = [call(HUB, &first), call(USDC, &second)];
    let refused = policy().decide(&request(&both), &mut Scratch::default());
    assert_eq!(refused.err(), denied(DenyCode::NoRule, None, 2).err());
}

#[test]
fn a_wrapper_around_nothing_is_no_request() {
    let nothing = multicall(&[]);
    assert_eq!(decide(call(HUB, &nothing)), denied(DenyCode::NoRule, None, 0));
    let nested = multicall(&[multicall(&[]), multi_send(&[])]);
    assert_eq!(decide(call(HUB, &nested)), denied(DenyCode::NoRule, None, 0));
    // Beside something it does no harm.
    let data = transfer(FRIEND, 1);
    let actions = [call(HUB, &nothing), call(USDC, &data)];
    let mut scratch = Scratch::new(policy());
    policy().decide(&request(&actions), &mut scratch).unwrap();
    assert_eq!(scratch.granted().actions.len(), 1);
}

#[test]
fn value_is_charged_where_the_wallet_sends_it() {
    let calls = aggregate(&[(HUB, false, 5, poke()), (FRIEND, false, 6, vec![])]);
    assert_eq!(
        decide(with_value(11, call(HUB, &calls))),
        denied(DenyCode::NotPayable, None, 1),
        "`poke` takes none"
    );
    let calls = aggregate(&[(HUB, false, 0, poke())]);
    let granted = decide(with_value(11, call(HUB, &calls))).unwrap();
    let [batch, poked] = granted.actions.as_slice() else { panic!("two actions") };
    assert_eq!((batch.rule, poked.rule), (rule("batch"), rule("poke")));
    assert_eq!((batch.effects[0].amount, batch.effects[0].party), (U256::from(11), HUB));
    // What the wrapper forwards is its own by then: it counts once, but a rule must accept who acts.
    let forwards = aggregate(&[(FRIEND, false, 5, vec![])]);
    let reason = denied(DenyCode::ForeignSender, Some("gift"), 1);
    assert_eq!(decide(with_value(5, call(HUB, &forwards))), reason);
    // Value that no rule about the wrapper grants.
    let calls = multicall(&[poke()]);
    assert_eq!(decide(with_value(1, call(HUB, &calls))), denied(DenyCode::NoRule, None, 0));
    assert!(decide(call(HUB, &calls)).is_ok());
}

#[test]
fn what_may_fail_is_accepted_by_name() {
    let calls = aggregate(&[(HUB, true, 0, poke())]);
    assert_eq!(rules(call(HUB, &calls)), ["batch", "poke"]);
    // Two ETH: no rule about the wrapper matches, and it carries value.
    let wei = U256::from(2_000_000_000_000_000_000_u64);
    let much = Action { value: wei, ..call(HUB, &calls) };
    assert_eq!(decide(much), denied(DenyCode::NoRule, None, 0));
    let may_fail = execute(&[(opcode("V3_SWAP_EXACT_IN") | 0x80, swap(WALLET, 1))]);
    assert_eq!(decide(call(HUB, &may_fail)), denied(DenyCode::AllowFailure, None, 0));
    // It is found out before anything inside is judged.
    let bad = [(0x3f, vec![]), (opcode("V3_SWAP_EXACT_IN") | 0x80, swap(WALLET, 1))];
    assert_eq!(decide(call(HUB, &execute(&bad))), denied(DenyCode::AllowFailure, None, 0));
    // A grant that does not accept it.
    let mut module = module();
    let batch = rule("batch").index();
    module.rules[batch].lifts.clear();
    let refused = decide_with(&bound(module), call(HUB, &calls));
    assert_eq!(refused, denied(DenyCode::AllowFailure, Some("batch"), 0));
}

#[test]
fn commands_are_each_judged() {
    let swapped = |amount| (opcode("V3_SWAP_EXACT_IN"), swap(WALLET, amount));
    assert_eq!(rules(call(HUB, &execute(&[swapped(1), swapped(2)]))), ["swap", "swap"]);
    let above = execute(&[swapped(1), swapped(250_000_001)]);
    assert_eq!(decide(call(HUB, &above)), denied(DenyCode::NoRule, None, 2));
    let unknown = execute(&[swapped(1), (0x3f, vec![])]);
    assert_eq!(decide(call(HUB, &unknown)), denied(DenyCode::UnknownFunction, None, 2));
    // A plan inside a plan.
    let plan =
        args("EXECUTE_SUB_PLAN", &[bytes(&[opcode("V3_SWAP_EXACT_IN")]), list([bytes(&swap(WALLET, 3))])]);
    let nested = execute(&[swapped(1), (opcode("EXECUTE_SUB_PLAN"), plan)]);
    assert_eq!(rules(call(HUB, &nested)), ["swap", "swap"]);
    let short = data("execute", &[bytes(&[0, 0]), list([bytes(&swap(WALLET, 1))])]);
    assert_eq!(decide(call(HUB, &short)), malformed(0, 0));
    // Another table: what stands in it is not in the first.
    let plan = |opcode: u8, input: &[u8]| {
        let inputs = parse_members("(bytes opcodes, bytes[] inputs)").unwrap();
        let plan = encode(&inputs, &[bytes(&[opcode]), list([bytes(input)])]).unwrap();
        data("modifyLiquidities", &[bytes(&plan), u(9)])
    };
    let settle = args("SETTLE", &[u(5)]);
    assert_eq!(rules(call(HUB, &plan(opcode("SETTLE"), &settle))), ["settle"]);
    let foreign = plan(opcode("V3_SWAP_EXACT_IN"), &swap(WALLET, 1));
    assert_eq!(decide(call(HUB, &foreign)), denied(DenyCode::UnknownFunction, None, 1));
    let foreign = execute(&[(opcode("SETTLE"), settle)]);
    assert_eq!(decide(call(HUB, &foreign)), denied(DenyCode::UnknownFunction, None, 1));
}

/// A Safe, a batch of records inside it, run by delegatecall: everything acts as the Safe.
#[test]
fn a_safe_acts_as_itself() {
    let pay = transfer(FRIEND, 1);
    let safe = |to, value, data: &[u8], operation| exec_transaction(to, value, data, operation);
    let paid = safe(USDC, 0, &pay, 0);
    assert_eq!(decide(call(SAFE, &paid)), denied(DenyCode::ForeignSender, Some("pay"), 1));
    let delegated = safe(HUB, 0, &multi_send(&[(0, HUB, 0, poke())]), 1);
    assert_eq!(rules(call(SAFE, &delegated)), ["poke"]);
    let delegated = safe(HUB, 0, &multi_send(&[(0, HUB, 0, poke()), (1, HUB, 0, poke())]), 1);
    assert_eq!(rules(call(SAFE, &delegated)), ["poke", "poke"]);
    let foreign = safe(USDC, 0, &pay, 1);
    assert_eq!(decide(call(SAFE, &foreign)), denied(DenyCode::Delegatecall, None, 1));
    let twice = safe(HUB, 0, &multi_send(&[(0, USDC, 0, pay.clone())]), 1);
    assert_eq!(decide(call(SAFE, &twice)), denied(DenyCode::ForeignSender, Some("pay"), 2));
    let odd = safe(HUB, 0, &poke(), 2);
    assert_eq!(decide(call(SAFE, &odd)), malformed(0, 0));
    let valued = safe(HUB, 1, &poke(), 1);
    assert_eq!(decide(call(SAFE, &valued)), malformed(0, 0));
    // The wallet is the Safe: what it does counts.
    let mut own = module();
    for callable in &mut own.callables {
        if callable.contract == "Safe" {
            callable.target = Some(agentpol_model::policy::Target::Fixed(WALLET));
        }
    }
    let policy = bound(own);
    let granted = decide_with(&policy, call(WALLET, &paid)).unwrap();
    assert_eq!(granted.actions[0].rule, rule("pay"));
    assert_eq!(granted.actions[0].effects[0].amount, U256::ONE);
    let denied_inside = safe(USDC, 0, &transfer(NOBODY, 1), 0);
    let reason = denied(DenyCode::DeniedByRule, Some("never"), 1);
    assert_eq!(decide_with(&policy, call(WALLET, &denied_inside)), reason);
    let send = safe(FRIEND, 5, &[], 0);
    let granted = decide_with(&policy, call(WALLET, &send)).unwrap();
    assert_eq!((granted.actions[0].rule, granted.actions[0].effects[0].party), (rule("gift"), FRIEND));
}

#[test]
fn a_grant_of_the_wrapper_stands_before_what_is_inside() {
    let records = multi_send(&[(0, HUB, 0, poke())]);
    let granted = decide(with_value(7, call(HUB, &records))).unwrap();
    let [many, poked] = granted.actions.as_slice() else { panic!("two actions") };
    assert_eq!((many.rule, poked.rule), (rule("many"), rule("poke")));
    assert_eq!(decide(with_value(8, call(HUB, &records))), denied(DenyCode::NoRule, None, 0));
    assert_eq!(rules(call(HUB, &records)), ["poke"]);
    let half = data("multiSend", &[bytes(&[0; 84])]);
    assert_eq!(decide(call(HUB, &half)), malformed(0, 0));
}

/// Somebody else opens the wrapper: that is not asked of the wrapper unless it does something of its own.
#[test]
fn who_opens_a_wrapper_is_asked_only_for_its_own() {
    let foreign = |action| Action { from: SAFE, ..action };
    let calls = aggregate(&[(HUB, false, 0, poke())]);
    // Of value from somebody else nothing is the wallet's.
    assert_eq!(rules(foreign(with_value(5, call(HUB, &calls)))), ["batch", "poke"]);
    let mut module = module();
    let named =
        |callable: &agentpol_bytecode::Callable| callable.arms.iter().any(|arm| arm.rule == rule("batch"));
    let at = module.callables.iter().position(named).unwrap();
    module.callables[at].effects[0].from = Some(Scalar::Field(agentpol_model::request::Field::Wallet));
    let policy = bound(module);
    let reason = denied(DenyCode::ForeignSender, Some("batch"), 0);
    assert_eq!(decide_with(&policy, foreign(with_value(5, call(HUB, &calls)))), reason);
    assert!(decide_with(&policy, foreign(call(HUB, &calls))).is_ok());
}

#[test]
fn accounts_execute_by_their_mode() {
    let execute = |mode: [u8; 2], calls: &[u8]| {
        let mut word = B256::ZERO;
        word[..2].copy_from_slice(&mode);
        let mode = Value::Word(word.into(), WordType::FixedBytes(32));
        data("execute", &[mode, bytes(calls)])
    };
    let single = [HUB.as_slice(), &[0; 32], &poke()].concat();
    assert_eq!(rules(call(HUB, &execute([0, 0], &single))), ["poke"]);
    assert_eq!(decide(call(HUB, &execute([0, 1], &single))), denied(DenyCode::AllowFailure, None, 0));
    assert_eq!(decide(call(HUB, &execute([0xfe, 0], &single))), malformed(0, 0));
    let delegated = [HUB.as_slice(), &poke()].concat();
    assert_eq!(rules(call(HUB, &execute([0xff, 0], &delegated))), ["poke"]);
    let inputs = parse_members("((address target, uint256 value, bytes callData)[] all)").unwrap();
    let one = |to: Address, data: &[u8]| Value::Tuple(vec![a(to), u(0), bytes(data)]);
    let batch = encode(&inputs, &[list([one(HUB, &poke()), one(USDC, &transfer(FRIEND, 1))])]).unwrap();
    let reason = denied(DenyCode::ForeignSender, Some("pay"), 2);
    assert_eq!(decide(call(HUB, &execute([1, 0], &batch))), reason);
}

#[test]
fn a_permit_is_a_call_to_its_token() {
    let permit = |owner: Address, spender: Address| {
        let word = |n: u64| Value::Word(U256::from(n), WordType::FixedBytes(32));
        let v = Value::Word(U256::from(27), WordType::Uint(8));
        let args = args("permit", &[a(owner), a(spender), u(5), u(99), v, word(1), word(2)]);
        [USDC.as_slice(), &args].concat()
    };
    let with = |permit: &[u8]| data("permitAndCall", &[bytes(permit), bytes(&poke())]);
    assert_eq!(rules(call(HUB, &with(&[]))), ["poke"]);
    let stranger = permit(WALLET, STRANGER);
    assert_eq!(decide(call(HUB, &with(&stranger))), denied(DenyCode::NoRule, None, 1));
    // The token is called by the wrapper, and the rule does not accept that.
    let own = permit(WALLET, HUB);
    let reason = denied(DenyCode::ForeignSender, Some("permit_call"), 1);
    assert_eq!(decide(call(HUB, &with(&own))), reason);
    let mut module = module();
    let of = rule("permit_call").index();
    module.rules[of].lifts = vec![DenyCode::ForeignSender];
    module.rules[of].accepts = vec![("foreign_sender".to_owned(), "its owner is the wallet".to_owned())];
    let granted = decide_with(&bound(module), call(HUB, &with(&own))).unwrap();
    assert_eq!(granted.actions[0].effects[0].amount, U256::from(5));
    assert_eq!(decide(call(HUB, &with(&own[..100]))), malformed(0, 0));
}

#[test]
fn arrays_beside_one_another_are_of_one_length() {
    let batch = |to: &[Address], values: &[u64], calls: &[Vec<u8>]| {
        let parts = [
            list(to.iter().map(|to| a(*to))),
            list(values.iter().map(|value| u(*value))),
            list(calls.iter().map(|call| bytes(call))),
        ];
        decide(call(HUB, &data("executeBatch", &parts)))
    };
    assert_eq!(batch(&[HUB, HUB], &[0, 0], &[poke(), poke()]).unwrap().actions.len(), 2);
    assert_eq!(batch(&[HUB, HUB], &[0], &[poke(), poke()]), malformed(0, 0));
    assert_eq!(batch(&[HUB], &[0, 0], &[poke(), poke()]), malformed(0, 0));
    assert_eq!(batch(&[HUB, HUB], &[0, 0], &[poke()]), malformed(0, 0));
    assert_eq!(batch(&[HUB, HUB], &[0, 1], &[poke(), poke()]), denied(DenyCode::NotPayable, None, 2));
}

#[test]
fn so_deep_and_so_many() {
    let nested = |levels: usize| (1..levels).fold(poke(), |inside, _| multicall(&[inside]));
    assert_eq!(rules(call(HUB, &nested(MAX_DEPTH))), ["poke"]);
    let deepest = MAX_DEPTH as u16;
    assert_eq!(decide(call(HUB, &nested(MAX_DEPTH + 1))), denied(DenyCode::TooMuch, None, deepest));
    // One array has at most 64 here; two of them, the wrappers themselves, and the outermost.
    let pokes = |count: usize| multicall(&vec![poke(); count]);
    let full = [pokes(64), pokes(61)];
    assert_eq!(decide(call(HUB, &multicall(&full))).unwrap().actions.len(), MAX_ACTIONS - 3);
    let past = [pokes(64), pokes(62)];
    let reason = denied(DenyCode::TooMuch, None, MAX_ACTIONS as u16);
    assert_eq!(decide(call(HUB, &multicall(&past))), reason);
    // A request has no more side by side either.
    let data = poke();
    let mut actions = vec![call(HUB, &data); MAX_ACTIONS];
    assert!(policy().decide(&request(&actions), &mut Scratch::default()).is_ok());
    actions.push(call(HUB, &data));
    let refused = policy().decide(&request(&actions), &mut Scratch::default());
    assert_eq!(refused.err(), reason.err());
}

#[test]
fn a_denial_inside_says_what_was_nearest() {
    let nearest = |data: &[u8]| {
        let actions = [call(HUB, data)];
        policy().explain(&request(&actions)).map(|nearest| (nearest.rule, nearest.saw))
    };
    let calls = multicall(&[poke(), multicall(&[poke(), data("supply", &[u(10_000_000)])])]);
    assert_eq!(nearest(&calls), Some((rule("lend"), "amount = 10000000".to_owned())));
    let calls = execute(&[(opcode("V3_SWAP_EXACT_IN"), swap(WALLET, 1)), (0, swap(STRANGER, 1))]);
    let (nearest_rule, saw) = nearest(&calls).unwrap();
    assert_eq!(nearest_rule, rule("swap"));
    assert!(saw.starts_with(&format!("recipient = {STRANGER}, wallet")), "{saw}");
    assert_eq!(nearest(&multicall(&[transfer(FRIEND, 1)])), None, "the code says it all");
    assert_eq!(nearest(&multicall(&[])), None);
    // The action itself, by its number.
    let swapped = swap(STRANGER, 1);
    let calls = multicall(&[poke(), execute(&[(0, swapped.clone())])]);
    let actions = [call(HUB, &calls)];
    let request = request(&actions);
    let kind =
        |n| policy().with_action(&request, n, |action, path| (action.kind, action.data.len(), path.to_vec()));
    assert_eq!(kind(0), Some((Kind::Call, calls.len(), vec![1])));
    assert_eq!(kind(1), Some((Kind::Call, poke().len(), vec![1, 1])));
    assert_eq!(kind(3), Some((Kind::Command, swapped.len(), vec![1, 2, 1])));
    assert_eq!(kind(4), None);
}

/// Twenty bytes are shown as the address that they are, fewer as the number.
#[test]
fn parts_of_a_path_are_said_for_what_they_are() {
    let said = |start: u32, length: u8, other: U256| {
        let mut module = module();
        let at = module.callables.iter().position(|callable| callable.kind == Kind::Command).unwrap();
        let path = Path(vec![Step::Member(2)]);
        let left = Scalar::Slice { path, start, from_end: false, length };
        let branch = Branch::UNLESS_FAIL;
        let right = Scalar::Const(other);
        module.callables[at].arms[0].clauses[0].code = vec![Instruction::Same { left, right, branch }];
        let swapped = swap(WALLET, 1);
        let actions = [command("V3_SWAP_EXACT_IN", &swapped)];
        let nearest = bound(module).explain(&request(&actions)).unwrap();
        (nearest.saw, nearest.would_pass)
    };
    let (saw, would_pass) = said(0, 20, HUB.into_word().into());
    assert_eq!(saw, format!("path[0; 20] = USDC ({USDC})"));
    assert_eq!(would_pass, format!("path[0; 20] == Hub ({HUB})"));
    let (saw, would_pass) = said(20, 3, U256::from(3000));
    assert_eq!((saw.as_str(), would_pass.as_str()), ("path[20; 3] = 500", "path[20; 3] == 3000"));
}

/// Typed data can be a wrapper too: a Safe's transaction as its owner signs it.
#[test]
fn signed_wrappers_are_opened() {
    let mut module = module();
    let at = module.callables.iter().position(|callable| callable.kind == Kind::Sign).unwrap();
    let call_of = |callable: &agentpol_bytecode::Callable| callable.contract == "Safe";
    let safe = module.callables.iter().position(call_of).unwrap();
    let mut signed = module.callables[safe].clone();
    signed.kind = Kind::Sign;
    let mut typed = module.callables[at].typed.clone().unwrap();
    typed.domain_name = None;
    typed.domain_version = None;
    typed.once_per = vec![Scalar::Arg(Path(vec![Step::Member(1)]), WordType::Uint(256))];
    typed.until = None;
    let separator = typed.domain_separator(1, SAFE);
    signed.typed = Some(typed.clone());
    assert!(matches!(signed.unwraps.as_slice(), [Unwrap::Call { .. }]));
    module.callables.push(signed);
    let policy = bound(module);
    let data = |to: Address, call: &[u8]| {
        let calldata = exec_transaction(to, 0, call, 0);
        [separator.as_slice(), typed.type_hash.as_slice(), &calldata[4..]].concat()
    };
    let poked = data(HUB, &poke());
    let granted = decide_with(&policy, action(Kind::Sign, SAFE, &poked)).unwrap();
    assert_eq!(granted.actions.len(), 1);
    let once = granted.once.unwrap();
    assert_eq!((once.contract, once.id), (SAFE, typed.once_id([U256::ZERO])));
    let paid = data(USDC, &transfer(FRIEND, 1));
    let reason = denied(DenyCode::ForeignSender, Some("pay"), 1);
    assert_eq!(decide_with(&policy, action(Kind::Sign, SAFE, &paid)), reason);
}
