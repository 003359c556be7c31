//! Documents in one commitment: committed to, shown, handed in and appended, in as many transactions as it takes, from where an earlier run ended.

use super::{
    NO_ROW,
    contribute::{Document, one_by_one, row_of},
    merkle::{Place, Tree},
    state::{Begun, Purpose, Source},
};
use crate::{
    caller::Caller,
    error::Error,
    terminal::{LiveLine, say},
};
use alloy_primitives::{B256, U256};
use alloy_signer_local::PrivateKeySigner;
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tributary_client::Call;
use tributary_contracts::{DatanetReview, Datanets, interfaces::datanet_review::IDatanetRecords, predeploys::DATANETS};

/// Bytes of documents in one transaction, except where one document is larger.
const BATCH_BYTES: usize = 60_000;

/// Documents in one transaction.
const BATCH: usize = 32;

/// How often, and how many times, the account's nonce is looked at.
const LOOK: Duration = Duration::from_millis(500);
const MOST_LOOKS: usize = 60;

/// One account handing documents in to one datanet.
pub(super) struct Handing<'h> {
    pub(super) caller: &'h Caller,
    pub(super) datanet: U256,
    /// The row that is refined, if that is what is handed in.
    pub(super) parent: Option<u64>,
    pub(super) line: LiveLine,
}

