//! The types that typed data brings along: read, resolved, hashed, and turned into the ABI's.

use crate::{
    hex::shorten,
    json::{At, Fault, Read},
};
use agentpol_abi::fit::{MAX_TYPE_DEPTH, MAX_TYPE_NODES, check, width_exists};
use agentpol_model::{
    B256,
    types::{Member, Type, WordType},
};
use alloy_primitives::keccak256;
use std::collections::{BTreeMap, BTreeSet};

/// The struct that the domain is.
pub(super) const DOMAIN: &str = "EIP712Domain";

/// Words that Solidity keeps for itself: a struct of that name could be taken for something else.
const KEPT: &[&str] = &["int", "uint", "byte", "function", "fixed", "ufixed", "tuple", "mapping"];

/// A type as EIP-712 has it: structs have names, which go into the hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Word(WordType),
    Bytes,
    String,
    Array(Box<Shape>),
    Fixed(Box<Shape>, u32),
    /// By its place among the definitions.
    Struct(usize),
}

/// A struct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) members: Vec<(String, Shape)>,
    /// `encodeType`: itself, then what it refers to by name.
    pub(super) encoded: String,
    pub(super) hash: B256,
}

/// All structs but the domain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Types {
    all: Vec<Definition>,
    /// The one that is signed.
    root: usize,
}

/// A struct as it is written: its members' names and types, each where it stands.
struct Written<'n, 'a> {
    at: At<'n, 'a>,
    members: Vec<(String, &'n str, At<'n, 'a>)>,
}

impl Types {
    /// What the primary type is as the members of a tuple. Every type must be known, used, without recursion, and readable.
    pub(super) fn read(types: &At<'_, '_>, primary: &At<'_, '_>) -> Read<(Self, Vec<Member>)> {
        let mut written = BTreeMap::new();
        for (name, at) in types.entries("`types`")?.into_iter().filter(|(name, _)| *name != DOMAIN) {
            let kept = KEPT.contains(&name) || elementary(name).is_some();
            if kept || !is_identifier(name) {
                return Err(at.invalid(format!("a struct cannot be called \"{}\"", shorten(name))));
            }
            let members = members(&at)?;
            written.insert(name, Written { at, members });
        }
        let places: BTreeMap<&str, usize> = written.keys().enumerate().map(|(i, name)| (*name, i)).collect();
        let name = primary.text("`primaryType`")?;
        let Some(&root) = places.get(name) else {
            return Err(primary
                .invalid(format!("`types` declares no struct \"{}\" that could be signed", shorten(name))));
        };
        let all: Read<Vec<Definition>> =
            written.iter().map(|(name, written)| define(name, &written.members, &places)).collect();
        let mut types = Self { all: all?, root };
        let mut tree = Tree { types: &types, above: Vec::new(), used: BTreeSet::new(), nodes: 0 };
        let members = tree.members(root).map_err(|why| primary.invalid(why))?;
        check(&members).map_err(|unfit| primary.invalid(unfit.to_string()))?;
        let used = core::mem::take(&mut tree.used);
        if let Some((name, unused)) =
            written.iter().enumerate().find(|(i, _)| !used.contains(i)).map(|(_, w)| w)
        {
            return Err(unused.at.invalid(format!(
                "{:?} does not use the type {name:?}; leave it out",
                primary.text("`primaryType`")?
            )));
        }
        types.hash();
        Ok((types, members))
    }

    pub(super) fn root(&self) -> Option<&Definition> {
        self.all.get(self.root)
    }

    pub(super) fn get(&self, place: usize) -> Option<&Definition> {
        self.all.get(place)
    }

    /// `encodeType` and type hash of each: only once nothing is recursive and sizes are bounded.
    fn hash(&mut self) {
        let encoded: Vec<String> = (0..self.all.len()).map(|place| self.encode(place)).collect();
        for (definition, encoded) in self.all.iter_mut().zip(encoded) {
            definition.hash = keccak256(&encoded);
            definition.encoded = encoded;
        }
    }

