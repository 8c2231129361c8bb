//! A new version of the policy over the same history. Old charges stay where they were (under the new name), a line also
//! counts what the rules now in its scope have done, so that a new budget sees old events, and distrust turns what was given
//! into holds.

use super::{
    policy::{LineName, Lines, Name, Terms, What},
    state::{ItemKind, Layer, State, Tag},
};
use std::{collections::BTreeMap, sync::Arc};

impl State {
    pub(super) fn on_edit(&mut self, terms: Terms) {
        let old = std::mem::replace(&mut self.terms, Arc::new(terms));
        let terms = self.terms.clone();
        let renamed = renames(&terms);
        for event in &mut self.events {
            event.tag = retag(&terms, &renamed, &event.tag, event.what);
        }
        for (key, layers) in &mut self.layers {
            for layer in layers {
                layer.tag = retag(&terms, &renamed, &layer.tag, What::Gross(key.asset));
            }
        }
        for version in self.slots.values_mut().flat_map(|open| &mut open.versions) {
            let native = version.request.native();
            // Authority given in trust costs nothing while it is pending: if the trust ends, `given` holds it already.
            for item in version.items.iter_mut().filter(|item| !matches!(item.kind, ItemKind::Trust { .. })) {
                item.tag = retag(&terms, &renamed, &item.tag, What::Gross(item.key.asset));
            }
            version.fee = retag(&terms, &renamed, &version.fee, What::Fees(native));
            for call in &mut version.calls {
                *call = retag(&terms, &renamed, call, What::Calls);
            }
            for (_, tag) in &mut version.written {
                *tag = retag(&terms, &renamed, tag, What::Written);
            }
            version.over = rename(&renamed, &version.over);
        }
        self.asks.clear();
        for key in self.given.keys().copied().collect::<Vec<_>>() {
            if old.trusts(&key) && !terms.trusts(&key) {
                let amount = self.given.remove(&key).unwrap_or_default();
                let tag = Tag { charged: terms.lines_of(key.asset), ..Tag::default() };
                self.add_layer(key, Layer { amount, tag: Arc::new(tag), until: None, apart: false });
            }
        }
        self.recount();
    }
}

/// Old name to new.
fn renames(terms: &Terms) -> BTreeMap<Name, Name> {
    let lines = terms.lines.iter();
    let renamed = lines.filter_map(|(name, line)| Some((line.renamed_from.clone()?, name.budget.clone())));
    renamed.collect()
}

fn rename(renamed: &BTreeMap<Name, Name>, lines: &Lines) -> Lines {
    let new = |name: &LineName| match renamed.get(&name.budget) {
        Some(budget) => LineName { budget: budget.clone(), line: name.line },
        None => name.clone(),
    };
    lines.iter().map(new).collect()
}

fn retag(terms: &Terms, renamed: &BTreeMap<Name, Name>, tag: &Tag, what: What) -> Arc<Tag> {
    let known: Vec<Name> = tag.rules.iter().filter(|rule| terms.rules.contains_key(*rule)).cloned().collect();
    let mut charged = rename(renamed, &tag.charged);
    charged.retain(|name| terms.lines.contains_key(name));
    if !known.is_empty() {
        charged.extend(terms.scope(&known, what));
    }
    Arc::new(Tag { rules: tag.rules.clone(), charged, over: rename(renamed, &tag.over) })
}
