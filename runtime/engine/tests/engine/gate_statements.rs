//! The gate signs typed data, texts, authorisations and user operations; for a wallet that is not the key's own too.

use crate::{
    account::{FRIEND, HUB, KEEPER, SAFE, USDC, exec_transaction, execution, policy, policy_of, transfer},
    policy::{NOW, WALLET, usdc},
};
use agentpol_ethereum::{OwnedRequest, Signed, read, user_operation::EntryPoint};
use agentpol_model::{Address, B256, U256, decision::DenyCode};
use agentpol_runtime::{
    Answer, Gate, Policy,
    gate::GateSignError,
    history::SignedAs,
    ledger::{Landed, LineName, Record, Reply, Slot},
};
use alloy::signers::{Signature, local::PrivateKeySigner};
use alloy_primitives::hex::encode_prefixed;
use serde_json::{Value as Json, json};

/// The first account of every development chain.
const KEY: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

type Signing = Gate<PrivateKeySigner>;

fn gate_of(policy: Policy) -> Signing {
    let ledger = policy.ledger(false);
    Gate::new(policy, ledger, KEY.parse().expect("a key")).expect("a gate")
}

fn gate() -> Signing {
    gate_of(policy())
}

fn asked(method: &str, params: Json) -> OwnedRequest {
    let line = json!({ "chainId": 1, "request": { "method": method, "params": params } });
    read(&line.to_string()).unwrap_or_else(|refusal| panic!("{refusal}"))
}

fn permit_by(owner: Address, spender: Address, value: U256, nonce: u64, deadline: u64) -> OwnedRequest {
    let member = |name: &str, ty: &str| json!({ "name": name, "type": ty });
    let data = json!({
        "types": {
            "EIP712Domain": [
                member("name", "string"), member("version", "string"), member("chainId", "uint256"),
                member("verifyingContract", "address"),
            ],
            "Permit": [
                member("owner", "address"), member("spender", "address"), member("value", "uint256"),
                member("nonce", "uint256"), member("deadline", "uint256"),
            ],
        },
        "primaryType": "Permit",
        "domain": { "name": "USD Coin", "version": "2", "chainId": 1, "verifyingContract": USDC },
        "message": {
            "owner": owner, "spender": spender, "value": value.to_string(), "nonce": nonce.to_string(),
            "deadline": deadline.to_string(),
        },
    });
    asked("eth_signTypedData_v4", json!([WALLET, data]))
}

fn permit(value: U256, nonce: u64) -> OwnedRequest {
    permit_by(WALLET, HUB, value, nonce, NOW + 60)
}

fn text(text: &str) -> OwnedRequest {
    asked("personal_sign", json!([encode_prefixed(text), WALLET]))
}

fn transaction(to: Address, data: &[u8]) -> OwnedRequest {
    asked(
        "eth_sendTransaction",
        json!([{
            "from": WALLET, "to": to, "data": encode_prefixed(data), "gas": "0x30d40", "nonce": "0x0",
            "maxFeePerGas": "0x3b9aca00", "maxPriorityFeePerGas": "0x1",
        }]),
    )
}

fn operation(sender: Address, nonce: u64, call: &[u8]) -> OwnedRequest {
    asked(
        "eth_sendUserOperation",
        json!([
            {
                "sender": sender, "nonce": format!("{nonce:#x}"), "callData": encode_prefixed(call),
                "callGasLimit": "0x30d40", "verificationGasLimit": "0x30d40", "preVerificationGas": "0xc350",
                "maxFeePerGas": "0x3b9aca00", "maxPriorityFeePerGas": "0x1",
            },
            EntryPoint::V07.address(),
        ]),
    )
}

fn sign(gate: &Signing, request: OwnedRequest) -> Signed {
    match gate.ask(request, None, NOW) {
        Answer::Reserved(reserved) => gate.sign_sync(reserved).expect("signed"),
        other => panic!("{other:?}"),
    }
}

fn denied(gate: &Signing, request: OwnedRequest) -> (DenyCode, String) {
    match gate.ask(request, None, NOW) {
        Answer::Denied(decision) => (decision.code().expect("a code"), decision.reason),
        other => panic!("{other:?}"),
    }
}

