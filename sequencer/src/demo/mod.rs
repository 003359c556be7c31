//! `tributary demo`: texts are contributed, an answer quotes them, its price is paid to their authors and not to who copied them, and every step is
//! checked.

mod answer;
mod checks;
mod display;
mod economy;
mod ledger;
mod settlement;
mod texts;

use crate::{chain::Chain, error::Error, secret::Secret, shutdown::Shutdown};
use clap::Args;
use std::{path::PathBuf, time::Duration};

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
    #[arg(long, value_name = "URL", env = "TRIBUTARY_RPC", default_value = "http://127.0.0.1:8545")]
    rpc: String,
    /// JSON-RPC of its L1 [default: the URL that the rollup tells].
    #[arg(long, value_name = "URL", env = "TRIBUTARY_L1")]
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
    let mut texts = texts::load(arguments.dir.as_deref())?;
    let copy = texts::copy(&texts).map_err(checks::untraceable)?;
    let mut question = match &arguments.dir {
        None => answer::shipped(),
        Some(_) => answer::composed(&texts),
    };
    if let Some(copy) = &copy {
        question = answer::quoting(question, copy);
    }
    let mnemonic = arguments.mnemonic.as_ref().map_or(MNEMONIC, Secret::reveal);
    let chain = Chain::connect(&arguments.rpc).await?;
    let l1 = chain.l1(arguments.l1.as_deref()).await?;
    display::opening(&chain);

    let cast = economy::Cast::assemble(&chain, mnemonic, texts.len()).await?;
    let mut datanet = economy::found(&chain, &cast).await?;
    display::contributing(&datanet, &texts, &cast);
    for (index, text) in texts.iter().enumerate() {
        let (event, block) = economy::contribute(&chain, cast.contributor_of(index), &mut datanet, text).await?;
        display::contributed(&event, text, block);
    }
    // Somebody else's words are not the copier's, whether they are handed in before the question …
    if let Some(copy) = copy {
        let (event, block) = economy::contribute(&chain, &cast.copier, &mut datanet, &copy).await?;
        display::contributed(&event, &copy, block);
        texts.push(copy);
    }
    let requested = economy::ask(&chain, &cast, &datanet, &question.prompt).await?;
    display::asked(&requested, &question);
    // … or after it, when the answer is known: it is traced to the version of its question.
    let late = texts::Text { name: "the answer, copied".to_owned(), body: question.answer.clone() };
    let (event, block) = economy::contribute(&chain, &cast.copier, &mut datanet, &late).await?;
    display::too_late(&event, &late, block);
    texts.push(late);
    let settled = economy::settle(&chain, &cast, &requested, &question.answer).await?;
    let case = checks::Case { texts: &texts, datanet: &datanet, answer: &question.answer, settled: &settled };
    let reference = checks::Reference::trace(&case)?;
    display::payout(&case, &reference);
    let claims = ledger::claim(&chain, &cast, &settled).await?;
    display::claims(&claims);

    let last_block = claims.iter().map(|claim| claim.block).max().unwrap_or(settled.block);
    let settlement = settlement::wait(&chain, &l1, &settled, last_block, Duration::from_secs(arguments.patience)).await?;
    display::settlement(&settlement);

    let mut verdict = checks::Verdict::default();
    checks::trace_agrees(&mut verdict, &chain, &case, &reference).await?;
    checks::copies_earn_nothing(&mut verdict, &cast, &settled);
    checks::money_agrees(&mut verdict, &chain, (&settled, &reference), &claims).await?;
    checks::hashes_agree(&mut verdict, &settlement);
    display::verdict(&verdict);
    verdict.into_result()
}
