//! What is given and what is answered. Amounts are decimal, in base units; addresses have their checksum; times are seconds since 1970.

use agentpol_model::{Address, B256, ChainId, Time, policy::ParamValue};
use agentpol_runtime::{
    Told,
    ledger::{Asset, Key},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

pub use agentpol_runtime::Amount;

/// Which policy, for whom, and whether it signs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The module's hash.
    pub policy: B256,
    /// The policy's name.
    pub name: String,
    /// Which edition of it.
    pub epoch: u64,
    /// The account whose assets move.
    pub wallet: Checksummed,
    /// The account of the key.
    pub signer: Checksummed,
    /// Who signs another edition.
    pub owner: Option<Checksummed>,
    /// Its chains.
    pub chains: Vec<ChainId>,
    /// Why nothing is signed, if the owner stopped it.
    pub frozen: Option<String>,
    /// Is nothing signed until the owner adopts what was spent elsewhere?
    pub locked: bool,
    /// How many requests wait for approval.
    pub waiting: usize,
    /// What the policy is bound with.
    pub params: BTreeMap<String, ParamValue>,
}

/// A request that waits for approval.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// Its name.
    pub name: B256,
    /// Who asked.
    pub agent: Option<String>,
    /// When.
    pub at: Time,
    /// Until when it may be approved.
    pub expires: Time,
    /// What is asked for, as `agentpol decide` reads it.
    pub request: Option<Box<RawValue>>,
    /// The same in words, with the ledger as it is.
    pub told: Told,
    /// What was decided: rule, reason, who has to agree, what it does to budgets.
    pub decision: Box<RawValue>,
    /// Who has agreed.
    pub approved_by: Vec<Checksummed>,
    /// What an approver signs, as `eth_signTypedData_v4` takes it.
    pub typed_data: Option<serde_json::Value>,
}

/// What came of an approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "status")]
pub enum Approved {
    /// Others have to agree as well.
    Waiting {
        /// How many are missing.
        reason: String,
    },
    /// It is signed; whoever asked gets it.
    Signed {
        /// The hash it is known by.
        hash: B256,
    },
    /// It is signed, and the node has it.
    Sent {
        /// The transaction's hash.
        hash: B256,
    },
    /// It is signed and counted, and the node did not take it yet.
    Unsent {
        /// The transaction's hash.
        hash: B256,
        /// Why.
        reason: String,
    },
}

/// Whose authority over what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Holder {
    /// On which chain.
    pub chain: ChainId,
    /// The token; `None` is the chain's native coin.
    #[serde(default)]
    pub token: Option<Checksummed>,
    /// Whose.
    pub spender: Checksummed,
    /// The contract that keeps it, where that is not the token itself.
    #[serde(default)]
    pub through: Option<Checksummed>,
}

/// Authority that is in somebody's hands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authority {
    /// Whose.
    pub of: Holder,
    /// The token, as the policy names it.
    pub symbol: Option<String>,
    /// Final on chain.
    pub held: Amount,
    /// Signed, and not settled.
    pub signed: Amount,
    /// The most that a trusted spender was ever given.
    pub trusted: Option<Amount>,
    /// The last second at which any of it can be used; `None` is for ever.
    pub until: Option<Time>,
    /// Some of it has an end of its own, which an approval of nothing does not bring about.
    pub apart: bool,
    /// Why no transaction of the gate's takes it back, if none does.
    pub irrevocable: Option<String>,
}

/// Authority that was to be taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Revocation {
    /// Whose.
    pub of: Holder,
    /// The transaction that takes it back.
    pub hash: Option<B256>,
    /// Why there is none, or why the node does not have it yet.
    pub error: Option<String>,
}

/// The owner's own spending.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Adopt {
    /// On which chain.
    pub chain: ChainId,
    /// The token; `None` is the chain's native coin.
    #[serde(default)]
    pub token: Option<Checksummed>,
    /// How much left.
    pub amount: Amount,
    /// When; `None` is now.
    #[serde(default)]
    pub at: Option<Time>,
    /// The budget lines that count it, `daily` or `daily#2`; `None`: every one that counts the token.
    #[serde(default)]
    pub budgets: Option<Vec<String>>,
}

/// An allowance that stood before.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inventory {
    /// Whose.
    pub of: Holder,
    /// How much.
    pub amount: Amount,
    /// The last second at which it can be used.
    #[serde(default)]
    pub until: Option<Time>,
}

/// An address that is written with its checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checksummed(pub Address);

impl Serialize for Checksummed {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.to_checksum(None))
    }
}

impl<'de> Deserialize<'de> for Checksummed {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Address::deserialize(from).map(Self)
    }
}

impl From<Key> for Holder {
    fn from(key: Key) -> Self {
        Self {
            chain: key.asset.chain,
            token: key.asset.contract.map(Checksummed),
            spender: Checksummed(key.spender),
            through: key.through.map(Checksummed),
        }
    }
}

impl From<Holder> for Key {
    fn from(of: Holder) -> Self {
        Key {
            asset: Asset { chain: of.chain, contract: of.token.map(|it| it.0) },
            spender: of.spender.0,
            through: of.through.map(|it| it.0),
        }
    }
}
