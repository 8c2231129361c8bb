//! One meaning, several evaluators: the reference (`RuleSet::decide`) beside the interpreter on the compiled, verified module.

use crate::generator::{OwnedRequest, Rng, aim, aim::Pool, aim::values, rules, shrink, source};
use agentpol_analysis::ruleset::{Atom, BindError, Bound, Formula, ParamValue, RuleSet};
use agentpol_compiler::{
    NoFiles, SourceFile,
    lower::{LowerError, lower},
};
use agentpol_diagnostics::Severity;
use agentpol_model::{Address, decision::Ruling};
use agentpol_verifier::verify;
use agentpol_vm::{BindError as VmBindError, Binding, Policy, Scratch};
use std::collections::BTreeMap;

/// Of every generated policy.
pub const WALLET: Address = Address::repeat_byte(0xaa);

/// A policy with its parameters, ready on both sides.
pub struct Pair<'a> {
    rules: &'a RuleSet,
    bound: Bound,
    policy: Policy,
    scratch: Scratch,
}

/// What came of bringing a policy up on both sides.
pub enum Loaded<'a> {
    /// Both have it.
    Ready(Box<Pair<'a>>),
    /// Both refuse it, or a limit does that the reference does not know.
    Refused,
    /// They are at odds already.
    AtOdds(String),
}

/// Binds the rule set, and the module that it compiles to.
pub fn load<'a>(rules: &'a RuleSet, params: &BTreeMap<String, ParamValue>) -> Loaded<'a> {
    let module = match lower(rules) {
        Ok(module) => module,
        Err(
            LowerError::ClauseTooLong { .. } | LowerError::SumTooLarge { .. } | LowerError::TooMany { .. },
        ) => {
            return Loaded::Refused;
        }
    };
    let bytes = agentpol_bytecode::encode(&module);
    match agentpol_bytecode::decode(&bytes) {
        Ok(again) if again == module => {}
        other => {
            return Loaded::AtOdds(format!("encoded and decoded, the module is another: {:?}", other.err()));
        }
    }
    let verified = match verify(module) {
        Ok(verified) => verified,
        Err(error) => return Loaded::AtOdds(format!("the verifier refuses what the compiler made: {error}")),
    };
    let binding = Binding { wallet: WALLET, signer: WALLET, params: params.clone() };
    match (Bound::new(rules, WALLET, params.clone()), Policy::bind(verified, &binding)) {
        (Ok(bound), Ok(policy)) => {
            let scratch = Scratch::new(&policy);
            Loaded::Ready(Box::new(Pair { rules, bound, policy, scratch }))
        }
        // Approvers and caps are the runtime's business: rules do not read them.
        (_, Err(VmBindError::Approver { .. } | VmBindError::CapTooLarge { .. } | VmBindError::TooLarge)) => {
            Loaded::Refused
        }
        (Err(BindError::SameFunction { .. }), Err(VmBindError::SameFunction { .. })) => Loaded::Refused,
        (reference, machine) => {
            let (reference, machine) = (reference.err(), machine.err());
            Loaded::AtOdds(format!("binding: the reference says {reference:?}, the interpreter {machine:?}"))
        }
    }
}

impl Pair<'_> {
    /// The parameters, as the reference has them.
    pub fn bound(&self) -> &Bound {
        &self.bound
    }

    /// What the interpreter says.
    pub fn interpret(&mut self, request: &OwnedRequest) -> Ruling {
        let Self { policy, scratch, .. } = self;
        request.with(|request| policy.decide(request, scratch)).map(|()| scratch.granted().clone())
    }

    /// Where they differ in anything: decision, rule, effects, charges, code, action, offset; or steps above the bound.
    pub fn difference(&mut self, request: &OwnedRequest) -> Option<String> {
        let reference = request.decide(self.rules, &self.bound);
        let interpreted = self.interpret(request);
        if reference != interpreted {
            return Some(format!("the reference says {reference:?}\nthe interpreter {interpreted:?}"));
        }
        let most = self.policy.max_steps().saturating_mul(request.actions.len() as u64);
        let steps = self.scratch.steps();
        (steps > most).then(|| format!("{steps} steps where {most} were promised"))
    }
}

/// What a run over many seeds came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Policies that were judged by.
    pub policies: usize,
    /// Policies that were refused.
    pub refused: usize,
    /// Requests judged by both.
    pub requests: usize,
    /// Those that were granted.
    pub granted: usize,
}

/// Rule sets from seeds, with requests for each. Panics at the first difference, having made it small.
pub fn rule_sets(seeds: core::ops::Range<u64>, requests: usize) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let rng = &mut Rng::new(seed);
        let size = rules::Size { rules: rng.between(1, 12), ..rules::Size::default() };
        let policy = rules::random(rng, size);
        let params = values(&policy, rng);
        let mut pair = match load(&policy, &params) {
            Loaded::Ready(pair) => pair,
            Loaded::Refused => {
                tally.refused += 1;
                continue;
            }
            Loaded::AtOdds(why) => panic!("seed {seed}: {why}\n{policy}"),
        };
        tally.policies += 1;
        let pool = Pool::new(&policy, pair.bound());
        for _ in 0..requests {
            let request = aim(&policy, pair.bound(), &pool, rng);
            if pair.difference(&request).is_some() {
                panic!("seed {seed}: {}", report(&policy, &params, &request));
            }
            tally.requests += 1;
            tally.granted += usize::from(pair.interpret(&request).is_ok());
        }
    }
    tally
}

