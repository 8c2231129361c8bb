//! The chain: what each line's hash is taken of, and how a line is written and checked.

use crate::limits::MAX_ENTRY;
use core::{fmt, str::FromStr};
use std::sync::LazyLock;

/// The first sector's text; blank lines fill it up. It says how to check the rest without this program.
pub const HEADER: &str = "agentpol journal 1
Each line is HASH, a tab or a space, ENTRY. HASH is BLAKE3 in hexadecimal
(derive_key, context \"agentpol journal 1\") of the 32 bytes of the HASH
before it and the bytes of ENTRY. For the first, that is the same of this
text, blank lines not counted. A tab begins what was written at once, blank
lines end it. Zero bytes at the end are space to come.
";
/// Separates this use of BLAKE3 from all others, and one version of the format from the next.
const CONTEXT: &str = "agentpol journal 1";
/// Has taken in the context, once.
static CHAIN: LazyLock<blake3::Hasher> = LazyLock::new(|| blake3::Hasher::new_derive_key(CONTEXT));
/// Hexadecimal digits of a hash.
pub(crate) const HASH_DIGITS: usize = 64;
/// Stands after the hash of a batch's first line. No entry holds one, so it marks where a batch begins.
pub(crate) const FIRST: u8 = b'\t';
/// Stands after the hash of every other line.
pub(crate) const NEXT: u8 = b' ';

/// How far a log goes: all that is needed to recognise it, and every later state of it, again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Entries so far.
    pub count: u64,
    /// The last one's hash.
    pub hash: [u8; 32],
}

impl Head {
    /// The head of a log without entries.
    #[must_use]
    pub fn empty() -> Self {
        Self { count: 0, hash: blake3::derive_key(CONTEXT, HEADER.as_bytes()) }
    }

    /// The head once this entry is added.
    #[must_use]
    pub fn then(&self, entry: &[u8]) -> Self {
        let mut hasher = CHAIN.clone();
        hasher.update(&self.hash).update(entry);
        Self { count: self.count.saturating_add(1), hash: *hasher.finalize().as_bytes() }
    }

    /// The hash as it stands in the log.
    #[must_use]
    pub fn hex(&self) -> String {
        blake3::Hash::from_bytes(self.hash).to_hex().to_string()
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.count, self.hex())
    }
}

/// A text is not the state of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoHead;

impl fmt::Display for NoHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the state of a journal is written COUNT:HASH, with 64 hexadecimal digits")
    }
}

impl core::error::Error for NoHead {}

/// As it is displayed, and nothing else.
impl FromStr for Head {
    type Err = NoHead;

    fn from_str(text: &str) -> Result<Self, NoHead> {
        let (count, hash) = text.split_once(':').ok_or(NoHead)?;
        let count = count.parse().map_err(|_| NoHead)?;
        let head = Self { count, hash: *blake3::Hash::from_hex(hash).map_err(|_| NoHead)?.as_bytes() };
        if head.to_string() == text { Ok(head) } else { Err(NoHead) }
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Head({self})")
    }
}

/// The hexadecimal digits of a hash, as they stand in a log.
fn digits(hash: &[u8; 32]) -> impl Iterator<Item = u8> {
    let digit = |value: u8| {
        if value < 10 { b'0'.wrapping_add(value) } else { b'a'.wrapping_add(value).wrapping_sub(10) }
    };
    hash.iter().flat_map(move |byte| [digit(byte >> 4), digit(byte & 15)])
}

/// Adds the line of `entry` to `out`, and gives the head after it.
pub(crate) fn write_line(head: &Head, separator: u8, entry: &str, out: &mut Vec<u8>) -> Head {
    let next = head.then(entry.as_bytes());
    out.extend(digits(&next.hash));
    out.push(separator);
    out.extend_from_slice(entry.as_bytes());
    out.push(b'\n');
    next
}

/// Why a line is not the next of its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// It has no hash, or another separator.
    Form,
    /// Its hash should be this.
    Hash([u8; 32]),
    /// The hash is right, but no such entry is ever written.
    Entry,
}

/// The entry of a line (without its end) and the head after it, if it is the line that comes after `head`.
pub(crate) fn read_line<'a>(head: &Head, separator: u8, line: &'a [u8]) -> Result<(&'a str, Head), Misfit> {
    let (hash, rest) = line.split_at_checked(HASH_DIGITS).ok_or(Misfit::Form)?;
    let (stands, entry) = rest.split_first().ok_or(Misfit::Form)?;
    if *stands != separator {
        return Err(Misfit::Form);
    }
    let next = head.then(entry);
    if !digits(&next.hash).eq(hash.iter().copied()) {
        return Err(Misfit::Hash(next.hash));
    }
    let text = core::str::from_utf8(entry).map_err(|_| Misfit::Entry)?;
    if text.len() > MAX_ENTRY || first_control(text).is_some() {
        return Err(Misfit::Entry);
    }
    Ok((text, next))
}

/// Where a text holds its first control character.
pub(crate) fn first_control(text: &str) -> Option<usize> {
    // Nearly all entries hold none: bytes are looked at before characters. C1 controls begin with 0xC2.
    if text.as_bytes().iter().fold(true, |plain, byte| plain & (0x20..0x7f).contains(byte)) {
        return None;
    }
    text.char_indices().find(|(_, c)| c.is_control()).map(|(at, _)| at)
}
