//! What is denied that need not be: every recorded call and every recorded typed data in its one encoding, for a contract and a
//! function of the library, under a policy that grants whatever is understood. What is denied all the same is named here, and why.

use crate::{
    corpora::{ACCEPTS, open, open_and, rows},
    world::{START, Shipped, wallet},
};
use agentpol_analysis::ruleset::{Callable, Target};
use agentpol_ethereum::{Facts, read};
use agentpol_model::{
    Address, U256,
    decision::{Denied, DenyCode},
    request::{Action, Envelope, Kind, Request},
};
use alloy_primitives::hex;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// What stands for its row, why it is denied, and whether that is a false denial: one of what a careful owner might well want.
const EXPLAINED: &[(&str, DenyCode, &str, bool)] = &[
    ("UniswapV3Router02#", DenyCode::UnknownToken, "a token of it is not the library's", false),
    ("ERC20_PERMIT_NO_APPROVE", DenyCode::UnknownToken, "a token of it is not the library's", false),
    ("ERC20_PERMIT_AND_APPROVE", DenyCode::UnknownToken, "a token of it is not the library's", false),
    (
        "WrappedTokenGatewayV3#2",
        DenyCode::Unlimited,
        "everything goes to whoever is named; in the record that was the sender itself",
        false,
    ),
    (
        "lpv2#2",
        DenyCode::Unlimited,
        "everything goes to whoever is named; in the record that was the sender itself",
        false,
    ),
    (
        "lpv2#0",
        DenyCode::Unlimited,
        "a debt is paid back whole: the pool is not trusted with everything",
        true,
    ),
    (
        "eip712-permit-ethereum-usds#0",
        DenyCode::WrongDomain,
        "recorded for another domain than the token's",
        false,
    ),
    ("signPermitBatch@1", DenyCode::WrongDomain, "its domain has a version, Permit2's has none", false),
    ("signPermitSingle@1", DenyCode::WrongDomain, "its domain has a version, Permit2's has none", false),
];

/// These say that the library does not know it.
const UNKNOWN: [DenyCode; 4] =
    [DenyCode::WrongChain, DenyCode::UnknownContract, DenyCode::UnknownFunction, DenyCode::UnknownType];

/// The policy, and one for each payable function that was sent value: a rule that does not mention value allows none.
struct Policies {
    open: Shipped,
    paid: BTreeMap<String, Shipped>,
}

impl Policies {
    /// The one that grants the call with its value.
    fn of(&mut self, request: &Request<'_>) -> &Shipped {
        let action = &request.actions[0];
        let understood = self.open.rules.understand(request, action, &self.open.bound);
        let callable = understood.ok().and_then(|understood| Some(understood.callable?.1.clone()));
        let (Some(callable), true) = (callable, action.value > U256::ZERO) else { return &self.open };
        let Some(function) = &callable.function else { return &self.open };
        let declares = |text: &str| text.contains(&format!("contract {}: ", callable.contract));
        let Some((module, _)) = agentpol_stdlib::MODULES.iter().find(|(_, text)| declares(text)) else {
            return &self.open;
        };
        let args: Vec<String> = (0..function.inputs.len()).map(|n| format!("a{n}")).collect();
        let subject = format!("{}.{}({})", callable.contract, function.name, args.join(", "));
        let rule = format!(
            "use std::{module}::{}\n\nallow paid: {subject} on ethereum {{\n    over everything\n    when value >= 0 ETH\n{ACCEPTS}}}\n",
            callable.contract
        );
        self.paid.entry(subject).or_insert_with(|| open_and(&rule))
    }
}

