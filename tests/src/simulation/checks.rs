//! What has to hold at the end, to the wei.

use super::{
    Error,
    people::Role,
    world::{Account, World},
};
use alloy_primitives::{Address, U256};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use tributary_contracts::{
    Commons, FeeDistributor, Payouts, Stakes,
    predeploys::{ALL, COMMONS, DATANETS, FEE_DISTRIBUTOR, INFERENCE, JURIES, MODELS, PAYOUTS, PROXIES, STAKES, TIMELOCK},
};

// `IPayouts.Reason`.
const CONTRIBUTOR: usize = 0;
const COMMONS_PAID: usize = 6;

/// One thing that has to hold.
#[derive(Debug, Serialize)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// Whether it does.
    pub held: bool,
}

/// Where all money is at the end, wei.
#[derive(Debug)]
pub(super) struct Closing {
    /// By person: what it has, is owed and has at stake.
    wealth: Vec<u128>,
    /// At stake, of it.
    stakes: Vec<u128>,
    /// Of nobody who takes part.
    pub(super) others: BTreeMap<&'static str, u128>,
    owed: u128,
    totals: (u128, u128),
    /// By module.
    escrow: BTreeMap<Address, u128>,
    payouts: u128,
    staked: u128,
    /// Balances of everybody and every contract, and what was burnt.
    everything: u128,
    held_by_commons: u128,
}

impl Closing {
    pub(super) fn read(world: &World) -> Result<Self, Error> {
        let owed = |account| Ok::<u128, Error>(world.view(PAYOUTS, &Payouts::owedCall { account })?.to());
        let balance = |account| Ok::<u128, Error>(world.chain.balance(account)?.to());
        let (mut wealth, mut stakes, mut owed_to_people, mut balances) = (Vec::new(), Vec::new(), 0, 0);
        for person in &world.people {
            let account = person.address();
            let mut at_stake = 0;
            for purpose in 0..3 {
                let stake = world.view(STAKES, &Stakes::stakeOfCall { purpose, account })?;
                at_stake += (stake.free + stake.locked + stake.leaving).to::<u128>();
            }
            let (has, owed) = (balance(account)?, owed(account)?);
            (owed_to_people, balances) = (owed_to_people + owed, balances + has);
            wealth.push(has + owed + at_stake);
            stakes.push(at_stake);
        }
        let contracts: BTreeSet<Address> = ALL.iter().map(|(_, address)| *address).chain(PROXIES).collect();
        let mut held = BTreeMap::new();
        let mut escrow = BTreeMap::new();
        let mut owed_to_contracts = 0;
        for contract in contracts {
            held.insert(contract, balance(contract)?);
            escrow.insert(contract, world.view(PAYOUTS, &Payouts::escrowOfCall { module: contract })?.to::<u128>());
            owed_to_contracts += owed(contract)?;
        }
        let burnt: u128 = world.view(FEE_DISTRIBUTOR, &FeeDistributor::burntTotalCall {})?.to();
        let totals = world.view(PAYOUTS, &Payouts::totalsCall {})?;
        let (payouts, staked) = (held[&PAYOUTS], held[&STAKES]);
        let in_contracts: u128 = held.values().sum();
        let others = BTreeMap::from([
            ("commons", escrow[&COMMONS]),
            ("review fund", escrow[&DATANETS]),
            ("treasury", owed(TIMELOCK)?),
            ("protocol, not divided yet", owed(FEE_DISTRIBUTOR)? + escrow[&FEE_DISTRIBUTOR]),
            ("burnt", burnt),
            ("gas", in_contracts - payouts - staked),
        ]);
        Ok(Self {
            wealth,
            stakes,
            others,
            owed: owed_to_people + owed_to_contracts,
            totals: (totals.owedTotal.to(), totals.escrowTotal.to()),
            escrow,
            payouts,
            staked,
            everything: balances + in_contracts + burnt,
            held_by_commons: world.view(COMMONS, &Commons::heldCall {})?.to(),
        })
    }

    /// What a person has more than at first, wei.
    pub(super) fn net(&self, person: usize, initial: u128) -> i128 {
        self.wealth[person] as i128 - initial as i128
    }
}

impl Account {
    /// Everything that it came to be owed, wei.
    pub(super) fn got(&self) -> u128 {
        self.credits.iter().sum()
    }

    /// What it should have more than at first, by the receipts.
    fn net(&self) -> i128 {
        self.got() as i128 - (self.sent + self.slashed + self.gas) as i128
    }

    /// As an author: by answers, and by what commons paid over them.
    pub(super) const fn by_texts(&self) -> u128 {
        self.credits[CONTRIBUTOR] + self.credits[COMMONS_PAID]
    }
}

/// All that has to hold.
pub(super) fn all(world: &World, closing: &Closing, initial: U256) -> Vec<Check> {
    let initial: u128 = initial.to();
    let check = |name, held| Check { name, held };
    let people = || world.accounts.iter().enumerate();
    let escrow_of_all: u128 = closing.escrow.values().sum();
    let done = [INFERENCE, JURIES, MODELS].iter().all(|module| closing.escrow[module] == 0);
    let gas: u128 = world.accounts.iter().map(|account| account.gas).sum();
    let stakes: u128 = closing.stakes.iter().sum();
    let sum: i128 = people().map(|(person, _)| closing.net(person, initial)).sum();
    let settled = world.settled;
    let credited: u128 = world.accounts.iter().map(|account| account.credits[CONTRIBUTOR]).sum();
    let others: u128 = closing.others.values().sum();
    vec![
        check("all money there was is somebody's, a contract's or burnt", closing.everything == initial * people().count() as u128),
        check("what people lost, others have", sum == -(others as i128)),
        check("Payouts has what it owes and holds in escrow", closing.payouts == closing.totals.0 + closing.totals.1),
        check("what it owes, it owes to somebody known", closing.owed == closing.totals.0),
        check("what it holds, it holds for a contract", escrow_of_all == closing.totals.1),
        check("the parts of every payment are all of it", settled.count != 0 && settled.uneven == 0),
        check("contributors were credited their parts", settled.contributors == credited),
        check("every session and case is closed, and its money given away", done),
        check("Commons has what its datanets have", closing.escrow[&COMMONS] == closing.held_by_commons),
        check("Stakes has what is at stake", closing.staked == stakes),
        check("the vaults have what was paid for gas", closing.others["gas"] == gas),
        check(
            "nobody's stake lost more than was slashed",
            people().all(|(at, account)| closing.stakes[at] == account.staked - account.slashed),
        ),
        check("everybody has what the receipts say", people().all(|(at, account)| closing.net(at, initial) == account.net())),
        check("no copycat of the same words earned anything", earned(world, Role::ExactCopy) == 0),
        check("whoever asks itself gets back less than it paid, gas aside", farms(world).iter().all(|(paid, got)| got < paid)),
    ]
}

fn earned(world: &World, role: Role) -> u128 {
    world.who(|person| person.role == role).into_iter().map(|person| world.accounts[person].by_texts()).sum()
}

/// What each farm paid, and got.
fn farms(world: &World) -> Vec<(u128, u128)> {
    let mut farms = BTreeMap::<usize, (u128, u128)>::new();
    for (person, account) in world.people.iter().zip(&world.accounts) {
        let Some(farm) = person.farm else { continue };
        let sums = farms.entry(farm).or_default();
        sums.0 += account.sent + account.slashed;
        sums.1 += account.got();
    }
    // Some never asked.
    farms.into_values().filter(|(paid, _)| *paid != 0).collect()
}
