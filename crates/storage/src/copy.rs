//! Copies of stores, which others may go on writing meanwhile.

use crate::{Error, Store, directory, store::Shared};
use signet_libmdbx::{MdbxError, ffi};
use std::{
    ffi::CString,
    fs::{self, File},
    os::unix::ffi::OsStrExt,
    path::Path,
    ptr,
    sync::Arc,
};

/// The database's file in its directory.
const DATABASE: &str = "mdbx.dat";
/// The file that is to take its place.
const DRAFT: &str = "mdbx.dat.compact";

/// A read transaction of the engine's, whose binding has no function for copying. It ends with this.
struct Moment(*mut ffi::MDBX_txn);

impl Drop for Moment {
    #[allow(unsafe_code, reason = "the engine's binding cannot end a transaction that it did not begin")]
    fn drop(&mut self) {
        // SAFETY: the transaction was begun by `begin` in this thread, is ended nowhere else, and its environment is still open.
        unsafe { ffi::mdbx_txn_abort(self.0) };
    }
}

/// Copies stores into new directories, each of which a node can open: all as they are in the moment of the call, in which they are looked at in the order in
/// which they stand here. What is free in a database is left out. Writers go on; pages that they replace meanwhile are not used again before the end.
///
/// # Errors
/// [`Error::Unwritable`] when a directory is there already or cannot be written; [`Error::Database`].
pub fn copy(stores: &[(&Store, &Path)]) -> Result<(), Error> {
    let mut moments = Vec::new();
    for (store, to) in stores {
        let unwritable = |source| Error::Unwritable { path: (*to).to_owned(), source };
        fs::create_dir(to).map_err(unwritable)?;
        moments.push(begin(store)?);
    }
    for ((store, to), moment) in stores.iter().zip(moments) {
        write(&moment, &to.join(DATABASE))?;
        // Last: where it is, the store is whole.
        directory::sign(to, store.identity())?;
    }
    Ok(())
}

impl Store {
    /// Gives the disk back what no row uses, and closes the store. A crash leaves the database as it was, or as it is to be.
    ///
    /// # Errors
    /// [`Error::Locked`] when somebody in this process still uses it; [`Error::Unwritable`], [`Error::Database`].
    pub fn compact(self) -> Result<(), Error> {
        let path = self.path().to_owned();
        let unwritable = |source| Error::Unwritable { path: path.clone(), source };
        let draft = path.join(DRAFT);
        if draft.exists() {
            fs::remove_file(&draft).map_err(unwritable)?;
        }
        write(&begin(&self)?, &draft)?;
        let (spec, options) = (self.spec().clone(), self.options());
        let Shared { env, directory, .. } = Arc::into_inner(self.0).ok_or_else(|| Error::Locked { path: path.clone() })?;
        drop(env);
        fs::rename(&draft, path.join(DATABASE)).map_err(unwritable)?;
        // The engine's own lock is of the old file; it makes another.
        let _ = fs::remove_file(path.join("mdbx.lck"));
        File::open(&path).and_then(|directory| directory.sync_all()).map_err(unwritable)?;
        // Nobody could open the database while one file took the other's place.
        drop(directory);
        // The copy has as much room to grow as its source had, which the engine gives back when it is opened; whoever has it open by now does the same.
        match Self::open(&path, spec, options) {
            Ok(_) | Err(Error::Locked { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[allow(unsafe_code, reason = "the engine's binding has no function for copying")]
fn begin(store: &Store) -> Result<Moment, Error> {
    let mut txn = ptr::null_mut();
    // SAFETY: the environment is open and outlives the transaction, since callers borrow `store` for longer than they keep the `Moment`.
    let code = store.0.env.with_raw_env_ptr(|env| unsafe {
        ffi::mdbx_txn_begin_ex(env, ptr::null_mut(), ffi::MDBX_TXN_RDONLY, &raw mut txn, ptr::null_mut())
    });
    done(code)?;
    Ok(Moment(txn))
}

#[allow(unsafe_code, reason = "the engine's binding has no function for copying")]
fn write(moment: &Moment, file: &Path) -> Result<(), Error> {
    let unwritable = |source| Error::Unwritable { path: file.to_owned(), source };
    let path = CString::new(file.as_os_str().as_bytes()).map_err(|error| unwritable(error.into()))?;
    let flags = ffi::MDBX_CP_COMPACT | ffi::MDBX_CP_FORCE_DYNAMIC_SIZE;
    // SAFETY: the transaction is open, belongs to this thread, and the path ends with a zero.
    done(unsafe { ffi::mdbx_txn_copy2pathname(moment.0, path.as_ptr(), flags) })?;
    File::open(file).and_then(|file| file.sync_all()).map_err(unwritable)
}

fn done(code: i32) -> Result<(), Error> {
    if code == ffi::MDBX_SUCCESS { Ok(()) } else { Err(MdbxError::from_err_code(code).into()) }
}
