//! What no chain would accept, whatever its state. Every constant names its EIP.

use crate::{
    gas::{BASE, Intrinsic},
    transaction::{Draft, Fee},
};
use agentpol_abi::MAX_CALLDATA_BYTES;
use agentpol_model::{ChainId, U256};

/// The greatest nonce that a transaction can have (EIP-2681).
pub const MAX_NONCE: u64 = u64::MAX - 1;

/// Bytes of init code (EIP-3860).
pub const MAX_INIT_CODE_BYTES: usize = 49_152;

/// Gas of one transaction (EIP-7825).
pub const MAX_GAS_LIMIT: u64 = 1 << 24;

/// The greatest chain id, so that `v` fits in 64 bits (EIP-2294).
pub const MAX_CHAIN_ID: u64 = u64::MAX / 2 - 36;

/// What is wrong, and in which field (as JSON-RPC names it).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The field.
    pub field: &'static str,
    /// What was found, and what would be right.
    pub message: String,
}

/// Checks everything that is known of the transaction; what is open is passed over.
pub fn check(draft: &Draft) -> Result<(), Invalid> {
    if let Err(why) = check_chain(draft.chain) {
        return invalid("chainId", why);
    }
    if draft.nonce.is_some_and(|nonce| nonce > MAX_NONCE) {
        return invalid("nonce", format!("a nonce is at most {MAX_NONCE} (EIP-2681)"));
    }
    if matches!(draft.fee, Fee::Legacy { .. }) && !draft.access_list.is_empty() {
        return invalid("accessList", "a transaction of type 0 has no access list; type 1 and 2 have");
    }
    data(draft)?;
    gas(draft.gas_limit, &draft.intrinsic())?;
    fees(draft)
}

/// Can a chain have that id?
pub(crate) fn check_chain(chain: ChainId) -> Result<(), String> {
    match chain {
        0 => Err("chain id 0 is no chain".to_owned()),
        1..=MAX_CHAIN_ID => Ok(()),
        _ => Err(format!("a chain id is at most {MAX_CHAIN_ID} (EIP-2294)")),
    }
}

fn data(draft: &Draft) -> Result<(), Invalid> {
    let bytes = draft.data.len();
    if draft.to.is_some() {
        if bytes > MAX_CALLDATA_BYTES {
            return invalid("data", format!("calldata is at most {MAX_CALLDATA_BYTES} bytes; found {bytes}"));
        }
        return Ok(());
    }
    if bytes > MAX_INIT_CODE_BYTES {
        return invalid(
            "data",
            format!("init code is at most {MAX_INIT_CODE_BYTES} bytes (EIP-3860); found {bytes}"),
        );
    }
    if bytes == 0 {
        return invalid("to", "without `to` it creates a contract, but there is no init code");
    }
    Ok(())
}

fn gas(limit: Option<u64>, intrinsic: &Intrinsic<'_>) -> Result<(), Invalid> {
    let least = intrinsic.least_gas();
    if least > MAX_GAS_LIMIT {
        return invalid(
            "data",
            format!("it takes at least {least} gas; {MAX_GAS_LIMIT} is the most (EIP-7825)"),
        );
    }
    match limit {
        Some(limit) if limit > MAX_GAS_LIMIT => {
            invalid("gas", format!("the gas limit is at most {MAX_GAS_LIMIT} (EIP-7825); found {limit}"))
        }
        Some(limit) if limit < least => {
            let why = if least == BASE { "" } else { " for what it carries" };
            invalid("gas", format!("the gas limit is at least {least}{why}; found {limit}"))
        }
        _ => Ok(()),
    }
}

fn fees(draft: &Draft) -> Result<(), Invalid> {
    if let Fee::Dynamic { max_fee_per_gas: Some(max), max_priority_fee_per_gas: Some(priority) } = draft.fee
        && priority > max
    {
        return invalid(
            "maxPriorityFeePerGas",
            format!(
                "the priority fee is part of the maximum fee ({max}) and cannot be above it; found {priority}"
            ),
        );
    }
    let envelope = draft.envelope();
    if let (Some(gas), Some(price)) = (envelope.gas_limit, envelope.max_fee_per_gas) {
        let cost =
            U256::from(gas).checked_mul(U256::from(price)).and_then(|fee| fee.checked_add(draft.value));
        if cost.is_none() {
            return invalid("value", "value and fee together do not fit in 256 bits");
        }
    }
    Ok(())
}

fn invalid(field: &'static str, message: impl Into<String>) -> Result<(), Invalid> {
    Err(Invalid { field, message: message.into() })
}
