//! A request as text again: what a log keeps, so that what was decided can be decided once more.

use super::OwnedRequest;
use crate::{
    refusal::Id,
    transaction::{Draft, Fee},
};
use core::fmt::Write as _;
use std::sync::Arc;

/// The text that a request was read from. It says nothing that the rest does not, so two requests are the same whatever theirs was.
#[derive(Clone, Debug)]
pub(super) struct Source(Arc<str>);

impl PartialEq for Source {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Source {}

impl Source {
    pub(super) fn new(text: &str) -> Self {
        Self(text.into())
    }
}

impl OwnedRequest {
    /// The request as one line of JSON that [`read`](super::read) reads as this request: a transaction as it was completed,
    /// anything else as it was given. `None` if it is no transaction and was not read from text.
    pub fn to_json(&self) -> Option<String> {
        match (self.draft(), &self.source) {
            (Some(draft), _) if !self.signed => Some(self.transaction(draft)),
            (_, Some(Source(text))) => Some(on_one_line(text)),
            _ => None,
        }
    }

    fn transaction(&self, draft: &Draft) -> String {
        let mut fields: Vec<String> = Vec::new();
        let mut put =
            |name: &str, value: &dyn core::fmt::Display| fields.push(format!(r#""{name}":"{value}""#));
        if let Some(from) = self.from {
            put("from", &from);
        }
        if let Some(to) = draft.to {
            put("to", &to);
        }
        put("value", &format_args!("{:#x}", draft.value));
        if !draft.data.is_empty() {
            put("input", &alloy_primitives::hex::encode_prefixed(&draft.data));
        }
        let mut number = |name, n: Option<u128>| {
            if let Some(n) = n {
                put(name, &format_args!("{n:#x}"));
            }
        };
        number("nonce", draft.nonce.map(u128::from));
        number("gas", draft.gas_limit.map(u128::from));
        match draft.fee {
            Fee::Legacy { gas_price } | Fee::AccessList { gas_price } => number("gasPrice", gas_price),
            Fee::Dynamic { max_fee_per_gas, max_priority_fee_per_gas } => {
                number("maxFeePerGas", max_fee_per_gas);
                number("maxPriorityFeePerGas", max_priority_fee_per_gas);
            }
        }
        let kind = match draft.fee {
            Fee::Legacy { .. } => 0,
            Fee::AccessList { .. } => 1,
            Fee::Dynamic { .. } => 2,
        };
        put("type", &format_args!("{kind:#x}"));
        if !draft.access_list.is_empty() {
            let entries = draft.access_list.iter().map(|item| {
                let keys: Vec<String> = item.storage_keys.iter().map(|key| format!("\"{key}\"")).collect();
                format!(r#"{{"address":"{}","storageKeys":[{}]}}"#, item.address, keys.join(","))
            });
            fields.push(format!(r#""accessList":[{}]"#, entries.collect::<Vec<_>>().join(",")));
        }
        let mut out = String::from("{");
        if let Some(id) = self.id.as_ref().map(Id::to_json) {
            let _ = write!(out, r#""id":{id},"#);
        }
        let _ = write!(
            out,
            r#""chainId":{},"request":{{"method":"eth_sendTransaction","params":[{{{}}}]}}}}"#,
            draft.chain,
            fields.join(",")
        );
        out
    }
}

/// Without the space between its tokens. The text is JSON, so there is none but space outside of strings, and no line ends inside.
fn on_one_line(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let keep = |c: &char| {
        let keep = in_string || !c.is_ascii_whitespace();
        match (*c, in_string, escaped) {
            ('"', true, true) | ('\\', true, true) => escaped = false,
            ('\\', true, false) => escaped = true,
            ('"', _, false) => in_string = !in_string,
            _ => escaped = false,
        }
        keep
    };
    json.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::on_one_line;

    #[test]
    fn only_the_space_between_tokens_goes() {
        let text = "{ \"a b\" :\t[ 1 ,\r\n \"c\\\" d\\\\\" , \"e f\" ] }\n";
        assert_eq!(on_one_line(text), r#"{"a b":[1,"c\" d\\","e f"]}"#);
    }
}
