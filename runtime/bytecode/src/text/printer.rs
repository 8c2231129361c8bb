//! Writing the text form.

use super::Written;

/// Anything that can be printed, whatever it parses to.
pub trait Print {
    /// Appends it.
    fn print_to(&self, out: &mut Printer);
}

impl<T: Written> Print for T {
    fn print_to(&self, out: &mut Printer) {
        self.print(out);
    }
}

/// Collects the text.
#[derive(Debug, Default)]
pub struct Printer {
    text: String,
    indent: usize,
}

impl Printer {
    /// Appends a word as it is.
    pub fn word(&mut self, word: &str) {
        self.text.push_str(word);
    }

    /// Appends a space.
    pub fn space(&mut self) {
        self.text.push(' ');
    }

    /// Appends an opening bracket and indents what follows.
    pub fn open(&mut self, bracket: char) {
        self.text.push(bracket);
        self.indent += 1;
    }

    /// Appends the closing bracket.
    pub fn close(&mut self, bracket: char, lines: bool) {
        self.indent = self.indent.saturating_sub(1);
        if lines {
            self.line();
        }
        self.text.push(bracket);
    }

    /// Begins a line.
    pub fn line(&mut self) {
        self.text.push('\n');
        for _ in 0..self.indent {
            self.text.push_str("  ");
        }
    }

    /// `name: value`, on a line of its own or after a comma.
    pub fn field(&mut self, name: &str, value: &impl Print, lines: bool, first: bool) {
        if lines {
            self.line();
        } else {
            self.text.push_str(if first { " " } else { ", " });
        }
        self.text.push_str(name);
        self.text.push_str(": ");
        value.print_to(self);
        if lines {
            self.text.push(',');
        }
    }

    /// `(a, b)`
    pub fn arguments(&mut self, values: &[&dyn Print]) {
        self.text.push('(');
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                self.text.push_str(", ");
            }
            value.print_to(self);
        }
        self.text.push(')');
    }

    /// The text, with a newline at its end.
    pub fn finish(mut self) -> String {
        self.text.push('\n');
        self.text
    }
}
