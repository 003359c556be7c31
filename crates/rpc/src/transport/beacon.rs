//! The part of the beacon node API (ethereum/beacon-APIs) that readers of blobs need, for a chain that has no consensus layer: plain HTTP GETs on the
//! port of JSON-RPC. Slot 0 is the time of the genesis block; a block is in the slot of its timestamp.

use crate::{BeaconView, api::Api, error::RpcError};
use alloy_consensus::Header;
use alloy_primitives::{B256, Sealed};
use jsonrpsee::{
    core::BoxError,
    server::{HttpBody, HttpRequest, HttpResponse},
};
use serde_json::{Value, json};
use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tower::{Layer, Service};
use tributary_storage::BlobSidecar;

/// Paths below this are the beacon API's.
const PREFIX: &str = "/eth/v1/";

/// Puts the beacon API in front of JSON-RPC.
#[derive(Debug, Clone)]
pub(crate) struct BeaconLayer(pub(crate) Arc<Api>);

/// See [`BeaconLayer`].
#[derive(Debug, Clone)]
pub(crate) struct Beacon<S> {
    inner: S,
    api: Arc<Api>,
}

impl<S> Layer<S> for BeaconLayer {
    type Service = Beacon<S>;

    fn layer(&self, inner: S) -> Beacon<S> {
        Beacon { inner, api: self.0.clone() }
    }
}

impl<S> Service<HttpRequest> for Beacon<S>
where
    S: Service<HttpRequest, Response = HttpResponse, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = HttpResponse;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: HttpRequest) -> Self::Future {
        let is_beacon = ["GET", "HEAD"].contains(&request.method().as_str()) && request.uri().path().starts_with(PREFIX);
        let Some(view) = self.api.chain.beacon.filter(|_| is_beacon) else { return Box::pin(self.inner.call(request)) };
        let api = self.api.clone();
        let path = request.uri().path()[PREFIX.len()..].to_owned();
        let query = request.uri().query().unwrap_or_default().to_owned();
        Box::pin(async move {
            let workers = api.workers.clone();
            let answer = workers.run(move || Ok(answer(&api, view, &path, &query))).await;
            response(answer.unwrap_or_else(|error| Err(Refusal::new(503, error.message))))
        })
    }
}

/// An error of the beacon API.
#[derive(Debug)]
struct Refusal {
    status: u16,
    message: String,
}

impl Refusal {
    fn new(status: u16, message: impl ToString) -> Self {
        Self { status, message: message.to_string() }
    }
}

impl From<RpcError> for Refusal {
    fn from(error: RpcError) -> Self {
        Self::new(500, error.message)
    }
}

impl From<tributary_storage::Error> for Refusal {
    fn from(error: tributary_storage::Error) -> Self {
        RpcError::from(error).into()
    }
}

fn response(answer: Result<Value, Refusal>) -> Result<HttpResponse, BoxError> {
    let (status, body) = match answer {
        Ok(value) => (200, value),
        Err(refusal) => (refusal.status, json!({ "code": refusal.status, "message": refusal.message })),
    };
    let response = HttpResponse::builder().status(status).header("content-type", "application/json");
    Ok(response.body(HttpBody::from(body.to_string()))?)
}

