//! The `ots` namespace, level 8: what Otterscan asks of a node beside Ethereum's methods, in the forms in which Erigon answers it; and the one method
//! of the `erigon` namespace by which Otterscan tells a node that has them. Search is beside.
//!
//! Otterscan sends numbers as numbers; quantities are taken, too.

use crate::{
    api::{Api, Module, heavy, light},
    args::Args,
    count::Count,
    debug::replay::{replay, with_transaction},
    error::RpcError,
    eth::{block::header, sender_nonce::by_sender_and_nonce, transaction::receipt},
    json::{BlockJson, Place, TransactionJson},
    resolve::Target,
};
use alloy_consensus::Transaction as _;
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_hardforks::EthereumHardfork;
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_rpc_types_trace::geth::{CallFrame, GethDebugTracingOptions, GethTrace, TraceResult};
use jsonrpsee::server::RegisterMethodError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tributary_execution::BlockReplay;
use tributary_primitives::{Account, Block, Receipt, StateReader};
use tributary_storage::StoredBlock;

/// Otterscan's number for what is here.
const LEVEL: u64 = 8;

/// Most transactions on one page of a block.
const PAGE: usize = 1000;

/// What the code of an account that EIP-7702 delegates begins with.
const DELEGATION: [u8; 3] = [0xef, 0x01, 0x00];

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    light(module, "ots_getApiLevel", |_, _| Ok(LEVEL))?;
    heavy(module, "erigon_getHeaderByNumber", |api, args| header(api, api.by_tag(height(args)?)?))?;
    light(module, "ots_hasCode", has_code)?;
    heavy(module, "ots_getInternalOperations", |api, args| Ok(internal_operations(&call_tree(api, args.required()?)?)))?;
    heavy(module, "ots_getTransactionError", |api, args| {
        let call = call_tree(api, args.required()?)?;
        Ok(call.output.filter(|_| call.error.is_some()).unwrap_or_default())
    })?;
    heavy(module, "ots_traceTransaction", |api, args| {
        let mut entries = Vec::new();
        TraceEntry::list(&call_tree(api, args.required()?)?, 0, &mut entries);
        Ok(entries)
    })?;
    heavy(module, "ots_getBlockDetails", |api, args| details(api, api.by_tag(height(args)?)?))?;
    heavy(module, "ots_getBlockDetailsByHash", |api, args| details(api, Target::Sealed(args.required::<B256>()?.into())))?;
    heavy(module, "ots_getBlockTransactions", block_transactions)?;
    heavy(module, "ots_getTransactionBySenderAndNonce", |api, args| by_sender_and_nonce(api, args.required()?, count(args)?))?;
    heavy(module, "ots_getContractCreator", |api, args| contract_creator(api, args.required()?))
}

/// The next parameter, a number.
pub(crate) fn count(args: &mut Args) -> Result<u64, RpcError> {
    Ok(args.required::<Count>()?.get())
}

/// A block's number as Otterscan sends it, or as everybody else does.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged, expecting = "a block's number or tag is asked for")]
enum Height {
    Number(u64),
    Id(BlockId),
}

impl From<Height> for BlockId {
    fn from(height: Height) -> Self {
        match height {
            Height::Number(number) => number.into(),
            Height::Id(id) => id,
        }
    }
}

/// The next parameter, a block's number or tag.
fn height(args: &mut Args) -> Result<BlockNumberOrTag, RpcError> {
    match args.required::<Height>()?.into() {
        BlockId::Number(tag) => Ok(tag),
        BlockId::Hash(_) => Err(RpcError::params("a block number is asked for")),
    }
}

fn has_code(api: &Api, args: &mut Args) -> Result<bool, RpcError> {
    let (address, at) = (args.required()?, args.optional::<Height>()?.map_or_else(BlockId::latest, BlockId::from));
    Ok(api.account_at(address, at)?.has_code())
}

