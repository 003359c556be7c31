//! `tributary_explain`: why a settlement paid whom, as a receipt that can be checked without this node; `tributary_unpaid`: for which words it did not pay somebody.

use super::economy::indexed;
use crate::{
    api::{Api, Module},
    error::RpcError,
    resolve::Target,
};
use alloy_consensus::Header;
use alloy_eips::{
    BlockNumberOrTag,
    eip2935::{HISTORY_SERVE_WINDOW, HISTORY_STORAGE_ADDRESS},
};
use alloy_primitives::{Address, B256, Log, U64, U256, keccak256};
use alloy_sol_types::SolEvent;
use jsonrpsee::server::RegisterMethodError;
use serde::Deserialize;
use std::sync::Arc;
use tributary_contracts::{
    IAttributionStore, Inference,
    predeploys::{ATTRIBUTION_STORE, INFERENCE},
};
use tributary_execution::Abort;
use tributary_explanation::{Answer, BlockProof, Calls, Explanation, Link, Receipt, Rollup, Settled, StateNodes, Unpaid, ask, explain};
use tributary_index::{
    Reader,
    rows::{Origin, Settlement},
};
use tributary_primitives::StateReader;
use tributary_storage::StoredBlock;
use tributary_trie::{Recorder, prove_item};

/// Bytes of sets of texts that a proof holds unasked.
const SMALL: u64 = 1 << 20;

/// Most bytes of answers that one receipt explains.
const MOST_BYTES: u64 = 1 << 20;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    indexed(module, "tributary_explain", |api, args| {
        let id: U256 = args.required()?;
        let options: Options = args.optional()?.unwrap_or_default();
        api.trace_in_time(api.chain.limits.trace_time, |abort| receipt(api, id, &options, abort))
    })?;
    indexed(module, "tributary_unpaid", |api, args| {
        let id: U256 = args.required()?;
        let account: Address = args.required()?;
        api.trace_in_time(api.chain.limits.trace_time, |abort| unpaid(api, id, account, abort))
    })
}

/// The last parameter.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Options {
    /// The block whose output root will stand for it on L1: the settlement's unless said.
    at: Option<BlockNumberOrTag>,
    /// Whether the proof is to hold the sets of texts, so that weights can be computed again, too: unless said, of sets of up to [`SMALL`] bytes.
    whole: Option<bool>,
}

/// A settlement of the index, with what it is explained from.
struct Case {
    id: U256,
    found: Found,
    answers: Vec<Answer>,
    before: B256,
}

impl Case {
    /// `None` where there is no such settlement.
    fn find(api: &Api, reader: &Reader, id: U256) -> Result<Option<Self>, RpcError> {
        let Some(settlement) = reader.settlement(id).map_err(super::economy::failed)? else { return Ok(None) };
        let found = Found::at(api, &settlement.origin)?;
        Ok(Some(Self { id, found, answers: answers(api, reader, &settlement)?, before: before(api, reader, &settlement)? }))
    }

    fn settled(&self) -> Settled<'_> {
        let header = &self.found.block.block.header;
        Settled {
            id: self.id,
            logs: &self.found.logs,
            block: (header.number, header.timestamp),
            before: self.before,
            answers: &self.answers,
        }
    }
}

/// The index at its newest block.
fn index(api: &Api) -> Result<Reader, RpcError> {
    let rollup = api.chain.rollup.as_ref().ok_or_else(|| RpcError::server("this chain is not a rollup"))?;
    let index = rollup.index.as_ref().ok_or_else(|| RpcError::server("this node keeps no index of the economy"))?;
    index.index.latest().map_err(super::economy::failed)
}

