//! The state of an open block: a base state that is only read, and on top what the block's transactions changed so far.

use crate::{
    codes::{Codes, bytecode},
    error::DbError,
};
use alloy_primitives::{
    Address, B256, Bytes, U256,
    map::{AddressMap, B256Map, HashMap, hash_map::Entry},
};
use revm::{
    Database, DatabaseCommit, DatabaseRef,
    bytecode::Bytecode,
    primitives::{StorageKey, StorageValue},
    state::{Account as EvmAccount, AccountInfo},
};
use std::sync::Arc;
use tributary_primitives::{Account, AccountDiff, StateDiff, StateError, StateReader};

/// What one transaction (or system call) changed, in the form that readers of the open block see.
#[derive(Debug, Clone, Default)]
pub struct TxChanges {
    /// Accounts that changed.
    pub accounts: Vec<AccountChange>,
    /// Code deployed.
    pub code: Vec<(B256, Bytes)>,
}

/// One account after a transaction.
#[derive(Debug, Clone)]
pub struct AccountChange {
    /// Which account.
    pub address: Address,
    /// Its fields now; `None` when it does not exist any more.
    pub after: Option<Account>,
    /// Storage from before this transaction is gone.
    pub storage_cleared: bool,
    /// Slots written.
    pub storage: Vec<(U256, U256)>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    before: U256,
    now: U256,
}

#[derive(Debug, Clone, Default)]
struct Cached {
    before: Option<Account>,
    now: Option<Account>,
    /// Everything that is in the base state's storage is gone; slots not in `storage` are zero.
    storage_cleared: bool,
    storage: HashMap<U256, Slot>,
    dirty: bool,
}

/// A base state plus changes. Reads are cached, so that the base is asked for each value at most once per block.
#[derive(Debug, Clone)]
pub struct Overlay<S> {
    base: S,
    accounts: AddressMap<Cached>,
    code: B256Map<Bytecode>,
    new_code: B256Map<Bytes>,
    block_hashes: HashMap<u64, B256>,
    taken: Option<Address>,
    last: TxChanges,
    /// Codes that others read, where the base lets them be used.
    codes: Option<Arc<Codes>>,
}

impl<S: StateReader> Overlay<S> {
    /// An overlay without changes.
    pub fn new(base: S) -> Self {
        Self {
            base,
            accounts: AddressMap::default(),
            code: B256Map::default(),
            new_code: B256Map::default(),
            block_hashes: HashMap::default(),
            taken: None,
            last: TxChanges::default(),
            codes: None,
        }
    }

    /// Uses codes that were read before, and keeps those that it reads, where the base lets it.
    pub(crate) fn share_codes(&mut self, codes: &Arc<Codes>) {
        self.codes = self.base.may_be_kept().then(|| codes.clone());
    }

    /// The state below.
    pub const fn base(&self) -> &S {
        &self.base
    }

    /// Takes what changed since the last call.
    pub fn take_changes(&mut self) -> TxChanges {
        std::mem::take(&mut self.last)
    }

    /// The account as it is now.
    pub fn account_now(&mut self, address: Address) -> Result<Option<Account>, StateError> {
        Ok(self.cached(address)?.now)
    }

    /// Replaces an account's fields, as block rewards, withdrawals and the DAO fork do.
    pub fn set_account(&mut self, address: Address, after: Option<Account>) -> Result<(), StateError> {
        let cached = self.cached(address)?;
        cached.now = after;
        cached.dirty = true;
        self.last.accounts.push(AccountChange { address, after, storage_cleared: false, storage: Vec::new() });
        Ok(())
    }

    /// Overrides one slot, as `eth_call`'s state overrides do.
    pub fn set_storage(&mut self, address: Address, slot: U256, value: U256) -> Result<(), StateError> {
        let before = self.storage_now(address, slot)?;
        let cached = self.cached(address)?;
        cached.dirty = true;
        cached.storage.entry(slot).or_insert(Slot { before, now: before }).now = value;
        Ok(())
    }

    /// Forgets the account's storage, as a full `state` override does before it sets slots.
    pub fn clear_storage(&mut self, address: Address) -> Result<(), StateError> {
        let cached = self.cached(address)?;
        cached.dirty = true;
        cached.storage_cleared = true;
        cached.storage.values_mut().for_each(|slot| slot.now = U256::ZERO);
        Ok(())
    }

    /// Whether any slot of the account is not zero now. One whose last slots were set to zero without its storage being cleared is taken to have some
    /// still: of an account without code, which this is asked of, only overrides can do that.
    pub(crate) fn has_storage(&self, address: Address) -> Result<bool, StateError> {
        let cached = self.accounts.get(&address);
        if cached.is_some_and(|account| account.storage.values().any(|slot| !slot.now.is_zero())) {
            return Ok(true);
        }
        match cached {
            Some(account) if account.storage_cleared || account.before.is_none() => Ok(false),
            _ => self.base.has_storage(address),
        }
    }

