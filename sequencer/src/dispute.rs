//! `tributary dispute`: what is wrong about rows, answers and models. What a contract can see is decided at once, the rest by juries (`tributary jury`).

use crate::{
    caller::Caller,
    error::Error,
    infer::{
        known,
        promise::{self, PromiseArguments},
        voucher::signature,
    },
    wallet::{NodeArguments, WalletArguments},
};
use alloy_primitives::{B256, Bytes, U256, keccak256};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
};
use tributary_client::Call;
use tributary_contracts::{
    DatanetReview, Inference, Juries, ModelDisputes,
    predeploys::{DATANETS, INFERENCE, JURIES, MODELS},
};

const EXAMPLES: &str = "\
Examples:
  tributary dispute row 1 4 --reason 'an advertisement' --index 2
                                   asks a jury to withdraw a row
  tributary dispute disown 1 4 --index 2
                                   gives a row to whoever committed to its text earlier; no jury is needed
  tributary dispute authorship 1 4 --text mine.txt --reason 'signed and published on 3 May' --index 2
                                   asks a jury whose row it is
  tributary dispute answer 7 1 no-answer --reason 'it says nothing about locks' --index 2
  tributary dispute model 2 1 --evidence report.pdf --index 2
  tributary jury show 1            how a dispute goes on";

/// Flags of `tributary dispute`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct DisputeArguments {
    #[command(flatten)]
    node: NodeArguments,
    #[command(flatten)]
    wallet: WalletArguments,
    #[command(subcommand)]
    command: Command,
}

/// What is wrong about an answer (`IInference.Dispute`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Wrong {
    /// It is no answer to its prompt. By the payer, about what it did not sign for.
    NoAnswer = 1,
    /// Whoever runs the deterministic model gets another.
    Answer = 2,
    /// Whoever computes its sketch gets another.
    Sketch = 3,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask a jury to withdraw a row, with a bond.
    Row {
        datanet: U256,
        row: u64,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Give a row to the author of an earlier commitment to the same document, or of an earlier row of another datanet.
    Disown {
        datanet: U256,
        row: u64,
        /// The other datanet, where the document was a row earlier.
        #[arg(long, value_name = "DATANET")]
        by_row_of: Option<U256>,
    },
    /// Ask a jury whether a row is the account's, whose earlier text is in it, with a bond.
    Authorship {
        datanet: U256,
        row: u64,
        /// File with the earlier text.
        #[arg(long, value_name = "FILE")]
        text: PathBuf,
        /// What proves that it is earlier.
        #[arg(long)]
        reason: String,
    },
    /// Ask a jury about an answer of a session, with a bond.
    Answer {
        session: U256,
        /// Which answer, from 1.
        answer: u32,
        wrong: Wrong,
        /// Why: with the prompt, where its hash alone is known.
        #[arg(long)]
        reason: String,
    },
    /// Show the operator's signed promise to answer a prompt (`tributary infer promise`), after a session in which it did not.
    Promise {
        #[command(flatten)]
        promise: PromiseArguments,
        /// The operator's signature, or a file with it.
        #[arg(long, value_name = "SIGNATURE|FILE", value_parser = signature)]
        signature: Bytes,
    },
    /// Ask a jury whether a version of a model is what its trainer says, with a bond.
    Model {
        model: U256,
        version: u32,
        /// File with what proves it, which is published under its hash; or the hash.
        #[arg(long, value_name = "FILE|HASH")]
        evidence: String,
    },
    /// Ask a jury whether a sketch of a model is what anyone computes from its manifest, with a bond.
    Sketch {
        model: U256,
        version: u32,
        datanet: U256,
        row: u64,
        /// File with the right one: an exponent and one signed byte for each dimension.
        #[arg(long, value_name = "FILE")]
        sketch: PathBuf,
    },
}

