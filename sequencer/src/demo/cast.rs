//! Who takes part.

use crate::{chain::Chain, error::Error, wallet::derive};
use alloy_eips::BlockId;
use alloy_primitives::{Address, U256, uint};
use tributary_client::{Account, Call};

/// Wei in an OPEN.
pub(crate) const OPEN: U256 = uint!(1_000_000_000_000_000_000_U256);

/// Most contributors; more texts than that come from the same ones in turn.
const CONTRIBUTORS: usize = 8;

/// Validators, as many as the largest jury of the demo has seats.
const VALIDATORS: u32 = 5;

/// What a validator or a holder of votes needs, what somebody who puts a bond up, and what anybody; OPEN.
const STAKER: u64 = 1_010;
const BONDED: u64 = 120;
const ANYBODY: u64 = 5;

/// The accounts, all of one phrase. The first keeps datanets, trains and runs the model, the second pays for answers and votes, validators follow, and those
/// who contribute.
#[derive(Debug)]
pub(crate) struct Cast {
    pub(crate) operator: Account,
    pub(crate) payer: Account,
    pub(crate) validators: Vec<Account>,
    pub(crate) contributors: Vec<Account>,
    /// Hands in what others wrote.
    pub(crate) copier: Account,
    /// Adds words of its own to somebody else's text.
    pub(crate) refiner: Account,
    /// Owns the model that the other was made from.
    pub(crate) researcher: Account,
    /// Contributes to the datanet with reviews.
    pub(crate) newcomer: Account,
}

impl Cast {
    /// Derives the accounts, and funds those that the node does not.
    pub(crate) async fn assemble(chain: &Chain, mnemonic: &str, texts: usize, reviews: bool) -> Result<Self, Error> {
        let account = async |index: u32| chain.account(derive(mnemonic, index, "--mnemonic")?).await;
        let mut next = 2..;
        let mut several = async |count: usize| -> Result<Vec<Account>, Error> {
            let mut accounts = Vec::new();
            for index in next.by_ref().take(count) {
                accounts.push(account(index).await?);
            }
            Ok(accounts)
        };
        let validators = several(VALIDATORS as usize).await?;
        let contributors = several(texts.min(CONTRIBUTORS)).await?;
        let [copier, refiner, researcher, newcomer] =
            <[Account; 4]>::try_from(several(4).await?).map_err(|_| Error::Check("the phrase has too few accounts".to_owned()))?;
        let (operator, payer) = (account(0).await?, account(1).await?);
        let cast = Self { operator, payer, validators, contributors, copier, refiner, researcher, newcomer };
        cast.fund(chain, reviews).await?;
        Ok(cast)
    }

    async fn fund(&self, chain: &Chain, reviews: bool) -> Result<(), Error> {
        let validators = self.validators.iter().filter(|_| reviews).map(|account| (account, STAKER));
        let others = self.contributors.iter().chain([&self.payer, &self.copier, &self.refiner, &self.newcomer]);
        let bonded = [(&self.researcher, BONDED)];
        for (account, needed) in validators.chain(others.map(|account| (account, ANYBODY))).chain(bonded) {
            let needed = U256::from(needed) * OPEN;
            let has = chain.balance(account.address(), BlockId::pending()).await?;
            if has < needed / U256::from(2) || (has < needed && needed > OPEN * U256::from(ANYBODY)) {
                chain.execute(&self.operator, &Call::transfer(account.address(), needed - has), "funding an account").await?;
            }
        }
        Ok(())
    }

    /// Who contributes text `index`.
    pub(crate) fn contributor_of(&self, index: usize) -> &Account {
        &self.contributors[index % self.contributors.len()]
    }

    /// Everybody.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Account> {
        let named = [&self.operator, &self.payer, &self.copier, &self.refiner, &self.researcher, &self.newcomer];
        self.contributors.iter().chain(named).chain(&self.validators)
    }

    /// The account with this address.
    pub(crate) fn account(&self, address: Address) -> Result<&Account, Error> {
        let stranger = || Error::Check(format!("{address} takes part, and is none of the demo's accounts"));
        self.all().find(|account| account.address() == address).ok_or_else(stranger)
    }

    /// What an account is in the story.
    pub(crate) fn role(&self, address: Address) -> &'static str {
        let is = |account: &Account| account.address() == address;
        let named = [
            (&self.operator, "operator"),
            (&self.payer, "payer"),
            (&self.copier, "copycat"),
            (&self.refiner, "refiner"),
            (&self.researcher, "researcher"),
            (&self.newcomer, "newcomer"),
        ];
        let found = named.into_iter().find(|(account, _)| is(account)).map(|(_, role)| role);
        found.unwrap_or(if self.validators.iter().any(is) { "validator" } else { "contributor" })
    }
}
