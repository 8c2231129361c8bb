//! Signatures of transactions.

use agentpol_model::{Address, B256, U256};
use alloy_primitives::Signature;

/// The order of secp256k1 (SEC 2, 2.4.1).
const ORDER: U256 = U256::from_limbs([
    0xbfd2_5e8c_d036_4141,
    0xbaae_dce6_af48_a03b,
    0xffff_ffff_ffff_fffe,
    0xffff_ffff_ffff_ffff,
]);

/// A signature whose numbers are in range: r and s from 1, s at most half the order (EIP-2), so that there is only one for each
/// message, key and nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionSignature {
    /// Which of two points r means.
    pub odd_y: bool,
    /// First number.
    pub r: U256,
    /// Second number.
    pub s: U256,
}

impl TransactionSignature {
    /// What is wrong with it, if anything.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        if self.r.is_zero() || self.r >= ORDER {
            return Some("r must be from 1 to below the order of secp256k1");
        }
        if self.s.is_zero() || self.s > ORDER >> 1 {
            return Some("s must be from 1 to half the order of secp256k1 (EIP-2)");
        }
        None
    }
}

/// Who signed the hash; `None` if r is no point of the curve.
pub fn recover(signature: &TransactionSignature, hash: &B256) -> Option<Address> {
    let TransactionSignature { odd_y, r, s } = *signature;
    Signature::new(r, s, odd_y).recover_address_from_prehash(hash).ok()
}
