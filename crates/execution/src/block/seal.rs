//! The end of a block: what happens after its last transaction, and the header that commits to all of it.

use crate::{
    error::Error,
    executor::Executor,
    machine::{AnyInspector, Machine},
    overlay::Overlay,
};
use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, Header, constants::EMPTY_WITHDRAWALS};
use alloy_eips::{eip2718::Encodable2718, eip4895::Withdrawals, eip7685::Requests};
use alloy_evm::{block::state_changes::post_block_balance_increments, eth::eip6110};
use alloy_hardforks::EthereumHardfork;
use alloy_primitives::{Address, B256, Bytes, U256, b256, keccak256, logs_bloom};
use nybbles::Nibbles;
use tributary_primitives::{
    Block, BlockAttributes, BlockBody, ChainSpec, ExecutedBlock, Receipt, RootedDiff, StateReader, Transaction, TrieReader, TrieUpdates,
    rollup::predeploys::MESSAGE_PASSER,
};
use tributary_trie::OpenTries;

/// Root of an empty trie: keccak256(RLP("")).
const EMPTY_ROOT: B256 = b256!("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");

/// A block's content, ready to be rooted.
pub(crate) struct Body {
    pub(crate) attributes: BlockAttributes,
    pub(crate) transactions: Vec<Transaction>,
    pub(crate) senders: Vec<Address>,
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) requests: Requests,
    pub(crate) gas_used: u64,
    pub(crate) blob_gas_used: u64,
}

/// The attributes that make a block with this draft header. `withdrawals` count since Shanghai.
pub(crate) fn attributes_of(spec: &ChainSpec, header: &Header, withdrawals: Withdrawals) -> BlockAttributes {
    BlockAttributes {
        timestamp: header.timestamp,
        beneficiary: header.beneficiary,
        mix_hash: header.mix_hash,
        gas_limit: header.gas_limit,
        extra_data: header.extra_data.clone(),
        parent_beacon_block_root: header.parent_beacon_block_root,
        withdrawals: spec.is_active(EthereumHardfork::Shanghai, header.number, header.timestamp).then_some(withdrawals),
        difficulty: header.difficulty,
        nonce: header.nonce,
        ommers: Vec::new(),
    }
}

/// Requests (EIP-7685), rewards and withdrawals, in Ethereum's order. Nothing of it exists on a rollup.
pub(crate) fn after_transactions<S: StateReader, I: AnyInspector<S>>(
    spec: &ChainSpec,
    header: &Header,
    attributes: &BlockAttributes,
    receipts: &[Receipt],
    machine: &mut Machine<S, I>,
) -> Result<Requests, Error> {
    let mut requests = Requests::default();
    if spec.is_rollup() {
        return Ok(requests);
    }
    if spec.is_active(EthereumHardfork::Prague, header.number, header.timestamp) {
        let mut deposits = Vec::new();
        if let Some(contract) = spec.beacon_deposit_contract() {
            let logs = receipts.iter().flat_map(|receipt| &receipt.logs);
            eip6110::accumulate_deposits_from_logs(contract, logs, &mut deposits).map_err(|e| Error::InvalidBlock(e.to_string()))?;
        }
        if !deposits.is_empty() {
            requests.push_request_with_type(eip6110::DEPOSIT_REQUEST_TYPE, Bytes::from(deposits));
        }
        machine.after_block(spec, &mut requests)?;
    }
    let withdrawals = attributes.withdrawals.as_ref().map(|list| list.as_slice());
    let increments = post_block_balance_increments(spec, machine.block_env(), &attributes.ommers, withdrawals);
    let state = machine.state_mut();
    // A reward of zero still touches its account: before EIP-161 that creates it, since then it removes it when empty.
    let clears = spec.is_active(EthereumHardfork::SpuriousDragon, header.number, header.timestamp);
    let mut increments: Vec<_> = increments.into_iter().collect();
    increments.sort_unstable_by_key(|(address, _)| *address);
    for (address, amount) in increments {
        let mut account = state.account_now(address)?.unwrap_or_default();
        account.balance = account.balance.saturating_add(U256::from(amount));
        state.set_account(address, (!clears || !account.is_empty()).then_some(account))?;
    }
    Ok(requests)
}

