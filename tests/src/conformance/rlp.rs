//! RLPTests: values and their encoding, and bytes that encode nothing.
//!
//! The node's RLP is alloy-rlp's; what these tests hold to the standard is its header and its strings, which all of the node's formats are made of.

use super::{Case, Failure};
use alloy_primitives::{Bytes, U512};
use alloy_rlp::{Header, PayloadView};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
struct RlpTest {
    #[serde(rename = "in")]
    input: Value,
    out: Bytes,
}

/// What RLP encodes.
#[derive(Debug, PartialEq, Eq)]
enum Item {
    Bytes(Vec<u8>),
    List(Vec<Item>),
}

pub(super) fn cases(json: &str, wanted: &dyn Fn(&str) -> bool) -> serde_json::Result<Vec<Case>> {
    let tests: BTreeMap<String, RlpTest> = serde_json::from_str(json)?;
    Ok(tests.into_iter().filter(|(name, _)| wanted(name)).map(|(name, test)| (name, test.run())).collect())
}

impl RlpTest {
    fn run(&self) -> Result<(), Failure> {
        let decoded = Item::decode_exact(&self.out);
        match self.input.as_str() {
            Some("INVALID") => {
                return decoded.map_or(Ok(()), |item| Err(Failure::new(format!("decoded as {item:?}, though it is invalid"))));
            }
            Some("VALID") => return Failure::unless_equal("encoding of what was decoded", decoded?.encode(), self.out.to_vec()),
            _ => {}
        }
        let item = Item::of(&self.input)?;
        Failure::unless_equal("encoding", Bytes::from(item.encode()), self.out.clone())?;
        Failure::unless_equal("what was decoded", decoded?, item)
    }
}

impl Item {
    /// A string is its bytes; a number, or text after `#`, is an integer in big-endian without leading zeros.
    fn of(value: &Value) -> Result<Self, Failure> {
        let integer = |number: U512| Self::Bytes(number.to_be_bytes_trimmed_vec());
        match value {
            Value::Array(items) => Ok(Self::List(items.iter().map(Self::of).collect::<Result<_, _>>()?)),
            Value::Number(number) => Ok(integer(number.as_u64().map(U512::from).ok_or_else(|| Failure::new("a number below zero"))?)),
            Value::String(text) => match text.strip_prefix('#') {
                Some(number) => Ok(integer(number.parse()?)),
                None => Ok(Self::Bytes(text.as_bytes().to_vec())),
            },
            other => Err(Failure::new(format!("{other} is no value of RLP"))),
        }
    }

    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => alloy_rlp::encode(bytes.as_slice()),
            Self::List(items) => {
                let payload: Vec<u8> = items.iter().flat_map(Self::encode).collect();
                let mut out = Vec::new();
                Header { list: true, payload_length: payload.len() }.encode(&mut out);
                out.extend(payload);
                out
            }
        }
    }

    fn decode_exact(mut rlp: &[u8]) -> Result<Self, alloy_rlp::Error> {
        let item = match Header::decode_raw(&mut rlp)? {
            PayloadView::String(bytes) => Self::Bytes(bytes.to_vec()),
            PayloadView::List(items) => Self::List(items.into_iter().map(Self::decode_exact).collect::<Result<_, _>>()?),
        };
        if rlp.is_empty() { Ok(item) } else { Err(alloy_rlp::Error::UnexpectedLength) }
    }
}
