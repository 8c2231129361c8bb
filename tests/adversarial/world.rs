//! The whole path of a request: JSON text, reader, both evaluators, gate, key, ledger.

use agentpol_analysis::ruleset::{Bound, RuleSet};
use agentpol_compiler::{Loader, ParamSample, SourceFile, compile, lower::lower, sample_params};
use agentpol_ethereum::{Body, Facts, OwnedRequest, read};
use agentpol_model::{
    Address, B256, Time, U256,
    decision::Ruling,
    effect::EffectKind,
    policy::{ParamValue, WALLET_PARAM},
    request::Request,
};
use agentpol_runtime::{
    Answer, Binding, Decision, Gate, Outcome, Policy,
    ledger::{Landed, Record},
};
use agentpol_vm::Scratch;
use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::keccak256;
use std::{collections::BTreeMap, fs, path::PathBuf, sync::LazyLock};

/// 2026-11-23T10:00:00Z: when the first request of a case is asked.
pub(crate) const START: Time = 1_795_428_000;

/// The wallet's key: everybody has it.
static KEY: LazyLock<PrivateKeySigner> =
    LazyLock::new(|| PrivateKeySigner::from_bytes(&keccak256("agentpol attacks")).unwrap());

/// The wallet.
pub(crate) fn wallet() -> Address {
    KEY.address()
}

/// A shipped policy, compiled, its parameters bound to the values that they have in tests.
#[derive(Debug)]
pub(crate) struct Shipped {
    pub(crate) rules: RuleSet,
    pub(crate) bound: Bound,
    pub(crate) policy: Policy,
    pub(crate) tests: Vec<agentpol_compiler::TestBlock>,
}

struct Beside(PathBuf);

