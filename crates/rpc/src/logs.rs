//! Logs: what a client asks for, which blocks may have them, and which of their logs match.

use crate::{
    SealedBlock,
    api::Api,
    error::RpcError,
    json::{LogJson, LogPlace},
};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{Address, B256, Log};
use serde::Deserialize;
use std::ops::RangeInclusive;
use tributary_storage::LogFilter;

/// geth's bound on the addresses of one filter.
const MAX_ADDRESSES: usize = 1000;

/// Which logs a client wants.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "Fields")]
pub(crate) struct LogQuery {
    pub(crate) range: Range,
    filter: LogFilter,
    /// A log has at least as many topics as the filter has positions, wildcards included.
    positions: usize,
}

/// Which blocks a client means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Range {
    Block(B256),
    FromTo(BlockNumberOrTag, BlockNumberOrTag),
}

impl Default for Range {
    fn default() -> Self {
        Self::FromTo(BlockNumberOrTag::Latest, BlockNumberOrTag::Latest)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Fields {
    block_hash: Option<B256>,
    from_block: Option<BlockNumberOrTag>,
    to_block: Option<BlockNumberOrTag>,
    address: Option<OneOrMany<Address>>,
    topics: Option<Vec<Option<OneOrMany<Option<B256>>>>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

impl TryFrom<Fields> for LogQuery {
    type Error = &'static str;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        let range = match (fields.block_hash, fields.from_block, fields.to_block) {
            (Some(hash), None, None) => Range::Block(hash),
            (Some(_), _, _) => return Err("cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other"),
            (None, from, to) => Range::FromTo(from.unwrap_or_default(), to.unwrap_or_default()),
        };
        let addresses = fields.address.map(OneOrMany::into_vec).unwrap_or_default();
        if addresses.len() > MAX_ADDRESSES {
            return Err("exceed max addresses");
        }
        let given = fields.topics.unwrap_or_default();
        let positions = given.len();
        let mut topics: [Vec<B256>; 4] = Default::default();
        if positions > topics.len() {
            return Err("exceed max topics");
        }
        for (slot, wanted) in topics.iter_mut().zip(given) {
            // A null among alternatives makes the position a wildcard.
            let wanted: Option<Vec<B256>> = wanted.map(OneOrMany::into_vec).unwrap_or_default().into_iter().collect();
            *slot = wanted.unwrap_or_default();
        }
        Ok(Self { range, filter: LogFilter { addresses, topics }, positions })
    }
}

impl LogQuery {
    /// Whether a log is wanted, whatever block it is in.
    pub(crate) fn matches(&self, log: &Log) -> bool {
        log.data.topics().len() >= self.positions && self.filter.matches(log)
    }

