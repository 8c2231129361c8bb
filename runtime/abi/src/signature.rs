//! Selectors, type strings and signatures as people write them.

use crate::{
    AbiFunction, Mutability,
    fit::{self, MAX_TYPE_DEPTH, MAX_TYPE_NODES, Unfit},
};
use agentpol_model::types::{Member, Type, WordType};
use core::fmt;

/// The first four bytes of the hash of a signature.
pub type Selector = [u8; 4];

/// A signature is at most this many bytes.
pub const MAX_SIGNATURE_BYTES: usize = 16 * 1024;

/// The selector of a canonical signature such as `transfer(address,uint256)`.
pub fn selector(signature: &str) -> Selector {
    let [a, b, c, d, ..] = alloy_primitives::keccak256(signature).0;
    [a, b, c, d]
}

/// The canonical signature: no names, no spaces.
pub fn signature(name: &str, inputs: &[Member]) -> String {
    let types: Vec<String> = inputs.iter().map(|m| m.ty.to_string()).collect();
    format!("{name}({})", types.join(","))
}

/// Text that is no type or signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureError {
    /// Byte in the text.
    pub offset: usize,
    /// What was found, and what would be right.
    pub message: String,
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {}", self.offset, self.message)
    }
}

impl core::error::Error for SignatureError {}

/// A type: `(address,uint256)[2]`. Members may be named, and `tuple` may stand before a parenthesis.
pub fn parse_type(text: &str) -> Result<Type, SignatureError> {
    let ty = whole(text, |p| p.ty(0))?;
    checked(vec![Member { name: String::new(), ty: ty.clone() }])?;
    Ok(ty)
}

/// Arguments in parentheses: `(address to, uint256 value)`.
pub fn parse_members(text: &str) -> Result<Vec<Member>, SignatureError> {
    whole(text, |p| p.members(0)).and_then(checked)
}

/// A function: `transfer(address to, uint256 value)`, with or without `function`, names, visibility, mutability and
/// `returns`.
pub fn parse_function(text: &str) -> Result<AbiFunction, SignatureError> {
    let function = whole(text, Parser::function)?;
    Ok(AbiFunction { inputs: checked(function.inputs)?, ..function })
}

fn checked(members: Vec<Member>) -> Result<Vec<Member>, SignatureError> {
    match fit::check(&members) {
        Ok(()) => Ok(members),
        Err(unfit) => Err(SignatureError { offset: 0, message: unfit.to_string() }),
    }
}

fn whole<'a, T>(
    text: &'a str,
    read: impl FnOnce(&mut Parser<'a>) -> Result<T, SignatureError>,
) -> Result<T, SignatureError> {
    let mut parser = Parser { text, rest: text, members: 0 };
    if text.len() > MAX_SIGNATURE_BYTES {
        return Err(parser.error(format!("longer than {MAX_SIGNATURE_BYTES} bytes")));
    }
    let value = read(&mut parser)?;
    parser.eat(";");
    match parser.peek() {
        None => Ok(value),
        Some(c) => Err(parser.error(format!("`{}` after the end", c.escape_debug()))),
    }
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
    members: usize,
}

