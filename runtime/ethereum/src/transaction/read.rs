//! Serialised transactions of types 0 to 4, signed or not.

use super::{AccessListItem, Draft, Fee, MAX_ACCESS_ENTRIES, TransactionSignature, recover};
use crate::{
    rlp::{self, Reader, RlpError},
    validity::Invalid,
};
use agentpol_model::{Address, B256, ChainId, U256};
use alloy_primitives::keccak256;

/// What nodes accept into their pools (without blobs).
pub const MAX_TRANSACTION_BYTES: usize = 128 * 1024;

/// Bytes that are no transaction.
pub type TransactionError = RlpError;

type Read<T> = Result<T, TransactionError>;

/// A serialised transaction, read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawTransaction {
    /// Its type (EIP-2718).
    pub ty: u8,
    /// `None`: type 0 without EIP-155, valid on every chain.
    pub chain: Option<ChainId>,
    /// The account nonce.
    pub nonce: u64,
    /// The gas limit, which the form allows to be absurd.
    pub gas_limit: U256,
    /// Wei per gas at most (`gasPrice` for types 0 and 1).
    pub max_fee_per_gas: U256,
    /// Wei per gas for the builder; types 2 to 4.
    pub max_priority_fee_per_gas: Option<U256>,
    /// Who is called; `None` creates a contract.
    pub to: Option<Address>,
    /// Wei.
    pub value: U256,
    /// Calldata or init code.
    pub data: Vec<u8>,
    /// Types 1 to 4.
    pub access_list: Vec<AccessListItem>,
    /// Type 3 (EIP-4844).
    pub blobs: Option<Blobs>,
    /// Type 4 (EIP-7702).
    pub authorizations: Vec<Authorization>,
    /// The signature, if it has one.
    pub signature: Option<TransactionSignature>,
    /// The bytes that a signature signs the hash of.
    pub payload: Vec<u8>,
    /// The whole, as it was given.
    pub bytes: Vec<u8>,
}

/// Blobs of a transaction of type 3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blobs {
    /// Wei per blob gas at most.
    pub max_fee_per_blob_gas: U256,
    /// The versioned hashes.
    pub hashes: Vec<B256>,
}

/// A signed authorisation: the account's code becomes that of `address` (EIP-7702).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// 0 is every chain.
    pub chain: U256,
    /// The code's account.
    pub address: Address,
    /// The authority's nonce.
    pub nonce: u64,
    /// Which of two points r means.
    pub y_parity: u8,
    /// First number.
    pub r: U256,
    /// Second number.
    pub s: U256,
}

impl RawTransaction {
    /// Reads a whole transaction: canonical RLP, every field of its form, nothing after it.
    pub fn read(bytes: &[u8]) -> Read<Self> {
        let fail = |message: &str| RlpError { offset: 0, message: message.to_owned() };
        if bytes.len() > MAX_TRANSACTION_BYTES {
            return Err(fail(&format!("a transaction is at most {MAX_TRANSACTION_BYTES} bytes")));
        }
        match bytes.first() {
            None => Err(fail("no bytes; a transaction begins with its type or with an RLP list")),
            Some(0xc0..) => legacy(bytes),
            Some(ty @ 1..=4) => typed(bytes, *ty),
            Some(ty @ 0..=0x7f) => Err(fail(&format!(
                "there is no transaction type {ty}; types 1 to 4 and, as a bare list, 0 are read"
            ))),
            Some(_) => Err(fail("a transaction begins with its type (EIP-2718) or with an RLP list")),
        }
    }

    /// Who signed it, if it is signed and the signature is one.
    pub fn signer(&self) -> Option<Address> {
        recover(self.signature.as_ref()?, &keccak256(&self.payload))
    }

    /// The hash by which chains know it, if it is signed.
    pub fn hash(&self) -> Option<B256> {
        self.signature.map(|_| keccak256(&self.bytes))
    }

