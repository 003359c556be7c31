//! alloy, as it comes, against any Ethereum JSON-RPC node with the development accounts: `client-alloy [URL]`; with op-alloy's network types
//! where the node is a rollup of the OP Stack.
//!
//! Prints a line for each check and the counts, as the scripts beside this package do (tests/clients/checks.mjs).
#![expect(clippy::disallowed_macros, reason = "a program for people at a terminal")]

mod blocks;
mod checks;
mod counter;
mod development;
mod failures;
mod rollup;

use std::{env, process::ExitCode};

use alloy_network::{Ethereum, EthereumWallet};
use alloy_primitives::{Address, U256};
use alloy_provider::{DynProvider, Provider, ProviderBuilder, WsConnect};
use alloy_signer_local::{MnemonicBuilder, PrivateKeySigner};
use checks::{Checked, Checks};

/// The phrase that development nodes take their funded accounts from.
const MNEMONIC: &str = "test test test test test test test test test test test junk";

/// What every check needs.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    url: String,
    /// Signs for [`Self::owner`], with alloy's recommended fillers: gas, fees, chain id, and nonces that it counts itself.
    provider: DynProvider<Ethereum>,
    owner: Address,
}

impl Node {
    fn new(url: String) -> Checked<Self> {
        let signer = owner()?;
        let (owner, provider) = (signer.address(), provider(&url, signer)?);
        Ok(Self { url, provider, owner })
    }

    /// The same node over WebSocket, patient with restarts.
    async fn socket(&self) -> Checked<DynProvider<Ethereum>> {
        let connect = WsConnect::new(self.url.replacen("http", "ws", 1))
            .with_max_retries(100)
            .with_retry_interval(std::time::Duration::from_millis(200));
        Ok(ProviderBuilder::new().connect_ws(connect).await?.erased())
    }
}

/// The funded account of these checks.
fn owner() -> Checked<PrivateKeySigner> {
    Ok(MnemonicBuilder::from_phrase(MNEMONIC).index(9)?.build()?)
}

/// A provider over HTTP that signs.
fn provider(url: &str, signer: PrivateKeySigner) -> Checked<DynProvider<Ethereum>> {
    let wallet = EthereumWallet::from(signer);
    Ok(ProviderBuilder::new().wallet(wallet).connect_http(url.parse()?).erased())
}

/// One of the chain's currency, in wei.
fn one() -> U256 {
    U256::from(10).pow(U256::from(18))
}

#[tokio::main]
async fn main() -> ExitCode {
    let url = env::var("RPC_URL").ok().or_else(|| env::args().nth(1)).unwrap_or_else(|| "http://127.0.0.1:8545".to_owned());
    let mut checks = match Checks::new() {
        Ok(checks) => checks,
        Err(error) => {
            println!("FAILED  the list of what is known to fail: {error}\n0 passed, 1 failed, 0 skipped");
            return ExitCode::FAILURE;
        }
    };
    let connects = async {
        let node = Node::new(url)?;
        node.provider.get_chain_id().await?;
        Ok(node)
    };
    if let Some(node) = checks.check("alloy connects", connects).await {
        counter::run(&node, &mut checks).await;
        development::run(&node, &mut checks).await;
    }
    if checks.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
