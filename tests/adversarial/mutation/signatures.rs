//! Typed data as alloy reads and hashes it: the struct is filled from the JSON by name, hashed by `sol!`'s own type, and what it
//! gives away is said once more by hand.

use super::oracle::Plain;
use crate::world::wallet;
use agentpol_model::{
    Address, B256, U256,
    effect::{EffectKind, GrantMode},
};
use alloy_primitives::{Bytes, Uint, hex};
use alloy_sol_types::{Eip712Domain, SolStruct, sol};
use serde_json::Value as Json;

sol! {
    struct Permit { address owner; address spender; uint256 value; uint256 nonce; uint256 deadline; }
    struct TransferWithAuthorization {
        address from; address to; uint256 value; uint256 validAfter; uint256 validBefore; bytes32 nonce;
    }
    struct PermitDetails { address token; uint160 amount; uint48 expiration; uint48 nonce; }
    struct PermitSingle { PermitDetails details; address spender; uint256 sigDeadline; }
    struct PermitBatch { PermitDetails[] details; address spender; uint256 sigDeadline; }
    struct TokenPermissions { address token; uint256 amount; }
    struct PermitTransferFrom { TokenPermissions permitted; address spender; uint256 nonce; uint256 deadline; }
    struct PermitBatchTransferFrom {
        TokenPermissions[] permitted; address spender; uint256 nonce; uint256 deadline;
    }
    struct Order {
        address sellToken; address buyToken; address receiver; uint256 sellAmount; uint256 buyAmount; uint32 validTo;
        bytes32 appData; uint256 feeAmount; string kind; bool partiallyFillable; string sellTokenBalance;
        string buyTokenBalance;
    }
    struct SafeTx {
        address to; uint256 value; bytes data; uint8 operation; uint256 safeTxGas; uint256 baseGas; uint256 gasPrice;
        address gasToken; address refundReceiver; uint256 nonce;
    }
}

/// Dai's form has the same name.
mod dai {
    alloy_sol_types::sol! {
        struct Permit { address holder; address spender; uint256 nonce; uint256 expiry; bool allowed; }
    }
}

/// A message, by the names of its members.
struct Members<'a>(&'a Json);

type Read<T> = Result<T, String>;

impl<'a> Members<'a> {
    fn at(&self, name: &str) -> Read<&'a Json> {
        self.0.get(name).ok_or_else(|| format!("no member `{name}`"))
    }

    fn part(&self, name: &str) -> Read<Members<'a>> {
        self.at(name).map(Members)
    }

    fn parts<T>(&self, name: &str, each: impl Fn(Members<'a>) -> Read<T>) -> Read<Vec<T>> {
        self.at(name)?.as_array().ok_or("no list")?.iter().map(|one| each(Members(one))).collect()
    }

    fn number(&self, name: &str) -> Read<U256> {
        number(self.at(name)?)
    }

    fn address(&self, name: &str) -> Read<Address> {
        address(self.at(name)?)
    }

    fn text(&self, name: &str) -> Read<String> {
        self.at(name)?.as_str().map(str::to_owned).ok_or_else(|| format!("`{name}` is no text"))
    }

    fn bytes(&self, name: &str) -> Read<Bytes> {
        hex::decode(self.text(name)?).map(Bytes::from).map_err(|e| e.to_string())
    }

    fn hash(&self, name: &str) -> Read<B256> {
        B256::try_from(self.bytes(name)?.as_ref()).map_err(|e| e.to_string())
    }

    fn truth(&self, name: &str) -> Read<bool> {
        self.at(name)?.as_bool().ok_or_else(|| format!("`{name}` is neither true nor false"))
    }
}

pub(super) fn number(json: &Json) -> Read<U256> {
    let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (text.as_str(), 10),
    };
    U256::from_str_radix(digits, radix).map_err(|e| format!("{text}: {e}"))
}

