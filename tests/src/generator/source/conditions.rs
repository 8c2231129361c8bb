//! Conditions on what is in sight.

use super::{
    Condition,
    world::{Field, Sort, World},
};
use crate::generator::rng::Rng;

/// What conditions of one rule can speak of: paths and what stands there.
pub(super) struct Sight<'a> {
    pub(super) world: &'a World,
    pub(super) fields: Vec<Field>,
    pub(super) value: bool,
    /// All that the rule covers is in a transaction.
    pub(super) transaction: bool,
    /// The rule covers several tokens: amounts are of whichever is called.
    pub(super) many_tokens: bool,
}

impl Sight<'_> {
    pub(super) fn condition(&self, depth: usize, rng: &mut Rng) -> Condition {
        let deeper = |rng: &mut Rng| self.condition(depth - 1, rng);
        match rng.below(if depth == 0 { 6 } else { 12 }) {
            0..=5 => self.test(rng),
            6..=7 => Condition::And((0..rng.between(2, 3)).map(|_| deeper(rng)).collect()),
            8..=9 => Condition::Or((0..rng.between(2, 3)).map(|_| deeper(rng)).collect()),
            10 => Condition::Not(Box::new(deeper(rng))),
            _ => Condition::If(Box::new([deeper(rng), deeper(rng), deeper(rng)])),
        }
    }

    fn test(&self, rng: &mut Rng) -> Condition {
        match rng.choose(&self.fields) {
            Some(field) if rng.chance(85) => self.about(&field.name, &field.sort, 0, rng),
            _ => self.about_the_request(rng),
        }
    }

    fn about_the_request(&self, rng: &mut Rng) -> Condition {
        let op = *rng.pick(&["<", "<=", ">", ">="]);
        Condition::Test(match rng.below(7) {
            0 => format!("now {op} 2027-01-{:02}", rng.between(1, 31)),
            1..=3 if !self.transaction => "signer == wallet".to_owned(),
            1 => format!("tx.gas {op} {}", rng.between(21_000, 1_000_000)),
            2 => format!("tx.fee {op} 0.0{} ETH", rng.between(1, 9)),
            3 => format!("tx.nonce {op} {}", rng.between(1, 100)),
            4 if self.value => format!("value {op} {}", self.world.amount("ETH", rng)),
            5 => "signer == wallet".to_owned(),
            _ => format!("now {op} 2027-01-15T{:02}:00Z", rng.below(24)),
        })
    }

    fn about(&self, path: &str, sort: &Sort, depth: usize, rng: &mut Rng) -> Condition {
        match sort {
            Sort::Array(inner, most) | Sort::FixedArray(inner, most) if rng.chance(60) => {
                let word = *rng.pick(&["all", "any"]);
                let name = format!("e{depth}");
                let body = self.about(&name, inner, depth + 1, rng);
                let _ = most;
                Condition::Quantified(format!("{word} {name} in {path}:"), Box::new(body))
            }
            Sort::Array(_, most) if rng.chance(50) => Condition::Test(format!(
                "len({path}) {} {}",
                rng.pick(&["<=", ">=", "=="]),
                rng.below(*most as usize + 1)
            )),
            Sort::Array(inner, most) | Sort::FixedArray(inner, most) => {
                self.about(&format!("{path}[{}]", rng.below(*most as usize)), inner, depth, rng)
            }
            Sort::Struct(id) => {
                let field = rng.pick(&self.world.structs[*id]).clone();
                let name = format!("{path}.{}", field.name);
                let sort = match field.sort {
                    Sort::AmountOf(token) => Sort::AmountOf(format!("{path}.{token}")),
                    other => other,
                };
                self.about(&name, &sort, depth, rng)
            }
            Sort::Amount(token) => Condition::Test(self.amount(path, token, rng)),
            Sort::AmountOf(name) => {
                let token = rng.pick(&self.world.tokens).name.clone();
                let test = self.amount(path, &token, rng);
                Condition::And(vec![Condition::Test(format!("{name} == {token}")), Condition::Test(test)])
            }
            _ => Condition::Test(self.word(path, sort, rng)),
        }
    }

    fn amount(&self, path: &str, token: &str, rng: &mut Rng) -> String {
        let op = *rng.pick(&["<", "<=", ">", ">=", "==", "!="]);
        let unit = self.world.unit.as_deref();
        if self.many_tokens {
            let unit = unit.unwrap_or(token);
            return format!("{path} {op} {} {unit}", rng.between(1, 1_000));
        }
        let same: Vec<&Field> =
            self.world.values.iter().filter(|f| f.sort == Sort::Amount(token.to_owned())).collect();
        let literal = self.world.amount(token, rng);
        match (rng.below(9), rng.choose(&same), unit) {
            (0, Some(value), _) => format!("{path} {op} {}", value.name),
            (1, Some(value), _) => format!("{path} + {literal} {op} {} * 2", value.name),
            (2, ..) => format!("1 {token} <= {path} <= {} {token}", rng.between(2, 1_000)),
            (3, ..) => format!("{path} * {} {op} {literal}", rng.between(2, 9)),
            (4, ..) => format!("{path} in 0 {token} ..= {} {token}", rng.between(1, 1_000)),
            (5, _, Some(unit)) => format!("{path} {op} {} {unit}", rng.between(1, 1_000)),
            (6, ..) => format!("{path} * {}% {op} {literal}", rng.between(1, 200)),
            (7, ..) => format!("not {path} {op} {literal}"),
            _ => format!("{path} {op} {literal}"),
        }
    }

    fn word(&self, path: &str, sort: &Sort, rng: &mut Rng) -> String {
        let op = *rng.pick(&["<", "<=", ">", ">=", "==", "!="]);
        let is = *rng.pick(&["==", "!="]);
        match sort {
            Sort::Address => self.address(path, rng),
            Sort::Token => match rng.below(2) {
                0 => format!("{path} {is} {}", rng.pick(&self.world.tokens).name),
                _ => {
                    let tokens: Vec<_> = self.world.tokens.iter().map(|t| t.name.clone()).collect();
                    format!("{path} in {{ {} }}", tokens.join(", "))
                }
            },
            Sort::Uint(8) => {
                let plain: Vec<&Field> =
                    self.world.values.iter().filter(|f| f.sort == Sort::Uint(8)).collect();
                match rng.choose(&plain) {
                    Some(value) if rng.chance(60) => format!("{path} {op} {}", value.name),
                    _ => format!("{path} in {{ 1, 2, {} }}", rng.between(3, 200)),
                }
            }
            Sort::Uint(_) => match rng.below(3) {
                0 => format!("{path} in {} ..= {}", rng.below(10), rng.between(10, 250)),
                _ => format!("{path} {op} {}", rng.between(1, 250)),
            },
            Sort::Int(_) => format!("{path} {op} {}{}", rng.pick(&["", "-"]), rng.between(1, 120)),
            Sort::Bool => format!("{}{path}", rng.pick(&["", "not "])),
            Sort::FixedBytes(n) => format!("{path} {is} 0x{}", hex(usize::from(*n), rng)),
            Sort::Bytes => {
                let (from, length) = (rng.below(30), rng.between(1, 8));
                match rng.below(5) {
                    0 => format!("{path} {is} 0x{}", hex(length, rng)),
                    1 => format!("{path}.starts_with(0x{})", hex(length, rng)),
                    2 => format!("len({path}) {op} {}", rng.between(1, 64)),
                    3 => format!("{path}[{from}..{}] == pad(wallet)", from + 32),
                    _ => format!("{path}[{from}..{}] {is} 0x{}", from + length, hex(length, rng)),
                }
            }
            Sort::Text => match rng.below(3) {
                0 => format!("{path} {is} \"hello\""),
                1 => format!("{path}.starts_with(\"he\")"),
                _ => format!("len({path}) {op} {}", rng.between(1, 40)),
            },
            Sort::Time => format!("{path} <= now + {}min", rng.between(1, 600)),
            Sort::Amount(_)
            | Sort::AmountOf(_)
            | Sort::Struct(_)
            | Sort::Array(..)
            | Sort::FixedArray(..) => "true".to_owned(),
        }
    }

    fn address(&self, path: &str, rng: &mut Rng) -> String {
        let is = *rng.pick(&["==", "!="]);
        let params: Vec<&Field> = self.world.values.iter().filter(|f| f.sort == Sort::Address).collect();
        match (rng.below(6), rng.choose(&params), rng.choose(&self.world.sets)) {
            (0, Some(param), _) => format!("{path} {is} {}", param.name),
            (1..=2, _, Some(set)) => format!("{path} {}in {set}", rng.pick(&["", "not "])),
            (3, ..) => format!("{path} {is} wallet"),
            (4, ..) => format!("{path} in {{ wallet, {} }}", rng.address()),
            _ => format!("{path} {is} {}", rng.address()),
        }
    }
}

fn hex(bytes: usize, rng: &mut Rng) -> String {
    rng.bytes(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
