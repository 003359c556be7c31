//! Everybody takes what they are owed.

use super::economy::{Cast, Settled};
use crate::{chain::Chain, error::Error};
use alloy_eips::BlockId;
use alloy_primitives::{Address, U256};
use tributary_client::Call;
use tributary_contracts::{Inference, predeploys::INFERENCE};

/// One account's claim.
#[derive(Debug)]
pub(crate) struct Claim {
    /// Who claimed.
    pub(crate) account: Address,
    /// What this settlement gave the account, in wei.
    pub(crate) earned: U256,
    /// What the contract said it owed, in wei: `earned`, and what earlier settlements left.
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

/// Claims for every account that the settlement gave something, the operator last.
pub(crate) async fn claim(chain: &Chain, cast: &Cast, settled: &Settled) -> Result<Vec<Claim>, Error> {
    let mut earnings: Vec<(Address, U256)> = settled.credited.iter().map(|credited| (credited.account, credited.share)).collect();
    earnings.push((settled.event.operator, settled.event.operatorShare));
    let mut claims = Vec::with_capacity(earnings.len());
    for (account, earned) in earnings.into_iter().filter(|(_, earned)| !earned.is_zero()) {
        let stranger = || Error::Check(format!("{account} was credited and contributed nothing"));
        let key = cast.account(account).ok_or_else(stranger)?;
        let owed = chain.view(INFERENCE, &Inference::owedCall { account }, BlockId::pending()).await?;
        let before = chain.balance(account, BlockId::pending()).await?;
        let receipt = chain.execute(key, &Call::of(INFERENCE, &Inference::claimCall {}), "claiming").await?;
        let event: Inference::Claimed = receipt.event(INFERENCE)?;
        let after = chain.balance(account, BlockId::pending()).await?;
        claims.push(Claim { account, earned, owed, claimed: event.amount, before, after, fee: receipt.fee(), block: receipt.block()? });
    }
    Ok(claims)
}
