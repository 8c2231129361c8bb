use super::*;

const ETHER: i128 = 1_000_000_000_000_000_000;

#[test]
fn without_rows_every_variable_is_where_it_should_be() {
    let mut problem = problem(&[(3, 9), (-5, 5), (0, 4)], vec![]);
    assert_eq!(solve(&problem), Answer::Found(ints(&[3, -5, 0])));
    problem.prefer = vec![Some(7.into()), Some((-9).into())];
    assert_eq!(solve(&problem), Answer::Found(ints(&[7, -5, 0])), "what is not possible is the nearest");
    problem.prefer = vec![None, Some(9.into()), Some(4.into())];
    assert_eq!(solve(&problem), Answer::Found(ints(&[3, 5, 4])));
}

#[test]
fn an_empty_box_has_no_point() {
    assert_eq!(solve(&problem(&[(0, 1), (2, 1)], vec![])), Answer::None);
    assert_eq!(problem(&[(2, 1)], vec![]).supremum(&row(&[1], 0), &mut Steps::default()), Answer::None);
}

#[test]
fn no_variables() {
    assert_eq!(solve(&problem(&[], vec![])), Answer::Found(vec![]));
    assert_eq!(solve(&problem(&[], vec![at_most_zero(&[], 1)])), Answer::None);
    assert_eq!(solve(&problem(&[], vec![zero(&[], -1)])), Answer::None);
}

#[test]
fn a_row_about_nothing_known_is_unknown() {
    assert_eq!(solve(&problem(&[(0, 1)], vec![at_most_zero(&[0, 1], 0)])), Answer::Unknown);
    let one = problem(&[(0, 1)], vec![]);
    assert_eq!(one.supremum(&row(&[0, 1], 0), &mut Steps::default()), Answer::Unknown);
}

#[test]
fn parity() {
    let bounds = [(i128::MIN, i128::MAX); 2];
    assert_eq!(solve(&problem(&bounds, vec![zero(&[2, -4], 1)])), Answer::None);
    // 2x - 2y lies strictly between 0 and 2.
    assert_eq!(solve(&problem(&bounds, between(1, &[2, -2], 1).to_vec())), Answer::None);
    assert!(matches!(solve(&problem(&bounds, vec![zero(&[2, -3], 1)])), Answer::Found(_)));
}

/// The example of Pugh's paper: the real shadow has integer points, no point lies above one.
#[test]
fn between_two_bands() {
    let bounds = [(i128::MIN, i128::MAX); 2];
    let bands = |low: i128| [between(3, &[11, 13], 21), between(low, &[7, -9], 6)].concat();
    assert_eq!(solve(&problem(&bounds, bands(-8))), Answer::None);
    // One step wider there is x = 0, y = 1: 13 and -9.
    assert_eq!(solve(&problem(&bounds, bands(-9))), Answer::Found(ints(&[0, 1])));
}

#[test]
fn equalities_with_large_coefficients() {
    let mut equation = Problem { bounds: words(3), prefer: vec![], rows: vec![] };
    let (a, b) = (BigInt::from(3).pow(150), BigInt::from(7).pow(80));
    let terms = vec![(a.clone(), 0), (-b.clone(), 1)];
    equation.rows.push((Row::new(terms.clone(), BigInt::from(-1)), Relation::Zero));
    let Answer::Found(point) = solve(&equation) else { panic!("coprime") };
    assert_eq!(&point[0] * &a - &point[1] * &b, 1.into());
    let common = BigInt::from(5);
    equation.rows = vec![(Row::new(terms, BigInt::from(-1)).times(&common), Relation::Zero)];
    equation.rows[0].0.constant = BigInt::from(-6);
    assert_eq!(solve(&equation), Answer::None);
}

