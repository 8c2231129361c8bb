//! Bytes to a tree. This is the readable statement of what is accepted; [`crate::layout`] says the same in another way, and
//! a test holds the two together.

use crate::{
    Cause, MAX_ARGS_BYTES, Malformed, SELECTOR_BYTES, Selector, Value, WORD_BYTES,
    fit::{self, head_words},
};
use agentpol_model::{
    U256,
    types::{Member, Type, WordType},
};

/// The arguments in `args`, which must be their one canonical encoding. No selector: offsets of faults count from `args`.
///
/// ```
/// # use agentpol_abi::{decode, signature::parse_members};
/// let inputs = parse_members("(uint8 level)").unwrap();
/// let mut args = [0; 32];
/// args[31] = 7;
/// assert_eq!(decode(&inputs, &args).unwrap()[0].to_string(), "7");
/// args[30] = 1; // 263 is no uint8, though many decoders read 7
/// assert!(decode(&inputs, &args).is_err());
/// ```
pub fn decode(inputs: &[Member], args: &[u8]) -> Result<Vec<Value>, Malformed> {
    decode_trailing(inputs, args, 0)
}

/// The same, where up to `trailing` bytes may follow the arguments, unread (`trailing N` of an interface).
pub fn decode_trailing(inputs: &[Member], args: &[u8], trailing: u32) -> Result<Vec<Value>, Malformed> {
    fit::check(inputs).map_err(|unfit| Malformed::new(0, Cause::Unfit(unfit)))?;
    if args.len() > MAX_ARGS_BYTES {
        return Err(Malformed::new(MAX_ARGS_BYTES, Cause::TooLong));
    }
    let reader = Reader { args };
    let (values, end) = reader.sequence(inputs.iter().map(|m| &m.ty), 0)?;
    fit::nothing_more(args, end, trailing)?;
    Ok(values)
}

/// Selector and arguments of whole calldata. Offsets of faults count from its start.
pub fn decode_call(inputs: &[Member], calldata: &[u8]) -> Result<(Selector, Vec<Value>), Malformed> {
    let (selector, args) = split_selector(calldata)?;
    let values = decode(inputs, args).map_err(Malformed::in_calldata)?;
    Ok((selector, values))
}

/// The selector, and the arguments behind it.
pub fn split_selector(calldata: &[u8]) -> Result<(Selector, &[u8]), Malformed> {
    match calldata.split_first_chunk::<SELECTOR_BYTES>() {
        Some((selector, args)) => Ok((*selector, args)),
        None => Err(Malformed::new(0, Cause::Selector)),
    }
}

/// Is `word` a value of type `ty`?
pub fn is_canonical(word: U256, ty: WordType) -> bool {
    match ty {
        WordType::Uint(bits) => word.bit_len() <= usize::from(bits),
        WordType::Int(bits) => {
            // The sign bit and everything above it: all alike.
            let upper = word >> usize::from(bits.saturating_sub(1));
            upper == U256::ZERO || upper == U256::MAX >> usize::from(bits.saturating_sub(1))
        }
        WordType::Address => word.bit_len() <= 160,
        WordType::Bool => word <= U256::ONE,
        WordType::FixedBytes(n) => word << (8 * usize::from(n)) == U256::ZERO,
        WordType::Function => is_canonical(word, WordType::FixedBytes(24)),
    }
}

struct Reader<'a> {
    args: &'a [u8],
}

