//! Two policies at one key.

use super::{About, Key, is_foreign, needs};
use crate::{
    ruleset::{Param, RuleSet},
    solve::{
        prop::Prop,
        space::{Space, Term, number, takes_value},
    },
};
use agentpol_model::{
    U256,
    ids::{CallableId, ParamId},
    request::Field,
};

impl<'r> Key<'r> {
    /// The keys of two policies whose callables, parameters, sets, tokens and rules have the same numbers, though what is declared of
    /// callables and tokens, and who is trusted, may differ: both keys of a callable share their variables.
    pub(crate) fn pairs(first: &'r RuleSet, second: &'r RuleSet) -> Vec<[Self; 2]> {
        let pair = |(id, about): (CallableId, Vec<About<'r>>)| {
            let both = [first.callables.get(id.index())?, second.callables.get(id.index())?];
            let [one, other] = both;
            let space = Space::new(first, one, needs(&both, &about, &[]), is_foreign(&about));
            let beside = space.beside(second, other);
            Some([Self::in_space(space, id, &about), Self::in_space(beside, id, &about)])
        };
        Self::about(first).into_iter().filter_map(pair).collect()
    }

    /// Where the policy can be bound: each parameter lies in what its domain is by this policy.
    pub(crate) fn can_be_bound(&self, rules: &RuleSet) -> Prop {
        let inside = |param: &Param| {
            let (low, high) = param.domain?;
            let known = self
                .rules()
                .params
                .iter()
                .position(|known| (&known.name, known.ty) == (&param.name, param.ty));
            let term = self.params.get(&ParamId::new(u32::try_from(known?).ok()?))?;
            let sum = self.space.read(term);
            Some(Prop::all([self.at_least(&sum, &number(low)), self.at_most(&sum, &number(high))]))
        };
        Prop::all(rules.params.iter().filter_map(inside).collect::<Vec<_>>())
    }

    /// May value go along?
    pub(crate) fn takes_value(&self) -> bool {
        takes_value(self.callable)
    }

    /// Where no value goes along.
    pub(crate) fn without_value(&self) -> Prop {
        let value = self.space.field(Field::Value).0;
        self.same(&value, &Term::Const(U256::ZERO), true)
    }
}
