//! A synthetic L1 and L2 for tests: plans that proptest can shrink, and the chains that they describe.

#![allow(dead_code, reason = "each test binary uses its own part")]

pub(crate) mod posting;

use alloy_consensus::{Header, Signed, TxEip1559, TxEip2930, TxEip7702, TxLegacy, constants::EMPTY_WITHDRAWALS, proofs};
use alloy_eips::{
    BlockNumHash, Decodable2718,
    eip2930::{AccessList, AccessListItem},
    eip7685::EMPTY_REQUESTS_HASH,
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B64, B256, Bytes, Log, Signature, TxKind, U256, keccak256};
use alloy_signer_local::PrivateKeySigner;
use proptest::{collection::vec, prelude::*};
use std::sync::{Arc, LazyLock};
use tributary_primitives::{
    Block, BlockBody, Eip1559Params, L1BlockRef, L2BlockRef, PayloadAttributes, RollupConfig, SystemConfig, Transaction,
    rollup::{ChainOpConfig, RollupForks, RollupGenesis},
};
use tributary_rollup::{BatchBlock, CONFIG_UPDATE, L1Header, L1Log, L2Head, TIME_JUMP, TRANSACTION_DEPOSITED, next_attributes};

pub(crate) const CHAIN_ID: u64 = 630_925;
pub(crate) const GENESIS_TIME: u64 = 1_700_000_000;
pub(crate) const INBOX: Address = Address::repeat_byte(0xff);
pub(crate) const PORTAL: Address = Address::repeat_byte(0xdd);
pub(crate) const SYSTEM_CONFIG: Address = Address::repeat_byte(0xcc);

/// Keys of accounts that send to the inbox.
pub(crate) static KEYS: LazyLock<Vec<PrivateKeySigner>> =
    LazyLock::new(|| (0..=u8::MAX).map(|n| PrivateKeySigner::from_bytes(&keccak256([n])).unwrap()).collect());

/// The batcher at genesis.
pub(crate) fn batcher() -> Address {
    KEYS[0].address()
}

/// Seconds after which L1 blocks come, whether they are marked as jumps, and what happens in them.
pub(crate) fn jumps() -> impl Strategy<Value = Vec<(u64, bool, Vec<L1Event>)>> {
    let seconds = prop_oneof![2 => 1u64..6, 1 => 1u64..200_000_000];
    vec((seconds, any::<bool>(), l1_events()), 1..12)
}

/// What happens in an L1 block.
#[derive(Debug, Clone)]
pub(crate) enum L1Event {
    Deposit {
        mint: u64,
        creation: bool,
        data: Vec<u8>,
    },
    GasLimit(u64),
    Scalars(u32, u32),
    Eip1559(Eip1559Params),
    OperatorFee(u32, u64),
    MinBaseFee(u64),
    DaFootprint(u16),
    Batcher(u8),
    /// A `ConfigUpdate` that does not parse.
    Nonsense(u8),
    /// Somebody else's log.
    Foreign,
}

/// An L2 block: whether it moves to the next L1 origin where it may, and its transactions.
#[derive(Debug, Clone)]
pub(crate) struct L2Plan {
    pub(crate) advance: bool,
    pub(crate) txs: Vec<Transaction>,
}

pub(crate) fn l1_events() -> impl Strategy<Value = Vec<L1Event>> {
    let data = vec(any::<u8>(), 0..100);
    let event = prop_oneof![
        4 => (any::<u64>(), any::<bool>(), data).prop_map(|(mint, creation, data)| L1Event::Deposit { mint, creation, data }),
        1 => (21_000u64..1 << 40).prop_map(L1Event::GasLimit),
        1 => any::<(u32, u32)>().prop_map(|(a, b)| L1Event::Scalars(a, b)),
        1 => (1u32.., 1u32..).prop_map(|(denominator, elasticity)| L1Event::Eip1559(Eip1559Params { denominator, elasticity })),
        1 => any::<(u32, u64)>().prop_map(|(a, b)| L1Event::OperatorFee(a, b)),
        1 => any::<u64>().prop_map(L1Event::MinBaseFee),
        1 => any::<u16>().prop_map(L1Event::DaFootprint),
        1 => (0..u8::MAX).prop_map(L1Event::Batcher),
        1 => any::<u8>().prop_map(L1Event::Nonsense),
        1 => Just(L1Event::Foreign),
    ];
    vec(event, 0..3)
}

