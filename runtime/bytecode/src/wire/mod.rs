//! The binary form. Every value has exactly one encoding, and every other byte string is refused:
//! numbers are minimal, optional parts and booleans are one byte that is 0 or 1, nothing follows the last part but the hash.
//!
//! ```text
//! "agentpol"  version  module…  blake3(all bytes before)
//! ```

mod primitives;
mod reader;

pub use reader::{DecodeError, Reader};

use crate::{limits::MAX_MODULE_BYTES, module::Module};
use agentpol_model::B256;

/// The first bytes of every module.
pub const MAGIC: [u8; 8] = *b"agentpol";
/// The version of the format.
pub const VERSION: u64 = 1;
const HASH_BYTES: usize = 32;

/// Something with a binary form.
pub trait Wire: Sized {
    /// Appends it.
    fn encode(&self, out: &mut Vec<u8>);
    /// Reads it back; `encode` of the result gives the same bytes again.
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

/// The bytes of a module.
pub fn encode(module: &Module) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    VERSION.encode(&mut out);
    module.encode(&mut out);
    let hash = blake3::hash(&out);
    out.extend_from_slice(hash.as_bytes());
    out
}

/// The module that these bytes are: total, and bounded by their number in time and memory.
pub fn decode(bytes: &[u8]) -> Result<Module, DecodeError> {
    if bytes.len() > MAX_MODULE_BYTES {
        return Err(DecodeError { at: MAX_MODULE_BYTES, expected: "a module of at most 64 MiB" });
    }
    let mut reader = Reader::new(bytes);
    for expected in MAGIC {
        let at = reader.position();
        if reader.byte()? != expected {
            return Err(DecodeError { at, expected: "`agentpol`, the first bytes of every module" });
        }
    }
    let at = reader.position();
    if u64::decode(&mut reader)? != VERSION {
        return Err(DecodeError { at, expected: "version 1 of the format" });
    }
    let module = Module::decode(&mut reader)?;
    let body = reader.consumed();
    let at = reader.position();
    let found = reader.take(HASH_BYTES)?;
    if blake3::hash(body).as_bytes() != found {
        return Err(DecodeError { at, expected: "the BLAKE3 hash of all bytes before" });
    }
    if reader.remaining() != 0 {
        return Err(DecodeError { at: reader.position(), expected: "the end of the module" });
    }
    Ok(module)
}

/// The hash that names a module: the last bytes of its encoding.
pub fn hash(module: &Module) -> B256 {
    let bytes = encode(module);
    let (_, tail) = bytes.split_at(bytes.len().saturating_sub(HASH_BYTES));
    B256::try_from(tail).unwrap_or_default()
}
