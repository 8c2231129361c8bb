//! `--config FILE`: options in a file, by the names that they have on the command line, so that there is one list of them.

use crate::{input, ui::Failure};
use std::{ffi::OsString, path::Path};

/// Bytes of such a file.
const MAX_BYTES: u64 = 64 * 1024;

/// The command line with what the file says put before it: of what is said twice, the last counts.
pub(crate) fn expand(arguments: Vec<OsString>) -> Result<Vec<OsString>, Failure> {
    let place = command(&arguments);
    let Some(place) = place.filter(|place| arguments.get(*place).is_some_and(|name| name == "serve")) else {
        return Ok(arguments);
    };
    let rest = arguments.get(place..).unwrap_or_default();
    let mut file = None;
    for (n, argument) in rest.iter().enumerate() {
        match argument.to_str() {
            Some("--config") => file = rest.get(n.saturating_add(1)).cloned(),
            Some(text) => file = text.strip_prefix("--config=").map(OsString::from).or(file),
            None => {}
        }
    }
    let Some(file) = file.or_else(|| std::env::var_os("AGENTPOL_CONFIG")) else { return Ok(arguments) };
    let path = Path::new(&file);
    let text = input::text(path, MAX_BYTES)?;
    let options = options(&text).map_err(|why| {
        Failure::new(format!("`{}`: {why}", input::shown(path)))
            .help("a line is `NAME = VALUE`, as `agentpol serve --help` names the options")
    })?;
    let (before, after) = arguments.split_at(place.saturating_add(1));
    Ok(before.iter().cloned().chain(options).chain(after.iter().cloned()).collect())
}

/// Where the subcommand stands: behind the program and what every command takes.
fn command(arguments: &[OsString]) -> Option<usize> {
    let mut before = arguments.iter().enumerate().skip(1);
    while let Some((place, argument)) = before.next() {
        match argument.to_str() {
            Some("--color") => drop(before.next()),
            Some(option) if option.starts_with('-') => {}
            _ => return Some(place),
        }
    }
    None
}

fn options(text: &str) -> Result<Vec<OsString>, String> {
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| e.message().to_owned())?;
    let mut options = Vec::new();
    for (name, value) in table {
        if name == "config" {
            return Err("a file of options names no other".to_owned());
        }
        let values = match value {
            toml::Value::Array(values) => values,
            one => vec![one],
        };
        for value in values {
            match value {
                toml::Value::String(text) => options.push(format!("--{name}={text}").into()),
                toml::Value::Integer(n) => options.push(format!("--{name}={n}").into()),
                toml::Value::Boolean(true) => options.push(format!("--{name}").into()),
                toml::Value::Boolean(false) => {}
                other => return Err(format!("`{name}` cannot be {}", other.type_str())),
            }
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn said(text: &str) -> Vec<String> {
        options(text).unwrap().into_iter().map(|one| one.into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_says_what_the_command_line_would() {
        let text = "policy = \"a b\"\nno-chain = true\nwithout-token = false\npoll = 500\nparam = [\"a=1 USDC\", \"b=2\"]\n";
        let mut said = said(text);
        said.sort();
        assert_eq!(said, ["--no-chain", "--param=a=1 USDC", "--param=b=2", "--policy=a b", "--poll=500"]);
    }

    #[test]
    fn what_is_no_option_is_refused() {
        for wrong in ["policy", "policy = 1.5", "a = { b = 1 }", "config = \"x\"", "poll = 1\npoll = 2"] {
            assert!(options(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_serve_reads_one() {
        let given = |line: &str| -> Vec<OsString> { line.split(' ').map(OsString::from).collect() };
        for line in ["agentpol keys new --name serve --config nowhere", "agentpol --color never", "agentpol"]
        {
            assert_eq!(expand(given(line)).unwrap(), given(line), "{line}");
        }
        for line in ["agentpol serve --config nowhere", "agentpol --color never serve --config=nowhere"] {
            expand(given(line)).unwrap_err();
        }
    }

    /// What is shipped as an example can be used.
    #[test]
    fn the_service_is_one() {
        use clap::Parser as _;
        let unit = include_str!("../service/agentpol.service");
        let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
        let mut line: Vec<OsString> = start.split(' ').map(OsString::from).collect();
        let config = line.iter().position(|one| one == "/etc/agentpol/serve.toml").unwrap();
        line[config] = concat!(env!("CARGO_MANIFEST_DIR"), "/service/serve.toml").into();
        crate::cli::Cli::try_parse_from(expand(line).unwrap()).unwrap();
    }
}
