//! What a policy calls an address and an amount.

use crate::{
    ruleset::{Contract, ParamType, ParamValue, RuleSet, Target, Token},
    witness::Witness,
};
use agentpol_model::{Address, U256, ids::TokenId, policy::WALLET_PARAM, words::Decimal};

/// `1_250.5`: base units of something with so many decimals, as a policy writes them.
pub fn decimal(amount: U256, decimals: u8) -> String {
    Decimal { amount, decimals }.to_string().replace(',', "_")
}

/// `250 USDC`, as a policy writes it.
pub fn amount(units: U256, token: &Token) -> String {
    format!("{} {}", decimal(units, token.decimals), token.symbol)
}

/// The names that hold on a witness's chain.
pub(super) struct Names<'a> {
    rules: &'a RuleSet,
    witness: &'a Witness,
}

impl<'a> Names<'a> {
    pub(super) fn new(rules: &'a RuleSet, witness: &'a Witness) -> Self {
        Self { rules, witness }
    }

    /// By the policy's name for it: the wallet, a token, a contract, a parameter.
    pub(super) fn address(&self, address: Address) -> String {
        if address == self.witness.wallet {
            return WALLET_PARAM.to_owned();
        }
        let chain = self.witness.chain;
        let token = self.rules.tokens.iter().find(|token| token.sites.contains(&(chain, Some(address))));
        if let Some(token) = token {
            return token.symbol.clone();
        }
        let here = self.rules.contracts.iter().filter(|contract| contract.chain == chain);
        if let Some(contract) = here.clone().find(|contract| contract.address == Target::Fixed(address)) {
            return contract.name.clone();
        }
        let param = self.rules.params.iter().find(|param| {
            let is_one = matches!(param.ty, ParamType::Address | ParamType::Approver);
            is_one && self.param(&param.name) == Some(address)
        });
        // A contract at a parameter is called by its own name.
        let stands_at = |contract: &&Contract| match contract.address {
            Target::Param(id) => {
                let name = self.rules.params.get(id.index()).map(|param| &param.name);
                name.and_then(|name| self.param(name)) == Some(address)
            }
            Target::Fixed(_) => false,
        };
        match (here.clone().find(stands_at), param) {
            (Some(contract), _) => contract.name.clone(),
            (None, Some(param)) => param.name.clone(),
            (None, None) => address.to_checksum(None),
        }
    }

    fn param(&self, name: &str) -> Option<Address> {
        match self.witness.params.get(name)? {
            ParamValue::Word(word) => Some(Address::from_word((*word).into())),
            ParamValue::Set(_) => None,
        }
    }

    /// `250 USDC`
    pub(super) fn money(&self, units: U256, token: TokenId) -> String {
        match self.rules.tokens.get(token.index()) {
            Some(token) => amount(units, token),
            None => units.to_string(),
        }
    }

    /// `1 ETH`, in the token of the witness's chain.
    pub(super) fn native(&self, wei: U256) -> String {
        let chain = self.rules.chains.iter().find(|chain| chain.id == self.witness.chain);
        chain.map_or_else(|| wei.to_string(), |chain| self.money(wei, chain.native))
    }
}
