//! Writes the seeds of every door into `FOLDER/DOOR/`, for the fuzz targets to begin with.

#![allow(clippy::unwrap_used, reason = "a tool of the tests")]

use agentpol_tests::doors::{doors, policies};
use std::{fs, path::PathBuf};

fn main() {
    let Some(folder) = std::env::args().nth(1).map(PathBuf::from) else {
        eprintln!("usage: seeds FOLDER");
        std::process::exit(2);
    };
    for (name, _, seeds) in doors(policies()) {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).unwrap();
        for (n, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(n.to_string()), seed).unwrap();
        }
    }
}
