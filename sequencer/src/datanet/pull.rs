//! `tributary datanet pull`: the documents of a release, each byte checked against the root that the release names.

use super::{Reference, set_of};
use crate::{
    caller::Caller,
    chain::Chain,
    error::Error,
    report,
    terminal::{LiveLine, complain, say},
};
use alloy_eips::BlockId;
use alloy_primitives::{B256, Bytes, U256, keccak256};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};
use tokio::task::JoinSet;
use tributary_contracts::shards;

/// How many shards are asked for at a time.
const AT_ONCE: usize = 16;

/// A document of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    pub(crate) row: u64,
    /// Number of who handed it in: the row's own until it is given to somebody else.
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
    let mut documents = Documents::default();
    while documents.row() < set.rows {
        let until = set.rows.min(documents.row() + AT_ONCE as u64);
        for code in codes(chain, set.id, documents.row()..until).await? {
            documents.take(&code)?;
        }
        line.show(&format!("{} of {} documents", documents.row(), set.rows));
    }
    line.clear();
    let documents = documents.of_root(set.root, reference)?;
    Ok((set, documents))
}

/// Documents that were read, and the running root over their shards.
#[derive(Debug, Default)]
struct Documents {
    root: B256,
    read: Vec<Document>,
}

impl Documents {
    /// The next one's.
    const fn row(&self) -> u64 {
        self.read.len() as u64
    }

    /// Takes the next shard's code in.
    fn take(&mut self, code: &[u8]) -> Result<(), Error> {
        self.root = shards::next_root(self.root, keccak256(code));
        self.read.push(document(self.row(), code)?);
        Ok(())
    }

    /// The documents, if they are those of the root, where there is one.
    fn of_root(self, expected: Option<B256>, reference: Reference) -> Result<Vec<Document>, Error> {
        match expected {
            Some(expected) if expected != self.root => {
                Err(Error::Check(format!("the documents of {reference} have the root {}, the release names {expected}", self.root)))
            }
            _ => Ok(self.read),
        }
    }
}

/// The codes of shards, in their order, asked for all at once.
async fn codes(chain: &Chain, set: U256, shards: std::ops::Range<u64>) -> Result<Vec<Bytes>, Error> {
    let mut asked = JoinSet::new();
    for shard in shards {
        let client = chain.client().clone();
        asked.spawn(async move { (shard, client.code(shards::address(set, shard), BlockId::latest()).await) });
    }
    let mut answers = BTreeMap::new();
    for (shard, code) in asked.join_all().await {
        answers.insert(shard, code?);
    }
    Ok(answers.into_values().collect())
}

/// The document in a text shard's code: after the header, the runs that `append` found.
fn document(row: u64, code: &[u8]) -> Result<Document, Error> {
    let damaged = || Error::Check(format!("shard {row} does not hold a document"));
    let kind = code.strip_prefix(&shards::MAGIC).and_then(<[u8]>::first);
    if kind != Some(&shards::TEXT) {
        return Err(damaged());
    }
    let word = |at: usize| code.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes).ok_or_else(damaged);
    let (contributor, runs) = (word(shards::MAGIC.len() + 1)?, word(shards::HEADER)?);
    let body = code.get(shards::HEADER + 4 + shards::RUN * runs as usize..).ok_or_else(damaged)?.to_vec();
    Ok(Document { row, contributor, file: format!("{row:06}.txt"), hash: keccak256(&body), body })
}

