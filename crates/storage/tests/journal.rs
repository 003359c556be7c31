//! The journal on a disk whose power is cut at random points, and as files.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

use alloy_eips::BlockNumHash;
use alloy_primitives::{B256, Bytes, keccak256};
use proptest::prelude::*;
use tributary_storage::{Error, Files, Journal, JournalBlock, JournalEntry, testing::VolatileDisk};

/// Chain of a test: every block's hash follows from its number.
fn id(number: u64) -> BlockNumHash {
    BlockNumHash { number, hash: keccak256(number.to_be_bytes()) }
}

fn entry(position: u32) -> JournalEntry {
    let result = keccak256(position.to_be_bytes());
    JournalEntry { position, raw: Bytes::from(vec![position as u8; 1 + position as usize * 37 % 300]), result }
}

fn attributes(number: u64) -> Bytes {
    format!("attributes of {number}").into_bytes().into()
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Append,
    Sync,
    /// Open the next block.
    Next,
    /// Commit the oldest open block and release its segment.
    Commit,
    /// Give up the newest block and begin it again.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => Just(Step::Append),
        3 => Just(Step::Sync),
        1 => Just(Step::Next),
        1 => Just(Step::Commit),
        1 => Just(Step::Restart),
    ]
}

/// What the journal must hold.
#[derive(Debug, Default)]
struct Model {
    /// The committed head.
    head: u64,
    /// Entries of the open blocks, the first of which is `head + 1`: all, and how many blocks and entries are acknowledged.
    open: Vec<Vec<JournalEntry>>,
    acknowledged: Vec<usize>,
}

impl Model {
    fn newest(&self) -> u64 {
        self.head + self.open.len() as u64
    }

    fn run(&mut self, journal: &Journal<VolatileDisk>, step: Step) -> Result<(), Error> {
        match step {
            Step::Append => {
                let newest = self.newest();
                let Some(entries) = self.open.last_mut() else { return Ok(()) };
                let next = entry(entries.len() as u32);
                entries.push(next.clone());
                journal.append(newest, next).map(drop)
            }
            Step::Sync => {
                journal.sync()?;
                self.acknowledged = self.open.iter().map(Vec::len).collect();
                Ok(())
            }
            Step::Next => {
                self.open.push(Vec::new());
                let newest = self.newest();
                journal.begin(newest, id(newest - 1).hash, attributes(newest))
            }
            Step::Commit => {
                if self.open.is_empty() {
                    return Ok(());
                }
                self.head += 1;
                self.open.remove(0);
                if !self.acknowledged.is_empty() {
                    self.acknowledged.remove(0);
                }
                journal.release(self.head)
            }
            Step::Restart => {
                let newest = self.newest();
                let count = self.open.len();
                let Some(entries) = self.open.last_mut() else { return Ok(()) };
                // Giving up a block takes its acknowledgements back, whether or not that reaches the disk.
                self.acknowledged.truncate(count - 1);
                entries.clear();
                journal.begin(newest, id(newest - 1).hash, attributes(newest))
            }
        }
    }

