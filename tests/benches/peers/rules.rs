//! Rules at random, in both languages.

use core::fmt::Write as _;
use std::collections::BTreeSet;

/// A rule: all of these.
pub struct Rule(Vec<Condition>);

enum Condition {
    /// The recipient is one of these.
    To(BTreeSet<u64>),
    /// A number lies between these, both included.
    Between(usize, u64, u64),
}

/// Makes so many rules.
type Make = fn(usize) -> Vec<Rule>;

/// What is asked about: a name, how many rules, and how they are made.
pub const SETS: [(&str, usize, Make); 2] =
    [("a recipient and an amount", 12, payments), ("three intervals", 12, boxes)];

/// No number in a rule is greater.
const MOST: u64 = 1_000_000;

/// Numbers that the function takes besides the recipient.
const NUMBERS: usize = 3;

/// Different recipients in all rules of a set.
const RECIPIENTS: u64 = 8;

/// As it must be said once.
pub const CEDAR_SCHEMA: &str = "
    entity Agent;
    entity Desk;
    action pay appliesTo { principal: [Agent], resource: [Desk], context: { to: String, x0: Long, x1: Long, x2: Long } };
";

fn payments(count: usize) -> Vec<Rule> {
    let random = &mut Random(1);
    let rule = |_| {
        let to: BTreeSet<u64> = (0..=random.below(2)).map(|_| random.below(RECIPIENTS)).collect();
        Rule(vec![Condition::To(to), random.interval(0)])
    };
    (0..count).map(rule).collect()
}

fn boxes(count: usize) -> Vec<Rule> {
    let random = &mut Random(2);
    (0..count).map(|_| Rule((0..NUMBERS).map(|n| random.interval(n)).collect())).collect()
}

/// SplitMix64.
struct Random(u64);

impl Random {
    /// `0 .. n`
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    /// Up to four tenths of the whole.
    fn interval(&mut self, number: usize) -> Condition {
        let low = self.below(MOST);
        Condition::Between(number, low, MOST.min(low + self.below(MOST * 4 / 10)))
    }
}

fn address(n: u64) -> String {
    format!("0x{:040x}", 0x1111_1111_1111 * (n + 1))
}

/// One policy with all of them.
pub fn agentpol(rules: &[Rule]) -> String {
    let mut out = String::from(
        "policy peers on ethereum\n\ninterface Desk {\n    function pay(to: address, x0: uint256, x1: uint256, x2: uint256) {}\n}\n\
         contract desk: Desk on ethereum at 0x1111111111111111111111111111111111111111\n\
         fees at most 0.01 ETH\nbudget gas: 0.05 ETH of fees per 24h\n",
    );
    for (n, Rule(conditions)) in rules.iter().enumerate() {
        let _ = write!(out, "\nallow r{n}: desk.pay(to, x0, x1, x2) {{\n");
        for condition in conditions {
            let said = match condition {
                Condition::To(these) => {
                    let these: Vec<String> = these.iter().map(|n| address(*n)).collect();
                    format!("to in {{ {} }}", these.join(", "))
                }
                Condition::Between(number, low, high) => format!("{low} <= x{number} <= {high}"),
            };
            let _ = writeln!(out, "    when {said}");
        }
        out.push_str("}\n");
    }
    out
}

/// One of them as a policy of its own.
pub fn cedar(Rule(conditions): &Rule) -> String {
    let said = conditions.iter().map(|condition| match condition {
        Condition::To(these) => {
            let these: Vec<String> = these.iter().map(|n| format!("{:?}", address(*n))).collect();
            format!("[{}].contains(context.to)", these.join(", "))
        }
        Condition::Between(number, low, high) => {
            format!("context.x{number} >= {low} && context.x{number} <= {high}")
        }
    });
    let said: Vec<String> = said.collect();
    format!("permit(principal, action == Action::\"pay\", resource) when {{ {} }};", said.join(" && "))
}
