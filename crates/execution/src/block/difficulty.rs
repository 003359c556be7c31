//! The difficulty that a proof-of-work block must have (EIP-2, EIP-100, and the delays of the difficulty bomb).

use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, Header};
use alloy_hardforks::EthereumHardfork as Fork;
use alloy_primitives::{U256, uint};
use tributary_primitives::ChainSpec;

/// The least difficulty.
const MINIMUM: U256 = uint!(131_072_U256);
/// The bomb doubles once in so many blocks.
const BOMB_PERIOD: u64 = 100_000;
/// By how many blocks each fork holds the bomb back: EIP-5133, 4345, 3554, 2384, 1234, 649. Newest first.
const BOMB_DELAYS: [(Fork, u64); 6] = [
    (Fork::GrayGlacier, 11_400_000),
    (Fork::ArrowGlacier, 10_700_000),
    (Fork::London, 9_700_000),
    (Fork::MuirGlacier, 9_000_000),
    (Fork::Constantinople, 5_000_000),
    (Fork::Byzantium, 3_000_000),
];

/// The difficulty of the child of `parent` that is mined at `timestamp`, which must be after the parent's.
pub(crate) fn next_difficulty(spec: &ChainSpec, parent: &Header, timestamp: u64) -> U256 {
    let number = parent.number + 1;
    let active = |fork| spec.is_active(fork, number, timestamp);
    let elapsed = timestamp.saturating_sub(parent.timestamp);
    // How many 2048ths of the parent's difficulty are added: (plus, minus).
    let (plus, minus) = match () {
        () if active(Fork::Byzantium) => {
            let base = if parent.ommers_hash == EMPTY_OMMER_ROOT_HASH { 1 } else { 2 };
            steps(base, elapsed / 9)
        }
        () if active(Fork::Homestead) => steps(1, elapsed / 10),
        () if elapsed < 13 => (1, 0),
        () => (0, 1),
    };
    let step = parent.difficulty / uint!(2048_U256);
    let adjusted = (parent.difficulty.saturating_add(step * U256::from(plus))).saturating_sub(step * U256::from(minus)).max(MINIMUM);
    let delay = BOMB_DELAYS.iter().find(|(fork, _)| active(*fork)).map_or(0, |(_, delay)| *delay);
    adjusted.saturating_add(bomb(number.saturating_sub(delay)))
}

/// max(base − late, −99) as (plus, minus).
fn steps(base: u64, late: u64) -> (u64, u64) {
    (base.saturating_sub(late), late.saturating_sub(base).min(99))
}

/// 2^(number / 100,000 − 2), nothing in the first 200,000 blocks.
fn bomb(number: u64) -> U256 {
    match number / BOMB_PERIOD {
        0 | 1 => U256::ZERO,
        period => U256::from(2).saturating_pow(U256::from(period - 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_genesis::{ChainConfig, Genesis};

    fn parent(number: u64, difficulty: u64) -> Header {
        Header { number, difficulty: U256::from(difficulty), timestamp: 1_000, ommers_hash: EMPTY_OMMER_ROOT_HASH, ..Default::default() }
    }

    fn spec(config: ChainConfig) -> ChainSpec {
        ChainSpec::ethereum(Genesis { config, ..Default::default() })
    }

    #[test]
    fn a_late_block_lowers_the_difficulty_by_at_most_ninety_nine_steps() {
        let homestead = spec(ChainConfig { homestead_block: Some(0), ..Default::default() });
        let parent = parent(10, 2_048_000_000);
        let after = |seconds| next_difficulty(&homestead, &parent, parent.timestamp + seconds);
        assert_eq!(after(9), U256::from(2_049_000_000u64));
        assert_eq!(after(10), U256::from(2_048_000_000u64));
        assert_eq!(after(20), U256::from(2_047_000_000u64));
        assert_eq!(after(1_000_000), U256::from(2_048_000_000u64 - 99_000_000));
    }

    #[test]
    fn since_byzantium_a_parent_with_ommers_adds_a_step() {
        let byzantium = spec(ChainConfig { homestead_block: Some(0), byzantium_block: Some(0), ..Default::default() });
        let with_ommers = Header { ommers_hash: Default::default(), ..parent(10, 2_048_000_000) };
        assert_eq!(next_difficulty(&byzantium, &with_ommers, 1_008), U256::from(2_050_000_000u64));
        assert_eq!(next_difficulty(&byzantium, &parent(10, 2_048_000_000), 1_008), U256::from(2_049_000_000u64));
    }

    #[test]
    fn the_bomb_goes_off_after_200_000_blocks_and_byzantium_holds_it_back() {
        let frontier = spec(ChainConfig::default());
        assert_eq!(next_difficulty(&frontier, &parent(199_998, 2_048_000_000), 1_001), U256::from(2_049_000_000u64));
        assert_eq!(next_difficulty(&frontier, &parent(499_999, 2_048_000_000), 1_001), U256::from(2_049_000_008u64));
        let byzantium = spec(ChainConfig { homestead_block: Some(0), byzantium_block: Some(0), ..Default::default() });
        assert_eq!(next_difficulty(&byzantium, &parent(499_999, 2_048_000_000), 1_001), U256::from(2_049_000_000u64));
        assert_eq!(next_difficulty(&byzantium, &parent(3_499_999, 2_048_000_000), 1_001), U256::from(2_049_000_008u64));
    }

    #[test]
    fn the_difficulty_never_falls_below_its_minimum() {
        let frontier = spec(ChainConfig::default());
        assert_eq!(next_difficulty(&frontier, &parent(1, 131_072), 2_000), MINIMUM);
    }
}
