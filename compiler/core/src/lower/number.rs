//! Integers of any size to the module's 512 bits.

use super::Fault;
use agentpol_analysis::ruleset::Linear;
use agentpol_bytecode::{
    Integer, Sum, Term,
    limits::{MAX_COEFFICIENT_BITS, MAX_CONSTANT_BITS, MAX_TERMS},
};
use agentpol_model::U256;
use alloy_primitives::U512;
use num_bigint::{BigInt, Sign};

/// A sum within the module's limits.
pub(super) fn sum(linear: &Linear) -> Result<Sum, Fault> {
    if linear.terms.len() > MAX_TERMS {
        return Err(Fault::SumTooLarge);
    }
    let terms = linear.terms.iter().map(|(coefficient, word)| {
        Ok(Term { coefficient: integer(coefficient, MAX_COEFFICIENT_BITS)?, word: word.clone() })
    });
    Ok(Sum {
        terms: terms.collect::<Result<_, Fault>>()?,
        constant: integer(&linear.constant, MAX_CONSTANT_BITS)?,
    })
}

fn integer(number: &BigInt, most_bits: usize) -> Result<Integer, Fault> {
    let (sign, bytes) = number.to_bytes_be();
    let magnitude =
        U512::try_from_be_slice(&bytes).filter(|m| m.bit_len() <= most_bits).ok_or(Fault::SumTooLarge)?;
    Ok(Integer { negative: sign == Sign::Minus, magnitude })
}

/// As a word, if it is one.
pub(super) fn word(number: &BigInt) -> Option<U256> {
    match number.to_bytes_be() {
        (Sign::Minus, _) => None,
        (_, bytes) => U256::try_from_be_slice(&bytes),
    }
}
