//! Text that is signed as `personal_sign` does it (EIP-191, version 0x45): only what a person can read, and nothing that could
//! be taken for something else.
//!
//! Refused with `unsafe_message`: what is empty, longer than [`MAX_MESSAGE_BYTES`] or not UTF-8; exactly 32 bytes, or nothing but
//! 64 hex digits or more (hashes, transactions and typed data in disguise); bytes that read as a transaction; control, private,
//! invisible and direction-changing characters, but for line breaks, tabs and the two selectors that choose between text and
//! emoji; and a Sign-In with Ethereum (EIP-4361) that is not wholly valid.

mod sign_in;

pub use sign_in::SignIn;

use crate::{hex::shorten, transaction::RawTransaction};
use agentpol_abi::{Value, encode_call, signature::parse_function};
use agentpol_model::{B256, ChainId, request::SIGN_IN};
use alloy_primitives::{hex, keccak256};

/// A text is at most this long.
pub const MAX_MESSAGE_BYTES: usize = 8 * 1024;

/// Hex digits from which on a text of nothing else is refused: those of a hash.
const HASH_DIGITS: usize = 64;

/// The function that a plain text is an argument of.
pub const TEXT: &str = "text(string text)";

/// A line like that makes a text a Sign-In, and nothing but one.
const ASKS_IN: &str = "wants you to sign in with your ethereum account";

/// A text, wholly understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    text: String,
    sign_in: Option<SignIn>,
    /// As [`Kind::Message`](agentpol_model::request::Kind::Message) has it.
    data: Vec<u8>,
}

impl Message {
    /// Reads the bytes of a message. The fault says what is wrong with them.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        if bytes.is_empty() {
            return Err("an empty message says nothing".to_owned());
        }
        if bytes.len() > MAX_MESSAGE_BYTES {
            return Err(format!("a message is at most {MAX_MESSAGE_BYTES} bytes; found {}", bytes.len()));
        }
        if bytes.len() == 32 {
            return Err("32 bytes are a hash, whatever they look like: nobody knows what it is of".to_owned());
        }
        if bytes.first() == Some(&0x19) {
            return Err("it begins with 0x19, as what contracts check does (EIP-191)".to_owned());
        }
        if RawTransaction::read(bytes).is_ok() {
            return Err("it is a transaction".to_owned());
        }
        let Ok(text) = core::str::from_utf8(bytes) else {
            return Err("it is no text (UTF-8), so nobody can be shown what it says".to_owned());
        };
        let bare = text.trim();
        let digits = bare.strip_prefix("0x").or_else(|| bare.strip_prefix("0X")).unwrap_or(bare);
        if digits.len() >= HASH_DIGITS && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err("it is a hash or other bytes in hex: nobody knows what they mean".to_owned());
        }
        if let Some(why) = unreadable(text) {
            return Err(why);
        }
        let sign_in = if text.to_lowercase().contains(ASKS_IN) {
            let why = |why| format!("it asks to sign in but is not as EIP-4361 writes that: {why}");
            Some(SignIn::read(text).map_err(why)?)
        } else {
            None
        };
        let (function, values) = match &sign_in {
            Some(sign_in) => (SIGN_IN, sign_in.values()),
            None => (TEXT, vec![Value::String(text.to_owned())]),
        };
        let data = parse_function(function)
            .map_err(|e| e.to_string())
            .and_then(|f| encode_call(f.selector(), &f.inputs, &values).map_err(|e| e.to_string()))?;
        Ok(Self { text: text.to_owned(), sign_in, data })
    }

    /// What is signed, to be read by people.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its parts, if it is a Sign-In with Ethereum.
    pub fn sign_in(&self) -> Option<&SignIn> {
        self.sign_in.as_ref()
    }

    /// The chain that it names.
    pub fn chain(&self) -> Option<ChainId> {
        self.sign_in.as_ref().map(|sign_in| sign_in.chain)
    }

    /// Selector and arguments: what is judged.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The bytes whose hash is signed (EIP-191).
    pub fn payload(&self) -> Vec<u8> {
        eip191(self.text.as_bytes())
    }

    /// The hash that is signed.
    pub fn digest(&self) -> B256 {
        keccak256(self.payload())
    }
}

/// A message in its envelope: what `personal_sign` signs the hash of.
pub(crate) fn eip191(message: &[u8]) -> Vec<u8> {
    let prefix = format!("\x19Ethereum Signed Message:\n{}", message.len());
    [prefix.as_bytes(), message].concat()
}

/// What is written as `personal_sign` takes it: hex of the bytes, or the text itself. What begins like hex and is none would be
/// one thing to one wallet and another to the next.
pub(crate) fn written(text: &str) -> Result<Vec<u8>, String> {
    match text.strip_prefix("0x") {
        None => Ok(text.as_bytes().to_vec()),
        Some(digits) => hex::decode(digits).map_err(|_| {
            format!("a message that begins with `0x` is bytes in hex; found `{}`", shorten(text))
        }),
    }
}

/// The first character that a person would not see, or not where it stands.
fn unreadable(text: &str) -> Option<String> {
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let fine = match c {
            '\n' | '\t' => true,
            // The line break of some systems; alone it hides what stands before it.
            '\r' => rest.peek() == Some(&'\n'),
            _ => !c.is_control() && !is_unseen(c),
        };
        if !fine {
            return Some(format!(
                "the character U+{:04X} is not seen, or moves what is; leave it out",
                u32::from(c)
            ));
        }
    }
    None
}

/// Characters without a picture of their own, or that change the direction or place of others; and those that mean nothing to
/// everybody.
fn is_unseen(c: char) -> bool {
    let code = u32::from(c);
    // The last two of each plane are no characters and never will be.
    code & 0xfffe == 0xfffe
        || matches!(code,
        0x00ad | 0x034f | 0x061c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
        | 0x2028..=0x202e | 0x2060..=0x206f | 0x2800 | 0x3164 | 0xe000..=0xf8ff | 0xfdd0..=0xfdef | 0xfe00..=0xfe0d
        | 0xfeff | 0xffa0 | 0xfff0..=0xfffb | 0x1_bca0..=0x1_bca3 | 0x1_d173..=0x1_d17a
        | 0xe_0000..=0x10_ffff)
}
