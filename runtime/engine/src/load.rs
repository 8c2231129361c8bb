//! From a module's bytes to a policy that decides: decode, verify, bind.

use crate::{
    ceiling::{Ceiling, TooMuch},
    ledger::{Asset, Counts, Key, Ledger, Line, LineName, Name, Record, Rule, Terms},
};
use agentpol_bytecode::{DecodeError, Module};
use agentpol_model::{
    Address, B256, ChainId, Time, U256,
    budget::{Budget, Measure},
    ids::{BudgetId, RuleId, TokenId},
    policy::{Ask, ParamValue, Token, Verb, WALLET_PARAM},
};
use agentpol_verifier::{VerifyError, verify};
use agentpol_vm::{BindError, Binding};
use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

/// A module, verified and bound.
#[derive(Clone, Debug)]
pub struct Policy {
    rules: agentpol_vm::Policy,
    signer: Address,
    terms: Terms,
    /// By `BudgetId`.
    lines: Vec<LineName>,
    /// By `RuleId`.
    names: Vec<Name>,
    /// `fees at most`, by chain: with the native token.
    fee_caps: BTreeMap<ChainId, U256>,
}

/// Why a policy cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// The bytes are no module.
    Decode(DecodeError),
    /// The module is not safe to run.
    Verify(VerifyError),
    /// The binding does not fit.
    Bind(BindError),
    /// More may be lost than the host permits.
    Ceiling(TooMuch),
    /// The module is another than the one that was meant.
    Other {
        /// Meant.
        expected: B256,
        /// Its hash.
        found: B256,
    },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Decode(e) => write!(f, "the module cannot be read: {e}"),
            LoadError::Verify(e) => write!(f, "the module is not safe to run: {e}"),
            LoadError::Bind(e) => write!(f, "the policy cannot be bound: {e}"),
            LoadError::Ceiling(e) => write!(f, "the policy may lose too much: {e}"),
            LoadError::Other { expected, found } => write!(f, "this is the module {found}, not {expected}"),
        }
    }
}

impl std::error::Error for LoadError {}

impl From<DecodeError> for LoadError {
    fn from(e: DecodeError) -> Self {
        LoadError::Decode(e)
    }
}

impl From<VerifyError> for LoadError {
    fn from(e: VerifyError) -> Self {
        LoadError::Verify(e)
    }
}

impl From<BindError> for LoadError {
    fn from(e: BindError) -> Self {
        LoadError::Bind(e)
    }
}

/// Loads a policy from its module's bytes.
pub fn load(bytes: &[u8], binding: &Binding) -> Result<Policy, LoadError> {
    Policy::new(agentpol_bytecode::decode(bytes)?, binding)
}

/// The same, if its certificate stays under a ceiling.
pub fn load_within(bytes: &[u8], binding: &Binding, ceiling: &Ceiling) -> Result<Policy, LoadError> {
    let module = agentpol_bytecode::decode(bytes)?;
    ceiling.admits(&module).map_err(LoadError::Ceiling)?;
    Policy::new(module, binding)
}

impl Policy {
    /// Verifies a module and binds its parameters.
    pub fn new(module: Module, binding: &Binding) -> Result<Self, LoadError> {
        let rules = agentpol_vm::Policy::bind(verify(module)?, binding)?;
        let module = rules.module();
        let lines: Vec<LineName> = module.budgets.iter().map(|b| LineName::new(&b.name, b.line)).collect();
        let names: Vec<Name> = module.rules.iter().map(|rule| Name::from(rule.name.as_str())).collect();
        let mut policy = Self {
            signer: binding.signer,
            terms: Terms::default(),
            fee_caps: BTreeMap::new(),
            lines,
            names,
            rules,
        };
        policy.terms = policy.terms_of_module();
        policy.fee_caps = policy.fee_caps_of_module();
        Ok(policy)
    }

    /// The evaluator of its rules.
    pub fn rules(&self) -> &agentpol_vm::Policy {
        &self.rules
    }

    /// What was verified.
    pub fn module(&self) -> &Module {
        self.rules.module()
    }

    /// The module's hash.
    pub fn hash(&self) -> B256 {
        self.rules.hash()
    }

    /// The account whose assets move.
    pub fn wallet(&self) -> Address {
        self.rules.wallet()
    }

    /// The key that signs.
    pub fn signer(&self) -> Address {
        self.signer
    }

    /// What a ledger has to know of it.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// A ledger for it in which nothing has happened. `complete_logs`: every finalised transfer out of the wallet will be
    /// reported to it.
    pub fn ledger(&self, complete_logs: bool) -> Ledger {
        Ledger::new(self.terms.clone(), complete_logs)
    }

    /// Takes this policy over an existing history.
    pub fn edit(&self, ledger: &mut Ledger) {
        let epoch = ledger.state().terms.epoch.saturating_add(1);
        ledger.apply(Record::Edit(Terms { epoch, ..self.terms.clone() }));
    }

    /// `fees at most` on this chain, in wei.
    pub fn fee_cap(&self, chain: ChainId) -> Option<U256> {
        self.fee_caps.get(&chain).copied()
    }

    pub(crate) fn rule_name(&self, rule: RuleId) -> Option<&Name> {
        self.names.get(rule.index())
    }

    pub(crate) fn line_name(&self, budget: BudgetId) -> Option<&LineName> {
        self.lines.get(budget.index())
    }

    /// The budget of that line.
    pub(crate) fn budget(&self, name: &LineName) -> Option<&Budget> {
        self.module().budgets.iter().find(|b| *b.name == *name.budget && b.line == name.line)
    }