fn answer(api: &Api, view: BeaconView, path: &str, query: &str) -> Result<Value, Refusal> {
    let store = &api.chain.store;
    let genesis = store.genesis();
    match path {
        "node/version" => Ok(json!({ "data": { "version": concat!("tributary/v", env!("CARGO_PKG_VERSION")) } })),
        "node/health" => Ok(Value::Null),
        "node/syncing" => {
            let slot = slot_of(genesis, view, sealed(api, api.head()?)?.inner());
            let data = json!({ "head_slot": slot.to_string(), "sync_distance": "0", "is_syncing": false, "is_optimistic": false, "el_offline": false });
            Ok(json!({ "data": data }))
        }
        "beacon/genesis" => Ok(json!({ "data": {
            "genesis_time": genesis.timestamp.to_string(),
            "genesis_validators_root": B256::ZERO,
            "genesis_fork_version": "0x00000000",
        } })),
        "config/spec" => Ok(json!({ "data": {
            "SECONDS_PER_SLOT": view.seconds_per_slot.to_string(),
            "SLOTS_PER_EPOCH": "32",
            "DEPOSIT_CHAIN_ID": api.chain.spec.chain_id.to_string(),
            "DEPOSIT_NETWORK_ID": api.chain.spec.chain_id.to_string(),
        } })),
        _ => match path.split('/').collect::<Vec<_>>()[..] {
            ["beacon", "headers", id] => {
                let header = block_at(api, view, id)?;
                Ok(
                    json!({ "data": header_json(slot_of(genesis, view, &header), &header), "execution_optimistic": false, "finalized": is_final(api, &header)? }),
                )
            }
            ["beacon", "blob_sidecars", id] => {
                let header = block_at(api, view, id)?;
                let wanted = wanted_indices(query)?;
                let mut data = Vec::new();
                for header in in_slot_of(api, view, id, header.clone())? {
                    let blobs = (0u64..).zip(store.blobs_of_block(header.number)?);
                    let signed = header_json(slot_of(genesis, view, &header), &header)["header"].clone();
                    let blobs = blobs.filter(|(index, _)| wanted.is_empty() || wanted.contains(index));
                    data.extend(blobs.map(|(index, blob)| sidecar(index, &blob, &signed)));
                }
                Ok(json!({ "version": "deneb", "execution_optimistic": false, "finalized": is_final(api, &header)?, "data": data }))
            }
            ["beacon", "blobs", id] => {
                let header = block_at(api, view, id)?;
                let wanted = wanted_hashes(query)?;
                let mut data = Vec::new();
                for header in in_slot_of(api, view, id, header.clone())? {
                    let blobs = store.blobs_of_block(header.number)?.into_iter();
                    data.extend(blobs.filter(|blob| wanted.is_empty() || wanted.contains(&blob.versioned_hash)).map(|blob| blob.blob));
                }
                Ok(json!({ "execution_optimistic": false, "finalized": is_final(api, &header)?, "data": data }))
            }
            _ => Err(Refusal::new(404, "unknown path")),
        },
    }
}

fn sealed(api: &Api, number: u64) -> Result<Sealed<Header>, Refusal> {
    api.chain.store.header(number)?.ok_or_else(|| Refusal::new(404, "block not found"))
}

fn slot_of(genesis: &Header, view: BeaconView, header: &Header) -> u64 {
    header.timestamp.saturating_sub(genesis.timestamp) / view.seconds_per_slot.max(1)
}

/// The block that an id of the beacon API means: a slot, the hash of the execution block, or a name.
fn block_at(api: &Api, view: BeaconView, id: &str) -> Result<Sealed<Header>, Refusal> {
    let store = &api.chain.store;
    let heads = store.heads()?;
    let number = match id {
        "head" => heads.unsafe_head.number,
        "justified" => heads.safe_head.number,
        "finalized" => heads.finalized_head.number,
        "genesis" => store.genesis().number,
        _ => match (id.parse::<B256>(), id.parse::<u64>()) {
            (Ok(hash), _) if id.starts_with("0x") => store.number_of(hash)?.ok_or_else(|| Refusal::new(404, "block not found"))?,
            (_, Ok(slot)) => {
                let found = find_slot(store.genesis().number, heads.unsafe_head.number, slot, |number| {
                    Ok::<_, Refusal>(slot_of(store.genesis(), view, sealed(api, number)?.inner()))
                })?;
                found.ok_or_else(|| Refusal::new(404, format!("no block in slot {slot}")))?
            }
            _ => return Err(Refusal::new(400, format!("invalid block id: {}", id.chars().take(80).collect::<String>()))),
        },
    };
    sealed(api, number)
}

