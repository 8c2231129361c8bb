//! Histories as `generate.py` writes them.

use agentpol_model::{
    Address, B256, ChainId, Time, U256,
    budget::{Period, Window},
    effect::{EffectKind, GrantMode},
};
use agentpol_runtime::ledger::{
    Action, Asset, Counts, Effect, Key, Landed, Line, LineName, Lines, Name, Record, Request, Rule, Slot,
    Terms,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The one chain of the reference.
pub(crate) const CHAIN: ChainId = 1;
/// The one account.
pub(crate) const ACCOUNT: Address = Address::repeat_byte(0xaa);
/// Keeps authority as Permit2 does.
const KEEPER: Address = Address::repeat_byte(0x22);

/// One history.
pub(crate) struct History {
    pub(crate) seed: u64,
    pub(crate) complete_logs: bool,
    pub(crate) terms: Terms,
    pub(crate) steps: Vec<Step>,
}

/// One input, and what the reference answers and holds then.
pub(crate) struct Step {
    pub(crate) record: Record,
    pub(crate) answer: Option<Answer>,
    /// By budget, in the order of their names.
    pub(crate) used: Vec<String>,
}

/// What the reference decides.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) verdict: String,
    pub(crate) code: String,
    pub(crate) charges: Vec<(String, String)>,
    pub(crate) over: Vec<String>,
}

pub(crate) fn parse(line: &str) -> History {
    let v: Value = serde_json::from_str(line).expect("a history is JSON");
    let requests: Vec<Request> =
        list(&v["requests"]).iter().enumerate().map(|(n, r)| request(n, r)).collect();
    History {
        seed: v["seed"].as_u64().expect("seed"),
        complete_logs: v["logs"].as_bool().expect("logs"),
        terms: terms(&v["terms"]),
        steps: list(&v["steps"]).iter().map(|s| step(s, &requests)).collect(),
    }
}

fn step(v: &Value, requests: &[Request]) -> Step {
    let answer = (!v[1].is_null()).then(|| Answer {
        verdict: string(&v[1][0]),
        code: string(&v[1][1]),
        charges: list(&v[1][2]).iter().map(|c| (string(&c[0]), number(&c[1]))).collect(),
        over: list(&v[1][3]).iter().map(string).collect(),
    });
    Step { record: record(&v[0], requests), answer, used: list(&v[2]).iter().map(number).collect() }
}

fn record(v: &Value, requests: &[Request]) -> Record {
    let known = |v: &Value| requests[v.as_u64().expect("request") as usize].clone();
    match v[0].as_str().expect("kind") {
        "request" => Record::Request(known(&v[1])),
        "approve" => Record::Approve(known(&v[1])),
        "now" => Record::Now(time(&v[1]).expect("time")),
        "final" => Record::Final(CHAIN, time(&v[1]).expect("time")),
        "landed" => Record::Landed(Landed {
            slot: slot(&v[1]),
            digest: known(&v[2]).digest,
            ok: v[3].as_bool().expect("ok"),
            at: time(&v[4]).expect("time"),
            pulled: v[5].as_array().map(|n| n.iter().map(word).collect()),
            fee: (!v[6].is_null()).then(|| word(&v[6])),
        }),
        "foreign" => Record::Foreign(slot(&v[1])),
        "void" => Record::Void(slot(&v[1])),
        "pulled" => Record::Pulled(key(&v[1]), word(&v[2]), time(&v[3]).expect("time")),
        "allowance" => Record::Allowance(key(&v[1]), word(&v[2]), time(&v[3]).expect("time")),
        "inventory" => Record::Inventory(key(&v[1]), word(&v[2]), time(&v[3])),
        "adopt" => {
            let lines = list(&v[4]).iter().map(line_name).collect();
            Record::Adopt(asset(&v[1]), word(&v[2]), time(&v[3]).expect("time"), lines)
        }
        "edit" => Record::Edit(terms(&v[1])),
        other => panic!("unknown record {other}"),
    }
}

fn request(n: usize, v: &Value) -> Request {
    Request {
        slot: slot(&v[0]),
        digest: B256::left_padding_from(&(n as u64 + 1).to_be_bytes()),
        asked: None,
        agent: None,
        fee: word(&v[2]),
        deadline: time(&v[3]),
        actions: list(&v[1]).iter().map(action).collect(),
    }
}

fn action(v: &Value) -> Action {
    Action {
        rules: list(&v[0]).iter().map(name).collect(),
        effects: list(&v[1]).iter().map(effect).collect(),
        charges: Vec::new(),
        may_fail: false,
    }
}

