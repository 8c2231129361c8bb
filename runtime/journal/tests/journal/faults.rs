//! An error at every call: it is told, everything later is refused, and what was confirmed is there.

use crate::{
    random::Random,
    simulated::{Fault, Simulated, TEARINGS},
    workload::History,
};
use agentpol_journal::{AppendError, Journal, OpenError};
use std::io::ErrorKind;

const FAULTS: [Fault; 6] = [
    Fault::Fails(0, ErrorKind::Other),
    Fault::Fails(0, ErrorKind::StorageFull),
    Fault::Fails(50, ErrorKind::WriteZero),
    Fault::Fails(99, ErrorKind::StorageFull),
    Fault::Fails(100, ErrorKind::Other),
    Fault::Forgets,
];

/// After the first error a journal does nothing any more, whatever is asked of it.
fn poisoned(journal: &Journal<Simulated>, disk: &Simulated) {
    let calls = disk.calls();
    for _ in 0..3 {
        let error = journal.append("after it").unwrap_err();
        assert!(matches!(error, AppendError::Failed(_)), "{error}");
    }
    assert_eq!(disk.calls(), calls, "nothing is tried again");
}

/// Works until the fault strikes; false if it never does.
fn strikes(history: &mut History, disk: &Simulated, random: &mut Random) -> bool {
    let Ok(journal) = history.reopen(disk) else { return true };
    let mut tickets = vec![];
    for _ in 0..6 {
        for _ in 0..3 {
            let entry = crate::workload::entry(random);
            match journal.append(&entry) {
                Ok(ticket) => tickets.push(ticket),
                Err(_) => break,
            }
            history.appended.push(entry);
        }
        let ticket = *tickets.last().unwrap();
        if journal.wait(ticket).is_err() {
            poisoned(&journal, disk);
            // Not even what was durable before.
            assert!(tickets.iter().all(|ticket| journal.wait(*ticket).is_err()));
            assert_eq!(journal.head().count, history.confirmed as u64);
            assert!(journal.close().is_err());
            return true;
        }
        history.confirmed = history.appended.len();
    }
    let closed = journal.close().is_err();
    history.confirmed = history.appended.len();
    closed
}

#[test]
fn an_error_at_any_call_poisons_and_loses_nothing() {
    let mut struck = 0;
    for seed in 0..4 {
        for fault in FAULTS {
            for call in 0.. {
                let mut random = Random::new(seed);
                let (disk, mut history) = (Simulated::default(), History::default());
                history.live(&disk, &mut random).unwrap();
                // The process ended; unconfirmed entries may be there.
                let disk = disk.killed();
                disk.at(call, fault);
                if !strikes(&mut history, &disk, &mut random) && disk.calls() <= call {
                    assert!(call > 20);
                    break;
                }
                struck += 1;
                afterwards(&history, &disk, &mut random);
            }
        }
    }
    println!("{struck} errors");
    assert!(struck > 500);
}

/// The process is started anew, without and with a loss of power, also right after it has opened the journal: what it was
/// shown then stays, although the system shows what it failed to write.
fn afterwards(history: &History, disk: &Simulated, random: &mut Random) {
    for tearing in TEARINGS {
        crate::workload::reopen_mending(&mut history.clone(), &disk.unpowered(tearing, random)).unwrap();
    }
    let (disk, mut history) = (disk.killed(), history.clone());
    drop(crate::workload::reopen_mending(&mut history, &disk).unwrap());
    for tearing in TEARINGS {
        let disk = disk.unpowered(tearing, random);
        let mut history = history.clone();
        let journal = history.reopen(&disk).unwrap();
        history.work(&journal, random).unwrap();
        journal.close().unwrap();
    }
}

/// As above, at the very beginning of a log.
#[test]
fn an_error_at_the_beginning_leaves_something_to_begin_again_or_a_log() {
    for fault in FAULTS {
        for call in 0..8 {
            let disk = Simulated::default();
            disk.at(call, fault);
            let Err(error) = Journal::create(disk.clone()) else { continue };
            assert!(matches!(error, OpenError::Disk(_)), "{error}");
            let mut random = Random::new(call as u64);
            for disk in [disk.killed(), disk.unpowered(random.pick(&TEARINGS), &mut random)] {
                match Journal::create(disk.clone()) {
                    Ok(journal) => journal.wait(journal.append("begun").unwrap()).unwrap(),
                    Err(error) => assert!(matches!(error, OpenError::Begun), "{error}"),
                }
                let opened = Journal::open(disk.clone(), None, |_| ()).unwrap().head();
                let lost = disk.unpowered(TEARINGS[0], &mut random);
                assert_eq!(Journal::open(lost, None, |_| ()).unwrap().head(), opened);
            }
        }
    }
}

#[test]
fn a_failure_says_what_failed_and_that_nothing_follows() {
    let disk = Simulated::default();
    let journal = Journal::create(disk.clone()).unwrap();
    disk.at(0, Fault::Fails(0, ErrorKind::StorageFull));
    let ticket = journal.append("x").unwrap();
    let failure = journal.wait(ticket).unwrap_err();
    assert_eq!(failure.kind(), ErrorKind::StorageFull);
    let text = failure.to_string();
    assert!(text.starts_with("the journal cannot be relied on any more: making the file longer: "), "{text}");
    let other = Journal::create(Simulated::default()).unwrap();
    let text = other.wait(ticket).unwrap_err().to_string();
    assert!(text.ends_with("the entry is not of this journal"), "{text}");
}