/// The options under which every call of a transaction is recorded.
fn call_tracer() -> GethDebugTracingOptions {
    GethDebugTracingOptions::call_tracer(Default::default())
}

/// The calls of a transaction, executed again.
fn call_tree(api: &Api, hash: B256) -> Result<CallFrame, RpcError> {
    let time = api.chain.limits.trace_time;
    let traced = with_transaction(api, hash, time, |block, index| Ok(block.trace_transaction(index, &call_tracer())?))?;
    match traced {
        Some(GethTrace::CallTracer(call)) => Ok(call),
        Some(_) => Err(RpcError::server("tracing failed")),
        None => Err(RpcError::server(format!("transaction {hash} not found"))),
    }
}

/// A transfer (0), self-destruct (1), creation (2) or salted creation (3) inside a transaction.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct InternalOperation {
    #[serde(rename = "type")]
    kind: u8,
    from: Address,
    to: Address,
    value: U256,
}

fn internal_operations(transaction: &CallFrame) -> Vec<InternalOperation> {
    let operation = |call: &CallFrame| {
        let value = call.value.unwrap_or_default();
        let kind = match call.typ.as_str() {
            "CALL" if !value.is_zero() => 0,
            "SELFDESTRUCT" => 1,
            "CREATE" => 2,
            "CREATE2" => 3,
            _ => return None,
        };
        Some(InternalOperation { kind, from: call.from, to: call.to.unwrap_or_default(), value })
    };
    transaction.iter().skip(1).filter_map(operation).collect()
}

/// A call of a transaction, in the order in which they began.
#[derive(Debug, Serialize)]
struct TraceEntry {
    #[serde(rename = "type")]
    kind: String,
    depth: usize,
    from: Address,
    to: Address,
    /// Calls that cannot transfer anything have none.
    value: Option<U256>,
    input: Bytes,
    output: Bytes,
}

impl TraceEntry {
    fn list(call: &CallFrame, depth: usize, entries: &mut Vec<Self>) {
        let transfers = !matches!(call.typ.as_str(), "STATICCALL" | "DELEGATECALL");
        entries.push(Self {
            kind: call.typ.clone(),
            depth,
            from: call.from,
            to: call.to.unwrap_or_default(),
            value: transfers.then(|| call.value.unwrap_or_default()),
            input: call.input.clone(),
            output: call.output.clone().unwrap_or_default(),
        });
        call.calls.iter().for_each(|inner| Self::list(inner, depth + 1, entries));
    }
}

/// A block without its transactions and bloom.
fn slim(stored: &StoredBlock) -> Result<Value, RpcError> {
    let json = BlockJson::new(&stored.block, Some(stored.hash), &stored.senders, false, &[]);
    let mut block = serde_json::to_value(json).map_err(|error| RpcError::internal(&error))?;
    block["logsBloom"] = Value::Null;
    block["transactionCount"] = stored.block.body.transactions.len().into();
    if let Some(fields) = block.as_object_mut() {
        fields.remove("transactions");
    }
    Ok(block)
}

fn details(api: &Api, target: Target) -> Result<Option<Value>, RpcError> {
    let Target::Sealed(id) = target else { return Ok(None) };
    let Some(stored) = api.chain.store.block(id)? else { return Ok(None) };
    let receipts = api.chain.store.receipts(stored.hash)?.unwrap_or_default();
    let (fees, deposits) = fees(&stored.block, &receipts);
    let (block, ommers) = issuance(api, &stored.block);
    let mut details = json!({
        "block": slim(&stored)?,
        "issuance": { "blockReward": block, "uncleReward": ommers, "issuance": block + ommers },
        "totalFees": fees,
    });
    if api.chain.spec.is_rollup() {
        details["gasUsedDepositTx"] = json!(U64::from(deposits));
    }
    Ok(Some(details))
}

