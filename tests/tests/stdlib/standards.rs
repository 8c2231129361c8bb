//! Every function of the token standards that moves value or gives authority over it: described, with all that it takes, or refused.
//!
//! A policy that grants whatever it can is asked about each function at each kind of token, the wallet being whose assets move and a
//! stranger everybody else. What is allowed has to say that [`AMOUNT`] leaves or may leave, or that nothing does.

use agentpol_abi::{Value, encode_call, signature::parse_function};
use agentpol_analysis::ruleset::{Bound, RuleSet};
use agentpol_compiler::{NoFiles, SourceFile, compile};
use agentpol_model::{
    Address, U256,
    effect::{EffectKind, GrantMode},
    request::{Action, Envelope, Kind, Request},
    types::{Member, Type, WordType},
};
use std::collections::BTreeMap;

const AMOUNT: u64 = 7_000_000;
const WALLET: Address = Address::repeat_byte(0x11);
const STRANGER: Address = Address::repeat_byte(0x66);
/// A token with all that a token can have, single things, many things, and a vault.
const TOKEN: Address = Address::repeat_byte(0x41);
const THING: Address = Address::repeat_byte(0x42);
const THINGS: Address = Address::repeat_byte(0x43);
const VAULT: Address = Address::repeat_byte(0x44);

/// What comes of a function where its standard is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comes {
    /// The amount leaves.
    Moved,
    /// A stranger may take the amount.
    Granted,
    /// Nothing of the wallet's does.
    Nothing,
    /// To this denial.
    Denied(&'static str),
}
use Comes::{Denied, Granted, Moved, Nothing};

const OPAQUE: Comes = Denied("opaque");
/// Authority without an amount.
const CONTROL: Comes = Denied("unlimited");
const UNKNOWN: Comes = Denied("unknown_function");

