//! Limits, each with its unit.

/// Bytes of one entry.
pub const MAX_ENTRY: usize = 1 << 20;
/// Bytes of one batch: what one write puts down, its blank lines included.
pub const MAX_BATCH: usize = 2 << 20;
/// Bytes that a disk writes wholly or not at all, and that do not suffer when others are written: batches begin and end there.
pub const SECTOR: usize = 512;
/// Bytes of zeros that are put down ahead of a short log.
pub const LEAST_AHEAD: u64 = 16 << 10;
/// Bytes of zeros that are put down ahead of a long log. Between the two it is the log's own length.
pub const MOST_AHEAD: u64 = 4 << 20;

/// Bytes of one line: hash, separator, entry, and the end of the line.
pub(crate) const MAX_LINE: usize = crate::chain::HASH_DIGITS + 1 + MAX_ENTRY + 1;