    /// What its parameters are bound to, by name; the wallet is no parameter that anybody binds.
    pub fn params(&self) -> BTreeMap<String, ParamValue> {
        let params = self.module().params.iter().zip(self.rules().values());
        let given = params.filter(|(param, _)| param.name != WALLET_PARAM);
        given.map(|(param, value)| (param.name.clone(), value.clone())).collect()
    }

    /// Each token of a chain with each contract there that the policy names and does not trust.
    pub fn holders(&self, chain: ChainId) -> Vec<Key> {
        let module = self.module();
        let here = module.contracts.iter().filter(|contract| contract.chain == chain);
        let here: BTreeSet<Address> = here.filter_map(|one| self.rules().address(one.address)).collect();
        let tokens: BTreeSet<Address> = module
            .tokens
            .iter()
            .flat_map(|token| &token.sites)
            .filter_map(|(on, contract)| contract.filter(|_| *on == chain))
            .collect();
        let spenders: Vec<Address> = here
            .into_iter()
            .filter(|spender| !tokens.contains(spender) && !self.rules().is_trusted(chain, *spender))
            .collect();
        let key = |token: &Address, spender: &Address| Key {
            asset: Asset { chain, contract: Some(*token) },
            spender: *spender,
            through: None,
        };
        tokens.iter().flat_map(|token| spenders.iter().map(move |spender| key(token, spender))).collect()
    }

    /// What the policy calls an asset.
    pub fn symbol(&self, asset: Asset) -> Option<&str> {
        self.token_of(asset).and_then(|token| self.token(token)).map(|token| token.symbol.as_str())
    }

    /// The token that stands there.
    pub(crate) fn token_of(&self, asset: Asset) -> Option<TokenId> {
        match asset.contract {
            Some(contract) => self.rules().token_at(asset.chain, contract),
            None => self.native(asset.chain),
        }
    }

    pub(crate) fn token(&self, token: TokenId) -> Option<&Token> {
        self.module().tokens.get(token.index())
    }

    /// The coin that fees are paid in.
    pub(crate) fn native(&self, chain: ChainId) -> Option<TokenId> {
        self.module().chains.iter().find(|c| c.id == chain).map(|c| c.native)
    }

    /// A token where it stands on a chain.
    pub(crate) fn asset(&self, token: TokenId, chain: ChainId) -> Option<Asset> {
        self.assets(token).find(|asset| asset.chain == chain)
    }

    /// Where a token stands on the policy's chains.
    fn assets(&self, token: TokenId) -> impl Iterator<Item = Asset> + '_ {
        let sites = self.token(token).into_iter().flat_map(|token| &token.sites);
        let here = sites.filter(|(chain, _)| self.rules.is_chain(*chain));
        here.map(|(chain, contract)| Asset { chain: *chain, contract: *contract })
    }

    fn fee_caps_of_module(&self) -> BTreeMap<ChainId, U256> {
        let caps =
            self.module().fee_caps.iter().filter_map(|(token, cap)| Some((token, self.rules.cap(*cap)?)));
        let chains = |token| self.module().chains.iter().filter(move |chain| chain.native == token);
        caps.flat_map(|(token, cap)| chains(*token).map(move |chain| (chain.id, cap))).collect()
    }

    fn terms_of_module(&self) -> Terms {
        let module = self.module();
        let trusted = module.contracts.iter().filter(|contract| contract.trusted.is_some());
        let rules = self.names.iter().zip(&module.rules).filter(|(_, rule)| rule.verb != Verb::Deny);
        Terms {
            lines: self.lines.iter().cloned().zip(module.budgets.iter().map(|b| self.line(b))).collect(),
            rules: rules.map(|(name, rule)| (name.clone(), self.rule(rule))).collect(),
            trusted: trusted.filter_map(|c| Some((c.chain, self.rules.address(c.address)?))).collect(),
            chains: module.chains.iter().map(|chain| chain.id).collect(),
            epoch: 0,
        }
    }

    fn line(&self, budget: &Budget) -> Line {
        let counts = match &budget.measure {
            Measure::Gross(weights) => {
                let each = weights.iter().flat_map(|(token, w)| self.assets(*token).map(|asset| (asset, *w)));
                Counts::Gross(each.collect())
            }
            Measure::Fees(token) => Counts::Fees(self.assets(*token).collect()),
            Measure::Calls => Counts::Calls,
        };
        let named = |rules: &Vec<RuleId>| -> BTreeSet<Name> {
            rules.iter().filter_map(|rule| self.rule_name(*rule)).cloned().collect()
        };
        Line {
            // Binding has checked that it fits.
            cap: self.rules.cap(budget.cap).unwrap_or_default(),
            window: budget.window,
            counts,
            rules: budget.rules.as_ref().map(named),
            renamed_from: budget.renamed_from.as_deref().map(Name::from),
        }
    }

    fn rule(&self, rule: &agentpol_bytecode::Rule) -> Rule {
        let beyond = rule
            .beyond
            .iter()
            .filter_map(|(budget, ask)| Some((self.line_name(*budget)?.clone(), self.within(ask))));
        Rule {
            ask: match &rule.verb {
                Verb::Ask(ask) => Some(self.within(ask)),
                Verb::Allow | Verb::Deny => None,
            },
            exempt: rule.exempt.iter().filter_map(|budget| self.line_name(*budget)).cloned().collect(),
            beyond: beyond.collect(),
        }
    }

    /// How long an approval may take, in seconds.
    pub(crate) fn within(&self, ask: &Ask) -> Time {
        self.rules.seconds(ask.within).unwrap_or_default()
    }
}
