//! What development nodes do for their users beside the rest.

pub(crate) mod absent;
pub(crate) mod accounts;
pub(crate) mod info;
pub(crate) mod mine;
pub(crate) mod orders;
pub(crate) mod pool;
pub(crate) mod time;
pub(crate) mod tokens;
pub(crate) mod typed_data;

use crate::api::Module;
use jsonrpsee::server::RegisterMethodError;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    absent::register(module)?;
    accounts::register(module)?;
    mine::register(module)?;
    pool::register(module)?;
    time::register(module)?;
    tokens::register(module)?;
    typed_data::register(module)
}