    /// Itself first, then all that it refers to: definitions are in the order of their names, bytewise, as EIP-712 sorts.
    fn encode(&self, place: usize) -> String {
        let mut reached = BTreeSet::new();
        self.reach(place, &mut reached);
        reached.remove(&place);
        core::iter::once(place)
            .chain(reached)
            .filter_map(|place| self.get(place))
            .map(|definition| definition.signature(self))
            .collect()
    }

    fn reach(&self, place: usize, reached: &mut BTreeSet<usize>) {
        if reached.insert(place) {
            let members = self.get(place).map_or(&[][..], |definition| &definition.members);
            for inner in members.iter().filter_map(|(_, shape)| shape.structure()) {
                self.reach(inner, reached);
            }
        }
    }
}

impl Definition {
    /// A struct without any inside.
    pub(super) fn flat(name: &str, members: Vec<(String, Shape)>) -> Self {
        let none = Types::default();
        let mut it = Self { name: name.to_owned(), members, encoded: String::new(), hash: B256::ZERO };
        it.encoded = it.signature(&none);
        it.hash = keccak256(&it.encoded);
        it
    }

    fn signature(&self, types: &Types) -> String {
        let members: Vec<String> =
            self.members.iter().map(|(name, shape)| format!("{} {name}", shape.name(types))).collect();
        format!("{}({})", self.name, members.join(","))
    }
}

impl Shape {
    /// The struct that it is made of, if any.
    fn structure(&self) -> Option<usize> {
        match self {
            Shape::Struct(place) => Some(*place),
            Shape::Array(inner) | Shape::Fixed(inner, _) => inner.structure(),
            Shape::Word(_) | Shape::Bytes | Shape::String => None,
        }
    }

    pub(super) fn name(&self, types: &Types) -> String {
        match self {
            Shape::Word(word) => word.to_string(),
            Shape::Bytes => "bytes".to_owned(),
            Shape::String => "string".to_owned(),
            Shape::Array(inner) => format!("{}[]", inner.name(types)),
            Shape::Fixed(inner, n) => format!("{}[{n}]", inner.name(types)),
            Shape::Struct(place) => types.get(*place).map(|d| d.name.clone()).unwrap_or_default(),
        }
    }
}

/// Shapes to ABI types, a struct wherever it is used: within the ABI's own limits, so that the tree stays small.
struct Tree<'t> {
    types: &'t Types,
    above: Vec<usize>,
    used: BTreeSet<usize>,
    nodes: usize,
}

impl Tree<'_> {
    fn members(&mut self, place: usize) -> Result<Vec<Member>, String> {
        let types = self.types;
        let Some(definition) = types.get(place) else { return Ok(Vec::new()) };
        if self.above.contains(&place) {
            return Err(format!("the type {:?} holds itself", definition.name));
        }
        self.used.insert(place);
        self.above.push(place);
        let mut members = Vec::new();
        for (name, shape) in &definition.members {
            members.push(Member { name: name.clone(), ty: self.ty(shape)? });
        }
        self.above.pop();
        Ok(members)
    }

    fn ty(&mut self, shape: &Shape) -> Result<Type, String> {
        self.nodes += 1;
        if self.nodes > MAX_TYPE_NODES || self.above.len() > MAX_TYPE_DEPTH + 1 {
            return Err(format!(
                "the types are too large to be read: {MAX_TYPE_NODES} in all, {MAX_TYPE_DEPTH} levels deep"
            ));
        }
        Ok(match shape {
            Shape::Word(word) => Type::Word(*word),
            Shape::Bytes => Type::Bytes,
            Shape::String => Type::String,
            Shape::Array(inner) => Type::Array(Box::new(self.ty(inner)?), None),
            Shape::Fixed(inner, n) => Type::FixedArray(Box::new(self.ty(inner)?), *n),
            Shape::Struct(place) => Type::Tuple(self.members(*place)?),
        })
    }
}

