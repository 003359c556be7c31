//! `tributary model`: models, what they were made from, and under which terms they answer.

mod registration;
mod sketches;
mod trial;

use crate::{
    caller::Caller,
    datanet::licence,
    error::Error,
    report,
    stake::Purpose,
    terminal::say,
    wallet::{NodeArguments, WalletArguments},
};
use alloy_primitives::{Address, U256};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tributary_client::Call;
use tributary_contracts::{
    Models, Stakes,
    predeploys::{MODELS, STAKES},
};

const EXAMPLES: &str = "\
Examples:
  tributary stake add trainer 100 --index 0
                                   the bond of whoever registers a model
  tributary model register 'Machines' --source 1@1 --weights model.safetensors --manifest train.json --metrics eval.json --price 0.1 --index 0
                                   a model and its first version
  tributary model register 'Law' --file version.json --index 0
                                   the same from a file: {\"sources\": [\"3@7:10000\"], \"weights\": \"model.safetensors\", \"price\": \"0.1\", …}
  tributary model register 'Law' --file version.json --dry-run --index 0
                                   whether a contract would refuse it, before a wei is spent
  tributary model version 2 --parent 1@1:3000:adapter --source 4@2 --weights 0x… --manifest m.json --metrics e.json --lineage-bps 1000 --index 0
  tributary model lineage 2
  tributary model show 2 --json | jq .versions[0].price";

/// Flags of `tributary model`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct ModelArguments {
    #[command(flatten)]
    node: NodeArguments,
    #[command(flatten)]
    wallet: WalletArguments,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Register a model and its first version, whose trainer is the account, bonded for it (`tributary stake add trainer`).
    Register {
        name: String,
        /// What else is said of it.
        #[arg(long, default_value = "")]
        metadata: String,
        /// JSON file with the version; flags are stronger.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Only tell whether it would be registered, and what that would cost.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        version: Box<registration::Version>,
    },
    /// Register the next version of a model of the account.
    Version {
        model: U256,
        /// JSON file with the version; flags are stronger.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Only tell whether it would be registered, and what that would cost.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        version: Box<registration::Version>,
    },
    /// Tell of one model, or of all.
    Show { model: Option<U256> },
    /// Tell what a version was made from, who is paid for it, and what was made from the model.
    Lineage {
        model: U256,
        /// The version [default: the newest].
        #[arg(long, value_name = "N")]
        of: Option<u64>,
    },
    /// Make a set for the sketches of the next version.
    SketchSet(sketches::SetArguments),
    /// Append the sketches of a release's rows to a set.
    Sketches(sketches::SketchesArguments),
    /// Offer a model to another account; or take it, where it was offered.
    Owner {
        model: U256,
        /// Whom it is offered to [default: the account takes an offer].
        #[arg(long, value_name = "ADDRESS")]
        offer: Option<Address>,
    },
    /// The model takes no new requests.
    Deprecate { model: U256 },
    /// It does again.
    Reactivate { model: U256 },
    /// Unlock the account's bond, some time after its last version took requests.
    ReleaseBond { model: U256 },
}

/// Runs a command about models.
pub(crate) async fn run(arguments: ModelArguments) -> Result<(), Error> {
    let caller = Caller::connect(arguments.node, arguments.wallet).await?;
    match arguments.command {
        Command::Register { name, metadata, file, dry_run, version } => {
            let version = merged(file.as_deref(), *version)?;
            register(&caller, (name, metadata), &version, dry_run).await
        }
        Command::Version { model, file, dry_run, version } => {
            let version = merged(file.as_deref(), *version)?;
            if !dry_run {
                return add(&caller, model, &version).await;
            }
            let gas = trial::version(&caller, &call(&caller, model, &version).await?).await?;
            trial::tell(&caller, gas, caller.chain.parameter("trainerBond").await?).await
        }
        Command::Show { model: Some(model) } => show(&caller, model).await,
        Command::Show { model: None } => list(&caller).await,
        Command::Lineage { model, of } => lineage(&caller, model, of).await,
        Command::SketchSet(arguments) => sketches::create(&caller, arguments).await,
        Command::Sketches(arguments) => sketches::append(&caller, arguments).await,
        Command::Owner { model, offer: Some(to) } => {
            caller.execute(&Call::of(MODELS, &Models::offerOwnershipCall { modelId: model, to }), "offering the model").await
        }
        Command::Owner { model, offer: None } => {
            caller.execute(&Call::of(MODELS, &Models::acceptOwnershipCall { modelId: model }), "taking the model").await
        }
        Command::Deprecate { model } => {
            caller.execute(&Call::of(MODELS, &Models::deprecateCall { modelId: model }), "deprecating the model").await
        }
        Command::Reactivate { model } => {
            caller.execute(&Call::of(MODELS, &Models::reactivateCall { modelId: model }), "reactivating the model").await
        }
        Command::ReleaseBond { model } => {
            caller.execute(&Call::of(MODELS, &Models::releaseBondCall { modelId: model }), "releasing the bond").await
        }
    }
}

