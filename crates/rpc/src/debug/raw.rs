//! Blocks, transactions, receipts and codes as bytes, and the chain's configuration.

use super::replay::{not_found, sealed};
use crate::{
    api::{Api, Module, heavy, light},
    args::Args,
    error::RpcError,
    eth::{state::block_or_latest, transaction::raw_transaction},
};
use alloy_eips::BlockId;
use alloy_primitives::Bytes;
use alloy_rlp::Encodable;
use jsonrpsee::server::RegisterMethodError;
use tributary_primitives::{Receipt, StateError, StateReader};
use tributary_storage::StoredBlock;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    light(module, "debug_chainConfig", |api, _| Ok(api.chain.spec.genesis.config.clone()))?;
    heavy(module, "debug_codeByHash", |api, args| {
        let (hash, at) = (args.required()?, block_or_latest(args)?);
        match api.state_at(at)?.state.code(hash) {
            Ok(code) => Ok(Some(code)),
            Err(StateError::Missing(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    })?;
    heavy(module, "debug_getRawHeader", |api, args| Ok(named(api, args)?.map_or_else(Bytes::new, |stored| encoded(&stored.block.header))))?;
    heavy(module, "debug_getRawBlock", |api, args| Ok(named(api, args)?.map_or_else(Bytes::new, |stored| encoded(&stored.block))))?;
    heavy(module, "debug_getRawTransaction", |api, args| Ok(raw_transaction(api, args.required()?)?.unwrap_or_default()))?;
    heavy(module, "debug_getRawReceipts", |api, args| {
        let Some(block) = named(api, args)? else { return Ok(None) };
        let receipts = api.chain.store.receipts(block.hash)?.unwrap_or_default();
        Ok(Some(receipts.iter().map(|receipt| Receipt::encoded_2718(receipt).into()).collect::<Vec<Bytes>>()))
    })
}

fn encoded(value: &impl Encodable) -> Bytes {
    alloy_rlp::encode(value).into()
}

/// The sealed block that the next parameter names. As in geth, a hash of nothing is an error and a number of nothing is not.
fn named(api: &Api, args: &mut Args) -> Result<Option<StoredBlock>, RpcError> {
    let id: BlockId = block_or_latest(args)?;
    match sealed(api, id)? {
        None if id.is_hash() => Err(not_found(id)),
        found => Ok(found),
    }
}
