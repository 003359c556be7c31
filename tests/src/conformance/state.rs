//! GeneralStateTests: one transaction on a state, under the rules of one fork.
//!
//! The transaction runs in an open block on a stored genesis that holds the pre-state, and the block is sealed, committed and unwound as any other. A state
//! test has no block reward, which is taken back before its root is computed, but its coinbase is touched all the same.

use super::{
    Case, Failure,
    fields::Fields,
    fork::{self, Rules},
    world::{Accounts, World, flat_root},
};
use alloy_consensus::Header;
use alloy_eips::eip2718::Decodable2718;
use alloy_genesis::Genesis;
use alloy_hardforks::EthereumHardfork as Fork;
use alloy_primitives::{Address, B256, Bytes, U64, U256, keccak256};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use tributary_execution::{Executor, OpenBlock, Outcome, recover_sender};
use tributary_primitives::{Account, BlockAttributes, ChainSpec, ExecutedBlock, StateError, StateReader, Transaction, TrieReader};
use tributary_storage::Snapshot;

/// Wei.
const ETHER: u128 = 1_000_000_000_000_000_000;

#[derive(Debug, Deserialize)]
struct StateTest {
    env: Env,
    config: Option<Rules>,
    pre: Accounts,
    /// Read only where a post has no bytes: elsewhere it may hold what no transaction can.
    transaction: Value,
    post: BTreeMap<String, Vec<Post>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Env {
    current_coinbase: Address,
    current_difficulty: Option<U256>,
    current_gas_limit: U64,
    current_number: U64,
    current_timestamp: U64,
    current_base_fee: Option<U64>,
    current_random: Option<B256>,
    current_excess_blob_gas: Option<U64>,
}

#[derive(Debug, Deserialize)]
struct Post {
    hash: B256,
    logs: B256,
    indexes: Indexes,
    /// Left out by tests from before Berlin.
    txbytes: Option<Bytes>,
    #[serde(rename = "expectException")]
    exception: Option<String>,
}

/// Which elements of the transaction's lists a post is about.
#[derive(Debug, Deserialize)]
pub(super) struct Indexes {
    pub(super) data: usize,
    pub(super) gas: usize,
    pub(super) value: usize,
}

pub(super) fn cases(json: &str, wanted: &dyn Fn(&str) -> bool) -> serde_json::Result<Vec<Case>> {
    let tests: BTreeMap<String, StateTest> = serde_json::from_str(json)?;
    let mut cases = Vec::new();
    for (name, test) in &tests {
        for (network, posts) in &test.post {
            let named = |post: &Post| format!("{name}/{network}/{}/{}/{}", post.indexes.data, post.indexes.gas, post.indexes.value);
            let posts: Vec<_> = posts.iter().map(|post| (named(post), post)).filter(|(case, _)| wanted(case)).collect();
            if posts.is_empty() {
                continue;
            }
            match test.world(network) {
                Ok(world) => cases.extend(posts.into_iter().map(|(case, post)| (case, test.run(&world, post)))),
                Err(failure) => cases.extend(posts.into_iter().map(|(case, _)| (case, Err(failure.clone())))),
            }
        }
    }
    Ok(cases)
}

impl StateTest {
    /// The pre-state as the genesis below the test's block.
    fn world(&self, network: &str) -> Result<World, Failure> {
        let Env { current_number, current_gas_limit, current_base_fee, .. } = self.env;
        let mut config = fork::chain_config(network, |_| 0)?;
        self.config.iter().for_each(|rules| rules.apply(&mut config));
        World::new(Genesis {
            config,
            number: Some(current_number.to::<u64>() - 1),
            gas_limit: current_gas_limit.to(),
            base_fee_per_gas: current_base_fee.map(|fee| fee.to()),
            alloc: self.pre.clone(),
            ..Default::default()
        })
    }

