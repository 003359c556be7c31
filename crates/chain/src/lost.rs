//! Transactions that were acknowledged and that the chain has no place for any more: it was set back under them, and they cannot run on what is there now.
//! Their senders are owed the truth, so that they are kept in a file.

use alloy_primitives::{Address, B256, U64};
use serde::{Deserialize, Serialize};
use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many are remembered; older ones are forgotten at a start.
const MOST: usize = 10_000;

/// One that was lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LostTransaction {
    /// Its hash.
    pub hash: B256,
    /// Who signed it.
    pub sender: Address,
    /// Its nonce.
    pub nonce: U64,
    /// The block in which it was tried again, and failed.
    pub block_number: U64,
    /// Why it cannot run.
    pub reason: String,
}

/// All that were lost. Clones share them.
#[derive(Debug, Clone)]
pub struct LostTransactions(Arc<Mutex<Kept>>);

#[derive(Debug)]
struct Kept {
    newest: VecDeque<LostTransaction>,
    file: File,
}

impl LostTransactions {
    /// Those of a file, which is made where there is none. A line that a crash cut off is passed over.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut newest = VecDeque::new();
        match File::open(path) {
            Ok(file) => {
                for line in BufReader::new(file).lines() {
                    newest.extend(serde_json::from_str(&line?).ok());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        newest.drain(..newest.len().saturating_sub(MOST));
        // Written anew, in one piece: neither what is cut off nor what is forgotten stays.
        let partial = path.with_extension("partial");
        let mut file = File::create(&partial)?;
        newest.iter().try_for_each(|lost| append(&mut file, lost))?;
        file.sync_all()?;
        std::fs::rename(&partial, path)?;
        let file = OpenOptions::new().append(true).open(path)?;
        Ok(Self(Arc::new(Mutex::new(Kept { newest, file }))))
    }

    /// Keeps some, on disk when this returns.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn add(&self, lost: Vec<LostTransaction>) -> io::Result<()> {
        let mut kept = self.kept();
        lost.iter().try_for_each(|lost| append(&mut kept.file, lost))?;
        kept.file.sync_data()?;
        kept.newest.extend(lost);
        let too_many = kept.newest.len().saturating_sub(MOST);
        kept.newest.drain(..too_many);
        Ok(())
    }

    /// The newest first, as many as that.
    pub fn newest(&self, most: usize) -> Vec<LostTransaction> {
        self.kept().newest.iter().rev().take(most).cloned().collect()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn append(file: &mut File, lost: &LostTransaction) -> io::Result<()> {
    let mut line = serde_json::to_vec(lost)?;
    line.push(b'\n');
    file.write_all(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lost_is_known_after_a_restart_that_cut_a_line_off() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lost.jsonl");
        let of = |number: u64| LostTransaction {
            hash: B256::from(alloy_primitives::U256::from(number)),
            sender: Address::repeat_byte(7),
            nonce: U64::from(number),
            block_number: U64::from(9),
            reason: "nonce too low".to_owned(),
        };
        let lost = LostTransactions::open(&path).unwrap();
        lost.add((0..3).map(of).collect()).unwrap();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"hash\":").unwrap();
        let again = LostTransactions::open(&path).unwrap();
        again.add(vec![of(3)]).unwrap();
        assert_eq!(again.newest(2), [of(3), of(2)]);
        assert_eq!(LostTransactions::open(&path).unwrap().newest(9), [of(3), of(2), of(1), of(0)]);
    }
}
