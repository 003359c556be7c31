//! Executing a range again from its witness alone.

use crate::{BlockWitness, Error, RangeWitness, history::History};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use tributary_execution::{Executor, execute_block};
use tributary_primitives::{ChainSpec, rollup::output_root};
use tributary_trie::WitnessState;

/// What executing a range gives: executing the blocks `start_block + 1 ..= end_block` on the state behind `start_output_root` leads to
/// `end_output_root`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RangeOutput {
    /// Chain id under whose rules the blocks were executed.
    pub chain_id: u64,
    /// Number of the block before the first.
    pub start_block: u64,
    /// Number of the last block.
    pub end_block: u64,
    /// Version 0 output root of the block before the first.
    pub start_output_root: B256,
    /// Version 0 output root of the last block.
    pub end_output_root: B256,
    /// Hash of the last block.
    pub end_hash: B256,
}

/// Executes every block of `witness` on what the witness holds of its parent's state. Nothing in the witness is believed: nodes and codes count by
/// their hash, BLOCKHASH is answered out of the state, and each block must be what its execution gives. Shards of attribution sets that `executor` has
/// indexed need not be there: it knows them by the running root, which is in the state.
///
/// # Errors
/// When the witness holds too little ([`Error::Block`] naming what is missing) or anything that does not follow from the start block.
pub fn prove(executor: &Executor, witness: &RangeWitness) -> Result<RangeOutput, Error> {
    let start_hash = witness.start.hash_slow();
    let mut parent = &witness.start;
    let mut parent_hash = start_hash;
    for block in &witness.blocks {
        parent_hash = prove_block(executor, block, parent, parent_hash)?;
        parent = &block.block.header;
    }
    if witness.blocks.is_empty() {
        return Err(Error::EmptyRange);
    }
    Ok(RangeOutput {
        chain_id: executor.spec().chain_id,
        start_block: witness.start.number,
        end_block: parent.number,
        start_output_root: output_root_of(&witness.start, start_hash)?,
        end_output_root: output_root_of(parent, parent_hash)?,
        end_hash: parent_hash,
    })
}

/// Executes one block and gives its hash.
fn prove_block(executor: &Executor, witness: &BlockWitness, parent: &Header, parent_hash: B256) -> Result<B256, Error> {
    let block = &witness.block;
    let number = block.header.number;
    if block.header.parent_hash != parent_hash {
        return Err(Error::Detached { number, named: block.header.parent_hash, parent: parent_hash });
    }
    if witness.state.root != parent.state_root {
        return Err(Error::OtherState { number, found: witness.state.root, expected: parent.state_root });
    }
    let senders = senders(executor.spec(), witness)?;
    let state = History::new(WitnessState::from(witness.state.clone()), parent, parent_hash);
    let executed = execute_block(executor, state, parent, block, &senders).map_err(|source| Error::Block { number, source })?;
    Ok(executed.hash)
}

/// The senders are recovered here: a witness that named them could spend anybody's money.
fn senders(spec: &ChainSpec, witness: &BlockWitness) -> Result<Vec<Address>, Error> {
    let number = witness.block.header.number;
    let transactions = witness.block.body.transactions.iter().enumerate();
    transactions.map(|(index, tx)| spec.sender(tx).map_err(|_| Error::Signature { number, index })).collect()
}

fn output_root_of(header: &Header, hash: B256) -> Result<B256, Error> {
    let passer = header.withdrawals_root.ok_or(Error::NoWithdrawalsRoot { number: header.number })?;
    Ok(output_root(header.state_root, passer, hash))
}
