//! What is signed besides calls.

use super::*;
use agentpol_model::{
    B256,
    policy::Typed,
    request::{Once, SIGN_IN},
};
use alloy_primitives::keccak256;

fn member(name: &str, ty: Type) -> Member {
    Member { name: name.to_owned(), ty }
}

/// Without effects, and with a rule that grants it.
fn only(callable: Callable) -> RuleSet {
    RuleSet { callables: vec![callable], ..policy(vec![allow(vec![])]) }
}

fn of_kind(kind: Kind, inputs: Vec<Member>) -> Callable {
    let mut callable = Callable { kind, ..function(vec![]) };
    callable.function.as_mut().unwrap().inputs = inputs;
    callable
}

fn anywhere(kind: Kind, inputs: Vec<Member>) -> Callable {
    Callable { target: None, contract: String::new(), ..of_kind(kind, inputs) }
}

fn code(ruling: Ruling) -> DenyCode {
    ruling.unwrap_err().code
}

// ---- typed data

fn type_hash() -> B256 {
    B256::repeat_byte(0x71)
}

/// `Permit(address spender, uint256 value, uint256 nonce, uint256 deadline)`
fn permit() -> Callable {
    let number = |name| member(name, Type::Word(WordType::Uint(256)));
    let spender = member("spender", Type::Word(WordType::Address));
    let inputs = vec![spender, number("value"), number("nonce"), number("deadline")];
    let typed = Typed {
        domain_name: Some("USD Coin".to_owned()),
        domain_version: Some("2".to_owned()),
        type_hash: type_hash(),
        once_per: vec![arg(2, WordType::Uint(256)), arg(0, WordType::Address)],
        until: Some(arg(3, WordType::Uint(256))),
    };
    Callable { typed: Some(typed), ..of_kind(Kind::Sign, inputs) }
}

fn separator() -> B256 {
    permit().typed.unwrap().domain_separator(ETHEREUM, usdc())
}

fn signed(separator: B256, type_hash: B256, args: &[U256]) -> Vec<u8> {
    let args: Vec<u8> = args.iter().flat_map(|word| word.to_be_bytes::<32>()).collect();
    [&separator[..], &type_hash[..], &args].concat()
}

fn permit_data() -> Vec<u8> {
    signed(separator(), type_hash(), &[word(address(0x77)), U256::from(5), U256::from(8), U256::from(99)])
}

fn sign(data: &[u8]) -> Action<'_> {
    Action { kind: Kind::Sign, ..call(data) }
}

#[test]
fn typed_data_is_used_once() {
    let rules = only(permit());
    let granted = judge(&rules, &[sign(&permit_data())]).unwrap();
    let hashed = [type_hash(), B256::from(U256::from(8)), address(0x77).into_word()].concat();
    let once = Once { contract: usdc(), id: keccak256(hashed), until: Some(99) };
    assert_eq!(granted.once, Some(once));
}

#[test]
fn typed_data_that_nothing_uses_up_is_itself_once() {
    let mut rules = only(permit());
    let typed = rules.callables[0].typed.as_mut().unwrap();
    (typed.once_per, typed.until) = (vec![], None);
    let data = permit_data();
    let once = Once { contract: usdc(), id: keccak256(&data), until: None };
    assert_eq!(judge(&rules, &[sign(&data)]).unwrap().once, Some(once));
}

#[test]
fn other_requests_are_excluded_as_their_envelope_says() {
    let rules = policy(vec![allow(vec![])]);
    let data = calldata(address(0x77), U256::ONE);
    let actions = [call(&data)];
    let mut asked = request(&actions);
    assert_eq!(rules.decide(&asked, &bound(&rules)).unwrap().once, None);
    asked.envelope.once = Some(Once { contract: address(9), id: B256::ZERO, until: None });
    assert_eq!(rules.decide(&asked, &bound(&rules)).unwrap().once, asked.envelope.once);
}

