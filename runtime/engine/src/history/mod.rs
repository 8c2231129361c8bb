//! What a gate has decided, signed and been told, in the order in which it happened: entries in a log, one line of JSON each.
//!
//! A gate's state is the fold of its entries, so whatever keeps the log keeps the caps. Three things are asked of a [`Log`]: entries
//! stay in the order in which they were appended; after [`wait`](Log::wait) has returned, an entry and all before it are there
//! whatever happens; and a log that has once failed never says that it succeeded. No signature, and no answer to a request, leaves
//! a gate before `wait` has returned for its entry.

mod entry;
pub mod folder;

pub use agentpol_journal::{Head, Ticket};
pub use entry::{Bound, Decided, Entry, Known, Revoked, SignedAs, Text};
pub use folder::{Folder, FolderError};

use agentpol_model::B256;
use core::fmt;

/// The log cannot be written. What was appended and not waited for may or may not be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogError(pub String);

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the ledger's log cannot be written: {}", self.0)
    }
}

impl std::error::Error for LogError {}

/// Keeps the modules that entries name.
pub trait Modules: fmt::Debug + Send + Sync {
    /// The bytes of the module of this hash.
    fn module(&self, hash: B256) -> Result<Vec<u8>, LogError>;

    /// Keeps a module, durably. Keeping it twice is keeping it once.
    fn keep(&self, hash: B256, bytes: &[u8]) -> Result<(), LogError>;
}

/// Keeps entries, in order.
pub trait Log: Modules {
    /// Puts an entry behind all others. It need not be durable yet, and nothing may be done that waits for a disk: the gate holds its
    /// lock meanwhile.
    fn append(&self, entry: &str) -> Result<Ticket, LogError>;

    /// Returns when this entry and all before it are durable.
    fn wait(&self, ticket: Ticket) -> Result<(), LogError>;
}
