//! The log index: for each address and each topic the blocks that have it in a log. Finds the blocks of a sparse `eth_getLogs` without reading the
//! others, and the logs in such a block without decoding the receipts that have none.

use crate::{
    Error, Store,
    heads::{heads, read_header},
    tables::{self, Tables},
    v1,
};
use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, B256, Log};
use alloy_rlp::Header as RlpHeader;
use signet_libmdbx::tx::{TransactionKind, Tx, aliases::RoTxUnsync};
use std::{collections::BTreeSet, fmt};

/// What one search may take in the index, in look-ups; a second or two. The blocks after that are handed out undecided.
const WORK: usize = 4_000_000;

/// How many index keys can be passed over in the time of a look-up.
const KEYS_PER_LOOK_UP: usize = 64;

/// What an `eth_getLogs` filter asks of a log. An empty list matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// The log's address is one of these.
    pub addresses: Vec<Address>,
    /// The log's topic at each position is one of these.
    pub topics: [Vec<B256>; 4],
}

impl LogFilter {
    /// Whether a log matches. The index finds blocks; this decides about their logs.
    pub fn matches(&self, log: &Log) -> bool {
        let topics = log.data.topics();
        let topic =
            |(position, wanted): (usize, &Vec<B256>)| wanted.is_empty() || topics.get(position).is_some_and(|topic| wanted.contains(topic));
        (self.addresses.is_empty() || self.addresses.contains(&log.address)) && self.topics.iter().enumerate().all(topic)
    }

    /// The same for a log that is still encoded: its address and topics, and whether the filter takes them.
    fn matches_parts(&self, address: &[u8], topics: &[&[u8]]) -> bool {
        let topic = |(position, wanted): (usize, &Vec<B256>)| {
            wanted.is_empty() || topics.get(position).is_some_and(|topic| wanted.iter().any(|wanted| wanted.as_slice() == *topic))
        };
        (self.addresses.is_empty() || self.addresses.iter().any(|wanted| wanted.as_slice() == address))
            && self.topics.iter().enumerate().all(topic)
    }

    /// A block must have one of each list.
    fn clauses(&self) -> Vec<Vec<Term>> {
        let addresses = self.addresses.iter().map(|address| Term::new(0, address.as_slice())).collect();
        let topics = (1..).zip(&self.topics).map(|(kind, wanted)| wanted.iter().map(|topic| Term::new(kind, topic.as_slice())).collect());
        std::iter::once(addresses).chain(topics).filter(|clause: &Vec<_>| !clause.is_empty()).collect()
    }
}

/// An index key: 0 for an address, position + 1 for a topic.
fn key(kind: u8, value: &[u8]) -> Vec<u8> {
    [&[kind], value].concat()
}

/// Adds the index keys of a log.
pub(crate) fn terms_of(log: &Log, terms: &mut BTreeSet<Vec<u8>>) {
    terms.insert(key(0, log.address.as_slice()));
    terms.extend((1..).zip(log.data.topics()).map(|(kind, topic)| key(kind, topic.as_slice())));
}

/// An address or a topic that is looked for.
struct Term {
    key: Vec<u8>,
    /// The first block that has it from the last one on about which it was asked; after the last it is past all blocks.
    next: Option<u64>,
}

impl Term {
    fn new(kind: u8, value: &[u8]) -> Self {
        Self { key: key(kind, value), next: None }
    }
}

/// A log with its place in its block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundLog {
    /// The log.
    pub log: Log,
    /// Its index among the block's logs.
    pub index: u64,
    /// Index of its transaction in the block.
    pub transaction_index: u32,
    /// Hash of its transaction.
    pub transaction_hash: B256,
}

/// The logs of one block that a filter takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogsOfBlock {
    /// Number and hash of the block.
    pub block: BlockNumHash,
    /// Its time, seconds.
    pub timestamp: u64,
    /// The logs in their order.
    pub logs: Vec<FoundLog>,
    /// How many receipts were looked through.
    pub receipts: usize,
}

impl Store {
    /// The numbers of the blocks from `from` to `to` (inclusive, at most the head) that may have a matching log, ascending: every block that has one,
    /// and perhaps some that have none. Reads one consistent view.
    pub fn blocks_with_logs(&self, from: u64, to: u64, filter: &LogFilter) -> Result<BlocksWithLogs, Error> {
        let tx = self.read()?;
        let head = heads(&tx, &self.0.tables)?.ok_or_else(|| Error::corrupt("there is no head"))?.unsafe_head;
        let to = to.min(head.number);
        let (filter, clauses) = (filter.clone(), filter.clauses());
        Ok(BlocksWithLogs { tx, tables: self.0.tables, filter, clauses, head, next: Some(from), to, work: 0 })
    }
}

/// Ascending block numbers, and what is asked about them in the same view; see [`Store::blocks_with_logs`].
pub struct BlocksWithLogs {
    tx: RoTxUnsync,
    tables: Tables,
    filter: LogFilter,
    clauses: Vec<Vec<Term>>,
    head: BlockNumHash,
    next: Option<u64>,
    to: u64,
    /// What the search has taken so far, in look-ups.
    work: usize,
}

