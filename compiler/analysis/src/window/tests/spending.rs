//! Outflows of rules under different lines, against every way to spend.

use super::{
    outflows::{find, grants, held, moves},
    *,
};
use crate::window::outflow::{Counts, Gives, Held, Outflow, Rule, Span};
use std::collections::BTreeSet;

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
            Outflow::AtMost { value, .. } => {
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
    for _ in 0..1_500 {
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

/// Rule 0 moves and rule 1 grants, both under lines of calls alone.
struct Signed<'a> {
    lines: &'a [Held],
    /// Seconds before the span, and all.
    history: usize,
    length: usize,
    /// What one action of each lets out.
    most: [u64; 2],
    life: Option<Time>,
    /// How many grants stand at once.
    keys: Option<u64>,
    best: u64,
}

impl Signed<'_> {
    /// Tries up to two actions in every second.
    fn go(&mut self, signed: &mut Vec<[u64; 2]>) {
        if signed.len() == self.length {
            self.best = self.best.max(self.used(signed));
            return;
        }
        for moves in 0..=if signed.len() < self.history { 0 } else { 2 } {
            for grants in 0..=2 - moves {
                signed.push([moves, grants]);
                if self.lines.iter().all(|line| self.fits(line, signed)) {
                    self.go(signed);
                }
                signed.pop();
            }
        }
    }

    /// Does the window that ends with the last second hold? Those before it did.
    fn fits(&self, held: &Held, signed: &[[u64; 2]]) -> bool {
        let seconds = match held.line.window {
            Window::Sliding { seconds } => usize::try_from(seconds).unwrap(),
            _ => signed.len(),
        };
        let inside = signed.iter().rev().take(seconds);
        let count = inside.map(|actions| held.rules.iter().map(|rule| actions[*rule]).sum::<u64>());
        count.sum::<u64>() <= u64::try_from(&held.line.cap).unwrap()
    }

    /// The actions of the span, and of the grants from before as many as live and stand.
    fn used(&self, signed: &[[u64; 2]]) -> u64 {
        let (before, inside) = signed.split_at(self.history);
        let lives = |at: usize| self.life.is_none_or(|life| at as Time + life >= self.history as Time);
        let alive: u64 = before.iter().enumerate().filter(|(at, _)| lives(*at)).map(|(_, n)| n[1]).sum();
        let standing = self.keys.map_or(alive, |keys| alive.min(keys));
        let [moved, granted] = inside.iter().fold([0, 0], |sum, n| [sum[0] + n[0], sum[1] + n[1]]);
        moved * self.most[0] + (granted + standing) * self.most[1]
    }
}

#[test]
fn grants_from_before_are_never_more_than_said() {
    let mut draw = Draw(10);
    let (mut exact, mut at_most, mut mixed) = (0, 0, 0);
    for _ in 0..150 {
        let life = [None, Some(0), Some(1), Some(2), Some(3)][usize::try_from(draw.below(5)).unwrap()];
        let keys = 1 + draw.below(2);
        let adds = life.is_some() && draw.below(3) == 0;
        let alone = draw.below(2) == 0;
        let both: &[usize] = if alone { &[1] } else { &[0, 1] };
        let mut lines = vec![held(sliding(1 + draw.below(2), 1 + draw.below(3)), Counts::Calls, both)];
        if draw.below(2) == 0 {
            lines.push(held(sliding(1 + draw.below(3), 1 + draw.below(4)), Counts::Calls, &[1]));
        }
        if draw.below(3) == 0 {
            lines.push(held(total(1 + draw.below(5)), Counts::Calls, both));
        }
        let seconds = 1 + draw.below(3);
        let most = [if alone { 0 } else { 1 + draw.below(4) }, 3];
        let gives = Gives::Grants { life, keys: Some(keys), adds };
        let rules = [moves(most[0]), Rule { most: Some(most[1].into()), gives }];
        let grid = toy(2, 3, &[4]);
        // Two windows of three seconds.
        let history = 6;
        let length = history + usize::try_from(seconds).unwrap();
        let keys = (!adds).then_some(keys);
        let mut search = Signed { lines: &lines, history, length, most, life, keys, best: 0 };
        search.go(&mut vec![]);
        let used = BigUint::from(search.best);
        match find(&rules, &lines, &grid, Span::Seconds(seconds)) {
            Outflow::Exact { value, .. } => {
                exact += 1;
                assert_eq!(value, used, "{rules:?} {lines:?} over {seconds}");
            }
            Outflow::AtMost { value, .. } => {
                at_most += u32::from(alone);
                mixed += u32::from(!alone);
                assert!(value >= used, "{rules:?} {lines:?} over {seconds}: {value} < {used}");
            }
            Outflow::Infinite { rule } => panic!("{rule} of {lines:?}"),
        }
    }
    assert!(exact > 10 * at_most && mixed < 75, "{exact} are exact, {at_most} and {mixed} are bounds");
}
