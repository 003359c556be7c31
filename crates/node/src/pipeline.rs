//! Source → execute → commit → announce: how every chain of a node grows, whoever its blocks come from.
//!
//! A [`Source`] says what the next block is made of: a producer from its pool and its clock, a verifier from L1, an import from a file. What follows is
//! the same for all.

use crate::Error;
use alloy_consensus::Header;
use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};
use tokio::{runtime::RuntimeFlavor, sync::broadcast};
use tributary_chain::{Event, SealedBlock};
use tributary_execution::{Ancestor, Executor, OpenBlock, import_block};
use tributary_primitives::{Block, ExecutedBlock, PayloadAttributes};
use tributary_storage::{BlobSidecar, Store, StoredBlock, Tip};

/// Events that a slow subscriber may lag behind.
const EVENTS: usize = 16_384;

/// How many ancestors the rules of ommers look at.
const ANCESTORS: u64 = 7;

/// A chain that grows: what its blocks are executed with, where they are written, and where they are announced.
#[derive(Debug, Clone)]
pub(crate) struct Pipeline {
    pub(crate) store: Store,
    pub(crate) executor: Executor,
    pub(crate) events: broadcast::Sender<Event>,
    /// Whether the executor's index of sets follows this chain, and not another copy of it.
    is_indexed: bool,
}

/// What the block after the head is made of.
#[derive(Debug)]
pub(crate) enum Work {
    /// Of these attributes and no other transactions.
    Attributes(Box<PayloadAttributes>),
    /// Somebody else built it, and it must come out as it is.
    Block(Box<Block>),
    /// Its transactions were executed as they came.
    Open { block: Box<OpenBlock<Tip>>, sidecars: Vec<BlobSidecar> },
    /// It was executed already, and so were those that follow it.
    Executed(Vec<ExecutedBlock>),
}

/// Why there is no such block. Nothing has changed.
#[derive(Debug)]
pub(crate) struct Invalid(pub(crate) tributary_execution::Error);

/// Where blocks come from.
pub(crate) trait Source {
    /// What the block after the head is made of, once that is known; `None` at the end.
    async fn next(&mut self) -> Result<Option<Work>, Error>;

    /// Takes note of what became of it: a block that is committed and announced, or none.
    async fn take(&mut self, outcome: Result<Arc<SealedBlock>, Invalid>) -> Result<(), Error>;
}

impl Pipeline {
    /// The chain in a store.
    pub(crate) fn new(store: Store) -> Self {
        let executor = Executor::new(store.spec().clone());
        Self { is_indexed: true, ..Self::with(store, executor) }
    }

    /// As [`Self::new`], with an executor that another copy of the chain has too, and settles.
    pub(crate) fn with(store: Store, executor: Executor) -> Self {
        Self { store, executor, events: broadcast::channel(EVENTS).0, is_indexed: false }
    }

    /// Grows the chain until the source ends.
    pub(crate) async fn run(&self, source: &mut impl Source) -> Result<(), Error> {
        loop {
            // An open block cannot go to another thread, so that it must be gone before anything is waited for again.
            let outcome = match source.next().await? {
                Some(work) => off_the_async_threads(|| self.extend(work))?,
                None => return Ok(()),
            };
            match outcome {
                Ok(blocks) => {
                    for block in blocks {
                        source.take(Ok(block)).await?;
                    }
                }
                Err(invalid) => source.take(Err(invalid)).await?,
            }
        }
    }

    /// As [`Self::run`], for a source that holds up its thread instead of waiting.
    pub(crate) fn run_here(&self, source: &mut impl Source) -> Result<(), Error> {
        match pin!(self.run(source)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => done,
            Poll::Pending => unreachable!("invariant: such a source never waits"),
        }
    }

    /// Executes, commits and announces the block after the head, or several in one go.
    pub(crate) fn extend(&self, work: Work) -> Result<Result<Vec<Arc<SealedBlock>>, Invalid>, Error> {
        use tributary_execution::Error::{HeaderMismatch, InvalidBlock, InvalidTransaction};
        let executed = match self.execute(work) {
            Ok(executed) => executed,
            Err(Error::Execution(error @ (InvalidTransaction { .. } | InvalidBlock(_) | HeaderMismatch { .. }))) => {
                return Ok(Err(Invalid(error)));
            }
            Err(error) => return Err(error),
        };
        self.store.commit_all(executed.iter().map(|(block, sidecars)| (block, &sidecars[..])))?;
        let announce = |(block, _)| {
            let sealed = Arc::new(SealedBlock::from(block));
            // Nobody may listen.
            let _ = self.events.send(Event::Sealed(sealed.clone()));
            sealed
        };
        let sealed: Vec<_> = executed.into_iter().map(announce).collect();
        if let Some(newest) = sealed.last().filter(|_| self.is_indexed) {
            self.executor.settle_index(newest.number());
        }
        Ok(Ok(sealed))
    }

