//! Prints how long questions take of an index with a million contributions and a million settlements: `cargo bench -p tributary-index`.
#![allow(clippy::unwrap_used, clippy::disallowed_macros, reason = "a benchmark prints, and stops where it fails")]

use alloy_consensus::{Eip658Value, Header};
use alloy_eips::BlockNumHash;
use alloy_genesis::Genesis;
use alloy_primitives::{Address, B256, Log, LogData, Sealable, U256, keccak256};
use alloy_sol_types::SolEvent;
use op_alloy_consensus::TxDeposit;
use std::{hint::black_box, sync::Arc, time::Instant};
use tributary_contracts::{
    Datanets, Inference, Payouts,
    interfaces::inference::IInference::{Payee, Shares},
    predeploys::{DATANETS, INFERENCE, PAYOUTS},
};
use tributary_index::{Index, Paging};
use tributary_primitives::{Block, ChainSpec, Eip1559Params, Receipt, Transaction, TxType};
use tributary_storage::{Durability, Options, Store};

/// Contributions, and settlements.
const EACH: u64 = 1_000_000;

/// Of each in a block.
const A_BLOCK: u64 = 1_000;

/// Accounts; the first of them has a tenth of everything.
const ACCOUNTS: u64 = 10_000;

fn main() {
    let dir = tempfile::tempdir_in(".").unwrap();
    let spec = ChainSpec::rollup(Genesis::default(), Eip1559Params { denominator: 250, elasticity: 6 });
    let options = Options { durability: Durability::Relaxed, ..Options::default() };
    let store = Store::open(dir.path(), Arc::new(spec), options).unwrap();
    let index = Index::open(&store).unwrap();
    let start = Instant::now();
    let mut parent = B256::ZERO;
    for number in 0..EACH / A_BLOCK {
        let (block, receipts) = block(number, parent);
        parent = block.header.hash_slow();
        let mut writer = index.write().unwrap();
        // The last ten blocks are not final.
        let final_below = number.saturating_sub(10);
        writer.block(BlockNumHash { number, hash: parent }, (&block, &receipts), final_below).unwrap();
        writer.commit().unwrap();
    }
    let elapsed = start.elapsed();
    println!("{EACH} contributions and {EACH} settlements taken in: {elapsed:?}, {:?} a log", elapsed / (4 * EACH) as u32);
    let size = std::fs::metadata(dir.path().join("economy").join("mdbx.dat")).unwrap().len();
    println!("on disk: {} bytes for each of the {} events", size / (4 * EACH), 4 * EACH);
    questions(&index);
}

fn account(n: u64) -> Address {
    let n = if n.is_multiple_of(10) { 0 } else { n % ACCOUNTS };
    Address::from_slice(&keccak256(n.to_be_bytes())[..20])
}

fn questions(index: &Index) {
    let last = EACH / A_BLOCK - 1;
    let page = Paging::default();
    let newest = Paging { newest: true, ..Paging::default() };
    let cursor = index.latest().unwrap().earnings(account(0), &page).unwrap().next;
    let next = Paging { cursor, ..Paging::default() };
    let n = |round: u64| round.wrapping_mul(0x9e37_79b9) % EACH;
    measure("a datanet's row", |round| drop(black_box(index.latest().unwrap().contribution(U256::ONE, n(round)).unwrap().unwrap())));
    measure("100 rows of a datanet", |_| assert_eq!(index.latest().unwrap().contributions(U256::ONE, &newest).unwrap().items.len(), 100));
    measure("an account's sums", |round| drop(black_box(index.latest().unwrap().account(account(n(round))).unwrap())));
    measure("100 earnings of the account that has most", |_| {
        assert_eq!(index.latest().unwrap().earnings(account(0), &newest).unwrap().items.len(), 100);
    });
    measure("the next 100 of them", |_| assert_eq!(index.latest().unwrap().earnings(account(0), &next).unwrap().items.len(), 100));
    measure("a settlement and its payees", |round| {
        let reader = index.latest().unwrap();
        let id = U256::from(n(round) + 1) << 32 | U256::ONE;
        assert!(reader.settlement(id).unwrap().is_some() && reader.payees(id, &page).unwrap().items.len() == 1);
    });
    measure("a row, ten full blocks ago", |round| {
        drop(black_box(index.at(last - 10).unwrap().contribution(U256::ONE, n(round) / 2).unwrap().unwrap()));
    });
    measure("100 rows of a datanet, ten full blocks ago", |_| {
        assert_eq!(index.at(last - 10).unwrap().contributions(U256::ONE, &newest).unwrap().items.len(), 100);
    });
    measure("100 earnings of that account, likewise", |_| {
        assert_eq!(index.at(last - 10).unwrap().earnings(account(0), &newest).unwrap().items.len(), 100);
    });
    measure("an account's sums, likewise", |round| drop(black_box(index.at(last - 10).unwrap().account(account(n(round))).unwrap())));
}

