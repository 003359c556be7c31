//! `tributary datanet contribute --dry-run`: what would become of documents, and what that would cost.

use super::{
    Reference,
    commit::{Handing, Held},
    contribute::{Document, Texts, row_of},
    outcome, set_of,
};
use crate::{chain::Chain, error::Error, report, reverts, terminal::say};
use alloy_eips::BlockId;
use alloy_primitives::{Address, U256};
use alloy_rpc_types_eth::{TransactionInput, TransactionRequest};
use alloy_sol_types::SolCall;
use serde_json::json;
use tributary_client::TxFees;
use tributary_contracts::{
    Datanets, IAttributionStore, Juries,
    predeploys::{ATTRIBUTION_STORE, DATANETS, JURIES},
};

/// What would become of a document.
struct Outlook<'d> {
    document: &'d Document,
    /// The row that it is already.
    row: Option<U256>,
    /// The commitment that it is in, and that one's stage.
    pending: Option<String>,
    /// Whether a run would leave it for a later one.
    later: bool,
    own_bps: U256,
    /// Why it would be refused.
    refused: Option<String>,
    gas: u64,
    /// What is paid for handing it in, wei.
    cost: U256,
}

impl Outlook<'_> {
    fn state(&self) -> String {
        match (&self.row, &self.pending, &self.refused) {
            (Some(row), _, _) => format!("is row {row}"),
            (None, Some(pending), _) => format!("in {pending}"),
            (None, None, Some(why)) => format!("refused: {why}"),
            (None, None, None) => {
                let later = if self.later { ", by a later run" } else { "" };
                format!("{}.{:02} %{later}", self.own_bps / U256::from(100), self.own_bps % U256::from(100))
            }
        }
    }

    /// Whether the next run would pay for it.
    fn is_paid(&self) -> bool {
        self.gas > 0 && !self.later
    }
}

pub(super) async fn dry_run(handing: &Handing<'_>, terms: &Datanets::termsOfReturn, texts: Texts) -> Result<(), Error> {
    let (caller, chain) = (handing.caller, &handing.caller.chain);
    let held = if terms.policy.committed { handing.held(texts.source).await? } else { Held::default() };
    let set = set_of(chain, Reference { datanet: handing.datanet, release: None }).await?.id;
    let mut rows = Vec::new();
    let price = U256::from(TxFees::estimate(chain.client(), &Default::default()).await?.max_fee);
    for document in &texts.documents {
        let mut found = outlook(handing, terms, (document, &held, set)).await?;
        if found.gas > 0 {
            found.cost = price * U256::from(found.gas) + U256::from(terms.policy.fee);
        }
        rows.push(found);
    }
    let new = rows.iter().filter(|found| found.is_paid()).count();
    // What was committed to and not handed in yet still has its jury to pay.
    let reviewed = if held.unpaid { held.commitment.as_ref().map_or(0, |(_, _, documents)| documents.len()) } else { new };
    let review = review_cost(chain, terms, reviewed).await?;
    let total = rows.iter().filter(|found| found.is_paid()).map(|found| found.cost).sum::<U256>() + review;
    let bond = if terms.policy.committed && new > 0 { U256::from(terms.policy.bond) } else { U256::ZERO };
    if caller.for_scripts() {
        let items = rows.iter().map(|found| {
            json!({
                "file": found.document.file, "hash": found.document.hash, "bytes": found.document.body.len(), "row": found.row,
                "pending": found.pending, "later": found.later, "ownBps": found.own_bps, "refused": found.refused, "gas": found.gas,
                "cost": found.cost,
            })
        });
        let items = items.collect::<Vec<_>>();
        report::json(
            &json!({ "documents": items, "copies": outcome::copies(&texts.copies), "review": review, "cost": total, "bond": bond }),
        );
        return Ok(());
    }
    let cells = rows
        .iter()
        .map(|found| vec![found.document.body.len().to_string(), found.state(), found.gas.to_string(), found.document.file.clone()]);
    report::table(&["bytes", "own words", "gas", "file"], &cells.collect::<Vec<_>>());
    outcome::say_copies(&texts.copies);
    say(&format!("{} in all at today's price, and a bond of {}", report::open(total), report::open(bond)));
    Ok(())
}

async fn outlook<'d>(
    handing: &Handing<'_>,
    terms: &Datanets::termsOfReturn,
    (document, held, set): (&'d Document, &Held, U256),
) -> Result<Outlook<'d>, Error> {
    let (chain, datanet) = (&handing.caller.chain, handing.datanet);
    let own_bps = own_words(chain, set, document).await?;
    let row = row_of(chain, datanet, document.hash).await?;
    let mut found = Outlook { document, row, pending: None, later: false, own_bps, refused: None, gas: 0, cost: U256::ZERO };
    if found.row.is_some() {
        return Ok(found);
    }
    match &held.commitment {
        Some((commitment, stage, documents)) if documents.contains(&document.hash) => {
            found.pending = Some(format!("commitment {commitment}, {stage}"));
            return Ok(found);
        }
        Some(_) => found.later = true,
        None => {}
    }
    if let Some(why) = held.refused.get(&document.hash) {
        found.refused = Some(format!("{why}; --again hands it in once more"));
        return Ok(found);
    }
    let account = handing.caller.account().await?.address();
    match gas(chain, account, (datanet, terms), document).await? {
        Ok(gas) => found.gas = gas,
        Err(why) => found.refused = Some(why),
    }
    if terms.policy.committed && found.own_bps < U256::from(terms.policy.minNoveltyBps) {
        // What a run commits to is paid for, whatever becomes of it.
        found.refused = Some(format!("{} basis points of its words are its own, {} must be", found.own_bps, terms.policy.minNoveltyBps));
    }
    Ok(found)
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
