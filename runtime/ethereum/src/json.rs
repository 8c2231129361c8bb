//! Values of a request with the way to them, so that a refusal can say where.

use crate::{
    hex,
    refusal::{Id, Place, Refusal},
    validity::check_chain,
};
use agentpol_abi::strict_json::{Entry, Json, Node, line_and_column};
use agentpol_model::{Address, ChainId, U256, decision::DenyCode};
use std::rc::Rc;

/// What is wrong with a request, before its place is turned into line and column.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) code: DenyCode,
    pub(crate) message: String,
    pub(crate) pointer: String,
    /// Byte in the text.
    pub(crate) offset: usize,
}

impl Fault {
    /// As it is told to the caller: the place in `text` by line and column.
    pub(crate) fn refusal(self, id: Option<Id>, text: &str) -> Refusal {
        let (line, column) = line_and_column(text, self.offset);
        let place = Place::Json { pointer: self.pointer, line, column };
        Refusal { id, code: self.code, message: self.message, place }
    }
}

/// Fields that a fault names at most.
const MOST_NAMED: usize = 24;

pub(crate) type Read<T> = Result<T, Fault>;

/// A value and the way to it.
#[derive(Clone, Debug)]
pub(crate) struct At<'n, 'a> {
    node: &'n Node<'a>,
    way: Option<Rc<Step<'n>>>,
    /// Where the string begins that this value is written in, if it is: escapes move what is inside.
    string: Option<usize>,
}

/// The last step of a way. It is written out only for a fault: a long one above many values would otherwise fill the memory.
#[derive(Debug)]
struct Step<'n> {
    before: Option<Rc<Step<'n>>>,
    key: Key<'n>,
}

#[derive(Debug)]
enum Key<'n> {
    /// All the way to a document in a string.
    Document(String),
    Name(&'n str),
    Index(usize),
}

impl<'n, 'a> At<'n, 'a> {
    pub(crate) fn root(node: &'n Node<'a>) -> Self {
        Self { node, way: None, string: None }
    }

    /// A document that is written in this value, a string.
    pub(crate) fn document<'m, 'b>(&self, root: &'m Node<'b>) -> At<'m, 'b> {
        let way = Step { before: None, key: Key::Document(self.pointer()) };
        At { node: root, way: Some(Rc::new(way)), string: Some(self.offset(self.node.offset)) }
    }

    /// The way as a JSON pointer (RFC 6901).
    fn pointer(&self) -> String {
        let mut steps = Vec::new();
        let mut next = &self.way;
        while let Some(step) = next {
            steps.push(match &step.key {
                Key::Document(pointer) => pointer.clone(),
                Key::Name(name) => format!("/{}", name.replace('~', "~0").replace('/', "~1")),
                Key::Index(index) => format!("/{index}"),
            });
            next = &step.before;
        }
        steps.into_iter().rev().collect()
    }

    /// Where that byte stands in the text of the request.
    fn offset(&self, offset: usize) -> usize {
        self.string.unwrap_or(offset)
    }

    pub(crate) fn refuse(&self, code: DenyCode, message: impl Into<String>) -> Fault {
        Fault {
            code,
            message: message.into(),
            pointer: self.pointer(),
            offset: self.offset(self.node.offset),
        }
    }

    pub(crate) fn invalid(&self, message: impl Into<String>) -> Fault {
        self.refuse(DenyCode::InvalidRequest, message)
    }

    pub(crate) fn node(&self) -> &'n Node<'a> {
        self.node
    }

    /// An object that has none but these fields.
    pub(crate) fn object(&self, what: &str, fields: &[&str]) -> Read<()> {
        let Json::Object(entries) = &self.node.value else {
            return Err(self.invalid(format!("{what} is an object; found {}", self.node.kind())));
        };
        match entries.iter().find(|e| !fields.contains(&&*e.key)) {
            None => Ok(()),
            Some(Entry { key, node, offset }) => {
                let at = self.below(node, Key::Name(key));
                // Types that a request brings along can have many members.
                let more = if fields.len() > MOST_NAMED { ", …" } else { "" };
                let known: Vec<&str> = fields.iter().copied().take(MOST_NAMED).collect();
                let fault = at.invalid(format!(
                    "{what} has no field \"{}\"; its fields are {}{more}",
                    hex::shorten(key),
                    known.join(", ")
                ));
                Err(Fault { offset: self.offset(*offset), ..fault })
            }
        }
    }