    /// The wanted logs of a block that was just sealed or removed.
    pub(crate) fn logs_of(&self, sealed: &SealedBlock, removed: bool) -> Vec<LogJson> {
        let header = &sealed.block.header;
        let mut found = Vec::new();
        let mut log_index = 0;
        for (index, (tx, receipt)) in sealed.block.body.transactions.iter().zip(&sealed.receipts).enumerate() {
            for log in &receipt.logs {
                if self.matches(log) {
                    let place = LogPlace {
                        block_number: header.number,
                        block_hash: sealed.hash,
                        block_timestamp: header.timestamp,
                        transaction_hash: tx.hash(),
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

/// Logs of a range of blocks, possibly broken off before its end.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) logs: Vec<LogJson>,
    /// The block up to which the logs are complete, when that is not the range's last.
    pub(crate) complete_to: Option<u64>,
}

/// Answers `eth_getLogs`.
pub(crate) fn query(api: &Api, query: &LogQuery) -> Result<Vec<LogJson>, RpcError> {
    let blocks = match query.range {
        Range::Block(hash) => {
            let number = api.chain.store.number_of(hash)?.ok_or_else(|| RpcError::server("unknown block"))?;
            number..=number
        }
        Range::FromTo(from, to) => match resolve(api, from, to)? {
            Some(blocks) => blocks,
            None => return Ok(Vec::new()),
        },
    };
    let (from, to) = (*blocks.start(), *blocks.end());
    let most = api.chain.limits.log_blocks.max(1);
    if to - from >= most {
        let works = suggestion(from, from + most - 1);
        return Err(RpcError::limit(format!("block range is larger than {most} blocks. {works}")));
    }
    let found = collect(api, query, blocks)?;
    match found.complete_to {
        None => Ok(found.logs),
        Some(complete) => {
            let works = suggestion(from, complete.max(from));
            Err(RpcError::limit(format!("query returned more than {} results. {works}", api.chain.limits.logs)))
        }
    }
}

fn suggestion(from: u64, to: u64) -> String {
    format!("Try with this block range [{from:#x}, {to:#x}]")
}

/// The sealed blocks that a client's range means; `None` when it begins after the newest.
pub(crate) fn resolve(api: &Api, from: BlockNumberOrTag, to: BlockNumberOrTag) -> Result<Option<RangeInclusive<u64>>, RpcError> {
    let head = api.head()?;
    let number = |tag| match tag {
        BlockNumberOrTag::Pending => Err(RpcError::params("pending logs are not supported")),
        tag => match api.by_tag(tag)? {
            crate::resolve::Target::Sealed(alloy_eips::BlockHashOrNumber::Number(number)) => Ok(number),
            _ => Ok(head),
        },
    };
    let (from, to) = (number(from)?, number(to)?);
    if from > to {
        return Err(RpcError::params("invalid block range params"));
    }
    Ok((from <= head).then(|| from..=to.min(head)))
}

/// The wanted logs of some sealed blocks. Breaks off at the end of the block with which the limit is exceeded (before it, if it is not the first).
pub(crate) fn collect(api: &Api, query: &LogQuery, blocks: RangeInclusive<u64>) -> Result<Found, RpcError> {
    let most = api.chain.limits.logs;
    let candidates: Vec<u64> =
        api.chain.store.blocks_with_logs(*blocks.start(), *blocks.end(), &query.filter)?.collect::<Result<_, _>>()?;
    let mut logs: Vec<LogJson> = Vec::new();
    for number in candidates {
        let before = logs.len();
        logs_of_stored(api, query, number, &mut logs)?;
        if logs.len() > most && before > 0 {
            logs.truncate(before);
            return Ok(Found { logs, complete_to: Some(number - 1) });
        }
    }
    Ok(Found { logs, complete_to: None })
}

fn logs_of_stored(api: &Api, query: &LogQuery, number: u64, found: &mut Vec<LogJson>) -> Result<(), RpcError> {
    let store = &api.chain.store;
    let Some(header) = store.header(number)? else { return Ok(()) };
    if header.logs_bloom.is_zero() {
        return Ok(());
    }
    let mut log_index = 0;
    for (index, receipt) in (0..).zip(store.receipts(number)?.unwrap_or_default()) {
        let mut place = None;
        for log in &receipt.logs {
            if query.matches(log) {
                let place = match place {
                    Some(place) => place,
                    None => {
                        let Some(tx) = store.transaction(number, index)? else { return Ok(()) };
                        *place.insert(LogPlace {
                            block_number: number,
                            block_hash: header.hash(),
                            block_timestamp: header.timestamp,
                            transaction_hash: tx.transaction.hash(),
                            transaction_index: index.into(),
                        })
                    }
                };
                found.push(LogJson::new(log, place, log_index));
            }
            log_index += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Bytes, LogData};
    use serde_json::json;

    const A: Address = Address::repeat_byte(0xaa);
    const B: Address = Address::repeat_byte(0xbb);

    fn topic(byte: u8) -> B256 {
        B256::with_last_byte(byte)
    }

    fn log(address: Address, topics: &[u8]) -> Log {
        Log { address, data: LogData::new_unchecked(topics.iter().map(|byte| topic(*byte)).collect(), Bytes::new()) }
    }

    fn parse(value: serde_json::Value) -> LogQuery {
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
    }

    #[test]
    fn topics_are_positions_with_alternatives_and_wildcards() {
        let query = parse(json!({ "topics": [topic(1), null, [topic(2), topic(3)]] }));
        assert!(query.matches(&log(A, &[1, 9, 2])) && query.matches(&log(A, &[1, 9, 3, 7])));
        assert!(!query.matches(&log(A, &[1, 9, 4])) && !query.matches(&log(A, &[2, 9, 2])));
        let wildcard = parse(json!({ "topics": [[topic(1), null]] }));
        assert!(wildcard.matches(&log(A, &[5])));
    }

    #[test]
    fn a_wildcard_still_asks_for_a_topic_at_its_position() {
        let query = parse(json!({ "topics": [topic(1), null] }));
        assert!(!query.matches(&log(A, &[1])) && query.matches(&log(A, &[1, 2])));
    }

    #[test]
    fn contradictory_or_oversized_filters_are_refused() {
        let parse = |value| serde_json::from_value::<LogQuery>(value).unwrap_err().to_string();
        assert!(
            parse(json!({ "blockHash": topic(1), "fromBlock": "0x1" })).contains("cannot specify both BlockHash and FromBlock/ToBlock")
        );
        assert!(parse(json!({ "topics": [null, null, null, null, null] })).contains("exceed max topics"));
        assert!(parse(json!({ "address": vec![A; MAX_ADDRESSES + 1] })).contains("exceed max addresses"));
    }
}
