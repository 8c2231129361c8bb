//! A log in memory: the real journal on a disk that is played, and a place where it fails if a test wants one.

use agentpol_journal::{Disk, Head, Journal, OpenError, Ticket};
use agentpol_model::B256;
use agentpol_runtime::{
    gate::Reading,
    history::{Log, LogError, Modules},
};
use core::fmt;
use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

/// A file in memory. What is written is there at once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    pub(crate) fn holding(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(bytes)))
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Disk for Memory {
    fn len(&mut self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().len() as u64)
    }

    fn read_at(&mut self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.0.lock().unwrap();
        let from = bytes.get(at as usize..).unwrap_or_default();
        let read = from.len().min(into.len());
        into[..read].copy_from_slice(&from[..read]);
        Ok(read)
    }

    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.0.lock().unwrap();
        let end = at as usize + bytes.len();
        if file.len() < end {
            file.resize(end, 0);
        }
        file[at as usize..end].copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.0.lock().unwrap().resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn sync_all(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is there of the call that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failing {
    /// Nothing.
    Before,
    /// All of it: only the answer is lost.
    After,
}

/// The modules that were kept, which a restored copy of the log still has.
pub(crate) type Kept = Arc<Mutex<BTreeMap<B256, Vec<u8>>>>;

/// A log.
pub(crate) struct Paper {
    journal: Journal<Memory>,
    disk: Memory,
    modules: Kept,
    calls: AtomicU64,
    /// From this call on, counted from 0, everything fails.
    fails: Option<(u64, Failing)>,
    appended: AtomicU64,
}

impl fmt::Debug for Paper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Paper").finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Shelf(Kept);

impl Paper {
    pub(crate) fn new(fails: Option<(u64, Failing)>) -> Self {
        let disk = Memory::default();
        let journal = Journal::create(disk.clone()).unwrap();
        Self { journal, disk, modules: Kept::default(), calls: 0.into(), fails, appended: 0.into() }
    }

    /// Opens a copy of a log, and reads it into `reading`.
    pub(crate) fn open(
        bytes: Vec<u8>,
        modules: &Kept,
        anchor: Option<Head>,
        reading: &mut Reading,
    ) -> Result<Self, OpenError> {
        let disk = Memory::holding(bytes);
        let journal = Journal::open(disk.clone(), anchor, |entry| reading.push(entry))?;
        let appended = journal.head().count.into();
        Ok(Self { journal, disk, modules: modules.clone(), calls: 0.into(), fails: None, appended })
    }

    /// The modules, for whoever reads a copy.
    pub(crate) fn shelf(modules: &Kept) -> Arc<dyn Modules> {
        Arc::new(Shelf(modules.clone()))
    }

    pub(crate) fn kept(&self) -> &Kept {
        &self.modules
    }

    /// What is on the disk, and how far it goes.
    pub(crate) fn copy(&self) -> (Vec<u8>, Head) {
        (self.disk.bytes(), self.journal.head())
    }

    /// Entries so far, durable or not.
    pub(crate) fn entries(&self) -> u64 {
        self.appended.load(Ordering::Relaxed)
    }

    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Makes everything durable.
    pub(crate) fn flush(&self) {
        self.journal.wait(Ticket::new(self.entries())).unwrap();
    }

    /// Counts the call; does it, unless that is where it fails.
    fn call<T>(&self, does: impl FnOnce() -> Result<T, LogError>) -> Result<T, LogError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        match self.fails {
            Some((at, how)) if call >= at => {
                if call == at && how == Failing::After {
                    does()?;
                }
                Err(LogError("no space left".to_owned()))
            }
            _ => does(),
        }
    }
}

impl Modules for Shelf {
    fn module(&self, hash: B256) -> Result<Vec<u8>, LogError> {
        let kept = self.0.lock().unwrap().get(&hash).cloned();
        kept.ok_or_else(|| LogError("no such module".to_owned()))
    }

    fn keep(&self, hash: B256, bytes: &[u8]) -> Result<(), LogError> {
        self.0.lock().unwrap().insert(hash, bytes.to_vec());
        Ok(())
    }
}

impl Modules for Paper {
    fn module(&self, hash: B256) -> Result<Vec<u8>, LogError> {
        Shelf(self.modules.clone()).module(hash)
    }

    fn keep(&self, hash: B256, bytes: &[u8]) -> Result<(), LogError> {
        self.call(|| Shelf(self.modules.clone()).keep(hash, bytes))
    }
}

impl Log for Paper {
    fn append(&self, entry: &str) -> Result<Ticket, LogError> {
        self.call(|| {
            let ticket = self.journal.append(entry).map_err(|e| LogError(e.to_string()))?;
            self.appended.store(ticket.entry(), Ordering::Relaxed);
            Ok(ticket)
        })
    }

    fn wait(&self, ticket: Ticket) -> Result<(), LogError> {
        self.call(|| self.journal.wait(ticket).map_err(|e| LogError(e.to_string())))
    }
}
