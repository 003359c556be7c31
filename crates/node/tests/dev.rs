//! A whole development rollup in one process, over real sockets.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use tributary_node::{DataAvailability, DevConfig, Status, dev};

async fn until(config: DevConfig, reached: impl FnMut(&Status) -> bool) -> Status {
    let mut node = dev(config).await.unwrap();
    let mut status = node.status.clone();
    let seen = tokio::select! {
        seen = status.wait_for(reached) => seen.unwrap().clone(),
        reason = node.halted() => panic!("the node halted: {reason}"),
    };
    node.stop().await;
    seen
}

fn config(da: DataAvailability) -> DevConfig {
    DevConfig { port: 0, l1_port: 0, dashboard_port: 0, l1_block_time: 1, da, ..DevConfig::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocks_become_safe_and_final_and_are_proposed_through_blobs() {
    let done = |status: &Status| status.finalized_head >= 12 && status.last_proposal.is_some();
    let status = until(config(DataAvailability::Blob), done).await;
    assert!(status.safe_head >= status.finalized_head && status.unsafe_head >= status.safe_head);
    assert!(status.last_batch.is_some_and(|batch| batch.bytes > 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocks_become_safe_through_calldata() {
    let status = until(config(DataAvailability::Calldata), |status| status.safe_head >= 5).await;
    assert!(status.last_batch.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_directory_is_resumed_and_a_taken_port_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let config = || DevConfig { datadir: Some(dir.path().to_owned()), ..config(DataAvailability::Blob) };
    let before = until(config(), |status| status.safe_head >= 3).await;
    let after = until(config(), |status| status.safe_head > before.unsafe_head).await;
    assert!(after.unsafe_head >= before.unsafe_head);

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = dev(DevConfig { port, ..config() }).await.unwrap_err();
    assert!(error.to_string().contains("in use"), "{error}");
    until(config(), |status| status.unsafe_head > after.unsafe_head).await;
}
