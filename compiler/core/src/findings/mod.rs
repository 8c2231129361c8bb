//! What the analysis found, said at its place in the text: every rule involved, the request that shows it, and the smallest edit that
//! settles it.
//!
//! | module | does |
//! | --- | --- |
//! | [`group`] | one diagnostic for one mistake, however many tokens and lines show it |
//! | [`say`] | the words |
//! | [`text`] | places in the policy's text, and edits of it |
//! | [`edits`] | the edits that settle a finding |
//! | [`asserts`] | what became of the policy's own claims |

mod asserts;
mod edits;
mod group;
mod say;
mod text;

use crate::{Compilation, Loader, SourceFile, compile};
use agentpol_analysis::{
    findings::{Finding, family, findings},
    ruleset::RuleSet,
    witness::Witness,
};
use agentpol_diagnostics::{Diagnostic, FileId, Severity};
use group::Mistake;
use text::Text;

/// Compiles a policy, and analyses it if nothing was wrong. What was found stands behind the compiler's own diagnostics, the worst
/// first. What the policy accepts is not said.
pub fn check(root: SourceFile, loader: &dyn Loader) -> Compilation {
    let mut compilation = compile(root, loader);
    if let Some(rules) = &compilation.ruleset {
        let open: Vec<Finding> =
            found(&compilation).into_iter().filter(|finding| finding.accepted.is_none()).collect();
        let said = say_findings(&compilation, &open);
        let claims = say_asserts(&compilation, rules);
        compilation.diagnostics.extend(said.into_iter().map(|said| said.diagnostic).chain(claims));
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
pub fn say_asserts(compilation: &Compilation, rules: &RuleSet) -> Vec<Diagnostic> {
    asserts::say(rules, &compilation.asserts)
}

/// A finding in words.
#[derive(Clone, Debug)]
pub struct Said {
    /// The words, with their places.
    pub diagnostic: Diagnostic,
    /// A request that shows it.
    pub witness: Option<Witness>,
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
            (Said { diagnostic, witness: mistake.witness.cloned() }, order)
        })
        .collect();
    out.sort_by_key(|(said, order)| (said.diagnostic.severity, *order, said.diagnostic.primary));
    out.into_iter().map(|(said, _)| said).collect()
}

fn diagnostic(rules: &RuleSet, text: &Text<'_>, mistake: &Mistake<'_>) -> Diagnostic {
    let speaker = say::Speaker { rules, text };
    let mut said = speaker.say(mistake);
    if let Some(witness) = mistake.witness {
        let shown = agentpol_analysis::show::show(rules, witness);
        said = said.note(format!("for example: {}", agentpol_analysis::show::step(rules, witness)));
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
