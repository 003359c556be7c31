//! What a client asks of logs: the filter object of `eth_getLogs`, `eth_newFilter` and `eth_subscribe("logs")`, read as geth reads it.
//!
//! Beside geth's fields there is `after`, a log that the client has seen: its `blockNumber` and `logIndex`, and its `blockHash` so that the node can
//! tell when that log has left the chain. A log as it was received is one, its other fields are not looked at.

use crate::{
    SealedBlock,
    error::RpcError,
    forms,
    json::{LogJson, LogPlace},
};
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{Address, B256, Log, U64, hex};
use serde::Deserialize;
use serde_json::Value;
use tributary_storage::LogFilter;

/// geth's bound on the addresses of one filter, and on the topics of one position.
const MAX_ALTERNATIVES: usize = 1000;

/// Which logs a client wants.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "Fields")]
pub(crate) struct LogQuery {
    pub(crate) range: Range,
    pub(crate) filter: LogFilter,
    /// A log has at least as many topics as the filter has positions, wildcards included.
    positions: usize,
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

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Fields {
    block_hash: Value,
    from_block: Value,
    to_block: Value,
    after: Option<After>,
    address: Value,
    topics: Value,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
struct After {
    block_number: U64,
    block_hash: Option<B256>,
    log_index: U64,
}

impl TryFrom<Fields> for LogQuery {
    type Error = String;

    fn try_from(fields: Fields) -> Result<Self, String> {
        let range = range(&fields)?;
        let addresses = addresses(fields.address)?;
        let given = match fields.topics {
            Value::Null => Vec::new(),
            Value::Array(given) => given,
            other => {
                return Err(format!(
                    "json: cannot unmarshal {} into Go struct field input.topics of type []interface {{}}",
                    forms::kind(&other.to_string())
                ));
            }
        };
        let positions = given.len();
        let mut topics: [Vec<B256>; 4] = Default::default();
        if positions > topics.len() {
            return Err("exceed max topics".into());
        }
        for (slot, wanted) in topics.iter_mut().zip(given) {
            *slot = alternatives(wanted)?;
        }
        Ok(Self { range, filter: LogFilter { addresses, topics }, positions })
    }
}

fn range(fields: &Fields) -> Result<Range, String> {
    let (from, to) = (block(&fields.from_block)?, block(&fields.to_block)?);
    match (block_hash(&fields.block_hash)?, fields.after, from, to) {
        (Some(hash), None, None, None) => Ok(Range::Block(hash)),
        (Some(_), None, _, _) => Err("cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other".into()),
        (None, Some(after), None, to) => {
            // A receipt from before the seal has zero for the block's hash: the place of its logs is final already.
            let hash = after.block_hash.filter(|hash| !hash.is_zero());
            let seen = Seen { number: after.block_number.to(), hash, index: after.log_index.to() };
            Ok(Range::After(seen, to.unwrap_or_default()))
        }
        (_, Some(_), _, _) => Err("cannot specify both after and FromBlock/BlockHash, choose one or the other".into()),
        (None, None, from, to) => Ok(Range::FromTo(from.unwrap_or_default(), to.unwrap_or_default())),
    }
}

fn block_hash(given: &Value) -> Result<Option<B256>, String> {
    if given.is_null() {
        return Ok(None);
    }
    forms::check_hash(&given.to_string(), "input", "blockHash")?;
    B256::deserialize(given).map(Some).map_err(|error| error.to_string())
}

fn block(given: &Value) -> Result<Option<BlockNumberOrTag>, String> {
    if given.is_null() {
        return Ok(None);
    }
    forms::check::<BlockNumberOrTag>(&given.to_string())?;
    BlockNumberOrTag::deserialize(given).map(Some).map_err(|error| error.to_string())
}

fn addresses(given: Value) -> Result<Vec<Address>, String> {
    match given {
        Value::Null => Ok(Vec::new()),
        Value::String(text) => Ok(vec![fixed(&text, "address").map(Address::new).map_err(|words| format!("invalid address: {words}"))?]),
        Value::Array(list) => {
            let read = |(index, value): (usize, &Value)| {
                let text = value.as_str().ok_or_else(|| format!("non-string address at index {index}"))?;
                fixed(text, "address").map(Address::new).map_err(|words| format!("invalid address at index {index}: {words}"))
            };
            list.iter().enumerate().map(read).collect()
        }
        _ => Err("invalid addresses in query".into()),
    }
}

/// The topics that a position may have; empty for all, which is also what a null among alternatives means.
fn alternatives(given: Value) -> Result<Vec<B256>, String> {
    let topic = |text: &str| fixed(text, "topic").map(B256::new);
    match given {
        Value::Null => Ok(Vec::new()),
        Value::String(text) => Ok(vec![topic(&text)?]),
        Value::Array(list) if list.len() > MAX_ALTERNATIVES => Err("exceed max topics".into()),
        Value::Array(list) => {
            let mut wanted = Vec::with_capacity(list.len());
            for value in &list {
                match value {
                    Value::Null => return Ok(Vec::new()),
                    Value::String(text) => wanted.push(topic(text)?),
                    _ => return Err("invalid topic(s)".into()),
                }
            }
            Ok(wanted)
        }
        _ => Err("invalid topic(s)".into()),
    }
}

/// Bytes of a fixed length in hex, with geth's words for what is wrong with them.
fn fixed<const N: usize>(text: &str, what: &str) -> Result<[u8; N], String> {
    if text.is_empty() {
        return Err("empty hex string".into());
    }
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).ok_or("hex string without 0x prefix")?;
    if digits.len() % 2 != 0 {
        return Err("hex string of odd length".into());
    }
    let bytes = hex::decode(digits).map_err(|_| "invalid hex string")?;
    let length = bytes.len();
    bytes.try_into().map_err(|_| format!("hex has invalid length {length} after decoding; expected {N} for {what}"))
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

    fn parse(value: Value) -> LogQuery {
        serde_json::from_value(value).unwrap()
    }

    fn refused(value: Value) -> String {
        serde_json::from_value::<LogQuery>(value).unwrap_err().to_string()
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
    fn a_log_that_was_received_is_a_cursor() {
        let received = json!({ "address": A, "topics": [], "data": "0x", "blockNumber": "0x5", "blockHash": topic(9), "logIndex": "0x2", "removed": false });
        let seen = Seen { number: 5, hash: Some(topic(9)), index: 2 };
        assert_eq!(parse(json!({ "after": received })).range, Range::After(seen, BlockNumberOrTag::Latest));
        let bare = json!({ "blockNumber": "0x5", "logIndex": "0x2" });
        assert_eq!(parse(json!({ "after": bare })).range, Range::After(Seen { hash: None, ..seen }, BlockNumberOrTag::Latest));
        assert!(refused(json!({ "after": bare, "fromBlock": "0x1" })).starts_with("cannot specify both after and FromBlock"));
    }

    #[test]
    fn contradictory_or_oversized_filters_are_refused() {
        assert!(
            refused(json!({ "blockHash": topic(1), "fromBlock": "0x1" })).contains("cannot specify both BlockHash and FromBlock/ToBlock")
        );
        assert!(refused(json!({ "topics": [null, null, null, null, null] })).contains("exceed max topics"));
        assert!(refused(json!({ "topics": [vec![topic(1); MAX_ALTERNATIVES + 1]] })).contains("exceed max topics"));
        let many = parse(json!({ "address": vec![A; MAX_ALTERNATIVES + 1] }));
        assert_eq!(many.check().unwrap_err().message, "exceed max addresses or topics per search position");
        parse(json!({ "address": vec![A; MAX_ALTERNATIVES] })).check().unwrap();
    }

    #[test]
    fn what_is_malformed_is_told_in_geths_words() {
        for (filter, words) in [
            (json!({ "address": 5 }), "invalid addresses in query"),
            (json!({ "address": [5] }), "non-string address at index 0"),
            (json!({ "address": "abc" }), "invalid address: hex string without 0x prefix"),
            (json!({ "address": [A, "0xabc"] }), "invalid address at index 1: hex string of odd length"),
            (json!({ "address": "0xabcd" }), "invalid address: hex has invalid length 2 after decoding; expected 20 for address"),
            (json!({ "topics": ["0xzz"] }), "invalid hex string"),
            (json!({ "topics": [A] }), "hex has invalid length 20 after decoding; expected 32 for topic"),
            (json!({ "topics": [[5]] }), "invalid topic(s)"),
            (json!({ "topics": [5] }), "invalid topic(s)"),
        ] {
            assert_eq!(refused(filter.clone()), words, "{filter}");
        }
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
