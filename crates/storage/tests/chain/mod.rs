//! Synthetic chains: blocks with random but true contents (real roots, real differences) and the states that must come of them.
#![allow(dead_code, reason = "each test binary uses its part")]

use alloy_consensus::Header;
use alloy_eips::{
    eip4844::{Blob, Bytes48},
    eip4895::{Withdrawal, Withdrawals},
};
use alloy_genesis::{Genesis, GenesisAccount};
use alloy_primitives::{Address, B256, Bytes, Log, LogData, U256, keccak256, logs_bloom};
use op_alloy_consensus::TxDeposit;
use std::{collections::BTreeMap, sync::Arc};
use tributary_primitives::{
    Account, AccountDiff, Block, BlockBody, ChainSpec, Eip1559Params, ExecutedBlock, Receipt, RootedDiff, StateDiff, Transaction, TxType,
    rollup::predeploys::MESSAGE_PASSER,
};
use tributary_storage::{BlobSidecar, Snapshot};
use tributary_trie::{ordered_root, state_root};

/// Accounts with their slots.
pub(crate) type State = BTreeMap<Address, (Account, BTreeMap<U256, U256>)>;

/// A repeatable sequence (splitmix64).
#[derive(Debug, Clone)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn hash(&mut self) -> B256 {
        keccak256(self.next().to_be_bytes())
    }
}

/// The accounts of all synthetic chains. The extremes are where iterators end.
pub(crate) fn addresses() -> Vec<Address> {
    let mut addresses = vec![Address::ZERO, MESSAGE_PASSER, Address::repeat_byte(0xff)];
    addresses.extend((1..6).map(|n| Address::from_slice(&keccak256([n])[..20])));
    addresses
}

/// The slots that are written.
pub(crate) fn slots() -> Vec<U256> {
    let mut slots = vec![U256::ZERO, U256::ONE, U256::MAX];
    slots.extend((0..8).map(|n| U256::from_be_bytes(keccak256([n]).0)));
    slots
}

/// Addresses and topics of logs.
pub(crate) fn log_address(n: u64) -> Address {
    Address::repeat_byte(n as u8)
}

pub(crate) fn topic(n: u64) -> B256 {
    B256::repeat_byte(n as u8)
}

pub(crate) fn spec(chain_id: u64) -> Arc<ChainSpec> {
    Arc::new(ChainSpec::rollup(genesis(chain_id), Eip1559Params { denominator: 250, elasticity: 6 }))
}

pub(crate) fn genesis(chain_id: u64) -> Genesis {
    let mut genesis = Genesis { gas_limit: 30_000_000, timestamp: 1, ..Default::default() };
    genesis.config.chain_id = chain_id;
    let storage = BTreeMap::from([(B256::ZERO, B256::with_last_byte(1)), (B256::with_last_byte(1), B256::ZERO)]);
    let passer = GenesisAccount::default().with_code(Some(Bytes::from_static(&[0xfe]))).with_storage(Some(storage));
    genesis.alloc.insert(MESSAGE_PASSER, passer);
    genesis.alloc.insert(Address::repeat_byte(0xff), GenesisAccount::default().with_balance(U256::MAX));
    genesis
}

/// The state of [`genesis`].
pub(crate) fn genesis_state() -> State {
    let passer = Account { code_hash: keccak256([0xfe]), ..Default::default() };
    let rich = Account { balance: U256::MAX, ..Default::default() };
    let slots = BTreeMap::from([(U256::ZERO, U256::ONE)]);
    State::from([(MESSAGE_PASSER, (passer, slots)), (Address::repeat_byte(0xff), (rich, BTreeMap::new()))])
}

/// A random block on top of `parent`, whose state is `before`, with the state after it.
pub(crate) fn next_block(parent: &Snapshot, before: &State, random: &mut Random) -> (ExecutedBlock, State) {
    let (diff, after) = next_state(before, random);
    let (root, trie) = state_root(parent, parent.header().state_root, &diff).unwrap();
    let number = parent.header().number + 1;
    let count = random.below(4);
    let mut cumulative_gas_used = 0;
    let transactions: Vec<Transaction> = (0..count).map(|_| transaction(random)).collect();
    let receipts: Vec<Receipt> = (0..count)
        .map(|_| {
            cumulative_gas_used += 21_000 + random.below(1000);
            receipt(cumulative_gas_used, random)
        })
        .collect();
    let header = Header {
        parent_hash: parent.header().hash(),
        number,
        timestamp: number,
        state_root: root,
        transactions_root: ordered_root(&transactions.iter().map(alloy_eips::Encodable2718::encoded_2718).collect::<Vec<_>>()),
        receipts_root: ordered_root(&receipts.iter().map(Receipt::encoded_2718).collect::<Vec<_>>()),
        logs_bloom: logs_bloom(receipts.iter().flat_map(|receipt| &receipt.logs)),
        gas_used: cumulative_gas_used,
        base_fee_per_gas: Some(7),
        extra_data: random.hash().to_vec().into(),
        ..Default::default()
    };
    let withdrawals = (!random.one_in(3)).then(|| Withdrawals::new(vec![Withdrawal { amount: random.next(), ..Default::default() }]));
    let ommers = if random.one_in(4) { vec![Header { number, ..Default::default() }] } else { Vec::new() };
    let block = ExecutedBlock {
        hash: header.hash_slow(),
        senders: transactions.iter().map(|tx| tx.sender().unwrap()).collect(),
        block: Block { header, body: BlockBody { transactions, ommers, withdrawals } },
        receipts,
        requests: Default::default(),
        state: RootedDiff { diff, trie, state_root: root },
    };
    (block, after)
}

