//! Blocks built transaction by transaction, on a state that is all in memory.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use alloy_consensus::{Header, SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_genesis::{ChainConfig, Genesis};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, TxKind, U256, address, keccak256};
use alloy_signer::SignerSync;
use alloy_signer_local::PrivateKeySigner;
use alloy_sol_types::SolCall;
use op_alloy_consensus::TxDeposit;
use std::{collections::BTreeMap, sync::Arc};
use tributary_contracts::{
    IDevelopment,
    predeploys::{DEVELOPER, DEVELOPMENT},
};
use tributary_execution::{Error, Executor, OpenBlock, Outcome, execute_block};
use tributary_primitives::{
    Account, BlockAttributes, ChainSpec, Eip1559Params, ExtraData, Transaction,
    rollup::predeploys::{BASE_FEE_VAULT, MESSAGE_PASSER, SEQUENCER_FEE_VAULT},
};
use tributary_trie::{Witness, WitnessState, full_state_root};

const CHAIN: u64 = 630_925;
const EIP1559: Eip1559Params = Eip1559Params { denominator: 250, elasticity: 2 };
const OTHER: Address = address!("00000000000000000000000000000000000000aa");
/// PUSH0 PUSH0 REVERT.
const REVERTS: Address = address!("00000000000000000000000000000000000000bb");
/// Stores its caller at slot 0.
const STORES: &[u8] = &[0x33, 0x5f, 0x55, 0x00];

fn key() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap()
}

fn spec() -> Arc<ChainSpec> {
    let config = ChainConfig { chain_id: CHAIN, ..Default::default() };
    Arc::new(ChainSpec::rollup(Genesis { config, ..Default::default() }, EIP1559))
}

/// A genesis with a rich key, a contract that reverts, and a message passer that stores.
fn genesis() -> (Header, WitnessState) {
    let codes = [(REVERTS, Bytes::from_static(&[0x5f, 0x5f, 0xfd])), (MESSAGE_PASSER, Bytes::from_static(STORES))];
    let mut accounts: BTreeMap<Address, Account> =
        codes.iter().map(|(address, code)| (*address, Account { nonce: 1, code_hash: keccak256(code), ..Default::default() })).collect();
    let rich = Account { nonce: 0, balance: U256::from(10).pow(U256::from(18)), code_hash: KECCAK256_EMPTY };
    accounts.insert(key().address(), rich);
    accounts.insert(DEVELOPER, rich);
    let (root, nodes) = full_state_root(accounts.iter().map(|(address, account)| (*address, *account, std::iter::empty())));
    let nodes = nodes.accounts.into_values().flatten().collect();
    let codes = codes.into_iter().map(|(_, code)| code).collect();
    let witness = Witness { root, nodes, codes, block_hashes: Vec::new() };
    let header = Header {
        state_root: root,
        gas_limit: 30_000_000,
        timestamp: 100,
        base_fee_per_gas: Some(1000),
        withdrawals_root: Some(tributary_trie::EMPTY_ROOT),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        ..Default::default()
    };
    (header, WitnessState::from(witness))
}

fn attributes() -> BlockAttributes {
    BlockAttributes {
        timestamp: 101,
        beneficiary: SEQUENCER_FEE_VAULT,
        mix_hash: B256::repeat_byte(3),
        gas_limit: 30_000_000,
        extra_data: ExtraData { eip1559: EIP1559, min_base_fee: None }.encode(),
        parent_beacon_block_root: Some(B256::repeat_byte(4)),
        withdrawals: Some(Default::default()),
        difficulty: U256::ZERO,
        nonce: Default::default(),
        ommers: Vec::new(),
    }
}

fn open() -> OpenBlock<WitnessState> {
    let (parent, state) = genesis();
    OpenBlock::new(&Executor::new(spec()), state, &parent, parent.hash_slow(), attributes()).unwrap()
}

fn transfer() -> TxEip1559 {
    TxEip1559 {
        chain_id: CHAIN,
        nonce: 0,
        gas_limit: 100_000,
        max_fee_per_gas: 1_000_000,
        max_priority_fee_per_gas: 1,
        to: TxKind::Call(OTHER),
        value: U256::ONE,
        ..Default::default()
    }
}

fn sign(tx: TxEip1559) -> Transaction {
    let signature = key().sign_hash_sync(&tx.signature_hash()).unwrap();
    Transaction::Eip1559(tx.into_signed(signature))
}

fn execute(block: &mut OpenBlock<WitnessState>, tx: Transaction) -> Outcome {
    let (sender, encoded) = (tx.sender().unwrap(), Bytes::from(tx.encoded_2718()));
    block.execute(tx, sender, encoded).unwrap()
}