fn used(gate: &Signing, line: &str) -> U256 {
    gate.ledger().used(&LineName::new(line, 0)).to_word()
}

/// Whose signature it is, as alloy reads it.
fn signer(signed: &Signed) -> Address {
    let statement = signed.statement().expect("a statement");
    assert_eq!(statement.digest, signed.hash());
    let signature = Signature::from_raw(&statement.signature).expect("a signature");
    signature.recover_address_from_prehash(&statement.digest).expect("a signer")
}

#[test]
fn every_statement_is_signed_by_the_key_and_counted_first() {
    let gate = gate();
    let Answer::Reserved(reserved) = gate.ask(permit(usdc(300), 0), Some("bot"), NOW) else {
        panic!("allowed")
    };
    assert_eq!(used(&gate, "daily"), usdc(300), "counted before it is signed");
    let signed = gate.sign_sync(reserved).expect("signed");
    assert_eq!((signer(&signed), signed.signer()), (WALLET, WALLET));
    let SignedAs { slot, digest, .. } = gate.signed(signed.hash()).unwrap().expect("it was signed here");
    assert!(matches!(slot, Slot::Signature { contract: USDC, .. }));
    assert_eq!(digest, signed.hash());

    let hello = sign(&gate, text("hello, world"));
    let written = Signature::from_raw(&hello.statement().unwrap().signature).unwrap();
    assert_eq!(written.recover_address_from_msg("hello, world").unwrap(), WALLET);

    let line =
        json!({ "chainId": 1, "authorization": { "chainId": "0x1", "address": KEEPER, "nonce": "0x3" } });
    let handed = sign(&gate, read(&line.to_string()).unwrap());
    assert_eq!(signer(&handed), WALLET);
    assert_eq!(gate.next_nonce(1), Some(4));

    let (fourth, _) = denied(&gate, text("hello again"));
    assert_eq!(fourth, DenyCode::Budget, "three an hour, of whatever kind");
}

#[test]
fn one_nonce_of_a_permit_is_one_slot() {
    let gate = gate();
    sign(&gate, permit(usdc(300), 4));
    sign(&gate, permit(usdc(200), 4));
    let same = sign(&gate, permit(usdc(300), 4));
    assert_eq!((used(&gate, "daily"), used(&gate, "pace")), (usdc(300), U256::from(1)));
    // It landed; the spender takes it, and nothing of it is left to count but for the day.
    let SignedAs { slot, digest, .. } = gate.signed(same.hash()).unwrap().unwrap();
    let landed = Landed { slot, digest, ok: true, at: NOW + 5, pulled: None, fee: None };
    assert_eq!(gate.observe(Record::Landed(landed)), Ok(Reply::Done));
    let key = gate.ledger().state().layers.keys().next().copied().expect("an allowance");
    gate.observe(Record::Pulled(key, usdc(300), NOW + 6)).unwrap();
    gate.observe(Record::Final(1, NOW + 6)).unwrap();
    assert_eq!(used(&gate, "daily"), usdc(300));
    let (code, _) = denied(&gate, permit(usdc(1), 4));
    assert_eq!(code, DenyCode::Nonce);
    gate.observe(Record::Final(1, NOW + 6 + 24 * 3_600)).unwrap();
    assert_eq!(used(&gate, "daily"), U256::ZERO);
}

#[test]
fn a_user_operation_is_known_by_its_entry_points_hash() {
    let gate = gate();
    let call = execution(USDC, &transfer(FRIEND, usdc(100)));
    let request = operation(WALLET, 9, &call);
    let agentpol_ethereum::Body::UserOperation(known) = request.body().clone() else {
        panic!("an operation")
    };
    let signed = sign(&gate, request);
    assert_eq!((signer(&signed), signed.hash()), (WALLET, known.digest()));
    let SignedAs { slot, digest, .. } =
        gate.signed(known.hash()).unwrap().expect("by the hash that its event has");
    assert_eq!(
        slot,
        Slot::Signature { chain: 1, contract: EntryPoint::V07.address(), id: U256::from(9).into() }
    );
    assert_eq!(used(&gate, "gas"), U256::from(450_000u64 * 10u64.pow(9)));
    assert_eq!(used(&gate, "daily"), usdc(100));
    let fee = Some(U256::from(5));
    let failed = Landed { slot, digest, ok: false, at: NOW, pulled: None, fee };
    assert_eq!(gate.observe(Record::Landed(failed)), Ok(Reply::Done));
    assert_eq!((used(&gate, "gas"), used(&gate, "daily")), (U256::from(5), U256::ZERO));
}

