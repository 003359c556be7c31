//! Posting batches into the L1 of a [`Chain`] and deriving L2 from it again.

use super::*;
use tributary_rollup::{
    BatcherData, BatcherTransaction, DerivedBlock, Deriver, Encoder, EncoderConfig, L1Block, Start, Step, apply_config_updates, encode_blob,
};

/// What the batcher's L1 looks like: the transactions in each L1 block.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    pub(crate) chain: Chain,
    /// By L1 block number.
    pub(crate) batches: Vec<Vec<BatcherTransaction>>,
}

/// Noise between the batcher's transactions; none of it may matter.
#[derive(Debug, Clone)]
pub(crate) enum Noise {
    /// From somebody else: bytes, or a copy of what the batcher just sent.
    ForeignBytes(Vec<u8>),
    ForeignCopy,
    /// From the batcher: bytes that are no frames.
    Bytes(Vec<u8>),
    /// From the batcher, what it just sent, without its last bytes.
    Truncated(usize),
    /// From the batcher, the same again.
    Duplicate,
    /// From the batcher, a frame of no channel.
    StrayFrame(u8, u8),
    /// A blob of random bytes, most of them no field elements.
    BadBlob(u8),
}

pub(crate) fn noise() -> impl Strategy<Value = Vec<Noise>> {
    // Shorter than a frame: longer noise could happen to be a first frame and end the channel that is being sent, rightly.
    let bytes = || vec(any::<u8>(), 0..22);
    let one = prop_oneof![
        bytes().prop_map(Noise::ForeignBytes),
        Just(Noise::ForeignCopy),
        bytes().prop_map(Noise::Bytes),
        (1usize..200).prop_map(Noise::Truncated),
        Just(Noise::Duplicate),
        any::<(u8, u8)>().prop_map(|(a, b)| Noise::StrayFrame(a, b)),
        any::<u8>().prop_map(Noise::BadBlob),
    ];
    vec(one, 0..3)
}

impl Noise {
    fn to_transaction(&self, batcher: Address, last: &BatcherData) -> Option<BatcherTransaction> {
        let own = |data| Some(BatcherTransaction { hash: B256::ZERO, from: batcher, data });
        // The batcher may be any of the keys but this one.
        let stranger = KEYS[usize::from(u8::MAX)].address();
        match self {
            Self::ForeignBytes(bytes) => {
                Some(BatcherTransaction { hash: B256::ZERO, from: stranger, data: BatcherData::Calldata(bytes.clone().into()) })
            }
            Self::ForeignCopy => Some(BatcherTransaction { hash: B256::ZERO, from: stranger, data: last.clone() }),
            Self::Bytes(bytes) => own(BatcherData::Calldata([&[0u8][..], bytes].concat().into())),
            Self::Truncated(n) => match last {
                BatcherData::Calldata(data) => own(BatcherData::Calldata(data.slice(..data.len().saturating_sub((*n).min(data.len()))))),
                BatcherData::Blobs(_) => own(BatcherData::Blobs(Vec::new())),
            },
            // Right after itself a repeated frame either continues nothing or, being the first, begins the same channel again.
            Self::Duplicate => own(last.clone()),
            Self::StrayFrame(id, number) => {
                let number = u16::from(*number) + 300;
                let frame = tributary_rollup::Frame { channel: [*id; 16].into(), number, data: Bytes::new(), is_last: true };
                own(BatcherData::Calldata(tributary_rollup::encode_frames([&frame]).into()))
            }
            Self::BadBlob(byte) => {
                let mut blob = encode_blob(b"no frames").unwrap();
                blob[4096] = byte | 1;
                own(BatcherData::Blobs(vec![blob]))
            }
        }
    }
}

