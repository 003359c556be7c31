//! `eth_` methods about transactions: sending them and finding them again.
//!
//! On the ordinary endpoint a transaction of the open block is one that waits: it has no block and no receipt. On the realtime endpoint it has its number
//! and position and, for its block's hash, zero until the seal; its receipt is final but for that hash.

use super::block::by_hash;
use crate::{
    api::{Api, Module, heavy, light},
    args::Args,
    count::Count,
    error::RpcError,
    json::{Place, ReceiptContext, ReceiptJson, TransactionJson},
    open_block::Open,
    resolve::Target,
};
use alloy_consensus::{Header, Transaction as _};
use alloy_eips::{BlockId, eip2718::Encodable2718};
use alloy_primitives::{B256, Bytes, U64, U256};
use jsonrpsee::server::RegisterMethodError;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{
    broadcast::{self, error::RecvError},
    oneshot,
};
use tributary_chain::{Accepted, Event, Refusal, Submission};
use tributary_execution::L1Fees;
use tributary_pool::{Extra, NextBlock, PoolError, RecoveredTx, SenderState, validate, validate_unpayable};
use tributary_primitives::{Account, Unpayable};

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    module.register_async_method("eth_sendRawTransaction", |params, api, _| async move {
        let raw = send_arguments(Args::new(&params)?)?;
        let tx = decode(&api, raw).await?;
        let hash = tx.hash;
        submit(&api, tx).await?;
        Ok::<_, RpcError>(hash)
    })?;
    module.register_async_method("eth_sendRawTransactionSync", |params, api, _| async move {
        let mut args = Args::new(&params)?;
        let (raw, wait) = (args.required()?, args.optional::<Count>()?.map(|wait| Duration::from_millis(wait.get())));
        args.end()?;
        send_and_wait(api, raw, wait).await
    })?;
    light(module, "eth_getTransactionByHash", |api, args| by_transaction_hash(api, args.required()?))?;
    light(module, "eth_getRawTransactionByHash", |api, args| Ok(raw_transaction(api, args.required()?)?.unwrap_or_default()))?;
    light(module, "eth_getTransactionReceipt", |api, args| receipt(api, args.required()?))?;
    light(module, "eth_getRawTransactionByBlockNumberAndIndex", |api, args| {
        raw_at_index(api, by_told_number(api, args)?, args.required()?)
    })?;
    light(module, "eth_getRawTransactionByBlockHashAndIndex", |api, args| raw_at_index(api, by_hash(args)?, args.required()?))?;
    heavy(module, "eth_getTransactionByBlockNumberAndIndex", |api, args| at_index(api, by_told_number(api, args)?, args.required()?))?;
    heavy(module, "eth_getTransactionByBlockHashAndIndex", |api, args| at_index(api, by_hash(args)?, args.required()?))
}

/// The block whose number or tag is the next parameter, where the number may be from a receipt.
fn by_told_number(api: &Api, args: &mut Args) -> Result<Target, RpcError> {
    api.by_told(args.required()?)
}

/// The parameters of `eth_sendRawTransaction`.
pub(crate) fn send_arguments(mut args: Args) -> Result<Bytes, RpcError> {
    let raw = args.required()?;
    args.end()?;
    Ok(raw)
}

/// Sends transactions in their order and waits for all; each has its own answer.
pub(crate) async fn send_all(api: &Arc<Api>, raw: Vec<Result<Bytes, RpcError>>) -> Vec<Result<B256, RpcError>> {
    let count = raw.len();
    let job = {
        let api = api.clone();
        move || {
            let next = next_block(&api)?;
            Ok(raw.into_par_iter().map(|raw| check(&api, &next, &raw?)).collect::<Vec<_>>())
        }
    };
    let decoded = match api.decoders.run(job).await {
        Ok(decoded) => decoded,
        Err(error) => return vec![Err(error); count],
    };
    let mut answers = Vec::with_capacity(count);
    for tx in decoded {
        answers.push(match tx {
            Ok(tx) => Ok((tx.hash, hand_over(api, tx).await)),
            Err(error) => Err(error),
        });
    }
    let mut hashes = Vec::with_capacity(count);
    for answer in answers {
        hashes.push(match answer {
            Ok((hash, Ok(answer))) => acknowledged(answer).await.map(|_| hash).map_err(RpcError::from),
            Ok((_, Err(refusal))) => Err(refusal.into()),
            Err(error) => Err(error),
        });
    }
    hashes
}

