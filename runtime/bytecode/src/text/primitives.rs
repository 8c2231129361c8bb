//! Numbers, words, strings, lists and paths as text.

use super::{AssembleError, Cursor, Printer, Written};
use crate::module::Integer;
use agentpol_model::{
    Address, B256, U256,
    types::{Path, Step},
};
use alloy_primitives::{U512, hex};
use core::str::FromStr;

/// A decimal number as it is printed: no sign, no leading zero.
pub fn number<T: FromStr>(text: &str) -> Option<T> {
    let canonical = text == "0" || (!text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()));
    if canonical { text.parse().ok() } else { None }
}

macro_rules! numbers {
    ($($ty:ty, $expected:literal;)*) => {$(
        impl Written for $ty {
            fn print(&self, out: &mut Printer) {
                out.word(&self.to_string());
            }

            fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
                let error = cursor.error($expected);
                number(cursor.word()?).ok_or(error)
            }
        }
    )*};
}

numbers! {
    u16, "a number below 2^16";
    u32, "a number below 2^32";
    u64, "a number below 2^64";
}

/// Decimal while it is small, hexadecimal from 2^64 on: addresses are read so.
impl Written for U256 {
    fn print(&self, out: &mut Printer) {
        out.word(&if self.bit_len() > 64 { format!("{self:#x}") } else { self.to_string() });
    }

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
        let error = cursor.error("a number below 2^256");
        let word = cursor.word()?;
        match word.strip_prefix("0x") {
            Some(digits) => U256::from_str_radix(digits, 16).map_err(|_| error),
            None => number(word).ok_or(error),
        }
    }
}

impl Written for bool {
    fn print(&self, out: &mut Printer) {
        out.word(if *self { "true" } else { "false" });
    }

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
        let error = cursor.error("`true` or `false`");
        match cursor.word()? {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(error),
        }
    }
}

impl Written for Integer {
    fn print(&self, out: &mut Printer) {
        if self.negative {
            out.word("-");
        }
        out.word(&self.magnitude.to_string());
    }

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
        let error = cursor.error("an integer of at most 512 bits");
        let negative = cursor.eat('-');
        let magnitude: U512 = number(cursor.word()?).ok_or_else(|| error.clone())?;
        if negative && magnitude.is_zero() { Err(error) } else { Ok(Integer { negative, magnitude }) }
    }
}

fn print_hex(bytes: &[u8], out: &mut Printer) {
    out.word("0x");
    out.word(&hex::encode(bytes));
}

fn parse_hex(cursor: &mut Cursor<'_>, expected: &'static str) -> Result<Vec<u8>, AssembleError> {
    let error = cursor.error(expected);
    cursor.word()?.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok()).ok_or(error)
}

macro_rules! fixed_bytes {
    ($($ty:ty, $expected:literal;)*) => {$(
        impl Written for $ty {
            fn print(&self, out: &mut Printer) {
                print_hex(self.as_slice(), out);
            }

            fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
                let error = cursor.error($expected);
                <$ty>::try_from(parse_hex(cursor, $expected)?.as_slice()).map_err(|_| error)
            }
        }
    )*};
}

fixed_bytes! {
    Address, "an address";
    B256, "32 bytes";
    [u8; 4], "a selector";
}

/// A list of single bytes is written as one hexadecimal number.
impl Written for Vec<u8> {
    fn print(&self, out: &mut Printer) {
        print_hex(self, out);
    }

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
        parse_hex(cursor, "bytes in hexadecimal")
    }
}

impl Written for u8 {
    fn print(&self, out: &mut Printer) {
        out.word(&self.to_string());
    }

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
        let error = cursor.error("a number below 2^8");
        number(cursor.word()?).ok_or(error)
    }
}

impl Written for String {
    fn print(&self, out: &mut Printer) {
        out.word("\"");
        for c in self.chars() {
            match c {
                '"' => out.word("\\\""),
                '\\' => out.word("\\\\"),
                '\n' => out.word("\\n"),
                // Whatever a reader could mistake for something else is shown as its number.
                c if c.is_ascii() && !c.is_ascii_control() => out.word(c.encode_utf8(&mut [0; 4])),
                c => out.word(&format!("\\u{{{:x}}}", u32::from(c))),
            }
        }
        out.word("\"");
    }

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
        cursor.string()
    }
}

