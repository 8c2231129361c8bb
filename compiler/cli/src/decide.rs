//! `agentpol decide POLICY --requests FILE`

use crate::{
    cli::Format,
    decode,
    describe::Describer,
    input,
    jsonl::Lines,
    load::{self, Policy as Given},
    params::{self, BindArgs},
    report,
    ui::{Failure, Outcome, Status, Ui},
    verdict::{Shown, Totals},
};
use agentpol_analysis::ruleset::{Bound, RuleSet};
use agentpol_ethereum::{Facts, OwnedRequest, Refusal, request::MAX_REQUEST_BYTES};
use agentpol_model::{Address, Time, request::Request};
use agentpol_runtime::{Binding, Decision, Nonces, Policy, Session};
use agentpol_vm::Scratch;
use clap::{Args, ValueEnum};
use std::{io::Write as _, path::PathBuf};

/// Judge requests by a policy
#[derive(Args)]
#[command(
    after_help = "Each allowed request counts as landed and final at its own time, in order; nothing is signed."
)]
pub(crate) struct Decide {
    /// The policy, as text or as a module
    policy: PathBuf,
    /// Requests, one JSON object a line; `-` for standard input
    #[arg(long, value_name = "FILE")]
    requests: PathBuf,
    #[command(flatten)]
    bind: BindArgs,
    /// When a request is asked that does not say so itself: `2027-01-31T18:00:00Z`
    #[arg(long, value_name = "TIME", value_parser = params::time)]
    at: Option<Time>,
    /// Which evaluator judges; `all` stops at the first difference
    #[arg(long, value_name = "ENGINE", default_value = "vm")]
    engine: Engine,
    /// Where the ledger is kept; in memory without it
    #[arg(long, value_name = "DIR")]
    ledger: Option<PathBuf>,
    /// Exit with 1 if a request is denied
    #[arg(long)]
    deny_status: bool,
    /// For people or for programs
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    format: Format,
}

/// What judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// The evaluator of the rules themselves, written to be read
    Reference,
    /// The interpreter of verified bytecode
    Vm,
    /// The machine code compiler
    Jit,
    /// Every evaluator there is, held against each other
    All,
}

impl Decide {
    pub(crate) fn run(self, ui: &mut Ui) -> Outcome {
        self.refuse_what_is_not_there()?;
        let Some(given) = load::policy(ui, &self.policy)? else { return Ok(Status::Findings) };
        let mut lines = Lines::open(&self.requests, MAX_REQUEST_BYTES)?;
        let mut first = lines.next()?.map(|line| (line.number, decode::read(line)));
        let wallet = self.wallet(first.as_ref().and_then(|(_, request)| request.as_ref().ok()), ui)?;
        let judge = Judge::new(&given, wallet, &self.bind)?;
        let mut session = Session::new(&judge.policy, Nonces::Any);
        let mut totals = Totals::default();
        while let Some((number, request)) = first.take() {
            let decided = self.one(&judge, &mut session, request)?;
            totals.add(&decided.decision.outcome);
            self.write(ui, &judge, number, &decided)?;
            // Whoever asks line by line waits for each answer.
            if input::is_stdin(&self.requests) {
                ui.out.flush()?;
            }
            first = lines.next()?.map(|line| (line.number, decode::read(line)));
        }
        if self.format == Format::Human {
            writeln!(ui.out, "{}", totals.line())?;
        }
        Ok(if self.deny_status && totals.denied > 0 { Status::Findings } else { Status::Clean })
    }

    fn refuse_what_is_not_there(&self) -> Result<(), Failure> {
        if self.engine == Engine::Jit {
            return Err(Failure::new("the machine code compiler is not in this build")
                .help("use --engine vm or --engine all"));
        }
        match &self.ledger {
            None => Ok(()),
            Some(_) => {
                Err(Failure::new("a ledger on disk is not in this build: `decide` keeps it in memory")
                    .help("leave --ledger out"))
            }
        }
    }

    /// Whose wallet it is: said, or that of the first request.
    fn wallet(&self, first: Option<&OwnedRequest>, ui: &mut Ui) -> Result<Address, Failure> {
        if let Some(wallet) = self.bind.wallet {
            return Ok(wallet);
        }
        let Some(wallet) = first.and_then(OwnedRequest::from) else {
            return Err(Failure::new("whose wallet is it? The first request does not say who it is from")
                .help("name it: --wallet ADDRESS"));
        };
        ui.log(format!("the wallet is {wallet}, from the first request (--wallet names another)"));
        Ok(wallet)
    }

