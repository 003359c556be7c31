//! `tributary infer`: asking models and paying for answers, and answering and being paid.

pub(crate) mod explain;
pub(crate) mod promise;
mod show;
pub(crate) mod voucher;

use crate::{
    caller::Caller,
    error::Error,
    report,
    wallet::{NodeArguments, WalletArguments},
};
use alloy_primitives::{B256, Bytes, U256, keccak256};
use alloy_sol_types::SolValue;
use clap::{Args, Subcommand};
use serde_json::json;
use std::{fs, path::PathBuf};
use tributary_client::{Call, Receipt};
use tributary_contracts::{
    Division, Inference, Models,
    interfaces::inference::IInference::{Answer, Opening, Session},
    predeploys::{DIVISION, INFERENCE, MODELS},
};

const EXAMPLES: &str = "\
Examples:
  tributary stake add operator 100 --index 0
  tributary infer serve 1 --index 0
                                   the operator answers under the model's newest terms
  tributary infer ask 1 'How does a lock lift a boat?' --index 2
                                   opens a session of one at the model's price; tells its number
  tributary infer voucher 1 --answer answer.txt --index 2 --json > voucher.json
                                   the payer signs that it received the answer
  tributary infer settle 1 --answer answer.txt --voucher voucher.json --index 0
                                   the operator is paid, and everybody whose words the answer is made of
  tributary infer session 1 --answers 20 --value 2 --index 2
  tributary infer voucher 2 --prompt p1.txt --answer a1.txt --prompt p2.txt --answer a2.txt --index 2
  tributary infer show 1
                                   who was paid for it, and why
  tributary infer explain 4294967297 --out receipt.json
                                   whose words session 1's first settlement paid for, with the proof";

/// Longest session, seconds.
const MAX_SECONDS: u64 = 7 * 86_400;

// Of `IInference.Status`.
const NONE: u8 = 0;
const OPEN: u8 = 1;

/// What a session lasts longer than its answers may take, where nobody says.
const SLACK: u64 = 3_600;

/// Flags of `tributary infer`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct InferArguments {
    #[command(flatten)]
    node: NodeArguments,
    #[command(flatten)]
    wallet: WalletArguments,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask for one answer: opens a session of one. Its price is in escrow until it is settled or comes back.
    Ask {
        model: U256,
        /// The question; everybody can read it.
        prompt: Option<String>,
        /// File with the question.
        #[arg(long, value_name = "FILE", conflicts_with = "prompt")]
        prompt_file: Option<PathBuf>,
        /// Only the question's hash is told; the operator gets the question from you.
        #[arg(long)]
        hidden: bool,
        #[command(flatten)]
        opening: OpeningArguments,
    },
    /// Open a session for many answers, paid by vouchers.
    Session {
        model: U256,
        /// Most answers.
        #[arg(long, value_name = "N")]
        answers: u32,
        #[command(flatten)]
        opening: OpeningArguments,
    },
    /// Answer under a model's newest terms, as its operator, who has a stake (`tributary stake add operator`).
    Serve {
        model: U256,
        /// No longer.
        #[arg(long)]
        off: bool,
    },
    /// Sign, as the payer, that these answers came: the operator is paid for them with it.
    Voucher(voucher::AnswerArguments),
    /// Sign, as the operator, that a prompt will be answered: whoever holds it shows it if it was not (`tributary dispute promise`).
    Promise(promise::PromiseArguments),
    /// Pay for answers that the payer signed for, and trace whose words they are made of.
    Settle {
        #[command(flatten)]
        answers: voucher::AnswerArguments,
        /// The payer's signature, or a file with it. Not needed by the payer, who may settle what was posted.
        #[arg(long, value_name = "SIGNATURE|FILE", value_parser = voucher::signature, default_value = "0x")]
        voucher: Bytes,
    },
    /// Answer without the payer's signature: paid after the time to contest, and the contributors' part is the commons'.
    Post(voucher::AnswerArguments),
    /// Pay for what was posted and nobody contested in time.
    Finalize { session: U256 },
    /// Pay the next contributors of a settlement that has more than one transaction can hold.
    Carry { settlement: U256 },
    /// Give back what is left of a session: after its deadline, or before by the operator.
    Refund { session: U256 },
    /// Let go of the operator's stake, when nobody can dispute any more.
    Close { session: U256 },
    /// Tell of a session, its answers, and who was paid how much for which words; or of all sessions.
    Show { session: Option<U256> },
    /// Tell whose words a settlement paid for, and write a receipt that `tributary verify` checks without the node.
    Explain(explain::ExplainArguments),
}

#[derive(Debug, Args)]
struct OpeningArguments {
    /// Escrow, OPEN [default: the model's price for each answer].
    #[arg(long, value_name = "OPEN", value_parser = report::parse_open)]
    value: Option<U256>,
    /// Until when it lasts, seconds from now [default: the model's time to answer and an hour; at most 7 days].
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<u64>,
}

