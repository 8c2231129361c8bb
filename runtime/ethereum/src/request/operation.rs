//! `eth_sendUserOperation` (ERC-4337, ERC-7769): `[operation, entryPoint]`. A signature that is there already is a placeholder
//! for estimates; it is no part of what is signed.

use super::{Body, read::Asked};
use crate::{
    json::{At, Read},
    user_operation::{EntryPoint, UserOperation},
};
use agentpol_abi::MAX_CALLDATA_BYTES;
use agentpol_model::{ChainId, decision::DenyCode};

/// Accounts of entry points from 0.7 on can be called with the whole operation instead of the call data; which, this selector
/// says: `executeUserOp`.
const WHOLE: [u8; 4] = [0x8d, 0xd7, 0x71, 0x2f];

const COMMON: [&str; 9] = [
    "sender",
    "nonce",
    "callData",
    "callGasLimit",
    "verificationGasLimit",
    "preVerificationGas",
    "maxFeePerGas",
    "maxPriorityFeePerGas",
    "signature",
];

/// Of entry point 0.6: there, and empty.
const EMPTY: [(&str, &str); 2] = [("initCode", FACTORY), ("paymasterAndData", PAYMASTER)];

/// Of later entry points: not there.
const ABSENT: [(&str, &str); 7] = [
    ("factory", FACTORY),
    ("factoryData", FACTORY),
    ("paymaster", PAYMASTER),
    ("paymasterVerificationGasLimit", PAYMASTER),
    ("paymasterPostOpGasLimit", PAYMASTER),
    ("paymasterData", PAYMASTER),
    (
        "eip7702Auth",
        "the operation hands the account over to code; ask for that by itself, as `authorization`",
    ),
];

const FACTORY: &str = "the operation creates its account; operations of accounts that exist are signed";
const PAYMASTER: &str = "the operation is paid by a paymaster; operations that pay for themselves are signed";

pub(super) fn read(params: &At<'_, '_>, outer: Option<ChainId>) -> Read<Asked> {
    let items = params.items("`params`")?;
    let [at, entry_at] = items.as_slice() else {
        return Err(params.invalid(format!(
            "`params` has two elements, the operation and the entry point; found {}",
            items.len()
        )));
    };
    let Some(entry_point) = EntryPoint::at(entry_at.address("the entry point")?) else {
        let known = EntryPoint::ALL.map(|e| e.address().to_checksum(None)).join(", ");
        let why = format!("no entry point that is known stands there; known are {known}");
        return Err(entry_at.refuse(DenyCode::UnsupportedKind, why));
    };
    let chain = outer.ok_or_else(|| params.invalid("no chain is named; give `chainId` beside `request`"))?;
    for (field, why) in ABSENT {
        if let Some(found) = at.get(field).filter(|_| entry_point != EntryPoint::V06) {
            return Err(found.refuse(DenyCode::UnsupportedKind, why));
        }
    }
    let empty: &[(&str, &str)] = if entry_point == EntryPoint::V06 { &EMPTY } else { &[] };
    let fields: Vec<&str> = COMMON.into_iter().chain(empty.iter().map(|(field, _)| *field)).collect();
    at.object("the operation", &fields)?;
    for (field, why) in empty {
        let found = at.need(field)?;
        if !found.bytes(field, MAX_CALLDATA_BYTES)?.is_empty() {
            return Err(found.refuse(DenyCode::UnsupportedKind, *why));
        }
    }
    if let Some(signature) = at.get("signature") {
        signature.bytes("signature", MAX_CALLDATA_BYTES)?;
    }
    let gas = |name: &str| at.need(name)?.small::<u64>(name, 64);
    let price = |name: &str| at.need(name)?.small::<u128>(name, 128);
    let call_at = at.need("callData")?;
    let operation = UserOperation {
        chain,
        entry_point,
        sender: at.need("sender")?.address("sender")?,
        nonce: at.need("nonce")?.quantity("nonce")?,
        call_data: call_at.bytes("callData", MAX_CALLDATA_BYTES)?,
        call_gas_limit: gas("callGasLimit")?,
        verification_gas_limit: gas("verificationGasLimit")?,
        pre_verification_gas: gas("preVerificationGas")?,
        max_fee_per_gas: price("maxFeePerGas")?,
        max_priority_fee_per_gas: price("maxPriorityFeePerGas")?,
    };
    if entry_point != EntryPoint::V06 && operation.call_data.starts_with(&WHOLE) {
        let why =
            "the account would be called with the whole operation (`executeUserOp`), not with its call data";
        return Err(call_at.refuse(DenyCode::UnsupportedKind, why));
    }
    if operation.gas().is_none() {
        return Err(at.invalid("its gas limits together are below 2^64"));
    }
    if operation.max_priority_fee_per_gas > operation.max_fee_per_gas {
        let why = "the priority fee is part of the maximum fee and cannot be above it";
        return Err(at.need("maxPriorityFeePerGas")?.invalid(why));
    }
    let from = Some(operation.sender);
    Ok(Asked::unsigned(Body::UserOperation(operation), from))
}
