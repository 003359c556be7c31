//! Genesis blocks: fork-dependent header fields, and hashes that others computed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod chain;

use alloy_consensus::EMPTY_ROOT_HASH;
use alloy_eips::eip7685::EMPTY_REQUESTS_HASH;
use alloy_genesis::Genesis;
use alloy_primitives::{B256, U256};
use alloy_rlp::Decodable;
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};
use tributary_primitives::{ChainSpec, Eip1559Params, StateReader, TrieReader, rollup::predeploys::MESSAGE_PASSER};
use tributary_storage::{Durability, Options, Store};
use tributary_trie::{EMPTY_ROOT, prove_account};

const OPTIONS: Options = Options { durability: Durability::Relaxed, trie_history: 10, map_size: 1 << 30, read_only: false };

fn open(spec: ChainSpec) -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Arc::new(spec), OPTIONS).unwrap();
    (dir, store)
}

fn rollup(genesis: Genesis) -> ChainSpec {
    ChainSpec::rollup(genesis, Eip1559Params { denominator: 250, elasticity: 6 })
}

#[test]
fn a_rollups_genesis_commits_to_the_message_passers_storage() {
    let (_dir, store) = open(rollup(chain::genesis(1)));
    let header = store.genesis().inner().clone();
    let snapshot = store.latest().unwrap();
    let root = prove_account(&snapshot, header.state_root, MESSAGE_PASSER, &[]).unwrap().storage_root;
    assert_ne!(root, EMPTY_ROOT);
    assert_eq!(header.withdrawals_root, Some(root));
    assert_eq!(header.requests_hash, Some(EMPTY_REQUESTS_HASH));
    assert_eq!((header.blob_gas_used, header.excess_blob_gas), (Some(0), Some(0)));
    assert_eq!(header.parent_beacon_block_root, Some(B256::ZERO));
    assert_eq!(header.base_fee_per_gas, Some(1_000_000_000));
    assert_eq!(snapshot.storage(MESSAGE_PASSER, U256::ZERO).unwrap(), U256::ONE);
    assert!(snapshot.trie_node(None, &nybbles::Nibbles::new(), header.state_root).is_ok());
    store.check().unwrap();
}

#[test]
fn without_a_message_passer_the_rollups_withdrawals_root_is_that_of_an_empty_trie() {
    let (_dir, store) = open(rollup(Genesis::default()));
    assert_eq!(store.genesis().withdrawals_root, Some(EMPTY_ROOT_HASH));
    assert_eq!(store.genesis().state_root, EMPTY_ROOT_HASH);
    store.check().unwrap();
}

#[test]
fn a_genesis_before_london_has_none_of_the_later_fields() {
    let (_dir, store) = open(ChainSpec::ethereum(Genesis::default()));
    let header = store.genesis();
    assert_eq!((header.base_fee_per_gas, header.withdrawals_root, header.blob_gas_used, header.requests_hash), (None, None, None, None));
}

/// The data that several projects share, or `None`, said aloud, where there is no such folder. A folder without it is a failure.
#[allow(clippy::disallowed_macros, reason = "says why nothing was tested")]
fn shared(path: &str) -> Option<PathBuf> {
    let named = std::env::var_os("TRIBUTARY_SHARED").map(PathBuf::from);
    let root = named.clone().unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    if named.is_none() && !root.is_dir() {
        println!("skipped: no folder shared beside the repository, and no TRIBUTARY_SHARED, with {path}");
        // Past the capture of a passing test's output.
        let _ = writeln!(std::io::stderr(), "SKIPPED, nothing checked: {path} is absent");
        return None;
    }
    let found = root.join(path);
    assert!(found.exists(), "{} is absent", found.display());
    Some(found)
}

#[test]
fn the_first_block_of_ethereums_rpc_test_chain_has_our_genesis_as_its_parent() {
    let Some(archive) = shared("conformance/small.tar.xz") else { return };
    let unpacked = tempfile::tempdir().unwrap();
    let status = Command::new("tar").arg("xf").arg(&archive).arg("-C").arg(unpacked.path()).status().unwrap();
    assert!(status.success());
    let dir = unpacked.path().join("rpc-compat");
    let genesis: Genesis = serde_json::from_slice(&std::fs::read(dir.join("genesis.json")).unwrap()).unwrap();
    let blocks = std::fs::read(dir.join("chain.rlp")).unwrap();
    let first = tributary_primitives::Block::decode(&mut blocks.as_slice()).unwrap();
    let (_dir, store) = open(ChainSpec::ethereum(genesis));
    assert_eq!((store.genesis().hash(), first.header.number), (first.header.parent_hash, 1));
    store.check().unwrap();
}
