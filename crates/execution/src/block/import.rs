//! Taking in a block from outside, trusting none of it.

use super::{
    consensus::{Ancestor, recover_sender, validate_header, validate_ommers},
    replay::execute_block,
};
use crate::{error::Error, executor::Executor};
use alloy_consensus::Header;
use alloy_hardforks::EthereumHardfork;
use alloy_rlp::{Decodable, Encodable};
use tributary_primitives::{Block, ExecutedBlock, StateReader, TrieReader};

/// Most bytes of a block's RLP since Osaka (EIP-7934).
const MAX_BLOCK_BYTES: usize = (10 << 20) - (2 << 20);

/// Takes one block off the front of `rlp`.
///
/// # Errors
/// [`Error::InvalidBlock`] when the bytes are no block, or not the one encoding of what they say: alloy's decoder does not hold the length of a
/// transaction's string against the transaction in it.
pub fn decode_block(rlp: &mut &[u8]) -> Result<Block, Error> {
    let whole = *rlp;
    let block = Block::decode(rlp).map_err(|error| Error::InvalidBlock(format!("rlp: {error}")))?;
    match alloy_rlp::encode(&block) == whole[..whole.len() - rlp.len()] {
        true => Ok(block),
        false => Err(Error::InvalidBlock("rlp: not the canonical encoding".into())),
    }
}

/// Validates `block` against its parent and executes it on the parent's post-state `state`. Proof of work is not verified.
///
/// `ancestors` are looked at only for a block with ommers: the parent first, seven or all that there are.
///
/// # Errors
/// When the block is invalid ([`Error::InvalidBlock`], [`Error::HeaderMismatch`], [`Error::InvalidTransaction`]) or the state cannot be read.
pub fn import_block<S: StateReader + TrieReader>(
    executor: &Executor,
    state: S,
    parent: &Header,
    ancestors: &[Ancestor],
    block: &Block,
) -> Result<ExecutedBlock, Error> {
    let Header { number, timestamp, .. } = block.header;
    let spec = executor.spec();
    if spec.is_rollup() {
        return import_rollup_block(executor, state, parent, block);
    }
    validate_header(spec, parent, &block.header)?;
    validate_ommers(spec, &block.header, &block.body.ommers, ancestors)?;
    // The header's withdrawals root says nothing of a body that leaves the list out where it should be, or has an empty one where it should not.
    let shanghai = spec.is_active(EthereumHardfork::Shanghai, number, timestamp);
    if block.body.withdrawals.is_some() != shanghai {
        return Err(Error::InvalidBlock(format!("withdrawals are {}", if shanghai { "missing" } else { "before their fork" })));
    }
    if spec.is_active(EthereumHardfork::Osaka, number, timestamp) && block.length() > MAX_BLOCK_BYTES {
        return Err(Error::InvalidBlock(format!("{} bytes, {MAX_BLOCK_BYTES} allowed", block.length())));
    }
    let senders: Result<Vec<_>, _> = block.body.transactions.iter().map(|tx| recover_sender(spec, number, timestamp, tx)).collect();
    execute_block(executor, state, parent, block, &senders?)
}

