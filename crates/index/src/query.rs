//! The questions.

use crate::{
    Error, Page, Paging, Reader,
    book::Key,
    rows::{
        Account, Answer, Ballot, Case, CaseOf, Claim, Commitment, CommitmentOf, CommitmentTo, Contribution, ContributionOf, Datanet,
        DocumentAt, Earned, Earning, Edge, Matter, Model, ModelOf, ModelOn, ModelVersion, Payee, PayeeOf, Prompt, Proposal, ProposalPlace,
        Purpose, Reason, Release, Revealed, Session, SessionAndPrompt, SessionOf, SessionOfModel, Settlement, Stake, Validator, Why,
    },
};
use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, B256, U256};
use tributary_contracts::predeploys::INFERENCE;

impl Reader {
    /// The block after which these are the answers.
    pub const fn block(&self) -> Option<BlockNumHash> {
        self.0.head()
    }

    /// The sums of an account.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn account(&self, account: Address) -> Result<Account, Error> {
        Ok(self.get(&Key::all::<Account>().address(account))?.unwrap_or_default())
    }

    /// What an account came to be owed and why, in the order of the chain.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn earnings(&self, account: Address, paging: &Paging) -> Result<Page<Earned>, Error> {
        let page: Page<Earning> = self.page(&Key::all::<Earning>().address(account), paging)?;
        let earned = |earning: Earning| Ok(Earned { why: self.why(&earning)?, earning });
        Ok(Page { items: page.items.into_iter().map(earned).collect::<Result<_, Error>>()?, next: page.next })
    }

    /// What a contributor's part of a settlement is made of; nothing for any other earning.
    fn why(&self, earning: &Earning) -> Result<Vec<Why>, Error> {
        if (earning.module, earning.reason) != (INFERENCE, Reason::Contributor) {
            return Ok(Vec::new());
        }
        let id = U256::from_be_bytes(earning.reference.0);
        let Some(settlement) = self.get::<Settlement>(&Key::all::<Settlement>().id(id))? else { return Ok(Vec::new()) };
        let payees = Key::all::<PayeeOf>().address(earning.account).id(id).number(earning.origin.block.to());
        let payees: Page<PayeeOf> = self.page(&payees, &Paging::default())?;
        let of_this = payees.items.into_iter().map(|payee| payee.0).filter(|payee| payee.origin.transaction == earning.origin.transaction);
        let why = |payee: Payee| {
            // By sketches, a pool is divided under no datanet.
            let division = if payee.by_sketch { U256::ZERO } else { payee.datanet_id };
            let division = settlement.attributions.iter().find(|found| found.datanet_id == division).cloned();
            let Payee { datanet_id, number, by_sketch, amount, weight, .. } = payee;
            Why { datanet_id, number, by_sketch, amount, weight, division }
        };
        Ok(of_this.map(why).collect())
    }

    /// What was claimed for an account.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn claims(&self, account: Address, paging: &Paging) -> Result<Page<Claim>, Error> {
        self.page(&Key::all::<Claim>().address(account), paging)
    }

    /// What an account has at risk, by purpose.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn stakes(&self, account: Address) -> Result<Vec<Stake>, Error> {
        let key = |purpose: &Purpose| Key::all::<Stake>().address(account).byte(*purpose as u8);
        Purpose::ALL.iter().filter_map(|purpose| self.get(&key(purpose)).transpose()).collect()
    }

    /// A case.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn case(&self, id: U256) -> Result<Option<Case>, Error> {
        self.get(&Key::all::<Case>().id(id))
    }

    /// All cases.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn cases(&self, paging: &Paging) -> Result<Page<Case>, Error> {
        self.page(&Key::all::<Case>(), paging)
    }

    /// The cases that an account has to do with.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn cases_of(&self, account: Address, paging: &Paging) -> Result<Page<CaseOf>, Error> {
        self.page(&Key::all::<CaseOf>().address(account), paging)
    }

    /// Everybody who ever joined the validators.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn validators(&self, paging: &Paging) -> Result<Page<Validator>, Error> {
        self.page(&Key::all::<Validator>(), paging)
    }

    /// A session, with its prompt.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn session(&self, id: U256) -> Result<Option<SessionAndPrompt>, Error> {
        let Some(session) = self.get(&Key::all::<Session>().id(id))? else { return Ok(None) };
        Ok(Some(SessionAndPrompt { session, prompt: self.get(&Key::all::<Prompt>().id(id))? }))
    }

    /// All sessions.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn sessions(&self, paging: &Paging) -> Result<Page<Session>, Error> {
        self.page(&Key::all::<Session>(), paging)
    }

    /// The sessions in which an account pays or answers.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn sessions_of(&self, account: Address, paging: &Paging) -> Result<Page<SessionOf>, Error> {
        self.page(&Key::all::<SessionOf>().address(account), paging)
    }

    /// The sessions of a model, in the order of the chain.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn sessions_of_model(&self, model: U256, paging: &Paging) -> Result<Page<SessionOfModel>, Error> {
        self.page(&Key::all::<SessionOfModel>().id(model), paging)
    }

    /// An answer, counted from 1.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn answer(&self, session: U256, index: u64) -> Result<Option<Answer>, Error> {
        self.get(&Key::all::<Answer>().id(session).number(index))
    }

    /// The answers of a session.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn answers(&self, session: U256, paging: &Paging) -> Result<Page<Answer>, Error> {
        self.page(&Key::all::<Answer>().id(session), paging)
    }

    /// A settlement.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn settlement(&self, id: U256) -> Result<Option<Settlement>, Error> {
        self.get(&Key::all::<Settlement>().id(id))
    }

    /// The settlements of a session.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn settlements(&self, session: U256, paging: &Paging) -> Result<Page<Settlement>, Error> {
        // A settlement's number is its session's and its own, in 32 bits.
        match Key::all::<Settlement>().settlements_of(session) {
            Some(key) => self.page(&key, paging),
            None => Ok(Page { items: Vec::new(), next: None }),
        }
    }

    /// The contributors whom a settlement paid.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn payees(&self, settlement: U256, paging: &Paging) -> Result<Page<Payee>, Error> {
        self.page(&Key::all::<Payee>().id(settlement), paging)
    }

    /// A datanet.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn datanet(&self, id: U256) -> Result<Option<Datanet>, Error> {
        self.get(&Key::all::<Datanet>().id(id))
    }

    /// All datanets.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn datanets(&self, paging: &Paging) -> Result<Page<Datanet>, Error> {
        self.page(&Key::all::<Datanet>(), paging)
    }

    /// The releases of a datanet.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn releases(&self, datanet: U256, paging: &Paging) -> Result<Page<Release>, Error> {
        self.page(&Key::all::<Release>().id(datanet), paging)
    }

    /// A row of a datanet.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn contribution(&self, datanet: U256, row: u64) -> Result<Option<Contribution>, Error> {
        self.get(&Key::all::<Contribution>().id(datanet).number(row))
    }

    /// The rows of a datanet.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn contributions(&self, datanet: U256, paging: &Paging) -> Result<Page<Contribution>, Error> {
        self.page(&Key::all::<Contribution>().id(datanet), paging)
    }

    /// The rows that are or were an account's.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn contributions_of(&self, account: Address, paging: &Paging) -> Result<Page<ContributionOf>, Error> {
        self.page(&Key::all::<ContributionOf>().address(account), paging)
    }

    /// The datanets that have a document.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn rows_of_document(&self, document: B256, paging: &Paging) -> Result<Page<DocumentAt>, Error> {
        self.page(&Key::all::<DocumentAt>().hash(document), paging)
    }

    /// A commitment.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn commitment(&self, id: U256) -> Result<Option<Commitment>, Error> {
        self.get(&Key::all::<Commitment>().id(id))
    }

    /// All commitments.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn commitments(&self, paging: &Paging) -> Result<Page<Commitment>, Error> {
        self.page(&Key::all::<Commitment>(), paging)
    }

    /// The commitments of an account.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn commitments_of(&self, account: Address, paging: &Paging) -> Result<Page<CommitmentOf>, Error> {
        self.page(&Key::all::<CommitmentOf>().address(account), paging)
    }

    /// The commitments to a datanet, in the order of the chain.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn commitments_to(&self, datanet: U256, paging: &Paging) -> Result<Page<CommitmentTo>, Error> {
        self.page(&Key::all::<CommitmentTo>().id(datanet), paging)
    }

    /// The documents of a commitment.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn revealed(&self, commitment: U256, paging: &Paging) -> Result<Page<Revealed>, Error> {
        self.page(&Key::all::<Revealed>().id(commitment), paging)
    }

    /// What a jury decides about a row.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn matter(&self, case: U256) -> Result<Option<Matter>, Error> {
        self.get(&Key::all::<Matter>().id(case))
    }

    /// A model.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn model(&self, id: U256) -> Result<Option<Model>, Error> {
        self.get(&Key::all::<Model>().id(id))
    }

    /// All models.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn models(&self, paging: &Paging) -> Result<Page<Model>, Error> {
        self.page(&Key::all::<Model>(), paging)
    }

    /// The models that are or were an account's.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn models_of(&self, account: Address, paging: &Paging) -> Result<Page<ModelOf>, Error> {
        self.page(&Key::all::<ModelOf>().address(account), paging)
    }

    /// The versions of a model.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn model_versions(&self, model: U256, paging: &Paging) -> Result<Page<ModelVersion>, Error> {
        self.page(&Key::all::<ModelVersion>().id(model), paging)
    }

    /// The versions of models that a datanet answers for, in the order of the chain.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn models_on(&self, datanet: U256, paging: &Paging) -> Result<Page<ModelOn>, Error> {
        self.page(&Key::all::<ModelOn>().id(datanet), paging)
    }

    /// What was made from a model.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn children(&self, model: U256, paging: &Paging) -> Result<Page<Edge>, Error> {
        self.page(&Key::all::<Edge>().id(model), paging)
    }

    /// A proposal.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn proposal(&self, id: U256) -> Result<Option<Proposal>, Error> {
        let Some(place) = self.get::<ProposalPlace>(&Key::all::<ProposalPlace>().id(id))? else { return Ok(None) };
        self.get(&Key::all::<Proposal>().at(&place.origin))
    }

    /// All proposals, in the order of the chain.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn proposals(&self, paging: &Paging) -> Result<Page<Proposal>, Error> {
        self.page(&Key::all::<Proposal>(), paging)
    }

    /// The votes about a proposal, in the order of the chain.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn ballots(&self, proposal: U256, paging: &Paging) -> Result<Page<Ballot>, Error> {
        self.page(&Key::all::<Ballot>().id(proposal), paging)
    }
}
