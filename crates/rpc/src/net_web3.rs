//! The `net` and `web3` namespaces.

use crate::api::{Module, light};
use alloy_primitives::{B256, Bytes, U64, keccak256};
use jsonrpsee::server::RegisterMethodError;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    light(module, "net_version", |api, _| Ok(api.chain.spec.chain_id.to_string()))?;
    light(module, "net_listening", |_, _| Ok(true))?;
    // There is no peer-to-peer network.
    light(module, "net_peerCount", |_, _| Ok(U64::ZERO))?;
    light(module, "web3_clientVersion", |_, _| Ok(client_version()))?;
    light(module, "web3_sha3", |_, args| Ok::<B256, _>(keccak256(args.required::<Bytes>()?)))
}

/// The node's name and version, system and language, as geth's.
pub(crate) fn client_version() -> String {
    format!("tributary/v{}/{}-{}/rust", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH)
}