    /// Whether the account exists with storage, but with neither nonce nor code.
    pub(crate) fn is_storage_alone(&mut self, address: Address) -> Result<bool, StateError> {
        match self.account_now(address)? {
            Some(account) if account.nonce == 0 && !account.has_code() => self.has_storage(address),
            _ => Ok(false),
        }
    }

    /// Shows the EVM a nonce at an address where there is none, so that nothing can be created there, until the next call.
    pub(crate) fn set_taken(&mut self, address: Option<Address>) {
        self.taken = address;
    }

    /// Makes code available by its hash.
    pub fn insert_code(&mut self, hash: B256, code: Bytes) {
        self.code.insert(hash, bytecode(code.clone()));
        self.new_code.insert(hash, code);
    }

    /// Makes what transactions changed on the same base the overlay's.
    pub(crate) fn add(&mut self, changes: &TxChanges) -> Result<(), StateError> {
        for (hash, code) in &changes.code {
            self.insert_code(*hash, code.clone());
        }
        for change in &changes.accounts {
            self.set_account(change.address, change.after)?;
            if change.storage_cleared {
                self.clear_storage(change.address)?;
            }
            for (slot, value) in &change.storage {
                self.set_storage(change.address, *slot, *value)?;
            }
        }
        Ok(())
    }

    /// Makes a block known by its number to BLOCKHASH, in place of what the base says.
    pub fn set_block_hash(&mut self, number: u64, hash: B256) {
        self.block_hashes.insert(number, hash);
    }

    /// All changes since the overlay was made.
    pub fn diff(&self) -> Result<StateDiff, StateError> {
        let mut diff = StateDiff::default();
        for (address, cached) in self.accounts.iter().filter(|(_, cached)| cached.dirty) {
            let mut account = AccountDiff {
                before: cached.before,
                after: cached.now,
                storage_cleared: cached.storage_cleared && cached.before.is_some(),
                ..Default::default()
            };
            for (slot, value) in &cached.storage {
                // A slot of a cleared account was written without asking the base for what it held.
                let before = if account.storage_cleared { self.base.storage(*address, *slot)? } else { value.before };
                // A slot that was cleared and written again is a change even when its value is what it was.
                let rewritten = account.storage_cleared && !value.now.is_zero();
                if before != value.now || rewritten {
                    account.storage.insert(*slot, (before, value.now));
                }
            }
            if account.before != account.after || account.storage_cleared || !account.storage.is_empty() {
                diff.accounts.insert(*address, account);
            }
        }
        for account in diff.accounts.values() {
            let changed = account.after.map(|a| a.code_hash).filter(|hash| account.before.is_none_or(|b| b.code_hash != *hash));
            if let Some((hash, code)) = changed.and_then(|hash| Some((hash, self.new_code.get(&hash)?))) {
                diff.code.insert(hash, code.clone());
            }
        }
        Ok(diff)
    }

    fn stored_code(&self, hash: B256) -> Result<Bytecode, StateError> {
        match &self.codes {
            Some(codes) => codes.get(hash, &self.base),
            None => Ok(bytecode(self.base.code(hash)?)),
        }
    }

    fn cached(&mut self, address: Address) -> Result<&mut Cached, StateError> {
        match self.accounts.entry(address) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let account = self.base.account(address)?;
                Ok(entry.insert(Cached { before: account, now: account, ..Default::default() }))
            }
        }
    }

    fn storage_now(&mut self, address: Address, slot: U256) -> Result<U256, StateError> {
        let cached = self.cached(address)?;
        if let Some(value) = cached.storage.get(&slot) {
            return Ok(value.now);
        }
        if cached.storage_cleared || cached.before.is_none() {
            return Ok(U256::ZERO);
        }
        let value = self.base.storage(address, slot)?;
        let cached = self.cached(address)?;
        cached.storage.insert(slot, Slot { before: value, now: value });
        Ok(value)
    }

    /// Applies one account of a finished transaction. The order of the cases is EIP-161's and EIP-6780's.
    fn apply(&mut self, address: Address, account: EvmAccount) {
        if !account.is_touched() {
            return;
        }
        // revm loads every account through `basic` before it can touch it, so that it is cached.
        let cached = self.accounts.entry(address).or_default();
        cached.dirty = true;
        let destroyed = account.is_selfdestructed();
        let cleared = destroyed || account.is_created();
        if cleared {
            cached.storage_cleared = true;
            cached.storage.values_mut().for_each(|slot| slot.now = U256::ZERO);
        }
        let gone = destroyed || (!account.is_created() && account.is_empty());
        let after =
            (!gone).then_some(Account { nonce: account.info.nonce, balance: account.info.balance, code_hash: account.info.code_hash });
        let had_storage = cached.now.is_some();
        cached.now = after;
        let mut change = AccountChange { address, after, storage_cleared: cleared && had_storage, storage: Vec::new() };
        if !gone {
            for (slot, value) in account.storage.into_iter().filter(|(_, value)| value.is_changed()) {
                let before = if cached.storage_cleared { U256::ZERO } else { value.original_value };
                cached.storage.entry(slot).or_insert(Slot { before, now: before }).now = value.present_value;
                change.storage.push((slot, value.present_value));
            }
            if let Some(code) = account.info.code.filter(|code| !code.is_empty())
                && let Entry::Vacant(entry) = self.code.entry(account.info.code_hash)
            {
                let bytes = code.original_bytes();
                self.last.code.push((account.info.code_hash, bytes.clone()));
                self.new_code.insert(account.info.code_hash, bytes);
                entry.insert(code);
            }
        }
        self.last.accounts.push(change);
    }
}

