//! Building conditions. Only what cannot change where a condition is undefined is folded away.

use agentpol_analysis::ruleset::Formula;

/// The value of a condition that is known.
pub(crate) fn is_const(formula: &Formula) -> Option<bool> {
    match formula {
        Formula::Const(b) => Some(*b),
        _ => None,
    }
}

/// All of them, left to right. What follows a known `false` is never reached; what precedes it stays, since it may be
/// undefined.
pub(crate) fn and(parts: impl IntoIterator<Item = Formula>) -> Formula {
    join(parts, true, Formula::And)
}

/// One of them, left to right.
pub(crate) fn or(parts: impl IntoIterator<Item = Formula>) -> Formula {
    join(parts, false, Formula::Or)
}

fn join(
    parts: impl IntoIterator<Item = Formula>,
    neutral: bool,
    build: impl FnOnce(Vec<Formula>) -> Formula,
) -> Formula {
    let mut out = Vec::new();
    for part in parts {
        match part {
            Formula::Const(b) if b == neutral => {}
            Formula::Const(b) => {
                out.push(Formula::Const(b));
                break;
            }
            Formula::And(inner) if neutral => out.extend(inner),
            Formula::Or(inner) if !neutral => out.extend(inner),
            other => out.push(other),
        }
    }
    match (out.len(), out.pop()) {
        (_, None) => Formula::Const(neutral),
        (1, Some(only)) => only,
        (_, Some(last)) => {
            out.push(last);
            build(out)
        }
    }
}

/// Negation.
pub(crate) fn not(formula: Formula) -> Formula {
    match formula {
        Formula::Const(b) => Formula::Const(!b),
        Formula::Not(inner) => *inner,
        other => Formula::Not(Box::new(other)),
    }
}
