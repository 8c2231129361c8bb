//! What a payload is, for devices that show what they sign. A payload is the bytes whose hash is signed, so what it is follows
//! from its first bytes, and no two kinds share any.

/// A payload, taken apart as far as a device wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payload<'a> {
    /// A transaction, as it is serialised for signing.
    Transaction(&'a [u8]),
    /// The text of `personal_sign` (EIP-191), without its prefix.
    Text(&'a [u8]),
    /// Typed data (EIP-712).
    TypedData,
    /// An authorisation to run code at the account (EIP-7702).
    Authorization,
    /// Nothing that is known here.
    Unknown,
}

const TEXT: &[u8] = b"\x19Ethereum Signed Message:\n";
const TYPED_DATA: &[u8] = &[0x19, 0x01];
const AUTHORIZATION: u8 = 0x05;
/// Types of transactions: access lists, dynamic fees, blobs, delegations.
const TYPES: core::ops::RangeInclusive<u8> = 1..=4;
/// A list, as a transaction without a type is.
const LIST: u8 = 0xc0;

impl<'a> Payload<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Self {
        if let Some(rest) = bytes.strip_prefix(TEXT) {
            return text(rest).map_or(Payload::Unknown, Payload::Text);
        }
        if bytes.starts_with(TYPED_DATA) {
            return Payload::TypedData;
        }
        match bytes.first() {
            Some(&AUTHORIZATION) => Payload::Authorization,
            Some(first) if TYPES.contains(first) || *first >= LIST => Payload::Transaction(bytes),
            _ => Payload::Unknown,
        }
    }
}

/// A text after its length in decimal digits. Digits may begin the text itself, so the length decides where it begins.
fn text(rest: &[u8]) -> Option<&[u8]> {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (1..=digits).find_map(|split| {
        let (length, text) = rest.split_at_checked(split)?;
        (length == text.len().to_string().as_bytes()).then_some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefixed(text: &[u8]) -> Vec<u8> {
        [TEXT, text.len().to_string().as_bytes(), text].concat()
    }

    #[test]
    fn a_text_is_found_behind_its_length() {
        for text in [&b""[..], b"hi", b"12", b"2024 is a year", &[b'7'; 77], "grüße".as_bytes()] {
            assert_eq!(Payload::read(&prefixed(text)), Payload::Text(text), "{text:?}");
        }
        let long = [&prefixed(b"hi")[..], b"!"].concat();
        assert_eq!(Payload::read(&long), Payload::Unknown);
        assert_eq!(Payload::read(TEXT), Payload::Unknown);
    }

    #[test]
    fn every_kind_by_its_first_bytes() {
        for transaction in
            [&[0x01, 0xc0][..], &[0x02, 0xc0], &[0x03, 0xc0], &[0x04, 0xc0], &[0xc0], &[0xf8, 0x00]]
        {
            assert_eq!(Payload::read(transaction), Payload::Transaction(transaction));
        }
        assert_eq!(Payload::read(&[0x19, 0x01, 7]), Payload::TypedData);
        assert_eq!(Payload::read(&[0x05, 0xc0]), Payload::Authorization);
        for unknown in [&[][..], &[0x00], &[0x06], &[0x19], &[0x19, 0x00], &[0x80]] {
            assert_eq!(Payload::read(unknown), Payload::Unknown, "{unknown:?}");
        }
    }
}
