//! Which of the world a policy uses: what it declares or imports, what its chains pay fees in, and what the effects of all
//! that name. Only this is known to the gate; everything else is an unknown contract.

use super::{At, World};
use crate::{
    hir::{ChainIx, ContractIx},
    sink::Sink,
};
use agentpol_analysis::ruleset::Target;
use agentpol_diagnostics::{Diagnostic, codes};
use agentpol_model::ids::TokenId;
use std::collections::BTreeMap;

impl World<'_> {
    pub(super) fn use_all(&mut self, imported: &[ContractIx], sink: &mut Sink) {
        let mut open: Vec<ContractIx> = imported.iter().chain(&self.natives).copied().collect();
        while let Some(ix) = open.pop() {
            if !self.used.insert(ix) {
                continue;
            }
            let interfaces = self.contract(ix).map(|c| c.interfaces.clone()).unwrap_or_default();
            open.extend(
                interfaces.iter().filter_map(|i| self.interface(*i)).flat_map(|i| i.mentions.iter().copied()),
            );
        }
        // A par is of use only with tokens that are used.
        let mut tokens: Vec<ContractIx> = self.used.iter().copied().filter(|ix| self.is_token(*ix)).collect();
        tokens.sort_by_key(|ix| (self.contract_name(*ix), *ix));
        for pair in tokens.windows(2) {
            if let [a, b] = pair
                && self.contract_name(*a) == self.contract_name(*b)
                && let (Some(first), Some(second)) = (self.contract(*a), self.contract(*b))
            {
                let said = format!("two different tokens named `{}` are used", first.name);
                let (own, other) = if second.module.0 == 0 { (second, first) } else { (first, second) };
                sink.push(
                    Diagnostic::new(codes::SYMBOL_CLASH, own.place, said)
                        .label(other.place, "the other one")
                        .help("budgets are kept by symbol: declare yours under another name"),
                );
            }
        }
        self.token_ids = (0..).map(TokenId::new).zip(&tokens).map(|(id, ix)| (*ix, id)).collect();
        self.tokens = tokens;
        self.check_sites(sink);
    }

    /// Two tokens at one address would make an amount's unit a matter of luck.
    fn check_sites(&mut self, sink: &mut Sink) {
        let mut at: BTreeMap<(ChainIx, At), ContractIx> = BTreeMap::new();
        for ix in self.tokens.clone() {
            for site in self.contract(ix).map(|c| c.sites.clone()).unwrap_or_default() {
                if let At::Address(Target::Fixed(address)) = site.at {
                    self.token_at.insert((site.chain, address), ix);
                }
                if let Some(first) = at.insert((site.chain, site.at), ix)
                    && let Some(first) = self.contract(first)
                {
                    let said =
                        format!("`{}` stands here already on `{}`", first.name, self.chain_name(site.chain));
                    let own = if site.place.file.0 == 0 { site.place } else { first.place };
                    sink.push(
                        Diagnostic::new(codes::DUPLICATE_SITE, own, said).label(first.place, "this one"),
                    );
                }
            }
        }
    }
}