/// By standard: where it stands, its function, and what comes of it. `from`, `owner`, `holder` and `authorizer` are the wallet.
#[rustfmt::skip]
const FUNCTIONS: &[(&str, Address, &str, Comes)] = &[
    ("ERC-20", TOKEN, "transfer(address to, uint256 amount)", Moved),
    ("ERC-20", TOKEN, "transferFrom(address from, address to, uint256 amount)", Moved),
    ("ERC-20", TOKEN, "approve(address spender, uint256 amount)", Granted),
    ("ERC-20", TOKEN, "increaseAllowance(address spender, uint256 amount)", Granted),
    ("ERC-20", TOKEN, "decreaseAllowance(address spender, uint256 amount)", Nothing),
    ("ERC-20", TOKEN, "burn(uint256 amount)", UNKNOWN),
    ("ERC-20", TOKEN, "burnFrom(address from, uint256 amount)", UNKNOWN),
    ("Dai", TOKEN, "push(address to, uint256 amount)", UNKNOWN),
    ("Dai", TOKEN, "pull(address from, uint256 amount)", UNKNOWN),
    ("Dai", TOKEN, "move(address from, address to, uint256 amount)", UNKNOWN),
    ("Dai", TOKEN, "burn(address from, uint256 amount)", UNKNOWN),
    ("Dai", TOKEN, "permit(address holder, address spender, uint256 nonce, uint256 expiry, bool allowed, uint8 v, bytes32 r, bytes32 s)", CONTROL),
    ("ERC-2612", TOKEN, "permit(address owner, address spender, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)", Granted),
    ("ERC-2612", TOKEN, "permit(address owner, address spender, uint256 amount, uint256 deadline, bytes signature)", Granted),
    ("ERC-3009", TOKEN, "transferWithAuthorization(address from, address to, uint256 amount, uint256 after, uint256 before, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)", Moved),
    ("ERC-3009", TOKEN, "transferWithAuthorization(address from, address to, uint256 amount, uint256 after, uint256 before, bytes32 nonce, bytes signature)", Moved),
    ("ERC-3009", TOKEN, "receiveWithAuthorization(address from, address to, uint256 amount, uint256 after, uint256 before, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)", Moved),
    ("ERC-3009", TOKEN, "receiveWithAuthorization(address from, address to, uint256 amount, uint256 after, uint256 before, bytes32 nonce, bytes signature)", Moved),
    ("ERC-3009", TOKEN, "cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)", Nothing),
    ("ERC-3009", TOKEN, "cancelAuthorization(address authorizer, bytes32 nonce, bytes signature)", Nothing),
    ("WETH", TOKEN, "deposit()", Nothing),
    ("WETH", TOKEN, "withdraw(uint256 amount)", Moved),
    ("WETH10", TOKEN, "depositTo(address to)", UNKNOWN),
    ("WETH10", TOKEN, "withdrawTo(address to, uint256 amount)", UNKNOWN),
    ("WETH10", TOKEN, "withdrawFrom(address from, address to, uint256 amount)", UNKNOWN),
    ("ERC-4626", VAULT, "deposit(uint256 amount, address receiver)", OPAQUE),
    ("ERC-4626", VAULT, "mint(uint256 amount, address receiver)", OPAQUE),
    ("ERC-4626", VAULT, "withdraw(uint256 amount, address receiver, address owner)", OPAQUE),
    ("ERC-4626", VAULT, "redeem(uint256 amount, address receiver, address owner)", Moved),
    ("ERC-7540", VAULT, "requestDeposit(uint256 amount, address controller, address owner)", UNKNOWN),
    ("ERC-7540", VAULT, "requestRedeem(uint256 amount, address controller, address owner)", UNKNOWN),
    ("ERC-7540", VAULT, "setOperator(address operator, bool approved)", UNKNOWN),
    ("ERC-777", TOKEN, "send(address to, uint256 amount, bytes data)", UNKNOWN),
    ("ERC-777", TOKEN, "burn(uint256 amount, bytes data)", UNKNOWN),
    ("ERC-777", TOKEN, "operatorSend(address from, address to, uint256 amount, bytes data, bytes operatorData)", UNKNOWN),
    ("ERC-777", TOKEN, "operatorBurn(address from, uint256 amount, bytes data, bytes operatorData)", UNKNOWN),
    ("ERC-777", TOKEN, "authorizeOperator(address operator)", UNKNOWN),
    ("ERC-777", TOKEN, "revokeOperator(address operator)", UNKNOWN),
    ("ERC-1363", TOKEN, "transferAndCall(address to, uint256 amount)", UNKNOWN),
    ("ERC-1363", TOKEN, "transferAndCall(address to, uint256 amount, bytes data)", UNKNOWN),
    ("ERC-1363", TOKEN, "transferFromAndCall(address from, address to, uint256 amount)", UNKNOWN),
    ("ERC-1363", TOKEN, "transferFromAndCall(address from, address to, uint256 amount, bytes data)", UNKNOWN),
    ("ERC-1363", TOKEN, "approveAndCall(address spender, uint256 amount)", UNKNOWN),
    ("ERC-1363", TOKEN, "approveAndCall(address spender, uint256 amount, bytes data)", UNKNOWN),
    ("ERC-6909", TOKEN, "transfer(address to, uint256 id, uint256 amount)", UNKNOWN),
    ("ERC-6909", TOKEN, "transferFrom(address from, address to, uint256 id, uint256 amount)", UNKNOWN),
    ("ERC-6909", TOKEN, "approve(address spender, uint256 id, uint256 amount)", UNKNOWN),
    ("ERC-721", THING, "approve(address to, uint256 id)", OPAQUE),
    ("ERC-721", THING, "setApprovalForAll(address operator, bool approved)", CONTROL),
    ("ERC-721", THING, "transferFrom(address from, address to, uint256 id)", OPAQUE),
    ("ERC-721", THING, "safeTransferFrom(address from, address to, uint256 id)", OPAQUE),
    ("ERC-721", THING, "safeTransferFrom(address from, address to, uint256 id, bytes data)", OPAQUE),
    ("ERC-4494", THING, "permit(address spender, uint256 id, uint256 deadline, bytes signature)", UNKNOWN),
    ("ERC-1155", THINGS, "setApprovalForAll(address operator, bool approved)", CONTROL),
    ("ERC-1155", THINGS, "safeTransferFrom(address from, address to, uint256 id, uint256 amount, bytes data)", OPAQUE),
    ("ERC-1155", THINGS, "safeBatchTransferFrom(address from, address to, uint256[] ids, uint256[] amounts, bytes data)", OPAQUE),
];

/// Grants whatever nobody refuses.
fn open() -> (RuleSet, Bound) {
    let text = "policy open on ethereum

use std::nfts::{ERC1155, ERC721}
use std::tokens::{DAI, DaiPermit, EIP2612, EIP3009, ERC20, ERC4626, FiatTokenV2_2, USDC, WETH, WrappedNative, sDAI, stETH}

token T: ERC20, EIP2612, EIP3009, FiatTokenV2_2, DaiPermit, WrappedNative decimals 6 {
    on ethereum at 0x4141414141414141414141414141414141414141
}
token V: ERC20, ERC4626 decimals 6 { on ethereum at 0x4444444444444444444444444444444444444444 }
contract thing: ERC721 on ethereum at 0x4242424242424242424242424242424242424242
contract things: ERC1155 on ethereum at 0x4343434343434343434343434343434343434343

fees at most 1 ETH

allow whatever: any {
    accept unbounded because \"this is a test\"
}
";
    let compiled = compile(SourceFile::new("open", text.to_owned()), &NoFiles);
    let rules = compiled.ruleset.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics));
    let bound = Bound::new(&rules, WALLET, BTreeMap::new()).unwrap();
    (rules, bound)
}

