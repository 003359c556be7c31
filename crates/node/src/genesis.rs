//! The two chains of a development node at their beginning: L1 with our contracts deployed on it, L2 with its predeploys.

use crate::{
    DevConfig, Error,
    config::{L1_CHAIN_ID, L2_CHAIN_ID},
    keys::Operators,
    roles::write_json,
    status::DevAccount,
};
use alloy_eips::BlockNumHash;
use alloy_genesis::{ChainConfig, Genesis, GenesisAccount};
use alloy_primitives::{Address, B256, U256};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path, sync::Arc};
use tributary_contracts::{
    L1Contracts,
    genesis::{self, L2Genesis},
    predeploys::DEVELOPER,
};
use tributary_primitives::{
    ChainSpec, Eip1559Params, ExtraData, RollupConfig, SystemConfig,
    rollup::{CHANNEL_TIMEOUT, ChainOpConfig, DA_FOOTPRINT_GAS_SCALAR, MAX_SEQUENCER_DRIFT, RollupForks, RollupGenesis, output_root},
};
use tributary_storage::{Durability, Options, Store};

/// With this denominator and a target of half the (large) gas limit, the base fee falls to its minimum and stays there in ordinary use.
pub(crate) const EIP1559: Eip1559Params = Eip1559Params { denominator: 250, elasticity: 2 };

/// The least base fee of the rollup, wei, where Jovian gives it one: 1 gwei. An append costs 100 gas for each byte that it stores, so that 10⁹ bytes cost
/// 100 OPEN at least.
const MIN_BASE_FEE: u64 = 1_000_000_000;

/// Base fee of the L2 genesis block, wei.
const L2_BASE_FEE: u64 = MIN_BASE_FEE;

/// Gas limit of the embedded L1.
const L1_GAS_LIMIT: u64 = 60_000_000;

/// What a funded account has on either chain: 10,000 ETH on L1, 10,000 OPEN on L2.
pub(crate) fn endowment() -> U256 {
    U256::from(10_000u64) * U256::from(10).pow(U256::from(18))
}

/// Goes up with every change of what attribution precompiles give, store or cost: a chain's blocks are executed again by the rules that made them.
/// And with every change of the contracts in genesis, of which programs expect that they are these.
pub(crate) const RULES: u32 = 4;

/// The genesis of both chains and what the rollup is configured with. Written into a new data directory and read back from a kept one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DevGenesis {
    /// Block time of the embedded L1, seconds.
    pub(crate) l1_block_time: u64,
    /// Block time of the rollup, seconds.
    pub(crate) block_time: u64,
    /// The rules that blocks follow: what attribution gives and costs, and which contracts genesis has; 0 where it is not said.
    #[serde(default)]
    rules: u32,
    /// Whether the rollup has Jovian.
    #[serde(default)]
    pub(crate) jovian: bool,
    /// Mnemonic of users and operators. It is public by its nature.
    pub(crate) mnemonic: String,
    /// L1 genesis.
    pub(crate) l1: Genesis,
    /// L2 genesis.
    pub(crate) l2: Genesis,
    /// L1 contracts.
    pub(crate) contracts: L1Contracts,
}

impl DevGenesis {
    /// A new pair of chains that begins at `now` (seconds since the epoch).
    pub(crate) fn new(config: &DevConfig, accounts: &[DevAccount], operators: &Operators, now: u64) -> Self {
        // The L1 genesis lies two slots back, so that the block with the contracts and the L2 genesis on it are not in the future.
        let l1_time = now - now % config.l1_block_time - 2 * config.l1_block_time;
        Self {
            l1_block_time: config.l1_block_time,
            block_time: config.block_time,
            rules: RULES,
            jovian: config.jovian,
            mnemonic: config.mnemonic.clone(),
            l1: l1_genesis(accounts, operators, l1_time),
            l2: l2_genesis(config, accounts, l1_time + config.l1_block_time),
            contracts: L1Contracts::of(operators.deployer.address(), 0),
        }
    }

