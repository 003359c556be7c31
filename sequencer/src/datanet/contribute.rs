//! `tributary datanet contribute`: documents of files and folders. Those that a datanet takes at once are handed in one by one, others are committed to.

use super::{
    commit::Handing,
    outcome::{Outcome, Placed, Refusal},
    outlook::dry_run,
    state::Source,
    terms,
};
use crate::{
    caller::Caller,
    chain::Chain,
    error::Error,
    files::{self, Depth, MAX_SENT_BYTES, Unfit},
    passages::printable,
    report, reverts,
    terminal::{LiveLine, complain},
};
use alloy_primitives::{B256, Bytes, U256, keccak256};
use clap::Args;
use serde_json::json;
use std::{
    collections::{HashMap, hash_map::Entry},
    path::{Path, PathBuf},
};
use tributary_client::Call;
use tributary_contracts::{Datanets, predeploys::DATANETS};

/// Flags of `tributary datanet contribute`.
#[derive(Debug, Args)]
pub(crate) struct ContributeArguments {
    datanet: U256,
    /// A text file, or a folder: all text files below it, without links and hidden ones.
    path: PathBuf,
    /// Only tell what would be new and what it would cost.
    #[arg(long)]
    dry_run: bool,
    /// Commit again to what was refused once. Without it nobody pays twice for a document that was not novel, no text, or rejected by a jury.
    #[arg(long)]
    again: bool,
}

/// A document that may be handed in.
#[derive(Debug, Clone)]
pub(super) struct Document {
    /// Its file's name, as people read it.
    pub(super) file: String,
    pub(super) body: Bytes,
    pub(super) hash: B256,
}

/// The texts of a file or a folder.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) source: Source,
    /// Each once.
    pub(super) documents: Vec<Document>,
    /// Files with the text of another one, and that one.
    pub(super) copies: Vec<(String, String)>,
}

pub(super) async fn run(caller: &Caller, arguments: ContributeArguments) -> Result<(), Error> {
    let texts = read(&arguments.path)?;
    let (datanet, again) = (arguments.datanet, arguments.again);
    let terms = terms(&caller.chain, datanet).await?;
    let handing = Handing { caller, datanet, parent: None, again, line: LiveLine::on_stderr() };
    if arguments.dry_run {
        return dry_run(&handing, &terms, texts).await;
    }
    if terms.policy.committed {
        handing.commit(texts, &terms).await
    } else {
        one_by_one(caller, datanet, texts, U256::from(terms.policy.fee)).await
    }
}

/// Hands a document in as a refinement of a row, in the way that the datanet's policy asks.
pub(super) async fn refine(caller: &Caller, (datanet, row): (U256, u64), (path, again): (&Path, bool)) -> Result<(), Error> {
    let mut texts = read(path)?;
    let terms = terms(&caller.chain, datanet).await?;
    if texts.documents.len() != 1 {
        let reason = format!("holds {} documents; a refinement is one", texts.documents.len());
        return Err(Error::Invalid { what: path.display().to_string(), reason });
    }
    if terms.policy.committed {
        let handing = Handing { caller, datanet, parent: Some(row), again, line: LiveLine::on_stderr() };
        return handing.commit(texts, &terms).await;
    }
    let document = texts.documents.remove(0).body;
    let call = Call::of(DATANETS, &Datanets::refineCall { datanetId: datanet, parent: row, document });
    let receipt = caller.send(&call.with_value(U256::from(terms.policy.fee)), "handing in a refinement").await?;
    let row = receipt.event::<Datanets::Contributed>(DATANETS)?.row;
    caller.tell_of(&receipt, &[("row", json!(row))], &[])
}

/// The documents of a file or a folder, each once, and where they come from.
fn read(path: &Path) -> Result<Texts, Error> {
    let source = Source::of(path);
    let left_out =
        |path: &Path, why: &dyn std::fmt::Display| complain(&format!("{} is left out: {why}", printable(&path.display().to_string())));
    let files = if source.file.is_some() {
        vec![path.to_owned()]
    } else {
        let listing = files::list(path, Depth::All)?;
        listing.unfit.iter().for_each(|(path, why)| left_out(path, why));
        // A link may lead to what its owner never meant to publish.
        let (links, files): (Vec<_>, Vec<_>) = listing.files.into_iter().partition(|path| path.is_symlink());
        links.iter().for_each(|path| left_out(path, &Unfit::Link));
        files
    };
    let (mut documents, mut copies) = (Vec::new(), Vec::new());
    let mut first = HashMap::new();
    for path in files {
        match files::read_text(&path, MAX_SENT_BYTES) {
            Ok(text) => {
                let (file, hash) = (path.display().to_string(), keccak256(&text));
                match first.entry(hash) {
                    Entry::Occupied(of) => copies.push((file, String::clone(of.get()))),
                    Entry::Vacant(place) => {
                        place.insert(file.clone());
                        documents.push(Document { file, body: text.into_bytes().into(), hash });
                    }
                }
            }
            // Before it is committed to: it could not be shown.
            Err(Unfit::TooLong) => left_out(&path, &format!("it has more than {MAX_SENT_BYTES} bytes, which no transaction carries")),
            Err(why) => left_out(&path, &why),
        }
    }
    if documents.is_empty() {
        return Err(Error::NoTexts { dir: path.to_owned(), most: "120 KiB" });
    }
    Ok(Texts { source, documents, copies })
}