impl Reader<'_> {
    /// Heads from `base` on with their tails behind them: the arguments, a tuple's members, an array's elements. Also where
    /// the last tail ends.
    fn sequence<'t>(
        &self,
        types: impl Iterator<Item = &'t Type> + Clone,
        base: usize,
    ) -> Result<(Vec<Value>, usize), Malformed> {
        let heads: usize = types.clone().map(|ty| bytes_of(head_words(ty))).sum();
        self.need(base + heads)?;
        let (mut head, mut tail) = (base, base + heads);
        let mut values = Vec::with_capacity(heads / WORD_BYTES);
        for ty in types {
            if ty.is_dynamic() {
                self.offset(head, tail - base)?;
                let (value, end) = self.dynamic(ty, tail)?;
                values.push(value);
                (head, tail) = (head + WORD_BYTES, end);
            } else {
                values.push(self.fixed(ty, &mut head)?);
            }
        }
        Ok((values, tail))
    }

    /// The tail of a dynamic value, and where it ends.
    fn dynamic(&self, ty: &Type, at: usize) -> Result<(Value, usize), Malformed> {
        match ty {
            Type::Bytes => {
                let (bytes, end) = self.bytes(at)?;
                Ok((Value::Bytes(bytes.to_vec()), end))
            }
            Type::String => {
                let (bytes, end) = self.bytes(at)?;
                match core::str::from_utf8(bytes) {
                    Ok(text) => Ok((Value::String(text.to_owned()), end)),
                    Err(e) => Err(Malformed::new(at + WORD_BYTES + e.valid_up_to(), Cause::NotUtf8)),
                }
            }
            Type::Array(inner, limit) => {
                let count = self.count(inner, *limit, at)?;
                let (values, end) = self.sequence(core::iter::repeat_n(&**inner, count), at + WORD_BYTES)?;
                Ok((Value::Array(values), end))
            }
            Type::FixedArray(inner, n) => {
                let count = usize::try_from(*n).unwrap_or(usize::MAX);
                let (values, end) = self.sequence(core::iter::repeat_n(&**inner, count), at)?;
                Ok((Value::Array(values), end))
            }
            Type::Tuple(members) => {
                let (values, end) = self.sequence(members.iter().map(|m| &m.ty), at)?;
                Ok((Value::Tuple(values), end))
            }
            Type::Word(word) => Ok((self.value(at, *word)?, at + WORD_BYTES)),
        }
    }

    /// A static value among the heads; moves on behind it.
    fn fixed(&self, ty: &Type, head: &mut usize) -> Result<Value, Malformed> {
        match ty {
            Type::FixedArray(inner, n) => {
                let values = (0..*n).map(|_| self.fixed(inner, head)).collect::<Result<_, _>>()?;
                Ok(Value::Array(values))
            }
            Type::Tuple(members) => {
                let values = members.iter().map(|m| self.fixed(&m.ty, head)).collect::<Result<_, _>>()?;
                Ok(Value::Tuple(values))
            }
            Type::Word(word) => {
                let value = self.value(*head, *word)?;
                *head += WORD_BYTES;
                Ok(value)
            }
            Type::Bytes | Type::String | Type::Array(..) => {
                let (value, end) = self.dynamic(ty, *head)?;
                *head = end;
                Ok(value)
            }
        }
    }

    fn value(&self, at: usize, ty: WordType) -> Result<Value, Malformed> {
        let word = self.word(at)?;
        if is_canonical(word, ty) {
            Ok(Value::Word(word, ty))
        } else {
            Err(Malformed::new(at, Cause::Word(ty)))
        }
    }

    /// The offset at `head` must be `expected`.
    fn offset(&self, head: usize, expected: usize) -> Result<(), Malformed> {
        if self.word(head)? == U256::from(expected) {
            return Ok(());
        }
        let expected = u32::try_from(expected).unwrap_or(u32::MAX);
        Err(Malformed::new(head, Cause::Offset { expected }))
    }

    /// How many elements the array at `at` says it has. At most as many as there is room for.
    fn count(&self, inner: &Type, limit: Option<u32>, at: usize) -> Result<usize, Malformed> {
        let count = self.word(at)?;
        let room = self.args.len().saturating_sub(at + WORD_BYTES);
        let fits = room / bytes_of(head_words(inner)).max(WORD_BYTES);
        if count > U256::from(fits) {
            let fits = u32::try_from(fits).unwrap_or(u32::MAX);
            return Err(Malformed::new(at, Cause::Length { fits }));
        }
        match limit {
            Some(limit) if count > U256::from(limit) => Err(Malformed::new(at, Cause::TooMany { limit })),
            _ => Ok(count.saturating_to()),
        }
    }

    /// The content of `bytes` or `string` at `at`, and where its padding ends.
    fn bytes(&self, at: usize) -> Result<(&[u8], usize), Malformed> {
        let length = self.word(at)?;
        let start = at + WORD_BYTES;
        let room = self.args.len().saturating_sub(start);
        if length > U256::from(room) {
            let fits = u32::try_from(room).unwrap_or(u32::MAX);
            return Err(Malformed::new(at, Cause::Length { fits }));
        }
        let length: usize = length.saturating_to();
        let padded = length.next_multiple_of(WORD_BYTES);
        self.need(start + padded)?;
        let padding = self.args.get(start + length..start + padded).unwrap_or_default();
        if let Some(dirty) = padding.iter().position(|&b| b != 0) {
            return Err(Malformed::new(start + length + dirty, Cause::Padding));
        }
        Ok((self.args.get(start..start + length).unwrap_or_default(), start + padded))
    }

    fn word(&self, at: usize) -> Result<U256, Malformed> {
        self.need(at + WORD_BYTES)?;
        Ok(U256::from_be_slice(self.args.get(at..at + WORD_BYTES).unwrap_or_default()))
    }

    /// There must be bytes up to `end`.
    fn need(&self, end: usize) -> Result<(), Malformed> {
        match end.checked_sub(self.args.len()) {
            None | Some(0) => Ok(()),
            Some(missing) => {
                let missing = u32::try_from(missing).unwrap_or(u32::MAX);
                Err(Malformed::new(self.args.len(), Cause::Truncated { missing }))
            }
        }
    }
}

fn bytes_of(words: u32) -> usize {
    usize::try_from(words).unwrap_or(usize::MAX).saturating_mul(WORD_BYTES)
}
