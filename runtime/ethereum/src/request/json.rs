//! Values of a request with the way to them, so that a refusal can say where.

use crate::hex;
use agentpol_abi::strict_json::{Entry, Json, Node};
use agentpol_model::{Address, U256, decision::DenyCode};

/// What is wrong with a request, before its place is turned into line and column.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) code: DenyCode,
    pub(super) message: String,
    pub(super) pointer: String,
    /// Byte in the text.
    pub(super) offset: usize,
}

pub(super) type Read<T> = Result<T, Fault>;

/// A value and the way to it (a JSON pointer).
#[derive(Clone, Debug)]
pub(super) struct At<'n, 'a> {
    node: &'n Node<'a>,
    pointer: String,
}

impl<'n, 'a> At<'n, 'a> {
    pub(super) fn root(node: &'n Node<'a>) -> Self {
        Self { node, pointer: String::new() }
    }

    pub(super) fn refuse(&self, code: DenyCode, message: impl Into<String>) -> Fault {
        Fault { code, message: message.into(), pointer: self.pointer.clone(), offset: self.node.offset }
    }

    pub(super) fn invalid(&self, message: impl Into<String>) -> Fault {
        self.refuse(DenyCode::InvalidRequest, message)
    }

    pub(super) fn node(&self) -> &'n Node<'a> {
        self.node
    }

    /// An object that has none but these fields.
    pub(super) fn object(&self, what: &str, fields: &[&str]) -> Read<()> {
        let Json::Object(entries) = &self.node.value else {
            return Err(self.invalid(format!("{what} is an object; found {}", self.node.kind())));
        };
        match entries.iter().find(|e| !fields.contains(&&*e.key)) {
            None => Ok(()),
            Some(Entry { key, node, offset }) => {
                let at = self.below(node, key);
                let fault =
                    at.invalid(format!("{what} has no field {key:?}; its fields are {}", fields.join(", ")));
                Err(Fault { offset: *offset, ..fault })
            }
        }
    }

    /// A field, if it is there. `null` is not taken for absence.
    pub(super) fn get(&self, key: &str) -> Option<At<'n, 'a>> {
        self.node.get(key).map(|node| self.below(node, key))
    }

    pub(super) fn need(&self, key: &str) -> Read<At<'n, 'a>> {
        self.get(key).ok_or_else(|| self.invalid(format!("`{key}` is missing")))
    }

    /// The elements of an array.
    pub(super) fn items(&self, what: &str) -> Read<Vec<At<'n, 'a>>> {
        match &self.node.value {
            Json::Array(items) => {
                Ok(items.iter().enumerate().map(|(i, node)| self.below(node, &i.to_string())).collect())
            }
            _ => Err(self.invalid(format!("{what} is an array; found {}", self.node.kind()))),
        }
    }

    pub(super) fn text(&self, what: &str) -> Read<&'n str> {
        match &self.node.value {
            Json::String(text) => Ok(text),
            _ => Err(self.invalid(format!("{what} is a string; found {}", self.node.kind()))),
        }
    }

    pub(super) fn quantity(&self, what: &str) -> Read<U256> {
        if let Json::Number(written) = self.node.value {
            let hint = written.parse::<u64>().map(|n| format!("; write `\"{n:#x}\"`")).unwrap_or_default();
            return Err(
                self.invalid(format!("{what} is a hex quantity in quotes; found the number {written}{hint}"))
            );
        }
        hex::quantity(self.text(what)?).map_err(|why| self.invalid(format!("{what}: {why}")))
    }

    /// A quantity that fits in a smaller type.
    pub(super) fn small<T: TryFrom<U256>>(&self, what: &str, bits: u32) -> Read<T> {
        T::try_from(self.quantity(what)?).map_err(|_| self.invalid(format!("{what} is below 2^{bits}")))
    }

    pub(super) fn address(&self, what: &str) -> Read<Address> {
        hex::address(self.text(what)?).map_err(|why| self.invalid(format!("{what}: {why}")))
    }

    pub(super) fn bytes(&self, what: &str, most: usize) -> Read<Vec<u8>> {
        hex::bytes(self.text(what)?, most).map_err(|why| self.invalid(format!("{what}: {why}")))
    }

    pub(super) fn word(&self, what: &str) -> Read<[u8; 32]> {
        hex::word(self.text(what)?).map_err(|why| self.invalid(format!("{what}: {why}")))
    }

    fn below(&self, node: &'n Node<'a>, key: &str) -> At<'n, 'a> {
        // RFC 6901.
        let key = key.replace('~', "~0").replace('/', "~1");
        At { node, pointer: format!("{}/{key}", self.pointer) }
    }
}
