//! What is written is read again, what other tools write is read, and what cannot be borne is refused.

#![expect(clippy::string_slice, reason = "a test")]

use super::*;
use alloy_primitives::address;

/// The first account of every development chain.
const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const ADDRESS: Address = address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
/// Cheap, for tests.
const CHEAP: Cost = Cost::Scrypt { log_n: 4, r: 8, p: 1 };

/// By eth-account 0.14.0 (`kdf="pbkdf2", iterations=1000`).
const PBKDF2: &str = r#"{"address": "f39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "crypto": {"cipher": "aes-128-ctr", "cipherparams":
    {"iv": "5adb9f164f4f8b67106cb8bb35fb5b58"}, "ciphertext": "336ad22c07b13ca9d538fe1806f9d65cba0a0eaf05c3efa6c1c80506f606f1f6",
    "kdf": "pbkdf2", "kdfparams": {"c": 1000, "dklen": 32, "prf": "hmac-sha256", "salt": "f76619ebf659b3a9b416e48cecba9908"},
    "mac": "fa2a955972ccdeb27c43158a7a468f0d06e1034c818701947c33e27494069de2"}, "id": "64c511ca-a23c-4e72-9792-444dee082aa1",
    "version": 3}"#;

/// By ethers 6.17.0 (`scrypt: { N: 1024, r: 8, p: 1 }`), which writes `Crypto`.
const SCRYPT: &str = r#"{"address":"f39fd6e51aad88f6f4ce6ab8827279cfffb92266","id":"ffd61bd1-538e-4d74-a635-172e0c998c14","version":3,
    "Crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"37b4c4d241573ee80fe002bbc19200a2"},
    "ciphertext":"96871b641c6f6effaf2234099531e1acbc74006dc95429e6d4dc52e5c809c7e1","kdf":"scrypt",
    "kdfparams":{"salt":"0bb13e6b7628564d40b1749aeb964149e6450d3fd3b3dc0590065484c257e1a9","n":1024,"dklen":32,"p":1,"r":8},
    "mac":"af404ee866a851d18d96915f9d6a15fa01aebbc69e10b1ae78251d4f3327efef"}}"#;

fn pass(text: &str) -> Passphrase {
    Passphrase::new(Zeroizing::new(text.to_owned())).unwrap()
}

fn key() -> PrivateKey {
    PrivateKey::parse(KEY).unwrap()
}

