//! geth's 4byteTracerLegacy: the selectors that instructions called, whether the call began or not, and that of the transaction, with the size of what
//! followed.

use super::address_in;
use crate::traces::{erc7562::padded, record::Step};
use alloy_primitives::{Address, U256, hex};
use revm::bytecode::opcode as op;
use std::collections::BTreeMap;

/// Counts by selector and size.
#[derive(Debug, Default)]
pub(super) struct FourByte {
    counts: BTreeMap<String, u64>,
    precompiles: Vec<Address>,
}

impl FourByte {
    pub(super) fn bytes(&self) -> usize {
        96 * self.counts.len()
    }

    pub(super) fn set_precompiles(&mut self, all: Vec<Address>) {
        self.precompiles = all;
    }

    pub(super) fn step(&mut self, step: &Step) {
        let input = match step.op {
            op::CALL | op::CALLCODE => 3,
            op::DELEGATECALL | op::STATICCALL => 2,
            _ => return,
        };
        let (Some(to), Some(offset), Some(length)) = (address_in(step, 1), step.argument(input), step.argument(input + 1)) else { return };
        let Some(rest) = length.checked_sub(U256::from(4)).filter(|_| !self.precompiles.contains(&to)) else { return };
        if let Some(selector) = padded(&step.memory, offset, U256::from(4)) {
            self.count(&selector, rest);
        }
    }

    fn count(&mut self, selector: &[u8], rest: U256) {
        *self.counts.entry(format!("{}-{rest}", hex::encode_prefixed(selector))).or_default() += 1;
    }

    /// The answer; the transaction's own input counts whatever it calls or makes.
    pub(super) fn into_counts(mut self, input: &[u8]) -> BTreeMap<String, u64> {
        if let Some((selector, rest)) = input.split_at_checked(4) {
            self.count(selector, U256::from(rest.len()));
        }
        self.counts
    }
}