/// What the transactions paid for gas, and the gas of those that pay nothing, deposits.
fn fees(block: &Block, receipts: &[Receipt]) -> (U256, u64) {
    let (mut fees, mut deposits, mut before) = (U256::ZERO, 0, 0);
    for (tx, receipt) in block.body.transactions.iter().zip(receipts) {
        let gas = receipt.cumulative_gas_used.saturating_sub(before);
        before = receipt.cumulative_gas_used;
        if tx.is_deposit() {
            deposits += gas;
        } else {
            fees += U256::from(tx.effective_gas_price(block.header.base_fee_per_gas)) * U256::from(gas);
        }
    }
    (fees, deposits)
}

/// What a block mined by work gave to its miner and to those of its ommers (Yellow Paper, 11.3; EIP-649, EIP-1234).
fn issuance(api: &Api, block: &Block) -> (U256, U256) {
    let header = &block.header;
    if header.difficulty.is_zero() || api.chain.spec.is_rollup() {
        return (U256::ZERO, U256::ZERO);
    }
    let active = |fork| api.chain.spec.is_active(fork, header.number, header.timestamp);
    let ether = match () {
        () if active(EthereumHardfork::Constantinople) => 2u64,
        () if active(EthereumHardfork::Byzantium) => 3,
        () => 5,
    };
    let base = U256::from(ether) * U256::from(10).pow(U256::from(18));
    let ommers = &block.body.ommers;
    let of_ommer = |number: u64| base * U256::from((8 + number).saturating_sub(header.number)) / U256::from(8);
    (base + base / U256::from(32) * U256::from(ommers.len()), ommers.iter().map(|ommer| of_ommer(ommer.number)).sum())
}

/// One page of a block's transactions, counted from its end, without what takes room: calldata beyond the selector, logs and blooms.
fn block_transactions(api: &Api, args: &mut Args) -> Result<Option<Value>, RpcError> {
    let (at, page, size) = (height(args)?, count(args)?, count(args)?);
    let size = usize::try_from(size).unwrap_or(PAGE);
    if size > PAGE {
        return Err(RpcError::server(format!("max allowed page size: {PAGE}")));
    }
    let Target::Sealed(id) = api.by_tag(at)? else { return Ok(None) };
    let Some(stored) = api.chain.store.block(id)? else { return Ok(None) };
    let receipts = api.chain.store.receipts(stored.hash)?.unwrap_or_default();
    let skipped = usize::try_from(page).unwrap_or(usize::MAX).saturating_mul(size);
    let end = stored.senders.len().saturating_sub(skipped);
    let start = end.saturating_sub(size);
    let (mut transactions, mut shown) = (Vec::with_capacity(end - start), Vec::with_capacity(end - start));
    for index in start..end {
        transactions.push(short_transaction(&stored, index, receipts.get(index))?);
        shown.push(short_receipt(api, stored.block.body.transactions[index].hash())?);
    }
    let mut block = slim(&stored)?;
    block["transactions"] = transactions.into();
    Ok(Some(json!({ "fullblock": block, "receipts": shown })))
}

fn short_transaction(stored: &StoredBlock, index: usize, receipt: Option<&Receipt>) -> Result<Value, RpcError> {
    let header = &stored.block.header;
    let place = Place {
        block_hash: Some(stored.hash),
        block_number: Some(header.number),
        timestamp: Some(header.timestamp),
        index: Some(index as u64),
        base_fee: header.base_fee_per_gas,
    };
    let json = TransactionJson::new(&stored.block.body.transactions[index], stored.senders[index], place, receipt);
    let mut json = serde_json::to_value(json).map_err(|error| RpcError::internal(&error))?;
    if let Some(Value::String(input)) = json.get_mut("input") {
        input.truncate(2 + 2 * 4);
    }
    Ok(json)
}

fn short_receipt(api: &Api, hash: B256) -> Result<Value, RpcError> {
    let mut json = serde_json::to_value(receipt(api, hash)?).map_err(|error| RpcError::internal(&error))?;
    if !json.is_null() {
        json["logs"] = Value::Null;
        json["logsBloom"] = Value::Null;
    }
    Ok(json)
}

