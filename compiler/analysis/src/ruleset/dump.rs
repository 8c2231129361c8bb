//! A rule set as text, for tests and for people who debug the compiler. Stable: the same rule set gives the same text.

use super::{
    Arm, Ask, Atom, BytesTest, Callable, EffectSpec, Formula, Linear, Param, ParamType, Relation, Rule,
    RuleSet, Scalar, Seconds, SetRef, Target, Token, TokenSpec, Verb,
};
use agentpol_model::{
    budget::{Budget, Cap, Measure, Period, Window},
    effect::{EffectKind, GrantMode},
    ids::{BudgetId, CallableId, ParamId, SetId, TokenId},
    types::{Path, Step},
};
use core::fmt::{self, Display, Formatter};
use num_traits::{One, Signed, Zero};

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
        }
        writeln!(f, "{}", if self.opaque { " opaque" } else { "" })?;
        self.effects.iter().try_for_each(|effect| writeln!(f, "    {effect}"))
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
        if let Some(until) = &self.until {
            write!(f, " until {}", Show(until))?;
        }
        if let Some(sentinel) = &self.sentinel {
            write!(f, " where max of {} means all", Show(sentinel))?;
        }
        match &self.when {
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

/// Foreign types, shown as the dump shows them.
struct Show<'a>(&'a Scalar);

impl Display for Show<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Scalar::Const(word) => write!(f, "{word:#x}"),
            Scalar::Arg(path, ty) => write!(f, "{}:{ty}", ShowPath(path)),
            Scalar::Len(path) => write!(f, "len({})", ShowPath(path)),
            Scalar::Party(path) => write!(f, "party({})", ShowPath(path)),
            Scalar::Slice { path, start, from_end, length } => {
                let back = if *from_end { "-" } else { "" };
                write!(f, "{}[{back}{start};{length}]", ShowPath(path))
            }
            Scalar::Field(field) => f.write_str(field.name()),
            Scalar::Param(param) => write!(f, "{param}"),
        }
    }
}

struct ShowPath<'a>(&'a Path);

impl Display for ShowPath<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (n, step) in self.0.0.iter().enumerate() {
            match step {
                Step::Member(m) if n == 0 => write!(f, "arg{m}")?,
                Step::Member(m) => write!(f, ".{m}")?,
                Step::Index(i) => write!(f, "[{i}]")?,
                Step::Element(depth) => write!(f, "[each{depth}]")?,
            }
        }
        Ok(())
    }
}

struct ShowTarget(Target);

impl Display for ShowTarget {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Target::Fixed(address) => write!(f, "{address}"),
            Target::Param(param) => write!(f, "{param}"),
        }
    }
}

struct ShowAsk<'a>(&'a Ask);

impl Display for ShowAsk<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let of: Vec<_> = self.0.of.iter().map(|target| ShowTarget(*target).to_string()).collect();
        write!(f, "ask by {} of {{ {} }} within ", self.0.need, of.join(", "))?;
        match self.0.within {
            Seconds::Fixed(seconds) => write!(f, "{seconds}s"),
            Seconds::Param(param) => write!(f, "{param}"),
        }
    }
}

struct ShowParam<'a>(&'a Param);

impl Display for ShowParam<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.0.name)?;
        match self.0.ty {
            ParamType::Address => f.write_str("address")?,
            ParamType::Approver => f.write_str("approver")?,
            ParamType::Amount(token) => write!(f, "amount of {token}")?,
            ParamType::Int => f.write_str("int")?,
            ParamType::Duration => f.write_str("duration")?,
            ParamType::Time => f.write_str("time")?,
            ParamType::Bool => f.write_str("bool")?,
            ParamType::Bytes32 => f.write_str("bytes32")?,
            ParamType::AddressSet(most) => write!(f, "set of address up to {most}")?,
        }
        match self.0.domain {
            Some((low, high)) => write!(f, " in {low} ..= {high}"),
            None => Ok(()),
        }
    }
}

struct ShowToken<'a>(&'a Token);

impl Display for ShowToken<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} decimals {}", self.0.symbol, self.0.decimals)?;
        self.0.sites.iter().try_for_each(|(chain, at)| match at {
            Some(at) => write!(f, " on {chain} at {at}"),
            None => write!(f, " on {chain} native"),
        })
    }
}

struct ShowBudget<'a>(&'a Budget);

impl Display for ShowBudget<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Budget { name, line, renamed_from, cap, window, measure, rules } = self.0;
        write!(f, "{name}/{line}")?;
        if let Some(old) = renamed_from {
            write!(f, " renamed from {old}")?;
        }
        write!(f, ": {}", ShowCap(*cap))?;
        match measure {
            Measure::Gross(tokens) => {
                tokens.iter().try_for_each(|(token, weight)| write!(f, " {token}*{weight}"))?
            }
            Measure::Fees(token) => write!(f, " {token} of fees")?,
            Measure::Calls => f.write_str(" calls")?,
        }
        match window {
            Window::PerTransaction => f.write_str(" per transaction")?,
            Window::Sliding { seconds } => write!(f, " per {seconds}s")?,
            Window::Calendar(Period::Day) => f.write_str(" per day")?,
            Window::Calendar(Period::Week) => f.write_str(" per week")?,
            Window::Calendar(Period::Month) => f.write_str(" per month")?,
            Window::Total => f.write_str(" total")?,
        }
        rules.as_ref().map_or(Ok(()), |rules| list(f, " for", rules))
    }
}

struct ShowCap(Cap);

impl Display for ShowCap {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Cap::Fixed(cap) => write!(f, "{cap}"),
            Cap::Param(param, weight) => write!(f, "{param}*{weight}"),
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