fn merged(file: Option<&Path>, flags: registration::Version) -> Result<registration::Version, Error> {
    Ok(match file {
        Some(path) => flags.over(registration::read(path)?),
        None => flags,
    })
}

async fn register(
    caller: &Caller,
    (name, metadata): (String, String),
    version: &registration::Version,
    dry_run: bool,
) -> Result<(), Error> {
    report::limited("a model's name", &name, report::MOST_NAME)?;
    report::limited("--metadata", &metadata, report::MOST_TEXT)?;
    let account = caller.account().await?.address();
    // What is missing is told before anything else.
    version.registration(account)?;
    let bond = caller.chain.parameter("trainerBond").await?;
    let stake = caller.chain.now(STAKES, &Stakes::stakeOfCall { purpose: Purpose::Trainer as u8, account }).await?;
    if stake.free < bond {
        let reason = format!("{} of a trainer's stake is free; `tributary stake add trainer` adds to it", report::open(stake.free));
        return Err(Error::Invalid { what: format!("a bond of {}", report::open(bond)), reason });
    }
    // A version that is refused afterwards would leave a model without one, for money.
    let create = Call::of(MODELS, &Models::createCall { name, metadata });
    let gas = trial::registration(caller, &create, version).await?;
    if dry_run {
        return trial::tell(caller, gas, bond).await;
    }
    let receipt = caller.send(&create, "registering the model").await?;
    let model = receipt.event::<Models::ModelCreated>(MODELS)?.modelId;
    add(caller, model, version).await.map_err(|error| Error::Invalid {
        what: format!("model {model} has no version yet (`tributary model version {model}` adds one)"),
        reason: error.to_string(),
    })
}

async fn call(caller: &Caller, model: U256, version: &registration::Version) -> Result<Call, Error> {
    let registration = version.registration(caller.account().await?.address())?;
    Ok(Call::of(MODELS, &Models::registerVersionCall { modelId: model, registration }))
}

async fn add(caller: &Caller, model: U256, version: &registration::Version) -> Result<(), Error> {
    let receipt = caller.send(&call(caller, model, version).await?, "registering the version").await?;
    let event: Models::VersionRegistered = receipt.event(MODELS)?;
    let terms = caller.chain.now(MODELS, &Models::termsHashCall { modelId: model, version: event.version }).await?;
    caller.tell_of(&receipt, &[("modelId", json!(model)), ("version", json!(event.version)), ("termsHash", json!(terms))], &[])
}

