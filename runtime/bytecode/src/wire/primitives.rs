//! Numbers, words, strings, lists.

use super::{DecodeError, Reader, Wire};
use crate::limits::MAX_STRING_BYTES;
use agentpol_model::{Address, B256, U256};
use alloy_primitives::U512;

impl Wire for u8 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(*self);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.byte()
    }
}

impl Wire for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let error = reader.error("0 or 1");
        match reader.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(error),
        }
    }
}

/// Seven bits a byte, the least significant first; the last byte is not zero unless it is the only one.
impl Wire for u64 {
    fn encode(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        loop {
            let [low, ..] = rest.to_le_bytes();
            rest >>= 7;
            if rest == 0 {
                out.push(low & 0x7f);
                return;
            }
            out.push(low | 0x80);
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut value = 0u64;
        for index in 0..10u32 {
            let error = reader.error("a minimal number below 2^64");
            let byte = reader.byte()?;
            let last = byte & 0x80 == 0;
            if (index == 9 && byte > 1) || (index > 0 && byte == 0) {
                return Err(error);
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if last {
                return Ok(value);
            }
        }
        Err(reader.error("a minimal number below 2^64"))
    }
}

macro_rules! narrow {
    ($($ty:ty, $expected:literal;)*) => {$(
        impl Wire for $ty {
            fn encode(&self, out: &mut Vec<u8>) {
                u64::from(*self).encode(out);
            }

            fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let error = reader.error($expected);
                <$ty>::try_from(u64::decode(reader)?).map_err(|_| error)
            }
        }
    )*};
}

narrow! {
    u16, "a number below 2^16";
    u32, "a number below 2^32";
}

macro_rules! big {
    ($($ty:ty, $bytes:literal, $expected:literal;)*) => {$(
        /// The number of bytes, then they, the most significant first and not zero.
        impl Wire for $ty {
            fn encode(&self, out: &mut Vec<u8>) {
                let bytes = self.to_be_bytes_trimmed_vec();
                out.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
                out.extend_from_slice(&bytes);
            }

            fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let error = reader.error($expected);
                let length = usize::from(reader.byte()?);
                if length > $bytes {
                    return Err(error);
                }
                let bytes = reader.take(length)?;
                if bytes.first() == Some(&0) {
                    return Err(error);
                }
                <$ty>::try_from_be_slice(bytes).ok_or(error)
            }
        }
    )*};
}

big! {
    U256, 32, "a minimal number below 2^256";
    U512, 64, "a minimal number below 2^512";
}

impl Wire for Address {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_slice());
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let error = reader.error("an address");
        Address::try_from(reader.take(20)?).map_err(|_| error)
    }
}

impl Wire for [u8; 4] {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let error = reader.error("a selector");
        Self::try_from(reader.take(4)?).map_err(|_| error)
    }
}

impl Wire for B256 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_slice());
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let error = reader.error("32 bytes");
        B256::try_from(reader.take(32)?).map_err(|_| error)
    }
}

fn encode_length(length: usize, out: &mut Vec<u8>) {
    (length as u64).encode(out);
}

impl Wire for String {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_length(self.len(), out);
        out.extend_from_slice(self.as_bytes());
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let error = reader.error("a string of at most 16 KiB");
        let length =
            usize::try_from(u64::decode(reader)?).ok().filter(|&n| n <= MAX_STRING_BYTES).ok_or(error)?;
        let error = reader.error("UTF-8");
        let text = core::str::from_utf8(reader.take(length)?).map_err(|_| error)?;
        Ok(text.to_owned())
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        encode_length(self.len(), out);
        for item in self {
            item.encode(out);
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let error = reader.error("a count that the rest of the module can hold");
        let length = u64::decode(reader)?;
        // Every item takes at least a byte. Nothing is reserved on the word of the count alone: the list grows by what was
        // really read.
        if length > reader.remaining() as u64 {
            return Err(error);
        }
        let mut items = Vec::new();
        for _ in 0..length {
            reader.hold(size_of::<T>())?;
            items.push(T::decode(reader)?);
        }
        Ok(items)
    }
}

impl<T: Wire> Wire for Option<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.is_some().encode(out);
        if let Some(value) = self {
            value.encode(out);
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        bool::decode(reader)?.then(|| T::decode(reader)).transpose()
    }
}

impl<T: Wire> Wire for Box<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        T::encode(self, out);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        T::decode(reader).map(Box::new)
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
        self.1.encode(out);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok((A::decode(reader)?, B::decode(reader)?))
    }
}
