//! Typed data (EIP-712): a struct's type as it is hashed.

use super::World;
use crate::hir::{FieldTy, StructIx};
use agentpol_model::types::WordType;
use std::collections::{BTreeMap, BTreeSet};

impl World<'_> {
    /// `Permit(address owner,address spender,…)`, then the structs that it refers to, sorted by name. Names are part of the type,
    /// so two different structs of one name cannot both stand in it.
    pub(super) fn encoded_type(&self, primary: StructIx) -> Result<String, String> {
        let mut by_name: BTreeMap<&str, String> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![primary];
        while let Some(ix) = open.pop() {
            let Some(def) = self.structure(ix).filter(|_| seen.insert(ix)) else { continue };
            let text = self.encoded_struct(ix)?;
            if by_name.get(def.name.as_str()).is_some_and(|known| *known != text) {
                return Err(format!("two different structs named `{}` would stand in it", def.name));
            }
            by_name.insert(&def.name, text);
            open.extend(def.fields.iter().filter_map(|f| match innermost(&f.ty) {
                FieldTy::Struct(inner) => Some(*inner),
                _ => None,
            }));
        }
        let name = self.structure(primary).map(|s| s.name.as_str()).unwrap_or_default();
        let first = by_name.remove(name).unwrap_or_default();
        Ok(by_name.into_values().fold(first, |all, text| all + &text))
    }

    /// One struct by itself.
    fn encoded_struct(&self, ix: StructIx) -> Result<String, String> {
        let Some(def) = self.structure(ix) else { return Ok(String::new()) };
        let mut members = Vec::with_capacity(def.fields.len());
        for field in &def.fields {
            if matches!(innermost(&field.ty), FieldTy::Word(WordType::Function)) {
                return Err(format!("`{}` is a `function`: typed data has no such type", field.name));
            }
            members.push(format!("{} {}", self.show_type(&field.ty), field.name));
        }
        Ok(format!("{}({})", def.name, members.join(",")))
    }
}

fn innermost(mut ty: &FieldTy) -> &FieldTy {
    while let FieldTy::Array(inner, _) | FieldTy::FixedArray(inner, _) = ty {
        ty = inner;
    }
    ty
}
