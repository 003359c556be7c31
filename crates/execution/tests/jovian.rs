//! Blocks of a rollup with the OP Stack's fork Jovian (specs: protocol/jovian/exec-engine).

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use alloy_consensus::{Header, SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_genesis::{ChainConfig, Genesis};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use std::{collections::BTreeMap, sync::Arc};
use tributary_contracts::{
    genesis::{L2Genesis, l2_accounts},
    predeploys::{L1_BLOCK, OPERATOR_FEE_VAULT},
    slots::l1_block,
};
use tributary_execution::{Error, Executor, L1Fees, OpenBlock, Outcome, Rejection, execute_block};
use tributary_primitives::{
    Account, BlockAttributes, ChainSpec, Eip1559Params, ExtraData, L1Info, Transaction, rollup::predeploys::SEQUENCER_FEE_VAULT,
};
use tributary_trie::{Witness, WitnessState, full_state_root};

const CHAIN: u64 = 630_925;
const GAS_LIMIT: u64 = 30_000_000;
const MIN_BASE_FEE: u64 = 1_000_000;
const EIP1559: Eip1559Params = Eip1559Params { denominator: 250, elasticity: 2 };

fn key() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap()
}

fn spec(jovian: bool) -> Arc<ChainSpec> {
    let config = ChainConfig { chain_id: CHAIN, ..Default::default() };
    let spec = ChainSpec::rollup(Genesis { config, ..Default::default() }, EIP1559);
    Arc::new(if jovian { spec.with_jovian() } else { spec })
}

/// A genesis with a rich key and our `L1Block`.
fn genesis() -> (Header, WitnessState) {
    let code = l2_accounts(L2Genesis { chain_id: CHAIN, jovian: true })[&L1_BLOCK].code.clone().unwrap();
    let accounts = BTreeMap::from([
        (L1_BLOCK, Account { nonce: 1, code_hash: keccak256(&code), ..Default::default() }),
        (key().address(), Account { balance: U256::from(10).pow(U256::from(20)), ..Default::default() }),
    ]);
    let (root, nodes) = full_state_root(accounts.iter().map(|(address, account)| (*address, *account, std::iter::empty())));
    let nodes = nodes.accounts.into_values().flatten().collect();
    let header = Header {
        state_root: root,
        gas_limit: GAS_LIMIT,
        timestamp: 100,
        base_fee_per_gas: Some(MIN_BASE_FEE),
        extra_data: extra_data(true),
        withdrawals_root: Some(tributary_trie::EMPTY_ROOT),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        ..Default::default()
    };
    (header, WitnessState::from(Witness { root, nodes, codes: vec![code], block_hashes: Vec::new() }))
}

fn extra_data(jovian: bool) -> Bytes {
    ExtraData { eip1559: EIP1559, min_base_fee: jovian.then_some(MIN_BASE_FEE) }.encode()
}

fn attributes(jovian: bool) -> BlockAttributes {
    BlockAttributes {
        timestamp: 101,
        beneficiary: SEQUENCER_FEE_VAULT,
        mix_hash: B256::repeat_byte(3),
        gas_limit: GAS_LIMIT,
        extra_data: extra_data(jovian),
        parent_beacon_block_root: Some(B256::repeat_byte(4)),
        withdrawals: Some(Default::default()),
        difficulty: U256::ZERO,
        nonce: Default::default(),
        ommers: Vec::new(),
    }
}

/// A block that begins with L1 attributes of Jovian (`scalar`), or of Isthmus.
fn open(scalar: Option<u16>) -> OpenBlock<WitnessState> {
    let (parent, state) = genesis();
    let jovian = scalar.is_some();
    let mut block = OpenBlock::new(&Executor::new(spec(jovian)), state, &parent, parent.hash_slow(), attributes(jovian)).unwrap();
    let info = L1Info {
        number: 1,
        timestamp: 100,
        base_fee: U256::from(1_000),
        blob_base_fee: U256::from(1),
        hash: B256::repeat_byte(5),
        sequence_number: 0,
        batcher_hash: B256::ZERO,
        base_fee_scalar: 1_000_000,
        blob_base_fee_scalar: 0,
        operator_fee_scalar: 3_000_000,
        operator_fee_constant: 11,
        da_footprint_gas_scalar: scalar,
    };
    assert!(matches!(execute(&mut block, info.to_deposit().into()), Outcome::Included(_)));
    assert!(block.receipts()[0].succeeded());
    block
}

