//! Turns every page of `codes/` into a constant, so that a code without its page, or a page without its code, cannot exist.
//!
//! A page is front matter (`code`, `name`, `severity`, `title`, and for syntax errors `syntax`: the kinds it stands for),
//! then prose, then `## Example` and `## Fixed`, each with an `agentpol` block.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    error::Error,
    fmt::Write,
    fs,
    path::Path,
};

type Fallible<T> = Result<T, Box<dyn Error>>;

struct Page {
    path: String,
    fields: BTreeMap<String, String>,
    body: String,
}

fn main() -> Fallible<()> {
    println!("cargo::rerun-if-changed=codes");
    println!("cargo::rerun-if-changed=build.rs");
    let mut paths = Vec::new();
    for entry in fs::read_dir("codes")? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "md") {
            paths.push(path);
        }
    }
    paths.sort();
    let pages = paths.iter().map(|p| read(p)).collect::<Fallible<Vec<_>>>()?;
    let out = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    fs::write(Path::new(&out).join("codes.rs"), generate(&pages)?)?;
    Ok(())
}

/// Reads a page and checks its form.
fn read(path: &Path) -> Fallible<Page> {
    let shown = path.display().to_string();
    let fail = |what: &str| -> Box<dyn Error> { format!("{shown}: {what}").into() };
    let text = fs::read_to_string(path)?;
    let (head, body) = text
        .strip_prefix("---\n")
        .and_then(|t| t.split_once("\n---\n"))
        .ok_or_else(|| fail("expected front matter between two lines of `---`"))?;
    let mut fields = BTreeMap::new();
    for line in head.lines() {
        let (key, value) =
            line.split_once(": ").ok_or_else(|| fail("a line of front matter is `key: value`"))?;
        if !["code", "name", "severity", "title", "syntax"].contains(&key) {
            return Err(fail(&format!("unknown key `{key}`")));
        }
        if fields.insert(key.to_owned(), value.trim().to_owned()).is_some() {
            return Err(fail(&format!("`{key}` stands twice")));
        }
    }
    let get = |key: &str| fields.get(key).ok_or_else(|| fail(&format!("`{key}` is missing")));
    let (code, name) = (get("code")?, get("name")?);
    get("title")?;
    if !["error", "warning", "note"].contains(&get("severity")?.as_str()) {
        return Err(fail("`severity` is error, warning or note"));
    }
    if code.len() != 6 || !code.strip_prefix("AP").is_some_and(|d| d.bytes().all(|b| b.is_ascii_digit())) {
        return Err(fail("`code` is AP and four digits"));
    }
    if !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit()) {
        return Err(fail("`name` is snake_case"));
    }
    if path.file_name().is_none_or(|f| *f != *format!("{code}-{name}.md")) {
        return Err(fail(&format!("the file's name would be {code}-{name}.md")));
    }
    for part in ["\n## Example\n", "\n## Fixed\n"] {
        let rest = body.split_once(part).ok_or_else(|| fail(&format!("`{}` is missing", part.trim())))?.1;
        let rest = rest.split("\n## ").next().unwrap_or_default();
        if !rest.contains("```agentpol\n") {
            return Err(fail(&format!("`{}` has no agentpol block", part.trim())));
        }
    }
    Ok(Page { path: shown, fields, body: body.trim().to_owned() })
}

/// Writes the constants.
fn generate(pages: &[Page]) -> Fallible<String> {
    let mut out = String::new();
    let mut names = String::new();
    let mut syntax = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for page in pages {
        let field = |key: &str| page.fields.get(key).map(String::as_str).unwrap_or_default();
        let (code, name, title) = (field("code"), field("name"), field("title"));
        if !seen.insert(code.to_owned()) || !seen.insert(name.to_owned()) {
            return Err(format!("{}: {code} or {name} is taken", page.path).into());
        }
        let upper = name.to_uppercase();
        let severity = match field("severity") {
            "error" => "Error",
            "warning" => "Warning",
            _ => "Note",
        };
        writeln!(out, "/// {code}: {title}.\npub const {upper}: Code = Code {{")?;
        writeln!(out, "    code: {code:?},\n    name: {name:?},\n    severity: Severity::{severity},")?;
        writeln!(out, "    title: {title:?},\n    page: {:?},\n}};", page.body)?;
        write!(names, "{upper}, ")?;
        for kind in field("syntax").split_whitespace() {
            if syntax.insert(kind.to_owned(), upper.clone()).is_some() {
                return Err(format!("{}: `{kind}` belongs to another page", page.path).into());
            }
        }
    }
    writeln!(out, "/// Every code, in order.\npub const ALL: &[Code] = &[{names}];")?;
    writeln!(out, "/// The code of a kind of syntax error, by the kind's stable name.")?;
    writeln!(out, "pub fn of_syntax(kind: &str) -> Option<Code> {{\n    Some(match kind {{")?;
    for (kind, upper) in &syntax {
        writeln!(out, "        {kind:?} => {upper},")?;
    }
    writeln!(out, "        _ => return None,\n    }})\n}}")?;
    Ok(out)
}
