//! How actions and their arguments are written.

use agentpol_abi::Value;
use agentpol_model::{Address, U256, types::WordType};
use alloy_primitives::address;

pub(crate) const ROUTER: Address = address!("66a9893cC07D91D95644AEDD05D03f95e1dBA8Af");
pub(crate) const MANAGER: Address = address!("bD216513d74C8cf14cf4747E6AaA6420FF64ee9e");
pub(crate) const ETHER: Address = Address::ZERO;
pub(crate) const USDC: Address = address!("A0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48");
pub(crate) const WETH: Address = address!("C02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2");
/// In the order of their numbers, as pools have them.
pub(crate) const CURRENCIES: [Address; 3] = [ETHER, USDC, WETH];

pub(crate) const OWED: u128 = 0;
/// Of a settlement: what the contract holds.
pub(crate) const HELD: U256 = U256::from_limbs([0, 0, 0, 1 << 63]);

pub(crate) const SWAP_IN_SINGLE: u8 = 0x06;
pub(crate) const SWAP_IN: u8 = 0x07;
pub(crate) const SWAP_OUT_SINGLE: u8 = 0x08;
pub(crate) const SWAP_OUT: u8 = 0x09;
pub(crate) const MINT: u8 = 0x02;
pub(crate) const SETTLE: u8 = 0x0b;
pub(crate) const SETTLE_ALL: u8 = 0x0c;
pub(crate) const SETTLE_PAIR: u8 = 0x0d;
pub(crate) const TAKE: u8 = 0x0e;
pub(crate) const TAKE_ALL: u8 = 0x0f;
pub(crate) const TAKE_PORTION: u8 = 0x10;
pub(crate) const TAKE_PAIR: u8 = 0x11;
pub(crate) const CLOSE: u8 = 0x12;

pub(crate) const POOL: &str = "(address,address,uint24,int24,address)";
pub(crate) const STEPS: &str = "(address,uint24,int24,address,bytes)[]";

pub(crate) fn inputs(opcode: u8) -> String {
    let members = match opcode {
        SWAP_IN_SINGLE | SWAP_OUT_SINGLE => format!("({POOL},bool,uint128,uint128,bytes)"),
        SWAP_IN | SWAP_OUT => format!("(address,{STEPS},uint128,uint128)"),
        MINT => format!("{POOL},int24,int24,uint256,uint128,uint128,address,bytes"),
        SETTLE => "address,uint256,bool".to_owned(),
        SETTLE_ALL | TAKE_ALL => "address,uint256".to_owned(),
        SETTLE_PAIR => "address,address".to_owned(),
        TAKE | TAKE_PORTION => "address,address,uint256".to_owned(),
        TAKE_PAIR => "address,address,address".to_owned(),
        _ => "address".to_owned(),
    };
    format!("({members})")
}

pub(crate) fn word(n: impl TryInto<U256>, bits: u16) -> Value {
    Value::Word(n.try_into().unwrap_or_default(), WordType::Uint(bits))
}

pub(crate) fn number(n: U256) -> Value {
    word(n, 256)
}

pub(crate) fn amount(n: u128) -> Value {
    word(U256::from(n), 128)
}

pub(crate) fn at(address: Address) -> Value {
    Value::Word(address.into_word().into(), WordType::Address)
}

pub(crate) fn truth(yes: bool) -> Value {
    Value::Word(U256::from(u8::from(yes)), WordType::Bool)
}

pub(crate) fn ticks(n: u64) -> Value {
    Value::Word(U256::from(n), WordType::Int(24))
}

pub(crate) fn none() -> Value {
    Value::Bytes(Vec::new())
}

pub(crate) fn pool(low: Address, high: Address, hooks: Address) -> Value {
    Value::Tuple(vec![at(low), at(high), word(U256::from(500), 24), ticks(10), at(hooks)])
}
