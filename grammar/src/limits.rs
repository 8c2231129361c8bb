//! Every limit on policy text. They are checked on bytes and tokens before the grammar sees any of them, so what follows
//! runs in bounded time, memory and stack whatever it is given.

/// Bytes of one file.
pub const MAX_FILE_BYTES: usize = 8 * 1024 * 1024;

/// Tokens of one file, comments not counted.
pub const MAX_TOKENS: usize = 1024 * 1024;

/// Levels of nesting: brackets, `if`, `all`, `any`, runs of `not` and `-`; and, counted apart, links of one chain
/// `a.b(c)[d]`. A level can hold each
/// of the seven layers of operators once, so trees are at most some 250 nodes high: every later pass may recurse over them
/// without a guard of its own.
pub const MAX_DEPTH: usize = 32;

/// Errors told about one file; one more says that there are others.
pub const MAX_ERRORS: usize = 200;