fn measure(what: &str, question: impl Fn(u64)) {
    let mut times: Vec<_> = (0..200)
        .map(|round| {
            let start = Instant::now();
            question(round);
            start.elapsed()
        })
        .collect();
    times.sort();
    println!("{what:>42}: p50 {:?}, p99 {:?}", times[100], times[198]);
}

/// A block in which documents are contributed and sessions settled.
fn block(number: u64, parent: B256) -> (Block, Vec<Receipt>) {
    let mut logs = Vec::new();
    for n in number * A_BLOCK..(number + 1) * A_BLOCK {
        logs.push(log(DATANETS, contributed(n)));
        let settlement = U256::from(n + 1) << 32 | U256::ONE;
        logs.push(log(INFERENCE, settled(n, settlement)));
        let payee =
            Payee { datanetId: U256::ONE, number: 1, bySketch: false, account: account(n), amount: U256::from(n), weight: U256::from(n) };
        logs.push(log(INFERENCE, Inference::ContributorsPaid { settlementId: settlement, payees: vec![payee] }));
        let credited =
            Payouts::Credited { module: INFERENCE, account: account(n), r#ref: settlement.into(), amount: U256::from(n), reason: 0 };
        logs.push(log(PAYOUTS, credited));
    }
    let deposit = TxDeposit { source_hash: keccak256(number.to_be_bytes()), gas_limit: 1_000_000, ..TxDeposit::default() };
    let header = Header { number, parent_hash: parent, timestamp: number, ..Header::default() };
    let receipt = Receipt {
        tx_type: TxType::Deposit,
        outcome: Eip658Value::Eip658(true),
        cumulative_gas_used: 0,
        logs,
        deposit_nonce: None,
        deposit_receipt_version: None,
    };
    let mut block = Block { header, body: Default::default() };
    block.body.transactions.push(Transaction::Deposit(deposit.seal_slow()));
    (block, vec![receipt])
}

fn log(address: Address, event: impl SolEvent) -> Log<LogData> {
    Log { address, data: event.encode_log_data() }
}

fn contributed(n: u64) -> Datanets::Contributed {
    Datanets::Contributed {
        datanetId: U256::ONE,
        row: n,
        account: account(n),
        contributor: (n % ACCOUNTS) as u32,
        commitmentId: U256::ZERO,
        documentHash: keccak256(n.to_be_bytes()),
        size: U256::from(4_000),
        version: n + 2,
        by: account(n),
    }
}

fn settled(n: u64, id: U256) -> Inference::Settled {
    let zero = U256::ZERO;
    let shares = Shares {
        protocol: zero,
        validators: zero,
        lineage: zero,
        curators: zero,
        contributors: U256::from(n),
        commons: zero,
        operator: zero,
    };
    Inference::Settled {
        settlementId: id,
        sessionId: id >> 32,
        signed: true,
        first: 1,
        count: 1,
        amount: U256::from(n),
        head: B256::ZERO,
        shares,
    }
}
