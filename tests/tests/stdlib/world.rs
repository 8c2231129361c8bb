//! Chains, tokens and contracts: ids, native tokens, decimals and addresses.

use crate::read::{Deployment, corpora, deployments, items, json};
use agentpol_grammar::ast::ItemKind;
use alloy_primitives::Address;
use std::collections::{BTreeMap, BTreeSet};

/// Where the token list has another symbol.
const RENAMED: &[(&str, &str, &str)] = &[
    ("USDC_e", "USDC.e", "a name has no dot"),
    ("USDT", "USDT0", "on Arbitrum Tether took over the bridged token under a new symbol"),
    ("WETH_e", "WETH", "bridged ether that cannot be unwrapped there is another token"),
    ("WPOL", "WMATIC", "the token was renamed, its contract not"),
];

/// Addresses that no file of the corpora holds on that chain. They were compared with what their projects publish.
const UNLISTED: &[(&str, &str, &str)] = &[
    (
        "DelegationManager",
        "arbitrum",
        "the Delegation Framework's list of deployments, one address everywhere",
    ),
    ("DelegationManager", "base", "the Delegation Framework's list of deployments, one address everywhere"),
    (
        "DelegationManager",
        "ethereum",
        "the Delegation Framework's list of deployments, one address everywhere",
    ),
    ("DelegationManager", "gnosis", "the Delegation Framework's list of deployments, one address everywhere"),
    (
        "DelegationManager",
        "optimism",
        "the Delegation Framework's list of deployments, one address everywhere",
    ),
    (
        "DelegationManager",
        "polygon",
        "the Delegation Framework's list of deployments, one address everywhere",
    ),
    ("EntryPoint_0_6", "arbitrum", "ERC-4337: one address everywhere"),
    ("EntryPoint_0_6", "base", "ERC-4337: one address everywhere"),
    ("EntryPoint_0_6", "ethereum", "ERC-4337: one address everywhere"),
    ("EntryPoint_0_6", "gnosis", "ERC-4337: one address everywhere"),
    ("EntryPoint_0_6", "optimism", "ERC-4337: one address everywhere"),
    ("EntryPoint_0_6", "polygon", "ERC-4337: one address everywhere"),
    ("EntryPoint_0_7", "arbitrum", "ERC-4337: one address everywhere"),
    ("EntryPoint_0_7", "base", "ERC-4337: one address everywhere"),
    ("EntryPoint_0_7", "ethereum", "ERC-4337: one address everywhere"),
    ("EntryPoint_0_7", "gnosis", "ERC-4337: one address everywhere"),
    ("EntryPoint_0_7", "optimism", "ERC-4337: one address everywhere"),
    ("EntryPoint_0_7", "polygon", "ERC-4337: one address everywhere"),
    ("GNO", "gnosis", "the token list has no Gnosis Chain"),
    ("MultiSend", "arbitrum", "the corpora name it as canonical, without chains"),
    ("MultiSend", "base", "the corpora name it as canonical, without chains"),
    ("MultiSend", "ethereum", "the corpora name it as canonical, without chains"),
    ("MultiSend", "gnosis", "the corpora name it as canonical, without chains"),
    ("MultiSend", "optimism", "the corpora name it as canonical, without chains"),
    ("MultiSend", "polygon", "the corpora name it as canonical, without chains"),
    ("MultiSendCallOnly", "arbitrum", "the corpora name it as canonical, without chains"),
    ("MultiSendCallOnly", "base", "the corpora name it as canonical, without chains"),
    ("MultiSendCallOnly", "ethereum", "the corpora name it as canonical, without chains"),
    ("MultiSendCallOnly", "gnosis", "the corpora name it as canonical, without chains"),
    ("MultiSendCallOnly", "optimism", "the corpora name it as canonical, without chains"),
    ("MultiSendCallOnly", "polygon", "the corpora name it as canonical, without chains"),
    ("MultiSendCallOnly_1_3", "arbitrum", "the corpora name it as canonical, without chains"),
    ("MultiSendCallOnly_1_3", "base", "the corpora name it as canonical, without chains"),
    ("MultiSendCallOnly_1_3", "ethereum", "the corpora name it as canonical, without chains"),
    ("MultiSendCallOnly_1_3", "gnosis", "the corpora name it as canonical, without chains"),
    ("MultiSendCallOnly_1_3", "optimism", "the corpora name it as canonical, without chains"),
    ("MultiSendCallOnly_1_3", "polygon", "the corpora name it as canonical, without chains"),
    ("Multicall3", "arbitrum", "Multicall3's list of deployments, one address everywhere"),
    ("Multicall3", "base", "Multicall3's list of deployments, one address everywhere"),
    ("Multicall3", "ethereum", "Multicall3's list of deployments, one address everywhere"),
    ("Multicall3", "gnosis", "Multicall3's list of deployments, one address everywhere"),
    ("Multicall3", "optimism", "Multicall3's list of deployments, one address everywhere"),
    ("Multicall3", "polygon", "Multicall3's list of deployments, one address everywhere"),
    ("NonfungiblePositionManager", "base", "Uniswap's page of deployments"),
    ("NonfungiblePositionManager", "optimism", "Uniswap's page of deployments"),
    ("NonfungiblePositionManager", "polygon", "Uniswap's page of deployments"),
    ("Pool", "polygon", "Aave's address book"),
    ("PositionManager", "arbitrum", "Uniswap's page of deployments"),
    ("PositionManager", "base", "Uniswap's page of deployments"),
    ("PositionManager", "ethereum", "Uniswap's page of deployments"),
    ("PositionManager", "optimism", "Uniswap's page of deployments"),
    ("PositionManager", "polygon", "Uniswap's page of deployments"),
    ("Router02", "arbitrum", "Uniswap's page of deployments"),
    ("Router02", "base", "Uniswap's page of deployments"),
    ("Router02", "optimism", "Uniswap's page of deployments"),
    ("Router02", "polygon", "Uniswap's page of deployments"),
    ("SwapRouter", "arbitrum", "Uniswap's page of deployments"),
    ("SwapRouter", "optimism", "Uniswap's page of deployments"),
    ("SwapRouter", "polygon", "Uniswap's page of deployments"),
    ("SwapRouter02", "arbitrum", "Uniswap's page of deployments"),
    ("SwapRouter02", "base", "Uniswap's page of deployments"),
    ("SwapRouter02", "optimism", "Uniswap's page of deployments"),
    ("SwapRouter02", "polygon", "Uniswap's page of deployments"),
    ("USDC_e", "gnosis", "the token list has no Gnosis Chain"),
    ("USDe", "arbitrum", "not in the token list; Ethena's documentation"),
    ("USDe", "base", "not in the token list; Ethena's documentation"),
    ("USDe", "ethereum", "not in the token list; Ethena's documentation"),
    ("USDe", "optimism", "not in the token list; Ethena's documentation"),
    ("UniversalRouter", "arbitrum", "Uniswap's page of deployments"),
    ("UniversalRouter", "base", "Uniswap's page of deployments"),
    ("UniversalRouter", "ethereum", "Uniswap's page of deployments"),
    ("UniversalRouter", "optimism", "Uniswap's page of deployments"),
    ("UniversalRouter", "polygon", "Uniswap's page of deployments"),
    ("UniversalRouterHop", "arbitrum", "Uniswap's page of deployments"),
    ("UniversalRouterHop", "base", "Uniswap's page of deployments"),
    ("UniversalRouterHop", "ethereum", "Uniswap's page of deployments"),
    ("UniversalRouterHop", "optimism", "Uniswap's page of deployments"),
    ("UniversalRouterHop", "polygon", "Uniswap's page of deployments"),
    ("VaultRelayer", "arbitrum", "CoW Protocol's documentation, one address everywhere"),
    ("VaultRelayer", "base", "CoW Protocol's documentation, one address everywhere"),
    ("VaultRelayer", "gnosis", "CoW Protocol's documentation, one address everywhere"),
    ("WETH_e", "gnosis", "the token list has no Gnosis Chain"),
    ("WXDAI", "gnosis", "the token list has no Gnosis Chain"),
    ("cDAI", "ethereum", "not in the token list; Compound's documentation"),
    ("rETH", "arbitrum", "not in the token list; Rocket Pool's documentation"),
    ("rETH", "base", "not in the token list; Rocket Pool's documentation"),
    ("rETH", "optimism", "not in the token list; Rocket Pool's documentation"),
    ("sDAI", "ethereum", "not in the token list; Maker's documentation"),
    ("sUSDe", "arbitrum", "not in the token list; Ethena's documentation"),
    ("sUSDe", "base", "not in the token list; Ethena's documentation"),
    ("sUSDe", "ethereum", "not in the token list; Ethena's documentation"),
    ("sUSDe", "optimism", "not in the token list; Ethena's documentation"),
    ("weETH", "ethereum", "not in the token list; ether.fi's documentation"),
    ("wstETH", "arbitrum", "not in the token list; Lido's documentation"),
    ("wstETH", "base", "not in the token list; Lido's documentation"),
    ("wstETH", "gnosis", "the token list has no Gnosis Chain"),
    ("wstETH", "optimism", "not in the token list; Lido's documentation"),
    ("wstETH", "polygon", "not in the token list; Lido's documentation"),
];

