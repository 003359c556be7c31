//! Identifiers of subscriptions and filters, as geth's: hexadecimal and not to be guessed.

use alloy_primitives::U128;
use jsonrpsee::{server::IdProvider, types::SubscriptionId};
use std::hash::{BuildHasher, RandomState};

/// Gives out random subscription ids.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HexIds;

impl IdProvider for HexIds {
    fn next_id(&self) -> SubscriptionId<'static> {
        SubscriptionId::Str(format!("{:#x}", random_id()).into())
    }
}

/// 128 bits that nobody can guess: the standard library seeds each hasher's keys from the system's randomness and steps them on.
pub(crate) fn random_id() -> U128 {
    let half = || U128::from(RandomState::new().hash_one(0u8));
    (half() << 64) | half()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ() {
        let ids: std::collections::HashSet<U128> = (0..1000).map(|_| random_id()).collect();
        assert_eq!(ids.len(), 1000);
    }
}
