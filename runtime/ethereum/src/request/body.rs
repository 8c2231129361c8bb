//! What a request asks for, kind by kind.

use crate::{
    delegation::Delegation, message::Message, transaction::Draft, typed_data::TypedData,
    user_operation::UserOperation,
};
use agentpol_model::{
    Address, ChainId, U256,
    request::{Action, Envelope, Kind},
};

/// What is to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A transaction of types 0 to 2.
    Transaction(Draft),
    /// Typed data (EIP-712).
    TypedData {
        /// The chain that its domain names.
        chain: ChainId,
        /// The contract that its domain names.
        contract: Address,
        /// The whole.
        data: TypedData,
    },
    /// A text (EIP-191).
    Message {
        /// The chain that the text or the request names.
        chain: ChainId,
        /// The whole.
        message: Message,
    },
    /// An authorisation (EIP-7702).
    Delegation(Delegation),
    /// Calls that a wallet makes together (EIP-5792).
    Calls(Calls),
    /// A user operation (ERC-4337).
    UserOperation(UserOperation),
}

/// Calls that a wallet makes together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls {
    /// The chain they are made on.
    pub chain: ChainId,
    /// All of them, or none.
    pub atomic: bool,
    /// At least one.
    pub calls: Vec<OneCall>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneCall {
    /// Who is called; `None` creates a contract.
    pub to: Option<Address>,
    /// Wei.
    pub value: U256,
    /// Calldata or init code.
    pub data: Vec<u8>,
}

/// Actions, mostly a single one: lending that allocates nothing.
#[derive(Clone, Debug)]
pub(super) enum Actions<'a> {
    One([Action<'a>; 1]),
    Many(Vec<Action<'a>>),
}

impl<'a> Actions<'a> {
    pub(super) fn as_slice(&self) -> &[Action<'a>] {
        match self {
            Actions::One(one) => one,
            Actions::Many(many) => many,
        }
    }
}

impl Body {
    /// The chain it is valid on.
    pub fn chain(&self) -> ChainId {
        match self {
            Body::Transaction(draft) => draft.chain,
            Body::TypedData { chain, .. } | Body::Message { chain, .. } => *chain,
            Body::Delegation(delegation) => delegation.chain(),
            Body::Calls(calls) => calls.chain,
            Body::UserOperation(operation) => operation.chain,
        }
    }

    /// Fees and nonce, where it has some.
    pub fn envelope(&self) -> Envelope {
        match self {
            Body::Transaction(draft) => draft.envelope(),
            Body::UserOperation(operation) => operation.envelope(),
            Body::Delegation(delegation) => {
                Envelope { nonce: Some(delegation.nonce()), ..Envelope::default() }
            }
            Body::TypedData { .. } | Body::Message { .. } | Body::Calls(_) => Envelope::default(),
        }
    }

    /// What it does, by whom it says it is done.
    pub(super) fn actions(&self, from: Address) -> Actions<'_> {
        let one = |kind, to, data| {
            Actions::One([Action { kind, from, to, value: U256::ZERO, command: [0; 4], data }])
        };
        match self {
            Body::Transaction(draft) => Actions::One([call(from, draft.to, draft.value, &draft.data)]),
            Body::TypedData { contract, data, .. } => one(Kind::Sign, *contract, data.data()),
            Body::Message { message, .. } => one(Kind::Message, Address::ZERO, message.data()),
            Body::Delegation(delegation) => one(Kind::Authorize, delegation.delegate(), delegation.data()),
            Body::Calls(calls) => Actions::Many(
                calls.calls.iter().map(|one| call(from, one.to, one.value, &one.data)).collect(),
            ),
            // The account is called by the entry point; what it then does stands inside.
            Body::UserOperation(operation) => Actions::One([call(
                operation.entry_point.address(),
                Some(operation.sender),
                U256::ZERO,
                &operation.call_data,
            )]),
        }
    }
}

/// The kind follows from recipient and data.
fn call(from: Address, to: Option<Address>, value: U256, data: &[u8]) -> Action<'_> {
    let kind = match (to, data.is_empty()) {
        (None, _) => Kind::Deploy,
        (Some(_), true) => Kind::Send,
        (Some(_), false) => Kind::Call,
    };
    Action { kind, from, to: to.unwrap_or_default(), value, command: [0; 4], data }
}
