//! Authority that is final on chain, in layers: what a use, an end, a revocation makes of them.

use super::{
    policy::{Name, What},
    request::Key,
    state::{Layer, State, Tag},
    total::Total,
};
use agentpol_model::{Time, U256};
use std::{collections::BTreeSet, sync::Arc};

impl State {
    /// Authority used becomes spend: once in each line that held it or is charged for the pull. Of what had not ended by then,
    /// what ends soonest counts as used first: whichever it really was, at any later time no more is left than is held. Returns
    /// how much found a layer; the rest is not converted.
    pub(super) fn convert(&mut self, key: Key, amount: U256, at: Time, puller: Option<&Tag>) -> U256 {
        let nobody = Tag::default();
        let puller = puller.unwrap_or(&nobody);
        let (mut left, mut keep) = (amount, Vec::new());
        for mut layer in self.layers.remove(&key).unwrap_or_default() {
            let n = if layer.lasts(at) { left.min(layer.amount) } else { U256::ZERO };
            left = left.saturating_sub(n);
            if n != U256::ZERO {
                let tag = if puller.rules.is_empty() { layer.tag.clone() } else { both(&layer.tag, puller) };
                self.spend(at, What::Gross(key.asset), n, tag);
            }
            layer.amount = layer.amount.saturating_sub(n);
            if layer.amount != U256::ZERO {
                keep.push(layer);
            }
        }
        self.put_layers(key, keep);
        amount.saturating_sub(left)
    }

    /// Authority that ends was used at the last moment, unless complete logs say that it was not.
    pub(super) fn end_layers(&mut self, key: Key, at: Time, used: bool, ends: impl Fn(&Layer) -> bool) {
        let mut keep = Vec::new();
        for layer in self.layers.remove(&key).unwrap_or_default() {
            if !ends(&layer) {
                keep.push(layer);
            } else if used || !self.complete_logs {
                let last = layer.until.map_or(at, |until| until.min(at));
                self.spend(last, What::Gross(key.asset), layer.amount, layer.tag);
            }
        }
        self.put_layers(key, keep);
    }

    /// `decreaseAllowance` takes from what ends soonest, as every use does, and of that from the newest end: what was used
    /// unseen is the oldest. Nothing is stamped.
    pub(super) fn cut_newest(&mut self, key: Key, mut amount: U256, at: Time) {
        let mut layers = self.layers.remove(&key).unwrap_or_default();
        while amount != U256::ZERO {
            let Some(soonest) = layers.iter().filter(|layer| layer.lasts(at)).map(Layer::end).min() else {
                break;
            };
            let newest = layers.iter_mut().rfind(|layer| layer.end() == soonest);
            let Some(newest) = newest else { break };
            let n = amount.min(newest.amount);
            amount = amount.saturating_sub(n);
            newest.amount = newest.amount.saturating_sub(n);
            layers.retain(|layer| layer.amount != U256::ZERO);
        }
        self.put_layers(key, layers);
    }

    pub(super) fn add_layer(&mut self, key: Key, layer: Layer) {
        let layers = self.layers.entry(key).or_default();
        let place = layers.partition_point(|other| other.end() <= layer.end());
        layers.insert(place, layer);
    }

    fn put_layers(&mut self, key: Key, layers: Vec<Layer>) {
        if !layers.is_empty() {
            self.layers.insert(key, layers);
        }
    }

    /// A finalised transfer out of the wallet by that spender, not part of an action of ours.
    pub(super) fn on_pulled(&mut self, key: Key, amount: U256, at: Time) {
        self.convert(key, amount, at, None);
        self.recount_keys(&BTreeSet::from([key]));
    }

    /// The allowance read at a finalised block: what is missing left at the latest then.
    pub(super) fn on_allowance(&mut self, key: Key, amount: U256, at: Time) {
        let layers = self.layers.get(&key).into_iter().flatten().filter(|layer| layer.lasts(at));
        let have: Total = layers.map(|layer| Total::from(layer.amount)).sum();
        self.convert_total(key, have.less(amount.into()), at);
        self.recount_keys(&BTreeSet::from([key]));
    }

    /// Layers may add up to more than a word.
    fn convert_total(&mut self, key: Key, mut amount: Total, at: Time) {
        while amount != Total::ZERO {
            let converted = self.convert(key, amount.to_word(), at, None);
            if converted == U256::ZERO {
                return;
            }
            amount = amount.less(converted.into());
        }
    }

    /// An allowance found on chain at load: a hold like any other, charged to every line that counts the asset.
    pub(super) fn on_inventory(&mut self, key: Key, amount: U256, until: Option<Time>) {
        let tag = Tag { charged: self.terms.lines_of(key.asset), ..Tag::default() };
        self.add_layer(key, Layer { amount, tag: Arc::new(tag), until, apart: false });
        self.recount_keys(&BTreeSet::from([key]));
    }
}

/// Who pays for authority that one gave and another used. What was approved for the puller alone stays approved.
fn both(layer: &Tag, puller: &Tag) -> Arc<Tag> {
    let rules: Vec<Name> = layer.rules.iter().chain(&puller.rules).cloned().collect();
    let charged = layer.charged.union(&puller.charged).cloned().collect();
    let approved = puller.over.difference(&layer.charged);
    let over = layer.over.iter().chain(approved).cloned().collect();
    Arc::new(Tag { rules, charged, over })
}
