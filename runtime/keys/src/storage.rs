//! One encrypted key: Web3 Secret Storage, version 3, as geth, foundry, ethers and others read and write it.
//!
//! A file may come from anywhere, so what it asks for is bounded before any of it is done: a cost of `n = 2^31` would take all memory. We
//! read scrypt and PBKDF2 and write scrypt at geth's own cost, 256 MiB and about a second for each guess of a passphrase.

use crate::{KeyError, Passphrase, PrivateKey};
use aes::cipher::{KeyIvInit as _, StreamCipher as _};
use alloy_primitives::{Address, B256, Keccak256, hex};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// Bytes of a keystore's file at most.
pub const MAX_KEYSTORE_BYTES: usize = 64 * 1024;

/// Bytes of memory that scrypt may take: twice what geth's files ask for.
pub const MAX_SCRYPT_MEMORY: u64 = 512 * 1024 * 1024;

/// scrypt's parallelism at most; each one costs as much time again.
pub const MAX_SCRYPT_P: u32 = 16;

/// Rounds of PBKDF2 at most.
pub const MAX_PBKDF2_ROUNDS: u32 = 10_000_000;

const VERSION: u32 = 3;
const CIPHER: &str = "aes-128-ctr";
const PRF: &str = "hmac-sha256";
/// Of the derived key: half of it encrypts, half of it authenticates.
const DERIVED: u32 = 32;

type Aes128Ctr = ctr::Ctr128BE<aes::Aes128>;

/// What a guess at the passphrase costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cost {
    Scrypt { log_n: u8, r: u32, p: u32 },
    Pbkdf2 { rounds: u32 },
}

/// What new keys are written with.
pub(crate) const COST: Cost = Cost::Scrypt { log_n: 18, r: 8, p: 1 };

/// A file, read and found to be in order; nothing is decrypted yet.
#[derive(Clone, Debug)]
pub(crate) struct Sealed {
    /// As the file says, if it does. Nothing proves it before the key is open.
    pub(crate) address: Option<Address>,
    cost: Cost,
    salt: Vec<u8>,
    iv: [u8; 16],
    ciphertext: [u8; 32],
    mac: B256,
}

#[derive(Serialize, Deserialize)]
struct Document {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<Hex>,
    #[serde(alias = "Crypto")]
    crypto: Crypto,
    id: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Crypto {
    cipher: String,
    cipherparams: CipherParams,
    ciphertext: Hex,
    kdf: String,
    kdfparams: KdfParams,
    mac: Hex,
}

#[derive(Serialize, Deserialize)]
struct CipherParams {
    iv: Hex,
}

/// Those of scrypt and those of PBKDF2; which must be there is seen by the name.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct KdfParams {
    dklen: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    c: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prf: Option<String>,
    salt: Hex,
}

/// Bytes as these files have them: hex without a prefix.
#[derive(Default)]
struct Hex(Vec<u8>);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(text).map(Hex).map_err(|_| serde::de::Error::custom("no hex"))
    }
}

fn malformed(why: impl Into<String>) -> KeyError {
    KeyError::Malformed { why: why.into() }
}

impl Sealed {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, KeyError> {
        // Where, and nothing more: somebody may have put a private key there as it is.
        let document: Document = serde_json::from_slice(bytes).map_err(|e| {
            malformed(format!("line {}, column {} is not as it should be", e.line(), e.column()))
        })?;
        let crypto = document.crypto;
        if document.version != VERSION {
            return Err(malformed("it is of another version than 3"));
        }
        if crypto.cipher != CIPHER {
            return Err(malformed("it is encrypted otherwise than by aes-128-ctr"));
        }
        let address = document.address.map(|address| Address::try_from(address.0.as_slice()));
        let address = address.transpose().map_err(|_| malformed("its address is not 20 bytes"))?;
        let cost = crypto.kdfparams.cost(&crypto.kdf)?;
        let salt = crypto.kdfparams.salt.0;
        let iv = fixed(&crypto.cipherparams.iv, "its initialisation vector is not 16 bytes")?;
        let ciphertext = fixed(&crypto.ciphertext, "its encrypted key is not 32 bytes")?;
        let mac = fixed::<32>(&crypto.mac, "its authentication code is not 32 bytes")?.into();
        Ok(Self { address, cost, salt, iv, ciphertext, mac })
    }

    /// The key, if the passphrase is right and the key is that of the file's address.
    pub(crate) fn open(&self, passphrase: &Passphrase) -> Result<PrivateKey, KeyError> {
        let derived = derive(self.cost, passphrase, &self.salt)?;
        let (encrypt, authenticate) = derived.split_at(16);
        if mac(authenticate, &self.ciphertext) != self.mac {
            return Err(KeyError::WrongPassphrase);
        }
        let mut bytes = Zeroizing::new(self.ciphertext);
        apply(encrypt, &self.iv, bytes.as_mut())?;
        let key = PrivateKey::new(bytes)?;
        let holds = key.address()?;
        match self.address {
            Some(says) if says != holds => Err(KeyError::WrongAddress { says, holds }),
            _ => Ok(key),
        }
    }
}

