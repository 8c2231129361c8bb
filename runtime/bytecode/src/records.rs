//! What every part of a module is made of, written once: the binary and the text form both come from these lists.

use crate::{
    instruction::{Branch, Exit, Order},
    module::{
        Arm, Callable, Clause, ControlTemplate, EffectTemplate, Integer, Module, Place, Rule, Sum, Term, Text,
    },
    text::{AssembleError, Cursor, Printer, Written},
    wire::{DecodeError, Reader, Wire},
};
use agentpol_model::{
    budget::{Budget, Cap, Measure, Period, Window},
    certificate::{Bound, Certificate, Flow, Span},
    decision::DenyCode,
    effect::{EffectKind, GrantMode},
    ids::{BudgetId, FunctionId, ParamId, RuleId, SetId, TextId, TokenId},
    policy::{
        Ask, BytesTest, Chain, Contract, Function, Param, ParamType, Relation, Scalar, Seconds, SetRef,
        Target, Token, TokenSpec, Typed, Unwrap, Verb,
    },
    request::{Field, Kind},
    types::{Member, Path, Step, Type, WordType},
};

/// Several fields, one after the other.
macro_rules! record {
    ($ty:ident { $($field:ident),* } $(lines $lines:literal)? $(item $item:literal)?) => {
        impl Wire for $ty {
            fn encode(&self, out: &mut Vec<u8>) {
                $(self.$field.encode(out);)*
            }

            fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Ok(Self { $($field: Wire::decode(reader)?),* })
            }
        }

        impl Written for $ty {
            $(const LINES: bool = $lines;)?
            $(const ITEM: bool = $item;)?

            fn print(&self, out: &mut Printer) {
                out.open('{');
                let mut first = true;
                $(out.field(stringify!($field), &self.$field, Self::LINES, core::mem::take(&mut first));)*
                if !Self::LINES {
                    out.space();
                }
                out.close('}', Self::LINES);
            }

            fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
                cursor.expect('{')?;
                let value = Self { $($field: cursor.field(stringify!($field))?),* };
                cursor.expect('}')?;
                Ok(value)
            }
        }
    };
}

/// One of several: a byte that says which, then its parts.
macro_rules! choice_wire {
    ($ty:ident: $expected:literal {
        $($tag:literal $word:literal $variant:ident $(($($part:ident),+))? $({$($named:ident),+})?,)*
    }) => {
        impl Wire for $ty {
            fn encode(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $(($($part),+))? $({$($named),+})? => {
                        out.push($tag);
                        $($($part.encode(out);)+)?
                        $($($named.encode(out);)+)?
                    })*
                }
            }

            fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let error = reader.error($expected);
                match reader.byte()? {
                    $($tag => {
                        $($(let $part = Wire::decode(reader)?;)+)?
                        $($(let $named = Wire::decode(reader)?;)+)?
                        Ok(Self::$variant $(($($part),+))? $({$($named),+})?)
                    })*
                    _ => Err(error),
                }
            }
        }
    };
}

/// The same in text: a word, then the parts in brackets.
macro_rules! choice_text {
    ($ty:ident: $expected:literal {
        $($tag:literal $word:literal $variant:ident $(($($part:ident),+))? $({$($named:ident),+})?,)*
    }) => {
        impl Written for $ty {
            fn print(&self, out: &mut Printer) {
                match self {
                    $(Self::$variant $(($($part),+))? $({$($named),+})? => {
                        out.word($word);
                        $(out.arguments(&[$($part),+]);)?
                        $(out.arguments(&[$($named),+]);)?
                    })*
                }
            }

            fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
                let error = cursor.error($expected);
                match cursor.word()? {
                    $($word => {
                        $(cursor.expect('(')?; $(let $part = cursor.argument()?;)+ cursor.expect(')')?;)?
                        $(cursor.expect('(')?; $(let $named = cursor.argument()?;)+ cursor.expect(')')?;)?
                        Ok(Self::$variant $(($($part),+))? $({$($named),+})?)
                    })*
                    _ => Err(error),
                }
            }
        }
    };
}

macro_rules! choice {
    ($($choice:tt)*) => {
        choice_wire! { $($choice)* }
        choice_text! { $($choice)* }
    };
}

/// An entry of a table that the model keeps.
macro_rules! listed {
    ($($ty:ident: $expected:literal, $name:expr;)*) => {$(
        impl Wire for $ty {
            fn encode(&self, out: &mut Vec<u8>) {
                out.push(*self as u8);
            }

            fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let error = reader.error($expected);
                $ty::ALL.get(usize::from(reader.byte()?)).copied().ok_or(error)
            }
        }

        impl Written for $ty {
            fn print(&self, out: &mut Printer) {
                out.word(self.name());
            }

            fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
                let error = cursor.error($expected);
                let word = cursor.word()?;
                $ty::ALL.iter().copied().find(|x| x.name() == word).ok_or(error)
            }
        }
    )*};
}

