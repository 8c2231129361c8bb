//! Outflows of rules under different lines, case by case.

use super::*;
use crate::window::outflow::{Counts, Gives, Held, Outflow, Part, Rule, Span, outflow};

pub(super) fn held(line: Line, counts: Counts, rules: &[usize]) -> Held {
    Held { line, counts, rules: rules.iter().copied().collect() }
}

fn amount(line: Line) -> Held {
    held(line, Counts::Amount, &[0])
}

fn calls(line: Line) -> Held {
    held(line, Counts::Calls, &[0])
}

pub(super) fn moves(most: u64) -> Rule {
    Rule { most: Some(most.into()), gives: Gives::Moves }
}

pub(super) fn grants(most: u64, life: Option<Time>, keys: u64) -> Rule {
    Rule { most: Some(most.into()), gives: Gives::Grants { life, keys: Some(keys), adds: false } }
}

pub(super) fn find(rules: &[Rule], lines: &[Held], grid: &Grid, span: Span) -> Outflow {
    let found = outflow(rules, lines, grid, span, 1_000, &mut Steps::new(MAX_STEPS));
    if let Outflow::Exact { value, parts, .. } = &found {
        check(rules, lines, grid, span, value, parts);
    }
    found
}

/// The parts sum to the value, are of this span, and every line and every rule holds.
fn check(rules: &[Rule], lines: &[Held], grid: &Grid, span: Span, value: &BigUint, parts: &[Part]) {
    let sum = parts.iter().map(|part| &part.amount).sum::<BigUint>();
    assert_eq!(sum, *value, "{rules:?} {lines:?} {span:?}");
    let spent = || parts.iter().map(|part| part.spent);
    if let (Some(first), Some(last)) = (spent().min(), spent().max()) {
        assert!(first >= 1_000);
        match span {
            Span::Seconds(seconds) => assert!(last - first < seconds, "{parts:?} in {seconds}"),
            Span::Transaction => assert_eq!(first, last),
            Span::Ever => {}
        }
    }
    for part in parts {
        let most = &rules[part.rule].most;
        assert!(most.as_ref().is_none_or(|most| part.amount <= most * &part.actions), "{rules:?}: {part:?}");
        match rules[part.rule].gives {
            Gives::Grants { life, .. } if part.signed < part.spent => {
                assert!(life.is_none_or(|life| part.spent <= part.signed + life), "{part:?}");
                let amounts = lines.iter().filter(|held| held.counts == Counts::Amount);
                let mut over_time = amounts.filter(|held| held.line.window != Window::PerTransaction);
                assert!(over_time.all(|held| !held.rules.contains(&part.rule)), "held by a line of amounts");
            }
            _ => assert_eq!(part.signed, part.spent),
        }
    }
    for line in lines {
        let of_line = parts.iter().filter(|part| line.rules.contains(&part.rule));
        let count = |part: &Part| match line.counts {
            Counts::Amount => part.amount.clone(),
            Counts::Calls => part.actions.clone(),
        };
        if span == Span::Transaction {
            assert!(of_line.map(count).sum::<BigUint>() <= line.line.cap, "{rules:?} {line:?}: {parts:?}");
        } else if line.line.window == Window::PerTransaction {
            let one = |part: &Part| num_integer::Integer::div_ceil(&count(part), &part.actions);
            assert!(of_line.map(one).all(|one| one <= line.line.cap), "{rules:?} {line:?}: {parts:?}");
        } else {
            let packing: Vec<_> = of_line.map(|part| (part.signed, count(part))).collect();
            assert!(holds(std::slice::from_ref(&line.line), grid, &packing), "{rules:?} {line:?}: {parts:?}");
        }
    }
}

fn exact(rules: &[Rule], lines: &[Held], span: Span) -> u64 {
    let found = find(rules, lines, &toy(2, 3, &[4]), span);
    let Outflow::Exact { value, .. } = found else { panic!("{found:?}") };
    u64::try_from(value).unwrap()
}

#[test]
fn amounts_hold_moves_and_grants_alike() {
    for rule in [moves(2), grants(2, None, 1)] {
        let rule = [rule];
        assert_eq!(exact(&rule, &[amount(sliding(2, 2))], Span::Seconds(2)), 2);
        assert_eq!(exact(&rule, &[amount(sliding(2, 2))], Span::Seconds(4)), 4);
        assert_eq!(exact(&rule, &[amount(per(2, Period::Day))], Span::Seconds(2)), 4);
        assert_eq!(exact(&rule, &[amount(sliding(2, 2)), amount(sliding(3, 3))], Span::Seconds(4)), 4);
        assert_eq!(exact(&rule, &[amount(sliding(2, 2)), amount(total(3))], Span::Seconds(2)), 2);
        assert_eq!(exact(&rule, &[amount(sliding(2, 2)), amount(total(3))], Span::Ever), 3);
    }
}

