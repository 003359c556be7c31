//! `tributary datanet`: founding, contributing to, reading and citing community datasets.

mod commit;
mod contribute;
mod croissant;
mod curation;
pub(crate) mod merkle;
mod outcome;
mod outlook;
mod pull;
mod state;

use crate::{
    caller::Caller,
    chain::Chain,
    error::Error,
    report,
    wallet::{NodeArguments, WalletArguments},
};
use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, U256, keccak256};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::{fmt, fs, path::PathBuf, str::FromStr};
use tributary_client::Call;
use tributary_contracts::{
    DatanetReview, Datanets, IAttributionStore, Juries,
    interfaces::datanets::{IDatanetRecords, IDatanets},
    predeploys::{ATTRIBUTION_STORE, DATANETS, JURIES},
};

const EXAMPLES: &str = "\
Examples:
  export TRIBUTARY_MNEMONIC='test test test test test test test test test test test junk'
  tributary datanet create 'How things work' --purpose 'essays on machines' --index 0
                                   a datanet that takes every document at once
  tributary datanet create 'Case law' --jurors 3 --fee 0.01 --bond 1 --keystore curator.json --password-file secret
                                   one in which juries review what is committed to
  tributary datanet contribute 1 ./essays --dry-run --index 1
                                   what would be new, and what it would cost, before a wei is spent
  tributary datanet contribute 1 ./essays --index 1
                                   again after an interruption: goes on where it was
  tributary datanet release 1 --note 'first edition' --index 0
  tributary datanet pull 1@1 ./copy
                                   each byte checked against the release's root
  tributary datanet terms 1 --min-novelty-bps 2000 --fee 0.01 --index 0
                                   for what is contributed from now on
  tributary datanet show 1 --json | jq .datanet.rows";

const CONTRIBUTE: &str = "\
What a run needs later, the salt of a commitment and what was refused, is in hidden files beside the documents (.tributary-…): keep them
until the run says `complete`. One run at a time works with a folder.

Exit code: 0 if at least one document is a row, or waits for its jury; 1 if all of them were refused, or something failed. What was refused
is listed with its reason, or in `refused` with --json.";

