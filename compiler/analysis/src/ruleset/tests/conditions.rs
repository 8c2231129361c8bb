use super::*;
use agentpol_model::ids::SetId;

const T: Formula = Formula::Const(true);
const F: Formula = Formula::Const(false);

/// What a guard comes to: a `deny` tells true, false and undefined apart.
fn truth_in(rules: &RuleSet, guard: Formula, data: &[u8]) -> Option<bool> {
    let rules = RuleSet { rules: vec![allow(vec![]), rule(Verb::Deny, "not", vec![guard])], ..rules.clone() };
    match judge(&rules, &[call(data)]) {
        Ok(_) => Some(false),
        Err(Denied { code: DenyCode::DeniedByRule, .. }) => Some(true),
        Err(Denied { code: DenyCode::Undefined, .. }) => None,
        Err(other) => panic!("{other:?}"),
    }
}

fn truth(guard: Formula) -> Option<bool> {
    truth_in(&policy(vec![]), guard, &calldata(address(0x77), U256::from(5)))
}

#[test]
fn and_and_or_go_left_to_right_and_stop_early() {
    let u = undefined;
    for (parts, all, any) in [
        (vec![], Some(true), Some(false)),
        (vec![T, T], Some(true), Some(true)),
        (vec![T, F], Some(false), Some(true)),
        (vec![F, u()], Some(false), None),
        (vec![T, u()], None, Some(true)),
        (vec![u(), F], None, None),
        (vec![u(), T], None, None),
    ] {
        assert_eq!(truth(Formula::And(parts.clone())), all, "and {parts:?}");
        assert_eq!(truth(Formula::Or(parts.clone())), any, "or {parts:?}");
    }
    assert_eq!(truth(Formula::Not(Box::new(u()))), None);
    assert_eq!(truth(Formula::Not(Box::new(F))), Some(true));
}

#[test]
fn sums_are_whole_numbers_without_a_ceiling() {
    // max * 2^64 - max * 2^64 - 5 + amount, with amount = 5: no wrap-around anywhere.
    let big: BigInt = BigInt::from(1) << 240_u32;
    let sum = Linear {
        terms: vec![
            (BigInt::from(1), amount()),
            (big.clone(), arg(0, WordType::Address)),
            (-big, Scalar::Const(word(address(0x77)))),
        ],
        constant: BigInt::from(-5),
    };
    let zero = |sum| Formula::Atom(Atom::Linear { sum, relation: Relation::Zero });
    assert_eq!(truth(zero(sum.clone())), Some(true));
    assert_eq!(truth(zero(Linear { constant: BigInt::from(-4), ..sum })), Some(false));
}

#[test]
fn signed_arguments_can_be_below_zero() {
    let mut rules = policy(vec![]);
    rules.callables[0].function.as_mut().unwrap().inputs[1].ty = Type::Word(WordType::Int(24));
    rules.callables[0].effects.clear();
    let data = calldata(address(0x77), U256::MAX); // -1
    let plus = |constant| not_above(sum(&[(1, arg(1, WordType::Int(24)))], constant));
    assert_eq!(truth_in(&rules, plus(1), &data), Some(true));
    assert_eq!(truth_in(&rules, plus(2), &data), Some(false));
}

#[test]
fn words_and_sets() {
    let to = || arg(0, WordType::Address);
    let is = |a| Formula::Atom(Atom::Same(to(), Scalar::Const(word(a))));
    assert_eq!(truth(is(address(0x77))), Some(true));
    assert_eq!(truth(is(address(0x78))), Some(false));
    let mut rules = policy(vec![]);
    rules.sets = vec![BTreeSet::from([word(address(0x77)), word(address(0x79))])];
    let member = |a: Scalar| Formula::Atom(Atom::Member(a, SetRef::Const(SetId::new(0))));
    let data = |a| calldata(a, U256::ONE);
    assert_eq!(truth_in(&rules, member(to()), &data(address(0x79))), Some(true));
    assert_eq!(truth_in(&rules, member(to()), &data(address(0x78))), Some(false));
}

/// `f(uint256[] xs, bytes data)`, with no effects.
fn with_lists() -> RuleSet {
    let mut rules = policy(vec![]);
    rules.callables[0].effects.clear();
    let inputs = &mut rules.callables[0].function.as_mut().unwrap().inputs;
    inputs[0].ty = Type::Array(Box::new(Type::Word(WordType::Uint(256))), Some(3));
    inputs[1].ty = Type::Bytes;
    rules
}

fn lists(xs: &[u64], bytes: &[u8]) -> Vec<u8> {
    let mut words = vec![64, 64 + 32 * (1 + xs.len() as u64), xs.len() as u64];
    words.extend(xs);
    words.push(bytes.len() as u64);
    let mut data = TRANSFER.to_vec();
    words.iter().for_each(|w| data.extend(U256::from(*w).to_be_bytes::<32>()));
    data.extend(bytes);
    data.resize(4 + (data.len() - 4).next_multiple_of(32), 0);
    data
}

