//! Executing payload attributes that L1 prescribes.

use crate::Error;
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::Bytes;
use tributary_execution::{OpenBlock, Outcome};
use tributary_primitives::{BlockAttributes, Eip1559Params, ExecutedBlock, PayloadAttributes, RollupConfig, Transaction};
use tributary_storage::{Store, StoredBlock};

/// The executor's form of payload attributes.
pub(crate) fn block_attributes(config: &RollupConfig, attributes: &PayloadAttributes) -> BlockAttributes {
    BlockAttributes {
        timestamp: attributes.timestamp,
        beneficiary: attributes.fee_recipient,
        mix_hash: attributes.prev_randao,
        gas_limit: attributes.gas_limit,
        extra_data: eip1559_extra_data(config, attributes),
        parent_beacon_block_root: Some(attributes.parent_beacon_block_root),
        withdrawals: Some(Default::default()),
        difficulty: Default::default(),
        nonce: Default::default(),
        ommers: Vec::new(),
    }
}

/// The header's EIP-1559 parameters: those of the attributes, the chain's own where they are zero (specs: protocol/holocene/exec-engine).
pub(crate) fn eip1559_extra_data(config: &RollupConfig, attributes: &PayloadAttributes) -> Bytes {
    let params = Eip1559Params::from_b64(attributes.eip1559_params);
    if params.denominator == 0 { config.default_eip1559().to_extra_data() } else { params.to_extra_data() }
}

/// Executes `attributes` on `parent`, the head of `store`. `None` when one of its transactions cannot be in the block.
///
/// # Errors
/// When the state cannot be read: that says nothing about the block.
pub(crate) fn derive_block(
    store: &Store,
    config: &RollupConfig,
    parent: &StoredBlock,
    attributes: &PayloadAttributes,
) -> Result<Option<ExecutedBlock>, Error> {
    let header = &parent.block.header;
    let mut block = OpenBlock::new(store.spec().clone(), store.latest()?, header, parent.hash, block_attributes(config, attributes))?;
    for raw in &attributes.transactions {
        let Ok(tx) = Transaction::decode_2718_exact(raw) else { return Ok(None) };
        let Ok(sender) = store.spec().sender(&tx) else { return Ok(None) };
        if !matches!(block.execute(tx, sender, raw.clone())?, Outcome::Included(_)) {
            return Ok(None);
        }
    }
    Ok(Some(block.seal()?))
}
