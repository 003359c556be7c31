//! Blocks, transactions, receipts and codes as bytes, and the chain's configuration.

use super::replay::not_found;
use crate::{
    api::{Api, Module, heavy, light},
    args::Args,
    error::RpcError,
    eth::{state::block_or_latest, transaction::raw_transaction},
    open_block::OpenContents,
    resolve::Target,
};
use alloy_eips::BlockId;
use alloy_primitives::Bytes;
use alloy_rlp::Encodable;
use jsonrpsee::server::RegisterMethodError;
use tributary_primitives::{StateError, StateReader};
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
    heavy(module, "debug_getRawReceipts", raw_receipts)
}

fn encoded(value: &impl Encodable) -> Bytes {
    alloy_rlp::encode(value).into()
}

/// The block that the next parameter names, the open one as if it ended now. As in geth, a hash of nothing is an error and a number of nothing is not.
fn named(api: &Api, args: &mut Args) -> Result<Option<StoredBlock>, RpcError> {
    let id: BlockId = block_or_latest(args)?;
    let found = match api.by_id(id)? {
        Target::Open(open) => Some(api.ended_now.of(&open, &api.chain.executor)?.block.clone()),
        Target::Sealed(at) => api.chain.store.block(at)?,
    };
    match found {
        None if id.is_hash() => Err(not_found(id)),
        found => Ok(found),
    }
}

fn raw_receipts(api: &Api, args: &mut Args) -> Result<Option<Vec<Bytes>>, RpcError> {
    let id: BlockId = block_or_latest(args)?;
    let receipts = match api.by_id(id)? {
        Target::Open(open) => Some(open.contents(&api.chain.spec).1),
        Target::Sealed(at) => api.chain.store.receipts(at)?,
    };
    match receipts {
        None if id.is_hash() => Err(not_found(id)),
        found => Ok(found.map(|all| all.iter().map(|receipt| receipt.encoded_2718().into()).collect())),
    }
}
