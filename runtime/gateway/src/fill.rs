//! What a request leaves open is filled in as a node would: gas by an estimate, fees by what blocks cost. The nonce stays open:
//! the gate gives it, with its reservation, so that no two requests get the same and a denied one gets none.

use crate::{
    node::{Node, NodeError, Quantity, ask},
    rpc::{Fault, code},
};
use agentpol_ethereum::{Draft, Fee, OwnedRequest, gas::BASE, validity::MAX_GAS_LIMIT};
use agentpol_model::{Address, U256};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Blocks whose fees are looked at.
const BLOCKS: u64 = 5;
/// Wei per gas for the builder, where the node cannot say what others pay.
const PRIORITY: u128 = 1_000_000_000;

/// What gas costs now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prices {
    /// Of the next block, if the chain has one.
    base: u128,
    /// For the builder.
    priority: u128,
}

/// Fills in gas and fees. `gas`: the limit, where it is known without asking.
pub(crate) async fn fill(
    node: &dyn Node,
    signer: Address,
    fee_cap: Option<U256>,
    request: OwnedRequest,
    gas: Option<u64>,
) -> Result<OwnedRequest, Fault> {
    let Some(draft) = request.draft() else { return Ok(request) };
    let mut draft = draft.clone();
    let limit = match draft.gas_limit.or(gas) {
        Some(limit) => limit,
        None => estimate(node, signer, &draft).await?,
    };
    draft.gas_limit = Some(limit);
    match &mut draft.fee {
        Fee::Legacy { gas_price } | Fee::AccessList { gas_price } => {
            if gas_price.is_none() {
                let price: Quantity = ask(node, "eth_gasPrice", &[(); 0]).await.map_err(unavailable)?;
                *gas_price = Some(per_gas(price)?);
            }
        }
        Fee::Dynamic { max_fee_per_gas, max_priority_fee_per_gas } => {
            if max_fee_per_gas.is_none() || max_priority_fee_per_gas.is_none() {
                let prices = prices(node).await?;
                let max = *max_fee_per_gas.get_or_insert_with(|| {
                    let own = max_priority_fee_per_gas.unwrap_or(prices.priority);
                    Prices { priority: own, ..prices }.max_fee(limit, fee_cap)
                });
                max_priority_fee_per_gas.get_or_insert(prices.priority.min(max));
            }
        }
    }
    OwnedRequest::new(draft, request.from())
        .map_err(|refusal| Fault::new(code::CANNOT_EXECUTE, format!("cannot execute: {refusal}")))
}

impl Prices {
    /// Room for the base fee to double, or for as much as the policy's cap leaves; never less than the next block may cost.
    fn max_fee(self, gas: u64, cap: Option<U256>) -> u128 {
        let generous = self.base.saturating_mul(2).saturating_add(self.priority);
        let least = self.base.saturating_add(self.base / 8).saturating_add(self.priority);
        let most = cap.and_then(|cap| cap.checked_div(U256::from(gas)));
        match most.map(|most| u128::try_from(most).unwrap_or(u128::MAX)) {
            Some(most) if most < generous => most.max(least),
            _ => generous,
        }
    }
}

async fn prices(node: &dyn Node) -> Result<Prices, Fault> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct History {
        base_fee_per_gas: Vec<Quantity>,
        #[serde(default)]
        reward: Option<Vec<Vec<Quantity>>>,
    }
    let question = (Quantity::from(BLOCKS), "latest", [50]);
    let history: Result<History, NodeError> = ask(node, "eth_feeHistory", &question).await;
    // The last one is that of the block to come.
    if let Ok(History { base_fee_per_gas, reward }) = history
        && let Some(base) = base_fee_per_gas.last()
    {
        let mut paid: Vec<Quantity> =
            reward.into_iter().flatten().filter_map(|of| of.first().copied()).collect();
        paid.sort_unstable();
        let priority = match paid.get(paid.len() / 2) {
            Some(median) => per_gas(*median)?,
            None => priority(node).await?,
        };
        return Ok(Prices { base: per_gas(*base)?, priority });
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Block {
        base_fee_per_gas: Quantity,
    }
    let block: Block = ask(node, "eth_getBlockByNumber", &("latest", false)).await.map_err(unavailable)?;
    Ok(Prices { base: per_gas(block.base_fee_per_gas)?, priority: priority(node).await? })
}

async fn priority(node: &dyn Node) -> Result<u128, Fault> {
    match ask::<Quantity>(node, "eth_maxPriorityFeePerGas", &[(); 0]).await {
        Ok(price) => per_gas(price),
        Err(_) => Ok(PRIORITY),
    }
}

fn per_gas(Quantity(wei): Quantity) -> Result<u128, Fault> {
    u128::try_from(wei)
        .map_err(|_| Fault::new(code::UNAVAILABLE, "the node names a price that nobody could pay"))
}

