//! Requests: from one JSON object to something that can be judged and signed.

mod batch;
mod body;
mod operation;
mod read;
mod statement;
mod transaction;
mod written;

pub use body::{Body, Calls, OneCall};
pub use read::{MAX_ID_BYTES, MAX_REQUEST_BYTES, read};

use crate::{
    refusal::{Id, Place, Refusal},
    transaction::{Draft, Fee},
    validity,
};
use agentpol_model::{
    Address, ChainId, Time,
    decision::DenyCode,
    request::{Envelope, Request},
};
use body::Actions;

/// A request as it was read. It holds its own bytes and lends them to whoever judges it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedRequest {
    id: Option<Id>,
    at: Option<Time>,
    from: Option<Address>,
    signed: bool,
    body: Body,
    source: Option<written::Source>,
}

/// What the gate knows and a request only claims.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The account whose assets move: the one the policy was loaded for.
    pub wallet: Address,
    /// The key that would sign.
    pub signer: Address,
    /// Who asks, as the gate authenticated it.
    pub agent: Option<&'a str>,
    /// The ledger's clock.
    pub now: Time,
}

/// What fills in the fields that a request leaves open.
#[derive(Clone, Copy, Debug)]
pub struct Completion {
    /// The next nonce.
    pub nonce: u64,
    /// An estimate of the gas limit.
    pub gas_limit: u64,
    /// Wei per gas at most, or the gas price.
    pub max_fee_per_gas: u128,
    /// Wei per gas for the builder.
    pub max_priority_fee_per_gas: u128,
}

/// A request on loan: what [`Request`] borrows its actions from.
#[derive(Clone, Debug)]
pub struct Lent<'a> {
    facts: Facts<'a>,
    chain: ChainId,
    envelope: Envelope,
    actions: Actions<'a>,
}

impl Lent<'_> {
    /// What evaluators take.
    pub fn request(&self) -> Request<'_> {
        Request {
            chain: self.chain,
            wallet: self.facts.wallet,
            signer: self.facts.signer,
            agent: self.facts.agent,
            now: self.facts.now,
            envelope: self.envelope,
            actions: self.actions.as_slice(),
        }
    }
}

impl OwnedRequest {
    /// A request for this transaction. Refused if no chain would accept it.
    pub fn new(draft: Draft, from: Option<Address>) -> Result<Self, Refusal> {
        validity::check(&draft).map_err(|invalid| Refusal {
            id: None,
            code: DenyCode::InvalidRequest,
            message: invalid.message,
            place: Place::Field(invalid.field),
        })?;
        Ok(Self { id: None, at: None, from, signed: false, body: Body::Transaction(draft), source: None })
    }

    /// The caller's name for it.
    pub fn id(&self) -> Option<&Id> {
        self.id.as_ref()
    }

    /// The time the request itself says it is asked at: for judging past requests, never for signing.
    pub fn at(&self) -> Option<Time> {
        self.at
    }

    /// The account it says it is from; the signer, if it is signed already; the sender of a user operation.
    pub fn from(&self) -> Option<Address> {
        self.from
    }

    /// The chain it is valid on.
    pub fn chain(&self) -> ChainId {
        self.body.chain()
    }

    /// Fees and nonce.
    pub fn envelope(&self) -> Envelope {
        self.body.envelope()
    }

    /// What it asks for.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// The transaction it asks for, if it is one.
    pub fn draft(&self) -> Option<&Draft> {
        match &self.body {
            Body::Transaction(draft) => Some(draft),
            _ => None,
        }
    }

    /// Was it signed already when it was given?
    pub fn is_signed(&self) -> bool {
        self.signed
    }

    /// Its fields that are still open, as JSON-RPC names them. Only transactions have some.
    pub fn open_fields(&self) -> Vec<&'static str> {
        let mut open = Vec::new();
        let Some(draft) = self.draft() else { return open };
        let mut note = |name, is_open| {
            if is_open {
                open.push(name);
            }
        };
        note("nonce", draft.nonce.is_none());
        note("gas", draft.gas_limit.is_none());
        match draft.fee {
            Fee::Legacy { gas_price } | Fee::AccessList { gas_price } => {
                note("gasPrice", gas_price.is_none())
            }
            Fee::Dynamic { max_fee_per_gas, max_priority_fee_per_gas } => {
                note("maxFeePerGas", max_fee_per_gas.is_none());
                note("maxPriorityFeePerGas", max_priority_fee_per_gas.is_none());
            }
        }
        open
    }

    /// Fills in what is open and leaves alone what is not. Refused if the whole is then invalid.
    pub fn complete(self, with: &Completion) -> Result<Self, Refusal> {
        let Body::Transaction(mut draft) = self.body else { return Ok(self) };
        draft.nonce.get_or_insert(with.nonce);
        draft.gas_limit.get_or_insert(with.gas_limit);
        match &mut draft.fee {
            Fee::Legacy { gas_price } | Fee::AccessList { gas_price } => {
                gas_price.get_or_insert(with.max_fee_per_gas);
            }
            Fee::Dynamic { max_fee_per_gas, max_priority_fee_per_gas } => {
                let max = *max_fee_per_gas.get_or_insert(with.max_fee_per_gas);
                // A request may name a low maximum and no priority: what fits is what it means.
                max_priority_fee_per_gas.get_or_insert(with.max_priority_fee_per_gas.min(max));
            }
        }
        let checked =
            Self::new(draft, self.from).map_err(|refusal| Refusal { id: self.id.clone(), ..refusal })?;
        Ok(Self { id: self.id, at: self.at, signed: self.signed, ..checked })
    }

    /// Lends the request to be judged. Refused if it says that it is from somebody for whom the signer cannot sign it.
    ///
    /// What a key signs is from the key's own account: where that is not the wallet, as with the owner of a Safe, so the actions
    /// say. A user operation is the wallet's, and so are calls made together, unless they say that they are the signer's.
    pub fn lend<'a>(&'a self, facts: &Facts<'a>) -> Result<Lent<'a>, Refusal> {
        let whose = match &self.body {
            Body::UserOperation(_) => facts.wallet,
            Body::Calls(_) if self.from != Some(facts.signer) => facts.wallet,
            _ => facts.signer,
        };
        let refuse = |message| Refusal {
            id: self.id.clone(),
            code: DenyCode::WrongWallet,
            message,
            place: Place::Field("from"),
        };
        match self.from {
            Some(from) if from == facts.wallet && from != whose => {
                return Err(refuse(format!(
                    "the request is from the wallet {from}, but the key signs for {whose}: what it signs is from there"
                )));
            }
            Some(from) if from != whose => {
                return Err(refuse(format!(
                    "the request is from {from}, but the policy was loaded for {}",
                    facts.wallet
                )));
            }
            _ => {}
        }
        if let Body::Message { message, .. } = &self.body
            && let Some(account) = message.sign_in().map(|sign_in| sign_in.account)
            && account != facts.signer
            && account != facts.wallet
        {
            return Err(refuse(format!(
                "it signs {account} in, but the policy was loaded for {}",
                facts.wallet
            )));
        }
        Ok(Lent {
            facts: *facts,
            chain: self.chain(),
            envelope: self.envelope(),
            actions: self.body.actions(whose),
        })
    }
}
