//! Against z3, where it is installed: problems of the size that policies have, which no brute force reaches.

use super::{brute::Random, *};
use std::{
    fmt::Write as _,
    io::Write as _,
    process::{Command, Stdio},
};

const PROBLEMS: usize = 400;

/// One of the numbers that policies multiply by: shares, rates, units of tokens.
fn coefficient(random: &mut Random) -> i128 {
    let size = match random.within(0, 5) {
        0 => 1,
        1 => random.within(1, 10_000),
        2 => 1_000_000_000_000_000_000,
        3 => 6_000_000_000 + random.within(-9, 9),
        4 => 1_000_000,
        _ => 0,
    };
    if random.one_in(2) { size } else { -size }
}

fn random_problem(random: &mut Random) -> Problem {
    let variables = usize::try_from(random.within(1, 5)).unwrap();
    let mut problem = Problem { bounds: words(variables), prefer: vec![], rows: vec![] };
    for bound in &mut problem.bounds {
        if random.one_in(3) {
            bound.1 = BigInt::from(random.within(1, 1_000_000_000_000_000_000_000));
        }
        if random.one_in(3) {
            bound.0 = -bound.1.clone();
        }
    }
    for _ in 0..random.within(1, 4) {
        let coefficients: Vec<i128> = (0..variables).map(|_| coefficient(random)).collect();
        let constant = coefficient(random) + random.within(-3, 3);
        let row = match random.within(0, 5) {
            0 => zero(&coefficients, constant),
            1 => {
                // A band between this and a rate that is a little different.
                let near: Vec<i128> = coefficients.iter().map(|c| -c - random.within(-1, 1)).collect();
                problem.rows.push(at_most_zero(&near, random.within(-100_000, 5)));
                at_most_zero(&coefficients, constant)
            }
            _ => at_most_zero(&coefficients, constant),
        };
        problem.rows.push(row);
    }
    problem
}

fn smt(number: &BigInt) -> String {
    if number.is_negative() { format!("(- {})", -number) } else { number.to_string() }
}

fn smt_row(row: &Row) -> String {
    let terms: Vec<String> = row.terms.iter().map(|(c, var)| format!("(* {} v{var})", smt(c))).collect();
    format!("(+ 0 {} {})", terms.join(" "), smt(&row.constant))
}

/// Asks whether the problem has a point, and if `above` is given, one where the row exceeds the value.
fn ask(script: &mut String, problem: &Problem, above: Option<(&Row, &BigInt)>) {
    script.push_str("(push)\n");
    for (var, (low, high)) in problem.bounds.iter().enumerate() {
        writeln!(script, "(declare-const v{var} Int)(assert (<= {} v{var} {}))", smt(low), smt(high))
            .unwrap();
    }
    for (row, relation) in &problem.rows {
        let sign = if *relation == Relation::Zero { "=" } else { "<=" };
        writeln!(script, "(assert ({sign} {} 0))", smt_row(row)).unwrap();
    }
    if let Some((row, value)) = above {
        writeln!(script, "(assert (> {} {}))", smt_row(row), smt(value)).unwrap();
    }
    script.push_str("(check-sat)\n(pop)\n");
}

fn run(script: &str) -> Option<Vec<String>> {
    let mut child =
        Command::new("z3").arg("-in").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let (mut input, script) = (child.stdin.take()?, script.to_owned());
    let writer = std::thread::spawn(move || input.write_all(script.as_bytes()));
    let output = child.wait_with_output().ok()?;
    writer.join().unwrap().unwrap();
    Some(String::from_utf8(output.stdout).unwrap().lines().map(ToOwned::to_owned).collect())
}

#[test]
fn z3_says_the_same() {
    if run("").is_none() {
        println!("skipped: z3 is not installed");
        return;
    }
    let mut random = Random(5);
    let mut script = String::from("(set-option :timeout 500)\n");
    let mut asked = vec![];
    let mut unknown = 0;
    for _ in 0..PROBLEMS {
        let problem = random_problem(&mut random);
        let coefficients: Vec<i128> = problem.bounds.iter().map(|_| coefficient(&mut random)).collect();
        let objective = row(&coefficients, 0);
        match problem.supremum(&objective, &mut Steps::default()) {
            Answer::Found((most, point)) => {
                assert!(problem.holds(&point) && objective.at(&point) == most, "{problem:?}");
                ask(&mut script, &problem, Some((&objective, &most)));
                asked.push(format!("more than {most} for {objective:?} of {problem:?}"));
            }
            Answer::None => {
                ask(&mut script, &problem, None);
                asked.push(format!("a point of {problem:?}"));
            }
            Answer::Unknown => unknown += 1,
        }
    }
    // Suprema over four or five variables with bands in several directions.
    assert!(unknown * 20 <= PROBLEMS, "{unknown} of {PROBLEMS} unknown");
    let answers = run(&script).expect("z3 runs");
    assert_eq!(answers.len(), asked.len(), "{answers:?}");
    for (answer, asked) in answers.iter().zip(&asked) {
        assert_ne!(answer, "sat", "z3 finds {asked}");
    }
    let decided = answers.iter().filter(|answer| *answer == "unsat").count();
    println!("z3 agrees on {decided} of {PROBLEMS}; {unknown} are unknown here");
    assert!(decided * 10 >= PROBLEMS * 8, "z3 gave up too often to say anything: {decided}");
}
