//! SARIF 2.1.0, for code scanning. Only the parts of the format that a compiler fills.

use crate::{Code, Diagnostic, Place, Severity, Sources, codes};
use serde::Serialize;
use std::collections::BTreeSet;

/// A log with one run.
#[derive(Clone, Debug, Serialize)]
pub struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<SarifResult>,
}

#[derive(Clone, Debug, Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Clone, Debug, Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    name: String,
    short_description: Message,
    help: Help,
    default_configuration: Configuration,
}

#[derive(Clone, Debug, Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Clone, Debug, Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Clone, Debug, Serialize)]
struct Message {
    text: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<SarifFix>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Clone, Debug, Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
    byte_offset: u32,
    byte_length: u32,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifFix {
    description: Message,
    artifact_changes: Vec<Change>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    artifact_location: Artifact,
    replacements: Vec<Replacement>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    inserted_content: Message,
}

/// Everything that was found, each with the sources its places speak of, as one log.
pub fn log(found: &[(&Diagnostic, &Sources)]) -> Log {
    let used: BTreeSet<&str> = found.iter().map(|(d, _)| d.code).collect();
    let rules: Vec<Rule> = codes::ALL.iter().filter(|c| used.contains(c.code)).map(rule).collect();
    let results = found.iter().map(|(d, sources)| result(d, &rules, sources)).collect();
    let driver = Driver { name: "agentpol", version: env!("CARGO_PKG_VERSION"), rules };
    Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results }],
    }
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn message(text: impl Into<String>) -> Message {
    Message { text: text.into() }
}

fn rule(code: &Code) -> Rule {
    Rule {
        id: code.code,
        name: code.name.to_owned(),
        short_description: message(code.title),
        help: Help { text: code.page.to_owned(), markdown: code.page.to_owned() },
        default_configuration: Configuration { level: level(code.severity) },
    }
}

fn result(d: &Diagnostic, rules: &[Rule], sources: &Sources) -> SarifResult {
    let mut text = d.message.clone();
    for line in d.notes.iter().chain(&d.help) {
        text.push('\n');
        text.push_str(line);
    }
    let related = d.labels.iter().map(|l| location(l.place, Some(message(l.message.clone())), sources));
    let fix = |f: &crate::Fix| SarifFix {
        description: message(f.title.clone()),
        artifact_changes: f.edits.iter().map(|(place, text)| change(*place, text, sources)).collect(),
    };
    SarifResult {
        rule_id: d.code,
        rule_index: rules.iter().position(|r| r.id == d.code).unwrap_or_default(),
        level: level(d.severity),
        message: message(text),
        locations: [location(d.primary, None, sources)],
        related_locations: related.collect(),
        fixes: d.fixes.iter().map(fix).collect(),
    }
}

fn change(place: Place, text: &str, sources: &Sources) -> Change {
    Change {
        artifact_location: artifact(place, sources),
        replacements: vec![Replacement {
            deleted_region: region(place, sources),
            inserted_content: message(text),
        }],
    }
}

fn location(place: Place, message: Option<Message>, sources: &Sources) -> Location {
    let physical =
        PhysicalLocation { artifact_location: artifact(place, sources), region: region(place, sources) };
    Location { physical_location: physical, message }
}

fn artifact(place: Place, sources: &Sources) -> Artifact {
    Artifact { uri: uri(sources.name(place.file)) }
}

fn region(place: Place, sources: &Sources) -> Region {
    let (start, end) = sources.positions(place);
    Region {
        start_line: start.line,
        start_column: start.column,
        end_line: end.line,
        end_column: end.column,
        byte_offset: start.byte,
        byte_length: end.byte - start.byte,
    }
}

/// A file's name as a relative or absolute URI: what a URI path may not hold is percent-encoded.
fn uri(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' | b'~' => {
                out.push(char::from(byte))
            }
            b'\\' => out.push('/'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
