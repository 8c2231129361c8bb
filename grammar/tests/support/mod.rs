//! What the property tests share: a small generator of numbers, and random texts made from the grammar itself.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]
#![allow(dead_code, reason = "each test uses its part")]

use pest_meta::{ast::Expr, parser};
use std::{collections::BTreeMap, fs, path::PathBuf};

/// Every policy and every module beside the tests.
pub(crate) fn texts() -> Vec<(PathBuf, String)> {
    texts_in(&["tests/policies", "tests/modules"])
}

/// Those, and what the other crates ship.
pub(crate) fn all_texts() -> Vec<(PathBuf, String)> {
    texts_in(&["tests/policies", "tests/modules", "../stdlib/std", "../tests/examples"])
}

fn texts_in(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let entries = folders.iter().flat_map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "agentpol"));
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// xorshift: the same numbers for the same seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % n.max(1) as u64).unwrap()
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// Random sentences of `agentpol.pest`, read from that very file: a new production is tested without a word here. Lookaheads
/// are not obeyed, so a few sentences are none; callers leave out what does not parse.
pub(crate) struct Sentences {
    rules: BTreeMap<String, Expr>,
    /// The least number of nested rules in a sentence of each rule.
    heights: BTreeMap<String, usize>,
}

impl Sentences {
    pub(crate) fn new() -> Self {
        let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/agentpol.pest")).unwrap();
        let pairs = parser::parse(parser::Rule::grammar_rules, &text).unwrap();
        let rules = parser::consume_rules(pairs).unwrap_or_else(|errors| panic!("{errors:?}"));
        let rules: BTreeMap<String, Expr> = rules.into_iter().map(|rule| (rule.name, rule.expr)).collect();
        let mut heights = BTreeMap::new();
        loop {
            let before = heights.len();
            for (name, expr) in &rules {
                if let (false, Some(height)) = (heights.contains_key(name), height(expr, &heights)) {
                    heights.insert(name.clone(), height + 1);
                }
            }
            if heights.len() == before {
                return Self { rules, heights };
            }
        }
    }

    /// The tokens of a sentence of a rule, at most about `depth` rules deep.
    pub(crate) fn tokens(&self, rule: &str, depth: usize, random: &mut Random) -> Vec<String> {
        let mut out = Vec::new();
        self.rule(rule, depth, random, &mut out);
        out
    }

    fn rule(&self, name: &str, depth: usize, random: &mut Random, out: &mut Vec<String>) {
        match self.rules.get(name) {
            Some(expr) => self.expr(expr, depth.saturating_sub(1), random, out),
            None => out.extend(token(name, random)),
        }
    }

    fn expr(&self, expr: &Expr, depth: usize, random: &mut Random, out: &mut Vec<String>) {
        match expr {
            Expr::Ident(name) => self.rule(name, depth, random, out),
            Expr::Seq(first, second) => {
                self.expr(first, depth, random, out);
                self.expr(second, depth, random, out);
            }
            Expr::Choice(..) => {
                let mut ways = Vec::new();
                choices(expr, &mut ways);
                ways.retain(|way| height(way, &self.heights).is_some());
                let low = ways.iter().filter_map(|way| height(way, &self.heights)).min().unwrap();
                ways.retain(|way| height(way, &self.heights).unwrap() <= depth.max(low));
                let way = *random.pick(&ways);
                self.expr(way, depth, random, out);
            }
            Expr::Opt(inner) if self.worth(inner, depth) && random.below(2) == 0 => {
                self.expr(inner, depth, random, out)
            }
            Expr::Rep(inner) if self.worth(inner, depth) => {
                let most = if out.is_empty() { 6 } else { 3 };
                for _ in 0..random.below(most) {
                    self.expr(inner, depth, random, out);
                }
            }
            Expr::Opt(_) | Expr::Rep(_) | Expr::PosPred(_) | Expr::NegPred(_) => {}
            other => panic!("agentpol.pest uses {other:?}: say here what it means"),
        }
    }

    fn worth(&self, expr: &Expr, depth: usize) -> bool {
        height(expr, &self.heights).is_some_and(|height| height <= depth)
    }
}

