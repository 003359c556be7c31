//! The first L1 block: it deploys our contracts, and the rollup is anchored in it.

use crate::{
    Error,
    config::L2_CHAIN_ID,
    contracts::{self, Parameters},
    genesis::{DevGenesis, endowment},
    keys::Operators,
    producer::block_one,
    status::DevAccount,
};
use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_eips::{BlockNumHash, eip2718::Encodable2718};
use alloy_primitives::{Address, Bytes, TxKind, U256};
use alloy_signer::SignerSync;
use tributary_execution::{OpenBlock, Outcome};
use tributary_primitives::{Transaction, rollup::output_root};
use tributary_storage::Store;

/// Gas that each deploying transaction may use.
const GAS: u64 = 8_000_000;

/// Makes sure that L1 block 1 exists and holds the contracts; returns it.
pub(crate) fn contracts(
    l1: &Store,
    l2: &Store,
    genesis: &DevGenesis,
    operators: &Operators,
    accounts: &[DevAccount],
) -> Result<BlockNumHash, Error> {
    if let Some(hash) = l1.hash_of(1)? {
        return Ok(BlockNumHash { number: 1, hash });
    }
    let l2_genesis = l2.genesis();
    let holders: Vec<Address> = accounts.iter().map(|account| account.address).collect();
    let parameters = Parameters {
        deployer: operators.deployer.address(),
        prover: operators.prover.address(),
        batch_inbox: genesis.batch_inbox(),
        system_config: genesis.system_config(operators),
        eip1559: genesis.eip1559(),
        l2_chain_id: L2_CHAIN_ID,
        genesis_output_root: output_root(
            l2_genesis.state_root,
            l2_genesis.withdrawals_root.unwrap_or_default(),
            l2_genesis.hash(),
        ),
        l2_supply: genesis.l2_supply(),
        holders: &holders,
        holding: endowment(),
    };
    let parent = l1.genesis();
    let attributes = block_one(genesis.l1_block_time, parent);
    let mut block = OpenBlock::new(l1.spec().clone(), l1.latest()?, parent.inner(), parent.hash(), attributes)?;
    for (nonce, (to, input)) in contracts::transactions(&parameters)?.into_iter().enumerate() {
        let tx = sign(operators, l1.spec().chain_id, nonce as u64, to, input)?;
        let (encoded, sender) = (Bytes::from(tx.encoded_2718()), operators.deployer.address());
        let outcome = block.execute(tx, sender, encoded)?;
        let worked = matches!(outcome, Outcome::Included(_)) && block.receipts().last().is_some_and(|receipt| receipt.succeeded());
        if !worked {
            return Err(Error::Disagreement(format!("L1 contract transaction {nonce} failed: {outcome:?}")));
        }
    }
    let executed = block.seal()?;
    l1.commit(&executed, &[])?;
    Ok(executed.id())
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
