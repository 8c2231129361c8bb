//! How checked arguments are read, whoever holds them.

use agentpol_abi::{Checked, Locator, Path, Value};
use agentpol_model::U256;

/// Checked arguments, read at places `P`. What is not there is `None`.
///
/// `element` is which element of [`Unwrap::Call`](crate::Unwrap::Call)'s `each` is meant, for places inside it; without `each` it is 0, and no
/// place goes through elements.
pub trait Args<P> {
    /// The word there.
    fn word(&self, place: &P, element: u32) -> Option<U256>;

    /// The `bytes` there.
    fn bytes(&self, place: &P, element: u32) -> Option<&[u8]>;

    /// How many elements the array there has.
    fn len(&self, place: &P) -> Option<u32>;

    /// The `n`-th of the `bytes[]` there; `None` past its end. The place is a [`Role::Inputs`](crate::Role::Inputs).
    fn item(&self, place: &P, n: u32) -> Option<&[u8]>;
}

/// Arguments as a tree.
#[derive(Clone, Copy, Debug)]
pub struct Tree<'a>(pub &'a [Value]);

impl Args<Path> for Tree<'_> {
    fn word(&self, place: &Path, element: u32) -> Option<U256> {
        match Value::at(self.0, place, &[element])? {
            Value::Word(word, _) => Some(*word),
            _ => None,
        }
    }

    fn bytes(&self, place: &Path, element: u32) -> Option<&[u8]> {
        Value::at(self.0, place, &[element])?.as_bytes()
    }

    fn len(&self, place: &Path) -> Option<u32> {
        u32::try_from(Value::at(self.0, place, &[])?.as_array()?.len()).ok()
    }

    fn item(&self, place: &Path, n: u32) -> Option<&[u8]> {
        Value::at(self.0, place, &[])?.as_array()?.get(usize::try_from(n).ok()?)?.as_bytes()
    }
}

/// Arguments in place. The locator of a [`Role::Inputs`](crate::Role::Inputs) leads to the elements of its array.
impl Args<Locator> for Checked<'_> {
    fn word(&self, place: &Locator, element: u32) -> Option<U256> {
        place.word(*self, &[element])
    }

    fn bytes(&self, place: &Locator, element: u32) -> Option<&[u8]> {
        place.bytes(*self, &[element])
    }

    fn len(&self, place: &Locator) -> Option<u32> {
        place.len(*self, &[])
    }

    fn item(&self, place: &Locator, n: u32) -> Option<&[u8]> {
        place.bytes(*self, &[n])
    }
}
