//! A history in a folder: nothing to install, one process at a time.
//!
//! ```text
//! log              what happened: a journal, one line of JSON an entry
//! HASH.agentpolc   each policy that was ever bound, by its hash
//! ```

use super::{Bound, Log, LogError, Modules, Ticket};
use crate::gate::{Gate, NoKey, OpenError, Reading, Replayed};
use agentpol_journal::{FileDisk, Found, Head, Journal};
use agentpol_model::B256;
use alloy::signers::Signer;
use core::fmt;
use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

/// The log's name in the folder.
const LOG: &str = "log";

/// Its name until its first entry is durable.
const NEW: &str = "log.new";

/// Where a history in a folder keeps its entries.
#[derive(Debug)]
pub struct Folder {
    journal: Journal<FileDisk>,
    modules: Arc<ModuleFiles>,
}

/// Where it keeps its modules.
#[derive(Debug)]
pub struct ModuleFiles(PathBuf);

/// Why a folder cannot be opened.
#[derive(Debug)]
pub enum FolderError {
    /// The system says so.
    Io(PathBuf, io::Error),
    /// The log is damaged, or of another history.
    Journal(agentpol_journal::OpenError),
    /// What it says cannot be gone on from.
    Open(Box<OpenError>),
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FolderError::Io(path, e) => write!(f, "{}: {e}", path.display()),
            FolderError::Journal(e) => e.fmt(f),
            FolderError::Open(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for FolderError {}

impl From<agentpol_journal::OpenError> for FolderError {
    fn from(e: agentpol_journal::OpenError) -> Self {
        FolderError::Journal(e)
    }
}

impl From<OpenError> for FolderError {
    fn from(e: OpenError) -> Self {
        FolderError::Open(Box::new(e))
    }
}

impl Folder {
    /// Is there a history in this folder?
    pub fn is_begun(path: &Path) -> bool {
        path.join(LOG).exists()
    }

    /// Begins a history in a folder that has none, and makes the folder if need be.
    pub fn begin<S: Signer>(
        path: &Path,
        bound: Bound,
        module: &[u8],
        signer: S,
    ) -> Result<(Gate<S>, Arc<Self>), FolderError> {
        let at = |e| FolderError::Io(path.to_owned(), e);
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(at)?;
        let disk = FileDisk::create(&fresh(path)?).map_err(at)?;
        let folder = Arc::new(Self { journal: Journal::create(disk)?, modules: ModuleFiles::of(path) });
        let gate = Gate::begin(bound, module, folder.clone(), signer)?;
        // It has its name once there is something in it; whatever has that name already keeps it.
        let name = || {
            fs::hard_link(path.join(NEW), path.join(LOG))?;
            fs::remove_file(path.join(NEW))?;
            #[cfg(unix)]
            File::open(path)?.sync_all()?;
            Ok(())
        };
        name().map_err(at)?;
        Ok((gate, folder))
    }

    /// Goes on with the history in a folder. `anchor`: how far it went at least, as is known elsewhere ([`Folder::head`]), so that an
    /// older copy is not taken for it.
    pub fn open<S: Signer>(
        path: &Path,
        anchor: Option<Head>,
        signer: S,
    ) -> Result<(Gate<S>, Arc<Self>), FolderError> {
        let (reading, folder) = Self::read(path, anchor)?;
        Ok((Gate::open(reading, folder.clone(), signer)?, folder))
    }

    fn read(path: &Path, anchor: Option<Head>) -> Result<(Reading, Arc<Self>), FolderError> {
        let disk = FileDisk::open(&path.join(LOG)).map_err(|e| FolderError::Io(path.join(LOG), e))?;
        let modules = ModuleFiles::of(path);
        let mut reading = Reading::new(modules.clone());
        let journal = Journal::open(disk, anchor, |entry| reading.push(entry))?;
        Ok((reading, Arc::new(Self { journal, modules })))
    }

    /// The same for its owner, while nobody signs: whoever opens it has it alone.
    pub fn without_key(path: &Path) -> Result<Gate<NoKey>, FolderError> {
        let (reading, folder) = Self::read(path, None)?;
        Ok(Gate::without_key(reading, folder)?)
    }

    /// How far it goes: to be kept elsewhere, for when it is opened again.
    pub fn head(&self) -> Head {
        self.journal.head()
    }
}

/// Where to begin a log. What somebody left there who was interrupted in beginning one is nothing that anybody has signed by.
fn fresh(path: &Path) -> Result<PathBuf, FolderError> {
    let new = path.join(NEW);
    let left = match FileDisk::open(&new) {
        Ok(left) => left,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(new),
        Err(e) => return Err(FolderError::Io(new, e)),
    };
    fs::remove_file(&new).map_err(|e| FolderError::Io(new.clone(), e))?;
    drop(left);
    Ok(new)
}

/// Reads the history in a folder, which may be in use: whether it is whole, and each entry.
pub fn verify(path: &Path, anchor: Option<Head>, entry: impl FnMut(&str)) -> Result<Found, FolderError> {
    let log = path.join(LOG);
    let file = File::open(&log).map_err(|e| FolderError::Io(log, e))?;
    Ok(agentpol_journal::verify(file, anchor, entry)?)
}

/// Decides it once more ([`gate::replay`](mod@crate::gate)).
pub fn replay(path: &Path) -> Result<Replayed, FolderError> {
    let mut reading = Reading::again(ModuleFiles::of(path));
    verify(path, None, |entry| reading.push(entry))?;
    Ok(reading.replayed()?)
}

impl ModuleFiles {
    /// Those of a history in this folder.
    pub fn of(folder: &Path) -> Arc<Self> {
        Arc::new(Self(folder.to_owned()))
    }

    fn path(&self, hash: B256) -> PathBuf {
        self.0.join(format!("{hash}.agentpolc"))
    }
}

impl Modules for ModuleFiles {
    fn module(&self, hash: B256) -> Result<Vec<u8>, LogError> {
        let path = self.path(hash);
        let read = || {
            let mut bytes = Vec::new();
            File::open(&path)?
                .take(agentpol_bytecode::limits::MAX_MODULE_BYTES as u64 + 1)
                .read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(|e: io::Error| LogError(format!("{}: {e}", path.display())))
    }

    fn keep(&self, hash: B256, bytes: &[u8]) -> Result<(), LogError> {
        let path = self.path(hash);
        if self.module(hash).is_ok_and(|kept| kept == bytes) {
            return Ok(());
        }
        // Its name is there only when all of it is.
        let new = path.with_extension("new");
        let write = || {
            let mut file = File::create(&new)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            #[cfg(unix)]
            File::open(&self.0)?.sync_all()?;
            Ok(())
        };
        write().map_err(|e: io::Error| LogError(format!("{}: {e}", path.display())))
    }
}

impl Modules for Folder {
    fn module(&self, hash: B256) -> Result<Vec<u8>, LogError> {
        self.modules.module(hash)
    }

    fn keep(&self, hash: B256, bytes: &[u8]) -> Result<(), LogError> {
        self.modules.keep(hash, bytes)
    }
}

impl Log for Folder {
    fn append(&self, entry: &str) -> Result<Ticket, LogError> {
        self.journal.append(entry).map_err(|e| LogError(e.to_string()))
    }

    fn wait(&self, ticket: Ticket) -> Result<(), LogError> {
        self.journal.wait(ticket).map_err(|e| LogError(e.to_string()))
    }
}
