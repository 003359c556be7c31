//! The story: who takes part, who contributes what, who asks and who answers.

use super::texts::Text;
use crate::{chain::Chain, error::Error, wallet::derive};
use alloy_eips::BlockId;
use alloy_primitives::{Address, U256, uint};
use tributary_client::{Account, Call};
use tributary_contracts::{
    Datanets, Inference,
    predeploys::{DATANETS, INFERENCE},
};

/// Most contributors; more texts than that come from the same ones in turn.
const CONTRIBUTORS: usize = 8;

/// What the question costs. Not a round number, so that its split leaves units over.
const PAYMENT: U256 = uint!(1_000_000_000_000_000_007_U256);

/// The part of a payment for contributors, in basis points.
const CONTRIBUTOR_BPS: u16 = 8_000;

/// Time to answer, in seconds.
const ANSWER_SECONDS: u64 = 3_600;

/// Whoever has less than this gets some from the operator's account.
const POOR: U256 = uint!(3_000_000_000_000_000_000_U256);

/// How much the operator gives: 10 OPEN.
const GIFT: U256 = uint!(10_000_000_000_000_000_000_U256);

/// The accounts that take part: the first of the mnemonic keeps the datanet and runs its model, the second asks, the others contribute, and the
/// last of them hands in what it copied.
#[derive(Debug)]
pub(crate) struct Cast {
    pub(crate) operator: Account,
    pub(crate) requester: Account,
    pub(crate) contributors: Vec<Account>,
    pub(crate) copier: Account,
}

impl Cast {
    /// Derives the accounts, and funds those that the node does not.
    pub(crate) async fn assemble(chain: &Chain, mnemonic: &str, texts: usize) -> Result<Self, Error> {
        let account = async |index: u32| chain.account(derive(mnemonic, index)?).await;
        let mut contributors = Vec::new();
        for index in 0..texts.min(CONTRIBUTORS) as u32 {
            contributors.push(account(index + 2).await?);
        }
        let copier = account(contributors.len() as u32 + 2).await?;
        let cast = Self { operator: account(0).await?, requester: account(1).await?, contributors, copier };
        for account in cast.contributors.iter().chain([&cast.requester, &cast.copier]) {
            if chain.balance(account.address(), BlockId::pending()).await? < POOR {
                chain.execute(&cast.operator, &Call::transfer(account.address(), GIFT), "funding an account").await?;
            }
        }
        Ok(cast)
    }

    /// Who contributes text `index`.
    pub(crate) fn contributor_of(&self, index: usize) -> &Account {
        &self.contributors[index % self.contributors.len()]
    }

    /// The account with this address.
    pub(crate) fn account(&self, address: Address) -> Option<&Account> {
        self.contributors.iter().chain([&self.operator, &self.requester, &self.copier]).find(|account| account.address() == address)
    }
}

/// A datanet with the texts in it, each at the row of its index.
#[derive(Debug)]
pub(crate) struct Datanet {
    pub(crate) id: U256,
    /// Its set in the attribution store.
    pub(crate) set: U256,
    /// Per text the contributor's number and account.
    pub(crate) contributors: Vec<(u32, Address)>,
}

/// Creates a datanet, and the model that answers from it.
pub(crate) async fn found(chain: &Chain, cast: &Cast) -> Result<Datanet, Error> {
    let call = Datanets::createDatanetCall { name: "How things work".into(), metadata: "tributary demo".into(), open: true };
    let created = chain.execute(&cast.operator, &Call::of(DATANETS, &call), "creating the datanet").await?;
    let created: Datanets::DatanetCreated = created.event(DATANETS)?;
    let model = Inference::setModelCall {
        datanetId: created.datanetId,
        operator: cast.operator.address(),
        price: PAYMENT,
        contributorBps: CONTRIBUTOR_BPS,
        answerSeconds: ANSWER_SECONDS,
    };
    chain.execute(&cast.operator, &Call::of(INFERENCE, &model), "setting the model").await?;
    Ok(Datanet { id: created.datanetId, set: created.setId, contributors: Vec::new() })
}

/// Contributes a text, which becomes the datanet's next row, and returns the block of that.
pub(crate) async fn contribute(
    chain: &Chain,
    from: &Account,
    datanet: &mut Datanet,
    text: &Text,
) -> Result<(Datanets::Contributed, u64), Error> {
    let call = Datanets::contributeCall { datanetId: datanet.id, document: text.body.clone().into_bytes().into() };
    let receipt = chain.execute(from, &Call::of(DATANETS, &call), "contributing a text").await?;
    let event: Datanets::Contributed = receipt.event(DATANETS)?;
    let row = datanet.contributors.len();
    if event.row != row as u64 {
        return Err(Error::Check(format!("text {row} became row {} of a datanet that nobody else knows", event.row)));
    }
    datanet.contributors.push((event.contributor, event.account));
    Ok((event, receipt.block()?))
}

/// A question that was paid for and answered.
#[derive(Debug)]
pub(crate) struct Settled {
    /// Block of the settlement.
    pub(crate) block: u64,
    /// Hash of the settlement's transaction.
    pub(crate) transaction: alloy_primitives::B256,
    /// What was paid, in wei.
    pub(crate) payment: U256,
    /// Part of the payment for contributors, in basis points.
    pub(crate) contributor_bps: u16,
    /// Version of the datanet that the answer is traced to: the newest one when it was asked for.
    pub(crate) version: u64,
    /// The event of the settlement.
    pub(crate) event: Inference::Settled,
    /// What each contributor is owed, highest credit first.
    pub(crate) credited: Vec<Inference::Credited>,
}

/// Pays for an answer.
pub(crate) async fn ask(chain: &Chain, cast: &Cast, datanet: &Datanet, prompt: &str) -> Result<Inference::Requested, Error> {
    let call = Inference::requestCall { datanetId: datanet.id, prompt: prompt.as_bytes().to_vec().into() };
    let request = Call::of(INFERENCE, &call).with_value(PAYMENT);
    Ok(chain.execute(&cast.requester, &request, "asking").await?.event(INFERENCE)?)
}

/// Answers what was paid for.
pub(crate) async fn settle(chain: &Chain, cast: &Cast, requested: &Inference::Requested, answer: &str) -> Result<Settled, Error> {
    let call = Inference::settleCall { requestId: requested.requestId, output: answer.as_bytes().to_vec().into() };
    let receipt = chain.execute(&cast.operator, &Call::of(INFERENCE, &call), "settling").await?;
    Ok(Settled {
        block: receipt.block()?,
        transaction: receipt.hash(),
        payment: requested.payment,
        contributor_bps: requested.contributorBps,
        version: requested.version,
        event: receipt.event(INFERENCE)?,
        credited: receipt.events(INFERENCE)?,
    })
}
