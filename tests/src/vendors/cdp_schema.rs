//! What the vendor itself refuses: operations and criteria that it does not know or does not put together, and values that are none.

use serde_json::Value as Json;

/// Networks that the vendor knows, and what the standard library calls those that it has.
pub(super) const NETWORKS: [(&str, Option<&str>); 10] = [
    ("arbitrum", Some("arbitrum")),
    ("avalanche", None),
    ("base", Some("base")),
    ("base-sepolia", None),
    ("bnb", None),
    ("ethereum", Some("ethereum")),
    ("ethereum-sepolia", None),
    ("optimism", Some("optimism")),
    ("polygon", Some("polygon")),
    ("zora", None),
];

/// Which criteria go with which operation.
const OPERATIONS: [(&str, &[&str]); 13] = [
    ("signEvmTransaction", &["ethValue", "evmAddress", "evmData", "netUSDChange"]),
    ("signEndUserEvmTransaction", &["ethValue", "evmAddress", "evmData", "netUSDChange"]),
    ("sendEvmTransaction", &["ethValue", "evmAddress", "evmData", "netUSDChange", "evmNetwork"]),
    ("sendEndUserEvmTransaction", &["ethValue", "evmAddress", "evmData", "netUSDChange", "evmNetwork"]),
    ("prepareUserOperation", &["ethValue", "evmAddress", "evmData", "netUSDChange", "evmNetwork"]),
    ("sendUserOperation", &["ethValue", "evmAddress", "evmData", "netUSDChange"]),
    ("sendEndUserOperation", &["ethValue", "evmAddress", "evmData", "netUSDChange", "evmNetwork"]),
    ("signEvmMessage", &["evmMessage"]),
    ("signEndUserEvmMessage", &["evmMessage"]),
    ("signEvmTypedData", &["evmTypedDataField", "evmTypedDataVerifyingContract"]),
    ("signEndUserEvmTypedData", &["evmTypedDataField", "evmTypedDataVerifyingContract"]),
    ("signEvmHash", &[]),
    ("signEndUserEvmHash", &[]),
];

/// Why the vendor refuses a rule.
pub(super) fn check(rule: &Json) -> Result<(), String> {
    let refused = |why: &str| Err(why.to_owned());
    if rule["action"] != "accept" && rule["action"] != "reject" {
        return refused("no such action");
    }
    let operation = rule["operation"].as_str().unwrap_or_default();
    if operation.contains("Sol") {
        return Ok(());
    }
    let Some((_, criteria)) = OPERATIONS.iter().find(|(name, _)| *name == operation) else {
        return refused("no such operation");
    };
    let given: Vec<&Json> = rule["criteria"].as_array().into_iter().flatten().collect();
    if given.is_empty() && !criteria.is_empty() {
        return refused("no criteria");
    }
    given.into_iter().try_for_each(|criterion| {
        let what = criterion["type"].as_str().unwrap_or_default();
        if !criteria.contains(&what) {
            return refused("a criterion that does not go with the operation");
        }
        if is_well_formed(what, criterion) { Ok(()) } else { refused("a value that is none") }
    })
}

fn is_well_formed(what: &str, criterion: &Json) -> bool {
    let operator = criterion["operator"].as_str().unwrap_or_default();
    let in_or_not = operator == "in" || operator == "not in";
    match what {
        "ethValue" => compares(operator) && criterion["ethValue"].as_str().is_some_and(is_number),
        "evmAddress" | "evmTypedDataVerifyingContract" => {
            in_or_not && all(&criterion["addresses"], |a| is_address(a) || is_placeholder(a))
        }
        "evmNetwork" => {
            in_or_not && all(&criterion["networks"], |n| NETWORKS.iter().any(|(known, _)| *known == n))
        }
        "netUSDChange" => compares(operator) && criterion["changeCents"].as_u64().is_some(),
        "evmMessage" => criterion["match"].is_string(),
        "evmTypedDataField" => {
            criterion["types"]["primaryType"].is_string() && some(&criterion["conditions"])
        }
        "evmData" => {
            let abi = &criterion["abi"];
            let known = |abi: &str| ["erc20", "erc721", "erc1155"].contains(&abi) || is_placeholder(abi);
            let conditions = criterion["conditions"].as_array().into_iter().flatten();
            (abi.as_str().is_some_and(known) || abi.is_array())
                && some(&criterion["conditions"])
                && conditions.into_iter().all(is_condition)
        }
        _ => false,
    }
}

fn is_condition(condition: &Json) -> bool {
    let param = |param: &Json| match param["operator"].as_str().unwrap_or_default() {
        "in" | "not in" => some(&param["values"]),
        operator => compares(operator) && param["value"].is_string(),
    };
    let params = condition.get("params");
    condition["function"].as_str().is_some_and(|name| !name.is_empty())
        && params.is_none_or(|params| some(params) && params.as_array().into_iter().flatten().all(param))
}

fn compares(operator: &str) -> bool {
    ["<", "<=", ">", ">=", "=="].contains(&operator)
}

pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) fn is_address(text: &str) -> bool {
    text.strip_prefix("0x").is_some_and(|hex| hex.len() == 40 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// A value of the program around the policy, which the corpus does not have.
pub(super) fn is_placeholder(text: &str) -> bool {
    text.starts_with("${") && text.ends_with('}')
}

fn some(list: &Json) -> bool {
    list.as_array().is_some_and(|list| !list.is_empty())
}

fn all(list: &Json, is: impl Fn(&str) -> bool) -> bool {
    some(list) && list.as_array().into_iter().flatten().all(|one| one.as_str().is_some_and(&is))
}
