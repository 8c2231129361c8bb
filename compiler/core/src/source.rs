//! What the compiler reads.

/// A text with the name that people are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// `policies/dca.agentpol`
    pub name: String,
    /// All of it.
    pub text: String,
}

impl SourceFile {
    /// A text with its name.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }
}

/// Where the files come from that a policy names (`interface Game from "./game.json"`). The compiler itself never touches a
/// file system.
pub trait Loader {
    /// The text of a file, its path relative to the policy's own. The error is one line for a person.
    fn read(&self, path: &str) -> Result<String, String>;
}

/// No files at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl Loader for NoFiles {
    fn read(&self, _: &str) -> Result<String, String> {
        Err("no files can be read here".to_owned())
    }
}
