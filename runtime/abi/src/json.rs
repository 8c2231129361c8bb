//! JSON ABI import: the array that compilers write, or an artefact that has it under `abi`.

use crate::{
    Selector,
    fit::{self, MAX_TYPE_DEPTH},
    signature::{self, elementary, is_identifier},
    strict_json::{self, Json, Node, line_and_column},
};
use agentpol_model::types::{Member, Type};
use core::fmt;
use std::collections::BTreeMap;

/// An ABI file is at most this many bytes.
pub const MAX_ABI_BYTES: usize = 4 * 1024 * 1024;

/// What a function may do to the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutability {
    /// Reads nothing.
    Pure,
    /// Changes nothing.
    View,
    /// Takes no value.
    NonPayable,
    /// Takes value.
    Payable,
}

/// A function of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbiFunction {
    /// Its name.
    pub name: String,
    /// Its arguments.
    pub inputs: Vec<Member>,
    /// What it returns.
    pub outputs: Vec<Member>,
    /// What it may do.
    pub mutability: Mutability,
}

impl AbiFunction {
    /// The canonical signature.
    pub fn signature(&self) -> String {
        signature::signature(&self.name, &self.inputs)
    }

    /// Its selector.
    pub fn selector(&self) -> Selector {
        signature::selector(&self.signature())
    }

    /// May value be sent with a call?
    pub fn payable(&self) -> bool {
        self.mutability == Mutability::Payable
    }
}

/// An ABI that cannot be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonAbiError {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What was found, and what would be right.
    pub message: String,
}

impl fmt::Display for JsonAbiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl core::error::Error for JsonAbiError {}

/// The functions of a JSON ABI, in its order. Events, errors, the constructor, `receive` and `fallback` are passed over; a
/// function that stands there twice is taken once.
pub fn parse(text: &str) -> Result<Vec<AbiFunction>, JsonAbiError> {
    read(text).map_err(|Fault { offset, message }| {
        let (line, column) = line_and_column(text, offset);
        JsonAbiError { line, column, message }
    })
}

struct Fault {
    offset: usize,
    message: String,
}

impl Fault {
    fn at(node: &Node<'_>, message: impl Into<String>) -> Self {
        Self { offset: node.offset, message: message.into() }
    }
}

impl From<strict_json::JsonError> for Fault {
    fn from(e: strict_json::JsonError) -> Self {
        Self { offset: e.offset, message: e.message }
    }
}

fn read(text: &str) -> Result<Vec<AbiFunction>, Fault> {
    if text.len() > MAX_ABI_BYTES {
        return Err(Fault { offset: 0, message: format!("an ABI is at most {MAX_ABI_BYTES} bytes") });
    }
    let root = strict_json::parse(text)?;
    let list = root.get("abi").unwrap_or(&root);
    let Json::Array(entries) = &list.value else {
        let found = list.kind();
        return Err(Fault::at(
            list,
            format!("an ABI is an array, or an object that has it as `abi`; found {found}"),
        ));
    };
    let mut functions: Vec<AbiFunction> = Vec::new();
    let mut by_selector: BTreeMap<Selector, usize> = BTreeMap::new();
    for entry in entries {
        let Some(function) = item(entry)? else { continue };
        match by_selector.get(&function.selector()).and_then(|&i| functions.get(i)) {
            None => {
                by_selector.insert(function.selector(), functions.len());
                functions.push(function);
            }
            Some(other) => agree(entry, &function, other)?,
        }
    }
    Ok(functions)
}

/// A function met before must be the same one.
fn agree(entry: &Node<'_>, function: &AbiFunction, other: &AbiFunction) -> Result<(), Fault> {
    let (one, two) = (other.signature(), function.signature());
    if one != two {
        return Err(Fault::at(
            entry,
            format!("`{two}` has the same selector as `{one}`; a call could mean either"),
        ));
    }
    if function.payable() != other.payable() {
        return Err(Fault::at(entry, format!("`{two}` stands here twice, once payable and once not")));
    }
    Ok(())
}

fn item(entry: &Node<'_>) -> Result<Option<AbiFunction>, Fault> {
    if !matches!(entry.value, Json::Object(_)) {
        return Err(Fault::at(entry, format!("an entry of an ABI is an object; found {}", entry.kind())));
    }
    // The specification lets `type` be left out of functions.
    let kind = match entry.get("type") {
        None => "function",
        Some(node) => text(node, "type")?,
    };
    match kind {
        "function" => function(entry).map(Some),
        "constructor" | "receive" | "fallback" | "event" | "error" => Ok(None),
        other => Err(Fault::at(
            entry.get("type").unwrap_or(entry),
            format!(
                "{other:?} is no kind of entry; `function`, `event`, `error`, `constructor`, `receive` or `fallback` is"
            ),
        )),
    }
}

