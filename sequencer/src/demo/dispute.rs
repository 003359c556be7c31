//! An operator that answers with one byte, and the payer who contests that.

use super::{
    cast::Cast,
    market::{self, Opened},
    models::{Model, PRICE},
    review,
};
use crate::{chain::Chain, error::Error};
use alloy_eips::BlockId;
use alloy_primitives::U256;
use tributary_client::{Account, Call};
use tributary_contracts::{
    Inference, Juries, Payouts,
    interfaces::inference::IInference::Session,
    predeploys::{INFERENCE, JURIES, PAYOUTS},
};

const PROMPT: &str = "How is a river made to turn?";

/// `IInference.Dispute.NoAnswer`.
const NO_ANSWER: u8 = 1;

/// `IInference.Status.Ended`.
const ENDED: u8 = 2;

/// How the dispute came out.
#[derive(Debug)]
pub(crate) struct Dispute {
    pub(crate) session: U256,
    pub(crate) case: U256,
    pub(crate) jurors: Vec<Account>,
    /// What the payer put up as a bond, and what the jury cost.
    pub(crate) bond: U256,
    pub(crate) fee: U256,
    /// What the payer is owed more than before, and what the operator has less at stake.
    pub(crate) won: U256,
    pub(crate) lost: U256,
    /// What the session said that a lost case costs.
    pub(crate) penalty: U256,
    /// Whether the session is over, with nothing left and nothing paid.
    pub(crate) over: bool,
}

/// Posts an answer that is none without the payer's signature; the payer contests it, and a jury upholds that.
pub(crate) async fn run(chain: &Chain, cast: &Cast, model: Model) -> Result<Dispute, Error> {
    let Opened { id, session } = market::open(chain, cast, model, (PROMPT, 1)).await?;
    let call = Inference::postCall { sessionId: id, answers: vec![market::answer(PROMPT, ".")] };
    chain.execute(&cast.operator, &Call::of(INFERENCE, &call), "posting an answer").await?;
    let fee = chain.view(JURIES, &Juries::feeCall { jurors: session.rules.jurors }, BlockId::latest()).await?;
    let bond = U256::from(session.rules.contestBond);
    let evidence = format!("I asked: {PROMPT} I got a full stop.").into_bytes().into();
    let call = Inference::disputeCall { sessionId: id, index: 1, kind: NO_ANSWER, evidence };
    let receipt = chain.execute(&cast.payer, &Call::of(INFERENCE, &call).with_value(fee + bond), "contesting an answer").await?;
    let case = receipt.event::<Inference::Disputed>(INFERENCE)?.caseId;
    let (owed, at_stake) = (owed(chain, cast).await?, market::at_stake(chain, cast).await?);
    let jurors = review::judge(chain, cast, case, (true, "a full stop is no answer")).await?;
    if review::close(chain, cast, &[case]).await? != [true] {
        return Err(Error::Check("the jury's verdict is not the case's".to_owned()));
    }
    let ended: Session = chain.view(INFERENCE, &Inference::sessionInfoCall { sessionId: id }, BlockId::latest()).await?;
    Ok(Dispute {
        session: id,
        case,
        jurors,
        bond,
        fee,
        won: self::owed(chain, cast).await? - owed,
        lost: at_stake - market::at_stake(chain, cast).await?,
        penalty: U256::from(session.rules.penalty),
        over: ended.status == ENDED && ended.left.is_zero() && ended.paid.is_zero(),
    })
}

impl Dispute {
    /// Whether the payer has its escrow and its bond back and half of the penalty on top, which is what the operator lost.
    pub(crate) fn is_right(&self) -> bool {
        let half = self.penalty / U256::from(4) * U256::from(2);
        self.over && self.lost == self.penalty && self.won == U256::from(PRICE) + self.bond + half
    }
}

async fn owed(chain: &Chain, cast: &Cast) -> Result<U256, Error> {
    chain.view(PAYOUTS, &Payouts::owedCall { account: cast.payer.address() }, BlockId::latest()).await
}
