//! Reading the text form. Errors name line and column.

use super::Written;
use crate::limits::MAX_TYPE_DEPTH;

/// Why a text is no module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssembleError {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What should have stood there.
    pub expected: &'static str,
}

impl core::fmt::Display for AssembleError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}:{}: expected {}", self.line, self.column, self.expected)
    }
}

impl core::error::Error for AssembleError {}

/// A place in the text.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    all: &'a str,
    rest: &'a str,
    depth: u32,
}

impl<'a> Cursor<'a> {
    /// At the beginning.
    pub fn new(all: &'a str) -> Self {
        Self { all, rest: all.trim_start(), depth: 0 }
    }

    /// An error about what comes next.
    pub fn error(&self, expected: &'static str) -> AssembleError {
        let consumed = self.all.len().saturating_sub(self.rest.len());
        let before = self.all.get(..consumed).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        AssembleError { line, column, expected }
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default().trim_start();
    }

    /// Letters, digits, `_` and, after the first, `.` of a name such as `tx.fee`.
    pub fn word(&mut self) -> Result<&'a str, AssembleError> {
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))
            .unwrap_or(self.rest.len());
        let word = self.rest.get(..end).filter(|w| !w.is_empty()).ok_or_else(|| self.error("a word"))?;
        self.advance(end);
        Ok(word)
    }

    /// Takes this character if it comes next.
    pub fn eat(&mut self, wanted: char) -> bool {
        let found = self.rest.starts_with(wanted);
        if found {
            self.advance(wanted.len_utf8());
        }
        found
    }

    /// Takes this bracket or mark.
    pub fn expect(&mut self, wanted: char) -> Result<(), AssembleError> {
        let name = match wanted {
            '{' => "`{`",
            '}' => "`}`",
            '(' => "`(`",
            ')' => "`)`",
            '[' => "`[`",
            ']' => "`]`",
            ',' => "`,`",
            ':' => "`:`",
            _ => "another mark",
        };
        let error = self.error(name);
        if self.eat(wanted) { Ok(()) } else { Err(error) }
    }

    /// Takes this word.
    pub fn keyword(&mut self, wanted: &'static str) -> Result<(), AssembleError> {
        let error = self.error(wanted);
        if self.word()? == wanted { Ok(()) } else { Err(error) }
    }

    /// `name: value,`
    pub fn field<T: Written>(&mut self, name: &'static str) -> Result<T, AssembleError> {
        self.keyword(name)?;
        self.expect(':')?;
        self.argument()
    }

    /// `value,`; before a closing bracket the comma may be left out.
    pub fn argument<T: Written>(&mut self) -> Result<T, AssembleError> {
        let value = T::parse(self)?;
        if !self.rest.starts_with([')', ']', '}']) {
            self.expect(',')?;
        }
        Ok(value)
    }

    /// Is this what comes next?
    pub fn is_at(&self, wanted: impl FnMut(char) -> bool) -> bool {
        self.rest.starts_with(wanted)
    }

    /// A string in quotes, with the escapes `\\`, `\"`, `\n` and `\u{…}`.
    pub fn string(&mut self) -> Result<String, AssembleError> {
        let error = self.error("a string in quotes");
        let mut text = String::new();
        let mut chars = self.rest.char_indices();
        if !matches!(chars.next(), Some((_, '"'))) {
            return Err(error);
        }
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.advance(at + 1);
                    return Ok(text);
                }
                '\\' => text.push(escape(&mut chars).ok_or_else(|| error.clone())?),
                other => text.push(other),
            }
        }
        Err(error)
    }

    /// Nothing may follow.
    pub fn end(&self) -> Result<(), AssembleError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.error("the end")) }
    }

    /// Reads something that may contain itself.
    pub fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, AssembleError>,
    ) -> Result<T, AssembleError> {
        if self.depth >= MAX_TYPE_DEPTH {
            return Err(self.error("a type of at most 16 levels"));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }
}

fn escape(chars: &mut core::str::CharIndices<'_>) -> Option<char> {
    match chars.next()?.1 {
        'n' => Some('\n'),
        'u' => {
            chars.next().filter(|(_, c)| *c == '{')?;
            let mut code = 0u32;
            loop {
                match chars.next()?.1 {
                    '}' => return char::from_u32(code),
                    digit => code = code.checked_mul(16)?.checked_add(digit.to_digit(16)?)?,
                }
            }
        }
        same @ ('\\' | '"') => Some(same),
        _ => None,
    }
}