#[test]
fn the_owner_of_a_safe_signs_for_the_safe() {
    let gate = gate_of(policy_of(SAFE));
    let pays = exec_transaction(USDC, 0, &transfer(FRIEND, usdc(100)));
    let signed = sign(&gate, transaction(SAFE, &pays));
    assert_eq!(signed.transaction().expect("a transaction").signer, WALLET);
    assert_eq!(used(&gate, "daily"), usdc(100));
    assert_eq!(gate.next_nonce(1), Some(1), "the key's own nonce");
    // From the key's own account, whose assets are no business of this policy.
    let (code, reason) = denied(&gate, transaction(USDC, &transfer(FRIEND, usdc(1))));
    assert_eq!(code, DenyCode::ForeignSender);
    assert!(reason.contains(&format!("{WALLET} acts here, not the wallet")), "{reason}");
    let line =
        json!({ "chainId": 1, "authorization": { "chainId": "0x1", "address": KEEPER, "nonce": "0x1" } });
    let (code, reason) = denied(&gate, read(&line.to_string()).unwrap());
    assert_eq!(code, DenyCode::WrongWallet);
    assert!(reason.contains("would hand over the account of the key"), "{reason}");
    // An operation of another account is not the Safe's.
    let (code, _) = denied(&gate, operation(WALLET, 0, &pays));
    assert_eq!(code, DenyCode::WrongWallet);
}

#[test]
fn the_owner_of_an_account_signs_its_operations() {
    let account = Address::repeat_byte(0xac);
    let gate = gate_of(policy_of(account));
    let call = execution(USDC, &transfer(FRIEND, usdc(100)));
    let signed = sign(&gate, operation(account, 0, &call));
    assert_eq!((signer(&signed), used(&gate, "daily")), (WALLET, usdc(100)));
    let stranger = operation(account, 1, &execution(USDC, &transfer(FRIEND, usdc(251))));
    let (code, reason) = denied(&gate, stranger);
    assert_eq!(code, DenyCode::NoRule);
    assert!(reason.starts_with("inner 1: no rule grants it; `pay` came closest"), "{reason}");
}

#[test]
fn what_cannot_be_signed_is_denied() {
    let gate = gate();
    let call = json!({ "to": USDC, "data": encode_prefixed(transfer(FRIEND, usdc(1))) });
    let batch = json!([{ "version": "2.0.0", "chainId": "0x1", "from": WALLET, "atomicRequired": true, "calls": [call] }]);
    let (code, reason) = denied(&gate, asked("wallet_sendCalls", batch));
    assert_eq!(code, DenyCode::InvalidRequest);
    assert!(reason.contains("eth_sendUserOperation"), "{reason}");
    assert_eq!(gate.ledger().state().slots.len(), 0);
}

#[test]
fn a_reservation_of_a_statement_ends_with_its_slot() {
    let gate = gate();
    let reserve = |gate: &Signing, request| match gate.ask(request, None, NOW) {
        Answer::Reserved(reserved) => reserved,
        other => panic!("{other:?}"),
    };
    let reserved = reserve(&gate, permit(usdc(1), 0));
    let slot = *gate.ledger().state().slots.keys().next().unwrap();
    gate.observe(Record::Void(slot)).unwrap();
    assert_eq!(gate.sign_sync(reserved).unwrap_err(), GateSignError::NotReserved);
    // A text has had its time when a later block is final.
    let reserved = reserve(&gate, text("hello"));
    gate.observe(Record::Final(1, NOW + 1)).unwrap();
    assert_eq!(gate.sign_sync(reserved).unwrap_err(), GateSignError::NotReserved);
    let signed = sign(&gate, text("hello"));
    assert_ne!(signed.hash(), B256::ZERO);
}
