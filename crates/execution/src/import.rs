//! Taking in a block of an Ethereum chain from outside, trusting none of it.

use crate::{
    consensus::{Ancestor, recover_sender, validate_header, validate_ommers},
    error::Error,
    replay::execute_block,
};
use alloy_consensus::Header;
use alloy_hardforks::EthereumHardfork;
use alloy_rlp::Encodable;
use std::sync::Arc;
use tributary_primitives::{Block, ChainSpec, ExecutedBlock, StateReader, TrieReader};

/// Most bytes of a block's RLP since Osaka (EIP-7934).
const MAX_BLOCK_BYTES: usize = (10 << 20) - (2 << 20);

/// Validates `block` against its parent and executes it on the parent's post-state `state`. Proof of work is not verified.
///
/// `ancestors` are looked at only for a block with ommers: the parent first, seven or all that there are.
///
/// # Errors
/// When the block is invalid ([`Error::InvalidBlock`], [`Error::HeaderMismatch`], [`Error::InvalidTransaction`]) or the state cannot be read.
pub fn import_block<S: StateReader + TrieReader>(
    spec: Arc<ChainSpec>,
    state: S,
    parent: &Header,
    ancestors: &[Ancestor],
    block: &Block,
) -> Result<ExecutedBlock, Error> {
    let Header { number, timestamp, .. } = block.header;
    validate_header(&spec, parent, &block.header)?;
    validate_ommers(&spec, &block.header, &block.body.ommers, ancestors)?;
    // The header's withdrawals root says nothing of a body that leaves the list out where it should be, or has an empty one where it should not.
    let shanghai = spec.is_active(EthereumHardfork::Shanghai, number, timestamp);
    if block.body.withdrawals.is_some() != shanghai {
        return Err(Error::InvalidBlock(format!("withdrawals are {}", if shanghai { "missing" } else { "before their fork" })));
    }
    if spec.is_active(EthereumHardfork::Osaka, number, timestamp) && block.length() > MAX_BLOCK_BYTES {
        return Err(Error::InvalidBlock(format!("{} bytes, {MAX_BLOCK_BYTES} allowed", block.length())));
    }
    let senders: Result<Vec<_>, _> = block.body.transactions.iter().map(|tx| recover_sender(&spec, number, timestamp, tx)).collect();
    execute_block(spec, state, parent, block, &senders?)
}