    fn one(
        &self,
        judge: &Judge<'_>,
        session: &mut Session<'_>,
        request: Result<OwnedRequest, Refusal>,
    ) -> Result<Decided, Failure> {
        let request = match request {
            Ok(request) => request,
            Err(refusal) => {
                return Ok(Decided { decision: judge.policy.refuse(&refusal), what: String::new() });
            }
        };
        let now = request.at().or(self.at).ok_or_else(|| {
            Failure::new("when is it? The request does not say, and no time is given")
                .help("give one: --at 2027-01-31T18:00:00Z")
        })?;
        let wallet = judge.policy.wallet();
        let facts = Facts { wallet, signer: judge.policy.signer(), agent: self.bind.agent.as_deref(), now };
        let lent = match request.lend(&facts) {
            Ok(lent) => lent,
            Err(refusal) => {
                return Ok(Decided { decision: judge.policy.refuse(&refusal), what: String::new() });
            }
        };
        let whole = lent.request();
        let decision = match self.engine {
            Engine::Reference => {
                let (rules, bound) = judge.reference()?;
                session.decide_by(&whole, &|request| rules.decide(request, bound))
            }
            Engine::All => {
                judge.agree(&whole)?;
                session.decide(&whole)
            }
            Engine::Vm | Engine::Jit => session.decide(&whole),
        };
        let decision = decision.named(request.id());
        Ok(Decided { decision, what: judge.describe(&whole) })
    }

    fn write(&self, ui: &mut Ui, judge: &Judge<'_>, number: u64, decided: &Decided) -> Result<(), Failure> {
        if self.format == Format::Json {
            return report::json_line(ui, &decided.decision);
        }
        let name = decided.decision.id.as_ref().map_or_else(|| format!("line {number}"), ToString::to_string);
        let module = judge.policy.module();
        let shown = Shown { budgets: &module.budgets, tokens: &module.tokens, width: ui.width() };
        write!(ui.out, "{}", shown.lines(&decided.decision, &name, &decided.what))?;
        Ok(())
    }
}

/// A decision, and what it is about in words.
struct Decided {
    decision: Decision,
    what: String,
}

/// A policy with its parameters, in every form that it was given in.
pub(crate) struct Judge<'a> {
    /// As it decides.
    pub(crate) policy: Policy,
    /// In normal form, where its text is there.
    pub(crate) reference: Option<(&'a RuleSet, Bound)>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(given: &'a Given, wallet: Address, bind: &BindArgs) -> Result<Self, Failure> {
        let module = given.module();
        let params = params::parse(&bind.params, &module.params, &module.tokens)?;
        // The key of a plain account is the account.
        let binding = Binding { wallet, signer: wallet, params: params.clone() };
        let policy = Policy::new(module.clone(), &binding).map_err(params::failure)?;
        let reference = match given {
            Given::Module(_) => None,
            Given::Source(compiled) => {
                let rules = &compiled.ruleset;
                Some((rules, Bound::new(rules, wallet, params).map_err(params::failure)?))
            }
        };
        Ok(Self { policy, reference })
    }

    /// What a request does, in words; only the function's name where nothing but the module is there.
    pub(crate) fn describe(&self, request: &Request<'_>) -> String {
        match &self.reference {
            Some((rules, bound)) => Describer { rules, bound }.request(request),
            None => String::new(),
        }
    }

    /// The rules themselves.
    fn reference(&self) -> Result<&(&'a RuleSet, Bound), Failure> {
        self.reference.as_ref().ok_or_else(|| {
            Failure::new("the reference judges text, and a module was given")
                .help("give the policy's text, or use --engine vm")
        })
    }

    /// Holds the evaluators against each other.
    fn agree(&self, request: &Request<'_>) -> Result<(), Failure> {
        let (rules, bound) = self.reference()?;
        let mut scratch = Scratch::new(self.policy.rules());
        let vm = self.policy.rules().decide(request, &mut scratch).map(|()| scratch.granted().clone());
        let reference = rules.decide(request, bound);
        if vm == reference {
            return Ok(());
        }
        Err(Failure::new(format!("the evaluators differ.\n  reference: {reference:?}\n  vm:        {vm:?}"))
            .help("this is a fault of agentpol; please report it with the policy and the request"))
    }
}