    /// Reads the file that [`Self::write`] wrote.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, Error> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Error::Path { path: path.to_owned(), source }),
        };
        let refuse = |reason| Error::DataDirectory { path: path.to_owned(), reason };
        let parsed: Self = serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))?;
        if parsed.rules != RULES {
            let found = parsed.rules;
            return Err(refuse(format!(
                "the chain's blocks follow rules {found}, this program has {RULES}; begin a chain in another directory"
            )));
        }
        Ok(Some(parsed))
    }

    /// Writes the file in one piece: a crash leaves it whole or absent.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Error> {
        write_json(path, self)
    }

    pub(crate) fn l1_spec(&self) -> Arc<ChainSpec> {
        Arc::new(ChainSpec::ethereum(self.l1.clone()).for_development())
    }

    pub(crate) fn l2_spec(&self) -> Arc<ChainSpec> {
        let spec = ChainSpec::rollup(self.l2.clone(), EIP1559).for_development();
        Arc::new(if self.jovian { spec.with_jovian() } else { spec })
    }

    /// `rollup.json`, once both anchor blocks are known.
    pub(crate) fn rollup_config(&self, l1: BlockNumHash, l2: BlockNumHash, config: SystemConfig, block_time: u64) -> RollupConfig {
        let genesis = RollupGenesis { l1, l2, l2_time: self.l2.timestamp, system_config: config };
        let chains = [L1_CHAIN_ID, L2_CHAIN_ID];
        RollupConfig { time_jumps: true, ..rollup_config(genesis, chains, &self.contracts, (block_time, self.jovian)) }
    }

    /// The system configuration that the `SystemConfig` contract is deployed with.
    pub(crate) fn system_config(&self, operators: &Operators) -> SystemConfig {
        system_config(operators.batcher.address(), self.l2.gas_limit, self.jovian)
    }

    /// The inbox that batches go to.
    pub(crate) fn batch_inbox(&self) -> Address {
        batch_inbox(L2_CHAIN_ID)
    }

    /// All OPEN that the L2 genesis gives out, which the portal must hold on L1.
    pub(crate) fn l2_supply(&self) -> U256 {
        supply(&self.l2)
    }

    /// Parameters of `SystemConfig`'s constructor that are not in [`SystemConfig`].
    pub(crate) const fn eip1559(&self) -> Eip1559Params {
        EIP1559
    }
}

/// What a rollup is configured with at its genesis.
pub(crate) fn rollup_config(
    genesis: RollupGenesis,
    [l1_chain_id, l2_chain_id]: [u64; 2],
    contracts: &L1Contracts,
    (block_time, jovian): (u64, bool),
) -> RollupConfig {
    RollupConfig {
        genesis,
        block_time,
        max_sequencer_drift: MAX_SEQUENCER_DRIFT,
        seq_window_size: 3600,
        channel_timeout: CHANNEL_TIMEOUT,
        l1_chain_id,
        l2_chain_id,
        forks: if jovian { RollupForks::JOVIAN } else { RollupForks::ISTHMUS },
        batch_inbox_address: batch_inbox(l2_chain_id),
        deposit_contract_address: contracts.portal,
        l1_system_config_address: contracts.system_config,
        chain_op_config: ChainOpConfig {
            eip1559_elasticity: EIP1559.elasticity,
            eip1559_denominator: EIP1559.denominator,
            eip1559_denominator_canyon: EIP1559.denominator,
        },
        time_jumps: false,
    }
}

/// The system configuration that the `SystemConfig` contract is deployed with.
pub(crate) fn system_config(batcher: Address, gas_limit: u64, jovian: bool) -> SystemConfig {
    SystemConfig {
        batcher_addr: batcher,
        scalar: SystemConfig::encode_fee_scalars(1368, 810_949),
        overhead: B256::ZERO,
        gas_limit,
        eip1559_params: EIP1559.to_b64(),
        operator_fee_params: B256::ZERO,
        min_base_fee: min_base_fee(jovian).unwrap_or_default(),
        da_footprint_gas_scalar: if jovian { DA_FOOTPRINT_GAS_SCALAR } else { 0 },
    }
}

/// Where batches go: `0xff` and the chain id in decimal, as in the OP Stack.
pub(crate) fn batch_inbox(l2_chain_id: u64) -> Address {
    let digits = format!("ff{l2_chain_id:0>38}");
    digits.parse().expect("invariant: decimal digits are hexadecimal ones")
}

/// The block that a chain begins with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GenesisBlock {
    pub(crate) hash: B256,
    pub(crate) output_root: B256,
}

/// The block that a chain with these rules begins with.
pub(crate) fn block(spec: Arc<ChainSpec>) -> Result<GenesisBlock, Error> {
    let dir = tempfile::tempdir().map_err(|source| Error::Path { path: std::env::temp_dir(), source })?;
    let options = Options { durability: Durability::Relaxed, ..Options::default() };
    let store = Store::open(&dir.path().join("genesis"), spec, options)?;
    let block = store.genesis();
    let output_root = output_root(block.state_root, block.withdrawals_root.unwrap_or_default(), block.hash());
    Ok(GenesisBlock { hash: block.hash(), output_root })
}

/// The rules of a rollup's chain that begins like this.
pub(crate) fn rollup_spec(genesis: Genesis, jovian: bool) -> Arc<ChainSpec> {
    let spec = ChainSpec::rollup(genesis, EIP1559);
    Arc::new(if jovian { spec.with_jovian() } else { spec })
}

/// All that a chain's genesis gives out, wei.
pub(crate) fn supply(genesis: &Genesis) -> U256 {
    genesis.alloc.values().fold(U256::ZERO, |sum, account| sum + account.balance)
}

/// An L1 of our own, with one account.
pub(crate) fn l1_with(address: Address, account: GenesisAccount, chain_id: u64, timestamp: u64) -> Genesis {
    let mut alloc = genesis::l1_accounts();
    alloc.insert(address, account);
    l1_of(alloc, chain_id, timestamp)
}

/// The least base fee of a rollup with or without Jovian.
fn min_base_fee(jovian: bool) -> Option<u64> {
    jovian.then_some(MIN_BASE_FEE)
}

