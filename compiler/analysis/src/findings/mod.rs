//! What is wrong with a policy before anything is signed: every question is answered *proved*, *refuted by a witness* or *unknown*.
//!
//! A witness is a request that was run on the reference evaluator before it is shown; one that does not replay is a bug here, and the
//! question counts as unknown.
//!
//! | module | asks |
//! | --- | --- |
//! | `overlap` | do two grants match one request? |
//! | `reach` | does a rule ever match, ever decide; does a condition say anything? |
//! | `opaque` | is a function granted whose effects nobody declared? |
//! | `parties` | may value or authority go to somebody whom the policy does not name? |
//! | `minimum` | may what is given come back as nothing? |
//! | `held` | is everything that may leave held by a budget? |
//! | `dodge` | is what is asked about let through in parts? |
//! | `lasting` | does what a rule grants outlive the rule? |
//! | `idle` | does a budget ever bind, is an `exempt` from anything, is a denial needed? |
//! | `edge` | what do a calendar's windows admit around their edges? |
//! | [`asked`] | two of these by themselves |
//! | [`family`] | does a child grant what its parent does not? |

pub mod asked;
mod dodge;
mod edge;
pub mod family;
mod held;
mod idle;
mod lasting;
mod minimum;
mod opaque;
mod overlap;
mod parties;
mod reach;

use crate::{
    integer::Answer,
    loss::Known,
    ruleset::RuleSet,
    solve::{Decides, Key, Prop},
    window::grid::Grid,
    witness::Witness,
};
use agentpol_model::{
    Time,
    decision::Ruling,
    ids::{BudgetId, CallableId, RuleId, TokenId},
};
use num_bigint::BigUint;
use std::rc::Rc;

/// What was found, with what shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub kind: Kind,
    /// For which callable it was found.
    pub callable: Option<CallableId>,
    /// A request that shows it, where it takes one.
    pub witness: Option<Witness>,
    /// What is asked after it, where it takes more than one: all of them are granted, and within all budgets.
    pub then: Vec<Witness>,
    /// The reason for which the policy accepts it.
    pub accepted: Option<String>,
}

/// The kinds of finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Two grants match one request, and neither is over the other.
    Overlap {
        /// The one that stands first.
        first: RuleId,
        /// The other.
        second: RuleId,
    },
    /// The rule's conditions cannot all hold.
    NeverMatches {
        /// Which rule.
        rule: RuleId,
        /// The first of its conditions that cannot hold together with those before it.
        clause: Option<usize>,
    },
    /// The rule matches, but others decide wherever it does.
    Shadowed {
        /// Which rule.
        rule: RuleId,
        /// Those that decide.
        by: Vec<RuleId>,
    },
    /// Leaving a condition out changes nothing.
    RedundantClause {
        /// Of which rule.
        rule: RuleId,
        /// Which condition.
        clause: usize,
    },
    /// No rule grants anything.
    Vacuous,
    /// Value may go to an address that the policy does not name.
    AnyRecipient {
        /// By which rule.
        rule: RuleId,
        /// Of which token.
        token: TokenId,
    },
    /// Authority may be given to an address that the policy does not name.
    AnySpender {
        /// By which rule.
        rule: RuleId,
        /// Over which token.
        token: TokenId,
    },
    /// The rule names a function whose effects nobody declared, and does not accept that: it never grants it.
    Opaque {
        /// Which rule.
        rule: RuleId,
    },
    /// What is given may come back as nothing, or as dust.
    NoMinimum {
        /// By which rule.
        rule: RuleId,
        /// What is given.
        gives: TokenId,
        /// What should come back.
        gets: TokenId,
    },
    /// There is no most that may leave: no budget and no pace holds it.
    Unbounded {
        /// By which rule.
        rule: RuleId,
        /// Of which token.
        token: TokenId,
    },
    /// There is no most that may be spent on fees.
    UnboundedFees {
        /// A rule whose transactions cost them.
        rule: RuleId,
        /// In which token.
        token: TokenId,
    },
    /// A budget counts what a spender takes under one rule and not the authority that another gives it.
    UncountedAuthority {
        /// Which budget.
        budget: BudgetId,
        /// The rule whose grants it does not count.
        grant: RuleId,
        /// The rule whose pulls it counts.
        pull: RuleId,
    },
    /// The least that the rule takes is more than a budget ever has.
    Unfunded {
        /// Which rule.
        rule: RuleId,
        /// Which budget.
        budget: BudgetId,
    },
    /// The rule grants what the policy that this one extends does not, or only asks for.
    Wider {
        /// Which rule.
        rule: RuleId,
        /// The parent asks there; otherwise it denies.
        asks: bool,
    },
    /// What one rule asks about, another lets through in parts: all that could ever be asked for at once, without asking.
    Dodgeable {
        /// The rule that asks.
        ask: RuleId,
        /// The rule that does not.
        by: RuleId,
        /// What moves.
        token: TokenId,
        /// The most that is asked about at once.
        whole: BigUint,
        /// The most that is not.
        part: BigUint,
    },
    /// What the rule grants can be used after the rule has ended.
    Outlives {
        /// Which rule.
        rule: RuleId,
        /// Of which token.
        token: TokenId,
        /// The last second at which the rule grants.
        last: Time,
    },
    /// No requests whatever bring a line of a budget to its cap.
    NeverBinds {
        /// Which line.
        budget: BudgetId,
        /// The lines that are reached first; none where the rules' own conditions are.
        because: Vec<BudgetId>,
    },
    /// Nothing that the rule does counts against the budget that it is exempt from.
    IdleExempt {
        /// Which rule.
        rule: RuleId,
        /// From which budget.
        budget: BudgetId,
    },
    /// What the rule denies is granted by none: without it nothing changes.
    RedundantDeny {
        /// Which rule.
        rule: RuleId,
    },
    /// Around the edge of a calendar's windows more leaves than fits one of them.
    Edge {
        /// Which line.
        budget: BudgetId,
        /// As long as a window.
        seconds: Time,
        /// No more than this, in what the line counts; exactly this where requests show it.
        most: BigUint,
    },
    /// A question about a rule was too hard to answer.
    Unknown {
        /// Which rule.
        rule: RuleId,
        /// What was asked.
        question: Question,
    },
}

