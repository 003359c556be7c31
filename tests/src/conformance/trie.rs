//! TrieTests: pairs, and the root of the trie that holds them; keys, and their neighbours.

use super::{Case, Failure};
use alloy_primitives::{B256, Bytes, hex};
use nybbles::Nibbles;
use serde::Deserialize;
use std::collections::BTreeMap;
use tributary_primitives::{NodeUpdates, StateError, TrieReader};
use tributary_trie::{neighbours, root_of, trie_of};

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum TrieTest {
    Root {
        #[serde(rename = "in")]
        input: Input,
        root: B256,
    },
    /// Keys of a trie; then any key, the greatest below and the least above, which are empty where there is none.
    Neighbours {
        #[serde(rename = "in")]
        keys: Vec<String>,
        tests: Vec<[String; 3]>,
    },
}

/// Insertions and removals in order, or pairs in any order.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Input {
    Steps(Vec<(String, Option<String>)>),
    Pairs(BTreeMap<String, Option<String>>),
}

pub(super) fn cases(file: &str, json: &str, wanted: &dyn Fn(&str) -> bool) -> serde_json::Result<Vec<Case>> {
    let secured = file.to_lowercase().contains("secure");
    let tests: BTreeMap<String, TrieTest> = serde_json::from_str(json)?;
    Ok(tests.into_iter().filter(|(name, _)| wanted(name)).map(|(name, test)| (name, test.run(secured))).collect())
}

impl TrieTest {
    fn run(self, secured: bool) -> Result<(), Failure> {
        match self {
            Self::Root { input, root } => Failure::unless_equal("root", root_of(input.pairs()?, secured), root),
            Self::Neighbours { keys, tests } => check_neighbours(&keys, &tests),
        }
    }
}

impl Input {
    /// The pairs that are left in the end.
    fn pairs(self) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, Failure> {
        let steps: Vec<(String, Option<String>)> = match self {
            Self::Steps(steps) => steps,
            Self::Pairs(pairs) => pairs.into_iter().collect(),
        };
        let mut pairs = BTreeMap::new();
        for (key, value) in steps {
            match value {
                Some(value) => pairs.insert(bytes(&key)?, bytes(&value)?),
                None => pairs.remove(&bytes(&key)?),
            };
        }
        Ok(pairs)
    }
}

/// Our tries have keys of 32 bytes, so that the tests' keys, which are text, are filled up with zeros: that keeps their order.
fn check_neighbours(keys: &[String], tests: &[[String; 3]]) -> Result<(), Failure> {
    let whole = |key: &str| B256::right_padding_from(key.as_bytes());
    let (root, nodes) = trie_of(keys.iter().map(|key| (whole(key), key.clone().into_bytes())));
    let nodes = Nodes(nodes);
    for [key, below, above] in tests {
        let expected = [below, above].map(|key| (!key.is_empty()).then(|| whole(key)));
        Failure::unless_equal(&format!("neighbours of {key:?}"), neighbours(&nodes, None, root, whole(key))?.into(), expected)?;
    }
    Ok(())
}

/// The nodes of one trie.
#[derive(Debug)]
struct Nodes(NodeUpdates);

impl TrieReader for Nodes {
    fn trie_node(&self, _owner: Option<B256>, path: &Nibbles, _hash: B256) -> Result<Bytes, StateError> {
        self.0.get(path).cloned().flatten().ok_or_else(|| StateError::Missing(format!("node at {path:?}")))
    }
}

/// Keys and values are text, or bytes after `0x`.
fn bytes(text: &str) -> Result<Vec<u8>, Failure> {
    match text.strip_prefix("0x") {
        Some(digits) => Ok(hex::decode(digits)?),
        None => Ok(text.as_bytes().to_vec()),
    }
}
