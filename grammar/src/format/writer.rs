//! Tokens and comments in order, with the structure that the tree gives them.

use super::layout::Op;
use crate::{lexer::Lexed, token::TokenKind};

/// What stands before the next token, where its kind alone does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joint {
    Usual,
    Tight,
    Spaced,
}

/// A cursor over the tokens, and what it wrote so far.
pub(super) struct Writer<'t> {
    text: &'t str,
    tokens: &'t Lexed,
    /// The next token.
    cursor: usize,
    /// The next comment.
    comment: usize,
    /// A comment on the line of the last token, due at the next break: brackets that close there do not break for it.
    after: Option<&'t str>,
    joint: Joint,
    ops: Vec<Op<'t>>,
    /// The groups that are open, as places in `ops`.
    groups: Vec<usize>,
    /// For each bracket the token that closes it.
    partner: Vec<usize>,
}

impl<'t> Writer<'t> {
    pub(super) fn new(text: &'t str, tokens: &'t Lexed) -> Self {
        let partner = partners(tokens);
        let (ops, groups) = (Vec::with_capacity(2 * tokens.len()), Vec::new());
        Self { text, tokens, cursor: 0, comment: 0, after: None, joint: Joint::Usual, ops, groups, partner }
    }

    /// The instructions, once everything is written.
    pub(super) fn finish(mut self) -> Vec<Op<'t>> {
        while self.cursor < self.tokens.len() {
            self.token();
        }
        self.own_comments();
        self.flush_after();
        self.ops
    }

    // ---- tokens

    pub(super) fn kind(&self) -> Option<TokenKind> {
        self.tokens.kind(self.cursor)
    }

    /// The number of the first token at or after a byte.
    pub(super) fn token_at(&self, byte: u32) -> usize {
        self.tokens.first_at(byte)
    }

    /// Whether the next token is a bracket that is closed by the one before `end`.
    pub(super) fn encloses(&self, end: usize) -> bool {
        self.kind() == Some(TokenKind::L_PAREN)
            && self.partner.get(self.cursor).is_some_and(|close| close + 1 == end)
    }

    /// Writes the next token.
    pub(super) fn token(&mut self) {
        self.flush_after();
        self.own_comments();
        let Some(span) = self.tokens.span(self.cursor) else { return };
        let spaced = match self.joint {
            Joint::Tight => false,
            Joint::Spaced => !self.after_opener(),
            Joint::Usual => self.usually_spaced(),
        };
        if spaced {
            self.ops.push(Op::Space);
        }
        self.joint = Joint::Usual;
        self.ops.push(Op::Text(self.text.get(span.range()).unwrap_or_default()));
        self.pass();
    }

    /// Steps over the next token, and takes the comment after it on its line.
    fn pass(&mut self) {
        let end = self.tokens.span(self.cursor).map_or(0, |span| span.end);
        self.cursor += 1;
        let Some(next) = self.tokens.comments().get(self.comment) else { return };
        if self.after.is_none() && next.before == self.cursor && self.newlines(end, next.span.start) == 0 {
            self.after = Some(self.written(next.span.range()));
            self.comment += 1;
        }
    }

    /// Writes the tokens up to a byte.
    pub(super) fn to(&mut self, byte: u32) {
        self.up_to(self.token_at(byte));
    }

    /// Writes the tokens before the `end`-th.
    pub(super) fn up_to(&mut self, end: usize) {
        while self.cursor < end {
            self.token();
        }
    }

    /// Writes the tokens up to a comma or the end of the bracket that is open here.
    fn element(&mut self, close: usize) {
        while self.cursor < close && self.kind() != Some(TokenKind::COMMA) {
            let inner = self.partner.get(self.cursor).copied().filter(|partner| *partner > self.cursor);
            self.token();
            while inner.is_some_and(|inner| self.cursor <= inner) {
                self.tight();
                self.token();
            }
        }
    }

    pub(super) fn tight(&mut self) {
        self.joint = Joint::Tight;
    }

    pub(super) fn spaced(&mut self) {
        self.joint = Joint::Spaced;
    }

    /// Before a bracket that opens a value: a space, unless what stands before asked for none.
    pub(super) fn spaced_unless_tight(&mut self) {
        if self.joint == Joint::Usual {
            self.spaced();
        }
    }

    /// The number of the next token.
    pub(super) fn position(&self) -> usize {
        self.cursor
    }

    fn before(&self) -> Option<TokenKind> {
        self.tokens.kind(self.cursor.checked_sub(1)?)
    }

    fn after_opener(&self) -> bool {
        use TokenKind::*;
        matches!(self.before(), None | Some(L_PAREN | L_BRACK | PATHSEP | DOT))
    }

    fn usually_spaced(&self) -> bool {
        use TokenKind::*;
        let tight_before = matches!(
            self.kind(),
            Some(COMMA | COLON | DOT | PATHSEP | L_PAREN | R_PAREN | L_BRACK | R_BRACK)
        );
        !tight_before && !self.after_opener()
    }

    // ---- comments

    fn written(&self, range: std::ops::Range<usize>) -> &'t str {
        self.text.get(range).unwrap_or_default().trim_end()
    }

    fn newlines(&self, from: u32, to: u32) -> usize {
        self.text.get(from as usize..to as usize).unwrap_or_default().matches('\n').count()
    }

    /// Whether the source has an empty line before what comes next.
    fn blank(&self) -> bool {
        let comments = self.tokens.comments();
        let token = self.tokens.span(self.cursor).map(|span| span.start);
        let comment =
            comments.get(self.comment).filter(|comment| comment.before <= self.cursor).map(|c| c.span.start);
        let Some(next) = comment.or(token) else { return false };
        let last =
            self.cursor.checked_sub(1).and_then(|last| self.tokens.span(last)).map_or(0, |span| span.end);
        let last_comment =
            self.comment.checked_sub(1).and_then(|last| comments.get(last)).map_or(0, |last| last.span.end);
        self.newlines(last.max(last_comment), next) > 1
    }

    /// The comments before the next token that have lines of their own.
    fn own_comments(&mut self) {
        let mut any = false;
        while let Some(next) =
            self.tokens.comments().get(self.comment).filter(|next| next.before <= self.cursor)
        {
            let blank = self.groups.is_empty() && self.blank();
            self.flush_after();
            self.ops.push(Op::Own { comment: self.written(next.span.range()), blank });
            self.comment += 1;
            any = true;
        }
        if any {
            self.break_groups();
            if self.groups.is_empty() && self.blank() {
                self.ops.push(Op::Hard { blank: true });
            }
        }
    }

    fn flush_after(&mut self) {
        if let Some(comment) = self.after.take() {
            self.ops.push(Op::After(comment));
            self.break_groups();
        }
    }

    fn comments_up_to(&self, token: usize) -> bool {
        self.after.is_some()
            || self.tokens.comments().get(self.comment).is_some_and(|next| next.before <= token)
    }

    // ---- structure

    /// Begins a group. Comments before its first token stay outside.
    pub(super) fn open(&mut self) {
        self.flush_after();
        self.own_comments();
        self.open_here();
    }

    /// Begins a group that starts with a place to break: comments go after it.
    pub(super) fn open_here(&mut self) {
        self.flush_after();
        self.groups.push(self.ops.len());
        self.ops.push(Op::Open { broken: false });
    }

    pub(super) fn close(&mut self) {
        self.groups.pop();
        self.ops.push(Op::Close);
    }

    fn break_groups(&mut self) {
        for at in &self.groups {
            if let Some(Op::Open { broken }) = self.ops.get_mut(*at) {
                *broken = true;
            }
        }
    }

    pub(super) fn indent(&mut self) {
        self.ops.push(Op::Indent);
    }

    pub(super) fn dedent(&mut self) {
        self.ops.push(Op::Dedent);
    }

    /// A place to break; a space if the group is not broken.
    pub(super) fn line(&mut self) {
        self.soft(true);
    }

    /// A place to break; nothing if the group is not broken.
    pub(super) fn soft_tight(&mut self) {
        self.soft(false);
    }

    fn soft(&mut self, space: bool) {
        self.flush_after();
        self.ops.push(Op::Line { space });
        self.tight();
    }

    /// The start of an item or of a piece in braces.
    pub(super) fn hard(&mut self) {
        let blank = self.blank();
        self.flush_after();
        self.ops.push(Op::Hard { blank });
        self.break_groups();
        self.tight();
        self.own_comments();
    }

    /// A bracketed list: on one line, or an element a line with a comma after each. `each` writes one element; `pad`: spaces
    /// inside the brackets.
    pub(super) fn list(&mut self, count: usize, pad: bool, mut each: impl FnMut(&mut Self, usize)) {
        let Some(close) = self.partner.get(self.cursor).copied() else { return };
        let hugged = count == 1 && self.hugs(close);
        self.open();
        self.token();
        if count == 0 || hugged {
            self.tight();
        } else {
            self.indent();
            self.soft(pad);
        }
        for index in 0..count {
            each(self, index);
            if self.cursor + 1 < close && self.kind() == Some(TokenKind::COMMA) {
                self.token();
                self.line();
            }
        }
        if self.kind() == Some(TokenKind::COMMA) {
            self.pass();
        }
        if count > 0 && !hugged {
            self.ops.push(Op::TrailingComma);
            self.own_comments();
            self.dedent();
            self.soft(pad);
        }
        self.tight();
        self.token();
        self.close();
    }

    /// A list whose elements have no breaks of their own.
    pub(super) fn plain_list(&mut self, count: usize, pad: bool) {
        let Some(close) = self.partner.get(self.cursor).copied() else { return };
        self.list(count, pad, |writer, _| writer.element(close));
    }

    /// `({ … })`: the only element is a bracket from end to end, and breaks for both.
    fn hugs(&self, close: usize) -> bool {
        let inner = self.cursor + 1;
        let bracket = matches!(self.tokens.kind(inner), Some(TokenKind::L_BRACE | TokenKind::L_BRACK));
        let end = match self.tokens.kind(close.saturating_sub(1)) {
            Some(TokenKind::COMMA) => close.saturating_sub(2),
            _ => close.saturating_sub(1),
        };
        let ahead =
            self.tokens.comments().iter().skip(self.comment).take_while(|comment| comment.before <= close);
        let commented = ahead.into_iter().any(|comment| comment.before == inner || comment.before > end);
        bracket && self.partner.get(inner) == Some(&end) && !commented
    }

    /// `{ … }` with a piece a line; a single piece may stay on the line of its braces.
    pub(super) fn block(&mut self, count: usize, mut each: impl FnMut(&mut Self, usize)) {
        let Some(close) = self.partner.get(self.cursor).copied() else { return };
        let first = self.tokens.span(self.cursor + 1).map_or(0, |span| span.start);
        let open_end = self.tokens.span(self.cursor).map_or(0, |span| span.end);
        self.spaced();
        self.token();
        let commented = self.comments_up_to(close);
        if count == 0 && !commented {
            self.tight();
            self.token();
            return;
        }
        let inline = count == 1 && !commented && self.newlines(open_end, first) == 0;
        if inline {
            self.open();
        }
        self.indent();
        for index in 0..count {
            if inline {
                self.line()
            } else {
                self.hard()
            }
            each(self, index);
        }
        self.own_comments();
        self.dedent();
        if inline {
            self.line()
        } else {
            self.hard()
        }
        self.token();
        if inline {
            self.close();
        }
    }
}

fn partners(tokens: &Lexed) -> Vec<usize> {
    use TokenKind::*;
    let mut partner: Vec<usize> = vec![0; tokens.len()];
    let mut open = Vec::new();
    for (at, (kind, _)) in tokens.tokens().enumerate() {
        match kind {
            L_PAREN | L_BRACK | L_BRACE => open.push(at),
            R_PAREN | R_BRACK | R_BRACE => {
                if let Some(slot) = open.pop().and_then(|start: usize| partner.get_mut(start)) {
                    *slot = at;
                }
            }
            _ => {}
        }
    }
    partner
}