/// Flags of `tributary datanet`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct DatanetArguments {
    #[command(flatten)]
    node: NodeArguments,
    #[command(flatten)]
    wallet: WalletArguments,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Found a datanet, whose curator is the account.
    Create(CreateArguments),
    /// Tell of one datanet, or of all.
    Show {
        /// A datanet, as 3.
        datanet: Option<U256>,
    },
    /// Change a datanet's licence, policy and shares, as its curator: for what comes, not for what is there.
    Terms(Box<curation::TermsArguments>),
    /// Offer the curator's office to another account; or take it, where it was offered.
    Curator {
        datanet: U256,
        /// Whom it is offered to [default: the account takes an offer].
        #[arg(long, value_name = "ADDRESS")]
        offer: Option<Address>,
    },
    /// Give OPEN to those who review a datanet.
    Donate {
        datanet: U256,
        /// OPEN.
        #[arg(value_parser = report::parse_open)]
        amount: U256,
    },
    /// Hand in documents: files, or all text files of folders. Fails if none of them was taken.
    #[command(after_help = CONTRIBUTE)]
    Contribute(contribute::ContributeArguments),
    /// Hand in a document as a refinement of a row: its words between the row's earn once it is accepted.
    Refine {
        datanet: U256,
        /// The row that it refines.
        row: u64,
        file: PathBuf,
        /// Commit again to what was refused once.
        #[arg(long)]
        again: bool,
    },
    /// Accept a row as a refinement, as the curator or its parent's author.
    Accept { datanet: U256, row: u64 },
    /// Ask a jury to accept a row of the account as a refinement; the account pays the jury.
    Review {
        datanet: U256,
        row: u64,
        /// Why it is one.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Take a row of the account back.
    Withdraw { datanet: U256, row: u64 },
    /// Name the newest version, so that it can be cited for ever.
    Release {
        datanet: U256,
        /// What it is.
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Write the documents of a release to a folder, each byte checked against its root.
    Pull {
        /// As 3@7, or 3 for what is there now.
        reference: Reference,
        dir: PathBuf,
    },
    /// As pull, with a description in Croissant 1.1 (https://mlcommons.org/croissant).
    Export {
        /// As 3@7.
        reference: Reference,
        dir: PathBuf,
    },
}

#[derive(Debug, Args)]
struct CreateArguments {
    name: String,
    /// What it is for.
    #[arg(long, default_value = "")]
    purpose: String,
    /// File with the licence's text, whose hash is in the terms.
    #[arg(long, value_name = "FILE")]
    licence: Option<PathBuf>,
    /// No model may be trained on it.
    #[arg(long)]
    no_training: bool,
    /// No model that is made from it may be sold.
    #[arg(long)]
    non_commercial: bool,
    /// A model that is made from it must be under the same terms.
    #[arg(long)]
    share_alike: bool,
    /// Least part of a payment for contributors, basis points.
    #[arg(long, value_name = "BPS", default_value_t = 0)]
    min_contributor_bps: u16,
    /// Most of a payment for a model's lineage and operator, basis points.
    #[arg(long, value_name = "BPS", default_value_t = 10_000)]
    max_royalty_bps: u16,
    /// Jurors that review a submission, odd; 0 for no review.
    #[arg(long, value_name = "N", default_value_t = 0)]
    jurors: u16,
    /// Documents are committed to before they are shown. Always so where there is a review.
    #[arg(long)]
    committed: bool,
    /// Least part of a document's words that is its own, basis points.
    #[arg(long, value_name = "BPS", default_value_t = 0)]
    min_novelty_bps: u16,
    /// Fee for each document, OPEN.
    #[arg(long, value_name = "OPEN", default_value = "0", value_parser = report::parse_open)]
    fee: U256,
    /// Bond for each commitment, OPEN.
    #[arg(long, value_name = "OPEN", default_value = "0", value_parser = report::parse_open)]
    bond: U256,
    /// The curator's part of a payment, basis points, at most 1,000.
    #[arg(long, value_name = "BPS", default_value_t = 0)]
    curator_bps: u16,
    /// Part of an answer's words that has to be explained for contributors to be paid in full, basis points.
    #[arg(long, value_name = "BPS", default_value_t = 6_000, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    full_at_bps: u16,
    /// Most of one answer's pool for one contributor, basis points.
    #[arg(long, value_name = "BPS", default_value_t = 5_000, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    max_contributor_bps: u16,
}

/// A datanet, or a release of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) datanet: U256,
    pub(crate) release: Option<u32>,
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text} is no datanet, as 3, and no release of one, as 3@7");
        let (datanet, release) = text.split_once('@').map_or((text, None), |(datanet, release)| (datanet, Some(release)));
        // An empty text would be datanet 0.
        let datanet = datanet.parse().ok().filter(|_| !datanet.is_empty()).ok_or_else(wrong)?;
        let release = release.map(str::parse).transpose().map_err(|_| wrong())?;
        if release == Some(0) { Err(wrong()) } else { Ok(Self { datanet, release }) }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.release {
            Some(release) => write!(f, "{}@{release}", self.datanet),
            None => write!(f, "{}", self.datanet),
        }
    }
}

/// A datanet's set in the attribution store, at a release or now.
#[derive(Debug)]
pub(crate) struct SetAt {
    pub(crate) id: U256,
    pub(crate) rows: u64,
    /// The release's.
    pub(crate) root: Option<B256>,
}

/// Where the documents of a reference are.
pub(crate) async fn set_of(chain: &Chain, reference: Reference) -> Result<SetAt, Error> {
    if let Some(release) = reference.release {
        let call = Datanets::releaseCall { datanetId: reference.datanet, releaseId: release };
        let release = chain.view(DATANETS, &call, BlockId::latest()).await?;
        return Ok(SetAt { id: release.setId, rows: release.rows, root: Some(release.root) });
    }
    let info = chain.view(DATANETS, &Datanets::datanetInfoCall { datanetId: reference.datanet }, BlockId::latest()).await?;
    let store = chain.view(ATTRIBUTION_STORE, &IAttributionStore::infoCall { setId: info.setId }, BlockId::latest()).await?;
    Ok(SetAt { id: info.setId, rows: store.rows, root: None })
}

