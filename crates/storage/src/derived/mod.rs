//! An ordered map that follows a chain: what is derived from its blocks for readers, and for no block's execution.
//!
//! It has a database of its own, so that it may be deleted at any time: who wrote it writes it again from the chain. What was there before a block's changes is
//! kept by row and block until the block is final, so that the block can be taken back, and so that a row is read as it was at an earlier block by one search.
//!
//! | Table | Key | Value |
//! |---|---|---|
//! | `meta` | "head" | number u64 ‖ hash of the block that it has come to |
//! | `rows` | the writer's | the writer's, never empty |
//! | `before` | the row's in a form that ends itself ‖ number u64, see [`past`] | what the row held before that block, empty where there was none |
//! | `changed` | number u64 | hash of the parent ‖ per changed row: length of the key u16 ‖ key |

mod past;

use crate::{
    Durability, Error,
    directory::{Directory, Identity},
    store::unopened,
    tables::{self, OwnedRow, Row},
    v1,
};
use alloy_eips::BlockNumHash;
use alloy_primitives::{B256, keccak256};
use past::{Changed, last_below};
use signet_libmdbx::{
    Database, DatabaseFlags, Environment, EnvironmentFlags, Geometry, Mode, SyncMode,
    sys::PageSize,
    tx::{
        TransactionKind, Tx,
        aliases::{RoCursorSync, RoTxSync, RwTxUnsync},
    },
};
use std::{
    borrow::Cow,
    cmp::Ordering,
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

const HEAD: &[u8] = b"head";

/// Rises with every change of the tables.
const LAYOUT: u32 = 2;

/// What rows held before something was done: `None` where there was none.
type Before = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// The parent of a block, and the keys of the rows that it changed.
type Changes = (B256, Vec<Vec<u8>>);

/// Which way a range is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Ascending keys.
    Up,
    /// Descending keys.
    Down,
}

/// The map. Clones share it.
#[derive(Clone)]
pub struct Derived(Arc<Shared>);

struct Shared {
    env: Environment,
    meta: Database,
    rows: Database,
    before: Database,
    changed: Database,
    writer: Mutex<()>,
    /// Declared last so that the lock outlives the environment.
    directory: Directory,
}

impl fmt::Debug for Derived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Derived").field("path", &self.0.directory.path()).finish_non_exhaustive()
    }
}

impl Derived {
    /// Opens the map in the folder `name` of a chain's directory. `format` is the writer's own number: what another one wrote, or another chain's, or what cannot be
    /// read is removed, and the map begins empty.
    pub(crate) fn open(dir: PathBuf, identity: Identity, durability: Durability, format: u32) -> Result<Self, Error> {
        // The folder's identity names the format, too: another one is another map.
        let genesis = keccak256([identity.genesis.as_slice(), &LAYOUT.to_be_bytes(), &format.to_be_bytes()].concat());
        let identity = Identity { chain_id: identity.chain_id, genesis };
        match Self::open_existing(&dir, identity, durability) {
            Err(locked @ (Error::Locked { .. } | Error::Unwritable { .. })) => Err(locked),
            Err(reason) => {
                tracing::warn!(%reason, dir = %dir.display(), "derived rows are begun anew");
                fs::remove_dir_all(&dir).map_err(|source| Error::Unwritable { path: dir.clone(), source })?;
                Self::open_existing(&dir, identity, durability)
            }
            opened => opened,
        }
    }

    fn open_existing(dir: &Path, identity: Identity, durability: Durability) -> Result<Self, Error> {
        let mut directory = Directory::claim(dir, identity)?;
        let sync_mode = match durability {
            // A power cut may take the newest rows, and never tears what is left: they are derived again.
            Durability::Synced => SyncMode::SafeNoSync,
            Durability::Relaxed => SyncMode::UtterlyNoSync,
        };
        let env = Environment::builder()
            .set_max_dbs(4)
            .set_max_readers(2048)
            .set_flags(EnvironmentFlags { mode: Mode::ReadWrite { sync_mode }, no_rdahead: true, coalesce: true, ..Default::default() })
            .set_geometry(Geometry {
                size: Some(0..1 << 38),
                growth_step: Some(16 << 20),
                shrink_threshold: Some(0),
                page_size: Some(PageSize::Set(4096)),
            })
            .open(dir)
            .map_err(|error| unopened(dir, error))?;
        let tx = env.begin_rw_unsync()?;
        let create = |name| tx.create_db(Some(name), DatabaseFlags::empty());
        let (meta, rows, before, changed) = (create("meta")?, create("rows")?, create("before")?, create("changed")?);
        tx.commit()?;
        if !directory.complete {
            directory.sign(identity)?;
        }
        Ok(Self(Arc::new(Shared { env, meta, rows, before, changed, writer: Mutex::new(()), directory })))
    }

