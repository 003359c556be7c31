use crate::{
    Derived, Durability, Error, IndexFile, IndexFiles, Options, Snapshot,
    directory::{Directory, Identity},
    genesis::genesis_block,
    heads::{heads, meta, read_header},
    tables::{self, Tables},
    v1,
    write::BlockWriter,
};
use alloy_consensus::Header;
use alloy_eips::BlockNumHash;
use alloy_primitives::Sealed;
use signet_libmdbx::{
    Environment, EnvironmentFlags, Geometry, MdbxError, Mode, SyncMode, ffi,
    sys::PageSize,
    tx::aliases::{RoTxUnsync, RwTxUnsync},
};
use std::{
    fmt,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tributary_primitives::{ChainSpec, ExecutedBlock, Heads};

/// One chain on disk. Clones share it; it closes with the last clone and the last [`Snapshot`].
///
/// Any number of threads may read at any time. Writes are serialized; each is one database transaction and readers never wait for it.
#[derive(Clone)]
pub struct Store(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) env: Environment,
    pub(crate) tables: Tables,
    spec: Arc<ChainSpec>,
    genesis: Sealed<Header>,
    options: Options,
    writer: Mutex<()>,
    /// Declared last so that the lock outlives the environment.
    pub(crate) directory: Directory,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("path", &self.0.directory.path()).field("chain", &self.0.spec.chain_id).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the chain in `dir`, or begins it there with `spec`'s genesis when the directory is missing or empty.
    ///
    /// # Errors
    /// [`Error::Foreign`], [`Error::Newer`], [`Error::Locked`] and [`Error::Unwritable`] leave the directory as it was.
    pub fn open(dir: &Path, spec: Arc<ChainSpec>, options: Options) -> Result<Self, Error> {
        let genesis = genesis_block(&spec);
        let identity = Identity { chain_id: spec.chain_id, genesis: genesis.hash };
        let mut directory = if options.read_only { Directory::visit(dir, identity)? } else { Directory::claim(dir, identity)? };
        if directory.complete && !dir.join("mdbx.dat").exists() {
            return Err(Error::corrupt(format!("{}: mdbx.dat is missing", dir.display())));
        }
        let env = environment(dir, options)?;
        let tables = if options.read_only {
            let tx = env.begin_ro_unsync()?;
            let tables = Tables::open(&tx)?;
            // Table handles that were opened in a transaction outlive it only if it is committed.
            tx.commit()?;
            tables
        } else {
            let tx = env.begin_rw_unsync()?;
            let tables = Tables::create(&tx)?;
            if heads(&tx, &tables)?.is_none() {
                begin(&tx, &tables, &genesis)?;
            }
            tx.commit()?;
            tables
        };
        let found = read_header(&env.begin_ro_unsync()?, &tables, genesis.block.header.number)?.map(|header| header.hash());
        if found != Some(genesis.hash) {
            return Err(Error::Foreign { path: dir.to_owned(), reason: "its database holds another chain".into() });
        }
        if !directory.complete {
            directory.sign(identity)?;
        }
        let genesis = Sealed::new_unchecked(genesis.block.header, genesis.hash);
        Ok(Self(Arc::new(Shared { env, tables, spec, genesis, options, writer: Mutex::new(()), directory })))
    }

    /// The chain's rules.
    pub fn spec(&self) -> &Arc<ChainSpec> {
        &self.0.spec
    }

    /// The genesis header.
    pub fn genesis(&self) -> &Sealed<Header> {
        &self.0.genesis
    }

    /// The directory that holds the store.
    pub fn path(&self) -> &Path {
        self.0.directory.path()
    }

    /// Where the chain's journal belongs: beside the database, so that they are copied and deleted together.
    pub fn journal_path(&self) -> PathBuf {
        self.path().join("journal")
    }

    /// Files of what is derived from the chain, in a folder of this name, and what is in them. They wait for the disk where the database does.
    ///
    /// # Errors
    /// [`Error::Unwritable`], [`Error::ReadOnly`].
    pub fn index_files(&self, name: &str) -> Result<(IndexFiles, Vec<IndexFile>), Error> {
        if self.0.options.read_only {
            return Err(Error::ReadOnly);
        }
        IndexFiles::open(self.path().join(name), self.0.options.durability == Durability::Synced)
    }

    /// The map of this name, of what is derived from the chain's blocks. `format` is its writer's number: what has another one is removed first.
    ///
    /// # Errors
    /// [`Error::Unwritable`], [`Error::Locked`], [`Error::ReadOnly`].
    pub fn derived(&self, name: &str, format: u32) -> Result<Derived, Error> {
        if self.0.options.read_only {
            return Err(Error::ReadOnly);
        }
        let identity = Identity { chain_id: self.0.spec.chain_id, genesis: self.0.genesis.hash() };
        Derived::open(self.path().join(name), identity, self.0.options.durability, format)
    }

    /// The chain's heads.
    pub fn heads(&self) -> Result<Heads, Error> {
        heads(&self.read()?, &self.0.tables)?.ok_or_else(|| Error::corrupt("there is no head"))
    }

    /// Declares `block` the newest one derived from L1. It may lie below the present safe head (an L1 reorg), not below the finalized one.
    ///
    /// # Errors
    /// [`Error::NotAHead`] when it is not on the chain or below the finalized head.
    pub fn set_safe(&self, block: BlockNumHash) -> Result<(), Error> {
        self.set_head("safe", meta::SAFE, block, |heads| block.number >= heads.finalized_head.number)
    }

    /// Declares `block` final: it and what is below it are never unwound.
    ///
    /// # Errors
    /// [`Error::NotAHead`] when it is not on the chain, above the safe head or below the present finalized head.
    pub fn set_finalized(&self, block: BlockNumHash) -> Result<(), Error> {
        self.set_head("finalized", meta::FINALIZED, block, |heads| {
            (heads.finalized_head.number..=heads.safe_head.number).contains(&block.number)
        })
    }

    /// The state after the newest block.
    pub fn latest(&self) -> Result<Snapshot, Error> {
        Snapshot::open(self, None)
    }

    /// The state after the block with this number.
    ///
    /// # Errors
    /// [`Error::UnknownBlock`] when the chain does not reach it.
    pub fn at(&self, number: u64) -> Result<Snapshot, Error> {
        Snapshot::open(self, Some(number))
    }

    /// For how many blocks below the head proofs can be made; see [`Options::trie_history`].
    pub fn trie_history(&self) -> u64 {
        self.0.options.trie_history
    }

    /// Whose chain it is.
    pub(crate) fn identity(&self) -> Identity {
        Identity { chain_id: self.0.spec.chain_id, genesis: self.0.genesis.hash() }
    }

    /// A read transaction: a consistent view of everything, at the time of the call.
    pub(crate) fn read(&self) -> Result<RoTxUnsync, Error> {
        Ok(self.0.env.begin_ro_unsync()?)
    }

    pub(crate) fn options(&self) -> Options {
        self.0.options
    }

    /// The one write transaction, with the guard that makes other writers of this process wait.
    pub(crate) fn write(&self) -> Result<(MutexGuard<'_, ()>, RwTxUnsync), Error> {
        if self.0.options.read_only {
            return Err(Error::ReadOnly);
        }
        // The lock guards no data: a writer that panicked left nothing behind, its transaction was aborted.
        let guard = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner);
        Ok((guard, self.0.env.begin_rw_unsync()?))
    }

    fn set_head(&self, label: &'static str, row: &[u8], block: BlockNumHash, allowed: impl Fn(&Heads) -> bool) -> Result<(), Error> {
        let (_guard, tx) = self.write()?;
        let heads = heads(&tx, &self.0.tables)?.ok_or_else(|| Error::corrupt("there is no head"))?;
        let canonical =
            tables::get(&tx, self.0.tables.headers, &block.number.to_be_bytes())?.map(|row| v1::header_hash(&row)).transpose()?;
        if canonical != Some(block.hash) || !allowed(&heads) {
            return Err(Error::NotAHead { label, block });
        }
        tables::put(&tx, self.0.tables.meta, row, &v1::encode_id(block))?;
        Ok(tx.commit()?)
    }
}

