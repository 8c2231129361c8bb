//! A rule set as text, for tests and for people who debug the compiler. Stable: the same rule set gives the same text.

mod callables;
mod show;

use super::{
    Arm, Atom, BytesTest, Callable, EffectSpec, Formula, Linear, Relation, Rule, RuleSet, SetRef, TokenSpec,
    Verb,
};
use agentpol_model::{
    effect::{EffectKind, GrantMode},
    ids::{BudgetId, CallableId, ParamId, SetId, TokenId},
};
use callables::{ShowTyped, ShowUnwrap};
use core::fmt::{self, Display, Formatter};
use num_traits::{One, Signed, Zero};
use show::{Show, ShowAsk, ShowBudget, ShowCap, ShowParam, ShowPath, ShowTarget, ShowToken};

impl Display for RuleSet {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "policy {}", self.name)?;
        for chain in &self.chains {
            writeln!(f, "chain {} id {} native {}", chain.name, chain.id, chain.native)?;
        }
        for (id, param) in (0..).map(ParamId::new).zip(&self.params) {
            writeln!(f, "{id} {}", ShowParam(param))?;
        }
        for (id, token) in (0..).map(TokenId::new).zip(&self.tokens) {
            writeln!(f, "{id} {}", ShowToken(token))?;
        }
        for contract in &self.contracts {
            write!(
                f,
                "contract {} on {} at {}",
                contract.name,
                contract.chain,
                ShowTarget(contract.address)
            )?;
            f.write_str(if contract.upgradeable { " upgradeable" } else { "" })?;
            writeln!(
                f,
                "{}",
                contract.trusted.as_ref().map_or(String::new(), |why| format!(" trusted {why:?}"))
            )?;
        }
        for (id, set) in (0..).map(SetId::new).zip(&self.sets) {
            let words: Vec<_> = set.iter().map(|word| format!("{word:#x}")).collect();
            writeln!(f, "{id} {{ {} }}", words.join(", "))?;
        }
        for (id, callable) in (0..).map(CallableId::new).zip(&self.callables) {
            write!(f, "{id} {callable}")?;
        }
        for (id, budget) in (0..).map(BudgetId::new).zip(&self.budgets) {
            writeln!(f, "{id} {}", ShowBudget(budget))?;
        }
        for (token, cap) in &self.fee_caps {
            writeln!(f, "fees at most {} of {token}", ShowCap(*cap))?;
        }
        for (id, rule) in self.rules_by_id() {
            write!(f, "{id} {rule}")?;
        }
        Ok(())
    }
}

impl Display for Callable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} on {}", self.kind, self.chain)?;
        if let Some(target) = self.target {
            write!(f, " at {}", ShowTarget(target))?;
        }
        if let Some(function) = &self.function {
            let selector = alloy_primitives::hex::encode_prefixed(function.selector);
            write!(f, " {}.{} {selector}", self.contract, function.signature)?;
            f.write_str(if function.payable { " payable" } else { "" })?;
            if function.trailing > 0 {
                write!(f, " trailing {}", function.trailing)?;
            }
        }
        writeln!(f, "{}", if self.opaque { " opaque" } else { "" })?;
        if let Some(typed) = &self.typed {
            writeln!(f, "    {}", ShowTyped(typed))?;
        }
        if self.requires != Formula::Const(true) {
            writeln!(f, "    requires {}", self.requires)?;
        }
        for control in &self.controls {
            writeln!(f, "    gives control to {}{}", Show(&control.party), ShowWhen(&control.when))?;
        }
        self.effects.iter().try_for_each(|effect| writeln!(f, "    {effect}"))?;
        self.unwraps.iter().try_for_each(|unwrap| writeln!(f, "    unwraps {}", ShowUnwrap(unwrap)))
    }
}

impl Display for EffectSpec {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (verb, party) = match self.kind {
            EffectKind::Move => ("moves", "to"),
            EffectKind::Pull { exact: false } => ("pulls", "by"),
            EffectKind::Pull { exact: true } => ("pulls exactly", "by"),
            EffectKind::Grant(GrantMode::Set) => ("grants", "to"),
            EffectKind::Grant(GrantMode::Add) => ("grants more", "to"),
            EffectKind::Grant(GrantMode::Dec) => ("grants less", "to"),
            EffectKind::Receive => ("receives at least", "at"),
            EffectKind::Owe => ("owes", "at"),
        };
        write!(f, "{verb} {} of ", self.amount)?;
        match &self.token {
            TokenSpec::Known(token) => write!(f, "{token}")?,
            TokenSpec::At(scalar) => write!(f, "token at {}", Show(scalar))?,
        }
        if let Some(from) = &self.from {
            write!(f, " from {}", Show(from))?;
        }
        write!(f, " {party} {}", Show(&self.party))?;
        if let Some(through) = &self.through {
            write!(f, " through {}", Show(through))?;
        }
        if let Some(until) = &self.until {
            write!(f, " until {}", Show(until))?;
        }
        if let Some(sentinel) = &self.sentinel {
            write!(f, " where max of {} means all", Show(sentinel))?;
        }
        write!(f, "{}", ShowWhen(&self.when))
    }
}

