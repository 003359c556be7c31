//! Every metric that a node keeps: its name, what it means, and the recorder behind them.
//!
//! Metrics are written with the `metrics` crate's macros and these names, from anywhere in the node; nothing is kept until [`install`] was called.

use crate::Error;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge};
pub use metrics_exporter_prometheus::PrometheusHandle;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use std::sync::{Mutex, PoisonError};
use tributary_primitives::Heads;

/// Number of the head block. Label `head`: `unsafe`, `safe`, `finalized`.
pub const HEAD_BLOCK: &str = "tributary_head_block";
/// 1 when `/health` would answer 200, 0 when 503. Judged when the metrics are read.
pub const HEALTHY: &str = "tributary_healthy";
/// Number of the newest L1 block that the node knows.
pub const L1_HEAD_BLOCK: &str = "tributary_l1_head_block";
/// User transactions that the sequencer executed. Label `outcome`: `included`, `rejected`.
pub const TRANSACTIONS: &str = "tributary_transactions_total";
/// Gas used by sealed blocks.
pub const GAS_USED: &str = "tributary_gas_used_total";
/// Transactions in the pool.
pub const POOL_TRANSACTIONS: &str = "tributary_pool_transactions";
/// Time from handing a transaction to the sequencer to its acknowledgement.
pub const ACKNOWLEDGEMENT_SECONDS: &str = "tributary_acknowledgement_seconds";
/// Time of one group commit of the journal.
pub const JOURNAL_SYNC_SECONDS: &str = "tributary_journal_sync_seconds";
/// Time from closing a block to its commit: root, header, storage transaction.
pub const SEAL_SECONDS: &str = "tributary_seal_seconds";
/// Batches included on L1.
pub const BATCHES: &str = "tributary_batches_total";
/// L2 blocks in batches included on L1.
pub const BATCHED_BLOCKS: &str = "tributary_batched_blocks_total";
/// Bytes of batch data, compressed, included on L1.
pub const BATCH_BYTES: &str = "tributary_batch_bytes_total";
/// Blocks that the verifier derived from L1.
pub const DERIVED_BLOCKS: &str = "tributary_derived_blocks_total";
/// L1 reorgs that made the verifier start again.
pub const RESETS: &str = "tributary_resets_total";
/// Requests to L1 that failed and were tried again.
pub const L1_RETRIES: &str = "tributary_l1_retries_total";
/// Time of re-executing one range from its witness.
pub const PROVE_SECONDS: &str = "tributary_prove_seconds";
/// Output roots accepted on L1.
pub const PROPOSALS: &str = "tributary_proposals_total";
/// L2 block of the newest output root on L1.
pub const PROPOSED_BLOCK: &str = "tributary_proposed_block";

/// 1 when `/ready` would answer 200, 0 when 503. Judged when the metrics are read.
pub const READY: &str = "tributary_ready";
/// Age of the head block, on the chain's clock. Label `head`: `unsafe`, `safe`, `finalized`.
pub const HEAD_AGE_SECONDS: &str = "tributary_head_age_seconds";
/// L1 blocks that are there and not derived.
pub const DERIVATION_LAG: &str = "tributary_derivation_lag_blocks";
/// L2 blocks that are sealed and in no batch on L1.
pub const BACKLOG_BLOCKS: &str = "tributary_batcher_backlog_blocks";
/// Bytes of the transactions in those blocks, before compression; deposits do not count.
pub const BACKLOG_BYTES: &str = "tributary_batcher_backlog_bytes";
/// What an account paid for gas and blobs on L1 since the node's start, wei. Label `role`: `batcher`, `proposer`.
pub const L1_SPENT_WEI: &str = "tributary_l1_spent_wei";
/// What an account has on L1, wei. Labels `role` and `address`.
pub const L1_BALANCE_WEI: &str = "tributary_l1_balance_wei";
/// Less than this on L1, wei, does not pay for what an account does before long. Labels `role` and `address`.
pub const L1_LOW_BALANCE_WEI: &str = "tributary_l1_low_balance_wei";
/// Age of the newest L1 block that the node knows, on the chain's clock.
pub const L1_HEAD_AGE_SECONDS: &str = "tributary_l1_head_age_seconds";
/// Time since L1 last answered.
pub const L1_SILENCE_SECONDS: &str = "tributary_l1_silence_seconds";
/// What a byte of batch data costs in the next L1 block, wei. Label `kind`: `blob` (of a full blob), `calldata` (of bytes that are not zero, at EIP-7623's floor).
pub const DA_PRICE_WEI: &str = "tributary_da_price_wei_per_byte";
/// Exchanges with an endpoint of L1 that gave no usable answer. Labels `api`: `execution`, `beacon`, `archive`; and `endpoint`: host and port.
pub const L1_ENDPOINT_ERRORS: &str = "tributary_l1_endpoint_errors_total";

