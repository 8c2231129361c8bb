//! One named test for each chapter of the reference and each example policy.

use std::{env, fmt::Write as _, fs, io, path::Path};

fn main() -> io::Result<()> {
    let mut tests = String::new();
    for name in names("cases", |path| path.is_dir())? {
        writeln!(tests, "#[test]\nfn chapter_{name}() {{\n    crate::chapter(\"{name}\");\n}}")
            .map_err(io::Error::other)?;
    }
    for name in names("examples", |path| path.extension().is_some_and(|e| e == "agentpol"))? {
        let name = name.trim_end_matches(".agentpol");
        let function = name.replace('-', "_");
        writeln!(tests, "#[test]\nfn example_{function}() {{\n    crate::example(\"{name}\");\n}}")
            .map_err(io::Error::other)?;
    }
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join("cases.rs"), tests)
}

/// The entries of a folder that pass, sorted.
fn names(folder: &str, wanted: impl Fn(&Path) -> bool) -> io::Result<Vec<String>> {
    println!("cargo::rerun-if-changed={folder}");
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if wanted(&path) {
            names.extend(path.file_name().and_then(|name| name.to_str()).map(str::to_owned));
        }
    }
    names.sort_unstable();
    Ok(names)
}