/// Writes the genesis block into an empty database.
fn begin(tx: &RwTxUnsync, tables: &Tables, genesis: &ExecutedBlock) -> Result<(), Error> {
    BlockWriter { tx, tables, number: genesis.block.header.number, history: false }.write(genesis)?;
    for row in [meta::UNSAFE, meta::SAFE, meta::FINALIZED] {
        tables::put(tx, tables.meta, row, &v1::encode_id(genesis.id()))?;
    }
    tables::put(tx, tables.meta, meta::OLDEST_TRIE, &genesis.block.header.number.to_be_bytes())
}

fn environment(dir: &Path, options: Options) -> Result<Environment, Error> {
    let sync_mode = match options.durability {
        Durability::Synced => SyncMode::Durable,
        Durability::Relaxed => SyncMode::UtterlyNoSync,
    };
    let mode = if options.read_only { Mode::ReadOnly } else { Mode::ReadWrite { sync_mode } };
    let mut builder = Environment::builder();
    builder
        .set_max_dbs(Tables::COUNT)
        .set_max_readers(2048)
        // Rows are read one at a time, scattered: reading ahead only evicts what is needed.
        .set_flags(EnvironmentFlags { mode, no_rdahead: true, coalesce: true, ..Default::default() })
        .set_geometry(Geometry {
            size: Some(0..options.map_size),
            growth_step: Some(64 << 20),
            shrink_threshold: Some(0),
            page_size: Some(PageSize::Set(4096)),
        });
    if options.durability == Durability::Relaxed && !options.read_only {
        // Pages are changed where they are mapped, without a system call for each: a commit of an empty block is mostly those.
        builder.write_map();
    }
    let env = builder.open(dir).map_err(|error| unopened(dir, error))?;
    if options.durability == Durability::Relaxed && !options.read_only {
        touch_pages_as_they_are_written(&env)?;
    }
    Ok(env)
}

