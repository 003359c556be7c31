//! `tributary datanet contribute`: documents of files and folders. Those that a datanet takes at once are handed in one by one, others are committed to.

use super::{commit::Handing, set_of, state::Source, terms};
use crate::{
    caller::Caller,
    chain::Chain,
    datanet::Reference,
    error::Error,
    files::{self, Depth, MAX_SENT_BYTES, Unfit},
    report, reverts,
    terminal::{LiveLine, complain, say},
};
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rpc_types_eth::{TransactionInput, TransactionRequest};
use alloy_sol_types::SolCall;
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use tributary_client::{Call, TxFees};
use tributary_contracts::{
    Datanets, IAttributionStore, Juries,
    predeploys::{ATTRIBUTION_STORE, DATANETS, JURIES},
};

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
pub(super) struct Document {
    pub(super) path: PathBuf,
    pub(super) body: Bytes,
    pub(super) hash: B256,
}

pub(super) async fn run(caller: &Caller, arguments: ContributeArguments) -> Result<(), Error> {
    let (source, documents) = read(&arguments.path)?;
    let terms = terms(&caller.chain, arguments.datanet).await?;
    if arguments.dry_run {
        return dry_run(caller, (arguments.datanet, &terms), &documents).await;
    }
    if terms.policy.committed {
        let handing = Handing { caller, datanet: arguments.datanet, parent: None, line: LiveLine::on_stderr() };
        handing.commit(source, documents, &terms).await
    } else {
        one_by_one(caller, arguments.datanet, documents, U256::from(terms.policy.fee)).await
    }
}

/// Hands a document in as a refinement of a row, in the way that the datanet's policy asks.
pub(super) async fn refine(caller: &Caller, (datanet, row): (U256, u64), path: &Path) -> Result<(), Error> {
    let (source, mut documents) = read(path)?;
    let terms = terms(&caller.chain, datanet).await?;
    if documents.len() != 1 {
        let reason = format!("holds {} documents; a refinement is one", documents.len());
        return Err(Error::Invalid { what: path.display().to_string(), reason });
    }
    if terms.policy.committed {
        let handing = Handing { caller, datanet, parent: Some(row), line: LiveLine::on_stderr() };
        return handing.commit(source, documents, &terms).await;
    }
    let document = documents.remove(0).body;
    let call = Call::of(DATANETS, &Datanets::refineCall { datanetId: datanet, parent: row, document });
    let receipt = caller.send(&call.with_value(U256::from(terms.policy.fee)), "handing in a refinement").await?;
    let row = receipt.event::<Datanets::Contributed>(DATANETS)?.row;
    caller.tell_of(&receipt, &[("row", json!(row))], &[])
}

/// The documents of a file or a folder, each once, and where they come from.
fn read(path: &Path) -> Result<(Source, Vec<Document>), Error> {
    let source = Source::of(path);
    let files = if source.file.is_none() { files::list(path, Depth::All)?.files } else { vec![path.to_owned()] };
    let mut documents: Vec<Document> = Vec::new();
    for path in files {
        match files::read_text(&path, MAX_SENT_BYTES) {
            Ok(text) => {
                let hash = keccak256(&text);
                if documents.iter().all(|document| document.hash != hash) {
                    documents.push(Document { path, body: text.into_bytes().into(), hash });
                }
            }
            // Before it is committed to: it could not be shown.
            Err(Unfit::TooLong) => {
                complain(&format!("{} is left out: it has more than {MAX_SENT_BYTES} bytes, which no transaction carries", path.display()));
            }
            Err(why) => complain(&format!("{} is left out: {why}", path.display())),
        }
    }
    if documents.is_empty() {
        return Err(Error::NoTexts { dir: path.to_owned(), most: "120 KiB" });
    }
    Ok((source, documents))
}

/// The row that a datanet has of a document.
pub(super) async fn row_of(chain: &Chain, datanet: U256, document: B256) -> Result<Option<U256>, Error> {
    let found = chain.list("tributary_rowsOfDocument", Some(json!(document))).await?;
    Ok(found.iter().find(|row| report::number(row, "datanetId") == datanet).map(|row| report::number(row, "row")))
}

