//! Development nodes only: transactions that wait are taken back, under the names of anvil and Hardhat. One that was executed is in the open block and
//! stays there.

use crate::api::{Module, light};
use alloy_primitives::{Address, B256};
use jsonrpsee::server::RegisterMethodError;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    light(module, "anvil_dropTransaction", |api, args| {
        let hash: B256 = args.required()?;
        Ok(api.with_pool_mut(|pool| pool.remove(hash)).map(|tx| tx.hash))
    })?;
    light(module, "hardhat_dropTransaction", |api, args| {
        let hash: B256 = args.required()?;
        Ok(api.with_pool_mut(|pool| pool.remove(hash)).is_some())
    })?;
    light(module, "anvil_dropAllTransactions", |api, _| {
        api.with_pool_mut(tributary_pool::Pool::drop_waiting);
        Ok(())
    })?;
    light(module, "anvil_removePoolTransactions", |api, args| {
        let sender: Address = args.required()?;
        api.with_pool_mut(|pool| {
            let content = pool.content_from(sender);
            let all = content.pending.into_values().chain(content.queued.into_values()).flat_map(|txs| txs.into_values());
            all.for_each(|tx| drop(pool.remove(tx.hash)));
        });
        Ok(())
    })
}
