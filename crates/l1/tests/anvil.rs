//! Against anvil as it really is, where it is installed.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use alloy_eips::BlockNumberOrTag;
use alloy_primitives::{B256, U256};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use support::{INBOX, blob};
use tributary_l1::{BlobIds, L1Client, L1Config, L1Sender, PrivateKeySigner, SenderConfig, TxRequest, chain_spec};

/// Ends when the test does.
struct Anvil {
    process: Child,
    url: String,
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// anvil of the contracts' npm packages, where `cargo xtask npm` has installed them.
#[allow(clippy::disallowed_macros, reason = "a skipped test must say so")]
fn anvil(arguments: &[&str]) -> Option<Anvil> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let build = std::env::var_os("TRIBUTARY_BUILD_DIR").map_or_else(|| repository.join("build"), PathBuf::from);
    let program = build.join("npm/node_modules/.bin/anvil");
    if !program.exists() {
        println!("skipped: no anvil in the build folder (cargo xtask npm)");
        return None;
    }
    let mut process = Command::new(program).args(["--port", "0"]).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let address = lines.find_map(|line| Some(line.unwrap().strip_prefix("Listening on ")?.to_owned())).unwrap();
    // What follows is read so that it never waits for us.
    std::thread::spawn(move || lines.for_each(drop));
    Some(Anvil { process, url: format!("http://{address}") })
}

/// The first of the accounts that anvil pays from the start, whose keys are public.
fn rich() -> PrivateKeySigner {
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80".parse().unwrap()
}

fn impatient() -> SenderConfig {
    SenderConfig { poll: Duration::from_millis(50), chain_id: Some(31_337), ..SenderConfig::default() }
}

#[tokio::test]
async fn blobs_that_anvil_included_are_read_back_through_its_beacon_api() {
    for hardfork in ["prague", "osaka"] {
        let Some(anvil) = anvil(&["--hardfork", hardfork]) else { return };
        for blob_ids in [BlobIds::Slot, BlobIds::BlockNumber] {
            let client = L1Client::new(&L1Config { blob_ids, ..L1Config::at(anvil.url.as_str()) }).unwrap();
            let sender = L1Sender::new(client.clone(), rich(), impatient()).await.unwrap();
            // So that block numbers are no slots.
            sender.execute(TxRequest::transfer(INBOX, U256::from(1))).await.unwrap();
            let blobs = vec![blob(1), blob(2), blob(3)];
            let receipt = sender.execute(TxRequest::blobs(INBOX, blobs.clone())).await.unwrap();
            // Not the block itself: the transactions root of anvil's blocks with blobs is not that of their transactions.
            let number = receipt.block_number.unwrap();
            let header = client.header(number).await.unwrap().unwrap();
            let sent: Value = client.node().demand("eth_getTransactionByHash", [receipt.transaction_hash]).await.unwrap();
            let hashes: Vec<B256> = serde_json::from_value(sent["blobVersionedHashes"].clone()).unwrap();
            assert_eq!(client.blobs(number, header.timestamp, &hashes).await.unwrap(), blobs);
        }
    }
}

#[tokio::test]
async fn anvil_is_who_it_says_and_tells_its_blob_schedule() {
    let Some(anvil) = anvil(&[]) else { return };
    let client = L1Client::new(&L1Config::at(anvil.url.as_str())).unwrap();
    let genesis = client.block_ref(0).await.unwrap().unwrap().hash;
    client.verify_identity(31_337, Some(genesis)).await.unwrap();
    assert!(client.verify_identity(1, None).await.unwrap_err().to_string().contains("chain id is 31337, expected 1"));
    client.verify_identity(31_337, None).await.unwrap();
    let forks = client.fork_configs().await.unwrap();
    let spec = chain_spec(31_337, None, forks.as_ref()).unwrap();
    let head = client.header(BlockNumberOrTag::Latest).await.unwrap().unwrap();
    assert!(spec.blob_params(head.timestamp).is_some());
    client.check_blob_schedule(&spec).await.unwrap();
}
