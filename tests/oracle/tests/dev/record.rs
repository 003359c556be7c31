//! Everything that a node served, and whether kona agrees with it.

use crate::{
    hostile,
    l1_traffic::{NEW_EIP1559, NEW_GAS_LIMIT, NEW_JOVIAN, NEW_OPERATOR_FEE, NEW_SCALARS},
    rig::{Rig, ask},
};
use alloy_primitives::{B256, Bytes, U64};
use serde_json::{Value, json};
use tributary_contracts::predeploys::MESSAGE_PASSER;
use tributary_oracle::{Attributes, Jovian, L2Block, kona_attributes, served_l1_block, served_l2_block};

/// What is known of an L2 block.
struct Served {
    block: Value,
    receipts: Value,
    raw: Bytes,
    output: Value,
    passer: Value,
    /// The verifier's opinion; none of genesis.
    derived: Value,
}

/// The L2 chain up to its safe head, and the L1 that it was derived from.
pub(crate) struct Record {
    config: Value,
    l1: Vec<(Value, Value, Value)>,
    l2: Vec<Served>,
}

fn number(value: &Value) -> u64 {
    value.as_str().unwrap().parse::<U64>().unwrap().to()
}

fn hash(value: &Value) -> B256 {
    value.as_str().unwrap().parse().unwrap()
}

impl Rig {
    /// The blobs of an L1 block, over the beacon API.
    pub(crate) async fn sidecars(&self, block: &str) -> Value {
        let url = format!("{}/eth/v1/beacon/blob_sidecars/{block}", self.l1_url);
        reqwest::get(url).await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }
}

impl Record {
    /// Reads both chains over the node's sockets.
    pub(crate) async fn read(rig: &Rig) -> Self {
        let safe = number(&ask(&rig.l2, "eth_getBlockByNumber", json!(["safe", false])).await["number"]);
        let mut l2 = Vec::new();
        for n in 0..=safe {
            let n = U64::from(n);
            l2.push(Served {
                block: ask(&rig.l2, "eth_getBlockByNumber", (n, true)).await,
                receipts: ask(&rig.l2, "eth_getBlockReceipts", [n]).await,
                raw: ask(&rig.l2, "debug_getRawBlock", [n]).await.as_str().unwrap().parse().unwrap(),
                output: ask(&rig.l2, "optimism_outputAtBlock", [n]).await,
                passer: ask(&rig.l2, "eth_getProof", json!([MESSAGE_PASSER, [], n])).await,
                derived: if n.is_zero() { Value::Null } else { ask(&rig.l2, "tributary_verifierBlock", [n]).await },
            });
        }
        // kona gets no more of L1 than the verifier had seen when it derived the safe head.
        let last = number(&l2[safe as usize].derived["l1BlockNumber"]);
        let mut l1 = Vec::new();
        for n in rig.config["genesis"]["l1"]["number"].as_u64().unwrap()..=last {
            let block = ask(&rig.l1, "eth_getBlockByNumber", (U64::from(n), true)).await;
            let receipts = ask(&rig.l1, "eth_getBlockReceipts", [U64::from(n)]).await;
            let sidecars = rig.sidecars(block["hash"].as_str().unwrap()).await;
            l1.push((block, receipts, sidecars));
        }
        Self { config: rig.config.clone(), l1, l2 }
    }

