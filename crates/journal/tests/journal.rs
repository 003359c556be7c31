//! The journal on a disk whose power is cut at random points, and as files.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

use alloy_eips::BlockNumHash;
use alloy_primitives::{B256, Bytes, keccak256};
use proptest::prelude::*;
use std::collections::BTreeMap;
use tributary_journal::{Error, Executed, Files, Journal, JournalTransaction, Log, Record, Recovered, VolatileDisk};
use tributary_primitives::{Block, BlockAttributes, PayloadAttributes};

/// Small, so that segments come and go.
const SEGMENT: u64 = 700;

fn transaction(id: u64) -> JournalTransaction {
    JournalTransaction { hash: keccak256(id.to_be_bytes()), raw: Bytes::from(vec![id as u8; 1 + id as usize * 37 % 300]) }
}

fn executed(id: u64, index: u32) -> Executed {
    let transaction = transaction(id);
    Executed { result: keccak256(transaction.hash), transaction, index }
}

fn opened(number: u64, parent: B256) -> Record {
    let mut block = BlockAttributes::of_block(&Block::default());
    block.timestamp = number;
    Record::Opened { number, parent, attributes: Box::new(PayloadAttributes { block, transactions: Vec::new(), no_tx_pool: false }) }
}

fn id(number: u64) -> BlockNumHash {
    BlockNumHash { number, hash: keccak256(number.to_be_bytes()) }
}

fn open(disk: &VolatileDisk, head: BlockNumHash) -> (Journal<VolatileDisk>, Recovered) {
    Journal::with_segments_of(SEGMENT, disk.clone(), head).unwrap()
}

#[derive(Debug, Clone, Copy)]
enum Step {
    /// A new transaction is executed.
    Execute,
    /// One that waits is executed.
    Promote(usize),
    Queue,
    Drop(usize),
    Sync,
    /// Commit the open block.
    Seal,
    /// Set the chain back by so many blocks.
    Rewind(usize),
    Compact,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Execute),
        3 => any::<usize>().prop_map(Step::Promote),
        6 => Just(Step::Queue),
        3 => any::<usize>().prop_map(Step::Drop),
        5 => Just(Step::Sync),
        3 => Just(Step::Seal),
        1 => (0usize..4).prop_map(Step::Rewind),
        4 => Just(Step::Compact),
    ]
}

/// What a journal is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Content {
    /// The open block and its transactions.
    open: Option<(u64, Vec<Executed>)>,
    waiting: BTreeMap<B256, JournalTransaction>,
}

impl Content {
    fn of(recovered: &Recovered) -> Self {
        assert!(recovered.open.len() <= 1, "{recovered:?}");
        let open = recovered.open.first().map(|block| (block.number, block.executed.clone()));
        Self { open, waiting: recovered.waiting.iter().map(|tx| (tx.hash, tx.clone())).collect() }
    }

    /// As it is once blocks up to `head` are committed; a transaction in the open block does not wait.
    fn at(&self, head: u64) -> Self {
        let mut content = self.clone();
        let executed = content.open.iter().flat_map(|(_, executed)| executed);
        executed.for_each(|executed| drop(content.waiting.remove(&executed.transaction.hash)));
        content.open = content.open.take_if(|(number, _)| *number > head);
        content
    }
}

/// A chain beside its journal.
#[derive(Debug)]
struct Model {
    chain: Vec<(BlockNumHash, Vec<JournalTransaction>)>,
    now: Content,
    /// When the last sync returned, and when the last one began.
    durable: Content,
    attempted: Content,
    transactions: u64,
}

impl Model {
    fn new() -> Self {
        let content = Content::default();
        Self { chain: vec![(id(0), Vec::new())], now: content.clone(), durable: content.clone(), attempted: content, transactions: 0 }
    }

    fn head(&self) -> BlockNumHash {
        self.chain.last().unwrap().0
    }

    fn next(&mut self) -> u64 {
        self.transactions += 1;
        self.transactions
    }

    fn synced(&mut self, result: Result<(), Error>) -> Result<(), Error> {
        self.attempted = self.now.clone();
        result?;
        self.durable = self.now.clone();
        Ok(())
    }

