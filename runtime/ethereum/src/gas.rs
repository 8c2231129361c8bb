//! The least gas that a transaction can ask for.

use crate::transaction::AccessListItem;

/// Every transaction.
pub const BASE: u64 = 21_000;
/// Creating a contract, on top (EIP-2).
pub const CREATE: u64 = 32_000;
/// A zero byte of calldata.
pub const ZERO_BYTE: u64 = 4;
/// Any other byte of calldata (EIP-2028).
pub const NONZERO_BYTE: u64 = 16;
/// A word of init code (EIP-3860).
pub const INIT_CODE_WORD: u64 = 2;
/// An address in an access list (EIP-2930).
pub const ACCESS_ADDRESS: u64 = 2_400;
/// A storage key in an access list (EIP-2930).
pub const ACCESS_KEY: u64 = 1_900;
/// An authorisation (EIP-7702, as for an empty account).
pub const AUTHORIZATION: u64 = 25_000;
/// A token of calldata, for the floor (EIP-7623): a zero byte is one token, any other four.
pub const FLOOR_TOKEN: u64 = 10;
/// Tokens of a byte that is not zero (EIP-7623).
pub const NONZERO_TOKENS: u64 = 4;

/// What intrinsic gas is made of.
#[derive(Clone, Copy, Debug)]
pub struct Intrinsic<'a> {
    /// Calldata or init code.
    pub data: &'a [u8],
    /// Does it create a contract?
    pub creates: bool,
    /// Addresses and keys that are paid for in advance.
    pub access_list: &'a [AccessListItem],
    /// How many EIP-7702 authorisations.
    pub authorizations: usize,
}

impl Intrinsic<'_> {
    /// The gas limit below which no node accepts the transaction.
    pub fn least_gas(&self) -> u64 {
        self.upfront().max(self.floor())
    }

    /// What is paid before the first instruction.
    fn upfront(&self) -> u64 {
        let (zeros, others) = self.count();
        let keys = self.access_list.iter().map(|item| item.storage_keys.len()).sum();
        let create =
            if self.creates { CREATE + INIT_CODE_WORD * wide(self.data.len().div_ceil(32)) } else { 0 };
        // Sizes are those of bytes in memory; each term is far below 2^60.
        BASE + create
            + ZERO_BYTE * zeros
            + NONZERO_BYTE * others
            + ACCESS_ADDRESS * wide(self.access_list.len())
            + ACCESS_KEY * wide(keys)
            + AUTHORIZATION * wide(self.authorizations)
    }

    /// What calldata costs at least, whatever is executed (EIP-7623).
    fn floor(&self) -> u64 {
        let (zeros, others) = self.count();
        BASE + FLOOR_TOKEN * (zeros + NONZERO_TOKENS * others)
    }

    fn count(&self) -> (u64, u64) {
        let zeros = self.data.iter().filter(|&&b| b == 0).count();
        (wide(zeros), wide(self.data.len() - zeros))
    }
}

fn wide(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX >> 16)
}