/// What was asked where no answer was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is its own word")]
pub enum Question {
    Overlap,
    Reach,
    Parties,
    Minimum,
    Family,
}

/// A policy under analysis.
struct Analysis<'r> {
    rules: &'r RuleSet,
    keys: Vec<Key<'r>>,
    /// Of each rule, the keys and its places in them.
    by_rule: Vec<Vec<(usize, usize)>>,
    /// What audits have found out about its rules.
    known: Rc<Known>,
    findings: Vec<Finding>,
}

/// Everything that is found, rule by rule, the worst first.
pub fn findings(rules: &RuleSet) -> Vec<Finding> {
    let mut analysis = Analysis::new(rules);
    analysis.of_rules();
    analysis.of_effects();
    analysis.findings
}

impl<'r> Analysis<'r> {
    fn new(rules: &'r RuleSet) -> Self {
        let keys = Key::all(rules);
        let mut by_rule = vec![Vec::new(); rules.rules.len()];
        for (at, key) in keys.iter().enumerate() {
            for (place, arm) in key.arms.iter().enumerate() {
                if let Some(arms) = by_rule.get_mut(arm.rule.index()) {
                    arms.push((at, place));
                }
            }
        }
        Self { rules, keys, by_rule, known: Rc::default(), findings: Vec::new() }
    }

    /// Do the rules hold together?
    fn of_rules(&mut self) {
        self.overlaps();
        self.reach();
        self.opaque();
        self.redundant_denials();
    }

    /// What may come of them?
    fn of_effects(&mut self) {
        self.parties();
        self.minima();
        self.held();
        if let Some(grid) = Grid::utc() {
            self.dodges(&grid);
            self.idle_budgets(&grid);
            self.idle_exemptions(&grid);
            self.edges(&grid);
        }
        self.lasting();
    }
}

impl Finding {
    /// What nothing has to show.
    const fn plain(kind: Kind) -> Self {
        Self { kind, callable: None, witness: None, then: Vec::new(), accepted: None }
    }
}

impl Analysis<'_> {
    /// A finding that a request shows. Only if it replays.
    fn refuted(&mut self, key: usize, kind: Kind, witness: Witness) {
        let callable = self.keys.get(key).map(|key| key.id);
        self.findings.push(Finding { callable, witness: Some(witness), ..Finding::plain(kind) });
    }

    /// The reason for which a rule accepts a risk.
    fn accepted(&self, rule: RuleId, risk: &str) -> Option<String> {
        let accepts = &self.rules.rules.get(rule.index())?.accepts;
        accepts.iter().find(|(name, _)| name == risk).map(|(_, because)| because.clone())
    }

    fn unknown(&mut self, rule: RuleId, question: Question) {
        let kind = Kind::Unknown { rule, question };
        if !self.findings.iter().any(|finding| finding.kind == kind) {
            self.findings.push(Finding::plain(kind));
        }
    }
}

/// Does a rule grant it?
fn granted_by(ruling: &Ruling, rule: RuleId) -> bool {
    ruling.as_ref().is_ok_and(|granted| granted.actions.iter().any(|action| action.rule == rule))
}

/// A request that a rule grants where these hold.
pub(crate) fn granted(key: &Key<'_>, decides: &Decides<'_>, conditions: &[&Prop]) -> Answer<Witness> {
    let answer = key.find(&decides.and(conditions.iter().copied()));
    replayed(key, answer, |ruling| granted_by(ruling, decides.rule))
}

/// A finding's answer: what a search found, as a request that was run and came out as expected.
fn replayed(
    key: &Key<'_>,
    answer: Answer<crate::solve::Assignment>,
    expected: impl Fn(&Ruling) -> bool,
) -> Answer<Witness> {
    match answer {
        Answer::None => Answer::None,
        Answer::Unknown => Answer::Unknown,
        Answer::Found(found) => match key.witness(&found) {
            Some(witness) if witness.decide(key.rules()).as_ref().is_ok_and(&expected) => {
                Answer::Found(witness)
            }
            _ => Answer::Unknown,
        },
    }
}
