//! Wrappers, written by alloy: what agentpol reads, somebody else encoded.

use agentpol_model::{Address, B256, U256};
use alloy_primitives::Bytes;
use alloy_sol_types::{SolCall, SolValue, sol};

sol! {
    struct Call { address target; bytes callData; }
    struct Call3 { address target; bool allowFailure; bytes callData; }
    struct Call3Value { address target; bool allowFailure; uint256 value; bytes callData; }
    function aggregate(Call[] calls);
    function aggregate3(Call3[] calls);
    function aggregate3Value(Call3Value[] calls);
    function tryAggregate(bool requireSuccess, Call[] calls);
    function blockAndAggregate(Call[] calls);
    function tryBlockAndAggregate(bool requireSuccess, Call[] calls);
    function multicall(bytes[] data);
    function multiSend(bytes transactions);
    function execTransaction(
        address to,
        uint256 value,
        bytes data,
        uint8 operation,
        uint256 safeTxGas,
        uint256 baseGas,
        uint256 gasPrice,
        address gasToken,
        address refundReceiver,
        bytes signatures
    );
    struct Execution { address target; uint256 value; bytes callData; }
    interface Modular {
        function execute(bytes32 mode, bytes executionCalldata);
        function executeFromExecutor(bytes32 mode, bytes executionCalldata);
    }
    interface Simple {
        function execute(address target, uint256 value, bytes data);
        function executeBatch(Execution[] calls);
    }
    interface Router {
        function execute(bytes commands, bytes[] inputs, uint256 deadline);
    }
}

/// One call inside a wrapper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leg {
    /// 0 is a call, 1 a delegatecall.
    pub(crate) operation: u8,
    pub(crate) to: Address,
    pub(crate) value: U256,
    pub(crate) data: Vec<u8>,
}

/// A call without value.
pub(crate) fn leg(to: Address, data: Vec<u8>) -> Leg {
    Leg { operation: 0, to, value: U256::ZERO, data }
}

impl Leg {
    pub(crate) fn value(self, value: U256) -> Self {
        Self { value, ..self }
    }

    /// As foreign code that runs as the account.
    pub(crate) fn delegated(self) -> Self {
        Self { operation: 1, ..self }
    }
}

/// Several calls of one contract, by itself.
pub(crate) fn multicall(calls: &[Vec<u8>]) -> Vec<u8> {
    multicallCall { data: calls.iter().cloned().map(Bytes::from).collect() }.abi_encode()
}

/// Multicall3. `fails`: which of them may.
pub(crate) fn aggregate3(legs: &[Leg], fails: &[usize]) -> Vec<u8> {
    let call = |(n, leg): (usize, &Leg)| Call3 {
        target: leg.to,
        allowFailure: fails.contains(&n),
        callData: leg.data.clone().into(),
    };
    aggregate3Call { calls: legs.iter().enumerate().map(call).collect() }.abi_encode()
}

/// Multicall3, with a value for each.
pub(crate) fn aggregate3_value(legs: &[Leg]) -> Vec<u8> {
    let call = |leg: &Leg| Call3Value {
        target: leg.to,
        allowFailure: false,
        value: leg.value,
        callData: leg.data.clone().into(),
    };
    aggregate3ValueCall { calls: legs.iter().map(call).collect() }.abi_encode()
}

/// Multicall3, where all may fail or none.
pub(crate) fn try_aggregate(all: bool, legs: &[Leg]) -> Vec<u8> {
    let call = |leg: &Leg| Call { target: leg.to, callData: leg.data.clone().into() };
    tryAggregateCall { requireSuccess: all, calls: legs.iter().map(call).collect() }.abi_encode()
}

/// A Safe's packed records.
pub(crate) fn records(legs: &[Leg]) -> Vec<u8> {
    let record = |leg: &Leg| (leg.operation, leg.to, leg.value, U256::from(leg.data.len()), leg.data.clone());
    legs.iter()
        .flat_map(|leg| {
            let (operation, to, value, length, data) = record(leg);
            [&[operation], to.as_slice(), &value.to_be_bytes::<32>(), &length.to_be_bytes::<32>(), &data]
                .concat()
        })
        .collect()
}

/// `multiSend` of these bytes.
pub(crate) fn multi_send(packed: Vec<u8>) -> Vec<u8> {
    multiSendCall { transactions: packed.into() }.abi_encode()
}

/// A Safe's transaction, with nothing but what it does.
pub(crate) fn exec(leg: &Leg) -> execTransactionCall {
    execTransactionCall {
        to: leg.to,
        value: leg.value,
        data: leg.data.clone().into(),
        operation: leg.operation,
        safeTxGas: U256::ZERO,
        baseGas: U256::ZERO,
        gasPrice: U256::ZERO,
        gasToken: Address::ZERO,
        refundReceiver: Address::ZERO,
        signatures: vec![1; 65].into(),
    }
}

/// A modular account's mode: what is called, and whether it may fail.
pub(crate) fn mode(call: u8, fails: u8) -> B256 {
    let mut mode = B256::ZERO;
    (mode.0[0], mode.0[1]) = (call, fails);
    mode
}

/// A modular account's `execute`.
pub(crate) fn execute(mode: B256, data: Vec<u8>) -> Vec<u8> {
    Modular::executeCall { mode, executionCalldata: data.into() }.abi_encode()
}

/// One call, as a modular account packs it.
pub(crate) fn single(leg: &Leg) -> Vec<u8> {
    [leg.to.as_slice(), &leg.value.to_be_bytes::<32>(), &leg.data].concat()
}

fn executions(legs: &[Leg]) -> Vec<Execution> {
    let one = |leg: &Leg| Execution { target: leg.to, value: leg.value, callData: leg.data.clone().into() };
    legs.iter().map(one).collect()
}

/// Several, as a modular account encodes them.
pub(crate) fn batch(legs: &[Leg]) -> Vec<u8> {
    executions(legs).abi_encode()
}

/// A simple account's `execute`.
pub(crate) fn simple(leg: &Leg) -> Vec<u8> {
    Simple::executeCall { target: leg.to, value: leg.value, data: leg.data.clone().into() }.abi_encode()
}

/// A simple account's `executeBatch`.
pub(crate) fn simple_batch(legs: &[Leg]) -> Vec<u8> {
    Simple::executeBatchCall { calls: executions(legs) }.abi_encode()
}

/// A router's program.
pub(crate) fn program(commands: &[(u8, Vec<u8>)], deadline: u64) -> Vec<u8> {
    Router::executeCall {
        commands: commands.iter().map(|(code, _)| *code).collect::<Vec<u8>>().into(),
        inputs: commands.iter().map(|(_, input)| input.clone().into()).collect(),
        deadline: U256::from(deadline),
    }
    .abi_encode()
}
