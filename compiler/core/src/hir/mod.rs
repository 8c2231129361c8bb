//! What expressions mean once their names and types are known: [`Value`]s over the words of one request.
//!
//! Numbers are linear forms with rational coefficients ([`Lin`]); the flattening multiplies the denominators out, so that
//! nothing is divided when a request is judged.

mod formula;
mod lin;
mod unit;
mod value;

pub(crate) use formula::{and, is_const, not, or};
pub(crate) use lin::{Lin, Ratio, ratio};
pub(crate) use unit::Unit;
pub(crate) use value::{
    Case, FieldDef, FieldTy, Num, Rate, Refinement, SetValue, Slice, UnitRef, Value, WordKind,
};

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) struct $name(pub(crate) u32);

        impl $name {
            pub(crate) fn new(n: usize) -> Self {
                Self(u32::try_from(n).unwrap_or(u32::MAX))
            }

            pub(crate) fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

index! {
    /// A module: the policy (0), or a module of the standard library.
    ModuleIx
    /// A chain.
    ChainIx
    /// A contract or token: whatever stands at addresses.
    ContractIx
    /// An interface.
    InterfaceIx
    /// A struct of an interface.
    StructIx
    /// A parameter; the same number as its `ParamId`.
    ParamIx
    /// A `let`.
    LetIx
    /// A `def`.
    DefIx
    /// A `unit`.
    UnitIx
}

#[cfg(test)]
mod tests;
