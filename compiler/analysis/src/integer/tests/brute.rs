use super::*;

/// How many random problems each test solves. For a long run change it here.
const PROBLEMS: u64 = 25_000;

/// SplitMix64: the same problems every time.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn within(&mut self, low: i128, high: i128) -> i128 {
        low + i128::from(self.next()) % (high - low + 1)
    }

    pub(super) fn one_in(&mut self, number: i128) -> bool {
        self.within(1, number) == 1
    }
}

/// A problem in small numbers.
#[derive(Clone, Debug)]
struct Small {
    bounds: Vec<(i128, i128)>,
    rows: Vec<(Vec<i128>, i128, Relation)>,
    objective: Vec<i128>,
}

impl Small {
    fn random(random: &mut Random) -> Self {
        let variables = random.within(1, 4);
        let width = [40, 12, 7, 4][usize::try_from(variables - 1).unwrap()];
        let bounds = (0..variables).map(|_| {
            let low = random.within(-8, 4);
            (low, low + random.within(0, width))
        });
        let bounds: Vec<(i128, i128)> = bounds.collect();
        let most = if random.one_in(2) { 4 } else { 30 };
        let coefficients = |random: &mut Random| -> Vec<i128> {
            (0..variables).map(|_| if random.one_in(5) { 0 } else { random.within(-most, most) }).collect()
        };
        let mut rows = vec![];
        for _ in 0..random.within(0, 4) {
            let terms = coefficients(random);
            // Near a point of the box, so that it is often close.
            let at: i128 =
                terms.iter().zip(&bounds).map(|(c, (low, high))| c * random.within(*low, *high)).sum();
            if random.one_in(4) {
                rows.push((terms, -at + i128::from(random.one_in(4)), Relation::Zero));
            } else if random.one_in(2) {
                // A narrow band.
                let negated = terms.iter().map(|c| -c).collect();
                rows.push((negated, at, Relation::NotAbove));
                rows.push((terms, -at - random.within(0, most), Relation::NotAbove));
            } else {
                rows.push((terms, -at + random.within(-2, 2), Relation::NotAbove));
            }
        }
        let objective = coefficients(random);
        Self { bounds, rows, objective }
    }

    fn problem(&self) -> Problem {
        let rows = self.rows.iter().map(|(terms, constant, relation)| (row(terms, *constant), *relation));
        problem(&self.bounds, rows.collect())
    }

    /// The same problem in other variables: the first grows by `factor` times each of the others, and the box becomes rows.
    fn sheared(&self, factor: i128) -> Problem {
        let change = |terms: &[i128]| -> Vec<i128> {
            let first = terms.first().copied().unwrap_or(0);
            terms.iter().enumerate().map(|(n, c)| if n == 0 { *c } else { c - first * factor }).collect()
        };
        let mut rows: Vec<(Row, Relation)> =
            self.rows.iter().map(|(terms, c, relation)| (row(&change(terms), *c), *relation)).collect();
        let mut first = vec![0; self.bounds.len()];
        first[0] = 1;
        rows.extend(between(self.bounds[0].0, &change(&first), self.bounds[0].1));
        let mut bounds = self.bounds.clone();
        for (low, high) in &self.bounds[1..] {
            bounds[0].0 += (factor * low).min(factor * high);
            bounds[0].1 += (factor * low).max(factor * high);
        }
        problem(&bounds, rows)
    }

    fn points(&self) -> impl Iterator<Item = Vec<i128>> {
        let count: i128 = self.bounds.iter().map(|(low, high)| high - low + 1).product();
        (0..count).map(|mut index| {
            let mut coordinate = |(low, high): &(i128, i128)| {
                let width = high - low + 1;
                let value = low + index % width;
                index /= width;
                value
            };
            self.bounds.iter().map(&mut coordinate).collect()
        })
    }

    fn solutions(&self) -> impl Iterator<Item = Vec<i128>> {
        self.points().filter(|point| {
            self.rows.iter().all(|(terms, constant, relation)| {
                let value = dot(terms, point) + constant;
                match relation {
                    Relation::NotAbove => value <= 0,
                    Relation::Zero => value == 0,
                }
            })
        })
    }
}

fn dot(a: &[i128], b: &[i128]) -> i128 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn solutions_are_those_of_brute_force() {
    let (mut random, mut found) = (Random(1), 0);
    for n in 0..PROBLEMS {
        let small = Small::random(&mut random);
        let exists = small.solutions().next().is_some();
        let answer = solve(&small.problem());
        assert_eq!(exists, matches!(answer, Answer::Found(_)), "{n}: {answer:?} of {small:?}");
        assert_eq!(!exists, answer == Answer::None, "{n}: {answer:?} of {small:?}");
        found += u64::from(exists);
    }
    assert!((PROBLEMS / 10..PROBLEMS * 9 / 10).contains(&found), "one-sided: {found} of {PROBLEMS}");
}

#[test]
fn suprema_are_those_of_brute_force() {
    let mut random = Random(2);
    for n in 0..PROBLEMS {
        let small = Small::random(&mut random);
        let most = small.solutions().map(|point| dot(&small.objective, &point)).max();
        let objective = row(&small.objective, 0);
        match (small.problem().supremum(&objective, &mut Steps::default()), most) {
            (Answer::None, None) => {}
            (Answer::Found((value, point)), Some(most)) => {
                assert_eq!(value, most.into(), "{n}: {small:?}");
                assert_eq!(objective.at(&point), value);
                assert!(small.problem().holds(&point));
                let Answer::Found(at_most) = small.problem().at_most(&objective, &mut Steps::default())
                else {
                    panic!("{n}: no bound of {small:?}")
                };
                assert!(value <= at_most, "{n}: {small:?}");
            }
            (answer, most) => panic!("{n}: {answer:?}, not {most:?}, of {small:?}"),
        }
    }
}

#[test]
fn a_change_of_variables_changes_no_answer() {
    let mut random = Random(3);
    for n in 0..PROBLEMS {
        let small = Small::random(&mut random);
        let exists = small.solutions().next().is_some();
        let factor = [random.within(-20, 20), 1_000_003, -1_000_000_000_000_000_009]
            [usize::try_from(random.within(0, 2)).unwrap()];
        let answer = solve(&small.sheared(factor));
        assert_eq!(exists, matches!(answer, Answer::Found(_)), "{n}: {answer:?} of {small:?} by {factor}");
        assert_eq!(!exists, answer == Answer::None, "{n}: {answer:?} of {small:?} by {factor}");
    }
}

/// As a unit of 18 decimals does: all coefficients grow, and a remainder decides.
#[test]
fn scaled_rows_are_rounded_right() {
    let mut random = Random(4);
    let scale = 1_000_000_000_000_000_000;
    for n in 0..PROBLEMS {
        let mut small = Small::random(&mut random);
        small.rows.retain(|(_, _, relation)| *relation == Relation::NotAbove);
        let mut scaled = small.problem();
        for ((row, _), (_, constant, _)) in scaled.rows.iter_mut().zip(&mut small.rows) {
            *row = row.times(&scale.into());
            if random.one_in(2) {
                // A little more than a whole: as strict as one more.
                row.constant += random.within(1, scale - 1);
                *constant += 1;
            }
        }
        let exists = small.solutions().next().is_some();
        let answer = solve(&scaled);
        assert_eq!(exists, matches!(answer, Answer::Found(_)), "{n}: {answer:?} of {small:?}");
        assert_eq!(!exists, answer == Answer::None, "{n}: {answer:?} of {small:?}");
    }
}