/// Decodes, recovers the sender and checks what needs no state, on a decoding thread.
async fn decode(api: &Arc<Api>, raw: Bytes) -> Result<RecoveredTx, RpcError> {
    let job = {
        let api = api.clone();
        move || check(&api, &next_block(&api)?, &raw)
    };
    api.decoders.run(job).await
}

/// Where the price is beyond what a transaction holds, the answer is what its sender lacks, as in geth.
fn check(api: &Api, next: &NextBlock, raw: &[u8]) -> Result<RecoveredTx, RpcError> {
    let checked = |tx| validate(&tx, &api.chain.spec, next, &api.chain.limits.policy).map(|()| tx);
    let fault = match RecoveredTx::decode(raw) {
        Ok(tx) => return Ok(checked(tx)?),
        Err(fault) => fault,
    };
    if let Some(tx) = Unpayable::decode(raw) {
        checked(RecoveredTx::saturated(tx.clone(), Bytes::copy_from_slice(raw)))?;
        let Account { nonce, balance, .. } = api.account_at(tx.sender, BlockId::pending())?;
        let fees = api.open()?.and_then(|open| api.open_fees(&open));
        let fee = fees.map_or(U256::ZERO, |fees| fees.rollup_cost(raw, tx.tx.gas_limit()));
        validate_unpayable(&tx, &SenderState { nonce, balance, extra: Extra { fee, ..Extra::default() } })?;
    }
    Err(fault.into())
}

/// The block that a transaction sent now would run in.
pub(crate) fn next_block(api: &Api) -> Result<NextBlock, RpcError> {
    if let Some(open) = api.open()? {
        let header = open.header();
        return Ok(NextBlock { number: header.number, timestamp: header.timestamp, gas_limit: header.gas_limit });
    }
    let head = api.chain.store.header(api.head()?)?.ok_or_else(RpcError::header_not_found)?;
    Ok(NextBlock { number: head.number + 1, timestamp: head.timestamp + 1, gas_limit: head.gas_limit })
}

/// What the sequencer will answer.
type Answer = oneshot::Receiver<Result<Accepted, Refusal>>;

/// Sends a transaction that the node itself has made and checked, and waits until it is acknowledged.
pub(crate) async fn send_recovered(api: &Api, tx: RecoveredTx) -> Result<(), RpcError> {
    Ok(submit(api, tx).await.map(drop)?)
}

/// Waits for the receipt of a transaction that was acknowledged.
pub(crate) async fn wait_for_receipt(api: &Api, hash: B256) -> Result<ReceiptJson, RpcError> {
    // Subscribed before the first look, so that nothing happens in between unseen.
    let mut events = api.chain.events.subscribe();
    let seen = tokio::time::timeout(api.chain.limits.sync_wait, async {
        loop {
            if let Some(receipt) = receipt(api, hash)? {
                return Ok(receipt);
            }
            until_mentioned(&mut events, hash).await?;
        }
    });
    seen.await.unwrap_or_else(|_| Err(RpcError::sync_timeout(hash)))
}

/// Hands a transaction to the sequencer and waits until it is acknowledged.
async fn submit(api: &Api, tx: RecoveredTx) -> Result<Accepted, Refusal> {
    acknowledged(hand_over(api, tx).await?).await
}

async fn hand_over(api: &Api, tx: RecoveredTx) -> Result<Answer, Refusal> {
    let (reply, answer) = oneshot::channel();
    let submission = Submission { arrived: Instant::now(), endpoint: api.endpoint, tx, reply };
    let sent = tokio::time::timeout(api.chain.limits.sync_wait, api.chain.submit.send(submission)).await;
    match sent {
        Ok(Ok(())) => Ok(answer),
        Ok(Err(_)) => Err(Refusal::NotTaken),
        Err(_) => Err(Refusal::Busy),
    }
}

