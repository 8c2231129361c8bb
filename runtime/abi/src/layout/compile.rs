//! Types to a flat plan: runs of static words become masks, dynamic values nodes.

use agentpol_model::types::{Member, Type, WordType};

/// The plan of an argument list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// The arguments themselves.
    pub(super) root: Sequence,
    pub(super) nodes: Vec<Node>,
    pub(super) slots: Vec<Slot>,
    pub(super) words: Vec<Word>,
}

/// A stretch of `Plan::slots`, and the bytes that their heads take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sequence {
    pub(super) first: usize,
    pub(super) len: usize,
    pub(super) heads: usize,
}

/// A part of a sequence's heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// Static words one after the other: a stretch of `Plan::words`.
    Run { first: usize, len: usize },
    /// An offset to this node.
    Tail(usize),
}

/// What stands behind an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Bytes,
    String,
    /// A length and elements; each takes `stride` bytes among the heads.
    Array {
        element: Slot,
        stride: usize,
        limit: u32,
    },
    /// `T[n]` of a dynamic `T`.
    Fixed {
        element: Slot,
        count: usize,
    },
    Tuple(Sequence),
}

/// The check of one word: the bits that must be zero, or the width of a signed number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) ty: WordType,
    pub(super) zero: [u128; 2],
    /// For `intN`: the bits that must equal the sign bit, the sign bit included.
    pub(super) sign: Option<[u128; 2]>,
}

impl Plan {
    pub(super) fn new(inputs: &[Member]) -> Self {
        let mut plan = Self::default();
        plan.root = plan.sequence(inputs);
        plan
    }

    fn sequence(&mut self, members: &[Member]) -> Sequence {
        let mut slots = Vec::new();
        let mut heads = 0;
        for member in members {
            let slot = self.slot(&member.ty);
            heads += slot.heads();
            match (slots.last_mut(), slot) {
                // The words of neighbours stand side by side already: one run.
                (Some(Slot::Run { first, len }), Slot::Run { first: next, len: more })
                    if *first + *len == next =>
                {
                    *len += more;
                }
                _ => slots.push(slot),
            }
        }
        let sequence = Sequence { first: self.slots.len(), len: slots.len(), heads };
        self.slots.append(&mut slots);
        sequence
    }

    fn slot(&mut self, ty: &Type) -> Slot {
        if !ty.is_dynamic() {
            let first = self.words.len();
            self.run(ty);
            return Slot::Run { first, len: self.words.len() - first };
        }
        let node = match ty {
            Type::Array(inner, limit) => {
                let element = self.slot(inner);
                Node::Array { element, stride: element.heads(), limit: limit.unwrap_or(u32::MAX) }
            }
            Type::FixedArray(inner, n) => {
                Node::Fixed { element: self.slot(inner), count: usize::try_from(*n).unwrap_or(usize::MAX) }
            }
            Type::Tuple(members) => Node::Tuple(self.sequence(members)),
            Type::String => Node::String,
            // `is_dynamic` says no of a word.
            Type::Bytes | Type::Word(_) => Node::Bytes,
        };
        self.nodes.push(node);
        Slot::Tail(self.nodes.len() - 1)
    }

    /// The words of a static type. There are at most `MAX_HEAD_WORDS`.
    fn run(&mut self, ty: &Type) {
        match ty {
            Type::Word(word) => self.words.push(Word::new(*word)),
            Type::FixedArray(inner, n) => (0..*n).for_each(|_| self.run(inner)),
            Type::Tuple(members) => members.iter().for_each(|m| self.run(&m.ty)),
            Type::Bytes | Type::String | Type::Array(..) => {}
        }
    }
}

impl Slot {
    fn heads(self) -> usize {
        match self {
            Slot::Run { len, .. } => len * crate::WORD_BYTES,
            Slot::Tail(_) => crate::WORD_BYTES,
        }
    }
}

impl Word {
    fn new(ty: WordType) -> Self {
        let (zero, sign) = match ty {
            WordType::Uint(bits) => (above(bits), None),
            WordType::Int(bits) => ([0; 2], Some(above(bits - 1))),
            WordType::Address => (above(160), None),
            WordType::Bool => (above(1), None),
            WordType::FixedBytes(n) => (below(256 - 8 * u16::from(n)), None),
            WordType::Function => (below(64), None),
        };
        Self { ty, zero, sign }
    }
}

/// Every bit from `bit` (0 the lowest) upwards, as the upper and the lower half of a word.
fn above(bit: u16) -> [u128; 2] {
    let [high, low] = below(bit);
    [!high, !low]
}

/// Every bit under `bit`.
fn below(bit: u16) -> [u128; 2] {
    let ones = |n: u16| u128::MAX.checked_shr(128 - u32::from(n.min(128))).unwrap_or(0);
    [ones(bit.saturating_sub(128)), ones(bit)]
}
