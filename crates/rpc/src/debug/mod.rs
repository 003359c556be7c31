//! The `debug` namespace.

pub(crate) mod account_range;
pub(crate) mod bad_blocks;
pub(crate) mod kept;
pub(crate) mod modified_accounts;
pub(crate) mod raw;
pub(crate) mod replay;
pub(crate) mod storage_range;
pub(crate) mod trace;
pub(crate) mod witness;

use crate::api::Module;
use jsonrpsee::server::RegisterMethodError;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    raw::register(module)?;
    trace::register(module)?;
    storage_range::register(module)?;
    account_range::register(module)?;
    modified_accounts::register(module)?;
    bad_blocks::register(module)?;
    witness::register(module)?;
    crate::eth::call_many::register_debug(module)
}