    /// A field, if it is there. `null` is not taken for absence.
    pub(crate) fn get(&self, key: &str) -> Option<At<'n, 'a>> {
        let Json::Object(entries) = &self.node.value else { return None };
        entries.iter().find(|e| e.key == key).map(|e| self.below(&e.node, Key::Name(&e.key)))
    }

    pub(crate) fn need(&self, key: &str) -> Read<At<'n, 'a>> {
        self.get(key).ok_or_else(|| self.invalid(format!("`{key}` is missing")))
    }

    /// The elements of an array.
    pub(crate) fn items(&self, what: &str) -> Read<Vec<At<'n, 'a>>> {
        match &self.node.value {
            Json::Array(items) => {
                Ok(items.iter().enumerate().map(|(i, node)| self.below(node, Key::Index(i))).collect())
            }
            _ => Err(self.invalid(format!("{what} is an array; found {}", self.node.kind()))),
        }
    }

    pub(crate) fn text(&self, what: &str) -> Read<&'n str> {
        match &self.node.value {
            Json::String(text) => Ok(text),
            _ => Err(self.invalid(format!("{what} is a string; found {}", self.node.kind()))),
        }
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        match self.node.value {
            Json::Bool(truth) => Some(truth),
            _ => None,
        }
    }

    pub(crate) fn quantity(&self, what: &str) -> Read<U256> {
        if let Json::Number(written) = self.node.value {
            let hint = written.parse::<u64>().map(|n| format!("; write `\"{n:#x}\"`")).unwrap_or_default();
            return Err(
                self.invalid(format!("{what} is a hex quantity in quotes; found the number {written}{hint}"))
            );
        }
        hex::quantity(self.text(what)?).map_err(|why| self.invalid(format!("{what}: {why}")))
    }

    /// A quantity that fits in a smaller type.
    pub(crate) fn small<T: TryFrom<U256>>(&self, what: &str, bits: u32) -> Read<T> {
        T::try_from(self.quantity(what)?).map_err(|_| self.invalid(format!("{what} is below 2^{bits}")))
    }

    pub(crate) fn address(&self, what: &str) -> Read<Address> {
        hex::address(self.text(what)?).map_err(|why| self.invalid(format!("{what}: {why}")))
    }

    pub(crate) fn bytes(&self, what: &str, most: usize) -> Read<Vec<u8>> {
        hex::bytes(self.text(what)?, most).map_err(|why| self.invalid(format!("{what}: {why}")))
    }

    pub(crate) fn word(&self, what: &str) -> Read<[u8; 32]> {
        hex::word(self.text(what)?).map_err(|why| self.invalid(format!("{what}: {why}")))
    }

    /// The entries of an object.
    pub(crate) fn entries(&self, what: &str) -> Read<Vec<(&'n str, At<'n, 'a>)>> {
        match &self.node.value {
            Json::Object(entries) => {
                Ok(entries.iter().map(|e| (&*e.key, self.below(&e.node, Key::Name(&e.key)))).collect())
            }
            _ => Err(self.invalid(format!("{what} is an object; found {}", self.node.kind()))),
        }
    }

    /// A number, as configuration files have it, or a quantity.
    pub(crate) fn count(&self, what: &str) -> Read<u64> {
        match self.node.value {
            Json::Number(written) => written
                .parse()
                .map_err(|_| self.invalid(format!("{what} is whole, not negative and below 2^64"))),
            _ => self.small(what, 64),
        }
    }

    /// A chain that there can be.
    pub(crate) fn chain(&self) -> Read<ChainId> {
        let chain = self.count("`chainId`")?;
        check_chain(chain).map_err(|why| self.invalid(why))?;
        Ok(chain)
    }

    fn below(&self, node: &'n Node<'a>, key: Key<'n>) -> At<'n, 'a> {
        At { node, way: Some(Rc::new(Step { before: self.way.clone(), key })), string: self.string }
    }
}
