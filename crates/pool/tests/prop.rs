//! The pool against a model that keeps a plain list and computes everything anew.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use alloy_consensus::{Signed, Transaction as _, TxEip1559};
use alloy_primitives::{Address, Bytes, Signature, TxKind, U256};
use proptest::prelude::*;
use std::cmp::Reverse;
use tributary_pool::{Fees, Ordering, Pool, PoolError, PoolLimits, Position, RecoveredTx, Room, SenderState, Status};
use tributary_primitives::Transaction;

const SENDERS: u8 = 4;
const GAS: u64 = 21_000;

fn limits() -> PoolLimits {
    PoolLimits { transactions: 7, bytes: 700, per_sender: 4, lifetime_blocks: 3, ..Default::default() }
}

/// `padding` makes transactions of different sizes, so that the bound in bytes bites too.
fn transaction(sender: u8, nonce: u64, fee: u128, tip: u128, padding: usize) -> RecoveredTx {
    let tx = TxEip1559 {
        chain_id: 1,
        nonce,
        gas_limit: GAS,
        max_fee_per_gas: fee.max(tip),
        max_priority_fee_per_gas: tip,
        to: TxKind::Call(Address::repeat_byte(sender)),
        value: U256::ZERO,
        access_list: Default::default(),
        input: Bytes::from(vec![1; padding]),
    };
    RecoveredTx::new(Transaction::Eip1559(Signed::new_unhashed(tx, Signature::test_signature())), Address::repeat_byte(sender))
}

#[derive(Debug, Clone)]
enum Step {
    Add {
        sender: u8,
        ahead: u64,
        fee: u128,
        tip: u128,
        padding: usize,
    },
    /// The account's next nonce grows by `by` without the pool's doing, then what is ready is taken.
    Take {
        sender: u8,
        by: u64,
    },
    /// What should run next is taken and, if `back`, put back.
    Next {
        back: bool,
    },
    Remove {
        index: usize,
    },
    Block {
        base_fee: u64,
        sealed: Vec<u8>,
    },
    Refresh {
        sender: u8,
        nonce: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..SENDERS, 0u64..5, 1u128..200, 1u128..60, 0usize..120)
            .prop_map(|(sender, ahead, fee, tip, padding)| Step::Add { sender, ahead, fee, tip, padding }),
        2 => (0..SENDERS, 0u64..3).prop_map(|(sender, by)| Step::Take { sender, by }),
        2 => any::<bool>().prop_map(|back| Step::Next { back }),
        1 => (0usize..8).prop_map(|index| Step::Remove { index }),
        1 => (0u64..100, prop::collection::vec(0..SENDERS, 0..3)).prop_map(|(base_fee, sealed)| Step::Block { base_fee, sealed }),
        1 => (0..SENDERS, 0u64..6).prop_map(|(sender, nonce)| Step::Refresh { sender, nonce }),
    ]
}

#[derive(Debug, Clone)]
struct Resting {
    tx: RecoveredTx,
    arrival: i64,
    since: u64,
}

/// The same behaviour from definitions.
#[derive(Debug)]
struct Model {
    ordering: Ordering,
    list: Vec<Resting>,
    /// The accounts' next nonces, and what the pool knows of them.
    accounts: [u64; SENDERS as usize],
    known: [u64; SENDERS as usize],
    base_fee: u64,
    blocks: u64,
    arrivals: i64,
    returns: i64,
}

fn index(address: Address) -> usize {
    usize::from(address[0])
}

impl Model {
    fn new(ordering: Ordering) -> Self {
        let zeros = [0; SENDERS as usize];
        Self { ordering, list: Vec::new(), accounts: zeros, known: zeros, base_fee: 0, blocks: 0, arrivals: 0, returns: 0 }
    }

    fn of(&self, sender: usize) -> Vec<&Resting> {
        let mut list: Vec<_> = self.list.iter().filter(|resting| index(resting.tx.sender) == sender).collect();
        list.sort_by_key(|resting| resting.tx.nonce());
        list
    }

    fn first_gap(&self, sender: usize) -> u64 {
        self.of(sender).iter().fold(self.known[sender], |gap, resting| if resting.tx.nonce() == gap { gap + 1 } else { gap })
    }

    fn learn(&mut self, sender: usize, nonce: u64) {
        self.known[sender] = nonce;
        self.list.retain(|resting| index(resting.tx.sender) != sender || resting.tx.nonce() >= nonce);
    }

    fn size(&self) -> usize {
        self.list.iter().map(|resting| resting.tx.encoded.len()).sum()
    }

    fn worth(tx: &RecoveredTx, runnable: bool, arrival: i64) -> (bool, u128, u128, Reverse<i64>) {
        (runnable, tx.tx.max_fee_per_gas(), tx.tx.priority_fee_or_price(), Reverse(arrival))
    }

