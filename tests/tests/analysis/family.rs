//! A child and its parent as one policy, against both asked one after the other.

use agentpol_analysis::{
    extend::{Clash, Joined, join},
    findings::{self, Kind},
    ruleset::{Bound, Formula, RuleSet, Verb},
};
use agentpol_grammar::span::Span;
use agentpol_model::{decision::Ruling, ids::RuleId};
use agentpol_tests::{
    differential::WALLET,
    generator::{
        Rng,
        aim::{Pool, aim, values},
        rules,
    },
};

/// A policy that speaks of the same things: some rules never match, some conditions are gone, some rules allow what they asked for.
fn related(base: &RuleSet, rng: &mut Rng) -> RuleSet {
    let mut policy = base.clone();
    for rule in &mut policy.rules {
        if matches!(rule.verb, Verb::Ask(_)) && rng.chance(30) {
            rule.verb = Verb::Allow;
        }
        let never = rng.chance(15);
        for arm in &mut rule.arms {
            if arm.clauses.len() > 1 && rng.chance(50) {
                let at = rng.below(arm.clauses.len());
                arm.clauses.remove(at);
            }
            for clause in arm.clauses.iter_mut().filter(|_| never) {
                clause.formula = Formula::Const(false);
            }
        }
    }
    policy
}

/// The parent's budgets under other names.
fn above(mut policy: RuleSet) -> RuleSet {
    policy.name = "above".to_owned();
    for budget in &mut policy.budgets {
        budget.name = format!("{}_above", budget.name);
    }
    policy
}

fn is_ask(rules: &RuleSet, rule: RuleId) -> bool {
    matches!(rules.rules[rule.index()].verb, Verb::Ask(_))
}

/// Is a line charged for these rules?
fn is_charged(rules: &RuleSet, line: usize, rule: RuleId) -> bool {
    let counts = rules.budgets[line].rules.as_ref().is_none_or(|rules| rules.contains(&rule));
    counts && !rules.rules[rule.index()].exempt.iter().any(|exempt| exempt.index() == line)
}

#[test]
fn both_are_asked_and_both_are_charged() {
    let (mut joint, mut granted, mut asked, mut requests) = (0, 0, 0, 0);
    for seed in 0..300 {
        let rng = &mut Rng::new(seed);
        let size = rules::Size { rules: rng.between(1, 6), ..rules::Size::default() };
        let base = rules::random(rng, size);
        let (child, parent) = (related(&base, rng), above(related(&base, rng)));
        let Joined { rules, own } = match join(&child, &parent, Span::new(0, 1)) {
            Ok(joined) => joined,
            Err(clashes) => {
                let excused = |clash: &Clash| matches!(clash, Clash::Exempt(..) | Clash::Within(..));
                assert!(clashes.iter().all(excused), "seed {seed}: {clashes:?}");
                continue;
            }
        };
        joint += 1;
        let module = agentpol_compiler::lower::lower(&rules).unwrap_or_else(|e| panic!("seed {seed}: {e:?}"));
        agentpol_verifier::verify(module).unwrap_or_else(|e| panic!("seed {seed}: {e:?}"));
        let Ok(bound) = Bound::new(&rules, WALLET, values(&rules, rng)) else { continue };
        let pool = Pool::new(&child, &bound);
        for _ in 0..40 {
            let request = aim(&child, &bound, &pool, rng);
            let answers: [Ruling; 3] = [&child, &parent, &rules].map(|rules| request.decide(rules, &bound));
            let [Ok(by_child), Ok(by_parent), joined] = &answers else {
                assert!(answers[2].is_err(), "seed {seed}: {request:?}\n{answers:?}");
                continue;
            };
            let joined = joined.as_ref().unwrap_or_else(|e| panic!("seed {seed}: {e:?} {request:?}"));
            requests += 1;
            granted += joined.actions.len();
            assert_eq!(joined.actions.len(), by_child.actions.len());
            let each = joined.actions.iter().zip(&by_child.actions).zip(&by_parent.actions);
            for ((action, own_action), parent_action) in each {
                assert_eq!(own[action.rule.index()], Some(own_action.rule));
                assert_eq!(action.effects, own_action.effects);
                let asks = is_ask(&child, own_action.rule) || is_ask(&parent, parent_action.rule);
                assert_eq!(is_ask(&rules, action.rule), asks, "seed {seed}");
                asked += usize::from(asks);
                let lines = child.budgets.len();
                for line in 0..rules.budgets.len() {
                    let (ours, theirs) = match line.checked_sub(lines) {
                        // A line for everybody counts the other policy's rule as well.
                        None => {
                            (is_charged(&child, line, own_action.rule), child.budgets[line].rules.is_none())
                        }
                        Some(line) => (
                            parent.budgets[line].rules.is_none(),
                            is_charged(&parent, line, parent_action.rule),
                        ),
                    };
                    assert_eq!(is_charged(&rules, line, action.rule), ours || theirs, "seed {seed}, {line}");
                }
            }
        }
    }
    println!(
        "{joint} pairs of policies, {requests} requests that both grant, {granted} actions, {asked} asked for"
    );
    assert!(joint > 100 && requests > 200 && asked > 20);
}

#[test]
fn what_a_child_grants_beyond_its_parent_is_found() {
    let (mut wider, mut beyond) = (0, 0);
    for seed in 0..120 {
        let rng = &mut Rng::new(seed);
        let size = rules::Size { rules: rng.between(1, 4), ..rules::Size::default() };
        let base = rules::random(rng, size);
        let (child, parent) = (related(&base, rng), above(related(&base, rng)));
        let Ok(Joined { rules, own }) = join(&child, &parent, Span::new(0, 1)) else { continue };
        let found = findings::family::findings(&child, &parent, &rules, &own);
        let is_open = |kind: &Kind| matches!(kind, Kind::Wider { .. } | Kind::Unknown { .. });
        wider += found.iter().filter(|finding| matches!(finding.kind, Kind::Wider { .. })).count();
        if found.iter().any(|finding| is_open(&finding.kind)) {
            continue;
        }
        // Proved: whatever the child grants its parent grants, unless it denies it outright.
        let Ok(bound) = Bound::new(&child, WALLET, values(&child, rng)) else { continue };
        let pool = Pool::new(&child, &bound);
        for _ in 0..60 {
            let request = aim(&child, &bound, &pool, rng);
            let (Ok(_), Err(denied)) = (request.decide(&child, &bound), request.decide(&parent, &bound))
            else {
                continue;
            };
            let rule = denied.rule.map(|rule| &parent.rules[rule.index()].verb);
            assert_eq!(rule, Some(&Verb::Deny), "seed {seed}: {denied:?} {request:?}");
            beyond += 1;
        }
    }
    println!("{wider} rules are wider; {beyond} requests that a parent's denial stops");
    assert!(wider > 10);
}
