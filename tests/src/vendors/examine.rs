//! What the analysis finds in a policy, and whether every witness shows what it is said to, on both evaluators.

use crate::{differential::compile, oracle::claims::Claims};
use agentpol_analysis::{
    findings::findings,
    loss::{Losses, Most, losses},
    ruleset::{Bound, RuleSet},
    witness::Witness,
};
use agentpol_bytecode::Module;
use agentpol_compiler::{NoFiles, SourceFile, lower::lower, say_findings};
use agentpol_model::decision::Ruling;
use agentpol_verifier::verify;
use agentpol_vm::{Binding, Policy, Scratch};
use std::collections::BTreeMap;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// Findings that the policy does not accept, by the code that a person sees.
    pub codes: BTreeMap<String, usize>,
    /// Witnesses of findings that were replayed.
    pub replayed: usize,
    /// Requests that show what can be lost, replayed as well.
    pub steps: usize,
}

/// Compiles, analyses and replays. The error says what does not compile, or which witness shows nothing.
pub fn examine(text: &str) -> Result<Examined, String> {
    let rules = compile(text)?;
    let found = findings(&rules);
    let claims = Claims::new(&rules, &found);
    let mut both = Both::new(&rules)?;
    let mut out = Examined::default();
    for finding in &found {
        if let Some(why) = claims.false_witness(finding) {
            return Err(why);
        }
        if let Some(witness) = &finding.witness {
            let _ = both.say(witness)?;
            out.replayed += 1;
        }
    }
    let open: Vec<_> = found.into_iter().filter(|finding| finding.accepted.is_none()).collect();
    let compilation = agentpol_compiler::compile(SourceFile::new("vendor.agentpol", text), &NoFiles);
    for said in say_findings(&compilation, &open) {
        *out.codes.entry(said.diagnostic.code.to_owned()).or_default() += 1;
    }
    let report = losses(&rules);
    for losses in [&report.alone, &report.with_approvals] {
        for witness in witnesses(losses) {
            if let Err(denied) = both.say(witness)? {
                return Err(format!("a loss is shown by a request that is denied: {denied:?}"));
            }
            out.steps += 1;
        }
    }
    Ok(out)
}

/// The requests that show what can be lost.
fn witnesses(losses: &Losses) -> Vec<&Witness> {
    let all = losses.tokens.iter().chain(&losses.fees);
    let most = all.flat_map(|loss| {
        [&loss.per_transaction, &loss.total].into_iter().chain(loss.windows.iter().map(|(_, most)| most))
    });
    most.flat_map(|most| match most {
        Most::Bounded { witness, .. } => witness.iter().map(|step| &step.request).collect(),
        Most::Unbounded { witness, .. } => witness.iter().map(AsRef::as_ref).collect(),
        Most::Unknown => Vec::new(),
    })
    .collect()
}

/// Both evaluators, as they were last bound.
struct Both<'r> {
    rules: &'r RuleSet,
    module: Module,
    last: Option<(Binding, Bound, Policy)>,
}

impl<'r> Both<'r> {
    fn new(rules: &'r RuleSet) -> Result<Self, String> {
        let module = lower(rules).map_err(|why| why.to_string())?;
        Ok(Self { rules, module, last: None })
    }

    /// What both say of a witness; the error is how they differ.
    fn say(&mut self, witness: &Witness) -> Result<Ruling, String> {
        let binding =
            Binding { wallet: witness.wallet, signer: witness.signer, params: witness.params.clone() };
        let (bound, policy) = match self.last.take() {
            Some((last, bound, policy)) if last == binding => (bound, policy),
            _ => {
                let verified = verify(self.module.clone()).map_err(|why| why.to_string())?;
                let policy = Policy::bind(verified, &binding).map_err(|why| why.to_string())?;
                (witness.bound(self.rules).map_err(|why| why.to_string())?, policy)
            }
        };
        let mut scratch = Scratch::new(&policy);
        let reference = witness.with(|request| self.rules.decide(request, &bound));
        let ruled = witness.with(|request| policy.decide(request, &mut scratch));
        let ruled = ruled.map(|()| scratch.granted().clone());
        self.last = Some((binding, bound, policy));
        if ruled == reference {
            Ok(ruled)
        } else {
            Err(format!("the reference says {reference:?}\nthe interpreter {ruled:?}\n{witness:?}"))
        }
    }
}
