//! How many blobs an L1 takes and how their price moves, since when (EIP-7840, EIP-7892): it decides the blob base fee in every L1 attributes transaction.

use crate::{
    client::L1Client,
    error::Error,
    forks::{ForkConfig, ForkConfigs},
};
use alloy_eips::{BlockNumberOrTag, eip7840::BlobParams};
use alloy_genesis::{ChainConfig, Genesis};
use alloy_primitives::U256;
use alloy_rpc_types_eth::FeeHistory;
use tracing::error;
use tributary_primitives::ChainSpec;

/// When a public network's forks came, and what it took then.
struct Forks {
    chain_id: u64,
    shanghai: u64,
    cancun: u64,
    prague: u64,
    osaka: u64,
    bpo1: u64,
    bpo2: u64,
}

/// Mainnet, Sepolia and Hoodi (<https://eips.ethereum.org/EIPS/eip-7607>, and eth-clients' configurations of the testnets).
const NETWORKS: [Forks; 3] = [
    Forks {
        chain_id: 1,
        shanghai: 1_681_338_455,
        cancun: 1_710_338_135,
        prague: 1_746_612_311,
        osaka: 1_764_798_551,
        bpo1: 1_765_290_071,
        bpo2: 1_767_747_671,
    },
    Forks {
        chain_id: 11_155_111,
        shanghai: 1_677_557_088,
        cancun: 1_706_655_072,
        prague: 1_741_159_776,
        osaka: 1_760_427_360,
        bpo1: 1_761_017_184,
        bpo2: 1_761_607_008,
    },
    Forks {
        chain_id: 560_048,
        shanghai: 0,
        cancun: 0,
        prague: 1_742_999_832,
        osaka: 1_761_677_592,
        bpo1: 1_762_365_720,
        bpo2: 1_762_955_544,
    },
];

/// Target, most, and update fraction: the same on all three.
const SCHEDULE: [(&str, u64, u64, u128); 5] = [
    ("cancun", 3, 6, 3_338_477),
    ("prague", 6, 9, 5_007_716),
    ("osaka", 6, 9, 5_007_716),
    ("bpo1", 10, 15, 8_346_193),
    ("bpo2", 14, 21, 11_684_671),
];

/// Forks and blob schedule of mainnet, Sepolia and Hoodi; of no other chain. What came before proof of stake counts as active from the start.
pub fn blob_schedule(chain_id: u64) -> Option<ChainConfig> {
    let forks = NETWORKS.iter().find(|network| network.chain_id == chain_id)?;
    let params = |(name, target, max, update_fraction): (&str, u64, u64, u128)| (name.to_owned(), params(target, max, update_fraction));
    Some(ChainConfig {
        shanghai_time: Some(forks.shanghai),
        cancun_time: Some(forks.cancun),
        prague_time: Some(forks.prague),
        osaka_time: Some(forks.osaka),
        bpo1_time: Some(forks.bpo1),
        bpo2_time: Some(forks.bpo2),
        blob_schedule: SCHEDULE.into_iter().map(params).collect(),
        ..merged(chain_id)
    })
}

/// The rules of an L1: those of the operator's `config` (geth's chain configuration); else of a public network; else what the L1 says itself, which knows
/// nothing of the time before its fork in force.
///
/// # Errors
/// [`Error::BlobSchedule`] when nobody knows them, `config` is of another chain, or what the L1 says makes no schedule.
pub fn chain_spec(chain_id: u64, config: Option<ChainConfig>, told: Option<&ForkConfigs>) -> Result<ChainSpec, Error> {
    let config = match (config, blob_schedule(chain_id), told) {
        (Some(config), _, _) if config.chain_id != chain_id => {
            return Err(Error::BlobSchedule(format!("the configuration is of chain {}, not of {chain_id}", config.chain_id)));
        }
        (Some(config), _, _) => config,
        (None, Some(config), _) => config,
        (None, None, Some(told)) => config_of(chain_id, told)?,
        (None, None, None) => {
            let why = format!("chain {chain_id} is no public network and has no eth_config; give its chain configuration");
            return Err(Error::BlobSchedule(why));
        }
    };
    Ok(ChainSpec::ethereum(Genesis { config, ..Default::default() }))
}

