//! `tributary demo`: the whole loop of the economy. Texts are contributed, refined and reviewed, models are made from them, answers are paid for and their
//! price goes to who wrote the words, not to who copied them; an answer is disputed, a parameter is voted on, everybody claims, and every step is checked.

mod answer;
mod cast;
mod checks;
mod datanets;
mod display;
mod dispute;
mod government;
mod ledger;
mod market;
mod models;
mod reference;
mod review;
mod settlement;
mod story;
mod texts;
mod time;

use crate::{chain::Chain, error::Error, secret::Secret, shutdown::Shutdown};
use cast::Cast;
use clap::Args;
use std::{path::PathBuf, time::Duration};
use story::Story;

const EXAMPLES: &str = "\
Examples:
  tributary demo                      the texts that come with the program, on a `tributary dev` on this machine
  tributary demo ./essays             every text file of a directory
  tributary demo --rpc http://127.0.0.1:9545
                                      against another node, which tells where its L1 is
  TRIBUTARY_MNEMONIC='…' tributary demo
                                      with the accounts of `tributary dev` under the same variable";

/// The phrase of anvil and Hardhat, which `tributary dev` has by default.
const MNEMONIC: &str = tributary_node::DEV_MNEMONIC;

/// Flags of `tributary demo`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DemoArguments {
    /// Directory whose text files are contributed, instead of the texts that come with the program.
    dir: Option<PathBuf>,
    /// JSON-RPC of the rollup.
    #[arg(long, value_name = "URL", env = "TRIBUTARY_RPC", hide_env_values = true, default_value = "http://127.0.0.1:8545")]
    rpc: String,
    /// JSON-RPC of its L1 [default: the URL that the rollup tells].
    #[arg(long, value_name = "URL", env = "TRIBUTARY_L1", hide_env_values = true)]
    l1: Option<String>,
    /// Phrase of the funded accounts [default: the one of anvil and Hardhat]. Give your own in the environment: arguments are visible to every
    /// user of the machine.
    #[arg(long, value_name = "PHRASE", env = "TRIBUTARY_MNEMONIC", hide_env_values = true)]
    mnemonic: Option<Secret>,
    /// How long to wait for L1 to carry the settlement.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    patience: u64,
}

/// Runs the demo; success only if every check held.
pub(crate) async fn run(arguments: DemoArguments) -> Result<(), Error> {
    let mut shutdown = Shutdown::listen()?;
    tokio::select! {
        done = play(arguments) => done,
        () = shutdown.requested() => Err(Error::Interrupted),
    }
}

async fn play(arguments: DemoArguments) -> Result<(), Error> {
    let texts = texts::load(arguments.dir.as_deref())?;
    let question = match &arguments.dir {
        None => answer::shipped(),
        Some(_) => answer::composed(&texts),
    };
    let mnemonic = arguments.mnemonic.as_ref().map_or(MNEMONIC, Secret::reveal);
    let chain = Chain::connect(&arguments.rpc).await?;
    let l1 = chain.l1(arguments.l1.as_deref()).await?;
    let can_jump = time::can_jump(&chain).await?;
    display::opening(&chain, can_jump);

    let cast = Cast::assemble(&chain, mnemonic, texts.len(), can_jump).await?;
    let mut story = Story { chain: &chain, cast, can_jump, steps: Default::default(), verdict: Default::default() };
    let blocks = story.tell(texts, question).await?;

    let Story { mut steps, mut verdict, .. } = story;
    steps.next("Everything is on L1, and a verifier derives it from there");
    let patience = Duration::from_secs(arguments.patience);
    for block in [blocks.settled, blocks.last] {
        let settlement = settlement::wait(&chain, &l1, block, blocks.last, patience).await?;
        display::settlement(&settlement);
        checks::hashes_agree(&mut verdict, &settlement);
        if block == blocks.settled {
            checks::receipt_holds(&mut verdict, &chain, (blocks.settlement, settlement.verifier_hash)).await?;
        }
    }
    steps.next("Checked");
    display::verdict(&verdict);
    verdict.into_result()
}