fn function(entry: &Node<'_>) -> Result<AbiFunction, Fault> {
    let Some(node) = entry.get("name") else {
        return Err(Fault::at(entry, "a function needs a `name`"));
    };
    let name = text(node, "name")?;
    if !is_identifier(name) {
        return Err(Fault::at(node, format!("{name:?} is not a name")));
    }
    let Some(inputs) = entry.get("inputs") else {
        return Err(Fault::at(entry, format!("`{name}` needs `inputs`, which may be empty")));
    };
    let outputs = match entry.get("outputs") {
        None => Vec::new(),
        Some(node) => members(node, "outputs", 0)?,
    };
    let function = AbiFunction {
        name: name.to_owned(),
        inputs: members(inputs, "inputs", 0)?,
        outputs,
        mutability: mutability(entry)?,
    };
    match fit::check(&function.inputs) {
        Ok(()) => Ok(function),
        Err(unfit) => Err(Fault::at(inputs, unfit.to_string())),
    }
}

fn mutability(entry: &Node<'_>) -> Result<Mutability, Fault> {
    let flag = |key: &str| match entry.get(key) {
        None => Ok(None),
        Some(node) => match node.value {
            Json::Bool(b) => Ok(Some(b)),
            _ => Err(Fault::at(node, format!("`{key}` is true or false; found {}", node.kind()))),
        },
    };
    // `payable` and `constant` are how compilers before 0.4.16 said it; some newer ones write both.
    let (payable, constant) = (flag("payable")?, flag("constant")?);
    let stated = match entry.get("stateMutability") {
        None => None,
        Some(node) => Some(match text(node, "stateMutability")? {
            "pure" => Mutability::Pure,
            "view" => Mutability::View,
            "nonpayable" => Mutability::NonPayable,
            "payable" => Mutability::Payable,
            other => {
                return Err(Fault::at(
                    node,
                    format!("{other:?} is not `pure`, `view`, `nonpayable` or `payable`"),
                ));
            }
        }),
    };
    let mutability = stated.unwrap_or(match (payable, constant) {
        (Some(true), _) => Mutability::Payable,
        (_, Some(true)) => Mutability::View,
        _ => Mutability::NonPayable,
    });
    if payable.is_some_and(|p| p != (mutability == Mutability::Payable)) {
        return Err(Fault::at(entry, "`payable` and `stateMutability` contradict each other"));
    }
    Ok(mutability)
}

fn members(list: &Node<'_>, key: &str, depth: usize) -> Result<Vec<Member>, Fault> {
    match &list.value {
        Json::Array(nodes) => nodes.iter().map(|node| member(node, depth)).collect(),
        _ => Err(Fault::at(list, format!("`{key}` is an array; found {}", list.kind()))),
    }
}

fn member(node: &Node<'_>, depth: usize) -> Result<Member, Fault> {
    let name = match node.get("name") {
        None => "",
        Some(name) => text(name, "name")?,
    };
    let Some(ty) = node.get("type") else {
        return Err(Fault::at(node, "an argument is an object with a `type`"));
    };
    Ok(Member { name: name.to_owned(), ty: abi_type(node, ty, depth)? })
}

/// The type string with its array suffixes; a tuple's members stand beside it in `components`.
fn abi_type(member: &Node<'_>, node: &Node<'_>, depth: usize) -> Result<Type, Fault> {
    let whole = text(node, "type")?;
    let unknown = || Fault::at(node, format!("there is no ABI type {whole:?}"));
    let (base, suffixes) = match whole.find('[').and_then(|at| whole.split_at_checked(at)) {
        Some(parts) => parts,
        None => (whole, ""),
    };
    let depth = depth + suffixes.matches('[').count();
    if depth > MAX_TYPE_DEPTH {
        return Err(Fault::at(node, format!("types nest at most {MAX_TYPE_DEPTH} levels deep")));
    }
    let mut ty = match (base, member.get("components")) {
        ("tuple", Some(components)) => Type::Tuple(members(components, "components", depth + 1)?),
        ("tuple", None) => return Err(Fault::at(member, "a tuple needs `components`")),
        (base, components) => {
            if let Some(components) = components.filter(|c| c.value != Json::Array(Vec::new())) {
                return Err(Fault::at(components, format!("only a tuple has components; this is {whole:?}")));
            }
            elementary(base).ok_or_else(unknown)?
        }
    };
    let mut rest = suffixes;
    while !rest.is_empty() {
        let (size, after) = rest.strip_prefix('[').and_then(|r| r.split_once(']')).ok_or_else(unknown)?;
        let plain = size.bytes().all(|b| b.is_ascii_digit()) && (size == "0" || !size.starts_with('0'));
        ty = match size {
            "" => Type::Array(Box::new(ty), None),
            size if plain => Type::FixedArray(Box::new(ty), size.parse().map_err(|_| unknown())?),
            _ => return Err(unknown()),
        };
        rest = after;
    }
    Ok(ty)
}

fn text<'n>(node: &'n Node<'_>, key: &str) -> Result<&'n str, Fault> {
    node.as_str().ok_or_else(|| Fault::at(node, format!("`{key}` is a string; found {}", node.kind())))
}
