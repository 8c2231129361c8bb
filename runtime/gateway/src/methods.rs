//! Every method that means something here, and what is done with it: the one table. A method that is not in it is not found.

/// What is done with a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Passed to the node as it came, and its answer back: it reads, and changes nothing.
    Forwarded,
    /// Answered here.
    Here(Here),
    /// Judged by the policy, and signed if it is allowed.
    Judged(Judged),
    /// Never done; why.
    Refused(&'static str),
}

/// What is answered without the node, or with more than its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Here {
    /// The account that signs.
    Accounts,
    /// The policy's chain, as a quantity.
    ChainId,
    /// The policy's chain, in decimal.
    NetVersion,
    /// Nothing, if it is the policy's chain.
    SwitchChain,
    /// What the wallet can do with several calls (EIP-5792).
    Capabilities,
    /// What became of several calls (EIP-5792).
    CallsStatus,
    /// What is left of each budget.
    Left,
}

/// What is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// A transaction: signed and sent.
    Send,
    /// A transaction: signed, and given back.
    Sign,
    /// Typed data or a text: the signature is given back.
    Statement,
    /// Several calls, as transactions one after another (EIP-5792).
    Calls,
    /// A user operation (ERC-4337): signed, and given to the node to pass on.
    UserOperation,
}

const RAW: &str = "it was signed elsewhere; ask for it unsigned, with eth_sendTransaction";
const BLIND: &str = "it signs bytes that nobody can read; ask for eth_signTypedData_v4 or personal_sign";
const OLD_TYPED: &str = "only the fourth version of typed data is signed; ask for eth_signTypedData_v4";
const OPERATOR: &str = "it is for whoever runs the node, not for whoever uses a wallet";
const KEYS: &str = "keys are never managed through here";
const PERMISSIONS: &str = "what the agent may do is said by the policy, and only its owner changes it";
const WALLET: &str = "this wallet has no such thing";

