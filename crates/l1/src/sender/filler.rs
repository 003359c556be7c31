//! Nonces that nobody uses any more, and transactions of a kind that keeps ours out.

use super::{L1Sender, Submission};
use crate::{
    error::Error,
    transaction::{Prepared, TxRequest, prove_blobs, sign},
};
use alloy_eips::eip4844::Blob;
use alloy_primitives::Bytes;
use tracing::warn;
use tributary_client::TxFees;

impl L1Sender {
    /// Nobody waits for `nonce`, and what is behind it cannot run: a reorg threw out what had been confirmed, or a wait was given up.
    /// An empty payment to ourselves takes its place, which unlike giving the nonce to another transaction can never run one twice. It has a blob
    /// where those that wait have: nodes do not mix the kinds.
    pub(super) async fn fill(&self, nonce: u64, blobs: bool) -> Result<(), Error> {
        warn!(nonce, blobs, "filling a gap in the nonces on L1");
        let mut filler = self.filler(blobs).await?;
        let mut fees = TxFees::estimate(self.client.node(), &self.config.fees).await?;
        let (mut changed_kind, mut changed_proofs) = (false, false);
        loop {
            let signed = sign(&filler, self.chain_id, nonce, &fees, &self.key)?;
            match self.submit(&signed).await? {
                // It may be a blob transaction that is to be replaced, so bump like one.
                Submission::TooCheap => match fees.bumped(true, &fees, &self.config.fees) {
                    Some(higher) => fees = higher,
                    None => return Ok(()),
                },
                Submission::OtherKindWaits if !changed_kind => {
                    changed_kind = true;
                    filler = self.filler(!filler.has_blobs()).await?;
                }
                Submission::OtherProofs if !changed_proofs => {
                    changed_proofs = true;
                    self.prove_otherwise(&mut filler).await?;
                }
                // When it cannot be filled now, the next look tries again.
                Submission::Accepted | Submission::NonceTaken | Submission::OtherKindWaits | Submission::OtherProofs => return Ok(()),
            }
        }
    }

    /// Waits until the next transaction of the other kind is included. One of our own sees to itself; one from before a restart, which nobody waits for,
    /// is replaced.
    pub(super) async fn let_pass(&self, blobs: bool) -> Result<(), Error> {
        let included = self.nonce().await?;
        let mut looks = 0_u32;
        while self.nonce().await? == included {
            if self.waiting().is_empty() && looks.is_multiple_of(LOOKS_PER_FILL) {
                self.fill(included, blobs).await?;
            }
            looks += 1;
            tokio::time::sleep(self.config.poll).await;
            if !self.waiting().is_empty() {
                // Ours may be included after a replacement with the same nonce, or be given up: the caller tries again.
                return Ok(());
            }
        }
        Ok(())
    }

    async fn filler(&self, blobs: bool) -> Result<Prepared, Error> {
        let request = TxRequest { gas_limit: Some(21_000), ..TxRequest::call(self.address(), Bytes::new()) };
        let sidecar = if blobs { prove_blobs(vec![Blob::ZERO], self.proofs().await).await? } else { None };
        let blobs = if blobs { vec![Blob::ZERO] } else { Vec::new() };
        Ok(Prepared { request: TxRequest { blobs, ..request }, gas_limit: 21_000, sidecar })
    }
}

/// How many looks pass before what nobody waits for is replaced once more.
const LOOKS_PER_FILL: u32 = 48;
