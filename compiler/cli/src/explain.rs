//! `agentpol explain CODE`

use crate::{
    cli::Format,
    page,
    ui::{BOLD, DIM, Failure, Outcome, Status, Ui},
};
use agentpol_diagnostics::{Code, Severity, codes};
use agentpol_model::decision::DenyCode;
use clap::Args;
use serde_json::{Value, json};
use std::io::Write as _;

/// Explain a diagnostic or a denial
#[derive(Args)]
#[command(after_help = "Examples: agentpol explain AP0010\n          agentpol explain unknown_contract")]
pub(crate) struct Explain {
    /// `AP0010` or `amount_spelling` (a diagnostic), `no_rule` (a denial)
    what: String,
    /// For people or for programs
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

impl Explain {
    pub(crate) fn run(self, ui: &mut Ui) -> Outcome {
        if let Some(code) = Code::find(&self.what) {
            return diagnostic(code, self.format, ui);
        }
        if let Some(code) = DenyCode::ALL.iter().copied().find(|c| c.name().eq_ignore_ascii_case(&self.what))
        {
            return denial(code, self.format, ui);
        }
        Err(unknown(&self.what))
    }
}

fn diagnostic(code: Code, format: Format, ui: &mut Ui) -> Outcome {
    let severity = match code.severity {
        Severity::Error => "an error: the policy does not compile",
        Severity::Warning => "a warning",
        Severity::Note => "a note",
    };
    match format {
        Format::Human => {
            let text = page::render(code.page, ui.width());
            writeln!(ui.out, "{BOLD}{}: {}{BOLD:#}", code.code, code.title)?;
            writeln!(ui.out, "{DIM}{}, {severity}{DIM:#}\n\n{text}", code.name)?;
        }
        Format::Json => print(
            ui,
            &json!({"kind": "diagnostic", "code": code.code, "name": code.name, "severity": code.severity.word(),
                "title": code.title, "page": code.page, "example": code.example(), "fixed": code.fixed()}),
        )?,
    }
    Ok(Status::Clean)
}

fn denial(code: DenyCode, format: Format, ui: &mut Ui) -> Outcome {
    match format {
        Format::Human => {
            let text = page::render(code.doc(), ui.width());
            writeln!(ui.out, "{BOLD}{}{BOLD:#}\n{DIM}the code of a denial{DIM:#}\n\n{text}", code.name())?;
        }
        Format::Json => print(ui, &json!({"kind": "denial", "code": code.name(), "page": code.doc()}))?,
    }
    Ok(Status::Clean)
}

fn print(ui: &mut Ui, value: &Value) -> Result<(), Failure> {
    writeln!(ui.out, "{value}").map_err(Failure::from)
}

fn unknown(what: &str) -> Failure {
    let names =
        codes::ALL.iter().flat_map(|c| [c.code, c.name]).chain(DenyCode::ALL.iter().map(|c| c.name()));
    let near = names
        .map(|name| (strsim::osa_distance(&what.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= name.len() / 3)
        .min();
    let help = match near {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => "a diagnostic's code looks like AP0010, a denial's like no_rule; both stand in the messages"
            .to_owned(),
    };
    Failure::new(format!("nothing is called `{what}`")).help(help)
}
