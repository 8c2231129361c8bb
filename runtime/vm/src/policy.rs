//! A policy, loaded.

use crate::{
    bind::{BindError, Binding, Values},
    compile,
    dispatch::{Key, Table},
    program::{Callable, FAIL, Program},
};
use agentpol_abi::Layout;
use agentpol_bytecode::Module;
use agentpol_model::{
    Address, B256, ChainId, U256,
    budget::Cap,
    decision::DenyCode,
    ids::{ParamId, RuleId, TokenId},
    policy::{ParamType, ParamValue, Seconds, Target},
    refusal::KnownAddresses,
};
use agentpol_verifier::Verified;
use std::collections::BTreeMap;

/// A verified module and a binding, ready to decide.
#[derive(Clone, Debug)]
pub struct Policy {
    module: Module,
    hash: B256,
    wallet: Address,
    values: Values,
    pub(crate) program: Program,
    chains: Vec<ChainId>,
    calls: Table,
    contracts: Vec<(ChainId, Address)>,
    sends: Vec<(ChainId, u32)>,
    trusted: Vec<(ChainId, Address)>,
    sites: Vec<(ChainId, Address, TokenId)>,
    known: KnownAddresses,
    empty: Layout,
}

impl Policy {
    /// Binds the parameters and makes the module ready to run.
    pub fn bind(verified: Verified, binding: &Binding) -> Result<Self, BindError> {
        let (module, layouts) = verified.into_parts();
        let values = Values::new(&module, binding)?;
        let known = known(&module, &values);
        let program = compile::program(&module, layouts, &values, &known)?;
        let keys = Keys::new(&module, &values)?;
        let mut trusted = Vec::new();
        for contract in module.contracts.iter().filter(|contract| contract.trusted.is_some()) {
            trusted.extend(values.address(contract.address).map(|at| (contract.chain, at)));
        }
        trusted.sort_unstable();
        let mut sites = Vec::new();
        for (id, token) in (0..).map(TokenId::new).zip(&module.tokens) {
            sites.extend(token.sites.iter().filter_map(|(chain, at)| Some((*chain, (*at)?, id))));
        }
        sites.sort_unstable();
        Ok(Self {
            hash: agentpol_bytecode::hash(&module),
            wallet: binding.wallet,
            chains: module.chains.iter().map(|chain| chain.id).collect(),
            calls: Table::new(&keys.calls),
            contracts: keys.contracts,
            sends: keys.sends,
            trusted,
            sites,
            known,
            empty: Layout::new(&[]).map_err(|_| BindError::TooLarge)?,
            program,
            values,
            module,
        })
    }

    /// What was bound.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// The module's hash.
    pub fn hash(&self) -> B256 {
        self.hash
    }

    /// The account whose assets move.
    pub fn wallet(&self) -> Address {
        self.wallet
    }

    /// Steps that one action takes at most.
    pub fn max_steps(&self) -> u64 {
        self.module.max_steps
    }

    /// What the parameters are bound to, by `ParamId`.
    pub fn values(&self) -> &[ParamValue] {
        self.values.all()
    }

    /// A parameter that is one word.
    pub fn param(&self, param: ParamId) -> Option<U256> {
        self.values.word(param)
    }

    /// An address that may be bound.
    pub fn address(&self, target: Target) -> Option<Address> {
        self.values.address(target)
    }

    /// A cap in its measure's common denominator.
    pub fn cap(&self, cap: Cap) -> Option<U256> {
        self.values.cap(cap)
    }

    /// A number of seconds that may be bound.
    pub fn seconds(&self, seconds: Seconds) -> Option<u64> {
        match seconds {
            Seconds::Fixed(seconds) => Some(seconds),
            Seconds::Param(param) => self.values.word(param).map(|word| word.saturating_to()),
        }
    }

    /// Does the policy name this chain?
    pub fn is_chain(&self, chain: ChainId) -> bool {
        self.chains.binary_search(&chain).is_ok()
    }

    /// Is the contract there `trusted`?
    pub fn is_trusted(&self, chain: ChainId, address: Address) -> bool {
        self.trusted.binary_search(&(chain, address)).is_ok()
    }

