//! What a client asks of logs: which blocks, which addresses and topics.

use crate::{
    error::RpcError,
    json::{LogJson, LogPlace},
};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{B256, Log};
use tributary_chain::SealedBlock;
use tributary_storage::LogFilter;

/// geth's bound on the addresses of one filter, and on the topics of one position.
pub(crate) const MAX_ALTERNATIVES: usize = 1000;

/// Which logs a client wants.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogQuery {
    pub(crate) range: Range,
    pub(crate) filter: LogFilter,
    /// A log has at least as many topics as the filter has positions, wildcards included.
    pub(crate) positions: usize,
}

/// Which blocks a client means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Range {
    Block(B256),
    FromTo(BlockNumberOrTag, BlockNumberOrTag),
    /// What comes after a log that the client has, up to a block.
    After(Seen, BlockNumberOrTag),
}

impl Default for Range {
    fn default() -> Self {
        Self::FromTo(BlockNumberOrTag::Latest, BlockNumberOrTag::Latest)
    }
}

/// The last log that a client has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) number: u64,
    /// Without it nobody notices when the log's block was replaced.
    pub(crate) hash: Option<B256>,
    pub(crate) index: u64,
}

impl LogQuery {
    /// Refuses a query that names more than geth takes.
    pub(crate) fn check(&self) -> Result<(), RpcError> {
        match self.filter.addresses.len() > MAX_ALTERNATIVES {
            true => Err(RpcError::server("exceed max addresses or topics per search position")),
            false => Ok(()),
        }
    }

    /// The blocks of which a filter or a subscription tells as they come, in geth's rules: first and, where there is one, last.
    pub(crate) fn live_range(&self) -> Result<(u64, Option<u64>), RpcError> {
        use BlockNumberOrTag as Tag;
        self.check()?;
        let (from, to) = match self.range {
            Range::Block(_) => return Ok((0, None)),
            Range::FromTo(from, to) => (from, to),
            Range::After(seen, to) => (Tag::Number(seen.number), to),
        };
        match (from, to) {
            (Tag::Pending, _) | (_, Tag::Pending) => Err(RpcError::params("pending logs are not supported")),
            (Tag::Latest | Tag::Earliest, Tag::Latest) => Ok((0, None)),
            (Tag::Number(from), Tag::Latest) => Ok((from, None)),
            (Tag::Earliest, Tag::Number(to)) => Ok((0, Some(to))),
            (Tag::Number(from), Tag::Number(to)) if from <= to => Ok((from, Some(to))),
            _ => Err(RpcError::params("invalid block range params")),
        }
    }

    /// Whether a log is wanted, whatever block it is in.
    pub(crate) fn matches(&self, log: &Log) -> bool {
        self.has_positions(log) && self.filter.matches(log)
    }

    /// Whether a log that the index's filter takes is wanted.
    pub(crate) fn has_positions(&self, log: &Log) -> bool {
        log.data.topics().len() >= self.positions
    }

    /// The wanted logs of a block that was just sealed or removed.
    pub(crate) fn logs_of(&self, sealed: &SealedBlock, removed: bool) -> Vec<LogJson> {
        let header = &sealed.block.header;
        let mut found = Vec::new();
        let mut log_index = 0;
        for (index, (tx, receipt)) in sealed.block.body.transactions.iter().zip(&sealed.receipts).enumerate() {
            let mut hash = None;
            for log in &receipt.logs {
                if self.matches(log) {
                    let place = LogPlace {
                        block_number: header.number,
                        block_hash: sealed.hash,
                        block_timestamp: header.timestamp,
                        transaction_hash: *hash.get_or_insert_with(|| tx.hash()),
                        transaction_index: index as u64,
                    };
                    found.push(LogJson { removed, ..LogJson::new(log, place, log_index) });
                }
                log_index += 1;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Address, Bytes, LogData};
    use serde_json::{Value, json};

    const A: Address = Address::repeat_byte(0xaa);
    const B: Address = Address::repeat_byte(0xbb);

    fn topic(byte: u8) -> B256 {
        B256::with_last_byte(byte)
    }

    fn log(address: Address, topics: &[u8]) -> Log {
        Log { address, data: LogData::new_unchecked(topics.iter().map(|byte| topic(*byte)).collect(), Bytes::new()) }
    }

    fn parse(value: Value) -> LogQuery {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn an_empty_filter_takes_every_log_of_the_newest_block() {
        let query = parse(json!({}));
        assert_eq!(query.range, Range::FromTo(BlockNumberOrTag::Latest, BlockNumberOrTag::Latest));
        assert!(query.matches(&log(A, &[])) && query.matches(&log(B, &[1, 2, 3, 4])));
    }

    #[test]
    fn addresses_are_alternatives() {
        let one = parse(json!({ "address": A }));
        assert!(one.matches(&log(A, &[])) && !one.matches(&log(B, &[])));
        let both = parse(json!({ "address": [A, B] }));
        assert!(both.matches(&log(A, &[])) && both.matches(&log(B, &[])));
        let none = parse(json!({ "address": [] }));
        assert!(none.matches(&log(A, &[])));
    }

    #[test]
    fn topics_are_positions_with_alternatives_and_wildcards() {
        let query = parse(json!({ "topics": [topic(1), null, [topic(2), topic(3)]] }));
        assert!(query.matches(&log(A, &[1, 9, 2])) && query.matches(&log(A, &[1, 9, 3, 7])));
        assert!(!query.matches(&log(A, &[1, 9, 4])) && !query.matches(&log(A, &[2, 9, 2])));
        for wildcard in [json!([[topic(1), null]]), json!([[]]), json!([null])] {
            assert!(parse(json!({ "topics": wildcard })).matches(&log(A, &[5])));
        }
    }

    #[test]
    fn a_wildcard_still_asks_for_a_topic_at_its_position() {
        let query = parse(json!({ "topics": [topic(1), null] }));
        assert!(!query.matches(&log(A, &[1])) && query.matches(&log(A, &[1, 2])));
    }

    #[test]
    fn live_ranges_are_geths() {
        let range = |value| parse(value).live_range().map_err(|error| error.message);
        assert_eq!(range(json!({})), Ok((0, None)));
        assert_eq!(range(json!({ "fromBlock": "0x5" })), Ok((5, None)));
        assert_eq!(range(json!({ "fromBlock": "earliest", "toBlock": "0x9" })), Ok((0, Some(9))));
        assert_eq!(range(json!({ "fromBlock": "0x5", "toBlock": "0x9" })), Ok((5, Some(9))));
        for invalid in [json!({ "fromBlock": "0x9", "toBlock": "0x5" }), json!({ "toBlock": "0x5" }), json!({ "fromBlock": "safe" })] {
            assert_eq!(range(invalid), Err("invalid block range params".into()));
        }
        assert_eq!(range(json!({ "toBlock": "pending" })), Err("pending logs are not supported".into()));
    }
}