    fn execute(&mut self, journal: &mut Journal<VolatileDisk>, transaction: JournalTransaction) {
        let head = self.head();
        if self.now.open.is_none() {
            journal.append(opened(head.number + 1, head.hash));
        }
        let (_, block) = self.now.open.get_or_insert((head.number + 1, Vec::new()));
        let executed = Executed { result: keccak256(transaction.hash), transaction, index: block.len() as u32 };
        block.push(executed.clone());
        self.now.waiting.remove(&executed.transaction.hash);
        journal.append(Record::Executed(executed));
    }

    fn waiting(&self, which: usize) -> Option<JournalTransaction> {
        let waiting = &self.now.waiting;
        waiting.values().nth(which.checked_rem(waiting.len())?).cloned()
    }

    fn run(&mut self, journal: &mut Journal<VolatileDisk>, step: Step) -> Result<(), Error> {
        match step {
            Step::Execute => {
                let transaction = transaction(self.next());
                self.execute(journal, transaction);
            }
            Step::Promote(which) => {
                if let Some(transaction) = self.waiting(which) {
                    self.execute(journal, transaction);
                }
            }
            Step::Queue => {
                let transaction = transaction(self.next());
                self.now.waiting.insert(transaction.hash, transaction.clone());
                journal.append(Record::Queued(transaction));
            }
            Step::Drop(which) => {
                if let Some(transaction) = self.waiting(which) {
                    self.now.waiting.remove(&transaction.hash);
                    journal.append(Record::Dropped(transaction.hash));
                }
            }
            Step::Sync => {
                let result = journal.sync();
                self.synced(result)?;
            }
            Step::Compact => {
                // It may write what was appended, or not.
                self.attempted = self.now.clone();
                journal.compact()?;
            }
            Step::Seal => {
                let result = journal.sync();
                self.synced(result)?;
                let (number, block) = self.now.open.take().unwrap_or((self.head().number + 1, Vec::new()));
                let hash = keccak256([self.head().hash.as_slice(), &self.next().to_be_bytes()].concat());
                let transactions = block.into_iter().map(|executed| executed.transaction).collect();
                self.chain.push((BlockNumHash { number, hash }, transactions));
                journal.append(Record::Sealed { number, hash });
            }
            Step::Rewind(by) => {
                let kept = self.chain.len().saturating_sub(by).max(1);
                let open = self.now.open.take().map(|(_, block)| block).unwrap_or_default();
                let undone = self.chain[kept..].iter().flat_map(|(_, transactions)| transactions.clone());
                let parked: Vec<_> = undone.chain(open.into_iter().map(|executed| executed.transaction)).collect();
                self.now.waiting.extend(parked.into_iter().map(|tx| (tx.hash, tx)));
                journal.append(Record::Parked(self.now.waiting.values().cloned().collect()));
                let result = journal.sync();
                self.synced(result)?;
                self.chain.truncate(kept);
            }
        }
        Ok(())
    }

