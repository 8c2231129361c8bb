//! A directory of encrypted keys.

use crate::{
    KeyError, KeyName, MAX_KEYSTORE_BYTES, Passphrase, PrivateKey, files,
    storage::{self, COST, Sealed},
};
use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::Address;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A directory of encrypted keys, one a file, the file's name being the key's.
#[derive(Clone, Debug)]
pub struct Keystore {
    directory: PathBuf,
}

/// A key that was put into a keystore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its name.
    pub name: KeyName,
    /// The account that it signs for.
    pub address: Address,
    /// Where it is.
    pub path: PathBuf,
}

/// A file of a keystore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: KeyName,
    /// The account that it says it signs for (some tools' files do not say), or why it is not used.
    pub address: Result<Option<Address>, KeyError>,
}

impl Keystore {
    /// The keystore in this directory, which need not be there yet.
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn path(&self, name: &KeyName) -> PathBuf {
        self.directory.join(name.as_str())
    }

    /// Could a key of this name be put here? For asking before anybody thinks up a passphrase.
    pub fn vacant(&self, name: &KeyName) -> Result<(), KeyError> {
        let path = self.path(name);
        match files::check_private_directory(&self.directory)? && path.symlink_metadata().is_ok() {
            true => Err(KeyError::Exists { name: name.to_string(), path }),
            false => Ok(()),
        }
    }

    /// Encrypts a key and puts it down, under its address if it has no name. The file is opened again before anybody is told that it is
    /// there: money is sent to an address on the strength of it.
    pub fn put(
        &self,
        name: Option<KeyName>,
        key: &PrivateKey,
        passphrase: &Passphrase,
    ) -> Result<Stored, KeyError> {
        passphrase.check_new()?;
        let address = key.address()?;
        let name = match name {
            Some(name) => name,
            None => address.to_string().parse()?,
        };
        self.vacant(&name)?;
        files::make_private_directory(&self.directory)?;
        let bytes = storage::seal(key, passphrase, COST)?;
        let path = self.path(&name);
        files::write_new(&path, &bytes).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => KeyError::Exists { name: name.to_string(), path: path.clone() },
            _ => KeyError::io("write", &path, &error),
        })?;
        self.open(&name, passphrase)?;
        Ok(Stored { name, address, path })
    }

    /// The signer of a key.
    pub fn open(&self, name: &KeyName, passphrase: &Passphrase) -> Result<PrivateKeySigner, KeyError> {
        self.read(name)?.open(passphrase)?.signer()
    }

    /// The account that a key's file says it signs for, if it does.
    pub fn address(&self, name: &KeyName) -> Result<Option<Address>, KeyError> {
        self.read(name).map(|sealed| sealed.address)
    }

    fn read(&self, name: &KeyName) -> Result<Sealed, KeyError> {
        let path = self.path(name);
        if !files::check_private_directory(&self.directory)? || path.symlink_metadata().is_err() {
            return Err(KeyError::Unknown { name: name.to_string(), path: self.directory.clone() });
        }
        Sealed::read(&files::read_private(&path, MAX_KEYSTORE_BYTES)?)
    }

    /// Everything that could be a key, by name. A directory that is not there has none.
    pub fn list(&self) -> Result<Vec<Listed>, KeyError> {
        if !files::check_private_directory(&self.directory)? {
            return Ok(Vec::new());
        }
        let failed = |e: io::Error| KeyError::io("read the directory", &self.directory, &e);
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.directory).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            // Hidden files, and what editors leave behind, have no names of keys.
            let Some(name) = entry.file_name().to_str().and_then(|name| name.parse::<KeyName>().ok()) else {
                continue;
            };
            if !entry.path().is_dir() {
                all.push(Listed { address: self.address(&name), name });
            }
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }
}
