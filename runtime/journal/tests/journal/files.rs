//! Real files: threads, locks, processes that end in the midst of it.

use agentpol_journal::{FileDisk, Head, Journal, OpenError, Ticket, verify};
use std::{
    fs::File,
    io::{BufRead, BufReader, ErrorKind},
    path::Path,
    process::{Command, Stdio},
    sync::Mutex,
    time::Duration,
};

const LOG: &str = "ledger.log";
/// Set for a process that is started to be killed: where its journal is.
const CHILD: &str = "AGENTPOL_JOURNAL_CHILD";

fn create(path: &Path) -> Journal<FileDisk> {
    Journal::create(FileDisk::create(path).unwrap()).unwrap()
}

fn open(path: &Path, anchor: Option<Head>) -> (Journal<FileDisk>, Vec<String>) {
    let mut entries = vec![];
    let journal =
        Journal::open(FileDisk::open(path).unwrap(), anchor, |entry| entries.push(entry.to_owned()));
    (journal.unwrap(), entries)
}

/// Appends under a lock that fixes the order, and waits without it.
fn append(journal: &Journal<FileDisk>, order: &Mutex<Vec<String>>, entry: String) -> Ticket {
    let ticket = {
        let mut order = order.lock().unwrap();
        let ticket = journal.append(&entry).unwrap();
        order.push(entry);
        assert_eq!(ticket.entry(), order.len() as u64);
        ticket
    };
    journal.wait(ticket).unwrap();
    assert!(journal.head().count >= ticket.entry());
    ticket
}

#[test]
fn many_threads_write_one_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(LOG);
    let order = Mutex::new(vec![]);
    let mut journal = create(&path);
    for round in 0..3 {
        std::thread::scope(|scope| {
            for thread in 0..32 {
                let (journal, order) = (&journal, &order);
                scope.spawn(move || {
                    for n in 0..5 {
                        let _ = append(
                            journal,
                            order,
                            format!("{{\"round\":{round},\"thread\":{thread},\"n\":{n}}}"),
                        );
                    }
                });
            }
        });
        // The first time it is closed, the second dropped.
        let head = journal.head();
        assert_eq!(head.count, (round + 1) * 160);
        if round == 0 {
            assert_eq!(journal.close().unwrap(), head);
            assert!(!std::fs::read(&path).unwrap().contains(&0));
        } else {
            drop(journal);
        }
        let (opened, entries) = open(&path, Some(head));
        assert_eq!(entries, *order.lock().unwrap());
        journal = opened;
    }
    let batches = std::fs::read(&path).unwrap().iter().filter(|byte| **byte == b'\t').count();
    assert!(batches < 300, "480 entries shared {batches} batches");
}

#[test]
fn one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(LOG);
    let journal = create(&path);
    for disk in [FileDisk::open(&path), FileDisk::create(&path)] {
        let error = disk.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        assert!(error.to_string().ends_with("ledger.log open as its journal"), "{error}");
    }
    // Reading is always possible.
    journal.wait(journal.append("x").unwrap()).unwrap();
    assert_eq!(verify(File::open(&path).unwrap(), None, |_| ()).unwrap().head, journal.head());
    let status = child(&path).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(!status.success(), "another process has opened it, too");
    drop(journal);
    open(&path, None);
}

#[test]
fn what_has_gone_is_not_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(LOG);
    assert_eq!(FileDisk::open(&path).unwrap_err().kind(), ErrorKind::NotFound);
    create(&path).close().unwrap();
    let error = Journal::create(FileDisk::create(&path).unwrap()).unwrap_err();
    assert!(matches!(error, OpenError::Begun), "{error}");
    File::create(&path).unwrap();
    let error = Journal::open(FileDisk::open(&path).unwrap(), None, |_| ()).unwrap_err();
    assert!(matches!(error, OpenError::Damaged(_)), "{error}");
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(LOG);
    create(&path).close().unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

/// This program once more, to run only [`works_until_it_is_killed`].
fn child(path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "files::works_until_it_is_killed", "--nocapture"]).env(CHILD, path);
    command
}

/// Not a test of its own: the process that [`what_a_killed_process_was_told_is_there`] starts.
#[test]
fn works_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let (journal, entries) = open(Path::new(&path), None);
    let order = Mutex::new(entries);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (journal, order) = (&journal, &order);
            scope.spawn(move || {
                for n in 0.. {
                    let ticket = append(journal, order, format!("{thread}: {n} {}", "x".repeat(n % 600)));
                    println!("confirmed {}", ticket.entry());
                }
            });
        }
    });
}

#[test]
fn what_a_killed_process_was_told_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(LOG);
    create(&path).close().unwrap();
    let mut before: Vec<String> = vec![];
    for kill in 0..12_u64 {
        let mut process = child(&path).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let confirmed = |line: String| line.split("confirmed ").nth(1).map(|n| n.parse::<usize>().unwrap());
        let first = lines.find_map(confirmed).unwrap();
        std::thread::sleep(Duration::from_micros(kill * kill * 171));
        process.kill().unwrap();
        // A last line may be cut short, too: it names fewer, never more.
        let most = lines.filter_map(confirmed).max().unwrap_or(first);
        process.wait().unwrap();
        let (journal, entries) = open(&path, None);
        assert!(entries.len() >= most.max(before.len() + 1), "{} of {most}", entries.len());
        assert_eq!(entries[..before.len()], before);
        drop(journal);
        before = entries;
    }
}
