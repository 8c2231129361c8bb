//! Functions against published ABIs: the same signature (so the same selector), payable where the ABI says so.

use crate::read::{corpora, functions};
use agentpol_abi::{json, selector};
use std::collections::{BTreeMap, BTreeSet};

/// Which ABIs of the corpora declare the functions of an interface.
const ABIS: &[(&str, &[&str])] = &[
    ("AllowanceTransfer", &["Permit2"]),
    ("Boosting", &["defikit_mainnet_convex_booster"]),
    ("BulkerV3", &["defikit_mainnet_compoundV3_mainnetBulker"]),
    ("CometRewardsV3", &["defikit_mainnet_compoundV3_cometRewards"]),
    ("ComposableOrders", &["defikit_mainnet_cowSwap_composableCow"]),
    ("ComptrollerV2", &["defikit_mainnet_compoundV2_comptroller"]),
    ("CreditDelegation", &["defikit_mainnet_aaveV2_variableDebtWeth"]),
    ("CrvDeposits", &["defikit_mainnet_convex_crvDepositor"]),
    ("CvxCrvStaking", &["defikit_mainnet_convex_stkCvxCrv"]),
    ("CvxLocking", &["defikit_mainnet_convex_vlCvx"]),
    ("CvxStaking", &["defikit_mainnet_convex_cvxRewardPool"]),
    ("DaiMarket", &["defikit_mainnet_compoundV2_cToken"]),
    ("DaiPermit", &["defikit_mainnet_dai"]),
    ("DebtToken", &["defikit_mainnet_aaveV2_variableDebtWeth"]),
    ("DepositAndStake", &["defikit_mainnet_curve_stakeDepositZap"]),
    ("EIP2612", &["ERC20Permit"]),
    ("EIP3009", &["defikit_mainnet_usdc"]),
    ("ERC1155", &["ERC1155"]),
    // OpenZeppelin's own ABI has no increaseAllowance any more; Circle's token has it.
    ("ERC20", &["ERC20", "defikit_mainnet_usdc"]),
    ("ERC4626", &["ERC4626"]),
    ("ERC721", &["ERC721"]),
    ("EntryPointDeposits", &["EntryPoint_v0_7"]),
    ("EntryPointPacked", &["EntryPoint_v0_7"]),
    ("EntryPointUnpacked", &["EntryPoint_v0_6"]),
    ("EtherMarket", &["defikit_mainnet_compoundV2_cEth"]),
    ("FiatTokenV2_2", &["defikit_base_usdc"]),
    ("Gateway", &["defikit_base_aaveV3_wrappedTokenGatewayV3"]),
    ("GatewayV2", &["defikit_mainnet_aaveV2_wrappedTokenGatewayV2"]),
    ("GatewayXdai", &["defikit_base_aaveV3_wrappedTokenGatewayV3"]),
    ("GaugeMinting", &["defikit_mainnet_curve_crvMinter"]),
    ("Manager", &["defikit_mainnet_compoundV3_cUsdcV3"]),
    ("Market", &["defikit_base_compoundV3_cUsdcV3"]),
    ("Merit", &["defikit_mainnet_aaveV3_meritDistributor"]),
    ("MessageTransmitter", &["defikit_base_circleV1_messageTransmitter"]),
    ("MultiSendCalls", &["Safe_v1_3_0_multi_send_call_only"]),
    ("Multicall3Calls", &["Multicall3"]),
    ("OrderSigning", &["defikit_mainnet_cowSwap_orderSigner"]),
    ("PoolPacked", &["defikit_arbitrumOne_aaveV3_poolV3"]),
    ("PoolStaking", &["defikit_mainnet_convex_rewarder"]),
    ("PoolV2", &["defikit_mainnet_aaveV2_poolV2"]),
    ("PoolV3", &["AaveV3Pool", "defikit_arbitrumOne_aaveV3_poolV3"]),
    ("PositionManager", &["NonfungiblePositionManager"]),
    ("Queue", &["defikit_mainnet_lido_unstEth"]),
    ("RepayAll", &["defikit_mainnet_compoundV2_maximillion"]),
    ("Rewards", &["defikit_mainnet_aaveV3_incentivesV3"]),
    ("RocketDeposits", &["defikit_mainnet_rocketPool_depositPool"]),
    ("RocketSwaps", &["defikit_mainnet_rocketPool_swapRouter"]),
    ("RocketToken", &["defikit_mainnet_rocketPool_rEth"]),
    ("Router", &["UniversalRouter"]),
    ("RouterHop", &["UniversalRouter"]),
    ("RouterV1", &["UniversalRouter"]),
    ("RouterV2", &["UniswapV2Router02"]),
    ("RouterV3", &["UniswapV3SwapRouter"]),
    ("RouterV3Two", &["SwapRouter02"]),
    ("SafeAccount", &["Safe_v1_4_1_safe"]),
    ("SavingsDai", &["ERC4626"]),
    ("SavingsUsds", &["ERC4626"]),
    ("Settling", &["GPv2Settlement"]),
    ("SignatureTransfer", &["Permit2_ISignatureTransfer"]),
    ("SimpleAccount", &["SimpleAccount_v0_8"]),
    ("SparkGateway", &["AaveV3WrappedTokenGateway"]),
    ("Staked", &["defikit_mainnet_aaveV3_stkAave"]),
    ("Staking", &["defikit_mainnet_lido_stEth"]),
    ("TokenMessengerV1", &["defikit_base_circleV1_tokenMessenger"]),
    ("TokenMessengerV2", &["defikit_base_circleV2_tokenMessenger"]),
    ("UsdcMarket", &["defikit_mainnet_compoundV2_cToken"]),
    ("WrappedNative", &["defikit_mainnet_weth"]),
    ("Wrapper", &["defikit_mainnet_lido_wstEth"]),
];

/// Functions that no ABI of the corpora has as they are, with their selectors as they are published, and by whom.
const ELSEWHERE: &str = include_str!("elsewhere.txt");

/// Interface and selector of what stands there, and whether it is payable.
fn elsewhere() -> BTreeMap<(String, String), bool> {
    let mut all = BTreeMap::new();
    for line in ELSEWHERE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<&str> = line.split(' ').collect();
        let (interface, published, payable) = match words.as_slice() {
            [interface, published, _] => (interface, published, false),
            [interface, published, "payable", _] => (interface, published, true),
            _ => panic!("{line}"),
        };
        let known = all.insert(((*interface).to_owned(), (*published).to_owned()), payable);
        assert!(known.is_none(), "{line} stands twice");
    }
    all
}

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
    let (mut wrong, mut elsewhere) = (Vec::new(), elsewhere());
    for declared in functions() {
        let [a, b, c, d] = selector(&declared.signature);
        let key = (declared.interface.clone(), format!("0x{a:02x}{b:02x}{c:02x}{d:02x}"));
        if let Some(payable) = elsewhere.remove(&key) {
            assert_eq!(payable, declared.payable, "{}.{}", declared.interface, declared.signature);
            continue;
        }
        let Some(abi) = abis.get(declared.interface.as_str()) else {
            wrong.push(format!("{} {} {}: no ABI", declared.interface, key.1, declared.signature));
            continue;
        };
        match abi.iter().find(|f| f.signature() == declared.signature) {
            None => {
                wrong.push(format!("{} {} {}: not in its ABI", declared.interface, key.1, declared.signature))
            }
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
    assert!(elsewhere.is_empty(), "named, but not declared: {elsewhere:?}");
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