/// Who made a contract, and in which transaction.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Creator {
    hash: B256,
    creator: Address,
}

/// `None` where there is no contract, or none that a transaction made.
fn contract_creator(api: &Api, address: Address) -> Result<Option<Creator>, RpcError> {
    let state = api.chain.store.latest()?;
    let has_code = |account: Option<Account>| account.is_some_and(|account| account.has_code());
    let Some(account) = state.account(address)?.filter(Account::has_code) else { return Ok(None) };
    if state.code(account.code_hash)?.starts_with(&DELEGATION) {
        return Ok(None);
    }
    for change in api.chain.store.account_changes(address)? {
        let (number, before) = change?;
        if !has_code(before) {
            let Some(stored) = api.chain.store.block(number)? else { return Ok(None) };
            return replay(api, &stored, api.chain.limits.trace_time, |block| creator_in(&block, address));
        }
    }
    Ok(None)
}

/// The last creation of an address in a block.
fn creator_in(block: &BlockReplay<'_>, address: Address) -> Result<Option<Creator>, RpcError> {
    for (tx, call) in block.block.body.transactions.iter().zip(calls_of(block)?).rev() {
        if let Some(creation) = call.iter().find(|call| is_creation_of(call, address)) {
            return Ok(Some(Creator { hash: tx.hash(), creator: creation.from }));
        }
    }
    Ok(None)
}

fn is_creation_of(call: &CallFrame, address: Address) -> bool {
    call.to == Some(address) && call.error.is_none() && matches!(call.typ.as_str(), "CREATE" | "CREATE2")
}

/// The calls of all transactions of a block. All or nothing, so that nothing that follows from them is missing.
pub(crate) fn calls_of(block: &BlockReplay<'_>) -> Result<Vec<CallFrame>, RpcError> {
    let call = |result| match result {
        TraceResult::Success { result: GethTrace::CallTracer(call), .. } => Ok(call),
        TraceResult::Success { .. } => Err(RpcError::server("tracing failed")),
        TraceResult::Error { error, .. } => Err(RpcError::server(error)),
    };
    block.trace_block(&call_tracer())?.into_iter().map(call).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Address = Address::repeat_byte(0xaa);
    const B: Address = Address::repeat_byte(0xbb);

    fn call(typ: &str, value: u64, calls: Vec<CallFrame>) -> CallFrame {
        CallFrame { typ: typ.into(), from: A, to: Some(B), value: Some(U256::from(value)), calls, ..Default::default() }
    }

    #[test]
    fn internal_operations_are_what_moves_ether_or_makes_and_ends_contracts_inside() {
        let inner = vec![
            call("CALL", 5, vec![call("CREATE", 0, vec![])]),
            call("CALL", 0, vec![call("DELEGATECALL", 9, vec![])]),
            call("CREATE2", 1, vec![]),
            call("SELFDESTRUCT", 2, vec![]),
        ];
        let found = internal_operations(&call("CALL", 7, inner));
        let found: Vec<_> = found.iter().map(|operation| (operation.kind, operation.value.to::<u64>())).collect();
        assert_eq!(found, [(0, 5), (2, 0), (3, 1), (1, 2)]);
    }

    #[test]
    fn calls_are_listed_in_the_order_in_which_they_begin() {
        let tree = call("CALL", 1, vec![call("STATICCALL", 0, vec![call("CALL", 0, vec![])]), call("DELEGATECALL", 3, vec![])]);
        let mut entries = Vec::new();
        TraceEntry::list(&tree, 0, &mut entries);
        let listed: Vec<_> =
            entries.iter().map(|entry| (entry.kind.as_str(), entry.depth, entry.value.map(|value| value.to::<u64>()))).collect();
        assert_eq!(listed, [("CALL", 0, Some(1)), ("STATICCALL", 1, None), ("CALL", 2, Some(0)), ("DELEGATECALL", 1, None)]);
    }
}
