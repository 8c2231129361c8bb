//! The built-in refusals: what is denied whatever the rules say, by one table that every evaluator uses.

use crate::{
    Address, U256,
    decision::DenyCode,
    effect::{Effect, EffectKind, GrantMode, UNLIMITED},
};

/// Every address a policy names, indexed for the look-alike check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownAddresses {
    /// Sorted by ends, then as addresses: those that look alike stand together.
    addresses: Vec<Address>,
    /// An open-addressed table of ends, at most half full: one more than where the first address with them stands; zero is
    /// empty. Whether a party looks like anybody takes two reads, however many addresses there are.
    slots: Vec<u32>,
}

impl KnownAddresses {
    /// Contracts, tokens, constants and bound parameters.
    pub fn new(mut addresses: Vec<Address>) -> Self {
        addresses.sort_unstable_by_key(order);
        addresses.dedup();
        let mut known =
            Self { slots: vec![0; addresses.len().saturating_mul(2).next_power_of_two()], addresses };
        let mut last = None;
        for (number, address) in (1u32..).zip(&known.addresses) {
            let ends = ends(address);
            if last.replace(ends) == Some(ends) {
                continue;
            }
            let mask = known.slots.len().saturating_sub(1);
            let mut at = hash(ends) & mask;
            while known.slots.get(at).is_some_and(|slot| *slot != 0) {
                at = (at + 1) & mask;
            }
            if let Some(slot) = known.slots.get_mut(at) {
                *slot = number;
            }
        }
        known
    }

    /// Is it one of them?
    pub fn contains(&self, address: Address) -> bool {
        self.addresses.binary_search_by_key(&order(&address), order).is_ok()
    }

    /// Same first and last two bytes (four hex digits each) as an address of the policy, but another one.
    pub fn looks_alike(&self, party: Address) -> bool {
        match self.first_like(party) {
            None => false,
            Some(first) => first != party && !self.contains(party),
        }
    }

    /// The first address with the party's ends.
    fn first_like(&self, party: Address) -> Option<Address> {
        let ends_of_party = ends(&party);
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash(ends_of_party) & mask;
        // An empty slot ends the search; there always is one.
        loop {
            let number = self.slots.get(at)?.checked_sub(1)?;
            let first = self.addresses.get(number as usize)?;
            if ends(first) == ends_of_party {
                return Some(*first);
            }
            at = (at + 1) & mask;
        }
    }
}

fn ends(address: &Address) -> u32 {
    let [a0, a1, .., b0, b1] = address.into_array();
    u32::from_be_bytes([a0, a1, b0, b1])
}

fn order(address: &Address) -> (u32, Address) {
    (ends(address), *address)
}

