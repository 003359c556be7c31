//! L1 as the roles of a rollup see it, over its sockets.

use super::Rollup;
use crate::{
    Error,
    l1_view::{L1Reader, L1View, Look, l1_status},
};
use alloy_eips::BlockNumHash;
use alloy_primitives::B256;
use std::sync::Arc;
use tokio::sync::watch;
use tributary_chain::{Derivation, L1Status};
use tributary_l1::L1Client;
use tributary_primitives::RollupConfig;
use tributary_rollup::L2Head;
use tributary_storage::Store;

/// L1, and what is known of it.
#[derive(Debug)]
pub(crate) struct L1Side {
    /// Its JSON-RPC, as others are told it.
    pub(crate) url: String,
    pub(crate) reader: L1Reader,
    pub(crate) view: Arc<L1View>,
    pub(crate) derivation: Arc<Derivation>,
    /// The newest L1 block, once all that came of it is safe.
    pub(crate) derived: watch::Sender<B256>,
    /// How far L1 goes, and where that is told.
    pub(crate) status: watch::Receiver<L1Status>,
    pub(crate) seen: watch::Sender<L1Status>,
}

impl Rollup {
    /// Looks at an L1 for the first time; `url` is what others are told of where it is.
    pub(crate) async fn look_at(&self, client: L1Client, url: String) -> Result<L1Side, Error> {
        let reader = L1Reader { client, spec: self.l1_spec.clone(), config: self.config.clone() };
        let (seen, status) = watch::channel(l1_status(&reader).await?);
        Ok(L1Side { url, reader, view: Arc::default(), derivation: Arc::default(), derived: watch::Sender::new(B256::ZERO), status, seen })
    }

    /// Starts to follow L1. Who builds on its blocks needs those from the origin of the chain's final head on: the head's own origin may have left L1 before the
    /// node ended, that of the final head cannot.
    pub(crate) async fn start_follower(&self, l1: &L1Side, chain: &Store, builds: bool) -> Result<(), Error> {
        let origin = origin_of(chain, &self.config, chain.heads()?.finalized_head.hash)?.number;
        let finalized = l1.status.borrow().finalized.number;
        let from = if builds { origin.min(finalized) } else { finalized };
        l1.view.fill(&l1.reader, from.max(self.config.genesis.l1.number)).await?;
        let (store, rollup, snapshots) = (chain.clone(), self.config.clone(), self.snapshots.clone());
        let needed = move || {
            let heads = store.heads()?;
            // Who builds may have to begin again at what L1 gives, which is never below the safe head.
            let oldest = if builds { origin_of(&store, &rollup, heads.safe_head.hash)?.number } else { u64::MAX };
            Ok((origin_of(&store, &rollup, heads.unsafe_head.hash)?, snapshots.oldest_origin().min(oldest)))
        };
        let look = Look { every: self.look(), news: self.l1_news.clone() };
        self.tasks.spawn("L1 follower", l1.view.clone().follow(l1.reader.clone(), l1.seen.clone(), needed, look));
        Ok(())
    }
}

/// The L1 block that an L2 block was built on.
fn origin_of(store: &Store, rollup: &RollupConfig, hash: B256) -> Result<BlockNumHash, Error> {
    let block = store.block(hash)?.ok_or_else(|| Error::Disagreement(format!("block {hash} of our own chain is missing")))?;
    Ok(L2Head::of_block(rollup, &block.block, block.hash)?.block.l1_origin)
}
