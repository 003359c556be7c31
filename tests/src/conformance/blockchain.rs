//! BlockchainTests: a genesis and blocks in RLP, some of which are invalid, some of which branch off.
//!
//! Blocks are imported as the node imports them.

use super::{
    Case, Failure,
    chain::Chain,
    fork::{self, Rules},
    world::{Accounts, World, expect_accounts, flat_root},
};
use alloy_genesis::{ChainConfig, Genesis};
use alloy_primitives::{Address, B64, B256, Bytes, U64, U256};
use serde::Deserialize;
use std::collections::BTreeMap;
use tributary_primitives::Block;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlockchainTest {
    network: String,
    config: Option<Rules>,
    genesis_block_header: GenesisHeader,
    /// Left out by some tests from before Istanbul.
    #[serde(rename = "genesisRLP")]
    genesis_rlp: Option<Bytes>,
    pre: Accounts,
    blocks: Vec<TestBlock>,
    lastblockhash: B256,
    post_state: Option<Accounts>,
    post_state_hash: Option<B256>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GenesisHeader {
    hash: B256,
    state_root: B256,
    coinbase: Address,
    difficulty: U256,
    extra_data: Bytes,
    gas_limit: U64,
    timestamp: U64,
    mix_hash: B256,
    nonce: B64,
    base_fee_per_gas: Option<U64>,
    blob_gas_used: Option<U64>,
    excess_blob_gas: Option<U64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TestBlock {
    rlp: Bytes,
    /// Why the block is refused. Tests from before Istanbul do not say it.
    expect_exception: Option<String>,
    /// Only a valid block has one.
    block_header: Option<BlockDifficulty>,
}

#[derive(Debug, Deserialize)]
struct BlockDifficulty {
    difficulty: U256,
}

pub(super) fn cases(json: &str, wanted: &dyn Fn(&str) -> bool) -> serde_json::Result<Vec<Case>> {
    let tests: BTreeMap<String, BlockchainTest> = serde_json::from_str(json)?;
    Ok(tests.into_iter().filter(|(name, _)| wanted(name)).map(|(name, test)| (name, test.run())).collect())
}

impl BlockchainTest {
    fn run(&self) -> Result<(), Failure> {
        let mut chain = Chain::begin(World::new(self.genesis()?)?);
        Failure::unless_equal("hash of the genesis", chain.best(), self.genesis_block_header.hash)?;
        if let Some(rlp) = &self.genesis_rlp {
            let genesis: Block = alloy_rlp::decode_exact(rlp)?;
            Failure::unless_equal("hash of the decoded genesis", genesis.header.hash_slow(), self.genesis_block_header.hash)?;
        }
        for (index, block) in self.blocks.iter().enumerate() {
            let imported = alloy_rlp::decode_exact(&block.rlp).map_err(Failure::from).and_then(|block| chain.import(block));
            match (imported, &block.block_header) {
                (Ok(()), Some(_)) | (Err(_), None) => {}
                (Ok(()), None) => {
                    let expected = block.expect_exception.as_deref().unwrap_or("a reason that the test does not give");
                    return Err(Failure::new(format!("block at {index} was imported, though it should be refused for {expected}")));
                }
                (Err(reason), Some(_)) => return Err(Failure::new(format!("block at {index}: {reason}"))),
            }
        }
        Failure::unless_equal("hash of the last block", chain.best(), self.lastblockhash)?;
        self.check_state(&chain.settle()?)
    }

    /// The state is the one expected, and so is what the flat tables alone give.
    fn check_state(&self, world: &World) -> Result<(), Failure> {
        let state = world.store.latest()?;
        Failure::unless_equal("hash of the stored head", state.header().hash(), self.lastblockhash)?;
        if let Some(accounts) = &self.post_state {
            expect_accounts(&state, accounts)?;
        }
        if let Some(root) = self.post_state_hash {
            Failure::unless_equal("state root", state.header().state_root, root)?;
        }
        if self.post_state.is_none() && self.post_state_hash.is_none() {
            return Err(Failure::new("the test does not say what the state should be"));
        }
        Failure::unless_equal("root of the flat tables", flat_root(&state)?, state.header().state_root)?;
        // Taking everything back must restore the genesis, whatever branches there were.
        world.store.unwind(0)?;
        Failure::unless_equal("root after unwinding", flat_root(&world.store.latest()?)?, self.genesis_block_header.state_root)
    }

    fn genesis(&self) -> Result<Genesis, Failure> {
        let header = &self.genesis_block_header;
        Ok(Genesis {
            config: self.config()?,
            nonce: header.nonce.into(),
            timestamp: header.timestamp.to(),
            extra_data: header.extra_data.clone(),
            gas_limit: header.gas_limit.to(),
            difficulty: header.difficulty,
            mix_hash: header.mix_hash,
            coinbase: header.coinbase,
            alloc: self.pre.clone(),
            base_fee_per_gas: header.base_fee_per_gas.map(|fee| fee.to()),
            blob_gas_used: header.blob_gas_used.map(|gas| gas.to()),
            excess_blob_gas: header.excess_blob_gas.map(|gas| gas.to()),
            ..Default::default()
        })
    }

    /// The network's rules. Where the merge is given by a total difficulty, the valid blocks of the test, which do not branch then, tell its block.
    fn config(&self) -> Result<ChainConfig, Failure> {
        let difficulties = self.blocks.iter().filter_map(|block| block.block_header.as_ref()).map(|header| header.difficulty);
        let mut config = fork::chain_config(&self.network, |terminal| {
            let totals = difficulties.scan(self.genesis_block_header.difficulty, |total, difficulty| {
                *total += difficulty;
                Some(*total)
            });
            2 + totals.take_while(|total| *total < terminal).count() as u64
        })?;
        self.config.iter().for_each(|rules| rules.apply(&mut config));
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// Runs a test of the kind that gives neither the genesis in RLP nor a reason for refusing a block. Its only block is no block.
    fn run_with_block(block: Value) -> Result<(), Failure> {
        let mut test = json!({
            "network": "Byzantium",
            "genesisBlockHeader": {
                "hash": B256::ZERO, "stateRoot": B256::ZERO, "coinbase": Address::ZERO, "difficulty": "0x20000", "extraData": "0x",
                "gasLimit": "0x100000", "timestamp": "0x00", "mixHash": B256::ZERO, "nonce": "0x0000000000000000",
            },
            "pre": {}, "postState": {}, "lastblockhash": B256::ZERO, "blocks": [block],
        });
        let genesis = World::new(BlockchainTest::deserialize(&test).unwrap().genesis()?)?.store.genesis().clone();
        test["genesisBlockHeader"]["hash"] = json!(genesis.hash());
        test["genesisBlockHeader"]["stateRoot"] = json!(genesis.state_root);
        test["lastblockhash"] = json!(genesis.hash());
        BlockchainTest::deserialize(&test).unwrap().run()
    }

    #[test]
    fn a_block_without_a_header_must_be_refused_and_one_with_a_header_must_not() {
        run_with_block(json!({ "rlp": "0xc0" })).unwrap();
        let reason = run_with_block(json!({ "rlp": "0xc0", "blockHeader": { "difficulty": "0x20000" } })).unwrap_err().to_string();
        assert!(reason.starts_with("block at 0"), "{reason}");
    }
}
