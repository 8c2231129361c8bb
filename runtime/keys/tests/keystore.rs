//! Keys on a disk: who can read them, what is never overwritten, what other tools make of them, and what nobody is shown.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that cannot go on has failed"
)]

use agentpol_keys::{
    Key, KeyError, KeyName, KeySource, Keystore, MAX_KEYSTORE_BYTES, MAX_NAME_BYTES, MAX_PASSPHRASE_BYTES,
    MIN_PASSPHRASE_CHARS, Passphrase, PrivateKey, Zeroizing,
};
use alloy::signers::{Signer as _, SignerSync as _, local::PrivateKeySigner};
use alloy_primitives::{B256, keccak256};
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    pin::pin,
    task::{Context, Poll, Waker},
};

const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const ADDRESS: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const PASS: &str = "correct horse battery";

fn pass(text: &str) -> Passphrase {
    Passphrase::new(Zeroizing::new(text.to_owned())).unwrap()
}

fn name(text: &str) -> KeyName {
    text.parse().unwrap()
}

fn key() -> PrivateKey {
    PrivateKey::parse(KEY).unwrap()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A keystore that is not there yet.
fn keystore() -> (tempfile::TempDir, Keystore) {
    let directory = tempfile::tempdir().unwrap();
    let keystore = Keystore::at(directory.path().join("a/keys"));
    (directory, keystore)
}

/// With a key that another tool put there: cheaper to open than one of ours.
fn with_a_key() -> (tempfile::TempDir, Keystore) {
    let (directory, keystore) = keystore();
    fs::create_dir_all(keystore.directory()).unwrap();
    chmod(keystore.directory(), 0o700);
    put_by_other_tool(&keystore, "agent");
    (directory, keystore)
}

fn put_by_other_tool(keystore: &Keystore, name: &str) {
    let key = alloy_primitives::hex::decode(KEY).unwrap();
    eth_keystore::encrypt_key(keystore.directory(), &mut Random, key, PASS, Some(name)).unwrap();
    chmod(&keystore.directory().join(name), 0o600);
}

/// The other tool's kind of randomness; nothing here depends on it.
struct Random;

impl rand::RngCore for Random {
    fn next_u32(&mut self) -> u32 {
        4
    }
    fn next_u64(&mut self) -> u64 {
        4
    }
    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill(4);
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand::Error> {
        bytes.fill(4);
        Ok(())
    }
}

impl rand::CryptoRng for Random {}

fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(it) => it,
        Poll::Pending => panic!("a local key answers at once"),
    }
}

#[test]
fn a_new_key_is_its_owners_alone_and_opens() {
    let (_directory, keystore) = keystore();
    assert_eq!(keystore.list().unwrap(), [], "it is not there yet");
    let key = PrivateKey::random().unwrap();
    let stored = keystore.put(Some(name("agent")), &key, &pass(PASS)).unwrap();
    assert_eq!((mode(&stored.path), mode(keystore.directory())), (0o600, 0o700));
    let listed = keystore.list().unwrap();
    assert_eq!(
        (listed.len(), &listed[0].name, &listed[0].address),
        (1, &name("agent"), &Ok(Some(stored.address)))
    );
    let signer = keystore.open(&name("agent"), &pass(PASS)).unwrap();
    let hash = keccak256("a hash");
    let signature = signer.sign_hash_sync(&hash).unwrap();
    assert_eq!(signature.recover_address_from_prehash(&hash).unwrap(), stored.address);
    // What cast and alloy open keystores with opens it as well.
    let opened = eth_keystore::decrypt_key(&stored.path, PASS).unwrap();
    assert_eq!(PrivateKeySigner::from_slice(&opened).unwrap(), signer);
    // A key is never overwritten, not even by itself.
    let before = fs::read(&stored.path).unwrap();
    for again in
        [keystore.vacant(&name("agent")), keystore.put(Some(name("agent")), &key, &pass(PASS)).map(|_| ())]
    {
        assert!(matches!(again, Err(KeyError::Exists { .. })), "{again:?}");
    }
    assert_eq!(fs::read(&stored.path).unwrap(), before);
}

#[test]
fn a_key_without_a_name_goes_by_its_address() {
    let (_directory, keystore) = keystore();
    let stored = keystore.put(None, &key(), &pass(PASS)).unwrap();
    assert_eq!((stored.name.as_str(), stored.address.to_string().as_str()), (ADDRESS, ADDRESS));
}

#[test]
fn a_key_of_another_tool_opens() {
    let (_directory, keystore) = with_a_key();
    let listed = keystore.list().unwrap();
    assert_eq!(listed[0].address, Ok(None), "that tool does not say whose it is");
    let signer = keystore.open(&name("agent"), &pass(PASS)).unwrap();
    assert_eq!(signer.address().to_string(), ADDRESS);
    assert_eq!(keystore.open(&name("agent"), &pass("wrong")).err(), Some(KeyError::WrongPassphrase));
    let unknown = keystore.open(&name("other"), &pass(PASS)).unwrap_err();
    assert!(matches!(unknown, KeyError::Unknown { .. }), "{unknown:?}");
}

