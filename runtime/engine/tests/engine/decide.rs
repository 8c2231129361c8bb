use crate::policy::{NOW, OWNER, ROUTER, SHOP, USDC_AT, action, approve, policy, request, transfer, usdc};
use agentpol_ethereum::Id;
use agentpol_model::{
    Address, U256,
    decision::DenyCode,
    request::{Envelope, Request},
};
use agentpol_runtime::{Outcome, decision::Decision};
use serde_json::json;

fn decide(call: &(Address, Vec<u8>)) -> Decision {
    let policy = policy();
    policy.decide(&request(&[action(call)], NOW), &policy.ledger(false))
}

#[test]
fn an_allowed_request_shows_its_charges() {
    let decision = decide(&transfer(SHOP, usdc(120)));
    assert_eq!(decision.outcome, Outcome::Allow);
    assert_eq!(decision.reason, "`pay` allows it");
    let json = serde_json::to_value(decision.named(Some(&Id::Number(7)))).unwrap();
    let hash = policy().hash().to_string();
    assert_eq!(
        json,
        json!({
            "id": 7,
            "decision": "allow",
            "rule": "pay",
            "reason": "`pay` allows it",
            "charges": [
                {"budget": "daily", "token": "USDC", "amount": "120000000", "remaining": "380000000"},
                {"budget": "life", "token": "USDC", "amount": "120000000", "remaining": "1380000000"},
                {"budget": "pace", "token": null, "amount": "1", "remaining": "2"},
            ],
            "notes": ["fee not judged: the request leaves its gas or price open"],
            "steps": json["steps"].clone(),
            "policy_hash": hash,
        })
    );
}

#[test]
fn an_ask_says_who_must_agree() {
    let decision = decide(&transfer(SHOP, usdc(251)));
    assert_eq!(decision.reason, "`pay_much` asks: its approver must agree within 10min");
    let json = serde_json::to_value(&decision).unwrap();
    assert_eq!(json["ask"], json!({"need": 1, "of": [OWNER.to_string()], "within_s": 600}));
    let beyond = decide(&approve(ROUTER, usdc(501)));
    assert_eq!(
        beyond.reason,
        "`approve_router` asks beyond budget daily: its approver must agree within 10min"
    );
}

#[test]
fn a_budget_says_what_is_left_and_what_is_needed() {
    let more_than_ever = decide(&transfer(SHOP, usdc(501)));
    assert_eq!(more_than_ever.code(), Some(DenyCode::Budget));
    assert_eq!(
        more_than_ever.reason,
        "budget daily: 500 USDC left of 500 USDC per 24h; this needs 501 USDC; that is more than it ever holds"
    );
    assert_eq!(more_than_ever.rule.as_deref(), Some("pay_much"));
}

#[test]
fn what_the_rules_deny_is_said_in_words() {
    let unknown = decide(&(SHOP, vec![1, 2, 3, 4]));
    assert_eq!(unknown.code(), Some(DenyCode::UnknownContract));
    assert_eq!(
        unknown.reason,
        format!(
            "the policy uses no contract or token at {SHOP} on ethereum; import it or declare it with `contract`"
        )
    );
    let function = decide(&(USDC_AT, vec![1, 2, 3, 4]));
    assert_eq!(
        function.reason,
        format!("the interface of USDC ({USDC_AT}) declares no function with the selector 0x01020304")
    );
    let mut dirty = transfer(SHOP, usdc(1));
    dirty.1[4] = 1;
    let malformed = decide(&dirty);
    assert_eq!(malformed.code(), Some(DenyCode::Malformed));
    assert!(malformed.reason.starts_with("malformed calldata at byte 4: "), "{}", malformed.reason);
    let nobody = decide(&approve(SHOP, usdc(1)));
    assert_eq!(nobody.code(), Some(DenyCode::NoRule));
    let nearest = nobody.nearest.expect("a rule came close");
    assert_eq!((nearest.rule.as_str(), nearest.clause.as_str()), ("approve_router", "spender == Router"));
    assert!(nearest.saw.contains(&SHOP.to_string()), "{}", nearest.saw);
    assert!(
        nobody.reason.starts_with("no rule grants it; `approve_router` came closest"),
        "{}",
        nobody.reason
    );
    println!("{}", nobody.reason);
    let unlimited = decide(&approve(ROUTER, U256::MAX));
    assert_eq!(unlimited.code(), Some(DenyCode::Unlimited));
    assert!(unlimited.reason.contains("`approve_router`"), "{}", unlimited.reason);
}

#[test]
fn the_fee_is_capped_at_its_cap_and_not_below() {
    let policy = policy();
    let call = transfer(SHOP, usdc(1));
    let with = |price: u128| {
        let actions = [action(&call)];
        let envelope =
            Envelope { gas_limit: Some(100_000), max_fee_per_gas: Some(price), ..Envelope::default() };
        let request = Request { envelope, ..request(&actions, NOW) };
        policy.decide(&request, &policy.ledger(false))
    };
    let most = 100 * 10u128.pow(9);
    assert!(with(most).is_allowed());
    let over = with(most + 1);
    assert_eq!(over.code(), Some(DenyCode::FeeCap));
    assert_eq!(over.reason, "it may cost 0.0100000000001 ETH in fees; `fees at most 0.01 ETH`");
}

#[test]
fn deciding_changes_nothing() {
    let policy = policy();
    let ledger = policy.ledger(false);
    let call = transfer(SHOP, usdc(250));
    let first = policy.decide(&request(&[action(&call)], NOW), &ledger);
    let before = ledger.clone();
    assert_eq!(policy.decide(&request(&[action(&call)], NOW), &ledger), first);
    assert_eq!(ledger, before);
}

#[test]
fn the_other_wallet_is_refused() {
    let policy = policy();
    let call = transfer(SHOP, usdc(1));
    let actions = [action(&call)];
    let request = Request { wallet: SHOP, ..request(&actions, NOW) };
    let decision = policy.decide(&request, &policy.ledger(false));
    assert_eq!(decision.code(), Some(DenyCode::WrongWallet));
    let request = Request { chain: 5, wallet: policy.wallet(), ..request };
    let decision = policy.decide(&request, &policy.ledger(false));
    assert_eq!(decision.reason, "chain 5 is not one of the policy's: ethereum");
}
