//! What no chain accepts: each limit at it and one past it, each with its EIP's own figures.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use agentpol_abi::MAX_CALLDATA_BYTES;
use agentpol_ethereum::{
    Draft, Fee,
    gas::Intrinsic,
    transaction::AccessListItem,
    validity::{MAX_CHAIN_ID, MAX_GAS_LIMIT, MAX_INIT_CODE_BYTES, MAX_NONCE, check},
};
use agentpol_model::{Address, B256, U256};

fn draft() -> Draft {
    Draft {
        chain: 1,
        nonce: Some(0),
        gas_limit: Some(100_000),
        fee: Fee::Dynamic { max_fee_per_gas: Some(10), max_priority_fee_per_gas: Some(10) },
        to: Some(Address::repeat_byte(1)),
        value: U256::ZERO,
        data: Vec::new(),
        access_list: Vec::new(),
    }
}

fn field(draft: &Draft) -> &'static str {
    check(draft).map_or_else(|invalid| invalid.field, |()| "")
}

#[test]
fn chain_and_nonce() {
    assert_eq!(field(&draft()), "");
    assert_eq!(field(&Draft { chain: 0, ..draft() }), "chainId");
    assert_eq!(field(&Draft { chain: MAX_CHAIN_ID, ..draft() }), "");
    assert_eq!(field(&Draft { chain: MAX_CHAIN_ID + 1, ..draft() }), "chainId");
    assert_eq!(field(&Draft { nonce: Some(MAX_NONCE), ..draft() }), "");
    assert_eq!(field(&Draft { nonce: Some(MAX_NONCE + 1), ..draft() }), "nonce");
    assert_eq!(MAX_NONCE, u64::MAX - 1);
}

#[test]
fn sizes() {
    let open = || Draft { gas_limit: None, ..draft() };
    assert_eq!(field(&Draft { data: vec![0; MAX_CALLDATA_BYTES], ..open() }), "");
    assert_eq!(field(&Draft { data: vec![0; MAX_CALLDATA_BYTES + 1], ..open() }), "data");
    let create = |bytes| Draft { to: None, data: vec![0; bytes], ..open() };
    assert_eq!(field(&create(MAX_INIT_CODE_BYTES)), "");
    assert_eq!(field(&create(MAX_INIT_CODE_BYTES + 1)), "data");
    assert_eq!(field(&create(0)), "to");
    assert_eq!(field(&create(1)), "");
    assert_eq!(MAX_INIT_CODE_BYTES, 2 * 24_576);
}

#[test]
fn gas_limits() {
    let gas = |limit, draft: Draft| field(&Draft { gas_limit: Some(limit), ..draft });
    assert_eq!(gas(20_999, draft()), "gas");
    assert_eq!(gas(21_000, draft()), "");
    assert_eq!(gas(MAX_GAS_LIMIT, draft()), "");
    assert_eq!(gas(MAX_GAS_LIMIT + 1, draft()), "gas");
    assert_eq!(MAX_GAS_LIMIT, 16_777_216);
    // Dense calldata can cost more than any transaction may have.
    let dense = Draft { data: vec![1; MAX_CALLDATA_BYTES], gas_limit: None, ..draft() };
    assert_eq!(field(&dense), "");
    assert_eq!(dense.intrinsic().least_gas(), 21_000 + 40 * 131_072);
}

#[test]
fn intrinsic_gas() {
    let plain = Intrinsic { data: &[], creates: false, access_list: &[], authorizations: 0 };
    assert_eq!(plain.least_gas(), 21_000);
    // transfer(address,uint256) of a small amount: 4 + 20 + 1 bytes that are not zero, 43 that are.
    let mut data = vec![0; 68];
    data[..4].fill(1);
    data[16..36].fill(1);
    data[67] = 1;
    let call = Intrinsic { data: &data, ..plain };
    // EIP-2028: 25 × 16 + 43 × 4 = 572; EIP-7623: 10 × (43 + 4 × 25) = 1430 is the floor.
    assert_eq!(call.least_gas(), 22_430);
    let items = vec![
        AccessListItem { address: Address::ZERO, storage_keys: vec![B256::ZERO; 2] },
        AccessListItem { address: Address::ZERO, storage_keys: Vec::new() },
    ];
    // EIP-2930: 2 × 2400 + 2 × 1900 on top of what is paid, which is then above the floor.
    assert_eq!(Intrinsic { access_list: &items, ..call }.least_gas(), 21_572 + 8_600);
    // EIP-7702: 25000 each.
    assert_eq!(Intrinsic { authorizations: 2, ..plain }.least_gas(), 71_000);
    // EIP-2 and EIP-3860: 32000, and 2 for each of 3 words.
    assert_eq!(Intrinsic { data: &data, creates: true, ..plain }.least_gas(), 21_572 + 32_000 + 6);
}

#[test]
fn fees() {
    let fee = |max, priority| {
        let fee = Fee::Dynamic { max_fee_per_gas: Some(max), max_priority_fee_per_gas: Some(priority) };
        field(&Draft { fee, ..draft() })
    };
    assert_eq!(fee(10, 10), "");
    assert_eq!(fee(10, 11), "maxPriorityFeePerGas");
    // Value and fee together: 2^256 - 1 at most.
    let most = U256::MAX - U256::from(100_000 * 10);
    assert_eq!(field(&Draft { value: most, ..draft() }), "");
    assert_eq!(field(&Draft { value: most + U256::ONE, ..draft() }), "value");
    let item = AccessListItem { address: Address::ZERO, storage_keys: Vec::new() };
    let legacy = Draft { fee: Fee::Legacy { gas_price: Some(1) }, access_list: vec![item], ..draft() };
    assert_eq!(field(&legacy), "accessList");
}
