//! Types of the ABI: from their names, and to the model's.

use super::World;
use crate::hir::{FieldDef, FieldTy, StructIx};
use agentpol_abi::fit;
use agentpol_model::types::{Member, Type, WordType};
use std::collections::BTreeMap;

/// Structs inside structs at most.
pub(super) const MAX_STRUCT_DEPTH: usize = 16;

/// An elementary type that is one word, by its name.
pub(crate) fn elementary(name: &str) -> Option<FieldTy> {
    let word = match name {
        "address" => WordType::Address,
        "bool" => WordType::Bool,
        "bytes" => return Some(FieldTy::Bytes),
        "string" => return Some(FieldTy::String),
        "uint" => WordType::Uint(256),
        "int" => WordType::Int(256),
        "function" => WordType::Function,
        _ => {
            let bits = |text: &str| {
                let plain = !text.starts_with('0');
                text.parse::<u16>().ok().filter(|b| plain && *b > 0 && *b <= 256 && b % 8 == 0)
            };
            if let Some(n) = name.strip_prefix("uint") {
                WordType::Uint(bits(n)?)
            } else if let Some(n) = name.strip_prefix("int") {
                WordType::Int(bits(n)?)
            } else {
                let n = name.strip_prefix("bytes")?;
                let plain = !n.starts_with('0');
                WordType::FixedBytes(n.parse::<u8>().ok().filter(|n| plain && (1..=32).contains(n))?)
            }
        }
    };
    Some(FieldTy::Word(word))
}

impl World<'_> {
    /// A type's words as a person reads them.
    pub(crate) fn show_type(&self, ty: &FieldTy) -> String {
        match ty {
            FieldTy::Struct(ix) => self.structure(*ix).map(|s| s.name.clone()).unwrap_or_default(),
            FieldTy::Array(inner, _) => format!("{}[]", self.show_type(inner)),
            FieldTy::FixedArray(inner, n) => format!("{}[{n}]", self.show_type(inner)),
            FieldTy::Word(word) => word.to_string(),
            FieldTy::Bytes => "bytes".to_owned(),
            FieldTy::String => "string".to_owned(),
        }
    }

    /// As the model writes it.
    pub(crate) fn abi_type(&self, ty: &FieldTy) -> Type {
        match ty {
            FieldTy::Word(word) => Type::Word(*word),
            FieldTy::Bytes => Type::Bytes,
            FieldTy::String => Type::String,
            FieldTy::Array(inner, max) => Type::Array(Box::new(self.abi_type(inner)), *max),
            FieldTy::FixedArray(inner, n) => Type::FixedArray(Box::new(self.abi_type(inner)), *n),
            FieldTy::Struct(ix) => {
                Type::Tuple(self.structure(*ix).map(|s| self.members(&s.fields)).unwrap_or_default())
            }
        }
    }

    /// Fields as the model writes them.
    pub(crate) fn members(&self, fields: &[FieldDef]) -> Vec<Member> {
        fields.iter().map(|f| Member { name: f.name.clone(), ty: self.abi_type(&f.ty) }).collect()
    }

    /// How many types a struct is made of, at every level; `None` where it holds itself or more than is allowed.
    pub(super) fn struct_size(
        &self,
        ix: StructIx,
        depth: usize,
        known: &mut BTreeMap<StructIx, Option<usize>>,
    ) -> Option<usize> {
        if let Some(size) = known.get(&ix) {
            return *size;
        }
        if depth > MAX_STRUCT_DEPTH {
            return None;
        }
        let size = self.structure(ix)?.fields.iter().try_fold(1usize, |sum, field| {
            let mut ty = &field.ty;
            let mut around = 1;
            while let FieldTy::Array(inner, _) | FieldTy::FixedArray(inner, _) = ty {
                ty = inner;
                around += 1;
            }
            let inner = match ty {
                FieldTy::Struct(inner) => self.struct_size(*inner, depth + 1, known)?,
                _ => 0,
            };
            Some(sum + around + inner).filter(|n| *n <= fit::MAX_TYPE_NODES)
        });
        known.insert(ix, size);
        size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_widths_that_solidity_has() {
        let word = |n: &str| match elementary(n) {
            Some(FieldTy::Word(w)) => Some(w),
            _ => None,
        };
        assert_eq!(word("uint24"), Some(WordType::Uint(24)));
        assert_eq!(word("int256"), Some(WordType::Int(256)));
        assert_eq!(word("bytes32"), Some(WordType::FixedBytes(32)));
        for wrong in ["uint7", "uint264", "uint0", "uint08", "bytes0", "bytes33", "bytes01", "Uint8", ""] {
            assert!(elementary(wrong).is_none(), "{wrong}");
        }
    }
}
