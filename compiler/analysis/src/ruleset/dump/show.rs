//! Foreign types, as the dump shows them.

use super::list;
use crate::ruleset::{Ask, Param, ParamType, Scalar, Seconds, Target, Token};
use agentpol_model::{
    budget::{Budget, Cap, Measure, Period, Window},
    types::{Path, Step},
};
use core::fmt::{self, Display, Formatter};

pub(super) struct Show<'a>(pub(super) &'a Scalar);

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

pub(super) struct ShowPath<'a>(pub(super) &'a Path);

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

pub(super) struct ShowTarget(pub(super) Target);

impl Display for ShowTarget {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Target::Fixed(address) => write!(f, "{address}"),
            Target::Param(param) => write!(f, "{param}"),
        }
    }
}

pub(super) struct ShowAsk<'a>(pub(super) &'a Ask);

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

pub(super) struct ShowParam<'a>(pub(super) &'a Param);

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

pub(super) struct ShowToken<'a>(pub(super) &'a Token);

impl Display for ShowToken<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} decimals {}", self.0.symbol, self.0.decimals)?;
        self.0.sites.iter().try_for_each(|(chain, at)| match at {
            Some(at) => write!(f, " on {chain} at {at}"),
            None => write!(f, " on {chain} native"),
        })
    }
}

pub(super) struct ShowBudget<'a>(pub(super) &'a Budget);

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

pub(super) struct ShowCap(pub(super) Cap);

impl Display for ShowCap {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Cap::Fixed(cap) => write!(f, "{cap}"),
            Cap::Param(param, weight) => write!(f, "{param}*{weight}"),
        }
    }
}
