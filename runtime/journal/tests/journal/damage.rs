//! Every bit of a log flipped, every length it may be cut to, and worse: never are fewer entries taken for all of them.

use crate::{
    random::Random,
    simulated::Simulated,
    workload::{History, entry},
};
use agentpol_journal::{Damage, Head, Journal, OpenError, Wrong, limits::SECTOR, verify};

const LOG: usize = 64 << 10;

/// A log as a crash leaves it, between two batches: so many bytes, about a quarter of them space ahead. With it the ends of its
/// batches and the head at each.
struct Log {
    bytes: Vec<u8>,
    batches: Vec<(usize, Head)>,
}

impl Log {
    fn new(len: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        Self::of(len, || {
            let entries = random.below(4) + 1;
            (0..entries).map(|_| entry(&mut random)).collect()
        })
    }

    /// The entries of one batch after the other.
    fn of(len: usize, mut batch: impl FnMut() -> Vec<String>) -> Self {
        let disk = Simulated::default();
        let journal = Journal::create(disk.clone()).unwrap();
        let mut batches = vec![(SECTOR, Head::empty())];
        while batches.last().unwrap().0 < len * 3 / 4 {
            let tickets: Vec<_> = batch().iter().map(|entry| journal.append(entry).unwrap()).collect();
            journal.wait(*tickets.last().unwrap()).unwrap();
            let end = disk.shown().iter().rposition(|byte| *byte != 0).unwrap() + 1;
            batches.push((end, journal.head()));
        }
        let mut bytes = disk.shown();
        bytes.resize(len, 0);
        assert!(batches.last().unwrap().0 < len);
        Self { bytes, batches }
    }

    fn end(&self) -> usize {
        self.batches.last().unwrap().0
    }

    fn head(&self) -> Head {
        self.batches.last().unwrap().1
    }

    /// Refused, or nothing is missing.
    fn hold(&self, bytes: &[u8], what: &str) -> Option<Damage> {
        match verify(bytes, None, |_| ()) {
            Ok(found) => {
                assert_eq!(found.head, self.head(), "{what}");
                None
            }
            Err(OpenError::Damaged(damage)) => Some(damage),
            Err(error) => panic!("{what}: {error}"),
        }
    }
}

/// The log with each of its bits flipped, given to `each` with the byte's place.
fn flips(bytes: &[u8], from: usize, step: usize, mut each: impl FnMut(&[u8], usize)) {
    let mut bytes = bytes.to_vec();
    for at in (from..bytes.len()).step_by(step) {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            each(&bytes, at);
            bytes[at] ^= 1 << bit;
        }
    }
}

/// All 524 288, in four threads.
#[test]
fn every_flipped_bit_is_refused_or_harmless() {
    let log = &Log::new(LOG, 1);
    let counted = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..4).map(|part| scope.spawn(move || flip_part(log, part))).collect();
        parts
            .into_iter()
            .map(|part| part.join().unwrap())
            .fold([0; 3], |sum, part| std::array::from_fn(|i| sum[i] + part[i]))
    });
    let [refused, harmless, named] = counted;
    println!("{refused} refused, {harmless} harmless; of {named} the byte was named");
    assert_eq!(refused + harmless, LOG * 8);
    assert!(refused >= log.end() * 8 - 8, "every one before the end, but in the last blank line");
    assert!(named > 0);
}

