//! How far a ledger went at least, kept elsewhere: an older copy of it is whole in itself, and only this tells.

use crate::ui::Failure;
use agentpol_runtime::history::{Folder, Head};
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

/// Between two looks at how far it is.
const BETWEEN: Duration = Duration::from_secs(2);

/// A file that says so.
pub(crate) struct Anchor(PathBuf);

impl Anchor {
    pub(crate) fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// What it says; `None` if it says nothing yet.
    pub(crate) fn read(&self) -> Result<Option<Head>, Failure> {
        let text = match fs::read_to_string(&self.0) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(self.failure(&e)),
        };
        let head = text.trim().parse();
        head.map(Some)
            .map_err(|_| self.failure(&"it is not `COUNT:HASH`, as `agentpol ledger verify` says it"))
    }

    /// Says from now on how far this is, until whoever waits for it stops.
    pub(crate) async fn keep(&self, folder: &Folder) {
        let mut said = None;
        loop {
            let head = folder.head();
            if said.as_ref() != Some(&head) {
                match self.write(&head) {
                    Ok(()) => said = Some(head),
                    // What it said before still holds.
                    Err(e) => tracing::error!("the anchor `{}` cannot be written: {e}", self.0.display()),
                }
            }
            tokio::time::sleep(BETWEEN).await;
        }
    }

    /// All of it or nothing.
    pub(crate) fn write(&self, head: &Head) -> io::Result<()> {
        let mut new = self.0.as_os_str().to_owned();
        new.push(".new");
        let mut file = File::create(&new)?;
        writeln!(file, "{head}")?;
        file.sync_all()?;
        fs::rename(&new, &self.0)
    }

    fn failure(&self, e: &dyn std::fmt::Display) -> Failure {
        Failure::new(format!("the anchor `{}`: {e}", self.0.display()))
    }
}
