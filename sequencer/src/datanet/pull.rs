//! `tributary datanet pull`: the documents of a release, each byte checked against the root that the release names.

use super::{Reference, set_of};
use crate::{
    chain::Chain,
    error::Error,
    report,
    terminal::{LiveLine, say},
};
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use serde::Serialize;
use std::{collections::BTreeMap, fs, path::Path};
use tokio::task::JoinSet;

/// How many shards are asked for at a time.
const AT_ONCE: usize = 16;

/// Bytes of a shard before its payload: `0xEFA702 ‖ kind u8 ‖ contributor u32 ‖ rows u32 ‖ born u64` (ATTRIBUTION, "Data on chain").
const HEADER: usize = 20;

/// A document of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    pub(crate) row: u64,
    pub(crate) contributor: u32,
    #[serde(skip)]
    pub(crate) body: Vec<u8>,
    /// Its file, in the folder that it was written to.
    pub(crate) file: String,
    pub(crate) hash: B256,
}

/// All documents of a release, checked.
pub(crate) async fn documents(chain: &Chain, reference: Reference) -> Result<(super::SetAt, Vec<Document>), Error> {
    let set = set_of(chain, reference).await?;
    let line = LiveLine::on_stderr();
    let (mut root, mut documents) = (B256::ZERO, Vec::new());
    let mut row = 0u64;
    while row < set.rows {
        let until = set.rows.min(row + AT_ONCE as u64);
        for code in codes(chain, set.id, row..until).await? {
            root = keccak256([root.as_slice(), keccak256(&code).as_slice()].concat());
            documents.push(document(row, &code)?);
            row += 1;
        }
        line.show(&format!("{row} of {} documents", set.rows));
    }
    line.clear();
    if set.root.is_some_and(|expected| expected != root) {
        return Err(Error::Check(format!(
            "the documents of {reference} have the root {root}, the release names {}",
            set.root.unwrap_or_default()
        )));
    }
    Ok((set, documents))
}

/// The codes of shards, in their order, asked for all at once.
async fn codes(chain: &Chain, set: U256, shards: std::ops::Range<u64>) -> Result<Vec<Bytes>, Error> {
    let mut asked = JoinSet::new();
    for shard in shards {
        let client = chain.client().clone();
        asked.spawn(async move { (shard, client.code(shard_address(set, shard), BlockId::latest()).await) });
    }
    let mut answers = BTreeMap::new();
    for (shard, code) in asked.join_all().await {
        answers.insert(shard, code?);
    }
    Ok(answers.into_values().collect())
}

/// The account whose code is a shard.
fn shard_address(set: U256, index: u64) -> Address {
    let hash = keccak256([b"tributary/shard".as_slice(), &set.to_be_bytes::<32>(), &index.to_be_bytes()].concat());
    Address::from_slice(&hash[12..])
}

/// The document in a text shard's code: after the header, the runs that `append` found, each of 20 bytes.
fn document(row: u64, code: &[u8]) -> Result<Document, Error> {
    let damaged = || Error::Check(format!("shard {row} does not hold a document"));
    let contributor = code.get(4..8).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes).ok_or_else(damaged)?;
    let runs = code.get(HEADER..HEADER + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes).ok_or_else(damaged)?;
    let body = code.get(HEADER + 4 + 20 * runs as usize..).ok_or_else(damaged)?.to_vec();
    Ok(Document { row, contributor, file: format!("{row:06}.txt"), hash: keccak256(&body), body })
}

/// Writes the documents of a release to a folder.
pub(crate) async fn run(chain: &Chain, reference: Reference, dir: &Path, json: bool) -> Result<(), Error> {
    let (set, documents) = documents(chain, reference).await?;
    write(dir, &documents)?;
    if json {
        report::json(&documents);
    } else {
        let bytes: usize = documents.iter().map(|document| document.body.len()).sum();
        let checked = if set.root.is_some() {
            ", each byte checked against the release's root"
        } else {
            " (no release: nothing to check them against)"
        };
        say(&format!("{} documents, {bytes} bytes, in {}{checked}", documents.len(), dir.display()));
    }
    Ok(())
}

pub(crate) fn write(dir: &Path, documents: &[Document]) -> Result<(), Error> {
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Read { path, source }
    };
    fs::create_dir_all(dir).map_err(unwritable(dir))?;
    for document in documents {
        let path = dir.join(&document.file);
        fs::write(&path, &document.body).map_err(unwritable(&path))?;
    }
    Ok(())
}