impl<'a> Parser<'a> {
    fn error(&self, message: impl Into<String>) -> SignatureError {
        SignatureError { offset: self.text.len() - self.rest.len(), message: message.into() }
    }

    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
        self.rest.chars().next()
    }

    fn eat(&mut self, token: &str) -> bool {
        self.peek();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) -> Result<(), SignatureError> {
        if self.eat(token) {
            return Ok(());
        }
        let found = match self.peek() {
            Some(c) => format!("`{}`", c.escape_debug()),
            None => "the end".to_owned(),
        };
        Err(self.error(format!("expected `{token}`, found {found}")))
    }

    /// A word, empty if there is none.
    fn ident(&mut self) -> &'a str {
        self.peek();
        let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '$'));
        let (word, rest) =
            self.rest.split_at_checked(end.unwrap_or(self.rest.len())).unwrap_or(("", self.rest));
        self.rest = rest;
        word
    }

    /// Takes a word if it is one of these.
    fn keyword(&mut self, words: &[&str]) -> Option<&'a str> {
        let before = self.rest;
        let word = self.ident();
        if words.contains(&word) {
            return Some(word);
        }
        self.rest = before;
        None
    }

    fn function(&mut self) -> Result<AbiFunction, SignatureError> {
        self.keyword(&["function"]);
        self.peek();
        let name = self.ident();
        if !is_identifier(name) {
            return Err(self.error("expected the function's name"));
        }
        let inputs = self.members(0)?;
        let mut mutability = Mutability::NonPayable;
        let mut outputs = None;
        while self.peek().is_some_and(|c| c != ';') {
            match self.ident() {
                "external" | "public" | "virtual" | "override" => {}
                "pure" => mutability = Mutability::Pure,
                "view" | "constant" => mutability = Mutability::View,
                "payable" => mutability = Mutability::Payable,
                "nonpayable" => mutability = Mutability::NonPayable,
                "returns" if outputs.is_none() => outputs = Some(self.members(0)?),
                word => {
                    return Err(self.error(format!(
                        "`{word}` after the arguments; `external`, `public`, `pure`, `view`, `payable` or `returns (…)` can stand here"
                    )));
                }
            }
        }
        Ok(AbiFunction { name: name.to_owned(), inputs, outputs: outputs.unwrap_or_default(), mutability })
    }

    fn members(&mut self, depth: usize) -> Result<Vec<Member>, SignatureError> {
        self.expect("(")?;
        let mut members = Vec::new();
        if self.eat(")") {
            return Ok(members);
        }
        loop {
            members.push(self.member(depth)?);
            self.members += 1;
            if self.members > MAX_TYPE_NODES {
                return Err(self.error(Unfit::TooLarge.to_string()));
            }
            if !self.eat(",") {
                break;
            }
        }
        self.expect(")")?;
        Ok(members)
    }

    fn member(&mut self, depth: usize) -> Result<Member, SignatureError> {
        let ty = self.ty(depth)?;
        if ty == Type::Word(WordType::Address) {
            self.keyword(&["payable"]);
        }
        self.keyword(&["memory", "calldata"]);
        let name = self.ident();
        if !name.is_empty() && !is_identifier(name) {
            return Err(self.error(format!("`{name}` is not a name")));
        }
        Ok(Member { name: name.to_owned(), ty })
    }

    fn ty(&mut self, mut depth: usize) -> Result<Type, SignatureError> {
        let too_deep = |p: &Self| p.error(Unfit::TooDeep.to_string());
        if depth > MAX_TYPE_DEPTH {
            return Err(too_deep(self));
        }
        let mut ty = self.base(depth)?;
        while self.eat("[") {
            depth += 1;
            if depth > MAX_TYPE_DEPTH {
                return Err(too_deep(self));
            }
            ty = match self.ident() {
                "" => Type::Array(Box::new(ty), None),
                size => match number(size) {
                    Some(n) if n > 0 => Type::FixedArray(Box::new(ty), n),
                    _ => {
                        return Err(self.error(format!("`{size}` is no array size; write a positive number")));
                    }
                },
            };
            self.expect("]")?;
        }
        Ok(ty)
    }

    fn base(&mut self, depth: usize) -> Result<Type, SignatureError> {
        self.peek();
        let before = self.rest;
        let word = self.ident();
        if (word.is_empty() || word == "tuple") && self.peek() == Some('(') {
            return self.members(depth + 1).map(Type::Tuple);
        }
        elementary(word).ok_or_else(|| {
            self.rest = before;
            self.error(match word {
                "" => "expected a type".to_owned(),
                "byte" => "there is no type `byte`; write `bytes1`".to_owned(),
                word => format!("there is no ABI type `{word}`"),
            })
        })
    }
}

/// A type by its name alone.
pub(crate) fn elementary(word: &str) -> Option<Type> {
    let ty = match word {
        "address" => WordType::Address,
        "bool" => WordType::Bool,
        "function" => WordType::Function,
        "uint" => WordType::Uint(256),
        "int" => WordType::Int(256),
        "bytes" => return Some(Type::Bytes),
        "string" => return Some(Type::String),
        _ => {
            if let Some(bits) = word.strip_prefix("uint") {
                WordType::Uint(u16::try_from(number(bits)?).ok()?)
            } else if let Some(bits) = word.strip_prefix("int") {
                WordType::Int(u16::try_from(number(bits)?).ok()?)
            } else {
                WordType::FixedBytes(u8::try_from(number(word.strip_prefix("bytes")?)?).ok()?)
            }
        }
    };
    fit::width_exists(ty).then_some(Type::Word(ty))
}

/// Decimal digits without a leading zero.
fn number(digits: &str) -> Option<u32> {
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    if plain { digits.parse().ok() } else { None }
}

/// Letters, digits, `_` and `$`, not beginning with a digit.
pub(crate) fn is_identifier(word: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'$';
    word.bytes().all(allowed) && word.bytes().next().is_some_and(|b| !b.is_ascii_digit())
}