pub(crate) fn l2_plan(max_txs: usize) -> impl Strategy<Value = L2Plan> {
    (any::<bool>(), prop_oneof![1 => Just(Vec::new()).boxed(), 2 => vec(transaction(), 0..max_txs).boxed()])
        .prop_map(|(advance, txs)| L2Plan { advance, txs })
}

fn access_list() -> impl Strategy<Value = AccessList> {
    let item = (any::<[u8; 20]>(), vec(any::<[u8; 32]>(), 0..3))
        .prop_map(|(address, keys)| AccessListItem { address: address.into(), storage_keys: keys.into_iter().map(B256::from).collect() });
    vec(item, 0..3).prop_map(AccessList)
}

fn authorizations() -> impl Strategy<Value = Vec<SignedAuthorization>> {
    let one = (any::<[u8; 20]>(), any::<(u8, u64, u8)>(), any::<[u64; 4]>()).prop_map(|(address, (chain, nonce, parity), rs)| {
        let authorization = Authorization { chain_id: U256::from(chain), address: address.into(), nonce };
        SignedAuthorization::new_unchecked(authorization, parity, U256::from_limbs(rs), U256::from(rs[0]))
    });
    vec(one, 0..3)
}

/// A transaction of any type that batches carry, with a random signature: no format checks it.
pub(crate) fn transaction() -> impl Strategy<Value = Transaction> {
    let fields = (0u8..5, any::<u64>(), 0..1u64 << 40, any::<(u128, u128)>(), any::<[u64; 4]>(), vec(any::<u8>(), 0..300));
    let sig = (any::<[u64; 4]>(), any::<[u64; 4]>(), any::<bool>());
    let to = prop_oneof![3 => any::<[u8; 20]>().prop_map(|a| TxKind::Call(a.into())), 1 => Just(TxKind::Create)];
    (fields, to, sig, access_list(), authorizations()).prop_map(|(fields, to, sig, access_list, authorization_list)| {
        let (kind, nonce, gas_limit, (fee, tip), value, input) = fields;
        let (value, input) = (U256::from_limbs(value), Bytes::from(input));
        let signature = Signature::new(U256::from_limbs(sig.0), U256::from_limbs(sig.1), sig.2);
        let (chain_id, gas_price, max_fee_per_gas, max_priority_fee_per_gas) = (CHAIN_ID, fee, fee, tip);
        match (kind, to) {
            (0 | 1, _) => {
                let chain_id = (kind == 1).then_some(chain_id);
                Transaction::Legacy(Signed::new_unhashed(TxLegacy { chain_id, nonce, gas_price, gas_limit, to, value, input }, signature))
            }
            (2, _) => {
                let tx = TxEip2930 { chain_id, nonce, gas_price, gas_limit, to, value, access_list, input };
                Transaction::Eip2930(Signed::new_unhashed(tx, signature))
            }
            (3, TxKind::Call(to)) => {
                let tx = TxEip7702 {
                    chain_id,
                    nonce,
                    gas_limit,
                    max_fee_per_gas,
                    max_priority_fee_per_gas,
                    to,
                    value,
                    access_list,
                    authorization_list,
                    input,
                };
                Transaction::Eip7702(Signed::new_unhashed(tx, signature))
            }
            _ => {
                let tx = TxEip1559 { chain_id, nonce, gas_limit, max_fee_per_gas, max_priority_fee_per_gas, to, value, access_list, input };
                Transaction::Eip1559(Signed::new_unhashed(tx, signature))
            }
        }
    })
}

/// An L1 block before anyone posted batches into it.
#[derive(Debug, Clone)]
pub(crate) struct L1 {
    pub(crate) header: Header,
    pub(crate) info: L1Header,
    pub(crate) logs: Vec<L1Log>,
}

