//! The most of one token that rules let out: in one transaction, in W seconds, for ever.
//!
//! Each set of rules that lines hold in common makes a row of a linear programme: what they let out together is no more than the cover by
//! those lines. What is asked for is the greatest sum. It is no less than the truth; it is the truth if it can be spent,
//! so amounts are looked for that do: [`Outflow::Exact`] is never claimed without them. (Whether the rules admit requests of just these
//! amounts is for the caller to see, who knows their conditions.)
//!
//! Two kinds of rules differ. What *moves* is gone when it is signed. What *grants* is an authority that may be used later: under a line of
//! amounts this makes no difference, for the line holds it from the signature to the end of its window. A line of calls holds only the
//! signatures, and authority from before the W seconds comes on top: at most one grant for each key where a grant replaces the one
//! before it, at most the grants of as long before as they live, and without end where neither is known.

mod meter;
mod rows;
mod witness;

use super::{
    Line, Steps,
    grid::Grid,
    program::{MAX_PIVOTS, Optimum, maximise},
};
use agentpol_model::{Time, budget::Window, request::MAX_ACTIONS};
use num_bigint::BigUint;
use num_traits::Zero;
use std::collections::{BTreeMap, BTreeSet};

/// What a line counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// Base units of the token.
    Amount,
    /// Actions.
    Calls,
}

/// A line, and what it holds for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Cap and window.
    pub line: Line,
    /// What the cap counts.
    pub counts: Counts,
    /// The rules.
    pub rules: BTreeSet<usize>,
}

/// A rule that can let the token out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The most that one action lets out, by its conditions; `None` if they do not say.
    pub most: Option<BigUint>,
    /// How.
    pub gives: Gives,
}

/// How a rule lets out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gives {
    /// At once.
    Moves,
    /// By an authority that others use when they like.
    Grants {
        /// How long the authority can be used after it was signed; `None` is for ever.
        life: Option<Time>,
        /// How many keys (spenders, at most) can stand at once; `None` if anyone may be a spender.
        keys: Option<u64>,
        /// A grant comes on top of the one before on its key, and does not replace it.
        adds: bool,
    },
}

/// In which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// One envelope, of up to [`MAX_ACTIONS`] actions: what it moves and what it grants.
    Transaction,
    /// So many seconds, anywhere.
    Seconds(Time),
    /// For ever.
    Ever,
}

/// The most that leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outflow {
    /// Exactly this, in these parts.
    Exact {
        /// The sum.
        value: BigUint,
        /// What proves that it is no more.
        because: Vec<Windows>,
        /// What is spent and when: every line holds.
        parts: Vec<Part>,
    },
    /// No more than this.
    AtMost {
        /// The bound.
        value: BigUint,
        /// What proves it.
        because: Vec<Windows>,
    },
    /// Without end.
    Infinite {
        /// A rule that no line bounds.
        rule: usize,
    },
}

/// By line, as they were given, how many of its windows: together they hold what some of the rules let out. None at all is the limit of
/// the actions of an envelope.
pub type Windows = BTreeMap<usize, BigUint>;

/// Some actions of one rule at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The rule.
    pub rule: usize,
    /// When the actions are signed.
    pub signed: Time,
    /// When the amount leaves: later only for a grant.
    pub spent: Time,
    /// All together.
    pub amount: BigUint,
    /// How many actions it takes.
    pub actions: BigUint,
}

/// No programme has more cells times pivots than so many: about a second.
const MAX_WORK: usize = 1 << 19;

/// The most that rules let out under lines. Parts begin at `from` or later.
pub fn outflow(
    rules: &[Rule],
    lines: &[Held],
    grid: &Grid,
    span: Span,
    from: Time,
    steps: &mut Steps,
) -> Outflow {
    let problem = Problem::new(rules, lines, grid, span, from);
    let bounds = problem.bounds(steps);
    let cells = bounds.rows.len().saturating_mul(problem.classes.len()).max(1);
    let pivots = (MAX_WORK / cells).min(MAX_PIVOTS);
    let (value, amounts, because) = match maximise(problem.classes.len(), &bounds.rows, pivots) {
        Optimum::Unbounded { amount } => {
            return Outflow::Infinite { rule: problem.classes.get(amount).map_or(0, |class| class.rule) };
        }
        Optimum::Exact(solution) => {
            let binding = bounds.windows.iter().zip(&solution.multipliers);
            let binding = binding.filter(|(_, times)| !times.is_zero()).map(|(windows, _)| windows.clone());
            (solution.value.to_integer(), solution.amounts, binding.collect())
        }
        Optimum::AtMost(value) => (value.to_integer(), Vec::new(), bounds.windows.clone()),
    };
    match problem.spend(&value, &amounts, &bounds.covers, steps) {
        Some(parts) => Outflow::Exact { value, because, parts },
        None => Outflow::AtMost { value, because },
    }
}

