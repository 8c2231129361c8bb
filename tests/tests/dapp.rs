//! What a wallet's test page asks for (its makers label some of it malicious or malformed), under one sensible policy: nothing of
//! that kind passes, and each is denied for the reason that is really wrong with it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use agentpol_analysis::ruleset::Bound;
use agentpol_compiler::{NoFiles, SourceFile, compile, lower::lower};
use agentpol_ethereum::{Facts, read};
use agentpol_model::{Address, decision::DenyCode};
use agentpol_runtime::{Binding, Policy};
use agentpol_vm::Scratch;
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, fs, path::Path};

/// Pays a friend, swaps a little, signs permits for the router and greetings.
const POLICY: &str = r#"policy sensible on ethereum, base, arbitrum, optimism, polygon

use std::tokens::{USDC, WETH}
use std::uniswap_v3::SwapRouter02

let friend = 0x0c54FcCd2e384b4BB6f2E405Bf5Cbc15a017AaFb

fees at most 0.01 ETH
budget daily: 500 USDC per 24h
budget gas: 0.05 ETH of fees per 24h

allow gift: send(to, value) on ethereum, base, arbitrum, optimism {
    when to == friend and value <= 0.1 ETH
}
allow pay: USDC.transfer(to, amount) {
    when to == friend
}
allow approve: USDC.approve(spender, amount) {
    when spender == SwapRouter02 and amount <= 500 USDC
}
allow permit: sign USDC.Permit(m) {
    when m.owner == wallet and m.spender == SwapRouter02 and m.value <= 500 USDC and m.deadline <= now + 30min
}
allow greet: message(text) {
    when text.starts_with("Hello")
}
"#;

const NOW: u64 = 1_795_428_000;

/// By what is asked for and where: why it is denied. The last that fits counts.
const REASONS: &[(&str, &str, DenyCode)] = &[
    // Ether and dollars for strangers, and for a stranger's spending.
    ("RawEth", "", DenyCode::NoRule),
    ("ERC20Transfer", "", DenyCode::NoRule),
    ("Approval", "", DenyCode::NoRule),
    // On Polygon the page means the bridged token, which is another one.
    ("ERC20Transfer", "@137", DenyCode::UnknownContract),
    ("Approval", "@137", DenyCode::UnknownContract),
    ("SetApprovalForAll", "", DenyCode::UnknownContract),
    ("ContractInteraction", "", DenyCode::UnknownContract),
    // The permit is for dollars on Ethereum and for tokens that nobody named elsewhere; the orders are for markets.
    ("Permit", "", DenyCode::UnknownContract),
    ("Permit", "@1", DenyCode::NoRule),
    ("TradeOrder", "", DenyCode::UnknownContract),
    ("Seaport", "", DenyCode::UnknownContract),
    ("", "@56", DenyCode::WrongChain),
    ("", "@11155111", DenyCode::WrongChain),
];

fn rows(folder: &str) -> Option<Vec<Json>> {
    #[expect(clippy::disallowed_methods, reason = "tests find their data through the environment")]
    let corpora = std::env::var("AGENTPOL_CORPORA").map(Into::into);
    let corpora =
        corpora.unwrap_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora"));
    let path = corpora.join(folder).join("metamask_test_dapp.jsonl");
    let Ok(text) = fs::read_to_string(&path) else {
        println!("skipped: no corpora at {} (set AGENTPOL_CORPORA)", path.display());
        return None;
    };
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// The request as the page's wallet would have passed it on.
fn request(row: &Json) -> String {
    let chain = row["chainId"].as_u64().unwrap();
    let params = match row.get("typedData") {
        Some(typed) => json!([row["from"].as_str().unwrap_or(WALLET), typed]),
        None => json!([row["raw"]]),
    };
    let method = row["method"].as_str().unwrap_or("eth_signTypedData_v4");
    json!({"id": row["id"], "chainId": chain, "request": {"method": method, "params": params}}).to_string()
}

const WALLET: &str = "0x1111111111111111111111111111111111111111";

#[test]
fn nothing_malicious_or_malformed_passes() {
    let (Some(mut rows), Some(typed)) = (rows("tx"), rows("typed_data")) else { return };
    rows.extend(typed);
    let wallet: Address = WALLET.parse().unwrap();
    let compiled = compile(SourceFile::new("sensible", POLICY.to_owned()), &NoFiles);
    let rules = compiled.ruleset.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    let bound = Bound::new(&rules, wallet, BTreeMap::new()).unwrap();
    let binding = Binding { wallet, signer: wallet, params: BTreeMap::new() };
    let policy = Policy::new(lower(&rules).unwrap(), &binding).unwrap();
    let facts = Facts { wallet, signer: wallet, agent: None, now: NOW };
    let (mut tally, mut wrong) = (BTreeMap::<_, usize>::new(), Vec::new());
    for row in &rows {
        let (id, label) = (row["id"].as_str().unwrap(), row["label"].as_str().unwrap_or_default());
        let ruled = match read(&request(row)) {
            Err(refusal) => Err(refusal.code),
            Ok(owned) => match owned.lend(&facts) {
                Err(refusal) => Err(refusal.code),
                Ok(lent) => {
                    let mut scratch = Scratch::new(policy.rules());
                    let ruled = policy.rules().decide(&lent.request(), &mut scratch).map_err(|d| d.code);
                    assert_eq!(
                        ruled,
                        rules.decide(&lent.request(), &bound).map(drop).map_err(|d| d.code),
                        "{id}"
                    );
                    ruled
                }
            },
        };
        *tally.entry((label.to_owned(), ruled.map_err(DenyCode::name))).or_default() += 1;
        if label == "benign" {
            continue;
        }
        let reason = REASONS.iter().rev().find(|(what, at, _)| id.contains(what) && id.ends_with(at));
        if ruled != reason.map_or(Ok(()), |(.., code)| Err(*code)) || ruled.is_ok() {
            wrong.push(format!("{id} ({label}): {ruled:?}"));
        }
    }
    println!("{tally:#?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
