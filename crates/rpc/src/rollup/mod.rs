//! What only a rollup has: the `optimism` and `tributary` namespaces.

pub(crate) mod economy;
pub(crate) mod explain;
pub(crate) mod feed;
pub(crate) mod optimism;
pub(crate) mod tributary;

use crate::{api::Module, chain::RollupView};
use jsonrpsee::server::RegisterMethodError;

pub(crate) fn register(module: &mut Module, rollup: RollupView) -> Result<(), RegisterMethodError> {
    optimism::register(module, rollup)?;
    tributary::register(module)?;
    economy::register(module)?;
    explain::register(module)?;
    feed::register(module)
}
