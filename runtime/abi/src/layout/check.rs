//! The verdict. Tails must follow one another in order, so a single cursor says where each has to begin: whatever an offset
//! claims, nothing is ever looked at twice.

use super::compile::{Node, Plan, Sequence, Slot, Word};
use crate::{
    Cause, MAX_ARGS_BYTES, Malformed, WORD_BYTES,
    fit::{self, MAX_TYPE_DEPTH},
};
use agentpol_model::U256;
use arrayvec::ArrayVec;

type Verdict = Result<(), Malformed>;

/// Heads that are being read: what is left of one sequence.
struct Frame {
    /// Where its heads begin; offsets count from here.
    base: usize,
    /// The next head.
    head: usize,
    rest: Rest,
}

enum Rest {
    /// These slots.
    Slots { next: usize, end: usize },
    /// The same slot again and again.
    Elements { slot: Slot, left: usize },
}

struct Pass<'p, 'a> {
    plan: &'p Plan,
    args: &'a [u8],
    /// Where the next tail must begin.
    cursor: usize,
    /// One frame for the arguments and one a level.
    stack: ArrayVec<Frame, { MAX_TYPE_DEPTH + 2 }>,
}

pub(super) fn check(plan: &Plan, args: &[u8], trailing: u32) -> Verdict {
    if plan.nodes.is_empty() && args.len() == plan.root.heads && args.len() <= MAX_ARGS_BYTES {
        // Only static words, and exactly as many as there should be.
        return words(&plan.words, args, 0);
    }
    if args.len() > MAX_ARGS_BYTES {
        return Err(Malformed::new(MAX_ARGS_BYTES, Cause::TooLong));
    }
    let mut pass = Pass { plan, args, cursor: 0, stack: ArrayVec::new() };
    pass.enter_slots(plan.root)?;
    pass.run()?;
    fit::nothing_more(args, pass.cursor, trailing)
}

/// Checks as many words as there are plans for, from `at` on.
fn words(plan: &[Word], args: &[u8], at: usize) -> Verdict {
    let (given, _) = args.get(at..).unwrap_or_default().as_chunks::<WORD_BYTES>();
    for (i, (word, bytes)) in plan.iter().zip(given).enumerate() {
        if !word.admits(bytes) {
            return Err(Malformed::new(at + i * WORD_BYTES, Cause::Word(word.ty)));
        }
    }
    Ok(())
}

impl Word {
    fn admits(&self, bytes: &[u8; WORD_BYTES]) -> bool {
        let value = u256_halves(bytes);
        let [high, low] = value;
        let [zero_high, zero_low] = self.zero;
        if (high & zero_high) | (low & zero_low) != 0 {
            return false;
        }
        match self.sign {
            None => true,
            Some([sign_high, sign_low]) => {
                let repeated = [high & sign_high, low & sign_low];
                repeated == [0, 0] || repeated == [sign_high, sign_low]
            }
        }
    }
}

fn u256_halves(bytes: &[u8; WORD_BYTES]) -> [u128; 2] {
    let (halves, _) = bytes.as_chunks::<16>();
    match halves {
        [high, low] => [u128::from_be_bytes(*high), u128::from_be_bytes(*low)],
        // 32 bytes are two halves.
        _ => [u128::MAX; 2],
    }
}

impl Pass<'_, '_> {
    fn run(&mut self) -> Verdict {
        while let Some(frame) = self.stack.last_mut() {
            let slot = match &mut frame.rest {
                Rest::Slots { next, end } if *next < *end => {
                    *next += 1;
                    self.plan.slots.get(*next - 1).copied()
                }
                Rest::Elements { slot, left } if *left > 0 => {
                    *left -= 1;
                    Some(*slot)
                }
                _ => None,
            };
            let (base, head) = (frame.base, frame.head);
            match slot {
                None => {
                    self.stack.pop();
                }
                Some(Slot::Run { first, len }) => {
                    frame.head += len * WORD_BYTES;
                    words(self.plan.words.get(first..first + len).unwrap_or_default(), self.args, head)?;
                }
                Some(Slot::Tail(node)) => {
                    frame.head += WORD_BYTES;
                    let expected = self.cursor - base;
                    if number(self.word(head)?) != Some(expected) {
                        return Err(Malformed::new(head, Cause::Offset { expected: narrow(expected) }));
                    }
                    self.enter(node)?;
                }
            }
        }
        Ok(())
    }

