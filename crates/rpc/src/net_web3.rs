//! The `net` and `web3` namespaces.

use crate::api::{Module, light};
use alloy_primitives::{B256, Bytes, U64, keccak256};
use jsonrpsee::server::RegisterMethodError;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    light(module, "net_version", |api, _| Ok(api.chain.spec.chain_id.to_string()))?;
    light(module, "net_listening", |_, _| Ok(true))?;
    // There is no peer-to-peer network.
    light(module, "net_peerCount", |_, _| Ok(U64::ZERO))?;
    light(module, "web3_clientVersion", |api, _| Ok(client_version(api.chain.development.is_some())))?;
    light(module, "web3_sha3", |_, args| Ok::<B256, _>(keccak256(args.required::<Bytes>()?)))
}

/// The node's name and version, system and language, as geth's. A chain with anvil's methods says so first: tools that use these (Hardhat's network helpers)
/// refuse nodes whose name does not begin with one that they know.
pub(crate) fn client_version(development: bool) -> String {
    let family = if development { "anvil/" } else { "" };
    format!("{family}tributary/v{}/{}-{}/rust", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH)
}
