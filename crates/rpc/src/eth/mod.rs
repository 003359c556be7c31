//! The `eth` namespace.

pub(crate) mod block;
pub(crate) mod call_many;
pub(crate) mod config;
pub(crate) mod fee;
pub(crate) mod fill;
pub(crate) mod filter;
pub(crate) mod filters;
pub(crate) mod pubsub;
pub(crate) mod sender_nonce;
pub(crate) mod simulate;
pub(crate) mod state;
pub(crate) mod syncing;
pub(crate) mod transaction;

use crate::api::Module;
use jsonrpsee::server::RegisterMethodError;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    block::register(module)?;
    transaction::register(module)?;
    state::register(module)?;
    fee::register(module)?;
    fill::register(module)?;
    filter::register(module)?;
    pubsub::register(module)?;
    sender_nonce::register(module)?;
    syncing::register(module)?;
    simulate::register(module)?;
    config::register(module)?;
    call_many::register(module)
}
