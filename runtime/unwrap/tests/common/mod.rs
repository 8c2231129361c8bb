//! What the tests of this crate share.
#![allow(dead_code, unused_imports, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "../../../abi/tests/common/corpora.rs"]
mod corpora;

use agentpol_abi::{Layout, Locator, Path, Step, Value, decode, encode, signature::parse_members};
use agentpol_model::{
    Address, U256,
    request::{Action, Kind},
};
use agentpol_unwrap::{Fault, Inner, Role, Tree, Unwrap, each, try_map};
pub use corpora::{bytes as hex, rows};

pub fn wallet() -> Address {
    Address::repeat_byte(0xaa)
}

pub fn wrapper() -> Address {
    Address::repeat_byte(0xbb)
}

/// The wallet calls a wrapper and sends seven wei along.
pub fn outer(kind: Kind) -> Action<'static> {
    Action { kind, from: wallet(), to: wrapper(), value: U256::from(7), command: [0; 4], data: &[] }
}

/// An inner action, kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub kind: Kind,
    pub from: Address,
    pub to: Address,
    pub value: U256,
    pub command: [u8; 4],
    pub data: Vec<u8>,
    pub may_fail: bool,
}

impl From<Inner<'_>> for Kept {
    fn from(inner: Inner<'_>) -> Self {
        let Action { kind, from, to, value, command, data } = inner.action;
        Self { kind, from, to, value, command, data: data.to_vec(), may_fail: inner.may_fail }
    }
}

/// A call of the wrapper's, without value.
pub fn call(to: u8, data: &[u8]) -> Kept {
    Kept {
        kind: if data.is_empty() { Kind::Send } else { Kind::Call },
        from: wrapper(),
        to: Address::repeat_byte(to),
        value: U256::ZERO,
        command: [0; 4],
        data: data.to_vec(),
        may_fail: false,
    }
}

pub fn path(steps: &[Step]) -> Path {
    Path(steps.to_vec())
}

pub fn arg(n: u16) -> Path {
    path(&[Step::Member(n)])
}

/// What is inside, read out of a tree and out of bytes: they must agree.
pub fn inside(inputs: &str, args: &[u8], unwraps: &[Unwrap], outer: &Action<'_>) -> Result<Vec<Kept>, Fault> {
    let inputs = parse_members(inputs).unwrap();
    let values = decode(&inputs, args).unwrap();
    let mut from_tree = Vec::new();
    let tree = each(unwraps, outer, &Tree(&values), |inner| {
        from_tree.push(Kept::from(inner));
        Ok::<_, Fault>(())
    });
    let layout = Layout::new(&inputs).unwrap();
    let places: Vec<_> = unwraps.iter().map(|unwrap| located(&layout, unwrap)).collect();
    let mut from_bytes = Vec::new();
    let bytes = each(&places, outer, &layout.check(args).unwrap(), |inner| {
        from_bytes.push(Kept::from(inner));
        Ok::<_, Fault>(())
    });
    assert_eq!((&tree, &from_tree), (&bytes, &from_bytes));
    tree.map(|()| from_tree)
}

pub fn located(layout: &Layout, unwrap: &Unwrap) -> Unwrap<Locator> {
    try_map(unwrap, |path, role| {
        let mut steps = path.0.clone();
        if role == Role::Inputs {
            steps.push(Step::Element(0));
        }
        layout.locate(&steps)
    })
    .unwrap()
}

/// One `bytes` argument.
pub fn inside_bytes(data: &[u8], unwrap: Unwrap, outer: &Action<'_>) -> Result<Vec<Kept>, Fault> {
    let inputs = "(bytes data)";
    let args = encode(&parse_members(inputs).unwrap(), &[Value::Bytes(data.to_vec())]).unwrap();
    inside(inputs, &args, &[unwrap], outer)
}
