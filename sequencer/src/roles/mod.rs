//! `tributary genesis`, `sequencer`, `verifier`, `replica`, `prover` and `recover`: a rollup and its roles over an L1 that somebody else runs.

mod arguments;
pub(crate) mod config_file;
mod genesis;
mod prover;
mod recover;

pub(crate) use arguments::{KeyPlace, L1Arguments, RoleArguments};
pub(crate) use genesis::{GenesisArguments, run as genesis};
pub(crate) use prover::{ProverArguments, run as prover};
pub(crate) use recover::{RecoverArguments, run as recover};

use crate::{error::Error, logging, shutdown::Shutdown, terminal, terminal::LiveLine};
use arguments::endpoints;
use clap::{Args, CommandFactory, ValueEnum};
use std::{ffi::OsString, path::PathBuf, time::Duration};
use tributary_node::{DataAvailability, ProverAt, ReplicaConfig, RoleNode, SequencerConfig, VerifierConfig};

const SEQUENCER: &str = "\
Examples:
  tributary sequencer --chain ./rollup --datadir ./sequencer --l1-url http://127.0.0.1:8551 --l1-chain-config l1.json
                                   takes transactions and makes blocks; nobody puts them on L1
  TRIBUTARY_BATCHER_KEY=0x… tributary sequencer …
                                   and puts them on L1
  tributary sequencer … --proposer-keystore p.json --proposer-password-file p.txt --prover-keystore a.json --prover-password-file a.txt
                                   and proposes outputs, so that withdrawals can be made
  tributary sequencer --config sequencer.toml      flags as fields: [l1] url = \"…\", [batcher] keystore = \"…\"";

const VERIFIER: &str = "\
Examples:
  tributary verifier --chain ./rollup --datadir ./verifier --l1-url http://127.0.0.1:8551 --l1-chain-config l1.json
                                   derives the rollup from L1 alone, and answers for it
  tributary verifier … --sequencer-url http://sequencer:8545
                                   and sends on what clients send
  tributary verifier --config verifier.toml --port 9545";

const REPLICA: &str = "\
Examples:
  tributary replica --chain ./rollup --datadir ./replica --l1-url http://127.0.0.1:8551 --l1-chain-config l1.json --feed-url ws://sequencer:8545
                                   follows the sequencer block by block, and comes back to what L1 gives where that differs
  tributary replica … --sequencer-url http://sequencer:8545
                                   and sends on what clients send
  tributary replica --config replica.toml          flags as fields: [feed] url = \"…\"";

/// Roles that follow L1, whose configuration can be checked.
pub(crate) const ROLES: [&str; 3] = ["sequencer", "verifier", "replica"];

/// What else a configuration file can be of.
const OTHERS: [&str; 2] = ["prover", "recover"];

/// The node has this long to stop in order. After it the process ends anyway: everything acknowledged is on disk.
const GRACE: Duration = Duration::from_secs(5);

/// Flags of `tributary sequencer`.
#[derive(Debug, Args)]
#[command(after_help = SEQUENCER)]
pub(crate) struct SequencerArguments {
    #[command(flatten)]
    role: RoleArguments,
    #[command(flatten)]
    batcher: BatcherArguments,
    #[command(flatten)]
    proposer: ProposerArguments,
    #[command(flatten)]
    feed: FeedArguments,
    /// How many blocks L1 must have on top of one before L2 blocks are built on it.
    #[arg(long, value_name = "BLOCKS", env = "TRIBUTARY_ORIGIN_DEPTH", default_value_t = 4)]
    origin_depth: u64,
}

/// Who puts batches on L1, and how. Its key may be in TRIBUTARY_BATCHER_KEY.
#[derive(Debug, Args)]
#[command(next_help_heading = "Batcher (its key may be in TRIBUTARY_BATCHER_KEY)")]
struct BatcherArguments {
    /// Encrypted key (Web3 Secret Storage) that pays for batches.
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_BATCHER_KEYSTORE")]
    batcher_keystore: Option<PathBuf>,
    /// File with its password in the first line.
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_BATCHER_PASSWORD_FILE")]
    batcher_password_file: Option<PathBuf>,
    /// Where batches go.
    #[arg(long, value_enum, env = "TRIBUTARY_BATCHER_DA", default_value = "blob")]
    batcher_da: Da,
}

