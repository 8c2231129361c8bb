//! What the reference has not: lines per transaction, hand-written charges, several chains and agents, the largest numbers.

use agentpol_model::{
    Address, B256, ChainId, U256,
    budget::{Period, Window},
    decision::DenyCode,
    effect::{EffectKind, GrantMode, UNLIMITED},
};
use agentpol_runtime::ledger::{
    Action, Asset, Charge, Counts, Effect, Judgement, Landed, Ledger, Line, LineName, Misfit, Name, Record,
    Reply, Request, Rule, Slot, Terms, Verdict,
};
use std::collections::BTreeMap;

pub(crate) const ACCOUNT: Address = Address::repeat_byte(0xaa);
pub(crate) const SPENDER: Address = Address::repeat_byte(1);
const OTHER: Address = Address::repeat_byte(2);

pub(crate) fn asset(chain: ChainId) -> Asset {
    Asset { chain, contract: Some(Address::repeat_byte(0x77)) }
}

pub(crate) fn amount(n: u64) -> U256 {
    U256::from(n)
}

pub(crate) fn line(cap: u64, window: Window) -> Line {
    let counts = Counts::Gross(BTreeMap::from([(asset(1), U256::ONE)]));
    Line { cap: amount(cap), window, counts, rules: None, renamed_from: None }
}

