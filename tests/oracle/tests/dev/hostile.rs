//! A batcher that posts garbage between its batches, and a stranger that posts batches.

use crate::rig::{Rig, ask, operator};
use alloy_eips::eip4844::{Blob, kzg_to_versioned_hash};
use alloy_primitives::{Bytes, keccak256};
use std::sync::Arc;
use tokio::task::JoinSet;
use tributary_l1::TxRequest;
use tributary_rollup::{BATCHER_DATA_VERSION, ChannelId, Compression, Frame, decode_blob, encode_blob, encode_frames};

/// Transactions with garbage that each of the two sends.
pub(crate) const POSTS: usize = 13;

/// Batcher data of the newest batch.
async fn newest_batch(rig: &Rig) -> Bytes {
    let batch = rig.status.clone().wait_for(|status| status.last_batch.is_some()).await.unwrap().last_batch.clone().unwrap();
    let tx = ask(&rig.l1, "eth_getTransactionByHash", [batch.l1_tx]).await;
    let Some(hash) = tx["blobVersionedHashes"].get(0) else { return tx["input"].as_str().unwrap().parse().unwrap() };
    let sidecars = rig.sidecars(tx["blockHash"].as_str().unwrap()).await;
    let found = sidecars["data"].as_array().unwrap().iter().find(|sidecar| {
        let commitment: Bytes = sidecar["kzg_commitment"].as_str().unwrap().parse().unwrap();
        kzg_to_versioned_hash(&commitment).to_string() == hash.as_str().unwrap()
    });
    let blob: Bytes = found.unwrap()["blob"].as_str().unwrap().parse().unwrap();
    decode_blob(&Blob::try_from(blob.as_ref()).unwrap()).unwrap()
}

/// A transaction's worth of one frame.
fn frame(id: u8, number: u16, is_last: bool, data: &[u8]) -> Bytes {
    let data = Bytes::copy_from_slice(data);
    encode_frames([&Frame { channel: ChannelId::repeat_byte(id), number, data, is_last }]).into()
}

/// What must change nothing, given a batch that was posted before.
///
/// Left out is a batch of an unknown type, at which kona panics.
fn garbage(batch: &Bytes) -> Vec<Bytes> {
    let noise: Vec<u8> = (0..40u64).flat_map(|i| keccak256(i.to_be_bytes())).collect();
    let zlib = |batch: &[u8]| Compression::Zlib { level: 6 }.compress([batch]);
    vec![
        // The whole batch again, a part of it, its frames twice, and the same under a version that does not exist.
        batch.clone(),
        batch.slice(..batch.len() - 1),
        [batch.as_ref(), &batch[1..]].concat().into(),
        [&[BATCHER_DATA_VERSION + 2], &batch[1..]].concat().into(),
        // Nothing, and noise.
        Bytes::new(),
        Bytes::from_static(&[BATCHER_DATA_VERSION]),
        [&[BATCHER_DATA_VERSION], &noise[..]].concat().into(),
        // A channel that does not begin, one that does not end, one that does not decompress, and two whose batches do not decode.
        frame(1, 3, true, &noise),
        frame(2, 0, false, &zlib(&[1])),
        frame(3, 0, true, &noise),
        frame(4, 0, true, &zlib(&[&[1], &noise[..]].concat())),
        frame(5, 0, true, &zlib(&[0, 0xc0])),
    ]
}

/// Posts everything as calldata and in blobs, while the node's own batcher goes on with the same key. Its nonces and ours collide, which both
/// senders get over. Returns the number of the last L1 block that holds some of it.
pub(crate) async fn run(rig: &Rig) -> u64 {
    let inbox = rig.configured("batch_inbox_address");
    let batch = newest_batch(rig).await;
    let garbage = garbage(&batch);
    let mut bad_blob = Blob::default();
    bad_blob[1] = 7;
    let blobs = vec![encode_blob(&garbage[1]).unwrap(), bad_blob, encode_blob(&garbage[6]).unwrap()];
    let mut requests: Vec<_> = garbage.into_iter().map(|data| TxRequest::call(inbox, data)).collect();
    requests.push(TxRequest::blobs(inbox, blobs));
    assert_eq!(requests.len(), POSTS);

    let (batcher, stranger) = (rig.sender(operator(1)).await, rig.sender(rig.users[2].clone()).await);
    let mut sent = JoinSet::new();
    for sender in [Arc::new(batcher), Arc::new(stranger)] {
        for request in requests.clone() {
            let sender = sender.clone();
            sent.spawn(async move { sender.execute(request).await.unwrap().block_number.unwrap() });
        }
    }
    sent.join_all().await.into_iter().max().unwrap()
}