/// The policy in normal form, or what is wrong with it, a line each.
pub fn compile(text: &str) -> Result<RuleSet, String> {
    let compiled = agentpol_compiler::compile(SourceFile::new("random.agentpol", text), &NoFiles);
    compiled.ruleset.ok_or_else(|| {
        let errors = compiled.diagnostics.iter().filter(|d| d.severity == Severity::Error);
        errors.map(|d| format!("{}: {}", d.code, d.message)).collect::<Vec<_>>().join("\n")
    })
}

/// Policies as text from seeds, with requests for each: all of them compile, laid out anew they mean the same, and both sides
/// judge alike. Panics at the first that does not, having made it small.
pub fn sources(seeds: core::ops::Range<u64>, requests: usize) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let rng = &mut Rng::new(seed);
        let source = source::random(rng);
        let text = source.to_string();
        let policy = compile(&text).unwrap_or_else(|why| panic!("seed {seed}: {why}\n{source}"));
        let laid_out =
            agentpol_grammar::format(&text).unwrap_or_else(|e| panic!("seed {seed}: {e:?}\n{source}"));
        assert_eq!(
            agentpol_grammar::format(&laid_out).as_ref(),
            Ok(&laid_out),
            "seed {seed}: laid out twice"
        );
        let again = compile(&laid_out).map(|policy| policy.to_string());
        assert_eq!(again, Ok(policy.to_string()), "seed {seed}: laid out, it means something else");
        let params = values(&policy, rng);
        let mut pair = match load(&policy, &params) {
            Loaded::Ready(pair) => pair,
            Loaded::Refused => {
                tally.refused += 1;
                continue;
            }
            Loaded::AtOdds(why) => panic!("seed {seed}: {why}\n{source}\n{policy}"),
        };
        tally.policies += 1;
        let pool = Pool::new(&policy, pair.bound());
        for _ in 0..requests {
            let request = aim(&policy, pair.bound(), &pool, rng);
            if pair.difference(&request).is_some() {
                panic!("seed {seed}: {}", report_source(source, &params, &request));
            }
            tally.requests += 1;
            tally.granted += usize::from(pair.interpret(&request).is_ok());
        }
    }
    tally
}

/// The smallest text that still differs on the request.
fn report_source(
    source: source::SourcePolicy,
    params: &BTreeMap<String, ParamValue>,
    request: &OwnedRequest,
) -> String {
    let why = |source: &source::SourcePolicy| differs(&compile(&source.to_string()).ok()?, params, request);
    let small = shrink::minimise(source, |source| why(source).is_some());
    format!("{}\n{small}\n{params:?}\n{request:#?}", why(&small).unwrap_or_default())
}

/// Where the two sides differ on one request. Parameters that the policy no longer has are left out.
fn differs(rules: &RuleSet, params: &BTreeMap<String, ParamValue>, request: &OwnedRequest) -> Option<String> {
    let named = |name: &String| rules.params.iter().any(|param| param.name == *name);
    let params = params.iter().filter(|(name, _)| named(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
    match load(rules, &params) {
        Loaded::Ready(mut pair) => pair.difference(request),
        Loaded::Refused | Loaded::AtOdds(_) => None,
    }
}

/// The smallest policy that still differs on the request, for a person.
fn report(policy: &RuleSet, params: &BTreeMap<String, ParamValue>, request: &OwnedRequest) -> String {
    let small = shrink::minimise(policy.clone(), |rules| differs(rules, params, request).is_some());
    let why = differs(&small, params, request).unwrap_or_default();
    format!("{why}\n{small}\n{params:?}\n{request:#?}")
}

/// A generated text compiled with one comparison off by one, and judged by what was written: was it noticed? `None` if there was
/// nothing to change. This is how it is known that agreement means something.
pub fn notices_off_by_one(seed: u64, requests: usize) -> Option<bool> {
    let rng = &mut Rng::new(seed);
    let policy = compile(&source::random(rng).to_string()).ok()?;
    let params = values(&policy, rng);
    let bound = Bound::new(&policy, WALLET, params.clone()).ok()?;
    let mut wrong = policy.clone();
    let arms = wrong.rules.iter_mut().flat_map(|rule| &mut rule.arms);
    let mut clauses: Vec<_> = arms.flat_map(|arm| &mut arm.clauses).collect();
    clauses.retain(|clause| matches!(clause.formula, Formula::Atom(Atom::Linear { .. })));
    let chosen = rng.below(clauses.len());
    let Formula::Atom(Atom::Linear { sum, .. }) = &mut clauses.get_mut(chosen)?.formula else { return None };
    sum.constant += 1;
    let Loaded::Ready(mut pair) = load(&wrong, &params) else { return None };
    let pool = Pool::new(&policy, &bound);
    Some((0..requests).any(|_| {
        let request = aim(&policy, &bound, &pool, rng);
        pair.interpret(&request) != request.decide(&policy, &bound)
    }))
}