    /// The policy's token that stands at an address.
    pub fn token_at(&self, chain: ChainId, address: Address) -> Option<TokenId> {
        let found = self.sites.binary_search_by(|(c, a, _)| (c, a).cmp(&(&chain, &address)));
        found.ok().and_then(|at| self.sites.get(at)).map(|(_, _, token)| *token)
    }

    /// Every address of the policy.
    pub fn known(&self) -> &KnownAddresses {
        &self.known
    }

    /// The most arms that one callable has.
    pub(crate) fn most_arms(&self) -> usize {
        self.program.callables.iter().map(|callable| callable.grants().len()).max().unwrap_or(0)
    }

    pub(crate) fn is_over(&self, upper: RuleId, lower: RuleId) -> bool {
        self.module.rules.get(upper.index()).is_some_and(|rule| rule.over.binary_search(&lower).is_ok())
    }

    pub(crate) fn call(&self, key: &Key) -> Result<&Callable, DenyCode> {
        let candidates = self.calls.candidates(key).filter_map(|at| self.program.callables.get(at as usize));
        let found = candidates.into_iter().find(|callable| callable.key == *key);
        found.ok_or_else(|| match self.contracts.binary_search(&(key.chain, key.target)) {
            Ok(_) => DenyCode::UnknownFunction,
            Err(_) => DenyCode::UnknownContract,
        })
    }

    pub(crate) fn send(&self, chain: ChainId) -> Option<&Callable> {
        let at = self.sends.binary_search_by_key(&chain, |(chain, _)| *chain).ok()?;
        self.program.callables.get(self.sends.get(at)?.1 as usize)
    }

    pub(crate) fn layout(&self, callable: &Callable) -> Option<&Layout> {
        if callable.layout == FAIL {
            Some(&self.empty)
        } else {
            self.program.layouts.get(callable.layout as usize)
        }
    }
}

/// What leads where, once addresses are known.
struct Keys {
    calls: Vec<(Key, u32)>,
    contracts: Vec<(ChainId, Address)>,
    sends: Vec<(ChainId, u32)>,
}

impl Keys {
    fn new(module: &Module, values: &Values) -> Result<Self, BindError> {
        let mut keys: BTreeMap<Key, u32> = BTreeMap::new();
        let mut sends = Vec::new();
        for (n, callable) in (0u32..).zip(&module.callables) {
            let (Some(target), Some(function)) = (callable.target, callable.function) else {
                sends.push((callable.chain, n));
                continue;
            };
            let target = values.address(target).unwrap_or_default();
            let selector = module.functions.get(function.index()).map(|f| f.selector).unwrap_or_default();
            let key = Key { chain: callable.chain, target, selector };
            if let Some(other) = keys.insert(key, n) {
                let (first, second) = (name(module, other), name(module, n));
                return Err(BindError::SameFunction { first, second, chain: key.chain, at: target });
            }
        }
        sends.sort_unstable();
        let mut contracts: Vec<_> = keys.keys().map(|key| (key.chain, key.target)).collect();
        contracts.dedup();
        Ok(Self { calls: keys.into_iter().collect(), contracts, sends })
    }
}

/// `USDC.transfer`
pub(crate) fn name(module: &Module, callable: u32) -> String {
    let Some(callable) = module.callables.get(callable as usize) else { return String::new() };
    match callable.function.and_then(|function| module.functions.get(function.index())) {
        Some(function) => format!("{}.{}", callable.contract, function.name),
        None => "send".to_owned(),
    }
}

fn known(module: &Module, values: &Values) -> KnownAddresses {
    let mut known: Vec<Address> = module.named_addresses.clone();
    known.extend(module.contracts.iter().filter_map(|contract| values.address(contract.address)));
    known.extend(module.tokens.iter().flat_map(|token| token.sites.iter().filter_map(|(_, at)| *at)));
    for (param, value) in module.params.iter().zip(values.all()) {
        match (param.ty, value) {
            (ParamType::Address | ParamType::Approver, ParamValue::Word(word)) => {
                known.push(Address::from_word((*word).into()));
            }
            (ParamType::AddressSet(_), ParamValue::Set(set)) => known.extend(set),
            _ => {}
        }
    }
    KnownAddresses::new(known)
}
