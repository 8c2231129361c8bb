//! What can be wrong with a text, as data.

use crate::{limits::MAX_ERRORS, span::Span};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident $name:literal,)*) => {
        /// What sort of mistake it is. Each has a stable name, for codes and for machines.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum SyntaxErrorKind { $($(#[$doc])* $variant,)* }

        impl SyntaxErrorKind {
            /// Every kind, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its stable name, in snake case.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

kinds! {
    /// Something else was expected here.
    Unexpected "unexpected_token",
    /// A word that is nearly a keyword.
    Misspelt "misspelt_word",
    /// A word of another language: `require`, `is`.
    ForeignWord "foreign_word",
    /// An operator of another language: `&&`, `===`.
    ForeignOperator "foreign_operator",
    /// Quotes other than `"`.
    ForeignQuotes "foreign_quotes",
    /// `/* … */` or `# …`.
    ForeignComment "foreign_comment",
    /// `;`
    Semicolon "semicolon",
    /// A `{` that nothing closes.
    MissingClose "missing_close",
    /// A block without its `{`.
    MissingOpen "missing_open",
    /// A `}` that closes nothing.
    ExtraClose "extra_close",
    /// One bracket, colon or comma is missing, and nothing else.
    MissingPunctuation "missing_punctuation",
    /// `allow pay USDC.transfer`.
    MissingColon "missing_colon",
    /// `allow USDC.transfer`.
    MissingName "missing_name",
    /// A condition without `when`.
    MissingWhen "missing_when",
    /// `once nonce`, `command NAME`, `unwraps` of nothing: a word of a declaration is not there.
    MissingPart "missing_part",
    /// `grants A of T through K to S`, `trailing 32 payable`.
    MisplacedWord "misplaced_word",
    /// `x[..20]`, `x[4..=]`, `4..` outside an index.
    BadSlice "bad_slice",
    /// `5 p.x`: a value right after an amount.
    MissingAnd "missing_and",
    /// `=` where `==` compares.
    SingleEquals "single_equals",
    /// `USDC 250`.
    SwappedAmount "swapped_amount",
    /// `{ a, b: 1 }`.
    MixedEntries "mixed_entries",
    /// `250USDC`.
    GluedUnit "glued_unit",
    /// `250` and `USDC` on two lines.
    UnitOnNextLine "unit_on_next_line",
    /// `10,000`.
    ThousandsComma "thousands_comma",
    /// `2.5e2`.
    Exponent "exponent",
    /// `10m`, `10 minutes`.
    BadDuration "bad_duration",
    /// `01/01/2027`, `2027-1-1`.
    BadDate "bad_date",
    /// `0x12G4`.
    BadHex "bad_hex",
    /// `"0x1234"`.
    QuotedHex "quoted_hex",
    /// A string that its line does not close.
    UnclosedString "unclosed_string",
    /// `\q` in a string.
    BadEscape "bad_escape",
    /// A character that means nothing.
    BadCharacter "bad_character",
    /// A comma between clauses, steps or members.
    StrayComma "stray_comma",
    /// A keyword where a name stands.
    ReservedWord "reserved_word",
    /// `allow:` and a list of dashes.
    YamlStyle "yaml_style",
    /// `policy p { … }`.
    PolicyBraces "policy_braces",
    /// `budget b { … }`.
    BudgetBraces "budget_braces",
    /// `ask r by x: …`.
    AskByOutside "ask_by_outside",
    /// `transfer(address to)`.
    TypedArgument "typed_argument",
    /// `when` outside a rule.
    ClauseOutside "clause_outside",
    /// More than [`MAX_DEPTH`](crate::limits::MAX_DEPTH) levels.
    TooDeep "too_deep",
    /// More than [`MAX_FILE_BYTES`](crate::limits::MAX_FILE_BYTES).
    FileTooLarge "file_too_large",
    /// More than [`MAX_TOKENS`](crate::limits::MAX_TOKENS).
    TooManyTokens "too_many_tokens",
    /// More than [`MAX_ERRORS`]: the rest is not told.
    TooManyErrors "too_many_errors",
    /// The parser and its grammar disagree. Never seen; told rather than hidden.
    Internal "internal_syntax_error",
}

/// One mistake, at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What sort of mistake.
    pub kind: SyntaxErrorKind,
    /// Where.
    pub span: Span,
    /// One line: what was found, what was expected.
    pub message: String,
    /// The shape of what should stand here.
    pub help: Option<String>,
    /// An edit that settles it: put this text in place of those bytes.
    pub fix: Option<(Span, String)>,
}

impl SyntaxError {
    pub(crate) fn new(kind: SyntaxErrorKind, span: Span, message: impl Into<String>) -> Self {
        Self { kind, span, message: message.into(), help: None, fix: None }
    }

    /// Its own span is to read `text`.
    pub(crate) fn replace(mut self, text: impl Into<String>) -> Self {
        self.fix = Some((self.span, text.into()));
        self
    }

    /// `text` is to be put in at a byte.
    pub(crate) fn insert(mut self, at: u32, text: impl Into<String>) -> Self {
        self.fix = Some((Span::new(at, at), text.into()));
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Collects errors, at most [`MAX_ERRORS`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Errors {
    list: Vec<SyntaxError>,
    more: bool,
}

impl Errors {
    /// Whether another is still told. Asked only where there is one to tell.
    pub(crate) fn room(&mut self) -> bool {
        self.more |= self.list.len() >= MAX_ERRORS;
        !self.more
    }

    pub(crate) fn push(&mut self, error: SyntaxError) {
        if self.room() {
            self.list.push(error);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &SyntaxError> {
        self.list.iter()
    }

    /// In the order of the text, one for each place: the first that was found there is the closest to the cause.
    pub(crate) fn finish(mut self) -> Vec<SyntaxError> {
        self.list.sort_by_key(|error| error.span.start);
        self.list.dedup_by_key(|error| error.span.start);
        if let (true, Some(last)) = (self.more, self.list.last()) {
            let message = format!("more than {MAX_ERRORS} mistakes: the rest is not listed");
            self.list.push(SyntaxError::new(SyntaxErrorKind::TooManyErrors, last.span, message));
        }
        self.list
    }
}