/// Runs a command about disputes.
pub(crate) async fn run(arguments: DisputeArguments) -> Result<(), Error> {
    let caller = Caller::connect(arguments.node, arguments.wallet).await?;
    match arguments.command {
        Command::Row { datanet, row, reason } => {
            let call = DatanetReview::challengeCall { datanetId: datanet, row, reason: reason.into_bytes().into() };
            let call = Call::of(DATANETS, &call).with_value(about_row(&caller, datanet).await?);
            opened(&caller, &call, "disputing the row").await
        }
        Command::Disown { datanet, row, by_row_of } => {
            let call = match by_row_of {
                Some(other) => Call::of(DATANETS, &DatanetReview::disownByRowCall { datanetId: datanet, row, otherDatanetId: other }),
                None => Call::of(DATANETS, &DatanetReview::disownCall { datanetId: datanet, row }),
            };
            caller.execute(&call, "disowning the row").await
        }
        Command::Authorship { datanet, row, text, reason } => {
            let call = DatanetReview::claimAuthorshipCall {
                datanetId: datanet,
                row,
                version: 0,
                text: read(&text)?,
                reason: reason.into_bytes().into(),
            };
            let call = Call::of(DATANETS, &call).with_value(about_row(&caller, datanet).await?);
            opened(&caller, &call, "claiming the row").await
        }
        Command::Answer { session, answer, wrong, reason } => {
            let rules = known(&caller, session).await?.rules;
            let value = jury(&caller, rules.jurors).await? + U256::from(rules.contestBond);
            let call =
                Inference::disputeCall { sessionId: session, index: answer, kind: wrong as u8, evidence: reason.into_bytes().into() };
            opened(&caller, &Call::of(INFERENCE, &call).with_value(value), "disputing the answer").await
        }
        Command::Promise { promise, signature } => promise::show(&caller, &promise, signature).await,
        Command::Model { model, version, evidence } => {
            let evidence = match evidence.parse::<B256>() {
                Ok(hash) => hash,
                Err(_) => keccak256(read(Path::new(&evidence))?),
            };
            let call = ModelDisputes::challengeCall { modelId: model, version, evidence };
            let call = Call::of(MODELS, &call).with_value(about_model(&caller).await?);
            opened(&caller, &call, "disputing the model").await
        }
        Command::Sketch { model, version, datanet, row, sketch } => {
            let call = ModelDisputes::challengeSketchCall { modelId: model, version, datanetId: datanet, row, sketch: read(&sketch)? };
            let call = Call::of(MODELS, &call).with_value(about_model(&caller).await?);
            opened(&caller, &call, "disputing the sketch").await
        }
    }
}

fn read(path: &Path) -> Result<Bytes, Error> {
    Ok(fs::read(path).map_err(|source| Error::File { path: path.to_owned(), source })?.into())
}

/// What a jury of this many costs.
async fn jury(caller: &Caller, jurors: u16) -> Result<U256, Error> {
    caller.chain.now(JURIES, &Juries::feeCall { jurors }).await
}

/// Bond and jury of a dispute about a row.
async fn about_row(caller: &Caller, datanet: U256) -> Result<U256, Error> {
    let jurors = crate::datanet::jurors(&caller.chain, datanet).await?;
    Ok(jury(caller, jurors).await? + caller.chain.parameter("disputeBond").await?)
}

/// Bond and jury of a dispute about a model.
async fn about_model(caller: &Caller) -> Result<U256, Error> {
    // An even number counts as one more.
    let jurors = caller.chain.parameter("challengeJurors").await?.saturating_to::<u16>() | 1;
    Ok(jury(caller, jurors).await? + caller.chain.parameter("challengeBond").await?)
}

async fn opened(caller: &Caller, call: &Call, what: &'static str) -> Result<(), Error> {
    let receipt = caller.send(call, what).await?;
    let event: Juries::CaseOpened = receipt.event(JURIES)?;
    let made = [("caseId", json!(event.caseId)), ("jurors", json!(event.jurors)), ("drawnAtL1Origin", json!(event.origin))];
    caller.tell_of(&receipt, &made, &[("paid", call.value)])
}