/// An index: its number; in text as the model prints it.
macro_rules! indices {
    ($($ty:ident $prefix:literal;)*) => {$(
        impl Wire for $ty {
            fn encode(&self, out: &mut Vec<u8>) {
                self.raw().encode(out);
            }

            fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                u32::decode(reader).map($ty::new)
            }
        }

        impl Written for $ty {
            fn print(&self, out: &mut Printer) {
                out.word(&self.to_string());
            }

            fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
                let error = cursor.error(concat!("`", $prefix, "` and a number"));
                let number = cursor.word()?.strip_prefix($prefix).and_then(crate::text::number).ok_or(error)?;
                Ok($ty::new(number))
            }
        }
    )*};
}

indices! {
    RuleId "rule";
    TokenId "token";
    BudgetId "budget";
    ParamId "param";
    SetId "set";
    FunctionId "function";
    TextId "text";
}

listed! {
    Field: "a request field", Field::name;
    DenyCode: "a code of a denial", DenyCode::name;
}

choice! { Kind: "a kind of action" {
    0 "call" Call, 1 "send" Send, 2 "delegatecall" Delegatecall, 3 "sign" Sign, 4 "message" Message, 5 "deploy" Deploy,
    6 "authorize" Authorize, 7 "command" Command,
} }
choice_wire! { WordType: "an elementary type" {
    0 "uint" Uint(bits), 1 "int" Int(bits), 2 "address" Address, 3 "bool" Bool, 4 "fixed_bytes" FixedBytes(size), 5 "function" Function,
} }
choice_wire! { Step: "a step of a path" { 0 "member" Member(n), 1 "index" Index(n), 2 "element" Element(n), } }
choice_wire! { Scalar: "a word" { 0 "const" Const(word), 1 "arg" Arg(path, ty), 2 "len" Len(path), 3 "field" Field(field), 4 "param" Param(param),
    5 "party" Party(path), 6 "slice" Slice { path, start, from_end, length },
} }
choice! { SetRef: "a set" { 0 "const" Const(set), 1 "bound" Param(param), } }
choice! { BytesTest: "a test of bytes" {
    0 "equals" Equals(bytes), 1 "starts_with" StartsWith(bytes), 2 "slice" Slice { start, bytes }, 3 "word" SliceIsWord { start, word },
} }
choice! { Relation: "a relation to zero" { 0 "not_above" NotAbove, 1 "zero" Zero, } }
choice! { Order: "an order" { 0 "at_most" AtMost, 1 "at_least" AtLeast, 2 "equal" Equal, } }
choice_wire! { Exit: "a way out" { 0 "fail" Fail, 1 "skip" Skip(n), } }
choice! { TokenSpec: "a token" { 0 "known" Known(token), 1 "at" At(word), } }
choice! { Target: "an address" { 0 "fixed" Fixed(address), 1 "bound" Param(param), } }
choice! { Seconds: "a number of seconds" { 0 "fixed" Fixed(seconds), 1 "bound" Param(param), } }
choice! { Verb: "a verb" { 0 "allow" Allow, 1 "ask" Ask(ask), 2 "deny" Deny, } }
choice! { ParamType: "a parameter's type" {
    0 "address" Address, 1 "approver" Approver, 2 "amount" Amount(token), 3 "int" Int, 4 "duration" Duration, 5 "time" Time, 6 "bool" Bool,
    7 "bytes32" Bytes32, 8 "address_set" AddressSet(size),
} }
choice! { Unwrap: "how what is inside is read" {
    0 "call" Call { each, to, value, data, operation, may_fail, same_length }, 1 "commands" Commands { table, opcodes, inputs },
    2 "plan" Plan { table, data }, 3 "records" Records { data }, 4 "execution" Execution { mode, data }, 5 "permit" Permit { data },
} }
choice! { Cap: "a cap" { 0 "fixed" Fixed(amount), 1 "bound" Param(param, weight), } }
choice! { Period: "a period" { 0 "day" Day, 1 "week" Week, 2 "month" Month, } }
choice! { Window: "a window" {
    0 "per_transaction" PerTransaction, 1 "sliding" Sliding { seconds }, 2 "calendar" Calendar(period), 3 "total" Total,
} }
choice! { Measure: "a measure" { 0 "gross" Gross(weights), 1 "fees" Fees(token), 2 "calls" Calls, } }
choice! { GrantMode: "a kind of grant" { 0 "set" Set, 1 "add" Add, 2 "dec" Dec, } }
choice! { EffectKind: "an effect" {
    0 "move" Move, 1 "pull" Pull { exact }, 2 "grant" Grant(mode), 3 "receive" Receive, 4 "owe" Owe,
} }