/// Both chains.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    pub(crate) cfg: Arc<RollupConfig>,
    /// By number, from 0.
    pub(crate) l1: Vec<L1>,
    /// By number, from 0 (genesis).
    pub(crate) l2: Vec<(Block, L2Head)>,
}

fn word(value: impl Into<U256>) -> [u8; 32] {
    value.into().to_be_bytes()
}

fn abi_bytes(data: &[u8]) -> Bytes {
    let mut out = [word(U256::from(32)), word(U256::from(data.len()))].concat();
    out.extend_from_slice(data);
    out.resize(out.len().next_multiple_of(32), 0);
    out.into()
}

/// The log that an event leaves.
fn log_of(event: &L1Event, salt: u64) -> Log {
    let update = |kind: u8, data: &[u8]| {
        let topics = vec![CONFIG_UPDATE, B256::ZERO, B256::with_last_byte(kind)];
        Log::new_unchecked(SYSTEM_CONFIG, topics, abi_bytes(data))
    };
    match event {
        L1Event::Deposit { mint, creation, data } => {
            let from = Address::from_word(keccak256(salt.to_be_bytes()));
            let to = if *creation { Address::ZERO } else { Address::repeat_byte(salt as u8) };
            let mut opaque = [word(U256::from(*mint)), word(U256::from(salt))].concat();
            opaque.extend_from_slice(&(100_000 + salt).to_be_bytes());
            opaque.push(u8::from(*creation));
            opaque.extend_from_slice(data);
            let topics = vec![TRANSACTION_DEPOSITED, from.into_word(), to.into_word(), B256::ZERO];
            Log::new_unchecked(PORTAL, topics, abi_bytes(&opaque))
        }
        L1Event::GasLimit(limit) => update(2, &word(U256::from(*limit))),
        L1Event::Scalars(base, blob) => update(1, &[B256::repeat_byte(7).0, SystemConfig::encode_fee_scalars(*base, *blob).0].concat()),
        L1Event::Eip1559(params) => update(4, &word(U256::from(u64::from(params.denominator) << 32 | u64::from(params.elasticity)))),
        L1Event::OperatorFee(scalar, constant) => update(5, &word(U256::from((u128::from(*scalar) << 64) | u128::from(*constant)))),
        L1Event::MinBaseFee(wei) => update(6, &word(U256::from(*wei))),
        L1Event::DaFootprint(scalar) => update(7, &word(U256::from(*scalar))),
        L1Event::Batcher(n) => update(0, KEYS[usize::from(*n)].address().into_word().as_slice()),
        L1Event::Nonsense(n) => update(3 + n % 200, &[*n; 7]),
        L1Event::Foreign => Log::new_unchecked(Address::repeat_byte(1), vec![TRANSACTION_DEPOSITED], Bytes::from_static(b"?")),
    }
}

/// The L2 block that a node would build from attributes; state is left out, nothing here depends on it.
pub(crate) fn execute(parent: &L2BlockRef, attributes: &PayloadAttributes) -> Block {
    let transactions: Vec<_> =
        attributes.transactions.iter().map(|tx| Transaction::decode_2718_exact(tx).expect("a transaction that decodes")).collect();
    let attributes = &attributes.block;
    let header = Header {
        parent_hash: parent.hash,
        number: parent.number + 1,
        timestamp: attributes.timestamp,
        beneficiary: attributes.beneficiary,
        mix_hash: attributes.mix_hash,
        gas_limit: attributes.gas_limit,
        extra_data: attributes.extra_data.clone(),
        transactions_root: proofs::calculate_transaction_root(&transactions),
        base_fee_per_gas: Some(7),
        withdrawals_root: Some(EMPTY_WITHDRAWALS),
        parent_beacon_block_root: attributes.parent_beacon_block_root,
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        requests_hash: Some(EMPTY_REQUESTS_HASH),
        ..Default::default()
    };
    let withdrawals = Some(Default::default());
    Block { header, body: BlockBody { transactions, ommers: Vec::new(), withdrawals } }
}