#[test]
fn what_others_can_read_is_not_used() {
    let (_directory, keystore) = with_a_key();
    let path = keystore.directory().join("agent");
    for bad in [0o640, 0o604, 0o620, 0o602, 0o610] {
        chmod(&path, bad);
        let error = keystore.open(&name("agent"), &pass(PASS)).unwrap_err();
        assert_eq!(error, KeyError::Exposed { what: "file", path: path.clone(), mode: bad });
        assert!(error.help().contains(&format!("chmod 600 {}", path.display())), "{}", error.help());
        // One such file does not hide the others.
        assert_eq!(keystore.list().unwrap()[0].address, Err(error));
    }
    chmod(&path, 0o400);
    assert!(keystore.open(&name("agent"), &pass(PASS)).is_ok());
    for bad in [0o750, 0o701] {
        chmod(keystore.directory(), bad);
        let exposed =
            KeyError::Exposed { what: "directory", path: keystore.directory().to_owned(), mode: bad };
        assert_eq!(keystore.open(&name("agent"), &pass(PASS)).err(), Some(exposed.clone()));
        assert_eq!(keystore.list().err(), Some(exposed.clone()));
        assert_eq!(keystore.put(None, &key(), &pass(PASS)).err(), Some(exposed));
    }
    chmod(keystore.directory(), 0o700);
}

#[test]
fn what_is_no_key_is_listed_with_the_reason() {
    let (_directory, keystore) = with_a_key();
    let put = |name: &str, bytes: &[u8]| {
        fs::write(keystore.directory().join(name), bytes).unwrap();
        chmod(&keystore.directory().join(name), 0o600);
    };
    put("bare", KEY.as_bytes());
    put("long", &vec![b' '; MAX_KEYSTORE_BYTES + 1]);
    put("longest", &vec![b' '; MAX_KEYSTORE_BYTES]);
    put(".hidden", b"");
    fs::create_dir(keystore.directory().join("folder")).unwrap();
    let listed = keystore.list().unwrap();
    let names: Vec<&str> = listed.iter().map(|l| l.name.as_str()).collect();
    assert_eq!(names, ["agent", "bare", "long", "longest"]);
    assert!(matches!(listed[1].address, Err(KeyError::Malformed { .. })));
    assert!(matches!(listed[2].address, Err(KeyError::TooLong { .. })));
    assert!(matches!(listed[3].address, Err(KeyError::Malformed { .. })));
    assert!(!format!("{listed:?}").contains(&KEY[..8]));
}

#[test]
fn names_lead_nowhere_else() {
    for good in ["agent", "a", "0", "A-1_b.c", ADDRESS, &"n".repeat(MAX_NAME_BYTES)] {
        assert_eq!(name(good).as_str(), good);
    }
    let long = "n".repeat(MAX_NAME_BYTES + 1);
    let hex = format!("0x{KEY}");
    for bad in [
        "", ".", "..", "../agent", "a/b", "/agent", "-a", ".a", "a b", "a\n", "ä", "a:b", "a\\b", KEY, &hex,
        &long,
    ] {
        let error = bad.parse::<KeyName>().unwrap_err();
        assert!(matches!(error, KeyError::Name { .. }), "{bad}");
        assert!(!format!("{error} {error:?}").contains(&KEY[..8]));
    }
}

#[test]
fn passphrases_come_from_files_of_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let file = |bytes: &[u8]| {
        let path = directory.path().join("passphrase");
        fs::write(&path, bytes).unwrap();
        chmod(&path, 0o600);
        path
    };
    for ending in ["", "\n", "\r\n"] {
        let read = Passphrase::read(&file(format!(" with spaces {ending}").as_bytes())).unwrap();
        assert!(read.same(&pass(" with spaces ")), "{ending:?}");
    }
    for more in ["one\ntwo", "one\n\n", "one\n\r\n", "one\rtwo\n"] {
        let error = Passphrase::read(&file(more.as_bytes())).unwrap_err();
        assert_eq!(error, KeyError::Passphrase { why: "the file has more than one line" }, "{more:?}");
    }
    let longest = "x".repeat(MAX_PASSPHRASE_BYTES);
    assert!(Passphrase::read(&file(format!("{longest}\r\n").as_bytes())).unwrap().same(&pass(&longest)));
    for longer in ["x", "xx", "xxx"] {
        assert!(Passphrase::read(&file(format!("{longest}{longer}").as_bytes())).is_err());
    }
    assert!(Passphrase::new(Zeroizing::new(format!("{longest}x"))).is_err());
    let path = file(PASS.as_bytes());
    chmod(&path, 0o644);
    assert!(matches!(Passphrase::read(&path), Err(KeyError::Exposed { mode: 0o644, .. })));
    assert!(matches!(Passphrase::read(directory.path()), Err(KeyError::NotAFile { .. })));
    assert!(matches!(Passphrase::read(&directory.path().join("none")), Err(KeyError::Io { .. })));
}