#[test]
fn calls_hold_as_many_times_the_most_of_one() {
    assert_eq!(exact(&[moves(2)], &[calls(sliding(1, 3)), amount(sliding(3, 4))], Span::Seconds(4)), 3);
    assert_eq!(exact(&[moves(2)], &[calls(sliding(1, 3))], Span::Seconds(4)), 4);
    assert_eq!(exact(&[moves(5)], &[calls(sliding(1, 3)), amount(sliding(2, 1))], Span::Seconds(4)), 4);
    assert_eq!(exact(&[moves(5)], &[calls(sliding(1, 3)), amount(per_transaction(2))], Span::Seconds(4)), 4);
    assert_eq!(exact(&[moves(5)], &[calls(total(3))], Span::Ever), 15);
}

#[test]
fn grants_under_calls_alone_add_those_from_before() {
    let one_in_two = [calls(sliding(1, 2))];
    assert_eq!(exact(&[grants(2, None, 1)], &one_in_two, Span::Seconds(2)), 4);
    assert_eq!(exact(&[grants(2, None, 1)], &one_in_two, Span::Seconds(4)), 6);
    assert_eq!(exact(&[grants(2, None, 2)], &one_in_two, Span::Seconds(2)), 6, "two spenders");
    assert_eq!(exact(&[grants(2, Some(1), 1)], &one_in_two, Span::Seconds(1)), 2, "a second more");
    assert_eq!(exact(&[grants(2, Some(1), 1)], &one_in_two, Span::Seconds(3)), 4, "a second more");
    assert_eq!(exact(&[grants(2, None, 9)], &[calls(total(3))], Span::Seconds(1)), 6);
    assert_eq!(exact(&[grants(2, None, 9)], &[calls(total(3))], Span::Ever), 6);
    assert_eq!(exact(&[grants(2, None, 9)], &[calls(sliding(1, 2)), calls(total(3))], Span::Seconds(2)), 6);
}

#[test]
fn what_no_line_bounds_is_infinite() {
    let grid = toy(2, 3, &[4]);
    let rules = [moves(2), grants(3, None, 1)];
    let both = |lines: &[Held], span| find(&rules, lines, &grid, span);
    let infinite = |rule| Outflow::Infinite { rule };
    assert_eq!(both(&[amount(sliding(5, 2))], Span::Seconds(1)), infinite(1));
    assert_eq!(both(&[held(sliding(5, 2), Counts::Amount, &[1])], Span::Seconds(1)), infinite(0));
    assert_eq!(both(&[held(sliding(5, 2), Counts::Amount, &[0, 1])], Span::Ever), infinite(0));
    assert_eq!(both(&[held(per_transaction(5), Counts::Amount, &[0, 1])], Span::Seconds(1)), infinite(0));
    // A number of calls is no bound where one call has none.
    let unlimited = [Rule { most: None, gives: Gives::Moves }];
    assert_eq!(find(&unlimited, &[calls(sliding(1, 2))], &grid, Span::Seconds(1)), infinite(0));
    assert_eq!(find(&unlimited, &[], &grid, Span::Transaction), infinite(0));
    assert_eq!(exact(&unlimited, &[calls(sliding(1, 2)), amount(per_transaction(7))], Span::Seconds(3)), 14);
    // What grants add to one another, or anyone may hold, grows with the history.
    for (keys, adds) in [(Some(1), true), (None, false)] {
        let rules = [Rule { most: Some(1_u8.into()), gives: Gives::Grants { life: None, keys, adds } }];
        assert_eq!(find(&rules, &[calls(sliding(1, 2))], &grid, Span::Seconds(1)), infinite(0));
        assert_eq!(exact(&rules, &[calls(sliding(1, 2)), calls(total(9))], Span::Seconds(1)), 9);
        let rules = [Rule { most: Some(1_u8.into()), gives: Gives::Grants { life: Some(7), keys, adds } }];
        assert_eq!(exact(&rules, &[calls(sliding(1, 2))], Span::Seconds(1)), 4);
    }
}

#[test]
fn rules_that_let_out_nothing_are_no_matter() {
    let lines = [held(sliding(0, 2), Counts::Calls, &[0]), held(total(0), Counts::Amount, &[1])];
    assert_eq!(exact(&[moves(5), moves(5), moves(0)], &lines, Span::Ever), 0);
    assert_eq!(exact(&[], &[], Span::Seconds(5)), 0);
    assert_eq!(exact(&[moves(5)], &[calls(per_transaction(0))], Span::Seconds(5)), 0);
}