impl Loader for Beside {
    fn read(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(self.0.join(path)).map_err(|e| e.to_string())
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// The names of all shipped policies.
pub(crate) fn examples() -> Vec<String> {
    let files = fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
    let mut names: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|end| end == "agentpol"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

impl Shipped {
    /// `tests/examples/NAME.agentpol`, or the one in `policies` beside this file, for a wallet.
    pub(crate) fn load(name: &str, wallet: Address) -> Self {
        let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("adversarial/policies");
        let file = format!("{name}.agentpol");
        let text = fs::read_to_string(folder().join(&file)).or_else(|_| fs::read_to_string(own.join(&file)));
        Self::of_text(name, text.unwrap_or_else(|e| panic!("{file}: {e}")), wallet)
    }

    /// A policy that stands nowhere.
    pub(crate) fn of_text(name: &str, text: String, wallet: Address) -> Self {
        let compiled = compile(SourceFile::new(name, text), &Beside(folder()));
        let rules = compiled.ruleset.unwrap_or_else(|| panic!("{name}: {:?}", compiled.diagnostics));
        let value = |sample| match sample {
            ParamSample::Word(word) => ParamValue::Word(word),
            ParamSample::Set(set) => {
                ParamValue::Set(set.into_iter().map(|word| Address::from_word(word.into())).collect())
            }
        };
        let names = rules.params.iter().map(|param| param.name.clone());
        let mut params: BTreeMap<_, _> = names.zip(sample_params(&rules).into_iter().map(value)).collect();
        // Bound to whichever wallet it is.
        params.remove(WALLET_PARAM);
        let binding = Binding { wallet, signer: wallet, params: params.clone() };
        let policy = Policy::new(lower(&rules).unwrap(), &binding).unwrap();
        let bound = Bound::new(&rules, wallet, params).unwrap();
        Self { rules, bound, policy, tests: compiled.tests }
    }

    /// What the rules say, by both evaluators.
    pub(crate) fn rule(&self, request: &Request<'_>) -> Ruling {
        let mut scratch = Scratch::new(self.policy.rules());
        let ruled = self.policy.rules().decide(request, &mut scratch).map(|()| scratch.granted().clone());
        let reference = self.rules.decide(request, &self.bound);
        assert_eq!(ruled, reference, "the evaluators differ");
        ruled
    }
}

/// A policy with a gate in front of the wallet's key, and a chain that is played here.
pub(crate) struct Stage<'a> {
    shipped: &'a Shipped,
    gate: Gate<PrivateKeySigner>,
    /// Serialised transactions that were signed.
    pub(crate) signed: Vec<Vec<u8>>,
    /// What else was signed, by its hash.
    pub(crate) stated: Vec<B256>,
}

impl<'a> Stage<'a> {
    pub(crate) fn new(shipped: &'a Shipped) -> Self {
        let policy = shipped.policy.clone();
        let ledger = policy.ledger(true);
        let gate = Gate::new(policy, ledger, KEY.clone()).unwrap();
        Self { shipped, gate, signed: Vec::new(), stated: Vec::new() }
    }

    /// `allow pay`, `ask pay`, `deny malformed`. What is allowed is signed; if it lands, it does so at once, and the chain is
    /// final up to then.
    pub(crate) fn ask(&mut self, text: &str, now: Time, lands: bool) -> String {
        let request = match read(text) {
            Ok(request) => request,
            Err(refusal) => return format!("deny {}", refusal.code),
        };
        self.finalise(now);
        let facts = Facts { wallet: wallet(), signer: wallet(), agent: None, now };
        let ruled = request.lend(&facts).map(|lent| self.shipped.rule(&lent.request()));
        if matches!(request.body(), Body::Calls(_)) {
            return self.judge_calls(&request, &facts);
        }
        let landing = match request.body() {
            // Nothing on chain asks for a text.
            Body::Message { .. } => None,
            body => Some(match body {
                Body::UserOperation(operation) => Some(operation.hash()),
                _ => None,
            }),
        };
        let open = self.gate.ledger().state().slots.clone();
        match self.gate.ask(request, None, now) {
            Answer::Denied(decision) => {
                assert_eq!(self.gate.ledger().state().slots, open, "a denial reserves nothing");
                words(&decision)
            }
            Answer::Asked(pending) => {
                assert!(matches!(ruled, Ok(Ok(_))), "what the rules deny nobody is asked for");
                assert_eq!(self.gate.ledger().state().slots, open, "a question reserves nothing");
                words(pending.decision())
            }
            Answer::Reserved(reserved) => {
                assert!(matches!(ruled, Ok(Ok(_))), "what the rules deny is not signed");
                let pulled = ruled.iter().flatten().flat_map(|granted| &granted.actions);
                let pulled = pulled.flat_map(|action| &action.effects);
                let pulled = pulled.filter(|e| matches!(e.kind, EffectKind::Pull { .. })).map(|e| e.amount);
                let pulled = pulled.collect();
                let words = words(reserved.decision());
                let signed = self.gate.sign_sync(reserved).unwrap();
                assert_eq!(signed.signer(), wallet());
                let hash = signed.hash();
                self.stated.extend(signed.statement().map(|statement| statement.digest));
                self.signed.extend(signed.transaction().map(|transaction| transaction.raw.clone()));
                if let (true, Some(known_as)) = (lands, landing) {
                    self.land(known_as.unwrap_or(hash), now, pulled);
                }
                words
            }
        }
    }

    /// No key signs several calls as one: a wallet asks what is said of all, and then signs what makes them.
    fn judge_calls(&self, request: &OwnedRequest, facts: &Facts<'_>) -> String {
        match request.lend(facts) {
            Ok(lent) => words(&self.shipped.policy.decide(&lent.request(), &self.gate.ledger())),
            Err(refusal) => format!("deny {}", refusal.code),
        }
    }

    /// It succeeds, and every pull takes all it may.
    fn land(&mut self, hash: B256, at: Time, pulled: Vec<U256>) {
        let agentpol_runtime::history::SignedAs { slot, digest, .. } = self.gate.signed(hash).unwrap();
        let fact = Landed { slot, digest, ok: true, at, pulled: Some(pulled), fee: None };
        let _ = self.gate.observe(Record::Landed(fact));
        self.finalise(at);
    }

    fn finalise(&mut self, now: Time) {
        let _ = self.gate.observe(Record::Now(now));
        for chain in self.shipped.rules.chains.iter().map(|chain| chain.id) {
            let _ = self.gate.observe(Record::Final(chain, now));
        }
    }
}

fn words(decision: &Decision) -> String {
    match (&decision.outcome, &decision.rule) {
        (Outcome::Deny(code), _) => format!("deny {code}"),
        (outcome, rule) => format!("{} {}", outcome.name(), rule.as_deref().unwrap_or_default()),
    }
}
