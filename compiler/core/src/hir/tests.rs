use super::*;
use agentpol_analysis::ruleset::{Formula, Scalar};
use agentpol_model::request::Field;
use num_traits::{One, Zero};

fn word() -> Scalar {
    Scalar::Field(Field::Value)
}

#[test]
fn denominators_are_multiplied_out_and_the_sign_stays() {
    // value/6 - 1/4  ~  2·value - 3
    let lin = Lin::word(word()).scale(&Ratio::new(1.into(), 6.into()));
    let lin = lin.minus(Lin::constant(Ratio::new(1.into(), 4.into())));
    let whole = lin.whole();
    assert_eq!(whole.terms, vec![(2.into(), word())]);
    assert_eq!(whole.constant, (-3).into());
    assert_eq!(lin.times_denominator().1, 12.into());
}

#[test]
fn terms_that_cancel_go() {
    let lin = Lin::word(word()).minus(Lin::word(word()));
    assert!(lin.terms.is_empty() && lin.known().is_some_and(Ratio::is_zero));
    assert!(Lin::word(word()).as_word().is_some());
    assert!(Lin::word(word()).plus(Lin::constant(Ratio::one())).as_word().is_none());
}

#[test]
fn what_stands_before_a_known_false_is_kept_since_it_may_be_undefined() {
    let open = Formula::Not(Box::new(Formula::And(vec![])));
    assert_eq!(and([Formula::Const(false), open.clone()]), Formula::Const(false));
    assert_eq!(
        and([open.clone(), Formula::Const(false)]),
        Formula::And(vec![open.clone(), Formula::Const(false)])
    );
    assert_eq!(and([Formula::Const(true), open.clone()]), open);
    assert_eq!(
        or([open.clone(), Formula::Const(true)]),
        Formula::Or(vec![open.clone(), Formula::Const(true)])
    );
    assert_eq!(not(not(open.clone())), open);
    assert_eq!(or([]), Formula::Const(false));
}