/// The row that a datanet has of a document.
pub(super) async fn row_of(chain: &Chain, datanet: U256, document: B256) -> Result<Option<U256>, Error> {
    let found = chain.list("tributary_rowsOfDocument", Some(json!(document))).await?;
    Ok(found.iter().find(|row| report::number(row, "datanetId") == datanet).map(|row| report::number(row, "row")))
}

/// The same with its author, who may be another than who asks.
pub(super) async fn placed(chain: &Chain, datanet: U256, document: &Document) -> Result<Option<Placed>, Error> {
    let Some(row) = row_of(chain, datanet, document.hash).await? else { return Ok(None) };
    let info = chain.now(DATANETS, &Datanets::rowInfoCall { datanetId: datanet, row: row.saturating_to() }).await?;
    Ok(Some(Placed { file: document.file.clone(), row, author: info.account }))
}

/// Each document by itself, to a datanet that takes all at once. One that is refused keeps none of the others from being rows, and costs nothing.
async fn one_by_one(caller: &Caller, datanet: U256, texts: Texts, fee: U256) -> Result<(), Error> {
    let (line, count) = (LiveLine::on_stderr(), texts.documents.len());
    let mut outcome = Outcome { copies: texts.copies, ..Outcome::default() };
    for (at, document) in texts.documents.into_iter().enumerate() {
        line.show(&format!("{at} of {count} documents"));
        if let Some(placed) = placed(&caller.chain, datanet, &document).await? {
            outcome.rows.push(placed);
            continue;
        }
        let Document { file, body, hash } = document;
        let call = Datanets::contributeCall { datanetId: datanet, document: body };
        match caller.send(&Call::of(DATANETS, &call).with_value(fee), "contributing a document").await {
            Ok(receipt) => {
                let made: Datanets::Contributed = receipt.event(DATANETS)?;
                outcome.rows.push(Placed { file, row: U256::from(made.row), author: made.account });
            }
            // The second of these, where somebody else was first in the block.
            Err(Error::Refused { why, .. } | Error::Reverted { why, .. }) if reverts::is_about_a_document(why.trim_start_matches(": ")) => {
                outcome.refused.push(Refusal { file, hash, why: why.trim_start_matches(": ").to_owned() });
            }
            Err(error) => {
                line.clear();
                return Err(error);
            }
        }
    }
    line.clear();
    outcome.tell(caller).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        ffi::OsStr,
        fs,
        os::unix::{ffi::OsStrExt, fs::symlink},
    };

    #[test]
    fn a_document_that_no_transaction_carries_is_left_out_before_it_is_committed_to() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("long.txt");
        fs::write(&path, "a".repeat(120 * 1024)).unwrap();
        assert_eq!(read(&path).unwrap().documents.len(), 1);
        fs::write(&path, "a".repeat(120 * 1024 + 1)).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("120 KiB"), "{error}");
        fs::write(dir.path().join("short.txt"), "short").unwrap();
        assert_eq!(read(dir.path()).unwrap().documents.len(), 1);
    }

    #[test]
    fn a_link_in_a_folder_is_left_out_and_one_that_is_named_itself_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, secret) = (dir.path().join("texts"), dir.path().join("secret.txt"));
        fs::create_dir(&folder).unwrap();
        fs::write(&secret, "nobody else reads this").unwrap();
        fs::write(folder.join("own.txt"), "own").unwrap();
        symlink(&secret, folder.join("link.txt")).unwrap();
        let texts = read(&folder).unwrap();
        assert_eq!(texts.documents.iter().map(|document| &document.body[..]).collect::<Vec<_>>(), [b"own"]);
        assert_eq!(read(&folder.join("link.txt")).unwrap().documents.len(), 1);
    }

    #[test]
    fn each_copy_is_told_with_what_it_is_a_copy_of() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [("a.txt", "one"), ("b.txt", "one"), ("c.txt", "two"), ("d.txt", "one")] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let texts = read(dir.path()).unwrap();
        let at = |name: &str| dir.path().join(name).display().to_string();
        assert_eq!(texts.documents.iter().map(|document| document.file.clone()).collect::<Vec<_>>(), [at("a.txt"), at("c.txt")]);
        assert_eq!(texts.copies, [(at("b.txt"), at("a.txt")), (at("d.txt"), at("a.txt"))]);
    }

    #[test]
    fn a_name_in_another_encoding_is_one_like_any_other() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(OsStr::from_bytes(b"caf\xe9.txt")), "text").unwrap();
        let texts = read(dir.path()).unwrap();
        assert!(texts.documents[0].file.ends_with("caf\u{fffd}.txt"), "{:?}", texts.documents);
    }
}
