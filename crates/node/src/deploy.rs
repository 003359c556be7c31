//! The first L1 block: it deploys our contracts, and the rollup is anchored in it.

use crate::{
    Error,
    config::{FINALITY_DELAY, L2_CHAIN_ID, TIMELOCK_DELAY, VERIFIER_DELAY},
    contracts::{self, Delays, Parameters},
    genesis::{DevGenesis, endowment},
    keys::Operators,
    pipeline::{Invalid, Pipeline, Work},
    producer::block_one,
    status::DevAccount,
};
use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::{BlockNumHash, eip2718::Encodable2718};
use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_signer::SignerSync;
use tributary_execution::OpenBlock;
use tributary_primitives::{Transaction, rollup::output_root};
use tributary_storage::Store;

/// Gas that each deploying transaction may use.
pub(crate) const GAS: u64 = 8_000_000;

/// Makes sure that L1 block 1 exists and holds the contracts; returns it.
pub(crate) fn contracts(
    l1: &Pipeline,
    l2: &Store,
    genesis: &DevGenesis,
    operators: &Operators,
    accounts: &[DevAccount],
) -> Result<BlockNumHash, Error> {
    if let Some(hash) = l1.store.hash_of(1)? {
        return Ok(BlockNumHash { number: 1, hash });
    }
    let l2_genesis = l2.genesis();
    let holders: Vec<(Address, U256)> = accounts.iter().map(|account| (account.address, endowment())).collect();
    let parameters = Parameters {
        deployer: operators.deployer.address(),
        first_nonce: 0,
        // A development chain has no others.
        owner: operators.deployer.address(),
        prover: operators.prover.address(),
        feed: operators.deployer.address(),
        batch_inbox: genesis.batch_inbox(),
        system_config: genesis.system_config(operators),
        eip1559: genesis.eip1559(),
        l2_chain_id: L2_CHAIN_ID,
        delays: Delays { finality: FINALITY_DELAY, verifier: VERIFIER_DELAY, timelock: TIMELOCK_DELAY },
        genesis_output_root: output_root(l2_genesis.state_root, l2_genesis.withdrawals_root.unwrap_or_default(), l2_genesis.hash()),
        genesis_time: l2_genesis.timestamp,
        block_time: genesis.block_time,
        l2_supply: genesis.l2_supply(),
        holders: &holders,
    };
    let parent = l1.store.genesis();
    let attributes = block_one(genesis.l1_block_time, parent);
    let mut block = Box::new(OpenBlock::new(&l1.executor, l1.store.tip()?, parent.inner(), parent.hash(), attributes.block)?);
    for (nonce, (to, input)) in contracts::transactions(&parameters).into_iter().enumerate() {
        let tx = sign(operators, l1.store.spec().chain_id, nonce as u64, to, input)?;
        let (encoded, sender) = (Bytes::from(tx.encoded_2718()), operators.deployer.address());
        block.require(tx, sender, encoded)?;
        if !block.receipts().last().is_some_and(|receipt| receipt.succeeded()) {
            return Err(Error::Disagreement(format!("L1 contract transaction {nonce} failed")));
        }
    }
    l1.extend(Work::Open { block, sidecars: Vec::new() })?.map_err(|Invalid(error)| error)?;
    Ok(l1.store.heads()?.unsafe_head)
}

fn sign(operators: &Operators, chain_id: u64, nonce: u64, to: TxKind, input: Bytes) -> Result<Transaction, Error> {
    let tx = TxEip1559 {
        chain_id,
        nonce,
        gas_limit: GAS,
        max_fee_per_gas: 10_000_000_000,
        max_priority_fee_per_gas: 0,
        to,
        value: U256::ZERO,
        access_list: Default::default(),
        input,
    };
    let signature = operators.deployer.sign_hash_sync(&tx.signature_hash()).map_err(|e| Error::Config(e.to_string()))?;
    Ok(Transaction::Eip1559(tx.into_signed(signature)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DevConfig, keys, l1_view::L1Reader, pipeline::head_block};
    use std::sync::Arc;
    use tributary_l1::{L1Client, L1Config};
    use tributary_primitives::{Account, StateReader};
    use tributary_rollup::{L2Head, next_attributes};
    use tributary_storage::Options;

    #[test]
    fn the_first_l1_block_holds_every_contract_and_the_first_l2_block_follows_from_it() {
        let config = DevConfig::default();
        let accounts = keys::accounts(&config.mnemonic, 3).unwrap();
        let operators = Operators::from_mnemonic(&config.mnemonic).unwrap();
        let genesis = DevGenesis::new(&config, &accounts, &operators, 1_800_000_000);
        let dir = tempfile::tempdir().unwrap();
        let l1 = Pipeline::new(Store::open(&dir.path().join("l1"), genesis.l1_spec(), Options::default()).unwrap());
        let l2 = Store::open(&dir.path().join("l2"), genesis.l2_spec(), Options::default()).unwrap();
        let anchor = contracts(&l1, &l2, &genesis, &operators, &accounts).unwrap();
        assert_eq!(contracts(&l1, &l2, &genesis, &operators, &accounts).unwrap(), anchor, "deployed once");
        let state = l1.store.latest().unwrap();
        let at = genesis.contracts;
        for address in [at.open_token, at.system_config, at.verifier, at.outputs, at.portal, at.timelock] {
            assert!(state.account(address).unwrap().is_some_and(|account: Account| account.has_code()), "{address} has no code");
        }

        let l2_genesis = BlockNumHash { number: 0, hash: l2.genesis().hash() };
        let rollup = Arc::new(genesis.rollup_config(anchor, l2_genesis, genesis.system_config(&operators), 1));
        let block = l1.store.block(1u64).unwrap().unwrap();
        let reader = L1Reader {
            client: L1Client::new(&L1Config::at("http://127.0.0.1:1")).unwrap(),
            spec: genesis.l1_spec(),
            config: rollup.clone(),
        };
        let receipts = l1.store.receipts(1u64).unwrap().unwrap();
        let data = tributary_l1::L1BlockData { header: block.block.header, hash: block.hash, receipts, inbox: Vec::new() };
        let origin = reader.origin(&data);
        assert!(!origin.logs.is_empty(), "the system configuration announced itself");
        let parent = head_block(&l2).unwrap();
        let head = L2Head::of_block(&rollup, &parent.block, parent.hash).unwrap();
        assert_eq!(head.system_config, genesis.system_config(&operators));
        let (attributes, system_config) = next_attributes(&rollup, &head, &origin.header, &origin.logs).unwrap();
        let work = Work::Attributes(Box::new(attributes));
        let executed = Pipeline::new(l2.clone()).extend(work).unwrap().expect("deposits are always valid").remove(0);
        assert!(executed.receipts[0].succeeded(), "L1 attributes were set");
        let after = head_block(&l2).unwrap();
        let head = L2Head::of_block(&rollup, &after.block, after.hash).unwrap();
        assert_eq!(head.system_config, system_config, "the block records the configuration that attributes were built with");
        assert_eq!(head.block.l1_origin, anchor);
    }
}
