//! Each limit, at it and past it.

use crate::simulated::Simulated;
use agentpol_journal::{
    AppendError, Head, Journal,
    limits::{LEAST_AHEAD, MAX_BATCH, MAX_ENTRY, MOST_AHEAD, SECTOR},
    verify,
};

fn begun() -> (Simulated, Journal<Simulated>) {
    let disk = Simulated::default();
    (disk.clone(), Journal::create(disk).unwrap())
}

#[test]
fn an_entry_of_the_greatest_length_is_taken_and_read() {
    let (disk, journal) = begun();
    journal.wait(journal.append(&"x".repeat(MAX_ENTRY)).unwrap()).unwrap();
    let mut lengths = vec![];
    let found = verify(&*disk.shown(), None, |entry| lengths.push(entry.len())).unwrap();
    assert_eq!((lengths, found.head), (vec![MAX_ENTRY], journal.head()));
}

#[test]
fn a_longer_entry_is_neither_taken_nor_read() {
    let (_, journal) = begun();
    let long = "x".repeat(MAX_ENTRY + 1);
    let error = journal.append(&long).unwrap_err();
    assert!(matches!(error, AppendError::TooLong(len) if len == MAX_ENTRY + 1), "{error}");
    let image = forged(&[&long]);
    let error = verify(&*image, None, |_| ()).unwrap_err().to_string();
    assert_eq!(error, "the journal is damaged at byte 512, entry 1: no line of the journal begins here");
    journal.wait(journal.append("and the next is").unwrap()).unwrap();
}

/// A log with a right chain that this crate does not write, as one batch.
fn forged(entries: &[&str]) -> Vec<u8> {
    let disk = Simulated::default();
    Journal::create(disk.clone()).unwrap().close().unwrap();
    let mut bytes = disk.shown();
    let mut head = Head::empty();
    for entry in entries {
        let separator = if head.count == 0 { '\t' } else { ' ' };
        head = head.then(entry.as_bytes());
        bytes.extend(format!("{}{separator}{entry}\n", head.hex()).into_bytes());
    }
    bytes.resize((bytes.len() / SECTOR + 1) * SECTOR, b'\n');
    bytes
}

#[test]
fn what_is_forged_as_it_is_written_is_read() {
    let image = forged(&["a", "b"]);
    assert_eq!(verify(&*image, None, |_| ()).unwrap().head.count, 2);
}

#[test]
fn control_characters_are_neither_taken_nor_read() {
    let (_, journal) = begun();
    for (entry, at) in [("\n", 0), ("a\tb", 1), ("\0", 0), ("é\u{7f}", 2), ("ab\u{85}", 2), ("\u{1b}[2J", 0)]
    {
        let error = journal.append(entry).unwrap_err();
        assert!(matches!(error, AppendError::Control(found) if found == at), "{entry:?}: {error}");
    }
    for entry in ["é", "\u{a0}", "{\"to\":\"ż\"}", ""] {
        journal.wait(journal.append(entry).unwrap()).unwrap();
    }
    let error = verify(&*forged(&["ab\u{85}"]), None, |_| ()).unwrap_err().to_string();
    assert_eq!(error, "the journal is damaged at byte 512, entry 1: no such entry is ever written");
}

/// Sixteen such entries fill a batch to its last sector.
fn sixteenth() -> String {
    "x".repeat(MAX_BATCH / 16 - 66 - SECTOR / 16)
}

#[test]
fn a_batch_of_the_greatest_length_is_written_at_once() {
    let (disk, journal) = begun();
    let before = disk.syncs();
    let tickets: Vec<_> = (0..16).map(|_| journal.append(&sixteenth()).unwrap()).collect();
    assert_eq!(disk.syncs(), before, "only buffered");
    journal.wait(tickets[15]).unwrap();
    assert_eq!(disk.syncs() - before, 2, "space, and one batch");
    let bytes = disk.shown();
    let tabs = bytes.iter().filter(|byte| **byte == b'\t').count();
    assert_eq!(tabs, 1);
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    assert_eq!(end - SECTOR, MAX_BATCH);
    assert_eq!(verify(&*bytes, None, |_| ()).unwrap().head.count, 16);
}

#[test]
fn a_fuller_batch_is_written_before_more_is_taken() {
    let (disk, journal) = begun();
    for _ in 0..16 {
        let _ = journal.append(&sixteenth()).unwrap();
    }
    assert_eq!(journal.head().count, 0);
    let ticket = journal.append("").unwrap();
    assert_eq!(journal.head().count, 16, "it had to be written");
    journal.wait(ticket).unwrap();
    assert_eq!(verify(&*disk.shown(), None, |_| ()).unwrap().head.count, 17);
}

#[test]
fn a_batch_longer_than_any_is_not_read() {
    let entry = sixteenth();
    let mut entries = vec![&*entry; 16];
    assert_eq!(verify(&*forged(&entries), None, |_| ()).unwrap().head.count, 16);
    entries.extend(["x"; 8]);
    let error = verify(&*forged(&entries), None, |_| ()).unwrap_err().to_string();
    assert!(error.ends_with("no line of the journal begins here"), "{error}");
}

#[test]
fn space_ahead_grows_with_the_log() {
    let (disk, journal) = begun();
    while journal.head().count < 200 {
        for _ in 0..15 {
            let _ = journal.append(&sixteenth()).unwrap();
        }
        journal.wait(journal.append(&sixteenth()).unwrap()).unwrap();
    }
    let ahead: Vec<u64> = disk.lengths().windows(2).map(|pair| (pair[1] - pair[0]) as u64).collect();
    let most = MOST_AHEAD + MAX_BATCH as u64 + SECTOR as u64;
    assert!(ahead.iter().all(|ahead| *ahead <= most), "{ahead:?}");
    assert!(ahead.iter().any(|ahead| *ahead > MOST_AHEAD), "{ahead:?}");
}

#[test]
fn a_short_log_has_little_space_ahead() {
    let (disk, journal) = begun();
    journal.wait(journal.append("").unwrap()).unwrap();
    let least = usize::try_from(LEAST_AHEAD).unwrap();
    assert_eq!(
        disk.lengths(),
        [SECTOR * 3 + least],
        "the header, the batch, what is ahead, and its last sector"
    );
}
