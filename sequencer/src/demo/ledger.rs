//! Everybody takes what they are owed, and nothing is missing.

use super::{cast::Cast, checks::Verdict};
use crate::{chain::Chain, error::Error};
use alloy_eips::BlockId;
use alloy_primitives::{Address, U256};
use std::collections::BTreeSet;
use tributary_client::Call;
use tributary_contracts::{
    Commons, Payouts, Stakes,
    predeploys::{COMMONS, PAYOUTS, STAKES},
};

/// One account's claim.
#[derive(Debug)]
pub(crate) struct Claim {
    /// Who claimed.
    pub(crate) account: Address,
    /// What the contract said it owed, in wei.
    pub(crate) owed: U256,
    /// What the contract sent, in wei.
    pub(crate) claimed: U256,
    /// The account's balance before.
    pub(crate) before: U256,
    /// The account's balance after.
    pub(crate) after: U256,
    /// What the transaction cost, in wei.
    pub(crate) fee: U256,
    /// Block of the claim.
    pub(crate) block: u64,
}

/// The epoch of the commons now.
pub(crate) async fn epoch(chain: &Chain) -> Result<u64, Error> {
    Ok(chain.view(COMMONS, &Commons::epochNowCall {}, BlockId::latest()).await?.epoch)
}

/// Has the commons of these datanets pay what their contributors' credits of an epoch bring, if it is over. The sum.
pub(crate) async fn draw(chain: &Chain, cast: &Cast, datanets: &[U256], epoch: u64) -> Result<U256, Error> {
    let mut drawn = U256::ZERO;
    if self::epoch(chain).await? <= epoch {
        return Ok(drawn);
    }
    for datanet in datanets {
        for account in cast.all() {
            let account = account.address();
            let call = Commons::creditOfCall { datanetId: *datanet, epoch, account };
            if chain.view(COMMONS, &call, BlockId::latest()).await?.weight.is_zero() {
                continue;
            }
            let call = Commons::drawCall { datanetId: *datanet, epoch, account };
            let receipt = chain.execute(&cast.operator, &Call::of(COMMONS, &call), "drawing from the commons").await?;
            drawn += receipt.event::<Commons::Drawn>(COMMONS)?.paid;
        }
    }
    Ok(drawn)
}

/// Claims for everybody who is owed something.
pub(crate) async fn claim(chain: &Chain, cast: &Cast) -> Result<Vec<Claim>, Error> {
    let mut claims = Vec::new();
    for key in cast.all() {
        let account = key.address();
        let owed = chain.view(PAYOUTS, &Payouts::owedCall { account }, BlockId::latest()).await?;
        if owed.is_zero() {
            continue;
        }
        let before = chain.balance(account, BlockId::latest()).await?;
        let receipt = chain.execute(key, &Call::of(PAYOUTS, &Payouts::claimCall { to: account }), "claiming").await?;
        let event: Payouts::Claimed = receipt.event(PAYOUTS)?;
        let after = chain.balance(account, receipt.block()?).await?;
        claims.push(Claim { account, owed, claimed: event.amount, before, after, fee: receipt.fee(), block: receipt.block()? });
    }
    Ok(claims)
}

/// What was claimed arrived, and what was not is where it is owed, to the wei.
pub(crate) async fn money_agrees(verdict: &mut Verdict, chain: &Chain, claims: &[Claim], last: u64) -> Result<(), Error> {
    verdict.check("everybody claimed what they were owed", claims.iter().all(|claim| claim.claimed == claim.owed));
    let arrived = |claim: &Claim| claim.after + claim.fee == claim.before + claim.claimed;
    verdict.check("and has it, less the fee of claiming", claims.iter().all(arrived));

    let since = chain.start();
    let held: U256 = chain.logs::<Payouts::Held>(PAYOUTS, since + 1, last).await?.iter().map(|event| event.amount).sum();
    let claimed: U256 = chain.logs::<Payouts::Claimed>(PAYOUTS, since + 1, last).await?.iter().map(|event| event.amount).sum();
    let [before, after] = [chain.balance(PAYOUTS, since).await?, chain.balance(PAYOUTS, last).await?];
    verdict.check("Payouts: money in is money out and money there", before + held == claimed + after);
    let totals = chain.view(PAYOUTS, &Payouts::totalsCall {}, last).await?;
    verdict.check("Payouts: what is there is owed to somebody or in escrow", totals.owedTotal + totals.escrowTotal == after);

    let staked: U256 = chain.logs::<Stakes::Staked>(STAKES, since + 1, last).await?.iter().map(|event| event.amount).sum();
    let withdrawn: U256 = chain.logs::<Stakes::Withdrawn>(STAKES, since + 1, last).await?.iter().map(|event| event.amount).sum();
    let slashed: U256 = chain.logs::<Stakes::Slashed>(STAKES, since + 1, last).await?.iter().map(|event| event.amount).sum();
    let [before, after] = [chain.balance(STAKES, since).await?, chain.balance(STAKES, last).await?];
    verdict.check("Stakes: the same", before + staked == withdrawn + slashed + after);
    Ok(())
}

/// The stakes of everybody who ever staked are what the contract has, to the wei.
pub(crate) async fn stakes_agree(verdict: &mut Verdict, chain: &Chain, last: u64) -> Result<(), Error> {
    let staked = chain.logs::<Stakes::Staked>(STAKES, 0, last).await?;
    let holders: BTreeSet<_> = staked.iter().map(|event| (event.purpose, event.account)).collect();
    let mut sum = U256::ZERO;
    for (purpose, account) in holders {
        let held = chain.view(STAKES, &Stakes::stakeOfCall { purpose, account }, last).await?;
        sum += held.free + held.locked + held.leaving;
    }
    verdict.check("and nobody's stake is missing", sum == chain.balance(STAKES, last).await?);
    Ok(())
}