fn flip_part(log: &Log, part: usize) -> [usize; 3] {
    let [mut refused, mut harmless, mut named] = [0; 3];
    flips(&log.bytes, part, 4, |bytes, at| {
        let Some(damage) = log.hold(bytes, &format!("byte {at}")) else {
            harmless += 1;
            assert!(at >= log.end() - 1, "a flip of byte {at} goes unnoticed");
            // All of them were read; opening, which writes, is tried with some.
            if harmless % 32 == 0 {
                opens_clean(log, bytes);
            }
            return;
        };
        refused += 1;
        assert!(damage.at <= at as u64, "{damage} (byte {at})");
        match damage.wrong {
            Wrong::Byte(right) => {
                named += 1;
                assert_eq!((damage.at, right), (at as u64, log.bytes[at]));
            }
            // A flip in a hash itself: what is said to be right is what stood there.
            Wrong::Hash(right) if at < usize::try_from(damage.at).unwrap() + 64 => {
                let line = usize::try_from(damage.at).unwrap();
                let hex = Head { count: 0, hash: right }.hex();
                assert_eq!(hex.as_bytes(), &log.bytes[line..line + 64]);
            }
            _ => {}
        }
    });
    [refused, harmless, named]
}

/// What is harmless is gone after opening.
fn opens_clean(log: &Log, bytes: &[u8]) {
    let disk = Simulated::holding(bytes.to_vec());
    let journal = Journal::open(disk.clone(), Some(log.head()), |_| ()).unwrap();
    assert_eq!(journal.head(), log.head());
    assert_eq!(disk.shown(), log.bytes[..log.end()]);
}

/// A crash and a flipped bit together: a torn batch at the end excuses nothing before it.
#[test]
fn a_torn_batch_hides_no_flipped_bit() {
    let log = Log::of(4 << 10, || vec![" @ ".repeat(100), "two".to_owned()]);
    let mut random = Random::new(3);
    let disk = Simulated::holding(log.bytes.clone());
    let journal = Journal::open(disk.clone(), None, |_| ()).unwrap();
    journal.wait(journal.append(&"one more ".repeat(150)).unwrap()).unwrap();
    let full = disk.shown();
    for _ in 0..6 {
        let mut torn = full.clone();
        for sector in torn[log.end()..].chunks_mut(SECTOR) {
            let keep = random.pick(&[0, 0, 1, 100, SECTOR - 2, SECTOR]);
            sector[keep..].fill(0);
        }
        torn[log.end() + 600] = 0;
        torn[log.end() + 601] = 0;
        assert_eq!(verify(&*torn, None, |_| ()).unwrap().head, log.head());
        flips(&torn, 0, 1, |bytes, at| {
            if let Ok(found) = verify(bytes, None, |_| ()) {
                assert!(found.head == log.head(), "byte {at}");
            }
        });
    }
}

/// Two flips: the second may not make the first one look like a torn batch. Bits near each other, and zeros made of spaces.
#[test]
fn two_flipped_bits_lose_nothing_but_by_the_anchor() {
    let log = Log::new(LOG, 4);
    let mut random = Random::new(5);
    let (mut refused, mut lost) = (0, 0);
    for _ in 0..20_000 {
        let mut bytes = log.bytes.clone();
        let at = random.below(log.end());
        let near = (at + random.below(3)).min(LOG - 1);
        let bit = 1 << random.below(8);
        bytes[at] ^= random.pick(&[bytes[at], bit]);
        bytes[near] ^= 1 << random.below(8);
        match verify(&*bytes, None, |_| ()) {
            Err(_) => refused += 1,
            Ok(found) if found.head == log.head() => {}
            Ok(found) => {
                // Only of the last batch, and the anchor knows.
                let (_, before) = log.batches[log.batches.len() - 2];
                assert!(found.head.count >= before.count, "bytes {at} and {near}");
                lost += 1;
                let error = verify(&*bytes, Some(log.head()), |_| ()).unwrap_err();
                assert!(matches!(error, OpenError::Behind { .. }), "{error}");
            }
        }
    }
    println!("{refused} refused, {lost} left to the anchor");
    assert!(refused > 19_000);
}