    /// The blocks that work is for, each with its blobs.
    fn execute(&self, work: Work) -> Result<Vec<(ExecutedBlock, Vec<BlobSidecar>)>, Error> {
        let one = |block, sidecars| vec![(block, sidecars)];
        Ok(match work {
            Work::Open { block, sidecars } => one(block.seal()?, sidecars),
            Work::Executed(blocks) => blocks.into_iter().map(|block| (block, Vec::new())).collect(),
            Work::Attributes(attributes) => {
                let parent = head_block(&self.store)?;
                let (state, header) = (self.store.tip()?, &parent.block.header);
                let mut block = OpenBlock::new(&self.executor, state, header, parent.hash, attributes.block)?;
                block.execute_forced(&attributes.transactions, |_, _| {})?;
                one(block.seal()?, Vec::new())
            }
            Work::Block(block) => {
                let parent = head_block(&self.store)?;
                let header = &parent.block.header;
                let ancestors = if block.body.ommers.is_empty() { Vec::new() } else { self.ancestors(header)? };
                one(import_block(&self.executor, self.store.tip()?, header, &ancestors, &block)?, Vec::new())
            }
        })
    }

    /// The head and the blocks below it, as far as ommers need them.
    fn ancestors(&self, head: &Header) -> Result<Vec<Ancestor>, Error> {
        let lowest = (head.number + 1).saturating_sub(ANCESTORS).max(self.store.genesis().number);
        let blocks = (lowest..=head.number).rev().filter_map(|number| self.store.block(number).transpose());
        let ancestor = |stored: StoredBlock| Ancestor { hash: stored.hash, header: stored.block.header, ommers: stored.block.body.ommers };
        Ok(blocks.map(|stored| stored.map(ancestor)).collect::<Result<_, _>>()?)
    }

    /// The blocks above `to`, lowest first.
    pub(crate) fn above(&self, to: u64) -> Result<Vec<Arc<SealedBlock>>, Error> {
        let head = self.store.heads()?.unsafe_head.number;
        (to + 1..=head).map(|number| self.sealed_block(number).map(Arc::new)).collect()
    }

    /// Takes the chain back to `to`, and announces which blocks, those [above](Self::above) it, are gone.
    pub(crate) fn take_back(&self, to: u64, mut gone: Vec<Arc<SealedBlock>>) -> Result<(), Error> {
        self.store.unwind(to)?;
        if self.is_indexed {
            self.executor.unwind_index(to);
        }
        gone.reverse();
        let _ = self.events.send(Event::Reorg { removed: gone });
        Ok(())
    }

    fn sealed_block(&self, number: u64) -> Result<SealedBlock, Error> {
        let missing = || Error::Disagreement(format!("block {number} of our own chain is missing"));
        let block = self.store.block(number)?.ok_or_else(missing)?;
        let receipts = self.store.receipts(number)?.ok_or_else(missing)?;
        Ok(SealedBlock { block: block.block, hash: block.hash, senders: block.senders, receipts })
    }
}

/// The newest block of a store.
pub(crate) fn head_block(store: &Store) -> Result<StoredBlock, Error> {
    let head = store.heads()?.unsafe_head;
    store.block(head.hash)?.ok_or_else(|| Error::Disagreement(format!("the head block {} is missing", head.number)))
}