/// What a session is opened for.
struct Wanted {
    model: U256,
    answers: u32,
    prompt: Bytes,
    prompt_hash: B256,
}

/// Runs a command about inference.
pub(crate) async fn run(arguments: InferArguments) -> Result<(), Error> {
    let caller = Caller::connect(arguments.node, arguments.wallet).await?;
    match arguments.command {
        Command::Ask { model, prompt, prompt_file, hidden, opening } => {
            let prompt = question(prompt, prompt_file)?;
            let prompt_hash = keccak256(&prompt);
            let prompt = if hidden { Bytes::new() } else { prompt };
            open(&caller, Wanted { model, answers: 1, prompt, prompt_hash }, &opening).await
        }
        Command::Session { model, answers, opening } => {
            open(&caller, Wanted { model, answers, prompt: Bytes::new(), prompt_hash: B256::ZERO }, &opening).await
        }
        Command::Serve { model, off } => serve(&caller, model, !off).await,
        Command::Promise(arguments) => promise::sign(&caller, &arguments).await,
        Command::Voucher(answers) => sign(&caller, &answers).await,
        Command::Settle { answers, voucher } => {
            let answered = answers.read(&caller).await?.answers;
            settle(&caller, answers.session, answered, voucher).await
        }
        Command::Post(answers) => {
            let answered = answers.read(&caller).await?.answers;
            let call = Inference::postCall { sessionId: answers.session, answers: answered };
            let receipt = caller.send(&Call::of(INFERENCE, &call), "posting answers").await?;
            let event: Inference::Posted = receipt.event(INFERENCE)?;
            caller.tell_of(&receipt, &[("sessionId", json!(event.sessionId)), ("until", json!(event.until))], &[])
        }
        Command::Finalize { session } => {
            let call = Call::of(INFERENCE, &Inference::finalizeCall { sessionId: session });
            let receipt = caller.send(&call, "paying for posted answers").await?;
            settled(&caller, &receipt)
        }
        Command::Explain(arguments) => explain::run(&caller, arguments).await,
        Command::Carry { settlement } => carry(&caller, settlement).await,
        Command::Refund { session } => {
            let call = Call::of(INFERENCE, &Inference::refundCall { sessionId: session });
            let receipt = caller.send(&call, "giving back the rest").await?;
            let amount: U256 = receipt.events::<Inference::Refunded>(INFERENCE)?.iter().map(|event| event.amount).sum();
            caller.tell_of(&receipt, &[], &[("refunded", amount)])
        }
        Command::Close { session } => {
            ended(&caller, session).await?;
            caller.execute(&Call::of(INFERENCE, &Inference::closeCall { sessionId: session }), "closing the session").await
        }
        Command::Show { session: Some(session) } => show::session(&caller, session).await,
        Command::Show { session: None } => show::list(&caller).await,
    }
}

fn question(prompt: Option<String>, file: Option<PathBuf>) -> Result<Bytes, Error> {
    match (prompt, file) {
        (Some(prompt), _) => Ok(prompt.into_bytes().into()),
        (None, Some(path)) => Ok(fs::read(&path).map_err(|source| Error::File { path, source })?.into()),
        (None, None) => Err(Error::Invalid { what: "prompt".to_owned(), reason: "missing: an argument, or --prompt-file".to_owned() }),
    }
}

async fn open(caller: &Caller, wanted: Wanted, arguments: &OpeningArguments) -> Result<(), Error> {
    let latest = caller.chain.now(MODELS, &Models::latestCall { modelId: wanted.model }).await?;
    let quote = caller.chain.now(DIVISION, &Division::quoteCall { modelId: wanted.model, version: latest.version }).await?;
    let seconds = arguments.seconds.unwrap_or_else(|| (quote.answerSeconds + SLACK).min(MAX_SECONDS));
    if !(quote.answerSeconds..=MAX_SECONDS).contains(&seconds) {
        let reason = format!("must be from {}, the model's time to answer, to {MAX_SECONDS}, 7 days", quote.answerSeconds);
        return Err(Error::Invalid { what: "--seconds".to_owned(), reason });
    }
    let opening = Opening {
        modelId: wanted.model,
        version: latest.version,
        termsHash: quote.termsHash,
        promptHash: wanted.prompt_hash,
        maxAnswers: wanted.answers,
        deadline: caller.chain.time().await?.saturating_add(seconds),
    };
    let value = arguments.value.unwrap_or(quote.price * U256::from(wanted.answers));
    let call = Call::of(INFERENCE, &Inference::openCall { opening, prompt: wanted.prompt }).with_value(value);
    let receipt = caller.send(&call, "opening the session").await?;
    let event: Inference::SessionOpened = receipt.event(INFERENCE)?;
    let made = [("sessionId", json!(event.sessionId)), ("operator", json!(quote.operator)), ("deadline", json!(event.session.deadline))];
    caller.tell_of(&receipt, &made, &[("escrow", value)])
}

