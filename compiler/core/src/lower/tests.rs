use super::{Fault, condition, number};
use agentpol_analysis::ruleset::{Atom, Formula, Linear, Relation, Scalar, SetRef};
use agentpol_bytecode::{
    limits::{MAX_CLAUSE_INSTRUCTIONS, MAX_COEFFICIENT_BITS, MAX_CONSTANT_BITS, MAX_TERMS},
    text::print,
};
use agentpol_model::{
    U256,
    ids::SetId,
    request::Field,
    types::{Path, Step, WordType},
};
use num_bigint::BigInt;

fn arg(n: u16) -> Scalar {
    Scalar::Arg(Path(vec![Step::Member(n)]), WordType::Uint(256))
}

fn is(n: u64) -> Formula {
    Formula::Atom(Atom::Same(arg(0), Scalar::Const(U256::from(n))))
}

fn linear(terms: &[(i64, Scalar)], constant: i64) -> Linear {
    let terms = terms.iter().map(|(coefficient, word)| (BigInt::from(*coefficient), word.clone()));
    Linear { terms: terms.collect(), constant: BigInt::from(constant) }
}

fn compare(coefficient: i64, word: Scalar, constant: i64, relation: Relation) -> Formula {
    Formula::Atom(Atom::Linear { sum: linear(&[(coefficient, word)], constant), relation })
}

/// The code, an instruction a line.
fn code(formula: &Formula) -> String {
    let code = condition::lower(formula).unwrap();
    code.iter().map(print).collect()
}

#[test]
fn one_word_is_compared_with_what_keeps_the_meaning() {
    let le = |coefficient, constant| code(&compare(coefficient, arg(0), constant, Relation::NotAbove));
    assert_eq!(le(3, -10), "compare $0:uint256 at_most 3 else fail\n");
    assert_eq!(le(3, -12), "compare $0:uint256 at_most 4 else fail\n");
    assert_eq!(le(-3, 10), "compare $0:uint256 at_least 4 else fail\n");
    assert_eq!(le(-3, 12), "compare $0:uint256 at_least 4 else fail\n");
    let eq = |coefficient, constant| code(&compare(coefficient, arg(0), constant, Relation::Zero));
    assert_eq!(eq(-3, 12), "compare $0:uint256 equal 4 else fail\n");
    assert!(eq(3, -10).starts_with("sum "), "no word is 10/3");
    assert!(le(1, 1).starts_with("sum "), "never, but the word is read all the same");
    let signed = Scalar::Arg(Path(vec![Step::Member(0)]), WordType::Int(8));
    assert!(code(&compare(1, signed, -1, Relation::NotAbove)).starts_with("sum "), "a sign needs a sum");
}

#[test]
fn connectives_become_ways_out() {
    let and = Formula::And(vec![is(1), is(2)]);
    assert_eq!(code(&and), "same $0:uint256 1 else fail\nsame $0:uint256 2 else fail\n");
    let or = Formula::Or(vec![is(1), is(2)]);
    assert_eq!(code(&or), "same $0:uint256 1 then +1\nsame $0:uint256 2 else fail\n");
    let neither = Formula::Not(Box::new(or.clone()));
    assert_eq!(code(&neither), "same $0:uint256 1 then fail\nsame $0:uint256 2 then fail\n");
    let either = Formula::Or(vec![and, is(3)]);
    assert_eq!(
        code(&either),
        "same $0:uint256 1 else +1\nsame $0:uint256 2 then +1\nsame $0:uint256 3 else fail\n"
    );
    assert_eq!(code(&Formula::And(Vec::new())), "");
    assert_eq!(code(&Formula::Or(Vec::new())), "fail\n");
    assert_eq!(code(&Formula::Const(true)), "");
    assert_eq!(code(&Formula::Const(false)), "fail\n");
}

fn quantified(every: bool, max: u32, body: Formula) -> Formula {
    Formula::Quantified { every, array: Path(vec![Step::Member(1)]), max, body: Box::new(body) }
}

fn element() -> Scalar {
    Scalar::Arg(Path(vec![Step::Member(1), Step::Element(0)]), WordType::Address)
}

#[test]
fn quantifiers_are_fused_or_unrolled() {
    let member = Formula::Atom(Atom::Member(element(), SetRef::Const(SetId::new(0))));
    assert_eq!(code(&quantified(true, 9, member)), "each true $1/[*0] address 9 const(set0) else fail\n");
    let wallet = Formula::Atom(Atom::Same(element(), Scalar::Field(Field::Wallet)));
    assert_eq!(
        code(&quantified(true, 2, wallet.clone())),
        "bound $1 2\nlonger $1 0 else +3\nsame $1/[0]:address wallet else fail\nlonger $1 1 else +1\n\
         same $1/[1]:address wallet else fail\n"
    );
    assert_eq!(
        code(&quantified(false, 1, wallet)),
        "bound $1 1\nlonger $1 0 else fail\nsame $1/[0]:address wallet then +1\nfail\n"
    );
}

#[test]
fn elements_are_compared_in_one_instruction() {
    let distinct = || Formula::Atom(Atom::Distinct { array: Path(vec![Step::Member(1)]), max: 9 });
    assert_eq!(code(&distinct()), "distinct $1/[*0] 9 else fail\n");
    assert_eq!(code(&Formula::Not(Box::new(distinct()))), "distinct $1/[*0] 9 then fail\n");
    let inner = Path(vec![Step::Member(1), Step::Element(0), Step::Member(2)]);
    let each = quantified(true, 1, Formula::Atom(Atom::Distinct { array: inner, max: 3 }));
    assert_eq!(code(&each), "bound $1 1\nlonger $1 0 else +1\ndistinct $1/[0]/2/[*0] 3 else fail\n");
}

#[test]
fn clauses_up_to_their_limit() {
    let wallet = Formula::Atom(Atom::Same(element(), Scalar::Field(Field::Wallet)));
    // `bound`, then two instructions an element.
    let most = u32::try_from((MAX_CLAUSE_INSTRUCTIONS - 1) / 2).unwrap();
    assert!(condition::lower(&quantified(true, most, wallet.clone())).is_ok());
    assert_eq!(condition::lower(&quantified(true, most + 1, wallet)), Err(Fault::ClauseTooLong));
}

#[test]
fn sums_up_to_their_limits() {
    let with = |terms: usize, bits: usize, constant: usize| {
        let coefficient: BigInt = -(BigInt::from(1) << (bits - 1));
        let terms = (0u16..).take(terms).map(|n| (coefficient.clone(), arg(n))).collect();
        number::sum(&Linear { terms, constant: BigInt::from(1) << (constant - 1) }).map(drop)
    };
    assert_eq!(with(MAX_TERMS, MAX_COEFFICIENT_BITS, MAX_CONSTANT_BITS), Ok(()));
    assert_eq!(with(MAX_TERMS + 1, 1, 1), Err(Fault::SumTooLarge));
    assert_eq!(with(1, MAX_COEFFICIENT_BITS + 1, 1), Err(Fault::SumTooLarge));
    assert_eq!(with(1, 1, MAX_CONSTANT_BITS + 1), Err(Fault::SumTooLarge));
}