/// Rules that the same lines hold are one: what one of them could do, that of the greatest amounts could.
#[derive(Clone, Debug)]
struct Class {
    /// That rule.
    rule: usize,
    /// The most of one of its actions: by its conditions and by every line of amounts.
    most: Option<BigUint>,
    gives: Gives,
}

/// A line, said in classes.
#[derive(Clone, Debug)]
struct Bind {
    /// Which line it was; `None` is the limit of the actions of an envelope.
    index: Option<usize>,
    line: Line,
    counts: Counts,
    classes: BTreeSet<usize>,
}

/// The question, said in classes.
struct Problem<'a> {
    classes: Vec<Class>,
    lines: Vec<Bind>,
    grid: &'a Grid,
    span: Span,
    from: Time,
}

impl<'a> Problem<'a> {
    fn new(rules: &[Rule], lines: &[Held], grid: &'a Grid, span: Span, from: Time) -> Self {
        let mut classes: Vec<Class> = Vec::new();
        let mut known = BTreeMap::new();
        let mut class_of: BTreeMap<usize, usize> = BTreeMap::new();
        for (index, rule) in rules.iter().enumerate() {
            let Some(class) = class(index, rule, lines, span) else { continue };
            let under: Vec<bool> = lines.iter().map(|held| held.rules.contains(&index)).collect();
            let amounts =
                lines.iter().zip(&under).filter(|(held, under)| **under && held.counts == Counts::Amount);
            let held = amounts.into_iter().any(|(held, _)| held.line.window != Window::PerTransaction);
            // Grants stay apart if their keys matter: they do where no line of amounts holds them.
            let apart = (class.gives != Gives::Moves)
                .then(|| (class.gives, class.most.clone(), (!held).then_some(index)));
            let position = *known.entry((under, apart)).or_insert(classes.len());
            match classes.get_mut(position) {
                Some(known) => known.join(&class),
                None => classes.push(class),
            }
            class_of.insert(index, position);
        }
        let bind = |(index, held): (usize, &Held)| {
            let classes = held.rules.iter().filter_map(|rule| class_of.get(rule));
            let (line, counts, classes) = (held.line.clone(), held.counts, classes.copied().collect());
            Bind { index: Some(index), line, counts, classes }
        };
        let mut lines: Vec<Bind> = lines.iter().enumerate().map(bind).collect();
        if span == Span::Transaction {
            let line = Line { cap: MAX_ACTIONS.into(), window: Window::Total };
            let classes = (0..classes.len()).collect();
            lines.push(Bind { index: None, line, counts: Counts::Calls, classes });
            // Every window holds the whole of one envelope.
            lines.iter_mut().for_each(|bind| bind.line.window = Window::Total);
        }
        lines.retain(|bind| !bind.classes.is_empty());
        let mut problem = Self { classes, lines, grid, span, from };
        if matches!(span, Span::Seconds(_)) {
            // Time for grants from before.
            let before = problem.longest().saturating_mul(problem.standing());
            problem.from = from.saturating_add(before);
        }
        problem
    }

    /// Does all of a set let out at once, in this span?
    fn moves(&self, set: &BTreeSet<usize>) -> bool {
        set.iter().all(|class| self.classes.get(*class).is_none_or(|class| class.gives == Gives::Moves))
    }
}

/// A rule by itself; `None` if it lets nothing out.
fn class(index: usize, rule: &Rule, lines: &[Held], span: Span) -> Option<Class> {
    let under = || lines.iter().filter(|held| held.rules.contains(&index));
    if under().any(|held| held.line.cap.is_zero()) {
        return None;
    }
    let caps = under().filter(|held| held.counts == Counts::Amount).map(|held| &held.line.cap);
    let most = caps.chain(rule.most.as_ref()).min().cloned();
    // In one envelope a grant counts as what it grants.
    let gives = if span == Span::Transaction { Gives::Moves } else { rule.gives };
    (!most.as_ref().is_some_and(Zero::is_zero)).then_some(Class { rule: index, most, gives })
}

impl Class {
    /// With another rule under the same lines.
    fn join(&mut self, other: &Self) {
        let greater = match (&self.most, &other.most) {
            (Some(own), Some(other)) => other > own,
            (own, other) => own.is_some() && other.is_none(),
        };
        if greater {
            (self.rule, self.most) = (other.rule, other.most.clone());
        }
        if let (Gives::Grants { keys, .. }, Gives::Grants { keys: more, .. }) = (&mut self.gives, other.gives)
        {
            *keys = keys.zip(more).and_then(|(own, more)| own.checked_add(more));
        }
    }
}
