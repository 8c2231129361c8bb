//! Decisions as data, and their JSON (one object a line, as the command line promises).

use agentpol_ethereum::Id;
use agentpol_model::{Address, B256, Time, U256, decision::DenyCode};
use serde::{Serialize, Serializer, ser::SerializeStruct};

/// What is decided of a request, and everything an agent or a person needs to act on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The caller's name for the request.
    pub id: Option<Id>,
    /// What is decided.
    pub outcome: Outcome,
    /// The rule that decides; of several actions, that of the first.
    pub rule: Option<String>,
    /// Of a request that is granted: the rules that grant its actions, each once, in the order of the actions.
    pub rules: Vec<String>,
    /// Why, in words.
    pub reason: String,
    /// By how much each budget's use rises: for an ask, would rise.
    pub charges: Vec<Charge>,
    /// The rule that came closest, if none grants it.
    pub nearest: Option<Nearest>,
    /// What was not judged.
    pub notes: Vec<String>,
    /// Steps that evaluation took.
    pub steps: u64,
    /// The hash of the module that decided.
    pub policy_hash: B256,
}

/// Yes, somebody has to be asked, or no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It may be signed.
    Allow,
    /// It may be signed if these agree.
    Ask(Asking),
    /// It may not.
    Deny(DenyCode),
}

/// Who has to agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asking {
    /// How many of them.
    pub need: u32,
    /// Any of these.
    #[serde(serialize_with = "checksummed")]
    pub of: Vec<Address>,
    /// Within so many seconds.
    #[serde(rename = "within_s")]
    pub within: Time,
}

/// A rise of a budget's use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The budget.
    pub budget: String,
    /// Which of its lines, from 0.
    pub line: u8,
    /// The token whose base units it is counted in; `None` for calls, or where no token's unit is the common one.
    pub token: Option<String>,
    /// By how much.
    pub amount: U256,
    /// What is left under the cap afterwards.
    pub remaining: U256,
}

/// The rule that came closest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Nearest {
    /// The rule.
    pub rule: String,
    /// The action that it is about, where the request has more than one: `inner 2.1`, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The clause that failed, as it is written.
    pub clause: String,
    /// What it saw.
    pub saw: String,
    /// What would have passed.
    pub would_pass: String,
}

impl Outcome {
    /// `allow`, `ask` or `deny`.
    pub const fn name(&self) -> &'static str {
        match self {
            Outcome::Allow => "allow",
            Outcome::Ask(_) => "ask",
            Outcome::Deny(_) => "deny",
        }
    }
}

impl Decision {
    /// May it be signed as it is?
    pub fn is_allowed(&self) -> bool {
        self.outcome == Outcome::Allow
    }

    /// Why not.
    pub fn code(&self) -> Option<DenyCode> {
        match self.outcome {
            Outcome::Deny(code) => Some(code),
            Outcome::Allow | Outcome::Ask(_) => None,
        }
    }

    /// The same under the caller's name for the request.
    #[must_use]
    pub fn named(self, id: Option<&Id>) -> Self {
        Self { id: id.cloned(), ..self }
    }
}

impl Serialize for Decision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The length is a hint that JSON does not need.
        let mut json = serializer.serialize_struct("Decision", 10)?;
        match &self.id {
            Some(id) => json.serialize_field("id", &id.to_json())?,
            None => json.skip_field("id")?,
        }
        json.serialize_field("decision", self.outcome.name())?;
        if let Some(rule) = &self.rule {
            json.serialize_field("rule", rule)?;
        }
        if self.rules.len() > 1 {
            json.serialize_field("rules", &self.rules)?;
        }
        if let Some(code) = self.code() {
            json.serialize_field("code", code.name())?;
        }
        json.serialize_field("reason", &self.reason)?;
        json.serialize_field("charges", &self.charges)?;
        if let Outcome::Ask(asking) = &self.outcome {
            json.serialize_field("ask", asking)?;
        }
        if let Some(nearest) = &self.nearest {
            json.serialize_field("nearest", nearest)?;
        }
        if !self.notes.is_empty() {
            json.serialize_field("notes", &self.notes)?;
        }
        json.serialize_field("steps", &self.steps)?;
        json.serialize_field("policy_hash", &self.policy_hash.to_string())?;
        json.end()
    }
}

impl Serialize for Charge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut json = serializer.serialize_struct("Charge", 5)?;
        json.serialize_field("budget", &self.budget)?;
        if self.line > 0 {
            json.serialize_field("line", &self.line)?;
        }
        json.serialize_field("token", &self.token)?;
        json.serialize_field("amount", &self.amount.to_string())?;
        json.serialize_field("remaining", &self.remaining.to_string())?;
        json.end()
    }
}

fn checksummed<S: Serializer>(addresses: &[Address], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(addresses.iter().map(ToString::to_string))
}
