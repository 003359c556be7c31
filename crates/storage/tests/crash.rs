//! A child process commits blocks and journals transactions until it is killed, many times. What it acknowledged must be there.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod chain;

use alloy_primitives::{B256, Bytes, keccak256};
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};
use tributary_journal::{Executed, Files, Journal, JournalTransaction, Record, Recovered};
use tributary_primitives::{Block, BlockAttributes, PayloadAttributes};
use tributary_storage::{Durability, Options, Store};

const DIRECTORY: &str = "TRIBUTARY_STORAGE_CRASH_DIR";
const KILLS: u64 = 40;

fn open(dir: &Path) -> (Store, Journal, Recovered) {
    // What the operating system has survives a kill, so nothing is gained by waiting for the disk.
    let options = Options { durability: Durability::Relaxed, trie_history: 50, ..Default::default() };
    let store = Store::open(dir, chain::spec(1), options).unwrap();
    let (journal, recovered) = Journal::open(Files::open(&store.journal_path()).unwrap(), store.heads().unwrap().unsafe_head).unwrap();
    (store, journal, recovered)
}

/// What the child journals is determined by where, so that the parent knows what it must find.
fn executed(number: u64, index: u32) -> Executed {
    let result = keccak256([number.to_be_bytes().as_slice(), &index.to_be_bytes()].concat());
    let transaction = JournalTransaction { hash: keccak256(result), raw: Bytes::from(vec![index as u8; 50 + index as usize]) };
    Executed { transaction, index, result }
}

fn attributes() -> PayloadAttributes {
    let block = BlockAttributes::of_block(&Block::default());
    PayloadAttributes { block, transactions: Vec::new(), no_tx_pool: false }
}

/// The state after the head, read back from the store.
fn state(store: &Store) -> chain::State {
    let snapshot = store.latest().unwrap();
    let slots = |address| snapshot.slots(address).collect::<Result<_, _>>().unwrap();
    snapshot.accounts().map(|account| account.unwrap()).map(|(address, account)| (address, (account, slots(address)))).collect()
}

/// Seals block after block; prints `journal NUMBER COUNT` and `block NUMBER HASH` once they are durable.
fn child(dir: &Path) -> ! {
    let (store, mut journal, _) = open(dir);
    let mut out = std::io::stdout();
    let mut say = |line: String| out.write_all(line.as_bytes()).and_then(|()| out.flush()).unwrap();
    let mut state = state(&store);
    loop {
        let head = store.heads().unwrap().unsafe_head;
        let number = head.number + 1;
        journal.append(Record::Opened { number, parent: head.hash, attributes: Box::new(attributes()) });
        for position in 0..6 {
            journal.append(Record::Executed(executed(number, position)));
            journal.sync().unwrap();
            say(format!("journal {number} {}\n", position + 1));
        }
        let mut random = chain::Random(number);
        let (block, after) = chain::next_block(&store.latest().unwrap(), &state, &mut random);
        store.commit(&block, &[]).unwrap();
        say(format!("block {number} {}\n", block.hash));
        journal.append(Record::Sealed { number, hash: block.hash });
        journal.compact().unwrap();
        state = after;
    }
}

/// What a child acknowledged last.
#[derive(Debug, Default, Clone, Copy)]
struct Acknowledged {
    block: (u64, B256),
    /// Entries of the block after it, or of an earlier one that was committed since.
    journal: (u64, u32),
}

fn listen(child: &mut Child) -> thread::JoinHandle<Acknowledged> {
    let out = BufReader::new(child.stdout.take().unwrap());
    thread::spawn(move || {
        let mut acknowledged = Acknowledged::default();
        for line in out.lines() {
            let line = line.unwrap();
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["block", number, hash] => acknowledged.block = (number.parse().unwrap(), hash.parse().unwrap()),
                ["journal", number, count] => acknowledged.journal = (number.parse().unwrap(), count.parse().unwrap()),
                // The test harness says which test runs.
                _ => {}
            }
        }
        acknowledged
    })
}

#[test]
fn what_was_acknowledged_survives_kill_9_at_any_moment() {
    if let Ok(dir) = std::env::var(DIRECTORY) {
        child(Path::new(&dir));
    }
    let dir = tempfile::tempdir().unwrap();
    let mut random = chain::Random(7);
    let mut acknowledged_blocks = 0;
    for _ in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "what_was_acknowledged_survives_kill_9_at_any_moment", "--nocapture", "--test-threads=1"])
            .env(DIRECTORY, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let listener = listen(&mut child);
        thread::sleep(Duration::from_micros(random.below(150_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let acknowledged = listener.join().unwrap();
        verify(dir.path(), acknowledged);
        acknowledged_blocks = acknowledged_blocks.max(acknowledged.block.0);
    }
    assert!(acknowledged_blocks > 0, "no child lived long enough to commit a block");
}

fn verify(dir: &Path, acknowledged: Acknowledged) {
    let (store, _, recovered) = open(dir);
    let head = store.heads().unwrap().unsafe_head;
    let (number, hash) = acknowledged.block;
    assert!(head.number >= number, "block {number} is lost; the head is {}", head.number);
    if number > 0 {
        assert_eq!(store.hash_of(number).unwrap(), Some(hash));
    }
    store.check().unwrap();
    assert_eq!(recovered.waiting, []);
    assert!(recovered.open.len() <= 1);
    let (number, count) = acknowledged.journal;
    if number > head.number {
        assert_eq!(recovered.open.len(), 1, "the journal of block {number} is lost");
        assert!(recovered.open[0].executed.len() as u32 >= count);
    }
    for block in recovered.open {
        assert_eq!((block.number, block.parent), (head.number + 1, head.hash));
        assert_eq!(block.attributes, attributes());
        let expected: Vec<_> = (0..block.executed.len() as u32).map(|index| executed(block.number, index)).collect();
        assert_eq!(block.executed, expected);
    }
}
