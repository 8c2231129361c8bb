//! Every code, generated from the pages in `codes/` (one file each: what it means, why it matters, an example, the example
//! put right).

use crate::Severity;

/// A kind of diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code {
    /// `AP0101`: stable.
    pub code: &'static str,
    /// `unknown_name`: stable.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One line.
    pub title: &'static str,
    /// Its page, in Markdown, without the title.
    pub page: &'static str,
}

impl Code {
    /// By its code (`AP0101`) or its name (`unknown_name`), in any case.
    pub fn find(word: &str) -> Option<Code> {
        let same = |a: &str| a.eq_ignore_ascii_case(word);
        ALL.iter().copied().find(|c| same(c.code) || same(c.name))
    }

    /// The `agentpol` block that produces it.
    pub fn example(&self) -> &'static str {
        self.block("\n## Example\n")
    }

    /// The same, put right.
    pub fn fixed(&self) -> &'static str {
        self.block("\n## Fixed\n")
    }

    /// The policy above both, `treasury.agentpol`, where they extend one.
    pub fn parent(&self) -> Option<&'static str> {
        Some(self.block("\n## Parent\n")).filter(|block| !block.is_empty())
    }

    fn block(&self, heading: &str) -> &'static str {
        let rest = self.page.split_once(heading).map(|(_, r)| r).unwrap_or_default();
        let rest = rest.split_once("```agentpol\n").map(|(_, r)| r).unwrap_or_default();
        rest.split_once("```").map(|(b, _)| b).unwrap_or_default()
    }
}

include!(concat!(env!("OUT_DIR"), "/codes.rs"));
