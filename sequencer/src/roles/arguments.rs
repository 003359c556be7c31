//! What every role is told, and where keys are. No key is ever an argument: arguments are visible to every user of the machine.

use crate::{error::Error, wallet};
use alloy_genesis::ChainConfig;
use alloy_signer_local::PrivateKeySigner;
use clap::Args;
use std::{
    env, fs,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};
use tributary_client::Endpoint;
use tributary_node::{L1Config, L1Settings, RoleConfig};

/// Flags of every role.
#[derive(Debug, Args)]
pub(crate) struct RoleArguments {
    /// TOML file with any of these flags: `url` under `[l1]` is --l1-url. Flags come first, then the environment (TRIBUTARY_L1_URL), then the file.
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_CONFIG")]
    config: Option<PathBuf>,
    /// Folder that `tributary genesis` wrote.
    #[arg(long, value_name = "DIR", env = "TRIBUTARY_CHAIN")]
    chain: PathBuf,
    /// Where everything is kept.
    #[arg(long, value_name = "DIR", env = "TRIBUTARY_DATADIR")]
    datadir: PathBuf,
    /// Address to listen on.
    #[arg(long, value_name = "IP", env = "TRIBUTARY_HOST", default_value = "127.0.0.1")]
    host: IpAddr,
    /// Port of JSON-RPC; 0 takes a free one.
    #[arg(long, env = "TRIBUTARY_PORT", default_value_t = 8545)]
    port: u16,
    /// Port of health and metrics; 0 takes a free one.
    #[arg(long, env = "TRIBUTARY_DASHBOARD_PORT", default_value_t = 8080, value_name = "PORT")]
    dashboard_port: u16,
    /// What is logged, and how much.
    #[arg(long, value_name = "FILTER", env = "TRIBUTARY_LOG", default_value = "info")]
    pub(super) log: String,
    #[command(flatten)]
    l1: L1Arguments,
}

/// Where L1 is.
#[derive(Debug, Args)]
#[command(next_help_heading = "L1")]
pub(crate) struct L1Arguments {
    /// JSON-RPC of an execution node, http or https; again for more, which are asked where one does not answer.
    #[arg(long, value_name = "URL", env = "TRIBUTARY_L1_URL", hide_env_values = true, required = true, value_delimiter = ',')]
    l1_url: Vec<String>,
    /// REST API of a beacon node, for blobs; again for more [default: the execution nodes', as anvil serves both].
    #[arg(long, value_name = "URL", env = "TRIBUTARY_L1_BEACON", hide_env_values = true, value_delimiter = ',')]
    l1_beacon: Vec<String>,
    /// REST API of an archive of blobs, asked where no beacon node has one; again for more.
    #[arg(long, value_name = "URL", env = "TRIBUTARY_L1_ARCHIVE", hide_env_values = true, value_delimiter = ',')]
    l1_archive: Vec<String>,
    /// File with headers for the execution nodes, `Name: value` a line: all of --l1-url see them.
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_L1_HEADERS")]
    l1_headers: Option<PathBuf>,
    /// File with headers for the beacon nodes: all of --l1-beacon see them. Archives see none.
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_L1_BEACON_HEADERS", requires = "l1_beacon")]
    l1_beacon_headers: Option<PathBuf>,
    /// How many execution nodes have to agree on a block.
    #[arg(long, value_name = "NODES", env = "TRIBUTARY_L1_QUORUM", default_value_t = 1)]
    l1_quorum: usize,
    /// Seconds between L1 blocks.
    #[arg(long, value_name = "SECONDS", env = "TRIBUTARY_L1_BLOCK_TIME", default_value_t = 12)]
    l1_block_time: u64,
    /// L1's forks and blob schedule: geth's genesis.json, or the `config` of one [default: built in for mainnet, Sepolia and Hoodi; else what L1 says].
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_L1_CHAIN_CONFIG")]
    l1_chain_config: Option<PathBuf>,
}

impl L1Arguments {
    /// Where L1 is, and what it is.
    pub(crate) fn settings(&self) -> Result<L1Settings, Error> {
        if self.l1_quorum == 0 || self.l1_quorum > self.l1_url.len() {
            return Err(Error::Usage(format!("--l1-quorum is from 1 to the number of --l1-url, {}", self.l1_url.len())));
        }
        let execution = endpoints(&self.l1_url, self.l1_headers.as_deref())?;
        let beacon =
            if self.l1_beacon.is_empty() { execution.clone() } else { endpoints(&self.l1_beacon, self.l1_beacon_headers.as_deref())? };
        let at = L1Config { archives: endpoints(&self.l1_archive, None)?, quorum: self.l1_quorum, ..L1Config::of(execution, beacon) };
        Ok(L1Settings { at, block_time: self.l1_block_time, chain: self.l1_chain_config.as_deref().map(chain_config).transpose()? })
    }
}

/// Nodes, each of which is shown the headers of a file.
pub(super) fn endpoints(urls: &[String], headers: Option<&Path>) -> Result<Vec<Endpoint>, Error> {
    let shown = |url: &String| match headers {
        Some(file) => Endpoint::at(url).with_headers_of(file).map_err(|error| Error::Usage(error.to_string())),
        None => Ok(Endpoint::at(url)),
    };
    urls.iter().map(shown).collect()
}

impl RoleArguments {
    /// What the role is told.
    pub(super) fn config(&self) -> Result<RoleConfig, Error> {
        Ok(RoleConfig {
            chain: self.chain.clone(),
            datadir: self.datadir.clone(),
            listen: SocketAddr::new(self.host, self.port),
            dashboard: SocketAddr::new(self.host, self.dashboard_port),
            l1: self.l1.settings()?,
        })
    }
}

/// The `config` of a `genesis.json`, or such a file's.
fn chain_config(path: &Path) -> Result<ChainConfig, Error> {
    let text = fs::read(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
    let refuse = |error: serde_json::Error| Error::ConfigFile { path: path.to_owned(), reason: error.to_string() };
    let mut json: serde_json::Value = serde_json::from_slice(&text).map_err(refuse)?;
    let config = if json["config"].is_object() { json["config"].take() } else { json };
    serde_json::from_value(config).map_err(refuse)
}

/// Where the key of an account is.
#[derive(Debug)]
pub(crate) struct KeyPlace<'a> {
    /// What the account is for, which is also in the names of flags and variables.
    pub(crate) role: &'static str,
    pub(crate) keystore: Option<&'a Path>,
    pub(crate) password_file: Option<&'a Path>,
}

impl KeyPlace<'_> {
    /// The key, if there is a place.
    pub(crate) fn key(&self) -> Result<Option<PrivateKeySigner>, Error> {
        if let Some(keystore) = self.keystore {
            let missing = || Error::Wallet(format!("--{0}-keystore needs --{0}-password-file", self.role));
            return wallet::decrypt(keystore, self.password_file.ok_or_else(missing)?).map(Some);
        }
        let variable = format!("TRIBUTARY_{}_KEY", self.role.to_uppercase());
        let Some(key) = env::var(&variable).ok().filter(|key| !key.is_empty()) else { return Ok(None) };
        key.trim().parse().map(Some).map_err(|_| Error::Wallet(format!("{variable} is not a private key in hex")))
    }
}