async fn acknowledged(answer: Answer) -> Result<Accepted, Refusal> {
    answer.await.unwrap_or(Err(Refusal::Stopping))
}

/// EIP-7966: sends and answers with the receipt once there is one. A transaction that was sent before is waited for, or its receipt is given again.
async fn send_and_wait(api: Arc<Api>, raw: Bytes, wait: Option<Duration>) -> Result<ReceiptJson, RpcError> {
    let longest = api.chain.limits.sync_wait;
    let wait = wait.map_or(longest, |wait| wait.min(longest));
    let tx = decode(&api, raw).await?;
    let hash = tx.hash;
    if let Some(receipt) = receipt(&api, hash)? {
        return Ok(receipt);
    }
    let done = tokio::time::timeout(wait, async {
        if let Err(refusal) = submit(&api, tx).await {
            // One that is executed and not durable yet is nowhere that readers look, and known all the same.
            let is_known = refusal == Refusal::Invalid(PoolError::AlreadyKnown);
            if !is_known && receipt(&api, hash)?.is_none() && !is_waiting(&api, hash) {
                return Err(refusal.into());
            }
        }
        wait_for_receipt(&api, hash).await
    });
    done.await.unwrap_or_else(|_| Err(RpcError::sync_timeout(hash)))
}

/// Whether the transaction is known without having a receipt.
fn is_waiting(api: &Api, hash: B256) -> bool {
    let open = api.chain.pending.borrow().clone();
    api.with_pool(|pool| pool.get(hash).is_some()) || open.is_some_and(|open| open.transaction(hash).is_some())
}

/// Waits for an event after which the transaction may have a receipt.
async fn until_mentioned(events: &mut broadcast::Receiver<Event>, hash: B256) -> Result<(), RpcError> {
    loop {
        match events.recv().await {
            Ok(Event::Transaction(published)) if published.hash == hash => return Ok(()),
            Ok(Event::Sealed(_)) | Err(RecvError::Lagged(_)) => return Ok(()),
            Ok(_) => {}
            Err(RecvError::Closed) => return Err(RpcError::limit("server is stopping")),
        }
    }
}

/// The open block as it was before the store was looked at, to be asked for after the pool. What is in none of them is nowhere: a transaction leaves
/// the pool when it is in the open block, and a block is in the store before the next one is open.
fn open_before_store(api: &Api) -> Option<Open> {
    api.chain.pending.borrow().clone()
}

pub(crate) fn by_transaction_hash(api: &Api, hash: B256) -> Result<Option<TransactionJson>, RpcError> {
    let waiting = api.with_pool(|pool| pool.get(hash).cloned());
    let open = open_before_store(api);
    if let Some((number, index)) = api.chain.store.transaction_position(hash)? {
        return sealed_transaction(api, number, index);
    }
    if let Some((open, (index, found))) = open.and_then(|open| open.transaction(hash).map(|found| (open, found))) {
        let place = if api.is_realtime() { open_place(open.header(), index) } else { Place::default() };
        return Ok(Some(TransactionJson::new(&found.tx, found.sender, place, Some(&found.receipt))));
    }
    Ok(waiting.map(|tx| TransactionJson::new(&tx.tx, tx.sender, Place::default(), None)))
}

fn open_place(header: &Header, index: usize) -> Place {
    Place {
        block_hash: Some(B256::ZERO),
        block_number: Some(header.number),
        timestamp: Some(header.timestamp),
        index: Some(index as u64),
        base_fee: header.base_fee_per_gas,
    }
}

fn sealed_transaction(api: &Api, number: u64, index: u32) -> Result<Option<TransactionJson>, RpcError> {
    let store = &api.chain.store;
    let Some(found) = store.transaction(number, index)? else { return Ok(None) };
    let Some(header) = store.header(number)? else { return Ok(None) };
    let receipt = if found.transaction.is_deposit() { store.receipt(number, index)? } else { None };
    let place = Place {
        block_hash: Some(header.hash()),
        block_number: Some(number),
        timestamp: Some(header.timestamp),
        index: Some(index.into()),
        base_fee: header.base_fee_per_gas,
    };
    Ok(Some(TransactionJson::new(&found.transaction, found.sender, place, receipt.as_ref().map(|stored| &stored.receipt))))
}

