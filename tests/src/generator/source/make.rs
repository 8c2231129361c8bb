//! Rules and budgets over a random world.

use super::{
    SourcePolicy, SourceRule,
    conditions::Sight,
    world::{Contract, Field, Sort, World},
};
use crate::generator::rng::Rng;

/// A policy.
pub fn random(rng: &mut Rng) -> SourcePolicy {
    let mut world = World::new(rng);
    let count = rng.between(1, 6);
    let verbs: Vec<&str> =
        (0..count).map(|_| *rng.pick(&["allow", "allow", "allow", "allow", "ask", "ask", "deny"])).collect();
    let grants: Vec<usize> = (0..count).filter(|n| verbs[*n] != "deny").collect();
    let rules = (0..count).map(|n| rule(&world, n, &verbs, rng)).collect();
    budgets(&mut world, &grants, rng);
    SourcePolicy { head: format!("policy random on {}", world.chains.join(", ")), items: world.items, rules }
}

fn rule(world: &World, n: usize, verbs: &[&str], rng: &mut Rng) -> SourceRule {
    let (subject, sight) = subject(world, rng);
    let verb = verbs[n];
    let mut clauses = Vec::new();
    if verb == "ask" {
        clauses.push(format!("by boss within {}min", rng.between(1, 60)));
    }
    if verb != "deny" {
        // Only downwards, so that no circle comes of it; what is about `any` is below everything already.
        let below: Vec<String> = (0..n)
            .filter(|other| subject != "any" && verbs[*other] != "deny" && rng.chance(30))
            .map(|other| format!("r{other}"))
            .collect();
        if !below.is_empty() {
            clauses.push(format!("over {}", below.join(", ")));
        }
        for risk in ["opaque", "zero_recipient", "look_alike", "self_recipient", "any_recipient", "unbounded"]
        {
            if rng.chance(25) {
                clauses.push(format!("accept {risk} because \"a test\""));
            }
        }
    }
    if rng.chance(20) {
        clauses.push(format!("until 2027-01-{:02}", rng.between(1, 31)));
    }
    let whens = (0..rng.between(0, 3)).map(|_| sight.condition(2, rng)).collect();
    SourceRule { head: format!("{verb} r{n}: {subject}"), whens, clauses }
}

fn subject<'a>(world: &'a World, rng: &mut Rng) -> (String, Sight<'a>) {
    let nothing = |value| Sight { world, fields: vec![], value, transaction: true, many_tokens: false };
    match rng.below(12) {
        0 => ("any".to_owned(), Sight { transaction: false, ..nothing(false) }),
        1..=2 => {
            let mut sight = nothing(true);
            sight.fields.push(Field { name: "to".to_owned(), sort: Sort::Address });
            let on = on(&world.chains, rng);
            (format!("send(to, value){on}"), sight)
        }
        3..=4 if world.unit.is_some() => {
            let tokens: Vec<_> = world.tokens.iter().map(|t| t.name.clone()).collect();
            let mut sight = nothing(false);
            sight.many_tokens = true;
            sight.fields.push(Field { name: "x0".to_owned(), sort: Sort::Address });
            sight.fields.push(Field { name: "x1".to_owned(), sort: Sort::Amount(tokens[0].clone()) });
            let function = *rng.pick(&["transfer", "approve"]);
            (format!("Coin.{function}(x0, x1) at {{ {} }}", tokens.join(", ")), sight)
        }
        _ => {
            let contract: &Contract = rng.pick(&world.contracts);
            let function = rng.pick(&contract.functions);
            let names: Vec<String> = (0..function.fields.len()).map(|n| format!("x{n}")).collect();
            let renamed = |name: &str| {
                let at = function.fields.iter().position(|f| f.name == name).unwrap();
                names[at].clone()
            };
            let fields = function
                .fields
                .iter()
                .zip(&names)
                .map(|(field, name)| {
                    let sort = match &field.sort {
                        Sort::AmountOf(token) => Sort::AmountOf(renamed(token)),
                        other => other.clone(),
                    };
                    Field { name: name.clone(), sort }
                })
                .collect();
            let on = on(&contract.chains, rng);
            let subject = format!("{}.{}({}){on}", contract.name, function.name, names.join(", "));
            (subject, Sight { world, fields, value: function.payable, transaction: true, many_tokens: false })
        }
    }
}

fn on(chains: &[String], rng: &mut Rng) -> String {
    if rng.chance(70) { String::new() } else { format!(" on {}", rng.pick(chains)) }
}

fn budgets(world: &mut World, grants: &[usize], rng: &mut Rng) {
    if rng.chance(70) {
        world.items.push(format!("fees at most 0.{} ETH", rng.between(1, 9)));
    }
    for n in 0..rng.between(0, 3) {
        let token = rng.pick(&world.tokens).name.clone();
        let window = *rng.pick(&[
            "per 24h",
            "per 90min",
            "per day",
            "per week",
            "per month",
            "total",
            "per transaction",
        ]);
        let line = match (rng.below(5), &world.unit) {
            (0, _) => format!("{} calls {window}", rng.between(1, 50)),
            (1, _) => format!("0.{} ETH of fees {window}", rng.between(1, 9)),
            (2, Some(unit)) => format!("{} {unit} {window}", rng.between(1, 10_000)),
            _ => format!("{} {window}", world.amount(&token, rng)),
        };
        let scope: Vec<String> = grants.iter().filter(|_| rng.chance(50)).map(|n| format!("r{n}")).collect();
        let scope = if line.contains("calls") && !scope.is_empty() {
            format!(" for {}", scope.join(", "))
        } else {
            String::new()
        };
        world.items.push(format!("budget b{n}: {line}{scope}"));
    }
}
