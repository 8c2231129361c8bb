//! Hex as the JSON-RPC methods write it, one spelling each.

use agentpol_model::{Address, U256};
use alloy_primitives::hex;

type Read<T> = Result<T, String>;

/// A quantity: `0x`, then digits without a leading zero; zero is `0x0`.
pub(crate) fn quantity(text: &str) -> Read<U256> {
    let digits = prefixed(text)?;
    match digits.as_bytes() {
        [] => return Err("a quantity has digits; zero is `0x0`".to_owned()),
        [b'0', _, ..] => {
            let canonical = match digits.trim_start_matches('0') {
                "" => "0",
                rest => rest,
            };
            return Err(format!("a quantity has no leading zeros; write `0x{}`", shorten(canonical)));
        }
        _ => {}
    }
    if digits.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err("a quantity is written in lower case".to_owned());
    }
    U256::from_str_radix(digits, 16).map_err(|_| "a quantity is at most 256 bits".to_owned())
}

/// Bytes: `0x`, then two digits each.
pub(crate) fn bytes(text: &str, most: usize) -> Read<Vec<u8>> {
    let digits = prefixed(text)?;
    if digits.len() % 2 != 0 {
        return Err(format!("bytes are two digits each; found {} digits", digits.len()));
    }
    if digits.len() / 2 > most {
        return Err(format!("at most {most} bytes; found {}", digits.len() / 2));
    }
    hex::decode(digits).map_err(|e| e.to_string())
}

/// An address: `0x` and 40 digits, in one case, or in both as EIP-55 has it.
pub(crate) fn address(text: &str) -> Read<Address> {
    let digits = prefixed(text)?;
    let bytes: [u8; 20] = hex::decode(digits)
        .ok()
        .and_then(|b| b.try_into().ok())
        .ok_or_else(|| format!("an address has 40 hex digits; found {}", digits.len()))?;
    let address = Address::from(bytes);
    let mixed =
        digits.bytes().any(|b| b.is_ascii_lowercase()) && digits.bytes().any(|b| b.is_ascii_uppercase());
    let right = address.to_checksum(None);
    if mixed && right != text {
        return Err(format!(
            "the address's capitals are not its checksum (EIP-55), so a digit may be wrong; if every digit is right, it is `{right}`"
        ));
    }
    Ok(address)
}

/// 32 bytes.
pub(crate) fn word(text: &str) -> Read<[u8; 32]> {
    bytes(text, 32)?.try_into().map_err(|b: Vec<u8>| format!("32 bytes are needed; found {}", b.len()))
}

fn prefixed(text: &str) -> Read<&str> {
    let Some(digits) = text.strip_prefix("0x") else {
        return Err(format!("hex begins with `0x`; found `{}`", shorten(text)));
    };
    match digits.bytes().position(|b| !b.is_ascii_hexdigit()) {
        None => Ok(digits),
        Some(at) => Err(format!("no hex digit after {at} digits")),
    }
}

/// Enough to recognise it by, and nothing that could disturb a terminal.
pub(crate) fn shorten(text: &str) -> String {
    let start: String = text.chars().take(20).flat_map(char::escape_debug).collect();
    if text.chars().count() > 20 { start + "…" } else { start }
}
