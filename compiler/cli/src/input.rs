//! Reading what the user names. Everything that can be wrong with a file has its own words.

use crate::ui::Failure;
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// Bytes of a policy's text at most; what the grammar reads.
pub(crate) const MAX_POLICY_BYTES: u64 = agentpol_grammar::limits::MAX_FILE_BYTES as u64;

/// What standard input is called.
const STDIN: &str = "-";

/// A file's name as people are shown it.
pub(crate) fn shown(path: &Path) -> String {
    if is_stdin(path) { "<stdin>".to_owned() } else { path.display().to_string() }
}

/// Is it standard input?
pub(crate) fn is_stdin(path: &Path) -> bool {
    path == Path::new(STDIN)
}

/// Opens a file, or standard input for `-`.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read>, Failure> {
    if is_stdin(path) {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).map_err(|e| cannot_read(path, &e))?;
    if file.metadata().is_ok_and(|m| m.is_dir()) {
        return Err(Failure::new(format!("`{}` is a directory", path.display())).help("name the files in it"));
    }
    Ok(Box::new(file))
}

/// All bytes of a file, if they are at most so many.
pub(crate) fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| cannot_read(path, &e))?;
    if bytes.len() as u64 > most {
        return Err(Failure::new(format!(
            "`{}` is larger than {most} bytes, the most that is read",
            shown(path)
        ))
        .help("split it, or check that it is the file you meant"));
    }
    Ok(bytes)
}

/// What is said of a file past a limit.
pub(crate) fn too_large(path: &Path, most: u64) -> Failure {
    Failure::new(format!("`{}` is larger than {most} bytes, the most that is read", shown(path)))
        .help("split it, or check that it is the file you meant")
}

/// A file's text.
pub(crate) fn text(path: &Path, most: u64) -> Result<String, Failure> {
    utf8(path, bytes(path, most)?)
}

/// Bytes as text; else the place of the first byte that is none.
pub(crate) fn utf8(path: &Path, bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..at).unwrap_or_default();
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        let byte = error.as_bytes().get(at).copied().unwrap_or_default();
        Failure::new(format!("`{}` is not UTF-8: byte {at} (line {line}) is 0x{byte:02x}", shown(path)))
            .help("save it as UTF-8; if it is no text at all, check that it is the file you meant")
    })
}

fn cannot_read(path: &Path, error: &io::Error) -> Failure {
    let help = match error.kind() {
        io::ErrorKind::NotFound => "check the path; it is relative to the directory you are in",
        io::ErrorKind::PermissionDenied => "it needs read permission",
        _ => "check the path",
    };
    Failure::new(format!("cannot read `{}`: {}", shown(path), reason(error))).help(help)
}

/// An operating system's reason without its number.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
