//! The classes of attacks: what a case plays on.

macro_rules! classes {
    ($($(#[doc = $doc:literal])+ $variant:ident $name:literal;)*) => {
        /// What an attack plays on. One variant for each class of the threat model that a request can play on; what takes a wrong
        /// clock, a broken disk or a lying node is tested where clock, ledger and gate are.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Class { $($(#[doc = $doc])+ $variant,)* }

        impl Class {
            /// Every class.
            pub(crate) const ALL: &'static [Class] = &[$(Class::$variant),*];

            /// As the threat model names it.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Class::$variant => $name),* }
            }
        }
    };
}

classes! {
    /// Text that speaks to whoever reads it. Only typed fields are judged.
    PromptInjection "prompt injection";
    /// Bits above an address's 160. A word is exact.
    DirtyAddress "dirty upper bits";
    /// The same in small numbers, booleans, fixed bytes and padding.
    DirtySmall "dirty small words, padding";
    /// Two offsets to the same bytes.
    Alias "overlapping, aliased offsets";
    /// Gaps, wrong order, backwards, huge offsets and lengths.
    Offsets "gaps, order, huge offsets";
    /// Bytes behind what is read.
    Trailing "trailing data";
    /// Much work in few bytes: depth, counts, sizes.
    Bomb "nested bombs";
    /// Calldata too short to name a function, or its arguments.
    Short "short calldata, fallback";
    /// A selector that belongs to another function as well.
    Collision "selector collision";
    /// Encodings without the ABI's words.
    Packed "packed encodings";
    /// Several calls in one.
    Multicall "multicall";
    /// A Safe's transaction.
    Safe "Safe transactions";
    /// A Safe's packed records.
    MultiSend "MultiSend";
    /// A router's program of commands.
    Router "Universal Router";
    /// Allowances and transfers by signature.
    Permit "permits, Permit2, EIP-3009";
    /// Orders that others fill.
    Orders "orders";
    /// An account's operation, paid at an entry point.
    UserOperation "user operations";
    /// A modular account's modes.
    Modes "ERC-7579 modes";
    /// Calls that a wallet makes together.
    Calls "wallet_sendCalls";
    /// Foreign code that runs as the account.
    Delegatecall "delegatecall";
    /// An account handed over to code.
    Delegation "EIP-7702";
    /// Who owns, administers or implements a contract.
    Upgrade "proxies, upgrades";
    /// Signed for one chain, valid on another.
    ChainId "chain id";
    /// Typed data that two readers read differently.
    TypedData "EIP-712 spoofing";
    /// A text that is more than a text.
    Message "personal_sign, Sign-In";
    /// Fees that drain.
    Fees "fees";
    /// Nonces that are replaced, skipped or used up.
    Nonce "nonces";
    /// Types of transaction that carry more than a call.
    TxType "transaction types";
    /// Lists that cost.
    AccessList "access lists";
    /// New contracts.
    Create "creation";
    /// Poisoned, zero and otherwise deadly recipients.
    Addresses "addresses";
    /// What is decided now and included later: prices, deadlines.
    Inclusion "decision and inclusion";
    /// An allowance counts as what it may come to.
    Holds "allowances race their use";
    /// Decimals, and numbers that do not fit.
    Units "decimals, units";
    /// Allowances: unlimited, increased, in other names.
    Approve "allowances";
    /// The edges of sliding windows.
    Window "window edges";
    /// What is already signed, or asked of a node past the gate.
    Upstream "past the gate";
    /// Text that two readers of JSON read differently.
    Json "JSON";
    /// Letters that look like others.
    Homograph "homographs";
    /// In order in every way, and granted by no rule.
    Ungranted "not granted";
}
