use crate::Record;
use alloy_primitives::B256;
use std::collections::{BTreeMap, HashMap};

/// In place of the number of a block whose beginning is cut off the log, because it is sealed or given up further on.
const HEADLESS: u64 = 0;

/// What of a log is still needed, and where it is.
#[derive(Debug, Default)]
pub(crate) struct Index {
    segments: BTreeMap<u64, Segment>,
    /// Blocks that are not sealed, by number.
    blocks: BTreeMap<u64, Block>,
    /// The block that was opened last.
    newest: Option<u64>,
    /// Transactions that wait.
    waiting: HashMap<B256, Place>,
}

/// Bytes of records.
#[derive(Debug, Default)]
struct Segment {
    all: u64,
    /// Those that somebody needs.
    live: u64,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    segment: u64,
    bytes: u64,
}

#[derive(Debug, Default)]
struct Block {
    records: Vec<Place>,
    executed: Vec<B256>,
}

impl Index {
    /// Takes note of a record of `bytes` at the end of `segment`.
    pub(crate) fn note(&mut self, segment: u64, record: &Record, bytes: u64) {
        self.segments.entry(segment).or_default().all += bytes;
        let place = Place { segment, bytes };
        match record {
            Record::Opened { number, .. } => {
                self.give_up(*number);
                self.keep(place);
                self.blocks.insert(*number, Block { records: vec![place], executed: Vec::new() });
                self.newest = Some(*number);
            }
            Record::Executed(executed) => {
                let newest = self.newest.filter(|newest| self.blocks.contains_key(newest));
                let block = self.blocks.entry(newest.unwrap_or(HEADLESS)).or_default();
                block.executed.push(executed.transaction.hash);
                block.records.push(place);
                self.keep(place);
            }
            Record::Queued(transaction) => self.wait(transaction.hash, place),
            Record::Dropped(hash) => self.forget(*hash),
            Record::Parked(transactions) => {
                self.give_up(0);
                for transaction in transactions {
                    self.wait(transaction.hash, Place { segment, bytes: transaction.raw.len() as u64 });
                }
            }
            Record::Sealed { number, .. } => {
                let open = self.blocks.split_off(&(number + 1));
                for block in std::mem::replace(&mut self.blocks, open).into_values() {
                    block.records.into_iter().for_each(|place| self.release(place));
                    block.executed.into_iter().for_each(|hash| self.forget(hash));
                }
            }
        }
    }

    /// Whether the block that was opened last is this one, and not sealed.
    pub(crate) fn is_open(&self, number: u64) -> bool {
        self.newest == Some(number) && self.blocks.contains_key(&number)
    }

    /// Whether a transaction waits.
    pub(crate) fn is_waiting(&self, hash: B256) -> bool {
        self.waiting.contains_key(&hash)
    }

    /// Whether a waiting transaction's record is in this segment.
    pub(crate) fn waits_in(&self, hash: B256, segment: u64) -> bool {
        self.waiting.get(&hash).is_some_and(|place| place.segment == segment)
    }

    /// The oldest segment, but for `current`, which is being written: what of it is needed.
    pub(crate) fn oldest(&self, current: u64) -> Option<(u64, Oldest)> {
        let (number, segment) = self.segments.first_key_value().filter(|(number, _)| **number != current)?;
        // One that was executed on an open block waits no more once that is sealed, and must not be written again behind it.
        let pinned = |block: &Block| {
            block.records.iter().any(|place| place.segment == *number) || block.executed.iter().any(|hash| self.waits_in(*hash, *number))
        };
        let holds_block = || self.blocks.values().any(pinned);
        let needed = match segment.live {
            0 => Oldest::Nothing,
            _ if holds_block() => Oldest::Block,
            _ => Oldest::Waiting,
        };
        Some((*number, needed))
    }

    /// Forgets a segment that was removed.
    pub(crate) fn removed(&mut self, segment: u64) {
        self.segments.remove(&segment);
    }

    /// Bytes of all records, and of those that somebody needs.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        self.segments.values().fold((0, 0), |(all, live), segment| (all + segment.all, live + segment.live))
    }

    /// Blocks from `number` on will not be built. What they executed is in no block; whoever gave them up has parked it.
    fn give_up(&mut self, number: u64) {
        for block in self.blocks.split_off(&number).into_values() {
            block.records.into_iter().for_each(|place| self.release(place));
        }
        self.newest = None;
    }

    fn wait(&mut self, hash: B256, place: Place) {
        self.forget(hash);
        self.keep(place);
        self.waiting.insert(hash, place);
    }

    fn forget(&mut self, hash: B256) {
        if let Some(place) = self.waiting.remove(&hash) {
            self.release(place);
        }
    }

    fn keep(&mut self, place: Place) {
        self.segments.entry(place.segment).or_default().live += place.bytes;
    }

    fn release(&mut self, place: Place) {
        let segment = self.segments.get_mut(&place.segment).expect("invariant: a segment with live records is not removed");
        segment.live -= place.bytes;
    }
}

/// What the oldest segment holds that is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Oldest {
    Nothing,
    /// Transactions that wait, and nothing else.
    Waiting,
    /// Records of a block that is not sealed.
    Block,
}