/// A chain that was under proof of stake from the start.
fn merged(chain_id: u64) -> ChainConfig {
    let start = Some(0);
    ChainConfig {
        chain_id,
        homestead_block: start,
        eip150_block: start,
        eip155_block: start,
        eip158_block: start,
        byzantium_block: start,
        constantinople_block: start,
        petersburg_block: start,
        istanbul_block: start,
        berlin_block: start,
        london_block: start,
        merge_netsplit_block: start,
        terminal_total_difficulty: Some(U256::ZERO),
        ..Default::default()
    }
}

fn params(target: u64, max: u64, update_fraction: u128) -> BlobParams {
    BlobParams { target_blob_count: target, max_blob_count: max, max_blobs_per_tx: max, update_fraction, ..BlobParams::cancun() }
}

/// The forks that an L1 tells, each under the name at which its rules begin.
fn config_of(chain_id: u64, told: &ForkConfigs) -> Result<ChainConfig, Error> {
    let mut config = ChainConfig { shanghai_time: Some(0), ..merged(chain_id) };
    for fork in told.in_order() {
        if fork.chain_id.to::<u64>() != chain_id {
            return Err(Error::BlobSchedule(format!("eth_config is of chain {}, not of {chain_id}", fork.chain_id)));
        }
        let at = fork.activation_time;
        let schedule = fork.blob_schedule.ok_or_else(|| Error::BlobSchedule(format!("eth_config tells none for the fork at {at}")))?;
        let name =
            name(&mut config, fork).ok_or_else(|| Error::BlobSchedule(format!("eth_config tells too many forks, of which one at {at}")))?;
        config.blob_schedule.insert(name.to_owned(), schedule);
    }
    Ok(config)
}

/// Enters the fork's time at the first place that is free for its rules.
fn name(config: &mut ChainConfig, fork: &ForkConfig) -> Option<&'static str> {
    let places: &mut [(&'static str, &mut Option<u64>)] = match () {
        () if fork.is_osaka() => &mut [
            ("osaka", &mut config.osaka_time),
            ("bpo1", &mut config.bpo1_time),
            ("bpo2", &mut config.bpo2_time),
            ("bpo3", &mut config.bpo3_time),
        ],
        () if fork.is_prague() => &mut [("prague", &mut config.prague_time)],
        () => &mut [("cancun", &mut config.cancun_time)],
    };
    let (name, time) = places.iter_mut().find(|(_, time)| time.is_none())?;
    **time = Some(fork.activation_time);
    Some(name)
}

impl L1Client {
    /// Compares the schedule that we compute with to what the L1 says: the forks of `eth_config`, those to come included, and the newest block's blob base
    /// fee. What a node does not tell is not compared.
    ///
    /// # Errors
    /// [`Error::BlobSchedule`] when they differ, which is logged as an error, too: from that fork on every L1 attributes transaction would be wrong.
    pub async fn check_blob_schedule(&self, spec: &ChainSpec) -> Result<(), Error> {
        let outcome = self.compare_blob_schedule(spec).await;
        if let Err(Error::BlobSchedule(why)) = &outcome {
            error!(%why, "our blob schedule is not that of the L1");
        }
        outcome
    }

    async fn compare_blob_schedule(&self, spec: &ChainSpec) -> Result<(), Error> {
        if let Some(told) = self.fork_configs().await? {
            told.in_order().into_iter().try_for_each(|fork| compare(spec, fork))?;
        }
        let Some(header) = self.header(BlockNumberOrTag::Latest).await? else { return Ok(()) };
        let Some(excess) = header.excess_blob_gas else { return Ok(()) };
        let number = BlockNumberOrTag::Number(header.number);
        let history: FeeHistory = self.node().demand("eth_feeHistory", ("0x1", number, [(); 0])).await?;
        let Some(told) = history.base_fee_per_blob_gas.first() else { return Ok(()) };
        let computed = spec.blob_params(header.timestamp).map(|params| params.calc_blob_fee(excess));
        if computed == Some(*told) {
            return Ok(());
        }
        let computed = computed.map_or_else(|| "nothing".to_owned(), |fee| fee.to_string());
        Err(Error::BlobSchedule(format!(
            "the blob base fee of block {} is {told} wei by eth_feeHistory; we compute {computed}",
            header.number
        )))
    }
}

