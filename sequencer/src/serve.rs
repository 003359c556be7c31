//! `tributary serve`: JSON-RPC over a chain that was imported.

use crate::{error::Error, logging, shutdown::Shutdown, terminal, terminal::LiveLine};
use clap::Args;
use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};
use tributary_node::ServeConfig;

const EXAMPLES: &str = "\
Examples:
  tributary serve --datadir ./chain              on http://127.0.0.1:8545, HTTP and WebSocket
  tributary serve --datadir ./chain --port 9545 --host 0.0.0.0";

/// Flags of `tributary serve`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ServeArguments {
    /// Directory that `tributary import` made.
    #[arg(long, value_name = "DIR")]
    datadir: PathBuf,
    /// Address to listen on.
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    host: IpAddr,
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 8545)]
    port: u16,
    /// What is logged, and how much [default: warn on a terminal, info otherwise].
    #[arg(long, value_name = "FILTER", env = "TRIBUTARY_LOG")]
    log: Option<String>,
}

/// Serves until somebody asks to stop.
pub(crate) async fn run(arguments: ServeArguments) -> Result<(), Error> {
    let mut shutdown = Shutdown::listen()?;
    logging::install(arguments.log.as_deref(), &LiveLine::new())?;
    let listen = SocketAddr::new(arguments.host, arguments.port);
    let served = tributary_node::serve(&ServeConfig { datadir: arguments.datadir, listen }).await?;
    terminal::say(&format!("http://{}  chain id {}  head {}", served.address(), served.chain_id(), served.head()?));
    shutdown.requested().await;
    served.stop().await;
    Ok(())
}
