//! What one rule of a Coinbase CDP policy is about, in subjects and conditions.

use super::{
    cdp_schema::{NETWORKS, is_address, is_number, is_placeholder},
    coinbase::{ANYWHERE, About, World},
};
use agentpol_model::{Address, U256};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// Functions of the library's plain token, with its arguments as the published ABI of the standard calls them.
const ERC20: [(&str, &[&str]); 5] = [
    ("transfer", &["to", "value"]),
    ("transferFrom", &["from", "to", "value"]),
    ("approve", &["spender", "value"]),
    ("increaseAllowance", &["spender", "addedValue"]),
    ("decreaseAllowance", &["spender", "subtractedValue"]),
];

/// Of the functions above, those that the standard has.
const STANDARD: usize = 3;

/// The error is what cannot be said.
pub(super) fn subjects(operation: &str, rule: &Json, world: &mut World) -> Result<Vec<About>, String> {
    let criteria: Vec<&Json> = rule["criteria"].as_array().into_iter().flatten().collect();
    if operation.ends_with("Hash") {
        return Err("a signature over a hash".to_owned());
    }
    if operation.ends_with("Message") {
        return texts(&criteria);
    }
    if operation.ends_with("TypedData") {
        return typed(&criteria, world);
    }
    transactions(&criteria, world)
}

fn of<'c>(criteria: &[&'c Json], what: &str) -> Vec<&'c Json> {
    criteria.iter().copied().filter(|criterion| criterion["type"] == what).collect()
}

fn strings(list: &Json) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Json::as_str).collect()
}

fn is_in(criterion: &Json) -> bool {
    criterion["operator"] == "in"
}

// ---- transactions and what user operations call

fn transactions(criteria: &[&Json], world: &mut World) -> Result<Vec<About>, String> {
    if !of(criteria, "netUSDChange").is_empty() {
        return Err("what something is worth in dollars".to_owned());
    }
    let chains = chains(&of(criteria, "evmNetwork"), world);
    let (values, targets, data) =
        (of(criteria, "ethValue"), of(criteria, "evmAddress"), of(criteria, "evmData"));
    if chains.is_empty() {
        return Err("a chain that the library does not have".to_owned());
    }
    if !values.is_empty() && chains.contains("polygon") {
        return Err("one amount of several native tokens".to_owned());
    }
    let value = |name: &str| -> Vec<String> {
        let limit = |criterion: &&Json| {
            let wei = criterion["ethValue"].as_str().unwrap_or_default();
            format!(
                "{name} {} {}",
                criterion["operator"].as_str().unwrap_or_default(),
                amount(wei, 18, "ETH")
            )
        };
        values.iter().map(limit).collect()
    };
    // Functions that take no value are sent none.
    let nothing_fits = values.iter().all(|criterion| {
        let zero = criterion["ethValue"].as_str().is_some_and(|wei| wei.bytes().all(|b| b == b'0'));
        match criterion["operator"].as_str().unwrap_or_default() {
            "<" => !zero,
            "<=" => true,
            ">" => false,
            _ => zero,
        }
    });
    if data.is_empty() {
        world.gaps.insert("calls with any data of contracts that nobody declared".to_owned());
        let mut out = vec![About {
            subject: "send(to, value)".to_owned(),
            chains: chains.clone(),
            when: named("to", &targets, world).into_iter().chain(value("value")).collect(),
        }];
        out.last_mut().unwrap().when.push("value == value".to_owned());
        // Of a list of contracts none is the library's.
        if nothing_fits && !targets.iter().any(|criterion| is_in(criterion)) {
            for (function, names) in ERC20 {
                let subject = format!("USDC.{function}({})", names.join(", "));
                out.push(About { subject, chains: chains.clone(), when: Vec::new() });
            }
        }
        return Ok(out);
    }
    let token = token(&targets, &chains, world)?;
    let mut out = match data.as_slice() {
        [one] => calls(one, &token, &chains, world)?,
        // A call is of one function: what two lists have in common.
        _ => return Err("several ABIs at once".to_owned()),
    };
    if !nothing_fits {
        out.clear();
    }
    Ok(out)
}

