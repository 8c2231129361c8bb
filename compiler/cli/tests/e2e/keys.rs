//! Keys: made, imported, listed; asked for at a terminal; and nobody is shown a secret.

use super::{Run, command, directory, finish};
use std::{
    fs::{self, Permissions},
    io::{Read as _, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// The first account of every development chain.
const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const ADDRESS: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const PASS: &str = "correct horse battery";

/// With a passphrase in a file that only its owner reads.
fn home() -> TempDir {
    let home = directory(&[("passphrase", format!("{PASS}\n").as_bytes())]);
    chmod(&home.path().join("passphrase"), 0o600);
    home
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn keys(home: &TempDir, arguments: &[&str], stdin: &str) -> Run {
    let mut command = command(home.path(), &[&["keys"], arguments].concat());
    command.env("AGENTPOL_KEYSTORE", "store").env("AGENTPOL_PASSPHRASE_FILE", "passphrase");
    let run = finish(command, stdin.as_bytes());
    for secret in [&KEY[..12], "horse"] {
        assert!(!run.all().contains(secret), "{}", run.all());
    }
    run
}

#[test]
fn keys_are_made_imported_and_listed() {
    let home = home();
    let empty = keys(&home, &["list"], "");
    assert_eq!((empty.code, empty.out.as_str()), (0, ""));
    assert!(empty.err.contains("no keys in store"), "{}", empty.err);

    let imported = keys(&home, &["import", "--name", "agent"], &format!("0x{KEY}\n"));
    assert_eq!(imported.out, format!("agent  {ADDRESS}\nfile store/agent\n"), "{}", imported.err);
    let made = keys(&home, &["new", "--format", "json"], "").json().remove(0);
    let own = made["address"].as_str().unwrap();
    assert_eq!((made["name"].as_str(), made["file"].as_str()), (Some(own), Some(&*format!("store/{own}"))));

    let json = keys(&home, &["list", "--format", "json"], "").json().remove(0);
    let listed = serde_json::json!({
        "directory": "store",
        "keys": [{ "name": own, "address": own }, { "name": "agent", "address": ADDRESS }],
    });
    assert_eq!(json, listed);
    let human = keys(&home, &["list"], "");
    assert_eq!(human.out, format!("{own}  {own}\n{:42}  {ADDRESS}\n", "agent"));

    let again = keys(&home, &["import", "--name", "agent"], KEY);
    assert_eq!((again.code, again.out.as_str()), (2, ""));
    assert!(again.err.contains("there is a key `agent` already"), "{}", again.err);

    // One file that others can read is told, and hides no other.
    chmod(&home.path().join("store/agent"), 0o644);
    let exposed = keys(&home, &["list"], "");
    assert_eq!(exposed.code, 1);
    assert!(exposed.out.contains(own) && exposed.out.contains("not used"), "{}", exposed.out);
}

#[test]
fn what_cannot_be_a_key_is_refused_and_not_repeated() {
    let home = home();
    let hex = format!("0x{KEY}");
    for (arguments, stdin, message) in [
        (&["import"][..], "", "not 64 hex digits"),
        (&["import"], &KEY[1..], "not 64 hex digits"),
        (&["import"], &*KEY.repeat(5), "not 64 hex digits"),
        (&["import"], "\u{fffd}", "not 64 hex digits"),
        (&["import"], &"0".repeat(64), "it is zero"),
        (&["import", "--name", KEY], KEY, "it looks like a private key"),
        (&["new", "--name", &hex], "", "it looks like a private key"),
        (&["new", "--name", "../agent"], "", "it does not begin with a letter"),
    ] {
        let run = keys(&home, arguments, stdin);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{message}");
        assert!(run.err.contains(message) && run.err.contains("\nhelp: "), "{message}: {}", run.err);
    }
    assert!(!home.path().join("store").exists(), "nothing was made");
}

#[test]
fn a_passphrase_that_others_can_read_is_refused() {
    let home = home();
    chmod(&home.path().join("passphrase"), 0o644);
    let run = keys(&home, &["new"], "");
    assert_eq!(run.code, 2);
    assert!(run.err.contains("open to others (mode 644)") && run.err.contains("chmod 600"), "{}", run.err);
}

/// A program that must be there to have a terminal, or to have none.
fn found(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        println!("skipped: there is no `{program}`");
    }
    found
}

#[test]
fn without_a_terminal_a_passphrase_needs_a_file() {
    if !found("setsid") {
        return;
    }
    let home = home();
    let mut command = Command::new("setsid");
    command
        .args(["--wait", env!("CARGO_BIN_EXE_agentpol"), "keys", "new", "--keystore", "store"])
        .current_dir(home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let run = finish(command, b"");
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(run.err.contains("no terminal") && run.err.contains("--passphrase-file"), "{}", run.err);
}

/// Answers questions at a terminal, each once it was asked; gives all that the terminal showed.
fn typed(home: &TempDir, arguments: &str, answers: &[(&str, &str)]) -> (bool, String) {
    let mut child = Command::new("script")
        .args(["-qefc", &format!("{} keys {arguments}", env!("CARGO_BIN_EXE_agentpol")), "/dev/null"])
        .current_dir(home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut shown = Vec::new();
    for (question, answer) in answers {
        while !String::from_utf8_lossy(&shown).ends_with(question) {
            let mut byte = [0];
            assert_eq!(stdout.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&shown));
            shown.push(byte[0]);
        }
        // The question is shown a moment before the terminal stops showing what is typed: nobody types that fast.
        std::thread::sleep(std::time::Duration::from_millis(400));
        stdin.write_all(format!("{answer}\n").as_bytes()).unwrap();
    }
    stdout.read_to_end(&mut shown).unwrap();
    let shown = String::from_utf8(shown).unwrap();
    assert!(!shown.contains("horse") && !shown.contains(&KEY[..12]), "{shown}");
    (child.wait().unwrap().success(), shown)
}

#[test]
fn what_is_typed_at_a_terminal_is_not_shown() {
    if !found("script") {
        return;
    }
    let home = home();
    let (first, again) = ("Passphrase for the new key: ", "The same again: ");
    let import = "import --name agent --keystore store";
    let differ =
        typed(&home, import, &[("(64 hex digits): ", KEY), (first, PASS), (again, "correct horse batterx")]);
    assert!(!differ.0 && differ.1.contains("the two passphrases differ"), "{}", differ.1);
    let short = typed(&home, import, &[("(64 hex digits): ", KEY), (first, "horse")]);
    assert!(!short.0 && short.1.contains("fewer than 8 characters"), "{}", short.1);
    assert!(!home.path().join("store").exists(), "nothing was made");
    let done = typed(&home, import, &[("(64 hex digits): ", KEY), (first, PASS), (again, PASS)]);
    assert!(done.0 && done.1.contains(ADDRESS), "{}", done.1);
}
