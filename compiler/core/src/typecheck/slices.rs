//! Some of `bytes`: from a place on, or to the end.

use super::{
    Checker, Scope,
    compare::{Side, same},
};
use crate::hir::{Slice, Unit, Value};
use agentpol_analysis::ruleset::{Atom, BytesTest, Formula, Scalar};
use agentpol_diagnostics::codes;
use agentpol_grammar::ast::{Expr, Span};
use agentpol_model::{U256, types::Path};
use num_traits::Signed;

/// The last byte that a slice may name.
pub(crate) const MAX_SLICE: u32 = 128 * 1024;

/// Where a slice begins or ends.
#[derive(Clone, Copy)]
enum End {
    Front(u32),
    Back(u32),
}

impl<'a> Checker<'_, 'a> {
    /// `path[-20..]`: to the end.
    pub(super) fn tail(&mut self, cx: &mut Scope, of: &'a Expr, from: &'a Expr) -> Value {
        let value = self.expr(cx, of);
        let start = self.expr(cx, from);
        match (value, self.end(&start)) {
            (Value::Error, _) => Value::Error,
            (_, _) if matches!(start, Value::Error) => Value::Error,
            (Value::Bytes(path), Some(End::Back(n))) if n > 0 && n <= MAX_SLICE => {
                Value::Slice(Slice { path, start: n, from_end: true, length: n, word: false })
            }
            (Value::Bytes(_), _) => {
                let said = "how many bytes these are is not known";
                let help = "the last 20 bytes are `[-20..]`; from a place on it is said how far: `[4..36]`";
                self.fail_with_help(cx, from.span, codes::NOT_CONSTANT, said, help);
                Value::Error
            }
            (other, _) => {
                let said = format!("{} has no slices", self.describe(&other));
                self.fail(cx, of.span, codes::TYPE_MISMATCH, said);
                Value::Error
            }
        }
    }

    /// `message[4..8]`, `path[-43..-23]`.
    pub(super) fn slice(
        &mut self,
        cx: &Scope,
        path: Path,
        low: &Value,
        high: (&Value, bool),
        span: Span,
    ) -> Value {
        let (Some(low), Some(last)) = (self.end(low), self.end(high.0)) else {
            self.fail(cx, span, codes::NOT_CONSTANT, "a slice's ends are known numbers");
            return Value::Error;
        };
        let closed = u32::from(high.1);
        let slice = match (low, last) {
            (End::Front(start), End::Front(end)) => {
                let end = end.saturating_add(closed);
                end.checked_sub(start).filter(|_| end <= MAX_SLICE).map(|length| (start, false, length))
            }
            (End::Back(start), End::Back(end)) => {
                let length = end.checked_sub(closed).and_then(|end| start.checked_sub(end));
                length.filter(|_| start <= MAX_SLICE).map(|length| (start, true, length))
            }
            _ => {
                let said = "both ends of a slice are counted from the same side";
                self.fail(cx, span, codes::OUT_OF_RANGE, said);
                return Value::Error;
            }
        };
        match slice.filter(|(_, _, length)| *length > 0) {
            Some((start, from_end, length)) => {
                Value::Slice(Slice { path, start, from_end, length, word: false })
            }
            None => {
                let said = format!("a slice ends after it begins, and not beyond byte {MAX_SLICE}");
                self.fail(cx, span, codes::OUT_OF_RANGE, said);
                Value::Error
            }
        }
    }

    /// `args[30..32]` of a `bytes32`, whose size is known.
    pub(super) fn slice_of_word(
        &mut self,
        cx: &Scope,
        of: (Path, u8),
        low: &Value,
        high: (&Value, bool),
        span: Span,
    ) -> Value {
        let (path, size) = (of.0, u32::from(of.1));
        let Value::Slice(slice) = self.slice(cx, path, low, high, span) else { return Value::Error };
        let start = if slice.from_end { size.checked_sub(slice.start) } else { Some(slice.start) };
        match start.filter(|start| start.saturating_add(slice.length) <= size) {
            Some(start) => Value::Slice(Slice { start, from_end: false, word: true, ..slice }),
            None => {
                self.fail(cx, span, codes::OUT_OF_RANGE, format!("a `bytes{size}` has {size} bytes"));
                Value::Error
            }
        }
    }

    fn end(&self, value: &Value) -> Option<End> {
        let Value::Num(n) = value else { return None };
        let case = n.only().filter(|c| c.unit == Unit::Plain)?;
        let known = case.lin.known().filter(|k| k.is_integer())?;
        let n = u32::try_from(known.numer().magnitude()).ok()?;
        Some(if known.is_negative() { End::Back(n) } else { End::Front(n) })
    }

    /// `message[4..8] == 0x…`, `message[76..108] == pad(wallet)`, `path[-20..] == WETH`.
    pub(super) fn slice_is(&mut self, cx: &Scope, slice: (Slice, Span), other: Side) -> Formula {
        let (slice, span) = slice;
        let length = slice.length;
        match other.0 {
            Value::Error => self.poisoned(cx, span),
            Value::Hex(bytes) => {
                if u32::try_from(bytes.len()).ok() != Some(length) {
                    let said = format!("the slice has {length} bytes, this has {}", bytes.len());
                    self.fail(cx, other.1, codes::HEX_LENGTH, said);
                }
                if !slice.from_end && !slice.word {
                    return Formula::Atom(Atom::Bytes(
                        slice.path,
                        BytesTest::Slice { start: slice.start, bytes },
                    ));
                }
                match slice.word().zip(U256::try_from_be_slice(&bytes)) {
                    Some((word, known)) => same(word, Scalar::Const(known)),
                    None => {
                        let said = "at most 32 bytes are compared, where they are counted from the end";
                        self.fail(cx, span, codes::NOT_SUPPORTED, said);
                        Formula::Const(true)
                    }
                }
            }
            value => self.slice_is_word(cx, (&slice, span), (value, other.1)),
        }
    }

    fn slice_is_word(&mut self, cx: &Scope, slice: (&Slice, Span), other: Side) -> Formula {
        let (slice, span) = slice;
        if let (Value::Contract(ix), Some(_), Some(here)) = (&other.0, slice.kind(), cx.here)
            && slice.length == 20
            && self.world.site(*ix, here.chain).is_none()
        {
            self.not_on_chain(cx, *ix, here.chain, other.1);
            return Formula::Const(false);
        }
        let word = self.as_word(cx, &other.0, other.1);
        match (word, slice.word(), slice.kind()) {
            (Some((word, kind)), Some(own), Some(own_kind)) if kind.is_like(own_kind) => match slice.length {
                32 if !slice.from_end && !slice.word => {
                    let path = slice.path.clone();
                    Formula::Atom(Atom::Bytes(path, BytesTest::SliceIsWord { start: slice.start, word }))
                }
                _ => same(own, word),
            },
            _ => {
                let said = format!("{} bytes are compared with {}", slice.length, self.describe(&other.0));
                let help = "compare with bytes of the same length, 20 bytes with an address, or 32 bytes with a word: \
                            `== pad(wallet)`";
                self.fail_with_help(cx, span.to(other.1), codes::TYPE_MISMATCH, said, help);
                Formula::Const(true)
            }
        }
    }
}