fn chains(networks: &[&Json], world: &mut World) -> BTreeSet<&'static str> {
    let mut chains: BTreeSet<&str> = if networks.iter().any(|criterion| is_in(criterion)) {
        NETWORKS.iter().filter_map(|(_, known)| *known).collect()
    } else {
        ANYWHERE.into()
    };
    for criterion in networks {
        let listed = strings(&criterion["networks"]);
        for name in &listed {
            if NETWORKS.iter().any(|(network, known)| network == name && known.is_none()) {
                world.gaps.insert(format!("the chain {name}, which the library does not have"));
            }
        }
        chains.retain(|chain| listed.contains(chain) == is_in(criterion));
    }
    chains
}

/// Conditions on an address. Placeholders are parameters.
fn named(what: &str, criteria: &[&Json], world: &mut World) -> Vec<String> {
    let mut out = Vec::new();
    for criterion in criteria {
        let one_of = one_of(what, &strings(&criterion["addresses"]), world);
        out.push(if is_in(criterion) { one_of } else { format!("not ({one_of})") });
    }
    out
}

fn one_of(what: &str, addresses: &[&str], world: &mut World) -> String {
    let is = |address: &&str| match address.parse::<Address>() {
        Ok(address) => format!("{what} == {address}"),
        Err(_) => {
            let name = parameter(address);
            world.items.insert(format!("param {name}: address"));
            format!("{what} == {name}")
        }
    };
    addresses.iter().map(is).collect::<Vec<_>>().join(" or ")
}

fn parameter(placeholder: &str) -> String {
    let letters = placeholder.chars().filter(char::is_ascii_alphanumeric);
    format!("their_{}", letters.collect::<String>().to_lowercase())
}

/// A token that calls are of.
struct Token {
    name: String,
    decimals: usize,
}

/// The token at the addresses, counted in base units, for nobody says what decimals it has; the library's where none is named.
fn token(targets: &[&Json], chains: &BTreeSet<&'static str>, world: &mut World) -> Result<Token, String> {
    let [criterion] = targets else {
        world.gaps.insert("calls of a token whichever it is".to_owned());
        return Ok(Token { name: "USDC".to_owned(), decimals: 6 });
    };
    let addresses = strings(&criterion["addresses"]);
    match addresses.as_slice() {
        [one] if is_in(criterion) => {
            let at = match one.parse::<Address>() {
                Ok(address) => address.to_string(),
                Err(_) if is_placeholder(one) => {
                    return Err("a token at an address that is a parameter".to_owned());
                }
                Err(_) => return Err("an address that is none".to_owned()),
            };
            let sites: Vec<String> = chains.iter().map(|chain| format!("on {chain} at {at}")).collect();
            let item =
                format!("use std::tokens::ERC20\ntoken THEIRS: ERC20 decimals 0 {{ {} }}", sites.join(" "));
            world.items.insert(item);
            Ok(Token { name: "THEIRS".to_owned(), decimals: 0 })
        }
        [_, ..] if is_in(criterion) => Err("a token at several addresses".to_owned()),
        // The library's is none of them.
        _ => {
            world.gaps.insert("calls of a token whichever it is".to_owned());
            Ok(Token { name: "USDC".to_owned(), decimals: 6 })
        }
    }
}

fn calls(
    criterion: &Json,
    token: &Token,
    chains: &BTreeSet<&'static str>,
    world: &mut World,
) -> Result<Vec<About>, String> {
    match criterion["abi"].as_str() {
        Some("erc20") => {}
        Some(placeholder) if placeholder.to_lowercase().contains("erc20") => {}
        Some("erc721" | "erc1155") => {
            return Err("tokens without amounts at contracts that are not named".to_owned());
        }
        _ => return Err("an ABI that is not published with the policy".to_owned()),
    }
    let mut out: Vec<About> = Vec::new();
    for condition in criterion["conditions"].as_array().into_iter().flatten() {
        let name = condition["function"].as_str().unwrap_or_default();
        let Some((_, arguments)) = ERC20.iter().take(STANDARD).find(|(function, _)| *function == name) else {
            world.gaps.insert(format!("`{name}`, which only reads"));
            continue;
        };
        let mut when = Vec::new();
        for param in condition["params"].as_array().into_iter().flatten() {
            when.push(argument(param, arguments, token, world)?);
        }
        let subject = format!("{}.{name}({})", token.name, arguments.join(", "));
        match out.iter_mut().find(|about| about.subject == subject) {
            // One of the conditions is enough.
            Some(about) => {
                about.when = vec![format!("({}) or ({})", about.when.join(" and "), when.join(" and "))];
            }
            None => out.push(About { subject, chains: chains.clone(), when }),
        }
    }
    Ok(out)
}