    /// The same as a draft with nothing left open. Types 3 and 4, type 0 without a chain, and numbers that no chain
    /// could charge have none.
    pub fn draft(&self) -> Result<Draft, Invalid> {
        let price = |field, price: U256| narrow::<u128>(field, price, 128).map(Some);
        let fee = match self.ty {
            0 => Fee::Legacy { gas_price: price("gasPrice", self.max_fee_per_gas)? },
            1 => Fee::AccessList { gas_price: price("gasPrice", self.max_fee_per_gas)? },
            2 => Fee::Dynamic {
                max_fee_per_gas: price("maxFeePerGas", self.max_fee_per_gas)?,
                max_priority_fee_per_gas: price(
                    "maxPriorityFeePerGas",
                    self.max_priority_fee_per_gas.unwrap_or_default(),
                )?,
            },
            ty => return Err(Invalid { field: "type", message: format!("type {ty} is not supported") }),
        };
        let Some(chain) = self.chain else {
            let message = "no chain is named (EIP-155), so it would be valid on every one".to_owned();
            return Err(Invalid { field: "chainId", message });
        };
        Ok(Draft {
            chain,
            nonce: Some(self.nonce),
            gas_limit: Some(narrow("gas", self.gas_limit, 64)?),
            fee,
            to: self.to,
            value: self.value,
            data: self.data.clone(),
            access_list: self.access_list.clone(),
        })
    }

    fn empty(ty: u8, bytes: &[u8]) -> Self {
        Self {
            ty,
            chain: None,
            nonce: 0,
            gas_limit: U256::ZERO,
            max_fee_per_gas: U256::ZERO,
            max_priority_fee_per_gas: None,
            to: None,
            value: U256::ZERO,
            data: Vec::new(),
            access_list: Vec::new(),
            blobs: None,
            authorizations: Vec::new(),
            signature: None,
            payload: Vec::new(),
            bytes: bytes.to_vec(),
        }
    }
}

fn narrow<T: TryFrom<U256>>(field: &'static str, number: U256, bits: u32) -> Result<T, Invalid> {
    T::try_from(number)
        .map_err(|_| Invalid { field, message: format!("it is below 2^{bits}; found {number}") })
}

/// `[nonce, gasPrice, gas, to, value, data]`, then nothing, `[chain, 0, 0]` (EIP-155, unsigned) or `[v, r, s]`.
fn legacy(bytes: &[u8]) -> Read<RawTransaction> {
    let mut outer = Reader::new(bytes, 0);
    let mut fields = outer.list("the transaction")?;
    outer.finish("the transaction")?;
    let start = fields.offset();
    let mut tx = RawTransaction::empty(0, bytes);
    tx.nonce = fields.u64("nonce")?;
    tx.max_fee_per_gas = word(&mut fields, "gasPrice")?;
    tx.gas_limit = word(&mut fields, "gas")?;
    tx.to = recipient(&mut fields)?;
    tx.value = word(&mut fields, "value")?;
    tx.data = fields.string("data")?.to_vec();
    let body = bytes.get(start..fields.offset()).unwrap_or_default();
    if fields.is_empty() {
        tx.payload = rlp::list_of(body);
        return Ok(tx);
    }
    let at = fields;
    let v = fields.u64("v")?;
    let (r, s) = (word(&mut fields, "r")?, word(&mut fields, "s")?);
    fields.finish("the transaction")?;
    if r.is_zero() && s.is_zero() {
        tx.chain = Some(v);
    } else {
        let (odd_y, chain) = match v {
            27 | 28 => (v == 28, None),
            35.. => ((v - 35) % 2 == 1, Some((v - 35) / 2)),
            _ => {
                return Err(
                    at.error(format!("v is 27, 28 or 35 + 2 × chain id + 0 or 1 (EIP-155); found {v}"))
                );
            }
        };
        tx.chain = chain;
        tx.signature = Some(signature(&at, odd_y, r, s)?);
    }
    let mut items = body.to_vec();
    if let Some(chain) = tx.chain {
        items.extend(rlp::number(chain));
        items.extend([0x80, 0x80]);
    }
    tx.payload = rlp::list_of(&items);
    Ok(tx)
}

