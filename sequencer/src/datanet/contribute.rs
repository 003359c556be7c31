//! `tributary datanet contribute`: documents of files and folders, in as many transactions as it takes, from where an earlier run ended.

use super::{
    merkle::{Place, Tree},
    set_of,
    state::{self, Begun, Purpose},
    terms,
};
use crate::{
    chain::Chain,
    datanet::Reference,
    error::Error,
    files::{self, Depth, MAX_DOCUMENT_BYTES},
    report,
    terminal::{LiveLine, complain, say},
};
use alloy_eips::BlockId;
use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_rpc_types_eth::{TransactionInput, TransactionRequest};
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use clap::Args;
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tributary_client::{Account, Call, TxFees};
use tributary_contracts::{
    DatanetReview, Datanets, IAttributionStore, Juries,
    interfaces::datanet_review::IDatanetRecords,
    predeploys::{ATTRIBUTION_STORE, DATANETS, JURIES},
};

/// Bytes of documents in one transaction, except where one document is larger.
const BATCH_BYTES: usize = 60_000;

/// Documents in one transaction.
const BATCH: usize = 32;

/// How often, and how many times, the account's nonce is looked at.
const LOOK: Duration = Duration::from_millis(500);
const MOST_LOOKS: usize = 60;

/// `parent` of what refines nothing.
const NO_ROW: u64 = u64::MAX;

/// Flags of `tributary datanet contribute`.
#[derive(Debug, Args)]
pub(crate) struct ContributeArguments {
    datanet: U256,
    /// A text file, or a folder: all text files below it.
    path: PathBuf,
    /// Only tell what would be new and what it would cost.
    #[arg(long)]
    dry_run: bool,
}

/// A document that may be handed in.
#[derive(Debug, Clone)]
struct Document {
    path: PathBuf,
    body: Bytes,
    hash: B256,
}

pub(super) async fn run(chain: &Chain, account: Account, arguments: ContributeArguments, json: bool) -> Result<(), Error> {
    let (folder, documents) = read(&arguments.path)?;
    let terms = terms(chain, arguments.datanet).await?;
    if arguments.dry_run {
        return dry_run(chain, &account, (arguments.datanet, &terms), &documents, json).await;
    }
    let handing = Handing { chain, account: &account, datanet: arguments.datanet, parent: None, line: LiveLine::on_stderr() };
    if terms.policy.committed {
        handing.commit(&folder, documents, &terms, json).await
    } else {
        handing.contribute(documents, U256::from(terms.policy.fee), json).await
    }
}

/// Hands a document in as a refinement of a row, in the way that the datanet's policy asks.
pub(super) async fn refine(chain: &Chain, account: Account, (datanet, row): (U256, u64), path: &Path, json: bool) -> Result<(), Error> {
    let (folder, mut documents) = read(path)?;
    let terms = terms(chain, datanet).await?;
    let handing = Handing { chain, account: &account, datanet, parent: Some(row), line: LiveLine::on_stderr() };
    if documents.len() != 1 {
        return Err(Error::Check(format!("{} holds {} documents; a refinement is one", path.display(), documents.len())));
    }
    if terms.policy.committed {
        return handing.commit(&folder, documents, &terms, json).await;
    }
    let document = documents.remove(0).body;
    let call = Call::of(DATANETS, &Datanets::refineCall { datanetId: datanet, parent: row, document });
    let receipt = chain.execute(&account, &call.with_value(U256::from(terms.policy.fee)), "handing in a refinement").await?;
    let row = receipt.event::<Datanets::Contributed>(DATANETS)?.row;
    super::told(
        json,
        &json!({ "row": row, "transactionHash": receipt.hash() }),
        &[("row", row.to_string()), ("transaction", receipt.hash().to_string())],
    );
    Ok(())
}

/// The documents of a file or a folder, each once, and the folder.
fn read(path: &Path) -> Result<(PathBuf, Vec<Document>), Error> {
    let folder = if path.is_dir() { path.to_owned() } else { path.parent().unwrap_or(Path::new(".")).to_owned() };
    let files = if path.is_dir() { files::list(path, Depth::All)?.files } else { vec![path.to_owned()] };
    let mut documents: Vec<Document> = Vec::new();
    for path in files {
        match files::read_text(&path, MAX_DOCUMENT_BYTES) {
            Ok(text) => {
                let hash = keccak256(&text);
                if documents.iter().all(|document| document.hash != hash) {
                    documents.push(Document { path, body: text.into_bytes().into(), hash });
                }
            }
            Err(why) => complain(&format!("{} is left out: {why}", path.display())),
        }
    }
    if documents.is_empty() {
        return Err(Error::NoTexts { dir: path.to_owned(), most: "128 KiB" });
    }
    Ok((folder, documents))
}

