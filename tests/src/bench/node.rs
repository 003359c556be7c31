//! The nodes that are measured.

use super::{load::CHAIN_ID, measure::Error};
use crate::{
    dev_process::DevProcess,
    rpc::{Rpc, get},
};
use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// Funded accounts of each node.
const ACCOUNTS: &str = "400";

/// More than either can use in a second, for both: the machine and not the limit shall be the bound.
const GAS_LIMIT: &str = "4000000000";

/// Who is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contender {
    /// `tributary dev --datadir …`: every acknowledgement is on disk.
    Tributary(PathBuf),
    /// `anvil --block-time 1`: everything in memory.
    Anvil(PathBuf),
}

/// A running node.
#[derive(Debug)]
pub(super) enum Running {
    /// The directory goes with the node.
    Tributary { process: DevProcess, _directory: TempDir },
    /// A process, and its JSON-RPC.
    Anvil(Child, String),
}

impl Contender {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Tributary(_) => "Tributary",
            Self::Anvil(_) => "anvil",
        }
    }
}

impl Running {
    /// Starts a fresh one as somebody does who has read nothing: both keep nothing, and seal a block when one is waited for.
    pub(super) fn start_at_defaults(contender: &Contender) -> Result<Self, Error> {
        match contender {
            Contender::Tributary(binary) => {
                let directory = tempfile::tempdir()?;
                let process = DevProcess::start(binary, &["--log", "warn"], &directory.path().join("log")).map_err(Error::Start)?;
                Ok(Self::Tributary { process, _directory: directory })
            }
            Contender::Anvil(binary) => Self::start_anvil(binary, &[]),
        }
    }

    /// Starts a fresh one.
    pub(super) fn start(contender: &Contender) -> Result<Self, Error> {
        let directory = tempfile::tempdir()?;
        let binary = match contender {
            Contender::Tributary(binary) => {
                let datadir = directory.path().join("data").to_string_lossy().into_owned();
                let flags = ["--datadir", &datadir, "--interval", "--accounts", ACCOUNTS, "--gas-limit", GAS_LIMIT, "--log", "warn"];
                let process = DevProcess::start(binary, &flags, &directory.path().join("log")).map_err(Error::Start)?;
                return Ok(Self::Tributary { process, _directory: directory });
            }
            // A block for each transaction, which is anvil's default, does not stand a flood: it acknowledges and then seals nothing.
            Contender::Anvil(binary) => binary,
        };
        let chain_id = CHAIN_ID.to_string();
        let flags = ["--chain-id", &chain_id, "--accounts", ACCOUNTS, "--gas-limit", GAS_LIMIT, "--block-time", "1", "--order", "fifo"];
        Self::start_anvil(binary, &flags)
    }

    fn start_anvil(binary: &Path, flags: &[&str]) -> Result<Self, Error> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port().to_string();
        let mut command = Command::new(binary);
        command.args(["--port", &port, "--silent"]).args(flags).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = Self::Anvil(command.spawn()?, format!("http://127.0.0.1:{port}"));
        running.wait()?;
        Ok(running)
    }

    /// Its JSON-RPC, where transactions are acknowledged as soon as they are executed.
    pub(super) fn url(&self) -> &str {
        match self {
            Self::Tributary { process, .. } => &process.banner.realtime_url,
            Self::Anvil(_, url) => url,
        }
    }

    /// Its JSON-RPC as every client of Ethereum uses it.
    pub(super) fn ordinary_url(&self) -> &str {
        match self {
            Self::Tributary { process, .. } => &process.banner.l2_url,
            Self::Anvil(_, url) => url,
        }
    }

    /// Process id.
    pub(super) fn id(&self) -> u32 {
        match self {
            Self::Tributary { process, .. } => process.id(),
            Self::Anvil(child, _) => child.id(),
        }
    }

    /// One of the metrics that Tributary counts; `None` of a node that has none.
    pub(super) fn counter(&self, name: &str) -> Option<u64> {
        let Self::Tributary { process, .. } = self else { return None };
        let page = get(&format!("{}/metrics", process.banner.dashboard_url)).ok()?;
        page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    }

    fn wait(&mut self) -> Result<(), Error> {
        for _ in 0..300 {
            if Rpc::connect(self.url()).is_ok() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(100));
        }
        Err(Error::Start("anvil does not answer".to_owned()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Self::Anvil(child, _) = self {
            // Both fail only for a process that is gone already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
