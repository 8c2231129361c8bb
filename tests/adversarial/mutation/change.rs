//! Small changes of a request: in its words, its lengths, its order, its bits, and in its text.

use super::Allowed;
use crate::{
    ask::{FRIEND, POOL, ROUTER, STRANGER, USDC, USDC_BASE, WETH},
    world::{Shipped, wallet},
};
use agentpol_model::{Address, U256};
use agentpol_tests::generator::Rng;

/// A request with one change; now and then with two or three.
pub(crate) fn request(allowed: &Allowed, shipped: &Shipped, rng: &mut Rng) -> Allowed {
    let mut changed = allowed.clone();
    let times = *rng.pick(&[1, 1, 1, 1, 2, 3]);
    for _ in 0..times {
        changed = once(&changed, shipped, rng);
    }
    changed
}

/// A request with one change.
pub(crate) fn once(allowed: &Allowed, shipped: &Shipped, rng: &mut Rng) -> Allowed {
    let mut changed = allowed.clone();
    match rng.below(12) {
        0 => changed.value = number(rng),
        1 => changed.to = address(shipped, rng),
        2 => changed.chain = *rng.pick(&[1, 8453, 42161, 10, 137, 100, 56]),
        _ => data(&mut changed.data, shipped, rng),
    }
    changed
}

/// The text with one character more, fewer or other, or one digit.
pub(crate) fn text(text: &str, rng: &mut Rng) -> String {
    let mut all: Vec<char> = text.chars().collect();
    let at = rng.below(all.len());
    let other =
        *rng.pick(&['0', '1', '8', 'a', 'f', 'F', '"', ',', ':', '{', '}', ' ', 'x', '\\', '\u{0}', 'е']);
    match rng.below(4) {
        0 => all[at] = other,
        1 => all.insert(at, other),
        2 => drop(all.remove(at)),
        _ => {
            let digits: Vec<usize> = (0..all.len()).filter(|at| all[*at].is_ascii_hexdigit()).collect();
            let Some(digit) = rng.choose(&digits) else { return text.to_owned() };
            all[*digit] = *rng.pick(&['0', '1', '2', '7', '9', 'a', 'f']);
        }
    }
    all.into_iter().collect()
}

pub(super) fn data(data: &mut Vec<u8>, shipped: &Shipped, rng: &mut Rng) {
    let words = data.len().saturating_sub(4) / 32;
    let place = |rng: &mut Rng| 4 + 32 * rng.below(words);
    match rng.below(9) {
        0 if !data.is_empty() => {
            let at = rng.below(data.len());
            data[at] ^= 1 << rng.below(8);
        }
        1 if words > 0 => {
            let at = place(rng);
            let word = word(shipped, rng);
            data[at..at + 32].copy_from_slice(&word.to_be_bytes::<32>());
        }
        // Offsets, lengths and amounts: a little more or less.
        2 | 3 if words > 0 => {
            let at = place(rng);
            let old = U256::from_be_slice(&data[at..at + 32]);
            let by = U256::from(*rng.pick(&[1u64, 2, 31, 32, 33, 64, 1_000_000, 1 << 32]));
            let new = if rng.chance(50) { old.wrapping_add(by) } else { old.wrapping_sub(by) };
            let new = if rng.chance(20) { old >> 1 } else { new };
            data[at..at + 32].copy_from_slice(&new.to_be_bytes::<32>());
        }
        4 => {
            let count = *rng.pick(&[1, 4, 31, 32, 64]);
            let byte = if rng.chance(50) { 0 } else { rng.below(256) as u8 };
            data.extend(std::iter::repeat_n(byte, count));
        }
        5 => data.truncate(rng.below(data.len() + 1)),
        6 if words > 1 => {
            let (a, b) = (place(rng), place(rng));
            for n in 0..32 {
                data.swap(a + n, b + n);
            }
        }
        7 if words > 0 => {
            let at = place(rng);
            if rng.chance(50) {
                data.drain(at..at + 32);
            } else {
                let again: Vec<u8> = data[at..at + 32].to_vec();
                data.splice(at..at, again);
            }
        }
        _ if data.len() >= 4 => {
            let selectors: Vec<[u8; 4]> = shipped
                .rules
                .callables
                .iter()
                .filter_map(|callable| callable.function.as_ref())
                .map(|function| function.selector)
                .collect();
            data[..4].copy_from_slice(rng.pick(&selectors).as_slice());
        }
        _ => data.extend(*rng.pick(&[[0xa9, 0x05, 0x9c, 0xbb], [0; 4]])),
    }
}

fn word(shipped: &Shipped, rng: &mut Rng) -> U256 {
    let address: U256 = address(shipped, rng).into_word().into();
    match rng.below(5) {
        0 | 1 => address,
        2 => address | (U256::ONE << rng.between(160, 255)),
        _ => number(rng),
    }
}

pub(super) fn number(rng: &mut Rng) -> U256 {
    match rng.below(6) {
        0 => U256::ONE << rng.below(256),
        1 => U256::MAX,
        2 => U256::from(1_000_000u64) * U256::from(rng.below(400)),
        3 => U256::from(10u64.pow(15)) * U256::from(rng.below(4_000)),
        _ => rng.number(),
    }
}

pub(super) fn address(shipped: &Shipped, rng: &mut Rng) -> Address {
    let sites: Vec<Address> = shipped
        .rules
        .tokens
        .iter()
        .flat_map(|token| &token.sites)
        .filter_map(|(_, address)| *address)
        .collect();
    match rng.below(8) {
        0 | 1 if !sites.is_empty() => *rng.pick(&sites),
        2 => Address::ZERO,
        3 => wallet(),
        4 => Address::with_last_byte(rng.below(10) as u8),
        5 => {
            // One who looks like somebody known.
            let mut like = *rng.pick(&[FRIEND, ROUTER, USDC, USDC_BASE, POOL]);
            like.0[rng.between(2, 17)] ^= 1;
            like
        }
        _ => *rng.pick(&[FRIEND, ROUTER, USDC, USDC_BASE, POOL, WETH, STRANGER]),
    }
}