#[test]
fn a_rejected_transaction_changes_nothing_and_says_why() {
    let mut plain = open();
    assert!(matches!(execute(&mut plain, sign(transfer())), Outcome::Included(_)));
    let expected = plain.seal().unwrap();

    let bad = [
        (TxEip1559 { nonce: 0, ..transfer() }, "nonce too low"),
        (TxEip1559 { nonce: 5, ..transfer() }, "nonce too high"),
        (TxEip1559 { nonce: 1, gas_limit: 20_999, ..transfer() }, "intrinsic gas too low"),
        (TxEip1559 { nonce: 1, value: U256::from(10).pow(U256::from(18)), ..transfer() }, "insufficient funds"),
        (TxEip1559 { nonce: 1, max_fee_per_gas: 10, ..transfer() }, "max fee per gas less than block base fee"),
        (TxEip1559 { nonce: 1, max_priority_fee_per_gas: 2_000_000, ..transfer() }, "max priority fee per gas higher than max fee per gas"),
        (TxEip1559 { nonce: 1, chain_id: 1, ..transfer() }, "invalid chain id"),
    ];
    let mut block = open();
    assert!(matches!(execute(&mut block, sign(transfer())), Outcome::Included(_)));
    for (tx, words) in bad {
        let Outcome::Rejected(reason) = execute(&mut block, sign(tx)) else { panic!("{words}: not rejected") };
        assert!(reason.to_string().contains(words), "{reason} does not say {words}");
    }
    assert_eq!(block.seal().unwrap().hash, expected.hash);
}

#[test]
fn a_transaction_that_does_not_fit_is_not_rejected_but_waits() {
    let mut block = open();
    let huge = sign(TxEip1559 { gas_limit: 30_000_001, ..transfer() });
    assert!(matches!(execute(&mut block, huge), Outcome::Full));
    assert!(matches!(execute(&mut block, sign(transfer())), Outcome::Included(_)), "the nonce was not used");
}

#[test]
fn a_block_executes_again_to_its_own_hash_and_a_changed_one_is_refused() {
    let (parent, state) = genesis();
    let mut block = open();
    execute(&mut block, sign(transfer()));
    execute(&mut block, sign(TxEip1559 { nonce: 1, to: TxKind::Call(REVERTS), value: U256::ZERO, ..transfer() }));
    let built = block.seal().unwrap();
    assert_eq!(built.receipts.iter().map(|r| r.succeeded()).collect::<Vec<_>>(), [true, false]);

    let again = execute_block(&Executor::new(spec()), state, &parent, &built.block, &built.senders).unwrap();
    assert_eq!(again.hash, built.hash);
    assert_eq!(again.state.diff, built.state.diff);

    let refused = |change: fn(&mut Header)| {
        let mut changed = built.block.clone();
        change(&mut changed.header);
        execute_block(&Executor::new(spec()), genesis().1, &parent, &changed, &built.senders).unwrap_err()
    };
    assert!(matches!(refused(|h| h.gas_used += 1), Error::HeaderMismatch { field: "gas_used", .. }));
    assert!(matches!(refused(|h| h.state_root = B256::ZERO), Error::HeaderMismatch { field: "state_root", .. }));
    assert!(matches!(refused(|h| h.withdrawals_root = None), Error::HeaderMismatch { field: "withdrawals_root", .. }));
    assert!(matches!(refused(|h| h.base_fee_per_gas = Some(1)), Error::HeaderMismatch { field: "base_fee_per_gas", .. }));
}

#[test]
fn a_failed_deposit_still_mints_and_counts_its_nonce() {
    let mut block = open();
    let deposit = TxDeposit { from: OTHER, to: TxKind::Call(REVERTS), mint: 1000, gas_limit: 50_000, ..Default::default() };
    assert!(matches!(execute(&mut block, deposit.into()), Outcome::Included(_)));
    let account = block.account(OTHER).unwrap();
    assert_eq!((account.nonce, account.balance), (1, U256::from(1000)));
    let receipt = &block.receipts()[0];
    assert!(!receipt.succeeded());
    assert_eq!((receipt.deposit_nonce, receipt.deposit_receipt_version), (Some(0), Some(1)));
}