/// A key's file.
pub(crate) fn seal(key: &PrivateKey, passphrase: &Passphrase, cost: Cost) -> Result<Vec<u8>, KeyError> {
    let (salt, iv) = (random::<32>()?, random::<16>()?);
    let derived = derive(cost, passphrase, &salt)?;
    let (encrypt, authenticate) = derived.split_at(16);
    let mut ciphertext = *key.bytes();
    apply(encrypt, &iv, &mut ciphertext)?;
    let document = Document {
        address: Some(Hex(key.address()?.to_vec())),
        crypto: Crypto {
            cipher: CIPHER.to_owned(),
            cipherparams: CipherParams { iv: Hex(iv.to_vec()) },
            ciphertext: Hex(ciphertext.to_vec()),
            kdf: cost.name().to_owned(),
            kdfparams: KdfParams::new(cost, &salt),
            mac: Hex(mac(authenticate, &ciphertext).to_vec()),
        },
        id: uuid(random()?),
        version: VERSION,
    };
    serde_json::to_vec(&document).map_err(|e| malformed(e.to_string()))
}

impl Cost {
    fn name(self) -> &'static str {
        match self {
            Cost::Scrypt { .. } => "scrypt",
            Cost::Pbkdf2 { .. } => "pbkdf2",
        }
    }
}

impl KdfParams {
    fn new(cost: Cost, salt: &[u8]) -> Self {
        let shared = Self { dklen: DERIVED, salt: Hex(salt.to_vec()), ..Self::default() };
        match cost {
            Cost::Scrypt { log_n, r, p } => Self { n: Some(1 << log_n), r: Some(r), p: Some(p), ..shared },
            Cost::Pbkdf2 { rounds } => Self { c: Some(rounds), prf: Some(PRF.to_owned()), ..shared },
        }
    }

    /// What it costs, if that is bearable.
    fn cost(&self, kdf: &str) -> Result<Cost, KeyError> {
        if self.dklen != DERIVED {
            return Err(malformed("its derived key is not 32 bytes"));
        }
        match (kdf, self.n, self.r, self.p, self.c) {
            ("scrypt", Some(n), Some(r), Some(p), _) => {
                if n < 2 || !n.is_power_of_two() || r == 0 || p == 0 {
                    return Err(malformed("scrypt has no such parameters"));
                }
                let memory = n.checked_mul(u64::from(r)).and_then(|blocks| blocks.checked_mul(128));
                if memory.is_none_or(|memory| memory > MAX_SCRYPT_MEMORY) || p > MAX_SCRYPT_P {
                    return Err(malformed("deriving its key would take too much memory or time"));
                }
                let log_n = u8::try_from(n.trailing_zeros()).map_err(|_| malformed("n is too large"))?;
                Ok(Cost::Scrypt { log_n, r, p })
            }
            ("pbkdf2", .., Some(rounds)) => {
                if self.prf.as_deref() != Some(PRF) {
                    return Err(malformed("its PBKDF2 is not with hmac-sha256"));
                }
                if rounds == 0 || rounds > MAX_PBKDF2_ROUNDS {
                    return Err(malformed("deriving its key would take too much time"));
                }
                Ok(Cost::Pbkdf2 { rounds })
            }
            ("scrypt" | "pbkdf2", ..) => Err(malformed("a parameter of its key derivation is missing")),
            _ => Err(malformed("its key is derived otherwise than by scrypt or pbkdf2")),
        }
    }
}

fn derive(cost: Cost, passphrase: &Passphrase, salt: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let mut derived = Zeroizing::new([0; DERIVED as usize]);
    match cost {
        Cost::Scrypt { log_n, r, p } => {
            let params = scrypt::Params::new(log_n, r, p, DERIVED as usize);
            let params = params.map_err(|_| malformed("scrypt has no such parameters"))?;
            scrypt::scrypt(passphrase.bytes(), salt, &params, derived.as_mut())
                .map_err(|_| malformed("its derived key is not 32 bytes"))?;
        }
        Cost::Pbkdf2 { rounds } => {
            pbkdf2::pbkdf2_hmac::<sha2::Sha256>(passphrase.bytes(), salt, rounds, derived.as_mut());
        }
    }
    Ok(derived)
}

/// Encrypts and decrypts.
fn apply(key: &[u8], iv: &[u8; 16], bytes: &mut [u8]) -> Result<(), KeyError> {
    let mut cipher =
        Aes128Ctr::new_from_slices(key, iv).map_err(|_| malformed("the key has another length"))?;
    cipher.apply_keystream(bytes);
    Ok(())
}

fn mac(key: &[u8], ciphertext: &[u8]) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update(key);
    hasher.update(ciphertext);
    hasher.finalize()
}

fn fixed<const N: usize>(bytes: &Hex, why: &str) -> Result<[u8; N], KeyError> {
    bytes.0.as_slice().try_into().map_err(|_| malformed(why))
}

fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| KeyError::Random)?;
    Ok(bytes)
}

/// A random identifier of version 4, as the form wants one.
fn uuid(bytes: [u8; 16]) -> String {
    let bits = u128::from_be_bytes(bytes);
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let text = format!("{bits:032x}");
    let mut out = String::with_capacity(36);
    for (at, digit) in text.chars().enumerate() {
        if matches!(at, 8 | 12 | 16 | 20) {
            out.push('-');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests;
