//! Documents in one commitment: committed to, shown, handed in and appended, in as many transactions as it takes, from where an earlier run ended.

use super::{
    NO_ROW,
    contribute::{Document, Texts, placed},
    merkle::{Place, Tree},
    outcome::{Outcome, Placed, Refusal},
    state::{Begun, Purpose, Source},
};
use crate::{
    caller::Caller,
    error::Error,
    kept, report,
    terminal::{LiveLine, say},
};
use alloy_primitives::{B256, U256};
use alloy_signer_local::PrivateKeySigner;
use serde_json::json;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
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
    /// Whether what was refused is handed in again.
    pub(super) again: bool,
    pub(super) line: LiveLine,
}

/// What an earlier run left, as far as it decides what a run would do.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// The commitment, its stage, and its documents.
    pub(super) commitment: Option<(U256, &'static str, HashSet<B256>)>,
    /// Whether its documents are still to be handed in, which a jury may have to be paid for.
    pub(super) unpaid: bool,
    /// What was refused, with the reason.
    pub(super) refused: BTreeMap<B256, String>,
}

impl Handing<'_> {
    /// All documents in one commitment.
    pub(super) async fn commit(&self, texts: Texts, terms: &Datanets::termsOfReturn) -> Result<(), Error> {
        let purpose = self.purpose(texts.source).await?;
        let _lock = purpose.lock()?;
        let documents = texts.documents;
        let earlier = self.begun(&purpose).await?;
        let sent = earlier.as_ref().filter(|begun| !begun.commitment.is_zero());
        let rest = documents.iter().filter(|document| !sent.is_some_and(|begun| begun.has(document.hash)));
        let (fresh, mut outcome) = self.sorted(&purpose, rest).await?;
        outcome.copies = texts.copies;
        let hashes = |documents: &[Document]| documents.iter().map(|document| document.hash).collect::<HashSet<_>>();
        let (there, new) = (hashes(&documents), hashes(&fresh));
        let begun = match earlier {
            Some(begun) if !begun.commitment.is_zero() => begun,
            // Nothing is new: all that is left is to tell where everything is.
            _ if fresh.is_empty() => return outcome.tell(self.caller).await,
            Some(draft) if draft.files.iter().all(|(_, hash)| new.contains(hash)) => draft,
            _ => self.draft(&purpose, &fresh).await?,
        };
        purpose.write(&begun)?;
        outcome.later = fresh.into_iter().filter(|document| !begun.has(document.hash)).map(|document| document.file).collect();
        outcome.changed = begun.files.iter().filter(|(_, hash)| !there.contains(hash)).map(|(file, _)| file.clone()).collect();
        let begun = self.begin(&purpose, begun, terms).await?;
        let info = self.go_on(&purpose, &begun, &documents).await?;
        self.line.clear();
        let ended = self.ended(&begun, &info).await?;
        // What is a row of somebody's is found without being kept.
        let kept = ended.refused.iter().filter(|refusal| !refusal.why.starts_with(DUPLICATE));
        purpose.refuse(kept.map(|refusal| (refusal.hash, format!("{} (commitment {})", refusal.why, begun.commitment))))?;
        if [REJECTED, LAPSED, COMPLETE].contains(&info.stage) {
            purpose.remove()?;
        }
        outcome.rows.extend(ended.rows);
        outcome.refused.extend(ended.refused);
        self.tell(&begun, &info, &outcome).await
    }

    /// What an earlier run left for these documents.
    pub(super) async fn held(&self, source: Source) -> Result<Held, Error> {
        let purpose = self.purpose(source).await?;
        let refused = if self.again { BTreeMap::new() } else { purpose.refused()?.documents };
        let begun = self.begun(&purpose).await?.filter(|begun| !begun.commitment.is_zero());
        let Some(begun) = begun else { return Ok(Held { refused, ..Held::default() }) };
        let mut info = self.info(begun.commitment).await?;
        if self.is_over(&info).await? {
            info.stage = LAPSED;
        }
        let documents = begun.files.iter().map(|(_, hash)| *hash).collect();
        Ok(Held { commitment: Some((begun.commitment, stage(&info), documents)), unpaid: info.stage == COMMITTED, refused })
    }

    async fn purpose(&self, source: Source) -> Result<Purpose, Error> {
        let chain = &self.caller.chain;
        let author = self.caller.account().await?.address();
        Ok(Purpose { chain_id: chain.id(), genesis: chain.genesis().await?, datanet: self.datanet, parent: self.parent, author, source })
    }

    /// As far as it can go now.
    async fn go_on(&self, purpose: &Purpose, begun: &Begun, documents: &[Document]) -> Result<IDatanetRecords::CommitmentInfo, Error> {
        let mut info = self.info(begun.commitment).await?;
        if self.is_over(&info).await? {
            info.stage = LAPSED;
        }
        if info.stage == COMMITTED {
            let (documents, tree) = self.committed(purpose, begun, documents)?;
            self.reveal(begun, &tree, &documents, info.revealed as usize).await?;
            self.submit(begun).await?;
            info = self.info(begun.commitment).await?;
        }
        if info.stage == ACCEPTED {
            let (documents, _) = self.committed(purpose, begun, documents)?;
            self.append(begun, &documents[..info.revealed as usize], info.appended as usize).await?;
            info = self.info(begun.commitment).await?;
        }
        Ok(info)
    }

    async fn tell(&self, begun: &Begun, info: &IDatanetRecords::CommitmentInfo, outcome: &Outcome) -> Result<(), Error> {
        if self.caller.for_scripts() {
            let mut told = outcome.fields();
            let stage = stage(info);
            let facts = json!({
                "commitmentId": begun.commitment, "stage": stage, "caseId": info.caseId, "revealed": info.revealed, "appended": info.appended,
            });
            told.extend(facts.as_object().cloned().unwrap_or_default());
            report::json(&told);
        } else {
            report::facts(&[
                ("commitment", begun.commitment.to_string()),
                ("stage", stage(info).to_owned()),
                ("shown", format!("{} of {}", info.revealed, begun.files.len())),
                ("appended or refused", info.appended.to_string()),
                ("case", info.caseId.to_string()),
            ]);
            outcome.say(self.caller.account().await?.address());
            match info.stage {
                REVIEWED => say("run the same command again when the case is closed: what is accepted is appended then"),
                LAPSED => say("it was not handed in in time; run the same command again to commit to the documents anew"),
                _ => {}
            }
        }
        if [REJECTED, COMPLETE].contains(&info.stage) { outcome.success() } else { Ok(()) }
    }

    /// What an earlier run began, with its commitment if there is one by now, and zero in its place where nothing was committed to.
    async fn begun(&self, purpose: &Purpose) -> Result<Option<Begun>, Error> {
        let Some(begun) = purpose.read()? else { return Ok(None) };
        let is_draft = begun.commitment.is_zero();
        if is_draft {
            // One that was sent just before an interruption may not be included yet.
            self.settle_down(purpose).await?;
        } else if self.is_there(&begun).await? {
            return Ok(Some(begun));
        }
        let chain = &self.caller.chain;
        let newest = chain.client().block_number().await?;
        // A reorganisation may have given it another number, and another block.
        let first = if is_draft { begun.block.min(newest) } else { 0 };
        let made = chain.logs::<Datanets::Committed>(DATANETS, first, newest).await?;
        let made = made.into_iter().find(|event| event.author == purpose.author && event.root == begun.root);
        match made {
            Some(event) => Ok(Some(Begun { commitment: event.commitmentId, ..begun })),
            None if is_draft => Ok(Some(begun)),
            None => {
                let why = format!(
                    "the chain has no commitment of {} with the root {}: it is of another chain, or its block was reorganised away",
                    begun.author, begun.root
                );
                Err(kept::foreign(&purpose.path(), &why))
            }
        }
    }

    /// Whether the commitment that is kept is the one that the chain has of this number.
    async fn is_there(&self, begun: &Begun) -> Result<bool, Error> {
        let count = self.caller.chain.now(DATANETS, &DatanetReview::commitmentCountCall {}).await?;
        if begun.commitment > count {
            return Ok(false);
        }
        let info = self.info(begun.commitment).await?;
        Ok(info.root == begun.root && info.author == begun.author && info.datanetId == self.datanet)
    }

    /// Documents that are neither rows nor refused, and what the others are.
    async fn sorted(&self, purpose: &Purpose, documents: impl Iterator<Item = &Document>) -> Result<(Vec<Document>, Outcome), Error> {
        let refused = if self.again { BTreeMap::new() } else { purpose.refused()?.documents };
        let (mut fresh, mut outcome) = (Vec::new(), Outcome::default());
        for document in documents {
            if let Some(placed) = placed(&self.caller.chain, self.datanet, document).await? {
                outcome.rows.push(placed);
            } else if let Some(why) = refused.get(&document.hash) {
                let why = format!("{why}; --again hands it in once more");
                outcome.refused.push(Refusal { file: document.file.clone(), hash: document.hash, why });
            } else {
                fresh.push(document.clone());
            }
        }
        Ok((fresh, outcome))
    }

    /// Salt and order of a new commitment, to be kept before anything is sent: without them nothing could be shown.
    async fn draft(&self, purpose: &Purpose, documents: &[Document]) -> Result<Begun, Error> {
        let block = self.caller.chain.client().block_number().await?;
        let salt = PrivateKeySigner::random().to_bytes();
        let root = tree(purpose, salt, documents).root();
        let files = documents.iter().map(|document| (document.file.clone(), document.hash)).collect();
        Ok(Begun { commitment: U256::ZERO, salt, root, block, genesis: purpose.genesis, author: purpose.author, files })
    }

    /// The documents in the order of the commitment, whatever came to the folder since, and their tree.
    fn committed(&self, purpose: &Purpose, begun: &Begun, documents: &[Document]) -> Result<(Vec<Document>, Tree), Error> {
        let by_hash: HashMap<_, _> = documents.iter().map(|document| (document.hash, document)).collect();
        let find = |(file, hash): &(String, B256)| by_hash.get(hash).map(|document| (*document).clone()).ok_or_else(|| changed(file));
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

    /// What became of the documents of a commitment that is over.
    async fn ended(&self, begun: &Begun, info: &IDatanetRecords::CommitmentInfo) -> Result<Outcome, Error> {
        let refusal =
            |index: usize, why: String| begun.files.get(index).map(|(file, hash)| Refusal { file: file.clone(), hash: *hash, why });
        match info.stage {
            REJECTED => {
                let why = format!("rejected in case {}", info.caseId);
                let refused = (0..begun.files.len()).filter_map(|index| refusal(index, why.clone())).collect();
                Ok(Outcome { refused, ..Outcome::default() })
            }
            COMPLETE => {
                let chain = &self.caller.chain;
                let blocks = (begun.block.min(chain.start()), chain.client().block_number().await?);
                let commitment = begun.commitment.into();
                let refused = chain.logs_about::<Datanets::DocumentRefused>(DATANETS, commitment, blocks).await?;
                let refused = refused.into_iter().filter_map(|event| refusal(event.index as usize, why(event.refusal, info.minNoveltyBps)));
                let made = chain.logs_about::<Datanets::Contributed>(DATANETS, self.datanet.into(), blocks).await?;
                let authors: HashMap<_, _> = made.into_iter().map(|event| (event.row, event.account)).collect();
                let appended = chain.logs_about::<Datanets::Appended>(DATANETS, commitment, blocks).await?;
                let rows = appended.into_iter().filter_map(|event| {
                    let (file, _) = begun.files.get(event.index as usize)?;
                    let author = authors.get(&event.row).copied().unwrap_or(begun.author);
                    Some(Placed { file: file.clone(), row: U256::from(event.row), author })
                });
                Ok(Outcome { rows: rows.collect(), refused: refused.collect(), ..Outcome::default() })
            }
            _ => Ok(Outcome::default()),
        }
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

fn stage(info: &IDatanetRecords::CommitmentInfo) -> &'static str {
    STAGES.get(usize::from(info.stage)).copied().unwrap_or_default()
}

/// What the reason begins with for what the datanet has already.
const DUPLICATE: &str = "duplicate";

/// `IDatanetRecords.Refusal` in words.
fn why(refusal: u8, least_bps: u16) -> String {
    match refusal {
        0 => format!("{DUPLICATE}: the datanet has it already"),
        1 => format!("not novel: less than {least_bps} basis points of its words are its own"),
        _ => "no text".to_owned(),
    }
}

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

fn changed(file: &str) -> Error {
    let reason = "is not there any more as it was committed to; put it back, or the rest cannot be shown".to_owned();
    Error::Invalid { what: file.to_owned(), reason }
}