/// A configuration with everything but the hashes of the genesis blocks.
fn config(block_time: u64, seq_window_size: u64) -> RollupConfig {
    let zero = BlockNumHash::default();
    let system_config = SystemConfig {
        batcher_addr: batcher(),
        scalar: SystemConfig::encode_fee_scalars(1368, 810_949),
        overhead: B256::ZERO,
        gas_limit: 1_000_000_000,
        eip1559_params: B64::ZERO,
        operator_fee_params: B256::ZERO,
        min_base_fee: 1_000_000_000,
        da_footprint_gas_scalar: 0,
    };
    RollupConfig {
        genesis: RollupGenesis { l1: zero, l2: zero, l2_time: GENESIS_TIME, system_config },
        block_time,
        max_sequencer_drift: 1800,
        seq_window_size,
        channel_timeout: 50,
        l1_chain_id: 900,
        l2_chain_id: CHAIN_ID,
        forks: RollupForks::JOVIAN,
        batch_inbox_address: INBOX,
        deposit_contract_address: PORTAL,
        l1_system_config_address: SYSTEM_CONFIG,
        chain_op_config: ChainOpConfig { eip1559_elasticity: 6, eip1559_denominator: 50, eip1559_denominator_canyon: 250 },
        time_jumps: false,
    }
}

impl Chain {
    /// Both chains at genesis, with one L2 block every second.
    pub(crate) fn new(seq_window_size: u64) -> Self {
        Self::with_block_time(seq_window_size, 1)
    }

    /// Both chains at genesis.
    pub(crate) fn with_block_time(seq_window_size: u64, block_time: u64) -> Self {
        let mut cfg = config(block_time, seq_window_size);
        let l1 = Header { timestamp: GENESIS_TIME, base_fee_per_gas: Some(9), ..Default::default() };
        let hash = l1.hash_slow();
        let l2 = Header { timestamp: GENESIS_TIME, base_fee_per_gas: Some(7), gas_limit: 1_000_000_000, ..Default::default() };
        let block = Block { header: l2, body: BlockBody { withdrawals: Some(Default::default()), ..Default::default() } };
        cfg.genesis.l1 = BlockNumHash { number: 0, hash };
        cfg.genesis.l2 = BlockNumHash { number: 0, hash: block.header.hash_slow() };
        let head = L2Head::of_block(&cfg, &block, cfg.genesis.l2.hash).unwrap();
        let info = L1Header::new(&l1, hash, Some(1));
        Self { cfg: Arc::new(cfg), l1: vec![L1 { header: l1, info, logs: Vec::new() }], l2: vec![(block, head)] }
    }

    /// Both chains at genesis, of a development rollup whose L1 may jump.
    pub(crate) fn with_jumps(seq_window_size: u64, block_time: u64) -> Self {
        let mut chain = Self::with_block_time(seq_window_size, block_time);
        Arc::make_mut(&mut chain.cfg).time_jumps = true;
        chain
    }

    /// Appends an L1 block.
    pub(crate) fn mine(&mut self, seconds: u64, events: &[L1Event]) {
        self.mine_marked(seconds, events, false);
    }

    /// Appends an L1 block, which may be marked as a jump.
    pub(crate) fn mine_marked(&mut self, seconds: u64, events: &[L1Event], jump: bool) {
        let parent = self.l1.last().unwrap();
        let number = parent.header.number + 1;
        let header = Header {
            parent_hash: parent.info.hash,
            number,
            timestamp: parent.header.timestamp + seconds,
            mix_hash: keccak256(number.to_be_bytes()),
            base_fee_per_gas: Some(1_000 + number),
            withdrawals_root: Some(EMPTY_WITHDRAWALS),
            excess_blob_gas: Some(0),
            blob_gas_used: Some(0),
            parent_beacon_block_root: Some(B256::with_last_byte(number as u8)),
            requests_hash: Some(EMPTY_REQUESTS_HASH),
            extra_data: Bytes::from_static(if jump { TIME_JUMP } else { b"" }),
            ..Default::default()
        };
        let info = L1Header::new(&header, header.hash_slow(), Some(1));
        let log = |(i, event)| L1Log { index: i as u64, log: log_of(event, number * 100 + i as u64) };
        self.l1.push(L1 { header, info, logs: events.iter().enumerate().map(log).collect() });
    }

