//! A stop at every call, what a loss of power may leave then, and stops while that is recovered, and again.
//!
//! `AGENTPOL_JOURNAL_IMAGES` says how many images are recovered, `AGENTPOL_JOURNAL_SEED` from which seed on.

use crate::{
    random::Random,
    simulated::{Fault, Simulated, TEARINGS},
    workload::{History, reopen_mending},
};
use agentpol_journal::{Damage, OpenError, Wrong, verify};

const IMAGES: usize = 4_000;

fn setting(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

#[derive(Default)]
struct Counts {
    images: usize,
    stops: usize,
    mended: usize,
    /// By how many stops came before.
    deep: [usize; 3],
}

/// What may be left of a disk that stopped: the process ended, or the machine did.
fn left(disk: &Simulated, random: &mut Random) -> Simulated {
    if random.one_in(6) { disk.killed() } else { disk.unpowered(random.pick(&TEARINGS), random) }
}

/// Recovers an image, with a stop at each call of the recovery first, and at those of the recovery from that.
fn recover(history: &History, image: &Simulated, depth: usize, random: &mut Random, counts: &mut Counts) {
    if depth < 2 {
        let trial = image.killed();
        let _ = reopen_mending(&mut history.clone(), &trial).map(|_| ());
        let calls = trial.calls();
        for call in 0..calls {
            // The third stop at one call of each recovery rather than at all: they are many.
            if depth == 1 && call != random.below(calls) {
                continue;
            }
            let again = image.killed();
            again.at(call, Fault::Stop);
            let mut history = history.clone();
            if history.reopen(&again).is_err() {
                counts.stops += 1;
                let image = left(&again, random);
                recover(&history, &image, depth + 1, random, counts);
            }
        }
    }
    counts.images += 1;
    counts.deep[depth] += 1;
    whole(history.clone(), image, random, counts);
}

fn not_begun(image: &Simulated) -> bool {
    let read = verify(&*image.shown(), None, |_| ());
    matches!(read, Err(OpenError::Damaged(Damage { wrong: Wrong::Header, .. })))
}

/// Everything confirmed is there, also after another loss of power, and the journal goes on.
fn whole(mut history: History, image: &Simulated, random: &mut Random, counts: &mut Counts) {
    if history.confirmed == 0 && not_begun(image) {
        // Nothing was confirmed, not even the beginning: then it is begun again.
        let journal = agentpol_journal::Journal::create(image.clone()).unwrap();
        history.appended.clear();
        drop(journal);
    }
    let (journal, mended) = reopen_mending(&mut history, image).unwrap_or_else(|error| panic!("{error}"));
    counts.mended += mended;
    drop(journal);
    if mended > 0 {
        return; // the mended disk is another one
    }
    let disk = image.unpowered(TEARINGS[0], random);
    assert_eq!(disk.shown(), image.shown(), "opening leaves nothing unsynced");
    let before = history.appended.len();
    let journal = history.reopen(&disk).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(history.appended.len(), before);
    assert_eq!(disk.shown(), image.shown(), "a recovered log is left as it is");
    history.work(&journal, random).unwrap();
    journal.close().unwrap();
    history.confirmed = history.appended.len();
    let disk = disk.unpowered(TEARINGS[0], random);
    let found = verify(&*disk.shown(), None, |_| ()).unwrap();
    assert_eq!((found.torn, found.head.count), (0, history.appended.len() as u64));
}

/// Stops one seed's life at every call.
fn seed(seed: u64, counts: &mut Counts) {
    let disk = Simulated::default();
    History::default().live(&disk, &mut Random::new(seed)).unwrap();
    for call in 0..disk.calls() {
        let disk = Simulated::default();
        disk.at(call, Fault::Stop);
        let mut history = History::default();
        history.live(&disk, &mut Random::new(seed)).unwrap_err();
        counts.stops += 1;
        let mut random = Random::new(seed ^ (call as u64) << 32);
        let image = left(&disk, &mut random);
        recover(&history, &image, 0, &mut random, counts);
    }
}

#[test]
fn nothing_confirmed_is_lost_wherever_it_stops() {
    let images = setting("AGENTPOL_JOURNAL_IMAGES", IMAGES);
    let first = setting("AGENTPOL_JOURNAL_SEED", 0) as u64;
    let mut counts = Counts::default();
    let mut seeds = 0;
    while counts.images < images {
        let at = first + seeds;
        println!("AGENTPOL_JOURNAL_SEED={at}");
        seed(at, &mut counts);
        seeds += 1;
    }
    let [one, two, three] = counts.deep;
    println!(
        "{seeds} seeds, {} stops, {} images: {one} after one stop, {two} after two, {three} after three; {} bytes mended by hand",
        counts.stops, counts.images, counts.mended
    );
    assert!(one > 0 && two > 0 && three > 0);
}

/// A recovery was killed before its zeros were on the disk; the next one saw them, and was cut off in the midst of what it wrote
/// before them.
#[test]
fn zeros_that_are_seen_may_not_be_there() {
    seed(220, &mut Counts::default());
}