/// `None` where there is no such settlement.
fn receipt(api: &Api, id: U256, options: &Options, abort: &Abort) -> Result<Option<Receipt>, RpcError> {
    let Some(case) = Case::find(api, &index(api)?, id)? else { return Ok(None) };
    let found = &case.found;
    let snapshot = api.chain.store.at(found.block.block.header.number)?;
    let header = found.block.block.header.clone();
    let state = Arc::new(Recorder::new(snapshot.clone(), header.state_root));
    let indexed = Calls::by(api.chain.executor.clone(), Arc::new(snapshot), header.clone(), abort.clone());
    let chain_id = api.chain.spec.chain_id;
    let (explained, whole) = {
        let calls = Calls::new(chain_id, state.clone(), header.clone(), abort.clone());
        let explained = explain(&calls, &case.settled(), &mut |asked| ask(&indexed, asked)).map_err(failed)?;
        let whole = options.whole.map_or_else(|| is_small(&indexed, &explained), Ok)?;
        if whole {
            // The same without an index, so that the state tells all that it takes.
            explain(&calls, &case.settled(), &mut |asked| ask(&calls, asked)).map_err(failed)?;
        }
        (explained, whole)
    };
    let state = Arc::into_inner(state).ok_or_else(|| RpcError::server("the state is still in use"))?;
    let proof = BlockProof {
        header: alloy_rlp::encode(&header).into(),
        anchor: options.at.map(|at| anchor(api, &header, at)).transpose()?.flatten(),
        transaction: U64::from(found.transaction),
        receipt: found.receipts[found.transaction].clone().into(),
        receipt_nodes: prove_item(&found.receipts, found.transaction).unwrap_or_default(),
        state: state.into_witness()?.into(),
    };
    let portal = api.chain.rollup.as_ref().map(|rollup| rollup.config.deposit_contract_address).unwrap_or_default();
    let rollup = Rollup { chain_id: U64::from(chain_id), portal };
    Ok(Some(Receipt::new(rollup, explained, proof, whole)))
}

/// For which words of a settlement an account was not paid by their weight; `None` where there is no such settlement.
fn unpaid(api: &Api, id: U256, account: Address, abort: &Abort) -> Result<Option<Vec<Unpaid>>, RpcError> {
    let reader = index(api)?;
    let Some(case) = Case::find(api, &reader, id)? else { return Ok(None) };
    let header = case.found.block.block.header.clone();
    let snapshot = Arc::new(api.chain.store.at(header.number)?);
    let calls = Calls::by(api.chain.executor.clone(), snapshot, header, abort.clone());
    let explained = explain(&calls, &case.settled(), &mut |asked| ask(&calls, asked)).map_err(failed)?;
    let owner = |datanet: U256, row: u64| -> Result<_, RpcError> {
        Ok(reader.contribution(datanet, row).map_err(super::economy::failed)?.map(|row| row.author))
    };
    tributary_explanation::unpaid(&explained, account, owner).map(Some)
}

fn is_small(calls: &Calls, explanation: &Explanation) -> Result<bool, RpcError> {
    let mut bytes = 0u64;
    for source in &explanation.sources {
        let set = calls.view(ATTRIBUTION_STORE, &IAttributionStore::infoCall { setId: source.set_id }).map_err(failed)?;
        bytes = bytes.saturating_add(set.size);
    }
    Ok(bytes <= SMALL)
}

/// The later block that a client wants its receipt under, with the proof that it has this one as its ancestor.
fn anchor(api: &Api, header: &Header, at: BlockNumberOrTag) -> Result<Option<Link>, RpcError> {
    let Target::Sealed(id) = api.by_tag(at)? else { return Err(RpcError::params("an open block has no output root")) };
    let snapshot = api.snapshot(id)?;
    let later = snapshot.header().inner().clone();
    if later.number == header.number {
        return Ok(None);
    }
    let window = HISTORY_SERVE_WINDOW as u64;
    if later.number < header.number || later.number - header.number > window {
        let words =
            format!("it was settled in block {}; name that block, or one of the next {window}, not {}", header.number, later.number);
        return Err(RpcError::params(words));
    }
    let state = Recorder::new(snapshot, later.state_root);
    state.storage(HISTORY_STORAGE_ADDRESS, U256::from(header.number % window))?;
    let state = StateNodes::from(state.into_witness()?);
    Ok(Some(Link { header: alloy_rlp::encode(&later).into(), state }))
}