    /// The block that the map has come to; `None` when it is empty.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn head(&self) -> Result<Option<BlockNumHash>, Error> {
        self.head_in(&self.0.env.begin_ro_sync()?)
    }

    /// Begins to write. Others wait until the writer is gone; readers see nothing of it until [`DerivedWriter::commit`].
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn write(&self) -> Result<DerivedWriter<'_>, Error> {
        let guard = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let tx = self.0.env.begin_rw_unsync()?;
        let head = self.head_in(&tx)?;
        Ok(DerivedWriter { derived: self, tx, head, before: Before::new(), _guard: guard })
    }

    /// The map as it is.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn view(&self) -> Result<DerivedView, Error> {
        self.view_at(u64::MAX)
    }

    /// The map as it was after block `number`, or as it is when it has not come further.
    ///
    /// # Errors
    /// [`Error::Pruned`] when what was there before is not known any more.
    pub fn view_at(&self, number: u64) -> Result<DerivedView, Error> {
        let tx = self.0.env.begin_ro_sync()?;
        let head = self.head_in(&tx)?;
        let Some(newest) = head.filter(|head| head.number > number) else {
            return Ok(DerivedView { tx, derived: self.clone(), head, past: None });
        };
        let changed = tables::get(&tx, self.0.changed, &(number + 1).to_be_bytes())?;
        let Some(parent) = changed.map(|row| parent_of(&row)).transpose()? else {
            return Err(Error::Pruned {
                to: number,
                oldest: self.oldest_in(&tx)?.map_or(newest.number, |oldest| oldest.saturating_sub(1)),
            });
        };
        Ok(DerivedView { tx, derived: self.clone(), head: Some(BlockNumHash { number, hash: parent }), past: Some(number) })
    }

    fn head_in<K: TransactionKind>(&self, tx: &Tx<K>) -> Result<Option<BlockNumHash>, Error> {
        tables::get(tx, self.0.meta, HEAD)?.map(|id| v1::decode_id(&id)).transpose()
    }

    /// The parent of a block, and the rows that it changed.
    fn changed_in<K: TransactionKind>(&self, tx: &Tx<K>, number: u64) -> Result<Option<Changes>, Error> {
        tables::get(tx, self.0.changed, &number.to_be_bytes())?.map(|row| decode_changed(&row)).transpose()
    }

    /// The first block whose changes are kept.
    fn oldest_in<K: TransactionKind>(&self, tx: &Tx<K>) -> Result<Option<u64>, Error> {
        let row: Option<OwnedRow> = tx.cursor(self.0.changed)?.first()?;
        row.map(|(key, _)| v1::decode_number(&key)).transpose()
    }
}

/// The map at one block, unchanging. It is one read transaction: hold it for a request.
pub struct DerivedView {
    /// Declared before the map, which must not close under it.
    tx: RoTxSync,
    derived: Derived,
    head: Option<BlockNumHash>,
    /// The block, where the map has come further.
    past: Option<u64>,
}

impl fmt::Debug for DerivedView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DerivedView").field("head", &self.head).finish_non_exhaustive()
    }
}

impl DerivedView {
    /// The block after which this is the map.
    pub const fn head(&self) -> Option<BlockNumHash> {
        self.head
    }

    /// The value of a row.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let past = self.past.map(|number| past::value_after(&self.tx, self.derived.0.before, key, number)).transpose()?.flatten();
        match past {
            Some(value) => Ok(value),
            None => Ok(tables::get(&self.tx, self.derived.0.rows, key)?.map(Into::into)),
        }
    }

    /// Up to `most` rows whose keys begin with `prefix`, in order, beyond the key `after` where one is given.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn range(&self, prefix: &[u8], after: Option<&[u8]>, direction: Direction, most: usize) -> Result<Vec<OwnedRow>, Error> {
        let mut stored = Stored::open(&self.tx, self.derived.0.rows, (prefix, after), direction)?;
        let open = |number| Changed::open(&self.tx, self.derived.0.before, number, (prefix, after), direction);
        let mut changed = self.past.map(open).transpose()?;
        let mut next_changed = || changed.as_mut().map_or(Ok(None), Changed::next);
        let (mut old, mut new) = (next_changed()?, stored.next()?);
        let mut rows = Vec::new();
        while rows.len() < most {
            let order = match (&old, &new) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((old, _)), Some((new, _))) if direction == Direction::Up => old.as_slice().cmp(new),
                (Some((old, _)), Some((new, _))) => new.as_ref().cmp(old.as_slice()),
            };
            if order.is_ge()
                && let Some((key, value)) = new.take()
            {
                new = stored.next()?;
                if order.is_gt() {
                    rows.push((key.into_owned(), value.into_owned()));
                }
            }
            if order.is_le()
                && let Some((key, value)) = old.take()
            {
                old = next_changed()?;
                rows.extend(value.map(|value| (key, value)));
            }
        }
        Ok(rows)
    }
}