/// Lets a batcher follow the chain: in each L1 block it posts what is ready of the L2 blocks older than that block, then noise.
pub(crate) fn post(mut chain: Chain, config: EncoderConfig, noise: &[Vec<Noise>], per_block: usize) -> Posted {
    let mut encoder = Encoder::new(chain.cfg.clone(), config);
    let mut noise = noise.iter().cycle();
    let mut batches = vec![Vec::new()];
    let mut l1_config = chain.cfg.genesis.system_config;
    let (mut added, mut done) = (0, 0);
    while done + 1 < chain.l2.len() {
        let number = batches.len();
        if number == chain.l1.len() {
            chain.mine(2, &[]);
        }
        let l1 = &chain.l1[number];
        apply_config_updates(&chain.cfg, &mut l1_config, &l1.logs);
        while chain
            .l2
            .get(added + 1)
            .is_some_and(|(_, head)| head.block.l1_origin.number < number as u64 && head.block.timestamp <= l1.header.timestamp)
        {
            added += 1;
            encoder.add(chain.batch_block(added)).unwrap();
        }
        if added + 1 == chain.l2.len() {
            encoder.close();
        }
        while encoder.step(number as u64 - 1).unwrap() {}
        let mut posted = Vec::new();
        for _ in 0..per_block {
            let Some(payload) = encoder.next_payload() else { break };
            let data = BatcherData::clone(&payload.data);
            posted.push(BatcherTransaction { hash: B256::ZERO, from: l1_config.batcher_addr, data: data.clone() });
            if let tributary_rollup::Confirmation::Complete(to) = encoder.confirm(payload.id, number as u64) {
                done = to as usize;
            }
            for noise in noise.next().into_iter().flatten() {
                posted.extend(noise.to_transaction(l1_config.batcher_addr, &data));
            }
        }
        batches.push(posted);
    }
    assert_eq!(encoder.pending_blocks(), 0);
    Posted { chain, batches }
}

impl Posted {
    /// What the deriver reads of an L1 block.
    pub(crate) fn l1_block(&self, number: u64) -> Option<L1Block> {
        let number = number as usize;
        let l1 = self.chain.l1.get(number)?;
        let batches = self.batches.get(number).cloned().unwrap_or_default();
        Some(L1Block { header: l1.info, logs: l1.logs.clone(), batches })
    }

    /// Derives from `start` until L1 ends and checks each block against the chain as far as that goes. Returns the last block.
    pub(crate) fn derive(&self, start: Start) -> L2Head {
        self.derive_with(start, |_| {})
    }

    /// Likewise, and shows each block to `see`.
    pub(crate) fn derive_with(&self, start: Start, mut see: impl FnMut(&DerivedBlock)) -> L2Head {
        let mut deriver = Deriver::new(self.chain.cfg.clone(), start);
        loop {
            match deriver.step().unwrap() {
                Step::Block(derived) => {
                    see(&derived);
                    let block = execute(&derived.parent, &derived.attributes);
                    let head = L2Head::of_block(&self.chain.cfg, &block, block.header.hash_slow()).unwrap();
                    if let Some((expected, expected_head)) = self.chain.l2.get(derived.number() as usize) {
                        assert_eq!(block, *expected, "block {}", derived.number());
                        assert_eq!(head, *expected_head);
                    }
                    assert_eq!(head.system_config, derived.system_config, "block {} records its configuration", derived.number());
                    deriver.executed(head.block).unwrap();
                }
                Step::NeedL1(number) => match self.l1_block(number) {
                    Some(block) => deriver.supply_l1(block).unwrap(),
                    None => return *deriver.safe_head(),
                },
                Step::NeedL2(number) => deriver.supply_l2(&self.chain.l2[number as usize].1.block).unwrap(),
                Step::Reset(reason) => panic!("{reason:?}"),
            }
        }
    }

    /// Derivation from genesis.
    pub(crate) fn genesis(&self) -> Start {
        self.start(0)
    }

    /// Derivation from after L2 block `number`.
    pub(crate) fn start(&self, number: usize) -> Start {
        let head = |number: u64| Ok::<_, std::convert::Infallible>(self.chain.l2[number as usize].1);
        let Ok(start) = Start::find(&self.chain.cfg, self.chain.l2[number].1, head);
        start
    }
}