#[test]
fn typed_data_is_for_a_contract_a_type_and_a_domain() {
    let rules = only(permit());
    let good = permit_data();
    let elsewhere = Action { to: address(9), ..sign(&good) };
    assert_eq!(code(judge(&rules, &[elsewhere])), DenyCode::UnknownContract);
    let other_type = signed(separator(), B256::ZERO, &[U256::ONE; 4]);
    assert_eq!(code(judge(&rules, &[sign(&other_type)])), DenyCode::UnknownType);
    // All of the hash counts, not only what a selector would hold.
    let mut nearly = good.clone();
    nearly[63] ^= 1;
    assert_eq!(code(judge(&rules, &[sign(&nearly)])), DenyCode::UnknownType);
    let typed = permit().typed.unwrap();
    for wrong in [
        typed.domain_separator(8453, usdc()),
        typed.domain_separator(ETHEREUM, address(9)),
        Typed { domain_version: Some("1".to_owned()), ..typed.clone() }.domain_separator(ETHEREUM, usdc()),
        Typed { domain_version: None, ..typed }.domain_separator(ETHEREUM, usdc()),
    ] {
        let data = signed(wrong, type_hash(), &[U256::ONE; 4]);
        assert_eq!(code(judge(&rules, &[sign(&data)])), DenyCode::WrongDomain);
    }
    // What can be called is not what can be signed.
    let called = policy(vec![allow(vec![])]);
    assert_eq!(code(judge(&called, &[sign(&good)])), DenyCode::UnknownContract);
    assert_eq!(code(judge(&rules, &[call(&good)])), DenyCode::UnknownContract);
}

#[test]
fn typed_data_is_read_to_the_last_byte_and_takes_no_value() {
    let rules = only(permit());
    let good = permit_data();
    for short in [0, 31, 32, 63] {
        assert_eq!(judge(&rules, &[sign(&good[..short])]), malformed(0));
    }
    assert_eq!(judge(&rules, &[sign(&good[..191])]), malformed(191), "offsets count from the separator");
    assert_eq!(judge(&rules, &[sign(&[&good[..], &[0]].concat())]), malformed(192));
    let mut dirty = good.clone();
    dirty[64] = 1;
    assert_eq!(judge(&rules, &[sign(&dirty)]), malformed(64));
    let paying = Action { value: U256::ONE, ..sign(&good) };
    assert_eq!(code(judge(&rules, &[paying])), DenyCode::NotPayable);
}

#[test]
fn types_of_the_same_selector_are_two() {
    let mut rules = only(permit());
    let mut other = permit();
    let mut hash = type_hash();
    hash.0[31] ^= 1;
    other.typed.as_mut().unwrap().type_hash = hash;
    rules.callables.push(other);
    let data = signed(separator(), hash, &[U256::ONE; 4]);
    assert_eq!(judge(&rules, &[sign(&data)]), denied(DenyCode::NoRule, None), "the rule is about the first");
    rules.callables.push(permit());
    assert!(Bound::new(&rules, wallet(), BTreeMap::new()).is_err(), "the same twice");
}

// ---- texts

fn text(content: &[u8]) -> Vec<u8> {
    let length = U256::from(content.len()).to_be_bytes::<32>();
    let padding = vec![0; content.len().next_multiple_of(32) - content.len()];
    let offset = U256::from(32).to_be_bytes::<32>();
    [&keccak256("text(string)")[..4], &offset, &length, content, &padding].concat()
}

fn message(data: &[u8]) -> Action<'_> {
    Action { kind: Kind::Message, to: Address::ZERO, ..call(data) }
}

fn texts() -> Callable {
    let mut callable = anywhere(Kind::Message, vec![member("text", Type::String)]);
    callable.function.as_mut().unwrap().selector = keccak256("text(string)")[..4].try_into().unwrap();
    callable
}

#[test]
fn texts_are_signed_if_a_rule_grants_them() {
    let data = text(b"gm");
    let granted = judge(&only(texts()), &[message(&data)]).unwrap();
    let once = Once { contract: Address::ZERO, id: keccak256(&data), until: None };
    assert_eq!(granted.once, Some(once));
    assert_eq!(judge(&policy(vec![]), &[message(&data)]), denied(DenyCode::NoRule, None));
    let rules = RuleSet { rules: vec![], ..only(texts()) };
    assert_eq!(judge(&rules, &[message(&data)]), denied(DenyCode::NoRule, None));
    let sign_in = keccak256(SIGN_IN)[..4].to_vec();
    assert_eq!(
        judge(&only(texts()), &[message(&sign_in)]),
        denied(DenyCode::NoRule, None),
        "another kind of text"
    );
    assert_eq!(judge(&only(texts()), &[message(&data[..3])]), malformed(0));
    assert_eq!(judge(&only(texts()), &[message(&text(&[0xff]))]), malformed(68), "text is UTF-8");
}

// ---- deployments and authorisations

