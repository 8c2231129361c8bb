//! Requests as JSON text, and calldata word by word.

use crate::{
    class::Class,
    world::{START, wallet},
};
use agentpol_abi::selector;
use agentpol_model::{Address, Time, U256};
use alloy_primitives::{address, hex};

pub(crate) const ETHEREUM: u64 = 1;
pub(crate) const BASE: u64 = 8453;

pub(crate) const USDC: Address = address!("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48");
pub(crate) const USDC_BASE: Address = address!("0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
pub(crate) const WETH: Address = address!("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2");
pub(crate) const ROUTER: Address = address!("0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45");
pub(crate) const POOL: Address = address!("0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2");
pub(crate) const POOL_BASE: Address = address!("0xA238Dd80C259a72e81d7e4664a9801593F98d1c5");
/// Of the metamask-guard.
pub(crate) const FRIEND: Address = Address::repeat_byte(0x11);
/// Of nobody.
pub(crate) const STRANGER: Address = Address::repeat_byte(0x66);

/// Base units of USDC.
pub(crate) fn usdc(micro: u64) -> U256 {
    U256::from(micro)
}

pub(crate) const DOLLAR: u64 = 1_000_000;

/// An address as a word.
pub(crate) fn word(address: Address) -> U256 {
    address.into_word().into()
}

/// A power of two.
pub(crate) fn pow2(n: usize) -> U256 {
    U256::ONE << n
}

/// Calldata: a selector and words.
pub(crate) fn call(signature: &str, words: &[U256]) -> Vec<u8> {
    let mut data = selector(signature).to_vec();
    for word in words {
        data.extend_from_slice(&word.to_be_bytes::<32>());
    }
    data
}

pub(crate) fn transfer(to: Address, amount: U256) -> Vec<u8> {
    call("transfer(address,uint256)", &[word(to), amount])
}

pub(crate) fn approve(spender: Address, amount: U256) -> Vec<u8> {
    call("approve(address,uint256)", &[word(spender), amount])
}

/// The swap that the dca and the guard allow.
pub(crate) fn swap() -> [U256; 7] {
    let min = U256::from(10u64.pow(16));
    [word(USDC), word(WETH), U256::from(500), word(wallet()), usdc(10 * DOLLAR), min, U256::ZERO]
}

pub(crate) const SWAP: &str = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))";

/// The swap with one word changed.
pub(crate) fn swap_but(place: usize, value: U256) -> Vec<u8> {
    let mut words = swap();
    words[place] = value;
    call(SWAP, &words)
}

/// Bytes with one byte changed.
pub(crate) fn dirty(mut data: Vec<u8>, at: usize, value: u8) -> Vec<u8> {
    assert_ne!(data[at], value, "it is another byte");
    data[at] = value;
    data
}

/// Bytes with more behind them.
pub(crate) fn more(mut data: Vec<u8>, tail: &[u8]) -> Vec<u8> {
    data.extend_from_slice(tail);
    data
}

/// The first so many bytes.
pub(crate) fn cut(mut data: Vec<u8>, length: usize) -> Vec<u8> {
    assert!(length < data.len());
    data.truncate(length);
    data
}

/// Something that is asked, as text.
pub(crate) trait Ask {
    fn text(&self) -> String;
}

/// An `eth_sendTransaction`, its fields in order, their values as they stand in the text.
#[derive(Clone)]
pub(crate) struct Tx {
    outer: Vec<(String, String)>,
    fields: Vec<(String, String)>,
}

/// A call that is whole and in order: the first nonce, gas and fees that every policy here can afford.
pub(crate) fn tx(chain: u64, to: Address, data: &[u8]) -> Tx {
    let quoted = |text: String| format!("\"{text}\"");
    let fields = [
        ("from", quoted(wallet().to_string())),
        ("to", quoted(to.to_string())),
        ("value", quoted("0x0".to_owned())),
        ("gas", quoted("0x30d40".to_owned())),
        ("maxFeePerGas", quoted("0x3b9aca00".to_owned())),
        ("maxPriorityFeePerGas", quoted("0x0".to_owned())),
        ("nonce", quoted("0x0".to_owned())),
        ("data", quoted(hex::encode_prefixed(data))),
    ];
    Tx {
        outer: vec![("chainId".to_owned(), chain.to_string())],
        fields: fields.map(|(name, value)| (name.to_owned(), value)).to_vec(),
    }
}