impl fmt::Debug for BlocksWithLogs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlocksWithLogs").field("next", &self.next).field("to", &self.to).finish_non_exhaustive()
    }
}

impl Iterator for BlocksWithLogs {
    type Item = Result<u64, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = self.advance(self.next?);
        self.next = match found {
            Ok(Some(number)) => number.checked_add(1),
            _ => None,
        };
        found.transpose()
    }
}

impl BlocksWithLogs {
    /// The newest block of this view.
    pub fn head(&self) -> BlockNumHash {
        self.head
    }

    /// The hash of the block with this number in this view.
    pub fn hash_of(&self, number: u64) -> Result<Option<B256>, Error> {
        tables::get(&self.tx, self.tables.headers, &number.to_be_bytes())?.map(|row| v1::header_hash(&row)).transpose()
    }

    /// The logs of a block that the filter takes; `None` when the chain has no such block.
    pub fn logs_of(&self, number: u64) -> Result<Option<LogsOfBlock>, Error> {
        let Some(header) = read_header(&self.tx, &self.tables, number)? else { return Ok(None) };
        let block = BlockNumHash { number, hash: header.hash() };
        let mut found = LogsOfBlock { block, timestamp: header.timestamp, logs: Vec::new(), receipts: 0 };
        if header.logs_bloom.is_zero() {
            return Ok(Some(found));
        }
        tables::visit(&self.tx, self.tables.receipts, &number.to_be_bytes(), |key, row| {
            found.receipts += 1;
            if self.receipt_matches(row)? { self.take_logs(key, row, &mut found.logs) } else { Ok(()) }
        })?;
        Ok(Some(found))
    }

    /// Whether a stored receipt has a log that the filter takes, without decoding it.
    fn receipt_matches(&self, row: &[u8]) -> Result<bool, Error> {
        let mut matches = false;
        let read = visit_logs(row, |address, topics| matches |= self.filter.matches_parts(address, topics));
        read.map_err(|error| Error::corrupt(format!("a receipt: {error}")))?;
        Ok(matches)
    }

    fn take_logs(&self, key: &[u8], row: &[u8], found: &mut Vec<FoundLog>) -> Result<(), Error> {
        let (number, transaction_index) = v1::decode_indexed(key)?;
        let (first_log, receipt) = v1::decode_receipt(row)?;
        let transaction = tables::get(&self.tx, self.tables.transactions, key)?
            .ok_or_else(|| Error::corrupt(format!("block {number} lacks transaction {transaction_index}")))?;
        let transaction_hash = v1::transaction_hash(&transaction)?;
        for (index, log) in (u64::from(first_log)..).zip(receipt.logs) {
            if self.filter.matches(&log) {
                found.push(FoundLog { log, index, transaction_index, transaction_hash });
            }
        }
        Ok(())
    }

    /// The first block from `candidate` on that all clauses have. Each clause skips to its next block, so that the sparsest sets the pace.
    fn advance(&mut self, mut candidate: u64) -> Result<Option<u64>, Error> {
        'candidates: while candidate <= self.to {
            if self.work > WORK {
                return Ok(Some(candidate));
            }
            for clause in &mut self.clauses {
                self.work += clause.len() / KEYS_PER_LOOK_UP;
                let mut nearest = u64::MAX;
                for term in clause {
                    let next = match term.next {
                        Some(next) if next >= candidate => next,
                        _ => {
                            self.work += 1;
                            *term.next.insert(next_block(&self.tx, &self.tables, &term.key, candidate)?.unwrap_or(u64::MAX))
                        }
                    };
                    nearest = nearest.min(next);
                }
                if nearest > candidate {
                    candidate = nearest;
                    continue 'candidates;
                }
            }
            return Ok(Some(candidate));
        }
        Ok(None)
    }
}

/// The first block from `from` on under an index key.
fn next_block<K: TransactionKind>(tx: &Tx<K>, tables: &Tables, term: &[u8], from: u64) -> Result<Option<u64>, Error> {
    let found: Option<[u8; 8]> = tx.cursor(tables.logs)?.get_both_range(term, &from.to_be_bytes())?;
    Ok(found.map(u64::from_be_bytes))
}