#[test]
fn contracts_are_created_if_a_rule_grants_it() {
    let by_hash = |code: &[u8]| {
        let hash = U256::from_be_bytes(keccak256(code).0);
        Formula::Atom(Atom::Same(Scalar::Field(Field::CodeHash), Scalar::Const(hash)))
    };
    let callable = Callable { function: None, ..anywhere(Kind::Deploy, vec![]) };
    let mut rules = RuleSet { rules: vec![allow(vec![by_hash(b"init")])], ..only(callable) };
    let deploy = |data| Action { kind: Kind::Deploy, to: Address::ZERO, ..call(data) };
    assert_eq!(granted_by(judge(&rules, &[deploy(b"init")])), 0);
    assert_eq!(judge(&rules, &[deploy(b"other")]), denied(DenyCode::NoRule, None));
    let paying = Action { value: U256::ONE, ..deploy(b"init") };
    assert_eq!(granted_by(judge(&rules, &[paying])), 0, "value goes along; the guard says how much");
    rules.callables.clear();
    rules.rules.clear();
    assert_eq!(judge(&rules, &[deploy(b"init")]), denied(DenyCode::NoRule, None));
}

#[test]
fn the_account_is_delegated_to_the_trusted_only() {
    let number = member("nonce", Type::Word(WordType::Uint(64)));
    let inputs = vec![member("delegate", Type::Word(WordType::Address)), number];
    let mut rules = only(anywhere(Kind::Authorize, inputs));
    let delegate = address(0x77);
    let data = [word(delegate), U256::from(3)].map(|word| word.to_be_bytes::<32>()).concat();
    let authorize = Action { kind: Kind::Authorize, to: delegate, ..call(&data) };
    assert_eq!(judge(&rules, &[authorize]), denied(DenyCode::Unlimited, Some(0)));
    rules.rules[0].lifts.push(DenyCode::Unlimited);
    assert_eq!(judge(&rules, &[authorize]), denied(DenyCode::Unlimited, Some(0)), "nothing lifts it");
    rules.contracts.push(trusted(delegate, 8453));
    assert_eq!(judge(&rules, &[authorize]), denied(DenyCode::Unlimited, Some(0)), "trusted elsewhere");
    rules.contracts.push(trusted(delegate, ETHEREUM));
    assert_eq!(granted_by(judge(&rules, &[authorize])), 0);
    assert_eq!(judge(&rules, &[Action { data: &data[..63], ..authorize }]), malformed(63));
    assert_eq!(judge(&policy(vec![]), &[authorize]), denied(DenyCode::NoRule, None));
}

fn trusted(at: Address, chain: ChainId) -> Contract {
    Contract {
        name: "Trusted".to_owned(),
        chain,
        address: Target::Fixed(at),
        trusted: Some("audited".to_owned()),
        upgradeable: false,
    }
}

// ---- foreign code, commands

#[test]
fn foreign_code_runs_only_where_it_is_named() {
    let data = calldata(address(0x77), U256::ONE);
    let delegated = Action { kind: Kind::Delegatecall, ..call(&data) };
    let called = policy(vec![allow(vec![])]);
    assert_eq!(judge(&called, &[delegated]), denied(DenyCode::Delegatecall, None));
    let rules = only(Callable { kind: Kind::Delegatecall, ..function(vec![]) });
    assert_eq!(granted_by(judge(&rules, &[delegated])), 0);
    assert_eq!(
        judge(&rules, &[Action { to: address(9), ..delegated }]),
        denied(DenyCode::Delegatecall, None)
    );
    assert_eq!(judge(&rules, &[Action { data: &data[..3], ..delegated }]), malformed(0));
}

#[test]
fn commands_are_found_by_their_table_and_opcode() {
    let mut rules = only(of_kind(Kind::Command, vec![member("amount", Type::Word(WordType::Uint(256)))]));
    rules.callables[0].function.as_mut().unwrap().selector = [1, 2, 3, 4];
    let data = [0; 32];
    let command = Action { kind: Kind::Command, command: [1, 2, 3, 4], ..call(&data) };
    assert_eq!(granted_by(judge(&rules, &[command])), 0);
    for other in [[1, 2, 3, 5], [1, 2, 4, 4]] {
        let other = Action { command: other, ..command };
        assert_eq!(judge(&rules, &[other]), denied(DenyCode::UnknownFunction, None));
    }
    assert_eq!(judge(&rules, &[Action { data: &data[..31], ..command }]), malformed(31));
}

// ---- what an interface says of a function

