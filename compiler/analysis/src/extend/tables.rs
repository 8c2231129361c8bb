//! Everything but rules: what both speak of has one number.

use super::{Clash, Joining};
use crate::{
    renumber::{id, is_same},
    ruleset::{Callable, Contract, Param, ParamType, Token},
};
use agentpol_model::{
    budget::{Budget, Cap, Measure},
    ids::{BudgetId, CallableId, ParamId, SetId, TokenId},
};

impl Joining<'_> {
    pub(super) fn tables(&mut self) {
        self.chains();
        self.tokens();
        self.params();
        for set in &self.parent.sets {
            let at = self.out.sets.iter().position(|known| known == set).unwrap_or_else(|| {
                self.out.sets.push(set.clone());
                self.out.sets.len().saturating_sub(1)
            });
            self.numbers.sets.push(SetId::new(id(at)));
        }
        self.contracts();
        self.fee_caps();
        self.out.named_addresses.extend(self.parent.named_addresses.iter().copied());
    }

    fn chains(&mut self) {
        for chain in &mut self.out.chains {
            match self.parent.chains.iter().find(|known| known.id == chain.id) {
                None => self.clashes.push(Clash::Chain(chain.name.clone())),
                Some(known) => {
                    let more = known.assumptions.iter().filter(|said| !chain.assumptions.contains(said));
                    let more: Vec<String> = more.cloned().collect();
                    chain.assumptions.extend(more);
                }
            }
        }
    }

    /// A token is known where both know it. Native coins are: whoever names a chain has them.
    fn tokens(&mut self) {
        let known = |token: &Token| self.parent.tokens.iter().find(|known| known.symbol == token.symbol);
        for token in &mut self.out.tokens {
            let sites = known(token).map(|known| known.sites.as_slice()).unwrap_or_default();
            let same_units = known(token).is_none_or(|known| known.decimals == token.decimals);
            token.sites.retain(|site| sites.contains(site));
            if !same_units {
                self.clashes.push(Clash::Declared(token.symbol.clone()));
            }
        }
        for token in &self.parent.tokens {
            let at = self.out.tokens.iter().position(|known| known.symbol == token.symbol);
            let at = at.unwrap_or_else(|| {
                self.out.tokens.push(Token { sites: Vec::new(), ..token.clone() });
                self.out.tokens.len().saturating_sub(1)
            });
            self.numbers.tokens.push(TokenId::new(id(at)));
        }
    }

    /// A parameter of both is one parameter.
    fn params(&mut self) {
        for param in &self.parent.params {
            let ty = match param.ty {
                ParamType::Amount(token) => ParamType::Amount(self.numbers.token(token)),
                ty => ty,
            };
            let param = Param { ty, ..param.clone() };
            let at = self.out.params.iter().position(|known| known.name == param.name);
            if at.and_then(|at| self.out.params.get(at)).is_some_and(|known| *known != param) {
                self.clashes.push(Clash::Param(param.name.clone()));
            }
            let at = at.unwrap_or_else(|| {
                self.out.params.push(param);
                self.out.params.len().saturating_sub(1)
            });
            self.numbers.params.push(ParamId::new(id(at)));
        }
    }

    /// Trusted is what both trust; upgradeable what one of them says is.
    fn contracts(&mut self) {
        let theirs: Vec<Contract> = self
            .parent
            .contracts
            .iter()
            .map(|contract| Contract { address: self.numbers.target(contract.address), ..contract.clone() })
            .collect();
        let place = |contract: &Contract| (contract.chain, contract.address);
        for contract in &mut self.out.contracts {
            let at = place(contract);
            let known: Vec<&Contract> = theirs.iter().filter(|known| place(known) == at).collect();
            contract.upgradeable |= known.iter().any(|known| known.upgradeable);
            if known.is_empty() || known.iter().any(|known| known.trusted.is_none()) {
                contract.trusted = None;
            }
        }
        let chains: Vec<_> = self.out.chains.iter().map(|chain| chain.id).collect();
        for contract in theirs.into_iter().filter(|contract| chains.contains(&contract.chain)) {
            if !self.out.contracts.iter().any(|known| place(known) == place(&contract)) {
                self.out.contracts.push(Contract { trusted: None, ..contract });
            }
        }
    }

    fn fee_caps(&mut self) {
        for (token, cap) in &self.parent.fee_caps {
            let (token, cap) = (self.numbers.token(*token), self.cap(*cap));
            if !self.is_native(token) {
                continue;
            }
            let known = self.out.fee_caps.iter_mut().find(|(known, _)| *known == token);
            match (known.map(|(_, known)| known), cap) {
                (None, _) => self.out.fee_caps.push((token, cap)),
                (Some(known), _) if *known == cap => {}
                (Some(Cap::Fixed(known)), Cap::Fixed(cap)) => *known = cap.min(*known),
                (Some(_), _) => {
                    let symbol = self.out.tokens.get(token.index()).map(|token| token.symbol.clone());
                    self.clashes.push(Clash::Fees(symbol.unwrap_or_default()));
                }
            }
        }
        self.out.fee_caps.sort_by_key(|(token, _)| *token);
    }

    /// Does a chain of the child's take its fees in it?
    fn is_native(&self, token: TokenId) -> bool {
        self.out.chains.iter().any(|chain| chain.native == token)
    }

    fn cap(&self, cap: Cap) -> Cap {
        match cap {
            Cap::Fixed(cap) => Cap::Fixed(cap),
            Cap::Param(param, weight) => Cap::Param(self.numbers.param(param), weight),
        }
    }

    /// What the child can speak of keeps its number. What the parent does not know it denies, and opens nothing in it.
    pub(super) fn callables(&mut self) {
        let nowhere = CallableId::new(u32::MAX);
        for theirs in &self.parent.callables {
            let theirs = self.numbers.callable(theirs);
            let at = self.out.callables.iter().position(|known| is_same(known, &theirs));
            self.numbers.callables.push(at.map_or(nowhere, |at| CallableId::new(id(at))));
            if let Some(known) = at.and_then(|at| self.out.callables.get(at))
                && !does_the_same(known, &theirs)
            {
                self.clashes.push(Clash::Declared(known.name()));
            }
        }
        for (n, callable) in (0..).zip(&mut self.out.callables) {
            if !self.numbers.callables.contains(&CallableId::new(n)) {
                callable.unwraps.clear();
            }
        }
    }

    pub(super) fn budgets(&mut self) {
        for budget in &self.parent.budgets {
            if self.child.budgets.iter().any(|known| known.name == budget.name) {
                self.clashes.push(Clash::Budget(budget.name.clone()));
            }
            if matches!(&budget.measure, Measure::Fees(token) if !self.is_native(self.numbers.token(*token)))
            {
                self.lines.push(None);
                continue;
            }
            self.lines.push(Some(BudgetId::new(id(self.out.budgets.len()))));
            self.out.budgets.push(Budget {
                cap: self.cap(budget.cap),
                measure: match &budget.measure {
                    Measure::Gross(weights) => {
                        let weights =
                            weights.iter().map(|(token, weight)| (self.numbers.token(*token), *weight));
                        let mut weights: Vec<_> = weights.collect();
                        weights.sort_unstable();
                        Measure::Gross(weights)
                    }
                    Measure::Fees(token) => Measure::Fees(self.numbers.token(*token)),
                    Measure::Calls => Measure::Calls,
                },
                ..budget.clone()
            });
        }
    }

    pub(super) fn line(&self, of_parent: BudgetId) -> Option<BudgetId> {
        self.lines.get(of_parent.index()).copied().flatten()
    }
}

/// Does a request that leads to both do the same by both?
fn does_the_same(a: &Callable, b: &Callable) -> bool {
    (&a.function, &a.effects, a.opaque, &a.controls, &a.requires, &a.unwraps, &a.typed)
        == (&b.function, &b.effects, b.opaque, &b.controls, &b.requires, &b.unwraps, &b.typed)
}
