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
    time::{Duration, Instant},
};
use tributary_client::{Client, ClientConfig, Endpoint};
use tributary_dashboard::metrics::PROVE_SECONDS;
use tributary_execution::Executor;
use tributary_primitives::rollup::output_root;
use tributary_prover_stub::{Attestation, RangeOutput, RangeWitness, attest, prove, record};
use tributary_storage::Store;

/// Memory for new rows, bytes, beyond which they go into a file.
const NEW_ROWS: usize = 4 << 20;

/// Where what is executed again is attested.
#[derive(Debug, Clone)]
pub enum ProverAt {
    /// In this process, with this key, which pays for nothing.
    Here(PrivateKeySigner),
    /// In a process of its own ([`prover`](crate::prover)).
    There(Endpoint),
}

/// How long a prover elsewhere may take.
const PATIENCE: Duration = Duration::from_secs(1_200);

/// Longest attestation that is read, bytes.
const MOST: usize = 1 << 16;

/// What attests.
pub(crate) enum Prover {
    Here(Box<Hand>),
    There(Client),
}

/// A prover in this process.
pub(crate) struct Hand {
    key: PrivateKeySigner,
    executor: Executor,
    index: Mutex<Indexer>,
}

impl std::fmt::Debug for Prover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Here(hand) => write!(f, "Prover({})", hand.key.address()),
            Self::There(at) => write!(f, "Prover({at:?})"),
        }
    }
}

impl Prover {
    /// A prover of the chain in a store; one in this process has its index beside that.
    ///
    /// # Errors
    /// When the index cannot be read, or the prover's URL is none.
    pub(crate) fn new(at: &ProverAt, store: &Store) -> Result<Self, Error> {
        match at {
            ProverAt::Here(key) => {
                let executor = Executor::new(store.spec().clone());
                let index = Mutex::new(Indexer::open_folder(store, &executor, "prover-index")?);
                Ok(Self::Here(Box::new(Hand { key: key.clone(), executor, index })))
            }
            ProverAt::There(at) => {
                let config = ClientConfig { timeout: PATIENCE, max_response: MOST, ..ClientConfig::at(at.clone()) };
                Ok(Self::There(Client::new(&config).map_err(|error| Error::Config(format!("the prover's URL: {error}")))?))
            }
        }
    }

    /// Records a witness of the blocks `start + 1 ..= end`, executes them again from the witness alone, and signs what came of it. `None` when the
    /// verifier takes them back meanwhile, which it also does when it begins: it derives again from the finalized block.
    pub(crate) fn attest_range(&self, store: &Store, range: (u64, u64), l1_head: B256) -> Result<Option<Attestation>, Error> {
        match self {
            Self::Here(hand) => hand.attest_range(store, range, l1_head),
            Self::There(client) => attested_there(client, store, range, l1_head),
        }
    }
}

/// What a prover elsewhere attests. It is sent everything: what it knows of earlier ranges is nobody's business here.
fn attested_there(client: &Client, store: &Store, (start, end): (u64, u64), l1_head: B256) -> Result<Option<Attestation>, Error> {
    let Some((witness, header)) = witness(store, (start, end), &Executor::new(store.spec().clone()))? else { return Ok(None) };
    let (prover, path) = (client.endpoints().in_order().swap_remove(0), format!("/v1/attest/{l1_head}"));
    let asked = prover.post_bytes(&path, witness.encode());
    let answer = tokio::runtime::Handle::current().block_on(asked).map_err(tributary_l1::Error::from)?;
    let malformed = |cause| tributary_client::Error::Malformed { method: "/v1/attest".to_owned(), cause };
    let attestation: Attestation = serde_json::from_slice(&answer).map_err(malformed).map_err(tributary_l1::Error::from)?;
    let expected = output_root(header.state_root, header.withdrawals_root.unwrap_or_default(), header.hash_slow());
    let claim = &attestation.claim;
    if (claim.start_block, claim.end_block, claim.output_root, claim.l1_head) != (start, end, expected, l1_head) {
        return Err(Error::Disagreement(format!("blocks {}..={end}: the prover attests {claim:?}", start + 1)));
    }
    Ok(Some(attestation))
}

impl Hand {
    fn attest_range(&self, store: &Store, (start, end): (u64, u64), l1_head: B256) -> Result<Option<Attestation>, Error> {
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
        let prover = Prover::new(&ProverAt::Here(PrivateKeySigner::random()), &store).unwrap();
        for (start, end) in [(0, 1), (5, 6)] {
            assert!(prover.attest_range(&store, (start, end), B256::ZERO).unwrap().is_none());
        }
    }
}
