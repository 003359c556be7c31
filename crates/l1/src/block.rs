//! An L1 block as derivation reads it.

use crate::{client::L1Client, error::Error};
use alloy_consensus::{Header, Transaction as _, Typed2718};
use alloy_eips::{BlockId, eip4844::Blob};
use alloy_primitives::{Address, B256, Bytes};
use tributary_primitives::{Receipt, Transaction};

/// What a transaction to the batch inbox carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboxData {
    /// Calldata of a transaction of type 0, 1 or 2.
    Calldata(Bytes),
    /// Blobs of a transaction of type 3, in the order of its versioned hashes, verified.
    Blobs(Vec<Blob>),
}

/// A transaction of type 0 to 3 to the batch inbox (specs: protocol/derivation#l1-retrieval). Others do not count, failed ones do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxTransaction {
    /// Hash.
    pub hash: B256,
    /// Recovered sender.
    pub from: Address,
    /// What it carries.
    pub data: InboxData,
}

/// A verified L1 block, reduced to what derivation reads.
#[derive(Debug, Clone)]
pub struct L1BlockData {
    /// Header.
    pub header: Header,
    /// keccak256 of the header.
    pub hash: B256,
    /// All receipts, in order.
    pub receipts: Vec<Receipt>,
    /// Wanted transactions to the batch inbox, in order.
    pub inbox: Vec<InboxTransaction>,
}

/// Fetches a block, its receipts and what went to `inbox` from senders that `wanted` wants. `None` when there is no such block.
/// `wanted` sees the receipts, because they may name a new batcher that already counts in this block.
///
/// # Errors
/// As of [`L1Client`]; [`Error::BlockGone`] when a reorg takes the block away in the middle.
pub async fn fetch_block(
    client: &L1Client,
    id: impl Into<BlockId>,
    inbox: Address,
    wanted: impl Fn(&[Receipt], Address) -> bool,
) -> Result<Option<L1BlockData>, Error> {
    let Some(block) = client.block(id).await? else { return Ok(None) };
    let (block, hash) = block.into_parts();
    let header = alloy_consensus::Sealed::new_unchecked(block.header, hash);
    let receipts = client.receipts(&header).await?;
    let mut found = Vec::new();
    for tx in block.body.transactions.iter().filter(|tx| may_carry_batches(tx, inbox)) {
        let Some(from) = tx.sender().ok().filter(|from| wanted(&receipts, *from)) else { continue };
        let data = match tx {
            Transaction::Eip4844(tx) => {
                InboxData::Blobs(client.blobs(header.number, header.timestamp, &tx.tx().blob_versioned_hashes).await?)
            }
            tx => InboxData::Calldata(tx.input().clone()),
        };
        found.push(InboxTransaction { hash: tx.hash(), from, data });
    }
    Ok(Some(L1BlockData { header: header.into_inner(), hash, receipts, inbox: found }))
}

fn may_carry_batches(tx: &Transaction, inbox: Address) -> bool {
    tx.to() == Some(inbox) && tx.ty() <= 3
}
