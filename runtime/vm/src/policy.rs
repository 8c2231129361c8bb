//! A policy, loaded.

use crate::{
    bind::{BindError, Binding, Values},
    compile,
    dispatch::{Key, Table},
    program::{Callable, FAIL, Program, Special, Typed},
};
use agentpol_abi::Layout;
use agentpol_bytecode::Module;
use agentpol_model::{
    Address, B256, ChainId, U256,
    budget::Cap,
    ids::{ParamId, RuleId, TokenId},
    policy::{ParamType, ParamValue, Seconds, Target},
    refusal::KnownAddresses,
    request::Kind,
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
    table: Table,
    contracts: Vec<(Kind, ChainId, Address)>,
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
            table: Table::new(&keys.table),
            contracts: keys.contracts,
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

    /// What stands behind a key. Of several kinds of typed data that begin alike it is one of them.
    #[inline]
    pub(crate) fn find(&self, kind: Kind, key: &Key) -> Option<&Callable> {
        self.candidates(kind, key).next()
    }

    /// The typed data with this type hash.
    pub(crate) fn find_typed(&self, key: &Key, type_hash: &B256) -> Option<(&Callable, &Typed)> {
        let typed = |callable| Some((callable, self.special(callable)?.typed.as_ref()?));
        self.candidates(Kind::Sign, key)
            .filter_map(typed)
            .find(|(_, typed)| typed.declared.type_hash == *type_hash)
    }

    #[inline]
    fn candidates(&self, kind: Kind, key: &Key) -> impl Iterator<Item = &Callable> {
        let numbers = self.table.candidates(kind, key);
        let candidates = numbers.filter_map(|at| self.program.callables.get(at as usize));
        candidates.filter(move |callable| callable.kind == kind && callable.key == *key)
    }

    /// Is there anything of this kind at the address?
    pub(crate) fn is_contract(&self, kind: Kind, chain: ChainId, address: Address) -> bool {
        self.contracts.binary_search(&(kind, chain, address)).is_ok()
    }

    /// What few callables have.
    #[inline]
    pub(crate) fn special(&self, callable: &Callable) -> Option<&Special> {
        self.program.specials.get(callable.special as usize)
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
    table: Vec<(Kind, Key, u32)>,
    contracts: Vec<(Kind, ChainId, Address)>,
}

impl Keys {
    fn new(module: &Module, values: &Values) -> Result<Self, BindError> {
        let mut keys = BTreeMap::new();
        let mut table = Vec::new();
        for (n, callable) in (0u32..).zip(&module.callables) {
            let target = callable.target.and_then(|target| values.address(target));
            let function = callable.function.and_then(|function| module.functions.get(function.index()));
            let key = Key::of(callable, target, function);
            table.push((callable.kind, key, n));
            let type_hash = callable.typed.as_ref().map(|typed| typed.type_hash);
            if let Some(other) = keys.insert((callable.kind, key, type_hash), n) {
                let (first, second) = (name(module, other), name(module, n));
                return Err(BindError::SameFunction { first, second, chain: key.chain, at: key.target });
            }
        }
        let mut contracts: Vec<_> =
            table.iter().map(|(kind, key, _)| (*kind, key.chain, key.target)).collect();
        contracts.sort_unstable();
        contracts.dedup();
        Ok(Self { table, contracts })
    }
}

/// `USDC.transfer`
pub(crate) fn name(module: &Module, callable: u32) -> String {
    let Some(callable) = module.callables.get(callable as usize) else { return String::new() };
    match callable.function.and_then(|function| module.functions.get(function.index())) {
        Some(function) => format!("{}.{}", callable.contract, function.name),
        None if callable.kind == Kind::Deploy => "deploy".to_owned(),
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