fn effect(v: &Value) -> Effect {
    let kind = match v[0].as_str().expect("effect") {
        "move" => EffectKind::Move,
        "pull" => EffectKind::Pull { exact: v[4].as_bool().expect("exact") },
        "set" => EffectKind::Grant(GrantMode::Set),
        "add" => EffectKind::Grant(GrantMode::Add),
        "dec" => EffectKind::Grant(GrantMode::Dec),
        other => panic!("unknown effect {other}"),
    };
    let (party, through) = if kind == EffectKind::Move { (Address::ZERO, None) } else { spender(&v[3]) };
    let until = if matches!(kind, EffectKind::Grant(_)) { time(&v[4]) } else { None };
    Effect { through, kind, asset: asset(&v[1]), amount: word(&v[2]), party, until }
}

fn slot(v: &Value) -> Slot {
    let nonce = v[1].as_u64().expect("nonce");
    match v[0].as_str() {
        Some("tx") => Slot::Transaction { chain: CHAIN, account: ACCOUNT, nonce },
        _ => Slot::Signature {
            chain: CHAIN,
            contract: Address::repeat_byte(0x51),
            id: B256::left_padding_from(&nonce.to_be_bytes()),
        },
    }
}

fn terms(v: &Value) -> Terms {
    let within = v["within"].as_u64().expect("within");
    let rules = v["rules"].as_object().expect("rules").iter().map(|(n, r)| {
        let beyond = list(&r["beyond"]).iter().map(|b| (line_name(b), within)).collect();
        let ask = r["ask"].as_bool().expect("ask").then_some(within);
        (Name::from(n.as_str()), Rule { ask, exempt: lines(&r["exempt"]), beyond })
    });
    Terms {
        lines: v["lines"]
            .as_object()
            .expect("lines")
            .iter()
            .map(|(n, l)| (LineName::new(n, 0), line(l)))
            .collect(),
        rules: rules.collect(),
        trusted: list(&v["trusted"]).iter().map(|s| (CHAIN, spender(s).0)).collect(),
        chains: BTreeSet::from([CHAIN]),
        epoch: v["epoch"].as_u64().expect("epoch"),
    }
}

fn line(v: &Value) -> Line {
    let window = &v["window"];
    let weights = || -> BTreeMap<Asset, U256> {
        let weights = v["weights"].as_object().expect("weights");
        weights.iter().map(|(t, n)| (asset(&Value::from(t.as_str())), word(n))).collect()
    };
    Line {
        cap: word(&v["cap"]),
        window: match window[0].as_str().expect("window") {
            "total" => Window::Total,
            "sliding" => Window::Sliding { seconds: window[1].as_u64().expect("seconds") },
            "day" => Window::Calendar(Period::Day),
            "week" => Window::Calendar(Period::Week),
            "month" => Window::Calendar(Period::Month),
            other => panic!("unknown window {other}"),
        },
        counts: match v["measure"].as_str().expect("measure") {
            "gross" => Counts::Gross(weights()),
            "fees" => Counts::Fees(BTreeSet::from([Asset { chain: CHAIN, contract: None }])),
            "calls" => Counts::Calls,
            other => panic!("unknown measure {other}"),
        },
        rules: v["rules"].as_array().map(|r| r.iter().map(name).collect()),
        renamed_from: (!v["from"].is_null()).then(|| name(&v["from"])),
    }
}

fn asset(v: &Value) -> Asset {
    Asset { chain: CHAIN, contract: Some(Address::repeat_byte(string(v).as_bytes()[0])) }
}

/// In the reference, what a spender has through the keeper stands under a name of its own.
fn spender(v: &Value) -> (Address, Option<Address>) {
    let (name, through) = match string(v).as_str() {
        "X" => (b'S', Some(KEEPER)),
        "R" => (b'P', Some(KEEPER)),
        direct => (direct.as_bytes()[0], None),
    };
    (Address::repeat_byte(name), through)
}

fn key(v: &Value) -> Key {
    let (spender, through) = spender(&v[1]);
    Key { asset: asset(&v[0]), spender, through }
}

fn lines(v: &Value) -> Lines {
    list(v).iter().map(line_name).collect()
}

fn line_name(v: &Value) -> LineName {
    LineName::new(&string(v), 0)
}

fn name(v: &Value) -> Name {
    string(v).into()
}

fn list(v: &Value) -> &[Value] {
    v.as_array().expect("a list")
}

fn string(v: &Value) -> String {
    v.as_str().expect("a string").to_owned()
}

fn number(v: &Value) -> String {
    v.to_string()
}

fn word(v: &Value) -> U256 {
    number(v).parse().expect("a word")
}

fn time(v: &Value) -> Option<Time> {
    (!v.is_null()).then(|| v.as_u64().expect("a time"))
}