/// The type byte, then a list that ends with nothing or with `[yParity, r, s]`.
fn typed(bytes: &[u8], ty: u8) -> Read<RawTransaction> {
    let mut outer = Reader::new(bytes, 1);
    let mut fields = outer.list("the transaction")?;
    outer.finish("the transaction")?;
    let start = fields.offset();
    let mut tx = RawTransaction::empty(ty, bytes);
    tx.chain = Some(fields.u64("chainId")?);
    tx.nonce = fields.u64("nonce")?;
    if ty == 1 {
        tx.max_fee_per_gas = word(&mut fields, "gasPrice")?;
    } else {
        tx.max_priority_fee_per_gas = Some(word(&mut fields, "maxPriorityFeePerGas")?);
        tx.max_fee_per_gas = word(&mut fields, "maxFeePerGas")?;
    }
    tx.gas_limit = word(&mut fields, "gas")?;
    let at_recipient = fields;
    tx.to = recipient(&mut fields)?;
    if tx.to.is_none() && ty >= 3 {
        return Err(at_recipient
            .error(format!("a transaction of type {ty} cannot create a contract; `to` is needed")));
    }
    tx.value = word(&mut fields, "value")?;
    tx.data = fields.string("data")?.to_vec();
    tx.access_list = access_list(&mut fields)?;
    if ty == 3 {
        tx.blobs = Some(blobs(&mut fields)?);
    }
    if ty == 4 {
        tx.authorizations = authorizations(&mut fields)?;
    }
    let body = bytes.get(start..fields.offset()).unwrap_or_default();
    tx.payload = [&[ty], rlp::list_of(body).as_slice()].concat();
    if !fields.is_empty() {
        let at = fields;
        let odd_y = match fields.u64("yParity")? {
            0 => false,
            1 => true,
            other => return Err(at.error(format!("yParity is 0 or 1; found {other}"))),
        };
        let (r, s) = (word(&mut fields, "r")?, word(&mut fields, "s")?);
        fields.finish("the transaction")?;
        tx.signature = Some(signature(&at, odd_y, r, s)?);
    }
    Ok(tx)
}

fn signature(at: &Reader<'_>, odd_y: bool, r: U256, s: U256) -> Read<TransactionSignature> {
    let signature = TransactionSignature { odd_y, r, s };
    match signature.fault() {
        None => Ok(signature),
        Some(fault) => Err(at.error(fault)),
    }
}

/// 20 bytes, or none for a new contract.
fn recipient(fields: &mut Reader<'_>) -> Read<Option<Address>> {
    let mut ahead = *fields;
    if ahead.string("to")?.is_empty() {
        *fields = ahead;
        return Ok(None);
    }
    fields.array::<20>("to").map(|bytes| Some(Address::from(bytes)))
}

fn word(fields: &mut Reader<'_>, what: &str) -> Read<U256> {
    fields.number::<32>(what).map(U256::from_be_bytes)
}

fn access_list(fields: &mut Reader<'_>) -> Read<Vec<AccessListItem>> {
    let start = *fields;
    let mut list = fields.list("accessList")?;
    let (mut items, mut entries) = (Vec::new(), 0);
    while !list.is_empty() {
        let mut item = list.list("an entry of accessList")?;
        let address = Address::from(item.array::<20>("an address of accessList")?);
        let mut keys = item.list("storageKeys")?;
        item.finish("an entry of accessList")?;
        let mut storage_keys = Vec::new();
        while !keys.is_empty() {
            storage_keys.push(B256::from(keys.array::<32>("a storage key")?));
        }
        entries += 1 + storage_keys.len();
        if entries > MAX_ACCESS_ENTRIES {
            return Err(
                start.error(format!("accessList has at most {MAX_ACCESS_ENTRIES} addresses and keys"))
            );
        }
        items.push(AccessListItem { address, storage_keys });
    }
    Ok(items)
}

fn blobs(fields: &mut Reader<'_>) -> Read<Blobs> {
    let max_fee_per_blob_gas = word(fields, "maxFeePerBlobGas")?;
    let start = *fields;
    let mut list = fields.list("blobVersionedHashes")?;
    let mut hashes = Vec::new();
    while !list.is_empty() {
        let at = list;
        let hash = list.array::<32>("a blob's versioned hash")?;
        if hash.first() != Some(&1) {
            return Err(at.error("a blob's versioned hash begins with 0x01 (EIP-4844)"));
        }
        hashes.push(B256::from(hash));
    }
    if hashes.is_empty() {
        return Err(start.error("a transaction of type 3 has at least one blob (EIP-4844)"));
    }
    Ok(Blobs { max_fee_per_blob_gas, hashes })
}

fn authorizations(fields: &mut Reader<'_>) -> Read<Vec<Authorization>> {
    let start = *fields;
    let mut list = fields.list("authorizationList")?;
    let mut authorizations = Vec::new();
    while !list.is_empty() {
        let mut item = list.list("an authorisation")?;
        authorizations.push(Authorization {
            chain: word(&mut item, "an authorisation's chainId")?,
            address: Address::from(item.array::<20>("an authorisation's address")?),
            nonce: item.u64("an authorisation's nonce")?,
            y_parity: u8::from_be_bytes(item.number("an authorisation's yParity")?),
            r: word(&mut item, "an authorisation's r")?,
            s: word(&mut item, "an authorisation's s")?,
        });
        item.finish("an authorisation")?;
    }
    if authorizations.is_empty() {
        return Err(start.error("a transaction of type 4 has at least one authorisation (EIP-7702)"));
    }
    Ok(authorizations)
}