    fn run(&self, world: &World, post: &Post) -> Result<(), Failure> {
        let mut block = self.open(world)?;
        let encoded = self.encoded(post, world.spec().chain_id)?;
        let included = encoded.and_then(|encoded| execute(&world.spec(), &mut block, &encoded));
        match (&included, &post.exception) {
            (Ok(()), None) => {}
            (Err(_), Some(_)) if block.transactions().is_empty() => {}
            // Tests without bytes do not say that a transaction is rejected otherwise than by their root, which that of an included one, whose
            // sender has another nonce, cannot be.
            (Err(_), None) if post.txbytes.is_none() && block.transactions().is_empty() => {}
            (Ok(()), Some(expected)) => return Err(Failure::new(format!("included, though it should be rejected for {expected}"))),
            (Err(reason), _) => return Err(Failure::new(format!("rejected: {reason}"))),
        }
        let executed = block.seal()?;
        let logs = executed.receipts.first().map(|receipt| receipt.logs.clone()).unwrap_or_default();
        Failure::unless_equal("hash of the logs", keccak256(alloy_rlp::encode(logs)), post.logs)?;
        let what = included.map_or_else(|reason| format!("state root without the transaction ({reason})"), |()| "state root".to_owned());
        Failure::unless_equal(&what, root_without_reward(world, &executed)?, post.hash)?;
        commit_and_unwind(world, &executed)
    }

    /// The bytes of the post's transaction. The outer error is a test that cannot be read, the inner one fields that no transaction has.
    fn encoded(&self, post: &Post, chain_id: u64) -> Result<Result<Bytes, Failure>, Failure> {
        match &post.txbytes {
            Some(bytes) => Ok(Ok(bytes.clone())),
            None => {
                let fields = Fields::deserialize(&self.transaction)?;
                fields.check(&post.indexes)?;
                Ok(fields.signed(&post.indexes, chain_id))
            }
        }
    }

    /// A block with exactly the test's environment, on a parent of which base fee and excess blob gas follow as the test has them.
    fn open(&self, world: &World) -> Result<OpenBlock<NumberedHashes>, Failure> {
        let (env, spec, genesis) = (&self.env, world.spec(), world.store.genesis());
        let merged = spec.is_active(Fork::Paris, env.current_number.to(), env.current_timestamp.to());
        let mut parent: Header = genesis.inner().clone();
        parent.gas_used = parent.gas_limit / 2;
        if let Some(params) = spec.blob_params(env.current_timestamp.to()) {
            let excess: u64 = env.current_excess_blob_gas.unwrap_or_default().to();
            parent.excess_blob_gas = Some(excess + params.target_blob_gas_per_block());
        }
        let attributes = BlockAttributes {
            timestamp: env.current_timestamp.to(),
            beneficiary: env.current_coinbase,
            mix_hash: if merged { env.current_random.unwrap_or_default() } else { B256::ZERO },
            gas_limit: env.current_gas_limit.to(),
            extra_data: Bytes::new(),
            parent_beacon_block_root: Some(B256::ZERO),
            withdrawals: None,
            difficulty: if merged { U256::ZERO } else { env.current_difficulty.unwrap_or_default() },
            nonce: Default::default(),
            ommers: Vec::new(),
        };
        let block = OpenBlock::new(&Executor::new(spec), NumberedHashes(world.store.latest()?), &parent, genesis.hash(), attributes)?;
        let header = block.header();
        // One environment is for all forks of a test.
        let base_fee = env.current_base_fee.filter(|_| block.header().base_fee_per_gas.is_some()).map(|fee| fee.to());
        Failure::unless_equal("base fee of the open block", header.base_fee_per_gas, base_fee)?;
        let excess = header.excess_blob_gas.map(|_| env.current_excess_blob_gas.unwrap_or_default().to());
        Failure::unless_equal("excess blob gas of the open block", header.excess_blob_gas, excess)?;
        Ok(block)
    }
}

/// Decodes the transaction and puts it into the block; an error says why it is not a transaction or not in the block.
fn execute(spec: &ChainSpec, block: &mut OpenBlock<NumberedHashes>, encoded: &Bytes) -> Result<(), Failure> {
    let tx = Transaction::decode_2718_exact(encoded)?;
    let sender = recover_sender(spec, block.header().number, block.header().timestamp, &tx)?;
    match block.execute(tx, sender, encoded.clone())? {
        Outcome::Included(_) => Ok(()),
        Outcome::Rejected(rejection) => Err(rejection.into()),
        Outcome::Full => Err(Failure::new("it does not fit in the block")),
    }
}

/// The state root as it would be had the block's miner had no reward.
fn root_without_reward(world: &World, executed: &ExecutedBlock) -> Result<B256, Failure> {
    let (spec, header) = (world.spec(), &executed.block.header);
    let active = |fork| spec.is_active(fork, header.number, header.timestamp);
    if active(Fork::Paris) {
        return Ok(executed.state.state_root);
    }
    let reward = match () {
        () if active(Fork::Constantinople) => 2 * ETHER,
        () if active(Fork::Byzantium) => 3 * ETHER,
        () => 5 * ETHER,
    };
    let mut diff = executed.state.diff.clone();
    let rewarded = diff.accounts.get_mut(&header.beneficiary).ok_or_else(|| Failure::new("the coinbase has no reward"))?;
    rewarded.after = rewarded.after.map(|account| Account { balance: account.balance - U256::from(reward), ..account });
    // What is touched and empty does not exist since EIP-161.
    rewarded.after = rewarded.after.filter(|account| !account.is_empty() || !active(Fork::SpuriousDragon));
    Ok(tributary_trie::state_root(&world.store.latest()?, world.store.genesis().state_root, &diff)?.0)
}

/// Commits the block, computes the root again from the flat tables, and takes the block back.
fn commit_and_unwind(world: &World, executed: &ExecutedBlock) -> Result<(), Failure> {
    let genesis = world.store.genesis();
    world.store.commit(executed, &[])?;
    Failure::unless_equal("root of the flat tables", flat_root(&world.store.latest()?)?, executed.state.state_root)?;
    world.store.unwind(genesis.number)?;
    Failure::unless_equal("root of the flat tables after unwinding", flat_root(&world.store.latest()?)?, genesis.state_root)
}

/// A stored state in which BLOCKHASH gives what it gives in state tests: the keccak256 of the number in decimal.
#[derive(Debug)]
struct NumberedHashes(Snapshot);

impl StateReader for NumberedHashes {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        self.0.account(address)
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        self.0.storage(address, slot)
    }

