use super::*;

#[test]
fn amounts() {
    let token = |decimals| Token { symbol: "T".to_owned(), decimals, sites: Vec::new() };
    for (units, decimals, text) in [
        (0u64, 6, "0 T"),
        (1, 6, "0.000001 T"),
        (1_500_000, 6, "1.5 T"),
        (12_345_678_900_000, 6, "12,345,678.9 T"),
        (7, 0, "7 T"),
        (1_000, 0, "1,000 T"),
    ] {
        assert_eq!(amount(U256::from(units), &token(decimals)), text);
    }
    assert_eq!(amount(U256::MAX, &token(6)), "unlimited T");
    assert_eq!(amount(UNLIMITED, &token(6)), "unlimited T");
    assert!(amount(UNLIMITED - U256::ONE, &token(6)).starts_with("57,896,"));
}

#[test]
fn addresses() {
    let zero = Address::ZERO;
    assert_eq!(short(zero), "0x0000…0000");
}