/// A transaction that the index names.
struct Found {
    block: StoredBlock,
    transaction: usize,
    /// Of all transactions of the block, as it commits to them.
    receipts: Vec<Vec<u8>>,
    /// Of the transaction.
    logs: Vec<Log>,
}

impl Found {
    fn at(api: &Api, origin: &Origin) -> Result<Self, RpcError> {
        let gone = || RpcError::server("the chain was reorganised meanwhile; ask again");
        let number: u64 = origin.block.to();
        let block = api.chain.store.block(number)?.ok_or_else(gone)?;
        let receipts = api.chain.store.receipts(block.hash)?.ok_or_else(gone)?;
        let transaction = block.block.body.transactions.iter().position(|tx| tx.hash() == origin.transaction).ok_or_else(gone)?;
        let logs = receipts.get(transaction).ok_or_else(gone)?.logs.clone();
        Ok(Self { transaction, receipts: receipts.iter().map(tributary_primitives::Receipt::encoded_2718).collect(), logs, block })
    }

    fn is(&self, origin: &Origin) -> bool {
        self.block.block.body.transactions.get(self.transaction).is_some_and(|tx| tx.hash() == origin.transaction)
    }

    /// The first event of this kind that is the one.
    fn event<E: SolEvent>(&self, is: impl Fn(&E) -> bool) -> Result<E, RpcError> {
        let events = self.logs.iter().filter(|log| log.address == INFERENCE).filter_map(|log| E::decode_log(log).ok());
        events.map(|event| event.data).find(is).ok_or_else(|| RpcError::server("the chain was reorganised meanwhile; ask again"))
    }
}

/// The answers that were paid for, from the logs that the index names.
fn answers(api: &Api, reader: &Reader, settlement: &Settlement) -> Result<Vec<Answer>, RpcError> {
    let first: u64 = settlement.first.to();
    let mut found: Option<Found> = None;
    let (mut answers, mut bytes) = (Vec::new(), 0);
    for index in first..first + settlement.count.to::<u64>() {
        let row = reader.answer(settlement.session_id, index).map_err(super::economy::failed)?;
        let row = row.ok_or_else(|| RpcError::server(format!("the index of the economy has no answer {index} of this session")))?;
        bytes += row.size.to::<u64>();
        if bytes > MOST_BYTES {
            return Err(RpcError::limit(format!("the answers of this settlement have more than {MOST_BYTES} bytes")));
        }
        let transaction = match found.take().filter(|found| found.is(&row.origin)) {
            Some(found) => found,
            None => Found::at(api, &row.origin)?,
        };
        let event: Inference::Answered =
            transaction.event(|event: &Inference::Answered| event.sessionId == settlement.session_id && u64::from(event.index) == index)?;
        found = Some(transaction);
        answers.push(Answer {
            prompt_hash: event.promptHash,
            query_hash: keccak256(&event.query),
            amount: event.amount,
            output: event.output,
        });
    }
    Ok(answers)
}

/// Where the session's chain of answers ended before a settlement.
fn before(api: &Api, reader: &Reader, settlement: &Settlement) -> Result<B256, RpcError> {
    let missing = || RpcError::server("the index of the economy lacks what was before this settlement");
    if settlement.first.to::<u64>() == 1 {
        let session = reader.session(settlement.session_id).map_err(super::economy::failed)?.ok_or_else(missing)?;
        let opened: Inference::SessionOpened =
            Found::at(api, &session.session.origin)?.event(|event: &Inference::SessionOpened| event.sessionId == settlement.session_id)?;
        return Ok(opened.session.head);
    }
    let id = settlement.id - U256::ONE;
    let earlier = reader.settlement(id).map_err(super::economy::failed)?.ok_or_else(missing)?;
    Ok(Found::at(api, &earlier.origin)?.event(|event: &Inference::Settled| event.settlementId == id)?.head)
}

fn failed(error: tributary_explanation::Error) -> RpcError {
    use tributary_explanation::Error as E;
    match error {
        E::Execution(error) => error.into(),
        E::Trie(error) => error.into(),
        // To ask again is no use.
        error => RpcError::server(format!("the settlement cannot be explained: {error}")),
    }
}