fn compare(spec: &ChainSpec, fork: &ForkConfig) -> Result<(), Error> {
    let Some(told) = fork.blob_schedule else { return Ok(()) };
    let at = fork.activation_time;
    let values = |params: BlobParams| (params.target_blob_count, params.max_blob_count, params.update_fraction);
    let ours = spec.blob_params(at).map(values);
    if ours == Some(values(told)) {
        return Ok(());
    }
    let text = |(target, max, fraction)| format!("target {target}, max {max}, update fraction {fraction}");
    let ours = ours.map_or_else(|| "none".to_owned(), text);
    Err(Error::BlobSchedule(format!("the fork {} at {at} has {} by eth_config; we know {ours}", fork.fork_id, text(values(told)))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_hardforks::EthereumHardfork as Fork;
    use serde_json::{Value, json};

    #[test]
    fn public_networks_have_their_forks_when_others_say_so() {
        type Times = fn(&Fork) -> Option<u64>;
        let others: [(u64, Times); 3] = [
            (1, Fork::mainnet_activation_timestamp),
            (11_155_111, Fork::sepolia_activation_timestamp),
            (560_048, Fork::hoodi_activation_timestamp),
        ];
        for (chain_id, time) in others {
            let config = blob_schedule(chain_id).unwrap();
            let expected = [Fork::Prague, Fork::Osaka, Fork::Bpo1, Fork::Bpo2].map(|fork| time(&fork));
            assert_eq!([config.prague_time, config.osaka_time, config.bpo1_time, config.bpo2_time], expected);
            let spec = chain_spec(chain_id, None, None).unwrap();
            let at = |time: Option<u64>| spec.blob_params(time.unwrap());
            assert_eq!(at(config.cancun_time), Some(BlobParams::cancun()));
            assert_eq!(at(config.prague_time), Some(BlobParams::prague()));
            assert_eq!(at(config.osaka_time), Some(BlobParams::osaka()));
            assert_eq!(at(config.bpo1_time), Some(BlobParams::bpo1()));
            assert_eq!(at(config.bpo2_time), Some(BlobParams::bpo2()));
            assert_eq!(spec.blob_params(config.bpo1_time.unwrap() - 1), Some(BlobParams::osaka()));
        }
        assert!(blob_schedule(1_337).is_none());
    }

    fn fork(at: u64, target: u64, precompiles: Value) -> Value {
        json!({
            "activationTime": at, "chainId": "0x539", "forkId": "0x01020304", "precompiles": precompiles, "systemContracts": {},
            "blobSchedule": { "target": target, "max": target + 3, "baseFeeUpdateFraction": 5_007_716 },
        })
    }

    fn prague() -> Value {
        json!({ "BLS12_G1ADD": "0x000000000000000000000000000000000000000b" })
    }

    fn osaka() -> Value {
        json!({ "BLS12_G1ADD": "0x000000000000000000000000000000000000000b", "P256VERIFY": "0x0000000000000000000000000000000000000100" })
    }

    #[test]
    fn another_chain_has_what_it_tells_or_what_its_operator_gives() {
        let told: ForkConfigs =
            serde_json::from_value(json!({ "current": fork(10, 6, prague()), "next": fork(20, 7, osaka()), "last": fork(30, 9, osaka()) }))
                .unwrap();
        let spec = chain_spec(1_337, None, Some(&told)).unwrap();
        let target = |at| spec.blob_params(at).map(|params| params.target_blob_count);
        assert_eq!([9, 10, 19, 20, 29, 30].map(target), [None, Some(6), Some(6), Some(7), Some(7), Some(9)]);
        // The reserve price comes with Osaka, and not before.
        assert_eq!([10, 20, 30].map(|at| spec.blob_params(at).unwrap().blob_base_cost > 0), [false, true, true]);
        told.in_order().into_iter().try_for_each(|fork| compare(&spec, fork)).unwrap();
        let given = ChainConfig { chain_id: 1_337, cancun_time: Some(5), ..Default::default() };
        let spec = chain_spec(1_337, Some(given.clone()), Some(&told)).unwrap();
        assert_eq!(spec.blob_params(5), Some(BlobParams::cancun()));
        let error = compare(&spec, &told.current).unwrap_err().to_string();
        assert!(error.contains("0x01020304 at 10 has target 6") && error.contains("we know target 3"), "{error}");
        for refused in [chain_spec(7, Some(given), None), chain_spec(7, None, Some(&told)), chain_spec(7, None, None)] {
            assert!(matches!(refused, Err(Error::BlobSchedule(_))));
        }
    }
}