fn transfer(nonce: u64) -> TxEip1559 {
    let to = TxKind::Call(Address::repeat_byte(0xaa));
    let price = 2 * u128::from(MIN_BASE_FEE);
    TxEip1559 { chain_id: CHAIN, nonce, gas_limit: 100_000, max_fee_per_gas: price, to, value: U256::ONE, ..Default::default() }
}

fn sign(tx: TxEip1559) -> Transaction {
    let signature = key().sign_hash_sync(&tx.signature_hash()).unwrap();
    Transaction::Eip1559(tx.into_signed(signature))
}

fn execute(block: &mut OpenBlock<WitnessState>, tx: Transaction) -> Outcome {
    let (sender, encoded) = (tx.sender().unwrap(), tx.encoded_2718().into());
    block.execute(tx, sender, encoded).unwrap()
}

/// Bytes that do not compress.
fn noise(length: usize) -> Bytes {
    (0..length.div_ceil(32)).flat_map(|i| keccak256(i.to_be_bytes()).0).take(length).collect::<Vec<_>>().into()
}

#[test]
fn the_header_tells_the_footprint_and_the_block_executes_again() {
    let mut block = open(Some(400));
    let long = TxEip1559 { input: noise(1_000), ..transfer(1) };
    for tx in [sign(transfer(0)), sign(long)] {
        assert!(matches!(execute(&mut block, tx), Outcome::Included(_)));
    }
    let built = block.seal().unwrap();
    let fees = L1Fees::of_block(&built.block.body.transactions).unwrap();
    let footprints: Vec<_> = built.block.body.transactions.iter().map(|tx| fees.da_footprint(&tx.encoded_2718())).collect();
    assert_eq!(footprints[..2], [0, 40_000]);
    assert!((900 * 400..1_000 * 400).contains(&footprints[2]), "{}", footprints[2]);
    assert_eq!(built.block.header.blob_gas_used, Some(footprints.iter().sum()));
    assert_eq!(built.block.header.excess_blob_gas, Some(0));

    let (parent, state) = genesis();
    let executor = Executor::new(spec(true));
    assert_eq!(execute_block(&executor, state, &parent, &built.block, &built.senders).unwrap().hash, built.hash);
    let mut forged = built.block;
    forged.header.blob_gas_used = Some(0);
    let refused = execute_block(&executor, genesis().1, &parent, &forged, &built.senders).unwrap_err();
    assert!(matches!(refused, Error::HeaderMismatch { field: "blob_gas_used", .. }), "{refused}");
}

#[test]
fn the_first_block_of_an_origin_keeps_its_randomness_for_little_gas() {
    let block = open(Some(400));
    // Seven slots that were empty; later blocks pay less. The deposit has a million.
    let gas = block.receipts()[0].cumulative_gas_used;
    assert!((150_000..200_000).contains(&gas), "{gas}");
    let built = block.seal().unwrap();
    let written = &built.state.diff.accounts[&L1_BLOCK].storage;
    let slot = l1_block::RANDAO.key() + U256::from(1);
    assert_eq!(written[&slot], (U256::ZERO, B256::repeat_byte(3).into()), "of origin 1");
}

