//! Importing an Ethereum chain from a file: blocks that follow one another in RLP (`chain.rlp` of geth and hive), on a geth `genesis.json`.

use crate::{Error, imported::ImportedChain};
use alloy_eips::BlockNumHash;
use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::PathBuf,
};
use tributary_execution::{Ancestor, Executor, decode_block, import_block};
use tributary_primitives::Block;
use tributary_storage::Store;

/// How many ancestors the rules of ommers look at.
const ANCESTORS: u64 = 7;
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
pub fn import(config: &ImportConfig, mut progress: impl FnMut(Imported)) -> Result<Imported, Error> {
    let store = ImportedChain::begin(&config.datadir, &config.genesis)?.open_for_writing()?;
    let executor = Executor::new(store.spec().clone());
    let failed = |source| Error::Path { path: config.chain.clone(), source };
    let mut reader = BufReader::with_capacity(1 << 20, File::open(&config.chain).map_err(failed)?);
    let mut state = Imported { head: store.heads()?.unsafe_head, blocks: 0, known: 0 };
    while let Some(rlp) = next_block(&mut reader).map_err(failed)? {
        let ordinal = state.blocks + state.known + 1;
        let invalid = |reason: String| Error::Chain { path: config.chain.clone(), reason };
        let block: Block = decode(&rlp).map_err(|error| invalid(format!("block {ordinal} of the file is malformed: {error}")))?;
        let number = block.header.number;
        if store.is_canonical(BlockNumHash { number, hash: block.header.hash_slow() })? {
            state.known += 1;
        } else {
            state.head = append((&store, &executor), state.head, &block).map_err(|reason| invalid(format!("block {number}: {reason}")))?;
            state.blocks += 1;
        }
        progress(state);
    }
    settle(&store, state.head, config)?;
    Ok(state)
}

/// Executes the block on the head and writes it.
fn append((store, executor): (&Store, &Executor), head: BlockNumHash, block: &Block) -> Result<BlockNumHash, Error> {
    if block.header.parent_hash != head.hash {
        let parent = block.header.parent_hash;
        return Err(Error::Disagreement(format!("the parent {parent} is not block {} of this chain, {}", head.number, head.hash)));
    }
    let ancestors = if block.body.ommers.is_empty() { Vec::new() } else { ancestors(store, head.number)? };
    let parent = store.latest()?;
    let header = parent.header().clone().into_inner();
    let executed = import_block(executor, parent, &header, &ancestors, block)?;
    store.commit(&executed, &[])?;
    Ok(executed.id())
}

/// The head and the blocks below it, as far as ommers need them.
fn ancestors(store: &Store, head: u64) -> Result<Vec<Ancestor>, Error> {
    let lowest = (head + 1).saturating_sub(ANCESTORS).max(store.genesis().number);
    let blocks = (lowest..=head).rev().filter_map(|number| store.block(number).transpose());
    let ancestor = |stored: tributary_storage::StoredBlock| Ancestor {
        hash: stored.hash,
        header: stored.block.header,
        ommers: stored.block.body.ommers,
    };
    Ok(blocks.map(|stored| stored.map(ancestor)).collect::<Result<_, _>>()?)
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
