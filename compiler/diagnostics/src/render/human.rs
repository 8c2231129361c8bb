//! For a terminal.

use super::{misleads, short, visible};
use crate::{Diagnostic, FileId, Fix, Place, Severity, Sources};
use ariadne::{Cache, Color, Config, IndexType, Label, Report, ReportKind};
use core::fmt;
use std::{collections::BTreeMap, ops::Range};

/// Characters a line may have before the picture is left out: a picture of a longer one helps nobody.
pub const MAX_LINE_CHARS: usize = 400;

/// Fixes shown of one diagnostic at most; the others are in the JSON.
pub const MAX_FIXES: usize = 3;

/// Renders diagnostics of the same sources; keeps what it prepared of each file.
pub struct Renderer<'s> {
    files: Files<'s>,
    colour: bool,
}

impl<'s> Renderer<'s> {
    /// With or without colours: the caller knows where the text goes.
    pub fn new(sources: &'s Sources, colour: bool) -> Self {
        Self { files: Files { sources, ready: BTreeMap::new() }, colour }
    }

    /// One diagnostic with its picture, ending in a line break.
    pub fn render(&mut self, diagnostic: &Diagnostic) -> String {
        let mut out = self.header(diagnostic);
        match self.picture(diagnostic) {
            Some(picture) => out.push_str(&picture),
            None => self.plainly(diagnostic, &mut out),
        }
        out
    }

    fn header(&self, d: &Diagnostic) -> String {
        let word = format!("{}[{}]", d.severity.word(), d.code);
        let message = visible(&d.message);
        if !self.colour {
            return format!("{word}: {message}\n");
        }
        let colour = match d.severity {
            Severity::Error => "31",
            Severity::Warning => "33",
            Severity::Note => "36",
        };
        format!("\u{1b}[1;{colour}m{word}\u{1b}[0m\u{1b}[1m: {message}\u{1b}[0m\n")
    }

    /// ariadne's picture; none where a line is too long for one.
    fn picture(&mut self, d: &Diagnostic) -> Option<String> {
        let places = || std::iter::once(d.primary).chain(d.labels.iter().map(|l| l.place));
        if places().any(|p| self.too_long(p)) {
            return None;
        }
        let config =
            Config::new().with_color(self.colour).with_index_type(IndexType::Byte).with_compact(false);
        let primary = self.span(d.primary);
        let mut report = Report::build(ReportKind::Error, primary).with_config(config);
        let strong = match d.severity {
            Severity::Error => Color::Red,
            Severity::Warning => Color::Yellow,
            Severity::Note => Color::Cyan,
        };
        // In the order of the text, the primary place's file first: ariadne begins a new picture whenever it goes back.
        let mut labels: Vec<(Place, &str)> = d.labels.iter().map(|l| (l.place, l.message.as_str())).collect();
        if labels.iter().all(|(place, _)| *place != d.primary) {
            // ariadne underlines nothing that has no word.
            labels.push((d.primary, "here"));
        }
        labels.sort_by_key(|(place, _)| (place.file != d.primary.file, *place));
        for ((place, message), order) in labels.into_iter().zip(0..) {
            let colour = if place == d.primary { strong } else { Color::Blue };
            let label = Label::new(self.span(place)).with_message(visible(message));
            report.add_label(label.with_color(colour).with_order(order));
        }
        for note in &d.notes {
            report.add_note(visible(note));
        }
        for help in helps(d) {
            report.add_help(help);
        }
        let mut bytes = Vec::new();
        report.finish().write(&mut self.files, &mut bytes).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        // The first line is ariadne's own header.
        let (_, picture) = text.split_once('\n')?;
        Some(picture.lines().map(|line| format!("{}\n", line.trim_end())).collect())
    }

    /// Without a picture.
    fn plainly(&self, d: &Diagnostic, out: &mut String) {
        let sources = self.files.sources;
        out.push_str(&format!("  at {}\n", short::location(d.primary, sources)));
        for label in &d.labels {
            out.push_str(&format!(
                "  {}: {}\n",
                short::location(label.place, sources),
                visible(&label.message)
            ));
        }
        for note in &d.notes {
            out.push_str(&format!("  note: {}\n", visible(note)));
        }
        for help in helps(d) {
            out.push_str(&format!("  help: {help}\n"));
        }
    }

    fn too_long(&self, place: Place) -> bool {
        let Some(source) = self.files.sources.get(place.file) else { return true };
        let (start, end) = self.files.sources.positions(place);
        [start.line, end.line].into_iter().any(|l| source.line(l).chars().nth(MAX_LINE_CHARS).is_some())
    }

    /// The place in bytes, on character boundaries and inside the text, as ariadne needs it.
    fn span(&self, place: Place) -> (FileId, Range<usize>) {
        let (start, end) = self.files.sources.positions(place);
        (place.file, start.byte as usize..end.byte as usize)
    }
}

/// What would be right: the help itself, then the edits that it does not already say, but nothing that a label says.
pub(super) fn helps(d: &Diagnostic) -> Vec<String> {
    let said = |fix: &&Fix| match (&d.help, fix.edits.as_slice()) {
        (Some(help), [(_, text)]) => !text.trim().is_empty() && help.contains(text.trim()),
        _ => false,
    };
    let help = d.help.iter().map(|h| visible(h).into_owned());
    let fixes = d.fixes.iter().take(MAX_FIXES).filter(|fix| !said(fix)).map(describe);
    help.chain(fixes).filter(|text| d.labels.iter().all(|l| l.message != *text)).collect()
}

/// A fix in words: its title, and what is written if the title does not say so.
fn describe(fix: &Fix) -> String {
    match fix.edits.as_slice() {
        [(_, text)]
            if !text.trim().is_empty() && !fix.title.contains(text.trim()) && !text.contains('\n') =>
        {
            format!("{}: `{}`", visible(&fix.title), visible(text.trim()))
        }
        _ => visible(&fix.title).into_owned(),
    }
}

/// What ariadne reads files from.
struct Files<'s> {
    sources: &'s Sources,
    ready: BTreeMap<FileId, ariadne::Source<String>>,
}

impl Cache<FileId> for &mut Files<'_> {
    type Storage = String;

    fn fetch(&mut self, id: &FileId) -> Result<&ariadne::Source<String>, impl fmt::Debug> {
        let sources = self.sources;
        let text = || sources.get(*id).map(|s| calm(s.text())).unwrap_or_default();
        Ok::<_, fmt::Error>(self.ready.entry(*id).or_insert_with(|| ariadne::Source::from(text())))
    }

    fn display<'a>(&self, id: &'a FileId) -> Option<impl fmt::Display + 'a> {
        Some(visible(self.sources.name(*id)).into_owned())
    }
}

/// The text with everything that a terminal would obey, or that ariadne would take for a line break, replaced by something
/// of the same length in bytes, so that every place keeps its bytes. A last line that is empty is kept as one.
fn calm(text: &str) -> String {
    let mut out: String = text
        .chars()
        .map(|c| match (misleads(c), c.len_utf8()) {
            (false, _) => c,
            (true, 1) => ' ',
            (true, 2) => '·',
            (true, 3) => '\u{fffd}',
            (true, _) => '\u{1f6ab}',
        })
        .collect();
    if out.is_empty() || out.ends_with('\n') {
        out.push(' ');
    }
    out
}