    fn has_storage(&self, address: Address) -> Result<bool, StateError> {
        self.0.has_storage(address)
    }

    fn code(&self, hash: B256) -> Result<Bytes, StateError> {
        self.0.code(hash)
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        Ok(keccak256(number.to_string()))
    }
}

impl TrieReader for NumberedHashes {
    fn trie_node(&self, owner: Option<B256>, path: &nybbles::Nibbles, hash: B256) -> Result<Bytes, StateError> {
        self.0.trie_node(owner, path, hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::address;
    use serde_json::json;

    /// Whose key is 1.
    const SENDER: Address = address!("7e5f4552091a69125d5dfcb7b8c2659029395bdf");

    /// Runs a test without bytes, of a transaction with nonce 0 whose sender has `nonce`; it expects the state to remain as it was.
    fn run_with_sender_at(nonce: u64) -> Result<(), Failure> {
        let sender = Account { nonce, balance: U256::from(ETHER), ..Default::default() };
        let test = json!({ "test": {
            "env": {
                "currentCoinbase": Address::repeat_byte(1), "currentDifficulty": "0x20000", "currentGasLimit": "0x100000",
                "currentNumber": "0x01", "currentTimestamp": "0x03e8",
            },
            "pre": { SENDER.to_string(): { "nonce": format!("{nonce:#x}"), "balance": sender.balance, "code": "0x", "storage": {} } },
            "transaction": {
                "data": ["0x"], "gasLimit": ["0x5208"], "gasPrice": "0x01", "nonce": "0x00", "value": ["0x00"],
                "to": Address::repeat_byte(2), "secretKey": B256::with_last_byte(1),
            },
            "post": { "Byzantium": [{
                "hash": tributary_trie::full_state_root([(SENDER, sender, Vec::new())]).0, "logs": keccak256([0xc0]),
                "indexes": { "data": 0, "gas": 0, "value": 0 },
            }] },
        } });
        let mut found = cases(&test.to_string(), &|_| true).unwrap();
        assert_eq!((found.len(), found[0].0.as_str()), (1, "test/Byzantium/0/0/0"));
        found.remove(0).1
    }

    #[test]
    fn a_root_alone_tells_whether_a_transaction_is_included() {
        run_with_sender_at(1).unwrap();
        let reason = run_with_sender_at(0).unwrap_err().to_string();
        assert!(reason.starts_with("state root is"), "{reason}");
    }
}