/// Calls `see` with address and topics of each log of a stored receipt: index of the first log u32 ‖ type u8 ‖ `[outcome, gas, [[address, topics, data]…], …]`.
fn visit_logs(row: &[u8], mut see: impl FnMut(&[u8], &[&[u8]])) -> alloy_rlp::Result<()> {
    let mut receipt = row.get(5..).ok_or(alloy_rlp::Error::InputTooShort)?;
    let mut fields = RlpHeader::decode_bytes(&mut receipt, true)?;
    for _ in 0..2 {
        RlpHeader::decode_bytes(&mut fields, false)?;
    }
    let mut logs = RlpHeader::decode_bytes(&mut fields, true)?;
    while !logs.is_empty() {
        let mut log = RlpHeader::decode_bytes(&mut logs, true)?;
        let address = RlpHeader::decode_bytes(&mut log, false)?;
        let mut list = RlpHeader::decode_bytes(&mut log, true)?;
        let mut topics: [&[u8]; 4] = [&[]; 4];
        let mut count = 0;
        while !list.is_empty() {
            *topics.get_mut(count).ok_or(alloy_rlp::Error::Custom("a log has more than four topics"))? =
                RlpHeader::decode_bytes(&mut list, false)?;
            count += 1;
        }
        see(address, &topics[..count]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, heads::meta};
    use alloy_genesis::Genesis;
    use alloy_primitives::{Bytes, LogData};
    use std::sync::Arc;
    use tributary_primitives::{ChainSpec, Eip1559Params, Receipt, TxType};

    fn log(address: u8, topics: &[u8]) -> Log {
        let topics = topics.iter().map(|byte| B256::repeat_byte(*byte)).collect();
        Log { address: Address::repeat_byte(address), data: LogData::new_unchecked(topics, Bytes::from(vec![7; 60])) }
    }

    fn row(logs: Vec<Log>) -> Vec<u8> {
        let receipt = Receipt {
            tx_type: TxType::Deposit,
            outcome: true.into(),
            cumulative_gas_used: 70_000,
            logs,
            deposit_nonce: Some(3),
            deposit_receipt_version: Some(1),
        };
        v1::encode_receipt(9, &receipt)
    }

    /// A store whose index has an address in even blocks and a topic in odd ones, of 40.
    fn strangers(dir: &std::path::Path) -> (Store, LogFilter) {
        let spec = ChainSpec::rollup(Genesis::default(), Eip1559Params { denominator: 250, elasticity: 6 });
        let store = Store::open(dir, Arc::new(spec), Options::default()).unwrap();
        let mut filter = LogFilter { addresses: vec![Address::repeat_byte(1)], ..Default::default() };
        filter.topics[0] = vec![B256::repeat_byte(2), B256::repeat_byte(3)];
        let (guard, tx) = store.write().unwrap();
        let tables = &store.0.tables;
        for number in 1..=40u64 {
            let key = if number % 2 == 0 { key(0, &[1; 20]) } else { key(1, &[2; 32]) };
            tables::put(&tx, tables.logs, &key, &number.to_be_bytes()).unwrap();
        }
        let head = BlockNumHash { number: 40, hash: B256::ZERO };
        tables::put(&tx, tables.meta, meta::UNSAFE, &v1::encode_id(head)).unwrap();
        tx.commit().unwrap();
        drop(guard);
        (store, filter)
    }

    #[test]
    fn a_search_that_has_taken_too_much_hands_out_blocks_undecided() {
        let dir = tempfile::tempdir().unwrap();
        let (store, filter) = strangers(dir.path());
        let search = |work| BlocksWithLogs { work, ..store.blocks_with_logs(0, u64::MAX, &filter).unwrap() };
        assert_eq!(search(0).count(), 0);
        let undecided: Vec<u64> = search(WORK - 10).collect::<Result<_, _>>().unwrap();
        assert!((2..20).contains(&undecided[0]), "{undecided:?}");
        assert_eq!(undecided, (undecided[0]..=40).collect::<Vec<_>>());
    }

    #[test]
    fn an_encoded_log_is_seen_as_it_was_written() {
        for logs in [vec![], vec![log(1, &[])], vec![log(1, &[2]), log(3, &[4, 5, 6, 7])]] {
            let mut seen = Vec::new();
            visit_logs(&row(logs.clone()), |address, topics| {
                let topics = topics.iter().map(|topic| B256::from_slice(topic)).collect();
                seen.push(Log { address: Address::from_slice(address), data: LogData::new_unchecked(topics, Bytes::from(vec![7; 60])) });
            })
            .unwrap();
            assert_eq!(seen, logs);
        }
    }

    #[test]
    fn a_damaged_receipt_is_an_error() {
        let whole = row(vec![log(1, &[2])]);
        for end in [0, 4, 5, 6, 20, whole.len() - 1] {
            assert!(visit_logs(&whole[..end], |_, _| {}).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn an_encoded_log_matches_as_the_decoded_one_does() {
        let logs = [log(1, &[]), log(1, &[2]), log(3, &[2, 4])];
        let address = |byte| LogFilter { addresses: vec![Address::repeat_byte(byte)], ..Default::default() };
        let mut second = LogFilter::default();
        second.topics[1] = vec![B256::repeat_byte(9), B256::repeat_byte(4)];
        for filter in [LogFilter::default(), address(1), address(2), second] {
            for log in &logs {
                let topics: Vec<&[u8]> = log.data.topics().iter().map(|topic| topic.as_slice()).collect();
                assert_eq!(filter.matches_parts(log.address.as_slice(), &topics), filter.matches(log));
            }
        }
    }
}
