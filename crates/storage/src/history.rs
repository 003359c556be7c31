//! When an account changed, and what a block changed.

use crate::{
    Error, Store,
    tables::{self, Row, Tables},
    v1::{self, StateChanges},
};
use alloy_primitives::{Address, U256};
use signet_libmdbx::tx::aliases::RoTxUnsync;
use std::fmt;
use tributary_primitives::Account;

impl Store {
    /// The blocks that changed an account's nonce, balance or code, newest first, each with the account as it was before. The genesis is not among
    /// them. Reads one consistent view, one look-up per block.
    pub fn account_changes(&self, address: Address) -> Result<AccountChanges, Error> {
        Ok(AccountChanges { tx: self.read()?, tables: self.0.tables, address, below: Some(u64::MAX) })
    }
}

/// See [`Store::account_changes`].
pub struct AccountChanges {
    tx: RoTxUnsync,
    tables: Tables,
    address: Address,
    /// The next change is of a block below this one.
    below: Option<u64>,
}

impl fmt::Debug for AccountChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountChanges").field("address", &self.address).field("below", &self.below).finish_non_exhaustive()
    }
}

impl Iterator for AccountChanges {
    type Item = Result<(u64, Option<Account>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = self.newest_below(self.below?);
        self.below = match &found {
            Ok(Some((number, _))) => Some(*number),
            _ => None,
        };
        found.transpose()
    }
}

impl AccountChanges {
    fn newest_below(&self, number: u64) -> Result<Option<(u64, Option<Account>)>, Error> {
        let mut cursor = self.tx.cursor(self.tables.account_history)?;
        let at_or_above: Option<Row<'_>> = cursor.set_range(&v1::at_block(self.address.as_slice(), number))?;
        let row: Option<Row<'_>> = if at_or_above.is_some() { cursor.prev()? } else { cursor.last()? };
        let Some((key, before)) = row else { return Ok(None) };
        match key.strip_prefix(self.address.as_slice()) {
            Some(number) => Ok(Some((v1::decode_number(number)?, v1::decode_maybe_account(&before)?))),
            None => Ok(None),
        }
    }
}

/// The accounts and slots that a block wrote.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WrittenKeys {
    /// Accounts of which nonce, balance or code were written.
    pub accounts: Vec<Address>,
    /// Accounts of which slots were written, with the slots.
    pub slots: Vec<(Address, Vec<U256>)>,
}

impl Store {
    /// What block `number` wrote. Nothing of the genesis, and of a block that is not there. A value may be the same as before.
    pub fn written_in(&self, number: u64) -> Result<WrittenKeys, Error> {
        let tx = self.read()?;
        let mut written = WrittenKeys::default();
        for (_, row) in tables::with_prefix(&tx, self.0.tables.state_changes, &number.to_be_bytes())? {
            match StateChanges::decode(&row)? {
                StateChanges::Accounts(addresses) => written.accounts.extend(addresses),
                StateChanges::Slots(address, slots) => written.slots.push((address, slots)),
            }
        }
        Ok(written)
    }
}
