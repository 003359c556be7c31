//! A posted chain as the bytes that kona reads.

use crate::chain::{self, KEYS, posting::Posted};
use alloy_consensus::{SignableTransaction, TxEip1559, TxEip4844};
use alloy_eips::{Decodable2718, Encodable2718};
use alloy_primitives::{B256, Bytes, TxKind, U256, keccak256};
use alloy_signer::SignerSync;
use proptest::prelude::*;
use tributary_oracle::{Attributes, Error, Jovian, L1Block, holocene_extra_data, isthmus_attributes, kona_attributes};
use tributary_primitives::{Eip1559Params, ExtraData, L1Info, PayloadAttributes, Receipt, Transaction, TxType};
use tributary_rollup::{BatcherData, BatcherTransaction, CONFIG_UPDATE};

/// The signed L1 transaction that carries batcher data, and its blobs.
fn sign(tx: &BatcherTransaction, nonce: u64) -> (Bytes, Vec<(B256, Bytes)>) {
    let key = KEYS.iter().find(|key| key.address() == tx.from).unwrap();
    match &tx.data {
        BatcherData::Calldata(input) => {
            let tx = TxEip1559 { chain_id: 900, nonce, to: TxKind::Call(chain::INBOX), input: input.clone(), ..Default::default() };
            let signature = key.sign_hash_sync(&tx.signature_hash()).unwrap();
            (Transaction::Eip1559(tx.into_signed(signature)).encoded_2718().into(), Vec::new())
        }
        BatcherData::Blobs(blobs) => {
            let blobs: Vec<_> = blobs.iter().map(|blob| (keccak256(blob), Bytes::copy_from_slice(blob.as_slice()))).collect();
            let blob_versioned_hashes = blobs.iter().map(|(hash, _)| *hash).collect();
            // A blob transaction's calldata must not matter.
            let input = Bytes::from_static(b"calldata");
            let tx = TxEip4844 { chain_id: 900, nonce, to: chain::INBOX, blob_versioned_hashes, input, ..Default::default() };
            let signature = key.sign_hash_sync(&tx.signature_hash()).unwrap();
            (Transaction::Eip4844(tx.into_signed(signature)).encoded_2718().into(), blobs)
        }
    }
}

/// The L1 of a posted chain as bytes.
pub(crate) fn raw_l1(posted: &Posted) -> Vec<L1Block> {
    let raw = |(number, l1): (usize, &chain::L1)| {
        let logs: Vec<_> = l1.logs.iter().map(|l| l.log.clone()).collect();
        let tx_type = TxType::Eip1559;
        let (outcome, deposit_nonce, deposit_receipt_version) = (true.into(), None, None);
        let receipt = Receipt { tx_type, outcome, cumulative_gas_used: 1, logs, deposit_nonce, deposit_receipt_version };
        let mut block =
            L1Block { header: alloy_rlp::encode(&l1.header).into(), receipts: vec![receipt.encoded_2718().into()], ..Default::default() };
        for (nonce, tx) in posted.batches.get(number).into_iter().flatten().enumerate() {
            let (tx, blobs) = sign(tx, nonce as u64);
            block.transactions.push(tx);
            block.blobs.extend(blobs);
        }
        block
    };
    posted.chain.l1.iter().enumerate().map(raw).collect()
}

/// What kona derives, building on the L2 blocks of `posted`.
pub(crate) fn kona(posted: &Posted) -> Result<Vec<Attributes>, Error> {
    let l2: Vec<Bytes> = posted.chain.l2.iter().map(|(block, _)| alloy_rlp::encode(block).into()).collect();
    let config = serde_json::to_string(&*posted.chain.cfg).unwrap();
    kona_attributes(&config, &raw_l1(posted), move |number| l2.get(number as usize).cloned())
}

/// What the newest updates up to an L1 block say, or else genesis: kona has no opinion of it.
fn jovian(posted: &Posted, epoch: u64) -> Option<Jovian> {
    let cfg = &posted.chain.cfg;
    let logs = || posted.chain.l1[1..=epoch as usize].iter().flat_map(|l1| &l1.logs).map(|l| &l.log);
    let newest = |kind: u8| {
        let topics = [CONFIG_UPDATE, B256::ZERO, B256::with_last_byte(kind)];
        // Offset, length, one word.
        logs().filter(|log| log.address == chain::SYSTEM_CONFIG && *log.topics() == topics && log.data.data.len() == 96).last()
    };
    let value = |kind| newest(kind).map(|log| U256::from_be_slice(&log.data.data[64..]));
    let genesis = cfg.genesis.system_config;
    let scalar = value(7).map_or(genesis.da_footprint_gas_scalar, |value| value.to());
    cfg.is_jovian().then(|| Jovian {
        min_base_fee: value(6).map_or(genesis.min_base_fee, |value| value.to()),
        da_footprint_gas_scalar: if scalar == 0 { 400 } else { scalar },
    })
}

/// Fails unless both are the same, and the block says of Jovian what it should.
pub(crate) fn same(posted: &Posted, ours: &PayloadAttributes, kona: &Attributes) -> Result<(), TestCaseError> {
    let (mut transactions, mut extra_data) = (ours.transactions.clone(), ours.block.extra_data.clone());
    let first = Transaction::decode_2718_exact(&transactions[0]).unwrap();
    let info = L1Info::decode_calldata(&first.as_deposit().unwrap().input).unwrap();
    if let Some(expected) = jovian(posted, info.number) {
        let (isthmus, da_footprint_gas_scalar) = isthmus_attributes(&transactions[0]).unwrap();
        let (holocene, min_base_fee) = holocene_extra_data(&extra_data).unwrap();
        prop_assert_eq!(Jovian { min_base_fee, da_footprint_gas_scalar }, expected);
        (transactions[0], extra_data) = (isthmus, holocene);
    }
    prop_assert_eq!(&transactions, &kona.transactions);
    prop_assert_eq!(ours.no_tx_pool, kona.no_tx_pool);
    let block = &ours.block;
    prop_assert_eq!(block.timestamp, kona.timestamp);
    prop_assert_eq!(block.mix_hash, kona.prev_randao);
    prop_assert_eq!(block.beneficiary, kona.fee_recipient);
    prop_assert_eq!(block.parent_beacon_block_root, Some(kona.parent_beacon_block_root));
    prop_assert_eq!(block.gas_limit, kona.gas_limit);
    // The header's form of them: the chain's own where kona leaves zeros for the executor.
    let params = match Eip1559Params::from_b64(kona.eip1559_params) {
        Eip1559Params { denominator: 0, .. } => Eip1559Params { denominator: 250, elasticity: 6 },
        params => params,
    };
    prop_assert_eq!(extra_data, ExtraData { eip1559: params, min_base_fee: None }.encode());
    Ok(())
}
