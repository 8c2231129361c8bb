//! What a journal asks of a disk, and a file as one.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// All that a journal does to its file. One caller at a time, so nothing here needs to be atomic.
pub trait Disk: Send {
    /// Bytes in the file.
    ///
    /// # Errors
    /// The disk's.
    fn len(&mut self) -> io::Result<u64>;

    /// Whether the file has no bytes.
    ///
    /// # Errors
    /// The disk's.
    fn is_empty(&mut self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Reads from `at` on: at least one byte unless the file ends there.
    ///
    /// # Errors
    /// The disk's.
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> io::Result<usize>;

    /// Writes all of `bytes` from `at` on.
    ///
    /// # Errors
    /// The disk's; then any part of it may have been written.
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file, or makes it longer with zeros.
    ///
    /// # Errors
    /// The disk's.
    fn set_len(&mut self, len: u64) -> io::Result<()>;

    /// What was written survives a loss of power from here on.
    ///
    /// # Errors
    /// The disk's; then nothing is known of what was written since the last time.
    fn sync_data(&mut self) -> io::Result<()>;

    /// The same, with the file's length and its name.
    ///
    /// # Errors
    /// The disk's, as of [`Disk::sync_data`].
    fn sync_all(&mut self) -> io::Result<()>;
}

/// A file that this process alone has open as a journal: it is locked as long as this lives.
#[derive(Debug)]
pub struct FileDisk {
    file: File,
    folder: PathBuf,
}

impl FileDisk {
    /// Makes a new file, which only its owner may read or write, and locks it.
    ///
    /// # Errors
    /// The file exists, or the system's.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Self::locked(&options, path)
    }

    /// Opens a file that exists, and locks it. A log that has gone is not begun anew without anybody noticing.
    ///
    /// # Errors
    /// Another process has it open as a journal ([`io::ErrorKind::WouldBlock`]), or the system's.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::locked(OpenOptions::new().read(true).write(true), path)
    }

    fn locked(options: &OpenOptions, path: &Path) -> io::Result<Self> {
        let file = options.open(path)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => io::Error::new(
                io::ErrorKind::WouldBlock,
                format!("another process has {} open as its journal", path.display()),
            ),
            TryLockError::Error(error) => error,
        })?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        Ok(Self { file, folder })
    }
}

impl Disk for FileDisk {
    fn len(&mut self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read_at(&mut self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        self.file.seek(SeekFrom::Start(at))?;
        loop {
            match self.file.read(into) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(at))?;
        self.file.write_all(bytes)
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn sync_all(&mut self) -> io::Result<()> {
        self.file.sync_all()?;
        // A name is the folder's. Only Unix opens folders as files; elsewhere the file system's own journal has to do.
        #[cfg(unix)]
        File::open(&self.folder)?.sync_all()?;
        #[cfg(not(unix))]
        let _ = &self.folder;
        Ok(())
    }
}

/// A disk read from its beginning to its end.
pub(crate) struct InOrder<'a, D> {
    disk: &'a mut D,
    at: u64,
}

impl<'a, D: Disk> InOrder<'a, D> {
    pub(crate) fn new(disk: &'a mut D) -> Self {
        Self { disk, at: 0 }
    }
}

impl<D: Disk> Read for InOrder<'_, D> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.disk.read_at(self.at, into)?;
        self.at = self.at.saturating_add(read as u64);
        Ok(read)
    }
}