fn l1_genesis(accounts: &[DevAccount], operators: &Operators, timestamp: u64) -> Genesis {
    let mut alloc = genesis::l1_accounts();
    for address in accounts.iter().map(|account| account.address).chain(operators.payers()).chain([DEVELOPER]) {
        alloc.entry(address).or_default().balance = endowment();
    }
    l1_of(alloc, L1_CHAIN_ID, timestamp)
}

fn l1_of(alloc: BTreeMap<Address, GenesisAccount>, chain_id: u64, timestamp: u64) -> Genesis {
    Genesis {
        config: ChainConfig { shanghai_time: Some(0), cancun_time: Some(0), prague_time: Some(0), ..merged(chain_id) },
        timestamp,
        gas_limit: L1_GAS_LIMIT,
        difficulty: U256::ZERO,
        base_fee_per_gas: Some(1_000_000_000),
        alloc,
        ..Default::default()
    }
}

fn l2_genesis(config: &DevConfig, accounts: &[DevAccount], timestamp: u64) -> Genesis {
    let chain = L2Genesis { chain_id: L2_CHAIN_ID, jovian: config.jovian };
    let funded = accounts.iter().map(|account| account.address).chain([DEVELOPER]).map(|address| (address, endowment()));
    rollup_genesis(chain, config.gas_limit, funded, timestamp)
}

/// The L2 genesis block of a rollup, where these accounts have so many wei.
pub(crate) fn rollup_genesis(chain: L2Genesis, gas_limit: u64, funded: impl Iterator<Item = (Address, U256)>, timestamp: u64) -> Genesis {
    let L2Genesis { chain_id, jovian } = chain;
    let mut alloc = genesis::l2_accounts(chain);
    for (address, amount) in funded {
        alloc.entry(address).or_default().balance += amount;
    }
    Genesis {
        config: ChainConfig { shanghai_time: Some(0), cancun_time: Some(0), prague_time: Some(0), ..merged(chain_id) },
        timestamp,
        extra_data: ExtraData { eip1559: EIP1559, min_base_fee: min_base_fee(jovian) }.encode(),
        gas_limit,
        difficulty: U256::ZERO,
        base_fee_per_gas: Some(L2_BASE_FEE.into()),
        alloc,
        ..Default::default()
    }
}

/// A chain config with every fork up to the merge at block 0.
fn merged(chain_id: u64) -> ChainConfig {
    ChainConfig {
        chain_id,
        homestead_block: Some(0),
        eip150_block: Some(0),
        eip155_block: Some(0),
        eip158_block: Some(0),
        byzantium_block: Some(0),
        constantinople_block: Some(0),
        petersburg_block: Some(0),
        istanbul_block: Some(0),
        berlin_block: Some(0),
        london_block: Some(0),
        merge_netsplit_block: Some(0),
        terminal_total_difficulty: Some(U256::ZERO),
        terminal_total_difficulty_passed: true,
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys;

    fn genesis(jovian: bool) -> DevGenesis {
        let config = DevConfig { jovian, ..DevConfig::default() };
        let operators = Operators::from_mnemonic(&config.mnemonic).unwrap();
        DevGenesis::new(&config, &keys::accounts(&config.mnemonic, 1).unwrap(), &operators, 1_800_000_000)
    }

    #[test]
    fn a_chain_has_jovian_everywhere_or_nowhere() {
        for jovian in [true, false] {
            let genesis = genesis(jovian);
            let operators = Operators::from_mnemonic(&genesis.mnemonic).unwrap();
            let (spec, system_config) = (genesis.l2_spec(), genesis.system_config(&operators));
            let rollup = genesis.rollup_config(BlockNumHash::default(), BlockNumHash::default(), system_config, 1);
            let said = spec.extra_data_of(&genesis.l2.extra_data).unwrap();
            assert_eq!((spec.is_jovian(), rollup.is_jovian(), said.eip1559), (jovian, jovian, EIP1559));
            assert_eq!(said.min_base_fee, jovian.then_some(1_000_000_000));
            assert_eq!(
                (system_config.min_base_fee, system_config.da_footprint_gas_scalar),
                if jovian { (1_000_000_000, 400) } else { (0, 0) }
            );
        }
    }

    #[test]
    fn a_chain_of_other_rules_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("dev.json");
        let mut kept = serde_json::to_value(genesis(true)).unwrap();
        kept.as_object_mut().unwrap().remove("rules").unwrap();
        std::fs::write(&path, kept.to_string()).unwrap();
        let refused = DevGenesis::read(&path).unwrap_err().to_string();
        assert!(refused.contains(&format!("rules 0, this program has {RULES}")), "{refused}");
    }

    #[test]
    fn a_chain_that_does_not_say_that_it_has_jovian_is_without_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("dev.json");
        let mut kept = serde_json::to_value(genesis(false)).unwrap();
        kept.as_object_mut().unwrap().remove("jovian").unwrap();
        std::fs::write(&path, kept.to_string()).unwrap();
        assert!(!DevGenesis::read(&path).unwrap().unwrap().l2_spec().is_jovian());
        genesis(true).write(&path).unwrap();
        assert!(DevGenesis::read(&path).unwrap().unwrap().l2_spec().is_jovian());
    }
}