/// The gas limit: a fifth more than the node says, for what changes until it lands. A plain transfer takes what it takes.
async fn estimate(node: &dyn Node, signer: Address, draft: &Draft) -> Result<u64, Fault> {
    let estimate: Quantity = match ask(node, "eth_estimateGas", &(call(signer, draft), "pending")).await {
        Ok(estimate) => estimate,
        Err(refused @ NodeError::Refused { .. }) => return Err(failing(refused)),
        Err(other) => return Err(unavailable(other)),
    };
    limit(estimate, 5)
}

/// The gas limits of calls that are made one after another, if the node can play them through.
pub(crate) async fn estimate_all(
    node: &dyn Node,
    signer: Address,
    drafts: &[Draft],
) -> Result<Option<Vec<u64>>, Fault> {
    #[derive(Deserialize)]
    struct Block {
        calls: Vec<Played>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Played {
        status: Quantity,
        gas_used: Quantity,
    }
    let calls: Vec<Value> = drafts.iter().map(|draft| call(signer, draft)).collect();
    let question = (json!({"blockStateCalls": [{"calls": calls}], "validation": false}), "latest");
    let Ok(blocks) = ask::<Vec<Block>>(node, "eth_simulateV1", &question).await else { return Ok(None) };
    let played: Vec<Played> = blocks.into_iter().flat_map(|block| block.calls).collect();
    if played.len() != drafts.len() {
        return Ok(None);
    }
    let limits = played.iter().enumerate().map(|(n, one)| match one.status == Quantity::from(1) {
        // What a call uses is less than it needs on the way: refunds, and the part that is kept back from inner calls.
        true => limit(one.gas_used, 2),
        false => Err(Fault::new(
            code::CANNOT_EXECUTE,
            format!("cannot execute: call {} of {} would fail", n + 1, played.len()),
        )),
    });
    limits.collect::<Result<_, _>>().map(Some)
}

fn limit(estimate: Quantity, part: u64) -> Result<u64, Fault> {
    match estimate.small() {
        Some(gas) if gas <= MAX_GAS_LIMIT => {
            let margin = if gas <= BASE { 0 } else { gas / part };
            Ok(gas.saturating_add(margin).clamp(BASE, MAX_GAS_LIMIT))
        }
        _ => Err(Fault::new(
            code::CANNOT_EXECUTE,
            "cannot execute: it takes more gas than a transaction can have",
        )),
    }
}

fn call(signer: Address, draft: &Draft) -> Value {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Item {
        address: String,
        storage_keys: Vec<String>,
    }
    let data = alloy_primitives::hex::encode_prefixed(&draft.data);
    let mut call = json!({"from": signer.to_string(), "value": Quantity(draft.value), "data": data});
    if let Value::Object(call) = &mut call {
        call.extend(draft.to.map(|to| ("to".to_owned(), json!(to.to_string()))));
        if !draft.access_list.is_empty() {
            let items = draft.access_list.iter().map(|item| Item {
                address: item.address.to_string(),
                storage_keys: item.storage_keys.iter().map(ToString::to_string).collect(),
            });
            call.insert("accessList".to_owned(), json!(items.collect::<Vec<_>>()));
        }
    }
    call
}

/// The node tried it, and it fails.
fn failing(error: NodeError) -> Fault {
    let NodeError::Refused { code: theirs, message, data } = error else { return unavailable(error) };
    let message = format!("cannot execute: the node's estimate of its gas fails: {message}");
    Fault::new(code::CANNOT_EXECUTE, message).with(&json!({"node": {"code": theirs, "data": data}}))
}

fn unavailable(error: NodeError) -> Fault {
    Fault::new(code::UNAVAILABLE, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cap_takes_from_the_headroom_only() {
        let prices = Prices { base: 80, priority: 10 };
        assert_eq!(prices.max_fee(100, None), 170);
        assert_eq!(prices.max_fee(100, Some(U256::from(17_000))), 170);
        assert_eq!(prices.max_fee(100, Some(U256::from(16_999))), 169);
        assert_eq!(prices.max_fee(100, Some(U256::from(10_000))), 100);
        assert_eq!(prices.max_fee(100, Some(U256::from(9_999))), 100, "the next block may cost as much");
        assert_eq!(Prices { base: u128::MAX, priority: 1 }.max_fee(1, None), u128::MAX);
        assert_eq!(prices.max_fee(0, Some(U256::ONE)), 170);
    }

    #[test]
    fn a_margin_is_no_way_past_the_greatest_limit() {
        assert_eq!(limit(Quantity::from(21_000), 5).ok(), Some(21_000));
        assert_eq!(limit(Quantity::from(50_000), 5).ok(), Some(60_000));
        assert_eq!(limit(Quantity::from(MAX_GAS_LIMIT), 5).ok(), Some(MAX_GAS_LIMIT));
        assert!(limit(Quantity::from(MAX_GAS_LIMIT + 1), 5).is_err());
        assert!(limit(Quantity(U256::MAX), 5).is_err());
    }
}
