//! Packed bytes, read from the front.

use agentpol_model::{Address, U256};

/// What has not been read yet.
#[derive(Clone, Copy)]
pub(crate) struct Packed<'a>(pub(crate) &'a [u8]);

impl<'a> Packed<'a> {
    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(crate) fn address(&mut self) -> Option<Address> {
        Address::try_from(self.take(Address::len_bytes())?).ok()
    }

    pub(crate) fn word(&mut self) -> Option<U256> {
        U256::try_from_be_slice(self.take(32)?)
    }
}