impl Handing<'_> {
    /// All documents in one commitment.
    pub(super) async fn commit(&self, source: Source, documents: Vec<Document>, terms: &Datanets::termsOfReturn) -> Result<(), Error> {
        let author = self.caller.account().await?.address();
        let purpose = Purpose { chain_id: self.caller.chain.id(), datanet: self.datanet, parent: self.parent, author, source };
        let begun = match self.begun(&purpose, &documents).await? {
            Some(begun) => begun,
            None => match self.draft(&purpose, &documents).await? {
                Some(begun) => begun,
                // Nothing is new: all that is left is to tell where everything is.
                None => return one_by_one(self.caller, self.datanet, documents, U256::ZERO).await,
            },
        };
        let begun = self.begin(&purpose, begun, terms).await?;
        let mut info = self.info(begun.commitment).await?;
        if self.is_over(&info).await? {
            info.stage = LAPSED;
        }
        if info.stage == COMMITTED {
            let (documents, tree) = self.committed(&purpose, &begun, &documents)?;
            self.reveal(&begun, &tree, &documents, info.revealed as usize).await?;
            self.submit(&begun).await?;
            info = self.info(begun.commitment).await?;
        }
        if info.stage == ACCEPTED {
            let (documents, _) = self.committed(&purpose, &begun, &documents)?;
            self.append(&begun, &documents[..info.revealed as usize], info.appended as usize).await?;
            info = self.info(begun.commitment).await?;
        }
        self.line.clear();
        if [REJECTED, LAPSED, COMPLETE].contains(&info.stage) {
            purpose.remove()?;
        }
        self.tell(&begun, &info);
        Ok(())
    }

    fn tell(&self, begun: &Begun, info: &IDatanetRecords::CommitmentInfo) {
        let stage = STAGES.get(usize::from(info.stage)).copied().unwrap_or_default();
        self.caller.tell(
            &json!({ "commitmentId": begun.commitment, "stage": stage, "caseId": info.caseId, "revealed": info.revealed, "appended": info.appended }),
            &[
                ("commitment", begun.commitment.to_string()),
                ("stage", stage.to_owned()),
                ("shown", format!("{} of {}", info.revealed, begun.files.len())),
                ("appended or refused", info.appended.to_string()),
                ("case", info.caseId.to_string()),
            ],
        );
        if self.caller.for_scripts() {
            return;
        }
        match info.stage {
            REVIEWED => say("run the same command again when the case is closed: what is accepted is appended then"),
            LAPSED => say("it was not handed in in time; run the same command again to commit to the documents anew"),
            _ => {}
        }
    }

    /// What an earlier run began, with its commitment if there is one by now; none where nothing was committed to that could still be shown.
    async fn begun(&self, purpose: &Purpose, documents: &[Document]) -> Result<Option<Begun>, Error> {
        let Some(begun) = purpose.read()? else { return Ok(None) };
        if !begun.commitment.is_zero() {
            return Ok(Some(begun));
        }
        // One that was sent just before an interruption may not be included yet.
        self.settle_down(purpose).await?;
        let chain = &self.caller.chain;
        let newest = chain.client().block_number().await?;
        let made = chain.logs::<Datanets::Committed>(DATANETS, begun.block.min(newest), newest).await?;
        let made = made.into_iter().find(|event| event.author == purpose.author && event.root == begun.root);
        if let Some(event) = made {
            let begun = Begun { commitment: event.commitmentId, ..begun };
            purpose.write(&begun)?;
            return Ok(Some(begun));
        }
        let is_there = |(_, hash): &(PathBuf, B256)| documents.iter().any(|document| document.hash == *hash);
        Ok(begun.files.iter().all(is_there).then_some(begun))
    }

    /// Salt and order of a new commitment, kept before anything is sent: without them nothing could be shown.
    async fn draft(&self, purpose: &Purpose, documents: &[Document]) -> Result<Option<Begun>, Error> {
        let block = self.caller.chain.client().block_number().await?;
        let mut new = Vec::new();
        for document in documents {
            if row_of(&self.caller.chain, self.datanet, document.hash).await?.is_none() {
                new.push(document.clone());
            }
        }
        if new.is_empty() {
            return Ok(None);
        }
        let salt = PrivateKeySigner::random().to_bytes();
        let root = tree(purpose, salt, &new).root();
        let files = new.into_iter().map(|document| (document.path, document.hash)).collect();
        let begun = Begun { commitment: U256::ZERO, salt, root, block, files };
        purpose.write(&begun)?;
        Ok(Some(begun))
    }

    /// The documents in the order of the commitment, whatever came to the folder since, and their tree.
    fn committed(&self, purpose: &Purpose, begun: &Begun, documents: &[Document]) -> Result<(Vec<Document>, Tree), Error> {
        let find =
            |(path, hash): &(PathBuf, B256)| documents.iter().find(|document| document.hash == *hash).cloned().ok_or_else(|| changed(path));
        let documents: Vec<Document> = begun.files.iter().map(find).collect::<Result<_, _>>()?;
        let tree = tree(purpose, begun.salt, &documents);
        Ok((documents, tree))
    }

    /// Commits, unless an earlier run did.
    async fn begin(&self, purpose: &Purpose, begun: Begun, terms: &Datanets::termsOfReturn) -> Result<Begun, Error> {
        if !begun.commitment.is_zero() {
            return Ok(begun);
        }
        let count = begun.files.len();
        let value = U256::from(terms.policy.fee) * U256::from(count) + U256::from(terms.policy.bond);
        let call = DatanetReview::commitCall { datanetId: self.datanet, root: begun.root, count: count as u32 };
        let receipt = self.caller.send(&Call::of(DATANETS, &call).with_value(value), "committing to documents").await?;
        let begun = Begun { commitment: receipt.event::<Datanets::Committed>(DATANETS)?.commitmentId, ..begun };
        purpose.write(&begun)?;
        Ok(begun)
    }

    /// Whether the time to show the documents and hand them in passed.
    async fn is_over(&self, info: &IDatanetRecords::CommitmentInfo) -> Result<bool, Error> {
        Ok(info.stage == COMMITTED && self.caller.chain.time().await? > info.revealUntil)
    }

    /// Waits until nothing of the account's waits to be included.
    async fn settle_down(&self, purpose: &Purpose) -> Result<(), Error> {
        for _ in 0..MOST_LOOKS {
            if !self.caller.chain.waits(purpose.author).await? {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        let reason = "transactions of it wait to be included; run the same command again when they are".to_owned();
        Err(Error::Invalid { what: purpose.author.to_string(), reason })
    }

    async fn info(&self, commitment: U256) -> Result<IDatanetRecords::CommitmentInfo, Error> {
        self.caller.chain.now(DATANETS, &DatanetReview::commitmentInfoCall { commitmentId: commitment }).await
    }

    async fn reveal(&self, begun: &Begun, tree: &Tree, documents: &[Document], from: usize) -> Result<(), Error> {
        let mut index = from;
        while index < documents.len() {
            self.line.show(&format!("{index} of {} documents are shown", documents.len()));
            let batch = batch(&documents[index..]);
            let shown = batch.iter().enumerate().map(|(place, document)| IDatanetRecords::Revelation {
                document: document.body.clone(),
                parent: self.parent.unwrap_or(NO_ROW),
                proof: tree.proof(index + place),
            });
            let call = DatanetReview::revealCall { commitmentId: begun.commitment, salt: begun.salt, revelations: shown.collect() };
            self.caller.send(&Call::of(DATANETS, &call), "showing documents").await?;
            index += batch.len();
        }
        Ok(())
    }

    async fn submit(&self, begun: &Begun) -> Result<(), Error> {
        // A jury's fee for each 64 documents begun, where there is a review.
        let cost = self.caller.chain.now(DATANETS, &DatanetReview::reviewCostCall { commitmentId: begun.commitment }).await?;
        let call = DatanetReview::submitCall { commitmentId: begun.commitment };
        self.caller.send(&Call::of(DATANETS, &call).with_value(cost), "handing documents in").await?;
        Ok(())
    }

    async fn append(&self, begun: &Begun, documents: &[Document], from: usize) -> Result<(), Error> {
        let mut index = from;
        while index < documents.len() {
            self.line.show(&format!("{index} of {} documents are appended", documents.len()));
            let batch = batch(&documents[index..]);
            let bodies = batch.iter().map(|document| document.body.clone()).collect();
            let call = DatanetReview::appendCall { commitmentId: begun.commitment, index: index as u32, documents: bodies };
            self.caller.send(&Call::of(DATANETS, &call), "appending documents").await?;
            index += batch.len();
        }
        Ok(())
    }
}

// Stages of `IDatanetRecords.Stage`.
const COMMITTED: u8 = 1;
const REVIEWED: u8 = 2;
const ACCEPTED: u8 = 3;
const REJECTED: u8 = 4;
const LAPSED: u8 = 5;
const COMPLETE: u8 = 6;
const STAGES: [&str; 7] = ["none", "committed", "reviewed", "accepted", "rejected", "lapsed", "complete"];

/// As many of the next documents as go into one transaction.
fn batch(documents: &[Document]) -> &[Document] {
    let mut bytes = 0;
    let fits = |document: &&Document| {
        bytes += document.body.len();
        bytes <= BATCH_BYTES
    };
    let count = documents.iter().take(BATCH).take_while(fits).count();
    &documents[..count.max(1)]
}

/// The tree over documents in the order of a commitment.
fn tree(purpose: &Purpose, salt: B256, documents: &[Document]) -> Tree {
    let Purpose { chain_id, datanet, author, .. } = *purpose;
    let place = Place { chain_id, datanets: DATANETS, datanet, author, salt };
    Tree::of((0..).zip(documents).map(|(index, document)| place.leaf(index, &document.body)).collect())
}

fn changed(path: &Path) -> Error {
    let reason = "is not there any more as it was committed to; put it back, or the rest cannot be shown".to_owned();
    Error::Invalid { what: path.display().to_string(), reason }
}