/// Runs the command.
pub(crate) async fn run(arguments: DatanetArguments) -> Result<(), Error> {
    let caller = Caller::connect(arguments.node, arguments.wallet).await?;
    match arguments.command {
        Command::Create(create) => found(&caller, create).await,
        Command::Show { datanet: Some(datanet) } => show(&caller, datanet).await,
        Command::Show { datanet: None } => list(&caller).await,
        Command::Terms(terms) => curation::set_terms(&caller, *terms).await,
        Command::Curator { datanet, offer } => curation::curator(&caller, datanet, offer).await,
        Command::Donate { datanet, amount } => {
            let call = Call::of(DATANETS, &Datanets::donateCall { datanetId: datanet }).with_value(amount);
            caller.execute(&call, "giving to the datanet's reviewers").await
        }
        Command::Contribute(contribute) => contribute::run(&caller, contribute).await,
        Command::Refine { datanet, row, file, again } => contribute::refine(&caller, (datanet, row), (&file, again)).await,
        Command::Accept { datanet, row } => {
            let call = Call::of(DATANETS, &Datanets::acceptRefinementCall { datanetId: datanet, row });
            caller.execute(&call, "accepting a refinement").await
        }
        Command::Review { datanet, row, reason } => review(&caller, (datanet, row, reason)).await,
        Command::Withdraw { datanet, row } => {
            let call = Call::of(DATANETS, &Datanets::withdrawCall { datanetId: datanet, row });
            caller.execute(&call, "withdrawing a row").await
        }
        Command::Release { datanet, note } => {
            report::limited("--note", &note, report::MOST_TEXT)?;
            let call = Datanets::publishCall { datanetId: datanet, note };
            let receipt = caller.send(&Call::of(DATANETS, &call), "releasing").await?;
            let event: Datanets::Released = receipt.event(DATANETS)?;
            let reference = format!("{datanet}@{}", event.releaseId);
            let made = [("reference", json!(reference)), ("root", json!(event.release.root)), ("rows", json!(event.release.rows))];
            caller.tell_of(&receipt, &made, &[])
        }
        Command::Pull { reference, dir } => pull::run(&caller, reference, &dir).await,
        Command::Export { reference, dir } => croissant::run(&caller, reference, &dir).await,
    }
}

/// `parent` of what refines nothing.
pub(crate) const NO_ROW: u64 = u64::MAX;

/// Jurors about a row, at least.
const LEAST_JURORS: u16 = 3;

/// How many jurors decide about a row of a datanet.
pub(crate) async fn jurors(chain: &Chain, datanet: U256) -> Result<u16, Error> {
    Ok(terms(chain, datanet).await?.policy.jurors.max(LEAST_JURORS))
}

async fn review(caller: &Caller, (datanet, row, reason): (U256, u64, String)) -> Result<(), Error> {
    let jurors = jurors(&caller.chain, datanet).await?;
    let fee = caller.chain.now(JURIES, &Juries::feeCall { jurors }).await?;
    let call = DatanetReview::reviewRefinementCall { datanetId: datanet, row, reason: reason.into_bytes().into() };
    let receipt = caller.send(&Call::of(DATANETS, &call).with_value(fee), "asking for a review").await?;
    let event: Juries::CaseOpened = receipt.event(JURIES)?;
    caller.tell_of(&receipt, &[("caseId", json!(event.caseId)), ("jurors", json!(event.jurors))], &[("paid", fee)])
}

/// What contributions must pass now.
async fn terms(chain: &Chain, datanet: U256) -> Result<Datanets::termsOfReturn, Error> {
    chain.view(DATANETS, &Datanets::termsOfCall { datanetId: datanet }, BlockId::pending()).await
}

async fn found(caller: &Caller, create: CreateArguments) -> Result<(), Error> {
    report::limited("a datanet's name", &create.name, report::MOST_NAME)?;
    report::limited("--purpose", &create.purpose, report::MOST_TEXT)?;
    let text = match &create.licence {
        Some(path) => keccak256(fs::read(path).map_err(|source| Error::File { path: path.clone(), source })?),
        None => B256::ZERO,
    };
    let settings = IDatanetRecords::Settings {
        name: create.name,
        purpose: create.purpose,
        licence: IDatanets::Licence {
            mayTrain: !create.no_training,
            commercial: !create.non_commercial,
            shareAlike: create.share_alike,
            minContributorBps: create.min_contributor_bps,
            maxRoyaltyBps: create.max_royalty_bps,
            text,
        },
        policy: IDatanetRecords::Policy {
            jurors: create.jurors,
            committed: create.committed || create.jurors > 0,
            minNoveltyBps: create.min_novelty_bps,
            fee: curation::money("--fee", create.fee)?,
            bond: curation::money("--bond", create.bond)?,
        },
        curatorBps: create.curator_bps,
        fullAtBps: create.full_at_bps,
        maxContributorBps: create.max_contributor_bps,
    };
    let receipt = caller.send(&Call::of(DATANETS, &Datanets::createCall { settings }), "founding a datanet").await?;
    let event: Datanets::DatanetCreated = receipt.event(DATANETS)?;
    let made = [("datanetId", json!(event.datanetId)), ("setId", json!(event.setId)), ("curator", json!(event.curator))];
    caller.tell_of(&receipt, &made, &[])
}

