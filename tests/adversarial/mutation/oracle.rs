//! What a request does and whether it may, written once more by hand over `sol!`, sharing nothing with agentpol but the
//! names of the things.

use crate::{
    ask::{FRIEND, POOL, ROUTER, USDC, WETH},
    world::{Shipped, wallet},
};
use agentpol_compiler::test_address;
use agentpol_model::{
    Address, ChainId, U256,
    decision::{Granted, GrantedAction},
    effect::{EffectKind, GrantMode},
    request::Request,
};
use alloy_primitives::{U512, address};
use alloy_sol_types::{SolCall, sol};

sol! {
    function transfer(address to, uint256 amount);
    function approve(address spender, uint256 amount);
    function supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode);
    function withdraw(address asset, uint256 amount, address to);
    #[derive(Debug)]
    struct Swap {
        address tokenIn;
        address tokenOut;
        uint24 fee;
        address recipient;
        uint256 amountIn;
        uint256 amountOutMinimum;
        uint160 sqrtPriceLimitX96;
    }
    function exactInputSingle(Swap p);
}

/// A call as Solidity reads it.
pub(super) enum Call {
    Send,
    Transfer(transferCall),
    Approve(approveCall),
    Supply(supplyCall),
    Withdraw(withdrawCall),
    Swap(Swap),
    /// Others are judged without this oracle.
    Other,
}

/// The call, if it is one of these; its bytes must be the one encoding of what is read in them.
pub(super) fn read<C: SolCall, T>(data: &[u8], wrap: impl FnOnce(C) -> T) -> Option<Result<T, String>> {
    if !data.starts_with(&C::SELECTOR) {
        return None;
    }
    Some(match C::abi_decode(data) {
        Err(e) => Err(format!("`sol!` cannot read it: {e}")),
        Ok(call) if call.abi_encode() != data => Err("`sol!` writes it otherwise".to_owned()),
        Ok(call) => Ok(wrap(call)),
    })
}

pub(super) fn call(data: &[u8]) -> Result<Call, String> {
    if data.is_empty() {
        return Ok(Call::Send);
    }
    read(data, Call::Transfer)
        .or_else(|| read(data, Call::Approve))
        .or_else(|| read(data, Call::Supply))
        .or_else(|| read(data, Call::Withdraw))
        .or_else(|| read(data, |call: exactInputSingleCall| Call::Swap(call.p)))
        .unwrap_or(Ok(Call::Other))
}

/// The router's number for whoever calls it, replaced by who that is.
pub(super) fn resolved(mut call: Call, caller: Address) -> Call {
    if let Call::Swap(p) = &mut call
        && p.recipient == Address::with_last_byte(1)
    {
        p.recipient = caller;
    }
    call
}

/// Kind, contract of the token (zero: the native one), amount, party.
pub(super) type Plain = (EffectKind, Address, U256, Address);

pub(super) fn effects(to: Address, value: U256, call: &Call) -> Option<Vec<Plain>> {
    let value = (value != U256::ZERO).then_some((EffectKind::Move, Address::ZERO, value, to));
    let mut all = match call {
        Call::Send => return Some(value.into_iter().collect()),
        Call::Transfer(c) => vec![(EffectKind::Move, to, c.amount, c.to)],
        Call::Approve(c) => vec![(EffectKind::Grant(GrantMode::Set), to, c.amount, c.spender)],
        Call::Supply(c) => vec![(EffectKind::Pull { exact: true }, c.asset, c.amount, to)],
        Call::Withdraw(c) => {
            // What comes to somebody else has left the wallet.
            let lost = (c.to != wallet()).then_some((EffectKind::Move, c.asset, c.amount, c.to));
            [(EffectKind::Receive, c.asset, c.amount, c.to)].into_iter().chain(lost).collect()
        }
        Call::Swap(p) => vec![
            (EffectKind::Pull { exact: false }, p.tokenIn, p.amountIn, to),
            (EffectKind::Receive, p.tokenOut, p.amountOutMinimum, p.recipient),
        ],
        Call::Other => return None,
    };
    all.extend(value);
    Some(all)
}

/// Are the effects those of the bytes, and does the policy, as a person reads it, allow them?
pub(super) fn agrees(
    name: &str,
    shipped: &Shipped,
    request: &Request<'_>,
    granted: &Granted,
) -> Result<(), String> {
    let action = &request.actions[0];
    let call = resolved(call(action.data)?, wallet());
    // What is no token of the policy has functions of these names too: an NFT is approved by its number.
    let is_token = shipped.rules.tokens.iter().any(|t| t.sites.contains(&(request.chain, Some(action.to))));
    let is_known = is_token || !matches!(call, Call::Transfer(_) | Call::Approve(_));
    if is_known && let Some(expected) = effects(action.to, action.value, &call) {
        has(shipped, request.chain, &granted.actions[0], expected)?;
    }
    match may(name, request, &call) {
        true => Ok(()),
        false => Err("the policy, as a person reads it, does not allow it".to_owned()),
    }
}

