//! The chapters of the reference: `tests/cases/<chapter>/spec.md`, each of them documentation and test at once.
//!
//! A chapter is prose with fenced blocks:
//!
//! | block | is |
//! | --- | --- |
//! | ` ```agentpol ` | a whole policy. `// error[AP0101]` (or `warning`, `note`) at a line's end says what the compiler must say about that line; nothing else may be said. Its own `test` blocks must pass |
//! | ` ```agentpol check ` | the same, analysed as well: what `agentpol check` says of it |
//! | ` ```requests ` | one request a line, as `agentpol decide` reads them, each followed by `=> allow RULE`, `=> ask RULE` or `=> deny CODE`. They are judged by the policy above, in order, with one ledger |
//!
//! Other blocks are prose.

use std::{fs, io, path::PathBuf};

/// The chapters in the order of the reference. A chapter that is missing here fails a test.
pub const CHAPTERS: &[&str] = &[
    "policy",
    "rules",
    "guards",
    "money",
    "rates",
    "definitions",
    "collections",
    "arrays",
    "bytes",
    "params",
    "budgets",
    "holds",
    "value",
    "fees",
    "asks",
    "deny",
    "overlap",
    "extends",
    "findings",
    "bounds",
    "typed_data",
    "signed_authority",
    "messages",
    "kinds",
    "wrappers",
    "accept",
    "refusals",
    "library",
    "library_swaps",
    "library_lending",
    "library_accounts",
    "world",
    "interfaces",
    "json_abi",
    "adding",
    "calldata",
    "requests",
    "raw_transactions",
    "tests",
    "formatting",
    "gaps",
];

/// The wallet that the chapters' requests are for.
pub const WALLET: &str = "0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// Where a chapter's files are.
pub fn folder(chapter: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("cases").join(chapter)
}

/// A chapter's text.
pub fn read(chapter: &str) -> io::Result<String> {
    fs::read_to_string(folder(chapter).join("spec.md"))
}

/// A fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The word behind the fence.
    pub kind: String,
    /// What stands between the fences.
    pub text: String,
    /// The line of the file at which `text` begins, from 1.
    pub line: usize,
}

/// The fenced blocks of a chapter.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (n, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(kind)) => {
                open = Some(Block { kind: kind.to_owned(), text: String::new(), line: n + 2 })
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// What a policy's line must be told: severity, code, line from 1.
pub type Expected = (String, String, usize);

/// The expectations written into a policy.
pub fn expectations(policy: &str) -> Vec<Expected> {
    let mut all = Vec::new();
    for (n, line) in policy.lines().enumerate() {
        let Some((_, comment)) = line.rsplit_once("// ") else { continue };
        for word in comment.split(' ') {
            let Some((severity, code)) = word.strip_suffix(']').and_then(|w| w.split_once('[')) else {
                continue;
            };
            if ["error", "warning", "note"].contains(&severity) {
                all.push((severity.to_owned(), code.to_owned(), n + 1));
            }
        }
    }
    all.sort();
    all
}

/// A request with the decision it must get: `allow pay`, `deny no_rule`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The request, one line of JSON.
    pub request: String,
    /// The decision as written.
    pub decision: String,
    /// Where the request stands, from 1, within the block.
    pub line: usize,
}

/// The steps of a `requests` block; an error is a line that is neither.
pub fn steps(block: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut request = None;
    for (n, line) in block.lines().enumerate() {
        match (line.strip_prefix("=> "), request.take()) {
            (Some(decision), Some((request, line))) => {
                steps.push(Step { request, decision: decision.to_owned(), line });
            }
            (None, None) => request = Some((line.to_owned(), n + 1)),
            _ => return Err(format!("line {}: requests and decisions take turns", n + 1)),
        }
    }
    match request {
        None => Ok(steps),
        Some((_, line)) => Err(format!("line {line}: a request without a decision")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_know_their_lines() {
        let found = blocks("# T\n\n```agentpol\na\nb\n```\ntext\n```requests\n{}\n=> deny\n```\n");
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].kind.as_str(), found[0].text.as_str(), found[0].line),
            ("agentpol", "a\nb\n", 4)
        );
        assert_eq!(found[1].line, 9);
    }

    #[test]
    fn expectations_stand_at_line_ends() {
        let text =
            "x\ny // error[AP0101]\nz // a comment, no expectation\nw // warning[AP0302] error[AP0303]\n";
        let line = |severity: &str, code: &str, line| (severity.to_owned(), code.to_owned(), line);
        assert_eq!(
            expectations(text),
            [line("error", "AP0101", 2), line("error", "AP0303", 4), line("warning", "AP0302", 4)]
        );
    }

    #[test]
    fn requests_and_decisions_take_turns() {
        let found = steps("{1}\n=> allow pay\n{2}\n=> deny no_rule\n").unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[1].request.as_str(), found[1].decision.as_str(), found[1].line),
            ("{2}", "deny no_rule", 3)
        );
        assert!(steps("{1}\n{2}\n").is_err());
        assert!(steps("{1}\n").is_err());
        assert!(steps("=> deny\n").is_err());
    }

    #[test]
    fn the_list_of_chapters_is_complete() {
        let mut listed = CHAPTERS.to_vec();
        listed.sort_unstable();
        let mut found: Vec<String> = fs::read_dir(folder(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| folder(name).is_dir())
            .collect();
        found.sort_unstable();
        assert_eq!(listed, found);
    }
}
