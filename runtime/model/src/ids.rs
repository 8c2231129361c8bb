//! Indices into a policy's tables. Each is its own type, so that a rule's number cannot be used as a token's, and prints the
//! way the text form of a module writes it (`rule3`, `token0`).

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $name {
            /// The `n`-th entry of its table.
            pub const fn new(n: u32) -> Self {
                Self(n)
            }

            /// The position in its table.
            pub const fn index(self) -> usize {
                self.0 as usize
            }

            /// The position in its table, as it is encoded.
            pub const fn raw(self) -> u32 {
                self.0
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(self, f)
            }
        }
    )*};
}

index! {
    /// A rule (`allow`, `ask` or `deny`), in the order of the source.
    RuleId "rule";
    /// A token by its symbol: one symbol, one number of decimals, one address a chain.
    TokenId "token";
    /// A line of a `budget`: several lines are separate caps.
    BudgetId "budget";
    /// A parameter, bound when the policy is loaded.
    ParamId "param";
    /// A constant set of words.
    SetId "set";
    /// A function of a contract on a chain that the policy knows: see `Callable` in the rule set.
    CallableId "callable";
    /// A function's ABI: callables of the same interface share it.
    FunctionId "function";
    /// The text of a clause and where it stands.
    TextId "text";
}
