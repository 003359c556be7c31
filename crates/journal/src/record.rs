//! The records, and their bytes in format 2: `kind u8 ‖ RLP`. A change makes a new format, never an edit here once one was released.

use alloy_consensus::Header;
use alloy_eips::eip4895::Withdrawal;
use alloy_primitives::{Address, B64, B256, Bytes, U256};
use alloy_rlp::{Decodable, Encodable, RlpDecodable, RlpEncodable};
use tributary_primitives::{BlockAttributes, PayloadAttributes};

/// A transaction that was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct JournalTransaction {
    /// Its hash.
    pub hash: B256,
    /// Its EIP-2718 bytes, in the network's form where it has blobs.
    pub raw: Bytes,
}

/// A transaction that was executed on an open block.
#[derive(Debug, Clone, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct Executed {
    /// The transaction.
    pub transaction: JournalTransaction,
    /// Its index in the block.
    pub index: u32,
    /// A hash of its receipt: replaying must give the same.
    pub result: B256,
}

/// Something that happened to a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A block was opened. Blocks of its number and above that were opened before are given up.
    Opened {
        /// Its number.
        number: u64,
        /// Its parent's hash.
        parent: B256,
        /// What it was opened with.
        attributes: Box<PayloadAttributes>,
    },
    /// A transaction was executed on the block that was opened last.
    Executed(Executed),
    /// A transaction waits: it is acknowledged and in no block.
    Queued(JournalTransaction),
    /// One that waited does so no more, without having run.
    Dropped(B256),
    /// The chain is about to be set back. Open blocks are given up; these are acknowledged, in no block, and run before what else waits.
    Parked(Vec<JournalTransaction>),
    /// A block is committed, and with it its transactions and those of the blocks before.
    Sealed {
        /// Its number.
        number: u64,
        /// Its hash.
        hash: B256,
    },
}

const OPENED: u8 = 0;
const EXECUTED: u8 = 1;
const QUEUED: u8 = 2;
const DROPPED: u8 = 3;
const PARKED: u8 = 4;
const SEALED: u8 = 5;

#[derive(RlpEncodable, RlpDecodable)]
struct Opening {
    number: u64,
    parent: B256,
    attributes: Attributes,
}

/// [`PayloadAttributes`]; what may be absent is a list of one or none.
#[derive(RlpEncodable, RlpDecodable)]
struct Attributes {
    timestamp: u64,
    beneficiary: Address,
    mix_hash: B256,
    gas_limit: u64,
    extra_data: Bytes,
    parent_beacon_block_root: Vec<B256>,
    withdrawals: Vec<Vec<Withdrawal>>,
    difficulty: U256,
    nonce: B64,
    ommers: Vec<Header>,
    transactions: Vec<Bytes>,
    no_tx_pool: bool,
}

#[derive(RlpEncodable, RlpDecodable)]
struct Sealing {
    number: u64,
    hash: B256,
}

impl From<&PayloadAttributes> for Attributes {
    fn from(attributes: &PayloadAttributes) -> Self {
        let PayloadAttributes { block, transactions, no_tx_pool } = attributes.clone();
        Self {
            timestamp: block.timestamp,
            beneficiary: block.beneficiary,
            mix_hash: block.mix_hash,
            gas_limit: block.gas_limit,
            extra_data: block.extra_data,
            parent_beacon_block_root: block.parent_beacon_block_root.into_iter().collect(),
            withdrawals: block.withdrawals.into_iter().map(|list| list.into_inner()).collect(),
            difficulty: block.difficulty,
            nonce: block.nonce,
            ommers: block.ommers,
            transactions,
            no_tx_pool,
        }
    }
}

impl From<Attributes> for PayloadAttributes {
    fn from(attributes: Attributes) -> Self {
        let block = BlockAttributes {
            timestamp: attributes.timestamp,
            beneficiary: attributes.beneficiary,
            mix_hash: attributes.mix_hash,
            gas_limit: attributes.gas_limit,
            extra_data: attributes.extra_data,
            parent_beacon_block_root: attributes.parent_beacon_block_root.into_iter().next(),
            withdrawals: attributes.withdrawals.into_iter().next().map(Into::into),
            difficulty: attributes.difficulty,
            nonce: attributes.nonce,
            ommers: attributes.ommers,
        };
        Self { block, transactions: attributes.transactions, no_tx_pool: attributes.no_tx_pool }
    }
}

