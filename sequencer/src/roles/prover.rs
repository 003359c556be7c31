//! `tributary prover`: what a sequencer's outputs are attested by, in a process of its own.

use super::arguments::KeyPlace;
use crate::{error::Error, logging, shutdown::Shutdown, terminal, terminal::LiveLine};
use clap::Args;
use std::{
    fs,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};
use tributary_node::ProverConfig;

const EXAMPLES: &str = "\
Examples:
  TRIBUTARY_PROVER_KEY=0x… tributary prover --chain ./rollup --token-file token.txt
                                   attests what those ask who show the token
  tributary sequencer … --proposer-keystore p.json --proposer-password-file p.txt --prover-url http://prover:8560 --prover-headers headers.txt
                                   has its outputs attested there; headers.txt holds `Authorization: Bearer` and the token";

/// Flags of `tributary prover`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ProverArguments {
    /// TOML file with any of these flags.
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_CONFIG")]
    config: Option<PathBuf>,
    /// Folder that `tributary genesis` wrote.
    #[arg(long, value_name = "DIR", env = "TRIBUTARY_CHAIN")]
    chain: PathBuf,
    /// Address to listen on.
    #[arg(long, value_name = "IP", env = "TRIBUTARY_HOST", default_value = "127.0.0.1")]
    host: IpAddr,
    /// Port to be asked at; 0 takes a free one.
    #[arg(long, env = "TRIBUTARY_PORT", default_value_t = 8560)]
    port: u16,
    /// File with the token that those show who may ask.
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_PROVER_TOKEN_FILE")]
    token_file: PathBuf,
    /// Encrypted key that attests; it may be in TRIBUTARY_PROVER_KEY instead.
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_PROVER_KEYSTORE")]
    prover_keystore: Option<PathBuf>,
    /// File with its password in the first line.
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_PROVER_PASSWORD_FILE")]
    prover_password_file: Option<PathBuf>,
    /// What is logged, and how much.
    #[arg(long, value_name = "FILTER", env = "TRIBUTARY_LOG", default_value = "info")]
    log: String,
}

/// Runs a prover until somebody asks to stop.
pub(crate) async fn run(arguments: ProverArguments) -> Result<(), Error> {
    let ProverArguments { chain, host, port, token_file, prover_keystore, prover_password_file, log, .. } = arguments;
    let place = KeyPlace { role: "prover", keystore: prover_keystore.as_deref(), password_file: prover_password_file.as_deref() };
    let missing = || Error::Wallet("a prover needs a key: --prover-keystore, or TRIBUTARY_PROVER_KEY".to_owned());
    let key = place.key()?.ok_or_else(missing)?;
    let token = fs::read_to_string(&token_file).map_err(|source| Error::File { path: token_file.clone(), source })?.trim().to_owned();
    if token.is_empty() {
        return Err(Error::Usage(format!("{} holds no token", token_file.display())));
    }
    let mut shutdown = Shutdown::listen()?;
    logging::install(Some(&log), &LiveLine::new())?;
    let node = tributary_node::prover(ProverConfig { chain, listen: SocketAddr::new(host, port), key, token }).await?;
    terminal::say(&format!("http://{}  chain id {}  signer {}", node.address, node.chain_id, node.signer));
    shutdown.requested().await;
    if tokio::time::timeout(super::GRACE, node.stop()).await.is_err() {
        tracing::warn!("what was being proved was left");
    }
    Ok(())
}
