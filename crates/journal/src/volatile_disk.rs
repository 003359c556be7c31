use crate::Log;
use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How much a disk writes at once. Of unsynced data any sectors may have arrived, in any order.
const SECTOR: usize = 64;

/// A disk in memory that forgets, when its power is cut, any part of what was not synced. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct VolatileDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    segments: BTreeMap<u64, Segment>,
    /// How many more operations succeed.
    budget: Option<u64>,
}

#[derive(Debug, Default)]
struct Segment {
    /// As the program sees it.
    bytes: Vec<u8>,
    /// What is safe: how much of `bytes`, `None` when not even its existence is.
    synced: Option<usize>,
}

impl VolatileDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// The power will fail after this many more writing operations: later ones are errors and change nothing.
    pub fn fail_after(&self, operations: u64) {
        self.state().budget = Some(operations);
    }

    /// Cuts the power and restores it. Of what was not synced, `seed` decides what is left.
    pub fn power_cut(&self, seed: u64) {
        let mut state = self.state();
        state.budget = None;
        let mut random = Random(seed);
        state.segments.retain(|_, segment| {
            if segment.synced.is_none() && random.next().is_multiple_of(2) {
                return false;
            }
            let synced = segment.synced.unwrap_or(0);
            let length = synced + random.below(segment.bytes.len() - synced + 1);
            segment.bytes.truncate(length);
            for sector in segment.bytes[synced..].chunks_mut(SECTOR) {
                match random.below(4) {
                    0 => sector.fill(0),
                    1 => sector.iter_mut().for_each(|byte| *byte = random.next() as u8),
                    _ => {}
                }
            }
            segment.synced = Some(segment.bytes.len());
            true
        });
    }

    /// Changes one byte of what is safely stored, as a failing disk does. Whether there was one.
    pub fn damage(&self, segment: u64, offset: usize) -> bool {
        let mut state = self.state();
        let byte = state.segments.get_mut(&segment).and_then(|segment| segment.bytes.get_mut(offset));
        byte.map(|byte| *byte ^= 0x55).is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        match &mut state.budget {
            Some(0) => return Err(io::Error::other("the power is off")),
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(state)
    }
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Log for VolatileDisk {
    fn place(&self) -> PathBuf {
        PathBuf::from("(memory)")
    }

    fn segments(&self) -> io::Result<Vec<u64>> {
        Ok(self.state().segments.keys().copied().collect())
    }

    fn read(&self, segment: u64) -> io::Result<Vec<u8>> {
        self.state().segments.get(&segment).map(|segment| segment.bytes.clone()).ok_or_else(missing)
    }

    fn append(&mut self, segment: u64, bytes: &[u8]) -> io::Result<()> {
        self.write()?.segments.entry(segment).or_default().bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn truncate(&mut self, segment: u64, length: u64) -> io::Result<()> {
        let mut state = self.write()?;
        let segment = state.segments.get_mut(&segment).ok_or_else(missing)?;
        segment.bytes.truncate(length as usize);
        segment.synced = segment.synced.map(|synced| synced.min(segment.bytes.len()));
        Ok(())
    }

    fn sync(&mut self, segment: u64) -> io::Result<()> {
        let mut state = self.write()?;
        let segment = state.segments.get_mut(&segment).ok_or_else(missing)?;
        segment.synced = Some(segment.bytes.len());
        Ok(())
    }

    fn remove(&mut self, segment: u64) -> io::Result<()> {
        self.write()?.segments.remove(&segment).map(drop).ok_or_else(missing)
    }
}

/// A repeatable sequence (splitmix64).
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}
