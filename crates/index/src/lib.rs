//! Who, what, why: the economy as rows, derived from the logs of its contracts and from nothing else, so that every answer can be had again with `eth_getLogs`.
//!
//! ```text
//! Index::open(&store)                  the rows beside the chain's database; begun anew when another version wrote them
//!   .write() -> Writer                 .block(&block, &receipts, final) .undo() .commit()
//!   .latest() .at(number) -> Reader    the rows after the newest block, or after an earlier one that is not final
//! ```
//!
//! Rows are in `rows`, what an event does to them is in `apply`, how they are asked for is in `query`.

mod apply;
mod book;
mod error;
mod query;
pub mod rows;

pub use book::{Page, Paging, Reader, Row};
pub use error::Error;

use alloy_eips::BlockNumHash;
use alloy_primitives::U64;
use book::Book;
use rows::Origin;
use tributary_primitives::{Block, Receipt};
use tributary_storage::{Derived, DerivedWriter, Store};

/// Its folder beside the database.
const FOLDER: &str = "economy";

/// Rises with every change of what rows hold.
pub const FORMAT: u32 = 5;

/// The index of one chain. Clones share it.
#[derive(Debug, Clone)]
pub struct Index(Derived);

impl Index {
    /// Opens the index beside a chain's database, or begins it there.
    ///
    /// # Errors
    /// When the folder cannot be written, or is in use.
    pub fn open(store: &Store) -> Result<Self, Error> {
        Ok(Self(store.derived(FOLDER, FORMAT)?))
    }

    /// The block up to which it has come.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn head(&self) -> Result<Option<BlockNumHash>, Error> {
        Ok(self.0.head()?)
    }

    /// Begins to write.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn write(&self) -> Result<Writer<'_>, Error> {
        Ok(Writer(self.0.write()?))
    }

    /// The rows after the newest block.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn latest(&self) -> Result<Reader, Error> {
        Ok(Reader(self.0.view()?))
    }

    /// The rows after a block that is not final, or after the newest if that is before it.
    ///
    /// # Errors
    /// When the database cannot be read, or the block is too old.
    pub fn at(&self, number: u64) -> Result<Reader, Error> {
        Ok(Reader(self.0.view_at(number)?))
    }
}

/// Takes blocks in and back. Nothing of it is seen before [`Self::commit`].
#[derive(Debug)]
pub struct Writer<'i>(DerivedWriter<'i>);

impl Writer<'_> {
    /// The block that was taken in last.
    pub const fn head(&self) -> Option<BlockNumHash> {
        self.0.head()
    }

    /// Takes in the next block with its receipts. Blocks below `final_below` are never taken back.
    ///
    /// # Errors
    /// When it does not follow the block before, or the database cannot be written.
    pub fn block(&mut self, id: BlockNumHash, (block, receipts): (&Block, &[Receipt]), final_below: u64) -> Result<(), Error> {
        let mut index = 0;
        for (transaction, receipt) in block.body.transactions.iter().zip(receipts) {
            for log in &receipt.logs {
                let origin = Origin {
                    block: U64::from(id.number),
                    time: U64::from(block.header.timestamp),
                    transaction: transaction.hash(),
                    log_index: U64::from(index),
                };
                index += 1;
                apply::log(&mut Book { writer: &mut self.0, origin }, log)?;
            }
        }
        Ok(self.0.finish(id, block.header.parent_hash, final_below)?)
    }

    /// Takes the newest block back.
    ///
    /// # Errors
    /// When the database cannot be written, or the block is final.
    pub fn undo(&mut self) -> Result<(), Error> {
        Ok(self.0.undo()?)
    }

    /// Forgets everything.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn clear(&mut self) -> Result<(), Error> {
        Ok(self.0.clear()?)
    }

    /// Makes all of it visible.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn commit(self) -> Result<(), Error> {
        Ok(self.0.commit()?)
    }
}
