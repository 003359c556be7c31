//! A rollup from its L1 alone, into an empty directory, with which a sequencer or a verifier then goes on.

use super::{
    RoleConfig,
    node::{Ground, PROVABLE},
};
use crate::{Error, pipeline::Pipeline, upkeep::copy_all, verifier::Difference};
use alloy_eips::BlockNumHash;
use std::{fs, time::Duration};
use tributary_storage::Options;

/// How often progress is told.
const EVERY: Duration = Duration::from_millis(500);

/// For which role a directory is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoverFor {
    /// It goes on building blocks on what is recovered.
    Sequencer,
    /// It goes on deriving.
    Verifier,
}

/// How far a recovery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovering {
    /// The L1 block with which the rollup begins, the one that was read last, and the newest.
    pub l1: [u64; 3],
    /// The newest L2 block.
    pub l2: u64,
}

/// Derives all that L1 has of a rollup, and returns its newest block. What is not on L1 yet cannot be recovered. Interrupted, it goes on where it was.
/// `progress` is called now and then.
///
/// # Errors
/// When files, directory or L1 are not of one rollup, a sequencer's directory holds blocks already, or L1 gives what cannot be derived.
pub async fn recover(config: &RoleConfig, role: RecoverFor, mut progress: impl FnMut(Recovering)) -> Result<BlockNumHash, Error> {
    let (name, folder) = match role {
        RecoverFor::Sequencer => ("sequencer", "derived"),
        RecoverFor::Verifier => ("verifier", "chain"),
    };
    let ground = Ground::prepare(name, config).await?;
    let (derived, own) = (ground.directory.join(folder), ground.directory.join("chain"));
    if role == RecoverFor::Sequencer && own.exists() {
        return Err(Error::DataDirectory { path: own, reason: "holds a sequencer's blocks already".to_owned() });
    }
    let head = derive(ground, folder, &mut progress).await?;
    if role == RecoverFor::Sequencer {
        // Whole or not at all: a sequencer must not begin on a part.
        let partial = own.with_extension("partial");
        if partial.exists() {
            fs::remove_dir_all(&partial).map_err(|source| Error::Path { path: partial.clone(), source })?;
        }
        copy_all(&derived, &partial)?;
        fs::rename(&partial, &own).map_err(|source| Error::Path { path: own, source })?;
    }
    Ok(head)
}

/// Derives into a folder until all of L1 is read, and closes it.
async fn derive(ground: Ground, folder: &str, progress: &mut impl FnMut(Recovering)) -> Result<BlockNumHash, Error> {
    let chain = Pipeline::new(ground.store(folder, Options { trie_history: PROVABLE, ..Options::default() })?);
    let Ground { rollup, l1, .. } = ground;
    rollup.start_follower(&l1, &chain.store, false).await?;
    rollup.start_indexer(&chain)?;
    rollup.start_verifier(&l1, &chain, &chain.store, Difference::Halts);
    let outcome = loop {
        tokio::select! {
            error = rollup.tasks.failure() => break Err(error),
            () = tokio::time::sleep(EVERY) => {}
        }
        let heads = chain.store.heads()?;
        let status = *l1.status.borrow();
        let first = rollup.config.genesis.l1.number;
        progress(Recovering { l1: [first, status.current.number.max(first), status.head.number], l2: heads.unsafe_head.number });
        if *l1.derived.borrow() == status.head.hash {
            break Ok(heads.unsafe_head);
        }
    };
    rollup.tasks.stop().await;
    outcome
}