    /// Everything acknowledged is there, in place and order; beyond it at most what was appended, block by block.
    fn check(&self, found: &[JournalBlock]) {
        assert!(found.len() >= self.acknowledged.len(), "{found:?} lacks acknowledged blocks of {self:?}");
        assert!(found.len() <= self.open.len());
        for (index, block) in found.iter().enumerate() {
            let number = self.head + 1 + index as u64;
            assert_eq!((block.number, block.parent, &block.attributes), (number, id(number - 1).hash, &attributes(number)));
            let acknowledged = self.acknowledged.get(index).copied().unwrap_or(0);
            assert!(block.entries.len() >= acknowledged, "block {number} lacks acknowledged entries");
            if index < self.acknowledged.len() {
                assert_eq!(block.entries, self.open[index][..block.entries.len()]);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_was_acknowledged_survives_a_power_cut_at_any_point(
        lives in prop::collection::vec((prop::collection::vec(step(), 1..60), 0u64..60, any::<u64>()), 1..6),
    ) {
        let disk = VolatileDisk::new();
        let mut model = Model::default();
        for (steps, fail_after, seed) in lives {
            let (journal, recovered) = Journal::with_backend(disk.clone(), id(model.head)).unwrap();
            model.check(&recovered.open);
            // What survived beyond what was acknowledged is now as good as acknowledged.
            model.open = recovered.open.iter().map(|block| block.entries.clone()).collect();
            model.acknowledged = model.open.iter().map(Vec::len).collect();
            disk.fail_after(fail_after);
            for step in steps {
                if model.run(&journal, step).is_err() {
                    // After a failure nothing is accepted any more.
                    prop_assert!(journal.sync().is_err());
                    break;
                }
            }
            drop(journal);
            disk.power_cut(seed);
        }
        let (_, recovered) = Journal::with_backend(disk.clone(), id(model.head)).unwrap();
        model.check(&recovered.open);
    }

    #[test]
    fn damage_to_synced_data_never_yields_other_records(count in 2u32..20, offset in 0usize..4000, syncs in 1u32..5) {
        let disk = VolatileDisk::new();
        let (journal, _) = Journal::with_backend(disk.clone(), id(0)).unwrap();
        journal.begin(1, id(0).hash, attributes(1)).unwrap();
        for position in 0..count {
            journal.append(1, entry(position)).unwrap();
            if position % syncs == 0 {
                journal.sync().unwrap();
            }
        }
        journal.sync().unwrap();
        disk.damage(1, offset);
        match Journal::with_backend(disk, id(0)) {
            Err(Error::Corrupt(_)) => {}
            Err(other) => panic!("{other}"),
            Ok((_, recovered)) => {
                let entries: Vec<_> = recovered.open.into_iter().flat_map(|block| block.entries).collect();
                let expected: Vec<_> = (0..count).map(entry).collect();
                prop_assert!(expected.starts_with(&entries));
            }
        }
    }
}

#[test]
fn files_hold_what_was_synced_and_can_be_continued() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Journal::with_backend(Files::open(dir.path()).unwrap(), id(4)).unwrap();
    let (journal, recovered) = open();
    assert_eq!(recovered.open, []);
    journal.begin(5, id(4).hash, attributes(5)).unwrap();
    assert_eq!(journal.append(5, entry(0)).unwrap(), 2);
    assert_eq!(journal.sync().unwrap(), 2);
    drop(journal);

    let (journal, recovered) = open();
    assert_eq!(recovered.open[0].entries, [entry(0)]);
    journal.append(5, entry(1)).unwrap();
    journal.begin(6, id(5).hash, attributes(6)).unwrap();
    journal.append(6, entry(0)).unwrap();
    journal.sync().unwrap();
    journal.append(6, entry(1)).unwrap();
    drop(journal);

    let (journal, recovered) = open();
    let entries: Vec<_> = recovered.open.iter().map(|block| (block.number, block.entries.len())).collect();
    assert_eq!(entries, [(5, 2), (6, 1)]);
    journal.release(5).unwrap();
    assert!(matches!(journal.append(5, entry(2)), Err(Error::UnknownBlock(5))));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_torn_batch_in_a_file_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Journal::with_backend(Files::open(dir.path()).unwrap(), id(0)).unwrap();
    let (journal, _) = open();
    journal.begin(1, id(0).hash, attributes(1)).unwrap();
    journal.append(1, entry(0)).unwrap();
    journal.sync().unwrap();
    let file = std::fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
    let whole = std::fs::metadata(&file).unwrap().len();
    journal.append(1, entry(1)).unwrap();
    journal.sync().unwrap();
    let both = std::fs::metadata(&file).unwrap().len();
    std::fs::File::options().write(true).open(&file).unwrap().set_len(both - 1).unwrap();
    drop(journal);

    let (_, recovered) = open();
    assert_eq!(recovered.open[0].entries, [entry(0)]);
    assert_eq!(std::fs::metadata(&file).unwrap().len(), whole);
}

#[test]
fn blocks_on_an_unwound_chain_are_handed_back_as_stale() {
    let disk = VolatileDisk::new();
    let (journal, _) = Journal::with_backend(disk.clone(), id(6)).unwrap();
    for number in [7, 8] {
        journal.begin(number, id(number - 1).hash, attributes(number)).unwrap();
        journal.append(number, entry(0)).unwrap();
    }
    journal.sync().unwrap();
    drop(journal);

    for _ in 0..2 {
        let (_, recovered) = Journal::with_backend(disk.clone(), id(3)).unwrap();
        assert_eq!(recovered.open, []);
        assert_eq!(
            recovered.stale.iter().map(|block| block.number).collect::<Vec<_>>(),
            [7, 8],
            "opening the journal does not use them up"
        );
    }
    let (journal, _) = Journal::with_backend(disk.clone(), id(3)).unwrap();
    journal.discard(5).unwrap();
    drop(journal);
    let (_, recovered) = Journal::with_backend(disk, id(3)).unwrap();
    assert_eq!(recovered, Default::default());
}

#[test]
fn parked_transactions_come_back_whatever_becomes_of_the_chain_until_they_are_discarded() {
    let disk = VolatileDisk::new();
    let (journal, _) = Journal::with_backend(disk.clone(), id(6)).unwrap();
    journal.park([entry(0), entry(1)]).unwrap();
    drop(journal);
    for head in [6, 3] {
        let (_, recovered) = Journal::with_backend(disk.clone(), id(head)).unwrap();
        assert_eq!(recovered.stale[0].entries, [entry(0), entry(1)]);
    }
    let (journal, recovered) = Journal::with_backend(disk.clone(), id(3)).unwrap();
    journal.begin(4, id(3).hash, attributes(4)).unwrap();
    for entry in &recovered.stale[0].entries {
        journal.append(4, entry.clone()).unwrap();
    }
    journal.sync().unwrap();
    journal.discard(5).unwrap();
    drop(journal);
    let (_, recovered) = Journal::with_backend(disk, id(3)).unwrap();
    assert_eq!((recovered.open[0].entries.len(), recovered.stale.len()), (2, 0));
}

#[test]
fn a_block_on_another_parent_is_stale_and_so_are_those_after_it() {
    let disk = VolatileDisk::new();
    let (journal, _) = Journal::with_backend(disk.clone(), id(6)).unwrap();
    journal.begin(7, B256::repeat_byte(1), attributes(7)).unwrap();
    journal.begin(8, id(7).hash, attributes(8)).unwrap();
    journal.sync().unwrap();
    let (_, recovered) = Journal::with_backend(disk, id(6)).unwrap();
    assert_eq!((recovered.open.len(), recovered.stale.len()), (0, 2));
}

#[test]
fn threads_that_sync_together_all_find_their_records_durable() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::with_backend(Files::open(dir.path()).unwrap(), id(0)).unwrap();
    journal.begin(1, id(0).hash, attributes(1)).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let journal = &journal;
            scope.spawn(move || {
                for position in 0..50 {
                    let ticket = journal.append(1, entry(thread * 50 + position)).unwrap();
                    assert!(journal.sync().unwrap() >= ticket);
                }
            });
        }
    });
    drop(journal);
    let (_, recovered) = Journal::with_backend(Files::open(dir.path()).unwrap(), id(0)).unwrap();
    let mut positions: Vec<_> = recovered.open[0].entries.iter().map(|entry| entry.position).collect();
    positions.sort_unstable();
    assert_eq!(positions, (0..200).collect::<Vec<_>>());
}

#[test]
fn a_committed_blocks_segment_is_handed_back_until_it_is_released() {
    let disk = VolatileDisk::new();
    let (journal, _) = Journal::with_backend(disk.clone(), id(6)).unwrap();
    journal.begin(7, id(6).hash, attributes(7)).unwrap();
    journal.append(7, entry(0)).unwrap();
    journal.sync().unwrap();
    drop(journal);

    for _ in 0..2 {
        let (_, recovered) = Journal::with_backend(disk.clone(), id(7)).unwrap();
        assert_eq!((recovered.open.len(), recovered.stale.len()), (0, 0));
        assert_eq!(recovered.committed[0].entries, [entry(0)], "opening the journal does not use it up");
    }
    let (journal, _) = Journal::with_backend(disk.clone(), id(7)).unwrap();
    journal.begin(8, id(7).hash, attributes(8)).unwrap();
    journal.sync().unwrap();
    journal.release(7).unwrap();
    drop(journal);
    let (_, recovered) = Journal::with_backend(disk, id(7)).unwrap();
    assert_eq!((recovered.open.len(), recovered.committed.len()), (1, 0));
}