    /// What is found is what was durable, or that with all that was being written: never a part of it.
    fn check(&mut self, recovered: &Recovered) {
        let head = self.head().number;
        let found = Content::of(recovered);
        let (durable, attempted) = (self.durable.at(head), self.attempted.at(head));
        assert!(found == durable || found == attempted, "found {found:?}\ndurable {durable:?}\nattempted {attempted:?}");
        (self.now, self.durable, self.attempted) = (found.clone(), found.clone(), found);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_was_acknowledged_survives_a_power_cut_at_any_point(
        lives in prop::collection::vec((prop::collection::vec(step(), 1..80), 0u64..80, any::<u64>()), 1..6),
    ) {
        let disk = VolatileDisk::new();
        let mut model = Model::new();
        for (steps, fail_after, seed) in lives {
            let (mut journal, recovered) = open(&disk, model.head());
            model.check(&recovered);
            disk.fail_after(fail_after);
            for step in steps {
                if model.run(&mut journal, step).is_err() {
                    // After a failure nothing is accepted any more.
                    prop_assert!(journal.sync().is_err());
                    break;
                }
            }
            drop(journal);
            disk.power_cut(seed);
        }
        let (_, recovered) = open(&disk, model.head());
        model.check(&recovered);
    }

    #[test]
    fn damage_to_synced_data_never_yields_other_records(count in 2u32..40, segment in 1u64..6, offset in 0usize..900, syncs in 1u32..5) {
        let disk = VolatileDisk::new();
        let (mut journal, _) = open(&disk, id(0));
        journal.append(opened(1, id(0).hash));
        for index in 0..count {
            journal.append(Record::Executed(executed(u64::from(index), index)));
            if index % syncs == 0 {
                journal.sync().unwrap();
            }
        }
        journal.sync().unwrap();
        disk.damage(segment, offset);
        match Journal::open(disk, id(0)) {
            // A damaged header may say that another version wrote it.
            Err(Error::Corrupt { .. } | Error::Format { .. }) => {}
            Err(other) => panic!("{other}"),
            Ok((_, recovered)) => {
                let found: Vec<_> = recovered.open.into_iter().flat_map(|block| block.executed).collect();
                let expected: Vec<_> = (0..count).map(|index| executed(u64::from(index), index)).collect();
                prop_assert!(expected.starts_with(&found));
            }
        }
    }
}

#[test]
fn files_hold_what_was_synced_and_can_be_continued() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Journal::open(Files::open(dir.path()).unwrap(), id(4)).unwrap();
    let (mut journal, recovered) = open();
    assert_eq!(recovered, Default::default());
    journal.append(opened(5, id(4).hash));
    journal.append(Record::Executed(executed(0, 0)));
    journal.append(Record::Queued(transaction(9)));
    journal.sync().unwrap();
    drop(journal);

    let (mut journal, recovered) = open();
    assert_eq!((&recovered.open[0].executed, &recovered.waiting), (&vec![executed(0, 0)], &vec![transaction(9)]));
    journal.append(Record::Executed(executed(1, 1)));
    journal.sync().unwrap();
    journal.append(Record::Executed(executed(2, 2)));
    drop(journal);

    let (_, recovered) = open();
    assert_eq!(recovered.open[0].executed, [executed(0, 0), executed(1, 1)], "what was not synced is gone");
}

#[test]
fn a_torn_batch_in_a_file_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Journal::open(Files::open(dir.path()).unwrap(), id(0)).unwrap();
    let (mut journal, _) = open();
    journal.append(Record::Queued(transaction(0)));
    journal.sync().unwrap();
    let file = std::fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
    let whole = std::fs::metadata(&file).unwrap().len();
    journal.append(Record::Queued(transaction(1)));
    journal.sync().unwrap();
    let both = std::fs::metadata(&file).unwrap().len();
    std::fs::File::options().write(true).open(&file).unwrap().set_len(both - 1).unwrap();
    drop(journal);

    let (_, recovered) = open();
    assert_eq!(recovered.waiting, [transaction(0)]);
    assert_eq!(std::fs::metadata(&file).unwrap().len(), whole);
}

#[test]
fn what_a_block_on_an_unwound_chain_executed_waits_and_goes_on_waiting() {
    let disk = VolatileDisk::new();
    let (mut journal, _) = open(&disk, id(6));
    journal.append(opened(7, id(6).hash));
    journal.append(Record::Executed(executed(0, 0)));
    journal.sync().unwrap();
    drop(journal);

    for head in [id(3), BlockNumHash { number: 6, hash: B256::repeat_byte(1) }] {
        let (mut journal, recovered) = open(&disk, head);
        assert_eq!((recovered.open.len(), &recovered.waiting), (0, &vec![transaction(0)]));
        journal.append(opened(head.number + 1, head.hash));
        journal.sync().unwrap();
        drop(journal);
        let (_, recovered) = open(&disk, head);
        assert_eq!((recovered.open.len(), recovered.waiting), (1, vec![transaction(0)]), "the block that took its number away did not");
    }
}

#[test]
fn parked_transactions_come_back_before_those_that_wait_whatever_becomes_of_the_chain() {
    let disk = VolatileDisk::new();
    let (mut journal, _) = open(&disk, id(6));
    journal.append(Record::Queued(transaction(5)));
    journal.append(Record::Parked(vec![transaction(2), transaction(1)]));
    journal.append(Record::Queued(transaction(0)));
    journal.sync().unwrap();
    for head in [6, 3] {
        let (_, recovered) = open(&disk, id(head));
        assert_eq!(recovered.waiting, [2, 1, 5, 0].map(transaction));
    }
    journal.append(opened(4, id(3).hash));
    journal.append(Record::Executed(executed(2, 0)));
    journal.append(Record::Dropped(transaction(5).hash));
    journal.sync().unwrap();
    let (_, recovered) = open(&disk, id(3));
    assert_eq!(recovered.waiting, [1, 0].map(transaction));
    assert_eq!(recovered.open[0].executed, [executed(2, 0)]);
}

