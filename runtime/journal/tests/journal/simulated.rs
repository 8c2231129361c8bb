//! A disk that keeps apart what reads show and what a loss of power leaves, and can stop or err at any call.

use crate::random::Random;
use agentpol_journal::{Disk, limits::SECTOR};
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard},
};

/// What happens at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The machine or the process stops in the midst of it: this call and all later ones fail.
    Stop,
    /// It fails; of a write so many hundredths are done.
    Fails(usize, io::ErrorKind),
    /// A sync fails, and what was to be written counts as written from then on, though it is not (what Linux does).
    Forgets,
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

#[derive(Clone, Debug, Default)]
struct World {
    /// What survives a loss of power for certain.
    durable: Vec<u8>,
    /// What reads show.
    shown: Vec<u8>,
    /// What lies between the two: any part of it may survive.
    unsynced: Vec<Change>,
    calls: usize,
    fault: Option<(usize, Fault)>,
    stopped: bool,
    syncs: usize,
    lengths: Vec<usize>,
}

/// Shared, so that a test can look at it while a journal has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Simulated(Arc<Mutex<World>>);

/// How unsynced changes survive a loss of power, sector by sector.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tearing {
    Lost,
    Kept,
    /// Each sector wholly or not at all.
    Sectors,
    /// Each sector up to some byte.
    Prefixes,
    /// Of each sector any bytes.
    Bytes,
}

pub(crate) const TEARINGS: [Tearing; 5] =
    [Tearing::Lost, Tearing::Kept, Tearing::Sectors, Tearing::Prefixes, Tearing::Bytes];

impl Simulated {
    pub(crate) fn holding(bytes: Vec<u8>) -> Self {
        let world = World { durable: bytes.clone(), shown: bytes, ..World::default() };
        Self(Arc::new(Mutex::new(world)))
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    /// At the call with this number, counted from 0 and from now.
    pub(crate) fn at(&self, call: usize, fault: Fault) {
        let mut world = self.world();
        world.calls = 0;
        world.fault = Some((call, fault));
    }

    pub(crate) fn calls(&self) -> usize {
        self.world().calls
    }

    pub(crate) fn syncs(&self) -> usize {
        self.world().syncs
    }

    /// Every length that was set.
    pub(crate) fn lengths(&self) -> Vec<usize> {
        self.world().lengths.clone()
    }

    pub(crate) fn shown(&self) -> Vec<u8> {
        self.world().shown.clone()
    }

    /// The process ends, the machine goes on.
    pub(crate) fn killed(&self) -> Self {
        let mut world = self.world().clone();
        (world.fault, world.stopped, world.calls) = (None, false, 0);
        Self(Arc::new(Mutex::new(world)))
    }

    /// The machine loses power.
    pub(crate) fn unpowered(&self, tearing: Tearing, random: &mut Random) -> Self {
        let world = self.world();
        let mut image = world.durable.clone();
        for change in &world.unsynced {
            match change {
                Change::Length(len) if survives(tearing, random) => image.resize(*len, 0),
                Change::Length(_) => {}
                Change::Write(at, bytes) => tear(&mut image, *at, bytes, tearing, random),
            }
        }
        Self::holding(image)
    }

    fn call(&self) -> Result<(MutexGuard<'_, World>, Option<Fault>), io::Error> {
        let mut world = self.world();
        if world.stopped {
            return Err(io::Error::other("stopped"));
        }
        let fault = world.fault.filter(|(at, _)| *at == world.calls).map(|(_, fault)| fault);
        world.calls += 1;
        Ok((world, fault))
    }
}

fn survives(tearing: Tearing, random: &mut Random) -> bool {
    match tearing {
        Tearing::Lost => false,
        Tearing::Kept => true,
        _ => !random.one_in(3),
    }
}

/// Writes what survives of each sector; what lies past the end is not there.
fn tear(image: &mut [u8], at: usize, bytes: &[u8], tearing: Tearing, random: &mut Random) {
    let mut done = 0;
    while done < bytes.len() {
        let from = at + done;
        let piece = (SECTOR - from % SECTOR).min(bytes.len() - done);
        let whole = survives(tearing, random);
        let upto = match tearing {
            Tearing::Prefixes if !whole => random.pick(&[1, piece / 2, piece - 1, random_len(piece)]),
            Tearing::Bytes => piece,
            _ if whole => piece,
            _ => 0,
        };
        // Few bytes missing is the hardest to see.
        let rare = random.pick(&[2, 8, 64, 2_000]);
        for i in 0..upto.min(piece) {
            let there = whole || !matches!(tearing, Tearing::Bytes) || !random.one_in(rare);
            if let Some(byte) = image.get_mut(from + i).filter(|_| there) {
                *byte = bytes[done + i];
            }
        }
        done += piece;
    }
}

/// Some number of bytes that depends on nothing but the piece.
fn random_len(piece: usize) -> usize {
    piece * 7 / 9
}

fn failed(world: &mut World, fault: Fault) -> io::Error {
    match fault {
        Fault::Stop => {
            world.stopped = true;
            io::Error::other("stopped")
        }
        Fault::Fails(_, kind) => io::Error::from(kind),
        Fault::Forgets => io::Error::other("not written"),
    }
}

impl World {
    fn write(&mut self, at: usize, bytes: &[u8]) {
        if self.shown.len() < at + bytes.len() {
            self.resize(at + bytes.len());
        }
        self.shown[at..at + bytes.len()].copy_from_slice(bytes);
        self.unsynced.push(Change::Write(at, bytes.to_vec()));
    }

