//! One policy's numbers of tokens, parameters, sets and callables in the numbering of another, so that both can stand in one rule set.

use crate::ruleset::{
    Arm, Ask, Atom, BytesTest, Callable, Clause, ControlSpec, EffectSpec, Formula, Function, Linear, Scalar,
    Seconds, SetRef, Target, TokenSpec,
};
use agentpol_model::ids::{CallableId, ParamId, SetId, TokenId};

/// By the numbers of the one, those of the other.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) tokens: Vec<TokenId>,
    pub(crate) params: Vec<ParamId>,
    pub(crate) sets: Vec<SetId>,
    pub(crate) callables: Vec<CallableId>,
}

/// A place in a table as the number it has there.
pub(crate) fn id(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Would a request lead to both?
pub(crate) fn is_same(a: &Callable, b: &Callable) -> bool {
    let selector = |callable: &Callable| callable.function.as_ref().map(|function| function.selector);
    let type_hash = |callable: &Callable| callable.typed.as_ref().map(|typed| typed.type_hash);
    (a.kind, a.chain, a.target, selector(a), type_hash(a))
        == (b.kind, b.chain, b.target, selector(b), type_hash(b))
}

impl Numbers {
    pub(crate) fn token(&self, of: TokenId) -> TokenId {
        self.tokens.get(of.index()).copied().unwrap_or(of)
    }

    pub(crate) fn param(&self, of: ParamId) -> ParamId {
        self.params.get(of.index()).copied().unwrap_or(of)
    }

    fn spec(&self, spec: &TokenSpec) -> TokenSpec {
        match spec {
            TokenSpec::Known(token) => TokenSpec::Known(self.token(*token)),
            TokenSpec::At(at) => TokenSpec::At(self.scalar(at)),
        }
    }

    pub(crate) fn target(&self, target: Target) -> Target {
        match target {
            Target::Fixed(_) => target,
            Target::Param(param) => Target::Param(self.param(param)),
        }
    }

    fn scalar(&self, scalar: &Scalar) -> Scalar {
        match scalar {
            Scalar::Param(param) => Scalar::Param(self.param(*param)),
            other => other.clone(),
        }
    }

    pub(crate) fn linear(&self, linear: &Linear) -> Linear {
        let mut terms: Vec<_> =
            linear.terms.iter().map(|(c, scalar)| (c.clone(), self.scalar(scalar))).collect();
        terms.sort_unstable_by(|a, b| a.1.cmp(&b.1));
        Linear { terms, constant: linear.constant.clone() }
    }

    pub(crate) fn formula(&self, formula: &Formula) -> Formula {
        let each = |parts: &[Formula]| parts.iter().map(|part| self.formula(part)).collect();
        match formula {
            Formula::Const(truth) => Formula::Const(*truth),
            Formula::Atom(atom) => Formula::Atom(self.atom(atom)),
            Formula::Not(inner) => Formula::Not(Box::new(self.formula(inner))),
            Formula::And(parts) => Formula::And(each(parts)),
            Formula::Or(parts) => Formula::Or(each(parts)),
            Formula::Quantified { every, array, max, body } => Formula::Quantified {
                every: *every,
                array: array.clone(),
                max: *max,
                body: Box::new(self.formula(body)),
            },
        }
    }

    pub(crate) fn ask(&self, ask: &Ask) -> Ask {
        let within = match ask.within {
            Seconds::Fixed(seconds) => Seconds::Fixed(seconds),
            Seconds::Param(param) => Seconds::Param(self.param(param)),
        };
        Ask { need: ask.need, of: ask.of.iter().map(|of| self.target(*of)).collect(), within }
    }

    /// What an arm's clauses say.
    pub(crate) fn clauses(&self, arm: &Arm) -> Vec<Clause> {
        arm.clauses
            .iter()
            .map(|clause| Clause { formula: self.formula(&clause.formula), ..clause.clone() })
            .collect()
    }

    fn atom(&self, atom: &Atom) -> Atom {
        match atom {
            Atom::Linear { sum, relation } => Atom::Linear { sum: self.linear(sum), relation: *relation },
            Atom::Same(a, b) => Atom::Same(self.scalar(a), self.scalar(b)),
            Atom::Member(item, set) => {
                let set = match set {
                    SetRef::Const(set) => SetRef::Const(self.sets.get(set.index()).copied().unwrap_or(*set)),
                    SetRef::Param(param) => SetRef::Param(self.param(*param)),
                };
                Atom::Member(self.scalar(item), set)
            }
            Atom::Bytes(path, BytesTest::SliceIsWord { start, word }) => {
                let word = self.scalar(word);
                Atom::Bytes(path.clone(), BytesTest::SliceIsWord { start: *start, word })
            }
            other => other.clone(),
        }
    }

    pub(crate) fn callable(&self, callable: &Callable) -> Callable {
        Callable {
            target: callable.target.map(|target| self.target(target)),
            effects: callable.effects.iter().map(|effect| self.effect(effect)).collect(),
            controls: callable
                .controls
                .iter()
                .map(|control| ControlSpec {
                    party: self.scalar(&control.party),
                    when: self.formula(&control.when),
                })
                .collect(),
            requires: self.formula(&callable.requires),
            function: callable.function.as_ref().map(|function| Function {
                units: function.units.iter().map(|(at, of)| (at.clone(), self.spec(of))).collect(),
                ..function.clone()
            }),
            ..callable.clone()
        }
    }

    fn effect(&self, effect: &EffectSpec) -> EffectSpec {
        let scalar = |scalar: &Option<Scalar>| scalar.as_ref().map(|scalar| self.scalar(scalar));
        EffectSpec {
            kind: effect.kind,
            amount: self.linear(&effect.amount),
            token: self.spec(&effect.token),
            party: self.scalar(&effect.party),
            from: scalar(&effect.from),
            until: scalar(&effect.until),
            through: scalar(&effect.through),
            when: self.formula(&effect.when),
            sentinel: scalar(&effect.sentinel),
        }
    }
}
