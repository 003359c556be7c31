use crate::{
    Error,
    book::{Book, Key},
    rows::{Account, Claim, Earning, Purpose, Reason, Stake},
};
use alloy_primitives::{Address, Log, U64, U256};
use alloy_sol_types::SolEventInterface;
use tributary_contracts::{Payouts::PayoutsEvents, Stakes::StakesEvents};

pub(super) fn payouts(book: &mut Book<'_, '_>, log: &Log) -> Result<(), Error> {
    use PayoutsEvents as Event;
    let Ok(event) = Event::decode_log(log) else { return Ok(()) };
    let origin = book.origin;
    let of = |account: Address| Key::all::<Account>().address(account);
    match event.data {
        Event::Credited(event) => {
            let Some(reason) = Reason::ALL.get(usize::from(event.reason)).copied() else { return Ok(()) };
            let (account, module, reference, amount) = (event.account, event.module, event.r#ref, event.amount);
            book.put(&Key::all::<Earning>().address(account).at(&origin), &Earning { account, module, reference, reason, amount, origin })?;
            book.upsert(&of(account), Account::default, |account| {
                account.owed += amount;
                *account.earned.entry(reason).or_default() += amount;
            })
        }
        Event::Claimed(event) => {
            let (account, to, by, amount) = (event.account, event.to, event.by, event.amount);
            book.put(&Key::all::<Claim>().address(account).at(&origin), &Claim { account, to, by, amount, origin })?;
            book.upsert(&of(account), Account::default, |account| {
                account.owed = account.owed.saturating_sub(amount);
                account.claimed += amount;
            })
        }
        Event::PayeeChanged(event) => book.upsert(&of(event.account), Account::default, |account| {
            account.payee = Some(event.payee);
            account.payee_effective = Some(U64::from(event.effective));
        }),
        _ => Ok(()),
    }
}

pub(super) fn stakes(book: &mut Book<'_, '_>, log: &Log) -> Result<(), Error> {
    use StakesEvents as Event;
    let Ok(event) = Event::decode_log(log) else { return Ok(()) };
    // What the contract keeps is never less than what it takes away.
    let less = |from: &mut U256, amount: U256| *from = from.saturating_sub(amount);
    match event.data {
        Event::Staked(event) => stake(book, event.purpose, event.account, |stake| stake.free += event.amount),
        Event::WithdrawalBegun(event) => stake(book, event.purpose, event.account, |stake| {
            less(&mut stake.free, event.amount);
            stake.leaving += event.amount;
            stake.ready = U64::from(event.ready);
        }),
        Event::Withdrawn(event) => stake(book, event.purpose, event.account, |stake| {
            less(&mut stake.leaving, event.amount);
            stake.ready = U64::ZERO;
        }),
        Event::Locked(event) => stake(book, event.purpose, event.account, |stake| {
            less(&mut stake.free, event.amount);
            stake.locked += event.amount;
        }),
        Event::Unlocked(event) => stake(book, event.purpose, event.account, |stake| {
            less(&mut stake.locked, event.amount);
            stake.free += event.amount;
        }),
        Event::Slashed(event) => stake(book, event.purpose, event.account, |stake| {
            less(&mut stake.locked, event.amount);
            stake.slashed += event.amount;
        }),
    }
}

fn stake(book: &mut Book<'_, '_>, purpose: u8, account: Address, change: impl FnOnce(&mut Stake)) -> Result<(), Error> {
    let Some(purpose) = Purpose::ALL.get(usize::from(purpose)).copied() else { return Ok(()) };
    let new =
        || Stake { account, purpose, free: U256::ZERO, locked: U256::ZERO, leaving: U256::ZERO, ready: U64::ZERO, slashed: U256::ZERO };
    book.upsert(&Key::all::<Stake>().address(account).byte(purpose as u8), new, change)
}