/// What would become of a document.
struct Outlook<'d> {
    document: &'d Document,
    /// The row that it is already.
    row: Option<U256>,
    own_bps: U256,
    /// Why it would be refused.
    refused: Option<String>,
    gas: u64,
    /// What is paid for handing it in, wei.
    cost: U256,
}

impl Outlook<'_> {
    fn state(&self) -> String {
        match (&self.row, &self.refused) {
            (Some(row), _) => format!("is row {row}"),
            (None, Some(why)) => format!("refused: {why}"),
            (None, None) => format!("{}.{:02} %", self.own_bps / U256::from(100), self.own_bps % U256::from(100)),
        }
    }
}

async fn dry_run(caller: &Caller, (datanet, terms): (U256, &Datanets::termsOfReturn), documents: &[Document]) -> Result<(), Error> {
    let (chain, account) = (&caller.chain, caller.account().await?.address());
    let set = set_of(chain, Reference { datanet, release: None }).await?.id;
    let price = U256::from(TxFees::estimate(chain.client(), &Default::default()).await?.max_fee);
    let mut rows = Vec::new();
    for document in documents {
        let mut found =
            Outlook { document, row: None, own_bps: own_words(chain, set, document).await?, refused: None, gas: 0, cost: U256::ZERO };
        found.row = row_of(chain, datanet, document.hash).await?;
        if found.row.is_none() {
            match gas(chain, account, (datanet, terms), document).await? {
                Ok(gas) => (found.gas, found.cost) = (gas, price * U256::from(gas) + U256::from(terms.policy.fee)),
                Err(why) => found.refused = Some(why),
            }
            if terms.policy.committed && found.own_bps < U256::from(terms.policy.minNoveltyBps) {
                found.refused =
                    Some(format!("{} basis points of its words are its own, {} must be", found.own_bps, terms.policy.minNoveltyBps));
            }
        }
        rows.push(found);
    }
    let new = rows.iter().filter(|found| found.row.is_none()).count();
    let review = review_cost(chain, terms, new).await?;
    let total = rows.iter().map(|found| found.cost).sum::<U256>() + review;
    let bond = if terms.policy.committed { U256::from(terms.policy.bond) } else { U256::ZERO };
    if caller.for_scripts() {
        let items = rows.iter().map(|found| {
            json!({
                "file": found.document.path, "hash": found.document.hash, "bytes": found.document.body.len(), "row": found.row,
                "ownBps": found.own_bps, "refused": found.refused, "gas": found.gas, "cost": found.cost,
            })
        });
        report::json(&json!({ "documents": items.collect::<Vec<_>>(), "review": review, "cost": total, "bond": bond }));
        return Ok(());
    }
    let cells = rows.iter().map(|found| {
        vec![found.document.body.len().to_string(), found.state(), found.gas.to_string(), found.document.path.display().to_string()]
    });
    report::table(&["bytes", "own words", "gas", "file"], &cells.collect::<Vec<_>>());
    say(&format!("{} in all at today's price, and a bond of {}", report::open(total), report::open(bond)));
    Ok(())
}

/// The part of a document's words that no row of the datanet has, basis points.
async fn own_words(chain: &Chain, set: U256, document: &Document) -> Result<U256, Error> {
    let call = IAttributionStore::noveltyCall { setId: set, version: 0, document: document.body.clone() };
    let novelty = chain.now(ATTRIBUTION_STORE, &call).await?;
    let own = novelty.total.saturating_sub(novelty.inherited).saturating_sub(novelty.closed);
    // Where nothing can be inherited, all is its own.
    Ok(if novelty.total.is_zero() { U256::from(10_000) } else { own * U256::from(10_000) / novelty.total })
}