pub(crate) fn ledger(lines: impl IntoIterator<Item = (&'static str, Line)>) -> Ledger {
    let lines = lines.into_iter().map(|(name, line)| (LineName::new(name, 0), line)).collect();
    let rules = ["a", "b"].map(|rule| (Name::from(rule), Rule::default())).into();
    Ledger::new(Terms { lines, rules, chains: [1, 2].into(), ..Terms::default() }, false)
}

fn effect(kind: EffectKind, n: u64) -> Effect {
    Effect { through: None, kind, asset: asset(1), amount: amount(n), party: SPENDER, until: None }
}

fn moves(n: u64) -> Effect {
    effect(EffectKind::Move, n)
}

fn pulls(n: u64) -> Effect {
    effect(EffectKind::Pull { exact: true }, n)
}

fn grants(mode: GrantMode, n: u64) -> Effect {
    effect(EffectKind::Grant(mode), n)
}

pub(crate) fn request(nonce: u64, rule: &str, effects: &[Effect]) -> Request {
    let action =
        Action { rules: vec![rule.into()], effects: effects.to_vec(), charges: Vec::new(), may_fail: false };
    Request {
        slot: Slot::Transaction { chain: 1, account: ACCOUNT, nonce },
        digest: B256::left_padding_from(&(nonce + 1).to_be_bytes()),
        asked: None,
        agent: None,
        fee: U256::ZERO,
        deadline: None,
        actions: vec![action],
    }
}

pub(crate) fn judged(ledger: &mut Ledger, record: Record) -> Judgement {
    match ledger.apply(record) {
        Reply::Judged(judgement) => judgement,
        other => panic!("{other:?}"),
    }
}

fn ask(ledger: &mut Ledger, request: Request) -> Judgement {
    judged(ledger, Record::Request(request))
}

pub(crate) fn code(judgement: &Judgement) -> Option<DenyCode> {
    match &judgement.verdict {
        Verdict::Deny(refusal) => Some(refusal.code),
        _ => None,
    }
}

pub(crate) fn landed(request: &Request, at: u64) -> Record {
    Record::Landed(Landed {
        slot: request.slot,
        digest: request.digest,
        ok: true,
        at,
        pulled: None,
        fee: None,
    })
}

#[test]
fn a_line_per_transaction_remembers_nothing() {
    let mut ledger = ledger([("each", line(10, Window::PerTransaction))]);
    for nonce in 0..20 {
        let judgement = ask(&mut ledger, request(nonce, "a", &[moves(10)]));
        let charge = Charge { line: LineName::new("each", 0), amount: amount(10), remaining: U256::ZERO };
        assert_eq!(judgement.charges, [charge]);
    }
    assert_eq!(code(&ask(&mut ledger, request(20, "a", &[moves(11)]))), Some(DenyCode::Budget));
    assert_eq!(code(&ask(&mut ledger, request(20, "a", &[moves(6), moves(5)]))), Some(DenyCode::Budget));
    assert!(ledger.used(&LineName::new("each", 0)) == U256::ZERO.into());
}

#[test]
fn per_transaction_a_pull_is_free_only_of_what_the_same_envelope_set() {
    let fits = |effects: &[Effect]| {
        let mut ledger = ledger([("each", line(10, Window::PerTransaction))]);
        code(&ask(&mut ledger, request(0, "a", effects))).is_none()
    };
    assert!(fits(&[grants(GrantMode::Set, 10), pulls(10)]));
    assert!(!fits(&[grants(GrantMode::Set, 10), pulls(11)]));
    assert!(!fits(&[grants(GrantMode::Add, 10), pulls(1)]), "what stood before may be used besides");
    assert!(!fits(&[pulls(1), grants(GrantMode::Set, 10)]), "too early");
    assert!(!fits(&[grants(GrantMode::Set, 10), pulls(5), pulls(6)]));
    assert!(!fits(&[grants(GrantMode::Set, 6), grants(GrantMode::Set, 5)]), "the peak, not the net");
    assert!(!fits(&[grants(GrantMode::Set, 10), grants(GrantMode::Dec, 5), pulls(6)]));
    let other = Effect { party: OTHER, ..pulls(1) };
    assert!(!fits(&[grants(GrantMode::Set, 10), other]));
}

#[test]
fn hand_written_charges_count_like_moves() {
    let day = Window::Sliding { seconds: 10 };
    let mut ledger = ledger([("d", line(10, day)), ("e", line(10, day))]);
    let charge = |nonce, n| {
        let mut request = request(nonce, "a", &[]);
        request.actions[0].charges =
            vec![(LineName::new("d", 0), amount(n)), (LineName::new("d", 0), amount(1))];
        request
    };
    assert_eq!(code(&ask(&mut ledger, charge(0, 10))), Some(DenyCode::Budget));
    let fits = charge(0, 9);
    assert_eq!(ask(&mut ledger, fits.clone()).verdict, Verdict::Allow);
    assert_eq!(code(&ask(&mut ledger, charge(1, 0))), Some(DenyCode::Budget));
    assert_eq!(ask(&mut ledger, request(1, "a", &[])).verdict, Verdict::Allow);
    ledger.apply(landed(&fits, 100));
    ledger.apply(Record::Final(1, 109));
    assert_eq!(ledger.used(&LineName::new("d", 0)), amount(10).into());
    ledger.apply(Record::Final(1, 110));
    assert_eq!(ledger.used(&LineName::new("d", 0)), amount(0).into());
    assert_eq!(ledger.state(), &ledger.state().recounted());
}

#[test]
fn a_window_over_two_chains_is_cut_by_the_one_behind() {
    let mut both = line(10, Window::Sliding { seconds: 10 });
    both.counts = Counts::Gross([1, 2].map(|chain| (asset(chain), U256::ONE)).into());
    let mut ledger = ledger([("both", both)]);
    let first = request(0, "a", &[moves(10)]);
    ask(&mut ledger, first.clone());
    ledger.apply(landed(&first, 100));
    ledger.apply(Record::Final(1, 200));
    let elsewhere = Request {
        slot: Slot::Transaction { chain: 2, account: ACCOUNT, nonce: 0 },
        ..request(5, "a", &[Effect { asset: asset(2), ..moves(1) }])
    };
    assert_eq!(code(&ask(&mut ledger, elsewhere.clone())), Some(DenyCode::Budget));
    ledger.apply(Record::Final(2, 109));
    assert_eq!(code(&ask(&mut ledger, elsewhere.clone())), Some(DenyCode::Budget));
    ledger.apply(Record::Final(2, 110));
    assert_eq!(ask(&mut ledger, elsewhere).verdict, Verdict::Allow);
}

#[test]
fn a_month_ends_with_the_month() {
    // 2027-02-28T23:59:59Z
    let last = 1_803_859_199;
    let mut ledger = ledger([("m", line(10, Window::Calendar(Period::Month)))]);
    let first = request(0, "a", &[moves(10)]);
    ask(&mut ledger, first.clone());
    ledger.apply(landed(&first, last - 27 * 86_400));
    ledger.apply(Record::Final(1, last));
    let next = ask(&mut ledger, request(1, "a", &[moves(1)]));
    let Verdict::Deny(refusal) = next.verdict else { panic!("denied") };
    assert_eq!(refusal.shortfall.unwrap().room_from, Some(last + 1));
    ledger.apply(Record::Final(1, last + 1));
    assert_eq!(ask(&mut ledger, request(1, "a", &[moves(10)])).verdict, Verdict::Allow);
}

#[test]
fn room_is_told_for_the_first_moment_that_has_it() {
    let mut ledger = ledger([("d", line(10, Window::Sliding { seconds: 100 }))]);
    for (nonce, at, n) in [(0, 1_000, 3), (1, 1_010, 4), (2, 1_020, 2)] {
        let request = request(nonce, "a", &[moves(n)]);
        ask(&mut ledger, request.clone());
        ledger.apply(landed(&request, at));
    }
    ledger.apply(Record::Final(1, 1_030));
    let room = |ledger: &mut Ledger, n| match ask(ledger, request(3, "a", &[moves(n)])).verdict {
        Verdict::Deny(refusal) => {
            let shortfall = refusal.shortfall.expect("a budget");
            assert_eq!((shortfall.left, shortfall.needs), (amount(1), amount(n)));
            shortfall.room_from
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(
        [2, 4, 5, 8, 9, 10].map(|n| room(&mut ledger, n)),
        [1_100, 1_100, 1_110, 1_110, 1_120, 1_120].map(Some)
    );
    assert_eq!(room(&mut ledger, 11), None);
}

#[test]
fn the_ninth_ask_of_an_agent_is_denied() {
    let mut ledger = ledger([]);
    let mut terms = (*ledger.state().terms).clone();
    terms.rules.insert("a".into(), Rule { ask: Some(60), ..Rule::default() });
    ledger.apply(Record::Edit(terms));
    let from = |agent: &str, n: u64| Request {
        agent: Some(agent.into()),
        digest: B256::left_padding_from(&(n + 1).to_be_bytes()),
        ..request(0, "a", &[moves(1)])
    };
    for n in 0..8 {
        assert!(matches!(ask(&mut ledger, from("one", n)).verdict, Verdict::Ask { within: 60 }));
    }
    assert_eq!(code(&ask(&mut ledger, from("one", 8))), Some(DenyCode::TooManyAsks));
    assert!(
        matches!(ask(&mut ledger, from("one", 7)).verdict, Verdict::Ask { .. }),
        "identical requests join"
    );
    assert!(
        matches!(ask(&mut ledger, from("two", 9)).verdict, Verdict::Ask { .. }),
        "another agent's are its own"
    );
    ledger.apply(Record::Now(61));
    assert!(matches!(ask(&mut ledger, from("one", 8)).verdict, Verdict::Ask { .. }), "they have expired");
}

#[test]
fn the_largest_numbers_deny_and_never_wrap() {
    let mut widest = line(0, Window::Total);
    widest.cap = U256::MAX;
    widest.counts = Counts::Gross([(asset(1), U256::MAX)].into());
    let mut ledger = ledger([("w", widest)]);
    let all = |kind| Effect { amount: U256::MAX, ..effect(kind, 0) };
    assert_eq!(code(&ask(&mut ledger, request(0, "a", &[all(EffectKind::Move); 3]))), Some(DenyCode::Budget));
    assert_eq!(ask(&mut ledger, request(0, "a", &[moves(1)])).verdict, Verdict::Allow, "exactly the cap");
    assert_eq!(code(&ask(&mut ledger, request(1, "a", &[moves(1)]))), Some(DenyCode::Budget));
    for n in 0..3 {
        let key = all(EffectKind::Move).key();
        ledger.apply(Record::Inventory(key, U256::MAX, None));
        ledger.apply(Record::Pulled(key, U256::MAX, n));
        ledger.apply(Record::Inventory(key, U256::MAX, None));
    }
    let held = ledger.used(&LineName::new("w", 0));
    ledger.apply(Record::Allowance(all(EffectKind::Move).key(), U256::ZERO, 5));
    assert_eq!(ledger.used(&LineName::new("w", 0)), held, "converted, all of it");
    assert!(ledger.state().layers.is_empty());
    let grant = |n: U256| Effect { amount: n, ..effect(EffectKind::Grant(GrantMode::Set), 0) };
    assert_eq!(code(&ask(&mut ledger, request(1, "a", &[grant(UNLIMITED)]))), Some(DenyCode::Unlimited));
    assert_eq!(
        code(&ask(&mut ledger, request(1, "a", &[grant(UNLIMITED - U256::ONE)]))),
        Some(DenyCode::Budget)
    );
    assert_eq!(
        ask(&mut ledger, request(1, "a", &[grant(U256::ZERO)])).verdict,
        Verdict::Allow,
        "a revocation"
    );
    ledger.apply(Record::Final(1, u64::MAX));
    ledger.apply(Record::Now(u64::MAX));
    assert_eq!(ledger.state(), &ledger.state().recounted());
}

#[test]
fn the_last_nonce_is_never_used() {
    let mut ledger = ledger([]);
    assert_eq!(code(&ask(&mut ledger, request(u64::MAX - 1, "a", &[]))), None);
    let last = Request { digest: B256::repeat_byte(9), ..request(u64::MAX - 1, "a", &[]) };
    let last = Request { slot: Slot::Transaction { chain: 1, account: ACCOUNT, nonce: u64::MAX }, ..last };
    assert_eq!(code(&ask(&mut ledger, last)), Some(DenyCode::Nonce));
}

#[test]
fn facts_that_fit_nothing_change_nothing() {
    let mut ledger = ledger([("d", line(10, Window::Total))]);
    let known = request(0, "a", &[moves(1)]);
    ask(&mut ledger, known.clone());
    let before = ledger.clone();
    let stranger = Request { digest: B256::ZERO, ..known.clone() };
    assert_eq!(ledger.apply(landed(&request(1, "a", &[]), 5)), Reply::Refused(Misfit::UnknownSlot));
    assert_eq!(ledger.apply(landed(&stranger, 5)), Reply::Refused(Misfit::UnknownVersion));
    assert_eq!(ledger.apply(Record::Begin(1, ACCOUNT, 7)), Reply::Refused(Misfit::NonceKnown));
    let nobody = [LineName::new("none", 0)].into();
    assert_eq!(
        ledger.apply(Record::Adopt(asset(1), amount(1), 5, nobody)),
        Reply::Refused(Misfit::UnknownLine)
    );
    assert_eq!(ledger, before);
}

/// A year of an agent that never rests: what is judged looks at none of it again.
#[test]
fn a_long_history_does_not_slow_judging() {
    let mut ledger = ledger([
        ("d", line(1_000, Window::Sliding { seconds: 3_600 })),
        ("t", line(u64::MAX, Window::Total)),
    ]);
    for nonce in 0..20_000 {
        let request = request(nonce, "a", &[moves(1)]);
        assert_eq!(ask(&mut ledger, request.clone()).verdict, Verdict::Allow);
        ledger.apply(landed(&request, 300 * nonce));
        ledger.apply(Record::Final(1, 300 * nonce));
    }
    assert_eq!(ledger.state().events.len(), 20_000);
    assert_eq!(ledger.used(&LineName::new("d", 0)), amount(12).into());
    assert_eq!(ledger.used(&LineName::new("t", 0)), amount(20_000).into());
}

#[test]
fn approved_room_stays_the_approved_ones_when_the_budget_is_renamed() {
    let day = Window::Sliding { seconds: 100 };
    let mut ledger = ledger([("d", line(5, day))]);
    let mut terms = (*ledger.state().terms).clone();
    terms.rules.get_mut("b").unwrap().beyond.insert(LineName::new("d", 0), 60);
    ledger.apply(Record::Edit(terms.clone()));
    let approved = request(0, "b", &[moves(9)]);
    assert!(matches!(ask(&mut ledger, approved.clone()).verdict, Verdict::Ask { .. }));
    assert_eq!(judged(&mut ledger, Record::Approve(approved)).verdict, Verdict::Allow);
    let own = Request { digest: B256::repeat_byte(3), ..request(0, "a", &[moves(9)]) };
    assert_eq!(code(&ask(&mut ledger, own.clone())), Some(DenyCode::Budget));
    let mut renamed = line(5, day);
    renamed.renamed_from = Some("d".into());
    terms.lines = [(LineName::new("x", 0), renamed)].into();
    terms.rules.get_mut("b").unwrap().beyond.clear();
    ledger.apply(Record::Edit(terms));
    assert_eq!(ledger.used(&LineName::new("x", 0)), amount(9).into());
    assert_eq!(code(&ask(&mut ledger, own)), Some(DenyCode::Budget));
}
