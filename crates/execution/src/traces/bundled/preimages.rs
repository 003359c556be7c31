//! geth's keccak256PreimageTracer: what `KECCAK256` was applied to, by its hash. So slots of mappings and arrays get their keys back.

use crate::traces::{erc7562::padded, record::Step};
use alloy_primitives::{B256, Bytes, keccak256};
use revm::bytecode::opcode as op;
use std::collections::BTreeMap;

/// Preimages by hash.
#[derive(Debug, Default)]
pub(super) struct Preimages {
    all: BTreeMap<B256, Bytes>,
    bytes: usize,
}

impl Preimages {
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// One that could not be paid is told, too.
    pub(super) fn step(&mut self, step: &Step) {
        let (op::KECCAK256, Some(offset), Some(length)) = (step.op, step.argument(0), step.argument(1)) else { return };
        let Some(preimage) = padded(&step.memory, offset, length) else { return };
        self.all.entry(keccak256(&preimage)).or_insert_with(|| {
            self.bytes += 128 + preimage.len();
            preimage.into()
        });
    }

    pub(super) fn into_preimages(self) -> BTreeMap<B256, Bytes> {
        self.all
    }
}
