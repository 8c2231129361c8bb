//! Writing files.

use crate::ui::Failure;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Writes a file, all or nothing: one that was cut short is never left behind under its name.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    // A link is followed, not replaced by a file.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut partial = target.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let keep_permissions = || match fs::metadata(&target) {
        Ok(metadata) => fs::set_permissions(&partial, metadata.permissions()),
        Err(_) => Ok(()),
    };
    let written = fs::write(&partial, bytes)
        .and_then(|()| keep_permissions())
        .and_then(|()| fs::rename(&partial, &target));
    written.map_err(|error| {
        // What could not be finished is of no use to anybody.
        let _ = fs::remove_file(&partial);
        Failure::new(format!("cannot write `{}`: {error}", path.display()))
            .help("name a file in a directory that can be written")
    })
}