/// Chain names and ids, as the library declares them.
fn chains() -> BTreeMap<String, (u64, String)> {
    let chain = |item| match item {
        ItemKind::Chain(c) => Some((c.name.node, (c.id.node.parse().unwrap(), c.native.node))),
        _ => None,
    };
    items().into_iter().filter_map(|(_, item)| chain(item.kind)).collect()
}

#[test]
fn addresses_carry_their_checksum() {
    for Deployment { name, chain, address, .. } in deployments() {
        let Some(address) = address else { continue };
        assert!(Address::parse_checksummed(&address, None).is_ok(), "{name} on {chain}: {address}");
    }
}

#[test]
fn an_address_stands_for_one_token_and_a_name_for_one_address() {
    let (mut names, mut addresses) = (BTreeSet::new(), BTreeSet::new());
    for Deployment { name, chain, address, is_token, .. } in deployments() {
        assert!(names.insert((name.clone(), chain.clone())), "{name} stands twice on {chain}");
        assert!(
            addresses.insert((is_token, chain.clone(), address)),
            "{name}: another stands there on {chain}"
        );
    }
}

#[test]
fn sites_are_on_declared_chains_and_natives_are_native() {
    let chains = chains();
    for Deployment { name, chain, address, .. } in deployments() {
        let (_, native) = chains.get(&chain).unwrap_or_else(|| panic!("{name}: no chain {chain}"));
        assert_eq!(address.is_none(), *native == name, "{name} on {chain}");
    }
}

