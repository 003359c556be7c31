//! The rules that ethereum/tests call by a name.

use super::Failure;
use alloy_eips::eip7840::BlobParams;
use alloy_genesis::ChainConfig;
use alloy_primitives::{U64, U256};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The chain id of tests that name none.
const CHAIN_ID: u64 = 1;

/// Forks in order, by the names that the tests use. The merge's is given by a block, those after it by a time.
const FORKS: [&str; 19] = [
    "Frontier",
    "Homestead",
    "EIP150",
    "EIP158",
    "Byzantium",
    "Constantinople",
    "ConstantinopleFix",
    "Istanbul",
    "Berlin",
    "London",
    "ArrowGlacier",
    "GrayGlacier",
    "Paris",
    "Shanghai",
    "Cancun",
    "Prague",
    "Osaka",
    "BPO1",
    "BPO2",
];

/// What newer tests say of their network beside its name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rules {
    #[serde(alias = "chainid")]
    chain_id: Option<U64>,
    #[serde(default)]
    blob_schedule: BTreeMap<String, BlobSchedule>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlobSchedule {
    target: U64,
    max: U64,
    base_fee_update_fraction: U64,
}

impl Rules {
    /// Puts the rules into a chain config.
    pub(super) fn apply(&self, config: &mut ChainConfig) {
        config.chain_id = self.chain_id.map_or(config.chain_id, |id| id.to());
        for (fork, schedule) in &self.blob_schedule {
            let params = BlobParams {
                target_blob_count: schedule.target.to(),
                max_blob_count: schedule.max.to(),
                max_blobs_per_tx: schedule.max.to(),
                update_fraction: schedule.base_fee_update_fraction.to(),
                ..BlobParams::cancun()
            };
            config.blob_schedule.insert(fork.to_lowercase(), params);
        }
    }
}

/// The chain config of a network such as `Cancun`, `BerlinToLondonAt5`, `ShanghaiToCancunAtTime15k` or `ArrowGlacierToParisAtDiffC0000`. For the last kind
/// `merge_block` tells, from the total difficulty, the first block after it is reached.
pub(super) fn chain_config(network: &str, merge_block: impl FnOnce(U256) -> u64) -> Result<ChainConfig, Failure> {
    let unknown = || Failure::new(format!("unknown network {network}"));
    let mut config = ChainConfig { chain_id: CHAIN_ID, ..Default::default() };
    let Some((from, rest)) = network.split_once("To") else {
        activate(&mut config, position(network).ok_or_else(unknown)?, 0);
        return Ok(config);
    };
    let (to, at) = rest.split_once("At").ok_or_else(unknown)?;
    activate(&mut config, position(from).ok_or_else(unknown)?, 0);
    if let Some(difficulty) = at.strip_prefix("Diff") {
        let total = U256::from_str_radix(difficulty, 16).map_err(|_| unknown())?;
        activate(&mut config, position(to).ok_or_else(unknown)?, merge_block(total));
        config.terminal_total_difficulty = Some(total);
        return Ok(config);
    }
    let at = match at.strip_prefix("Time") {
        None => at.parse(),
        Some(time) => time.strip_suffix('k').unwrap_or(time).parse::<u64>().map(|time| if at.ends_with('k') { time * 1000 } else { time }),
    };
    let at: u64 = at.map_err(|_| unknown())?;
    if to == "Dao" {
        config.dao_fork_block = Some(at);
        config.dao_fork_support = true;
    } else {
        activate(&mut config, position(to).ok_or_else(unknown)?, at);
    }
    Ok(config)
}

fn position(fork: &str) -> Option<usize> {
    let fork = if fork == "Merge" { "Paris" } else { fork };
    FORKS.iter().position(|name| *name == fork)
}

/// Activates all forks up to `last` at `at`, where they are not active yet.
fn activate(config: &mut ChainConfig, last: usize, at: u64) {
    for fork in &FORKS[..=last] {
        let fields: &mut [&mut Option<u64>] = match *fork {
            "Homestead" => &mut [&mut config.homestead_block],
            "EIP150" => &mut [&mut config.eip150_block],
            "EIP158" => &mut [&mut config.eip155_block, &mut config.eip158_block],
            "Byzantium" => &mut [&mut config.byzantium_block],
            "Constantinople" => &mut [&mut config.constantinople_block],
            "ConstantinopleFix" => &mut [&mut config.petersburg_block],
            "Istanbul" => &mut [&mut config.istanbul_block, &mut config.muir_glacier_block],
            "Berlin" => &mut [&mut config.berlin_block],
            "London" => &mut [&mut config.london_block],
            "ArrowGlacier" => &mut [&mut config.arrow_glacier_block],
            "GrayGlacier" => &mut [&mut config.gray_glacier_block],
            "Paris" => &mut [&mut config.merge_netsplit_block],
            "Shanghai" => &mut [&mut config.shanghai_time],
            "Cancun" => &mut [&mut config.cancun_time],
            "Prague" => &mut [&mut config.prague_time],
            "Osaka" => &mut [&mut config.osaka_time],
            "BPO1" => &mut [&mut config.bpo1_time],
            "BPO2" => &mut [&mut config.bpo2_time],
            _ => &mut [],
        };
        for field in fields {
            field.get_or_insert(at);
        }
    }
    if FORKS[last] == "Constantinople" {
        // A chain config that does not name Petersburg has it with Constantinople.
        config.petersburg_block.get_or_insert(u64::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transition_keeps_the_forks_before_it_at_genesis() {
        let config = chain_config("BerlinToLondonAt5", |_| 0).unwrap();
        assert_eq!((config.berlin_block, config.london_block, config.arrow_glacier_block), (Some(0), Some(5), None));
        let config = chain_config("ShanghaiToCancunAtTime15k", |_| 0).unwrap();
        assert_eq!((config.shanghai_time, config.cancun_time, config.prague_time), (Some(0), Some(15_000), None));
        let config = chain_config("ArrowGlacierToParisAtDiffC0000", |total| total.to::<u64>() / 0x40000).unwrap();
        assert_eq!((config.arrow_glacier_block, config.merge_netsplit_block, config.shanghai_time), (Some(0), Some(3), None));
        assert!(chain_config("Atlantis", |_| 0).is_err());
    }
}
