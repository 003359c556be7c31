//! A chain and those who act on it, with an account of what each put in and got, kept from receipts alone.

use super::{
    Error,
    chain::{Chain, Mined},
    people::Person,
    policy::Policy,
};
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, Log, TxKind, U256};
use alloy_rpc_types_eth::TransactionRequest;
use alloy_sol_types::{SolCall, SolEvent};
use std::collections::{BTreeSet, HashMap};
use tributary_contracts::{
    Commons, Inference, Payouts, Stakes,
    predeploys::{COMMONS, INFERENCE, PAYOUTS, STAKES},
};

/// Gas that a transaction may use; what it leaves costs nothing.
const GAS: u64 = 1 << 28;

/// Transactions of a block.
const BLOCK: usize = 64;

/// How many reasons `IPayouts.Reason` has.
pub(super) const REASONS: usize = 10;

/// What somebody put in and got, wei.
#[derive(Debug, Clone, Default)]
pub(super) struct Account {
    /// With calls, but for stakes.
    pub(super) sent: u128,
    pub(super) staked: u128,
    pub(super) slashed: u128,
    pub(super) gas: u128,
    /// What it came to be owed, by `IPayouts.Reason`.
    pub(super) credits: [u128; REASONS],
}

/// All settlements together, wei.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Settled {
    pub(super) count: usize,
    /// Of which the parts are not all.
    pub(super) uneven: usize,
    /// Contributors' part of it.
    pub(super) contributors: u128,
}

/// A call that somebody makes.
#[derive(Debug)]
pub(super) struct Act {
    from: usize,
    to: Address,
    value: U256,
    data: Vec<u8>,
    name: &'static str,
    /// Whether it succeeds; `None` where either is well.
    expected: Option<bool>,
}

impl Act {
    pub(super) fn new<C: SolCall>(from: usize, to: Address, call: &C) -> Self {
        Self { from, to, value: U256::ZERO, data: call.abi_encode(), name: C::SIGNATURE, expected: Some(true) }
    }

    pub(super) fn paying(self, value: U256) -> Self {
        Self { value, ..self }
    }

    /// Which has to be refused.
    pub(super) fn refused(self) -> Self {
        Self { expected: Some(false), ..self }
    }

    /// Which may be refused.
    pub(super) fn perhaps(self) -> Self {
        Self { expected: None, ..self }
    }
}

/// A chain under a policy.
pub(super) struct World {
    pub(super) chain: Chain,
    pub(super) policy: Policy,
    pub(super) people: Vec<Person>,
    pub(super) accounts: Vec<Account>,
    /// Datanet, epoch and person of each credit of the commons.
    pub(super) drawable: BTreeSet<(U256, u64, usize)>,
    pub(super) transactions: usize,
    pub(super) gas: u64,
    pub(super) settled: Settled,
    places: HashMap<Address, usize>,
}

impl World {
    /// `people`, with this much each.
    pub(super) fn new(people: Vec<Person>, policy: Policy, balance: U256, seed: u64) -> Result<Self, Error> {
        let addresses: Vec<_> = people.iter().map(Person::address).collect();
        Ok(Self {
            chain: Chain::new(&addresses, balance, seed)?,
            policy,
            accounts: vec![Account::default(); people.len()],
            people,
            drawable: BTreeSet::new(),
            transactions: 0,
            gas: 0,
            settled: Settled::default(),
            places: addresses.into_iter().zip(0..).collect(),
        })
    }

    pub(super) fn person_of(&self, account: Address) -> Option<usize> {
        self.places.get(&account).copied()
    }

    /// Who are of a role for which this holds.
    pub(super) fn who(&self, is: impl Fn(&Person) -> bool) -> Vec<usize> {
        (0..self.people.len()).filter(|index| is(&self.people[*index])).collect()
    }

    pub(super) fn view<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, Error> {
        self.chain.view(to, call)
    }