    /// Appends an L2 block whose time the L1 chain has already reached: in the next epoch if the plan says so and time permits.
    pub(crate) fn build(&mut self, plan: &L2Plan) {
        let parent = self.l2.last().unwrap().1;
        let at = parent.block.l1_origin.number as usize;
        let timestamp = parent.block.timestamp + self.cfg.block_time;
        let may_advance = self.l1.get(at + 1).is_some_and(|next| next.header.timestamp <= timestamp || next.info.is_jump(&self.cfg));
        let origin = &self.l1[if plan.advance && may_advance { at + 1 } else { at }];
        let (mut attributes, _) = next_attributes(&self.cfg, &parent, &origin.info, &origin.logs).unwrap();
        attributes.transactions.extend(plan.txs.iter().map(|tx| alloy_eips::Encodable2718::encoded_2718(tx).into()));
        let block = execute(&parent.block, &attributes);
        let head = L2Head::of_block(&self.cfg, &block, block.header.hash_slow()).unwrap();
        self.l2.push((block, head));
    }

    /// The chains of a plan with jumps: L1 blocks come after as many seconds as is said, whether or not they are marked, and are ahead of L2.
    pub(crate) fn of_jumps(mut self, l1: &[(u64, bool, Vec<L1Event>)], plans: &[L2Plan]) -> Self {
        let mut l1 = l1.iter().cycle();
        for plan in plans {
            while self.l1.len() < self.l2.last().unwrap().1.block.l1_origin.number as usize + 4 {
                let (seconds, jump, events) = l1.next().unwrap();
                // Without a mark no longer than L2 needs for a few blocks.
                self.mine_marked(if *jump { *seconds } else { 1 + seconds % 5 }, events, *jump);
            }
            self.build(plan);
        }
        self
    }

    /// The chains of a plan: an L1 block every `l1_time` seconds with its events, L2 blocks one a second.
    pub(crate) fn of_plan(l1_time: u64, events: &[Vec<L1Event>], plans: &[L2Plan], seq_window_size: u64) -> Self {
        Self::new(seq_window_size).planned(l1_time, events, plans)
    }

    /// As [`Self::of_plan`], on chains that are at genesis.
    pub(crate) fn planned(mut self, l1_time: u64, events: &[Vec<L1Event>], plans: &[L2Plan]) -> Self {
        let mut events = events.iter().map(Vec::as_slice).chain(std::iter::repeat(&[][..]));
        for plan in plans {
            while self.l1.last().unwrap().header.timestamp <= self.l2.last().unwrap().1.block.timestamp + 1 {
                self.mine(l1_time, events.next().unwrap());
            }
            self.build(plan);
        }
        self
    }

    /// The chains at genesis, the rollup without Jovian.
    pub(crate) fn without_jovian(mut self) -> Self {
        let cfg = Arc::make_mut(&mut self.cfg);
        cfg.forks = RollupForks::ISTHMUS;
        cfg.genesis.system_config.min_base_fee = 0;
        let (block, head) = &mut self.l2[0];
        *head = L2Head::of_block(&self.cfg, block, self.cfg.genesis.l2.hash).unwrap();
        self
    }

    /// An L2 block as the batcher sees it.
    pub(crate) fn batch_block(&self, number: usize) -> BatchBlock {
        let (block, head) = &self.l2[number];
        BatchBlock::of_block(&self.cfg, block, head.block.hash).unwrap()
    }

    pub(crate) fn l1_ref(&self, number: usize) -> L1BlockRef {
        self.l1[number].info.block_ref()
    }
}

/// Some transaction.
pub(crate) fn legacy() -> Transaction {
    let signature = Signature::new(U256::from(1), U256::from(2), true);
    Transaction::Legacy(Signed::new_unhashed(TxLegacy { chain_id: Some(CHAIN_ID), to: TxKind::Create, ..Default::default() }, signature))
}
