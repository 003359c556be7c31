//! Blobs from a beacon node (<https://github.com/ethereum/beacon-APIs>).

use crate::error::Error;
use alloy_eips::eip4844::{Blob, kzg_to_versioned_hash};
use alloy_primitives::{B256, Bytes};
use reqwest::Url;
use serde::{Deserialize, de::DeserializeOwned};
use std::collections::HashMap;
use tokio::sync::OnceCell;
use tributary_client::{Error as NodeError, Http};
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

pub(crate) struct Beacon {
    http: Http,
    base: Url,
    clock: OnceCell<SlotClock>,
}

impl Beacon {
    pub(crate) fn new(http: Http, base: Url) -> Self {
        Self { http, base, clock: OnceCell::new() }
    }

    pub(crate) async fn blobs(&self, timestamp: u64, hashes: &[B256]) -> Result<Vec<Blob>, Error> {
        if hashes.is_empty() {
            return Ok(Vec::new());
        }
        let slot = self.clock.get_or_try_init(|| self.read_clock()).await?.slot_at(timestamp)?;
        let candidates = match self.by_hash(slot, hashes).await {
            // Older nodes only know sidecars; some newer ones no longer do.
            Err(Error::Node(NodeError::Refused(_))) => self.in_sidecars(slot, hashes).await?,
            answer => answer?,
        };
        let hashes = hashes.to_vec();
        let check = tokio::task::spawn_blocking(move || select_verified(&candidates, &hashes));
        check.await.expect("invariant: checking blobs does not panic")
    }

    async fn read_clock(&self) -> Result<SlotClock, Error> {
        let genesis: Genesis = self.get("/eth/v1/beacon/genesis").await?;
        let spec: Spec = self.get("/eth/v1/config/spec").await?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| Error::Inconsistent(format!("beacon node gives {text:?} for a number")));
        let clock = SlotClock { genesis_time: number(&genesis.genesis_time)?, seconds_per_slot: number(&spec.seconds_per_slot)? };
        if clock.seconds_per_slot == 0 { Err(Error::Inconsistent("slots of zero seconds".to_owned())) } else { Ok(clock) }
    }

    async fn by_hash(&self, slot: u64, hashes: &[B256]) -> Result<Vec<Bytes>, Error> {
        let query: Vec<_> = hashes.iter().map(|hash| format!("versioned_hashes={hash}")).collect();
        self.get(&format!("/eth/v1/beacon/blobs/{slot}?{}", query.join("&"))).await
    }

    async fn in_sidecars(&self, slot: u64, hashes: &[B256]) -> Result<Vec<Bytes>, Error> {
        let sidecars: Vec<Sidecar> = self.get(&format!("/eth/v1/beacon/blob_sidecars/{slot}")).await?;
        let wanted = sidecars.into_iter().filter(|sidecar| hashes.contains(&kzg_to_versioned_hash(&sidecar.kzg_commitment)));
        Ok(wanted.map(|sidecar| sidecar.blob).collect())
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        let base = self.base.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{base}{path}")).map_err(|error| NodeError::Config(format!("beacon URL: {error}")))?;
        let bytes = self.http.with_retries(|| self.http.get(&url)).await?;
        let method = path.split('?').next().unwrap_or(path).to_owned();
        let answer: Data<T> = serde_json::from_slice(&bytes).map_err(|cause| NodeError::Malformed { method, cause })?;
        Ok(answer.data)
    }
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
    let blob = |hash| found.get(hash).copied().ok_or_else(|| Error::Inconsistent(format!("beacon node has no blob {hash}")));
    hashes.iter().map(blob).collect()
}

fn versioned_hash(blob: &Blob) -> Result<B256, Error> {
    let blob = alloy_eips::eip4844::c_kzg::Blob::new(blob.0);
    let commitment = trusted_setup().blob_to_kzg_commitment(&blob);
    let commitment = commitment.map_err(|error| Error::Inconsistent(format!("not a blob: {error}")))?;
    Ok(kzg_to_versioned_hash(commitment.to_bytes().as_slice()))
}
