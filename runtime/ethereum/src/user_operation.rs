//! User operations (ERC-4337) of an account that exists and pays for itself.
//!
//! An operation that also creates its account runs a factory's code, and one with a paymaster takes part in a deal that nothing
//! here understands; neither is read.
//!
//! What accounts check is their own affair. The usual ones sign [`UserOperation::hash`] as a message (EIP-191) for entry points
//! 0.6 and 0.7, and by itself, typed data, for 0.8. That is what is signed here; an account that checks something else takes no
//! signature from here as valid.

use crate::message::eip191;
use agentpol_model::{
    Address, B256, ChainId, U256,
    request::{Envelope, Once},
};
use alloy_primitives::{address, keccak256};

/// The type that entry point 0.8 hashes.
const PACKED: &str = "PackedUserOperation(address sender,uint256 nonce,bytes initCode,bytes callData,bytes32 accountGasLimits,\
    uint256 preVerificationGas,bytes32 gasFees,bytes paymasterAndData)";

const DOMAIN: &str = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";

/// The entry points that are known: singletons, at the same address on every chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryPoint {
    /// Version 0.6.
    V06,
    /// Version 0.7.
    V07,
    /// Version 0.8.
    V08,
}

impl EntryPoint {
    /// All of them.
    pub const ALL: [EntryPoint; 3] = [EntryPoint::V06, EntryPoint::V07, EntryPoint::V08];

    /// Where it stands.
    pub const fn address(self) -> Address {
        match self {
            EntryPoint::V06 => address!("5FF137D4b0FDCD49DcA30c7CF57E578a026d2789"),
            EntryPoint::V07 => address!("0000000071727De22E5E9d8BAf0edAc6f37da032"),
            EntryPoint::V08 => address!("4337084D9E255Ff0702461CF8895CE9E3b5Ff108"),
        }
    }

    /// The one that stands there.
    pub fn at(address: Address) -> Option<Self> {
        Self::ALL.into_iter().find(|entry_point| entry_point.address() == address)
    }
}

/// A user operation without a factory and without a paymaster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserOperation {
    /// The chain it is valid on.
    pub chain: ChainId,
    /// Who runs it.
    pub entry_point: EntryPoint,
    /// The account.
    pub sender: Address,
    /// A key of 192 bits, and a sequence number under it.
    pub nonce: U256,
    /// What the entry point calls the account with.
    pub call_data: Vec<u8>,
    /// Gas for that call.
    pub call_gas_limit: u64,
    /// Gas for checking the signature.
    pub verification_gas_limit: u64,
    /// Gas that the bundler is paid besides.
    pub pre_verification_gas: u64,
    /// Wei per gas at most.
    pub max_fee_per_gas: u128,
    /// Wei per gas for the bundler.
    pub max_priority_fee_per_gas: u128,
}

impl UserOperation {
    /// All the gas it can be charged for, if that is a number of gas.
    pub fn gas(&self) -> Option<u64> {
        self.call_gas_limit.checked_add(self.verification_gas_limit)?.checked_add(self.pre_verification_gas)
    }

    /// What is signed once: fees, and the nonce that the entry point keeps.
    pub fn envelope(&self) -> Envelope {
        Envelope {
            gas_limit: self.gas(),
            max_fee_per_gas: Some(self.max_fee_per_gas),
            max_priority_fee_per_gas: Some(self.max_priority_fee_per_gas),
            once: Some(Once { contract: self.entry_point.address(), id: self.nonce.into(), until: None }),
            ..Envelope::default()
        }
    }

    /// Hash of its fields alone, before entry point and chain are added (0.6 and 0.7).
    pub fn fields_hash(&self) -> B256 {
        keccak256(self.fields())
    }

    /// `userOpHash`, as its entry point computes it.
    pub fn hash(&self) -> B256 {
        match self.entry_point {
            EntryPoint::V06 | EntryPoint::V07 => keccak256(
                [
                    self.fields_hash(),
                    self.entry_point.address().into_word(),
                    B256::from(U256::from(self.chain)),
                ]
                .concat(),
            ),
            EntryPoint::V08 => keccak256(self.typed()),
        }
    }

    /// The bytes whose hash is signed.
    pub fn payload(&self) -> Vec<u8> {
        match self.entry_point {
            EntryPoint::V06 | EntryPoint::V07 => eip191(self.hash().as_slice()),
            EntryPoint::V08 => self.typed(),
        }
    }

    /// The hash that is signed.
    pub fn digest(&self) -> B256 {
        keccak256(self.payload())
    }

    /// Its fields as words, whatever is long hashed.
    fn fields(&self) -> Vec<u8> {
        let word = |n: U256| B256::from(n);
        let pair = |high: u128, low: u128| word(U256::from(high) << 128 | U256::from(low));
        let nothing = keccak256([]);
        let before = [self.sender.into_word(), word(self.nonce), nothing, keccak256(&self.call_data)];
        let gas = match self.entry_point {
            EntryPoint::V06 => vec![
                word(U256::from(self.call_gas_limit)),
                word(U256::from(self.verification_gas_limit)),
                word(U256::from(self.pre_verification_gas)),
                word(U256::from(self.max_fee_per_gas)),
                word(U256::from(self.max_priority_fee_per_gas)),
            ],
            EntryPoint::V07 | EntryPoint::V08 => vec![
                pair(self.verification_gas_limit.into(), self.call_gas_limit.into()),
                word(U256::from(self.pre_verification_gas)),
                pair(self.max_priority_fee_per_gas, self.max_fee_per_gas),
            ],
        };
        [before.as_slice(), &gas, &[nothing]].concat().concat()
    }

    /// As typed data (EIP-712).
    fn typed(&self) -> Vec<u8> {
        let domain = [
            keccak256(DOMAIN),
            keccak256("ERC4337"),
            keccak256("1"),
            B256::from(U256::from(self.chain)),
            self.entry_point.address().into_word(),
        ];
        let operation = [keccak256(PACKED).as_slice(), &self.fields()].concat();
        [&[0x19, 0x01], keccak256(domain.concat()).as_slice(), keccak256(operation).as_slice()].concat()
    }
}
