//! What a range of blocks needs to be executed again, as data.

use crate::Error;
use alloy_consensus::Header;
use alloy_rlp::{Decodable, Encodable, RlpDecodable, RlpEncodable};
use tributary_primitives::Block;
use tributary_trie::Witness;

/// The format that [`RangeWitness::encode`] writes: its first byte.
const FORMAT: u8 = 1;

/// One block and all that its execution reads of its parent's state.
#[derive(Debug, Clone, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct BlockWitness {
    /// The block. Its header is not believed: execution must give the same one.
    pub block: Block,
    /// Trie nodes and codes of the parent's post-state.
    pub state: Witness,
}

/// A range of blocks that can be executed with nothing else at hand.
///
/// Encoded as the byte 1, then RLP of `[start, [[block, state], …]]`.
#[derive(Debug, Clone, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct RangeWitness {
    /// Header of the block before the first.
    pub start: Header,
    /// The blocks, each the child of the one before.
    pub blocks: Vec<BlockWitness>,
}

impl RangeWitness {
    /// The bytes of the witness. Equal executions give equal bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1 + self.length());
        out.push(FORMAT);
        Encodable::encode(self, &mut out);
        out
    }

    /// The witness in `bytes`.
    ///
    /// # Errors
    /// [`Error::UnknownFormat`] for another format, [`Error::Malformed`] for anything else that [`Self::encode`] does not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        match bytes {
            [] => Err(Error::Malformed(alloy_rlp::Error::InputTooShort)),
            [FORMAT, rest @ ..] => {
                let mut rest = rest;
                let witness = <Self as Decodable>::decode(&mut rest)?;
                if rest.is_empty() { Ok(witness) } else { Err(Error::Malformed(alloy_rlp::Error::UnexpectedLength)) }
            }
            [found, ..] => Err(Error::UnknownFormat { found: *found, known: FORMAT }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_witness_of_another_format_is_refused_by_name() {
        let mut bytes = RangeWitness { start: Header::default(), blocks: Vec::new() }.encode();
        assert!(RangeWitness::decode(&bytes).is_ok());
        bytes[0] = 9;
        assert!(matches!(RangeWitness::decode(&bytes), Err(Error::UnknownFormat { found: 9, known: FORMAT })));
    }

    #[test]
    fn bytes_after_a_witness_are_refused() {
        let mut bytes = RangeWitness { start: Header::default(), blocks: Vec::new() }.encode();
        bytes.push(0);
        assert!(matches!(RangeWitness::decode(&bytes), Err(Error::Malformed(_))));
        assert!(matches!(RangeWitness::decode(&[]), Err(Error::Malformed(_))));
    }
}
