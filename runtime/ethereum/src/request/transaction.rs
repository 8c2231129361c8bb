//! The transaction object of `eth_sendTransaction` and `eth_signTransaction` (Ethereum execution APIs), with the two names
//! that wallets also write: `data` for `input`, `gasLimit` for `gas`.

use super::{
    Body,
    read::{Asked, same_chain, valid},
};
use crate::json::{At, Read};
use crate::transaction::{AccessListItem, Draft, Fee, MAX_ACCESS_ENTRIES};
use agentpol_abi::{MAX_CALLDATA_BYTES, strict_json::Json};
use agentpol_model::{Address, B256, ChainId, U256, decision::DenyCode};

const FIELDS: &[&str] = &[
    "from",
    "to",
    "gas",
    "gasLimit",
    "value",
    "data",
    "input",
    "nonce",
    "gasPrice",
    "maxFeePerGas",
    "maxPriorityFeePerGas",
    "accessList",
    "chainId",
    "type",
];

/// Fields of types 3 and 4.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("maxFeePerBlobGas", "blobs (type 3) are not signed yet"),
    ("blobVersionedHashes", "blobs (type 3) are not signed yet"),
    ("blobs", "blobs (type 3) are not signed yet"),
    ("commitments", "blobs (type 3) are not signed yet"),
    ("proofs", "blobs (type 3) are not signed yet"),
    ("sidecars", "blobs (type 3) are not signed yet"),
    (
        "authorizationList",
        "transactions that carry authorisations (type 4, EIP-7702) are not signed; ask for one by itself, as `authorization`",
    ),
];

pub(super) fn read(params: &At<'_, '_>, chain: Option<ChainId>) -> Read<Asked> {
    let items = params.items("`params`")?;
    let [tx] = items.as_slice() else {
        return Err(
            params.invalid(format!("`params` has one element, the transaction; found {}", items.len()))
        );
    };
    for (field, why) in UNSUPPORTED {
        if let Some(at) = tx.get(field) {
            return Err(at.refuse(DenyCode::UnsupportedKind, *why));
        }
    }
    tx.object("a transaction", FIELDS)?;
    let draft = Draft {
        chain: chain_of(tx, chain)?,
        nonce: tx.get("nonce").map(|at| at.small("nonce", 64)).transpose()?,
        gas_limit: twin(tx, "gas", "gasLimit", |at, name| at.small(name, 64))?,
        fee: fee(tx)?,
        to: recipient(tx)?,
        value: tx.get("value").map_or(Ok(U256::ZERO), |at| at.quantity("value"))?,
        data: twin(tx, "input", "data", |at, name| at.bytes(name, MAX_CALLDATA_BYTES))?.unwrap_or_default(),
        access_list: tx.get("accessList").map_or(Ok(Vec::new()), |at| access_list(&at))?,
    };
    valid(tx, &draft)?;
    let from = tx.get("from").map(|at| at.address("from")).transpose()?;
    Ok(Asked::unsigned(Body::Transaction(draft), from))
}

fn chain_of(tx: &At<'_, '_>, outer: Option<ChainId>) -> Read<ChainId> {
    let Some(at) = tx.get("chainId") else {
        return outer.ok_or_else(|| tx.invalid("no chain is named; give `chainId` here or beside `request`"));
    };
    same_chain(&at, at.small("chainId", 64)?, outer)
}

/// A field with two names: both may stand there if they say the same.
fn twin<T: PartialEq>(
    tx: &At<'_, '_>,
    one: &str,
    other: &str,
    read: impl Fn(&At<'_, '_>, &str) -> Read<T>,
) -> Read<Option<T>> {
    match (tx.get(one), tx.get(other)) {
        (None, None) => Ok(None),
        (Some(at), None) => read(&at, one).map(Some),
        (None, Some(at)) => read(&at, other).map(Some),
        (Some(first), Some(second)) => {
            let (value, again) = (read(&first, one)?, read(&second, other)?);
            if value == again {
                Ok(Some(value))
            } else {
                Err(second.invalid(format!("`{one}` and `{other}` mean the same but differ; leave one out")))
            }
        }
    }
}

/// `to` left out or `null` creates a contract.
fn recipient(tx: &At<'_, '_>) -> Read<Option<Address>> {
    match tx.get("to") {
        Some(at) if at.node().value != Json::Null => at.address("to").map(Some),
        _ => Ok(None),
    }
}

fn fee(tx: &At<'_, '_>) -> Read<Fee> {
    let price = |name: &str| tx.get(name).map(|at| at.small::<u128>(name, 128)).transpose();
    let gas_price = price("gasPrice")?;
    let (max_fee_per_gas, max_priority_fee_per_gas) =
        (price("maxFeePerGas")?, price("maxPriorityFeePerGas")?);
    let dynamic = max_fee_per_gas.is_some() || max_priority_fee_per_gas.is_some();
    if gas_price.is_some() && dynamic {
        return Err(tx.invalid(
            "`gasPrice` (types 0 and 1) and `maxFeePerGas` or `maxPriorityFeePerGas` (type 2) exclude each other",
        ));
    }
    let stated = tx.get("type");
    let ty = match &stated {
        Some(at) => at.small::<u8>("type", 8)?,
        None if gas_price.is_none() => 2,
        None => u8::from(tx.get("accessList").is_some()),
    };
    let at = stated.as_ref().unwrap_or(tx);
    match ty {
        0 | 1 if dynamic => {
            Err(at.invalid(format!("a transaction of type {ty} has a `gasPrice`, no `maxFeePerGas`")))
        }
        2 if gas_price.is_some() => {
            Err(at.invalid("a transaction of type 2 has a `maxFeePerGas`, no `gasPrice`"))
        }
        0 => Ok(Fee::Legacy { gas_price }),
        1 => Ok(Fee::AccessList { gas_price }),
        2 => Ok(Fee::Dynamic { max_fee_per_gas, max_priority_fee_per_gas }),
        3 | 4 => {
            Err(at.refuse(DenyCode::UnsupportedKind, format!("transactions of type {ty} are not signed yet")))
        }
        _ => Err(at.invalid(format!("there is no transaction type {ty}"))),
    }
}

fn access_list(at: &At<'_, '_>) -> Read<Vec<AccessListItem>> {
    let mut entries = 0;
    let mut list = Vec::new();
    for item in at.items("accessList")? {
        item.object("an entry of accessList", &["address", "storageKeys"])?;
        let address = item.need("address")?.address("address")?;
        let keys = item.need("storageKeys")?.items("storageKeys")?;
        entries += 1 + keys.len();
        if entries > MAX_ACCESS_ENTRIES {
            return Err(at.invalid(format!("accessList has at most {MAX_ACCESS_ENTRIES} addresses and keys")));
        }
        let storage_keys: Read<Vec<B256>> =
            keys.iter().map(|key| key.word("a storage key").map(B256::from)).collect();
        list.push(AccessListItem { address, storage_keys: storage_keys? });
    }
    Ok(list)
}
