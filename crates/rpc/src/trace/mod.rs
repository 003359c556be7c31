//! The `trace` namespace.

pub(crate) mod filter;
pub(crate) mod parity;

use crate::api::Module;
use jsonrpsee::server::RegisterMethodError;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    parity::register(module)
}