/// Writes to the map, block by block. What was not committed is gone with it.
pub struct DerivedWriter<'d> {
    derived: &'d Derived,
    tx: RwTxUnsync,
    head: Option<BlockNumHash>,
    /// What the open block's changes replaced.
    before: Before,
    _guard: MutexGuard<'d, ()>,
}

impl fmt::Debug for DerivedWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DerivedWriter").field("head", &self.head).finish_non_exhaustive()
    }
}

impl DerivedWriter<'_> {
    /// The block that was finished last.
    pub const fn head(&self) -> Option<BlockNumHash> {
        self.head
    }

    /// The value of a row.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(tables::get(&self.tx, self.derived.0.rows, key)?.map(Into::into))
    }

    /// Sets a row to a value, which must not be empty, or removes it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn set(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), Error> {
        if !self.before.contains_key(key) {
            let before = self.get(key)?;
            self.before.insert(key.to_vec(), before);
        }
        self.restore(key, value)
    }

    /// Ends a block: what was set since the last one is its doing. `final_below` says which blocks are never taken back.
    ///
    /// # Errors
    /// [`Error::NotTheChild`] when it does not follow the block before; the first may be any.
    pub fn finish(&mut self, block: BlockNumHash, parent: B256, final_below: u64) -> Result<(), Error> {
        if let Some(head) = self.head.filter(|head| (head.number + 1, head.hash) != (block.number, parent)) {
            return Err(Error::NotTheChild { block, head });
        }
        let before = std::mem::take(&mut self.before);
        tables::append(&self.tx, self.derived.0.changed, &block.number.to_be_bytes(), &encode_changed(parent, before.keys()))?;
        for (key, value) in &before {
            tables::put(&self.tx, self.derived.0.before, &past::place(key, block.number), value.as_deref().unwrap_or_default())?;
        }
        while let Some(oldest) = self.derived.oldest_in(&self.tx)?.filter(|oldest| *oldest < final_below.min(block.number)) {
            self.forget(oldest)?;
        }
        self.set_head(Some(block))
    }

    /// Takes the newest block back.
    ///
    /// # Errors
    /// [`Error::Pruned`] when what was there before it is not known any more.
    pub fn undo(&mut self) -> Result<(), Error> {
        let Some(head) = self.head else { return Ok(()) };
        let pruned = Error::Pruned { to: head.number.saturating_sub(1), oldest: head.number };
        let (parent, keys) = self.derived.changed_in(&self.tx, head.number)?.ok_or(pruned)?;
        for key in keys {
            let missing = || Error::corrupt("what was there before a derived row's change is missing");
            let before = tables::get(&self.tx, self.derived.0.before, &past::place(&key, head.number))?.ok_or_else(missing)?;
            self.restore(&key, Some(before.as_ref()).filter(|value| !value.is_empty()))?;
        }
        self.forget(head.number)?;
        self.set_head(head.number.checked_sub(1).map(|number| BlockNumHash { number, hash: parent }))
    }

    /// Removes everything.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn clear(&mut self) -> Result<(), Error> {
        for table in [self.derived.0.rows, self.derived.0.before, self.derived.0.changed] {
            self.tx.clear_db(table)?;
        }
        self.before.clear();
        self.set_head(None)
    }

    /// Makes all of it visible.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn commit(self) -> Result<(), Error> {
        Ok(self.tx.commit()?)
    }

    fn restore(&self, key: &[u8], value: Option<&[u8]>) -> Result<(), Error> {
        match value {
            Some(value) => tables::put(&self.tx, self.derived.0.rows, key, value),
            None => tables::delete(&self.tx, self.derived.0.rows, key).map(drop),
        }
    }

    fn set_head(&mut self, head: Option<BlockNumHash>) -> Result<(), Error> {
        self.head = head;
        match head {
            Some(head) => tables::put(&self.tx, self.derived.0.meta, HEAD, &v1::encode_id(head)),
            None => tables::delete(&self.tx, self.derived.0.meta, HEAD).map(drop),
        }
    }

    /// Removes what was there before a block.
    fn forget(&self, number: u64) -> Result<(), Error> {
        for key in self.derived.changed_in(&self.tx, number)?.map(|(_, keys)| keys).unwrap_or_default() {
            tables::delete(&self.tx, self.derived.0.before, &past::place(&key, number))?;
        }
        tables::delete(&self.tx, self.derived.0.changed, &number.to_be_bytes()).map(drop)
    }
}

