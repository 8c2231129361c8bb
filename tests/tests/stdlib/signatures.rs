//! Functions against published ABIs: the same signature (so the same selector), payable where the ABI says so.

use crate::read::{corpora, functions};
use agentpol_abi::{json, selector};
use std::collections::{BTreeMap, BTreeSet};

/// Which ABIs of the corpora declare the functions of an interface.
const ABIS: &[(&str, &[&str])] = &[
    ("EIP2612", &["ERC20Permit"]),
    ("EIP3009", &["defikit_mainnet_usdc"]),
    ("ERC1155", &["ERC1155"]),
    // OpenZeppelin's own ABI has no increaseAllowance any more; Circle's token has it.
    ("ERC20", &["ERC20", "defikit_mainnet_usdc"]),
    ("ERC4626", &["ERC4626"]),
    ("ERC721", &["ERC721"]),
    ("Gateway", &["defikit_base_aaveV3_wrappedTokenGatewayV3"]),
    ("PoolV3", &["AaveV3Pool"]),
    ("PositionManager", &["NonfungiblePositionManager"]),
    ("Queue", &["defikit_mainnet_lido_unstEth"]),
    ("RouterV2", &["UniswapV2Router02"]),
    ("RouterV3", &["UniswapV3SwapRouter"]),
    ("RouterV3Two", &["SwapRouter02"]),
    ("Staking", &["defikit_mainnet_lido_stEth"]),
    ("Wrapper", &["defikit_mainnet_lido_wstEth"]),
    ("WrappedNative", &["defikit_mainnet_weth"]),
];

#[test]
fn every_function_is_one_of_its_published_abi() {
    let Some(corpora) = corpora() else { return };
    let abis: BTreeMap<&str, Vec<_>> = ABIS
        .iter()
        .map(|(interface, files)| {
            let read = |file: &&str| {
                let path = corpora.join("abis").join(file).with_extension("json");
                json::parse(&std::fs::read_to_string(&path).unwrap())
                    .unwrap_or_else(|e| panic!("{file}: {e:?}"))
            };
            (*interface, files.iter().flat_map(read).collect())
        })
        .collect();
    let mut wrong = Vec::new();
    for declared in functions() {
        let Some(abi) = abis.get(declared.interface.as_str()) else {
            wrong.push(format!("{}: no ABI to compare it with", declared.interface));
            continue;
        };
        match abi.iter().find(|f| f.signature() == declared.signature) {
            None => wrong.push(format!("{}.{}: not in its ABI", declared.interface, declared.signature)),
            Some(f) if f.payable() != declared.payable => {
                wrong.push(format!(
                    "{}.{}: the ABI says payable: {}",
                    declared.interface,
                    f.signature(),
                    f.payable()
                ));
            }
            Some(f) => assert_eq!(f.selector(), selector(&declared.signature)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_interface_declares_a_selector_twice() {
    let mut seen = BTreeSet::new();
    for declared in functions() {
        let key = (declared.interface.clone(), selector(&declared.signature));
        assert!(seen.insert(key), "{}.{} stands twice", declared.interface, declared.signature);
    }
}

#[test]
fn well_known_selectors() {
    let selectors: BTreeMap<String, String> = functions()
        .into_iter()
        .map(|f| (format!("{}.{}", f.interface, f.signature), format!("{:?}", selector(&f.signature))))
        .collect();
    for (function, known) in [
        ("ERC20.transfer(address,uint256)", [0xa9, 0x05, 0x9c, 0xbb]),
        ("ERC20.approve(address,uint256)", [0x09, 0x5e, 0xa7, 0xb3]),
        ("WrappedNative.deposit()", [0xd0, 0xe3, 0x0d, 0xb0]),
        ("PoolV3.supply(address,uint256,address,uint16)", [0x61, 0x7b, 0xa0, 0x37]),
        (
            "RouterV3Two.exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))",
            [0x04, 0xe4, 0x5a, 0xaf],
        ),
    ] {
        assert_eq!(selectors.get(function), Some(&format!("{:?}", known)), "{function}");
    }
}