/// What the chain has of a session; of one that nobody opened it has zeros.
pub(crate) async fn known(caller: &Caller, session: U256) -> Result<Session, Error> {
    let found = caller.chain.now(INFERENCE, &Inference::sessionInfoCall { sessionId: session }).await?;
    if found.status == NONE { Err(Error::Unknown(format!("session {session}"))) } else { Ok(found) }
}

/// That a session is over, so that it can be closed.
async fn ended(caller: &Caller, session: U256) -> Result<(), Error> {
    let found = known(caller, session).await?;
    if found.status != OPEN {
        return Ok(());
    }
    let reason = format!(
        "it is open: it ends when all of its answers are paid for, or by `tributary infer refund {session}`, which anyone may send after {}",
        report::moment(found.deadline)
    );
    Err(Error::Invalid { what: format!("session {session}"), reason })
}

async fn serve(caller: &Caller, model: U256, on: bool) -> Result<(), Error> {
    let latest = caller.chain.now(MODELS, &Models::latestCall { modelId: model }).await?;
    let terms = caller.chain.now(MODELS, &Models::termsHashCall { modelId: model, version: latest.version }).await?;
    let receipt = caller.send(&Call::of(INFERENCE, &Inference::serveCall { termsHash: terms, on }), "answering under the terms").await?;
    let made = [("modelId", json!(model)), ("version", json!(latest.version)), ("termsHash", json!(terms)), ("on", json!(on))];
    caller.tell_of(&receipt, &made, &[])
}

async fn sign(caller: &Caller, answers: &voucher::AnswerArguments) -> Result<(), Error> {
    let (signed, signature) = answers.read(caller).await?.sign(caller, answers.session).await?;
    let value = json!({
        "sessionId": signed.session, "count": signed.count, "amount": signed.amount, "answers": signed.answers, "signature": signature,
    });
    caller.tell(
        &value,
        &[
            ("session", signed.session.to_string()),
            ("answers", signed.count.to_string()),
            ("in all", report::open(signed.amount)),
            ("voucher", signature.to_string()),
        ],
    );
    Ok(())
}

async fn settle(caller: &Caller, session: U256, answers: Vec<Answer>, signature: Bytes) -> Result<(), Error> {
    let call = Inference::settleCall { sessionId: session, answers, signature };
    let receipt = caller.send(&Call::of(INFERENCE, &call), "settling").await?;
    settled(caller, &receipt)
}

fn settled(caller: &Caller, receipt: &Receipt) -> Result<(), Error> {
    let event: Inference::Settled = receipt.event(INFERENCE)?;
    let carried = !receipt.events::<Inference::Carried>(INFERENCE)?.is_empty();
    let shares = event.shares;
    let made = [("settlementId", json!(event.settlementId)), ("answers", json!(event.count)), ("carried", json!(carried))];
    let money = [
        ("amount", event.amount),
        ("contributors", shares.contributors),
        ("curators", shares.curators),
        ("validators", shares.validators),
        ("lineage", shares.lineage),
        ("commons", shares.commons),
        ("protocol", shares.protocol),
        ("operator", shares.operator),
    ];
    caller.tell_of(receipt, &made, &money)
}

/// Pays the page whose turn it is. The pages are the settlement's `Carried` events; of those that wait the contract keeps one hash, from the last page to the
/// first.
async fn carry(caller: &Caller, settlement: U256) -> Result<(), Error> {
    let nobody = || Error::Unknown(format!("contributor of settlement {settlement} who waits"));
    let found = caller.chain.ask("tributary_settlement", settlement).await?;
    let found = found.ok_or_else(|| Error::Unknown(format!("settlement {settlement}")))?;
    let block = report::number(&found, "blockNumber").saturating_to::<u64>();
    let events = caller.chain.logs::<Inference::Carried>(INFERENCE, block, block).await?;
    let pages: Vec<Bytes> =
        events.into_iter().filter(|event| event.settlementId == settlement).map(|event| event.payees.abi_encode().into()).collect();
    let waits = caller.chain.now(INFERENCE, &Inference::carriedOfCall { settlementId: settlement }).await?.payeesHash;
    let mut rest = B256::ZERO;
    for page in pages.into_iter().rev() {
        let hash = keccak256((keccak256(&page), rest).abi_encode());
        if hash == waits {
            let call = Inference::carryCall { settlementId: settlement, payees: page, rest };
            return caller.execute(&Call::of(INFERENCE, &call), "paying the next contributors").await;
        }
        rest = hash;
    }
    Err(nobody())
}
