//! Chains, tokens and contracts: ids, native tokens, decimals and addresses.

use crate::read::{Deployment, corpora, deployments, items, json};
use agentpol_ethereum::user_operation::EntryPoint;
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

/// Addresses that no file of the corpora holds on these chains, and at least two public sources that hold them, to the last digit and for
/// these chains; the first is the project's own where it has one. The checksum alone would not tell a wrong address from a right one.
const UNLISTED: &[(&str, &str, &str)] = &[
    (
        "AggregationRouterV5",
        "arbitrum base ethereum gnosis optimism polygon",
        "1inch's SDK and Dune's spellbook, one address everywhere; the ERC-7730 registry",
    ),
    (
        "AggregationRouterV6",
        "arbitrum base ethereum gnosis optimism polygon",
        "Dune's spellbook, one address everywhere; the ERC-7730 registry",
    ),
    (
        "AugustusV6",
        "arbitrum base ethereum gnosis optimism polygon",
        "Velora's paraswap-dex-lib and Dune's spellbook, one address everywhere; the ERC-7730 registry",
    ),
    (
        "BalancerRouter",
        "arbitrum base ethereum gnosis optimism",
        "balancer-deployments, task 20250307-v3-router-v2; others who swap through it",
    ),
    (
        "BalancerVault",
        "arbitrum base ethereum gnosis optimism polygon",
        "balancer-deployments; CoW's contracts, as an argument of their deployment",
    ),
    ("Bundler3", "base ethereum", "Morpho's SDK; the ERC-7730 registry"),
    ("Curve3Pool", "ethereum", "curve-js; Dune's spellbook"),
    (
        "CurveRouter",
        "arbitrum ethereum gnosis optimism polygon",
        "curve-js, 1.2.0 on Ethereum; paraswap-dex-lib, Etherfi's and others' lists",
    ),
    ("CurveRouterNg", "base", "curve-js; paraswap-dex-lib"),
    ("CurveStethPool", "ethereum", "curve-js; Lido's documentation"),
    (
        "DelegationManager",
        "arbitrum base ethereum gnosis optimism polygon",
        "delegation-framework's broadcasts of deployments; MetaMask's core",
    ),
    (
        "EntryPoint",
        "arbitrum base ethereum gnosis optimism polygon",
        "the corpora's index has other last bytes, which nobody else has: 0.8.0 is published as here, in viem, permissionless.js and by the gate itself",
    ),
    (
        "EntryPoint_0_6",
        "arbitrum base ethereum gnosis optimism polygon",
        "viem; permissionless.js' documentation; one address everywhere",
    ),
    (
        "EntryPoint_0_7",
        "arbitrum base ethereum gnosis optimism polygon",
        "viem; delegation-framework's broadcasts of deployments; one address everywhere",
    ),
    (
        "ExchangeRouter",
        "arbitrum",
        "gmx-interface's list of contracts, 2.2c, and others who follow it; the list in gmx-synthetics is older",
    ),
    ("GNO", "gnosis", "the token list has no Gnosis Chain; CoW's and Dune's token lists"),
    ("GeneralAdapter1", "base ethereum", "Morpho's SDK; Morpho's app and others who use it"),
    ("GmxRouter", "arbitrum", "gmx-synthetics' deployments; gmx-interface's list of contracts"),
    (
        "LiFiDiamond",
        "arbitrum base ethereum gnosis optimism polygon",
        "LI.FI's deployments and Dune's spellbook, one address everywhere; the ERC-7730 registry",
    ),
    ("Morpho", "base ethereum", "Morpho's SDK; the ERC-7730 registry; Spark's address registry"),
    (
        "MultiSend",
        "arbitrum base ethereum gnosis optimism polygon",
        "the corpora name it as canonical, without chains; safe-deployments and safe-eth-py have them",
    ),
    (
        "MultiSendCallOnly",
        "arbitrum base ethereum gnosis optimism polygon",
        "the corpora name it as canonical, without chains; safe-deployments and safe-eth-py have them",
    ),
    (
        "MultiSendCallOnly_1_3",
        "arbitrum base ethereum gnosis optimism polygon",
        "the corpora name it as canonical, without chains; safe-deployments and safe-eth-py have them",
    ),
    (
        "Multicall3",
        "arbitrum base ethereum gnosis optimism polygon",
        "Multicall3's list of deployments; viem's chains; safe-eth-py",
    ),
    (
        "NonfungiblePositionManager",
        "base optimism polygon",
        "Uniswap's documentation and its list of deployments",
    ),
    ("Pool", "polygon", "Aave's address book; the ERC-7730 registry"),
    (
        "PositionManager",
        "arbitrum base ethereum optimism polygon",
        "Uniswap's documentation and its list of deployments",
    ),
    ("Router02", "arbitrum base optimism polygon", "Uniswap's documentation; Uniswap's sdk-core"),
    ("SparkPool", "ethereum", "Spark's address registry; defi-kit's documentation"),
    ("SparkWETHGateway", "ethereum", "Spark's address registry; defi-kit's documentation"),
    ("SpokePool", "arbitrum base ethereum optimism", "Across's contracts; CoW's SDK"),
    ("SwapRouter", "arbitrum optimism polygon", "Uniswap's list of deployments; paraswap-dex-lib"),
    ("SwapRouter02", "arbitrum base optimism polygon", "Uniswap's documentation and its list of deployments"),
    ("USDC_e", "gnosis", "the token list has no Gnosis Chain; CoW's and Dune's token lists"),
    ("USDe", "arbitrum base ethereum optimism", "not in the token list; CoW's token list, Dune's spellbook"),
    (
        "UniversalRouter",
        "arbitrum base ethereum optimism polygon",
        "universal-router's deploy addresses; Uniswap's documentation",
    ),
    (
        "UniversalRouterHop",
        "arbitrum base ethereum optimism polygon",
        "universal-router's deploy addresses, version 2.1.1; universal-router-sdk",
    ),
    (
        "UniversalRouterV1",
        "arbitrum base ethereum optimism polygon",
        "universal-router's deploy addresses, version 1.2; universal-router-sdk",
    ),
    ("VaultRelayer", "arbitrum base gnosis", "CoW's SDK; defi-kit's documentation, chain by chain"),
    ("WETH_e", "gnosis", "the token list has no Gnosis Chain; CoW's and Dune's token lists"),
    ("WXDAI", "gnosis", "the token list has no Gnosis Chain; CoW's and Dune's token lists"),
    ("cDAI", "ethereum", "not in the token list; CoW's token list, Dune's spellbook"),
    (
        "rETH",
        "arbitrum base optimism",
        "not in the token list; Rocket Pool's documentation, Dune's spellbook",
    ),
    ("sDAI", "ethereum", "not in the token list; CoW's token list, Spark's address registry"),
    ("sUSDS", "ethereum", "not in the token list; CoW's token list, Spark's address registry"),
    (
        "sUSDe",
        "arbitrum base ethereum optimism",
        "not in the token list; CoW's and SmolDapp's token lists, one address on all but Ethereum",
    ),
    ("spWETH", "ethereum", "not in the token list; Spark's address registry, defi-kit"),
    ("steCRV", "ethereum", "not in the token list; Dune's spellbook, safe-eth-py"),
    ("threeCRV", "ethereum", "not in the token list; Dune's spellbook, CoW's token list"),
    ("weETH", "ethereum", "not in the token list; CoW's token list, Aave's address book"),
    (
        "wstETH",
        "arbitrum base optimism polygon",
        "not in the token list; Lido's documentation, Dune's spellbook",
    ),
    ("wstETH", "gnosis", "the token list has no Gnosis Chain; CoW's token list, Dune's spellbook"),
];

/// The gate hashes a user operation for an entry point by its address, the library describes it: both mean the same ones.
#[test]
fn entry_points_are_those_of_the_gate() {
    let versions = [
        ("EntryPoint_0_6", EntryPoint::V06),
        ("EntryPoint_0_7", EntryPoint::V07),
        ("EntryPoint", EntryPoint::V08),
    ];
    let mut found = 0;
    for Deployment { name, chain, address, .. } in deployments() {
        let Some((_, version)) = versions.iter().find(|(known, _)| *known == name) else { continue };
        let address: Address = address.unwrap().parse().unwrap();
        assert_eq!(address, version.address(), "{name} on {chain}");
        found += 1;
    }
    assert_eq!(found, 18);
}

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
    let each = |(name, chains, _): &(&str, &str, &str)| {
        chains.split(' ').map(|chain| ((*name).to_owned(), chain.to_owned())).collect::<Vec<_>>()
    };
    let unlisted: BTreeSet<_> = UNLISTED.iter().flat_map(each).collect();
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
