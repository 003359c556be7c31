//! Blobs from beacon nodes and archives (<https://github.com/ethereum/beacon-APIs>).

use crate::{
    config::{BlobIds, L1Config},
    error::Error,
};
use alloy_eips::eip4844::{Blob, kzg_to_versioned_hash};
use alloy_primitives::{B256, Bytes};
use serde::{Deserialize, de::DeserializeOwned};
use std::collections::{HashMap, HashSet};
use tokio::sync::OnceCell;
use tributary_client::{Endpoints, Error as NodeError, Http};
use tributary_primitives::trusted_setup;

/// How slots follow from time.
#[derive(Debug, Clone, Copy)]
struct SlotClock {
    genesis_time: u64,
    seconds_per_slot: u64,
}

impl SlotClock {
    fn slot_at(self, timestamp: u64) -> Result<u64, Error> {
        let elapsed = timestamp.checked_sub(self.genesis_time);
        elapsed.map(|elapsed| elapsed / self.seconds_per_slot).ok_or_else(|| Error::Inconsistent(format!("no slot at time {timestamp}")))
    }
}

#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

#[derive(Deserialize)]
struct Genesis {
    genesis_time: String,
}

#[derive(Deserialize)]
struct Spec {
    #[serde(rename = "SECONDS_PER_SLOT")]
    seconds_per_slot: String,
}

#[derive(Deserialize)]
struct Sidecar {
    blob: Bytes,
    kzg_commitment: Bytes,
}

/// The block whose blobs are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlobBlock {
    pub(crate) number: u64,
    pub(crate) timestamp: u64,
}

/// Who is asked for blobs.
#[derive(Debug)]
pub(crate) struct Beacons {
    nodes: Endpoints,
    archives: Endpoints,
    ids: BlobIds,
    seconds_per_slot: Option<u64>,
    clock: OnceCell<SlotClock>,
}

impl Beacons {
    pub(crate) fn new(config: &L1Config) -> Result<Self, Error> {
        let L1Config { timeout, max_response, retries, blob_ids, seconds_per_slot, .. } = *config;
        if seconds_per_slot == Some(0) {
            return Err(NodeError::Config("slots of zero seconds".to_owned()).into());
        }
        let nodes = Endpoints::new(&config.beacon, timeout, max_response, retries)?;
        let archives = Endpoints::new(&config.archives, timeout, max_response, retries)?;
        Ok(Self { nodes, archives, ids: blob_ids, seconds_per_slot, clock: OnceCell::new() })
    }

    /// Beacon nodes, and archives.
    pub(crate) const fn endpoints(&self) -> [&Endpoints; 2] {
        [&self.nodes, &self.archives]
    }

    pub(crate) async fn blobs(&self, block: BlobBlock, hashes: &[B256]) -> Result<Vec<Blob>, Error> {
        if hashes.is_empty() {
            return Ok(Vec::new());
        }
        let attempt = || async move {
            match self.search(block, hashes).await {
                Err(Error::Node(error)) if error.is_retryable() => Err(error),
                outcome => Ok(outcome),
            }
        };
        self.nodes.with_retries(attempt).await?
    }

    /// Asks everybody by the usual id, then by the other.
    async fn search(&self, block: BlobBlock, hashes: &[B256]) -> Result<Vec<Blob>, Error> {
        let mut failure = None;
        if self.ids == BlobIds::Slot {
            match self.slot_at(block.timestamp).await {
                Ok(slot) => match self.search_at(slot, hashes).await {
                    Ok(blobs) => return Ok(blobs),
                    Err(error) => keep(&mut failure, error),
                },
                Err(error) => keep(&mut failure, error),
            }
        }
        match self.search_at(block.number, hashes).await {
            Ok(blobs) => Ok(blobs),
            Err(error) => {
                keep(&mut failure, error);
                let missing = || Error::Inconsistent(format!("no beacon node has the blobs of block {}", block.number));
                Err(failure.unwrap_or_else(missing))
            }
        }
    }

    async fn search_at(&self, id: u64, hashes: &[B256]) -> Result<Vec<Blob>, Error> {
        let mut failure = None;
        for http in self.nodes.everybody().iter().chain(&self.archives.everybody()) {
            match ask(http, id, hashes).await {
                Ok(blobs) => return Ok(blobs),
                Err(error) => keep(&mut failure, error),
            }
        }
        Err(failure.unwrap_or_else(|| NodeError::Config("no beacon API is given".to_owned()).into()))
    }

    async fn slot_at(&self, timestamp: u64) -> Result<u64, Error> {
        self.clock.get_or_try_init(|| self.read_clock()).await?.slot_at(timestamp)
    }

    async fn read_clock(&self) -> Result<SlotClock, Error> {
        let mut failure = None;
        for http in self.nodes.everybody().iter().chain(&self.archives.everybody()) {
            match read_clock(http, self.seconds_per_slot).await {
                Ok(clock) => return Ok(clock),
                Err(error) => keep(&mut failure, error),
            }
        }
        Err(failure.unwrap_or_else(|| NodeError::Config("no beacon API is given".to_owned()).into()))
    }
}

