//! Two policies with the same numbers, so that a rule of either speaks of the same tokens, parameters and callables. Each keeps what it
//! declares of them, and whom it trusts.

use crate::ruleset::{
    Arm, Ask, Atom, BytesTest, Callable, Clause, Contract, ControlSpec, EffectSpec, Formula, Linear, Param,
    Rule, RuleSet, Scalar, Seconds, SetRef, Target, Token, TokenSpec, Verb,
};
use agentpol_model::ids::{CallableId, ParamId, RuleId, SetId, TokenId};

/// Two policies with all rules of both, the new one's behind the old one's.
pub(super) struct Merged {
    /// As the old policy sees callables, tokens and contracts, and as the new one does.
    pub(super) sides: [RuleSet; 2],
    /// So many rules are the old one's.
    pub(super) old: usize,
}

/// What the new policy's numbers are in both together.
struct Numbers {
    tokens: Vec<TokenId>,
    params: Vec<ParamId>,
    sets: Vec<SetId>,
    callables: Vec<CallableId>,
    rules: usize,
}

fn id(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Merged {
    pub(super) fn new(old: &RuleSet, new: &RuleSet) -> Self {
        let mut rules = old.clone();
        // Charges are for the budgets, which are compared by what they let out.
        for rule in &mut rules.rules {
            forget_budgets(rule);
        }
        let mut numbers = Numbers {
            tokens: Vec::new(),
            params: Vec::new(),
            sets: Vec::new(),
            callables: Vec::new(),
            rules: old.rules.len(),
        };
        let mut tokens = [old.tokens.clone(), old.tokens.iter().map(nowhere).collect()];
        for token in &new.tokens {
            let [before, after] = &mut tokens;
            let place = before.iter().position(|known| known.symbol == token.symbol).unwrap_or(before.len());
            if place == before.len() {
                before.push(nowhere(token));
                after.push(nowhere(token));
            }
            if let Some(known) = after.get_mut(place) {
                known.sites.clone_from(&token.sites);
            }
            numbers.tokens.push(TokenId::new(id(place)));
        }
        for param in &new.params {
            let known =
                rules.params.iter().position(|known| (&known.name, known.ty) == (&param.name, param.ty));
            let place = known.unwrap_or_else(|| {
                rules.params.push(param.clone());
                rules.params.len().saturating_sub(1)
            });
            if let Some(known) = rules.params.get_mut(place) {
                widen(known, param);
            }
            numbers.params.push(ParamId::new(id(place)));
        }
        for set in &new.sets {
            rules.sets.push(set.clone());
            numbers.sets.push(SetId::new(id(rules.sets.len().saturating_sub(1))));
        }
        for chain in &new.chains {
            if !rules.chains.iter().any(|known| known.id == chain.id) {
                let native = numbers.token(chain.native);
                rules.chains.push(crate::ruleset::Chain { native, ..chain.clone() });
            }
        }
        let contract =
            |contract: &Contract| Contract { address: numbers.target(contract.address), ..contract.clone() };
        let contracts = [old.contracts.clone(), new.contracts.iter().map(contract).collect()];
        // Of what only one of them declares only its own rules speak.
        let mut callables = [old.callables.clone(), old.callables.clone()];
        for callable in &new.callables {
            let callable = numbers.callable(callable);
            let [before, after] = &mut callables;
            let place = before.iter().position(|known| is_same(known, &callable)).unwrap_or(before.len());
            if place == before.len() {
                before.push(callable.clone());
                after.push(callable);
            } else if let Some(known) = after.get_mut(place) {
                *known = callable;
            }
            numbers.callables.push(CallableId::new(id(place)));
        }
        for rule in &new.rules {
            let rule = numbers.rule(rule);
            rules.rules.push(rule);
        }
        let mut sides = [rules.clone(), rules];
        for (side, ((tokens, contracts), callables)) in
            sides.iter_mut().zip(tokens.into_iter().zip(contracts).zip(callables))
        {
            (side.tokens, side.contracts, side.callables) = (tokens, contracts, callables);
        }
        Self { sides, old: numbers.rules }
    }
}

/// A token that is known by name only.
fn nowhere(token: &Token) -> Token {
    Token { sites: Vec::new(), ..token.clone() }
}

/// All values that one of the two policies takes.
fn widen(param: &mut Param, other: &Param) {
    param.domain = match (param.domain, other.domain) {
        (Some((low, high)), Some((from, to))) => Some((low.min(from), high.max(to))),
        _ => None,
    };
}

fn forget_budgets(rule: &mut Rule) {
    rule.beyond.clear();
    rule.exempt.clear();
    for arm in &mut rule.arms {
        arm.charges.clear();
    }
}

/// Would a request lead to both?
fn is_same(a: &Callable, b: &Callable) -> bool {
    let selector = |callable: &Callable| callable.function.as_ref().map(|function| function.selector);
    let type_hash = |callable: &Callable| callable.typed.as_ref().map(|typed| typed.type_hash);
    (a.kind, a.chain, a.target, selector(a), type_hash(a))
        == (b.kind, b.chain, b.target, selector(b), type_hash(b))
}

impl Numbers {
    fn token(&self, of: TokenId) -> TokenId {
        self.tokens.get(of.index()).copied().unwrap_or(of)
    }

    fn param(&self, of: ParamId) -> ParamId {
        self.params.get(of.index()).copied().unwrap_or(of)
    }

    fn target(&self, target: Target) -> Target {
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

    fn linear(&self, linear: &Linear) -> Linear {
        let mut terms: Vec<_> =
            linear.terms.iter().map(|(c, scalar)| (c.clone(), self.scalar(scalar))).collect();
        terms.sort_unstable_by(|a, b| a.1.cmp(&b.1));
        Linear { terms, constant: linear.constant.clone() }
    }

    fn formula(&self, formula: &Formula) -> Formula {
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

    fn callable(&self, callable: &Callable) -> Callable {
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
            ..callable.clone()
        }
    }

    fn effect(&self, effect: &EffectSpec) -> EffectSpec {
        let scalar = |scalar: &Option<Scalar>| scalar.as_ref().map(|scalar| self.scalar(scalar));
        EffectSpec {
            kind: effect.kind,
            amount: self.linear(&effect.amount),
            token: match &effect.token {
                TokenSpec::Known(token) => TokenSpec::Known(self.token(*token)),
                TokenSpec::At(at) => TokenSpec::At(self.scalar(at)),
            },
            party: self.scalar(&effect.party),
            from: scalar(&effect.from),
            until: scalar(&effect.until),
            through: scalar(&effect.through),
            when: self.formula(&effect.when),
            sentinel: scalar(&effect.sentinel),
        }
    }

    fn verb(&self, verb: &Verb) -> Verb {
        let Verb::Ask(Ask { need, of, within }) = verb else { return verb.clone() };
        let within = match within {
            Seconds::Fixed(_) => *within,
            Seconds::Param(param) => Seconds::Param(self.param(*param)),
        };
        Verb::Ask(Ask { need: *need, of: of.iter().map(|target| self.target(*target)).collect(), within })
    }

    fn rule(&self, rule: &Rule) -> Rule {
        let arms = rule.arms.iter().map(|arm| Arm {
            callable: self.callables.get(arm.callable.index()).copied().unwrap_or(arm.callable),
            clauses: arm
                .clauses
                .iter()
                .map(|clause| Clause { formula: self.formula(&clause.formula), ..clause.clone() })
                .collect(),
            charges: Vec::new(),
        });
        let over = rule.over.iter().map(|lower| RuleId::new(id(lower.index().saturating_add(self.rules))));
        let (arms, over, verb) = (arms.collect(), over.collect(), self.verb(&rule.verb));
        let mut rule = Rule { arms, over, verb, ..rule.clone() };
        forget_budgets(&mut rule);
        rule
    }
}
