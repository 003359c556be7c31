//! `debug_executionWitness`: all that executing a block again needs beside the block, in reth's form.

use super::replay::{is_genesis, not_found, stored};
use crate::{
    api::{Api, Module, heavy},
    args::Args,
    error::RpcError,
};
use alloy_primitives::{B256, Bytes};
use jsonrpsee::server::RegisterMethodError;
use serde::Serialize;
use tributary_execution::record_reads;
use tributary_storage::StoredBlock;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    heavy(module, "debug_executionWitness", |api, args| witness(api, &stored(api, args)?))?;
    heavy(module, "debug_executionWitnessByBlockHash", by_hash)?;
    heavy(module, "debug_executionWitnessByHash", by_hash)
}

/// What an execution reads.
#[derive(Debug, Serialize)]
struct WitnessJson {
    /// RLP of trie nodes of the parent's state.
    state: Vec<Bytes>,
    /// Codes.
    codes: Vec<Bytes>,
    /// Addresses and slots that were read: what the keys of the trie are hashes of.
    keys: Vec<Bytes>,
    /// RLP of the parent's header, and of those before it down to the oldest that BLOCKHASH asked for; ascending.
    headers: Vec<Bytes>,
}

fn by_hash(api: &Api, args: &mut Args) -> Result<WitnessJson, RpcError> {
    let hash: B256 = args.required()?;
    witness(api, &api.chain.store.block(hash)?.ok_or_else(|| not_found(hash.into()))?)
}

fn witness(api: &Api, stored: &StoredBlock) -> Result<WitnessJson, RpcError> {
    if is_genesis(api, stored) {
        return Err(RpcError::server("genesis has no witness"));
    }
    let number = stored.block.header.number;
    let parent = api.chain.store.at(number - 1)?;
    let header = parent.header().inner().clone();
    let executed = (&stored.block, &stored.senders[..]);
    let reads =
        api.trace_in_time(api.chain.limits.trace_time, |abort| Ok(record_reads(&api.chain.spec, parent, &header, executed, abort)?))?;
    // An answer of zero is one that no header gives: it lies outside the 256 blocks that the opcode reaches.
    let asked = reads.witness.block_hashes.iter().filter(|block| !block.hash.is_zero()).map(|block| block.number);
    let oldest = asked.min().unwrap_or(number - 1).min(number - 1);
    let headers = (oldest..number).map(|number| {
        let header = api.chain.store.header(number)?.ok_or_else(RpcError::header_not_found)?;
        Ok::<_, RpcError>(alloy_rlp::encode(header.inner()).into())
    });
    let accounts = reads.accounts.iter().map(|address| Bytes::copy_from_slice(address.as_slice()));
    let slots = reads.slots.iter().map(|slot| slot.to_be_bytes_vec().into());
    Ok(WitnessJson {
        headers: headers.collect::<Result<_, _>>()?,
        keys: accounts.chain(slots).collect(),
        state: reads.witness.nodes,
        codes: reads.witness.codes,
    })
}
