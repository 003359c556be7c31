//! A transaction's way into the open block, or into the pool.

use super::{
    Producer, SealPolicy,
    adopt::Gone,
    building::Building,
    pending, records,
    scribe::{Client, Entry},
};
use crate::Error;
use alloy_consensus::Transaction as _;
use alloy_primitives::Address;
use std::sync::{Arc, atomic::Ordering};
use tributary_chain::{Endpoint, Submission};
use tributary_execution::{Included, Outcome};
use tributary_pool::{Added, PoolError, RecoveredTx, Room, validate_account};
use tributary_storage::BlobSidecar;

/// Where an included transaction came from.
pub(super) enum Origin {
    /// A client that waits for the answer.
    Client(Client),
    /// The pool; its sender was answered when it was taken in.
    Pool,
    /// The journal; its sender was answered before the restart.
    Journal,
}

/// What became of a transaction that had waited.
enum Ran {
    Included,
    /// It can never run any more.
    Never(Box<Gone>),
    /// The block has no room for it, nor for more.
    Full,
}

impl Producer {
    /// Executes what a client sends, or has it wait.
    pub(super) fn submit(&mut self, building: &mut Building, submission: Submission) -> Result<(), Error> {
        let Submission { tx, arrived, endpoint, reply } = submission;
        let client = Client { reply, arrived, endpoint };
        let account = building.block.account(tx.sender)?;
        if tx.nonce() < account.nonce {
            let error = if building.included.contains(&tx.hash) || self.chain.store.transaction_position(tx.hash)?.is_some() {
                PoolError::AlreadyKnown
            } else {
                PoolError::NonceTooLow { next: account.nonce, nonce: tx.nonce() }
            };
            client.refuse(error);
            return Ok(());
        }
        let runs_now = tx.nonce() == account.nonce && building.takes_transactions && tx.tx.max_fee_per_gas() >= building.base_fee();
        if !runs_now {
            return self.queue(building, tx, client);
        }
        if let Err(error) = validate_account(&tx, &building.sender_state(&tx)?) {
            self.count("rejected");
            client.refuse(error);
            return Ok(());
        }
        let sender = tx.sender;
        match self.execute(building, &tx)? {
            Outcome::Included(included) => {
                self.record(building, &tx, included, Origin::Client(client))?;
                self.promote(building, sender)
            }
            Outcome::Rejected(reason) => {
                self.count("rejected");
                client.refuse(reason);
                Ok(())
            }
            Outcome::Full => self.queue(building, tx, client),
        }
    }

    pub(super) fn execute(&self, building: &mut Building, tx: &RecoveredTx) -> Result<Outcome, Error> {
        Ok(building.block.execute((*tx.tx).clone(), tx.sender, tx.encoded.clone())?)
    }

    /// Hands an included transaction over to be made durable, published and acknowledged.
    pub(super) fn record(&mut self, building: &mut Building, tx: &RecoveredTx, included: Included, origin: Origin) -> Result<(), Error> {
        self.announce(building)?;
        building.sidecars.extend(sidecars(tx));
        building.included.insert(tx.hash);
        // One that a client sends now may have waited, and been sent again.
        let pooled = self.pool().take(tx.hash).is_some() || matches!(origin, Origin::Pool);
        let Included { index, .. } = included;
        let transaction = pending(&building.block, &included);
        let new = || records::executed(tx, index, &transaction.receipt);
        let (entry, client) = match origin {
            Origin::Client(client) if self.policy == SealPolicy::AtOnce && client.endpoint == Endpoint::Ordinary => {
                self.awaiting.push((client, index));
                (Some(new()), None)
            }
            Origin::Client(client) => (Some(new()), Some(client)),
            Origin::Pool => (Some(new()), None),
            Origin::Journal => (None, None),
        };
        self.included.fetch_add(1, Ordering::Relaxed);
        self.count("included");
        self.scribe.write(Entry::Executed { entry, index, transaction: Box::new(transaction), changes: included.changes, client, pooled })
    }

    /// Puts a transaction that cannot run now into the pool.
    fn queue(&mut self, building: &mut Building, tx: RecoveredTx, client: Client) -> Result<(), Error> {
        if let Some(refusal) = building.never_runs(&self.spec, &tx) {
            self.count("rejected");
            client.refuse(refusal);
            return Ok(());
        }
        let added = self.pool().add(tx.clone(), &building.sender_state(&tx)?);
        match added {
            Ok(Added { replaced, evicted, .. }) => {
                self.drop(replaced.iter().chain(&evicted).map(|gone| gone.hash))?;
                let entry = records::acknowledged(&tx);
                self.scribe.write(Entry::Queued { entry, transaction: Arc::new(tx), client: Some(client) })
            }
            Err(error) => {
                client.refuse(error);
                Ok(())
            }
        }
    }

