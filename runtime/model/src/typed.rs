//! What makes typed data (EIP-712) itself, hashed as its contract hashes it.

use crate::{Address, B256, ChainId, U256, policy::Typed};
use alloy_primitives::{Keccak256, keccak256};

impl Typed {
    /// The separator of the domain it is for: of the members that the domain has, in the standard's order, with the chain and the
    /// contract that it is declared with.
    pub fn domain_separator(&self, chain: ChainId, contract: Address) -> B256 {
        let mut ty = Keccak256::new();
        ty.update("EIP712Domain(");
        for (present, member) in [
            (self.domain_name.is_some(), "string name,"),
            (self.domain_version.is_some(), "string version,"),
            (true, "uint256 chainId,address verifyingContract)"),
        ] {
            ty.update(if present { member } else { "" });
        }
        let mut domain = Keccak256::new();
        domain.update(ty.finalize());
        for text in [&self.domain_name, &self.domain_version].into_iter().flatten() {
            domain.update(keccak256(text));
        }
        domain.update(U256::from(chain).to_be_bytes::<32>());
        domain.update(contract.into_word());
        domain.finalize()
    }

    /// What its contract keeps of a use: the type and the words that are used up together (`once per`), hashed.
    pub fn once_id(&self, words: impl IntoIterator<Item = U256>) -> B256 {
        let mut id = Keccak256::new();
        id.update(self.type_hash);
        for word in words {
            id.update(word.to_be_bytes::<32>());
        }
        id.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{address, b256};

    fn typed(name: Option<&str>, version: Option<&str>) -> Typed {
        Typed {
            domain_name: name.map(str::to_owned),
            domain_version: version.map(str::to_owned),
            type_hash: B256::ZERO,
            once_per: vec![],
            until: None,
        }
    }

    /// As the contracts on Ethereum themselves say it (`DOMAIN_SEPARATOR()`).
    #[test]
    fn separators_are_those_of_the_contracts() {
        let usdc = address!("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48");
        let separator = b256!("0x06c37168a7db5138defc7866392bb87a741f9b3d104deb5094588ce041cae335");
        assert_eq!(typed(Some("USD Coin"), Some("2")).domain_separator(1, usdc), separator);
        let permit2 = address!("0x000000000022D473030F116dDEE9F6B43aC78BA3");
        let separator = b256!("0x866a5aba21966af95d6c7ab78eb2b2fc913915c28be3b9aa07cc04ff903e3f28");
        assert_eq!(typed(Some("Permit2"), None).domain_separator(1, permit2), separator);
    }

    #[test]
    fn a_domain_without_names_has_the_type_that_safes_have() {
        let safe = Address::repeat_byte(1);
        // keccak256("EIP712Domain(uint256 chainId,address verifyingContract)"), a constant of the Safe's code.
        let ty = b256!("0x47e79534a245952e8b16893a336b85a3d9ea9fa8c573f3d803afb92a79469218");
        let chain = B256::from(U256::from(5));
        let expected = keccak256([ty, chain, safe.into_word()].concat());
        assert_eq!(typed(None, None).domain_separator(5, safe), expected);
    }

    #[test]
    fn a_use_is_its_type_and_its_words_in_order() {
        let of = |words: &[u64]| typed(None, None).once_id(words.iter().map(|n| U256::from(*n)));
        assert_eq!(of(&[1, 2]), of(&[1, 2]));
        assert_ne!(of(&[1, 2]), of(&[2, 1]));
        assert_ne!(of(&[]), of(&[0]));
        let other = Typed { type_hash: B256::repeat_byte(1), ..typed(None, None) };
        assert_ne!(other.once_id([U256::ONE]), of(&[1]));
    }
}
