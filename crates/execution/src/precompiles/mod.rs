//! Attribution precompiles.

use alloy_evm::precompiles::PrecompilesMap;

/// Adds the attribution precompiles to a rollup's EVM.
pub fn install(_precompiles: &mut PrecompilesMap) {}