impl Record {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Opened { number, parent, attributes } => {
                out.push(OPENED);
                Opening { number: *number, parent: *parent, attributes: attributes.as_ref().into() }.encode(out);
            }
            Self::Executed(executed) => {
                out.push(EXECUTED);
                executed.encode(out);
            }
            Self::Queued(transaction) => {
                out.push(QUEUED);
                transaction.encode(out);
            }
            Self::Dropped(hash) => {
                out.push(DROPPED);
                hash.encode(out);
            }
            Self::Parked(transactions) => {
                out.push(PARKED);
                transactions.encode(out);
            }
            Self::Sealed { number, hash } => {
                out.push(SEALED);
                Sealing { number: *number, hash: *hash }.encode(out);
            }
        }
    }

    /// Takes a record off the front of `bytes`; `None` when it is malformed.
    pub(crate) fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        *bytes = rest;
        Some(match *kind {
            OPENED => {
                let Opening { number, parent, attributes } = Opening::decode(bytes).ok()?;
                Self::Opened { number, parent, attributes: Box::new(attributes.into()) }
            }
            EXECUTED => Self::Executed(Executed::decode(bytes).ok()?),
            QUEUED => Self::Queued(JournalTransaction::decode(bytes).ok()?),
            DROPPED => Self::Dropped(B256::decode(bytes).ok()?),
            PARKED => Self::Parked(Vec::decode(bytes).ok()?),
            SEALED => {
                let Sealing { number, hash } = Sealing::decode(bytes).ok()?;
                Self::Sealed { number, hash }
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transaction(byte: u8) -> JournalTransaction {
        JournalTransaction { hash: B256::repeat_byte(byte), raw: vec![byte; 40].into() }
    }

    fn attributes(block: BlockAttributes) -> Box<PayloadAttributes> {
        Box::new(PayloadAttributes { block, transactions: vec![Bytes::from_static(b"a"), Bytes::from_static(b"bc")], no_tx_pool: true })
    }

    #[test]
    fn every_record_reads_back() {
        let merged = BlockAttributes {
            timestamp: 7,
            beneficiary: Address::repeat_byte(2),
            mix_hash: B256::repeat_byte(3),
            gas_limit: 30_000_000,
            extra_data: Bytes::from_static(&[0; 9]),
            parent_beacon_block_root: Some(B256::repeat_byte(4)),
            withdrawals: Some(Default::default()),
            difficulty: U256::ZERO,
            nonce: B64::ZERO,
            ommers: Vec::new(),
        };
        let mined = BlockAttributes {
            parent_beacon_block_root: None,
            withdrawals: None,
            difficulty: U256::from(1u64 << 40),
            nonce: B64::repeat_byte(9),
            ommers: vec![Header::default()],
            ..merged.clone()
        };
        let records = [
            Record::Opened { number: 8, parent: B256::repeat_byte(1), attributes: attributes(merged) },
            Record::Executed(Executed { transaction: transaction(1), index: 3, result: B256::repeat_byte(5) }),
            Record::Opened { number: 9, parent: B256::repeat_byte(2), attributes: attributes(mined) },
            Record::Queued(transaction(2)),
            Record::Dropped(B256::repeat_byte(2)),
            Record::Parked(vec![transaction(3), transaction(4)]),
            Record::Parked(Vec::new()),
            Record::Sealed { number: 8, hash: B256::repeat_byte(6) },
        ];
        let mut bytes = Vec::new();
        records.iter().for_each(|record| record.encode(&mut bytes));
        let mut rest = bytes.as_slice();
        for record in records {
            assert_eq!(Record::decode(&mut rest), Some(record));
        }
        assert!(rest.is_empty());
    }

    #[test]
    fn a_kind_that_is_not_known_is_malformed() {
        assert_eq!(Record::decode(&mut [6, 0xc0].as_slice()), None);
        assert_eq!(Record::decode(&mut [].as_slice()), None);
    }
}
