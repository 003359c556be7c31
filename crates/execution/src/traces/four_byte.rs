//! geth's 4byteTracer: the selectors that were called, each with the size of what followed it.

use super::record::Enter;
use alloy_primitives::hex;
use std::collections::BTreeMap;

/// Counts by selector and size.
#[derive(Debug, Default)]
pub(crate) struct FourByte(BTreeMap<String, u64>);

impl FourByte {
    pub(crate) fn enter(&mut self, event: &Enter) {
        if !event.kind.is_call() || event.is_precompile {
            return;
        }
        let Some((selector, rest)) = event.input.split_at_checked(4) else { return };
        *self.0.entry(format!("{}-{}", hex::encode_prefixed(selector), rest.len())).or_default() += 1;
    }

    /// The answer.
    pub(crate) fn into_counts(self) -> BTreeMap<String, u64> {
        self.0
    }
}
