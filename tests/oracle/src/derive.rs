//! Runs kona's pipeline over plain bytes.

use crate::source::Source;
use alloy_primitives::{Address, B64, B256, Bytes};
use kona_derive::{
    EthereumDataSource, OriginProvider, Pipeline, PipelineBuilder, PipelineError, PipelineErrorKind, ResetSignal, Signal, SignalReceiver,
    StatefulAttributesBuilder, StepResult,
};
use kona_genesis::RollupConfig;
use kona_protocol::OpAttributesWithParent;
use std::sync::Arc;

/// kona's futures recurse deeply.
const STACK: usize = 64 << 20;

/// How many fruitless steps in a row count as being stuck.
const PATIENCE: usize = 100_000;

/// An L1 block as bytes.
#[derive(Debug, Clone, Default)]
pub struct L1Block {
    /// RLP of the header. Its roots are not compared with the rest.
    pub header: Bytes,
    /// EIP-2718 transactions, blob transactions without sidecars.
    pub transactions: Vec<Bytes>,
    /// EIP-2718 receipts with bloom.
    pub receipts: Vec<Bytes>,
    /// Blobs of 131072 bytes by versioned hash.
    pub blobs: Vec<(B256, Bytes)>,
}

/// Payload attributes as kona derives them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    /// Seconds since the epoch.
    pub timestamp: u64,
    /// The L1 origin's mix hash.
    pub prev_randao: B256,
    /// The sequencer fee vault.
    pub fee_recipient: Address,
    /// The L1 origin's parent beacon block root.
    pub parent_beacon_block_root: B256,
    /// EIP-2718 transactions, deposits first.
    pub transactions: Vec<Bytes>,
    /// Whether no other transactions may be included.
    pub no_tx_pool: bool,
    /// Gas limit.
    pub gas_limit: u64,
    /// EIP-1559 parameters.
    pub eip1559_params: B64,
    /// Hash of the L2 parent.
    pub parent: B256,
    /// Number of the L1 block that the attributes were derived from.
    pub derived_from: u64,
}

/// Why kona gave no opinion.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input does not decode.
    #[error("bad input: {0}")]
    Input(String),
    /// kona failed or asked for a reset.
    #[error("kona: {0}")]
    Kona(String),
}

/// Derives L2 from genesis until `l1_blocks` end or `l2_block` knows no more.
///
/// `rollup_config` is rollup.json; `l1_blocks` are consecutive from the L1 genesis of that configuration; `l2_block` returns the RLP of the L2
/// block with a number, which kona builds the next one on: genesis, and for each returned attributes the block that they became, or the block of
/// their deposits alone where they were invalid.
///
/// # Errors
/// [`Error::Input`] when something does not decode, [`Error::Kona`] when kona fails or does not come to an end.
pub fn kona_attributes(
    rollup_config: &str,
    l1_blocks: &[L1Block],
    l2_block: impl Fn(u64) -> Option<Bytes> + Send + Sync + 'static,
) -> Result<Vec<Attributes>, Error> {
    let config = Arc::new(parse_config(rollup_config)?);
    let source = Source::new(config.clone(), l1_blocks, Arc::new(l2_block))?;
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|e| Error::Kona(e.to_string()))?;
        runtime.block_on(run(config, source))
    });
    let thread = thread.map_err(|e| Error::Kona(e.to_string()))?;
    thread.join().unwrap_or_else(|_| Err(Error::Kona("it panicked".into())))
}

/// Parses rollup.json; adds what kona demands and derivation does not use.
pub(crate) fn parse_config(json: &str) -> Result<RollupConfig, Error> {
    let input = |e: serde_json::Error| Error::Input(format!("rollup.json: {e}"));
    let mut value: serde_json::Value = serde_json::from_str(json).map_err(input)?;
    if let Some(object) = value.as_object_mut() {
        object.entry("protocol_versions_address").or_insert_with(|| serde_json::json!(Address::ZERO));
    }
    serde_json::from_value(value).map_err(input)
}

async fn run(config: Arc<RollupConfig>, source: Source) -> Result<Vec<Attributes>, Error> {
    let genesis = source.l1_by_number(config.genesis.l1.number).ok_or(Error::Input("the L1 genesis is missing".into()))?;
    let mut cursor = source.l2_info(config.genesis.l2.number).map_err(|e| Error::Input(e.to_string()))?;
    let mut pipeline = PipelineBuilder::new()
        .rollup_config(config.clone())
        .dap_source(EthereumDataSource::new_from_parts(source.clone(), source.clone(), &config))
        .l2_chain_provider(source.clone())
        .chain_provider(source.clone())
        .builder(StatefulAttributesBuilder::new(config, source.clone(), source.clone()))
        .origin(genesis)
        .build_polled();
    let reset = ResetSignal { l2_safe_head: cursor, l1_origin: genesis, system_config: None };
    pipeline.signal(reset.signal()).await.map_err(kona)?;

    let mut derived = Vec::new();
    let mut patience = PATIENCE;
    while patience > 0 {
        patience -= 1;
        match pipeline.step(cursor).await {
            StepResult::PreparedAttributes => {
                let attributes = plain(pipeline.next().ok_or(Error::Kona("it prepared nothing".into()))?);
                let Ok(block) = source.l2_block(cursor.block_info.number + 1) else {
                    derived.push(attributes);
                    return Ok(derived);
                };
                // A block without the transactions that were derived for it was invalid with them (Holocene's steady derivation).
                if block.body.transactions.len() < attributes.transactions.len() {
                    pipeline.signal(Signal::FlushChannel).await.map_err(kona)?;
                }
                derived.push(attributes);
                cursor = source.l2_info(cursor.block_info.number + 1).map_err(kona)?;
                patience = PATIENCE;
            }
            StepResult::AdvancedOrigin => patience = PATIENCE,
            StepResult::OriginAdvanceErr(PipelineErrorKind::Temporary(PipelineError::Eof)) => return Ok(derived),
            StepResult::StepFailed(PipelineErrorKind::Temporary(_)) => {}
            StepResult::OriginAdvanceErr(e) | StepResult::StepFailed(e) => return Err(kona(e)),
        }
    }
    Err(Error::Kona(format!("it is stuck at L2 block {} and L1 block {:?}", cursor.block_info.number, pipeline.origin())))
}

fn kona(error: PipelineErrorKind) -> Error {
    Error::Kona(error.to_string())
}

fn plain(attributes: OpAttributesWithParent) -> Attributes {
    let inner = attributes.inner;
    Attributes {
        timestamp: inner.payload_attributes.timestamp,
        prev_randao: inner.payload_attributes.prev_randao,
        fee_recipient: inner.payload_attributes.suggested_fee_recipient,
        parent_beacon_block_root: inner.payload_attributes.parent_beacon_block_root.unwrap_or_default(),
        transactions: inner.transactions.unwrap_or_default(),
        no_tx_pool: inner.no_tx_pool.unwrap_or_default(),
        gas_limit: inner.gas_limit.unwrap_or_default(),
        eip1559_params: inner.eip_1559_params.unwrap_or_default(),
        parent: attributes.parent.block_info.hash,
        derived_from: attributes.derived_from.map_or(0, |block| block.number),
    }
}
