//! Outflows of rules under different lines, against every way to spend.

use super::*;
use crate::window::outflow::{Counts, Gives, Held, Outflow, Part, Rule, Span, outflow};
use std::collections::BTreeSet;

fn held(line: Line, counts: Counts, rules: &[usize]) -> Held {
    Held { line, counts, rules: rules.iter().copied().collect() }
}

fn amount(line: Line) -> Held {
    held(line, Counts::Amount, &[0])
}

fn calls(line: Line) -> Held {
    held(line, Counts::Calls, &[0])
}

fn moves(most: u64) -> Rule {
    Rule { most: Some(most.into()), gives: Gives::Moves }
}

fn grants(most: u64, life: Option<Time>, keys: u64) -> Rule {
    Rule { most: Some(most.into()), gives: Gives::Grants { life, keys: Some(keys), adds: false } }
}

fn find(rules: &[Rule], lines: &[Held], grid: &Grid, span: Span) -> Outflow {
    let found = outflow(rules, lines, grid, span, 1_000, &mut Steps::new(MAX_STEPS));
    if let Outflow::Exact { value, parts } = &found {
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

/// The most that can be spent in the seconds from `start`, by trying every amount of every rule in every second, each in as few actions
/// as it can be.
fn most_spent(rules: &[Rule], lines: &[Held], grid: &Grid, seconds: Time, start: Time) -> u64 {
    struct Search {
        windows: Vec<(u64, Counts, BTreeSet<usize>, Time, Time)>,
        most: Vec<u64>,
        slots: usize,
        best: u64,
    }
    impl Search {
        fn go(&mut self, spent: &mut Vec<u64>) {
            let rules = self.most.len();
            self.best = self.best.max(spent.iter().sum());
            if spent.len() == self.slots {
                return;
            }
            for amount in 0..=6 {
                spent.push(amount);
                let fits = self.windows.iter().all(|(cap, counts, scope, from, to)| {
                    let inside = spent.iter().enumerate().filter(|(slot, _)| {
                        let second = (slot / rules) as Time;
                        scope.contains(&(slot % rules)) && (*from..*to).contains(&second)
                    });
                    let count = inside.map(|(slot, amount)| match counts {
                        Counts::Amount => *amount,
                        Counts::Calls => amount.div_ceil(self.most[slot % rules]),
                    });
                    count.sum::<u64>() <= *cap
                });
                if fits {
                    self.go(spent);
                }
                spent.pop();
                if !fits {
                    break;
                }
            }
        }
    }
    let mut all = vec![];
    for held in lines {
        let cap = u64::try_from(&held.line.cap).unwrap();
        for (from, to) in windows(&held.line, grid, start, start + seconds) {
            all.push((cap, held.counts, held.rules.clone(), from - start, to - start));
        }
    }
    let most = rules.iter().map(|rule| u64::try_from(rule.most.as_ref().unwrap()).unwrap()).collect();
    let slots = rules.len() * usize::try_from(seconds).unwrap();
    let mut search = Search { windows: all, most, slots, best: 0 };
    search.go(&mut vec![]);
    search.best
}

#[test]
fn outflows_are_never_less_than_what_can_be_spent() {
    let mut draw = Draw(8);
    let (mut exact, mut at_most) = (0, 0);
    for _ in 0..1_500 {
        let rules: Vec<Rule> = (0..1 + draw.below(3)).map(|_| moves(1 + draw.below(3))).collect();
        let grid = toy(1 + draw.below(3), 1 + draw.below(3), &[1 + draw.below(3)]);
        let mut lines = vec![];
        // One line of amounts for each rule at least, so that the search ends.
        for rule in 0..rules.len() {
            lines.push(held(sliding(draw.below(4), 1 + draw.below(3)), Counts::Amount, &[rule]));
        }
        for _ in 0..draw.below(3) {
            let scope: Vec<usize> = (0..rules.len()).filter(|_| draw.below(3) > 0).collect();
            let line = match draw.below(3) {
                0 => sliding(draw.below(5), 1 + draw.below(3)),
                1 => per(draw.below(5), Period::Day),
                _ => total(draw.below(6)),
            };
            let counts = if draw.below(3) == 0 { Counts::Calls } else { Counts::Amount };
            lines.push(held(line, counts, &scope));
        }
        let seconds = 1 + draw.below(6 / rules.len() as u64);
        let cycle = grid.day.cycle();
        let spent = (0..cycle).map(|start| most_spent(&rules, &lines, &grid, seconds, start)).max().unwrap();
        match find(&rules, &lines, &grid, Span::Seconds(seconds)) {
            Outflow::Exact { value, .. } => {
                exact += 1;
                assert_eq!(value, spent.into(), "{rules:?} {lines:?} over {seconds}");
            }
            Outflow::AtMost { value } => {
                at_most += 1;
                assert!(value >= spent.into(), "{rules:?} {lines:?} over {seconds}: {value} < {spent}");
            }
            Outflow::Infinite { rule } => panic!("{rule} of {lines:?}"),
        }
    }
    assert!(exact > 20 * at_most, "{exact} are exact, {at_most} are bounds");
}

#[test]
fn one_scope_of_amounts_is_always_exact() {
    let mut draw = Draw(9);
    for _ in 0..3_000 {
        let rules = [moves(1 + draw.below(9)), grants(1 + draw.below(9), None, 1)];
        let grid = toy(1 + draw.below(5), 1 + draw.below(5), &[1 + draw.below(5), 1 + draw.below(5)]);
        let mut lines = vec![held(sliding(1 + draw.below(9), 1 + draw.below(5)), Counts::Amount, &[0, 1])];
        for _ in 0..draw.below(3) {
            let cap = 1 + draw.below(20);
            let line = match draw.below(5) {
                0 => sliding(cap, 1 + draw.below(9)),
                1 => per(cap, Period::Day),
                2 => per(cap, Period::Week),
                3 => per(cap, Period::Month),
                _ => total(cap * 3),
            };
            lines.push(held(line, Counts::Amount, &[0, 1]));
        }
        let seconds = 1 + draw.below(30);
        let found = find(&rules, &lines, &grid, Span::Seconds(seconds));
        let of_lines: Vec<Line> = lines.iter().map(|held| held.line.clone()).collect();
        let covered = exactly(&of_lines, &grid, seconds).value;
        assert!(matches!(&found, Outflow::Exact { value, .. } if *value == covered), "{lines:?}: {found:?}");
    }
}

/// How many grants can be used in the seconds from `history` on: those of the seconds, and of each key one from before that lives.
fn most_used(
    line: &[Line],
    grid: &Grid,
    history: usize,
    seconds: usize,
    life: Option<usize>,
    keys: Option<u64>,
) -> u64 {
    fn go(search: &(&[Line], &Grid, usize, usize), signed: &mut Vec<u64>, best: &mut impl FnMut(&[u64])) {
        let (lines, grid, length, most) = search;
        if signed.len() == *length {
            best(signed);
            return;
        }
        for n in 0..=*most as u64 {
            signed.push(n);
            let packing: Vec<_> = signed.iter().zip(0..).map(|(n, at)| (at, BigUint::from(*n))).collect();
            let fits = holds(lines, grid, &packing);
            if fits {
                go(search, signed, best);
            }
            signed.pop();
            if !fits {
                break;
            }
        }
    }
    let mut best = 0;
    let mut look = |signed: &[u64]| {
        let alive = signed[..history].iter().enumerate();
        let alive = alive.filter(|(at, _)| life.is_none_or(|life| at + life >= history));
        let before: u64 = alive.map(|(_, n)| n).sum();
        let inside: u64 = signed[history..].iter().sum();
        best = (inside + keys.map_or(before, |keys| before.min(keys))).max(best);
    };
    go(&(line, grid, history + seconds, 2), &mut vec![], &mut look);
    best
}

#[test]
fn grants_from_before_are_never_more_than_said() {
    let mut draw = Draw(10);
    let (mut exact, mut at_most) = (0, 0);
    for _ in 0..200 {
        let life = [None, Some(0), Some(1), Some(2), Some(3)][usize::try_from(draw.below(5)).unwrap()];
        let keys = 1 + draw.below(2);
        let adds = life.is_some() && draw.below(3) == 0;
        let mut lines = vec![sliding(1 + draw.below(2), 1 + draw.below(3))];
        if draw.below(2) == 0 {
            lines.push(sliding(1 + draw.below(3), 1 + draw.below(4)));
        }
        if draw.below(3) == 0 {
            lines.push(total(1 + draw.below(5)));
        }
        let seconds = 1 + draw.below(3);
        let rules = [Rule { most: Some(3_u8.into()), gives: Gives::Grants { life, keys: Some(keys), adds } }];
        let under: Vec<Held> = lines.iter().cloned().map(calls).collect();
        let grid = toy(2, 3, &[4]);
        let (history, length) = (6, usize::try_from(seconds).unwrap());
        let standing = (!adds).then_some(keys);
        let life = life.map(|life| usize::try_from(life).unwrap());
        let used = BigUint::from(3 * most_used(&lines, &grid, history, length, life, standing));
        match find(&rules, &under, &grid, Span::Seconds(seconds)) {
            Outflow::Exact { value, .. } => {
                exact += 1;
                assert_eq!(value, used, "{rules:?} {lines:?} over {seconds}");
            }
            Outflow::AtMost { value } => {
                at_most += 1;
                assert!(value >= used, "{rules:?} {lines:?} over {seconds}: {value} < {used}");
            }
            Outflow::Infinite { rule } => panic!("{rule} of {lines:?}"),
        }
    }
    assert!(exact > 4 * at_most, "{exact} are exact, {at_most} are bounds");
}