/// Does work that takes the processor or the disk for long where other tasks do not wait for it.
fn off_the_async_threads<T>(work: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::{SignableTransaction, TxEip1559};
    use alloy_eips::eip2718::Encodable2718;
    use alloy_genesis::{ChainConfig, Genesis, GenesisAccount};
    use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
    use alloy_signer::SignerSync;
    use alloy_signer_local::PrivateKeySigner;
    use tributary_contracts::genesis::{L2Genesis, l2_accounts};
    use tributary_primitives::{
        BlockAttributes, ChainSpec, Eip1559Params, ExtraData, L1Info, Transaction, rollup::predeploys::SEQUENCER_FEE_VAULT,
    };
    use tributary_storage::{Durability, Options};

    const CHAIN_ID: u64 = 630_925;
    const GAS_LIMIT: u64 = 30_000_000;
    const EIP1559: Eip1559Params = Eip1559Params { denominator: 250, elasticity: 2 };

    fn key() -> PrivateKeySigner {
        PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap()
    }

    fn extra_data() -> Bytes {
        ExtraData { eip1559: EIP1559, min_base_fee: Some(1) }.encode()
    }

    /// An empty chain with Jovian and a rich key.
    fn chain(directory: &std::path::Path) -> Pipeline {
        let mut alloc = l2_accounts(L2Genesis { chain_id: CHAIN_ID, jovian: true });
        alloc.insert(key().address(), GenesisAccount::default().with_balance(U256::from(10).pow(U256::from(20))));
        let config = ChainConfig { chain_id: CHAIN_ID, ..Default::default() };
        let genesis =
            Genesis { config, alloc, gas_limit: GAS_LIMIT, base_fee_per_gas: Some(1), extra_data: extra_data(), ..Default::default() };
        let options = Options { durability: Durability::Relaxed, ..Options::default() };
        Pipeline::new(Store::open(directory, Arc::new(ChainSpec::rollup(genesis, EIP1559).with_jovian()), options).unwrap())
    }

    /// What is derived from a batch of transfers, in a block whose bytes count as `scalar` gas each.
    fn derived(transfers: u64, scalar: u16) -> Work {
        let block = BlockAttributes {
            timestamp: 1,
            beneficiary: SEQUENCER_FEE_VAULT,
            mix_hash: B256::ZERO,
            gas_limit: GAS_LIMIT,
            extra_data: extra_data(),
            parent_beacon_block_root: Some(B256::ZERO),
            withdrawals: Some(Default::default()),
            difficulty: U256::ZERO,
            nonce: Default::default(),
            ommers: Vec::new(),
        };
        let info = L1Info {
            number: 1,
            timestamp: 1,
            base_fee: U256::ONE,
            blob_base_fee: U256::ONE,
            hash: B256::ZERO,
            sequence_number: 0,
            batcher_hash: B256::ZERO,
            base_fee_scalar: 0,
            blob_base_fee_scalar: 0,
            operator_fee_scalar: 0,
            operator_fee_constant: 0,
            da_footprint_gas_scalar: Some(scalar),
        };
        let to = TxKind::Call(Address::repeat_byte(9));
        let transfer = |nonce| {
            let tx = TxEip1559 { chain_id: CHAIN_ID, nonce, gas_limit: 21_000, max_fee_per_gas: 1_000, to, ..Default::default() };
            let signature = key().sign_hash_sync(&tx.signature_hash()).unwrap();
            Transaction::Eip1559(tx.into_signed(signature))
        };
        let all = std::iter::once(Transaction::from(info.to_deposit())).chain((0..transfers).map(transfer));
        let transactions = all.map(|tx| tx.encoded_2718().into()).collect();
        Work::Attributes(Box::new(PayloadAttributes { block, transactions, no_tx_pool: true }))
    }

    #[test]
    fn a_rollups_block_is_taken_in_as_it_is_or_not_at_all() {
        let [ours, theirs] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let (ours, theirs) = (chain(ours.path()), chain(theirs.path()));
        let built = theirs.extend(derived(3, 400)).unwrap().unwrap().remove(0).block.clone();
        assert!(built.header.blob_gas_used.unwrap() > 0, "it has a DA footprint");
        let changes: [fn(&mut Block); 6] = [
            |block| block.header.state_root = B256::ZERO,
            |block| block.header.blob_gas_used = Some(0),
            |block| block.header.parent_hash = B256::ZERO,
            |block| block.header.timestamp = 0,
            |block| block.header.number = 2,
            |block| drop(block.body.transactions.pop()),
        ];
        for change in changes {
            let mut changed = built.clone();
            change(&mut changed);
            assert!(ours.extend(Work::Block(Box::new(changed))).unwrap().is_err());
        }
        let taken = ours.extend(Work::Block(Box::new(built.clone()))).unwrap().unwrap().remove(0);
        assert_eq!(taken.block, built);
    }

    #[test]
    fn who_builds_a_block_may_bound_its_data() {
        let directory = tempfile::tempdir().unwrap();
        let chain = chain(directory.path());
        let Work::Attributes(attributes) = derived(5, 400) else { unreachable!() };
        let parent = head_block(&chain.store).unwrap();
        let (state, header) = (chain.store.tip().unwrap(), &parent.block.header);
        let mut block = OpenBlock::new(&chain.executor, state, header, parent.hash, attributes.block).unwrap();
        let (info, transfers) = attributes.transactions.split_first().unwrap();
        block.execute_forced(std::slice::from_ref(info), |_, _| {}).unwrap();
        // A small transaction counts as a hundred bytes.
        block.bound_data(250);
        block.execute_forced(&transfers[..2], |_, _| {}).unwrap();
        assert!(block.execute_forced(&transfers[2..3], |_, _| {}).unwrap_err().to_string().contains("DA footprint"));
        block.bound_data(u64::MAX);
        block.execute_forced(&transfers[2..], |_, _| {}).unwrap();
    }

    #[test]
    fn a_derived_block_over_the_footprint_limit_is_invalid_and_its_deposits_alone_are_a_block() {
        // A hundred bytes count as 6,553,500 gas: four fit into 30,000,000.
        for (transfers, is_valid) in [(4, true), (5, false)] {
            let directory = tempfile::tempdir().unwrap();
            let chain = chain(directory.path());
            let outcome = chain.extend(derived(transfers, u16::MAX)).unwrap();
            if is_valid {
                assert_eq!(outcome.unwrap()[0].block.header.blob_gas_used, Some(4 * 6_553_500));
                continue;
            }
            let Invalid(error) = outcome.unwrap_err();
            assert!(error.to_string().contains("DA footprint"), "{error}");
            assert_eq!(chain.store.heads().unwrap().unsafe_head.number, 0);
            // What the deriver gives instead (specs: protocol/holocene/derivation, engine queue).
            let replaced = chain.extend(derived(0, u16::MAX)).unwrap().unwrap().remove(0);
            assert_eq!((replaced.number(), replaced.block.header.blob_gas_used), (1, Some(0)));
        }
        // Fewer gas for each byte, and the same batch is valid.
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(chain(directory.path()).extend(derived(5, 400)).unwrap().unwrap()[0].block.body.transactions.len(), 6);
    }
}