    fn add(&mut self, tx: RecoveredTx) -> Result<Position, PoolError> {
        if self.list.iter().any(|resting| resting.tx.hash == tx.hash) {
            return Err(PoolError::AlreadyKnown);
        }
        let sender = index(tx.sender);
        let nonce = self.accounts[sender];
        if tx.nonce() < nonce {
            return Err(PoolError::NonceTooLow { next: nonce, nonce: tx.nonce() });
        }
        self.learn(sender, nonce);
        let same = |resting: &Resting| resting.tx.sender == tx.sender && resting.tx.nonce() == tx.nonce();
        let old = self.list.iter().find(|resting| same(resting)).cloned();
        if let Some(old) = &old {
            let enough = |new: u128, old: u128| new > old && new >= old * 11 / 10;
            let fees = enough(tx.tx.max_fee_per_gas(), old.tx.tx.max_fee_per_gas());
            if !fees || !enough(tx.tx.priority_fee_or_price(), old.tx.tx.priority_fee_or_price()) {
                return Err(PoolError::ReplacementUnderpriced);
            }
        } else if self.of(sender).len() >= limits().per_sender {
            return Err(PoolError::AccountLimit { pooled: self.of(sender).len() });
        }
        let runnable = tx.nonce() <= self.first_gap(sender);
        self.make_room(&tx, old.as_ref(), runnable)?;
        self.list.retain(|resting| !same(resting));
        self.arrivals += 1;
        self.list.push(Resting { tx, arrival: self.arrivals, since: self.blocks });
        Ok(if runnable { Position::Pending } else { Position::Queued })
    }

    fn make_room(&mut self, tx: &RecoveredTx, old: Option<&Resting>, runnable: bool) -> Result<(), PoolError> {
        let mine = Self::worth(tx, runnable, self.arrivals + 1);
        let others = (0..SENDERS as usize).filter(|sender| *sender != index(tx.sender));
        let mut tails: Vec<_> = others
            .filter_map(|sender| {
                let tail = self.of(sender).pop()?.clone();
                let runs = tail.tx.nonce() < self.first_gap(sender);
                Some((Self::worth(&tail.tx, runs, tail.arrival), tail))
            })
            .collect();
        tails.sort_by_key(|(worth, _)| *worth);
        let mut tails = tails.into_iter();
        let mut kept = self.list.clone();
        if let Some(old) = old {
            kept.retain(|resting| resting.tx.hash != old.tx.hash);
        }
        let fits = |kept: &[Resting]| {
            let bytes: usize = kept.iter().map(|resting| resting.tx.encoded.len()).sum();
            kept.len() < limits().transactions && bytes + tx.encoded.len() <= limits().bytes
        };
        while !fits(&kept) {
            let (worth, victim) = tails.next().ok_or(PoolError::Full)?;
            if worth >= mine {
                return Err(if runnable { PoolError::Underpriced } else { PoolError::Full });
            }
            kept.retain(|resting| resting.tx.hash != victim.tx.hash);
        }
        kept.extend(old.cloned());
        self.list = kept;
        Ok(())
    }

    fn ready(&self, sender: usize) -> Option<&Resting> {
        let head = self.of(sender).into_iter().find(|resting| resting.tx.nonce() == self.known[sender])?;
        (head.tx.tx.max_fee_per_gas() >= u128::from(self.base_fee)).then_some(head)
    }

    fn next(&self) -> Option<&Resting> {
        let tip = |resting: &Resting| resting.tx.tx.effective_tip_per_gas(self.base_fee).unwrap();
        let key = |resting: &&Resting| match self.ordering {
            Ordering::ArrivalOrder => (Reverse(0), resting.arrival),
            Ordering::PriorityFee => (Reverse(tip(resting)), resting.arrival),
        };
        (0..SENDERS as usize).filter_map(|sender| self.ready(sender)).min_by_key(key)
    }

    fn remove(&mut self, tx: &RecoveredTx) {
        self.list.retain(|resting| resting.tx.hash != tx.hash);
    }

    fn expire(&mut self) {
        let Some(oldest) = self.blocks.checked_sub(limits().lifetime_blocks) else { return };
        let gaps: Vec<_> = (0..SENDERS as usize).map(|sender| self.first_gap(sender)).collect();
        self.list.retain(|resting| resting.tx.nonce() < gaps[index(resting.tx.sender)] || resting.since >= oldest);
    }

    fn status(&self) -> Status {
        let pending = self.list.iter().filter(|resting| resting.tx.nonce() < self.first_gap(index(resting.tx.sender))).count();
        Status { pending, queued: self.list.len() - pending }
    }
}