/// `amountOutMinimum >= amountIn * 1 WETH per 6_000 USDC` and its opposite.
#[test]
fn a_rate_and_its_opposite() {
    let mut problem = Problem { bounds: words(2), prefer: vec![], rows: vec![] };
    let rate = at_most_zero(&[ETHER, -6_000_000_000], 0);
    problem.rows.push(rate.clone());
    problem.prefer = vec![Some(250_000_000.into()), None];
    assert_eq!(solve(&problem), Answer::Found(ints(&[250_000_000, 41_666_666_666_666_667])));
    // A better rate leaves nothing outside of a worse one.
    problem.rows = vec![at_most_zero(&[ETHER, -5_000_000_000], 0), at_most_zero(&[-ETHER, 6_000_000_000], 1)];
    assert_eq!(solve(&problem), Answer::None);
    // The worse one does leave something outside of the better one.
    problem.rows = vec![rate, at_most_zero(&[-ETHER, 5_000_000_000], 1)];
    assert!(matches!(solve(&problem), Answer::Found(_)));
}

#[test]
fn the_most_that_a_rate_lets_go() {
    let mut problem = Problem { bounds: words(2), prefer: vec![], rows: vec![] };
    problem.rows = vec![at_most_zero(&[ETHER, -6_000_000_000], 0), at_most_zero(&[0, 1], -ETHER)];
    let most = problem.supremum(&row(&[1], 0), &mut Steps::default());
    assert_eq!(most, Answer::Found((6_000_000_000_i128.into(), ints(&[6_000_000_000, ETHER]))));
    problem.rows = vec![at_most_zero(&[ETHER, -6_000_000_000], 0), at_most_zero(&[0, 1], 1 - ETHER)];
    let Answer::Found((most, _)) = problem.supremum(&row(&[1], 0), &mut Steps::default()) else { panic!() };
    assert_eq!(most, 5_999_999_999_i128.into());
}

/// `floor(n / d) <= e` is `n <= d·e + d - 1`.
#[test]
fn the_most_of_a_sum() {
    let problem = problem(
        &[(0, 100), (0, 100), (0, 100)],
        vec![at_most_zero(&[7, 3, 5], -100), at_most_zero(&[-2, 5, -1], 3)],
    );
    let best = (0..=100)
        .flat_map(|x| (0..=100).flat_map(move |y| (0..=100).map(move |z| [x, y, z])))
        .filter(|[x, y, z]| 7 * x + 3 * y + 5 * z <= 100 && -2 * x + 5 * y - z <= -3)
        .map(|[x, y, z]| 2 * x + 3 * y + z)
        .max()
        .unwrap();
    let objective = row(&[2, 3, 1], 0);
    let Answer::Found((most, point)) = problem.supremum(&objective, &mut Steps::default()) else { panic!() };
    assert_eq!(most, best.into());
    assert!(problem.holds(&point) && objective.at(&point) == most);
}

/// Bounds come closer for more rounds than one propagation has; then no row is left, and every point of the box is one.
#[test]
fn a_box_that_is_left_without_rows_has_points() {
    let mut problem = problem(
        &[(0, i128::MAX), (0, i128::MAX), (-i128::MAX, i128::MAX), (0, 6_925_229_223_323_843_163)],
        vec![
            at_most_zero(&[7708, -ETHER, -ETHER, -1], -3446),
            at_most_zero(&[0, 1, -6201, -6864], -3),
            at_most_zero(&[-ETHER, 1, ETHER, -1_000_000], 3),
        ],
    );
    let word: BigInt = (BigInt::from(1) << 256) - 1;
    problem.bounds[0].1.clone_from(&word);
    problem.bounds[1].1.clone_from(&word);
    problem.bounds[2] = (-&word, word);
    let best = "115773254246981277626694778215091325960124386199242615367973469197266110477542257568";
    let Answer::Found((most, _)) =
        problem.supremum(&row(&[-8668, 1_000_000, -1_000_000, 4080], 0), &mut Steps::default())
    else {
        panic!("a supremum")
    };
    assert_eq!(most, best.parse().unwrap());
}

#[test]
fn terms_may_come_in_any_order() {
    let terms = vec![(2.into(), 1), (1.into(), 0), (BigInt::ZERO, 7), (3.into(), 1)];
    assert_eq!(Row::new(terms.clone(), 0.into()), row(&[1, 5], 0));
    let raw = Row { terms, constant: 0.into() };
    let problem = problem(&[(1, 5), (-1, 5)], vec![(raw, Relation::Zero)]);
    assert_eq!(solve(&problem), Answer::Found(ints(&[5, -1])));
}
