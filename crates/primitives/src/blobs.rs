//! What blobs are proved with.

use alloy_eips::eip4844::c_kzg::{KzgSettings, ethereum_kzg_settings};

/// The trusted setup of EIP-4844, loaded at the first call, which takes a while. Without the tables for cell proofs (EIP-7594), which take several times
/// as long to make as all the rest, and which nothing but those needs.
pub fn trusted_setup() -> &'static KzgSettings {
    ethereum_kzg_settings(0)
}