/// Why a database cannot be opened.
pub(crate) fn unopened(dir: &Path, error: MdbxError) -> Error {
    match error {
        // One process may not map the database twice, and all must sync alike.
        MdbxError::Busy | MdbxError::Incompatible => Error::Locked { path: dir.to_owned() },
        MdbxError::Other(code) if io::Error::from_raw_os_error(code).kind() == ErrorKind::WouldBlock => {
            Error::Locked { path: dir.to_owned() }
        }
        MdbxError::Permission | MdbxError::Access => Error::Unwritable { path: dir.to_owned(), source: ErrorKind::PermissionDenied.into() },
        other => other.into(),
    }
}

/// Otherwise the engine asks the system of each page that it takes whether it is in memory, to write it there before it is touched: several system calls a
/// block, where hardly any page is not.
#[allow(unsafe_code, reason = "the engine's binding has no function for this option")]
fn touch_pages_as_they_are_written(env: &Environment) -> Result<(), Error> {
    // SAFETY: the environment is open, and its pointer is not kept.
    let code = env.with_raw_env_ptr(|env| unsafe { ffi::mdbx_env_set_option(env, ffi::MDBX_opt_prefault_write_enable, 0) });
    if code == ffi::MDBX_SUCCESS { Ok(()) } else { Err(MdbxError::from_err_code(code).into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_genesis::{Genesis, GenesisAccount};
    use alloy_primitives::{Address, U256};
    use tributary_primitives::{Account, Eip1559Params, StateReader};

    fn spec(chain_id: u64) -> Arc<ChainSpec> {
        let mut genesis = Genesis { gas_limit: 30_000_000, ..Default::default() };
        genesis.config.chain_id = chain_id;
        genesis.alloc.insert(Address::repeat_byte(1), GenesisAccount::default().with_balance(U256::from(7)));
        Arc::new(ChainSpec::rollup(genesis, Eip1559Params { denominator: 250, elasticity: 6 }))
    }

    #[test]
    fn a_new_chain_begins_with_its_genesis_and_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chain");
        let store = Store::open(&path, spec(5), Options::default()).unwrap();
        let genesis = BlockNumHash { number: 0, hash: store.genesis().hash() };
        assert_eq!(store.heads().unwrap(), Heads { unsafe_head: genesis, safe_head: genesis, finalized_head: genesis });
        let account = store.latest().unwrap().account(Address::repeat_byte(1)).unwrap();
        assert_eq!(account, Some(Account { balance: U256::from(7), ..Default::default() }));
        drop(store);
        let store = Store::open(&path, spec(5), Options::default()).unwrap();
        assert_eq!(store.block(0).unwrap().unwrap().hash, genesis.hash);
    }

    /// The first row of a page ends it, and an empty one's address is the next page's, be that in the middle of a large row or another's altogether.
    #[test]
    fn an_empty_row_at_the_end_of_a_page_is_read_while_pages_come_and_go() {
        for durability in [Durability::Relaxed, Durability::Synced] {
            let dir = tempfile::tempdir().unwrap();
            let store = Store::open(dir.path(), spec(1), Options { durability, ..Default::default() }).unwrap();
            let all = &store.0.tables;
            for round in 0..300u64 {
                let (_guard, tx) = store.write().unwrap();
                // Large rows come and go, so that a page which is taken anew has the middle of one behind it.
                tables::put(&tx, all.code, &[(round % 7) as u8], &vec![7; (round as usize * 31 % 9 + 1) * 3000]).unwrap();
                if round % 3 == 2 {
                    tables::delete(&tx, all.code, &[(round * 5 % 7) as u8]).unwrap();
                }
                tables::put(&tx, all.account_history, b"empty", &[]).unwrap();
                tables::put(&tx, all.account_nodes, &round.to_be_bytes(), &[]).unwrap();
                assert_eq!(tables::get(&tx, all.account_history, b"empty").unwrap().as_deref(), Some(&[][..]));
                assert_eq!(
                    tables::with_prefix(&tx, all.account_nodes, &[]).unwrap().len() as u64,
                    round + 2,
                    "with the genesis block's root"
                );
                tx.commit().unwrap();
            }
        }
    }
}