/// What juries cost that review this many documents: their fee for each 64 begun.
async fn review_cost(chain: &Chain, terms: &Datanets::termsOfReturn, documents: usize) -> Result<U256, Error> {
    match terms.policy.jurors {
        0 => Ok(U256::ZERO),
        jurors => Ok(chain.now(JURIES, &Juries::feeCall { jurors }).await? * U256::from(documents.div_ceil(64))),
    }
}

/// The gas of one document's way into an open datanet, or why it is refused; where it is committed to first, of its append as far as that can be told now.
async fn gas(
    chain: &Chain,
    account: Address,
    (datanet, terms): (U256, &Datanets::termsOfReturn),
    document: &Document,
) -> Result<Result<u64, String>, Error> {
    if terms.policy.committed {
        // 16 gas a byte to show it and again to append it, 100 to keep it, and what is the same for all.
        return Ok(Ok(300_000 + 132 * document.body.len() as u64));
    }
    let call = Datanets::contributeCall { datanetId: datanet, document: document.body.clone() };
    let request = TransactionRequest {
        from: Some(account),
        to: Some(DATANETS.into()),
        value: Some(U256::from(terms.policy.fee)),
        input: TransactionInput::new(call.abi_encode().into()),
        ..Default::default()
    };
    match chain.client().estimate_gas(&request, BlockId::pending()).await {
        Ok(gas) => Ok(Ok(gas)),
        Err(error) => match refusal(&error) {
            Some(why) => Ok(Err(why)),
            None => Err(error.into()),
        },
    }
}

/// What a contract says that refuses, in words.
fn refusal(error: &tributary_client::Error) -> Option<String> {
    let tributary_client::Error::Rejected { fault, .. } = error else { return None };
    fault.data.as_ref().and_then(|data| reverts::words(Some(DATANETS), data))
}

/// Each document by itself, to a datanet that takes all at once. One that is refused keeps none of the others from being rows.
pub(super) async fn one_by_one(caller: &Caller, datanet: U256, documents: Vec<Document>, fee: U256) -> Result<(), Error> {
    let (line, count) = (LiveLine::on_stderr(), documents.len());
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    for (at, document) in documents.into_iter().enumerate() {
        line.show(&format!("{at} of {count} documents"));
        if let Some(row) = row_of(&caller.chain, datanet, document.hash).await? {
            rows.push((document.path, row));
            continue;
        }
        let call = Datanets::contributeCall { datanetId: datanet, document: document.body };
        match caller.send(&Call::of(DATANETS, &call).with_value(fee), "contributing a document").await {
            Ok(receipt) => rows.push((document.path, U256::from(receipt.event::<Datanets::Contributed>(DATANETS)?.row))),
            Err(Error::Refused { why, .. }) if reverts::is_about_a_document(&why) => refused.push((document.path, why)),
            Err(error) => {
                line.clear();
                return Err(error);
            }
        }
    }
    line.clear();
    if caller.for_scripts() {
        let rows: Vec<_> = rows.iter().map(|(path, row)| json!({ "file": path, "row": row })).collect();
        let refused: Vec<_> = refused.iter().map(|(path, why)| json!({ "file": path, "why": why })).collect();
        report::json(&json!({ "rows": rows, "refused": refused }));
        return Ok(());
    }
    if !rows.is_empty() {
        let cells = rows.iter().map(|(path, row)| vec![row.to_string(), path.display().to_string()]);
        report::table(&["row", "file"], &cells.collect::<Vec<_>>());
    }
    if !refused.is_empty() {
        let cells = refused.iter().map(|(path, why)| vec![why.clone(), path.display().to_string()]);
        report::table(&["refused", "file"], &cells.collect::<Vec<_>>());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_document_that_no_transaction_carries_is_left_out_before_it_is_committed_to() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("long.txt");
        fs::write(&path, "a".repeat(120 * 1024)).unwrap();
        assert_eq!(read(&path).unwrap().1.len(), 1);
        fs::write(&path, "a".repeat(120 * 1024 + 1)).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("120 KiB"), "{error}");
        fs::write(dir.path().join("short.txt"), "short").unwrap();
        assert_eq!(read(dir.path()).unwrap().1.len(), 1);
    }
}
