//! From the rollup's block to L1 and back: which L1 transaction carries it, and what a verifier makes of that.

use crate::{chain::Chain, error::Error, terminal::LiveLine};
use alloy_primitives::{B256, U64};
use serde::Deserialize;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tributary_client::Client;

/// How often the node is asked how far it is.
const POLL: Duration = Duration::from_millis(500);

/// Where a block is on L1.
#[derive(Debug)]
pub(crate) struct Settlement {
    /// Number of the L2 block.
    pub(crate) block: u64,
    /// Its hash, as the sequencer has it.
    pub(crate) sequencer_hash: B256,
    /// Its hash, as the verifier derived it from L1.
    pub(crate) verifier_hash: B256,
    /// The L1 transaction that carries it, and its block.
    pub(crate) batch: Batch,
    /// Hash of the L1 block of that transaction, as L1 itself says.
    pub(crate) l1_says: B256,
    /// Whether that transaction succeeded.
    pub(crate) l1_success: bool,
}

/// What `tributary_batchOf` answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Batch {
    pub(crate) l1_transaction_hash: B256,
    pub(crate) l1_block_number: U64,
    pub(crate) l1_block_hash: B256,
}

/// Anything that has a hash.
#[derive(Debug, Deserialize)]
struct Hashed {
    hash: B256,
}

/// The part of `optimism_syncStatus` that is shown.
#[derive(Debug, Clone, Copy, Deserialize)]
struct SyncStatus {
    unsafe_l2: Numbered,
    safe_l2: Numbered,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Numbered {
    number: u64,
}

/// Waits until `last_block` is safe, and looks up `block`.
pub(crate) async fn wait(chain: &Chain, l1: &Client, block: u64, last_block: u64, patience: Duration) -> Result<Settlement, Error> {
    wait_until_safe(chain, last_block, patience).await?;
    let (rollup, number) = (chain.client(), U64::from(block));
    let batch: Batch = rollup.demand("tributary_batchOf", [number]).await?;
    let derived: Hashed = rollup.demand("tributary_verifierBlock", [number]).await?;
    let sealed: Hashed = rollup.demand("eth_getBlockByNumber", (number, false)).await?;
    let unknown = || Error::Check(format!("L1 does not know transaction {}", batch.l1_transaction_hash));
    let receipt = l1.receipt(batch.l1_transaction_hash).await?.ok_or_else(unknown)?;
    Ok(Settlement {
        block,
        sequencer_hash: sealed.hash,
        verifier_hash: derived.hash,
        l1_says: receipt.0.block_hash.unwrap_or_default(),
        l1_success: receipt.succeeded(),
        batch,
    })
}

async fn wait_until_safe(chain: &Chain, number: u64, patience: Duration) -> Result<(), Error> {
    let started = Instant::now();
    let line = LiveLine::new();
    loop {
        let status: SyncStatus = chain.client().demand("optimism_syncStatus", [(); 0]).await?;
        if status.safe_l2.number >= number {
            line.clear();
            return Ok(());
        }
        if started.elapsed() > patience {
            line.clear();
            return Err(Error::NotSafe { number, seconds: patience.as_secs(), safe: status.safe_l2.number });
        }
        line.show(&format!("waiting for block {number}: unsafe {}, safe {} …", status.unsafe_l2.number, status.safe_l2.number));
        sleep(POLL).await;
    }
}
