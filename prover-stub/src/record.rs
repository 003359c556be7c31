//! Executing a block where its state is, and noting what it reads.

use crate::{BlockWitness, Error, history::History};
use alloy_consensus::Header;
use alloy_primitives::Address;
use tributary_execution::{Executor, execute_block};
use tributary_primitives::{Block, StateReader, TrieReader};
use tributary_trie::Recorder;

/// Executes `block` on `state`, the post-state of `parent`, and gives its witness. `senders` are those of its transactions. What `executor` has indexed of
/// attribution sets is not in it: whoever is to execute it must have the same, or this one must have nothing.
///
/// # Errors
/// [`Error::Block`] when execution does not give this very block, [`Error::Recording`] when the trie lacks what the flat state has.
pub fn record<S: StateReader + TrieReader>(
    executor: &Executor,
    state: S,
    parent: &Header,
    block: &Block,
    senders: &[Address],
) -> Result<BlockWitness, Error> {
    let number = block.header.number;
    let recorder = Recorder::new(state, parent.state_root);
    let history = History::new(&recorder, parent, parent.hash_slow());
    execute_block(executor, history, parent, block, senders).map_err(|source| Error::Block { number, source })?;
    let state = recorder.into_witness().map_err(|source| Error::Recording { number, source })?;
    Ok(BlockWitness { block: block.clone(), state })
}