/// The stored rows of a range, in order; see [`DerivedView::range`].
struct Stored<'t> {
    cursor: RoCursorSync<'t>,
    prefix: &'t [u8],
    direction: Direction,
    next: Option<Row<'t>>,
}

impl<'t> Stored<'t> {
    fn open(tx: &'t RoTxSync, table: Database, (prefix, after): (&'t [u8], Option<&[u8]>), direction: Direction) -> Result<Self, Error> {
        let mut cursor = tx.cursor(table)?;
        let next = match direction {
            Direction::Up => match cursor.set_range(after.unwrap_or(prefix))? {
                Some((key, _)) if Some::<&[u8]>(Cow::as_ref(&key)) == after => cursor.next()?,
                found => found,
            },
            Direction::Down => last_below(&mut cursor, after.map(<[u8]>::to_vec).or_else(|| end_of(prefix)).as_deref())?,
        };
        Ok(Self { cursor, prefix, direction, next })
    }

    fn next(&mut self) -> Result<Option<Row<'t>>, Error> {
        let Some(row) = self.next.take().filter(|(key, _)| key.starts_with(self.prefix)) else { return Ok(None) };
        self.next = if self.direction == Direction::Up { self.cursor.next()? } else { self.cursor.prev()? };
        Ok(Some(row))
    }
}

/// The least key above all that begin with `prefix`; `None` when there is none.
fn end_of(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

fn encode_changed<'k>(parent: B256, keys: impl Iterator<Item = &'k Vec<u8>>) -> Vec<u8> {
    let mut row = parent.to_vec();
    for key in keys {
        row.extend((key.len() as u16).to_be_bytes());
        row.extend(key);
    }
    row
}

/// The parent alone: of the block's rows there may be thousands.
fn parent_of(row: &[u8]) -> Result<B256, Error> {
    let parent = row.first_chunk::<32>().ok_or_else(|| Error::corrupt("the list of a block's derived rows is cut off"))?;
    Ok(B256::from(parent))
}

