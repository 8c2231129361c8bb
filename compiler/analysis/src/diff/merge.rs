//! Two policies as one rule set, in which a rule of either speaks of the same tokens, parameters and callables.

use crate::ruleset::{
    Arm, Atom, BytesTest, Callable, Clause, ControlSpec, EffectSpec, Formula, Linear, Rule, RuleSet, Scalar,
    SetRef, Target, TokenSpec,
};
use agentpol_model::ids::{CallableId, ParamId, RuleId, SetId, TokenId};

/// The old policy with the new one's rules behind its own.
pub(super) struct Merged {
    pub(super) rules: RuleSet,
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
        for token in &new.tokens {
            let known = rules.tokens.iter().position(|known| known.symbol == token.symbol);
            let place = known.unwrap_or_else(|| {
                rules.tokens.push(token.clone());
                rules.tokens.len().saturating_sub(1)
            });
            if let Some(known) = rules.tokens.get_mut(place) {
                let missing = token.sites.iter().filter(|site| !known.sites.contains(site));
                let missing: Vec<_> = missing.copied().collect();
                known.sites.extend(missing);
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
        for contract in &new.contracts {
            let contract =
                crate::ruleset::Contract { address: numbers.target(contract.address), ..contract.clone() };
            if !rules.contracts.contains(&contract) {
                rules.contracts.push(contract);
            }
        }
        for callable in &new.callables {
            let callable = numbers.callable(callable);
            let known = rules.callables.iter().position(|known| is_same(known, &callable));
            let place = match known {
                Some(place) => {
                    // What the new policy knows of it counts.
                    if let Some(known) = rules.callables.get_mut(place) {
                        *known = callable;
                    }
                    place
                }
                None => {
                    rules.callables.push(callable);
                    rules.callables.len().saturating_sub(1)
                }
            };
            numbers.callables.push(CallableId::new(id(place)));
        }
        rules.named_addresses.extend(new.named_addresses.iter().copied());
        for rule in &new.rules {
            let rule = numbers.rule(rule);
            rules.rules.push(rule);
        }
        Self { rules, old: numbers.rules }
    }
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
        let (arms, over) = (arms.collect(), over.collect());
        let mut rule = Rule { arms, over, ..rule.clone() };
        forget_budgets(&mut rule);
        rule
    }
}
