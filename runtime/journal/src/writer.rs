//! What is written: the beginning, batches, space ahead, and what makes an interrupted log whole.

use crate::{
    disk::Disk,
    error::{Failure, OpenError},
    group::Sink,
    limits::{LEAST_AHEAD, MOST_AHEAD, SECTOR},
    scan::{Found, boundary_past, header},
};

/// Bytes of zeros that are written at once.
const ZEROS: usize = 64 << 10;

/// The end of a log. Everything before `end` is durable.
pub(crate) struct Writer<D> {
    disk: D,
    /// Where the next batch begins.
    end: u64,
    /// The file's length: zeros from `end` on.
    len: u64,
}

impl<D: Disk> Writer<D> {
    pub(crate) fn create(mut disk: D) -> Result<Self, OpenError> {
        let header = header();
        let there = disk.len().map_err(Failure::of("reading"))?;
        let mut begun = vec![0; SECTOR];
        let read = match there {
            0 => 0,
            _ => disk.read_at(0, &mut begun).map_err(Failure::of("reading"))?,
        };
        let ours = begun.iter().take(read).zip(&header).all(|(is, right)| *is == 0 || is == right);
        if there > SECTOR as u64 || !ours || begun == header {
            return Err(OpenError::Begun);
        }
        disk.write_at(0, &header).map_err(Failure::of("writing the header"))?;
        disk.sync_all().map_err(Failure::of("syncing the header"))?;
        Ok(Self { disk, end: SECTOR as u64, len: SECTOR as u64 })
    }

    /// Makes whole what was read. First what is torn becomes zeros, by itself: blank lines before the rest of half a line would
    /// look like damage. Then the last batch is put down *again*, and the file is cut behind it: after a failed sync the system
    /// may show what it has not written and will not write, and that can be this batch, zeros behind it, and the length.
    pub(crate) fn recover(mut disk: D, found: &Found) -> Result<Self, OpenError> {
        let doing = "removing an interrupted write";
        if found.torn > 0 {
            zero(&mut disk, found.blank, found.blank.saturating_add(found.torn))
                .map_err(Failure::of(doing))?;
        }
        // Also where there is nothing to remove: the zeros may be those of a recovery that was killed before they were on the disk.
        disk.sync_data().map_err(Failure::of(doing))?;
        let end = boundary_past(found.lines);
        let size = |to: u64| usize::try_from(to.saturating_sub(found.batch)).unwrap_or(0);
        let mut batch = vec![0; size(found.lines)];
        read_exact(&mut disk, found.batch, &mut batch).map_err(Failure::of("reading"))?;
        batch.resize(size(end), b'\n');
        let doing = "writing the last batch again";
        disk.set_len(end).map_err(Failure::of(doing))?;
        disk.write_at(found.batch, &batch).map_err(Failure::of(doing))?;
        disk.sync_all().map_err(Failure::of(doing))?;
        Ok(Self { disk, end, len: end })
    }

    /// Removes the space ahead.
    pub(crate) fn cut(&mut self) -> Result<(), Failure> {
        self.disk.set_len(self.end).map_err(Failure::of("cutting"))?;
        self.len = self.end;
        self.disk.sync_all().map_err(Failure::of("syncing"))
    }

    /// Makes room for what ends at `end`, and for more: so that syncing a batch need not write where the file's bytes are.
    fn make_room(&mut self, end: u64) -> Result<(), Failure> {
        let ahead = end.clamp(LEAST_AHEAD, MOST_AHEAD);
        let len = boundary_past(end.saturating_add(ahead));
        self.disk.set_len(len).map_err(Failure::of("making the file longer"))?;
        zero(&mut self.disk, self.len, len).map_err(Failure::of("making the file longer"))?;
        self.disk.sync_all().map_err(Failure::of("syncing"))?;
        self.len = len;
        Ok(())
    }
}

impl<D: Disk> Sink for Writer<D> {
    fn put(&mut self, lines: &mut Vec<u8>) -> Result<(), Failure> {
        let end = boundary_past(self.end.saturating_add(lines.len() as u64));
        if end > self.len {
            self.make_room(end)?;
        }
        lines.resize(usize::try_from(end.saturating_sub(self.end)).unwrap_or(0), b'\n');
        self.disk.write_at(self.end, lines).map_err(Failure::of("writing"))?;
        self.disk.sync_data().map_err(Failure::of("syncing"))?;
        self.end = end;
        Ok(())
    }
}

fn zero(disk: &mut impl Disk, from: u64, to: u64) -> std::io::Result<()> {
    let zeros = [0; ZEROS];
    let mut at = from;
    while at < to {
        let piece = usize::try_from(to.saturating_sub(at)).unwrap_or(ZEROS).min(ZEROS);
        disk.write_at(at, zeros.get(..piece).unwrap_or_default())?;
        at = at.saturating_add(piece as u64);
    }
    Ok(())
}

fn read_exact(disk: &mut impl Disk, at: u64, into: &mut [u8]) -> std::io::Result<()> {
    let mut done = 0;
    while let Some(rest) = into.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match disk.read_at(at.saturating_add(done as u64), rest)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => done = done.saturating_add(read),
        }
    }
    Ok(())
}