/// What an id means with `first`: where it is a slot, the blocks that a jump in time put into the same one, too.
fn in_slot_of(api: &Api, view: BeaconView, id: &str, first: Sealed<Header>) -> Result<Vec<Sealed<Header>>, Refusal> {
    let store = &api.chain.store;
    let slot = slot_of(store.genesis(), view, &first);
    let mut blocks = vec![first];
    if id.parse::<u64>().is_ok() {
        while let Some(next) =
            store.header(blocks[blocks.len() - 1].number + 1)?.filter(|next| slot_of(store.genesis(), view, next) == slot)
        {
            blocks.push(next);
        }
    }
    Ok(blocks)
}

/// The block in a slot, by bisection: slots rise with numbers, and some may be empty.
fn find_slot<E>(first: u64, last: u64, slot: u64, slot_of: impl Fn(u64) -> Result<u64, E>) -> Result<Option<u64>, E> {
    let (mut low, mut high) = (first, last);
    while low < high {
        let middle = low + (high - low) / 2;
        if slot_of(middle)? < slot { low = middle + 1 } else { high = middle }
    }
    Ok((slot_of(low)? == slot).then_some(low))
}

fn is_final(api: &Api, header: &Header) -> Result<bool, Refusal> {
    Ok(header.number <= api.chain.store.heads()?.finalized_head.number)
}

/// A beacon header. There are no beacon blocks: roots are those of the execution block, and nothing is signed.
fn header_json(slot: u64, header: &Sealed<Header>) -> Value {
    let message = json!({
        "slot": slot.to_string(),
        "proposer_index": "0",
        "parent_root": header.parent_hash,
        "state_root": header.state_root,
        "body_root": header.hash(),
    });
    let signature = format!("0x{}", "00".repeat(96));
    json!({ "root": header.hash(), "canonical": true, "header": { "message": message, "signature": signature } })
}

fn sidecar(index: u64, blob: &BlobSidecar, signed: &Value) -> Value {
    json!({
        "index": index.to_string(),
        "blob": blob.blob,
        "kzg_commitment": blob.commitment,
        "kzg_proof": blob.proof,
        "signed_block_header": signed,
        "kzg_commitment_inclusion_proof": [],
    })
}

fn wanted_indices(query: &str) -> Result<Vec<u64>, Refusal> {
    values(query, "indices").map(|value| value.parse().map_err(|_| Refusal::new(400, "invalid index"))).collect()
}

fn wanted_hashes(query: &str) -> Result<Vec<B256>, Refusal> {
    values(query, "versioned_hashes").map(|value| value.parse().map_err(|_| Refusal::new(400, "invalid versioned hash"))).collect()
}

/// The values of a query parameter, given several times or separated by commas (as such or encoded).
fn values<'a>(query: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let named = pairs.filter(move |(key, _)| *key == name).map(|(_, value)| value);
    named.flat_map(|value| value.split("%2C").flat_map(|part| part.split(','))).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_found_and_an_empty_one_is_not() {
        let slots = [0u64, 1, 2, 5, 6, 9];
        let find = |slot| find_slot(10, 15, slot, |number| Ok::<_, ()>(slots[number as usize - 10])).unwrap();
        let found: Vec<_> = (0..=10).map(find).collect();
        assert_eq!(found, [Some(10), Some(11), Some(12), None, None, Some(13), Some(14), None, None, Some(15), None]);
    }

    #[test]
    fn parameters_may_be_repeated_or_listed() {
        assert_eq!(wanted_indices("indices=0,2&x=9&indices=3").unwrap(), [0, 2, 3]);
        assert_eq!(wanted_indices("indices=0%2C1").unwrap(), [0, 1]);
        assert!(wanted_indices("").unwrap().is_empty());
        assert_eq!(wanted_indices("indices=x").unwrap_err().status, 400);
    }
}
