//! The pipeline from policy text to a verified module.

pub mod lower;
