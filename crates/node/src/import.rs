//! Importing an Ethereum chain from a file: blocks that follow one another in RLP (`chain.rlp` of geth and hive), on a geth `genesis.json`.

use crate::{
    Error,
    imported::ImportedChain,
    pipeline::{Invalid, Pipeline, Source, Work},
};
use alloy_eips::BlockNumHash;
use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
};
use tributary_chain::SealedBlock;
use tributary_execution::decode_block;
use tributary_primitives::Block;
use tributary_storage::Store;

/// No block is as large; a length beyond it means that the file holds something else.
const MAX_BLOCK_BYTES: u64 = 1 << 30;

/// What to import, and where to.
#[derive(Debug, Clone)]
pub struct ImportConfig {
    /// geth's `genesis.json`.
    pub genesis: PathBuf,
    /// Blocks in RLP, one after the other, from block 1 on or from any block that the directory holds already.
    pub chain: PathBuf,
    /// The data directory: empty, or one that an import of the same chain was interrupted in.
    pub datadir: PathBuf,
}

/// How far an import has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// The newest block.
    pub head: BlockNumHash,
    /// Blocks that this run executed and wrote.
    pub blocks: u64,
    /// Blocks of the file that the directory held already.
    pub known: u64,
}

/// Validates, executes and stores every block of the file, in order; those that are there already are passed over, so that an interrupted import goes on
/// where it stopped. Nobody can take back what is imported: the last block becomes the safe and the finalized head, too. `progress` is called after
/// each block.
///
/// # Errors
/// When a file cannot be read, the directory holds another chain, or a block is malformed or invalid. Blocks before it are kept.
pub fn import(config: &ImportConfig, progress: impl FnMut(Imported)) -> Result<Imported, Error> {
    let chain = Pipeline::new(ImportedChain::begin(&config.datadir, &config.genesis)?.open_for_writing()?);
    let failed = |source| Error::Path { path: config.chain.clone(), source };
    let reader = BufReader::with_capacity(1 << 20, File::open(&config.chain).map_err(failed)?);
    let state = Imported { head: chain.store.heads()?.unsafe_head, blocks: 0, known: 0 };
    let mut file = ChainFile { path: &config.chain, reader, store: chain.store.clone(), state, progress, number: 0 };
    chain.run_here(&mut file)?;
    let state = file.state;
    settle(&chain.store, state.head, config)?;
    Ok(state)
}

/// Blocks of a file that follow one another.
struct ChainFile<'a, F> {
    path: &'a Path,
    reader: BufReader<File>,
    store: Store,
    state: Imported,
    progress: F,
    /// Of the block that was read last.
    number: u64,
}

impl<F> ChainFile<'_, F> {
    fn invalid(&self, reason: String) -> Error {
        Error::Chain { path: self.path.to_owned(), reason }
    }
}

impl<F: FnMut(Imported)> Source for ChainFile<'_, F> {
    async fn next(&mut self) -> Result<Option<Work>, Error> {
        let failed = |source| Error::Path { path: self.path.to_owned(), source };
        while let Some(rlp) = next_block(&mut self.reader).map_err(failed)? {
            let ordinal = self.state.blocks + self.state.known + 1;
            let block: Block = decode(&rlp).map_err(|error| self.invalid(format!("block {ordinal} of the file is malformed: {error}")))?;
            self.number = block.header.number;
            if self.store.is_canonical(BlockNumHash { number: self.number, hash: block.header.hash_slow() })? {
                self.state.known += 1;
                (self.progress)(self.state);
                continue;
            }
            let (parent, head) = (block.header.parent_hash, self.state.head);
            if parent != head.hash {
                let reason = format!("the parent {parent} is not block {} of this chain, {}", head.number, head.hash);
                return Err(self.invalid(format!("block {}: {reason}", self.number)));
            }
            return Ok(Some(Work::Block(Box::new(block))));
        }
        Ok(None)
    }

    async fn take(&mut self, outcome: Result<Arc<SealedBlock>, Invalid>) -> Result<(), Error> {
        let block = outcome.map_err(|Invalid(error)| self.invalid(format!("block {}: {error}", self.number)))?;
        self.state.head = BlockNumHash { number: block.block.header.number, hash: block.hash };
        self.state.blocks += 1;
        (self.progress)(self.state);
        Ok(())
    }
}

fn settle(store: &Store, head: BlockNumHash, config: &ImportConfig) -> Result<(), Error> {
    let heads = store.heads()?;
    if head.number < heads.unsafe_head.number {
        return Err(Error::Chain { path: config.chain.clone(), reason: format!("ends before block {}", heads.unsafe_head.number) });
    }
    if heads.finalized_head != head {
        store.set_safe(head)?;
        store.set_finalized(head)?;
    }
    Ok(())
}

fn decode(mut rlp: &[u8]) -> Result<Block, tributary_execution::Error> {
    let block = decode_block(&mut rlp)?;
    if rlp.is_empty() { Ok(block) } else { Err(tributary_execution::Error::InvalidBlock("rlp: bytes follow the block".into())) }
}

/// The bytes of the next RLP list, `None` at the end of the file.
fn next_block(reader: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut first = [0];
    if reader.read(&mut first)? == 0 {
        return Ok(None);
    }
    let mut rlp = vec![first[0]];
    let length = match first[0] {
        0xc0..=0xf7 => u64::from(first[0] - 0xc0),
        0xf8..=0xff => {
            let digits = usize::from(first[0] - 0xf7);
            let mut length = [0; 8];
            reader.read_exact(&mut length[8 - digits..])?;
            rlp.extend(&length[8 - digits..]);
            u64::from_be_bytes(length)
        }
        _ => return Err(malformed("is not a sequence of blocks in RLP")),
    };
    if length > MAX_BLOCK_BYTES {
        return Err(malformed("is not a sequence of blocks in RLP"));
    }
    let before = rlp.len() as u64;
    reader.take(length).read_to_end(&mut rlp)?;
    match rlp.len() as u64 - before == length {
        true => Ok(Some(rlp)),
        false => Err(malformed("ends in the middle of a block")),
    }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_split_into_its_lists() {
        let long = [vec![0xf9, 0x01, 0x00], vec![7; 256]].concat();
        let file = [vec![0xc2, 1, 2], long.clone(), vec![0xc0]].concat();
        let mut reader = file.as_slice();
        assert_eq!(next_block(&mut reader).unwrap(), Some(vec![0xc2, 1, 2]));
        assert_eq!(next_block(&mut reader).unwrap(), Some(long));
        assert_eq!(next_block(&mut reader).unwrap(), Some(vec![0xc0]));
        assert_eq!(next_block(&mut reader).unwrap(), None);
    }

    #[test]
    fn what_is_not_a_list_or_is_cut_off_is_refused() {
        for (file, words) in [(&[0x83, 1, 2, 3][..], "not a sequence"), (&[0xc2, 1], "middle of a block"), (&[0xff; 9], "not a sequence")] {
            let error = next_block(&mut &file[..]).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}
