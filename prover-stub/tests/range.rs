//! Recording and proving ranges of a small chain.
#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

#[allow(dead_code, reason = "each test file uses its own part of the chain")]
mod chain;

use alloy_primitives::{Address, B256, U256, keccak256};
use chain::{Chain, LOG_BOOK};
use tributary_execution::Executor;
use tributary_primitives::{StateReader, rollup::output_root};
use tributary_prover_stub::{Error, RangeOutput, RangeWitness, prove, record};

/// Six blocks: transfers to new accounts, and a contract that reads block hashes, writes slots and removes them.
fn range() -> (Chain, RangeWitness) {
    let mut chain = Chain::new();
    let start = chain.head.clone();
    let mut blocks = Vec::new();
    for number in 1..=6u8 {
        let transactions = match number {
            3 => Vec::new(),
            _ => vec![chain.payment(Address::repeat_byte(number), 1_000), chain.payment(LOG_BOOK, 0)],
        };
        blocks.push(chain.advance(transactions));
    }
    (chain, RangeWitness { start, blocks })
}

fn refusal(chain: &Chain, witness: &RangeWitness) -> String {
    prove(&Executor::new(chain.spec.clone()), witness).unwrap_err().to_string()
}

#[test]
fn a_witness_leads_to_the_roots_that_the_chain_has() {
    let (chain, witness) = range();
    let output = prove(&Executor::new(chain.spec.clone()), &witness).unwrap();
    let root = |header: &alloy_consensus::Header| output_root(header.state_root, header.withdrawals_root.unwrap(), header.hash_slow());
    let expected = RangeOutput {
        chain_id: chain::CHAIN_ID,
        start_block: 0,
        end_block: 6,
        start_output_root: root(&witness.start),
        end_output_root: root(&chain.head),
        end_hash: chain.head.hash_slow(),
    };
    assert_eq!(output, expected);
}

#[test]
fn a_witness_survives_its_encoding() {
    let (chain, witness) = range();
    let bytes = witness.encode();
    let decoded = RangeWitness::decode(&bytes).unwrap();
    assert_eq!(decoded, witness);
    assert_eq!(decoded.encode(), bytes);
    assert!(prove(&Executor::new(chain.spec.clone()), &decoded).is_ok());
}

#[test]
fn a_block_hash_comes_out_of_the_state_and_not_out_of_the_witness() {
    let (chain, witness) = range();
    assert!(witness.blocks.iter().all(|block| block.state.block_hashes.is_empty()));
    let stored = chain.state.storage(LOG_BOOK, U256::ZERO).unwrap();
    assert_eq!(B256::from(stored), chain.state.block_hash(4).unwrap());
}

#[test]
fn every_node_and_code_of_a_witness_is_needed() {
    let (chain, witness) = range();
    for block in 0..witness.blocks.len() {
        for node in 0..witness.blocks[block].state.nodes.len() {
            let mut less = witness.clone();
            let removed = keccak256(less.blocks[block].state.nodes.remove(node));
            let reason = refusal(&chain, &less);
            assert!(reason.contains(&format!("block {}: ", block + 1)) && reason.contains(&removed.to_string()), "{reason}");
        }
        for code in 0..witness.blocks[block].state.codes.len() {
            let mut less = witness.clone();
            let removed = keccak256(less.blocks[block].state.codes.remove(code));
            let reason = refusal(&chain, &less);
            assert!(reason.contains(&format!("state is missing code {removed}")), "{reason}");
        }
    }
}

#[test]
fn a_changed_node_is_a_missing_node() {
    let (chain, mut witness) = range();
    let node = &mut witness.blocks[1].state.nodes[0];
    let original = keccak256(&node);
    let mut bytes = node.to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    *node = bytes.into();
    let reason = refusal(&chain, &witness);
    assert!(reason.starts_with("block 2: ") && reason.contains(&format!("missing trie node {original}")), "{reason}");
}

#[test]
fn a_changed_transaction_does_not_give_the_block_of_the_header() {
    let (chain, witness) = range();
    let mut other = chain::Chain::new();
    let mut forged = witness.clone();
    forged.blocks[0].block.body.transactions[1] = other.payment(Address::repeat_byte(1), 1_001);
    assert!(refusal(&chain, &forged).starts_with("block 1: invalid block: "));

    let mut shorter = witness.clone();
    shorter.blocks[0].block.body.transactions.pop();
    assert!(refusal(&chain, &shorter).starts_with("block 1: invalid block: gas_used"));

    let mut reordered = witness;
    reordered.blocks[0].block.body.transactions.swap(1, 2);
    assert!(refusal(&chain, &reordered).contains("nonce too high"));
}

#[test]
fn a_header_that_claims_another_state_is_refused() {
    let (chain, mut witness) = range();
    witness.blocks[5].block.header.state_root = B256::repeat_byte(9);
    assert!(refusal(&chain, &witness).starts_with("block 6: invalid block: state_root"));
}

#[test]
fn blocks_that_do_not_follow_one_another_are_refused() {
    let (chain, witness) = range();
    let mut gap = witness.clone();
    gap.blocks.remove(2);
    assert!(matches!(prove(&Executor::new(chain.spec.clone()), &gap), Err(Error::Detached { number: 4, .. })));

    let mut elsewhere = witness.clone();
    elsewhere.blocks[2].state = witness.blocks[3].state.clone();
    assert!(matches!(prove(&Executor::new(chain.spec.clone()), &elsewhere), Err(Error::OtherState { number: 3, .. })));

    let nothing = RangeWitness { blocks: Vec::new(), ..witness };
    assert!(matches!(prove(&Executor::new(chain.spec.clone()), &nothing), Err(Error::EmptyRange)));
}

#[test]
fn recording_refuses_a_block_that_its_parent_state_does_not_give() {
    let mut chain = Chain::new();
    let transactions = vec![chain.payment(Address::repeat_byte(1), 5)];
    let mut executed = chain.build(transactions);
    executed.block.header.gas_used += 1;
    let recorded = record(&Executor::new(chain.spec.clone()), &chain.state, &chain.head, &executed.block, &executed.senders);
    assert!(matches!(recorded, Err(Error::Block { number: 1, .. })));
}

#[test]
fn equal_executions_leave_equal_witnesses() {
    assert_eq!(range().1.encode(), range().1.encode());
}
