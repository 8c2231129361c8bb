//! What a module says of its own bounds.

use crate::{Compilation, say_findings};
use agentpol_analysis::{
    loss::{Loss, Losses, Most, losses},
    ruleset::RuleSet,
};
use agentpol_model::{
    U256,
    certificate::{Bound, Certificate, Flow, Span},
};

/// What is proved of a policy: the most that can be lost, and the findings that it accepts, once it was checked
/// ([`check`](crate::check)). `None` where it does not compile.
pub fn certificate(compilation: &Compilation) -> Option<Certificate> {
    let rules = compilation.ruleset.as_ref()?;
    let mut accepted = Vec::new();
    for finding in &compilation.accepted {
        if let Some(because) = &finding.accepted {
            let said = say_findings(compilation, std::slice::from_ref(finding));
            accepted.extend(said.iter().map(|said| (said.diagnostic.code.to_owned(), because.clone())));
        }
    }
    accepted.sort();
    accepted.dedup();
    Some(Certificate { bounds: bounds(rules), accepted })
}

fn bounds(rules: &RuleSet) -> Vec<Bound> {
    let report = losses(rules);
    let mut bounds = Vec::new();
    for (with_approvals, losses) in [(false, &report.alone), (true, &report.with_approvals)] {
        let Losses { tokens, fees } = losses;
        for (flow, all) in [(Flow::Outflow, tokens), (Flow::Fees, fees)] {
            for loss in all {
                bounds.extend(spans(loss).map(|(span, most)| Bound {
                    token: loss.token,
                    flow,
                    with_approvals,
                    span,
                    most: value(most),
                    exact: most.is_exact(),
                }));
            }
        }
    }
    bounds.sort_unstable();
    bounds
}

fn spans(loss: &Loss) -> impl Iterator<Item = (Span, &Most)> {
    let windows = loss.windows.iter().map(|(seconds, most)| (Span::Seconds(*seconds), most));
    [(Span::Transaction, &loss.per_transaction)].into_iter().chain(windows).chain([(Span::Ever, &loss.total)])
}

/// What does not fit a word is as good as no bound.
fn value(most: &Most) -> Option<U256> {
    match most {
        Most::Bounded { value, .. } => {
            let digits = value.to_bytes_be();
            (digits.len() <= 32).then(|| U256::from_be_slice(&digits))
        }
        Most::Unbounded { .. } | Most::Unknown => None,
    }
}
