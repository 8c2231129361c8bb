//! `agentpol new [FILE]`

use crate::{
    input,
    ui::{CODE, Failure, Outcome, Status, Ui},
};
use clap::{Args, ValueEnum};
use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// Write a commented policy to start from
#[derive(Args)]
pub(crate) struct New {
    /// Where to write it; `-` for standard output. An existing file is left alone
    #[arg(default_value = "policy.agentpol")]
    file: PathBuf,
    /// What the agent is for
    #[arg(long, value_name = "NAME", default_value = "payments")]
    template: Template,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Template {
    /// Pays a list of people
    Payments,
    /// Buys ether, a little at a time
    Dca,
    /// Pays by itself, with one approval or with two
    Treasury,
}

impl Template {
    /// Its text; `FILE` stands where the file's name goes.
    fn text(self) -> &'static str {
        match self {
            Template::Payments => include_str!("../templates/payments.agentpol"),
            Template::Dca => include_str!("../templates/dca.agentpol"),
            Template::Treasury => include_str!("../templates/treasury.agentpol"),
        }
    }
}

impl New {
    pub(crate) fn run(self, ui: &mut Ui) -> Outcome {
        let name =
            if input::is_stdin(&self.file) { "FILE".to_owned() } else { self.file.display().to_string() };
        let text = self.template.text().replace("FILE", &name);
        if input::is_stdin(&self.file) {
            ui.out.write_all(text.as_bytes())?;
            return Ok(Status::Clean);
        }
        create(&self.file, &text)?;
        ui.log(format!("wrote {name}\nnext: {CODE}agentpol check {name}{CODE:#}"));
        Ok(Status::Clean)
    }
}

fn create(path: &Path, text: &str) -> Result<(), Failure> {
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        let failure = |why: &str| Failure::new(format!("cannot write `{}`: {why}", path.display()));
        match error.kind() {
            io::ErrorKind::AlreadyExists => {
                failure("it exists already").help("name another file: agentpol new FILE")
            }
            io::ErrorKind::NotFound => failure("there is no such directory").help("make the directory first"),
            _ => failure(&error.to_string()),
        }
    })
}