    /// Begins with the tail at the cursor.
    fn enter(&mut self, node: usize) -> Verdict {
        match self.plan.nodes.get(node) {
            Some(Node::Bytes) | None => self.blob().map(|_| ()),
            Some(Node::String) => self.text(),
            Some(Node::Tuple(sequence)) => self.enter_slots(*sequence),
            Some(&Node::Fixed { element, count }) => self.enter_elements(element, count, count * WORD_BYTES),
            Some(&Node::Array { element, stride, limit }) => {
                let at = self.cursor;
                let count = number(self.word(at)?);
                self.cursor += WORD_BYTES;
                let fits = (self.args.len() - self.cursor) / stride.max(WORD_BYTES);
                match count {
                    Some(count) if count <= fits && narrow(count) <= limit => {
                        self.enter_elements(element, count, count * stride)
                    }
                    Some(count) if count <= fits => Err(Malformed::new(at, Cause::TooMany { limit })),
                    _ => Err(Malformed::new(at, Cause::Length { fits: narrow(fits) })),
                }
            }
        }
    }

    fn enter_slots(&mut self, sequence: Sequence) -> Verdict {
        let Sequence { first, len, heads } = sequence;
        self.push(heads, Rest::Slots { next: first, end: first + len })
    }

    fn enter_elements(&mut self, slot: Slot, left: usize, heads: usize) -> Verdict {
        self.push(heads, Rest::Elements { slot, left })
    }

    /// A sequence whose heads stand at the cursor; the cursor moves behind them.
    fn push(&mut self, heads: usize, rest: Rest) -> Verdict {
        let base = self.cursor;
        self.reach(base + heads)?;
        self.cursor = base + heads;
        // `Unfit::TooDeep` has seen to it that there is room.
        let _ = self.stack.try_push(Frame { base, head: base, rest });
        Ok(())
    }

    /// `bytes` at the cursor: where its content begins and ends. The cursor moves behind the padding.
    fn blob(&mut self) -> Result<(usize, usize), Malformed> {
        let at = self.cursor;
        let length = number(self.word(at)?);
        let start = at + WORD_BYTES;
        let fits = self.args.len() - start;
        let Some(length) = length.filter(|&l| l <= fits) else {
            return Err(Malformed::new(at, Cause::Length { fits: narrow(fits) }));
        };
        let (end, padded) = (start + length, start + length.div_ceil(WORD_BYTES) * WORD_BYTES);
        self.reach(padded)?;
        for i in end..padded {
            if self.args.get(i) != Some(&0) {
                return Err(Malformed::new(i, Cause::Padding));
            }
        }
        self.cursor = padded;
        Ok((start, end))
    }

    fn text(&mut self) -> Verdict {
        let (start, end) = self.blob()?;
        match core::str::from_utf8(self.args.get(start..end).unwrap_or_default()) {
            Ok(_) => Ok(()),
            Err(e) => Err(Malformed::new(start + e.valid_up_to(), Cause::NotUtf8)),
        }
    }

    fn word(&self, at: usize) -> Result<&[u8; WORD_BYTES], Malformed> {
        match self.args.get(at..).and_then(|rest| rest.first_chunk()) {
            Some(word) => Ok(word),
            None => Err(self.truncated(at + WORD_BYTES)),
        }
    }

    /// There must be bytes up to `end`.
    fn reach(&self, end: usize) -> Verdict {
        if end <= self.args.len() { Ok(()) } else { Err(self.truncated(end)) }
    }

    fn truncated(&self, end: usize) -> Malformed {
        Malformed::new(self.args.len(), Cause::Truncated { missing: narrow(end - self.args.len()) })
    }
}

/// A length or an offset that could be meant seriously: below 2^32.
fn number(word: &[u8; WORD_BYTES]) -> Option<usize> {
    u32::try_from(U256::from_be_bytes(*word)).ok().and_then(|n| usize::try_from(n).ok())
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