#[test]
fn a_block_takes_no_more_footprint_than_its_gas_limit() {
    // 100 bytes count as 6,553,500 gas: four fit into 30,000,000.
    let mut block = open(Some(u16::MAX));
    for nonce in 0..4 {
        assert!(matches!(execute(&mut block, sign(transfer(nonce))), Outcome::Included(_)));
    }
    assert!(matches!(execute(&mut block, sign(transfer(4))), Outcome::Full));
    let deposit = op_alloy_consensus::TxDeposit { gas_limit: 50_000, to: TxKind::Call(Address::ZERO), ..Default::default() };
    assert!(matches!(execute(&mut block, deposit.into()), Outcome::Included(_)), "a deposit has no footprint");
    // What fits in no block is not kept waiting for one.
    let huge = execute(&mut block, sign(TxEip1559 { input: noise(1_000), ..transfer(4) }));
    assert!(matches!(huge, Outcome::Rejected(Rejection::DaFootprint { limit: GAS_LIMIT, .. })), "{huge:?}");

    let full = block.seal().unwrap();
    assert_eq!(full.block.header.blob_gas_used, Some(4 * 6_553_500));
    // Somebody else's block with one more is none.
    let (parent, state) = genesis();
    let (mut forged, mut senders) = (full.block, full.senders);
    forged.body.transactions.insert(5, sign(transfer(4)));
    senders.insert(5, key().address());
    let refused = execute_block(&Executor::new(spec(true)), state, &parent, &forged, &senders).unwrap_err();
    assert!(matches!(refused, Error::InvalidTransaction { index: 5, .. }), "{refused}");
    assert!(refused.to_string().contains("DA footprint"), "{refused}");
}

#[test]
fn the_operator_gets_a_hundred_times_the_scalar_for_each_gas() {
    for (scalar, expected) in [(Some(400), 21_000u64 * 3_000_000 * 100 + 11), (None, 21_000 * 3 + 11)] {
        let mut block = open(scalar);
        let before = block.account(key().address()).unwrap().balance;
        let tx = sign(transfer(0));
        assert!(matches!(execute(&mut block, tx.clone()), Outcome::Included(_)));
        assert_eq!(block.account(OPERATOR_FEE_VAULT).unwrap().balance, U256::from(expected), "{scalar:?}");
        let fees = L1Fees::of_block(block.transactions()).unwrap();
        let (encoded, base_fee) = (tx.encoded_2718(), block.header().base_fee_per_gas.unwrap());
        assert_eq!(fees.operator_fee(&encoded, 21_000), U256::from(expected));
        let paid = before - block.account(key().address()).unwrap().balance;
        let rest = U256::from(21_000) * U256::from(base_fee) + U256::ONE;
        assert_eq!(paid, rest + fees.data_fee(&encoded) + U256::from(expected));
    }
}

#[test]
fn a_block_of_jovian_has_its_extra_data_and_the_parents_minimum() {
    let (mut parent, state) = genesis();
    let executor = Executor::new(spec(true));
    let refused = OpenBlock::new(&executor, state.clone(), &parent, parent.hash_slow(), attributes(false)).unwrap_err();
    assert!(matches!(refused, Error::InvalidBlock(_)), "{refused}");
    let block = |parent: &Header| OpenBlock::new(&executor, state.clone(), parent, parent.hash_slow(), attributes(true)).unwrap();
    assert_eq!(block(&parent).header().base_fee_per_gas, Some(MIN_BASE_FEE), "an empty block would lower it");
    parent.blob_gas_used = Some(GAS_LIMIT);
    assert_eq!(block(&parent).header().base_fee_per_gas, Some(MIN_BASE_FEE + MIN_BASE_FEE / 250), "full of data, if not of gas");
}

#[test]
fn the_pairing_takes_427_pairs_and_before_jovian_586() {
    let pairs = |block: &mut OpenBlock<WitnessState>, nonce, count: usize| {
        let input = vec![0; 192 * count].into();
        let to = TxKind::Call(Address::with_last_byte(8));
        let tx = TxEip1559 { gas_limit: 25_000_000, to, value: U256::ZERO, input, ..transfer(nonce) };
        assert!(matches!(execute(block, sign(tx)), Outcome::Included(_)));
        block.receipts().last().unwrap().succeeded()
    };
    assert_eq!([427, 428].map(|count| pairs(&mut open(Some(1)), 0, count)), [true, false]);
    assert_eq!([428, 586, 587].map(|count| pairs(&mut open(None), 0, count)), [true, true, false]);
}
