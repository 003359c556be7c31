//! The prover: a range of blocks is executed again from a witness alone, and attested.
//!
//! It has an index over attribution sets of its own, made of the shards that witnesses brought (and of the verifier's chain when it starts), and is
//! sent only those that it lacks. What it has is known by running roots, which are in the state, so that it need not be believed.

use crate::{Error, indexer::Indexer};
use alloy_consensus::Header;
use alloy_primitives::B256;
use alloy_signer_local::PrivateKeySigner;
use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};
use tributary_dashboard::metrics::PROVE_SECONDS;
use tributary_execution::Executor;
use tributary_primitives::rollup::output_root;
use tributary_prover_stub::{Attestation, RangeOutput, RangeWitness, attest, prove, record};
use tributary_storage::Store;

/// Memory for new rows, bytes, beyond which they go into a file.
const NEW_ROWS: usize = 4 << 20;

/// What attests.
pub(crate) struct Prover {
    /// It pays for nothing.
    key: PrivateKeySigner,
    executor: Executor,
    index: Mutex<Indexer>,
}

impl std::fmt::Debug for Prover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Prover({})", self.key.address())
    }
}

impl Prover {
    /// A prover of the chain in a store, with its index beside it.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub(crate) fn new(key: PrivateKeySigner, store: &Store) -> Result<Self, Error> {
        let executor = Executor::new(store.spec().clone());
        let index = Indexer::open_folder(store, &executor, "prover-index")?;
        Ok(Self { key, executor, index: Mutex::new(index) })
    }

    /// Records a witness of the blocks `start + 1 ..= end`, executes them again from the witness alone, and signs what came of it. `None` when the
    /// verifier takes them back meanwhile, which it also does when it begins: it derives again from the finalized block.
    pub(crate) fn attest_range(&self, store: &Store, (start, end): (u64, u64), l1_head: B256) -> Result<Option<Attestation>, Error> {
        let sent = self.executor.for_calls();
        let Some((witness, header)) = witness(store, (start, end), &sent)? else { return Ok(None) };
        let output = match prove_bytes(&self.executor, &witness) {
            Ok(output) => output,
            Err(error) => {
                // Whatever it has lost of its index since the witness was recorded, all of it is in this one.
                tracing::warn!(%error, "the prover is sent everything");
                let fresh = || Executor::new(store.spec().clone());
                let Some((witness, _)) = self::witness(store, (start, end), &fresh())? else { return Ok(None) };
                prove_bytes(&fresh(), &witness)?
            }
        };
        let expected = output_root(header.state_root, header.withdrawals_root.unwrap_or_default(), header.hash_slow());
        if output.end_output_root != expected {
            return Err(Error::Disagreement(format!("blocks {}..={end}: the witness gives another output root", start + 1)));
        }
        self.keep_rows()?;
        Ok(Some(attest(&output, l1_head, &self.key)?))
    }

    /// Puts new rows of its index into a file when there are many.
    fn keep_rows(&self) -> Result<(), Error> {
        let Some(gathering) = self.executor.drain_index(NEW_ROWS) else { return Ok(()) };
        self.index.lock().unwrap_or_else(PoisonError::into_inner).keep(gathering)
    }
}

/// The witness of a range, without what `executor` has indexed, and the header of its last block; `None` when blocks of it are gone.
fn witness(store: &Store, (start, end): (u64, u64), executor: &Executor) -> Result<Option<(RangeWitness, Header)>, Error> {
    let Some(parent) = store.header(start)? else { return Ok(None) };
    let mut witness = RangeWitness { start: parent.inner().clone(), blocks: Vec::new() };
    let mut header = parent.into_inner();
    for number in start + 1..=end {
        let Some(block) = store.block(number)? else { return Ok(None) };
        let state = match store.at(number - 1) {
            Err(tributary_storage::Error::UnknownBlock(_)) => return Ok(None),
            state => state?,
        };
        witness.blocks.push(record(executor, state, &header, &block.block, &block.senders)?);
        header = block.block.header;
    }
    Ok(Some((witness, header)))
}

/// Executes a range from the bytes that a prover elsewhere would get: nothing but them, and what it has indexed, enters the proof.
fn prove_bytes(executor: &Executor, witness: &RangeWitness) -> Result<RangeOutput, Error> {
    let witness = RangeWitness::decode(&witness.encode())?;
    let began = Instant::now();
    let output = prove(executor, &witness)?;
    metrics::histogram!(PROVE_SECONDS).record(began.elapsed());
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_genesis::Genesis;
    use std::sync::Arc;
    use tributary_primitives::{ChainSpec, Eip1559Params};
    use tributary_storage::Options;

    #[test]
    fn blocks_that_the_verifier_has_taken_back_are_not_attested_and_no_failure() {
        let spec = ChainSpec::rollup(Genesis::default(), Eip1559Params { denominator: 250, elasticity: 2 });
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("chain"), Arc::new(spec), Options::default()).unwrap();
        let prover = Prover::new(PrivateKeySigner::random(), &store).unwrap();
        for (start, end) in [(0, 1), (5, 6)] {
            assert!(prover.attest_range(&store, (start, end), B256::ZERO).unwrap().is_none());
        }
    }
}