fn at_index(api: &Api, target: Target, index: U64) -> Result<Option<TransactionJson>, RpcError> {
    let Ok(index) = u32::try_from(index.to::<u64>()) else { return Ok(None) };
    let number = match target {
        Target::Open(open) => {
            let found = open.get(index as usize);
            let place = Place { block_hash: None, ..open_place(open.header(), index as usize) };
            return Ok(found.map(|found| TransactionJson::new(&found.tx, found.sender, place, Some(&found.receipt))));
        }
        Target::Sealed(id) => match api.chain.store.header(id)? {
            Some(header) => header.number,
            None => return Ok(None),
        },
    };
    sealed_transaction(api, number, index)
}

/// EIP-2718 bytes of the transaction at a position, `None` when there is none.
fn raw_at_index(api: &Api, target: Target, index: U64) -> Result<Option<Bytes>, RpcError> {
    let Ok(index) = u32::try_from(index.to::<u64>()) else { return Ok(None) };
    match target {
        Target::Open(open) => Ok(open.get(index as usize).map(|found| found.tx.encoded_2718().into())),
        Target::Sealed(id) => {
            let Some(header) = api.chain.store.header(id)? else { return Ok(None) };
            Ok(api.chain.store.transaction(header.number, index)?.map(|found| found.transaction.encoded_2718().into()))
        }
    }
}

/// EIP-2718 bytes of a transaction, without blobs.
pub(crate) fn raw_transaction(api: &Api, hash: B256) -> Result<Option<Bytes>, RpcError> {
    let waiting = api.with_pool(|pool| pool.get(hash).map(|tx| tx.encoded.clone()));
    let open = open_before_store(api);
    let store = &api.chain.store;
    if let Some((number, index)) = store.transaction_position(hash)? {
        return Ok(store.transaction(number, index)?.map(|found| found.transaction.encoded_2718().into()));
    }
    if let Some((_, found)) = open.and_then(|open| open.transaction(hash)) {
        return Ok(Some(found.tx.encoded_2718().into()));
    }
    Ok(waiting)
}

/// The receipt of a transaction that is visible.
pub(crate) fn receipt(api: &Api, hash: B256) -> Result<Option<ReceiptJson>, RpcError> {
    let open = open_before_store(api);
    if let Some((number, index)) = api.chain.store.transaction_position(hash)? {
        return sealed_receipt(api, number, index);
    }
    Ok(open.filter(|_| api.is_realtime()).and_then(|open| open_receipt(api, &open, hash)))
}

fn sealed_receipt(api: &Api, number: u64, index: u32) -> Result<Option<ReceiptJson>, RpcError> {
    let store = &api.chain.store;
    let (Some(found), Some(stored)) = (store.transaction(number, index)?, store.receipt(number, index)?) else { return Ok(None) };
    let Some(header) = store.header(number)? else { return Ok(None) };
    let context = ReceiptContext {
        block_hash: header.hash(),
        gas_used: stored.gas_used,
        first_log: stored.first_log.into(),
        ..context(api, &header, api.sealed_fees(number)?, index.into())
    };
    Ok(Some(ReceiptJson::new(&found.transaction, found.sender, &stored.receipt, &context)))
}

fn open_receipt(api: &Api, open: &Open, hash: B256) -> Option<ReceiptJson> {
    let (index, found) = open.transaction(hash)?;
    let context = ReceiptContext {
        gas_used: found.gas_used,
        first_log: open.first_log(index),
        ..context(api, open.header(), api.open_fees(open), index as u64)
    };
    Some(ReceiptJson::new(&found.tx, found.sender, &found.receipt, &context))
}

fn context(api: &Api, header: &Header, fees: Option<L1Fees>, index: u64) -> ReceiptContext {
    ReceiptContext {
        block_hash: B256::ZERO,
        block_number: header.number,
        timestamp: header.timestamp,
        base_fee: header.base_fee_per_gas,
        excess_blob_gas: header.excess_blob_gas,
        blob_params: api.chain.spec.blob_params(header.timestamp),
        fees,
        index,
        gas_used: 0,
        first_log: 0,
    }
}