/// Computes the roots, completes the header and hashes it. The tries that this opens are kept for the next block, where the state lets them be.
pub(crate) fn seal<S: StateReader + TrieReader>(
    executor: &Executor,
    parent: &Header,
    header: Header,
    body: Body,
    overlay: Overlay<S>,
) -> Result<ExecutedBlock, Error> {
    let (state, diff) = (overlay.base(), overlay.diff()?);
    let may_be_kept = state.may_be_kept();
    let mut tries = if may_be_kept { executor.take_tries(parent.state_root) } else { OpenTries::new(parent.state_root) };
    let (state_root, trie) = tries.update(state, &diff)?;
    if may_be_kept {
        executor.keep_tries(tries);
    }
    Ok(assemble(executor.spec(), parent, header, body, RootedDiff { diff, trie, state_root }))
}

/// Completes the header of a block whose state is rooted, and hashes it. `base` is the header of the state that `state` differs from.
pub(crate) fn assemble(spec: &ChainSpec, base: &Header, mut header: Header, body: Body, state: RootedDiff) -> ExecutedBlock {
    let Body { attributes, transactions, senders, receipts, requests, gas_used, blob_gas_used } = body;
    let at = |fork| spec.is_active(fork, header.number, header.timestamp);
    let (shanghai, cancun, prague) = (at(EthereumHardfork::Shanghai), at(EthereumHardfork::Cancun), at(EthereumHardfork::Prague));

    header.state_root = state.state_root;
    header.transactions_root = tributary_trie::ordered_root(&transactions.iter().map(|tx| tx.encoded_2718()).collect::<Vec<_>>());
    header.receipts_root = tributary_trie::ordered_root(&receipts.iter().map(Receipt::encoded_2718).collect::<Vec<_>>());
    header.logs_bloom = logs_bloom(receipts.iter().flat_map(|receipt| &receipt.logs));
    header.gas_used = gas_used;
    header.ommers_hash = match attributes.ommers.is_empty() {
        true => EMPTY_OMMER_ROOT_HASH,
        false => keccak256(alloy_rlp::encode(&attributes.ommers)),
    };
    if shanghai {
        header.withdrawals_root = Some(match (&attributes.withdrawals, spec.is_rollup()) {
            // Isthmus: the storage root of the message passer, so that output roots follow from the header alone.
            (_, true) => message_passer_root(&state.trie, base),
            (None, _) => EMPTY_WITHDRAWALS,
            (Some(list), _) => tributary_trie::ordered_root(&list.iter().map(alloy_rlp::encode).collect::<Vec<_>>()),
        });
    }
    if cancun {
        header.blob_gas_used = Some(blob_gas_used);
    }
    if prague {
        header.requests_hash = Some(requests.requests_hash());
    }
    let withdrawals = shanghai.then(|| attributes.withdrawals.unwrap_or_default());
    let block = Block { header, body: BlockBody { transactions, ommers: attributes.ommers, withdrawals } };
    let hash = block.header.hash_slow();
    ExecutedBlock { block, hash, senders, receipts, requests, state }
}

/// The message passer's storage root after the block: the trie's new root node where it changed, the parent's value where not.
fn message_passer_root(trie: &TrieUpdates, parent: &Header) -> B256 {
    let before = parent.withdrawals_root.unwrap_or(EMPTY_ROOT);
    match trie.storage.get(&keccak256(MESSAGE_PASSER)) {
        None => before,
        Some(updates) => match updates.nodes.get(&Nibbles::default()) {
            Some(Some(root)) => keccak256(root),
            Some(None) => EMPTY_ROOT,
            None if updates.cleared => EMPTY_ROOT,
            None => before,
        },
    }
}
