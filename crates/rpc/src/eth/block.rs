//! `eth_` methods about blocks.

use crate::{
    api::{Api, Module, heavy, light},
    args::Args,
    error::RpcError,
    json::{BlockJson, HeaderJson, ReceiptContext, ReceiptJson},
    open_block::OpenContents,
    resolve::Target,
};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, U64};
use jsonrpsee::server::RegisterMethodError;
use tributary_execution::L1Fees;
use tributary_primitives::Receipt;
use tributary_storage::StoredBlock;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    light(module, "eth_chainId", |api, _| Ok(U64::from(api.chain.spec.chain_id)))?;
    light(module, "eth_coinbase", |api, _| coinbase(api))?;
    light(module, "eth_blockNumber", |api, _| Ok(U64::from(api.head()?)))?;
    heavy(module, "eth_getBlockByNumber", |api, args| {
        let (tag, full) = (args.required()?, args.required()?);
        block(api, api.by_tag(tag)?, full)
    })?;
    heavy(module, "eth_getBlockByHash", |api, args| {
        let (hash, full): (B256, _) = (args.required()?, args.required()?);
        block(api, Target::Sealed(hash.into()), full)
    })?;
    heavy(module, "eth_getBlockReceipts", |api, args| {
        let id: BlockId = args.required()?;
        block_receipts(api, api.by_id(id)?)
    })?;
    light(module, "eth_getBlockTransactionCountByNumber", |api, args| transaction_count(api, by_number(api, args)?))?;
    light(module, "eth_getBlockTransactionCountByHash", |api, args| transaction_count(api, by_hash(args)?))?;
    light(module, "eth_getUncleCountByBlockNumber", |api, args| uncle_count(api, by_number(api, args)?))?;
    light(module, "eth_getUncleCountByBlockHash", |api, args| uncle_count(api, by_hash(args)?))?;
    light(module, "eth_getUncleByBlockNumberAndIndex", |api, args| uncle(api, by_number(api, args)?, args.required()?))?;
    light(module, "eth_getUncleByBlockHashAndIndex", |api, args| uncle(api, by_hash(args)?, args.required()?))?;
    heavy(module, "eth_getHeaderByNumber", |api, args| header(api, by_number(api, args)?))?;
    light(module, "eth_getHeaderByHash", |api, args| header(api, by_hash(args)?))
}

/// Who gets the fees of the open block, or got those of the newest.
fn coinbase(api: &Api) -> Result<Address, RpcError> {
    if let Some(open) = api.open()? {
        return Ok(open.header().beneficiary);
    }
    let header = api.chain.store.header(api.head()?)?;
    Ok(header.ok_or_else(RpcError::header_not_found)?.beneficiary)
}

/// The block whose number or tag is the next parameter.
pub(crate) fn by_number(api: &Api, args: &mut Args) -> Result<Target, RpcError> {
    api.by_tag(args.required::<BlockNumberOrTag>()?)
}

/// The block whose hash is the next parameter.
pub(crate) fn by_hash(args: &mut Args) -> Result<Target, RpcError> {
    Ok(Target::Sealed(args.required::<B256>()?.into()))
}

fn block(api: &Api, target: Target, full: bool) -> Result<Option<BlockJson>, RpcError> {
    let id = match target {
        Target::Open(open) => {
            let ended = api.ended_now.of(&open, &api.chain.executor)?;
            let StoredBlock { block, senders, .. } = &ended.block;
            return Ok(Some(BlockJson::new(block, None, senders, full, &ended.receipts)));
        }
        Target::Sealed(id) => id,
    };
    let Some(StoredBlock { block, hash, senders }) = api.chain.store.block(id)? else { return Ok(None) };
    // Only a deposit's nonce is not in the transaction itself.
    let receipts = match full && block.body.transactions.iter().any(|tx| tx.is_deposit()) {
        true => api.chain.store.receipts(hash)?.unwrap_or_default(),
        false => Vec::new(),
    };
    Ok(Some(BlockJson::new(&block, Some(hash), &senders, full, &receipts)))
}

pub(crate) fn header(api: &Api, target: Target) -> Result<Option<HeaderJson>, RpcError> {
    Ok(match target {
        Target::Open(open) => Some(HeaderJson::new(&api.ended_now.of(&open, &api.chain.executor)?.block.block.header, None)),
        Target::Sealed(id) => api.chain.store.header(id)?.map(|header| HeaderJson::new(&header, Some(header.hash()))),
    })
}

fn block_receipts(api: &Api, target: Target) -> Result<Option<Vec<ReceiptJson>>, RpcError> {
    let id = match target {
        Target::Open(open) => {
            let (block, receipts) = open.contents(&api.chain.spec);
            return Ok(Some(receipts_json(api, &block, &receipts, api.open_fees(&open))));
        }
        Target::Sealed(id) => id,
    };
    let Some(block) = api.chain.store.block(id)? else { return Ok(None) };
    let Some(receipts) = api.chain.store.receipts(block.hash)? else { return Ok(None) };
    let fees = api.sealed_fees(block.block.header.number)?;
    Ok(Some(receipts_json(api, &block, &receipts, fees)))
}

pub(crate) fn receipts_json(api: &Api, stored: &StoredBlock, receipts: &[Receipt], fees: Option<L1Fees>) -> Vec<ReceiptJson> {
    let header = &stored.block.header;
    let mut context = ReceiptContext {
        block_hash: stored.hash,
        block_number: header.number,
        timestamp: header.timestamp,
        base_fee: header.base_fee_per_gas,
        excess_blob_gas: header.excess_blob_gas,
        blob_params: api.chain.spec.blob_params(header.timestamp),
        fees,
        index: 0,
        gas_used: 0,
        first_log: 0,
    };
    let mut before = 0;
    let transactions = stored.block.body.transactions.iter().zip(&stored.senders).zip(receipts);
    transactions
        .map(|((tx, from), receipt)| {
            context.gas_used = receipt.cumulative_gas_used.saturating_sub(before);
            before = receipt.cumulative_gas_used;
            let json = ReceiptJson::new(tx, *from, receipt, &context);
            context.index += 1;
            context.first_log += receipt.logs.len() as u64;
            json
        })
        .collect()
}

fn transaction_count(api: &Api, target: Target) -> Result<Option<U64>, RpcError> {
    Ok(match target {
        Target::Open(open) => Some(U64::from(open.len())),
        Target::Sealed(id) => api.chain.store.transaction_count(id)?.map(U64::from),
    })
}

fn uncle_count(api: &Api, target: Target) -> Result<Option<U64>, RpcError> {
    Ok(match target {
        Target::Open(_) => Some(U64::ZERO),
        Target::Sealed(id) => api.chain.store.block(id)?.map(|stored| U64::from(stored.block.body.ommers.len())),
    })
}

fn uncle(api: &Api, target: Target, index: U64) -> Result<Option<BlockJson>, RpcError> {
    let Target::Sealed(id) = target else { return Ok(None) };
    let Some(stored) = api.chain.store.block(id)? else { return Ok(None) };
    Ok(stored.block.body.ommers.get(index.to::<u64>() as usize).map(BlockJson::of_uncle))
}