#[test]
fn one_transaction_holds_every_cap_once_and_a_limited_number_of_actions() {
    assert_eq!(exact(&[moves(5)], &[], Span::Transaction), 128 * 5);
    assert_eq!(exact(&[moves(5)], &[calls(sliding(3, 9))], Span::Transaction), 15);
    assert_eq!(
        exact(&[moves(5)], &[calls(per_transaction(3)), amount(per(14, Period::Day))], Span::Transaction),
        14
    );
    assert_eq!(exact(&[grants(5, None, 7)], &[calls(sliding(3, 9))], Span::Transaction), 15);
    assert_eq!(
        exact(&[moves(5)], &[amount(per_transaction(7)), amount(sliding(6, 2))], Span::Transaction),
        6
    );
    // Both rules share the actions: the one that lets out more takes all.
    assert_eq!(exact(&[moves(5), moves(3)], &[], Span::Transaction), 128 * 5);
    let lines = [held(total(10), Counts::Amount, &[0])];
    assert_eq!(exact(&[moves(5), moves(3)], &lines, Span::Transaction), 10 + 126 * 3);
}

#[test]
fn rules_under_different_lines_sum_and_share() {
    let own = [held(sliding(5, 2), Counts::Amount, &[0]), held(sliding(7, 3), Counts::Amount, &[1])];
    assert_eq!(exact(&[moves(9), moves(9)], &own, Span::Seconds(6)), 15 + 14);
    let mut shared = own.to_vec();
    shared.push(held(sliding(8, 2), Counts::Amount, &[0, 1]));
    assert_eq!(exact(&[moves(9), moves(9)], &shared, Span::Seconds(1)), 8);
    // Three pairs, each of whom share one: half each is no amount.
    let pairs = [[0, 1], [1, 2], [0, 2]].map(|pair| held(sliding(1, 2), Counts::Amount, &pair));
    assert_eq!(exact(&[moves(9), moves(9), moves(9)], &pairs, Span::Seconds(1)), 1);
}

/// Which windows prove the bound.
fn because(rules: &[Rule], lines: &[Held], span: Span) -> Vec<Vec<(usize, u64)>> {
    match find(rules, lines, &toy(2, 3, &[4]), span) {
        Outflow::Exact { because, .. } | Outflow::AtMost { because, .. } => {
            let plain = |n: BigUint| u64::try_from(n).unwrap();
            because
                .into_iter()
                .map(|row| row.into_iter().map(|(line, n)| (line, plain(n))).collect())
                .collect()
        }
        infinite @ Outflow::Infinite { .. } => panic!("{infinite:?}"),
    }
}

#[test]
fn a_bound_names_the_windows_that_prove_it() {
    let unused = held(sliding(1, 1), Counts::Amount, &[7]);
    let two = [unused, amount(sliding(5, 2)), amount(sliding(6, 3))];
    assert_eq!(because(&[moves(9)], &two, Span::Seconds(5)), [[(1, 1), (2, 1)]]);
    assert_eq!(because(&[moves(9)], &[calls(sliding(1, 3))], Span::Seconds(4)), [[(0, 2)]]);
    assert_eq!(because(&[moves(9)], &[amount(total(3)), amount(sliding(1, 3))], Span::Ever), [[(0, 1)]]);
    assert_eq!(because(&[moves(9)], &[], Span::Transaction), [[]], "the actions of an envelope");
    let own = [held(sliding(5, 2), Counts::Amount, &[0]), held(sliding(7, 3), Counts::Amount, &[1])];
    assert_eq!(because(&[moves(9), moves(9)], &own, Span::Seconds(6)), [[(0, 3)], [(1, 2)]]);
}

#[test]
fn what_is_asked_of_a_real_calendar() {
    let grid = Grid::utc().unwrap();
    let all = |line| held(line, Counts::Amount, &[0, 1]);
    let day = 86_400;
    let lines = [all(sliding(500, day)), all(per(2_000, Period::Month)), all(total(10_000))];
    let rules = [moves(250), grants(250, None, 1)];
    let value = |span| match find(&rules, &lines, &grid, span) {
        Outflow::Exact { value, .. } => u64::try_from(value).unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(value(Span::Transaction), 500);
    assert_eq!(value(Span::Seconds(day)), 500);
    // Around one edge.
    assert_eq!(value(Span::Seconds(7 * day)), 3_500);
    assert_eq!(value(Span::Seconds(30 * day)), 4_000, "four days or more of each of two months");
    assert_eq!(value(Span::Ever), 10_000);
}

fn bounded(rules: &[Rule], lines: &[Held], span: Span) -> u64 {
    match find(rules, lines, &toy(2, 3, &[4]), span) {
        Outflow::AtMost { value, .. } => u64::try_from(value).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn for_ever_is_tried_up_to_a_limit() {
    let lines = |most| [amount(total(most)), amount(sliding(1, 1))];
    assert_eq!(exact(&[moves(1)], &lines(4_096), Span::Ever), 4_096);
    assert_eq!(bounded(&[moves(1)], &lines(4_097), Span::Ever), 4_097);
}

#[test]
fn grants_from_long_before_are_tried_up_to_a_limit() {
    let one_a_second = [calls(sliding(1, 1))];
    assert_eq!(exact(&[grants(1, None, 256)], &one_a_second, Span::Seconds(1)), 257);
    assert_eq!(bounded(&[grants(1, None, 257)], &one_a_second, Span::Seconds(1)), 258);
}
