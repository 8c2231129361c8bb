//! What a wallet is asked to sign, as the gate understood it.

use crate::{Address, B256, ChainId, Time, U256};
use alloy_primitives::keccak256;

/// The kinds of action. Every kind has its own rules; a rule about one never matches another. Beside each is what its
/// [`data`](Action::data) holds: whatever was written differently (JSON) is brought into this form when it is read, so that one
/// strict decoder serves them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A call with calldata: selector, then arguments.
    Call = 0,
    /// A call without calldata: value to an address.
    Send = 1,
    /// A call that runs foreign code as the account. As for [`Call`](Kind::Call).
    Delegatecall = 2,
    /// EIP-712 typed data: [`DOMAIN_BYTES`] of domain separator, [`TYPE_HASH_BYTES`] of type hash, then the ABI encoding of the
    /// struct's members.
    Sign = 3,
    /// EIP-191 text: selector of `text(string)`, or of [`SIGN_IN`] for a text that is a Sign-In with Ethereum
    /// (EIP-4361), then the ABI encoding of its parts.
    Message = 4,
    /// Creation of a contract: the init code.
    Deploy = 5,
    /// An EIP-7702 authorisation: the ABI encoding of `(address delegate, uint64 nonce)`.
    Authorize = 6,
    /// A command inside a router's call: the ABI encoding of its arguments.
    Command = 7,
}

impl Kind {
    /// As a policy writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Call => "call",
            Kind::Send => "send",
            Kind::Delegatecall => "delegatecall",
            Kind::Sign => "sign",
            Kind::Message => "message",
            Kind::Deploy => "deploy",
            Kind::Authorize => "authorize",
            Kind::Command => "command",
        }
    }
}

/// Bytes of a domain separator.
pub const DOMAIN_BYTES: usize = 32;

/// Bytes of a type hash.
pub const TYPE_HASH_BYTES: usize = 32;

/// Sign-In with Ethereum (EIP-4361) as a struct. What a text leaves out is empty, zero or 2^64 - 1 (`expires`).
pub const SIGN_IN: &str = "SignIn(string domain,address account,string statement,string uri,uint256 chain,string nonce,\
    uint64 issued,uint64 expires,uint64 notBefore,string requestId,string[] resources)";

/// Actions are nested at most this deep: the outermost is the first level.
pub const MAX_DEPTH: usize = 8;

/// Actions of one request at most, wrappers and what is inside them counted alike.
pub const MAX_ACTIONS: usize = 128;

/// One thing the wallet does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action<'a> {
    /// What kind of thing.
    pub kind: Kind,
    /// Whose assets move: the wallet, or inside a wrapper the effective sender.
    pub from: Address,
    /// The contract or recipient: for `sign` the domain's verifying contract, for `authorize` the delegate, for a command its
    /// router; zero for `deploy` and `message`.
    pub to: Address,
    /// Wei.
    pub value: U256,
    /// Which command, as its router's table has it; zero for every other kind.
    pub command: [u8; 4],
    /// What is read by the policy's interfaces, undecoded: see [`Kind`].
    pub data: &'a [u8],
}

/// What is signed once, whatever is inside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// The account nonce, where the request names one.
    pub nonce: Option<u64>,
    /// Gas limit, where the request names one.
    pub gas_limit: Option<u64>,
    /// Wei per gas at most (`gasPrice` for types 0 and 1).
    pub max_fee_per_gas: Option<u128>,
    /// Wei per gas for the builder (EIP-1559).
    pub max_priority_fee_per_gas: Option<u128>,
    /// Wei per blob gas at most, and blob gas (EIP-4844).
    pub blob_fee: Option<(u128, u64)>,
    /// What excludes on chain, where that is no account nonce: a user operation's nonce at its entry point.
    pub once: Option<Once>,
}

/// A signature that can be used once: which contract sees to it, by what, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Once {
    /// The contract that keeps the nonce.
    pub contract: Address,
    /// What it keeps, hashed.
    pub id: B256,
    /// Last second at which it can be used.
    pub until: Option<Time>,
}

impl Envelope {
    /// The most this envelope can cost in fees, in wei: gas limit × max fee + blob gas × max blob fee. `None` while the request
    /// leaves gas or price open (the gate fills both before it judges).
    pub fn max_fee(&self) -> Option<U256> {
        let gas = U256::from(self.gas_limit?).checked_mul(U256::from(self.max_fee_per_gas?))?;
        match self.blob_fee {
            None => Some(gas),
            Some((price, blob_gas)) => gas.checked_add(U256::from(price).checked_mul(U256::from(blob_gas))?),
        }
    }
}