struct ShowWhen<'a>(&'a Formula);

impl Display for ShowWhen<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Formula::Const(true) => Ok(()),
            when => write!(f, " when {when}"),
        }
    }
}

impl Display for Rule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let verb = match &self.verb {
            Verb::Allow => "allow",
            Verb::Ask(_) => "ask",
            Verb::Deny => "deny",
        };
        write!(f, "{verb} {}", self.name)?;
        list(f, " over", &self.over)?;
        list(f, " exempt", &self.exempt)?;
        list(f, " lifts", &self.lifts)?;
        writeln!(f)?;
        if let Verb::Ask(ask) = &self.verb {
            writeln!(f, "    {}", ShowAsk(ask))?;
        }
        for (budget, ask) in &self.beyond {
            writeln!(f, "    beyond {budget}: {}", ShowAsk(ask))?;
        }
        for (risk, why) in &self.accepts {
            writeln!(f, "    accept {risk} because {why:?}")?;
        }
        self.arms.iter().try_for_each(|arm| arm.fmt(f))
    }
}

impl Display for Arm {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "    {}", self.callable)?;
        for clause in &self.clauses {
            writeln!(f, "        when {}", clause.formula)?;
        }
        for (amount, budgets) in &self.charges {
            write!(f, "        charge {amount}")?;
            list(f, " to", budgets)?;
            writeln!(f)?;
        }
        Ok(())
    }
}

impl Display for Formula {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Formula::Const(truth) => write!(f, "{truth}"),
            Formula::Atom(atom) => write!(f, "{atom}"),
            Formula::Not(inner) => write!(f, "not {inner}"),
            Formula::And(all) => connected(f, " and ", all),
            Formula::Or(any) => connected(f, " or ", any),
            Formula::Quantified { every, array, max, body } => {
                let word = if *every { "all" } else { "any" };
                write!(f, "({word} of {} up to {max}: {body})", ShowPath(array))
            }
        }
    }
}

impl Display for Atom {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Atom::Linear { sum, relation: Relation::NotAbove } => write!(f, "{sum} <= 0"),
            Atom::Linear { sum, relation: Relation::Zero } => write!(f, "{sum} == 0"),
            Atom::Same(a, b) => write!(f, "{} is {}", Show(a), Show(b)),
            Atom::Member(item, SetRef::Const(set)) => write!(f, "{} in {set}", Show(item)),
            Atom::Member(item, SetRef::Param(param)) => write!(f, "{} in {param}", Show(item)),
            Atom::Distinct { array, max } => write!(f, "distinct {} up to {max}", ShowPath(array)),
            Atom::Bytes(path, test) => {
                write!(f, "{}", ShowPath(path))?;
                match test {
                    BytesTest::Equals(bytes) => write!(f, " is {}", hex(bytes)),
                    BytesTest::StartsWith(bytes) => write!(f, " starts with {}", hex(bytes)),
                    BytesTest::Slice { start, bytes } => write!(f, " from {start} is {}", hex(bytes)),
                    BytesTest::SliceIsWord { start, word } => write!(f, " from {start} is {}", Show(word)),
                }
            }
        }
    }
}

impl Display for Linear {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.terms.is_empty() {
            return write!(f, "{}", self.constant);
        }
        for (n, (coefficient, scalar)) in self.terms.iter().enumerate() {
            match (n, coefficient.is_negative()) {
                (0, false) => {}
                (0, true) => f.write_str("-")?,
                (_, false) => f.write_str(" + ")?,
                (_, true) => f.write_str(" - ")?,
            }
            match coefficient.abs() {
                one if one.is_one() => write!(f, "{}", Show(scalar))?,
                other => write!(f, "{other} * {}", Show(scalar))?,
            }
        }
        match &self.constant {
            zero if zero.is_zero() => Ok(()),
            below if below.is_negative() => write!(f, " - {}", below.abs()),
            above => write!(f, " + {above}"),
        }
    }
}

fn list(f: &mut Formatter<'_>, word: &str, items: &[impl Display]) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    let items: Vec<_> = items.iter().map(ToString::to_string).collect();
    write!(f, "{word} {}", items.join(", "))
}

fn connected(f: &mut Formatter<'_>, word: &str, parts: &[Formula]) -> fmt::Result {
    let parts: Vec<_> = parts.iter().map(ToString::to_string).collect();
    write!(f, "({})", parts.join(word))
}

fn hex(bytes: &[u8]) -> String {
    alloy_primitives::hex::encode_prefixed(bytes)
}
