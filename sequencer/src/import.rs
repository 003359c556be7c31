//! `tributary import`: an Ethereum chain from a file into a data directory.

use crate::{error::Error, terminal};
use clap::Args;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use tributary_node::ImportConfig;

const EXAMPLES: &str = "\
Examples:
  tributary import --genesis genesis.json chain.rlp --datadir ./chain
                                   from geth's genesis and the output of `geth export`
  tributary import --genesis genesis.json more.rlp --datadir ./chain
                                   goes on where the last import ended, or was interrupted";

/// How often progress is told.
const EVERY: Duration = Duration::from_secs(2);

/// Flags of `tributary import`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ImportArguments {
    /// Blocks in RLP, one after the other.
    #[arg(value_name = "CHAIN.rlp")]
    chain: PathBuf,
    /// geth's genesis.json.
    #[arg(long, value_name = "FILE")]
    genesis: PathBuf,
    /// Directory of the chain: a new one, or that of an earlier import of the same chain.
    #[arg(long, value_name = "DIR")]
    datadir: PathBuf,
}

/// Imports, and says every now and then how far it has come.
pub(crate) fn run(arguments: ImportArguments) -> Result<(), Error> {
    let ImportArguments { chain, genesis, datadir } = arguments;
    let mut told = Instant::now();
    let imported = tributary_node::import(&ImportConfig { genesis, chain, datadir }, |state| {
        if told.elapsed() >= EVERY {
            told = Instant::now();
            terminal::complain(&format!("block {}", state.head.number));
        }
    })?;
    let tributary_node::Imported { head, blocks, known } = imported;
    terminal::say(&format!("imported {blocks} blocks ({known} were there); the head is block {} {}", head.number, head.hash));
    Ok(())
}