async fn show(caller: &Caller, model: U256) -> Result<(), Error> {
    let found = caller.chain.ask("tributary_model", model).await?.ok_or_else(|| Error::Unknown(format!("model {model}")))?;
    let mut versions = caller.chain.list("tributary_modelVersions", Some(json!(model))).await?;
    versions.reverse();
    for version in &mut versions {
        // The index has the version's own licence; what it was made from may ask for more.
        let number = report::number(version, "version").saturating_to();
        let terms = caller.chain.now(MODELS, &Models::effectiveTermsCall { modelId: model, version: number }).await?;
        version["effective"] = json!({
            "mayTrain": terms.mayTrain, "commercial": terms.commercial, "shareAlike": terms.shareAlike,
            "minContributorBps": terms.minContributorBps, "maxRoyaltyBps": terms.maxRoyaltyBps, "text": terms.text,
        });
    }
    if caller.for_scripts() {
        report::json(&json!({ "model": found, "versions": versions }));
        return Ok(());
    }
    report::facts(&[
        ("model", model.to_string()),
        ("name", report::text(&found, "name")),
        ("metadata", report::text(&found, "metadata")),
        ("owner", report::text(&found, "owner")),
        ("takes requests", if found["deprecated"] == json!(true) { "no" } else { "yes" }.to_owned()),
        ("terms of the newest", versions.first().map_or_else(|| "no version yet".to_owned(), |version| licence(&version["effective"]))),
    ]);
    let rows: Vec<_> = versions
        .iter()
        .map(|version| {
            let bps = |field: &str| percent(&version[field]);
            let sources = version["sources"].as_array().into_iter().flatten();
            let sources = sources.map(|source| format!("{}@{}", report::number(source, "datanetId"), report::number(source, "releaseId")));
            vec![
                report::number(version, "version").to_string(),
                report::open(report::number(version, "price")),
                bps("contributorBps"),
                bps("lineageBps"),
                sources.collect::<Vec<_>>().join(" "),
                report::text(version, "operator"),
            ]
        })
        .collect();
    report::table(&["version", "price", "contributors", "lineage", "datanets", "operator"], &rows);
    Ok(())
}

/// Basis points as a part of a hundred.
fn percent(bps: &Value) -> String {
    let bps = bps.as_u64().unwrap_or_default();
    format!("{}.{:02} %", bps / 100, bps % 100)
}

async fn list(caller: &Caller) -> Result<(), Error> {
    let models = caller.chain.list("tributary_models", None).await?;
    if caller.for_scripts() {
        report::json(&models);
        return Ok(());
    }
    let row = |model: &Value| {
        let number = |field: &str| report::number(model, field).to_string();
        vec![number("id"), report::brief(&report::text(model, "name"), report::NAME), number("version"), report::text(model, "owner")]
    };
    report::table(&["model", "name", "version", "owner"], &models.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

async fn lineage(caller: &Caller, model: U256, of: Option<u64>) -> Result<(), Error> {
    let versions = caller.chain.list("tributary_modelVersions", Some(json!(model))).await?;
    let number = |version: &Value| report::number(version, "version");
    let newest = versions.iter().map(number).max().ok_or_else(|| Error::Unknown(format!("version of model {model}")))?;
    let wanted = of.map_or(newest, U256::from);
    let version = versions.iter().find(|version| number(version) == wanted);
    let version = version.ok_or_else(|| Error::Unknown(format!("version {wanted} of model {model}")))?;
    let children = caller.chain.list("tributary_children", Some(json!(model))).await?;
    if caller.for_scripts() {
        report::json(&json!({
            "modelId": model, "version": wanted, "parents": version["parents"], "paid": version["lineage"], "children": children,
        }));
        return Ok(());
    }
    let edges = |rows: &[Value], id: &str, at: &str| -> Vec<Vec<String>> {
        let row = |edge: &Value| {
            let name = format!("{}@{}", report::number(edge, id), report::number(edge, at));
            vec![name, report::text(edge, "relation"), percent(&edge["royaltyBps"])]
        };
        rows.iter().map(row).collect()
    };
    let parents = version["parents"].as_array().cloned().unwrap_or_default();
    if parents.is_empty() {
        say(&format!("{model}@{wanted} was made from no other model"));
    } else {
        say(&format!("{model}@{wanted} was made from"));
        report::table(&["model", "relation", "part"], &edges(&parents, "parentId", "parentVersion"));
    }
    let parts = version["lineage"].as_array().into_iter().flatten();
    let parts = parts.map(|part| vec![report::number(part, "modelId").to_string(), billionths(report::number(part, "part"))]);
    say("of what its lineage is paid, the owners get of");
    report::table(&["model", "part"], &parts.collect::<Vec<_>>());
    if children.is_empty() {
        return Ok(());
    }
    say("from the model was made");
    report::table(&["model", "relation", "part"], &edges(&children, "modelId", "version"));
    Ok(())
}

/// Billionths as a part of a hundred.
fn billionths(part: U256) -> String {
    let part = part.saturating_to::<u64>();
    format!("{}.{:07} %", part / 10_000_000, part % 10_000_000)
}
