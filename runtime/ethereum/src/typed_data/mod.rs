//! Typed data (EIP-712), read as `eth_signTypedData_v4` writes it, with one meaning or none.
//!
//! Wallets differ in what they make of data that is not as its types say: some drop members, some fill in zeros, some cut
//! numbers off. Here it is refused. The rules, beyond those of the EIP:
//!
//! - The object has `types`, `primaryType`, `domain` and `message`, and nothing else; a struct has all its members and no others.
//! - `EIP712Domain` is declared and declares exactly the members that `domain` has.
//! - Every declared struct is used; none holds itself; none shares a name with a type of Solidity; names are identifiers, since
//!   any other character could make two types hash alike.
//! - Numbers are decimal strings, quantities (`0x1f`), or JSON numbers below 2^53, in the range of their type. `bytes` are hex.
//! - Addresses are in one case, or in both as EIP-55 has it, as everywhere in requests: capitals that are no checksum are a
//!   sign that a digit is wrong.
//!
//! What is judged is the ABI encoding of the message's members; what is signed is hashed anew from that encoding.

mod domain;
mod types;
mod value;

pub use domain::Domain;

use crate::{
    json::{At, Read},
    refusal::Refusal,
};
use agentpol_abi::{decode, encode, strict_json};
use agentpol_model::{
    B256,
    decision::DenyCode,
    request::{DOMAIN_BYTES, TYPE_HASH_BYTES},
    types::Member,
};
use alloy_primitives::keccak256;
use types::Types;

/// Typed data, wholly understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedData {
    domain: Domain,
    types: Types,
    members: Vec<Member>,
    /// As [`Kind::Sign`](agentpol_model::request::Kind::Sign) has it.
    data: Vec<u8>,
}

impl TypedData {
    /// Reads the JSON text. Any domain will do; a request needs one that names chain and contract.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        let invalid = |e: strict_json::JsonError| crate::json::Fault {
            code: DenyCode::InvalidRequest,
            message: e.message,
            pointer: String::new(),
            offset: e.offset,
        };
        strict_json::parse(text)
            .map_err(invalid)
            .and_then(|root| Self::from_json(&At::root(&root)))
            .map_err(|fault| fault.refusal(None, text))
    }

    pub(crate) fn from_json(at: &At<'_, '_>) -> Read<Self> {
        at.object("typed data", &["types", "primaryType", "domain", "message"])?;
        let types = at.need("types")?;
        let domain = Domain::read(&types, &at.need("domain")?)?;
        let (types, members) = Types::read(&types, &at.need("primaryType")?)?;
        let message = at.need("message")?;
        let root = types.root().ok_or_else(|| at.invalid("a struct that nobody declares"))?;
        let values = value::structure(&message, root, &types)?;
        let arguments = encode(&members, &values).map_err(|e| message.invalid(e.to_string()))?;
        let data = [domain.separator.as_slice(), root.hash.as_slice(), &arguments].concat();
        let read = Self { domain, types, members, data };
        // Nothing above can fail this; if something did, nothing would be signed.
        match read.struct_hash() {
            Some(_) => Ok(read),
            None => Err(message.invalid("it does not encode")),
        }
    }

    /// For whom the signature is.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The name of the struct that is signed.
    pub fn primary_type(&self) -> &str {
        self.types.root().map_or("", |root| &root.name)
    }

    /// `encodeType` of that struct.
    pub fn encode_type(&self) -> &str {
        self.types.root().map_or("", |root| &root.encoded)
    }

    /// Its hash.
    pub fn type_hash(&self) -> B256 {
        self.types.root().map(|root| root.hash).unwrap_or_default()
    }

    /// The struct's members, as the ABI has them.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Domain separator, type hash, and the ABI encoding of the members: what is judged.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// `hashStruct` of what is judged.
    pub fn struct_hash(&self) -> Option<B256> {
        let root = self.types.root()?;
        let values = decode(&self.members, self.data.get(DOMAIN_BYTES + TYPE_HASH_BYTES..)?).ok()?;
        value::hash_struct(root, &values, &self.types)
    }

    /// The bytes whose hash is signed: 0x1901, the domain separator and the struct's hash.
    pub fn payload(&self) -> Option<Vec<u8>> {
        let separator = self.data.get(..DOMAIN_BYTES)?;
        Some([&[0x19, 0x01], separator, self.struct_hash()?.as_slice()].concat())
    }

    /// The hash that is signed.
    pub fn digest(&self) -> Option<B256> {
        self.payload().map(keccak256)
    }
}