/// The row that a datanet has of a document.
async fn row_of(chain: &Chain, datanet: U256, document: B256) -> Result<Option<U256>, Error> {
    let found = chain.list("tributary_rowsOfDocument", Some(json!(document))).await?;
    Ok(found.iter().find(|row| report::number(row, "datanetId") == datanet).map(|row| report::number(row, "row")))
}

async fn dry_run(
    chain: &Chain,
    account: &Account,
    (datanet, terms): (U256, &Datanets::termsOfReturn),
    documents: &[Document],
    json: bool,
) -> Result<(), Error> {
    let set = set_of(chain, Reference { datanet, release: None }).await?.id;
    let price = U256::from(TxFees::estimate(chain.client(), &Default::default()).await?.max_fee);
    let mut rows = Vec::new();
    for document in documents {
        let row = row_of(chain, datanet, document.hash).await?;
        let call = IAttributionStore::noveltyCall { setId: set, version: 0, document: document.body.clone() };
        let novelty = chain.view(ATTRIBUTION_STORE, &call, BlockId::latest()).await?;
        let own = novelty.total.saturating_sub(novelty.inherited).saturating_sub(novelty.closed);
        // Where nothing can be inherited, all is its own.
        let own_bps = if novelty.total.is_zero() { U256::from(10_000) } else { own * U256::from(10_000) / novelty.total };
        let gas = if row.is_some() { 0 } else { gas(chain, account, datanet, document, terms).await? };
        let cost = price * U256::from(gas) + if row.is_some() { U256::ZERO } else { U256::from(terms.policy.fee) };
        rows.push((document, row, own_bps, gas, cost));
    }
    let new = rows.iter().filter(|(_, row, ..)| row.is_none()).count();
    let review = review_cost(chain, terms, new).await?;
    let total = rows.iter().map(|(.., cost)| *cost).sum::<U256>() + review;
    if json {
        let items = rows.iter().map(|(document, row, own, gas, cost)| {
            json!({ "file": document.path, "hash": document.hash, "bytes": document.body.len(), "row": row, "ownBps": own, "gas": gas, "cost": cost })
        });
        report::json(
            &json!({ "documents": items.collect::<Vec<_>>(), "review": review, "cost": total, "bond": U256::from(terms.policy.bond) }),
        );
        return Ok(());
    }
    let cells = rows.iter().map(|(document, row, own, gas, _)| {
        let state = row.map_or_else(|| format!("{}.{:02} %", own / U256::from(100), own % U256::from(100)), |row| format!("is row {row}"));
        vec![document.body.len().to_string(), state, gas.to_string(), document.path.display().to_string()]
    });
    report::table(&["bytes", "own words", "gas", "file"], &cells.collect::<Vec<_>>());
    say(&format!("{} in all at today's price, and a bond of {}", report::open(total), report::open(U256::from(terms.policy.bond))));
    Ok(())
}

/// What juries cost that review this many documents: their fee for each 64 begun.
async fn review_cost(chain: &Chain, terms: &Datanets::termsOfReturn, documents: usize) -> Result<U256, Error> {
    match terms.policy.jurors {
        0 => Ok(U256::ZERO),
        jurors => Ok(chain.now(JURIES, &Juries::feeCall { jurors }).await? * U256::from(documents.div_ceil(64))),
    }
}

/// The gas of one document's way into an open datanet; where it is committed to first, of its append as far as that can be told now.
async fn gas(chain: &Chain, account: &Account, datanet: U256, document: &Document, terms: &Datanets::termsOfReturn) -> Result<u64, Error> {
    if terms.policy.committed {
        // 16 gas a byte to show it and again to append it, 100 to keep it, and what is the same for all.
        return Ok(300_000 + 132 * document.body.len() as u64);
    }
    let call = Datanets::contributeCall { datanetId: datanet, document: document.body.clone() };
    let request = TransactionRequest {
        from: Some(account.address()),
        to: Some(DATANETS.into()),
        value: Some(U256::from(terms.policy.fee)),
        input: TransactionInput::new(call.abi_encode().into()),
        ..Default::default()
    };
    Ok(chain.client().estimate_gas(&request, BlockId::pending()).await?)
}

