use super::*;

#[test]
fn no_steps_no_answer() {
    let problem = problem(&[(0, 9), (0, 9)], vec![zero(&[3, -5], 1)]);
    let mut enough = Steps::default();
    assert!(matches!(problem.solve(&mut enough), Answer::Found(_)));
    let used = DEFAULT_STEPS - enough.left();
    assert!(used > 0);
    let mut exactly = Steps::new(used);
    assert!(matches!(problem.solve(&mut exactly), Answer::Found(_)));
    assert_eq!(exactly.left(), 0);
    assert_eq!(problem.solve(&mut Steps::new(used - 1)), Answer::Unknown);
    assert_eq!(problem.supremum(&row(&[1], 0), &mut Steps::new(used)), Answer::Unknown);
}

/// Chains of amounts, each at least a share of the one before it, and sums of them that are capped.
#[test]
fn sixty_four_atoms_over_many_variables_end() {
    const VARIABLES: usize = 36;
    let mut problem = Problem { bounds: words(VARIABLES), prefer: vec![], rows: vec![] };
    for n in 0..VARIABLES - 1 {
        let terms = vec![(BigInt::from(997), n), (BigInt::from(-1000), n + 1)];
        problem.rows.push((Row::new(terms, BigInt::from(n)), Relation::NotAbove));
    }
    for n in 0..64 - problem.rows.len() {
        let terms = (n..n + 5).map(|var| (BigInt::from(1 + var % 3), var)).collect();
        problem.rows.push((Row::new(terms, BigInt::from(-5_000)), Relation::NotAbove));
    }
    assert_eq!(problem.rows.len(), 64);
    assert!(matches!(solve(&problem), Answer::Found(_)));
    // All of them at least so much, which no cap leaves: whatever the answer, it comes, and it is not a point.
    problem.rows.push((Row::new(vec![(BigInt::from(-1), 0)], BigInt::from(1_000)), Relation::NotAbove));
    let mut steps = Steps::default();
    assert_eq!(problem.solve(&mut steps), Answer::None);
}

/// A variable between 32 lower and 64 upper bounds, those of its box included, and `more` rows without it.
fn crowd(more: usize) -> (System, shadows::Between) {
    let mut rows: Vec<(Row, Relation)> = (2..33).map(|n| at_most_zero(&[-n, 1], 0)).collect();
    rows.extend((2..65).map(|n| at_most_zero(&[n, 1], -1)));
    rows.extend((0..more).map(|_| at_most_zero(&[0, 1], 0)));
    let system = problem(&[(0, 9), (0, 9)], rows).system().unwrap();
    let between = shadows::Between::of(&system, 0).unwrap();
    assert_eq!(between.pairs(), MOST_ROWS);
    (system, between)
}

#[test]
fn as_many_rows_as_may_be() {
    let (system, between) = crowd(0);
    let shadow = between.shadow(&system, shadows::Shadow::Real, &mut Steps::default()).unwrap();
    assert_eq!(shadow.rows.len(), MOST_ROWS);
}

#[test]
fn a_row_too_many() {
    let (system, between) = crowd(1);
    assert!(between.shadow(&system, shadows::Shadow::Real, &mut Steps::default()).is_err());
}

#[test]
fn as_deep_as_may_be() {
    let system = problem(&[(0, 9)], vec![]).system().unwrap();
    assert!(search::search(system, DEEPEST, &mut Steps::default()).is_ok());
}

#[test]
fn one_too_deep() {
    let system = problem(&[(0, 9)], vec![]).system().unwrap();
    assert!(search::search(system, DEEPEST + 1, &mut Steps::default()).is_err());
}

/// Row by row the bounds come closer by one, 2^256 times.
#[test]
fn bounds_that_creep_are_seen_through() {
    let mut problem = Problem { bounds: words(3), prefer: vec![], rows: vec![] };
    problem.rows =
        vec![at_most_zero(&[1, -1, 0], 1), at_most_zero(&[0, 1, -1], 1), at_most_zero(&[-1, 0, 1], 1)];
    let mut steps = Steps::new(10_000);
    assert_eq!(problem.solve(&mut steps), Answer::None);
}