fn account_info(account: Account) -> AccountInfo {
    AccountInfo { balance: account.balance, nonce: account.nonce, code_hash: account.code_hash, account_id: None, code: None }
}

impl<S: StateReader> Database for Overlay<S> {
    type Error = DbError;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, DbError> {
        let account = self.account_now(address)?;
        let taken = self.taken == Some(address);
        Ok(account.map(|account| account_info(Account { nonce: if taken { 1 } else { account.nonce }, ..account })))
    }

    fn code_by_hash(&mut self, hash: B256) -> Result<Bytecode, DbError> {
        if let Some(code) = self.code.get(&hash) {
            return Ok(code.clone());
        }
        let code = self.stored_code(hash)?;
        self.code.insert(hash, code.clone());
        Ok(code)
    }

    fn storage(&mut self, address: Address, slot: StorageKey) -> Result<StorageValue, DbError> {
        Ok(self.storage_now(address, slot)?)
    }

    fn block_hash(&mut self, number: u64) -> Result<B256, DbError> {
        if let Some(hash) = self.block_hashes.get(&number) {
            return Ok(*hash);
        }
        let hash = self.base.block_hash(number)?;
        self.block_hashes.insert(number, hash);
        Ok(hash)
    }
}

/// Reads that leave nothing behind, for tracers: they look while the machine holds the overlay.
impl<S: StateReader> DatabaseRef for Overlay<S> {
    type Error = DbError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, DbError> {
        let account = match self.accounts.get(&address) {
            Some(cached) => cached.now,
            None => self.base.account(address)?,
        };
        Ok(account.map(account_info))
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, DbError> {
        match self.code.get(&hash) {
            Some(code) => Ok(code.clone()),
            None => Ok(self.stored_code(hash)?),
        }
    }

    fn storage_ref(&self, address: Address, slot: StorageKey) -> Result<StorageValue, DbError> {
        match self.accounts.get(&address) {
            Some(cached) => match cached.storage.get(&slot) {
                Some(value) => Ok(value.now),
                None if cached.storage_cleared || cached.before.is_none() => Ok(U256::ZERO),
                None => Ok(self.base.storage(address, slot)?),
            },
            None => Ok(self.base.storage(address, slot)?),
        }
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, DbError> {
        match self.block_hashes.get(&number) {
            Some(hash) => Ok(*hash),
            None => Ok(self.base.block_hash(number)?),
        }
    }
}

impl<S: StateReader> DatabaseCommit for Overlay<S> {
    fn commit(&mut self, changes: AddressMap<EvmAccount>) {
        for (address, account) in changes {
            self.apply(address, account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use revm::state::{AccountStatus, EvmStorageSlot};

    #[derive(Debug)]
    struct Sevens;

    impl StateReader for Sevens {
        fn account(&self, _: Address) -> Result<Option<Account>, StateError> {
            Ok(Some(Account { nonce: 1, ..Default::default() }))
        }
        fn storage(&self, _: Address, _: U256) -> Result<U256, StateError> {
            Ok(U256::from(7))
        }
        fn has_storage(&self, _: Address) -> Result<bool, StateError> {
            Ok(true)
        }
        fn code(&self, hash: B256) -> Result<Bytes, StateError> {
            Err(StateError::Missing(hash.to_string()))
        }
        fn block_hash(&self, _: u64) -> Result<B256, StateError> {
            Ok(B256::ZERO)
        }
    }

    #[test]
    fn a_slot_that_is_cleared_and_rewritten_to_its_old_value_is_part_of_the_difference() {
        let who = Address::repeat_byte(1);
        let mut overlay = Overlay::new(Sevens);
        overlay.basic(who).unwrap();
        let account = |status| EvmAccount { info: AccountInfo { nonce: 1, ..Default::default() }, status, ..Default::default() };
        overlay.commit([(who, account(AccountStatus::Touched | AccountStatus::SelfDestructed))].into_iter().collect());
        let mut again = account(AccountStatus::Touched | AccountStatus::Created);
        again.storage.insert(U256::ONE, EvmStorageSlot::new_changed(U256::ZERO, U256::from(7), 0));
        overlay.commit([(who, again)].into_iter().collect());
        let diff = overlay.diff().unwrap();
        let account = &diff.accounts[&who];
        assert!(account.storage_cleared);
        assert_eq!(account.storage[&U256::ONE], (U256::from(7), U256::from(7)));
        assert_eq!(overlay.storage(who, U256::from(2)).unwrap(), U256::ZERO);
    }
}
