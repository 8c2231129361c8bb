//! Typed data: the types' hashes as their contracts have them, and the domains of what others recorded.

use crate::read::corpora;
use agentpol_analysis::ruleset::{Callable, RuleSet, Target};
use agentpol_ethereum::typed_data::TypedData;
use agentpol_model::request::Kind;
use std::collections::{BTreeMap, BTreeSet};

/// As the contracts' sources write them out, or compute them from the type that they write out.
const HASHES: &[(&str, &str, &str)] = &[
    ("AggregationRouterV6", "Order", "3af21ec5a20011b88d3b7b4ed7c806cef05a5980cf34974bcd53566a131f7e4c"),
    ("DAI", "Permit", "ea2aa0a1be11a07ed86d755c93467f4f82362b452371d1ba94d1715123511acb"),
    ("DelegationManager", "Delegation", "88c1d2ecf185adf710588203a5f263f0ff61be0d33da39792cde19ba9aa4331e"),
    ("Morpho", "Authorization", "81d0284fb0e2cde18d0553b06189d6f7613c96a01bb5b5e7828eade6a0dcac91"),
    (
        "NonfungiblePositionManager",
        "Permit",
        "49ecf333e5b8c95c40fdafc95c1ad136e8914a8fb55e9dc8bb01eaa83a2df9ad",
    ),
    ("Permit2", "PermitBatch", "af1b0d30d2cab0380e68f0689007e3254993c596f2fdd0aaa7f4d04f79440863"),
    (
        "Permit2",
        "PermitBatchTransferFrom",
        "fcf35f5ac6a2c28868dc44c302166470266239195f02b0ee408334829333b766",
    ),
    ("Permit2", "PermitSingle", "f3841cd1ff0085026a6327b620b67997ce40f282c88a8e905a7a5626e310f3d0"),
    ("Permit2", "PermitTransferFrom", "939c21a48a8dbe3a9a2404a1d46691e4d39f6583d6ec6b35714604c986d80106"),
    ("PositionManager", "Permit", "49ecf333e5b8c95c40fdafc95c1ad136e8914a8fb55e9dc8bb01eaa83a2df9ad"),
    ("PositionManager", "PermitForAll", "6673cb397ee2a50b6b8401653d3638b4ac8b3db9c28aa6870ffceb7574ec2f76"),
    ("Settlement", "Order", "d5a25ba2e97094ad7d83dc28a6572da797d6b3e7fc6663bd93efb789fc17e489"),
    ("USDC", "CancelAuthorization", "158b0a9edf7a828aad02f63cd515c68ef2f50ba807396f6d12842833a1597429"),
    ("USDC", "Permit", "6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9"),
    ("USDC", "ReceiveWithAuthorization", "d099cc98ef71107a616c4f0f941f04c322d8e254fe26b3c6668db87aae413de8"),
    ("USDC", "TransferWithAuthorization", "7c7c6cdb67a18743f49ec6fa9b35f50d52ed05cbed4cc592e13b44501c1a2267"),
    ("mine", "SafeTx", "bb8310d486368db6bd6f849402fdd73ad53d316b5a4b2644ad6efe0f941286d8"),
];

/// Recorded for a contract of the library, but not for its domain, or not of a type that it declares; and why.
const OTHERS: &[(&str, &str)] = &[
    ("ARB on 42161: Delegation for Arbitrum 1", "votes are delegated: nothing moves, nothing is declared"),
    ("DAI on 1: Permit for Dai Stablecoin 1", "a permit of another form than this token has"),
    ("Permit2 on 1: PermitSingle for Permit2 1", "its domain has no version"),
    (
        "Permit2 on 1: PermitWitnessTransferFrom for Permit2",
        "an order with a witness of its own form, which is not declared",
    ),
    ("USDS on 1: Permit for Clear Signing Token 1", "another domain than the token's"),
];

/// The library, and a Safe of the wallet's own.
fn rules() -> RuleSet {
    let modules = agentpol_stdlib::MODULES.iter().map(|(name, _)| *name).filter(|name| *name != "chains");
    let uses: String = modules.map(|name| format!("use std::{name}\n")).collect();
    let text = format!(
        "policy everything on ethereum, base, arbitrum, optimism, polygon, gnosis\n\n{uses}\ncontract mine: std::safe::SafeAccount on \
         ethereum at wallet domain \"\" \"\"\n"
    );
    let compiled = agentpol_compiler::compile(
        agentpol_compiler::SourceFile::new("everything", text),
        &agentpol_compiler::NoFiles,
    );
    compiled.ruleset.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics))
}

fn signed(rules: &RuleSet) -> impl Iterator<Item = &Callable> {
    rules.callables.iter().filter(|callable| callable.kind == Kind::Sign)
}

#[test]
fn type_hashes_are_those_of_the_contracts() {
    let rules = rules();
    let mut found = BTreeMap::new();
    for callable in signed(&rules) {
        let name = callable.function.as_ref().unwrap().name.clone();
        let hash = callable.typed.as_ref().unwrap().type_hash;
        found.insert((callable.contract.clone(), name), format!("{hash:x}"));
    }
    for (contract, name, hash) in HASHES {
        let ours = found.get(&((*contract).to_owned(), (*name).to_owned()));
        assert_eq!(ours.map(String::as_str), Some(*hash), "{contract}.{name}");
    }
    // What is not named above is a permit as EIP-2612 has it.
    let permit =
        HASHES.iter().find(|(contract, name, _)| (*contract, *name) == ("USDC", "Permit")).unwrap().2;
    for ((contract, name), hash) in &found {
        let named = HASHES.iter().any(|(c, n, _)| c == contract && n == name);
        assert!(named || (name == "Permit" && hash == permit), "{contract}.{name} is {hash}");
    }
}

/// What others recorded for contracts of the library: where the domain is the one declared, the type is one of the contract's.
#[test]
fn recorded_typed_data_is_the_librarys() {
    let Some(corpora) = corpora() else { return };
    let rules = rules();
    let (mut equal, mut other) = (BTreeSet::new(), BTreeSet::new());
    for file in ["typed_data/ledger_erc7730.jsonl", "typed_data/metamask_test_dapp.jsonl"] {
        for line in std::fs::read_to_string(corpora.join(file)).unwrap().lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let Ok(read) = TypedData::read(&row["typedData"].to_string()) else { continue };
            let domain = read.domain();
            let (Some(chain), Some(contract)) = (domain.chain, domain.contract) else { continue };
            let chain: u64 = chain.try_into().unwrap();
            let at = |callable: &&Callable| {
                callable.target == Some(Target::Fixed(contract)) && callable.chain == chain
            };
            let here: Vec<&Callable> = signed(&rules).filter(at).collect();
            let Some(first) = here.first() else { continue };
            let said = ["name", "version"].map(|member| row["typedData"]["domain"][member].as_str());
            let said: Vec<&str> = said.into_iter().flatten().collect();
            let id = format!("{} on {chain}: {} for {}", first.contract, read.primary_type(), said.join(" "));
            let fits = here.iter().any(|callable| {
                let typed = callable.typed.as_ref().unwrap();
                typed.type_hash == read.type_hash()
                    && typed.domain_separator(chain, contract) == domain.separator
            });
            if fits {
                equal.insert(id)
            } else {
                other.insert(id)
            };
        }
    }
    assert!(equal.len() >= 12, "only {equal:#?}");
    assert!(equal.is_disjoint(&other));
    let named: BTreeSet<String> = OTHERS.iter().map(|(id, _)| (*id).to_owned()).collect();
    assert_eq!(other, named, "left: what does not fit; right: what this file names");
}