/// An argument is named, or counted.
fn argument(param: &Json, arguments: &[&str], token: &Token, world: &mut World) -> Result<String, String> {
    let name = param["name"].as_str().unwrap_or_default();
    let counted = name.parse::<usize>().ok().and_then(|n| arguments.get(n));
    let Some(name) = counted.or_else(|| arguments.iter().find(|argument| **argument == name)) else {
        return Err(format!("an argument that the function does not have: {name}"));
    };
    condition(name, param, &strings(&param["values"]), token, world)
}

/// `operator` and `value`, or `in` and several.
fn condition(
    what: &str,
    criterion: &Json,
    several: &[&str],
    token: &Token,
    world: &mut World,
) -> Result<String, String> {
    let operator = criterion["operator"].as_str().unwrap_or_default();
    match (operator, criterion["value"].as_str()) {
        ("in" | "not in", _) if several.iter().all(|one| is_address(one) || is_placeholder(one)) => {
            let one_of = one_of(what, several, world);
            Ok(if operator == "in" { one_of } else { format!("not ({one_of})") })
        }
        (_, Some(value)) if is_number(value) => {
            Ok(format!("{what} {operator} {}", amount(value, token.decimals, &token.name)))
        }
        _ => Err("values of another type".to_owned()),
    }
}

/// Base units as a policy writes them.
fn amount(units: &str, decimals: usize, symbol: &str) -> String {
    let digits = format!("{units:0>width$}", width = decimals + 1);
    let (whole, part) = digits.split_at(digits.len() - decimals);
    let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    debug_assert!(units.parse::<U256>().is_ok());
    if part.is_empty() { format!("{whole} {symbol}") } else { format!("{whole}.{part} {symbol}") }
}

// ---- texts

fn texts(criteria: &[&Json]) -> Result<Vec<About>, String> {
    let mut when = Vec::new();
    for criterion in of(criteria, "evmMessage") {
        let pattern = criterion["match"].as_str().unwrap_or_default();
        let (anchored, rest) = pattern.strip_prefix('^').map_or((false, pattern), |rest| (true, rest));
        let prefix = rest.strip_suffix(".*").unwrap_or(rest);
        let plain = prefix.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ' || c == ':');
        match prefix {
            "" => {}
            _ if anchored && plain => when.push(format!("text.starts_with(\"{prefix}\")")),
            _ => return Err("a regular expression that is no prefix".to_owned()),
        }
    }
    let chains: BTreeSet<&'static str> = ANYWHERE.into();
    let mut out = Vec::new();
    if when.is_empty() {
        // To the vendor a sign-in is a text like any other.
        out.push(About { subject: "message SignIn(m)".to_owned(), chains: chains.clone(), when: Vec::new() });
    }
    out.push(About { subject: "message(text)".to_owned(), chains, when });
    Ok(out)
}

// ---- typed data

fn typed(criteria: &[&Json], world: &mut World) -> Result<Vec<About>, String> {
    if !of(criteria, "evmTypedDataVerifyingContract").is_empty() {
        return Err("typed data of a contract, whatever its type".to_owned());
    }
    let token = Token { name: "USDC".to_owned(), decimals: 6 };
    let mut when = Vec::new();
    for criterion in of(criteria, "evmTypedDataField") {
        if criterion["types"]["primaryType"] != "Permit" {
            return Err("a type that no declared contract verifies".to_owned());
        }
        for one in criterion["conditions"].as_array().into_iter().flatten() {
            let path = format!("m.{}", one["path"].as_str().unwrap_or_default());
            when.push(condition(&path, one, &strings(&one["addresses"]), &token, world)?);
        }
    }
    world.gaps.insert("typed data of a contract whichever it is".to_owned());
    Ok(vec![About { subject: "sign USDC.Permit(m)".to_owned(), chains: ANYWHERE.into(), when }])
}