pub(super) fn address(json: &Json) -> Read<Address> {
    let text = json.as_str().ok_or("no text")?;
    text.to_lowercase().parse().map_err(|e| format!("{text}: {e}"))
}

/// The same number in fewer bits.
fn narrow<const BITS: usize, const LIMBS: usize>(n: U256) -> Read<Uint<BITS, LIMBS>> {
    Uint::checked_from_limbs_slice(n.as_limbs()).ok_or_else(|| format!("{n} is wider than {BITS} bits"))
}

fn domain(of: &Members<'_>) -> Read<Eip712Domain> {
    let text = |name| of.0.get(name).and_then(Json::as_str).map(|text| text.to_owned().into());
    let chain = of.0.get("chainId").map(number).transpose()?;
    let contract = of.0.get("verifyingContract").map(address).transpose()?;
    Ok(Eip712Domain::new(text("name"), text("version"), chain, contract, None))
}

fn details(of: Members<'_>) -> Read<PermitDetails> {
    Ok(PermitDetails {
        token: of.address("token")?,
        amount: narrow(of.number("amount")?)?,
        expiration: narrow(of.number("expiration")?)?,
        nonce: narrow(of.number("nonce")?)?,
    })
}

fn permitted(of: Members<'_>) -> Read<TokenPermissions> {
    Ok(TokenPermissions { token: of.address("token")?, amount: of.number("amount")? })
}

/// What is signed, and what it gives. Of a Safe's transaction that stands inside it.
pub(super) struct Signature {
    pub(super) digest: B256,
    pub(super) effects: Option<Vec<Plain>>,
    pub(super) safe: Option<SafeTx>,
}

/// Reads typed data of the forms that the policies here allow.
pub(super) fn read(data: &Json) -> Read<Signature> {
    let (it, of) = (Members(&data["message"]), Members(&data["domain"]));
    let domain = domain(&of)?;
    let here = of.address("verifyingContract")?;
    let gives = |amount, token, to| (EffectKind::Grant(GrantMode::Set), token, amount, to);
    let adds = |amount, token, to| (EffectKind::Grant(GrantMode::Add), token, amount, to);
    let signed = |digest, effects| Ok(Signature { digest, effects: Some(effects), safe: None });
    match data["primaryType"].as_str().unwrap_or_default() {
        "Permit" if it.0.get("holder").is_some() => {
            let permit = dai::Permit {
                holder: it.address("holder")?,
                spender: it.address("spender")?,
                nonce: it.number("nonce")?,
                expiry: it.number("expiry")?,
                allowed: it.truth("allowed")?,
            };
            let effects = match permit.allowed {
                true => return Err("it gives everything".to_owned()),
                false => vec![gives(U256::ZERO, here, permit.spender)],
            };
            signed(permit.eip712_signing_hash(&domain), effects)
        }
        "Permit" => {
            let permit = Permit {
                owner: it.address("owner")?,
                spender: it.address("spender")?,
                value: it.number("value")?,
                nonce: it.number("nonce")?,
                deadline: it.number("deadline")?,
            };
            let effects = vec![gives(permit.value, here, permit.spender)];
            signed(permit.eip712_signing_hash(&domain), effects)
        }
        "TransferWithAuthorization" => {
            let pay = TransferWithAuthorization {
                from: it.address("from")?,
                to: it.address("to")?,
                value: it.number("value")?,
                validAfter: it.number("validAfter")?,
                validBefore: it.number("validBefore")?,
                nonce: it.hash("nonce")?,
            };
            if pay.from != wallet() {
                return Err(format!("{} pays", pay.from));
            }
            let effects = vec![(EffectKind::Move, here, pay.value, pay.to)];
            signed(pay.eip712_signing_hash(&domain), effects)
        }
        "SafeTx" => {
            let safe = safe(&it)?;
            Ok(Signature { digest: safe.eip712_signing_hash(&domain), effects: None, safe: Some(safe) })
        }
        "Order" => {
            let order = order(&it)?;
            let sum = order.sellAmount.checked_add(order.feeAmount).ok_or("more than there is")?;
            let effects = vec![adds(sum, order.sellToken, here)];
            signed(order.eip712_signing_hash(&domain), effects)
        }
        _ => permit2(data, &it, &domain, gives, adds),
    }
}