fn argument(member: &Member) -> Value {
    value(&member.ty, &member.name)
}

fn value(ty: &Type, name: &str) -> Value {
    let word = |address: Address| Value::Word(address.into_word().into(), WordType::Address);
    match ty {
        Type::Word(WordType::Address) if ["from", "owner", "holder", "authorizer"].contains(&name) => {
            word(WALLET)
        }
        Type::Word(WordType::Address) => word(STRANGER),
        Type::Word(WordType::Bool) => Value::Word(U256::ONE, WordType::Bool),
        Type::Word(ty @ WordType::Uint(8)) => Value::Word(U256::from(27), *ty),
        Type::Word(ty @ WordType::Uint(_)) => Value::Word(U256::from(AMOUNT), *ty),
        Type::Word(ty) => Value::Word(U256::ZERO, *ty),
        Type::Bytes => Value::Bytes(Vec::new()),
        Type::Array(of, _) => Value::Array(vec![value(of, name)]),
        other => panic!("{other:?}"),
    }
}

/// What comes of a call, and of which functions it was.
fn call(rules: &RuleSet, bound: &Bound, to: Address, signature: &str) -> Comes {
    let function = parse_function(signature).unwrap();
    let values: Vec<Value> = function.inputs.iter().map(argument).collect();
    let data = encode_call(function.selector(), &function.inputs, &values).unwrap();
    let (value, command) = (U256::ZERO, [0; 4]);
    let action = Action { kind: Kind::Call, from: WALLET, to, value, command, data: &data };
    let request = Request {
        chain: 1,
        wallet: WALLET,
        signer: WALLET,
        agent: None,
        now: 1_767_225_600,
        envelope: Envelope::default(),
        actions: &[action],
    };
    let granted = match rules.decide(&request, bound) {
        Ok(granted) => granted,
        Err(reason) => return Denied(reason.code.name()),
    };
    let sum = |wanted: fn(&EffectKind) -> bool| {
        let effects = granted.actions.iter().flat_map(|action| &action.effects);
        effects.filter(|e| wanted(&e.kind)).fold(U256::ZERO, |sum, e| sum + e.amount)
    };
    let moved = sum(|kind| matches!(kind, EffectKind::Move | EffectKind::Pull { .. }));
    let given = sum(|kind| matches!(kind, EffectKind::Grant(GrantMode::Set | GrantMode::Add)));
    match (moved == U256::from(AMOUNT), given == U256::from(AMOUNT)) {
        (true, false) if given.is_zero() => Moved,
        (false, true) if moved.is_zero() => Granted,
        (false, false) if moved.is_zero() && given.is_zero() => Nothing,
        _ => panic!("{signature}: {moved} moved, {given} granted"),
    }
}

#[test]
fn every_function_of_the_standards_is_described_or_refused() {
    let (rules, bound) = open();
    let wrong: Vec<String> = FUNCTIONS
        .iter()
        .map(|(standard, at, signature, comes)| {
            (standard, signature, comes, call(&rules, &bound, *at, signature))
        })
        .filter(|(_, _, expected, found)| *expected != found)
        .map(|(standard, signature, expected, found)| {
            format!("{standard} {signature}: {found:?}, not {expected:?}")
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The same functions at every token that the policy uses, whatever they are there: what is allowed moves or gives the amount, or is one
/// of those that take nothing anywhere.
#[test]
fn no_function_takes_what_it_does_not_say() {
    let (rules, bound) = open();
    let tokens: Vec<Address> = rules
        .tokens
        .iter()
        .flat_map(|token| &token.sites)
        .filter_map(|(chain, at)| at.filter(|_| *chain == 1))
        .collect();
    assert!(tokens.len() >= 7, "{tokens:?}");
    let mut seen = BTreeMap::<String, usize>::new();
    for at in tokens.iter().copied().chain([THING, THINGS]) {
        for (standard, _, signature, comes) in FUNCTIONS {
            let found = call(&rules, &bound, at, signature);
            *seen.entry(format!("{found:?}")).or_default() += 1;
            let takes_nothing = matches!(comes, Nothing) && matches!(found, Nothing);
            assert!(takes_nothing || !matches!(found, Nothing), "{standard} {signature} at {at}");
        }
    }
    println!("{seen:#?}");
    assert!(seen["Moved"] > 20 && seen["Granted"] > 20);
}
