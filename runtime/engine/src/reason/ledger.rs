//! Why the ledger denies it.

use super::first_sentence;
use crate::{
    ledger::{Line, LineName, Refusal, Shortfall, Slot},
    load::Policy,
};
use agentpol_model::{
    budget::{Period, Window},
    decision::DenyCode,
    words::{Instant, Span},
};

impl Policy {
    /// Why the ledger denies it.
    pub(crate) fn why_refused(&self, refusal: &Refusal, slot: &Slot, next: Option<u64>) -> String {
        match (&refusal.shortfall, refusal.code) {
            (Some(shortfall), _) => self.why_exhausted(shortfall),
            (None, DenyCode::Nonce) => match (slot, next) {
                (Slot::Transaction { nonce, .. }, Some(next)) => format!(
                    "the nonce {nonce} is neither the next one ({next}) nor that of something still open"
                ),
                (Slot::Transaction { nonce, .. }, None) => format!("the nonce {nonce} cannot be used"),
                (Slot::Signature { chain, contract, .. }, _) => format!(
                    "what was signed with this nonce of {} is settled: it was used, or can be no more; take another",
                    self.name_of(*chain, *contract)
                ),
            },
            (None, code) => first_sentence(code.doc()).to_owned(),
        }
    }

    /// `budget daily: 120 USDC left of 500 USDC per 24h; this needs 250 USDC; room for it from 2026-11-23T10:00Z`
    fn why_exhausted(&self, shortfall: &Shortfall) -> String {
        let Shortfall { line: name, left, needs, room_from } = shortfall;
        let Some(line) = self.terms().lines.get(name) else {
            return format!("budget {name}: exhausted");
        };
        let amount = |n| self.counted(name, n);
        let room = match room_from {
            Some(at) => format!("room for it from {}", Instant(*at)),
            None if *needs > line.cap => "that is more than it ever holds".to_owned(),
            None if line.window == Window::Total => "it is never filled again".to_owned(),
            None => "no room for it as long as what is signed stays open".to_owned(),
        };
        format!(
            "budget {name}: {} left of {}; this needs {}; {room}",
            amount(*left),
            self.cap_words(name, line),
            amount(*needs)
        )
    }

    /// `500 USDC per 24h`
    pub(crate) fn cap_words(&self, name: &LineName, line: &Line) -> String {
        let cap = self.counted(name, line.cap);
        match line.window {
            Window::PerTransaction => format!("{cap} per transaction"),
            Window::Sliding { seconds } => format!("{cap} per {}", Span(seconds)),
            Window::Calendar(Period::Day) => format!("{cap} per day"),
            Window::Calendar(Period::Week) => format!("{cap} per week"),
            Window::Calendar(Period::Month) => format!("{cap} per month"),
            Window::Total => format!("{cap} total"),
        }
    }
}
