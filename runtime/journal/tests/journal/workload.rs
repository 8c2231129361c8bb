//! What a seed does with a journal, and what must be there afterwards.

use crate::{random::Random, simulated::Simulated};
use agentpol_journal::{Damage, Head, Journal, OpenError, Wrong};

/// What was done so far, as the one who did it knows it.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// In order.
    pub(crate) appended: Vec<String>,
    /// So many of them were confirmed.
    pub(crate) confirmed: usize,
}

impl History {
    fn anchor(&self) -> Head {
        self.appended[..self.confirmed].iter().fold(Head::empty(), |head, entry| head.then(entry.as_bytes()))
    }

    /// Opens what is left, and holds it against what must be there. Then all of it is confirmed.
    pub(crate) fn reopen(&mut self, disk: &Simulated) -> Result<Journal<Simulated>, OpenError> {
        let mut entries = vec![];
        let journal =
            Journal::open(disk.clone(), Some(self.anchor()), |entry| entries.push(entry.to_owned()))?;
        assert!(entries.len() >= self.confirmed, "{} of {} are there", entries.len(), self.confirmed);
        assert!(entries.len() <= self.appended.len(), "something is there that was never written");
        assert_eq!(entries, self.appended[..entries.len()]);
        assert_eq!(journal.head().count, entries.len() as u64);
        self.appended.truncate(entries.len());
        self.confirmed = entries.len();
        Ok(journal)
    }

    /// Appends and waits as a few callers would. Ends at the first error.
    pub(crate) fn work(&mut self, journal: &Journal<Simulated>, random: &mut Random) -> Result<(), ()> {
        let mut tickets = vec![];
        for _ in 0..random.below(12) + 1 {
            for _ in 0..random.below(4) + 1 {
                let entry = entry(random);
                tickets.push(journal.append(&entry).map_err(drop)?);
                self.appended.push(entry);
            }
            let ticket = tickets.swap_remove(random.below(tickets.len()));
            journal.wait(ticket).map_err(drop)?;
            self.confirmed = self.confirmed.max(usize::try_from(ticket.entry()).unwrap());
            assert!(journal.head().count >= ticket.entry());
        }
        Ok(())
    }

    /// A whole life on an empty disk: begun, worked with, closed and opened, up to the first error.
    pub(crate) fn live(&mut self, disk: &Simulated, random: &mut Random) -> Result<(), ()> {
        let mut journal = Journal::create(disk.clone()).map_err(drop)?;
        for _ in 0..random.below(3) {
            self.work(&journal, random)?;
            let all = journal.close().map_err(drop)?;
            self.confirmed = self.appended.len();
            assert_eq!(all, self.anchor());
            assert!(!disk.shown().contains(&0), "a closed journal is nothing but text");
            journal = self.reopen(disk).map_err(drop)?;
        }
        self.work(&journal, random)
    }
}

/// Opens as a person would who mends the one byte that a refusal names. Such a byte is missing only if every other one is there.
pub(crate) fn reopen_mending(
    history: &mut History,
    disk: &Simulated,
) -> Result<(Journal<Simulated>, usize), OpenError> {
    let mut disk = disk.clone();
    for mended in 0..8 {
        match history.reopen(&disk) {
            Err(OpenError::Damaged(Damage { at, wrong: Wrong::Byte(right), .. })) => {
                let mut bytes = disk.shown();
                let byte = &mut bytes[usize::try_from(at).unwrap()];
                assert_eq!(*byte, 0);
                *byte = right;
                disk = Simulated::holding(bytes);
            }
            result => return result.map(|journal| (journal, mended)),
        }
    }
    panic!("eight bytes to mend");
}

/// Any length, often one that ends at a sector, and any characters, often those that a flipped bit or a reader may mistake.
pub(crate) fn entry(random: &mut Random) -> String {
    const LINE: usize = 66;
    let len = match random.below(8) {
        0 => 0,
        1..=4 => random.below(300),
        5 => 512 * (random.below(3) + 1) - LINE - random.below(4),
        6 => 512 - LINE - 1 + random.below(3),
        _ => random.below(3_000),
    };
    let alphabet: &[&str] = match random.below(4) {
        0 => &[" ", "@", "Ā", "À"],
        1 => &["0", "9", "a", "f", " "],
        2 => &["{\"spent\": 250}", ")", "I", "é", "𝄞"],
        _ => &["x", "y", "z", "\u{2028}", "/"],
    };
    let mut text = String::new();
    while text.len() < len {
        text.push_str(random.pick(alphabet));
    }
    while text.len() > len {
        text.pop();
    }
    text
}
