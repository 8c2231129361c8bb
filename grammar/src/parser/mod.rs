//! Tokens to tree. Only this folder knows of pest.
//!
//! The grammar accepts every string of tokens: what is no item, clause, step, member, effect or site becomes a `bad_…` node
//! that reaches to the next word that opens one. So the tree always comes, and each mistake stands at its place.

mod declared;
mod expected;
mod explain;
mod expr;
mod items;
mod piece;
mod recover;
mod rules;
mod world;

use crate::{
    ast::{Expr, File, Name, QName, Spanned},
    error::{Errors, SyntaxError},
    lexer::{Lexed, lex},
    span::Span,
    token::{TokenKind, for_each_token},
};
use pest::{
    Parser as _,
    iterators::{Pair, Pairs},
};
use piece::Piece;
use recover::Reporter;
use std::{iter::Peekable, ops::Range};

mod grammar {
    #[derive(pest_derive::Parser)]
    #[grammar = "../tokens.pest"]
    #[grammar = "../agentpol.pest"]
    pub(super) struct Agentpol;
}
use grammar::{Agentpol, Rule};

/// What a text is: its tree, and everything that is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parse {
    /// What could be read. Pieces that could not are left out, each with an error.
    pub file: File,
    /// In the order of the text. Empty: the text is well formed.
    pub errors: Vec<SyntaxError>,
}

/// Reads one file.
pub fn parse(text: &str) -> Parse {
    let mut tokens = lex(text);
    let errors = std::mem::take(&mut tokens.errors);
    let mut builder = Builder::new(text, &tokens, errors);
    let file = if tokens.refused { File::default() } else { builder.file() };
    Parse { file, errors: builder.report.finish() }
}

/// Reads one expression by itself: a value given for a parameter, on a command line or in a form.
///
/// ```
/// assert!(agentpol_grammar::parse_expr("1_000 USDC").is_ok());
/// assert_eq!(agentpol_grammar::parse_expr("USDC 5").unwrap_err()[0].kind.name(), "swapped_amount");
/// ```
pub fn parse_expr(text: &str) -> Result<Expr, Vec<SyntaxError>> {
    let mut tokens = lex(text);
    let errors = std::mem::take(&mut tokens.errors);
    let mut builder = Builder::new(text, &tokens, errors);
    let mut value = None;
    if !tokens.refused {
        match Agentpol::parse(Rule::one_expr, tokens.kinds()) {
            Ok(pairs) => {
                let node = pairs.flatten().find(|node| node.as_rule() == Rule::expr);
                value = node.and_then(|node| builder.expr(node));
            }
            Err(_) => builder.report.explain(Piece::Value, None, 0..tokens.len()),
        }
    }
    let errors = builder.report.finish();
    match value {
        Some(value) if errors.is_empty() => Ok(value),
        _ => Err(errors),
    }
}

type Node<'a> = Pair<'a, Rule>;

/// The children of a node, taken from the front.
struct Children<'a>(Peekable<Pairs<'a, Rule>>);

impl<'a> Children<'a> {
    fn of(node: Node<'a>) -> Self {
        Self(node.into_inner().peekable())
    }

    fn next(&mut self) -> Option<Node<'a>> {
        self.0.next()
    }

    fn at(&mut self, rule: Rule) -> bool {
        self.0.peek().is_some_and(|node| node.as_rule() == rule)
    }

    /// The next child, if it is of that rule.
    fn eat(&mut self, rule: Rule) -> Option<Node<'a>> {
        self.0.next_if(|node| node.as_rule() == rule)
    }

    /// The rule of the next child, which is taken.
    fn eat_any(&mut self, rules: &[Rule]) -> Option<Rule> {
        self.0.next_if(|node| rules.contains(&node.as_rule())).map(|node| node.as_rule())
    }

    /// Skips to the next child of that rule and takes it.
    fn find(&mut self, rule: Rule) -> Option<Node<'a>> {
        self.0.find(|node| node.as_rule() == rule)
    }

    /// The run of children of that rule, commas between them.
    fn run(&mut self, rule: Rule) -> Vec<Node<'a>> {
        let mut nodes = Vec::new();
        while let Some(node) = self.eat(rule) {
            nodes.push(node);
            self.eat(Rule::COMMA);
        }
        nodes
    }
}

/// The children of one rule, wherever they stand.
fn children<'a>(node: Node<'a>, rule: Rule) -> impl Iterator<Item = Node<'a>> {
    node.into_inner().filter(move |child| child.as_rule() == rule)
}

