//! Words and tests of them.

use super::{Truth, Writer, any, child, every, ground, not};
use agentpol_analysis::ruleset::{Atom, BytesTest, Linear, ParamType, Relation, Scalar, SetRef, Target};
use agentpol_model::{
    U256,
    ids::ParamId,
    request::{Field, Kind},
    types::{Path, Step, Type, WordType},
};
use core::fmt::Write as _;
use num_bigint::BigInt;
use num_traits::Signed as _;

/// A word: as a sum reads it, as it stands, and where there is one.
struct Word {
    number: String,
    raw: String,
    defined: String,
}

/// Longest array, and longest `bytes`.
const MAX_LENGTH: u32 = 1 << 17;

fn literal(number: &BigInt) -> String {
    if number.is_negative() { format!("(- {})", -number) } else { number.to_string() }
}

fn power(bits: usize) -> String {
    (BigInt::from(1) << bits).to_string()
}

impl Writer<'_> {
    /// A variable from `low` up to, and not including, `end`.
    fn variable(&mut self, name: String, low: &str, end: &str) -> String {
        if self.known.insert(name.clone()) {
            writeln!(self.out, "(declare-const {name} Int)(assert (and (<= {low} {name}) (< {name} {end})))")
                .unwrap();
        }
        name
    }

    fn place(path: &Path) -> String {
        let step = |step: &Step| match step {
            Step::Member(n) => format!("m{n}"),
            Step::Index(n) => format!("i{n}"),
            Step::Element(n) => format!("e{n}"),
        };
        path.0.iter().map(step).collect::<Vec<_>>().join("_")
    }

    fn ty(&self, path: &Path) -> Option<&Type> {
        let Some((Step::Member(first), rest)) = path.0.split_first() else { return None };
        let mut ty = &self.callable.function.as_ref()?.inputs.get(usize::from(*first))?.ty;
        for step in rest {
            ty = match (step, ty) {
                (Step::Member(n), Type::Tuple(members)) => &members.get(usize::from(*n))?.ty,
                (Step::Index(_), Type::Array(inner, _) | Type::FixedArray(inner, _)) => inner,
                _ => return None,
            };
        }
        Some(ty)
    }

    pub(super) fn length(&mut self, path: &Path) -> String {
        match self.ty(path) {
            Some(Type::FixedArray(_, n)) => n.to_string(),
            _ => self.variable(format!("len_{}", Self::place(path)), "0", &(MAX_LENGTH + 1).to_string()),
        }
    }

    /// Every array on the way is long enough.
    pub(super) fn exists(&mut self, path: &Path) -> String {
        let mut all = Vec::new();
        for (depth, step) in path.0.iter().enumerate() {
            if let Step::Index(n) = step {
                let length = self.length(&Path(path.0[..depth].to_vec()));
                all.push(format!("(> {length} {n})"));
            }
        }
        every(all)
    }

    fn word(&mut self, scalar: &Scalar, elements: &[u32]) -> Word {
        let plain = |name: String, defined: String| Word { number: name.clone(), raw: name, defined };
        match scalar {
            Scalar::Const(word) => plain(word.to_string(), "true".to_owned()),
            Scalar::Arg(path, _) => {
                let path = ground(path, elements);
                let Some(Type::Word(ty)) = self.ty(&path) else {
                    return plain("0".to_owned(), "false".to_owned());
                };
                let (ty, defined) = (*ty, self.exists(&path));
                Word { defined, ..self.argument(&path, ty) }
            }
            Scalar::Len(path) => {
                let path = ground(path, elements);
                let (length, exists) = (self.length(&path), self.exists(&path));
                plain(length, exists)
            }
            Scalar::Field(field) => {
                let (word, defined) = self.field(*field);
                plain(word, defined)
            }
            Scalar::Param(param) => plain(self.param(*param), "true".to_owned()),
            Scalar::Party(_) | Scalar::Slice { .. } => unreachable!("the generator of rule sets makes none"),
        }
    }

    fn argument(&mut self, path: &Path, ty: WordType) -> Word {
        let name = format!("arg_{}", Self::place(path));
        let mut unsigned = |bits: usize, shift: usize| {
            let name = self.variable(name.clone(), "0", &power(bits));
            let word = if shift == 0 { name } else { format!("(* {} {name})", power(shift)) };
            Word { number: word.clone(), raw: word, defined: String::new() }
        };
        match ty {
            WordType::Uint(bits) => unsigned(usize::from(bits), 0),
            WordType::Address => unsigned(160, 0),
            WordType::Bool => unsigned(1, 0),
            WordType::FixedBytes(n) => unsigned(8 * usize::from(n), 256 - 8 * usize::from(n)),
            WordType::Function => unsigned(192, 64),
            WordType::Int(bits) => {
                let half = power(usize::from(bits) - 1);
                let name = self.variable(name, &format!("(- {half})"), &half);
                let raw = format!("(ite (< {name} 0) (+ {name} {}) {name})", power(256));
                Word { number: name, raw, defined: String::new() }
            }
        }
    }

    fn param(&mut self, id: ParamId) -> String {
        let param = &self.rules.params[id.index()];
        let bits = match param.ty {
            ParamType::Address | ParamType::Approver => 160,
            ParamType::Duration | ParamType::Time => 64,
            ParamType::Bool => 1,
            ParamType::Amount(_) | ParamType::Int | ParamType::Bytes32 | ParamType::AddressSet(_) => 256,
        };
        let (low, end) = match param.domain {
            Some((low, high)) => (low.to_string(), format!("(+ 1 {high})")),
            None => ("0".to_owned(), power(bits)),
        };
        self.variable(format!("param{}", id.index()), &low, &end)
    }

    /// A field, and where the request has it.
    fn field(&mut self, field: Field) -> (String, String) {
        let callable = self.callable;
        let takes_value = match callable.kind {
            Kind::Send | Kind::Deploy => true,
            _ => callable.function.as_ref().is_some_and(|function| function.payable),
        };
        let bits = match field {
            Field::Sender => return self.field(Field::Wallet),
            Field::To => match callable.target {
                Some(Target::Fixed(at)) => {
                    return (U256::from_be_slice(at.as_slice()).to_string(), "true".to_owned());
                }
                Some(Target::Param(param)) => return (self.param(param), "true".to_owned()),
                None => 160,
            },
            Field::Value if !takes_value => return ("0".to_owned(), "true".to_owned()),
            Field::Wallet | Field::Signer => 160,
            Field::Value | Field::CodeHash => 256,
            Field::Now | Field::Nonce | Field::GasLimit => 64,
            Field::MaxFeePerGas => 128,
            Field::Fee => 193,
        };
        let name = self.variable(format!("field_{field:?}"), "0", &power(bits));
        let defined = match field.optional() {
            false => "true".to_owned(),
            true => format!("(= 1 {})", self.variable(format!("has_{field:?}"), "0", "2")),
        };
        (name, defined)
    }

    fn sum(&mut self, linear: &Linear, elements: &[u32]) -> (String, String) {
        let (mut parts, mut defined) = (vec![literal(&linear.constant)], Vec::new());
        for (coefficient, scalar) in &linear.terms {
            let word = self.word(scalar, elements);
            parts.push(format!("(* {} {})", literal(coefficient), word.number));
            defined.push(word.defined);
        }
        (format!("(+ 0 {})", parts.join(" ")), every(defined))
    }

    pub(super) fn atom(&mut self, atom: &Atom, elements: &[u32]) -> Truth {
        match atom {
            Atom::Linear { sum, relation } => {
                let (sum, defined) = self.sum(sum, elements);
                let sign = if *relation == Relation::Zero { "=" } else { "<=" };
                self.defined(&defined, &format!("({sign} {sum} 0)"))
            }
            Atom::Same(a, b) => {
                let (a, b) = (self.word(a, elements), self.word(b, elements));
                self.defined(&every([a.defined, b.defined]), &format!("(= {} {})", a.raw, b.raw))
            }
            Atom::Member(item, set) => {
                let item = self.word(item, elements);
                let is = match set {
                    SetRef::Const(id) => {
                        any(self.rules.sets[id.index()].iter().map(|word| format!("(= {} {word})", item.raw)))
                    }
                    SetRef::Param(id) => self.member(*id, &item.raw),
                };
                self.defined(&item.defined, &is)
            }
            Atom::Distinct { array, max } => {
                let array = ground(array, elements);
                let (length, exists) = (self.length(&array), self.exists(&array));
                let Some(Type::Array(inner, _) | Type::FixedArray(inner, _)) = self.ty(&array) else {
                    return self.defined("false", "false");
                };
                let Type::Word(ty) = **inner else { return self.defined("false", "false") };
                let words: Vec<Word> =
                    (0..*max).map(|n| self.argument(&child(&array, Step::Index(n)), ty)).collect();
                let mut apart = Vec::new();
                for (n, later) in words.iter().enumerate() {
                    for earlier in &words[..n] {
                        apart
                            .push(format!("(or (<= {length} {n}) (distinct {} {}))", earlier.raw, later.raw));
                    }
                }
                self.defined(&every([exists, format!("(<= {length} {max})")]), &every(apart))
            }
            Atom::Bytes(path, test) => self.bytes(&ground(path, elements), test, elements),
        }
    }

    /// A parameter's set is as many words as it has room for, each of them in use or not.
    fn member(&mut self, id: ParamId, item: &str) -> String {
        let ParamType::AddressSet(most) = self.rules.params[id.index()].ty else { return "false".to_owned() };
        let slots = (0..most).map(|n| {
            let word = self.variable(format!("slot{}_{n}", id.index()), "0", &power(160));
            let used = self.variable(format!("used{}_{n}", id.index()), "0", "2");
            format!("(and (= {used} 1) (= {word} {item}))")
        });
        any(slots.collect::<Vec<_>>())
    }

    fn bytes(&mut self, path: &Path, test: &BytesTest, elements: &[u32]) -> Truth {
        let (length, exists) = (self.length(path), self.exists(path));
        let mut byte = |n: usize| self.variable(format!("byte_{}_{n}", Self::place(path)), "0", "256");
        let mut equal = |start: usize, bytes: &[u8]| {
            every(
                bytes
                    .iter()
                    .enumerate()
                    .map(|(n, b)| format!("(= {} {b})", byte(start + n)))
                    .collect::<Vec<_>>(),
            )
        };
        match test {
            BytesTest::Equals(bytes) => {
                let is = every([format!("(= {length} {})", bytes.len()), equal(0, bytes)]);
                self.defined(&exists, &is)
            }
            BytesTest::StartsWith(bytes) => {
                let is = every([not(&format!("(< {length} {})", bytes.len())), equal(0, bytes)]);
                self.defined(&exists, &is)
            }
            BytesTest::Slice { start, bytes } => {
                let start = *start as usize;
                let is = equal(start, bytes);
                self.defined(&every([exists, format!("(>= {length} {})", start + bytes.len())]), &is)
            }
            BytesTest::SliceIsWord { start, word } => {
                let start = *start as usize;
                let digits = (0..32).map(|n| format!("(* {} {})", power(8 * (31 - n)), byte(start + n)));
                let number = format!("(+ {})", digits.collect::<Vec<_>>().join(" "));
                let word = self.word(word, elements);
                let defined = every([exists, format!("(>= {length} {})", start + 32), word.defined]);
                self.defined(&defined, &format!("(= {number} {})", word.raw))
            }
        }
    }
}
