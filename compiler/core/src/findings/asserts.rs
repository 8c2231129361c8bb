//! What became of a policy's own claims.

use super::{SHOWN, Said};
use crate::asserts::Assertion;
use agentpol_analysis::{
    claims::{Claim, Verdict, judge},
    loss::Step,
    ruleset::RuleSet,
    show,
};
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_model::U256;
use num_bigint::BigUint;

/// Each claim that is not proved.
pub(super) fn say(rules: &RuleSet, asserts: &[Assertion]) -> Vec<Said> {
    asserts.iter().filter_map(|assert| one(rules, assert)).collect()
}

fn one(rules: &RuleSet, assert: &Assertion) -> Option<Said> {
    let claim = assert.claim.as_ref()?;
    match judge(rules, claim) {
        Verdict::Proved => None,
        Verdict::Refuted(steps) => {
            let said = "this does not hold".to_owned();
            let said = Diagnostic::new(codes::ASSERT_REFUTED, assert.place, said);
            let said = said.label(assert.place, what_happens(&steps));
            let shown = steps.iter().take(SHOWN).map(|step| show::step(rules, &step.request));
            let said = shown.fold(said, |said, step| said.note(format!("for example: {step}")));
            let more = steps.len().saturating_sub(SHOWN);
            let said = if more > 0 { said.note(format!("and {more} more like it")) } else { said };
            let assumed = steps.first().and_then(|step| show::show(rules, &step.request).assumptions());
            let diagnostic = assumed.into_iter().fold(said, Diagnostic::note);
            Some(Said { diagnostic, witness: steps.into_iter().map(|step| step.request).collect() })
        }
        Verdict::Unknown(bound) => {
            let said = "this is not proved".to_owned();
            let said = Diagnostic::new(codes::ASSERT_UNKNOWN, assert.place, said);
            let bound = bound.and_then(|bound| amount(rules, claim, &bound));
            let why = match bound {
                Some(bound) => format!("all that is known: no more than {bound}"),
                None => "it was too hard to find out".to_owned(),
            };
            let diagnostic = said.label(assert.place, why).help("what is not proved does not hold");
            Some(Said { diagnostic, witness: Vec::new() })
        }
    }
}

fn what_happens(steps: &[Step]) -> &'static str {
    match steps {
        [one] if one.takes == BigUint::ZERO => "a request that breaks it is allowed",
        [_] => "one request breaks it",
        _ => "requests that break it together are all allowed",
    }
}

/// A bound in the claim's token.
fn amount(rules: &RuleSet, claim: &Claim, bound: &BigUint) -> Option<String> {
    let Claim::Most(claim) = claim else { return None };
    let [(token, weight)] = claim.of.as_slice() else { return None };
    let token = rules.tokens.get(token.index())?;
    let bound = U256::try_from_be_slice(&bound.to_bytes_be())?.checked_div(*weight)?;
    Some(show::amount(bound, token))
}