/// Value to an address, in wei.
pub(crate) fn send(chain: u64, to: Address, wei: U256) -> Tx {
    tx(chain, to, &[]).value(wei)
}

impl Tx {
    /// The field with another value, as it stands in the text.
    pub(crate) fn set(mut self, field: &str, value: &str) -> Self {
        match self.fields.iter_mut().find(|(name, _)| name == field) {
            Some((_, old)) => value.clone_into(old),
            None => self.fields.push((field.to_owned(), value.to_owned())),
        }
        self
    }

    /// One more field, whether or not it stands there already.
    pub(crate) fn also(mut self, field: &str, value: &str) -> Self {
        self.fields.push((field.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, field: &str) -> Self {
        self.fields.retain(|(name, _)| name != field);
        self
    }

    pub(crate) fn nonce(self, nonce: u64) -> Self {
        self.set("nonce", &format!("\"{nonce:#x}\""))
    }

    pub(crate) fn value(self, wei: U256) -> Self {
        self.set("value", &format!("\"{wei:#x}\""))
    }

    /// One more field beside `request`.
    pub(crate) fn beside(mut self, field: &str, value: &str) -> Self {
        self.outer.push((field.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without_chain(mut self) -> Self {
        self.outer.retain(|(name, _)| name != "chainId");
        self
    }
}

fn object(fields: &[(String, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    format!("{{{}}}", fields.join(", "))
}

impl Ask for Tx {
    fn text(&self) -> String {
        let request =
            format!("{{\"method\": \"eth_sendTransaction\", \"params\": [{}]}}", object(&self.fields));
        let mut outer = self.outer.clone();
        outer.push(("request".to_owned(), request));
        object(&outer)
    }
}

impl Ask for String {
    fn text(&self) -> String {
        self.clone()
    }
}

impl Ask for &str {
    fn text(&self) -> String {
        (*self).to_owned()
    }
}

/// Any method with any parameters.
pub(crate) fn method(name: &str, params: &str) -> String {
    format!("{{\"chainId\": 1, \"request\": {{\"method\": \"{name}\", \"params\": {params}}}}}")
}

/// A serialised transaction.
pub(crate) fn raw(bytes: &[u8]) -> String {
    format!("{{\"rawTx\": \"{}\"}}", hex::encode_prefixed(bytes))
}

/// One request of a case, and what must come of it.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) text: String,
    pub(crate) at: Time,
    /// What is allowed: does it land at once, or stay open?
    pub(crate) lands: bool,
    pub(crate) expect: &'static str,
}

/// What is tried, and what must come of it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) class: Class,
    pub(crate) name: &'static str,
    pub(crate) policy: &'static str,
    pub(crate) steps: Vec<Step>,
}

/// A case of one request.
pub(crate) fn case(
    class: Class,
    name: &'static str,
    policy: &'static str,
    ask: impl Ask,
    expect: &'static str,
) -> Case {
    Case { class, name, policy, steps: vec![later(0, ask, expect)] }
}

/// A case of several.
pub(crate) fn story<const N: usize>(
    class: Class,
    name: &'static str,
    policy: &'static str,
    steps: [Step; N],
) -> Case {
    Case { class, name, policy, steps: steps.into() }
}

/// A request so many seconds after the start, which lands if it is allowed.
pub(crate) fn later(seconds: Time, ask: impl Ask, expect: &'static str) -> Step {
    Step { text: ask.text(), at: START + seconds, lands: true, expect }
}

/// A request that is signed, and nobody sees it mined.
pub(crate) fn open(seconds: Time, ask: impl Ask, expect: &'static str) -> Step {
    Step { lands: false, ..later(seconds, ask, expect) }
}
