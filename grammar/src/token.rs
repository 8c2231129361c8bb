//! The tokens: the one table that the lexer, `tokens.pest` and the messages are made from.
//!
//! A kind is one ASCII character in the string that the grammar parses ([`TokenKind::byte`]), so a place in that string is
//! the number of a token. Item words, reserved words, contextual words and names are consecutive: a class is a range.

use logos::Logos;

/// Hands the table to a macro.
macro_rules! for_each_token {
    ($then:ident) => {
        $then! {
            // Open an item when a name or a string follows; ordinary names everywhere else.
            item {
                KW_ALLOW "allow", KW_ASK "ask", KW_DENY "deny", KW_BUDGET "budget", KW_PARAM "param", KW_LET "let",
                KW_DEF "def", KW_USE "use", KW_TEST "test", KW_ASSERT "assert", KW_FEES "fees", KW_UNIT "unit",
                KW_POLICY "policy", KW_FACT "fact", KW_INTERFACE "interface", KW_CONTRACT "contract",
                KW_TOKEN "token", KW_CHAIN "chain",
            }
            // Reserved: names only after `.`, as a field's key and in an interface's argument list.
            reserved {
                KW_WHEN "when", KW_UNLESS "unless", KW_UNTIL "until", KW_OVER "over", KW_BEYOND "beyond",
                KW_EXEMPT "exempt", KW_CHARGE "charge", KW_ACCEPT "accept", KW_TRY "try", KW_BECAUSE "because",
                KW_WITHIN "within",
                KW_AND "and", KW_OR "or", KW_NOT "not", KW_IN "in", KW_IF "if", KW_THEN "then", KW_ELSE "else",
                KW_ALL "all", KW_ANY "any",
            }
            // Words where the grammar asks for them, names where an operand or a declaration stands; never units.
            context {
                KW_BY ["by"], KW_AT ["at"], KW_TO ["to"], KW_FROM ["from"], KW_OF ["of"], KW_ON ["on"],
                KW_PER ["per"], KW_TOTAL ["total"], KW_CALLS ["calls"], KW_EACH ["each"], KW_FOR ["for"],
                KW_WITH ["with"], KW_AS ["as"], KW_EXTENDS ["extends"], KW_MOST ["most"], KW_UP ["up"],
                KW_NEVER ["never"], KW_ONLY ["only"], KW_RECEIVE ["receive"], KW_APPROVALS ["approvals"],
                KW_TRUSTED ["trusted"], KW_DECIMALS ["decimals"], KW_FRESH ["fresh"], KW_RENAMED ["renamed"],
                KW_BATCH ["batch"], KW_VALUE ["value"], KW_FUNCTION ["function"], KW_STRUCT ["struct"],
                KW_CONST ["const"], KW_PAYABLE ["payable"], KW_MOVES ["moves"], KW_PULLS ["pulls"],
                KW_GRANTS ["grants"], KW_OWES ["owes"], KW_RECEIVES ["receives"], KW_UNWRAPS ["unwraps"],
                KW_LEAST ["least"], KW_EXACTLY ["exactly"], KW_MAX ["max"], KW_MEANS ["means"], KW_ID ["id"],
                KW_NATIVE ["native"], KW_ASSUME ["assume"], KW_DOMAIN ["domain"], KW_UPGRADEABLE ["upgradeable"],
                KW_COMMAND ["command"], KW_TRAILING ["trailing"], KW_REQUIRES ["requires"], KW_GIVES ["gives"],
                KW_CONTROL ["control"], KW_ONCE ["once"], KW_THROUGH ["through"],
                MODE ["more" "less"],
                PERIOD ["day" "week" "month" "transaction"],
                MEASURE ["outflow" "authority"],
                KIND ["call" "delegatecall" "send" "sign" "message" "deploy" "authorize"],
            }
            name { IDENT "[A-Za-z_][A-Za-z0-9_]*" }
            other {
                #[regex(r"[0-9][0-9_]*(\.[0-9][0-9_]*)?", priority = 10)] NUM,
                #[regex(r"[0-9][0-9_]*(\.[0-9][0-9_]*)?%", priority = 10)] PERCENT,
                #[regex(r"[0-9][0-9_]*(s|min|h|d|w)", priority = 20)] DURATION,
                #[regex(r"[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9](T[0-9][0-9]:[0-9][0-9](:[0-9][0-9])?Z?)?", priority = 20)] DATE,
                #[regex(r"0x[0-9a-fA-F]{40}", priority = 40)] ADDRESS,
                #[regex(r"0x[0-9a-fA-F]*", priority = 30)] HEX,
                #[regex(r#""([^"\\\n]|\\[^\n])*""#)] STRING,
                #[token("<")] #[token("<=")] #[token(">")] #[token(">=")] #[token("==")] #[token("!=")] CMP,
                #[token("=")] ASSIGN,
                #[token("=>")] FAT_ARROW,
                #[token("::")] PATHSEP,
                #[token(":")] COLON,
                #[token(",")] COMMA,
                #[token(".")] DOT,
                #[token("..")] #[token("..=")] RANGE,
                #[token("+")] PLUS,
                #[token("-")] MINUS,
                #[token("*")] #[token("/")] MUL,
                #[token("(")] L_PAREN,
                #[token(")")] R_PAREN,
                #[token("[")] L_BRACK,
                #[token("]")] R_BRACK,
                #[token("{")] L_BRACE,
                #[token("}")] R_BRACE,
                STRAY_L, // a `{` that nothing closes
                STRAY_R, // a `}` that nothing opened
                BAD,     // a character that means nothing
            }
            // Never in the string that is parsed: repaired by the lexer, or trivia.
            raw {
                // Another language's spelling of something that this one has.
                #[token("===")] #[token("!==")] #[token("&&")] #[token("||")] #[token("!")] #[token("=<")]
                #[token("<>")] #[token("->")] #[token(":=")] #[token("≤")] #[token("≥")] #[token("≠")]
                #[token("–")] #[token("−")] #[token("×")]
                #[regex(r"'[^'\n]*'")]
                #[regex("“[^”\"\n]*[”\"]")]
                #[regex(r#""([^"\\\n]|\\[^\n])*"#, allow_greedy = true)]
                #[regex(r"[0-9][0-9][0-9][0-9]-[0-9][0-9]?-[0-9][0-9]?", priority = 15)]
                #[regex(r"[0-9][0-9]?[/.][0-9][0-9]?[/.][0-9][0-9][0-9][0-9]", priority = 15)]
                FOREIGN,
                // A number with letters on it.
                #[regex(r"[0-9][0-9_]*(\.[0-9]+)?[A-Za-z_][A-Za-z0-9_]*", priority = 5)] GLUED,
                #[regex(r"[ \t\r\n]+")] #[token("\u{FEFF}")] SPACE,
                #[regex("//[^\n]*", allow_greedy = true)] COMMENT,
                #[regex("///[^\n]*", allow_greedy = true, priority = 50)] DOC,
                #[regex("//![^\n]*", allow_greedy = true, priority = 50)] FILE_DOC,
                // `;`, a no-break space, and comments of another language: an error, then nothing.
                #[token(";")] #[token("\u{A0}")]
                #[regex("#[^\n]*", allow_greedy = true)]
                #[regex(r"/\*([^*]|\*+[^*/])*\*+/")]
                FOREIGN_TRIVIA,
            }
        }
    };
}
pub(crate) use for_each_token;

