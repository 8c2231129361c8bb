//! Counters, as Prometheus reads them. Labels come from tables, never from a client.

use agentpol_runtime::Decision;
use core::fmt::Write as _;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What is counted, by labels.
#[derive(Debug, Default)]
struct Counts {
    /// Method; answered with a result?
    calls: BTreeMap<(&'static str, bool), u64>,
    /// Decision; code of a denial.
    decisions: BTreeMap<(&'static str, &'static str), u64>,
    /// Why nobody looked at a request.
    turned_away: BTreeMap<&'static str, u64>,
    /// What the follower told the ledger.
    facts: BTreeMap<&'static str, u64>,
    /// Values that go up and down.
    gauges: BTreeMap<&'static str, u64>,
}

/// The counters of a gateway.
#[derive(Debug, Default)]
pub(crate) struct Metrics(Mutex<Counts>);

impl Metrics {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn call(&self, method: &'static str, ok: bool) {
        add(&mut self.lock().calls, (method, ok));
    }

    pub(crate) fn decided(&self, decision: &Decision) {
        let code = decision.code().map_or("", agentpol_model::decision::DenyCode::name);
        tracing::info!(decision = decision.outcome.name(), code, "judged");
        add(&mut self.lock().decisions, (decision.outcome.name(), code));
    }

    pub(crate) fn turned_away(&self, why: &'static str) {
        add(&mut self.lock().turned_away, why);
    }

    pub(crate) fn fact(&self, what: &'static str) {
        add(&mut self.lock().facts, what);
    }

    pub(crate) fn set(&self, gauge: &'static str, value: u64) {
        self.lock().gauges.insert(gauge, value);
    }

    /// The text that Prometheus reads.
    pub(crate) fn text(&self) -> String {
        let counts = self.lock();
        let mut text = String::new();
        let mut family = |name: &str, kind: &str, help: &str, rows: Vec<(String, u64)>| {
            // A string takes everything.
            let _ = writeln!(text, "# HELP agentpol_{name} {help}\n# TYPE agentpol_{name} {kind}");
            for (labels, n) in rows {
                let _ = writeln!(text, "agentpol_{name}{labels} {n}");
            }
        };
        let calls = counts.calls.iter().map(|((method, ok), n)| {
            let outcome = if *ok { "result" } else { "error" };
            (format!("{{method=\"{method}\",outcome=\"{outcome}\"}}"), *n)
        });
        family("calls_total", "counter", "Calls, by method and outcome.", calls.collect());
        let decisions = counts
            .decisions
            .iter()
            .map(|((decision, code), n)| (format!("{{decision=\"{decision}\",code=\"{code}\"}}"), *n));
        family("decisions_total", "counter", "Decisions, by outcome and code.", decisions.collect());
        let away = counts.turned_away.iter().map(|(why, n)| (format!("{{why=\"{why}\"}}"), *n));
        family("turned_away_total", "counter", "Requests that nobody looked at, by cause.", away.collect());
        let facts = counts.facts.iter().map(|(what, n)| (format!("{{fact=\"{what}\"}}"), *n));
        family("facts_total", "counter", "Facts of the chain that the ledger was told.", facts.collect());
        for (name, value) in &counts.gauges {
            family(name, "gauge", "See the gateway's documentation.", vec![(String::new(), *value)]);
        }
        text
    }
}

fn add<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K) {
    let count = counts.entry(key).or_default();
    *count = count.saturating_add(1);
}
