//! EIP-7702: an account hands itself over to code.

use crate::{rlp, validity::MAX_NONCE};
use agentpol_model::{Address, B256, ChainId, U256};
use alloy_primitives::keccak256;

/// What stands before the fields in what is hashed (EIP-7702).
const MAGIC: u8 = 0x05;

/// An authorisation before it is signed: the account's code becomes that of `delegate`, or none if that is zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegation {
    chain: ChainId,
    delegate: Address,
    nonce: u64,
    /// As [`Kind::Authorize`](agentpol_model::request::Kind::Authorize) has it.
    data: Vec<u8>,
}

impl Delegation {
    /// For one chain: chain id 0 would hand the account over on all of them, and is refused.
    pub fn new(chain: ChainId, delegate: Address, nonce: u64) -> Result<Self, String> {
        if chain == 0 {
            return Err("chain id 0 would hand the account over on every chain (EIP-7702)".to_owned());
        }
        crate::validity::check_chain(chain)?;
        if nonce > MAX_NONCE {
            return Err(format!("a nonce is at most {MAX_NONCE} (EIP-2681)"));
        }
        let data = [B256::from(delegate.into_word()), B256::from(U256::from(nonce))].concat();
        Ok(Self { chain, delegate, nonce, data })
    }

    /// The one that is judged as these data.
    pub(crate) fn judged(chain: ChainId, data: &[u8]) -> Option<Self> {
        let (delegate, nonce) = data.split_at_checked(32)?;
        let nonce = U256::from_be_bytes(<[u8; 32]>::try_from(nonce).ok()?);
        let delegate = <[u8; 20]>::try_from(delegate.get(12..)?).ok()?;
        Self::new(chain, delegate.into(), nonce.try_into().ok()?).ok().filter(|it| it.data == data)
    }

    /// The chain it is valid on.
    pub fn chain(&self) -> ChainId {
        self.chain
    }

    /// Whose code the account runs from then on.
    pub fn delegate(&self) -> Address {
        self.delegate
    }

    /// The account's nonce.
    pub fn nonce(&self) -> u64 {
        self.nonce
    }

    /// `(address delegate, uint64 nonce)`: what is judged.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The bytes whose hash is signed.
    pub fn payload(&self) -> Vec<u8> {
        let address = [&[0x94], self.delegate.as_slice()].concat();
        let items = [rlp::number(self.chain), address, rlp::number(self.nonce)].concat();
        [&[MAGIC], rlp::list_of(&items).as_slice()].concat()
    }

    /// The hash that is signed.
    pub fn digest(&self) -> B256 {
        keccak256(self.payload())
    }
}
