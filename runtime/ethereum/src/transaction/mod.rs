//! Transactions as the gate understands them.

mod read;
mod signature;

pub use read::{MAX_TRANSACTION_BYTES, RawTransaction, TransactionError};
pub use signature::{TransactionSignature, recover};

use crate::gas::Intrinsic;
use agentpol_model::{Address, B256, ChainId, U256, request::Envelope};

/// Entries of an access list, addresses and keys together: more than any contract needs, and few enough to look through.
pub const MAX_ACCESS_ENTRIES: usize = 1_024;

/// An entry of an access list (EIP-2930).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessListItem {
    /// The account.
    pub address: Address,
    /// Its storage keys.
    pub storage_keys: Vec<B256>,
}

/// What gas costs; which of them says which type the transaction has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fee {
    /// Type 0.
    Legacy {
        /// Wei per gas.
        gas_price: Option<u128>,
    },
    /// Type 1 (EIP-2930).
    AccessList {
        /// Wei per gas.
        gas_price: Option<u128>,
    },
    /// Type 2 (EIP-1559).
    Dynamic {
        /// Wei per gas at most.
        max_fee_per_gas: Option<u128>,
        /// Of that for the builder.
        max_priority_fee_per_gas: Option<u128>,
    },
}

/// A transaction of types 0 to 2 before it is signed. What a request may leave open is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The chain it is valid on.
    pub chain: ChainId,
    /// The account nonce.
    pub nonce: Option<u64>,
    /// The gas limit.
    pub gas_limit: Option<u64>,
    /// What gas costs.
    pub fee: Fee,
    /// Who is called; `None` creates a contract.
    pub to: Option<Address>,
    /// Wei.
    pub value: U256,
    /// Calldata or init code.
    pub data: Vec<u8>,
    /// Empty in type 0.
    pub access_list: Vec<AccessListItem>,
}

impl Draft {
    /// What is signed once.
    pub fn envelope(&self) -> Envelope {
        let (max_fee_per_gas, max_priority_fee_per_gas) = match self.fee {
            Fee::Legacy { gas_price } | Fee::AccessList { gas_price } => (gas_price, None),
            Fee::Dynamic { max_fee_per_gas, max_priority_fee_per_gas } => {
                (max_fee_per_gas, max_priority_fee_per_gas)
            }
        };
        Envelope {
            nonce: self.nonce,
            gas_limit: self.gas_limit,
            max_fee_per_gas,
            max_priority_fee_per_gas,
            blob_fee: None,
            once: None,
        }
    }

    /// What intrinsic gas is counted from.
    pub fn intrinsic(&self) -> Intrinsic<'_> {
        Intrinsic {
            data: &self.data,
            creates: self.to.is_none(),
            access_list: &self.access_list,
            authorizations: 0,
        }
    }
}
