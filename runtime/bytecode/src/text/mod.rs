//! The text form of a module: what `inspect` shows and what tests are written in. `assemble(disassemble(m)) == m`.

mod code;
mod cursor;
mod primitives;
mod printer;

pub use cursor::{AssembleError, Cursor};
pub use primitives::number;
pub use printer::{Print, Printer};

use crate::module::Module;

/// Something with a text form.
pub trait Written: Sized {
    /// Does each of its parts take a line?
    const LINES: bool = false;
    /// Does it take a line of its own in a list?
    const ITEM: bool = Self::LINES;

    /// Appends it.
    fn print(&self, out: &mut Printer);

    /// Reads it back.
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError>;
}

/// A module as text.
pub fn disassemble(module: &Module) -> String {
    let mut out = Printer::default();
    out.word("module");
    out.space();
    module.print(&mut out);
    out.finish()
}

/// A part of a module as text (a clause's code, a rule).
pub fn print(part: &impl Written) -> String {
    let mut out = Printer::default();
    part.print(&mut out);
    out.finish()
}

/// The module that a text says.
pub fn assemble(text: &str) -> Result<Module, AssembleError> {
    let mut cursor = Cursor::new(text);
    cursor.keyword("module")?;
    let module = Module::parse(&mut cursor)?;
    cursor.end()?;
    Ok(module)
}
