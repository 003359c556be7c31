//! The flags of `tributary dev`, and the configuration that follows from them.

use crate::secret::Secret;
use clap::{Args, ValueEnum};
use std::{net::IpAddr, path::PathBuf};
use tributary_node::{DataAvailability, DevConfig};

const EXAMPLES: &str = "\
Examples:
  tributary dev                                    a fresh rollup, gone when it stops
  tributary dev --datadir ./rollup                 kept, and resumed the next time
  tributary dev --port 9545 --l1-port 9645 --dashboard-port 9080
                                                   beside another one
  tributary dev --interval                         a block each second, as in production, instead of one for each transaction
  tributary dev --da calldata --l1-block-time 12   batches in calldata, slots as on Ethereum
  TRIBUTARY_MNEMONIC='…' tributary dev             your own accounts
  tributary dev --log info,tributary_node=debug    more of what happens inside";

/// Flags of `tributary dev`. What is absent has the default of [`DevConfig`].
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DevArguments {
    /// Directory of the chain, kept and resumed. Without it a temporary one is used and removed.
    #[arg(long, value_name = "DIR")]
    datadir: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1].
    #[arg(long, value_name = "IP")]
    host: Option<IpAddr>,
    /// Port of the rollup's JSON-RPC, HTTP and WebSocket [default: 8545].
    #[arg(long)]
    port: Option<u16>,
    /// Port of the embedded L1's JSON-RPC [default: 8645].
    #[arg(long, value_name = "PORT")]
    l1_port: Option<u16>,
    /// Port of /health and /metrics [default: 8080].
    #[arg(long, value_name = "PORT")]
    dashboard_port: Option<u16>,
    /// Seconds between L2 blocks [default: 1].
    #[arg(long, value_name = "SECONDS")]
    block_time: Option<u64>,
    /// Seal L2 blocks in their time only, as a production chain does, and not as soon as a transaction is executed.
    #[arg(long)]
    interval: bool,
    /// Seconds between L1 blocks [default: 2].
    #[arg(long, value_name = "SECONDS")]
    l1_block_time: Option<u64>,
    /// Gas limit of L2 blocks [default: 1000000000].
    #[arg(long, value_name = "GAS")]
    gas_limit: Option<u64>,
    /// Number of funded accounts [default: 10].
    #[arg(long, value_name = "COUNT")]
    accounts: Option<usize>,
    /// Phrase that the accounts come from [default: the one of anvil and Hardhat]. Give your own in the environment: arguments are visible to
    /// every user of the machine.
    #[arg(long, value_name = "PHRASE", env = "TRIBUTARY_MNEMONIC", hide_env_values = true)]
    mnemonic: Option<Secret>,
    /// What is logged, and how much [default: warn on a terminal, info otherwise].
    #[arg(long, value_name = "FILTER", env = "TRIBUTARY_LOG")]
    log: Option<String>,
    /// Where batches go on L1 [default: blob].
    #[arg(long, value_enum)]
    da: Option<Da>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Da {
    /// EIP-4844 blobs.
    Blob,
    /// Transaction calldata.
    Calldata,
}

impl DevArguments {
    /// The log filter.
    pub(crate) fn log(&self) -> Option<&str> {
        self.log.as_deref()
    }
}

impl From<DevArguments> for DevConfig {
    fn from(given: DevArguments) -> Self {
        let default = Self::default();
        Self {
            datadir: given.datadir,
            host: given.host.unwrap_or(default.host),
            port: given.port.unwrap_or(default.port),
            l1_port: given.l1_port.unwrap_or(default.l1_port),
            dashboard_port: given.dashboard_port.unwrap_or(default.dashboard_port),
            block_time: given.block_time.unwrap_or(default.block_time),
            interval: given.interval,
            l1_block_time: given.l1_block_time.unwrap_or(default.l1_block_time),
            gas_limit: given.gas_limit.unwrap_or(default.gas_limit),
            accounts: given.accounts.unwrap_or(default.accounts),
            mnemonic: given.mnemonic.map_or(default.mnemonic, |phrase| phrase.reveal().to_owned()),
            da: given.da.map_or(default.da, |da| match da {
                Da::Blob => DataAvailability::Blob,
                Da::Calldata => DataAvailability::Calldata,
            }),
            jovian: default.jovian,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        dev: DevArguments,
    }

    fn config(flags: &[&str]) -> DevConfig {
        Line::try_parse_from(std::iter::once(&"dev").chain(flags)).unwrap().dev.into()
    }

    #[test]
    fn flags_become_the_configuration() {
        let config = config(&["--port", "1", "--l1-port", "2", "--da", "calldata", "--host", "::1", "--mnemonic", "a b"]);
        assert_eq!((config.port, config.l1_port, config.dashboard_port), (1, 2, 8080));
        assert_eq!(config.da, DataAvailability::Calldata);
        assert_eq!((config.host.to_string(), config.mnemonic), ("::1".to_owned(), "a b".to_owned()));
    }

    #[test]
    fn the_help_names_the_defaults_that_the_node_has() {
        use clap::CommandFactory;
        let help = Line::command().render_long_help().to_string();
        let default = DevConfig::default();
        let named = [
            ("--host <IP>", default.host.to_string()),
            ("--port <PORT>", default.port.to_string()),
            ("--l1-port <PORT>", default.l1_port.to_string()),
            ("--dashboard-port <PORT>", default.dashboard_port.to_string()),
            ("--block-time <SECONDS>", default.block_time.to_string()),
            ("--l1-block-time <SECONDS>", default.l1_block_time.to_string()),
            ("--gas-limit <GAS>", default.gas_limit.to_string()),
            ("--accounts <COUNT>", default.accounts.to_string()),
        ];
        for (flag, value) in named {
            let text = help.split(flag).nth(1).and_then(|rest| rest.lines().nth(1)).unwrap_or_default();
            assert!(text.contains(&format!("[default: {value}]")), "{flag}: {text}");
        }
    }
}
