//! What is established to the left: which addresses an argument can be. It is read off conditions after they are flattened,
//! so it passes through definitions and earlier clauses by itself.

use agentpol_analysis::ruleset::{Atom, Formula, Scalar, SetRef};
use agentpol_model::{U256, ids::SetId, types::WordType};
use std::{collections::BTreeSet, rc::Rc};

/// Each says that a word is one of some. All hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    known: Vec<(Scalar, Known)>,
}

#[derive(Clone, Debug)]
enum Known {
    Word(U256),
    Set(SetId),
    Words(Rc<BTreeSet<U256>>),
    /// What stands here is never reached.
    Never,
}

impl Known {
    fn words(&self, sets: &[BTreeSet<U256>]) -> BTreeSet<U256> {
        match self {
            Known::Word(word) => BTreeSet::from([*word]),
            Known::Set(id) => sets.get(id.index()).cloned().unwrap_or_default(),
            Known::Words(words) => words.as_ref().clone(),
            Known::Never => BTreeSet::new(),
        }
    }
}

impl Facts {
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.known.truncate(len);
    }

    /// The words that a word can be, if anything is established about it.
    pub(crate) fn words(&self, scalar: &Scalar, sets: &[BTreeSet<U256>]) -> Option<BTreeSet<U256>> {
        let about = |s: &Scalar, k: &Known| s == scalar || matches!(k, Known::Never);
        let mut all = self.known.iter().filter(|(s, k)| about(s, k)).map(|(_, k)| k.words(sets));
        let first = all.next()?;
        Some(all.fold(first, |a, b| a.intersection(&b).copied().collect()))
    }

    /// Takes in that a condition holds, or that it does not.
    pub(crate) fn learn(&mut self, formula: &Formula, holds: bool, sets: &[BTreeSet<U256>]) {
        match (formula, holds) {
            (Formula::Not(inner), _) => self.learn(inner, !holds, sets),
            (Formula::And(parts), true) | (Formula::Or(parts), false) => {
                parts.iter().for_each(|p| self.learn(p, holds, sets));
            }
            (Formula::Or(parts), true) | (Formula::And(parts), false) => {
                self.learn_one_of(parts, holds, sets)
            }
            (Formula::Atom(Atom::Same(a, b)), true) => {
                for (word, other) in [(a, b), (b, a)] {
                    if let (true, Scalar::Const(c)) = (is_address(word), other) {
                        self.known.push((word.clone(), Known::Word(*c)));
                    }
                }
            }
            (Formula::Atom(Atom::Member(word, SetRef::Const(id))), true) if is_address(word) => {
                self.known.push((word.clone(), Known::Set(*id)));
            }
            (Formula::Const(b), _) if *b != holds => {
                self.known.push((Scalar::Const(U256::ZERO), Known::Never))
            }
            // An element of an array is another one each time: nothing said inside a quantifier holds outside.
            (Formula::Quantified { .. } | Formula::Atom(_) | Formula::Const(_), _) => {}
        }
    }

    /// One of several holds: what each of them says of a word, put together.
    fn learn_one_of(&mut self, parts: &[Formula], holds: bool, sets: &[BTreeSet<U256>]) {
        let mut branches = parts.iter().filter(|p| !matches!(p, Formula::Const(b) if *b != holds)).map(|p| {
            let mut facts = Facts::default();
            facts.learn(p, holds, sets);
            facts
        });
        let Some(first) = branches.next() else { return };
        let mut about: Vec<(Scalar, BTreeSet<U256>)> = Vec::new();
        for (word, _) in &first.known {
            if about.iter().all(|(w, _)| w != word)
                && let Some(words) = first.words(word, sets)
            {
                about.push((word.clone(), words));
            }
        }
        for branch in branches {
            about.retain_mut(|(word, words)| match branch.words(word, sets) {
                Some(more) => {
                    words.extend(more);
                    true
                }
                None => false,
            });
        }
        self.known.extend(about.into_iter().map(|(word, words)| (word, Known::Words(Rc::new(words)))));
    }
}

fn is_address(word: &Scalar) -> bool {
    matches!(word, Scalar::Arg(_, WordType::Address) | Scalar::Party(_) | Scalar::Slice { length: 20, .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use agentpol_model::types::{Path, Step};

    fn arg(n: u16) -> Scalar {
        Scalar::Arg(Path(vec![Step::Member(n)]), WordType::Address)
    }

    fn is(n: u16, word: u64) -> Formula {
        Formula::Atom(Atom::Same(arg(n), Scalar::Const(U256::from(word))))
    }

    fn words(facts: &Facts, n: u16) -> Option<Vec<u64>> {
        facts.words(&arg(n), &[]).map(|w| w.iter().map(|w| w.to::<u64>()).collect())
    }

    #[test]
    fn or_keeps_only_what_every_side_says() {
        let mut facts = Facts::default();
        let left = Formula::And(vec![is(0, 1), is(1, 7)]);
        facts.learn(&Formula::Or(vec![left, is(0, 2)]), true, &[]);
        assert_eq!(words(&facts, 0), Some(vec![1, 2]));
        assert_eq!(words(&facts, 1), None);
        facts.learn(&is(0, 2), true, &[]);
        assert_eq!(words(&facts, 0), Some(vec![2]));
    }

    #[test]
    fn not_turns_and_and_or_round() {
        let unless = Formula::Not(Box::new(Formula::Or(vec![
            Formula::Not(Box::new(is(0, 1))),
            Formula::Not(Box::new(is(1, 2))),
        ])));
        let mut facts = Facts::default();
        facts.learn(&unless, true, &[]);
        assert_eq!((words(&facts, 0), words(&facts, 1)), (Some(vec![1]), Some(vec![2])));
        let mut none = Facts::default();
        none.learn(&is(0, 1), false, &[]);
        none.learn(&Formula::Not(Box::new(Formula::Or(vec![is(0, 1), is(1, 1)]))), true, &[]);
        assert_eq!(words(&none, 0), None);
    }
}
