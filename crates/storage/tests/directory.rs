//! Directories that are not this chain's, and what must not happen to them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails where it stands")]

mod chain;

use alloy_primitives::B256;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tributary_primitives::{ChainSpec, Eip1559Params};
use tributary_storage::{Durability, Error, Options, Store};

const OPTIONS: Options = Options { durability: Durability::Relaxed, trie_history: 10, map_size: 1 << 30, read_only: false };

/// All files below a directory with their contents.
fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_file()).map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Opens the directory, which must fail and leave it as it is.
fn refused(dir: &Path, spec: Arc<ChainSpec>, options: Options) -> Error {
    let before = contents(dir);
    let error = Store::open(dir, spec, options).unwrap_err();
    assert_eq!(contents(dir), before);
    let message = error.to_string();
    assert!(message.starts_with(&dir.display().to_string()) && !message.contains('\n'), "{message}");
    error
}

fn created(dir: &Path) {
    Store::open(dir, chain::spec(1), OPTIONS).unwrap();
}

#[test]
fn another_chain_id_is_foreign() {
    let dir = tempfile::tempdir().unwrap();
    created(dir.path());
    assert!(matches!(refused(dir.path(), chain::spec(2), OPTIONS), Error::Foreign { .. }));
    created(dir.path());
}

#[test]
fn another_genesis_is_foreign() {
    let dir = tempfile::tempdir().unwrap();
    created(dir.path());
    let mut genesis = chain::genesis(1);
    genesis.timestamp += 1;
    let spec = Arc::new(ChainSpec::rollup(genesis, Eip1559Params { denominator: 250, elasticity: 6 }));
    assert!(matches!(refused(dir.path(), spec.clone(), OPTIONS), Error::Foreign { .. }));
    assert!(matches!(refused(dir.path(), spec, Options { read_only: true, ..OPTIONS }), Error::Foreign { .. }));
}

#[test]
fn a_directory_with_other_files_is_foreign() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.tex"), "precious").unwrap();
    assert!(matches!(refused(dir.path(), chain::spec(1), OPTIONS), Error::Foreign { .. }));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_newer_format_is_refused_before_anything_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    created(dir.path());
    fs::write(dir.path().join("store.txt"), "tributary storage format 2\nsomething else\n").unwrap();
    assert!(matches!(refused(dir.path(), chain::spec(1), OPTIONS), Error::Newer { found: 2, known: 1, .. }));
}

#[test]
fn an_identity_that_makes_no_sense_is_foreign() {
    for text in [&b"hello"[..], b"", b"tributary storage format one", b"tributary storage format 1\nchain x", b"\xff\xfe"] {
        let dir = tempfile::tempdir().unwrap();
        created(dir.path());
        fs::write(dir.path().join("store.txt"), text).unwrap();
        assert!(matches!(refused(dir.path(), chain::spec(1), OPTIONS), Error::Foreign { .. }));
    }
}

#[test]
fn a_second_writer_is_locked_out_until_the_first_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), chain::spec(1), OPTIONS).unwrap();
    assert!(matches!(Store::open(dir.path(), chain::spec(1), OPTIONS), Err(Error::Locked { .. })));
    let snapshot = store.latest().unwrap();
    drop(store);
    // A snapshot keeps the store open.
    assert!(matches!(Store::open(dir.path(), chain::spec(1), OPTIONS), Err(Error::Locked { .. })));
    drop(snapshot);
    created(dir.path());
}

#[test]
fn a_path_that_cannot_be_a_directory_is_unwritable() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "precious").unwrap();
    for path in [file.clone(), file.join("below")] {
        let error = Store::open(&path, chain::spec(1), OPTIONS).unwrap_err();
        assert!(matches!(error, Error::Unwritable { .. }), "{error}");
    }
    assert_eq!(fs::read(file).unwrap(), b"precious");
}

#[cfg(unix)]
#[test]
fn a_directory_without_permission_is_unwritable() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let locked = dir.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(locked.join("probe"), "").is_ok() {
        // The superuser may write anywhere, so there is nothing to see.
        fs::remove_file(locked.join("probe")).unwrap();
        return;
    }
    assert!(matches!(refused(&locked, chain::spec(1), OPTIONS), Error::Unwritable { .. }));
}

