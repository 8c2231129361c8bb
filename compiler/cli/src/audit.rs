//! `agentpol audit FILE`: the most that can be lost, and what that rests on.
//!
//! | module | does |
//! | --- | --- |
//! | [`table`] | the report for people |
//! | [`json`] | the report for programs |
//! | [`requests`] | witnesses as requests that `decide` reads |
//! | [`recipients`] | who may receive what |
//! | [`amounts`] | amounts, and how they are compared |
//! | [`picture`] | the report as a picture |

pub(crate) mod amounts;
mod json;
mod picture;
mod recipients;
pub(crate) mod requests;
mod table;

use crate::{
    input, load, output,
    report::{self, Counts, Found, ReportFormat},
    ui::{Failure, Outcome, Status, Ui},
};
use agentpol_analysis::{
    loss::{self, Report},
    ruleset::RuleSet,
};
use agentpol_compiler::{Compilation, Said, found, say_asserts, say_findings};
use clap::Args;
use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

/// Say the most that can be lost under a policy, and what that rests on
#[derive(Args)]
#[command(
    after_help = "Every figure is for the worst values of the parameters. `≤` stands where no requests were found that take all of it."
)]
pub(crate) struct Audit {
    /// The policy; `-` for standard input
    file: PathBuf,
    /// How the report is written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: ReportFormat,
    /// Draw the report as well: NAME.svg or NAME.html
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
}

/// All there is to say about a policy.
struct Audited {
    compilation: Compilation,
    rules: RuleSet,
    losses: Report,
    /// What stands against it, the worst first.
    open: Vec<Said>,
    /// What it accepts.
    accepted: Vec<Said>,
}

impl Audit {
    pub(crate) fn run(self, ui: &mut Ui) -> Outcome {
        if let Some(picture) = &self.picture {
            picture::Kind::of(picture)?;
        }
        let compilation = load::check(&self.file)?;
        let Some(rules) = compilation.ruleset.clone() else {
            let found = Found::new(compilation.sources, compilation.diagnostics);
            match self.format {
                ReportFormat::Human => report::log(ui, &found),
                format => report::write(ui, format, &[found])?,
            }
            return Ok(Status::Findings);
        };
        load::module(&rules)?;
        let audited = Audited::new(compilation, rules);
        if let Some(path) = &self.picture {
            draw(path, &audited)?;
        }
        let found = audited.found();
        let fails = Counts::of(std::slice::from_ref(&found)).fails();
        match self.format {
            ReportFormat::Human => {
                let text = table::text(&audited, &found, ui.width());
                write!(ui.out, "{text}")?;
            }
            ReportFormat::Json => report::json_line(ui, &json::report(&audited))?,
            format => report::write(ui, format, &[found])?,
        }
        if let Some(path) = self.picture.filter(|path| !input::is_stdin(path)) {
            ui.log(format!("the picture is in {}", path.display()));
        }
        Ok(if fails { Status::Findings } else { Status::Clean })
    }
}

fn draw(path: &Path, audited: &Audited) -> Result<(), Failure> {
    let text = picture::Kind::of(path)?.draw(audited);
    output::replace(path, text.as_bytes())
}

impl Audited {
    fn new(compilation: Compilation, rules: RuleSet) -> Self {
        let (accepted, open): (Vec<_>, Vec<_>) =
            found(&compilation).into_iter().partition(|finding| finding.accepted.is_some());
        let mut open = say_findings(&compilation, &open);
        open.extend(say_asserts(&compilation, &rules));
        let accepted = say_findings(&compilation, &accepted);
        let losses = loss::losses(&rules);
        Self { compilation, rules, losses, open, accepted }
    }

    /// Everything with a place: what the compiler says, what was found, what is accepted.
    fn found(&self) -> Found {
        let findings = self.open.iter().chain(&self.accepted).map(|said| said.diagnostic.clone());
        let all = self.compilation.diagnostics.iter().cloned().chain(findings);
        Found::new(self.compilation.sources.clone(), all.collect())
    }

    /// What rules accept: rule, risk, reason.
    fn accepts(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let each = self.rules.rules.iter();
        each.flat_map(|rule| {
            rule.accepts.iter().map(|(risk, because)| (rule.name.as_str(), risk.as_str(), because.as_str()))
        })
    }

    fn chain(&self, id: u64) -> &str {
        self.rules.chains.iter().find(|chain| chain.id == id).map_or("?", |chain| chain.name.as_str())
    }

    /// What is assumed of the chains.
    fn assumptions(&self) -> impl Iterator<Item = (&str, &str)> {
        let each = self.rules.chains.iter();
        each.flat_map(|chain| chain.assumptions.iter().map(|said| (chain.name.as_str(), said.as_str())))
    }
}
