//! Markdown for a terminal: headings, paragraphs, lists and code, which is all that pages use.

use crate::ui::{BOLD, CODE, DIM};
use std::fmt::Write as _;

/// Renders a page to so many columns.
pub(crate) fn render(markdown: &str, width: usize) -> String {
    let mut out = String::new();
    let mut paragraph: Vec<&str> = Vec::new();
    let mut in_code = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            flush(&mut paragraph, width, &mut out);
            in_code = !in_code;
        } else if in_code && !line.is_empty() {
            let _ = writeln!(out, "    {CODE}{line}{CODE:#}");
        } else if let Some(heading) = line.strip_prefix("## ") {
            flush(&mut paragraph, width, &mut out);
            let _ = writeln!(out, "{BOLD}{heading}{BOLD:#}");
        } else if line.trim().is_empty() {
            flush(&mut paragraph, width, &mut out);
            out.push('\n');
        } else {
            if line.starts_with("- ") {
                flush(&mut paragraph, width, &mut out);
            }
            paragraph.push(line);
        }
    }
    flush(&mut paragraph, width, &mut out);
    // Never two empty lines together.
    let mut compact = String::with_capacity(out.len());
    let mut empty = true;
    for line in out.lines() {
        if !(line.is_empty() && empty) {
            compact.push_str(line);
            compact.push('\n');
        }
        empty = line.is_empty();
    }
    compact
}

fn flush(paragraph: &mut Vec<&str>, width: usize, out: &mut String) {
    if paragraph.is_empty() {
        return;
    }
    for line in wrap(&paragraph.join(" "), width) {
        let _ = writeln!(out, "{}", code_words(&line));
    }
    paragraph.clear();
}

/// Breaks text at blanks into lines of at most so many characters; a longer word has a line of its own.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    wrap_after(text, 0, width)
}

/// The same, where so many columns of the first line are taken.
pub(crate) fn wrap_after(text: &str, taken: usize, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut used = taken;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        match lines.last_mut() {
            Some(line) if used + 1 + length <= width => {
                line.push(' ');
                line.push_str(word);
                used += 1 + length;
            }
            last => {
                used = if last.is_none() { taken + length } else { length };
                lines.push(word.to_owned());
            }
        }
    }
    lines
}

/// Shows `code` in its colour. A line may begin or end inside one; its marks are then left as they stand.
pub(crate) fn code_words(line: &str) -> String {
    let parts: Vec<&str> = line.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return line.to_owned();
    }
    let mut out = String::new();
    for (i, part) in parts.iter().enumerate() {
        let _ = if i % 2 == 1 {
            write!(out, "{DIM}`{DIM:#}{CODE}{part}{CODE:#}{DIM}`{DIM:#}")
        } else {
            write!(out, "{part}")
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wrapped_and_long_ones_stand_alone() {
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("aaaaaaaa bb", 5), ["aaaaaaaa", "bb"]);
        assert!(wrap("  ", 5).is_empty());
    }

    #[test]
    fn code_keeps_its_lines() {
        let page = "one\ntwo\n\n\n## Example\n\n```agentpol\na   b\n\n  c\n```\n";
        let text = anstream::adapter::strip_str(&render(page, 80)).to_string();
        assert_eq!(text, "one two\n\nExample\n\n    a   b\n\n      c\n");
    }
}
