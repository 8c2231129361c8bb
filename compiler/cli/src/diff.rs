//! `agentpol diff OLD NEW`: what a change of a policy permits that was not permitted, and the other way round.

use crate::{
    audit::{
        amounts::{number, span},
        requests::{request, sequence},
    },
    cli::Format,
    load,
    report::json_line,
    ui::{BOLD, GOOD, Outcome, Status, Ui, WARNING},
};
use agentpol_analysis::{
    diff::{Change, Difference, Leak, Outcome as Ruled, Relation, diff},
    ruleset::RuleSet,
    show,
};
use clap::Args;
use serde_json::{Value as Json, json};
use std::{fmt::Write as _, io::Write as _, path::PathBuf};

/// Requests of a sequence that are shown to a person.
const SHOWN: usize = 3;

/// Say what a change of a policy newly permits and newly forbids, with requests that show it
#[derive(Args)]
#[command(
    after_help = "Requests are compared before the budgets are asked, budgets by the most that may leave. Exit status 1: the new policy permits something more."
)]
pub(crate) struct Diff {
    /// The policy as it was
    old: PathBuf,
    /// The policy as it is to be
    new: PathBuf,
    /// How the difference is written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

impl Diff {
    pub(crate) fn run(self, ui: &mut Ui) -> Outcome {
        let (old, new) = (load::compiled(ui, &self.old)?, load::compiled(ui, &self.new)?);
        let (Some(old), Some(new)) = (old, new) else { return Ok(Status::Findings) };
        let found = diff(&old.ruleset, &new.ruleset);
        match self.format {
            Format::Json => json_line(ui, &report(&found, &old.ruleset, &new.ruleset))?,
            Format::Human => {
                let text = text(&found, &old.ruleset, &new.ruleset);
                write!(ui.out, "{text}")?;
            }
        }
        // Whoever loosens a policy has to be asked.
        Ok(match found.relation() {
            Relation::Equal | Relation::Tighter => Status::Clean,
            Relation::Looser | Relation::Incomparable => Status::Findings,
        })
    }
}

const fn relation(relation: Relation) -> &'static str {
    match relation {
        Relation::Equal => "equal",
        Relation::Tighter => "tighter",
        Relation::Looser => "looser",
        Relation::Incomparable => "incomparable",
    }
}

const fn ruled(outcome: Ruled) -> &'static str {
    match outcome {
        Ruled::Deny => "deny",
        Ruled::Ask => "ask",
        Ruled::Allow => "allow",
    }
}

fn rule(rules: &RuleSet, id: agentpol_model::ids::RuleId) -> &str {
    rules.rules.get(id.index()).map_or("?", |rule| rule.name.as_str())
}

fn report(found: &Difference, old: &RuleSet, new: &RuleSet) -> Json {
    let changes = |all: &[Change], rules: &RuleSet| -> Vec<Json> {
        let one = |change: &Change| {
            json!({
                "rule": rule(rules, change.rule),
                "old": ruled(change.old),
                "new": ruled(change.new),
                "said": show::show(rules, &change.request).request,
                "request": request(rules, &change.request),
            })
        };
        all.iter().map(one).collect()
    };
    let leaks = |all: &[Leak], rules: &RuleSet| -> Vec<Json> {
        let one = |leak: &Leak| {
            json!({
                "token": leak.token,
                "fees": leak.fees,
                "with_approvals": leak.with_approvals,
                "length_s": leak.span.map(|seconds| seconds.to_string()),
                "at_most": leak.less.to_string(),
                "takes": leak.more.as_ref().map(ToString::to_string),
                "witness": sequence(rules, &leak.witness),
            })
        };
        all.iter().map(one).collect()
    };
    let names = |all: &[agentpol_model::ids::RuleId], rules: &RuleSet| -> Vec<String> {
        all.iter().map(|id| rule(rules, *id).to_owned()).collect()
    };
    json!({
        "relation": relation(found.relation()),
        "permits_now": changes(&found.permits_now, new),
        "forbids_now": changes(&found.forbids_now, old),
        "leaks_now": leaks(&found.leaks_now, new),
        "holds_now": leaks(&found.holds_now, old),
        "unknown": { "old": names(&found.unknown.0, old), "new": names(&found.unknown.1, new) },
    })
}

fn text(found: &Difference, old: &RuleSet, new: &RuleSet) -> String {
    let mut out = String::new();
    let verdict = match found.relation() {
        Relation::Equal => format!("{GOOD}equal{GOOD:#}: both permit the same"),
        Relation::Tighter => format!("{GOOD}tighter{GOOD:#}: nothing is permitted that was not before"),
        Relation::Looser => format!("{WARNING}looser{WARNING:#}: more is permitted than before"),
        Relation::Incomparable => {
            format!("{WARNING}incomparable{WARNING:#}: some more is permitted than before, and some less")
        }
    };
    let _ = writeln!(out, "{verdict}");
    let more = [("Permitted now", &found.permits_now, &found.leaks_now, new, true)];
    let less = [("No longer permitted", &found.forbids_now, &found.holds_now, old, false)];
    for (title, changes, leaks, rules, grows) in more.into_iter().chain(less) {
        if changes.is_empty() && leaks.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{BOLD}{title}{BOLD:#}");
        for change in changes {
            let shown = show::show(rules, &change.request);
            let by = rule(rules, change.rule);
            let _ = writeln!(
                out,
                "  {} ({by}): was {}, is {}",
                shown.request,
                ruled(change.old),
                ruled(change.new)
            );
            if let Some(assumed) = shown.assumptions() {
                let _ = writeln!(out, "    {assumed}");
            }
        }
        for leak in leaks {
            let _ = writeln!(out, "  {}", amount(leak, rules, grows));
            for line in show::sequence(rules, leak.witness.iter().take(SHOWN).map(|step| &step.request)) {
                let _ = writeln!(out, "    {line}");
            }
            if leak.witness.len() > SHOWN {
                let _ = writeln!(out, "    and {} more like it", leak.witness.len() - SHOWN);
            }
        }
    }
    let unknown = found.unknown.0.iter().map(|id| rule(old, *id));
    let unknown: Vec<&str> = unknown.chain(found.unknown.1.iter().map(|id| rule(new, *id))).collect();
    if !unknown.is_empty() {
        let _ =
            writeln!(out, "\nToo hard to compare: `{}`. That counts as a difference.", unknown.join("`, `"));
    }
    out
}

/// `USDC in 24h: 1,000, was 500`
fn amount(leak: &Leak, rules: &RuleSet, grows: bool) -> String {
    let token = rules.tokens.iter().find(|token| token.symbol == leak.token);
    let decimals = token.map_or(0, |token| token.decimals);
    let of = if leak.fees { " of fees" } else { "" };
    let span = match leak.span {
        Some(0) => "in one transaction".to_owned(),
        Some(seconds) => format!("in {}", span(seconds)),
        None => "in total".to_owned(),
    };
    let who = if leak.with_approvals { ", with approvals" } else { "" };
    let mark = if leak.witness.is_empty() { "at most " } else { "" };
    let more = leak
        .more
        .as_ref()
        .map_or_else(|| "without end".to_owned(), |more| format!("{mark}{}", number(more, decimals)));
    let less = number(&leak.less, decimals);
    let (now, before) = if grows { (more, less) } else { (less, more) };
    format!("{}{of} {span}{who}: {now}, was {before}", leak.token)
}
