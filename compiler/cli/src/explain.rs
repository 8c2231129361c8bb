//! `agentpol explain CODE` and `agentpol explain FILE`

use crate::{
    cli::Format,
    input, load, page,
    ui::{BOLD, CODE, DIM, Failure, Outcome, Status, Ui},
};
use agentpol_analysis::words;
use agentpol_diagnostics::{Code, Severity, codes, render::visible};
use agentpol_model::decision::DenyCode;
use clap::Args;
use serde_json::{Value, json};
use std::{io::Write as _, path::Path};

/// Explain a diagnostic, a denial, or a policy in plain words
#[derive(Args)]
#[command(
    after_help = "Examples: agentpol explain AP0010\n          agentpol explain unknown_contract\n          agentpol explain policy.agentpol"
)]
pub(crate) struct Explain {
    /// `AP0010` or `amount_spelling` (a diagnostic), `no_rule` (a denial), a policy's file
    #[arg(value_name = "CODE|FILE")]
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
        let path = Path::new(&self.what);
        if input::is_stdin(path) || path.exists() || self.what.contains(['/', '.']) {
            return policy(path, self.format, ui);
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

/// The words are made from the compiled rules; the comments have no say in them.
fn policy(path: &Path, format: Format, ui: &mut Ui) -> Outcome {
    let Some(compiled) = load::compiled(ui, path)? else { return Ok(Status::Findings) };
    let explanation = words::explain(&compiled.ruleset);
    match format {
        Format::Human => {
            let text = in_words(&explanation, ui.width());
            write!(ui.out, "{text}")?;
        }
        Format::Json => {
            let entry = |e: &words::Entry| {
                let (conditions, remarks) = e.lines.split_at_checked(e.conditions).unwrap_or((&e.lines, &[]));
                json!({"name": e.name, "sentence": e.sentence, "conditions": conditions, "remarks": remarks})
            };
            let section = |s: &words::Section| json!({"heading": s.heading, "entries": s.entries.iter().map(entry).collect::<Vec<_>>()});
            let sections: Vec<Value> = explanation.sections.iter().map(section).collect();
            print(ui, &json!({"kind": "policy", "title": explanation.title, "sections": sections}))?;
        }
    }
    Ok(Status::Clean)
}

/// A policy in plain words, for a terminal.
pub(crate) fn in_words(explanation: &words::Explanation, width: usize) -> String {
    let mut out = format!("{BOLD}{}{BOLD:#}\n", visible(&explanation.title));
    for section in &explanation.sections {
        out.push_str(&format!("\n{BOLD}{}{BOLD:#}\n", section.heading));
        for entry in &section.entries {
            let name = if entry.name.is_empty() {
                String::new()
            } else {
                format!("{CODE}{}{CODE:#}: ", visible(&entry.name))
            };
            let taken = if entry.name.is_empty() { 0 } else { entry.name.chars().count() + 2 };
            let sentence = page::wrap_after(&visible(&entry.sentence), taken, width.saturating_sub(4));
            for (n, line) in sentence.iter().enumerate() {
                let lead = if n == 0 { name.as_str() } else { "  " };
                out.push_str(&format!("  {lead}{}\n", page::code_words(line)));
            }
            for (n, line) in entry.lines.iter().enumerate() {
                let mark = if n < entry.conditions { "- " } else { "" };
                for (m, part) in page::wrap(&visible(line), width.saturating_sub(6)).iter().enumerate() {
                    let lead = if m == 0 { mark } else { "  " };
                    out.push_str(&format!("    {lead}{}\n", page::code_words(part)));
                }
            }
        }
    }
    out
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
