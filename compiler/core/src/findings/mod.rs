//! What the analysis found, said at its place in the text: every rule involved, the request that shows it, and the smallest edit that
//! settles it.
//!
//! | module | does |
//! | --- | --- |
//! | [`group`] | one diagnostic for one mistake, however many tokens and lines show it |
//! | [`say`] | the words |
//! | [`hollow`] | the words for what holds less than it seems to, or nothing |
//! | [`text`] | places in the policy's text, and edits of it |
//! | [`edits`] | the edits that settle a finding |
//! | [`asserts`] | what became of the policy's own claims |

mod asserts;
mod edits;
mod group;
mod hollow;
mod say;
mod text;

use crate::{Compilation, Loader, SourceFile, compile};
use agentpol_analysis::{
    findings::{Finding, family, findings},
    ruleset::RuleSet,
    show,
    witness::Witness,
};
use agentpol_diagnostics::{Diagnostic, FileId, Severity};
use group::Mistake;
use text::Text;

/// Requests of a sequence that are shown.
const SHOWN: usize = 3;

/// Compiles a policy, and analyses it if nothing was wrong. What was found stands behind the compiler's own diagnostics, the worst
/// first. What the policy accepts is not said.
pub fn check(root: SourceFile, loader: &dyn Loader) -> Compilation {
    let mut compilation = compile(root, loader);
    if let Some(rules) = &compilation.ruleset {
        let (accepted, open): (Vec<Finding>, Vec<Finding>) =
            found(&compilation).into_iter().partition(|finding| finding.accepted.is_some());
        let said = say_findings(&compilation, &open);
        let claims = say_asserts(&compilation, rules);
        compilation.accepted = accepted;
        for Said { diagnostic, witness } in said.into_iter().chain(claims) {
            if !witness.is_empty() {
                compilation.witnesses.insert(compilation.diagnostics.len(), witness);
            }
            compilation.diagnostics.push(diagnostic);
        }
    }
    compilation
}

/// What is found in a policy, by the rules of its own text. Nothing where it does not compile.
pub fn found(compilation: &Compilation) -> Vec<Finding> {
    match (&compilation.ruleset, &compilation.family) {
        (None, _) => Vec::new(),
        (Some(rules), None) => findings(rules),
        (Some(joined), Some(of)) => family::findings(&of.alone, &of.parent, joined, &of.own),
    }
}

/// The policy's own claims that are not proved.
pub fn say_asserts(compilation: &Compilation, rules: &RuleSet) -> Vec<Said> {
    asserts::say(rules, &compilation.asserts)
}

/// A finding in words.
#[derive(Clone, Debug)]
pub struct Said {
    /// The words, with their places.
    pub diagnostic: Diagnostic,
    /// Requests that show it, one after the other.
    pub witness: Vec<Witness>,
}

/// Findings as diagnostics, the worst first. One that the policy accepts is a note, with the reason.
pub fn say_findings(compilation: &Compilation, found: &[Finding]) -> Vec<Said> {
    let Some(joined) = &compilation.ruleset else { return Vec::new() };
    // Of a family, the rules are the child's own; all else that a finding names is in the joined policy.
    let own = compilation.family.as_ref().map(|family| {
        let RuleSet { budgets, tokens, callables, .. } = joined.clone();
        RuleSet { budgets, tokens, callables, ..family.alone.clone() }
    });
    let rules = own.as_ref().unwrap_or(joined);
    let source = compilation.sources.get(FileId(0)).map_or("", agentpol_diagnostics::Source::text);
    let parsed = agentpol_grammar::parse(source);
    let text = Text::new(source, &parsed.file);
    let mut out: Vec<(Said, usize)> = group::mistakes(rules, found)
        .into_iter()
        .map(|(mistake, order)| {
            let diagnostic = diagnostic(rules, &text, &mistake);
            (Said { diagnostic, witness: mistake.witnesses().cloned().collect() }, order)
        })
        .collect();
    out.sort_by_key(|(said, order)| (said.diagnostic.severity, *order, said.diagnostic.primary));
    out.into_iter().map(|(said, _)| said).collect()
}

fn diagnostic(rules: &RuleSet, text: &Text<'_>, mistake: &Mistake<'_>) -> Diagnostic {
    let speaker = say::Speaker { rules, text };
    let mut said = speaker.say(mistake);
    if let Some(witness) = mistake.witness {
        let shown = show::show(rules, witness);
        if mistake.then.is_empty() {
            said = said.note(format!("for example: {}", show::step(rules, witness)));
        } else {
            let first = mistake.witnesses().take(SHOWN);
            said = show::sequence(rules, first)
                .into_iter()
                .fold(said, |said, step| said.note(format!("for example: {step}")));
            let more = mistake.then.len().saturating_add(1).saturating_sub(SHOWN);
            if more > 0 {
                said = said.note(format!("and {more} more like it"));
            }
        }
        if let Some(assumed) = shown.assumptions() {
            said = said.note(assumed);
        }
    }
    match &mistake.accepted {
        Some(because) => {
            said.severity = Severity::Note;
            said.help = None;
            said.note(format!("accepted: {because}"))
        }
        None => speaker.fixes(mistake).into_iter().fold(said, Diagnostic::fixes_with),
    }
}
