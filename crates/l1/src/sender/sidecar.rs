//! How the L1 wants our blobs proved.

use super::L1Sender;
use crate::{
    error::Error,
    transaction::{Prepared, Proofs, SidecarFormat, prove_blobs},
};
use tracing::{debug, info};

impl L1Sender {
    /// As it is configured; else as a refusal taught; else as the L1 says; else as before Osaka.
    pub(super) async fn proofs(&self) -> Proofs {
        match self.config.sidecar {
            SidecarFormat::BlobProofs => return Proofs::OfBlobs,
            SidecarFormat::CellProofs => return Proofs::OfCells,
            SidecarFormat::Auto => {}
        }
        if let Some(taught) = *self.taught() {
            return taught;
        }
        match self.client.fork_configs().await {
            Ok(Some(forks)) if forks.current.is_osaka() => Proofs::OfCells,
            Ok(_) => Proofs::OfBlobs,
            Err(error) => {
                debug!(%error, "the L1 does not say how blobs are proved");
                Proofs::OfBlobs
            }
        }
    }

    /// Proves the blobs of `tx` in the other format, and remembers that for those to come.
    pub(super) async fn prove_otherwise(&self, tx: &mut Prepared) -> Result<(), Error> {
        let Some(refused) = tx.proofs() else { return Ok(()) };
        let wanted = refused.other();
        info!(?wanted, "the L1 wants other proofs of blobs");
        tx.sidecar = prove_blobs(tx.request.blobs.clone(), wanted).await?;
        *self.taught() = Some(wanted);
        Ok(())
    }

    fn taught(&self) -> std::sync::MutexGuard<'_, Option<Proofs>> {
        self.proofs.lock().expect("invariant: nothing panics while it holds this lock")
    }
}