#[test]
fn fees_go_to_the_vaults_to_the_wei() {
    let mut block = open();
    let Outcome::Included(included) = execute(&mut block, sign(transfer())) else { panic!("not included") };
    let base_fee = block.header().base_fee_per_gas.unwrap();
    let gas = U256::from(included.gas_used);
    assert_eq!(block.account(BASE_FEE_VAULT).unwrap().balance, gas * U256::from(base_fee));
    assert_eq!(block.account(SEQUENCER_FEE_VAULT).unwrap().balance, gas);
    let paid = U256::from(10).pow(U256::from(18)) - block.account(key().address()).unwrap().balance;
    assert_eq!(paid, gas * U256::from(base_fee + 1) + U256::ONE);
}

#[test]
fn the_header_commits_to_the_message_passers_storage() {
    let quiet = open().seal().unwrap();
    assert_eq!(quiet.block.header.withdrawals_root, Some(tributary_trie::EMPTY_ROOT));
    let mut block = open();
    execute(&mut block, sign(TxEip1559 { to: TxKind::Call(MESSAGE_PASSER), value: U256::ZERO, ..transfer() }));
    let built = block.seal().unwrap();
    let slot = (U256::ZERO, U256::from_be_slice(key().address().as_slice()));
    let alone = full_state_root([(MESSAGE_PASSER, Account { nonce: 1, ..Default::default() }, [slot])]);
    let root = alone.1.storage[&keccak256(MESSAGE_PASSER)].nodes[&Default::default()].as_ref().map(keccak256);
    assert_eq!(built.block.header.withdrawals_root, root);
}

/// A call of the precompile that rewrites accounts, from the account that may.
fn rewrite(nonce: u64, call: &impl SolCall) -> Transaction {
    let tx = TxEip1559 { nonce, to: TxKind::Call(DEVELOPMENT), value: U256::ZERO, input: call.abi_encode().into(), ..transfer() };
    Transaction::unsigned(tx.into(), DEVELOPER)
}

#[test]
fn a_development_chain_rewrites_accounts_by_transactions_that_execute_again_to_the_same_block() {
    let spec = Arc::new(spec().as_ref().clone().for_development());
    let (parent, state) = genesis();
    let (slot, value) = (U256::from(5), U256::from(6));
    let changes = [
        rewrite(0, &IDevelopment::setBalanceCall { account: OTHER, balance: U256::from(77) }),
        rewrite(1, &IDevelopment::setNonceCall { account: OTHER, nonce: 9 }),
        rewrite(2, &IDevelopment::setCodeCall { account: OTHER, code: Bytes::from_static(STORES) }),
        rewrite(3, &IDevelopment::setStorageAtCall { account: OTHER, slot, value }),
    ];
    let mut block = OpenBlock::new(&Executor::new(spec.clone()), state, &parent, parent.hash_slow(), attributes()).unwrap();
    for tx in changes {
        let (sender, encoded) = (spec.sender(&tx).unwrap(), tx.encoded_2718().into());
        assert!(matches!(block.execute(tx, sender, encoded).unwrap(), Outcome::Included(_)));
    }
    assert!(block.receipts().iter().all(|receipt| receipt.outcome.coerce_status()));
    let sealed = block.seal().unwrap();
    let other = &sealed.state.diff.accounts[&OTHER];
    assert_eq!(other.after, Some(Account { nonce: 9, balance: U256::from(77), code_hash: keccak256(STORES) }));
    assert_eq!(other.storage[&slot], (U256::ZERO, value));

    let senders: Vec<_> = sealed.block.body.transactions.iter().map(|tx| spec.sender(tx).unwrap()).collect();
    let again = execute_block(&Executor::new(spec), genesis().1, &parent, &sealed.block, &senders).unwrap();
    assert_eq!(again.hash, sealed.hash);
}

#[test]
fn accounts_cannot_be_rewritten_by_others_nor_on_other_chains() {
    let call = IDevelopment::setBalanceCall { account: OTHER, balance: U256::from(77) };
    let tx = TxEip1559 { to: TxKind::Call(DEVELOPMENT), value: U256::ZERO, input: call.abi_encode().into(), ..transfer() };
    for (spec, refused) in [(spec(), false), (Arc::new(spec().as_ref().clone().for_development()), true)] {
        let (parent, state) = genesis();
        let mut block = OpenBlock::new(&Executor::new(spec), state, &parent, parent.hash_slow(), attributes()).unwrap();
        assert!(matches!(execute(&mut block, sign(tx.clone())), Outcome::Included(_)));
        // Where there is no precompile the account is an ordinary one without code.
        assert_eq!(block.receipts()[0].outcome.coerce_status(), !refused);
        assert!(!block.seal().unwrap().state.diff.accounts.contains_key(&OTHER));
    }
}