/// Of two failures that which says most: one that passes, else the first; that a resource is not there says least.
fn keep(kept: &mut Option<Error>, error: Error) {
    let weight = |error: &Error| match error {
        error if error.is_retryable() => 2,
        Error::Node(NodeError::Refused(400 | 404 | 410)) | Error::NoBlob(_) => 0,
        _ => 1,
    };
    if kept.as_ref().is_none_or(|kept| weight(&error) > weight(kept)) {
        *kept = Some(error);
    }
}

async fn read_clock(http: &Http, seconds_per_slot: Option<u64>) -> Result<SlotClock, Error> {
    let number = |text: &str| text.parse::<u64>().map_err(|_| Error::Inconsistent(format!("beacon node gives {text:?} for a number")));
    let genesis: Genesis = get(http, "/eth/v1/beacon/genesis").await?;
    let seconds_per_slot = match seconds_per_slot {
        Some(seconds) => seconds,
        None => number(&get::<Spec>(http, "/eth/v1/config/spec").await?.seconds_per_slot)?,
    };
    if seconds_per_slot == 0 {
        return Err(Error::Inconsistent("slots of zero seconds".to_owned()));
    }
    Ok(SlotClock { genesis_time: number(&genesis.genesis_time)?, seconds_per_slot })
}

/// One node's blobs of a block, in the order of `hashes`, verified.
async fn ask(http: &Http, id: u64, hashes: &[B256]) -> Result<Vec<Blob>, Error> {
    let query: Vec<_> = hashes.iter().map(|hash| format!("versioned_hashes={hash}")).collect();
    let candidates: Vec<Bytes> = match get(http, &format!("/eth/v1/beacon/blobs/{id}?{}", query.join("&"))).await {
        // Older nodes and some archives only know sidecars; some newer ones no longer do.
        Err(Error::Node(NodeError::Refused(_) | NodeError::Unavailable(501))) => {
            return verified(sidecars(http, id, hashes).await?, hashes).await;
        }
        answer => answer?,
    };
    let wanted: HashSet<_> = hashes.iter().collect();
    if candidates.len() < wanted.len() {
        // anvil hears only the last of several hashes.
        return verified(get(http, &format!("/eth/v1/beacon/blobs/{id}")).await?, hashes).await;
    }
    verified(candidates, hashes).await
}

async fn sidecars(http: &Http, id: u64, hashes: &[B256]) -> Result<Vec<Bytes>, Error> {
    let sidecars: Vec<Sidecar> = get(http, &format!("/eth/v1/beacon/blob_sidecars/{id}")).await?;
    let wanted = sidecars.into_iter().filter(|sidecar| hashes.contains(&kzg_to_versioned_hash(&sidecar.kzg_commitment)));
    Ok(wanted.map(|sidecar| sidecar.blob).collect())
}

async fn get<T: DeserializeOwned>(http: &Http, path: &str) -> Result<T, Error> {
    let bytes = http.get(path).await?;
    let method = path.split('?').next().unwrap_or(path).to_owned();
    let answer: Data<T> = serde_json::from_slice(&bytes).map_err(|cause| NodeError::Malformed { method, cause })?;
    Ok(answer.data)
}

async fn verified(candidates: Vec<Bytes>, hashes: &[B256]) -> Result<Vec<Blob>, Error> {
    let hashes = hashes.to_vec();
    let check = tokio::task::spawn_blocking(move || select_verified(&candidates, &hashes));
    check.await.expect("invariant: checking blobs does not panic")
}

/// The blobs that belong to `hashes`, in that order. What a node says about a blob counts for nothing: its commitment is computed.
fn select_verified(candidates: &[Bytes], hashes: &[B256]) -> Result<Vec<Blob>, Error> {
    let mut found = HashMap::new();
    let mut candidates = candidates.iter();
    // Some nodes give all blobs of the slot; a commitment takes its time, so stop when there is enough.
    while let Some(bytes) = candidates.next().filter(|_| !hashes.iter().all(|hash| found.contains_key(hash))) {
        let blob = Blob::try_from(bytes.as_ref()).map_err(|_| Error::Inconsistent(format!("blob of {} bytes", bytes.len())))?;
        found.insert(versioned_hash(&blob)?, blob);
    }
    let blob = |hash| found.get(hash).copied().ok_or(Error::NoBlob(*hash));
    hashes.iter().map(blob).collect()
}

fn versioned_hash(blob: &Blob) -> Result<B256, Error> {
    let blob = alloy_eips::eip4844::c_kzg::Blob::new(blob.0);
    let commitment = trusted_setup().blob_to_kzg_commitment(&blob);
    let commitment = commitment.map_err(|error| Error::Inconsistent(format!("not a blob: {error}")))?;
    Ok(kzg_to_versioned_hash(commitment.to_bytes().as_slice()))
}