/// Of a rollup's block its own rules say all that there is to say: execution gives the header, but for what its builder chooses and L1 prescribes (time, gas
/// limit, origin), which is for derivation to judge.
fn import_rollup_block<S: StateReader + TrieReader>(
    executor: &Executor,
    state: S,
    parent: &Header,
    block: &Block,
) -> Result<ExecutedBlock, Error> {
    let Header { parent_hash, timestamp, .. } = block.header;
    let expected = parent.hash_slow();
    if parent_hash != expected {
        return Err(Error::HeaderMismatch { field: "parent_hash", got: parent_hash.to_string(), expected: expected.to_string() });
    }
    if timestamp <= parent.timestamp {
        return Err(Error::InvalidBlock(format!("timestamp {timestamp} is not after the parent's {}", parent.timestamp)));
    }
    let sender = |tx| executor.spec().sender(tx).map_err(|error| Error::InvalidBlock(error.to_string()));
    let senders: Result<Vec<_>, _> = block.body.transactions.iter().map(sender).collect();
    execute_block(executor, state, parent, block, &senders?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::builder::OpenBlock;
    use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, EMPTY_ROOT_HASH, Signed, TxLegacy};
    use alloy_eips::eip4895::Withdrawals;
    use alloy_genesis::{ChainConfig, Genesis};
    use alloy_primitives::{Address, B256, Bytes, Signature, U256};
    use std::sync::Arc;
    use tributary_primitives::{BlockAttributes, ChainSpec, EmptyState, Transaction};

    fn spec(osaka_time: Option<u64>) -> Arc<ChainSpec> {
        let config = ChainConfig {
            london_block: Some(0),
            terminal_total_difficulty: Some(U256::ZERO),
            shanghai_time: Some(0),
            cancun_time: osaka_time,
            prague_time: osaka_time,
            osaka_time,
            ..Default::default()
        };
        Arc::new(ChainSpec::ethereum(Genesis { config, ..Default::default() }))
    }

    fn parent() -> Header {
        Header {
            gas_limit: 30_000_000,
            base_fee_per_gas: Some(7),
            state_root: EMPTY_ROOT_HASH,
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            ..Default::default()
        }
    }

    /// An empty block on [`parent`], as its builder makes it.
    fn block(spec: &Arc<ChainSpec>) -> Block {
        let parent = parent();
        let attributes = BlockAttributes {
            timestamp: 12,
            beneficiary: Address::ZERO,
            mix_hash: B256::ZERO,
            gas_limit: parent.gas_limit,
            extra_data: Bytes::new(),
            parent_beacon_block_root: Some(B256::ZERO),
            withdrawals: Some(Withdrawals::default()),
            difficulty: U256::ZERO,
            nonce: Default::default(),
            ommers: Vec::new(),
        };
        OpenBlock::new(&Executor::new(spec.clone()), EmptyState, &parent, parent.hash_slow(), attributes).unwrap().seal().unwrap().block
    }

    #[test]
    fn what_a_builder_makes_is_imported_with_its_hash() {
        for spec in [spec(None), spec(Some(0))] {
            let block = block(&spec);
            let imported = import_block(&Executor::new(spec), EmptyState, &parent(), &[], &block).unwrap();
            assert_eq!(imported.hash, block.header.hash_slow());
        }
    }

    #[test]
    fn a_body_without_its_list_of_withdrawals_is_refused_though_the_header_is_right() {
        let spec = spec(None);
        let mut block = block(&spec);
        block.body.withdrawals = None;
        let refusal = import_block(&Executor::new(spec), EmptyState, &parent(), &[], &block).expect_err("it lacks its withdrawals");
        assert!(refusal.to_string().contains("withdrawals are missing"), "{refusal}");
    }

    #[test]
    fn a_block_of_more_than_eight_mebibytes_is_refused_since_osaka() {
        let tx = TxLegacy { input: vec![0; MAX_BLOCK_BYTES].into(), ..Default::default() };
        let tx = Transaction::Legacy(Signed::new_unhashed(tx, Signature::test_signature()));
        for (spec, words) in [(spec(Some(0)), "bytes"), (spec(None), "transaction 0")] {
            let mut block = block(&spec);
            block.body.transactions.push(tx.clone());
            let refusal = import_block(&Executor::new(spec), EmptyState, &parent(), &[], &block).expect_err("it is too large");
            assert!(refusal.to_string().contains(words), "{refusal}");
        }
    }

    #[test]
    fn a_block_whose_bytes_say_more_than_they_mean_is_not_decoded() {
        let spec = spec(None);
        let mut block = block(&spec);
        let tx = alloy_consensus::TxEip1559 { chain_id: 1, ..Default::default() };
        block.body.transactions = vec![Transaction::Eip1559(Signed::new_unhashed(tx, Signature::test_signature()))];
        let encoded = alloy_rlp::encode(&block);
        assert_eq!(decode_block(&mut &*encoded).unwrap(), block);
        // The string that holds the transaction claims one byte more.
        let at = encoded.windows(3).position(|bytes| bytes[0] == 0xb8 && bytes[2] == 2).unwrap();
        let mut wrong = encoded;
        wrong[at + 1] += 1;
        assert!(matches!(decode_block(&mut &*wrong), Err(Error::InvalidBlock(_))));
    }
}