/// Who proposes outputs on L1, and who attests them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Proposer (keys may be in TRIBUTARY_PROPOSER_KEY and TRIBUTARY_PROVER_KEY)")]
struct ProposerArguments {
    /// Encrypted key that pays for proposals.
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_PROPOSER_KEYSTORE")]
    proposer_keystore: Option<PathBuf>,
    /// File with its password in the first line.
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_PROPOSER_PASSWORD_FILE")]
    proposer_password_file: Option<PathBuf>,
    /// Encrypted key that attests what was executed again.
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_PROVER_KEYSTORE")]
    prover_keystore: Option<PathBuf>,
    /// File with its password in the first line.
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_PROVER_PASSWORD_FILE")]
    prover_password_file: Option<PathBuf>,
    /// URL of a `tributary prover`, which attests in place of a key here.
    #[arg(long, value_name = "URL", env = "TRIBUTARY_PROVER_URL", hide_env_values = true, conflicts_with = "prover_keystore")]
    prover_url: Option<String>,
    /// File with headers for it, `Authorization: Bearer` and its token among them.
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_PROVER_HEADERS", requires = "prover_url")]
    prover_headers: Option<PathBuf>,
    /// Fewest blocks worth a proposal.
    #[arg(long, value_name = "BLOCKS", env = "TRIBUTARY_PROPOSER_INTERVAL", default_value_t = 1_800)]
    proposer_interval: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Da {
    /// EIP-4844 blobs.
    Blob,
    /// Transaction calldata.
    Calldata,
}

/// Who signs the feed that replicas follow. Its key may be in TRIBUTARY_FEED_KEY.
#[derive(Debug, Args)]
#[command(next_help_heading = "Feed (its key may be in TRIBUTARY_FEED_KEY)")]
struct FeedArguments {
    /// Encrypted key that signs blocks for replicas: that of `unsafeBlockSigner` in the system configuration on L1.
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_FEED_KEYSTORE")]
    feed_keystore: Option<PathBuf>,
    /// File with its password in the first line.
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_FEED_PASSWORD_FILE")]
    feed_password_file: Option<PathBuf>,
}

/// Flags of `tributary replica`.
#[derive(Debug, Args)]
#[command(after_help = REPLICA)]
pub(crate) struct ReplicaArguments {
    #[command(flatten)]
    role: RoleArguments,
    /// WebSocket with the sequencer's feed, ws or wss.
    #[arg(long, value_name = "URL", env = "TRIBUTARY_FEED_URL", hide_env_values = true)]
    feed_url: String,
    /// File with headers for it, `Name: value` a line.
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_FEED_HEADERS")]
    feed_headers: Option<PathBuf>,
    /// JSON-RPC of the sequencer, which gets what clients send; without it they are refused.
    #[arg(long, value_name = "URL", env = "TRIBUTARY_SEQUENCER_URL", hide_env_values = true)]
    sequencer_url: Option<String>,
}

/// Flags of `tributary verifier`.
#[derive(Debug, Args)]
#[command(after_help = VERIFIER)]
pub(crate) struct VerifierArguments {
    #[command(flatten)]
    role: RoleArguments,
    /// JSON-RPC of the sequencer, which gets what clients send; without it they are refused.
    #[arg(long, value_name = "URL", env = "TRIBUTARY_SEQUENCER_URL", hide_env_values = true)]
    sequencer_url: Option<String>,
}

/// The command line, with what the configuration file of a role says.
pub(crate) fn with_config_file(given: Vec<OsString>) -> Result<Vec<OsString>, Error> {
    let name = given.get(1).and_then(|name| name.to_str()).unwrap_or_default();
    // Who asks for help may not have the file yet.
    let asks = given.iter().any(|argument| argument == "--help" || argument == "-h");
    if asks || ![&ROLES[..], &OTHERS].concat().contains(&name) {
        return Ok(given);
    }
    let command = crate::cli::Arguments::command();
    let Some(command) = command.find_subcommand(name) else { return Ok(given) };
    let flags: Vec<_> = command.get_arguments().filter_map(|argument| argument.get_long().map(str::to_owned)).collect();
    config_file::expanded(given, &flags)
}

/// Runs a sequencer until somebody asks to stop.
pub(crate) async fn sequencer(arguments: SequencerArguments) -> Result<(), Error> {
    let SequencerArguments { role, batcher, proposer, feed, origin_depth } = arguments;
    let key = |role, keystore: &Option<PathBuf>, password_file: &Option<PathBuf>| {
        KeyPlace { role, keystore: keystore.as_deref(), password_file: password_file.as_deref() }.key()
    };
    let batcher_key = key("batcher", &batcher.batcher_keystore, &batcher.batcher_password_file)?;
    let proposer_key = key("proposer", &proposer.proposer_keystore, &proposer.proposer_password_file)?;
    let prover = match &proposer.prover_url {
        Some(url) => Some(ProverAt::There(endpoints(std::slice::from_ref(url), proposer.prover_headers.as_deref())?.swap_remove(0))),
        None => key("prover", &proposer.prover_keystore, &proposer.prover_password_file)?.map(ProverAt::Here),
    };
    if proposer_key.is_some() != prover.is_some() {
        return Err(Error::Wallet(
            "outputs are proposed with two keys: the proposer's, which pays, and the prover's, which attests, here or at --prover-url"
                .to_owned(),
        ));
    }
    let config = SequencerConfig {
        role: role.config()?,
        batcher: batcher_key,
        da: match batcher.batcher_da {
            Da::Blob => DataAvailability::Blob,
            Da::Calldata => DataAvailability::Calldata,
        },
        proposer: proposer_key.zip(prover),
        proposal_interval: proposer.proposer_interval,
        feed: key("feed", &feed.feed_keystore, &feed.feed_password_file)?,
        origin_depth,
    };
    run(&role.log, tributary_node::sequencer(config)).await
}

/// Runs a verifier until somebody asks to stop.
pub(crate) async fn verifier(arguments: VerifierArguments) -> Result<(), Error> {
    let config = VerifierConfig { role: arguments.role.config()?, sequencer: arguments.sequencer_url };
    run(&arguments.role.log, tributary_node::verifier(config)).await
}

/// Runs a replica until somebody asks to stop.
pub(crate) async fn replica(arguments: ReplicaArguments) -> Result<(), Error> {
    let ReplicaArguments { role, feed_url, feed_headers, sequencer_url } = arguments;
    let feed = endpoints(&[feed_url], feed_headers.as_deref())?.swap_remove(0);
    let config = ReplicaConfig { role: role.config()?, sequencer: sequencer_url, feed };
    run(&role.log, tributary_node::replica(config)).await
}

/// A role that halts says why and stays, for its state to be looked at.
async fn run(log: &str, role: impl Future<Output = Result<RoleNode, tributary_node::Error>>) -> Result<(), Error> {
    let mut shutdown = Shutdown::listen()?;
    logging::install(Some(log), &LiveLine::new())?;
    let mut node = tokio::select! {
        started = role => started?,
        () = shutdown.requested() => return Ok(()),
    };
    terminal::say(&format!("http://{}  chain id {}  dashboard http://{}", node.address, node.chain_id, node.dashboard));
    let halted = tokio::select! {
        () = shutdown.requested() => None,
        reason = node.halted() => Some(reason),
    };
    if let Some(reason) = &halted {
        terminal::complain(&format!("tributary: halted: {reason}"));
        shutdown.requested().await;
    }
    if tokio::time::timeout(GRACE, node.stop()).await.is_err() {
        tracing::warn!("the node did not stop in time and was left; what it acknowledged is on disk");
    }
    halted.map_or(Ok(()), |reason| Err(Error::Halted(reason)))
}