    fn resize(&mut self, len: usize) {
        self.shown.resize(len, 0);
        self.unsynced.push(Change::Length(len));
    }

    /// Data and length alike: what a sync of data alone leaves out, a journal may not rely on anyway.
    fn sync(&mut self, fault: Option<Fault>) -> io::Result<()> {
        if let Some(fault) = fault {
            if fault == Fault::Forgets {
                self.unsynced.clear();
            }
            return Err(failed(self, fault));
        }
        for change in std::mem::take(&mut self.unsynced) {
            match change {
                Change::Length(len) => self.durable.resize(len, 0),
                Change::Write(at, bytes) => {
                    for (to, from) in self.durable.iter_mut().skip(at).zip(bytes) {
                        *to = from;
                    }
                }
            }
        }
        self.syncs += 1;
        Ok(())
    }
}

impl Disk for Simulated {
    fn len(&mut self) -> io::Result<u64> {
        let (mut world, fault) = self.call()?;
        match fault {
            Some(fault) => Err(failed(&mut world, fault)),
            None => Ok(world.shown.len() as u64),
        }
    }

    fn read_at(&mut self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let (mut world, fault) = self.call()?;
        if let Some(fault) = fault {
            return Err(failed(&mut world, fault));
        }
        let from = world.shown.get(usize::try_from(at).unwrap()..).unwrap_or_default();
        let read = from.len().min(into.len());
        into[..read].copy_from_slice(&from[..read]);
        Ok(read)
    }

    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let (mut world, fault) = self.call()?;
        let done = match fault {
            None | Some(Fault::Stop) => bytes.len(),
            Some(Fault::Fails(hundredths, _)) => bytes.len() * hundredths / 100,
            Some(Fault::Forgets) => 0,
        };
        if done > 0 {
            world.write(usize::try_from(at).unwrap(), &bytes[..done]);
        }
        fault.map_or(Ok(()), |fault| Err(failed(&mut world, fault)))
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        let (mut world, fault) = self.call()?;
        if matches!(fault, None | Some(Fault::Stop)) {
            let len = usize::try_from(len).unwrap();
            world.resize(len);
            world.lengths.push(len);
        }
        fault.map_or(Ok(()), |fault| Err(failed(&mut world, fault)))
    }

    fn sync_data(&mut self) -> io::Result<()> {
        let (mut world, fault) = self.call()?;
        world.sync(fault)
    }

    fn sync_all(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