/// The upper half of a product: every bit of the ends has a say in its lower bits.
fn hash(ends: u32) -> usize {
    (u64::from(ends).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize
}

/// Functions that change who owns, administers or implements a contract, by selector: what they give away has no amount.
/// Accounts (Safe), proxies (ERC-1967, ERC-1822, ERC-2535), `Ownable` and `AccessControl` as they are deployed.
pub const CONTROL: &[([u8; 4], &str)] = &[
    ([0x0d, 0x58, 0x2f, 0x13], "addOwnerWithThreshold(address,uint256)"),
    ([0x13, 0xaf, 0x40, 0x35], "setOwner(address)"),
    ([0x1f, 0x93, 0x1c, 0x1c], "diamondCut((address,uint8,bytes4[])[],address,bytes)"),
    ([0x2f, 0x2f, 0xf1, 0x5d], "grantRole(bytes32,address)"),
    ([0x36, 0x59, 0xcf, 0xe6], "upgradeTo(address)"),
    ([0x4d, 0xd1, 0x8b, 0xf5], "setPendingAdmin(address)"),
    ([0x4f, 0x1e, 0xf2, 0x86], "upgradeToAndCall(address,bytes)"),
    ([0x61, 0x0b, 0x59, 0x25], "enableModule(address)"),
    ([0x63, 0x4e, 0x93, 0xda], "beginDefaultAdminTransfer(address)"),
    ([0x69, 0x4e, 0x80, 0xc3], "changeThreshold(uint256)"),
    ([0x70, 0x4b, 0x6c, 0x02], "setAdmin(address)"),
    ([0x71, 0x50, 0x18, 0xa6], "renounceOwnership()"),
    ([0x7d, 0xe7, 0xed, 0xef], "changeMasterCopy(address)"),
    ([0x7e, 0xff, 0x27, 0x5e], "changeProxyAdmin(address,address)"),
    ([0x8f, 0x28, 0x39, 0x70], "changeAdmin(address)"),
    ([0x96, 0x23, 0x60, 0x9d], "upgradeAndCall(address,address,bytes)"),
    ([0x99, 0xa8, 0x8e, 0xc4], "upgrade(address,address)"),
    ([0xd7, 0x84, 0xd4, 0x26], "setImplementation(address)"),
    ([0xe1, 0x9a, 0x9d, 0xd9], "setGuard(address)"),
    ([0xe3, 0x18, 0xb5, 0x2b], "swapOwner(address,address,address)"),
    ([0xf0, 0x8a, 0x03, 0x23], "setFallbackHandler(address)"),
    ([0xf2, 0xfd, 0xe3, 0x8b], "transferOwnership(address)"),
    ([0xf8, 0xdc, 0x5d, 0xd9], "removeOwner(address,address,uint256)"),
];

/// Does a function with this selector change who controls a contract?
pub fn changes_control(selector: [u8; 4]) -> bool {
    CONTROL.binary_search_by_key(&selector, |(selector, _)| *selector).is_ok()
}

/// Precompiles stand where the first 18 bytes are zero (EIP-1352); the zero address has a code of its own.
fn is_precompile(party: Address) -> bool {
    party != Address::ZERO && party.iter().take(18).all(|byte| *byte == 0)
}

/// What the refusals have to know of the policy besides the effects.
pub trait Context {
    /// Is this spender `trusted` on the request's chain?
    fn is_trusted(&self, spender: Address) -> bool;
    /// Is `party` the contract of the effect's own token on the request's chain?
    fn is_token_contract(&self, effect: &Effect, party: Address) -> bool;
    /// See [`KnownAddresses::looks_alike`].
    fn looks_alike(&self, party: Address) -> bool;
    /// Does the deciding rule lift this refusal with `accept`?
    fn accepts(&self, code: DenyCode) -> bool;
}

/// The first refusal that one effect runs into, if any.
pub fn refuse(effect: &Effect, context: &impl Context) -> Option<DenyCode> {
    let gives = match effect.kind {
        EffectKind::Move | EffectKind::Pull { .. } => true,
        EffectKind::Grant(GrantMode::Dec) | EffectKind::Receive | EffectKind::Owe => false,
        // A revocation gives nothing to anybody.
        EffectKind::Grant(_) => effect.amount != U256::ZERO,
    };
    if !gives {
        return None;
    }
    // `accept` cannot lift this one: only trust can, because no budget could hold it.
    if effect.amount >= UNLIMITED && !context.is_trusted(effect.party) {
        return Some(DenyCode::Unlimited);
    }
    let refused = |code: DenyCode, holds: bool| (holds && !context.accepts(code)).then_some(code);
    refused(DenyCode::ZeroRecipient, effect.party == Address::ZERO)
        .or_else(|| refused(DenyCode::PrecompileRecipient, is_precompile(effect.party)))
        .or_else(|| refused(DenyCode::SelfRecipient, context.is_token_contract(effect, effect.party)))
        .or_else(|| refused(DenyCode::LookAlike, context.looks_alike(effect.party)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::keccak256;

    #[test]
    fn selectors_are_those_of_the_signatures_and_sorted() {
        for (selector, signature) in CONTROL {
            assert_eq!(keccak256(signature)[..4], *selector, "{signature}");
            assert!(changes_control(*selector));
        }
        assert!(CONTROL.is_sorted());
        assert!(!changes_control([0xa9, 0x05, 0x9c, 0xbb]), "transfer");
    }

    #[test]
    fn precompiles_end_with_two_bytes() {
        let at = |n: u64| Address::from_word(U256::from(n).into());
        assert!(is_precompile(at(1)) && is_precompile(at(0xffff)));
        assert!(!is_precompile(at(0)) && !is_precompile(at(0x1_0000)));
    }

    /// The `n`-th of addresses that crowd: a few ends, a few middles.
    fn crowded(n: u32) -> Address {
        let mut address = Address::ZERO;
        let [.., a, b] = n.wrapping_mul(0x9e37_79b1).to_be_bytes();
        address.0[0] = a % 5;
        address.0[19] = b % 3;
        address.0[9] = (n % 4) as u8;
        address
    }

    #[test]
    fn who_looks_alike_is_who_has_the_ends_and_is_not_there() {
        for count in [0, 1, 2, 7, 8, 9, 40] {
            let all: Vec<_> = (0..count).map(crowded).collect();
            let known = KnownAddresses::new(all.clone());
            let mut seen = [false; 2];
            for party in (0..400).map(crowded) {
                let alike = all.iter().any(|a| a[..2] == party[..2] && a[18..] == party[18..]);
                let there = all.contains(&party);
                assert_eq!(known.contains(party), there, "{party} of {count}");
                assert_eq!(known.looks_alike(party), alike && !there, "{party} of {count}");
                seen[usize::from(alike && !there)] = true;
            }
            assert_eq!(seen, [true, count > 0], "{count}");
        }
    }

    #[test]
    fn all_four_bytes_of_the_ends_count() {
        let named = Address::repeat_byte(7);
        let known = KnownAddresses::new(vec![named]);
        for byte in 0..20 {
            let mut other = named;
            other.0[byte] ^= 1;
            assert_eq!(known.looks_alike(other), (2..18).contains(&byte), "byte {byte}");
        }
        assert!(!KnownAddresses::default().looks_alike(named));
    }
}