/// A list. (Bytes have a form of their own, so this is written out for what modules hold lists of.)
macro_rules! lists {
    ($($ty:ty,)*) => {$(
        impl Written for Vec<$ty> {
            fn print(&self, out: &mut Printer) {
                let lines = <$ty as Written>::ITEM && !self.is_empty();
                out.open('[');
                for (index, item) in self.iter().enumerate() {
                    if lines {
                        out.line();
                    } else if index > 0 {
                        out.word(", ");
                    }
                    item.print(out);
                    if lines {
                        out.word(",");
                    }
                }
                out.close(']', lines);
            }

            fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
                cursor.expect('[')?;
                let mut items = Vec::new();
                while !cursor.eat(']') {
                    items.push(cursor.argument()?);
                }
                Ok(items)
            }
        }
    )*};
}

use crate::{instruction::Instruction, module};
use agentpol_model::{budget, certificate, decision, ids, policy, types};

lists! {
    String, U256, Vec<U256>, Address,
    Instruction, module::Arm, module::Clause, module::Callable, module::ControlTemplate, module::Rule, module::Term, module::Text, module::EffectTemplate,
    policy::Chain, policy::Contract, policy::Function, policy::Param, policy::Target, policy::Token, policy::Scalar, policy::Unwrap, Path,
    types::Member, budget::Budget, certificate::Bound, decision::DenyCode, ids::BudgetId, ids::RuleId,
    (agentpol_model::ChainId, Option<Address>), (ids::BudgetId, policy::Ask), (ids::TokenId, U256), (ids::TokenId, budget::Cap),
    (module::Sum, Vec<ids::BudgetId>), (String, String), (Path, policy::TokenSpec),
}

impl<T: Written> Written for Option<T> {
    fn print(&self, out: &mut Printer) {
        match self {
            None => out.word("none"),
            Some(value) => {
                out.word("some(");
                value.print(out);
                out.word(")");
            }
        }
    }

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
        let error = cursor.error("`none` or `some(…)`");
        match cursor.word()? {
            "none" => Ok(None),
            "some" => {
                cursor.expect('(')?;
                let value = T::parse(cursor)?;
                cursor.expect(')')?;
                Ok(Some(value))
            }
            _ => Err(error),
        }
    }
}

impl<T: Written> Written for Box<T> {
    fn print(&self, out: &mut Printer) {
        T::print(self, out);
    }

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
        T::parse(cursor).map(Box::new)
    }
}

impl<A: Written, B: Written> Written for (A, B) {
    fn print(&self, out: &mut Printer) {
        out.arguments(&[&self.0, &self.1]);
    }

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
        cursor.expect('(')?;
        let pair = (cursor.argument()?, cursor.argument()?);
        cursor.expect(')')?;
        Ok(pair)
    }
}

/// `$0/1/[3]/[*0]`: the first argument's second member's fourth element, and the current element of that.
impl Written for Path {
    fn print(&self, out: &mut Printer) {
        out.word("$");
        for (index, step) in self.0.iter().enumerate() {
            if index > 0 {
                out.word("/");
            }
            match step {
                Step::Member(n) => out.word(&n.to_string()),
                Step::Index(n) => out.word(&format!("[{n}]")),
                Step::Element(n) => out.word(&format!("[*{n}]")),
            }
        }
    }

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
        let error = cursor.error("a path such as $0/1/[3]");
        if !cursor.eat('$') {
            return Err(error);
        }
        let mut steps = Vec::new();
        loop {
            steps.push(if cursor.eat('[') {
                let step = if cursor.eat('*') {
                    Step::Element(Written::parse(cursor)?)
                } else {
                    Step::Index(Written::parse(cursor)?)
                };
                cursor.expect(']')?;
                step
            } else {
                Step::Member(Written::parse(cursor)?)
            });
            if !cursor.eat('/') {
                return Ok(Path(steps));
            }
        }
    }
}