fn choices<'e>(expr: &'e Expr, out: &mut Vec<&'e Expr>) {
    match expr {
        Expr::Choice(first, second) => {
            choices(first, out);
            choices(second, out);
        }
        expr => out.push(expr),
    }
}

/// `None`: no sentence is known yet, or it is a mistake that the grammar tolerates.
fn height(expr: &Expr, heights: &BTreeMap<String, usize>) -> Option<usize> {
    match expr {
        Expr::Ident(name) if is_mistake(name) => None,
        Expr::Ident(name) if is_terminal(name) => Some(0),
        Expr::Ident(name) => heights.get(name).copied(),
        Expr::Seq(first, second) => Some(height(first, heights)?.max(height(second, heights)?)),
        Expr::Choice(first, second) => match (height(first, heights), height(second, heights)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        },
        _ => Some(0),
    }
}

fn is_mistake(name: &str) -> bool {
    name.starts_with("bad_")
        || name.starts_with("no_")
        || name.starts_with("STRAY_")
        || matches!(name, "swapped" | "eq_typo")
}

fn is_terminal(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
        || matches!(name, "item_word" | "clause_word" | "ctx_word" | "ctx_name" | "word")
}

/// A spelling of a token of `tokens.pest`.
fn token(name: &str, random: &mut Random) -> Option<String> {
    let words: &[&str] = match name {
        "SOI" | "EOI" => return None,
        "IDENT" => {
            &["a", "b2", "_c", "USDC", "wallet", "amountOutMinimum", "a_name_that_is_rather_long_for_a_name"]
        }
        "item_word" => &["token", "test", "use", "chain"],
        "ctx_word" | "ctx_name" => {
            &["a", "to", "by", "value", "total", "max", "native", "more", "once", "through"]
        }
        "word" => &["a", "when", "in", "token", "USDC", "to", "any", "exactly"],
        "NUM" => &["0", "1", "6_000", "0.25"],
        "PERCENT" => &["95%", "0.5%"],
        "DURATION" => &["10min", "24h", "7d", "1w", "60s"],
        "DATE" => &["2027-01-01", "2026-12-31T23:59Z"],
        "ADDRESS" => &["0x1111111111111111111111111111111111111111"],
        "HEX" => &["0x", "0x00000003"],
        "STRING" => &["\"\"", "\"why // not\"", "\"a \\\"b\\\" {\"", "\"≤ ü\""],
        "CMP" => &["<", "<=", ">", ">=", "==", "!="],
        "ASSIGN" => &["="],
        "FAT_ARROW" => &["=>"],
        "PATHSEP" => &["::"],
        "COLON" => &[":"],
        "COMMA" => &[","],
        "DOT" => &["."],
        "RANGE" => &["..", "..="],
        "PLUS" => &["+"],
        "MINUS" => &["-"],
        "MUL" => &["*", "/"],
        "L_PAREN" => &["("],
        "R_PAREN" => &[")"],
        "L_BRACK" => &["["],
        "R_BRACK" => &["]"],
        "L_BRACE" => &["{"],
        "R_BRACE" => &["}"],
        "PERIOD" => &["day", "week", "month", "transaction"],
        "MEASURE" => &["outflow", "authority"],
        "KIND" => &["call", "send", "sign", "deploy", "message", "authorize"],
        "MODE" => &["more", "less"],
        name => {
            return Some(
                name.strip_prefix("KW_").unwrap_or_else(|| panic!("no spelling for {name}")).to_lowercase(),
            );
        }
    };
    Some((*random.pick(words)).to_owned())
}

/// Tokens with all sorts of whitespace and comments between them. A unit stays on the line of its number.
pub(crate) fn join(tokens: &[String], comments: bool, random: &mut Random) -> String {
    let gaps = if comments {
        ["\n", "  ", "\n\n\n", " // trailing\n", "\n// own\n", "\n\n// far\n\n", "\t", " /// doc\n", " ", " "]
            .as_slice()
    } else {
        [" ", " ", " ", "\n", "\n\n\n", "  "].as_slice()
    };
    let mut out = String::new();
    for token in tokens {
        let after_number = out.ends_with(|c: char| c.is_ascii_digit());
        out += if after_number || out.is_empty() || random.below(3) == 0 {
            " "
        } else {
            random.pick::<&str>(gaps)
        };
        out += token;
    }
    out
}
