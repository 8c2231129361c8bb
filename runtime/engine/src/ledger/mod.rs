//! The ledger of caps: how much of each budget is used, and whether a request still fits.
//!
//! In four lines:
//! 1. A signature is a bearer instrument: **whatever is signed and not settled counts in every window, now and later**.
//! 2. It becomes *spent* when it lands, **stamped with the block's time** (never with the time of signing), and leaves
//!    a window by that stamp.
//! 3. Authority that ends is *spent at its end* unless finalised data prove that it was not used.
//! 4. Only an allow raises `use`; time, chain facts, asks and denials never do.
//!
//! `use(B) = spent(B) + exposure(B)`, and a request is allowed only if no budget whose use it raises ends above its cap.
//!
//! What a receipt cannot tell counts as done where it takes, and as not done where it would free: of an action that may fail while
//! its envelope lands ([`Action::may_fail`]), a move counts and authority begins, but an exact pull uses up no hold, and an approval
//! or a decrease ends and lowers none.
//!
//! The ledger is a transition system without clock, chain or disk. Everything it learns arrives as a [`Record`], and its
//! state is the fold of those records ([`Ledger::replay`]). What a record does is written down in one place each:
//!
//! | module | holds |
//! | --- | --- |
//! | [`policy`] | what the ledger has to know of a policy: lines, rules, trust |
//! | [`request`] | what is signed, as the ledger sees it; slots, assets, keys |
//! | [`state`] | what is stored |
//! | `measures` | what is measured in it: `spent`, `exposure`, `use` |
//! | [`judge`] | may this request be signed? |
//! | [`facts`] | what the chain says: landed, void, final, adopt |
//! | [`authority`] | what it says of authority: pulled, allowance, inventory |
//! | [`outstanding`] | authority that is still in somebody's hands, and taking it back |
//! | [`edit`] | a new version of the policy over the same history |
//! | [`log`] | the records and the fold |
//! | [`sums`] | running sums, so that judging does not look at old events |
//! | [`calendar`] | days, weeks and months in UTC |
//!
//! Nothing is rounded, and no sum can wrap ([`Total`]).
//!
//! # What was checked
//! `tests/ledger`: after every input of a history, decision, code, charges and the use of every budget equal those of the
//! executable reference (with corrections of what an edit does and of authority with an end, named in `generate.py`), the
//! running sums equal what they sum, and replaying the log gives the same state. Some histories are shipped as vectors.
//! Besides, an adversary over one or two chains takes what it can, and brute force over all outflow finds no window above its
//! cap; no fact raises a use.
//!
//! | run once | figure |
//! | --- | --- |
//! | `AGENTPOL_HISTORIES=20000 AGENTPOL_FIRST_SEED=5000000 cargo test -p agentpol-runtime --test ledger random` | 20 000 histories, 820 830 steps, no difference |
//! | `AGENTPOL_BEHAVIOURS=30000 cargo test -p agentpol-runtime --test ledger no_budget` | 30 000 behaviours of 80 steps, 260 277 outflows, none above a cap |

pub mod authority;
pub mod calendar;
pub mod edit;
pub mod facts;
pub mod judge;
pub mod log;
mod measures;
pub mod outstanding;
pub mod policy;
pub mod request;
pub mod state;
pub mod sums;
mod total;

pub use facts::{Landed, Misfit};
pub use judge::{Charge, Judgement, Refusal, Shortfall, Verdict};
pub use log::{Ledger, Record, Reply};
pub use outstanding::Outstanding;
pub use policy::{Counts, Line, LineName, Lines, Name, Rule, Terms, What};
pub use request::{Action, Asset, Effect, Key, Request, Slot};
pub use state::State;
pub use total::Total;
