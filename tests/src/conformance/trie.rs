//! TrieTests: pairs, and the root of the trie that holds them.

use super::{Case, Failure};
use alloy_primitives::{B256, hex};
use serde::Deserialize;
use std::collections::BTreeMap;
use tributary_trie::root_of;

#[derive(Debug, Deserialize)]
struct TrieTest {
    #[serde(rename = "in")]
    input: Input,
    root: B256,
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
    // Parsed one by one: a file whose tests have another shape is in the list of skips as a whole.
    let tests: BTreeMap<String, serde_json::Value> = serde_json::from_str(json)?;
    let run = |test| -> Result<(), Failure> { serde_json::from_value::<TrieTest>(test)?.run(secured) };
    Ok(tests.into_iter().filter(|(name, _)| wanted(name)).map(|(name, test)| (name, run(test))).collect())
}

impl TrieTest {
    fn run(self, secured: bool) -> Result<(), Failure> {
        let steps: Vec<(String, Option<String>)> = match self.input {
            Input::Steps(steps) => steps,
            Input::Pairs(pairs) => pairs.into_iter().collect(),
        };
        let mut pairs = BTreeMap::new();
        for (key, value) in steps {
            match value {
                Some(value) => pairs.insert(bytes(&key)?, bytes(&value)?),
                None => pairs.remove(&bytes(&key)?),
            };
        }
        Failure::unless_equal("root", root_of(pairs, secured), self.root)
    }
}

/// Keys and values are text, or bytes after `0x`.
fn bytes(text: &str) -> Result<Vec<u8>, Failure> {
    match text.strip_prefix("0x") {
        Some(digits) => Ok(hex::decode(digits)?),
        None => Ok(text.as_bytes().to_vec()),
    }
}