fn refusal(text: &str) -> String {
    match Sealed::read(text.as_bytes()) {
        Err(KeyError::Malformed { why }) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_sealed_opens_again_by_its_passphrase_alone() {
    for cost in [CHEAP, Cost::Pbkdf2 { rounds: 3 }] {
        let bytes = seal(&key(), &pass("correct horse"), cost).unwrap();
        let sealed = Sealed::read(&bytes).unwrap();
        assert_eq!((sealed.address, sealed.cost), (Some(ADDRESS), cost));
        assert_eq!(sealed.open(&pass("correct horse")).unwrap().bytes(), key().bytes());
        for wrong in ["correct horsf", "", "correct horse "] {
            assert_eq!(sealed.open(&pass(wrong)).err(), Some(KeyError::WrongPassphrase), "{wrong:?}");
        }
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains(KEY) && !text.contains("correct horse"), "{text}");
    }
}

#[test]
fn no_two_files_of_one_key_are_alike() {
    let [one, two] =
        [(); 2].map(|()| Sealed::read(&seal(&key(), &pass("correct horse"), CHEAP).unwrap()).unwrap());
    assert_ne!((one.salt, one.iv, one.ciphertext), (two.salt, two.iv, two.ciphertext));
}

#[test]
fn files_of_other_tools_are_opened() {
    for text in [PBKDF2, SCRYPT] {
        let sealed = Sealed::read(text.as_bytes()).unwrap();
        assert_eq!(sealed.address, Some(ADDRESS));
        assert_eq!(sealed.open(&pass("correct horse")).unwrap().bytes(), key().bytes());
    }
}

#[test]
fn a_file_that_names_another_account_is_refused_with_both() {
    let other = address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
    let text = PBKDF2.replace("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266", &hex::encode(other));
    let sealed = Sealed::read(text.as_bytes()).unwrap();
    let refused = KeyError::WrongAddress { says: other, holds: ADDRESS };
    assert_eq!(sealed.open(&pass("correct horse")).err(), Some(refused));
    // Some tools' files name none.
    let text = PBKDF2.replace(r#""address": "f39Fd6e51aad88F6F4ce6aB8827279cffFb92266","#, "");
    let sealed = Sealed::read(text.as_bytes()).unwrap();
    assert_eq!(sealed.address, None);
    assert_eq!(sealed.open(&pass("correct horse")).unwrap().address().unwrap(), ADDRESS);
}

#[test]
fn a_changed_file_does_not_open() {
    let at = |field: &str, text: &str| text.find(&format!("\"{field}\":")).unwrap() + field.len() + 5;
    for field in ["ciphertext", "salt", "mac"] {
        let mut text = PBKDF2.to_owned();
        let at = at(field, &text);
        let digit = if &text[at..=at] == "0" { "1" } else { "0" };
        text.replace_range(at..=at, digit);
        let sealed = Sealed::read(text.as_bytes()).unwrap();
        assert_eq!(sealed.open(&pass("correct horse")).err(), Some(KeyError::WrongPassphrase), "{field}");
    }
    // The form does not authenticate the initialisation vector: what the file says of its account does.
    let mut text = PBKDF2.to_owned();
    let at = at("iv", &text);
    text.replace_range(at..=at, "6");
    let sealed = Sealed::read(text.as_bytes()).unwrap();
    assert!(matches!(sealed.open(&pass("correct horse")), Err(KeyError::WrongAddress { says: ADDRESS, .. })));
}

#[test]
fn what_would_cost_too_much_is_refused_before_it_is_done() {
    let scrypt = |n: u64, r: u64, p: u64| {
        SCRYPT
            .replace(r#""n":1024,"dklen":32,"p":1,"r":8"#, &format!(r#""n":{n},"dklen":32,"p":{p},"r":{r}"#))
    };
    let most_n = MAX_SCRYPT_MEMORY / 128 / 8;
    for good in [scrypt(most_n, 8, 1), scrypt(1024, 8, u64::from(MAX_SCRYPT_P)), scrypt(2, 1, 1)] {
        assert!(Sealed::read(good.as_bytes()).is_ok(), "{good}");
    }
    for bad in [
        scrypt(most_n * 2, 8, 1),
        scrypt(most_n, 9, 1),
        scrypt(1024, 8, u64::from(MAX_SCRYPT_P) + 1),
        scrypt(1 << 63, 8, 1),
        scrypt(1 << 31, u64::from(u32::MAX), 1),
    ] {
        assert!(refusal(&bad).contains("too much"), "{bad}");
    }
    for none in [scrypt(0, 8, 1), scrypt(1, 8, 1), scrypt(1000, 8, 1), scrypt(1024, 0, 1), scrypt(1024, 8, 0)]
    {
        assert!(refusal(&none).contains("no such parameters"), "{none}");
    }
    let rounds = |c: u64| PBKDF2.replace(r#""c": 1000"#, &format!(r#""c": {c}"#));
    assert!(Sealed::read(rounds(u64::from(MAX_PBKDF2_ROUNDS)).as_bytes()).is_ok());
    assert!(refusal(&rounds(u64::from(MAX_PBKDF2_ROUNDS) + 1)).contains("too much"));
    assert!(refusal(&rounds(0)).contains("too much"));
}

#[test]
fn another_form_is_refused_with_what_is_different() {
    for (from, to, why) in [
        (r#""version": 3"#, r#""version": 4"#, "another version"),
        ("aes-128-ctr", "aes-128-cbc", "otherwise than by aes"),
        (r#""dklen": 32"#, r#""dklen": 16"#, "derived key is not 32"),
        (r#""dklen": 32, "#, "", "derived key is not 32"),
        ("hmac-sha256", "hmac-sha512", "not with hmac-sha256"),
        (r#""kdf": "pbkdf2""#, r#""kdf": "argon2id""#, "otherwise than by scrypt"),
        (r#""kdf": "pbkdf2""#, r#""kdf": "scrypt""#, "parameter of its key derivation is missing"),
        ("5adb9f164f4f8b67106cb8bb35fb5b58", "5adb", "initialisation vector is not 16"),
        ("336ad22c", "", "encrypted key is not 32"),
        ("fa2a9559", "", "authentication code is not 32"),
        ("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "f39F", "address is not 20"),
        (r#""c": 1000"#, r#""c": -1"#, "line 3, column"),
        (r#""c": 1000"#, r#""c": 1000, "c": 1"#, "line 3, column"),
        (r#""id""#, r#""no""#, "line 5, column"),
    ] {
        assert!(PBKDF2.contains(from), "{from}");
        let found = refusal(&PBKDF2.replace(from, to));
        assert!(found.contains(why), "{from} to {to}: {found}");
    }
}

#[test]
fn a_bare_key_in_a_file_is_not_repeated_in_the_error() {
    for text in [KEY.to_owned(), format!("0x{KEY}"), format!("\"{KEY}\""), format!("{{\"{KEY}\": 1}}")] {
        let error = Sealed::read(text.as_bytes()).unwrap_err();
        let all = format!("{error} {error:?} {}", error.help());
        assert!(!all.contains(&KEY[..8]), "{all}");
    }
}

#[test]
fn identifiers_are_random_and_of_version_4() {
    assert_eq!(uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
    assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
}
