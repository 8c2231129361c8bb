//! Canonical RLP: every value has exactly one form (Ethereum Yellow Paper, appendix B), and only that is read.

use core::fmt;

/// Bytes that are not canonical RLP, or not of the form that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RlpError {
    /// Byte in what is read.
    pub offset: usize,
    /// What was found, and what would be right.
    pub message: String,
}

impl fmt::Display for RlpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {}", self.offset, self.message)
    }
}

impl core::error::Error for RlpError {}

/// Reads items one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

/// What an item is: its content stands in `start..end`.
#[derive(Clone, Copy, Debug)]
struct Item {
    list: bool,
    start: usize,
    end: usize,
}

impl<'a> Reader<'a> {
    /// From `start` to the end of `bytes`. Offsets of faults count from the start of `bytes`.
    pub fn new(bytes: &'a [u8], start: usize) -> Self {
        Self { bytes, at: start.min(bytes.len()), end: bytes.len() }
    }

    /// Where the next item begins.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Has everything been read?
    pub fn is_empty(&self) -> bool {
        self.at >= self.end
    }

    /// Nothing may be left.
    pub fn finish(&self, what: &str) -> Result<(), RlpError> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(self.error(format!("{what} ends here; no byte may follow")))
        }
    }

    /// A fault at the next item.
    pub fn error(&self, message: impl Into<String>) -> RlpError {
        RlpError { offset: self.at, message: message.into() }
    }

    /// The items of a list.
    pub fn list(&mut self, what: &str) -> Result<Reader<'a>, RlpError> {
        let item = self.item(what)?;
        if !item.list {
            return Err(self.error(format!("{what} must be a list, not a string of bytes")));
        }
        self.at = item.end;
        Ok(Reader { bytes: self.bytes, at: item.start, end: item.end })
    }

    /// A string of bytes.
    pub fn string(&mut self, what: &str) -> Result<&'a [u8], RlpError> {
        let item = self.item(what)?;
        if item.list {
            return Err(self.error(format!("{what} must be a string of bytes, not a list")));
        }
        self.at = item.end;
        Ok(self.bytes.get(item.start..item.end).unwrap_or_default())
    }

    /// A string of exactly `N` bytes.
    pub fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], RlpError> {
        let before = *self;
        let bytes = self.string(what)?;
        <[u8; N]>::try_from(bytes)
            .map_err(|_| before.error(format!("{what} must be {N} bytes, found {}", bytes.len())))
    }

    /// A number of at most `N` bytes, big-endian without leading zeros, widened to `N`.
    pub fn number<const N: usize>(&mut self, what: &str) -> Result<[u8; N], RlpError> {
        let before = *self;
        let digits = self.string(what)?;
        if digits.first() == Some(&0) {
            return Err(before.error(format!("{what} must not begin with a zero byte; zero itself is 0x80")));
        }
        let mut wide = [0; N];
        match N.checked_sub(digits.len()).and_then(|unused| wide.get_mut(unused..)) {
            Some(lower) => lower.copy_from_slice(digits),
            None => {
                return Err(before.error(format!("{what} must fit in {N} bytes, found {}", digits.len())));
            }
        }
        Ok(wide)
    }

    /// A number below 2^64.
    pub fn u64(&mut self, what: &str) -> Result<u64, RlpError> {
        self.number(what).map(u64::from_be_bytes)
    }

    fn item(&self, what: &str) -> Result<Item, RlpError> {
        let Some(&first) = self.bytes.get(self.at).filter(|_| !self.is_empty()) else {
            return Err(self.error(format!("{what} is missing")));
        };
        let list = first >= 0xc0;
        let (header, length) = match first {
            0x00..=0x7f => (0, 1),
            0x80..=0xb7 => (1, usize::from(first - 0x80)),
            0xb8..=0xbf => self.long(usize::from(first - 0xb7), what)?,
            0xc0..=0xf7 => (1, usize::from(first - 0xc0)),
            0xf8..=0xff => self.long(usize::from(first - 0xf7), what)?,
        };
        let start = self.at + header;
        let Some(end) = start.checked_add(length).filter(|&end| end <= self.end) else {
            return Err(self.error(format!("{what} claims {length} bytes, more than there are")));
        };
        if first == 0x81 && self.bytes.get(start).is_some_and(|&b| b < 0x80) {
            return Err(self.error(format!("{what}: a byte below 0x80 is its own encoding")));
        }
        Ok(Item { list, start, end })
    }

    /// Header and content of an item whose length takes `size` bytes itself.
    fn long(&self, size: usize, what: &str) -> Result<(usize, usize), RlpError> {
        let digits =
            self.bytes.get(self.at + 1..self.at + 1 + size).filter(|_| self.at + 1 + size <= self.end);
        let Some(digits) = digits else {
            return Err(self.error(format!("{what}: the length is cut off")));
        };
        if digits.first() == Some(&0) {
            return Err(self.error(format!("{what}: the length must not begin with a zero byte")));
        }
        // At most 8 digits; on a machine of fewer bits a length that does not fit saturates and is too long.
        let length = digits.iter().fold(0u64, |n, &d| (n << 8) | u64::from(d));
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length < 56 {
            return Err(self.error(format!("{what}: a length below 56 stands in the first byte")));
        }
        Ok((1 + size, length))
    }
}

/// A list of items that are encoded already.
pub fn list_of(items: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(items.len() + 9);
    match u8::try_from(items.len()) {
        Ok(short) if short < 56 => out.push(0xc0 + short),
        _ => {
            let digits = items.len().to_be_bytes();
            let digits = digits.iter().copied().skip_while(|&d| d == 0).collect::<Vec<_>>();
            // A length has at most 8 bytes.
            out.push(0xf7 + u8::try_from(digits.len()).unwrap_or(8));
            out.extend(digits);
        }
    }
    out.extend_from_slice(items);
    out
}

/// A number, encoded.
pub fn number(n: u64) -> Vec<u8> {
    let digits: Vec<u8> = n.to_be_bytes().iter().copied().skip_while(|&d| d == 0).collect();
    match digits.as_slice() {
        [single] if *single < 0x80 => vec![*single],
        // At most 8 bytes.
        digits => {
            let mut out = vec![0x80 + u8::try_from(digits.len()).unwrap_or(8)];
            out.extend_from_slice(digits);
            out
        }
    }
}
