//! What the fuzz targets do, over their seeds and over what comes of them by chance: so that a target that no longer works is noticed without libFuzzer.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the failure")]

#[path = "../../fuzz/src/bodies/mod.rs"]
#[allow(unreachable_pub, clippy::expect_used, reason = "shared with the fuzz targets, whose library they are")]
mod bodies;

use proptest::{
    collection::vec,
    prelude::{Strategy, any, prop_oneof},
    sample::Index,
    test_runner::{Config, TestRunner},
};
use std::{fs, path::Path};

/// One change to some bytes.
#[derive(Debug, Clone)]
enum Mutation {
    Set(Index, u8),
    Remove(Index),
    Insert(Index, Vec<u8>),
    /// Everything from here on is gone.
    Cut(Index),
    /// A piece is copied to another place.
    Copy(Index, Index, u8),
}

impl Mutation {
    fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            6 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Self::Set(at, byte)),
            2 => any::<Index>().prop_map(Self::Remove),
            2 => (any::<Index>(), vec(any::<u8>(), 1..9)).prop_map(|(at, bytes)| Self::Insert(at, bytes)),
            1 => any::<Index>().prop_map(Self::Cut),
            1 => (any::<Index>(), any::<Index>(), any::<u8>()).prop_map(|(from, to, length)| Self::Copy(from, to, length)),
        ]
    }

    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let at = |index: &Index| index.index(bytes.len());
        match self {
            Self::Set(index, byte) => *index.get_mut(bytes) = *byte,
            Self::Remove(index) => drop(bytes.remove(at(index))),
            Self::Insert(index, new) => drop(bytes.splice(at(index)..at(index), new.iter().copied())),
            Self::Cut(index) => bytes.truncate(at(index)),
            Self::Copy(from, to, length) => {
                let (from, to) = (at(from), at(to));
                let piece = bytes[from..bytes.len().min(from + usize::from(*length))].to_vec();
                drop(bytes.splice(to..to, piece));
            }
        }
    }
}

/// Runs a target over its seeds, and over bytes made of them.
fn run(target: &str, body: fn(&[u8])) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
    let mut seeds: Vec<_> = fs::read_dir(&directory).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect();
    seeds.sort();
    assert!(seeds.len() >= 3, "{} has {} seeds", directory.display(), seeds.len());
    body(&[]);
    seeds.iter().for_each(|seed| body(seed));
    let mutated = (any::<Index>(), vec(Mutation::any(), 1..5)).prop_map(move |(seed, mutations)| {
        let mut bytes = seed.get(&seeds).clone();
        mutations.iter().for_each(|mutation| mutation.apply(&mut bytes));
        bytes
    });
    let mut runner = TestRunner::new(Config { cases: 2048, failure_persistence: None, ..Config::default() });
    runner
        .run(&mutated, |bytes| {
            body(&bytes);
            Ok(())
        })
        .unwrap();
}

#[test]
fn raw_transactions_are_decoded_validated_and_pooled() {
    run("raw_transaction", bodies::raw_transaction);
}

#[test]
fn rlp_blocks_are_decoded_and_imported() {
    run("rlp_block", bodies::rlp_block);
}

#[test]
fn requests_are_answered() {
    run("rpc_request", bodies::rpc_request);
}

#[test]
fn parameters_of_every_method_are_read() {
    run("rpc_parameters", bodies::rpc_parameters);
}

#[test]
fn filters_are_opened_polled_and_closed() {
    run("filter", bodies::filter);
}

#[test]
fn what_a_batcher_posts_is_read() {
    run("batcher_data", bodies::batcher_data);
}
