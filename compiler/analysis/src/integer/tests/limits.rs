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