/// One account handing documents in to one datanet.
struct Handing<'h> {
    chain: &'h Chain,
    account: &'h Account,
    datanet: U256,
    /// The row that is refined, if that is what is handed in.
    parent: Option<u64>,
    line: LiveLine,
}

impl Handing<'_> {
    /// Each document by itself, to a datanet that takes all at once.
    async fn contribute(&self, documents: Vec<Document>, fee: U256, json: bool) -> Result<(), Error> {
        let (count, mut rows) = (documents.len(), Vec::new());
        for (at, document) in documents.into_iter().enumerate() {
            self.line.show(&format!("{at} of {count} documents"));
            let row = match row_of(self.chain, self.datanet, document.hash).await? {
                Some(row) => row,
                None => {
                    let call = Datanets::contributeCall { datanetId: self.datanet, document: document.body.clone() };
                    let call = Call::of(DATANETS, &call).with_value(fee);
                    let receipt = self.chain.execute(self.account, &call, "contributing a document").await?;
                    U256::from(receipt.event::<Datanets::Contributed>(DATANETS)?.row)
                }
            };
            rows.push((document.path, row));
        }
        self.line.clear();
        if json {
            let items = rows.iter().map(|(path, row)| json!({ "file": path, "row": row }));
            report::json(&json!({ "rows": items.collect::<Vec<_>>() }));
        } else {
            let cells = rows.iter().map(|(path, row)| vec![row.to_string(), path.display().to_string()]);
            report::table(&["row", "file"], &cells.collect::<Vec<_>>());
        }
        Ok(())
    }

    /// All documents in one commitment: committed to, shown, handed in, and appended once that is accepted.
    async fn commit(&self, folder: &Path, documents: Vec<Document>, terms: &Datanets::termsOfReturn, json: bool) -> Result<(), Error> {
        let chain_id = self.chain.id();
        let purpose = Purpose { chain_id, datanet: self.datanet, parent: self.parent };
        let begun = match state::read(folder, &purpose)? {
            Some(begun) => begun,
            None => match self.draft(folder, &documents).await? {
                Some(begun) => begun,
                // Nothing is new: all that is left is to tell where everything is.
                None => return self.contribute(documents, U256::ZERO, json).await,
            },
        };
        // In the order of the commitment, whatever came to the folder since.
        let find =
            |(path, hash): &(PathBuf, B256)| documents.iter().find(|document| document.hash == *hash).cloned().ok_or_else(|| changed(path));
        let documents: Vec<Document> = begun.files.iter().map(find).collect::<Result<_, _>>()?;
        let place = Place { chain_id, datanets: DATANETS, datanet: self.datanet, author: self.account.address(), salt: begun.salt };
        let leaves = documents.iter().enumerate().map(|(index, document)| place.leaf(index as u32, &document.body)).collect();
        let tree = Tree::of(leaves);
        let begun = self.begin(folder, begun, &tree, terms).await?;
        let info = self.info(begun.commitment).await?;
        if info.stage == COMMITTED {
            self.reveal(&begun, &tree, &documents, info.revealed as usize).await?;
            self.submit(&begun).await?;
        }
        let info = self.info(begun.commitment).await?;
        if info.stage == ACCEPTED {
            self.append(&begun, &documents[..info.revealed as usize], info.appended as usize).await?;
        }
        let info = self.info(begun.commitment).await?;
        if [REJECTED, LAPSED, COMPLETE].contains(&info.stage) {
            state::remove(folder, &purpose)?;
        }
        self.line.clear();
        let stage = STAGES.get(usize::from(info.stage)).copied().unwrap_or_default();
        super::told(
            json,
            &json!({ "commitmentId": begun.commitment, "stage": stage, "caseId": info.caseId, "revealed": info.revealed, "appended": info.appended }),
            &[
                ("commitment", begun.commitment.to_string()),
                ("stage", stage.to_owned()),
                ("shown", format!("{} of {}", info.revealed, documents.len())),
                ("appended or refused", info.appended.to_string()),
                ("case", info.caseId.to_string()),
            ],
        );
        if info.stage == REVIEWED && !json {
            say("run the same command again when the case is closed: what is accepted is appended then");
        }
        Ok(())
    }

    /// Salt and order of a new commitment, kept before anything is sent: without them nothing could be shown.
    async fn draft(&self, folder: &Path, documents: &[Document]) -> Result<Option<Begun>, Error> {
        let mut files = Vec::new();
        for document in documents {
            if row_of(self.chain, self.datanet, document.hash).await?.is_none() {
                files.push((document.path.clone(), document.hash));
            }
        }
        if files.is_empty() {
            return Ok(None);
        }
        let begun = Begun {
            chain_id: self.chain.id(),
            datanet: self.datanet,
            commitment: U256::ZERO,
            salt: PrivateKeySigner::random().to_bytes(),
            parent: self.parent,
            files,
        };
        state::write(folder, &begun)?;
        Ok(Some(begun))
    }

    /// Commits, unless an earlier run did.
    async fn begin(&self, folder: &Path, begun: Begun, tree: &Tree, terms: &Datanets::termsOfReturn) -> Result<Begun, Error> {
        if !begun.commitment.is_zero() {
            return Ok(begun);
        }
        // One that was sent just before an interruption may not be included yet.
        self.settle_down().await?;
        let made = self.chain.list("tributary_commitmentsOf", Some(json!(self.account.address()))).await?;
        let mut commitment = None;
        for item in &made {
            let id = report::number(item, "commitmentId");
            if self.info(id).await?.root == tree.root() {
                commitment = Some(id);
            }
        }
        let commitment = match commitment {
            Some(commitment) => commitment,
            None => {
                let count = begun.files.len();
                let value = U256::from(terms.policy.fee) * U256::from(count) + U256::from(terms.policy.bond);
                let call = DatanetReview::commitCall { datanetId: self.datanet, root: tree.root(), count: count as u32 };
                let call = Call::of(DATANETS, &call).with_value(value);
                let receipt = self.chain.execute(self.account, &call, "committing to documents").await?;
                receipt.event::<Datanets::Committed>(DATANETS)?.commitmentId
            }
        };
        let begun = Begun { commitment, ..begun };
        state::write(folder, &begun)?;
        Ok(begun)
    }

    /// Waits until nothing of the account's waits to be included.
    async fn settle_down(&self) -> Result<(), Error> {
        let (client, address) = (self.chain.client(), self.account.address());
        for look in 0..MOST_LOOKS {
            if client.nonce(address, BlockId::pending()).await? == client.nonce(address, BlockId::latest()).await? {
                // The index reads it a moment later.
                tokio::time::sleep(if look == 0 { Duration::ZERO } else { LOOK }).await;
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(Error::Check(format!("transactions of {address} wait to be included; run the same command again when they are")))
    }

    async fn info(&self, commitment: U256) -> Result<IDatanetRecords::CommitmentInfo, Error> {
        self.chain.view(DATANETS, &DatanetReview::commitmentInfoCall { commitmentId: commitment }, BlockId::latest()).await
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
            self.chain.execute(self.account, &Call::of(DATANETS, &call), "showing documents").await?;
            index += batch.len();
        }
        Ok(())
    }

    async fn submit(&self, begun: &Begun) -> Result<(), Error> {
        // A jury's fee for each 64 documents begun, where there is a review.
        let cost = self.chain.now(DATANETS, &DatanetReview::reviewCostCall { commitmentId: begun.commitment }).await?;
        let call = DatanetReview::submitCall { commitmentId: begun.commitment };
        self.chain.execute(self.account, &Call::of(DATANETS, &call).with_value(cost), "handing documents in").await?;
        Ok(())
    }

    async fn append(&self, begun: &Begun, documents: &[Document], from: usize) -> Result<(), Error> {
        let mut index = from;
        while index < documents.len() {
            self.line.show(&format!("{index} of {} documents are appended", documents.len()));
            let batch = batch(&documents[index..]);
            let bodies = batch.iter().map(|document| document.body.clone()).collect();
            let call = DatanetReview::appendCall { commitmentId: begun.commitment, index: index as u32, documents: bodies };
            self.chain.execute(self.account, &Call::of(DATANETS, &call), "appending documents").await?;
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

fn changed(path: &Path) -> Error {
    Error::Check(format!("{} is not there any more as it was committed to; put it back, or the rest cannot be shown", path.display()))
}
