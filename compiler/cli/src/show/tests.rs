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
fn times() {
    for (seconds, text) in [
        (0u64, "1970-01-01 00:00:00"),
        (951_782_400, "2000-02-29 00:00:00"),
        (1_798_761_599, "2026-12-31 23:59:59"),
        (253_402_300_799, "9999-12-31 23:59:59"),
        (253_402_300_800, "second 253402300800"),
        (u64::MAX, "second 18446744073709551615"),
    ] {
        assert_eq!(time(seconds), text);
    }
}

#[test]
fn durations() {
    for (seconds, text) in
        [(0, "0s"), (59, "59s"), (600, "10min"), (3_600, "1h"), (86_400, "24h"), (604_800, "7d"), (90, "90s")]
    {
        assert_eq!(duration(seconds), text);
    }
}

#[test]
fn addresses() {
    let zero = Address::ZERO;
    assert_eq!(short(zero), "0x0000…0000");
}
