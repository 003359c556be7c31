//! The questions.

use crate::{
    Error, Page, Paging, Reader,
    book::Key,
    rows::{Account, Answer, Case, CaseOf, Claim, Earning, Payee, Purpose, Session, SessionOf, Settlement, Stake, Validator},
};
use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, U256};

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

    /// What an account came to be owed, in the order of the chain.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn earnings(&self, account: Address, paging: &Paging) -> Result<Page<Earning>, Error> {
        self.page(&Key::all::<Earning>().address(account), paging)
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

    /// A session.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn session(&self, id: U256) -> Result<Option<Session>, Error> {
        self.get(&Key::all::<Session>().id(id))
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
        self.page(&Key::all::<Settlement>().settlements_of(session), paging)
    }

    /// The contributors whom a settlement paid.
    ///
    /// # Errors
    /// [`Error::Cursor`], or when the database cannot be read.
    pub fn payees(&self, settlement: U256, paging: &Paging) -> Result<Page<Payee>, Error> {
        self.page(&Key::all::<Payee>().id(settlement), paging)
    }
}