#[test]
fn a_creation_that_was_cut_off_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    created(dir.path());
    // The identity is written last.
    fs::remove_file(dir.path().join("store.txt")).unwrap();
    created(dir.path());
    // Even the database may be missing by then.
    fs::remove_file(dir.path().join("store.txt")).unwrap();
    fs::remove_file(dir.path().join("mdbx.dat")).unwrap();
    fs::remove_file(dir.path().join("mdbx.lck")).unwrap();
    created(dir.path());
    assert!(Store::open(dir.path(), chain::spec(1), OPTIONS).unwrap().check().is_ok());
}

#[test]
fn a_store_that_lost_its_database_does_not_begin_anew() {
    let dir = tempfile::tempdir().unwrap();
    created(dir.path());
    fs::remove_file(dir.path().join("mdbx.dat")).unwrap();
    assert!(matches!(Store::open(dir.path(), chain::spec(1), OPTIONS), Err(Error::Corrupt(_))));
    assert!(!dir.path().join("mdbx.dat").exists());
}

#[test]
fn a_read_only_store_reads_and_refuses_to_write() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), chain::spec(1), OPTIONS).unwrap();
    let (block, _) = chain::next_block(&store.latest().unwrap(), &chain::genesis_state(), &mut chain::Random(1));
    store.commit(&block, &[]).unwrap();
    drop(store);
    let store = Store::open(dir.path(), chain::spec(1), Options { read_only: true, ..OPTIONS }).unwrap();
    assert_eq!(store.heads().unwrap().unsafe_head, block.id());
    assert_eq!(store.latest().unwrap().header().hash(), block.hash);
    store.check().unwrap();
    assert!(matches!(store.unwind(0), Err(Error::ReadOnly)));
    assert!(matches!(store.set_safe(block.id()), Err(Error::ReadOnly)));
    assert!(matches!(store.commit(&block, &[]), Err(Error::ReadOnly)));
}

#[test]
fn nothing_is_created_where_a_read_only_store_finds_none() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("none");
    let options = Options { read_only: true, ..OPTIONS };
    assert!(matches!(Store::open(&path, chain::spec(1), options), Err(Error::Foreign { .. })));
    assert!(!path.exists());
}

#[test]
fn a_block_that_does_not_follow_or_starts_elsewhere_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), chain::spec(1), OPTIONS).unwrap();
    let mut random = chain::Random(3);
    let (first, state) = chain::next_block(&store.latest().unwrap(), &chain::genesis_state(), &mut random);
    store.commit(&first, &[]).unwrap();
    let before = tributary_storage::testing::table_digests(&store).unwrap();

    assert!(matches!(store.commit(&first, &[]), Err(Error::NotTheChild { .. })));
    let (mut second, _) = chain::next_block(&store.latest().unwrap(), &state, &mut random);
    let mut orphan = second.clone();
    orphan.block.header.parent_hash = B256::repeat_byte(1);
    assert!(matches!(store.commit(&orphan, &[]), Err(Error::NotTheChild { .. })));
    let account = second.state.diff.accounts.entry(chain::addresses()[5]).or_default();
    account.before = Some(tributary_primitives::Account { nonce: u64::MAX, ..Default::default() });
    assert!(matches!(store.commit(&second, &[]), Err(Error::StaleDiff { number: 2, .. })));

    assert_eq!(tributary_storage::testing::table_digests(&store).unwrap(), before);
    store.check().unwrap();
}

#[test]
fn a_full_disk_refuses_a_block_and_harms_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), chain::spec(1), Options { map_size: 4 << 20, ..OPTIONS }).unwrap();
    let (mut state, mut random) = (chain::genesis_state(), chain::Random(5));
    let refused = loop {
        let (block, after) = chain::next_block(&store.latest().unwrap(), &state, &mut random);
        let number = block.block.header.number;
        let blobs: Vec<_> = (0..4).map(|n| chain::blob((number * 4 + n) as u8)).collect();
        match store.commit(&block, &blobs) {
            Ok(()) => state = after,
            Err(error) => {
                assert!(matches!(error, Error::Database(_)), "{error}");
                break block;
            }
        }
    };
    assert_eq!(store.heads().unwrap().unsafe_head.number, refused.block.header.number - 1);
    store.check().unwrap();
    drop(store);
    // With more room the same block goes through.
    let store = Store::open(dir.path(), chain::spec(1), OPTIONS).unwrap();
    store.commit(&refused, &[]).unwrap();
    store.check().unwrap();
}