fn call(policies: &mut Policies, row: &Json) -> Option<Result<(), Denied>> {
    let canonical = row["expected"]["canonical"].as_bool() == Some(true);
    let data = row["data"].as_str().filter(|_| canonical).and_then(|data| hex::decode(data).ok())?;
    let to: Address = row["to"].as_str()?.parse().ok()?;
    let value: U256 = row["value"].as_str().and_then(|value| value.parse().ok()).unwrap_or_default();
    let kind = if data.is_empty() { Kind::Send } else { Kind::Call };
    let action = Action { kind, from: wallet(), to, value, command: [0; 4], data: &data };
    let request = Request {
        chain: row["chainId"].as_u64().unwrap_or(1),
        wallet: wallet(),
        signer: wallet(),
        agent: None,
        now: START,
        envelope: Envelope::default(),
        actions: &[action],
    };
    Some(policies.of(&request).rule(&request).map(drop))
}

fn signature(open: &Shipped, row: &Json) -> Option<Result<(), Denied>> {
    let data = row.get("typedData")?;
    row["expected"]["digest"].as_str()?;
    let (chain, contract) = (&data["domain"]["chainId"], data["domain"]["verifyingContract"].as_str());
    let chain = chain.as_u64().or_else(|| chain.as_str()?.parse().ok())?;
    let contract: Address = contract?.parse().ok()?;
    let is_it = |callable: &Callable| {
        callable.kind == Kind::Sign
            && callable.chain == chain
            && callable.target == Some(Target::Fixed(contract))
            && callable.function.as_ref().map(|function| function.name.as_str())
                == data["primaryType"].as_str()
    };
    if !open.rules.callables.iter().any(is_it) {
        return None;
    }
    let params = json!([wallet().to_string(), data]);
    let text = json!({ "request": { "method": "eth_signTypedData_v4", "params": params } }).to_string();
    let facts = Facts { wallet: wallet(), signer: wallet(), agent: None, now: START };
    let refused = |code| Denied { code, rule: None, action: 0, offset: None };
    let request = match read(&text) {
        Ok(request) => request,
        Err(refusal) => return Some(Err(refused(refusal.code))),
    };
    let lent = request.lend(&facts).ok()?;
    Some(open.rule(&lent.request()).map(drop))
}

#[test]
fn what_is_canonical_and_known_can_be_allowed() {
    let all = [rows("tx"), rows("typed_data")].concat();
    if all.is_empty() {
        return;
    }
    let mut policies = Policies { open: open(), paid: BTreeMap::new() };
    let (mut known, mut strange) = (0, 0);
    let mut denied: BTreeMap<String, DenyCode> = BTreeMap::new();
    for row in &all {
        let Some(ruled) = call(&mut policies, row).or_else(|| signature(&policies.open, row)) else {
            continue;
        };
        match ruled {
            Err(fault) if UNKNOWN.contains(&fault.code) => strange += 1,
            Err(fault) => {
                known += 1;
                denied.insert(row["id"].as_str().unwrap().to_owned(), fault.code);
            }
            Ok(()) => known += 1,
        }
    }
    let explained =
        |id: &str, code: DenyCode| EXPLAINED.iter().find(|(what, of, ..)| id.contains(what) && *of == code);
    let unexplained: Vec<_> = denied.iter().filter(|(id, code)| explained(id, **code).is_none()).collect();
    let needless = denied.iter().filter(|(id, code)| explained(id, **code).is_some_and(|why| why.3)).count();
    let used: BTreeSet<_> = denied.iter().filter_map(|(id, code)| explained(id, *code)).collect();
    println!(
        "{known} canonical rows of what the library knows ({strange} of what it does not): {} denied, {needless} of them needlessly",
        denied.len()
    );
    for (what, code, why, _) in &used {
        let count =
            denied.iter().filter(|(id, of)| explained(id, **of).is_some_and(|e| e.0 == *what)).count();
        println!("{count:>4} {what}: {code}, {why}");
    }
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    assert_eq!(used.len(), EXPLAINED.len(), "an explanation that nothing needs");
    assert!(known >= 90, "{known} rows");
    assert!(
        needless * 100 <= known,
        "{needless} of {known} are denied needlessly: more than one in a hundred"
    );
}
