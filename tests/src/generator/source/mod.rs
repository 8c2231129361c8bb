//! Random policies as text, made so that they mean something: names are declared, units agree, tokens are established before
//! amounts of them are compared. The text is kept in pieces, so that a failing policy can be made small.

mod conditions;
mod make;
mod world;

use super::shrink::Shrink;
use core::fmt;
pub use make::random;

/// A policy in pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePolicy {
    /// `policy p on ethereum`
    pub head: String,
    /// Everything but the rules, each item by itself.
    pub items: Vec<String>,
    /// The rules.
    pub rules: Vec<SourceRule>,
}

/// A rule in pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRule {
    /// `allow r0: T0.transfer(x0, x1) on ethereum`
    pub head: String,
    /// What each `when` says.
    pub whens: Vec<Condition>,
    /// The other clauses, each by itself.
    pub clauses: Vec<String>,
}

/// A condition in pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own word")]
pub enum Condition {
    /// `x0 <= 5 T0`
    Test(String),
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    If(Box<[Condition; 3]>),
    /// `all x in xs: …`, its head as text.
    Quantified(String, Box<Condition>),
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Test(test) => f.write_str(test),
            Condition::And(parts) => joined(f, " and ", parts),
            Condition::Or(parts) => joined(f, " or ", parts),
            Condition::Not(inner) => write!(f, "not ({inner})"),
            Condition::If(parts) => {
                let [condition, yes, no] = &**parts;
                write!(f, "(if {condition} then {yes} else {no})")
            }
            Condition::Quantified(head, body) => write!(f, "({head} {body})"),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, word: &str, parts: &[Condition]) -> fmt::Result {
    let parts: Vec<_> = parts.iter().map(ToString::to_string).collect();
    write!(f, "({})", parts.join(word))
}

impl fmt::Display for SourceRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {{", self.head)?;
        self.whens.iter().try_for_each(|when| writeln!(f, "    when {when}"))?;
        self.clauses.iter().try_for_each(|clause| writeln!(f, "    {clause}"))?;
        writeln!(f, "}}")
    }
}

impl fmt::Display for SourcePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.head)?;
        self.items.iter().try_for_each(|item| writeln!(f, "{item}"))?;
        self.rules.iter().try_for_each(|rule| write!(f, "\n{rule}"))
    }
}

impl Shrink for SourcePolicy {
    fn smaller(&self) -> Vec<Self> {
        let mut out = Vec::new();
        for n in 0..self.rules.len() {
            out.push(changed(self, |p| drop(p.rules.remove(n))));
        }
        for n in 0..self.items.len() {
            out.push(changed(self, |p| drop(p.items.remove(n))));
        }
        for (n, rule) in self.rules.iter().enumerate() {
            for c in 0..rule.clauses.len() {
                out.push(changed(self, |p| drop(p.rules[n].clauses.remove(c))));
            }
            for (w, when) in rule.whens.iter().enumerate() {
                out.push(changed(self, |p| drop(p.rules[n].whens.remove(w))));
                for when in when.smaller() {
                    out.push(changed(self, |p| p.rules[n].whens[w] = when));
                }
            }
        }
        out
    }
}

impl Shrink for Condition {
    fn smaller(&self) -> Vec<Self> {
        match self {
            Condition::Test(_) => vec![],
            Condition::And(parts) => parts_of(parts, Condition::And),
            Condition::Or(parts) => parts_of(parts, Condition::Or),
            Condition::Not(inner) => {
                let mut out = vec![(**inner).clone()];
                out.extend(inner.smaller().into_iter().map(|inner| Condition::Not(Box::new(inner))));
                out
            }
            Condition::If(parts) => parts.to_vec(),
            Condition::Quantified(head, body) => {
                let bodies = body.smaller().into_iter();
                bodies.map(|body| Condition::Quantified(head.clone(), Box::new(body))).collect()
            }
        }
    }
}

fn parts_of(parts: &[Condition], whole: fn(Vec<Condition>) -> Condition) -> Vec<Condition> {
    let mut out = parts.to_vec();
    for n in 0..parts.len() {
        if parts.len() > 2 {
            let mut fewer = parts.to_vec();
            fewer.remove(n);
            out.push(whole(fewer));
        }
        for part in parts[n].smaller() {
            let mut parts = parts.to_vec();
            parts[n] = part;
            out.push(whole(parts));
        }
    }
    out
}

fn changed(policy: &SourcePolicy, change: impl FnOnce(&mut SourcePolicy)) -> SourcePolicy {
    let mut policy = policy.clone();
    change(&mut policy);
    policy
}