#[test]
fn a_short_passphrase_makes_no_key() {
    let (_directory, keystore) = keystore();
    let short = pass(&"ü".repeat(MIN_PASSPHRASE_CHARS - 1));
    assert!(matches!(keystore.put(None, &key(), &short), Err(KeyError::Passphrase { .. })));
    assert!(!keystore.directory().exists(), "nothing was made");
    assert!(pass(&"ü".repeat(MIN_PASSPHRASE_CHARS)).check_new().is_ok());
}

#[test]
fn private_keys_are_between_zero_and_the_order() {
    const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    const LAST: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140";
    for good in
        [KEY.to_owned(), format!("0x{KEY}"), format!("  {KEY}\r\n"), KEY.to_uppercase(), LAST.to_owned()]
    {
        assert!(PrivateKey::parse(&good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "0x",
        &KEY[1..],
        &format!("{KEY}0"),
        &format!("{KEY} {KEY}"),
        ORDER,
        &"0".repeat(64),
        &"f".repeat(64),
    ] {
        let error = PrivateKey::parse(bad).unwrap_err();
        assert!(matches!(error, KeyError::PrivateKey { .. }), "{bad}");
    }
    let wrong = format!("{}zz", &KEY[..62]);
    let error = PrivateKey::parse(&wrong).unwrap_err();
    assert!(!format!("{error} {error:?} {}", error.help()).contains(&KEY[..8]), "{error}");
}

#[test]
fn sources_are_read_as_they_are_written() {
    const GCP: &str = "gcp:projects/p/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1";
    for text in [
        "agent",
        "aws:alias/agent",
        "aws:arn:aws:kms:eu-west-1:1234:key/ab-cd",
        GCP,
        "ledger:0",
        "ledger:2147483647",
    ] {
        assert_eq!(text.parse::<KeySource>().unwrap().to_string(), text);
    }
    for bad in [
        "",
        "a/b",
        ":",
        "aws:",
        "aws:a b",
        "azure:x",
        "AWS:x",
        "ledger:",
        "ledger:-1",
        "ledger:01",
        "ledger:2147483648",
        "gcp:projects/p",
        &GCP.replace("/1", "/x"),
        &GCP.replace("/1", "/01"),
        &GCP.replace("/p/", "//"),
        &format!("{GCP}/x"),
    ] {
        let error = bad.parse::<KeySource>().unwrap_err();
        assert!(matches!(error, KeyError::Source { .. } | KeyError::Name { .. }), "{bad}: {error:?}");
    }
}

#[test]
fn a_source_leads_to_a_signer() {
    let (_directory, keystore) = with_a_key();
    let source: KeySource = "agent".parse().unwrap();
    let key = now(Key::connect(&source, &keystore, || Ok::<_, KeyError>(pass(PASS)))).unwrap();
    assert_eq!((key.address().to_string().as_str(), key.chain_id()), (ADDRESS, None));
    let signature = now(key.sign_payload(b"payload")).unwrap();
    assert_eq!(signature, now(key.sign_hash(&keccak256(b"payload"))).unwrap());
    assert_eq!(signature.recover_address_from_prehash(&keccak256(b"payload")).unwrap(), key.address());
    // Nobody is asked for the passphrase of a key that is not there.
    let asked = || -> Result<Passphrase, KeyError> { panic!("asked") };
    let missing = now(Key::connect(&"other".parse().unwrap(), &keystore, asked)).unwrap_err();
    assert!(matches!(missing, KeyError::Unknown { .. }));
    #[cfg(not(any(feature = "aws", feature = "gcp", feature = "ledger")))]
    for (source, feature) in [
        ("aws:k", "aws"),
        ("gcp:projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1", "gcp"),
        ("ledger:0", "ledger"),
    ] {
        let error = now(Key::connect(&source.parse().unwrap(), &keystore, asked)).unwrap_err();
        assert_eq!(error, KeyError::NotBuilt { feature });
    }
}

#[test]
fn nothing_shows_a_secret() {
    let (_directory, keystore) = with_a_key();
    let signer = keystore.open(&name("agent"), &pass(PASS)).unwrap();
    let shown = [
        format!("{:?}", pass(PASS)),
        format!("{:?}", key()),
        format!("{:?}", Key::Local(signer.clone())),
        format!("{signer:?}"),
        format!("{keystore:?}"),
        format!("{:?}", keystore.open(&name("agent"), &pass("correct horse batterx"))),
    ]
    .join("\n");
    let bytes = format!("{:?}", alloy_primitives::hex::decode(KEY).unwrap());
    let decimal = alloy_primitives::U256::from_be_bytes(KEY.parse::<B256>().unwrap().0).to_string();
    for secret in
        [&KEY[..8], &KEY.to_uppercase()[..8], &bytes[1..20], &decimal[..12], "horse", "99, 111, 114, 114"]
    {
        assert!(!shown.contains(secret), "`{secret}` in {shown}");
    }
}
