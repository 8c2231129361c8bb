//! Decisions in words: what was found, what would be right.

mod denied;
mod ledger;
mod place;
pub(crate) mod told;

use crate::{ledger::LineName, load::Policy};
use agentpol_model::{Address, ChainId, U256, budget::Measure, ids::TokenId, words::Decimal};

impl Policy {
    /// The token whose base units a line is counted in: that of weight one.
    pub(crate) fn unit(&self, name: &LineName) -> Option<TokenId> {
        match &self.budget(name)?.measure {
            Measure::Gross(weights) => weights.iter().find(|(_, w)| *w == U256::ONE).map(|(token, _)| *token),
            Measure::Fees(token) => Some(*token),
            Measure::Calls => None,
        }
    }

    pub(super) fn counted(&self, name: &LineName, n: U256) -> String {
        match (self.unit(name), self.budget(name).map(|b| &b.measure)) {
            (Some(token), _) => self.amount(token, n),
            (None, Some(Measure::Calls)) if n == U256::ONE => "1 call".to_owned(),
            (None, Some(Measure::Calls)) => format!("{n} calls"),
            (None, _) => format!("{n} units"),
        }
    }

    /// `250.5 USDC`
    pub(crate) fn amount(&self, token: TokenId, amount: U256) -> String {
        match self.token(token) {
            Some(token) => format!("{} {}", Decimal { amount, decimals: token.decimals }, token.symbol),
            None => amount.to_string(),
        }
    }

    /// An amount of a chain's own coin.
    pub(crate) fn wei(&self, chain: ChainId, amount: U256) -> String {
        match self.native(chain) {
            Some(native) => self.amount(native, amount),
            None => format!("{amount} wei"),
        }
    }

    pub(super) fn chain_name(&self, chain: ChainId) -> String {
        let named = self.module().chains.iter().find(|c| c.id == chain).map(|c| c.name.clone());
        named.unwrap_or_else(|| format!("chain {chain}"))
    }

    pub(super) fn name_of(&self, chain: ChainId, address: Address) -> String {
        let token = self.rules().token_at(chain, address).and_then(|token| self.token(token));
        let contracts = self.module().contracts.iter().filter(|c| c.chain == chain);
        let contract =
            contracts.filter(|c| self.rules().address(c.address) == Some(address)).map(|c| &c.name).next();
        match contract.or(token.map(|t| &t.symbol)) {
            Some(name) => format!("{name} ({address})"),
            None => address.to_string(),
        }
    }
}

fn first_sentence(doc: &str) -> &str {
    doc.split_once(". ").map_or(doc, |(first, _)| first).trim_end_matches('.')
}
