//! Tables whose entries are shared.

use super::{LowerError, place};
use agentpol_analysis::ruleset::Function;
use agentpol_bytecode::Text;
use agentpol_grammar::span::Span;
use agentpol_model::ids::{FunctionId, TextId};
use std::collections::BTreeMap;

/// Functions and clause texts, each once.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) functions: Vec<Function>,
    pub(super) texts: Vec<Text>,
    by_selector: BTreeMap<[u8; 4], Vec<FunctionId>>,
    by_place: BTreeMap<(Span, String), TextId>,
}

impl Tables {
    /// Callables of one interface share their functions.
    pub(super) fn function(&mut self, function: &Function) -> Result<FunctionId, LowerError> {
        let candidates = self.by_selector.entry(function.selector).or_default();
        for id in candidates.iter() {
            if self.functions.get(id.index()) == Some(function) {
                return Ok(*id);
            }
        }
        let number =
            u32::try_from(self.functions.len()).map_err(|_| LowerError::TooMany { what: "functions" })?;
        let id = FunctionId::new(number);
        candidates.push(id);
        self.functions.push(function.clone());
        Ok(id)
    }

    /// A clause of a rule with many arms is one text.
    pub(super) fn text(&mut self, text: &str, span: Span) -> Result<TextId, LowerError> {
        let number = u32::try_from(self.texts.len()).map_err(|_| LowerError::TooMany { what: "clauses" })?;
        let id = *self.by_place.entry((span, text.to_owned())).or_insert(TextId::new(number));
        if id.raw() == number {
            self.texts.push(Text { text: text.to_owned(), place: place(span) });
        }
        Ok(id)
    }
}
