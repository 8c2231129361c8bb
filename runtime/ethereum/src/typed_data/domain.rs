//! The domain: for whom a signature is.

use super::types::{DOMAIN, Definition, Shape, Types, members, shape};
use super::value::{hash_struct, structure};
use crate::json::{At, Read};
use agentpol_abi::Value;
use agentpol_model::{Address, B256, U256, decision::DenyCode, types::WordType};
use std::collections::BTreeMap;

/// The members that a domain can have (EIP-712).
const MEMBERS: [(&str, Shape); 5] = [
    ("name", Shape::String),
    ("version", Shape::String),
    ("chainId", Shape::Word(WordType::Uint(256))),
    ("verifyingContract", Shape::Word(WordType::Address)),
    ("salt", Shape::Word(WordType::FixedBytes(32))),
];

/// A domain as its type declares it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Domain {
    /// Of the protocol or application.
    pub name: Option<String>,
    /// Of the signing domain.
    pub version: Option<String>,
    /// The chain it is valid on.
    pub chain: Option<U256>,
    /// The contract that checks the signature.
    pub contract: Option<Address>,
    /// Where nothing else tells domains apart.
    pub salt: Option<B256>,
    /// `hashStruct` of it.
    pub separator: B256,
}

impl Domain {
    /// `types` declares what `domain` holds: exactly that, and nothing but what EIP-712 names. Readers that find them different
    /// disagree on what is signed: some follow the one, some the other.
    pub(super) fn read(types: &At<'_, '_>, domain: &At<'_, '_>) -> Read<Self> {
        let Some(declared) = types.get(DOMAIN) else {
            let why = format!("`types` does not declare `{DOMAIN}`, so wallets disagree on what is signed");
            return Err(types.refuse(DenyCode::WrongDomain, why));
        };
        let mut shapes = Vec::new();
        for (name, ty, at) in members(&declared)? {
            let shape = shape(ty, &at, &BTreeMap::new())?;
            if !MEMBERS.iter().any(|(known, of)| *known == name && *of == shape) {
                let why = format!(
                    "a domain has no member `{ty} {name}`; it has `string name`, `string version`, \
                     `uint256 chainId`, `address verifyingContract` and `bytes32 salt`, or some of them"
                );
                return Err(at.refuse(DenyCode::WrongDomain, why));
            }
            shapes.push((name, shape));
        }
        let definition = Definition::flat(DOMAIN, shapes);
        let none = Types::default();
        let values = structure(domain, &definition, &none)
            .map_err(|fault| crate::json::Fault { code: DenyCode::WrongDomain, ..fault })?;
        let separator = hash_struct(&definition, &values, &none).unwrap_or_default();
        let mut read = Self { separator, ..Self::default() };
        for ((name, _), value) in definition.members.iter().zip(values) {
            match (name.as_str(), value) {
                ("name", Value::String(text)) => read.name = Some(text),
                ("version", Value::String(text)) => read.version = Some(text),
                ("chainId", Value::Word(chain, _)) => read.chain = Some(chain),
                ("verifyingContract", Value::Word(word, _)) => {
                    read.contract = Some(Address::from_word(word.into()));
                }
                ("salt", Value::Word(salt, _)) => read.salt = Some(salt.into()),
                _ => {}
            }
        }
        Ok(read)
    }
}