/// Makes the tree. A method a production; `None` means that grammar and builder disagree, and is told as such.
struct Builder<'a> {
    text: &'a str,
    tokens: &'a Lexed,
    /// The token at which the string begins that pest was given.
    base: usize,
    report: Reporter<'a>,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str, tokens: &'a Lexed, errors: Errors) -> Self {
        Self { text, tokens, base: 0, report: Reporter::new(text, tokens, errors) }
    }

    /// The numbers of the tokens of a node.
    fn range(&self, node: &Node) -> Range<usize> {
        let span = node.as_span();
        self.base + span.start()..self.base + span.end()
    }

    fn span(&self, node: &Node) -> Span {
        let range = self.range(node);
        self.tokens.span_of(range.start, range.end)
    }

    /// What a node reads, first byte to last.
    fn written(&self, node: &Node) -> &'a str {
        self.text.get(self.span(node).range()).unwrap_or_default()
    }

    /// A name or a literal, as written.
    fn word(&self, node: &Node) -> Spanned<String> {
        Spanned::new(self.written(node).to_owned(), self.span(node))
    }

    fn names(&self, children: &mut Children) -> Vec<Name> {
        children.run(Rule::name).iter().map(|node| self.word(node)).collect()
    }

    fn path(&self, node: Node) -> QName {
        let span = self.span(&node);
        QName { segments: children(node, Rule::name).map(|name| self.word(&name)).collect(), span }
    }

    /// The contents of a string, escapes resolved. The lexer has judged them already.
    fn string(&self, node: &Node) -> Spanned<String> {
        Spanned::new(crate::lexer::unescape(self.written(node)), self.span(node))
    }

    /// The pieces between a `{` and its `}`, up to the end of the children. `owner` is the first token of what they belong to.
    fn block<T>(
        &mut self,
        children: &mut Children<'a>,
        owner: usize,
        piece: Piece,
        mut build: impl FnMut(&mut Self, Node<'a>) -> Option<T>,
    ) -> Vec<T> {
        let mut pieces = Vec::new();
        let mut previous = None;
        while let Some(node) = children.next() {
            match node.as_rule() {
                Rule::L_BRACE | Rule::STRAY_L | Rule::R_BRACE | Rule::STRAY_R => {}
                Rule::no_open => self.report.missing_open(self.range(&node).start),
                Rule::no_close => self.report.missing_close(self.range(&node).start, owner),
                _ => pieces.extend(self.piece(node, piece, &mut previous, &mut build)),
            }
        }
        pieces
    }

    /// One piece, or why it is none. `previous` is its sibling before, and becomes this one.
    fn piece<T>(
        &mut self,
        node: Node<'a>,
        piece: Piece,
        previous: &mut Option<Range<usize>>,
        build: &mut impl FnMut(&mut Self, Node<'a>) -> Option<T>,
    ) -> Option<T> {
        let range = self.range(&node);
        let before = previous.replace(range.clone());
        if node.as_rule() == piece.bad() {
            self.report.explain(piece, before, range);
            return None;
        }
        let built = build(self, node);
        if built.is_none() {
            self.report.internal(range.start, "a piece of the tree is missing");
        }
        built
    }

    /// The `///` lines directly above a token.
    fn doc(&self, token: usize) -> Option<String> {
        self.comments(token, TokenKind::DOC, "///")
    }

    fn comments(&self, token: usize, kind: TokenKind, mark: &str) -> Option<String> {
        let all = self.tokens.comments();
        let first = all.partition_point(|comment| comment.before < token);
        let above = all.iter().skip(first).take_while(|comment| comment.before == token);
        let lines: Vec<&str> = above
            .filter(|comment| comment.kind == kind)
            .filter_map(|comment| self.text.get(comment.span.range())?.strip_prefix(mark))
            .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
            .collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

macro_rules! kind_of_rule {
    (item { $($i:ident $is:literal,)* } reserved { $($r:ident $rs:literal,)* } context { $($c:ident [$($cs:literal)*],)* }
     name { $n:ident $nr:literal } other { $($(#[$om:meta])* $o:ident,)* } raw { $($rest:tt)* }) => {
        /// The token that a rule of `tokens.pest` stands for.
        fn token_of(rule: Rule) -> Option<TokenKind> {
            match rule {
                $(Rule::$i => Some(TokenKind::$i),)*
                $(Rule::$r => Some(TokenKind::$r),)*
                $(Rule::$c => Some(TokenKind::$c),)*
                Rule::$n => Some(TokenKind::$n),
                $(Rule::$o => Some(TokenKind::$o),)*
                _ => None,
            }
        }
    };
}
for_each_token!(kind_of_rule);

#[cfg(test)]
mod tests;
