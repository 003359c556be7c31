//! What the journal holds: how the open block was opened, and every acknowledged transaction, in order.

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_rlp::{RlpDecodable, RlpEncodable};
use tributary_pool::RecoveredTx;
use tributary_primitives::{BlockAttributes, ChainSpec, PayloadAttributes, Receipt};
use tributary_storage::{JournalEntry, Recovered};

/// Payload attributes as the journal keeps them.
#[derive(RlpEncodable, RlpDecodable)]
struct Opening {
    timestamp: u64,
    beneficiary: Address,
    mix_hash: B256,
    gas_limit: u64,
    extra_data: Bytes,
    parent_beacon_block_root: B256,
    transactions: Vec<Bytes>,
    takes_transactions: bool,
}

/// How a block was opened. With it and the transactions after it, a restarted node builds the same block again.
pub(crate) fn encode(attributes: &PayloadAttributes) -> Bytes {
    let PayloadAttributes { block, transactions, no_tx_pool } = attributes.clone();
    let opening = Opening {
        timestamp: block.timestamp,
        beneficiary: block.beneficiary,
        mix_hash: block.mix_hash,
        gas_limit: block.gas_limit,
        extra_data: block.extra_data,
        parent_beacon_block_root: block.parent_beacon_block_root.unwrap_or_default(),
        transactions,
        takes_transactions: !no_tx_pool,
    };
    alloy_rlp::encode(&opening).into()
}

/// The inverse of [`encode`].
pub(crate) fn decode(bytes: &[u8]) -> Result<PayloadAttributes, alloy_rlp::Error> {
    let opening: Opening = alloy_rlp::decode_exact(bytes)?;
    let block = BlockAttributes {
        timestamp: opening.timestamp,
        beneficiary: opening.beneficiary,
        mix_hash: opening.mix_hash,
        gas_limit: opening.gas_limit,
        extra_data: opening.extra_data,
        parent_beacon_block_root: Some(opening.parent_beacon_block_root),
        withdrawals: Some(Default::default()),
        difficulty: U256::ZERO,
        nonce: Default::default(),
        ommers: Vec::new(),
    };
    Ok(PayloadAttributes { block, transactions: opening.transactions, no_tx_pool: !opening.takes_transactions })
}

/// The position of a transaction that was acknowledged but waits in the pool.
const WAITING: u32 = u32::MAX;

/// The position of one that does so no more. Its hash is in place of its bytes.
const DROPPED: u32 = u32::MAX - 1;

/// A transaction that was executed at `index`, with what its result is checked against when it is executed again.
pub(crate) fn executed(raw: Bytes, index: usize, receipt: &Receipt) -> JournalEntry {
    let position = u32::try_from(index).expect("invariant: a block's gas bounds its transactions far below 2^32");
    JournalEntry { position, raw, result: result_hash(receipt) }
}

/// A transaction that waits in the pool.
pub(crate) fn waiting(raw: Bytes) -> JournalEntry {
    JournalEntry { position: WAITING, raw, result: B256::ZERO }
}

/// A transaction that waited in the pool, and was taken out of it without having run.
pub(crate) fn dropped(hash: B256) -> JournalEntry {
    JournalEntry { position: DROPPED, raw: hash.into(), result: B256::ZERO }
}

/// Whether the entry is of a transaction that was executed.
pub(crate) fn is_executed(entry: &JournalEntry) -> bool {
    entry.position < DROPPED
}

/// What was acknowledged and is in no block that will be opened again, in order. Transactions of committed blocks are among it: their nonces are used.
pub(crate) fn unplaced(spec: &ChainSpec, journal: &Recovered) -> Vec<RecoveredTx> {
    let gone = journal.committed.iter().chain(&journal.stale).flat_map(|block| &block.entries);
    let open = journal.open.iter().flat_map(|block| &block.entries).filter(|entry| !is_executed(entry));
    let mut unplaced: Vec<RecoveredTx> = Vec::new();
    for entry in gone.chain(open) {
        if entry.position == DROPPED {
            unplaced.retain(|tx| tx.hash[..] != entry.raw[..]);
        } else {
            unplaced.extend(RecoveredTx::decode_on(spec, &entry.raw));
        }
    }
    unplaced
}

/// What a journalled transaction's result is checked against when it is executed again.
pub(crate) fn result_hash(receipt: &Receipt) -> B256 {
    alloy_primitives::keccak256(receipt.encoded_2718())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_read_back() {
        let block = BlockAttributes {
            timestamp: 7,
            beneficiary: Address::repeat_byte(2),
            mix_hash: B256::repeat_byte(3),
            gas_limit: 30_000_000,
            extra_data: Bytes::from_static(&[0; 9]),
            parent_beacon_block_root: Some(B256::repeat_byte(4)),
            withdrawals: Some(Default::default()),
            difficulty: U256::ZERO,
            nonce: Default::default(),
            ommers: Vec::new(),
        };
        let transactions = vec![Bytes::from_static(b"a"), Bytes::from_static(b"bc")];
        let attributes = PayloadAttributes { block, transactions, no_tx_pool: false };
        assert_eq!(decode(&encode(&attributes)).unwrap(), attributes);
    }
}
