//! The terminal. Results go to standard output, everything else to standard error. Everything is written with its colours;
//! the streams take them out where they are not wanted.

use crate::cli::Color;
use agentpol_diagnostics::render::visible;
use anstream::{AutoStream, ColorChoice};
use std::{
    fmt::Display,
    io::{self, Stderr, Stdout, Write},
    process::ExitCode,
};

/// How a command ended.
pub(crate) type Outcome = Result<Status, Failure>;

/// It did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Nothing to complain of: 0.
    Clean,
    /// The policy has errors, a test failed, a request was denied: 1.
    Findings,
}

/// It could not do its work: 2.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    help: Option<String>,
}

impl Failure {
    /// Says what went wrong.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    /// What went wrong, in one sentence.
    pub(crate) fn sentence(&self) -> &str {
        &self.message
    }

    /// Says what would be right.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Standard output closed before everything was written (`agentpol … | head`) is no failure; a full disk is.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::new(format!("cannot write the output: {error}"))
    }
}

/// Both streams.
pub(crate) struct Ui {
    /// Results.
    pub(crate) out: Pipe,
    /// Everything else.
    err: AutoStream<Stderr>,
    width: usize,
}

/// Columns to wrap at where the output is no terminal.
const DEFAULT_WIDTH: usize = 100;

/// Columns below which nothing is wrapped: the terminal does it as well.
const LEAST_WIDTH: usize = 24;

impl Ui {
    /// Looks at the terminal and at the environment.
    pub(crate) fn new(color: Color) -> Self {
        let width = terminal_size::terminal_size().map(|(w, _)| usize::from(w.0));
        Self {
            out: Pipe::new(AutoStream::new(io::stdout(), choice(color, AutoStream::choice(&io::stdout())))),
            err: AutoStream::new(io::stderr(), choice(color, AutoStream::choice(&io::stderr()))),
            width: width.map_or(DEFAULT_WIDTH, |w| w.clamp(LEAST_WIDTH, DEFAULT_WIDTH)),
        }
    }

    /// Columns that text may take.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// A message that is no result. There is nobody to tell if it cannot be written.
    pub(crate) fn log(&mut self, text: impl Display) {
        let _ = writeln!(self.err, "{text}");
    }

    /// A question that is answered on the same line.
    pub(crate) fn question(&mut self, text: impl Display) {
        let _ = write!(self.err, "{text} ");
        let _ = self.err.flush();
    }

    /// Says what is wrong, and what would be right.
    pub(crate) fn complain(&mut self, failure: &Failure) {
        self.log(format!("{ERROR}error{ERROR:#}: {}", visible(&failure.message)));
        if let Some(help) = &failure.help {
            self.log(format!("{GOOD}help{GOOD:#}: {}", visible(help)));
        }
    }

    /// Says how it ended and gives the exit status.
    pub(crate) fn finish(mut self, outcome: Outcome) -> ExitCode {
        let outcome = match (outcome, self.out.flush()) {
            (Ok(_), Err(error)) => Err(Failure::from(error)),
            (outcome, _) => outcome,
        };
        match outcome {
            Ok(Status::Clean) => ExitCode::SUCCESS,
            Ok(Status::Findings) => ExitCode::from(1),
            Err(failure) => {
                self.complain(&failure);
                ExitCode::from(2)
            }
        }
    }
}

fn choice(color: Color, auto: ColorChoice) -> ColorChoice {
    match color {
        Color::Auto => auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
}

/// Standard output. Once its reader is gone everything more is dropped, and the command ends with the status it has.
pub(crate) struct Pipe {
    stream: io::BufWriter<AutoStream<Stdout>>,
    closed: bool,
}

impl Pipe {
    fn new(stream: AutoStream<Stdout>) -> Self {
        Self { stream: io::BufWriter::new(stream), closed: false }
    }

    fn quietly<T>(&mut self, result: io::Result<T>, instead: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(instead)
            }
            other => other,
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.closed {
            return Ok(bytes.len());
        }
        let result = self.stream.write(bytes);
        self.quietly(result, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let result = self.stream.flush();
        self.quietly(result, ())
    }
}

pub(crate) use style::*;

/// The few styles there are. `format!("{BOLD}…{BOLD:#}")`.
mod style {
    use anstyle::AnsiColor;

    pub(crate) use anstyle::Style;

    pub(crate) const BOLD: Style = Style::new().bold();
    pub(crate) const DIM: Style = Style::new().dimmed();
    pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
    pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
    pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
    pub(crate) const CODE: Style = AnsiColor::Cyan.on_default();
}
