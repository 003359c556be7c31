//! Development nodes only: transactions that wait are taken back, under the names of anvil and Hardhat. One that was executed is in the open block and
//! stays there.

use crate::{
    api::{Api, Module},
    args::Args,
    error::RpcError,
};
use alloy_primitives::{Address, B256};
use jsonrpsee::server::RegisterMethodError;
use tributary_chain::Command;
use tributary_pool::Waiting;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    module.register_async_method("anvil_dropTransaction", |params, api, _| async move {
        let hash: B256 = only(Args::new(&params)?)?;
        let dropped = forget(&api, Waiting::Hash(hash)).await?;
        Ok::<_, RpcError>((dropped > 0).then_some(hash))
    })?;
    module.register_async_method("hardhat_dropTransaction", |params, api, _| async move {
        let hash: B256 = only(Args::new(&params)?)?;
        Ok::<_, RpcError>(forget(&api, Waiting::Hash(hash)).await? > 0)
    })?;
    module.register_async_method("anvil_dropAllTransactions", |params, api, _| async move {
        Args::new(&params)?.end()?;
        forget(&api, Waiting::All).await.map(drop)
    })?;
    module.register_async_method("anvil_removePoolTransactions", |params, api, _| async move {
        let sender: Address = only(Args::new(&params)?)?;
        forget(&api, Waiting::Sender(sender)).await.map(drop)
    })?;
    Ok(())
}

/// A method's one parameter.
fn only<T: serde::de::DeserializeOwned + 'static>(mut args: Args) -> Result<T, RpcError> {
    let value = args.required()?;
    args.end()?;
    Ok(value)
}

/// Has the node drop them: it has written down that it took them, and has to write that down, too. How many there were.
async fn forget(api: &Api, which: Waiting) -> Result<u64, RpcError> {
    let extras = api.chain.development.as_ref().ok_or_else(|| RpcError::server("this is not a development node"))?;
    extras.order(Command::Drop(which)).await
}
