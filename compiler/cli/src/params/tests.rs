use super::*;
use agentpol_model::ids::TokenId;

fn parsed(text: &str, ty: ParamType) -> Result<ParamValue, String> {
    one(text, ty, &[Token { symbol: "USDC".to_owned(), decimals: 6, sites: Vec::new() }])
}

fn word(text: &str, ty: ParamType) -> Option<u64> {
    match parsed(text, ty) {
        Ok(ParamValue::Word(word)) => word.try_into().ok(),
        _ => None,
    }
}

const USDC: ParamType = ParamType::Amount(TokenId::new(0));

#[test]
fn amounts_are_human_or_base_units() {
    assert_eq!(word("250 USDC", USDC), Some(250_000_000));
    assert_eq!(word("1_000.5  USDC", USDC), Some(1_000_500_000));
    assert_eq!(word("0.000001 USDC", USDC), Some(1));
    assert_eq!(word("\"250000000\"", USDC), Some(250_000_000));
    for wrong in
        ["250", "250USDC", "250 WETH", "0.0000001 USDC", "-1 USDC", "1e3 USDC", "\"1.5\"", "", "USDC 250"]
    {
        assert!(parsed(wrong, USDC).is_err(), "{wrong}");
    }
}

#[test]
fn numbers_times_and_flags() {
    assert_eq!(word("1_000", ParamType::Int), Some(1_000));
    assert_eq!(word("1.0", ParamType::Int), None);
    assert_eq!(word("24h", ParamType::Duration), Some(86_400));
    assert_eq!(word("1000", ParamType::Duration), None);
    assert_eq!(word("1970-01-02", ParamType::Time), Some(86_400));
    assert_eq!(word("1970-01-02T00:00:01Z", ParamType::Time), Some(86_401));
    assert_eq!(word("true", ParamType::Bool), Some(1));
    assert_eq!(word("1", ParamType::Bool), None);
}

#[test]
fn addresses_have_their_checksum() {
    let right = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
    assert!(address(right).is_ok() && address(&right.to_lowercase()).is_ok());
    let wrong = "0x70997970c51812dc3A010C7d01b50e0d17dc79C8";
    assert!(address(wrong).unwrap_err().contains(right));
    assert!(address("70997970C51812dc3A010C7d01b50e0d17dc79C8").is_err());
    assert!(address("0x7099").is_err());
}

#[test]
fn sets_are_braces_or_json() {
    let (a, b) = ("0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC");
    let set = |text: &str| match parsed(text, ParamType::AddressSet(4)) {
        Ok(ParamValue::Set(set)) => Some(set.len()),
        _ => None,
    };
    assert_eq!(set(&format!("{{{a}, {b}}}")), Some(2));
    assert_eq!(set(&format!("{{ {a}, }}")), Some(1));
    assert_eq!(set("{}"), Some(0));
    assert_eq!(set(&format!("[\"{a}\", \"{b}\"]")), Some(2));
    assert_eq!(set(&format!("{{{a}, {a}}}")), None);
    assert_eq!(set(a), None);
}