#[test]
fn no_two_elements_are_the_same() {
    let distinct = |max| Formula::Atom(Atom::Distinct { array: Path(vec![Step::Member(0)]), max });
    let truth = |max, xs: &[u64]| truth_in(&with_lists(), distinct(max), &lists(xs, b""));
    assert_eq!(truth(3, &[]), Some(true));
    assert_eq!(truth(3, &[1]), Some(true));
    assert_eq!(truth(3, &[1, 2, 3]), Some(true));
    assert_eq!(truth(3, &[1, 2, 1]), Some(false));
    assert_eq!(truth(3, &[1, 1]), Some(false));
    assert_eq!(truth(2, &[1, 1, 1]), None, "longer than was promised");
}

#[test]
fn quantifiers() {
    let xs = || Path(vec![Step::Member(0)]);
    let each = Scalar::Arg(Path(vec![Step::Member(0), Step::Element(0)]), WordType::Uint(256));
    let small = not_above(sum(&[(1, each.clone())], -5));
    let quantified =
        |every, max| Formula::Quantified { every, array: xs(), max, body: Box::new(small.clone()) };
    let truth = |formula, xs: &[u64]| truth_in(&with_lists(), formula, &lists(xs, b""));
    assert_eq!(truth(quantified(true, 3), &[]), Some(true));
    assert_eq!(truth(quantified(false, 3), &[]), Some(false));
    assert_eq!(truth(quantified(true, 3), &[1, 5]), Some(true));
    assert_eq!(truth(quantified(true, 3), &[1, 6]), Some(false));
    assert_eq!(truth(quantified(false, 3), &[9, 5, 9]), Some(true));
    assert_eq!(truth(quantified(false, 3), &[9, 6]), Some(false));
    assert_eq!(truth(quantified(true, 2), &[1, 1, 1]), None, "longer than was promised");
    // Pairs: every element is no greater than every element, so they are all the same.
    let other = Scalar::Arg(Path(vec![Step::Member(0), Step::Element(1)]), WordType::Uint(256));
    let le = not_above(sum(&[(1, each), (-1, other)], 0));
    let inner = Formula::Quantified { every: true, array: xs(), max: 3, body: Box::new(le) };
    let outer = |body| Formula::Quantified { every: true, array: xs(), max: 3, body: Box::new(body) };
    assert_eq!(truth(outer(inner.clone()), &[4, 4]), Some(true));
    assert_eq!(truth(outer(inner), &[4, 5]), Some(false));
}

#[test]
fn past_the_end_is_undefined() {
    let second = Scalar::Arg(Path(vec![Step::Member(0), Step::Index(1)]), WordType::Uint(256));
    let small = not_above(sum(&[(1, second)], -5));
    assert_eq!(truth_in(&with_lists(), small.clone(), &lists(&[9, 5], b"")), Some(true));
    assert_eq!(truth_in(&with_lists(), small, &lists(&[9], b"")), None);
    let length = Scalar::Len(Path(vec![Step::Member(0)]));
    let none = not_above(sum(&[(1, length)], 0));
    assert_eq!(truth_in(&with_lists(), none.clone(), &lists(&[], b"")), Some(true));
    assert_eq!(truth_in(&with_lists(), none, &lists(&[0], b"")), Some(false));
}

#[test]
fn bytes() {
    let test = |test| Formula::Atom(Atom::Bytes(Path(vec![Step::Member(1)]), test));
    let truth = |t: BytesTest, bytes: &[u8]| truth_in(&with_lists(), test(t), &lists(&[], bytes));
    assert_eq!(truth(BytesTest::Equals(b"abc".to_vec()), b"abc"), Some(true));
    assert_eq!(truth(BytesTest::Equals(b"abc".to_vec()), b"abcd"), Some(false));
    assert_eq!(truth(BytesTest::StartsWith(b"ab".to_vec()), b"abc"), Some(true));
    assert_eq!(truth(BytesTest::StartsWith(b"abcd".to_vec()), b"abc"), Some(false));
    let slice = || BytesTest::Slice { start: 1, bytes: b"bc".to_vec() };
    assert_eq!(truth(slice(), b"abc"), Some(true));
    assert_eq!(truth(slice(), b"abd"), Some(false));
    assert_eq!(truth(slice(), b"ab"), None);
    let is_word = || BytesTest::SliceIsWord { start: 2, word: Scalar::Field(Field::Wallet) };
    let tail = [b"ab".as_slice(), &word(wallet()).to_be_bytes::<32>()].concat();
    assert_eq!(truth(is_word(), &tail), Some(true));
    assert_eq!(truth(is_word(), &[0; 34]), Some(false));
    assert_eq!(truth(is_word(), &tail[..33]), None);
}