fn apply(pool: &mut Pool, model: &mut Model, step: Step) {
    match step {
        Step::Add { sender, ahead, fee, tip, padding } => {
            let nonce = model.accounts[usize::from(sender)];
            let tx = transaction(sender, (nonce + ahead).saturating_sub(1), fee, tip, padding);
            let account = SenderState { nonce, balance: U256::MAX, extra: Default::default() };
            assert_eq!(pool.add(tx.clone(), &account).map(|added| added.position), model.add(tx));
        }
        Step::Take { sender, by } => {
            let at = usize::from(sender);
            model.accounts[at] += by;
            model.learn(at, model.accounts[at]);
            let expected = model.ready(at).map(|resting| resting.tx.clone());
            let taken = pool.take_ready(Address::repeat_byte(sender), model.accounts[at]);
            assert_eq!(taken.as_ref().map(|tx| tx.hash), expected.as_ref().map(|tx| tx.hash));
            if let Some(tx) = taken {
                model.remove(&tx);
                model.accounts[at] += 1;
                // As the sequencer does after it executed it.
                model.learn(at, model.accounts[at]);
                if let Some(next) = pool.take_ready(tx.sender, model.accounts[at]) {
                    assert_eq!(Some(next.hash), model.ready(at).map(|resting| resting.tx.hash));
                    pool.put_back(next.clone(), Default::default());
                    model.remove(&next);
                    model.returns -= 1;
                    model.list.push(Resting { tx: next, arrival: model.returns, since: model.blocks });
                }
            }
        }
        Step::Next { back } => {
            let next = pool.next_ready(Room { gas: GAS, blob_gas: 0, da_footprint: 0 }).cloned();
            assert_eq!(next.as_ref().map(|tx| tx.hash), model.next().map(|resting| resting.tx.hash));
            let Some(tx) = next else { return };
            let at = index(tx.sender);
            assert_eq!(pool.take_ready(tx.sender, tx.nonce()).map(|tx| tx.hash), Some(tx.hash));
            model.remove(&tx);
            if back {
                pool.put_back(tx.clone(), Default::default());
                model.returns -= 1;
                model.list.push(Resting { tx, arrival: model.returns, since: model.blocks });
            } else {
                model.accounts[at] = tx.nonce() + 1;
            }
        }
        Step::Remove { index } => {
            let Some(tx) = model.list.get(index).map(|resting| resting.tx.clone()) else { return };
            assert_eq!(pool.remove(tx.hash).map(|tx| tx.hash), Some(tx.hash));
            model.remove(&tx);
        }
        Step::Block { base_fee, sealed } => {
            let mut pairs = Vec::new();
            for sender in sealed {
                let at = usize::from(sender);
                pairs.push((Address::repeat_byte(sender), model.accounts[at]));
                model.accounts[at] += 1;
                if !model.of(at).is_empty() {
                    model.learn(at, model.accounts[at]);
                }
            }
            pool.on_block(pairs, Fees { base_fee, blob_base_fee: 0 });
            model.blocks += 1;
            model.expire();
            model.base_fee = base_fee;
        }
        Step::Refresh { sender, nonce } => {
            let at = usize::from(sender);
            model.accounts[at] = nonce;
            let accounts = model.accounts;
            pool.refresh(|sender| accounts[index(sender)]);
            for (at, nonce) in accounts.into_iter().enumerate() {
                model.learn(at, nonce);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_pool_behaves_like_a_list_that_computes_everything_anew(
        steps in prop::collection::vec(step(), 1..60),
        by_fee in any::<bool>(),
    ) {
        let ordering = if by_fee { Ordering::PriorityFee } else { Ordering::ArrivalOrder };
        let mut pool = Pool::new(limits(), ordering);
        let mut model = Model::new(ordering);
        for step in steps {
            apply(&mut pool, &mut model, step);
            prop_assert_eq!(pool.len(), model.list.len());
            prop_assert_eq!(pool.bytes(), model.size());
            prop_assert_eq!(pool.status(), model.status());
            for resting in &model.list {
                prop_assert_eq!(pool.get(resting.tx.hash).map(|tx| tx.hash), Some(resting.tx.hash));
            }
            let content = pool.content();
            let held: usize = content.pending.values().chain(content.queued.values()).map(|txs| txs.len()).sum();
            prop_assert_eq!(held, model.list.len());
        }
    }

    #[test]
    fn random_bytes_never_panic_the_decoder(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(tx) = RecoveredTx::decode(&bytes) {
            prop_assert_eq!(&*tx.encoded, &*bytes);
        }
    }

    #[test]
    fn a_flipped_bit_gives_another_transaction_or_none(bit in 0usize..800, nonce in any::<u64>()) {
        let tx = transaction(1, nonce, 9, 3, 4);
        let mut bytes = tx.encoded.to_vec();
        let bit = bit % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = RecoveredTx::decode(&bytes) {
            prop_assert_ne!(other.hash, tx.hash);
            prop_assert_eq!(&*other.encoded, &*bytes);
        }
    }
}