#[test]
fn a_block_that_was_opened_again_has_forgotten_what_was_in_it() {
    let disk = VolatileDisk::new();
    let (mut journal, _) = open(&disk, id(6));
    journal.append(opened(7, id(6).hash));
    journal.append(Record::Executed(executed(0, 0)));
    journal.append(Record::Parked(Vec::new()));
    journal.append(opened(7, id(6).hash));
    journal.append(Record::Executed(executed(1, 0)));
    journal.sync().unwrap();
    let (_, recovered) = open(&disk, id(6));
    assert_eq!((&recovered.open[0].executed, recovered.waiting.len()), (&vec![executed(1, 0)], 0));
}

#[test]
fn a_log_is_no_longer_than_what_it_is_for() {
    let disk = VolatileDisk::new();
    let (mut journal, _) = open(&disk, id(0));
    // A hundred wait for ever, and a hundred times as many come and go: placed in blocks, or dropped.
    (0..100).for_each(|id| journal.append(Record::Queued(transaction(id))));
    journal.sync().unwrap();
    let (_, live) = journal.bytes();
    for number in 1..=1000 {
        journal.append(opened(number, id(number - 1).hash));
        for index in 0..5 {
            let one = 1000 + number * 10 + u64::from(index);
            journal.append(Record::Queued(transaction(2 * one)));
            journal.append(Record::Queued(transaction(2 * one + 1)));
            journal.append(Record::Executed(executed(2 * one, index)));
            journal.append(Record::Dropped(transaction(2 * one + 1).hash));
        }
        journal.sync().unwrap();
        journal.append(Record::Sealed { number, hash: id(number).hash });
        journal.compact().unwrap();
        let (all, now) = journal.bytes();
        assert!(now < live + 10_000, "{now} bytes are needed");
        assert!(all < 2 * live + 40 * SEGMENT, "the log holds {all} bytes of which {now} are needed");
    }
    assert!(disk.segments().unwrap()[0] > 1000, "the oldest segments are gone");
    let (_, recovered) = open(&disk, id(1000));
    let mut waiting = recovered.waiting;
    waiting.sort_by_key(|tx| (tx.raw.len(), tx.hash));
    let mut expected: Vec<_> = (0..100).map(transaction).collect();
    expected.sort_by_key(|tx| (tx.raw.len(), tx.hash));
    assert_eq!(waiting, expected);
}

#[test]
fn a_segment_that_is_missing_between_others_is_corruption() {
    let mut disk = VolatileDisk::new();
    let (mut journal, _) = open(&disk, id(0));
    for number in 0..20 {
        journal.append(Record::Queued(transaction(number)));
        journal.sync().unwrap();
    }
    drop(journal);
    assert!(disk.segments().unwrap().len() > 2);
    disk.remove(2).unwrap();
    let error = Journal::open(disk, id(0)).unwrap_err();
    assert!(error.to_string().contains("segment 2 is missing"), "{error}");
}

#[test]
fn journals_of_other_formats_are_refused_by_name_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("00000000000000000007.journal");
    std::fs::write(&old, b"TJ1\n").unwrap();
    let error = Files::open(dir.path()).unwrap_err();
    assert!(matches!(error, Error::Format { found: 1, known: 2, .. }), "{error}");
    assert_eq!(std::fs::read(&old).unwrap(), b"TJ1\n");

    let dir = tempfile::tempdir().unwrap();
    let newer = dir.path().join("00000000000000000001.log");
    std::fs::write(&newer, b"TJ3\n").unwrap();
    let error = Journal::open(Files::open(dir.path()).unwrap(), id(0)).unwrap_err();
    assert!(matches!(error, Error::Format { found: 3, known: 2, .. }), "{error}");
    assert_eq!(std::fs::read(&newer).unwrap(), b"TJ3\n");
}
