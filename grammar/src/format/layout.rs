//! Lines: which groups stand on one, and where the others break.
//!
//! The usual scheme: a group is written on one line if it fits up to the next place where a line may end, else each of its
//! own breaks is taken, and its inner groups are asked in turn.

/// One instruction to the printer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Op<'t> {
    /// A token as written.
    Text(&'t str),
    /// A space, but not at the start of a line.
    Space,
    /// Begins a group. `broken`: it holds what cannot stand on one line.
    Open {
        broken: bool,
    },
    /// Ends a group.
    Close,
    Indent,
    Dedent,
    /// The end of a line if the group is broken; else a space or nothing.
    Line {
        space: bool,
    },
    /// The end of a line; `blank`: and an empty one.
    Hard {
        blank: bool,
    },
    /// A comma if the group is broken.
    TrailingComma,
    /// A comment after something on its line. Its width breaks nothing.
    After(&'t str),
    /// A comment on a line of its own.
    Own {
        comment: &'t str,
        blank: bool,
    },
}

const INDENT: usize = 4;

struct Printer {
    width: usize,
    out: String,
    column: usize,
    indent: usize,
    /// The end of a line that is due before the next text.
    newline: Option<Newline>,
}

/// The end of a line, and where the next begins.
#[derive(Clone, Copy)]
struct Newline {
    /// With an empty line.
    blank: bool,
    indent: usize,
}

/// Writes the text that the instructions describe.
pub(super) fn print(ops: &[Op], width: usize) -> String {
    let mut printer = Printer { width, out: String::new(), column: 0, indent: 0, newline: None };
    let mut broken: Vec<bool> = Vec::new();
    for (at, op) in ops.iter().enumerate() {
        let in_broken = broken.last().copied().unwrap_or(true);
        match op {
            Op::Text(text) => printer.text(text),
            Op::Space => printer.space(),
            Op::Open { broken: must } => {
                let here = *must || in_broken && !printer.fits(ops.get(at + 1..).unwrap_or_default());
                broken.push(here);
            }
            Op::Close => {
                broken.pop();
            }
            Op::Indent => printer.indent += INDENT,
            Op::Dedent => printer.indent = printer.indent.saturating_sub(INDENT),
            Op::Line { .. } if in_broken => printer.end_line(false),
            Op::Line { space: true } => printer.space(),
            Op::Line { space: false } => {}
            Op::Hard { blank } => printer.end_line(*blank),
            Op::TrailingComma if in_broken => printer.text(","),
            Op::TrailingComma => {}
            Op::After(comment) => {
                printer.space();
                printer.text(comment);
                printer.end_line(false);
            }
            Op::Own { comment, blank } => {
                printer.end_line(*blank);
                printer.text(comment);
                printer.end_line(false);
            }
        }
    }
    if !printer.out.is_empty() {
        printer.out.push('\n');
    }
    printer.out
}

impl Printer {
    fn text(&mut self, text: &str) {
        if let Some(Newline { blank, indent }) = self.newline.take().filter(|_| !self.out.is_empty()) {
            let inside = !self.out.ends_with('{') && text != "}";
            self.out.push_str(if blank && inside { "\n\n" } else { "\n" });
            self.out.extend(std::iter::repeat_n(' ', indent));
            self.column = indent;
        }
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    fn space(&mut self) {
        if self.newline.is_none() && !self.out.is_empty() {
            self.text(" ");
        }
    }

    fn end_line(&mut self, blank: bool) {
        let blank = blank || self.newline.is_some_and(|due| due.blank);
        self.newline = Some(Newline { blank, indent: self.indent });
    }

    /// Whether the group that begins here, and what follows it up to the next place to break, fits on this line.
    fn fits(&self, ops: &[Op]) -> bool {
        let start = self.newline.map_or(self.column, |due| due.indent);
        let Some(mut left) = self.width.checked_sub(start) else { return false };
        let mut depth = 1usize;
        for op in ops {
            let wide = match op {
                Op::Text(text) => text.chars().count(),
                Op::Open { broken: true } if depth > 0 => return false,
                Op::Open { .. } => {
                    depth += usize::from(depth > 0);
                    0
                }
                Op::Close => {
                    depth = depth.saturating_sub(1);
                    0
                }
                Op::Line { .. } if depth == 0 => return true,
                Op::Space | Op::Line { space: true } => 1,
                Op::Hard { .. } | Op::After(_) | Op::Own { .. } => return true,
                Op::TrailingComma | Op::Line { space: false } | Op::Indent | Op::Dedent => 0,
            };
            match left.checked_sub(wide) {
                Some(rest) => left = rest,
                None => return false,
            }
        }
        true
    }
}