/// Writes the documents of a release to a folder.
pub(crate) async fn run(caller: &Caller, reference: Reference, dir: &Path) -> Result<(), Error> {
    let (set, documents) = documents(&caller.chain, reference).await?;
    write(dir, &documents, &[])?;
    if caller.for_scripts() {
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

/// Writes documents to a folder, and texts beside them under their names. What else is there stays, which is told: it is not of the release.
pub(crate) fn write(dir: &Path, documents: &[Document], beside: &[(&str, &str)]) -> Result<(), Error> {
    let failed = |path: PathBuf| move |source| Error::File { path, source };
    fs::create_dir_all(dir).map_err(failed(dir.to_owned()))?;
    let of_documents = documents.iter().map(|document| (document.file.as_str(), document.body.as_slice()));
    let files: BTreeMap<_, _> = of_documents.chain(beside.iter().map(|(name, text)| (*name, text.as_bytes()))).collect();
    // Before the first is written: what a link leads to is somebody's, and may be anywhere.
    if let Some(path) = files.keys().map(|name| dir.join(name)).find(|path| path.is_symlink()) {
        return Err(failed(path)(io::Error::other("is a link; nothing is written through it")));
    }
    for (name, bytes) in &files {
        let path = dir.join(name);
        fs::write(&path, bytes).map_err(failed(path))?;
    }
    let names = fs::read_dir(dir).map_err(failed(dir.to_owned()))?.filter_map(|entry| Some(entry.ok()?.file_name()));
    let foreign = names.filter(|name| !name.to_str().is_some_and(|name| files.contains_key(name))).count();
    if foreign > 0 {
        complain(&format!("{foreign} more files were in {} and are still there: they are not of this release", dir.display()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::hex;

    const REFERENCE: Reference = Reference { datanet: U256::ONE, release: Some(1) };

    /// Two shards as the precompile writes them, the second with a run.
    fn codes() -> [Vec<u8>; 2] {
        let header = |born: u8| [hex!("efa702 02 01020304 00000001 00000000000000").as_slice(), &[born]].concat();
        let run = hex!("00000001 00000001 00000002 0a0b0c0d0e0f1011 00000004");
        [[header(1).as_slice(), &[0; 4], b"one text"].concat(), [header(2).as_slice(), &run, b"and another"].concat()]
    }

    fn read(codes: &[Vec<u8>], root: Option<B256>) -> Result<Vec<Document>, Error> {
        let mut documents = Documents::default();
        codes.iter().try_for_each(|code| documents.take(code))?;
        documents.of_root(root, REFERENCE)
    }

    /// Written out, not with the function that is tested.
    fn root(codes: &[Vec<u8>]) -> B256 {
        codes.iter().fold(B256::ZERO, |root, code| keccak256([root.0, keccak256(code).0].concat()))
    }

    #[test]
    fn documents_are_those_of_the_releases_root() {
        let read = read(&codes(), Some(root(&codes()))).unwrap();
        let told: Vec<_> = read.iter().map(|document| (document.row, document.contributor, document.body.as_slice())).collect();
        assert_eq!(told, [(0, 0x0102_0304, b"one text".as_slice()), (1, 0x0102_0304, b"and another".as_slice())]);
    }

    #[test]
    fn one_changed_byte_anywhere_is_found() {
        let root = root(&codes());
        for shard in 0..2 {
            for at in 0..codes()[shard].len() {
                let mut changed = codes();
                changed[shard][at] ^= 1;
                assert!(matches!(read(&changed, Some(root)), Err(Error::Check(_))), "byte {at} of shard {shard}");
            }
        }
        let mut turned = codes();
        turned.reverse();
        assert!(read(&turned, Some(root)).unwrap_err().to_string().contains("the documents of 1@1 have the root"));
        assert!(read(&codes()[..1], Some(root)).is_err());
    }

    #[test]
    fn nothing_is_written_through_a_link_and_nothing_at_all_where_one_is() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, victim) = (dir.path().join("copy"), dir.path().join("victim"));
        fs::create_dir(&folder).unwrap();
        fs::write(&victim, "mine").unwrap();
        let documents = read(&codes(), None).unwrap();
        for name in ["000001.txt", "croissant.json"] {
            let link = folder.join(name);
            std::os::unix::fs::symlink(&victim, &link).unwrap();
            let line = write(&folder, &documents, &[("croissant.json", "{}")]).unwrap_err().to_string();
            assert!(line.contains(name) && line.contains("is a link"), "{line}");
            assert_eq!((fs::read_dir(&folder).unwrap().count(), fs::read_to_string(&victim).unwrap()), (1, "mine".to_owned()));
            fs::remove_file(link).unwrap();
        }
        write(&folder, &documents, &[("croissant.json", "{}")]).unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 3);
    }

    #[test]
    fn what_is_no_document_is_refused_also_where_there_is_no_root() {
        let code = codes()[1].clone();
        assert!(read(&codes()[1..], None).is_ok());
        // Another kind, another magic, and less than it claims to hold.
        for (at, byte) in [(3, 1), (2, 1), (0, 0)] {
            let mut wrong = code.clone();
            wrong[at] = byte;
            assert!(read(&[wrong], None).is_err(), "byte {at}");
        }
        for length in 0..44 {
            assert!(read(&[code[..length].to_vec()], None).is_err(), "{length} bytes");
        }
    }
}
