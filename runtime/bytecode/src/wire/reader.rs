//! A cursor over bytes that are not trusted.

use crate::limits::{MAX_DECODED_BYTES, MAX_TYPE_DEPTH};

/// Why bytes are no module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// The byte.
    pub at: usize,
    /// What should have stood there.
    pub expected: &'static str,
}

impl core::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "not a module: at byte {} expected {}", self.at, self.expected)
    }
}

impl core::error::Error for DecodeError {}

/// A cursor.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    depth: u32,
    held: usize,
}

impl<'a> Reader<'a> {
    /// At the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0, depth: 0, held: 0 }
    }

    /// The next byte's offset.
    pub fn position(&self) -> usize {
        self.position
    }

    /// How many bytes are left.
    pub fn remaining(&self) -> usize {
        self.bytes.len().saturating_sub(self.position)
    }

    /// What was read so far.
    pub fn consumed(&self) -> &'a [u8] {
        self.bytes.get(..self.position).unwrap_or_default()
    }

    /// An error about the next byte.
    pub fn error(&self, expected: &'static str) -> DecodeError {
        DecodeError { at: self.position, expected }
    }

    /// The next byte.
    pub fn byte(&mut self) -> Result<u8, DecodeError> {
        let byte = self.bytes.get(self.position).copied().ok_or_else(|| self.error("another byte"))?;
        self.position += 1;
        Ok(byte)
    }

    /// The next `n` bytes.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], DecodeError> {
        let end = self.position.checked_add(n);
        let taken = end.and_then(|end| self.bytes.get(self.position..end));
        let taken = taken.ok_or_else(|| self.error("as many bytes as announced"))?;
        self.position = self.position.saturating_add(n);
        Ok(taken)
    }

    /// Counts what is about to be kept in memory: a byte of a module can stand for a hundred in memory.
    pub fn hold(&mut self, bytes: usize) -> Result<(), DecodeError> {
        self.held = self.held.saturating_add(bytes);
        if self.held > MAX_DECODED_BYTES {
            Err(self.error("a module that takes at most 512 MiB when read"))
        } else {
            Ok(())
        }
    }

    /// Reads something that may contain itself.
    pub fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        if self.depth >= MAX_TYPE_DEPTH {
            return Err(self.error("a type of at most 16 levels"));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }
}