/// A request: one envelope on one chain, with its actions in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The chain it is valid on.
    pub chain: ChainId,
    /// The account whose assets move.
    pub wallet: Address,
    /// The key that signs.
    pub signer: Address,
    /// The name the gate authenticated, if any. Nothing the agent says about itself.
    pub agent: Option<&'a str>,
    /// One value per request, from the ledger's clock.
    pub now: Time,
    /// Fees and nonce.
    pub envelope: Envelope,
    /// At least one.
    pub actions: &'a [Action<'a>],
}

/// What type a request field has, for the type checker and the bytecode verifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// An address, as a word.
    Address,
    /// Wei of the chain's native token.
    NativeAmount,
    /// A plain unsigned number.
    Number,
    /// Seconds since 1970.
    Time,
    /// 32 bytes.
    Hash,
}

macro_rules! fields {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal $ty:ident [$($kind:ident)*] optional $opt:literal;)*) => {
        /// A field of a request that a guard can read: THE table. A row carries its documentation; the reference, the type
        /// checker, the bytecode and the editors read it from here.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Field { $($(#[doc = $doc])* $variant,)* }

        impl Field {
            /// Every field, in the order of its encoding.
            pub const ALL: &'static [Field] = &[$(Field::$variant),*];

            /// As a policy writes it.
            pub const fn name(self) -> &'static str {
                match self { $(Field::$variant => $name),* }
            }

            /// Its type.
            pub const fn ty(self) -> FieldType {
                match self { $(Field::$variant => FieldType::$ty),* }
            }

            /// The kinds of action that have it.
            pub const fn kinds(self) -> &'static [Kind] {
                match self { $(Field::$variant => &[$(Kind::$kind),*]),* }
            }

            /// May the request leave it open? Reading it then is undefined.
            pub const fn optional(self) -> bool {
                match self { $(Field::$variant => $opt),* }
            }

            /// Its documentation.
            pub const fn doc(self) -> &'static str {
                match self { $(Field::$variant => concat!($($doc),*)),* }
            }
        }
    };
}

fields! {
    #[doc = " The account whose assets move."]
    Wallet "wallet" Address [Call Send Delegatecall Sign Message Deploy Authorize Command] optional false;
    #[doc = " The key that signs."]
    Signer "signer" Address [Call Send Delegatecall Sign Message Deploy Authorize Command] optional false;
    #[doc = " The contract that is called, or the recipient of a `send`."]
    To "to" Address [Call Send Delegatecall Command] optional false;
    #[doc = " Wei sent along. A rule that does not mention it allows only zero."]
    Value "value" NativeAmount [Call Send Deploy] optional false;
    #[doc = " The time of the decision: one value per request, from the ledger's clock."]
    Now "now" Time [Call Send Delegatecall Sign Message Deploy Authorize Command] optional false;
    #[doc = " Who acts: the wallet, or inside a wrapper whoever the wrapper acts as."]
    Sender "sender" Address [Call Send Delegatecall Command] optional false;
    #[doc = " The Keccak-256 hash of the init code."]
    CodeHash "code_hash" Hash [Deploy] optional false;
    #[doc = " The account nonce of the transaction."]
    Nonce "tx.nonce" Number [Call Send Delegatecall Deploy Command] optional true;
    #[doc = " The gas limit of the transaction."]
    GasLimit "tx.gas" Number [Call Send Delegatecall Deploy Command] optional true;
    #[doc = " Wei per gas at most (EIP-1559), or the gas price."]
    MaxFeePerGas "tx.max_fee_per_gas" NativeAmount [Call Send Delegatecall Deploy Command] optional true;
    #[doc = " The most the transaction can cost in fees: gas limit × max fee, and blob fees."]
    Fee "tx.fee" NativeAmount [Call Send Delegatecall Deploy Command] optional true;
}

impl Field {
    /// The field's value as a word; `None` is undefined.
    pub fn read(self, request: &Request<'_>, action: &Action<'_>) -> Option<U256> {
        let address = |a: Address| U256::from_be_slice(a.as_slice());
        match self {
            Field::Wallet => Some(address(request.wallet)),
            Field::Signer => Some(address(request.signer)),
            Field::To => Some(address(action.to)),
            Field::Value => Some(action.value),
            Field::Sender => Some(address(action.from)),
            Field::CodeHash => Some(keccak256(action.data).into()),
            Field::Now => Some(U256::from(request.now)),
            Field::Nonce => request.envelope.nonce.map(U256::from),
            Field::GasLimit => request.envelope.gas_limit.map(U256::from),
            Field::MaxFeePerGas => request.envelope.max_fee_per_gas.map(U256::from),
            Field::Fee => request.envelope.max_fee(),
        }
    }
}
