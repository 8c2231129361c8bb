//! What is left of each budget.

use crate::{
    ledger::{Ledger, LineName, Total},
    load::Policy,
};
use agentpol_model::{U256, budget::Window};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A line of a budget, and how full it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// The budget.
    pub budget: String,
    /// Which of its lines, from 0.
    pub line: u8,
    /// The token whose base units it is counted in; `None` for calls, or where no token's unit is the common one.
    pub token: Option<String>,
    /// As a policy says it: `per 24h`, `total`.
    pub window: String,
    /// The most that fits.
    pub cap: Amount,
    /// What counts now.
    pub used: Amount,
    /// What the agent can still use by itself.
    pub left: Amount,
    /// Can somebody's approval let a request pass beyond it?
    pub beyond: bool,
}

impl Policy {
    /// What is left of each line, in the order of the policy.
    pub fn left(&self, ledger: &Ledger) -> Vec<Left> {
        let lines = self.module().budgets.iter().filter_map(|budget| {
            let name = &LineName::new(&budget.name, budget.line);
            let line = self.terms().lines.get(name)?;
            let used = match line.window {
                Window::PerTransaction => Total::ZERO,
                _ => ledger.used(name),
            };
            Some(Left {
                budget: name.budget.to_string(),
                line: name.line,
                token: self.unit(name).and_then(|token| self.token(token)).map(|token| token.symbol.clone()),
                window: budget.window.to_string(),
                cap: Amount(line.cap),
                used: Amount(used.to_word()),
                left: Amount(Total::from(line.cap).less(used).to_word()),
                beyond: self.terms().rules.values().any(|rule| rule.beyond.contains_key(name)),
            })
        });
        lines.collect()
    }
}

/// Base units, written in decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount(pub U256);

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let amount = U256::from_str_radix(&text, 10);
        amount.map(Self).map_err(|_| D::Error::custom("an amount is a decimal number of base units"))
    }
}
