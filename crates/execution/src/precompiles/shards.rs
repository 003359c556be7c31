//! Shards: what one append wrote, as the code of an account, in both directions.

use super::sets::Kind;
use alloy_primitives::Bytes;
use tributary_attribution::{
    rows::Layout,
    text::{Place, Run},
};
use tributary_contracts::shards::{HEADER, MAGIC, RUN};
pub(super) use tributary_contracts::shards::{address as shard_address, next_root};

/// The row of a run that is closed.
const CLOSED: u64 = u64::MAX;

/// Largest exponent of a row.
pub(super) const MAX_EXPONENT: u8 = tributary_attribution::rows::MAX_EXPONENT;

/// What one append wrote, whatever its payload means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shard {
    pub(super) kind: Kind,
    pub(super) contributor: u32,
    pub(super) rows: u32,
    /// The set's version that it made.
    pub(super) born: u64,
    pub(super) payload: Bytes,
}

impl Shard {
    /// The shard as the code of an account.
    pub(super) fn encode(&self) -> Bytes {
        let mut code = Vec::with_capacity(HEADER + self.payload.len());
        code.extend(MAGIC);
        code.push(self.kind as u8);
        code.extend(self.contributor.to_be_bytes());
        code.extend(self.rows.to_be_bytes());
        code.extend(self.born.to_be_bytes());
        code.extend(&self.payload);
        code.into()
    }

    /// The shard of this kind that a code is; nothing when it is none.
    pub(super) fn decode(kind: Kind, code: &Bytes) -> Option<Self> {
        let (header, _) = code.split_first_chunk::<HEADER>()?;
        if header[..3] != MAGIC || header[3] != kind as u8 {
            return None;
        }
        let word = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        Some(Self {
            kind,
            contributor: word(4),
            rows: word(8),
            born: u64::from(word(12)) << 32 | u64::from(word(16)),
            payload: code.slice(HEADER..),
        })
    }
}

/// A text shard's payload: `n u32 ‖ n × (start u32 ‖ length u32 ‖ row u64 ‖ token u32)`, and the document.
pub(super) fn encode_text(runs: &[Run], document: &str) -> Bytes {
    let mut payload = Vec::with_capacity(4 + RUN * runs.len() + document.len());
    // A document has at most 128 Ki tokens.
    payload.extend((runs.len() as u32).to_be_bytes());
    for run in runs {
        let origin = run.origin.unwrap_or(Place { row: CLOSED, token: 0 });
        payload.extend(run.start.to_be_bytes());
        payload.extend(run.length.to_be_bytes());
        payload.extend(origin.row.to_be_bytes());
        payload.extend(origin.token.to_be_bytes());
    }
    payload.extend(document.as_bytes());
    payload.into()
}

/// The runs of a text shard's payload, and its document's bytes. What it claims is compared with what it holds first.
pub(super) fn decode_text(payload: &Bytes) -> Option<(Vec<Run>, Bytes)> {
    let (count, rest) = payload.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*count)).ok()?.checked_mul(RUN)?;
    let (stored, rest) = rest.split_at_checked(length)?;
    let (stored, _) = stored.as_chunks::<RUN>();
    Some((stored.iter().map(decode_run).collect(), payload.slice_ref(rest)))
}

fn decode_run(stored: &[u8; RUN]) -> Run {
    let word = |at: usize| u32::from_be_bytes([stored[at], stored[at + 1], stored[at + 2], stored[at + 3]]);
    let row = u64::from(word(8)) << 32 | u64::from(word(12));
    let origin = (row != CLOSED).then(|| Place { row, token: word(16) });
    Run { start: word(0), length: word(4), origin }
}

/// What is wrong with the payload of sketches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowFault {
    /// It is not a whole number of rows, at least one.
    Partial,
    Exponent {
        row: u32,
        exponent: u8,
    },
    /// A value is -128.
    Value {
        row: u32,
    },
}

/// The number of rows in a payload of sketches whose exponents are within `band`.
pub(super) fn check_sketches(layout: Layout, band: (u8, u8), payload: &[u8]) -> Result<u32, RowFault> {
    let length = layout.row_length();
    if payload.is_empty() || !payload.len().is_multiple_of(length) {
        return Err(RowFault::Partial);
    }
    let mut rows = 0;
    for row in payload.chunks_exact(length) {
        if !(band.0..=band.1).contains(&row[0]) {
            return Err(RowFault::Exponent { row: rows, exponent: row[0] });
        }
        if row[length - layout.dim()..].contains(&0x80) {
            return Err(RowFault::Value { row: rows });
        }
        rows += 1;
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::hex;

    #[test]
    fn a_shard_is_its_header_and_its_payload_and_reads_back() {
        let runs = vec![
            Run { start: 1, length: 2, origin: Some(Place { row: 0x0A0B_0C0D_0E0F_1011, token: 4 }) },
            Run { start: 3, length: 5, origin: None },
        ];
        let shard = Shard { kind: Kind::Text, contributor: 0x0102_0304, rows: 1, born: 0x0506, payload: encode_text(&runs, "text") };
        let code = shard.encode();
        let expected = hex!(
            "efa702 02 01020304 00000001 0000000000000506"
            "00000002 00000001 00000002 0a0b0c0d0e0f1011 00000004 00000003 00000005 ffffffffffffffff 00000000"
            "74657874"
        );
        assert_eq!(code[..], expected);
        assert_eq!(code[MAGIC.len()], tributary_contracts::shards::TEXT);
        assert_eq!(Shard::decode(Kind::Text, &code), Some(shard.clone()));
        assert_eq!(decode_text(&shard.payload), Some((runs, Bytes::from_static(b"text"))));
        assert_eq!(Shard::decode(Kind::Sketch, &code), None);
        assert_eq!(Shard::decode(Kind::Text, &code.slice(..HEADER - 1)), None);
    }

    #[test]
    fn runs_that_a_payload_claims_and_does_not_hold_are_none() {
        assert_eq!(decode_text(&hex!("000000").into()), None);
        assert_eq!(decode_text(&hex!("ffffffff00").into()), None);
        assert_eq!(decode_text(&[vec![0, 0, 0, 2], vec![0; 39]].concat().into()), None);
    }
}
