//! What a log looks like, and that it can be checked without this crate.

use crate::{simulated::Simulated, workload::History};
use agentpol_journal::{HEADER, Head, Journal, limits::SECTOR, verify};

fn closed(batches: &[&[&str]]) -> Vec<u8> {
    let disk = Simulated::default();
    let journal = Journal::create(disk.clone()).unwrap();
    for batch in batches {
        let tickets: Vec<_> = batch.iter().map(|entry| journal.append(entry).unwrap()).collect();
        journal.wait(tickets[tickets.len() - 1]).unwrap();
    }
    journal.close().unwrap();
    disk.shown()
}

#[test]
fn it_is_text_that_explains_itself() {
    assert!(HEADER.len() < SECTOR, "{}", HEADER.len());
    let text = String::from_utf8(closed(&[&["{\"a\":1}", "two"], &["three"]])).unwrap();
    assert!(text.starts_with("agentpol journal 1\n"));
    assert_eq!(text.len(), 3 * SECTOR);
    let lines: Vec<&str> =
        text[SECTOR..].lines().filter(|line| !line.is_empty()).map(|line| &line[64..]).collect();
    assert_eq!(lines, ["\t{\"a\":1}", " two", "\tthree"]);
    assert!(text[2 * SECTOR..].lines().next().unwrap().ends_with("\tthree"), "a batch begins at a sector");
}

/// What the header says, done by hand.
#[test]
fn the_header_says_how_to_check_it() {
    let context = HEADER.split('"').nth(1).unwrap();
    let text = String::from_utf8(closed(&[&["one", "two"], &["three"]])).unwrap();
    let mut before = blake3::derive_key(context, HEADER.as_bytes());
    for line in text[SECTOR..].lines().filter(|line| !line.is_empty()) {
        before = blake3::derive_key(context, &[&before[..], &line.as_bytes()[65..]].concat());
        assert_eq!(blake3::Hash::from_bytes(before).to_hex().as_str(), &line[..64]);
    }
    let found = verify(text.as_bytes(), None, |_| ()).unwrap();
    assert_eq!(found.head, Head { count: 3, hash: before });
}

/// A change of the format is seen here, and needs another version.
#[test]
fn version_1_stays_as_it_is() {
    let head = ["one", "Ünïcödé", ""].iter().fold(Head::empty(), |head, entry| head.then(entry.as_bytes()));
    assert_eq!(
        Head::empty().to_string(),
        "0:758ede464397b2ca61708136ab79e4cd346b63b9fe96481b6a0abac4f15c28b1"
    );
    assert_eq!(head.to_string(), "3:f3b6f72edb09aa8a003b5c3e9d33c6f60ffe097effb98a656a9e9754ab1b77a3");
    let image = blake3::hash(&closed(&[&["one"], &["Ünïcödé", ""]]));
    assert_eq!(image.to_hex().as_str(), "905f50eb4c786ccd186848ad0213386be82a72933064045fb488aa55c841638d");
}

/// A batch whose last line ends at a sector has a whole sector of blank lines, or its end would not be seen.
#[test]
fn a_batch_ends_with_a_blank_line() {
    let fits = "x".repeat(SECTOR - 66);
    let bytes = closed(&[&[&fits]]);
    assert_eq!(bytes.len(), 3 * SECTOR);
    assert!(bytes[2 * SECTOR..].iter().all(|byte| *byte == b'\n'));
    let bytes = closed(&[&[&fits[1..]]]);
    assert_eq!(bytes.len(), 2 * SECTOR);
    assert!(bytes.ends_with(b"x\n\n"));
}

#[test]
fn a_log_is_begun_once() {
    let disk = Simulated::default();
    drop(Journal::create(disk.clone()).unwrap());
    let error = Journal::create(disk.clone()).unwrap_err().to_string();
    assert_eq!(error, "there is something already where a new journal should begin");
    let error = Journal::create(Simulated::holding(vec![0; SECTOR + 1])).unwrap_err().to_string();
    assert!(error.contains("something"), "{error}");
    let error = Journal::create(Simulated::holding(b"notes".to_vec())).unwrap_err().to_string();
    assert!(error.contains("something"), "{error}");
    History::default().reopen(&disk).unwrap();
}

/// An empty or foreign file is not taken for a log without entries: that would be a ledger on which nothing was spent.
#[test]
fn nothing_is_not_a_log() {
    for bytes in [vec![], vec![0; SECTOR], vec![0; 64 * SECTOR], HEADER.as_bytes().to_vec(), b"{}\n".to_vec()]
    {
        let error = Journal::open(Simulated::holding(bytes), None, |_| ()).unwrap_err().to_string();
        assert_eq!(
            error,
            "the journal is damaged at byte 0, entry 1: it does not begin as a journal of version 1"
        );
    }
}

#[test]
fn a_head_is_read_as_it_is_written() {
    let head = Head::empty().then(b"x");
    let text = head.to_string();
    assert_eq!(text.parse(), Ok(head));
    let upper = text.to_uppercase();
    for no in ["", ":", "1", &text[1..], &text[..65], &upper, &format!("0{text}"), &format!("+{text}")] {
        assert!(no.parse::<Head>().is_err(), "{no}");
    }
}