    /// Executes what the pool holds of a sender, as long as the nonces follow each other.
    fn promote(&mut self, building: &mut Building, sender: Address) -> Result<(), Error> {
        loop {
            let nonce = building.block.account(sender)?.nonce;
            let Some(tx) = self.pool().take_ready(sender, nonce) else { return Ok(()) };
            if !self.run_waiting(building, tx)? {
                return Ok(());
            }
        }
    }

    /// Executes what was in a block that left the chain, in the order that it had there. What cannot run now waits in the pool, if it can run at all.
    pub(super) fn run_returning(&mut self, building: &mut Building) -> Result<(), Error> {
        let mut gone = Vec::new();
        while building.takes_transactions
            && let Some(tx) = self.returning.pop_front()
        {
            let state = building.sender_state(&tx)?;
            if tx.nonce() == state.nonce && tx.tx.max_fee_per_gas() >= building.base_fee() {
                match self.run_pooled(building, tx)? {
                    Ran::Included => {}
                    Ran::Never(never) => gone.push(*never),
                    Ran::Full => break,
                }
                continue;
            }
            let added = self.pool().add(tx.clone(), &state);
            match added {
                Ok(Added { replaced, evicted, .. }) => self.drop(replaced.iter().chain(&evicted).map(|gone| gone.hash))?,
                // It waits already, or runs in this block.
                Err(PoolError::AlreadyKnown) => {}
                Err(_) if building.included.contains(&tx.hash) => {}
                Err(error) => gone.push((tx, error.to_string())),
            }
        }
        self.give_up(building.block.header().number, gone)
    }

    /// Executes what waited for this block: the one before was full or dearer, or took no transactions.
    pub(super) fn run_pool(&mut self, building: &mut Building) -> Result<(), Error> {
        while building.takes_transactions && self.clock.now() < building.seal_at {
            let block = &building.block;
            let room = Room { gas: block.gas_left(), blob_gas: block.blob_gas_left(), da_footprint: block.da_footprint_left() };
            let Some(tx) = self.pool().take_next(room) else { return Ok(()) };
            if !self.run_waiting(building, tx)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Executes what waited, or forgets it. Whether the block has room for more.
    fn run_waiting(&mut self, building: &mut Building, tx: RecoveredTx) -> Result<bool, Error> {
        match self.run_pooled(building, tx)? {
            Ran::Included => Ok(true),
            Ran::Never(never) => self.drop([never.0.hash]).map(|()| true),
            Ran::Full => Ok(false),
        }
    }

    /// Executes a transaction that was taken out of the pool. One that turns out to be invalid is in the pool no more, and in the journal still.
    fn run_pooled(&mut self, building: &mut Building, tx: RecoveredTx) -> Result<Ran, Error> {
        match self.execute(building, &tx)? {
            Outcome::Included(included) => self.record(building, &tx, included, Origin::Pool).map(|()| Ran::Included),
            Outcome::Rejected(reason) => {
                tracing::debug!(hash = %tx.hash, %reason, "a pooled transaction is no longer valid");
                self.pool().left(tx.hash);
                Ok(Ran::Never(Box::new((tx, reason.to_string()))))
            }
            Outcome::Full => {
                let extra = building.extra(&tx);
                self.pool().put_back(tx, extra);
                Ok(Ran::Full)
            }
        }
    }
}

/// The blobs of a transaction, as the beacon endpoint will serve them.
fn sidecars(tx: &RecoveredTx) -> Vec<BlobSidecar> {
    use alloy_eips::eip7594::BlobTransactionSidecarVariant as Sidecar;
    let Some(Sidecar::Eip4844(sidecar)) = tx.sidecar.as_deref() else { return Vec::new() };
    let parts = sidecar.blobs.iter().zip(&sidecar.commitments).zip(&sidecar.proofs).zip(sidecar.versioned_hashes());
    parts
        .map(|(((blob, commitment), proof), versioned_hash)| BlobSidecar {
            versioned_hash,
            commitment: *commitment,
            proof: *proof,
            blob: Box::new(*blob),
        })
        .collect()
}
