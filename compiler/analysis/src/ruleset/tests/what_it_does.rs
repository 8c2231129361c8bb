use super::*;
use agentpol_model::{effect::Effect, ids::BudgetId};

fn doing(effects: Vec<EffectSpec>) -> RuleSet {
    RuleSet { callables: vec![function(effects)], ..policy(vec![allow(vec![])]) }
}

fn effects(rules: &RuleSet, to: Address, amount: U256) -> Vec<Effect> {
    judge(rules, &[call(&calldata(to, amount))]).unwrap().actions[0].effects.to_vec()
}

fn refused(rules: &RuleSet, to: Address, amount: U256) -> DenyCode {
    let denied = judge(rules, &[call(&calldata(to, amount))]).unwrap_err();
    assert_eq!(denied.rule, Some(RuleId::new(0)), "the rule that grants it stands in the denial");
    denied.code
}

fn moved(amount: U256) -> Effect {
    let (kind, token, party) = (EffectKind::Move, TokenId::new(1), address(0x77));
    Effect { through: None, kind, token, amount, party, until: None }
}

#[test]
fn amounts_tokens_and_parties() {
    let rules = doing(vec![moves()]);
    assert_eq!(effects(&rules, address(0x77), U256::from(3)), [moved(U256::from(3))]);
    assert_eq!(effects(&rules, address(0x77), U256::ZERO), [moved(U256::ZERO)], "nothing is an effect too");
    let owed = EffectSpec { amount: sum(&[(-1, amount())], 2), ..moves() };
    assert_eq!(effects(&doing(vec![owed]), address(0x77), U256::from(3)), [moved(U256::ZERO)]);
}

#[test]
fn an_amount_fits_a_word() {
    let plus =
        |n| doing(vec![EffectSpec { kind: EffectKind::Owe, amount: sum(&[(1, amount())], n), ..moves() }]);
    assert_eq!(effects(&plus(1), address(0x77), U256::MAX - U256::ONE)[0].amount, U256::MAX);
    assert_eq!(refused(&plus(1), address(0x77), U256::MAX), DenyCode::AmountOverflow);
}

#[test]
fn conditions_on_effects() {
    let when = |when| doing(vec![EffectSpec { when, ..moves() }]);
    assert_eq!(effects(&when(at_most(5)), address(0x77), U256::from(6)), []);
    assert_eq!(effects(&when(at_most(5)), address(0x77), U256::from(5)), [moved(U256::from(5))]);
    assert_eq!(refused(&when(undefined()), address(0x77), U256::ONE), DenyCode::Undefined);
    let from = |a| doing(vec![EffectSpec { from: Some(Scalar::Const(word(a))), ..moves() }]);
    assert_eq!(effects(&from(wallet()), address(0x77), U256::ONE), [moved(U256::ONE)]);
    assert_eq!(effects(&from(address(9)), address(0x77), U256::ONE), [], "somebody else's money");
}

#[test]
fn a_token_named_by_an_argument() {
    let rules = doing(vec![EffectSpec {
        token: TokenSpec::At(arg(0, WordType::Address)),
        party: Scalar::Const(word(address(0x77))),
        ..moves()
    }]);
    assert_eq!(effects(&rules, usdc(), U256::ONE), [moved(U256::ONE)]);
    assert_eq!(refused(&rules, address(1), U256::ONE), DenyCode::UnknownToken);
}

#[test]
fn max_means_all() {
    let owes = |sentinel| EffectSpec { kind: EffectKind::Owe, sentinel, ..moves() };
    let narrow = || Scalar::Arg(Path(vec![Step::Member(1)]), WordType::Uint(8));
    let mut rules = doing(vec![owes(Some(narrow()))]);
    rules.callables[0].function.as_mut().unwrap().inputs[1].ty = Type::Word(WordType::Uint(8));
    assert_eq!(effects(&rules, address(0x77), U256::from(254))[0].amount, U256::from(254));
    assert_eq!(effects(&rules, address(0x77), U256::from(255))[0].amount, U256::MAX);
}

#[test]
fn unlimited_is_for_the_trusted() {
    let grants = || EffectSpec { kind: EffectKind::Grant(GrantMode::Set), from: None, ..moves() };
    let mut rules = doing(vec![grants()]);
    assert_eq!(refused(&rules, address(0x77), U256::MAX), DenyCode::Unlimited);
    let router = |trusted, chain| Contract {
        name: "Router".to_owned(),
        chain,
        address: Target::Fixed(address(0x77)),
        trusted,
        upgradeable: false,
    };
    rules.contracts = vec![router(None, ETHEREUM), router(Some("audited".to_owned()), 8453)];
    assert_eq!(refused(&rules, address(0x77), U256::MAX), DenyCode::Unlimited, "trusted elsewhere");
    rules.contracts.push(router(Some("audited".to_owned()), ETHEREUM));
    assert_eq!(effects(&rules, address(0x77), U256::MAX)[0].amount, U256::MAX);
}

#[test]
fn refusals_and_what_lifts_them() {
    let mut rules = doing(vec![moves()]);
    rules.named_addresses.insert(address(0x77));
    let mut alike = address(0x77);
    alike.0[10] = 0;
    for (to, code) in [
        (Address::ZERO, DenyCode::ZeroRecipient),
        (usdc(), DenyCode::SelfRecipient),
        (alike, DenyCode::LookAlike),
    ] {
        assert_eq!(refused(&rules, to, U256::ONE), code);
        let mut lifted = rules.clone();
        lifted.rules[0].lifts.push(code);
        assert_eq!(effects(&lifted, to, U256::ONE).len(), 1);
    }
}

#[test]
fn opaque_needs_its_accept() {
    let mut rules = doing(vec![moves()]);
    rules.callables[0].opaque = true;
    assert_eq!(refused(&rules, address(0x77), U256::ONE), DenyCode::Opaque);
    rules.rules[0].lifts.push(DenyCode::Opaque);
    assert_eq!(effects(&rules, address(0x77), U256::ONE), [moved(U256::ONE)], "what is known counts");
}

#[test]
fn a_grant_has_an_end() {
    let until = |until| {
        doing(vec![EffectSpec {
            kind: EffectKind::Grant(GrantMode::Set),
            amount: sum(&[], 1),
            until: Some(until),
            ..moves()
        }])
    };
    let rules = until(amount());
    assert_eq!(effects(&rules, address(0x77), U256::from(99))[0].until, Some(99));
    assert_eq!(effects(&rules, address(0x77), U256::MAX)[0].until, Some(u64::MAX), "later than time goes");
}

#[test]
fn hand_written_charges() {
    let mut rules = doing(vec![]);
    let to = |n| BudgetId::new(n);
    rules.rules[0].arms[0].charges =
        vec![(sum(&[(2, amount())], 1), vec![to(1), to(0)]), (sum(&[(-1, amount())], 0), vec![to(2)])];
    let ruling = pay(&rules, 5).unwrap();
    let (eleven, none) = (U256::from(11), U256::ZERO);
    assert_eq!(ruling.actions[0].charges.to_vec(), [(to(1), eleven), (to(0), eleven), (to(2), none)]);
    rules.rules[0].arms[0].charges = vec![(sum(&[(2, amount())], 0), vec![to(0)])];
    assert_eq!(refused(&rules, address(0x77), U256::MAX), DenyCode::AmountOverflow);
}