    /// Makes these calls in their order, in as many blocks as it takes; the logs of each.
    pub(super) fn act(&mut self, acts: Vec<Act>) -> Result<Vec<Mined>, Error> {
        let mut done = Vec::with_capacity(acts.len());
        for acts in acts.chunks(BLOCK) {
            let signed = acts.iter().map(|act| self.sign(act)).collect::<Vec<_>>();
            for (act, mined) in acts.iter().zip(self.chain.seal(&signed)?) {
                if act.expected.is_some_and(|expected| expected != mined.succeeded) {
                    return Err(self.unexpected(act));
                }
                self.book(act, &mined);
                done.push(mined);
            }
        }
        Ok(done)
    }

    /// One call.
    pub(super) fn once(&mut self, act: Act) -> Result<Vec<Log>, Error> {
        Ok(self.act(vec![act])?.pop().map(|mined| mined.logs).unwrap_or_default())
    }

    /// Blocks in which nothing happens.
    pub(super) fn idle(&mut self, blocks: usize) -> Result<(), Error> {
        (0..blocks).try_for_each(|_| self.chain.seal(&[]).map(|_| ()))
    }

    fn sign(&mut self, act: &Act) -> (Address, crate::wallet::Signed) {
        let wallet = &mut self.people[act.from].wallet;
        let draft = TxEip1559 {
            to: TxKind::Call(act.to),
            value: act.value,
            input: act.data.clone().into(),
            gas_limit: GAS,
            max_priority_fee_per_gas: 0,
            ..wallet.draft()
        };
        wallet.nonce += 1;
        (wallet.address(), wallet.sign(draft))
    }

    /// In words: what the same call says now.
    fn unexpected(&self, act: &Act) -> Error {
        let person = &self.people[act.from];
        let request = TransactionRequest::default().from(person.address()).to(act.to).value(act.value).input(act.data.clone().into());
        let ending = self.chain.call(&request).map(|_| "succeeds".to_owned()).unwrap_or_else(|why| why);
        Error::Refused(format!("{} of {} was to end otherwise; now: {ending}", act.name, person.role))
    }

    fn book(&mut self, act: &Act, mined: &Mined) {
        self.transactions += 1;
        self.gas += mined.gas;
        let account = &mut self.accounts[act.from];
        account.gas += mined.fee;
        if mined.succeeded {
            let put = if act.to == STAKES { &mut account.staked } else { &mut account.sent };
            *put += act.value.to::<u128>();
        }
        mined.logs.iter().for_each(|log| self.book_log(log));
    }

    fn book_log(&mut self, log: &Log) {
        let of = |account: &Address| self.places.get(account).copied();
        match log.address {
            PAYOUTS => {
                if let Ok(event) = Payouts::Credited::decode_log(log)
                    && let Some(person) = of(&event.account)
                {
                    self.accounts[person].credits[event.reason as usize] += event.amount.to::<u128>();
                }
            }
            STAKES => {
                if let Ok(event) = Stakes::Slashed::decode_log(log)
                    && let Some(person) = of(&event.account)
                {
                    self.accounts[person].slashed += event.amount.to::<u128>();
                }
            }
            INFERENCE => {
                if let Ok(event) = Inference::Settled::decode_log(log) {
                    let shares = &event.shares;
                    let parts = [shares.protocol, shares.validators, shares.lineage, shares.curators, shares.contributors];
                    let sum: U256 = parts.into_iter().chain([shares.commons, shares.operator]).sum();
                    self.settled.count += 1;
                    self.settled.uneven += usize::from(sum != event.amount);
                    self.settled.contributors += shares.contributors.to::<u128>();
                }
            }
            COMMONS => {
                if let Ok(event) = Commons::Recorded::decode_log(log)
                    && let Some(person) = of(&event.account)
                {
                    self.drawable.insert((event.datanetId, event.epoch, person));
                }
            }
            _ => {}
        }
    }
}

/// The first log of this kind.
pub(super) fn event<E: SolEvent>(logs: &[Log]) -> Result<E, Error> {
    let found = logs.iter().find_map(|log| E::decode_log(log).ok());
    found.map(|log| log.data).ok_or_else(|| Error::Refused(format!("there is no {}", E::SIGNATURE)))
}
