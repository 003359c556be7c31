//! `tributary verify`: a receipt checked without a node of the rollup.

use crate::{error::Error, infer, outputs, report, terminal::say};
use alloy_primitives::{Address, U256};
use clap::Args;
use serde_json::json;
use std::{
    fs,
    io::{BufReader, Read},
    path::PathBuf,
};
use tributary_client::{Client, ClientConfig};
use tributary_explanation::{Receipt, Verified, verify};

const EXAMPLES: &str = "\
Examples:
  tributary infer explain 4294967297 --out receipt.json
                                   a node explains a settlement
  tributary verify receipt.json    everything that it says is computed again from its proof; no node is asked
  tributary verify receipt.json --l1 http://127.0.0.1:8645 --portal 0x4E18…
                                   and the L1 has accepted the state that the proof is about";

/// Largest receipt that is read: what holds sets of texts whole may be large.
const MOST_BYTES: u64 = 256 << 20;

/// Flags of `tributary verify`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VerifyArguments {
    /// The receipt.
    file: PathBuf,
    /// JSON-RPC of the rollup's L1, which has to name the output root that the proof ends at.
    #[arg(long, value_name = "URL", env = "TRIBUTARY_L1", hide_env_values = true)]
    l1: Option<String>,
    /// The rollup's portal on L1 [default: what the receipt says, which proves only that some rollup has it].
    #[arg(long, value_name = "ADDRESS", requires = "l1")]
    portal: Option<Address>,
    /// Print JSON, for scripts.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: VerifyArguments) -> Result<(), Error> {
    let what = arguments.file.display().to_string();
    let file = fs::File::open(&arguments.file).map_err(|source| Error::File { path: arguments.file.clone(), source })?;
    let receipt: Receipt = serde_json::from_reader(BufReader::new(file.take(MOST_BYTES)))
        .map_err(|error| Error::Invalid { what: what.clone(), reason: error.to_string() })?;
    let verified = verify(&receipt).map_err(|error| Error::NotVerified { what: what.clone(), reason: error.to_string() })?;
    let on_l1 = match &arguments.l1 {
        Some(url) => Some(named(url, &arguments, &receipt, &verified).await?),
        None => None,
    };
    if arguments.json {
        report::json(&json!({
            "explanation": receipt.explanation,
            "blockNumber": verified.anchor,
            "blockHash": verified.anchor_hash,
            "outputRoot": verified.output_root,
            "whole": receipt.whole,
            "l1": on_l1.as_ref().map(|(portal, output)| json!({ "portal": portal, "output": output.index, "final": output.is_final })),
        }));
        return Ok(());
    }
    infer::explain::tell(&receipt.explanation);
    say(&format!("it follows from output root {} of block {}", verified.output_root, verified.anchor));
    if !receipt.whole {
        say(
            "the words are those of the rows, and their weights are what the chain paid by; which words weigh how much, and in which of several rows with these words they were found, is the node's word",
        );
    }
    match on_l1 {
        Some((portal, output)) => {
            let finality = if output.is_final { "and can be vetoed no more" } else { "and can still be vetoed" };
            say(&format!(
                "which is output {} of chain {}, the rollup whose portal is {portal}, {finality}",
                output.index, receipt.rollup.chain_id
            ));
        }
        None => say(&format!(
            "it says that this is chain {}, the rollup whose portal is {}; an L1 tells whether it is: give it with --l1",
            receipt.rollup.chain_id, receipt.rollup.portal
        )),
    }
    Ok(())
}

/// The output that L1 names for the receipt's last block.
async fn named(
    url: &str,
    arguments: &VerifyArguments,
    receipt: &Receipt,
    verified: &Verified,
) -> Result<(Address, outputs::Output), Error> {
    let refused = |reason: String| Error::NotVerified { what: arguments.file.display().to_string(), reason };
    let portal = receipt.rollup.portal;
    if let Some(given) = arguments.portal.filter(|given| *given != portal) {
        return Err(refused(format!("it is of the rollup whose portal is {portal}, not {given}")));
    }
    let l1 = Client::new(&ClientConfig { retries: 2, ..ClientConfig::at(url) }).map_err(|error| Error::of_node(url, error))?;
    l1.chain_id().await.map_err(|error| Error::of_node(url, error))?;
    let output = outputs::covering(&l1, portal, verified.anchor).await?;
    let (chain_id, said) = (outputs::chain_id(&l1, portal).await?, receipt.rollup.chain_id);
    if chain_id != said.to::<U256>() {
        return Err(refused(format!("the portal is that of chain {chain_id}, not of chain {said}")));
    }
    match output {
        Some(output) if output.block == verified.anchor && output.root == verified.output_root => Ok((portal, output)),
        Some(output) if output.block == verified.anchor => {
            Err(refused(format!("L1 names output root {} for block {}, not {}", output.root, output.block, verified.output_root)))
        }
        _ => Err(refused(format!(
            "L1 names no output of block {}; ask for a receipt with `tributary infer explain`, which finds one",
            verified.anchor
        ))),
    }
}