/// The members of a struct, as they are written.
pub(super) fn members<'n, 'a>(at: &At<'n, 'a>) -> Read<Vec<(String, &'n str, At<'n, 'a>)>> {
    let mut seen = BTreeSet::new();
    let mut members = Vec::new();
    for member in at.items("a struct's members")? {
        member.object("a member", &["name", "type"])?;
        let (name, ty) = (member.need("name")?, member.need("type")?);
        let text = name.text("a member's name")?;
        if !is_identifier(text) {
            return Err(name.invalid(format!("a member cannot be called \"{}\"", shorten(text))));
        }
        if !seen.insert(text) {
            return Err(name.invalid(format!("there are two members {text:?}; keep one of them")));
        }
        members.push((text.to_owned(), ty.text("a member's type")?, ty));
    }
    Ok(members)
}

fn define(
    name: &str,
    members: &[(String, &str, At<'_, '_>)],
    places: &BTreeMap<&str, usize>,
) -> Read<Definition> {
    let members: Read<Vec<(String, Shape)>> =
        members.iter().map(|(name, ty, at)| Ok((name.clone(), shape(ty, at, places)?))).collect();
    Ok(Definition { name: name.to_owned(), members: members?, encoded: String::new(), hash: B256::ZERO })
}

/// A type, as EIP-712 writes it: nothing but its name and brackets.
pub(super) fn shape(text: &str, at: &At<'_, '_>, places: &BTreeMap<&str, usize>) -> Read<Shape> {
    let unknown = || -> Fault { at.invalid(format!("there is no type \"{}\"", shorten(text))) };
    let (name, arrays) = text.split_at(text.find('[').unwrap_or(text.len()));
    let mut shape = match (elementary(name), places.get(name)) {
        (Some(shape), _) => shape,
        (None, Some(place)) => Shape::Struct(*place),
        (None, None) => return Err(unknown()),
    };
    let mut rest = arrays;
    for depth in 0.. {
        let Some(inside) = rest.strip_prefix('[') else { break };
        let Some((count, after)) = inside.split_once(']') else { return Err(unknown()) };
        if depth > MAX_TYPE_DEPTH {
            return Err(at.invalid(format!("types nest at most {MAX_TYPE_DEPTH} levels deep")));
        }
        shape = match count {
            "" => Shape::Array(Box::new(shape)),
            n => Shape::Fixed(Box::new(shape), whole(n).filter(|n| *n > 0).ok_or_else(unknown)?),
        };
        rest = after;
    }
    if rest.is_empty() { Ok(shape) } else { Err(unknown()) }
}

fn elementary(name: &str) -> Option<Shape> {
    let word = match name {
        "bytes" => return Some(Shape::Bytes),
        "string" => return Some(Shape::String),
        "address" => WordType::Address,
        "bool" => WordType::Bool,
        _ => {
            if let Some(bits) = name.strip_prefix("uint") {
                WordType::Uint(whole(bits)?.try_into().ok()?)
            } else if let Some(bits) = name.strip_prefix("int") {
                WordType::Int(whole(bits)?.try_into().ok()?)
            } else {
                WordType::FixedBytes(whole(name.strip_prefix("bytes")?)?.try_into().ok()?)
            }
        }
    };
    width_exists(word).then_some(Shape::Word(word))
}

/// A number as types have it: digits, the first of them not zero.
fn whole(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    plain.then(|| text.parse().ok()).flatten()
}

/// Letters of a name.
const MAX_NAME: usize = 128;

/// Anything else in a name could make two different types hash alike.
fn is_identifier(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'$';
    let long = text.is_empty() || text.len() > MAX_NAME;
    !long && text.bytes().all(good) && !text.starts_with(|c: char| c.is_ascii_digit())
}
