//! The owner takes back what others may take, whatever was stopped.

use crate::{
    paper::{FIRST, Signing, assert_same, begin, denied, nonce, open, owned, pay, read, sign, used},
    policy::{KEY, NOW, ROUTER, SHOP, USDC_AT, WALLET, approve, binding, key, module, usdc},
};
use agentpol_ethereum::Completion;
use agentpol_model::{Address, U256, decision::DenyCode};
use agentpol_runtime::{
    Gate, Policy,
    gate::{GateSignError, Irrevocable, RevokeError},
    ledger::{Asset, Key, Landed, LineName, Record},
};
use alloy_primitives::{address, hex};

const PERMIT2: Address = address!("0x000000000022D473030F116dDEE9F6B43aC78BA3");
const FILL: Completion =
    Completion { nonce: 0, gas_limit: 60_000, max_fee_per_gas: 1_000_000_000, max_priority_fee_per_gas: 1 };

fn of_router() -> Key {
    Key { asset: Asset { chain: 1, contract: Some(USDC_AT) }, spender: ROUTER, through: None }
}

fn land(gate: &Signing, hash: agentpol_model::B256, at: u64) {
    let known = gate.signed(hash).unwrap().expect("open");
    let (slot, digest) = (known.slot, known.digest);
    gate.observe(Record::Landed(Landed { slot, digest, ok: true, at, pulled: None, fee: None })).unwrap();
    gate.observe(Record::Final(1, at)).unwrap();
}

#[test]
fn authority_is_taken_back_while_everything_is_stopped() {
    let (gate, paper) = begin();
    assert_eq!(gate.ledger().outstanding(), []);
    let given = sign(&gate, owned(approve(ROUTER, usdc(200)), None));
    let [one] = &gate.ledger().outstanding()[..] else { panic!("one") };
    assert_eq!((one.key, one.held, one.signed, one.until), (of_router(), U256::ZERO, usdc(200), None));
    land(&gate, given.hash(), NOW + 12);
    let [one] = &gate.ledger().outstanding()[..] else { panic!("one") };
    assert_eq!((one.held, one.signed, one.apart), (usdc(200), U256::ZERO, false));

    gate.freeze("lost my laptop", NOW + 20).unwrap();
    assert_eq!(denied(gate.ask(pay(1), None, NOW + 20)).0, DenyCode::Frozen);
    let before = gate.ledger().used(&LineName::new("gas", 0));
    let reserved = gate.revoke(&of_router(), &FILL, NOW + 20).unwrap();
    let signed = gate.sign_sync(reserved).unwrap();
    assert_eq!(nonce(&signed), FIRST + 1);
    let raw = hex::encode(&signed.transaction().unwrap().raw);
    let data = format!("095ea7b3{:0>64}{:0>64}", hex::encode(ROUTER), "");
    assert!(raw.contains(&data) && raw.contains(&hex::encode(USDC_AT)), "approves nothing: {raw}");
    let fee = U256::from(60_000) * U256::from(1_000_000_000);
    let gas = gate.ledger().used(&LineName::new("gas", 0));
    assert_eq!(gas.less(before).to_word(), fee, "its fee is counted");
    assert_eq!(used(&gate), usdc(200), "and what was given counts until it is gone");
    // Nothing else is signed meanwhile.
    assert_eq!(denied(gate.ask(pay(1), None, NOW + 21)).0, DenyCode::Frozen);

    land(&gate, signed.hash(), NOW + 40);
    assert_eq!(gate.ledger().outstanding(), []);
    assert_same(&gate, &open(paper.lines()));
    let replayed = read(&paper.lines(), true).replayed().unwrap();
    assert_eq!((replayed.decisions, replayed.differences), (3, Vec::new()));
}

