//! `debug_getBadBlocks` and `debug_traceBadBlock`: blocks that a peer sent and that were not valid. This node executes its own blocks and those that it
//! derives from L1, so that it has none.

use crate::{
    api::{Module, light},
    error::RpcError,
};
use alloy_primitives::B256;
use alloy_rpc_types_trace::geth::GethDebugTracingOptions;
use jsonrpsee::server::RegisterMethodError;
use serde_json::Value;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    light(module, "debug_getBadBlocks", |_, _| Ok(Vec::<Value>::new()))?;
    light(module, "debug_traceBadBlock", |_, args| -> Result<Value, RpcError> {
        let hash: B256 = args.required()?;
        args.optional::<GethDebugTracingOptions>()?;
        Err(RpcError::server(format!("bad block {hash} not found")))
    })
}