    /// Derives the chain with kona and compares.
    pub(crate) fn check(&self) {
        let l1: Vec<_> = self.l1.iter().map(|(block, receipts, blobs)| served_l1_block(block, receipts, blobs).unwrap()).collect();
        let l2: Vec<_> = self.l2.iter().map(|served| served_l2_block(&served.block, &served.receipts).unwrap()).collect();
        self.is_consistent(&l2);
        self.is_worth_deriving(&l2);
        let rlp: Vec<_> = l2.iter().map(|block| block.rlp.clone()).collect();
        let kona = kona_attributes(&self.config.to_string(), &l1, move |number| rlp.get(number as usize).cloned()).unwrap();
        assert!(kona.len() >= l2.len() - 1, "kona derives {} blocks of {}", kona.len(), l2.len() - 1);
        for (n, kona) in (1..l2.len()).zip(&kona) {
            let served = Attributes { derived_from: number(&self.l2[n].derived["l1BlockNumber"]), ..l2[n].attributes.clone() };
            assert_eq!(kona.transactions.len(), served.transactions.len(), "transactions of block {n}");
            for (i, (kona, served)) in kona.transactions.iter().zip(&served.transactions).enumerate() {
                assert_eq!(kona, served, "transaction {i} of block {n}");
            }
            assert_eq!(kona, &served, "block {n}");
        }
    }

    /// Everything that the node says of a block must follow from the block.
    fn is_consistent(&self, l2: &[L2Block]) {
        assert_eq!(l2[0].hash, hash(&self.config["genesis"]["l2"]["hash"]));
        for (n, (served, block)) in self.l2.iter().zip(l2).enumerate() {
            assert_eq!(served.raw, block.rlp, "RLP of block {n}");
            assert_eq!(hash(&served.output["outputRoot"]), block.output_root, "output root of block {n}");
            assert_eq!(hash(&served.output["blockRef"]["hash"]), block.hash);
            assert_eq!(hash(&served.passer["storageHash"]), block.withdrawals_root, "message passer at block {n}");
            if n > 0 {
                assert_eq!(hash(&served.derived["hash"]), block.hash, "what the verifier derived as block {n}");
                assert_eq!(block.attributes.parent, l2[n - 1].hash);
            }
        }
        // The comparison above would be worth nothing if any header gave any hash.
        let mut forged = self.l2[1].block.clone();
        forged["gasUsed"] = json!("0x1");
        assert!(served_l2_block(&forged, &self.l2[1].receipts).is_err());
    }

    /// All that was meant to happen did, so that agreement means something.
    fn is_worth_deriving(&self, l2: &[L2Block]) {
        let blocks = || self.l2.iter().zip(l2).skip(1);
        let transactions =
            || blocks().flat_map(|(s, b)| s.block["transactions"].as_array().unwrap().iter().zip(b.succeeded.iter().copied()));
        let count = |wanted: &dyn Fn(&Value, bool) -> bool| transactions().filter(|(tx, ok)| wanted(tx, *ok)).count();
        let is_deposit = |tx: &Value| tx["type"] == "0x7e" && tx["from"] != "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001";
        let is_creation = |tx: &Value| tx["to"].is_null();
        assert!(count(&|tx, ok| is_deposit(tx) && ok && !is_creation(tx)) >= 3, "deposits that worked");
        assert_eq!(count(&|tx, ok| is_deposit(tx) && ok && is_creation(tx)), 1, "deposited creations that worked");
        assert_eq!(count(&|tx, ok| is_deposit(tx) && !ok && is_creation(tx)), 1, "deposited creations that failed");
        assert_eq!(count(&|tx, ok| is_deposit(tx) && !ok && !is_creation(tx)), 1, "deposits that failed");
        assert_eq!(count(&|tx, _| is_deposit(tx) && !tx["mint"].is_null()), 4, "deposits with mint");
        assert_eq!(count(&|tx, ok| tx["type"] == "0x2" && ok && is_creation(tx)), 4, "users' creations");
        assert_eq!(count(&|tx, ok| tx["type"] == "0x1" && !ok), 4, "users' failures");
        for ty in ["0x0", "0x1", "0x2", "0x4"] {
            assert!(count(&|tx, ok| tx["type"] == ty && ok) >= 4, "users' transactions of type {ty}");
        }
        let empty = l2.iter().skip(1).filter(|block| block.attributes.transactions.len() == 1).count();
        let mut epochs: Vec<_> = self.l2.iter().map(|served| hash(&served.output["blockRef"]["l1origin"]["hash"])).collect();
        epochs.dedup();
        assert!(l2.len() > 16 && empty > 0 && epochs.len() > 3, "{} blocks, {empty} empty, {} epochs", l2.len(), epochs.len());
        let posted = self.l1.iter().flat_map(|(block, ..)| block["transactions"].as_array().unwrap());
        let posted: Vec<_> = posted.filter(|tx| tx["to"] == self.config["batch_inbox_address"]).collect();
        let by_batcher = posted.iter().filter(|tx| tx["from"] == self.config["genesis"]["system_config"]["batcherAddr"]).count();
        assert!(by_batcher > hostile::POSTS, "batches and garbage");
        assert_eq!(posted.len() - by_batcher, hostile::POSTS, "a stranger's batches");
        self.has_the_new_config(l2);
    }