/// An empty fee budget is no reason to leave authority where it is; neither is a nonce that somebody else used.
#[test]
fn no_budget_and_no_lock_stands_in_its_way() {
    let (gate, _) = begin();
    let dear = Completion { gas_limit: 10_000_000, ..FILL };
    for _ in 0..2 {
        // 0.02 ether of fees are all there is in a day, 0.01 in one transaction.
        gate.sign_sync(gate.revoke(&of_router(), &dear, NOW).unwrap()).unwrap();
    }
    assert_eq!(denied(gate.ask(pay(1), None, NOW)).0, DenyCode::Budget);
    let slot = *gate.ledger().state().slots.keys().next().unwrap();
    gate.observe(Record::Foreign(slot)).unwrap();
    assert_eq!(denied(gate.ask(pay(1), None, NOW)).0, DenyCode::Locked);
    gate.sign_sync(gate.revoke(&of_router(), &dear, NOW).unwrap()).unwrap();
}

/// A node that says that gas is dear would else take what it likes, while the owner is in a hurry.
#[test]
fn one_transaction_costs_no_more_than_the_policy_says() {
    let (gate, paper) = begin();
    let (before, lines) = (gate.ledger().clone(), paper.lines());
    let dear = Completion { max_fee_per_gas: 200_000_000_000, ..FILL };
    let (fee, cap) =
        (U256::from(60_000) * U256::from(200_000_000_000u64), U256::from(10).pow(U256::from(16)));
    assert_eq!(gate.revoke(&of_router(), &dear, NOW).unwrap_err(), RevokeError::FeeCap { fee, cap });
    assert_eq!((&*gate.ledger(), paper.lines()), (&before, lines), "nothing was counted");
}

#[test]
fn a_gate_that_was_stopped_before_it_signed_gives_the_nonce_to_another() {
    let (gate, paper) = begin();
    drop(gate.revoke(&of_router(), &FILL, NOW).unwrap());
    let again = open(paper.lines());
    assert_eq!(again.next_nonce(1), Some(FIRST));
    assert_eq!(nonce(&sign(&again, pay(1))), FIRST);
    // It is counted, and cannot be signed any more once its nonce is settled.
    let reserved = again.revoke(&of_router(), &FILL, NOW).unwrap();
    let slot = *again.ledger().state().slots.keys().last().unwrap();
    again.observe(Record::Foreign(slot)).unwrap();
    assert_eq!(again.sign_sync(reserved).unwrap_err(), GateSignError::NotReserved);
}

#[test]
fn what_cannot_be_taken_back_is_said() {
    let (gate, _) = begin();
    let why = |key: &Key| match gate.revoke(key, &FILL, NOW) {
        Err(RevokeError::Irrevocable(why)) => why,
        other => panic!("{other:?}"),
    };
    let unknown = Key { asset: Asset { chain: 1, contract: Some(SHOP) }, ..of_router() };
    let native = Key { asset: Asset { chain: 1, contract: None }, ..of_router() };
    let elsewhere = Key { asset: Asset { chain: 8453, contract: Some(USDC_AT) }, ..of_router() };
    let kept = Key { through: Some(SHOP), ..of_router() };
    for key in [unknown, native, elsewhere] {
        assert_eq!(why(&key), Irrevocable::UnknownToken, "{key:?}");
    }
    assert_eq!(why(&kept), Irrevocable::UnknownKeeper);
    assert_eq!(gate.next_nonce(1), Some(FIRST), "nothing was counted");

    let permit2 = gate.revocation(&Key { through: Some(PERMIT2), ..of_router() }).unwrap();
    let draft = permit2.draft().unwrap();
    let words = [hex::encode(USDC_AT), hex::encode(ROUTER), String::new(), String::new()];
    let data: String = words.iter().map(|word| format!("{word:0>64}")).collect();
    assert_eq!((draft.to, hex::encode(&draft.data)), (Some(PERMIT2), format!("87517c45{data}")));

    // A Safe's allowances are the Safe's to take back.
    let policy = Policy::new(module(), &agentpol_runtime::Binding { wallet: SHOP, ..binding() }).unwrap();
    let ledger = policy.ledger(false);
    let safe = Gate::new(policy, ledger, key(KEY)).unwrap();
    assert_eq!(safe.revocation(&of_router()), Err(Irrevocable::OtherWallet));
    assert_ne!(safe.policy().wallet(), WALLET);
}