#[test]
fn what_the_interface_requires() {
    let requires = |formula| {
        let mut rules = policy(vec![allow(vec![])]);
        rules.callables[0].requires = formula;
        rules
    };
    assert_eq!(granted_by(pay(&requires(at_most(5)), 5)), 0);
    assert_eq!(pay(&requires(at_most(5)), 6), denied(DenyCode::Requirement, None));
    assert_eq!(pay(&requires(undefined()), 1), denied(DenyCode::Requirement, None));
    let mut ungranted = requires(at_most(5));
    ungranted.rules.clear();
    assert_eq!(pay(&ungranted, 6), denied(DenyCode::Requirement, None), "asked before the grants");
    ungranted.rules = vec![rule(Verb::Deny, "not", vec![])];
    assert_eq!(pay(&ungranted, 6), denied(DenyCode::DeniedByRule, Some(0)), "and after what is denied");
}

#[test]
fn control_is_for_the_trusted_and_the_wallet() {
    let gives = |party: Address, when: Formula| {
        let mut rules = policy(vec![allow(vec![])]);
        rules.callables[0].controls = vec![ControlSpec { party: Scalar::Const(word(party)), when }];
        rules.contracts = vec![trusted(address(0x11), ETHEREUM), trusted(address(0x22), 8453)];
        rules
    };
    let always = || Formula::Const(true);
    assert_eq!(granted_by(pay(&gives(wallet(), always()), 1)), 0);
    assert_eq!(granted_by(pay(&gives(address(0x11), always()), 1)), 0);
    assert_eq!(pay(&gives(address(0x22), always()), 1), denied(DenyCode::Unlimited, Some(0)));
    assert_eq!(granted_by(pay(&gives(address(0x22), at_most(0)), 1)), 0, "it takes none back");
    assert_eq!(pay(&gives(address(0x22), undefined()), 1), denied(DenyCode::Undefined, Some(0)));
    let mut lifted = gives(address(0x22), always());
    lifted.rules[0].lifts.push(DenyCode::Unlimited);
    assert_eq!(pay(&lifted, 1), denied(DenyCode::Unlimited, Some(0)), "nothing lifts it");
    lifted.rules.clear();
    assert_eq!(pay(&lifted, 1), denied(DenyCode::NoRule, None));
}

#[test]
fn bytes_that_may_follow() {
    let mut rules = policy(vec![allow(vec![])]);
    rules.callables[0].function.as_mut().unwrap().trailing = 8;
    let data = calldata(address(0x77), U256::ONE);
    let with = |behind: &[u8]| judge(&rules, &[call(&[&data[..], behind].concat())]);
    assert_eq!(granted_by(with(&[])), 0);
    assert_eq!(granted_by(with(b"referral")), 0);
    assert_eq!(with(b"referrals"), malformed(76));
}

#[test]
fn who_acts_is_the_wallet_unless_a_rule_accepts_another() {
    let data = calldata(address(0x77), U256::ONE);
    let mut rules = policy(vec![allow(vec![])]);
    let foreign = Action { from: address(0xbb), ..call(&data) };
    assert_eq!(judge(&rules, &[foreign]), denied(DenyCode::ForeignSender, Some(0)));
    rules.rules[0].lifts.push(DenyCode::ForeignSender);
    assert_eq!(granted_by(judge(&rules, &[foreign])), 0);
    let signed = only(permit());
    let foreign = Action { from: address(0xbb), kind: Kind::Sign, data: &permit_data(), ..foreign };
    assert_eq!(granted_by(judge(&signed, &[foreign])), 0, "a signature is the signer's");
}

#[test]
fn authority_is_kept_by_whom_the_interface_names() {
    let through = Some(Scalar::Const(word(address(0x22))));
    let grants = EffectSpec { kind: EffectKind::Grant(GrantMode::Set), from: None, through, ..moves() };
    let rules = RuleSet { callables: vec![function(vec![grants])], ..policy(vec![allow(vec![])]) };
    assert_eq!(pay(&rules, 1).unwrap().actions[0].effects[0].through, Some(address(0x22)));
}

#[test]
fn names_are_as_a_policy_writes_them() {
    let sign_in = {
        let mut callable = texts();
        callable.function.as_mut().unwrap().name = "SignIn".to_owned();
        callable
    };
    for (callable, name) in [
        (function(vec![]), "USDC.transfer"),
        (of_kind(Kind::Command, vec![]), "USDC.transfer"),
        (of_kind(Kind::Sign, vec![]), "sign USDC.transfer"),
        (of_kind(Kind::Delegatecall, vec![]), "delegatecall USDC.transfer"),
        (texts(), "message"),
        (sign_in, "message SignIn"),
        (anywhere(Kind::Authorize, vec![]), "authorize"),
        (anywhere(Kind::Deploy, vec![]), "deploy"),
        (anywhere(Kind::Send, vec![]), "send"),
    ] {
        assert_eq!(callable.name(), name);
    }
}