async fn show(caller: &Caller, datanet: U256) -> Result<(), Error> {
    let chain = &caller.chain;
    let found = &chain.ask("tributary_datanet", datanet).await?.ok_or_else(|| Error::Unknown(format!("datanet {datanet}")))?;
    let mut releases = chain.list("tributary_releases", Some(json!(datanet))).await?;
    releases.reverse();
    if caller.for_scripts() {
        report::json(&json!({ "datanet": found, "releases": releases }));
        return Ok(());
    }
    let text = |field: &str| report::text(found, field);
    let number = |field: &str| report::number(found, field).to_string();
    report::facts(&[
        ("datanet", number("id")),
        ("name", text("name")),
        ("purpose", text("purpose")),
        ("curator", text("curator")),
        ("documents", number("rows")),
        ("bytes", number("size")),
        ("licence", licence(&found["licence"])),
        ("policy", policy(&found["policy"])),
    ]);
    let rows = releases.iter().map(|release| {
        let number = |field: &str| report::number(release, field).to_string();
        vec![
            number("id"),
            number("rows"),
            number("size"),
            report::text(release, "root"),
            report::brief(&report::text(release, "note"), report::NOTE),
        ]
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        report::table(&["release", "documents", "bytes", "root", "note"], &rows);
    }
    Ok(())
}

/// A licence's terms in words.
pub(crate) fn licence(licence: &Value) -> String {
    let is = |field: &str| licence[field] == json!(true);
    let bps = |field: &str| licence[field].as_u64().unwrap_or_default();
    let mut terms = vec![
        if is("mayTrain") { "may be trained on" } else { "no training" }.to_owned(),
        if is("commercial") { "what is made from it may be sold" } else { "not for sale" }.to_owned(),
    ];
    if is("shareAlike") {
        terms.push("share-alike".to_owned());
    }
    if bps("minContributorBps") > 0 {
        terms.push(format!("contributors get at least {} basis points", bps("minContributorBps")));
    }
    if bps("maxRoyaltyBps") < 10_000 {
        terms.push(format!("lineage and operator get at most {} basis points", bps("maxRoyaltyBps")));
    }
    terms.join(", ")
}

/// What contributions must pass, in words.
fn policy(policy: &Value) -> String {
    let jurors = policy["jurors"].as_u64().unwrap_or_default();
    let mut terms = vec![match (jurors, policy["committed"] == json!(true)) {
        (0, false) => "takes every document at once".to_owned(),
        (0, true) => "documents are committed to before they are shown".to_owned(),
        (jurors, _) => format!("{jurors} jurors review what is committed to"),
    }];
    let novelty = policy["minNoveltyBps"].as_u64().unwrap_or_default();
    if novelty > 0 {
        terms.push(format!("at least {novelty} basis points of its words are its own"));
    }
    terms.push(format!("fee {}", report::open(report::number(policy, "fee"))));
    terms.push(format!("bond {}", report::open(report::number(policy, "bond"))));
    terms.join(", ")
}

async fn list(caller: &Caller) -> Result<(), Error> {
    let items = caller.chain.list("tributary_datanets", None).await?;
    if caller.for_scripts() {
        report::json(&items);
        return Ok(());
    }
    let row = |item: &Value| {
        let number = |field: &str| report::number(item, field).to_string();
        let name = report::brief(&report::text(item, "name"), report::NAME);
        vec![number("id"), name, number("rows"), number("size"), number("releases"), report::text(item, "curator")]
    };
    report::table(&["datanet", "name", "documents", "bytes", "releases", "curator"], &items.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_a_datanet_or_a_release() {
        let reference = |datanet: u64, release| Reference { datanet: U256::from(datanet), release };
        assert_eq!("3".parse(), Ok(reference(3, None)));
        assert_eq!("3@7".parse(), Ok(reference(3, Some(7))));
        assert_eq!(reference(3, Some(7)).to_string(), "3@7");
        for wrong in ["", "@", "3@", "@7", "3@0", "x", "3@7@1"] {
            assert!(wrong.parse::<Reference>().is_err(), "{wrong}");
        }
    }
}