fn decode_changed(row: &[u8]) -> Result<Changes, Error> {
    let short = || Error::corrupt("the list of a block's derived rows is cut off");
    let mut rest = row;
    let mut take = |length: usize| {
        let (taken, left) = rest.split_at_checked(length)?;
        rest = left;
        Some(taken)
    };
    let parent = B256::from_slice(take(32).ok_or_else(short)?);
    let mut keys = Vec::new();
    while let Some(length) = take(2) {
        let length = u16::from_be_bytes([length[0], length[1]]);
        keys.push(take(usize::from(length)).ok_or_else(short)?.to_vec());
    }
    Ok((parent, keys))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const IDENTITY: Identity = Identity { chain_id: 1, genesis: B256::ZERO };

    type Model = BTreeMap<Vec<u8>, Vec<u8>>;

    fn open(dir: &Path, format: u32) -> Derived {
        Derived::open(dir.join("derived"), IDENTITY, Durability::Relaxed, format).unwrap()
    }

    fn block(number: u64, salt: u8) -> BlockNumHash {
        BlockNumHash { number, hash: B256::repeat_byte(salt ^ number as u8) }
    }

    fn extend(derived: &Derived, at: BlockNumHash, parent: B256, changes: &[(Vec<u8>, Option<Vec<u8>>)]) {
        let mut writer = derived.write().unwrap();
        for (key, value) in changes {
            writer.set(key, value.as_deref()).unwrap();
        }
        writer.finish(at, parent, 0).unwrap();
        writer.commit().unwrap();
    }

    fn expect(view: &DerivedView, model: &Model, prefix: &[u8], after: Option<&[u8]>, most: usize) {
        let in_prefix = || model.iter().filter(|(key, _)| key.starts_with(prefix)).map(|(key, value)| (key.clone(), value.clone()));
        let up: Vec<_> = in_prefix().filter(|(key, _)| after.is_none_or(|after| key.as_slice() > after)).take(most).collect();
        let down: Vec<_> = in_prefix()
            .filter(|(key, _)| after.is_none_or(|after| key.as_slice() < after))
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .take(most)
            .collect();
        assert_eq!(view.range(prefix, after, Direction::Up, most).unwrap(), up);
        assert_eq!(view.range(prefix, after, Direction::Down, most).unwrap(), down);
    }

    fn changes() -> impl Strategy<Value = Vec<(Vec<u8>, Option<Vec<u8>>)>> {
        let byte = || prop_oneof![Just(0u8), Just(1), Just(0xff)];
        let key = prop::collection::vec(byte(), 1..4);
        prop::collection::vec((key, prop::option::weighted(0.7, prop::collection::vec(any::<u8>(), 1..4))), 0..8)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..Default::default() })]

        /// Against maps kept for each block: every view, range and undo.
        #[test]
        fn every_block_can_be_read_and_taken_back(blocks in prop::collection::vec(changes(), 1..8), prefix in prop::collection::vec(prop_oneof![Just(0u8), Just(0xff)], 0..2), most in 0usize..5) {
            let dir = tempfile::tempdir().unwrap();
            let derived = open(dir.path(), 1);
            let mut models = vec![Model::new()];
            let mut parent = B256::ZERO;
            for (number, changes) in blocks.iter().enumerate() {
                let at = block(number as u64, 7);
                extend(&derived, at, parent, changes);
                parent = at.hash;
                let mut model = models.last().unwrap().clone();
                for (key, value) in changes {
                    match value {
                        Some(value) => drop(model.insert(key.clone(), value.clone())),
                        None => drop(model.remove(key)),
                    }
                }
                models.push(model);
            }
            for number in (0..blocks.len()).rev() {
                for (past, model) in models[1..=number + 1].iter().enumerate() {
                    let view = derived.view_at(past as u64).unwrap();
                    prop_assert_eq!(view.head(), Some(block(past as u64, 7)));
                    for after in [None, Some(&[0, 1][..]), Some(&[0xff][..])] {
                        if after.is_none_or(|after| after.starts_with(&prefix)) {
                            expect(&view, model, &prefix, after, most);
                        }
                    }
                    for key in models.iter().flat_map(Model::keys) {
                        prop_assert_eq!(view.get(key).unwrap(), model.get(key).cloned());
                    }
                }
                let mut writer = derived.write().unwrap();
                writer.undo().unwrap();
                writer.commit().unwrap();
                expect(&derived.view().unwrap(), &models[number], &[], None, 100);
            }
            prop_assert_eq!(derived.head().unwrap(), None);
        }
    }

    #[test]
    fn a_block_that_does_not_follow_is_refused_and_nothing_of_it_stays() {
        let dir = tempfile::tempdir().unwrap();
        let derived = open(dir.path(), 1);
        extend(&derived, block(5, 0), B256::ZERO, &[(vec![1], Some(vec![1]))]);
        let mut writer = derived.write().unwrap();
        writer.set(&[1], None).unwrap();
        assert!(matches!(writer.finish(block(6, 0), B256::ZERO, 0), Err(Error::NotTheChild { .. })));
        drop(writer);
        assert_eq!(derived.view().unwrap().get(&[1]).unwrap(), Some(vec![1]));
        assert_eq!(derived.head().unwrap(), Some(block(5, 0)));
    }

    #[test]
    fn what_is_final_cannot_be_taken_back_and_is_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        let derived = open(dir.path(), 1);
        let mut writer = derived.write().unwrap();
        let mut parent = B256::ZERO;
        for number in 0..10 {
            writer.set(&[1], Some(&[number as u8 + 1])).unwrap();
            writer.finish(block(number, 0), parent, 8).unwrap();
            parent = block(number, 0).hash;
        }
        writer.commit().unwrap();
        assert_eq!(derived.view_at(8).unwrap().get(&[1]).unwrap(), Some(vec![9]));
        assert!(matches!(derived.view_at(6), Err(Error::Pruned { .. })));
    }

    #[test]
    fn another_format_and_a_damaged_file_begin_anew() {
        let dir = tempfile::tempdir().unwrap();
        extend(&open(dir.path(), 1), block(0, 0), B256::ZERO, &[(vec![1], Some(vec![1]))]);
        assert_eq!(open(dir.path(), 1).head().unwrap(), Some(block(0, 0)));
        assert_eq!(open(dir.path(), 2).head().unwrap(), None);
        extend(&open(dir.path(), 2), block(0, 0), B256::ZERO, &[(vec![1], Some(vec![1]))]);
        fs::write(dir.path().join("derived").join("mdbx.dat"), [7; 9000]).unwrap();
        assert_eq!(open(dir.path(), 2).head().unwrap(), None);
    }
}