/// Every name above, for who checks what others say of them.
pub const ALL: [&str; 30] = [
    HEAD_BLOCK,
    HEALTHY,
    L1_HEAD_BLOCK,
    TRANSACTIONS,
    GAS_USED,
    POOL_TRANSACTIONS,
    ACKNOWLEDGEMENT_SECONDS,
    JOURNAL_SYNC_SECONDS,
    SEAL_SECONDS,
    BATCHES,
    BATCHED_BLOCKS,
    BATCH_BYTES,
    DERIVED_BLOCKS,
    RESETS,
    L1_RETRIES,
    PROVE_SECONDS,
    PROPOSALS,
    PROPOSED_BLOCK,
    READY,
    HEAD_AGE_SECONDS,
    DERIVATION_LAG,
    BACKLOG_BLOCKS,
    BACKLOG_BYTES,
    L1_SPENT_WEI,
    L1_BALANCE_WEI,
    L1_LOW_BALANCE_WEI,
    L1_HEAD_AGE_SECONDS,
    L1_SILENCE_SECONDS,
    DA_PRICE_WEI,
    L1_ENDPOINT_ERRORS,
];

/// Upper bounds of the histograms' buckets, in seconds.
const SECONDS: [f64; 14] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// The process has one recorder, however many nodes it runs.
static INSTALLED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// Installs the process's recorder, or gives the handle of the one that an earlier call installed.
///
/// # Errors
/// [`Error::ForeignRecorder`] when somebody else installed one.
pub fn install() -> Result<PrometheusHandle, Error> {
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*installed {
        return Ok(handle.clone());
    }
    let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS);
    let recorder = builder.expect("invariant: there are buckets").build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| Error::ForeignRecorder)?;
    describe();
    zero();
    *installed = Some(handle.clone());
    Ok(handle)
}

/// Gives every metric its help text. The texts are the first sentences of the constants' documentation.
fn describe() {
    describe_gauge!(HEAD_BLOCK, "Number of the head block, by head");
    describe_gauge!(HEALTHY, "1 when the heads advance and the checks agree");
    describe_gauge!(L1_HEAD_BLOCK, "Number of the newest L1 block that the node knows");
    describe_counter!(TRANSACTIONS, "User transactions that the sequencer executed, by outcome");
    describe_counter!(GAS_USED, "Gas used by sealed blocks");
    describe_gauge!(POOL_TRANSACTIONS, "Transactions in the pool");
    describe_histogram!(ACKNOWLEDGEMENT_SECONDS, Unit::Seconds, "Time from handing a transaction to the sequencer to its acknowledgement");
    describe_histogram!(JOURNAL_SYNC_SECONDS, Unit::Seconds, "Time of one group commit of the journal");
    describe_histogram!(SEAL_SECONDS, Unit::Seconds, "Time from closing a block to its commit");
    describe_counter!(BATCHES, "Batches included on L1");
    describe_counter!(BATCHED_BLOCKS, "L2 blocks in batches included on L1");
    describe_counter!(BATCH_BYTES, Unit::Bytes, "Bytes of compressed batch data included on L1");
    describe_counter!(DERIVED_BLOCKS, "Blocks that the verifier derived from L1");
    describe_counter!(RESETS, "L1 reorgs that made the verifier start again");
    describe_counter!(L1_RETRIES, "Requests to L1 that failed and were tried again");
    describe_histogram!(PROVE_SECONDS, Unit::Seconds, "Time of re-executing one range from its witness");
    describe_counter!(PROPOSALS, "Output roots accepted on L1");
    describe_gauge!(PROPOSED_BLOCK, "L2 block of the newest output root on L1");
    describe_gauge!(READY, "1 when the node may lead or serve");
    describe_gauge!(HEAD_AGE_SECONDS, Unit::Seconds, "Age of the head block, by head");
    describe_gauge!(DERIVATION_LAG, "L1 blocks that are there and not derived");
    describe_gauge!(BACKLOG_BLOCKS, "L2 blocks that are sealed and in no batch on L1");
    describe_gauge!(BACKLOG_BYTES, Unit::Bytes, "Bytes of the transactions in those blocks, before compression");
    describe_gauge!(L1_SPENT_WEI, "What an account paid for gas and blobs on L1 since the start, by role");
    describe_gauge!(L1_BALANCE_WEI, "What an account has on L1, by role");
    describe_gauge!(L1_LOW_BALANCE_WEI, "Less than this on L1 does not pay for what an account does before long, by role");
    describe_gauge!(L1_HEAD_AGE_SECONDS, Unit::Seconds, "Age of the newest L1 block that the node knows");
    describe_gauge!(L1_SILENCE_SECONDS, Unit::Seconds, "Time since L1 last answered");
    describe_gauge!(DA_PRICE_WEI, "What a byte of batch data costs in the next L1 block, by kind");
    describe_counter!(L1_ENDPOINT_ERRORS, "Exchanges with an endpoint of L1 that gave no usable answer, by endpoint");
}

/// What never happened is told as zero: who watches sees the first time.
fn zero() {
    for counter in [GAS_USED, BATCHES, BATCHED_BLOCKS, BATCH_BYTES, DERIVED_BLOCKS, RESETS, L1_RETRIES, PROPOSALS] {
        counter!(counter).increment(0);
    }
}

/// Sets the three head gauges.
pub(crate) fn set_heads(heads: &Heads) {
    let blocks = [("unsafe", heads.unsafe_head), ("safe", heads.safe_head), ("finalized", heads.finalized_head)];
    for (head, block) in blocks {
        gauge!(HEAD_BLOCK, "head" => head).set(block.number as f64);
    }
}