fn next_state(before: &State, random: &mut Random) -> (StateDiff, State) {
    let mut after = before.clone();
    let mut code = BTreeMap::new();
    let mut cleared = BTreeMap::new();
    let (addresses, slots) = (addresses(), slots());
    for _ in 0..random.below(12) {
        let address = addresses[random.below(addresses.len() as u64) as usize];
        if random.one_in(8) {
            after.remove(&address);
            cleared.insert(address, true);
            continue;
        }
        let (account, storage) = after.entry(address).or_default();
        match random.below(6) {
            0 => account.nonce = random.next() >> random.below(64),
            1 => account.balance = U256::from(random.next()) << random.below(192) as usize,
            2 => {
                let bytes = random.hash();
                account.code_hash = keccak256(bytes);
                code.insert(account.code_hash, Bytes::copy_from_slice(bytes.as_slice()));
            }
            _ => {
                let slot = slots[random.below(slots.len() as u64) as usize];
                let value = U256::from(random.below(3)) << (random.below(32) * 8) as usize;
                if value.is_zero() {
                    storage.remove(&slot)
                } else {
                    storage.insert(slot, value)
                };
            }
        }
    }
    let mut diff = StateDiff { code, ..Default::default() };
    for address in addresses {
        let account = account_diff(before.get(&address), after.get(&address), cleared.contains_key(&address), random);
        if account.before != account.after || account.storage_cleared || !account.storage.is_empty() {
            diff.accounts.insert(address, account);
        }
    }
    (diff, after)
}

fn account_diff(
    before: Option<&(Account, BTreeMap<U256, U256>)>,
    after: Option<&(Account, BTreeMap<U256, U256>)>,
    cleared: bool,
    random: &mut Random,
) -> AccountDiff {
    let value =
        |state: Option<&(Account, BTreeMap<U256, U256>)>, slot| state.and_then(|(_, slots)| slots.get(&slot)).copied().unwrap_or_default();
    let mut diff = AccountDiff {
        before: before.map(|(account, _)| *account),
        after: after.map(|(account, _)| *account),
        storage_cleared: cleared && before.is_some(),
        storage: BTreeMap::new(),
    };
    for slot in slots() {
        let (old, new) = (value(before, slot), value(after, slot));
        // Of slots that were cleared, an executor lists those that it happens to know.
        let listed = if diff.storage_cleared { !new.is_zero() || random.one_in(2) } else { old != new };
        if listed && !(old.is_zero() && new.is_zero()) {
            diff.storage.insert(slot, (old, new));
        }
    }
    diff
}

fn transaction(random: &mut Random) -> Transaction {
    let from = addresses()[random.below(4) as usize];
    TxDeposit { source_hash: random.hash(), from, gas_limit: 21_000, input: random.hash().to_vec().into(), ..Default::default() }.into()
}

fn receipt(cumulative_gas_used: u64, random: &mut Random) -> Receipt {
    let logs = (0..random.below(3)).map(|_| {
        let topics = (0..random.below(5)).map(|_| topic(random.below(4))).collect();
        Log { address: log_address(random.below(4)), data: LogData::new_unchecked(topics, random.hash().to_vec().into()) }
    });
    Receipt {
        logs: logs.collect(),
        tx_type: TxType::Deposit,
        outcome: random.one_in(2).into(),
        cumulative_gas_used,
        deposit_nonce: Some(random.next()),
        deposit_receipt_version: Some(1),
    }
}

/// A blob that is told from others by `n`.
pub(crate) fn blob(n: u8) -> BlobSidecar {
    BlobSidecar {
        versioned_hash: B256::repeat_byte(n),
        commitment: Bytes48::repeat_byte(n),
        proof: Bytes48::repeat_byte(!n),
        blob: Box::new(Blob::repeat_byte(n)),
    }
}
