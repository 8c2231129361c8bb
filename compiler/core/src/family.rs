//! A policy that `extends` another: both are compiled, and joined into the one that is enforced.

use crate::{
    pipeline,
    resolve::{Library, Loaded, head},
    sink::Sink,
    source::{Loader, SourceFile},
};
use agentpol_analysis::{
    extend::{Clash, Joined, MAX_PAIRS, join as joined},
    ruleset::RuleSet,
};
use agentpol_diagnostics::{Diagnostic, Place, Source, codes};
use agentpol_model::ids::RuleId;

/// A child and its parent, by themselves.
#[derive(Clone, Debug)]
pub struct Family {
    /// What the child's own text says. Its tokens, callables, budgets and parameters have the same numbers in the joined policy.
    pub alone: RuleSet,
    /// The parent, joined with its own parent if it has one.
    pub parent: RuleSet,
    /// Of each rule of the joined policy, the child's; `None` for a denial of the parent.
    pub own: Vec<Option<RuleId>>,
    /// Where the child names its parent.
    pub place: Place,
}

/// The rule of the policy's own text that a rule of the enforced policy came from.
pub fn own_rule(rules: &RuleSet, family: Option<&Family>, name: &str) -> Option<RuleId> {
    let (id, _) = rules.rules_by_id().find(|(_, rule)| rule.name == name)?;
    match family {
        None => Some(id),
        Some(family) => family.own.get(id.index()).copied().flatten(),
    }
}

/// The policy that is enforced, from what its own text says.
pub(crate) fn join(
    alone: RuleSet,
    loaded: &Loaded,
    loader: &dyn Loader,
    library: &dyn Library,
    sink: &mut Sink,
) -> (Option<RuleSet>, Option<Family>) {
    let child = loaded.modules.first().map(|module| (module.file, head(&module.tree)));
    let Some((file, Some(extends))) = child.map(|(file, head)| (file, head.and_then(|h| h.extends.as_ref())))
    else {
        return (Some(alone), None);
    };
    let place = Place::new(file, extends.span);
    let Some(parent) = loaded
        .ancestors
        .first()
        .and_then(|ix| loaded.modules.get(ix.index()))
        .and_then(|module| loaded.sources.get(module.file))
    else {
        return (None, None);
    };
    let compiled = pipeline::run(SourceFile::new(parent.name(), parent.text()), loader, library);
    let Some(parent) = compiled.ruleset else {
        sink.push(broken(parent, place, &compiled.diagnostics, &compiled.sources));
        return (None, None);
    };
    match joined(&alone, &parent, extends.span) {
        Ok(Joined { rules, own }) => (Some(rules), Some(Family { alone, parent, own, place })),
        Err(clashes) => {
            // One place is blamed for one thing: all of it is said together.
            let mut said = clashes.iter().map(words);
            let first = said.next().unwrap_or_default();
            let first = format!("this policy and `{}` cannot be judged together: {first}", parent.name);
            sink.push(said.fold(Diagnostic::new(codes::BAD_PARENT, place, first), Diagnostic::note));
            (None, None)
        }
    }
}

fn broken(
    parent: &Source,
    place: Place,
    diagnostics: &[Diagnostic],
    sources: &agentpol_diagnostics::Sources,
) -> Diagnostic {
    let said =
        Diagnostic::new(codes::BAD_PARENT, place, format!("`{}` has errors of its own", parent.name()));
    let said = match diagnostics.iter().find(|found| found.is_error()) {
        None => said,
        Some(first) => {
            let line = sources.positions(first.primary).0.line;
            said.note(format!("the first of them, in line {line}: {}", first.message))
        }
    };
    said.help(format!("see `agentpol check {}`", parent.name()))
}

fn words(clash: &Clash) -> String {
    match clash {
        Clash::Chain(chain) => {
            format!("the parent is not on {chain}: a child is on no chain that its parent is not on")
        }
        Clash::Budget(name) => {
            format!("both have a budget named `{name}`: both are charged, so each needs a name of its own")
        }
        Clash::Param(name) => format!("both have a parameter named `{name}`, of different type or domain"),
        Clash::Declared(name) => format!("`{name}` is declared in two ways: use the parent's declaration"),
        Clash::Fees(token) => {
            format!("both cap fees in {token}, one of them by a parameter: leave the cap to the parent")
        }
        Clash::Within(own, other) => {
            format!(
                "`{own}` and the parent's `{other}` both ask, within times of which one is a parameter: write the same time"
            )
        }
        Clash::Exempt(rule, budget) => format!(
            "`{rule}` is exempt from `{budget}`, but the parent's rule is charged to it all the same: say with `for` whom the \
             budget counts"
        ),
        Clash::TooMany => format!("the rules of both make more than {MAX_PAIRS} pairs"),
    }
}