/// Are these, and no others, the effects that were found?
pub(super) fn has(
    shipped: &Shipped,
    chain: ChainId,
    granted: &GrantedAction,
    mut expected: Vec<Plain>,
) -> Result<(), String> {
    let site = |token: agentpol_model::ids::TokenId| {
        let sites = &shipped.rules.tokens[token.index()].sites;
        let site = sites.iter().find(|(on, _)| *on == chain).map(|(_, site)| *site);
        site.unwrap_or_else(|| panic!("{token:?} does not stand on {chain}")).unwrap_or_default()
    };
    let mut found: Vec<Plain> =
        granted.effects.iter().map(|e| (e.kind, site(e.token), e.amount, e.party)).collect();
    // No value is no effect here and one of nothing there.
    found.retain(|(kind, token, amount, _)| {
        !(*kind == EffectKind::Move && *token == Address::ZERO && *amount == U256::ZERO)
    });
    found.sort();
    expected.sort();
    if found != expected {
        return Err(format!("its effects are {expected:?}, not {found:?}"));
    }
    Ok(())
}

/// `out` is worth at least `amount` at so many units of `in` for 10^18 of `out`.
pub(super) fn fair(amount: U256, least: U256, price: u64) -> bool {
    U512::from(least) * U512::from(price) >= U512::from(amount) * U512::from(10u64.pow(18))
}

/// The shipped policies in other words.
fn may(name: &str, request: &Request<'_>, call: &Call) -> bool {
    let action = &request.actions[0];
    let dollars = |n: u64| U256::from(n) * U256::from(1_000_000u64);
    let ether = |milli: u64| U256::from(milli) * U256::from(10u64.pow(15));
    let friend = |who: Address| who == FRIEND || who == Address::repeat_byte(0x22);
    let unpaid = action.value == U256::ZERO;
    let nobody = |who: Address| who == Address::ZERO || who == action.to;
    match (name, call) {
        ("usd-spend", Call::Transfer(c)) => {
            unpaid && request.chain == 8453 && c.amount <= dollars(100) && !nobody(c.to)
        }
        ("metamask-guard", Call::Transfer(c)) => unpaid && friend(c.to) && c.amount <= dollars(50),
        ("metamask-guard", Call::Send) => {
            friend(action.to) && action.value > U256::ZERO && action.value <= ether(20)
        }
        ("metamask-guard", Call::Approve(c)) => {
            let router = [ROUTER, address!("0x2626664c2603336E57B271c5C0b26F421741e481")];
            unpaid && router.contains(&c.spender) && c.amount <= dollars(50)
        }
        ("metamask-guard", Call::Swap(p)) => {
            unpaid
                && p.recipient == wallet()
                && p.amountIn <= dollars(50)
                && fair(p.amountIn, p.amountOutMinimum, 5_000_000_000)
        }
        ("dca", Call::Approve(c)) => {
            unpaid && action.to == USDC && c.spender == ROUTER && c.amount <= dollars(500)
        }
        ("dca", Call::Swap(p)) => {
            unpaid
                && action.to == ROUTER
                && (p.tokenIn, p.tokenOut) == (USDC, WETH)
                && p.fee.to::<u32>() == 500
                && p.recipient == wallet()
                && p.amountIn <= dollars(250)
                && fair(p.amountIn, p.amountOutMinimum, 6_000_000_000)
        }
        ("payroll", Call::Transfer(c)) => {
            unpaid
                && (c.to == test_address("payees") && c.amount <= dollars(100)
                    || c.to == test_address("savings") && c.amount <= dollars(300))
        }
        ("treasury", Call::Send) => {
            request.chain == 1
                && action.to != Address::ZERO
                && action.value > U256::ZERO
                && action.value <= ether(1_000)
        }
        ("treasury", Call::Transfer(c)) => {
            unpaid && request.chain == 100 && c.to == address!("0x670daeaF0F1a5e336090504C68179670B5059088")
        }
        ("turnkey-aave" | "aave-manager", Call::Supply(c)) => unpaid && c.onBehalfOf == wallet(),
        ("turnkey-aave", Call::Withdraw(c)) => unpaid && c.to == wallet(),
        ("aave-borrow-role", Call::Approve(c)) => {
            let claim = address!("0x4d5F47FA6A74757f35C14fD3a6Ef8E3C9BC514E8");
            let gateway = address!("0xd01607c3C5eCABa394D8be377a08590149325722");
            unpaid && [(USDC, POOL), (claim, gateway)].contains(&(action.to, c.spender))
        }
        ("aave-borrow-role", Call::Supply(c)) => unpaid && c.asset == USDC && c.onBehalfOf == wallet(),
        ("aave-borrow-role", Call::Withdraw(c)) => unpaid && c.asset == USDC && c.to == wallet(),
        ("sign-in", Call::Send) => action.to == test_address("payee") && action.value <= ether(1_000),
        ("orders", Call::Approve(c)) => {
            let relayer = address!("0xC92E8bdf79f0507f65a392b0ab4667716BFE0110");
            unpaid && request.chain == 1 && action.to == USDC && c.spender == relayer
        }
        ("router-swaps", Call::Approve(c)) => {
            let permit2 = address!("0x000000000022D473030F116dDEE9F6B43aC78BA3");
            unpaid && action.to == USDC && c.spender == permit2
        }
        // Allowances go to a contract that the policy names.
        (
            "turnkey-aave" | "aave-manager" | "lp-rebalancer" | "session-key" | "smart-account",
            Call::Approve(c),
        ) => {
            let strangers = [FRIEND, crate::ask::STRANGER, Address::ZERO, wallet()];
            unpaid && !strangers.contains(&c.spender)
        }
        // This one grants whatever is understood.
        ("open", _) | (_, Call::Other) => true,
        _ => false,
    }
}