choice! { Flow: "as what a token leaves" { 0 "outflow" Outflow, 1 "fees" Fees, } }
choice! { Span: "a stretch of time" { 0 "transaction" Transaction, 1 "seconds" Seconds(seconds), 2 "ever" Ever, } }

record! { Bound { token, flow, with_approvals, span, most, exact } item true }
record! { Certificate { bounds, accepted } lines true }
record! { Place { start, end } }
record! { Text { text, place } item true }
record! { Member { name, ty } }
record! { Chain { name, id, native, assumptions } item true }
record! { Param { name, ty, domain } item true }
record! { Token { symbol, decimals, sites } item true }
record! { Contract { name, chain, address, trusted, upgradeable } item true }
record! { Function { name, signature, selector, inputs, payable, trailing, units } lines true }
record! { Ask { need, of, within } }
record! { Budget { name, line, renamed_from, cap, window, measure, rules } item true }
record! { Rule { name, verb, over, beyond, exempt, charged, accepts, lifts, place } lines true }
record! { Callable {
    kind, chain, target, contract, function, effects, opaque, controls, requires, unwraps, typed, arms
} lines true }
record! { ControlTemplate { party, when } lines true }
record! { Typed { domain_name, domain_version, type_hash, once_per, until } }
record! { Arm { rule, clauses, charges } lines true }
record! { Clause { text, code } lines true }
record! { EffectTemplate { kind, amount, token, party, from, until, through, sentinel, when } lines true }
record! { Sum { terms, constant } }
record! { Term { coefficient, word } }
record! { Module {
    name, max_steps, chains, params, tokens, contracts, functions, sets, budgets, fee_caps, rules, texts, named_addresses, callables,
    certificate
} lines true }

impl Wire for Path {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Wire::decode(reader).map(Path)
    }
}

impl Wire for Branch {
    fn encode(&self, out: &mut Vec<u8>) {
        self.when.encode(out);
        self.to.encode(out);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self { when: Wire::decode(reader)?, to: Wire::decode(reader)? })
    }
}

impl Wire for Integer {
    fn encode(&self, out: &mut Vec<u8>) {
        self.negative.encode(out);
        self.magnitude.encode(out);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let error = reader.error("zero without a sign");
        let (negative, magnitude) = <(bool, alloy_primitives::U512)>::decode(reader)?;
        if negative && magnitude.is_zero() { Err(error) } else { Ok(Integer { negative, magnitude }) }
    }
}

impl Wire for Type {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Type::Word(word) => {
                out.push(0);
                word.encode(out);
            }
            Type::Bytes => out.push(1),
            Type::String => out.push(2),
            Type::Array(inner, max) => {
                out.push(3);
                inner.encode(out);
                max.encode(out);
            }
            Type::FixedArray(inner, length) => {
                out.push(4);
                inner.encode(out);
                length.encode(out);
            }
            Type::Tuple(members) => {
                out.push(5);
                members.encode(out);
            }
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let error = reader.error("a type");
        reader.nested(|reader| match reader.byte()? {
            0 => Wire::decode(reader).map(Type::Word),
            1 => Ok(Type::Bytes),
            2 => Ok(Type::String),
            3 => Ok(Type::Array(Wire::decode(reader)?, Wire::decode(reader)?)),
            4 => Ok(Type::FixedArray(Wire::decode(reader)?, Wire::decode(reader)?)),
            5 => Wire::decode(reader).map(Type::Tuple),
            _ => Err(error),
        })
    }
}

impl Written for Type {
    fn print(&self, out: &mut Printer) {
        match self {
            Type::Word(word) => word.print(out),
            Type::Bytes => out.word("bytes"),
            Type::String => out.word("string"),
            Type::Array(inner, max) => {
                out.word("array");
                out.arguments(&[inner, max]);
            }
            Type::FixedArray(inner, length) => {
                out.word("fixed_array");
                out.arguments(&[inner, length]);
            }
            Type::Tuple(members) => {
                out.word("tuple");
                out.arguments(&[members]);
            }
        }
    }

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, AssembleError> {
        cursor.nested(|cursor| {
            let start = cursor.clone();
            match cursor.word()? {
                "bytes" => Ok(Type::Bytes),
                "string" => Ok(Type::String),
                "array" => {
                    cursor.expect('(')?;
                    let array = Type::Array(cursor.argument()?, cursor.argument()?);
                    cursor.expect(')')?;
                    Ok(array)
                }
                "fixed_array" => {
                    cursor.expect('(')?;
                    let array = Type::FixedArray(cursor.argument()?, cursor.argument()?);
                    cursor.expect(')')?;
                    Ok(array)
                }
                "tuple" => {
                    cursor.expect('(')?;
                    let tuple = Type::Tuple(cursor.argument()?);
                    cursor.expect(')')?;
                    Ok(tuple)
                }
                _ => {
                    *cursor = start;
                    WordType::parse(cursor).map(Type::Word)
                }
            }
        })
    }
}
