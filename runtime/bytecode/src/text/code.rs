//! What instructions are made of, in the form that people read most: `compare $1:uint256 at_most 250 else fail`.

use super::{AssembleError, Cursor, Printer, Written};
use crate::instruction::{Branch, Exit};
use agentpol_model::{
    ids::ParamId,
    policy::Scalar,
    request::Field,
    types::{Path, WordType},
};

/// `else fail`, `then +3`
impl Written for Branch {
    fn print(&self, out: &mut Printer) {
        out.word(if self.when { "then " } else { "else " });
        match self.to {
            Exit::Fail => out.word("fail"),
            Exit::Skip(skip) => out.word(&format!("+{skip}")),
        }
    }

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
        let error = cursor.error("`then` or `else`");
        let when = match cursor.word()? {
            "then" => true,
            "else" => false,
            _ => return Err(error),
        };
        if cursor.eat('+') {
            return Ok(Self { when, to: Exit::Skip(Written::parse(cursor)?) });
        }
        cursor.keyword("fail")?;
        Ok(Self { when, to: Exit::Fail })
    }
}

/// As Solidity writes it.
impl Written for WordType {
    fn print(&self, out: &mut Printer) {
        out.word(&self.to_string());
    }

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
        let error = cursor.error("an elementary type");
        let word = cursor.word()?;
        let sized = |prefix: &str| word.strip_prefix(prefix).and_then(super::number::<u16>);
        match word {
            "address" => Ok(WordType::Address),
            "bool" => Ok(WordType::Bool),
            "function" => Ok(WordType::Function),
            _ => {
                let bytes = || sized("bytes").and_then(|n| u8::try_from(n).ok()).map(WordType::FixedBytes);
                let uint = sized("uint").map(WordType::Uint);
                uint.or_else(|| sized("int").map(WordType::Int)).or_else(bytes).ok_or(error)
            }
        }
    }
}

/// `250`, `$1:uint256`, `len $3`, `value`, `param0`
impl Written for Scalar {
    fn print(&self, out: &mut Printer) {
        match self {
            Scalar::Const(word) => word.print(out),
            Scalar::Arg(path, ty) => {
                path.print(out);
                out.word(":");
                ty.print(out);
            }
            Scalar::Len(path) => {
                out.word("len ");
                path.print(out);
            }
            Scalar::Party(path) => {
                out.word("party ");
                path.print(out);
            }
            Scalar::Slice { path, start, from_end, length } => {
                out.word("slice");
                out.arguments(&[path, start, from_end, length]);
            }
            Scalar::Field(field) => field.print(out),
            Scalar::Param(param) => param.print(out),
        }
    }

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
        if cursor.is_at(|c| c == '$') {
            let path = Path::parse(cursor)?;
            cursor.expect(':')?;
            return Ok(Scalar::Arg(path, Written::parse(cursor)?));
        }
        if cursor.is_at(|c| c.is_ascii_digit()) {
            return Written::parse(cursor).map(Scalar::Const);
        }
        let start = cursor.clone();
        match cursor.word()? {
            "len" => Written::parse(cursor).map(Scalar::Len),
            "party" => Written::parse(cursor).map(Scalar::Party),
            "slice" => {
                cursor.expect('(')?;
                let (path, start) = (cursor.argument()?, cursor.argument()?);
                let (from_end, length) = (cursor.argument()?, cursor.argument()?);
                cursor.expect(')')?;
                Ok(Scalar::Slice { path, start, from_end, length })
            }
            word if word.starts_with("param") => {
                *cursor = start;
                ParamId::parse(cursor).map(Scalar::Param)
            }
            _ => {
                *cursor = start;
                Field::parse(cursor).map(Scalar::Field)
            }
        }
    }
}
