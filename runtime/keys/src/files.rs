//! Files that nobody but their owner may read. Permissions are those of the open file, so that it cannot be exchanged in between.
//! Where the system has no such permissions (Windows) they are the user's business.

use crate::KeyError;
use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read as _, Write as _},
    path::Path,
};
use zeroize::Zeroizing;

/// Makes the directory if it is not there; it must be its owner's alone.
pub(crate) fn make_private_directory(path: &Path) -> Result<(), KeyError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|e| KeyError::io("make the directory", path, &e))?;
    check_private_directory(path).map(|_| ())
}

/// Is there such a directory, and is it its owner's alone?
pub(crate) fn check_private_directory(path: &Path) -> Result<bool, KeyError> {
    let metadata = match fs::metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        other => other.map_err(|e| KeyError::io("read the directory", path, &e))?,
    };
    if !metadata.is_dir() {
        return Err(KeyError::NotADirectory { path: path.to_owned() });
    }
    check_private("directory", path, &metadata)?;
    Ok(true)
}

/// All of a file, if it is its owner's alone. A pipe is read as well: `<(pass show agent)`.
pub fn read_private(path: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let failed = |e: io::Error| KeyError::io("read", path, &e);
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(KeyError::NotAFile { path: path.to_owned() });
    }
    check_private("file", path, &metadata)?;
    // With room for everything at once no copy is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(most.saturating_add(1)));
    file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > most {
        return Err(KeyError::TooLong { path: path.to_owned(), most });
    }
    Ok(bytes)
}

/// Writes a file that is not there yet, down to the disk. If that fails nothing is left of it.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| sync_parent(path));
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}

/// A file is only there for good when its directory is written as well.
fn sync_parent(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(parent) = path.parent() {
        File::open(parent)?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

#[cfg(unix)]
fn check_private(what: &'static str, path: &Path, metadata: &Metadata) -> Result<(), KeyError> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed { what, path: path.to_owned(), mode });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_private(_: &'static str, _: &Path, _: &Metadata) -> Result<(), KeyError> {
    Ok(())
}
