//! What a transaction offers: enough to be included soon, and more when it is not.

use crate::{client::Client, error::Error};

/// What a transaction offers, wei per gas and per blob gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TxFees {
    /// Fee cap.
    pub max_fee: u128,
    /// Tip.
    pub tip: u128,
    /// Blob fee cap.
    pub blob_fee: u128,
}

/// Bounds of what an account offers, wei.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeLimits {
    /// Least tip.
    pub min_tip: u128,
    /// Greatest fee cap.
    pub max_fee: u128,
    /// Greatest blob fee cap.
    pub max_blob_fee: u128,
}

impl Default for FeeLimits {
    /// Tips from 0.001 gwei; at most 500 gwei per gas and per blob gas.
    fn default() -> Self {
        Self { min_tip: 1_000_000, max_fee: 500_000_000_000, max_blob_fee: 500_000_000_000 }
    }
}

impl TxFees {
    /// Twice the next block's base fees, so that six full blocks do not outrun them, and the median tip of the last ten blocks.
    ///
    /// # Errors
    /// When the node does not tell its fees.
    pub async fn estimate(client: &Client, limits: &FeeLimits) -> Result<Self, Error> {
        let history = client.fee_history(10, &[50.0]).await?;
        let missing = || Error::Inconsistent("eth_feeHistory without base fee".to_owned());
        let base_fee = history.base_fee_per_gas.last().copied().ok_or_else(missing)?;
        let blob_base_fee = history.base_fee_per_blob_gas.last().copied().unwrap_or_default();
        let mut tips: Vec<_> = history.reward.unwrap_or_default().into_iter().filter_map(|block| block.first().copied()).collect();
        tips.sort_unstable();
        let tip = tips.get(tips.len() / 2).copied().unwrap_or_default().max(limits.min_tip);
        let max_fee = base_fee.saturating_mul(2).saturating_add(tip);
        Ok(Self { max_fee, tip, blob_fee: blob_base_fee.saturating_mul(2).max(1) }.within(limits))
    }

    /// What replaces `self`: at least what a pool demands (10 %, with blobs 100 %) and at least what is `current`. `None` when the limits do
    /// not allow that.
    #[must_use]
    pub fn bumped(&self, blobs: bool, current: &Self, limits: &FeeLimits) -> Option<Self> {
        let percent = if blobs { 200 } else { 110 };
        // One more than the percentage, because a pool may round up and a tip of a few wei must grow at all.
        let grown = |fee: u128| (fee.saturating_mul(percent) / 100).saturating_add(1);
        let tip = grown(self.tip).max(current.tip);
        let max_fee = grown(self.max_fee).max(current.max_fee).max(tip);
        let blob_fee = if blobs { grown(self.blob_fee).max(current.blob_fee) } else { 0 };
        let bumped = Self { max_fee, tip, blob_fee };
        (bumped == bumped.within(limits)).then_some(bumped)
    }

    fn within(self, limits: &FeeLimits) -> Self {
        let max_fee = self.max_fee.min(limits.max_fee);
        Self { max_fee, tip: self.tip.min(max_fee), blob_fee: self.blob_fee.min(limits.max_blob_fee) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: FeeLimits = FeeLimits { min_tip: 0, max_fee: 1000, max_blob_fee: 1000 };

    #[test]
    fn a_bump_satisfies_the_replacement_rule_even_for_one_wei() {
        let old = TxFees { max_fee: 1, tip: 1, blob_fee: 1 };
        let bumped = old.bumped(false, &old, &LIMITS).unwrap();
        assert!(bumped.max_fee > old.max_fee && bumped.tip > old.tip);
        let old = TxFees { max_fee: 100, tip: 50, blob_fee: 10 };
        let bumped = old.bumped(true, &old, &LIMITS).unwrap();
        assert!(bumped.max_fee >= 200 && bumped.tip >= 100 && bumped.blob_fee >= 20);
    }

    #[test]
    fn a_bump_follows_the_market_when_that_is_higher() {
        let old = TxFees { max_fee: 100, tip: 50, blob_fee: 10 };
        let current = TxFees { max_fee: 900, tip: 60, blob_fee: 10 };
        assert_eq!(old.bumped(false, &current, &LIMITS).unwrap().max_fee, 900);
    }

    #[test]
    fn a_bump_beyond_the_limits_is_no_bump() {
        let old = TxFees { max_fee: 950, tip: 50, blob_fee: 10 };
        assert_eq!(old.bumped(false, &old, &LIMITS), None);
    }
}
