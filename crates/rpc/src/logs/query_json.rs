//! The filter object of `eth_getLogs`, `eth_newFilter` and `eth_subscribe("logs")`, read as geth reads it.
//!
//! Beside geth's fields there is `after`, a log that the client has seen: its `blockNumber` and `logIndex`, and its `blockHash` so that the node can
//! tell when that log has left the chain. A log as it was received is one, its other fields are not looked at.

use super::query::{LogQuery, MAX_ALTERNATIVES, Range, Seen};
use crate::forms;
use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{Address, B256, U64, hex};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use tributary_storage::LogFilter;

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

impl<'de> Deserialize<'de> for LogQuery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(Fields::deserialize(deserializer)?).map_err(D::Error::custom)
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const A: Address = Address::repeat_byte(0xaa);

    fn topic(byte: u8) -> B256 {
        B256::with_last_byte(byte)
    }

    fn parse(value: Value) -> LogQuery {
        serde_json::from_value(value).unwrap()
    }

    fn refused(value: Value) -> String {
        serde_json::from_value::<LogQuery>(value).unwrap_err().to_string()
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
}
