//! `tributary datanet terms` and `curator`: what a curator changes of a datanet, and who it is.

use super::terms;
use crate::{caller::Caller, error::Error, report};
use alloy_primitives::{Address, U256, aliases::U96, keccak256, ruint::UintTryFrom};
use alloy_sol_types::SolCall;
use clap::Args;
use serde_json::json;
use std::{fs, path::PathBuf};
use tributary_client::Call;
use tributary_contracts::{Datanets, predeploys::DATANETS};

/// Flags of `tributary datanet terms`. What is not given stays as it is.
#[derive(Debug, Args)]
pub(super) struct TermsArguments {
    datanet: U256,
    /// File with the licence's text, whose hash is in the terms.
    #[arg(long, value_name = "FILE")]
    licence: Option<PathBuf>,
    /// Whether models may be trained on it.
    #[arg(long, value_name = "true|false")]
    training: Option<bool>,
    /// Whether models that are made from it may be sold.
    #[arg(long, value_name = "true|false")]
    commercial: Option<bool>,
    /// Whether a model that is made from it must be under the same terms.
    #[arg(long, value_name = "true|false")]
    share_alike: Option<bool>,
    /// Least part of a payment for contributors, basis points.
    #[arg(long, value_name = "BPS")]
    min_contributor_bps: Option<u16>,
    /// Most of a payment for a model's lineage and operator, basis points.
    #[arg(long, value_name = "BPS")]
    max_royalty_bps: Option<u16>,
    /// Jurors that review a submission, odd; 0 for no review.
    #[arg(long, value_name = "N")]
    jurors: Option<u16>,
    /// Whether documents are committed to before they are shown.
    #[arg(long, value_name = "true|false")]
    committed: Option<bool>,
    /// Least part of a document's words that is its own, basis points.
    #[arg(long, value_name = "BPS")]
    min_novelty_bps: Option<u16>,
    /// Fee for each document, OPEN.
    #[arg(long, value_name = "OPEN", value_parser = report::parse_open)]
    fee: Option<U256>,
    /// Bond for each commitment, OPEN.
    #[arg(long, value_name = "OPEN", value_parser = report::parse_open)]
    bond: Option<U256>,
    /// The curator's part of a payment, basis points, at most 1,000.
    #[arg(long, value_name = "BPS")]
    curator_bps: Option<u16>,
    /// Part of an answer's words that has to be explained for contributors to be paid in full, basis points.
    #[arg(long, value_name = "BPS")]
    full_at_bps: Option<u16>,
    /// Most of one answer's pool for one account, basis points.
    #[arg(long, value_name = "BPS")]
    max_contributor_bps: Option<u16>,
}

/// Changes the terms of later contributions and releases; those that were made keep theirs.
pub(super) async fn set_terms(caller: &Caller, arguments: TermsArguments) -> Result<(), Error> {
    let datanet = arguments.datanet;
    let now = terms(&caller.chain, datanet).await?;
    let mut licence = now.licence.clone();
    if let Some(path) = &arguments.licence {
        licence.text = keccak256(fs::read(path).map_err(|source| Error::File { path: path.clone(), source })?);
    }
    replace(&mut licence.mayTrain, arguments.training);
    replace(&mut licence.commercial, arguments.commercial);
    replace(&mut licence.shareAlike, arguments.share_alike);
    replace(&mut licence.minContributorBps, arguments.min_contributor_bps);
    replace(&mut licence.maxRoyaltyBps, arguments.max_royalty_bps);
    let mut policy = now.policy.clone();
    replace(&mut policy.jurors, arguments.jurors);
    replace(&mut policy.committed, arguments.committed);
    replace(&mut policy.minNoveltyBps, arguments.min_novelty_bps);
    replace(&mut policy.fee, arguments.fee.map(|wei| money("--fee", wei)).transpose()?);
    replace(&mut policy.bond, arguments.bond.map(|wei| money("--bond", wei)).transpose()?);
    let mut shares = (now.curatorBps, now.fullAtBps, now.maxContributorBps);
    replace(&mut shares.0, arguments.curator_bps);
    replace(&mut shares.1, arguments.full_at_bps);
    replace(&mut shares.2, arguments.max_contributor_bps);

    let mut calls: Vec<Vec<u8>> = Vec::new();
    if licence != now.licence {
        calls.push(Datanets::setLicenceCall { datanetId: datanet, licence }.abi_encode());
    }
    if policy != now.policy {
        calls.push(Datanets::setPolicyCall { datanetId: datanet, policy }.abi_encode());
    }
    if shares != (now.curatorBps, now.fullAtBps, now.maxContributorBps) {
        let (curator, full_at, most) = shares;
        calls.push(
            Datanets::setSharesCall { datanetId: datanet, curatorBps: curator, fullAtBps: full_at, maxContributorBps: most }.abi_encode(),
        );
    }
    if calls.is_empty() {
        return Err(Error::Invalid { what: format!("datanet {datanet}"), reason: "these are its terms already".to_owned() });
    }
    let mut sent = Vec::new();
    for input in calls {
        let call = Call { to: DATANETS.into(), value: U256::ZERO, input: input.into(), gas_limit: None };
        sent.push(caller.send(&call, "changing the datanet's terms").await?.hash());
    }
    let facts: Vec<_> = sent.iter().map(|hash| ("transaction", hash.to_string())).collect();
    caller.tell(&json!({ "transactions": sent }), &facts);
    Ok(())
}

fn replace<T>(value: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *value = given;
    }
}

/// Wei as the contract keeps them.
pub(super) fn money(name: &str, wei: U256) -> Result<U96, Error> {
    U96::uint_try_from(wei).map_err(|_| Error::Invalid { what: name.to_owned(), reason: "more than there is".to_owned() })
}

/// Offers the office to another account, or takes an offer.
pub(super) async fn curator(caller: &Caller, datanet: U256, next: Option<Address>) -> Result<(), Error> {
    match next {
        Some(next) => {
            let receipt =
                caller.send(&Call::of(DATANETS, &Datanets::proposeCuratorCall { datanetId: datanet, next }), "offering the office").await?;
            caller.tell_of(&receipt, &[("offered to", json!(next))], &[])
        }
        None => caller.execute(&Call::of(DATANETS, &Datanets::acceptCuratorCall { datanetId: datanet }), "taking the office").await,
    }
}