macro_rules! kinds {
    (item { $($i:ident $is:literal,)* } reserved { $($r:ident $rs:literal,)* } context { $($c:ident [$($cs:literal)*],)* }
     name { $n:ident $nr:literal } other { $($(#[$om:meta])* $o:ident,)* } raw { $($(#[$wm:meta])* $w:ident,)* }) => {
        /// The kinds of token, named as in the grammar.
        #[expect(non_camel_case_types, reason = "the same names as in tokens.pest and agentpol.pest")]
        #[allow(clippy::upper_case_acronyms, reason = "see above")]
        #[derive(Logos, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum TokenKind {
            $(#[token($is)] $i,)*
            $(#[token($rs)] $r,)*
            $($(#[token($cs)])* $c,)*
            #[regex($nr)] $n,
            $($(#[$om])* $o,)*
            $($(#[$wm])* $w,)*
        }

        /// Every kind: the table from a byte back to its kind.
        const ALL: &[TokenKind] = &[
            $(TokenKind::$i,)* $(TokenKind::$r,)* $(TokenKind::$c,)* TokenKind::$n, $(TokenKind::$o,)* $(TokenKind::$w,)*
        ];
        const ITEM: &[(TokenKind, &str)] = &[$((TokenKind::$i, $is),)*];
        const RESERVED: &[(TokenKind, &str)] = &[$((TokenKind::$r, $rs),)*];
        const CONTEXT: &[(TokenKind, &[&str])] = &[$((TokenKind::$c, &[$($cs),*]),)*];
        /// What stands in the parsed string and is no word.
        const OTHER: &[TokenKind] = &[$(TokenKind::$o,)*];
    };
}
for_each_token!(kinds);

impl TokenKind {
    /// The character that stands for it in the parsed string: never NUL.
    pub(crate) const fn byte(self) -> u8 {
        self as u8 + 1
    }

    pub(crate) fn from_byte(byte: u8) -> Option<TokenKind> {
        ALL.get(usize::from(byte).checked_sub(1)?).copied()
    }

    /// Whitespace and comments.
    pub fn is_trivia(self) -> bool {
        self >= TokenKind::SPACE
    }

    /// A keyword of any sort, or a name.
    pub fn is_word(self) -> bool {
        self <= TokenKind::IDENT
    }

    /// Opens an item when a name or a string follows.
    pub fn is_item_word(self) -> bool {
        self <= TokenKind::KW_CHAIN
    }

    /// Opens a clause or a step wherever it stands.
    pub fn is_clause_word(self) -> bool {
        (TokenKind::KW_WHEN..=TokenKind::KW_TRY).contains(&self)
    }

    /// Opens an effect, where none goes on.
    pub(crate) fn is_effect_word(self) -> bool {
        use TokenKind::*;
        (KW_MOVES..=KW_UNWRAPS).contains(&self) || matches!(self, KW_REQUIRES | KW_GIVES | KW_ONCE)
    }

    /// A keyword wherever it stands, but after `.` and as a key.
    pub fn is_reserved(self) -> bool {
        (TokenKind::KW_WHEN..=TokenKind::KW_ANY).contains(&self)
    }

    /// A name, unless the grammar asks for this very word.
    pub fn is_context_word(self) -> bool {
        (TokenKind::KW_BY..=TokenKind::KIND).contains(&self)
    }

    /// An operand can end with it.
    pub(crate) fn ends_operand(self) -> bool {
        use TokenKind::*;
        (KW_BY..=STRING).contains(&self) || matches!(self, R_PAREN | R_BRACK | R_BRACE)
    }

    /// The words that it is spelt with; empty for what is no keyword.
    pub fn spellings(self) -> Vec<&'static str> {
        let one = ITEM.iter().chain(RESERVED).filter(|(kind, _)| *kind == self).map(|(_, word)| *word);
        let many =
            CONTEXT.iter().filter(|(kind, _)| *kind == self).flat_map(|(_, words)| words.iter().copied());
        one.chain(many).collect()
    }

    /// What a person calls it.
    pub fn describe(self) -> String {
        use TokenKind::*;
        let words: Vec<String> = self.spellings().iter().map(|word| format!("`{word}`")).collect();
        if !words.is_empty() {
            return words.join(" or ");
        }
        let phrase = match self {
            IDENT => "a name",
            NUM => "a number",
            PERCENT => "a percentage",
            DURATION => "a duration (`10min`, `24h`, `7d`)",
            DATE => "a date",
            ADDRESS => "an address",
            HEX => "hex bytes",
            STRING => "a \"string\"",
            CMP => "a comparison",
            ASSIGN => "`=`",
            FAT_ARROW => "`=>`",
            PATHSEP => "`::`",
            COLON => "`:`",
            COMMA => "`,`",
            DOT => "`.`",
            RANGE => "`..=`",
            PLUS => "`+`",
            MINUS => "`-`",
            MUL => "`*`",
            L_PAREN => "`(`",
            R_PAREN => "`)`",
            L_BRACK => "`[`",
            R_BRACK => "`]`",
            L_BRACE | STRAY_L => "`{`",
            R_BRACE | STRAY_R => "`}`",
            _ => "something else",
        };
        phrase.into()
    }
}

/// The words that open items.
pub(crate) fn item_words() -> impl Iterator<Item = &'static str> {
    ITEM.iter().map(|(_, word)| *word)
}

/// The text of `tokens.pest`, whole: one rule a kind, then the classes.
pub fn tokens_pest() -> String {
    let quote = |kind: TokenKind| match kind.byte() {
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("\\x{byte:02X}"),
    };
    let mut out = String::from(
        "// Generated from the table in src/token.rs: do not edit. A test says how to renew it.\n\n",
    );
    for kind in ALL.iter().filter(|kind| **kind <= TokenKind::IDENT || OTHER.contains(kind)) {
        out += &format!("{kind:?} = {{ \"{}\" }}\n", quote(*kind));
    }
    let classes = [
        ("item_word", TokenKind::KW_ALLOW, TokenKind::KW_CHAIN),
        ("clause_word", TokenKind::KW_WHEN, TokenKind::KW_TRY),
        ("ctx_word", TokenKind::KW_BY, TokenKind::KIND),
        ("ctx_name", TokenKind::KW_BY, TokenKind::IDENT),
        ("word", TokenKind::KW_ALLOW, TokenKind::IDENT),
    ];
    out.push('\n');
    for (name, first, last) in classes {
        out += &format!("{name} = {{ '{}'..'{}' }}\n", quote(first), quote(last));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_that_is_parsed_is_one_ascii_byte_and_comes_back() {
        for kind in ALL {
            assert_eq!(TokenKind::from_byte(kind.byte()), Some(*kind));
        }
        assert!(OTHER.iter().all(|kind| kind.byte() < 0x80));
        assert_eq!(TokenKind::from_byte(0), None);
        assert_eq!(TokenKind::from_byte(u8::MAX), None);
    }

    #[test]
    fn the_classes_are_what_the_table_says() {
        assert!(ITEM.iter().all(|(kind, _)| kind.is_item_word() && kind.is_word()));
        assert!(RESERVED.iter().all(|(kind, _)| kind.is_reserved() && kind.is_word()));
        assert!(CONTEXT.iter().all(|(kind, _)| kind.is_context_word() && kind.is_word()));
        assert_eq!(
            ITEM.len() + RESERVED.len() + CONTEXT.len() + 1,
            ALL.iter().filter(|k| k.is_word()).count()
        );
    }
}
