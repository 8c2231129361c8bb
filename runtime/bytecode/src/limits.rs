//! Limits, each with its unit. What is past one is refused by [`decode`](crate::decode) or by the verifier, never cut short.

/// Bytes of a module.
pub const MAX_MODULE_BYTES: usize = 64 << 20;
/// Bytes that a decoded module may take in memory.
pub const MAX_DECODED_BYTES: usize = 512 << 20;
/// Bytes of one name, reason or clause text.
pub const MAX_STRING_BYTES: usize = 16 << 10;
/// Levels of arrays and tuples in one argument's type.
pub const MAX_TYPE_DEPTH: u32 = 16;
/// Instructions of one clause or condition.
pub const MAX_CLAUSE_INSTRUCTIONS: usize = 1 << 16;
/// Terms of a sum.
pub const MAX_TERMS: usize = 16;
/// Bits of a coefficient: 16 terms of 240 + 256 bits and a constant stay within 512.
pub const MAX_COEFFICIENT_BITS: usize = 240;
/// Bits of a sum's constant.
pub const MAX_CONSTANT_BITS: usize = 496;
/// Steps of one path into an argument.
pub const MAX_PATH_STEPS: usize = 32;
/// Steps in the worst case for one action.
pub const MAX_STEPS: u64 = 1 << 20;
/// Members of one set, constant or bound.
pub const MAX_SET_MEMBERS: usize = 1 << 16;
/// Rules that one rule stands over, unless each of them stands over none.
pub const MAX_OVER: usize = 64;
/// Budgets, each line being one.
pub const MAX_BUDGETS: usize = 256;
/// Ways in which one wrapper's data is read.
pub const MAX_UNWRAPS: usize = 16;
/// Arrays that are gone through beside another.
pub const MAX_PARALLEL_ARRAYS: usize = 16;
/// Words that one signature uses up together.
pub const MAX_ONCE_WORDS: usize = 16;
