//! Sums: what is known when the policy is loaded is added up then.

use super::{Compiler, next};
use crate::{
    bind::BindError,
    program::{Amount, Sum, Term, Word},
};
use agentpol_bytecode::{self as bytecode, Order};
use agentpol_model::{
    U256,
    policy::{Relation, Scalar},
    types::WordType,
};
use alloy_primitives::U512;

impl Compiler<'_> {
    /// Constants and parameters are added up now.
    pub(super) fn sum(&mut self, sum: &bytecode::Sum, layout: Option<u32>) -> Result<Sum, BindError> {
        let mut bound = Sum::default();
        bound.add(sum.constant.negative, sum.constant.magnitude)?;
        for term in &sum.terms {
            let coefficient: U256 =
                U256::try_from_be_slice(&term.coefficient.magnitude.to_be_bytes_trimmed_vec())
                    .ok_or(BindError::TooLarge)?;
            let known = match &term.word {
                Scalar::Const(word) => Some(*word),
                Scalar::Param(param) => self.values.word(*param),
                _ => None,
            };
            let negative = term.coefficient.negative;
            match known {
                Some(word) => bound.add(negative, word.widening_mul(coefficient))?,
                None => bound.terms.push(Term {
                    negative,
                    coefficient,
                    word: self.word(&term.word, layout)?,
                    signed: matches!(term.word, Scalar::Arg(_, WordType::Int(_))),
                }),
            }
        }
        Ok(bound)
    }

    pub(super) fn amount(
        &mut self,
        amount: &bytecode::Sum,
        layout: Option<u32>,
    ) -> Result<Amount, BindError> {
        let sum = self.sum(amount, layout)?;
        let plain = |term: &Term| !term.negative && !term.signed && term.coefficient == U256::ONE;
        match sum.terms.as_slice() {
            [term] if plain(term) && sum.positive == sum.negative => Ok(Amount::Word(term.word)),
            _ => {
                let at = next(&self.program.amounts)?;
                self.program.amounts.push(sum);
                Ok(Amount::Sum(at))
            }
        }
    }
}

impl Sum {
    fn add(&mut self, negative: bool, magnitude: U512) -> Result<(), BindError> {
        let side = if negative { &mut self.negative } else { &mut self.positive };
        *side = side.checked_add(magnitude).ok_or(BindError::TooLarge)?;
        Ok(())
    }

    /// A sum of one word is a comparison with a constant: `c·x + k ⋈ 0` is `x ⋈ −k/c`.
    pub(super) fn comparison(&self, relation: Relation) -> Option<(Word, Order, U256)> {
        let [Term { negative, coefficient, word, signed: false }] = self.terms.as_slice() else {
            return None;
        };
        let coefficient = U512::from(*coefficient);
        // What the other side comes to, if it is not below zero.
        let (more, less) =
            if *negative { (self.positive, self.negative) } else { (self.negative, self.positive) };
        let other = more.checked_sub(less)?;
        let exact = (other % coefficient).is_zero();
        let bound = match relation {
            Relation::NotAbove if *negative && !exact => (other / coefficient).checked_add(U512::ONE)?,
            Relation::Zero if !exact => return None,
            _ => other / coefficient,
        };
        let order = match relation {
            Relation::NotAbove if *negative => Order::AtLeast,
            Relation::NotAbove => Order::AtMost,
            Relation::Zero => Order::Equal,
        };
        (bound.bit_len() <= 256).then(|| (*word, order, bound.wrapping_to()))
    }
}
