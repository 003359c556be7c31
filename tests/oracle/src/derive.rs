//! Runs kona's pipeline over plain bytes.

use crate::{jovian, source::Source};
use alloy_primitives::{Address, B64, B256, Bytes};
use kona_derive::{
    EthereumDataSource, Pipeline, PipelineBuilder, PipelineError, PipelineErrorKind, ResetSignal, Signal, SignalReceiver,
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
    /// kona failed, asked for a reset, or does not come to an end.
    #[error("kona: {why} (after {} blocks)", derived.len())]
    Kona {
        /// Its words.
        why: String,
        /// What it derived until then.
        derived: Vec<Attributes>,
    },
}

impl Error {
    fn kona(why: impl ToString, derived: Vec<Attributes>) -> Self {
        Self::Kona { why: why.to_string(), derived }
    }
}

/// Derives L2 from genesis until `l1_blocks` end or `l2_block` knows no more.
///
/// Of a rollup with Jovian kona sees what is left without it, and derives attributes of Isthmus.
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
    let (config, jovian) = parse_config(rollup_config)?;
    let config = Arc::new(config);
    let source = Source::new(config.clone(), jovian, l1_blocks, Arc::new(l2_block))?;
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|e| Error::kona(e, Vec::new()))?;
        runtime.block_on(run(config, source))
    });
    let thread = thread.map_err(|e| Error::kona(e, Vec::new()))?;
    thread.join().unwrap_or_else(|_| Err(Error::kona("it panicked", Vec::new())))
}

/// Parses rollup.json; adds what kona demands and derivation does not use. A development rollup's `time_jumps` goes, for kona refuses fields that it does not know: where no L1
/// block is marked as a jump, it changes nothing. Tells whether Jovian was taken out.
fn parse_config(json: &str) -> Result<(RollupConfig, bool), Error> {
    let input = |e: serde_json::Error| Error::Input(format!("rollup.json: {e}"));
    let mut value: serde_json::Value = serde_json::from_str(json).map_err(input)?;
    let jovian = jovian::take_from_config(&mut value);
    if let Some(object) = value.as_object_mut() {
        object.remove("time_jumps");
        object.entry("protocol_versions_address").or_insert_with(|| serde_json::json!(Address::ZERO));
    }
    Ok((serde_json::from_value(value).map_err(input)?, jovian))
}

async fn run(config: Arc<RollupConfig>, source: Source) -> Result<Vec<Attributes>, Error> {
    let genesis = source.l1_by_number(config.genesis.l1.number).ok_or(Error::Input("the L1 genesis is missing".into()))?;
    let safe_head = source.l2_info(config.genesis.l2.number).map_err(|e| Error::Input(e.to_string()))?;
    let mut pipeline = PipelineBuilder::new()
        .rollup_config(config.clone())
        .dap_source(EthereumDataSource::new_from_parts(source.clone(), source.clone(), &config))
        .l2_chain_provider(source.clone())
        .chain_provider(source.clone())
        .builder(StatefulAttributesBuilder::new(config, source.clone(), source.clone()))
        .origin(genesis)
        .build_polled();
    let reset = ResetSignal { l2_safe_head: safe_head, l1_origin: genesis, system_config: None };
    let mut derived = Vec::new();
    match drive(&mut pipeline, &source, reset, &mut derived).await {
        Ok(()) => Ok(derived),
        Err(why) => Err(Error::kona(why, derived)),
    }
}

/// Steps the pipeline until one of the chains ends.
async fn drive<P>(pipeline: &mut P, source: &Source, start: ResetSignal, derived: &mut Vec<Attributes>) -> Result<(), String>
where
    P: Pipeline + SignalReceiver + Send,
{
    let words = |e: PipelineErrorKind| e.to_string();
    let mut cursor = start.l2_safe_head;
    pipeline.signal(start.signal()).await.map_err(words)?;
    let mut patience = PATIENCE;
    while patience > 0 {
        patience -= 1;
        match pipeline.step(cursor).await {
            StepResult::PreparedAttributes => {
                let attributes = plain(pipeline.next().ok_or("it prepared nothing")?);
                let count = attributes.transactions.len();
                derived.push(attributes);
                let number = cursor.block_info.number + 1;
                let Ok(block) = source.l2_block(number) else { return Ok(()) };
                // A block without the transactions that were derived for it was invalid with them (Holocene's steady derivation).
                if block.body.transactions.len() < count {
                    pipeline.signal(Signal::FlushChannel).await.map_err(words)?;
                }
                cursor = source.l2_info(number).map_err(words)?;
                patience = PATIENCE;
            }
            StepResult::AdvancedOrigin => patience = PATIENCE,
            StepResult::OriginAdvanceErr(PipelineErrorKind::Temporary(PipelineError::Eof)) => return Ok(()),
            StepResult::StepFailed(PipelineErrorKind::Temporary(_)) => {}
            StepResult::OriginAdvanceErr(e) | StepResult::StepFailed(e) => return Err(words(e)),
        }
    }
    Err(format!("it is stuck at L2 block {} and L1 block {:?}", cursor.block_info.number, pipeline.origin()))
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
