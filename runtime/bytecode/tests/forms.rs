//! One encoding, one text; every other byte string is refused, and none panics.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test"
)]

use agentpol_bytecode::{
    Module, assemble, decode, disassemble, encode, hash,
    instruction::TABLE,
    limits::{MAX_STRING_BYTES, MAX_TYPE_DEPTH},
};
use agentpol_model::types::{Type, WordType};

fn payments() -> Module {
    assemble(include_str!("payments.txt")).unwrap()
}

/// The same bytes with the hash that would be right for them.
fn rehashed(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len().saturating_sub(32));
    let hash = blake3::hash(&bytes);
    bytes.extend_from_slice(hash.as_bytes());
    bytes
}

#[test]
fn text_and_bytes_give_the_module_back() {
    let module = payments();
    assert_eq!(disassemble(&module), include_str!("payments.txt"));
    let bytes = encode(&module);
    assert_eq!(decode(&bytes), Ok(module.clone()));
    assert_eq!(&bytes[bytes.len() - 32..], hash(&module).as_slice());
}

/// Signatures, commands and wrappers.
#[test]
fn every_kind_of_action_has_both_forms() {
    let module = assemble(include_str!("account.txt")).unwrap();
    assert_eq!(disassemble(&module), include_str!("account.txt"));
    assert_eq!(decode(&encode(&module)), Ok(module));
}

#[test]
fn the_empty_module_is_one_too() {
    let module = Module::default();
    assert_eq!(decode(&encode(&module)), Ok(module.clone()));
    assert_eq!(assemble(&disassemble(&module)), Ok(module));
}

#[test]
fn every_other_byte_string_is_refused() {
    let bytes = encode(&payments());
    for end in 0..bytes.len() {
        assert!(decode(&bytes[..end]).is_err(), "truncated to {end}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(decode(&longer).unwrap_err().at, bytes.len());
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            assert!(decode(&flipped).is_err(), "bit {bit} of byte {at}");
        }
    }
}

/// With the right hash a mutant may be a module, but then it is the encoding of that module and of no other.
#[test]
fn mutants_that_decode_encode_to_themselves() {
    let bytes = encode(&payments());
    let mut decoded = 0;
    for at in 0..bytes.len() - 32 {
        for change in [1u8, 2, 4, 8, 16, 32, 64, 128, 0xff] {
            let mut mutant = bytes.clone();
            mutant[at] ^= change;
            let mutant = rehashed(mutant);
            if let Ok(module) = decode(&mutant) {
                decoded += 1;
                assert_eq!(encode(&module), mutant, "byte {at}");
            }
        }
    }
    assert!(decoded > 100, "only {decoded} mutants were modules");
}

#[test]
fn insertions_and_deletions_never_panic() {
    let bytes = encode(&payments());
    for at in 0..bytes.len() - 32 {
        let mut shorter = bytes.clone();
        shorter.remove(at);
        let mut longer = bytes.clone();
        longer.insert(at, 0x80);
        for mutant in [rehashed(shorter), rehashed(longer)] {
            if let Ok(module) = decode(&mutant) {
                assert_eq!(encode(&module), mutant, "byte {at}");
            }
        }
    }
}

#[test]
fn errors_name_the_byte_and_what_should_stand_there() {
    assert_eq!(decode(b"").unwrap_err().to_string(), "not a module: at byte 0 expected another byte");
    let error = decode(b"agentpoX").unwrap_err();
    assert_eq!((error.at, error.expected), (7, "`agentpol`, the first bytes of every module"));
    let error = decode(b"agentpol\x02").unwrap_err();
    assert_eq!((error.at, error.expected), (8, "version 1 of the format"));
    // 1 in two bytes.
    let error = decode(b"agentpol\x81\x00").unwrap_err();
    assert_eq!((error.at, error.expected), (9, "a minimal number below 2^64"));
    let mut bytes = encode(&payments());
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    assert_eq!(decode(&bytes).unwrap_err().expected, "the BLAKE3 hash of all bytes before");
}

/// A count promises more than there is: nothing is allocated on its word.
#[test]
fn a_count_is_not_believed() {
    let mut bytes = b"agentpol\x01".to_vec();
    bytes.extend([0xff, 0xff, 0xff, 0xff, 0x0f]);
    let error = decode(&bytes).unwrap_err();
    assert_eq!((error.at, error.expected), (9, "a string of at most 16 KiB"));
    let mut bytes = b"agentpol\x01".to_vec();
    // No name, no steps, and very many chains.
    bytes.extend([0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f]);
    assert_eq!(decode(&bytes).unwrap_err().expected, "a count that the rest of the module can hold");
}

#[test]
fn strings_up_to_their_limit() {
    let named = |bytes: usize| Module { name: "x".repeat(bytes), ..Module::default() };
    let at = named(MAX_STRING_BYTES);
    assert_eq!(decode(&encode(&at)), Ok(at));
    assert_eq!(
        decode(&encode(&named(MAX_STRING_BYTES + 1))).unwrap_err().expected,
        "a string of at most 16 KiB"
    );
}

#[test]
fn types_up_to_their_depth() {
    let nested = |levels: u32| {
        let mut module = payments();
        let mut ty = Type::Word(WordType::Bool);
        for _ in 1..levels {
            ty = Type::Array(Box::new(ty), None);
        }
        module.functions[0].inputs[0].ty = ty;
        module
    };
    let at = nested(MAX_TYPE_DEPTH);
    assert_eq!(decode(&encode(&at)).as_ref(), Ok(&at));
    assert_eq!(assemble(&disassemble(&at)), Ok(at));
    let past = nested(MAX_TYPE_DEPTH + 1);
    assert_eq!(decode(&encode(&past)).unwrap_err().expected, "a type of at most 16 levels");
    assert_eq!(assemble(&disassemble(&past)).unwrap_err().expected, "a type of at most 16 levels");
}

#[test]
fn text_errors_name_line_and_column() {
    let broken = include_str!("payments.txt").replace("at_most 250000000", "about 250000000");
    let error = assemble(&broken).unwrap_err();
    let line =
        1 + include_str!("payments.txt").lines().position(|line| line.contains("at_most 250000000")).unwrap();
    assert_eq!(error.to_string(), format!("{line}:36: expected an order"));
}

/// Text that is cut off or has a character changed is refused or is another module; it never panics.
#[test]
fn broken_text_never_panics() {
    let text = include_str!("payments.txt");
    for end in (0..text.trim_end().len()).step_by(31) {
        assert!(assemble(&text[..end]).is_err(), "cut at {end}");
    }
    for at in (0..text.len()).step_by(61) {
        for replacement in ["}", "\"", "$", "9", "\\"] {
            let mut broken = text.to_owned();
            broken.replace_range(at..at + 1, replacement);
            let _ = assemble(&broken);
        }
    }
}

#[test]
fn strings_survive_whatever_they_hold() {
    let name = "a \"quoted\" \\ back\nslash, аgent, \u{202e}bidi, \u{0}".to_owned();
    let module = Module { name, ..Module::default() };
    assert_eq!(assemble(&disassemble(&module)), Ok(module.clone()));
    assert!(disassemble(&module).is_ascii());
}

#[test]
fn the_table_is_whole() {
    for (index, row) in TABLE.iter().enumerate() {
        assert_eq!(usize::from(row.opcode), index + 1, "opcodes are numbered in order");
        assert!(row.doc.len() > 10, "`{}` has its text", row.mnemonic);
    }
}
