//! The log index: for each address and each topic the blocks that have it in a log. Finds the blocks of a sparse `eth_getLogs` without reading the others.

use crate::{Error, Store, store::heads, tables::Tables};
use alloy_primitives::{Address, B256, Log};
use signet_libmdbx::tx::{TransactionKind, Tx, aliases::RoTxUnsync};
use std::{collections::BTreeSet, fmt};

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

    /// Index keys; a block must have one of each list.
    fn clauses(&self) -> Vec<Vec<Vec<u8>>> {
        let addresses = self.addresses.iter().map(|address| term(0, address.as_slice())).collect();
        let topics = (1..).zip(&self.topics).map(|(kind, wanted)| wanted.iter().map(|topic| term(kind, topic.as_slice())).collect());
        std::iter::once(addresses).chain(topics).filter(|clause: &Vec<_>| !clause.is_empty()).collect()
    }
}

/// An index key: 0 for an address, position + 1 for a topic.
fn term(kind: u8, value: &[u8]) -> Vec<u8> {
    [&[kind], value].concat()
}

/// Adds the index keys of a log.
pub(crate) fn terms_of(log: &Log, terms: &mut BTreeSet<Vec<u8>>) {
    terms.insert(term(0, log.address.as_slice()));
    terms.extend((1..).zip(log.data.topics()).map(|(kind, topic)| term(kind, topic.as_slice())));
}

impl Store {
    /// The numbers of the blocks from `from` to `to` (inclusive, at most the head) that may have a matching log, ascending: every block that has one,
    /// and perhaps some whose address and topics are of different logs. Reads one consistent view.
    pub fn blocks_with_logs(&self, from: u64, to: u64, filter: &LogFilter) -> Result<BlocksWithLogs, Error> {
        let tx = self.read()?;
        let head = heads(&tx, &self.0.tables)?.ok_or_else(|| Error::corrupt("there is no head"))?.unsafe_head.number;
        Ok(BlocksWithLogs { tx, tables: self.0.tables, clauses: filter.clauses(), next: Some(from), to: to.min(head) })
    }
}

/// Ascending block numbers; see [`Store::blocks_with_logs`].
pub struct BlocksWithLogs {
    tx: RoTxUnsync,
    tables: Tables,
    clauses: Vec<Vec<Vec<u8>>>,
    next: Option<u64>,
    to: u64,
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
    /// The first block from `candidate` on that all clauses have. Each clause skips to its next block, so that the sparsest sets the pace.
    fn advance(&self, mut candidate: u64) -> Result<Option<u64>, Error> {
        'candidates: while candidate <= self.to {
            for clause in &self.clauses {
                let mut nearest = None;
                for term in clause {
                    let found = next_block(&self.tx, &self.tables, term, candidate)?;
                    nearest = found.into_iter().chain(nearest).min();
                }
                match nearest {
                    None => return Ok(None),
                    Some(number) if number > candidate => {
                        candidate = number;
                        continue 'candidates;
                    }
                    Some(_) => {}
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
