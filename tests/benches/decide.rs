//! From the bytes of a call to the decision, beside what one would write by hand. One run measures both, turn by turn, so that
//! the ratio holds on a busy machine too; criterion's own figures stand above it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    missing_docs,
    reason = "a bench measures time, and the baseline is what one writes by hand"
)]

mod baseline;

use agentpol_model::request::{Action, Request};
use agentpol_tests::{
    generator::OwnedRequest,
    workload::{self, CHAIN},
};
use agentpol_vm::{Policy, Scratch};
use baseline::Baseline;
use criterion::{BenchmarkId, Criterion, Throughput};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
const REQUESTS: usize = 1_000;
const ROUNDS: usize = 500;

struct Setting {
    policy: Policy,
    baseline: Baseline,
    requests: Vec<OwnedRequest>,
}

impl Setting {
    fn new(rules: usize) -> Self {
        let limits = workload::limits(rules);
        let setting = Self {
            policy: workload::policy(&workload::rule_set(&limits)),
            baseline: Baseline::new(CHAIN, &limits),
            requests: workload::requests(&limits, REQUESTS),
        };
        setting.agree();
        setting
    }

    /// Both say the same before anything is timed, and neither always the same.
    fn agree(&self) {
        let mut scratch = Scratch::new(&self.policy);
        let mut allowed = 0;
        for request in &self.requests {
            let decided = request.with(|request| self.policy.decide(request, &mut scratch)).is_ok();
            assert_eq!(decided, request.with(|request| self.baseline.allows(request)), "{request:?}");
            allowed += usize::from(decided);
        }
        assert!(allowed > REQUESTS / 2 && allowed < REQUESTS, "{allowed}");
    }
}

fn all<'a>(actions: &'a [[Action<'a>; 1]], requests: &'a [OwnedRequest]) -> Vec<Request<'a>> {
    let request = |(owned, actions): (&'a OwnedRequest, &'a [Action<'a>; 1])| Request {
        chain: owned.chain,
        wallet: owned.wallet,
        signer: owned.signer,
        agent: None,
        now: owned.now,
        envelope: owned.envelope,
        actions,
    };
    requests.iter().zip(actions).map(request).collect()
}

fn actions(requests: &[OwnedRequest]) -> Vec<[Action<'_>; 1]> {
    let action = |owned: &'_ OwnedRequest| {
        let a = &owned.actions[0];
        (a.kind, a.from, a.to, a.value)
    };
    requests
        .iter()
        .map(|owned| {
            let (kind, from, to, value) = action(owned);
            [Action { command: [0; 4], kind, from, to, value, data: &owned.actions[0].data }]
        })
        .collect()
}

fn criterion(c: &mut Criterion, settings: &[(usize, Setting)]) {
    let mut group = c.benchmark_group("decide");
    group.throughput(Throughput::Elements(REQUESTS as u64)).sample_size(20);
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    for (rules, setting) in settings {
        let actions = actions(&setting.requests);
        let requests = all(&actions, &setting.requests);
        let mut scratch = Scratch::new(&setting.policy);
        group.bench_function(BenchmarkId::new("agentpol", rules), |b| {
            b.iter(|| {
                requests.iter().filter(|r| setting.policy.decide(black_box(r), &mut scratch).is_ok()).count()
            });
        });
        group.bench_function(BenchmarkId::new("by hand", rules), |b| {
            b.iter(|| requests.iter().filter(|r| setting.baseline.allows(black_box(r))).count());
        });
    }
    group.finish();
}

/// Nanoseconds per decision: the median of many rounds. In each round both do the same work, one right after the other.
fn side_by_side(settings: &[(usize, Setting)]) {
    let mut medians = Vec::new();
    for (_, setting) in settings {
        let actions = actions(&setting.requests);
        let requests = all(&actions, &setting.requests);
        let mut scratch = Scratch::new(&setting.policy);
        let (mut ours, mut hand) = (vec![], vec![]);
        for _ in 0..ROUNDS {
            ours.push(time(|| {
                requests.iter().filter(|r| setting.policy.decide(black_box(r), &mut scratch).is_ok()).count()
            }));
            hand.push(time(|| requests.iter().filter(|r| setting.baseline.allows(black_box(r))).count()));
        }
        medians.push([median(&mut ours), median(&mut hand)]);
    }
    println!("\n| rules | agentpol, ns | by hand, ns | ratio | agentpol, against {} rules |", SIZES[0]);
    println!("| ---: | ---: | ---: | ---: | ---: |");
    for ((rules, _), [ours, hand]) in settings.iter().zip(&medians) {
        let growth = ours / medians[0][0];
        println!("| {rules} | {ours:.0} | {hand:.0} | {:.2} | {growth:.2} |", ours / hand);
    }
}

fn time(work: impl FnOnce() -> usize) -> f64 {
    let start = Instant::now();
    black_box(work());
    start.elapsed().as_nanos() as f64 / REQUESTS as f64
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    let settings: Vec<_> = SIZES.into_iter().map(|rules| (rules, Setting::new(rules))).collect();
    let mut c = Criterion::default().configure_from_args();
    criterion(&mut c, &settings);
    c.final_summary();
    side_by_side(&settings);
}