fn permit2(
    data: &Json,
    it: &Members<'_>,
    domain: &Eip712Domain,
    gives: impl Fn(U256, Address, Address) -> Plain,
    adds: impl Fn(U256, Address, Address) -> Plain,
) -> Read<Signature> {
    let spender = it.address("spender")?;
    let (digest, effects) = match data["primaryType"].as_str().unwrap_or_default() {
        "PermitSingle" => {
            let details = details(it.part("details")?)?;
            let effects = vec![gives(details.amount.to(), details.token, spender)];
            let permit = PermitSingle { details, spender, sigDeadline: it.number("sigDeadline")? };
            (permit.eip712_signing_hash(domain), effects)
        }
        "PermitBatch" => {
            let details = it.parts("details", details)?;
            let effects = details.iter().map(|one| gives(one.amount.to(), one.token, spender)).collect();
            let permit = PermitBatch { details, spender, sigDeadline: it.number("sigDeadline")? };
            (permit.eip712_signing_hash(domain), effects)
        }
        "PermitTransferFrom" => {
            let permitted = permitted(it.part("permitted")?)?;
            let effects = vec![adds(permitted.amount, permitted.token, spender)];
            let (nonce, deadline) = (it.number("nonce")?, it.number("deadline")?);
            let permit = PermitTransferFrom { permitted, spender, nonce, deadline };
            (permit.eip712_signing_hash(domain), effects)
        }
        "PermitBatchTransferFrom" => {
            let permitted = it.parts("permitted", permitted)?;
            let effects = permitted.iter().map(|one| adds(one.amount, one.token, spender)).collect();
            let (nonce, deadline) = (it.number("nonce")?, it.number("deadline")?);
            let permit = PermitBatchTransferFrom { permitted, spender, nonce, deadline };
            (permit.eip712_signing_hash(domain), effects)
        }
        other => return Err(format!("nobody here knows {other:?}")),
    };
    Ok(Signature { digest, effects: Some(effects), safe: None })
}

fn order(it: &Members<'_>) -> Read<Order> {
    Ok(Order {
        sellToken: it.address("sellToken")?,
        buyToken: it.address("buyToken")?,
        receiver: it.address("receiver")?,
        sellAmount: it.number("sellAmount")?,
        buyAmount: it.number("buyAmount")?,
        validTo: it.number("validTo")?.try_into().map_err(|_| "too late")?,
        appData: it.hash("appData")?,
        feeAmount: it.number("feeAmount")?,
        kind: it.text("kind")?,
        partiallyFillable: it.truth("partiallyFillable")?,
        sellTokenBalance: it.text("sellTokenBalance")?,
        buyTokenBalance: it.text("buyTokenBalance")?,
    })
}

fn safe(it: &Members<'_>) -> Read<SafeTx> {
    let safe = SafeTx {
        to: it.address("to")?,
        value: it.number("value")?,
        data: it.bytes("data")?,
        operation: it.number("operation")?.try_into().map_err(|_| "no operation")?,
        safeTxGas: it.number("safeTxGas")?,
        baseGas: it.number("baseGas")?,
        gasPrice: it.number("gasPrice")?,
        gasToken: it.address("gasToken")?,
        refundReceiver: it.address("refundReceiver")?,
        nonce: it.number("nonce")?,
    };
    match safe.gasPrice == U256::ZERO && safe.safeTxGas == U256::ZERO {
        true => Ok(safe),
        false => Err("whoever submits it is paid, or it may fail".to_owned()),
    }
}