/// By name.
const METHODS: &[(&str, Done)] = &[
    ("eth_accounts", Done::Here(Here::Accounts)),
    ("eth_requestAccounts", Done::Here(Here::Accounts)),
    ("eth_chainId", Done::Here(Here::ChainId)),
    ("net_version", Done::Here(Here::NetVersion)),
    ("wallet_switchEthereumChain", Done::Here(Here::SwitchChain)),
    ("wallet_getCapabilities", Done::Here(Here::Capabilities)),
    ("wallet_getCallsStatus", Done::Here(Here::CallsStatus)),
    ("agentpol_left", Done::Here(Here::Left)),
    ("eth_sendTransaction", Done::Judged(Judged::Send)),
    ("eth_signTransaction", Done::Judged(Judged::Sign)),
    ("eth_signTypedData_v4", Done::Judged(Judged::Statement)),
    // web3.py says it so; whatever is not of the fourth version is refused when it is read.
    ("eth_signTypedData", Done::Judged(Judged::Statement)),
    ("personal_sign", Done::Judged(Judged::Statement)),
    ("wallet_sendCalls", Done::Judged(Judged::Calls)),
    ("eth_sendUserOperation", Done::Judged(Judged::UserOperation)),
    ("eth_blobBaseFee", Done::Forwarded),
    ("eth_blockNumber", Done::Forwarded),
    ("eth_call", Done::Forwarded),
    ("eth_createAccessList", Done::Forwarded),
    ("eth_estimateGas", Done::Forwarded),
    ("eth_estimateUserOperationGas", Done::Forwarded),
    ("eth_feeHistory", Done::Forwarded),
    ("eth_gasPrice", Done::Forwarded),
    ("eth_getBalance", Done::Forwarded),
    ("eth_getBlockByHash", Done::Forwarded),
    ("eth_getBlockByNumber", Done::Forwarded),
    ("eth_getBlockReceipts", Done::Forwarded),
    ("eth_getBlockTransactionCountByHash", Done::Forwarded),
    ("eth_getBlockTransactionCountByNumber", Done::Forwarded),
    ("eth_getCode", Done::Forwarded),
    ("eth_getFilterChanges", Done::Forwarded),
    ("eth_getFilterLogs", Done::Forwarded),
    ("eth_getLogs", Done::Forwarded),
    ("eth_getProof", Done::Forwarded),
    ("eth_getStorageAt", Done::Forwarded),
    ("eth_getTransactionByBlockHashAndIndex", Done::Forwarded),
    ("eth_getTransactionByBlockNumberAndIndex", Done::Forwarded),
    ("eth_getTransactionByHash", Done::Forwarded),
    ("eth_getTransactionCount", Done::Forwarded),
    ("eth_getTransactionReceipt", Done::Forwarded),
    ("eth_getUserOperationByHash", Done::Forwarded),
    ("eth_getUserOperationReceipt", Done::Forwarded),
    ("eth_maxPriorityFeePerGas", Done::Forwarded),
    ("eth_newBlockFilter", Done::Forwarded),
    ("eth_newFilter", Done::Forwarded),
    ("eth_simulateV1", Done::Forwarded),
    ("eth_supportedEntryPoints", Done::Forwarded),
    ("eth_syncing", Done::Forwarded),
    ("eth_uninstallFilter", Done::Forwarded),
    ("net_listening", Done::Forwarded),
    ("web3_clientVersion", Done::Forwarded),
    ("web3_sha3", Done::Forwarded),
    ("eth_sign", Done::Refused(BLIND)),
    ("eth_sendRawTransaction", Done::Refused(RAW)),
    ("eth_sendRawTransactionSync", Done::Refused(RAW)),
    ("eth_sendRawTransactionConditional", Done::Refused(RAW)),
    ("eth_sendPrivateTransaction", Done::Refused(RAW)),
    ("eth_sendBundle", Done::Refused(RAW)),
    ("eth_sendTransactionSync", Done::Refused("ask for eth_sendTransaction, and for its receipt")),
    ("eth_resend", Done::Refused("ask for eth_sendTransaction with the nonce of what it replaces")),
    ("eth_signTypedData_v1", Done::Refused(OLD_TYPED)),
    ("eth_signTypedData_v3", Done::Refused(OLD_TYPED)),
    ("eth_decrypt", Done::Refused(KEYS)),
    ("eth_getEncryptionPublicKey", Done::Refused(KEYS)),
];

/// By how it begins, where the table has no row for the whole name.
const FAMILIES: &[(&str, &str)] = &[
    ("wallet_grantPermissions", PERMISSIONS),
    ("wallet_requestExecutionPermissions", PERMISSIONS),
    ("wallet_requestPermissions", PERMISSIONS),
    ("wallet_", WALLET),
    ("personal_", KEYS),
    ("admin_", OPERATOR),
    ("anvil_", OPERATOR),
    ("clique_", OPERATOR),
    ("debug_", OPERATOR),
    ("engine_", OPERATOR),
    ("evm_", OPERATOR),
    ("ganache_", OPERATOR),
    ("hardhat_", OPERATOR),
    ("les_", OPERATOR),
    ("miner_", OPERATOR),
    ("tenderly_", OPERATOR),
    ("txpool_", OPERATOR),
];

/// What is done with a method, and the name under which it is counted: one of the table's, whatever a client sends.
pub fn find(method: &str) -> Option<(&'static str, Done)> {
    let whole = METHODS.iter().find(|(name, _)| *name == method).copied();
    let family = || FAMILIES.iter().find(|(start, _)| method.starts_with(start));
    whole.or_else(|| family().map(|(start, why)| (*start, Done::Refused(why))))
}

/// The names that a client can use, in the order of the table.
pub fn all() -> impl Iterator<Item = (&'static str, Done)> {
    METHODS.iter().copied()
}
