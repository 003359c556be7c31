//! A whole development rollup under traffic, read over its sockets and derived again by kona.

#![allow(clippy::unwrap_used, reason = "tests")]

mod hostile;
mod l1_traffic;
mod l2_traffic;
mod record;
mod rig;

use record::Record;
use rig::Rig;
use std::sync::Arc;
use tributary_node::{DataAvailability, DevConfig, dev};

/// Runs a node under traffic until all of it is safe, and reads everything.
async fn recorded(config: DevConfig) -> Record {
    let mut node = dev(config).await.unwrap();
    let rig = Arc::new(Rig::new(&node).await);
    let run = async {
        let (l2_block, deposited, posted) = tokio::join!(l2_traffic::run(&rig), l1_traffic::run(&rig), hostile::run(&rig));
        rig.until_safe(l2_block, deposited.max(posted)).await;
        Record::read(&rig).await
    };
    let record = tokio::select! {
        record = run => record,
        reason = node.halted() => panic!("the node halted: {reason}"),
    };
    node.stop().await;
    record
}

async fn kona_agrees(l1_block_time: u64, da: DataAvailability, jovian: bool) {
    let config = DevConfig { port: 0, l1_port: 0, dashboard_port: 0, l1_block_time, da, jovian, ..DevConfig::default() };
    let record = recorded(config).await;
    // kona blocks its thread.
    tokio::task::spawn_blocking(move || record.check()).await.unwrap();
}

/// Two L2 blocks in an epoch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kona_derives_a_running_rollup_from_its_blobs() {
    kona_agrees(2, DataAvailability::Blob, true).await;
}

/// The same life on a rollup without Jovian, which kona reads as it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kona_derives_a_running_rollup_without_jovian() {
    kona_agrees(2, DataAvailability::Blob, false).await;
}

/// An epoch for each L2 block.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kona_derives_a_running_rollup_from_its_calldata() {
    kona_agrees(1, DataAvailability::Calldata, true).await;
}