    /// The owner's changes are in the last block, and were not in the first.
    fn has_the_new_config(&self, l2: &[L2Block]) {
        let (denominator, elasticity) = NEW_EIP1559;
        let (first, last) = (&l2[1].attributes, &l2[l2.len() - 1].attributes);
        assert_eq!(last.gas_limit, NEW_GAS_LIMIT);
        assert_ne!(first.gas_limit, NEW_GAS_LIMIT);
        assert_eq!(last.eip1559_params, [denominator.to_be_bytes(), elasticity.to_be_bytes()].concat().as_slice());
        assert_ne!(last.eip1559_params, first.eip1559_params);
        // setL1BlockValues…: both scalars follow the selector; the operator fee is at 164.
        let info = |block: &Served| block.block["transactions"][0]["input"].as_str().unwrap().parse::<Bytes>().unwrap();
        let (old, new) = (info(&self.l2[1]), info(&self.l2[self.l2.len() - 1]));
        let (scalars, fee) = (NEW_SCALARS, NEW_OPERATOR_FEE);
        assert_eq!(new[4..12], [scalars.0.to_be_bytes(), scalars.1.to_be_bytes()].concat());
        assert_eq!(new[164..176], [&fee.0.to_be_bytes()[..], &fee.1.to_be_bytes()].concat());
        assert!(old[4..12] != new[4..12] && old[164..176] != new[164..176]);
        self.has_the_new_jovian(l2);
    }

    /// Where there is Jovian, what kona has no opinion of: every block's minimum base fee, footprint scalar and base fee are as they should be.
    fn has_the_new_jovian(&self, l2: &[L2Block]) {
        let jovian = |min_base_fee, da_footprint_gas_scalar| Some(Jovian { min_base_fee, da_footprint_gas_scalar });
        if self.config["jovian_time"].is_null() {
            assert!(l2.iter().all(|block| block.jovian.is_none()));
            return;
        }
        let (old, new) = (jovian(1_000_000_000, 400), jovian(NEW_JOVIAN.0, NEW_JOVIAN.1));
        let between = [old, jovian(NEW_JOVIAN.0, 400), jovian(1_000_000_000, NEW_JOVIAN.1), new];
        assert!(l2[1..].iter().all(|block| between.contains(&block.jovian)));
        assert_eq!((l2[1].jovian, l2[l2.len() - 1].jovian), (old, new));
        for (parent, child) in l2[1..].iter().zip(&self.l2[2..]) {
            let base_fee = number(&child.block["baseFeePerGas"]);
            assert!(base_fee >= parent.jovian.unwrap().min_base_fee, "base fee {base_fee}");
        }
        let footprints = self.l2.iter().map(|served| number(&served.block["blobGasUsed"]));
        let receipts =
            |served: &Served| served.receipts.as_array().unwrap().iter().filter_map(|receipt| receipt.get("blobGasUsed")).map(number).sum();
        let told: Vec<u64> = self.l2.iter().map(receipts).collect();
        assert_eq!(footprints.collect::<Vec<_>>(), told);
        assert!(told.iter().any(|footprint| *footprint > 0));
    }
}