#[test]
fn chain_ids_and_natives_are_those_of_the_chain_list() {
    let Some(list) = json("chains/viem.json") else { return };
    for (name, (id, native)) in chains() {
        let found = list.as_array().unwrap().iter().find(|c| c["chainId"] == id);
        let found = found.unwrap_or_else(|| panic!("{name}: no chain {id}"));
        let theirs = found["nativeCurrency"]["symbol"].as_str().unwrap();
        assert_eq!(theirs.to_uppercase(), native, "{name}");
        assert_eq!(found["nativeCurrency"]["decimals"], 18, "{name}");
        assert!(found["name"].as_str().unwrap().to_lowercase().contains(known_as(&name)), "{name}: {found}");
    }
}

fn known_as(chain: &str) -> &str {
    if chain == "optimism" { "op " } else { chain }
}

/// The tokens of the list, by chain and address in small letters.
fn token_list() -> Option<BTreeMap<(u64, String), (String, u64)>> {
    let list = json("tokens/uniswap_default.json")?;
    let row = |t: &serde_json::Value| {
        let text = |key: &str| t[key].as_str().unwrap().to_owned();
        let key = (t["chainId"].as_u64().unwrap(), text("address").to_lowercase());
        (key, (text("symbol"), t["decimals"].as_u64().unwrap()))
    };
    Some(list.as_array().unwrap().iter().map(row).collect())
}

#[test]
fn tokens_are_those_of_the_token_list() {
    let (Some(list), chains) = (token_list(), chains()) else { return };
    let mut confirmed = 0;
    for Deployment { name, decimals, chain, address, is_token } in deployments() {
        let (true, Some(address)) = (is_token, address) else { continue };
        let (id, _) = chains.get(&chain).unwrap();
        let Some((symbol, theirs)) = list.get(&(*id, address.to_lowercase())) else { continue };
        let renamed = RENAMED.iter().any(|(ours, theirs, _)| *ours == name && theirs == symbol);
        assert!(*symbol == name || renamed, "{name} on {chain} is {symbol} in the list");
        assert_eq!(Some(*theirs), decimals.map(u64::from), "{name} on {chain}");
        confirmed += 1;
    }
    assert!(confirmed > 140, "only {confirmed} deployments are in the list");
}

/// Addresses of the corpora's other files, by chain id; `*` in the index stands for all chains.
fn other_addresses() -> Option<BTreeSet<(u64, String)>> {
    let mut found = BTreeSet::new();
    let ids: Vec<u64> = chains().into_values().map(|(id, _)| id).collect();
    for entry in json("abis/_index.json")?.as_object().unwrap().values() {
        collect(&mut found, entry, &ids);
    }
    for file in ["policies/zodiac_defikit/cases.jsonl", "tx/ledger_erc7730.jsonl"] {
        let text = std::fs::read_to_string(corpora()?.join(file)).unwrap();
        for line in text.lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            if let (Some(id), Some(to)) = (row["chainId"].as_u64(), row["to"].as_str()) {
                found.insert((id, to.to_lowercase()));
            }
        }
    }
    Some(found)
}

/// An index entry names addresses by chain id, and entries that share its ABI by name and address.
fn collect(found: &mut BTreeSet<(u64, String)>, entry: &serde_json::Value, ids: &[u64]) {
    match entry {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                match (key.parse::<u64>(), value.as_str()) {
                    (Ok(id), Some(address)) => drop(found.insert((id, address.to_lowercase()))),
                    (Err(_), Some(address)) if key == "*" => {
                        found.extend(ids.iter().map(|id| (*id, address.to_lowercase())));
                    }
                    _ => collect(found, value, ids),
                }
            }
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| collect(found, value, ids)),
        _ => {}
    }
}

#[test]
fn every_address_is_in_the_corpora_or_named_here() {
    let (Some(list), Some(others), chains) = (token_list(), other_addresses(), chains()) else { return };
    let unlisted: BTreeSet<_> =
        UNLISTED.iter().map(|(name, chain, _)| ((*name).to_owned(), (*chain).to_owned())).collect();
    let mut missing = BTreeSet::new();
    for Deployment { name, chain, address, .. } in deployments() {
        let Some(address) = address else { continue };
        let key = (chains.get(&chain).unwrap().0, address.to_lowercase());
        if !list.contains_key(&key) && !others.contains(&key) {
            missing.insert((name, chain));
        }
    }
    assert_eq!(missing, unlisted, "left: what the corpora lack; right: what this file names");
}
