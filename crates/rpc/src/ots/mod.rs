//! The `ots` namespace, Otterscan's.

pub(crate) mod explorer;
pub(crate) mod search;

use crate::api::Module;
use jsonrpsee::server::RegisterMethodError;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    explorer::register(module)?;
    search::register(module)
}