/// Whatever happens to a batch that another one follows is noticed: sectors gone, swapped, old, or filled with anything.
#[test]
fn ruined_sectors_before_the_last_batch_are_refused() {
    let log = Log::new(LOG, 6);
    let (last, _) = log.batches[log.batches.len() - 2];
    let mut random = Random::new(7);
    for at in (0..last).step_by(SECTOR) {
        for way in 0..6 {
            let mut bytes = log.bytes.clone();
            let until = match way {
                5 => last,
                _ => at + SECTOR,
            };
            match way {
                0 | 5 => bytes[at..until].fill(0),
                1 => bytes[at + random.below(SECTOR)..until].fill(0),
                2 => bytes.copy_within(until..until + SECTOR, at),
                3 => bytes[at..until]
                    .iter_mut()
                    .for_each(|byte| *byte = u8::try_from(random.below(256)).unwrap()),
                _ => bytes[at..until].fill(b'\n'),
            }
            if bytes != log.bytes {
                assert!(log.hold(&bytes, "a sector").is_some(), "way {way} at {at}");
            }
        }
    }
}

/// Cut anywhere. Only behind a batch does a log that was cut look like one, and in the space ahead nothing is missing.
#[test]
fn a_cut_is_refused_or_shown_by_the_anchor() {
    let log = Log::new(16 << 10, 8);
    for len in 0..log.bytes.len() {
        let bytes = &log.bytes[..len];
        let complete = len >= log.end() && len % SECTOR == 0;
        match (verify(bytes, None, |_| ()), log.batches.iter().find(|(end, _)| *end == len)) {
            (Ok(found), _) if complete => assert_eq!(found.head, log.head()),
            (Ok(found), Some((_, head))) => {
                assert_eq!(found.head, *head);
                let error = verify(bytes, Some(log.head()), |_| ()).unwrap_err();
                assert!(matches!(error, OpenError::Behind { .. }), "{error}");
            }
            (result, _) => assert!(matches!(result, Err(OpenError::Damaged(_))), "cut at {len}: {result:?}"),
        }
    }
}

/// The same with zeros in the place of what was cut: what the last batch's loss looks like when it is not torn.
#[test]
fn a_log_emptied_from_any_byte_on_is_refused_or_shown_by_the_anchor() {
    let log = Log::new(16 << 10, 9);
    let mut torn = 0;
    for from in 0..log.end() - 1 {
        let mut bytes = log.bytes.clone();
        bytes[from..].fill(0);
        torn += usize::from(verify(&*bytes, None, |_| ()).is_ok());
        if let Ok(found) = verify(&*bytes, Some(log.head()), |_| ()) {
            assert_eq!(found.head, log.head(), "from {from}: only blank lines are missing");
        }
    }
    assert!(torn > log.end() / 2, "it looks torn: {torn}");
}

/// Older copies of a log, and another log, are intact in themselves.
#[test]
fn an_older_copy_and_another_log_are_refused_by_the_anchor() {
    let disk = Simulated::default();
    let mut history = History::default();
    let mut random = Random::new(11);
    history.live(&disk, &mut random).unwrap();
    let mut copies = vec![];
    for _ in 0..30 {
        let journal = history.reopen(&disk).unwrap();
        copies.push((disk.shown(), journal.head()));
        history.work(&journal, &mut random).unwrap();
        let _ = journal.append("so that it goes on").unwrap();
        history.appended.push("so that it goes on".to_owned());
        let now = journal.close().unwrap();
        history.confirmed = history.appended.len();
        for (copy, then) in &copies {
            Journal::open(Simulated::holding(copy.clone()), Some(*then), |_| ()).unwrap();
            let before = Simulated::holding(copy.clone());
            let error = Journal::open(before.clone(), Some(now), |_| ()).unwrap_err();
            assert!(
                matches!(error, OpenError::Behind { head, anchor } if head == *then && anchor == now),
                "{error}"
            );
            assert_eq!(before.shown(), *copy, "what is refused is left as it is");
            // An earlier state lies on the chain of a later one.
            verify(&*disk.shown(), Some(*then), |_| ()).unwrap();
        }
        let forked = Head { count: now.count, hash: now.then(b"another").hash };
        let error = Journal::open(disk.clone(), Some(forked), |_| ()).unwrap_err();
        assert!(matches!(error, OpenError::Other { .. }), "{error}");
    }
}
