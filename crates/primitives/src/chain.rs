//! A chain's rules: which forks are active when, and what follows from that.

use crate::{extra_data::ExtraData, rollup::Eip1559Params, transaction::Transaction};
use alloy_consensus::{Header, crypto::RecoveryError};
use alloy_eips::{
    eip1559::{BaseFeeParams, calc_next_block_base_fee},
    eip7594::MAX_BLOBS_PER_TX_FUSAKA,
    eip7840::{BLOB_BASE_COST, BlobParams},
};
use alloy_genesis::{ChainConfig, Genesis};
use alloy_hardforks::{EthereumHardfork, EthereumHardforks, ForkCondition};
use alloy_op_hardforks::{OpHardfork, OpHardforks};
use alloy_primitives::{Address, U256};

/// Whether a chain follows Ethereum's rules or the OP Stack's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainKind {
    /// Ethereum: blob transactions, withdrawals, EIP-7685 requests.
    Ethereum,
    /// OP Stack rollup at Isthmus or Jovian: deposits, L1 data fee, fee vaults.
    Rollup {
        /// EIP-1559 parameters in force where a header's extra data holds none (genesis).
        eip1559: Eip1559Params,
        /// Whether Jovian is active, which is from genesis on: minimum base fee, DA footprint, dearer operator fee.
        jovian: bool,
    },
}

/// A chain's rules and genesis.
#[derive(Debug, Clone)]
pub struct ChainSpec {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Ethereum or rollup.
    pub kind: ChainKind,
    /// Genesis block and state; its `config` is geth's chain config.
    pub genesis: Genesis,
    /// Whether this is a throw-away chain whose users may change any account and send from any ([`Self::for_development`]).
    pub development: bool,
    /// Fork activations, in order.
    forks: Vec<(EthereumHardfork, ForkCondition)>,
    /// Blob parameters by activation time, ascending.
    blobs: Vec<(u64, BlobParams)>,
}

impl ChainSpec {
    /// An Ethereum chain with the forks of its genesis' config.
    pub fn ethereum(genesis: Genesis) -> Self {
        let config = &genesis.config;
        Self {
            chain_id: config.chain_id,
            kind: ChainKind::Ethereum,
            development: false,
            forks: forks_of(config),
            blobs: blobs_of(config),
            genesis,
        }
    }

    /// An OP Stack rollup with all forks through Isthmus (Prague) active at genesis, and none after it.
    pub fn rollup(genesis: Genesis, eip1559: Eip1559Params) -> Self {
        let forks = EthereumHardfork::VARIANTS
            .iter()
            .take_while(|fork| **fork <= EthereumHardfork::Prague)
            .map(|fork| (*fork, ForkCondition::Timestamp(0)))
            .collect();
        Self {
            chain_id: genesis.config.chain_id,
            kind: ChainKind::Rollup { eip1559, jovian: false },
            genesis,
            development: false,
            forks,
            blobs: Vec::new(),
        }
    }

    /// The same rollup with Jovian active at genesis, too. Nothing else for an Ethereum chain.
    #[must_use]
    pub fn with_jovian(self) -> Self {
        let kind = match self.kind {
            ChainKind::Ethereum => ChainKind::Ethereum,
            ChainKind::Rollup { eip1559, .. } => ChainKind::Rollup { eip1559, jovian: true },
        };
        Self { kind, ..self }
    }

    /// The same chain for development: unsigned transactions ([`Transaction::unsigned`](crate::Transaction::unsigned)) are valid from any account, and
    /// the precompile that rewrites accounts is there. Both are transactions like others, so that every node still agrees on every block.
    #[must_use]
    pub fn for_development(self) -> Self {
        Self { development: true, ..self }
    }

    /// The sender of a transaction by this chain's rules.
    ///
    /// # Errors
    /// When the signature does not recover to a key and is not the mark of an unsigned transaction on a development chain.
    pub fn sender(&self, tx: &Transaction) -> Result<Address, RecoveryError> {
        match tx.unsigned_sender().filter(|_| self.development) {
            Some(sender) => Ok(sender),
            None => tx.sender(),
        }
    }

    /// Whether this is an OP Stack rollup.
    pub fn is_rollup(&self) -> bool {
        matches!(self.kind, ChainKind::Rollup { .. })
    }

    /// Whether this is a rollup with Jovian.
    pub const fn is_jovian(&self) -> bool {
        matches!(self.kind, ChainKind::Rollup { jovian: true, .. })
    }

    /// Whether `fork` is active in the block with this number and timestamp.
    pub fn is_active(&self, fork: EthereumHardfork, number: u64, timestamp: u64) -> bool {
        match self.ethereum_fork_activation(fork) {
            ForkCondition::Block(at) => number >= at,
            ForkCondition::Timestamp(at) => timestamp >= at,
            ForkCondition::TTD { activation_block_number, .. } => number >= activation_block_number,
            ForkCondition::Never => false,
        }
    }

    /// Blob parameters (EIP-7840, EIP-7892) at `timestamp`; `None` before Cancun and on a rollup, which has no blobs of its own.
    pub fn blob_params(&self, timestamp: u64) -> Option<BlobParams> {
        self.blobs.iter().rev().find(|(at, _)| timestamp >= *at).map(|(_, params)| *params)
    }

    /// The base fee of the block after `parent` (EIP-1559; since Holocene the rollup's parameters are those in the parent's extra data). With Jovian
    /// the parent's DA footprint counts where it is more than its gas, and there is a minimum (specs: protocol/jovian/exec-engine).
    /// `None` before London.
    pub fn next_base_fee(&self, parent: &Header, timestamp: u64) -> Option<u64> {
        if !self.is_active(EthereumHardfork::London, parent.number + 1, timestamp) {
            return None;
        }
        let Some(base_fee) = parent.base_fee_per_gas else { return Some(alloy_eips::eip1559::INITIAL_BASE_FEE) };
        let next = calc_next_block_base_fee(self.gas_metered(parent), parent.gas_limit, base_fee, self.base_fee_params(parent));
        Some(next.max(self.min_base_fee(parent)))
    }

    /// What of a block's gas limit is taken: its gas, or with Jovian its DA footprint where that is more.
    pub fn gas_metered(&self, header: &Header) -> u64 {
        let footprint = header.blob_gas_used.filter(|_| self.is_jovian());
        header.gas_used.max(footprint.unwrap_or_default())
    }

    /// The EIP-1559 parameters that `parent` prescribes for its child.
    pub fn base_fee_params(&self, parent: &Header) -> BaseFeeParams {
        match self.kind {
            ChainKind::Ethereum => BaseFeeParams::ethereum(),
            ChainKind::Rollup { eip1559, .. } => {
                let said = self.extra_data_of(&parent.extra_data).map(|extra| extra.eip1559);
                let params = said.filter(|p| p.denominator != 0).unwrap_or(eip1559);
                BaseFeeParams::new(params.denominator.into(), params.elasticity.into())
            }
        }
    }

    /// The least base fee that `parent` prescribes for its child, wei; zero on a chain that knows none.
    pub fn min_base_fee(&self, parent: &Header) -> u64 {
        self.extra_data_of(&parent.extra_data).and_then(|extra| extra.min_base_fee).unwrap_or_default()
    }

    /// What a rollup's extra data says, if it is in the version that the chain has.
    pub fn extra_data_of(&self, extra: &[u8]) -> Option<ExtraData> {
        let extra = self.is_rollup().then(|| ExtraData::decode(extra))??;
        (extra.min_base_fee.is_some() == self.is_jovian()).then_some(extra)
    }

    /// The contract whose `DepositEvent`s become EIP-6110 requests.
    pub fn beacon_deposit_contract(&self) -> Option<Address> {
        self.genesis.config.deposit_contract_address
    }
}

impl EthereumHardforks for ChainSpec {
    fn ethereum_fork_activation(&self, fork: EthereumHardfork) -> ForkCondition {
        self.forks.iter().find(|(f, _)| *f == fork).map_or(ForkCondition::Never, |(_, at)| *at)
    }
}

impl OpHardforks for ChainSpec {
    fn op_fork_activation(&self, fork: OpHardfork) -> ForkCondition {
        let newest = if self.is_jovian() { OpHardfork::Jovian } else { OpHardfork::Isthmus };
        if self.is_rollup() && fork <= newest { ForkCondition::Timestamp(0) } else { ForkCondition::Never }
    }
}

/// Fork activations of a geth chain config.
fn forks_of(config: &ChainConfig) -> Vec<(EthereumHardfork, ForkCondition)> {
    use EthereumHardfork as F;
    let block = |at: Option<u64>| at.map_or(ForkCondition::Never, ForkCondition::Block);
    let time = |at: Option<u64>| at.map_or(ForkCondition::Never, ForkCondition::Timestamp);
    let merged = merge_block(config);
    let paris = merged.map_or(ForkCondition::Never, |number| ForkCondition::TTD {
        activation_block_number: number,
        fork_block: config.merge_netsplit_block,
        total_difficulty: config.terminal_total_difficulty.unwrap_or_default(),
    });
    vec![
        (F::Frontier, ForkCondition::Block(0)),
        (F::Homestead, block(config.homestead_block)),
        (F::Dao, if config.dao_fork_support { block(config.dao_fork_block) } else { ForkCondition::Never }),
        (F::Tangerine, block(config.eip150_block)),
        (F::SpuriousDragon, block(config.eip155_block.or(config.eip158_block))),
        (F::Byzantium, block(config.byzantium_block)),
        (F::Constantinople, block(config.constantinople_block)),
        (F::Petersburg, block(config.petersburg_block.or(config.constantinople_block))),
        (F::Istanbul, block(config.istanbul_block)),
        (F::MuirGlacier, block(config.muir_glacier_block)),
        (F::Berlin, block(config.berlin_block)),
        (F::London, block(config.london_block)),
        (F::ArrowGlacier, block(config.arrow_glacier_block)),
        (F::GrayGlacier, block(config.gray_glacier_block)),
        (F::Paris, paris),
        (F::Shanghai, time(config.shanghai_time)),
        (F::Cancun, time(config.cancun_time)),
        (F::Prague, time(config.prague_time)),
        (F::Osaka, time(config.osaka_time)),
        (F::Bpo1, time(config.bpo1_time)),
        (F::Bpo2, time(config.bpo2_time)),
        (F::Bpo3, time(config.bpo3_time)),
        (F::Bpo4, time(config.bpo4_time)),
        (F::Bpo5, time(config.bpo5_time)),
    ]
}

/// The first block under proof of stake: given as the netsplit block, or genesis where the total difficulty is reached from the start.
fn merge_block(config: &ChainConfig) -> Option<u64> {
    if let Some(number) = config.merge_netsplit_block {
        return Some(number);
    }
    match config.terminal_total_difficulty {
        Some(total) if total == U256::ZERO || config.terminal_total_difficulty_passed => Some(0),
        _ => None,
    }
}

/// Blob parameters of a geth chain config: `blobSchedule` where given, the EIPs' defaults otherwise.
fn blobs_of(config: &ChainConfig) -> Vec<(u64, BlobParams)> {
    let given = |name: &str| config.blob_schedule.get(name).copied();
    // Since Osaka a blob has a reserve price (EIP-7918) and a transaction its own limit (EIP-7594), of which the schedule says nothing.
    let since_osaka =
        |name: &str| given(name).map(|p| p.with_blob_base_cost(BLOB_BASE_COST).with_max_blobs_per_tx(MAX_BLOBS_PER_TX_FUSAKA));
    let osaka = since_osaka("osaka").unwrap_or_else(BlobParams::osaka);
    let schedule = [
        (config.cancun_time, given("cancun").unwrap_or_else(BlobParams::cancun)),
        (config.prague_time, given("prague").unwrap_or_else(BlobParams::prague)),
        (config.osaka_time, osaka),
        (config.bpo1_time, since_osaka("bpo1").unwrap_or_else(BlobParams::bpo1)),
        (config.bpo2_time, since_osaka("bpo2").unwrap_or_else(BlobParams::bpo2)),
        (config.bpo3_time, since_osaka("bpo3").unwrap_or(osaka)),
        (config.bpo4_time, since_osaka("bpo4").unwrap_or(osaka)),
        (config.bpo5_time, since_osaka("bpo5").unwrap_or(osaka)),
    ];
    let mut out: Vec<_> = schedule.into_iter().filter_map(|(at, params)| Some((at?, params))).collect();
    out.sort_by_key(|(at, _)| *at);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_schedule_since_osaka_has_the_reserve_price_that_it_does_not_mention() {
        let given = BlobParams { max_blob_count: 21, blob_base_cost: 0, max_blobs_per_tx: 21, ..BlobParams::bpo2() };
        let blob_schedule = [("prague".to_owned(), BlobParams::prague()), ("bpo2".to_owned(), given)].into();
        let config = ChainConfig { prague_time: Some(10), bpo2_time: Some(20), blob_schedule, ..Default::default() };
        let spec = ChainSpec::ethereum(Genesis { config, ..Default::default() });
        assert_eq!(spec.blob_params(10), Some(BlobParams::prague()));
        assert_eq!(spec.blob_params(20), Some(BlobParams::bpo2()));
    }

    #[test]
    fn a_rollup_is_at_prague_from_its_first_block_and_has_no_blobs() {
        let spec = ChainSpec::rollup(Genesis::default(), Eip1559Params { denominator: 250, elasticity: 6 });
        assert!(spec.is_active(EthereumHardfork::Prague, 0, 0) && !spec.is_active(EthereumHardfork::Osaka, 0, u64::MAX));
        assert_eq!(spec.blob_params(u64::MAX), None);
        assert!(spec.is_isthmus_active_at_timestamp(0) && !spec.is_jovian_active_at_timestamp(u64::MAX));
        let jovian = spec.with_jovian();
        assert!(jovian.is_jovian_active_at_timestamp(0) && !jovian.is_interop_active_at_timestamp(u64::MAX));
        assert!(!ChainSpec::ethereum(Genesis::default()).with_jovian().is_jovian());
    }

    /// A block with a target of 10,000,000 gas whose base fee moves by a tenth at most.
    fn parent(min_base_fee: Option<u64>, gas_used: u64, footprint: u64) -> Header {
        let eip1559 = Eip1559Params { denominator: 10, elasticity: 2 };
        Header {
            gas_limit: 20_000_000,
            gas_used,
            blob_gas_used: Some(footprint),
            base_fee_per_gas: Some(1_000),
            extra_data: ExtraData { eip1559, min_base_fee }.encode(),
            ..Default::default()
        }
    }

    fn rollup() -> ChainSpec {
        ChainSpec::rollup(Genesis::default(), Eip1559Params { denominator: 250, elasticity: 6 })
    }

    #[test]
    fn with_jovian_the_base_fee_is_not_below_the_minimum_and_otherwise_what_it_was() {
        let next = |minimum, gas| rollup().with_jovian().next_base_fee(&parent(Some(minimum), gas, 0), 1).unwrap();
        assert_eq!([0, 899, 900, 901, 5_000].map(|minimum| next(minimum, 0)), [900, 900, 900, 901, 5_000]);
        assert_eq!([0, 1_100, 1_101].map(|minimum| next(minimum, 20_000_000)), [1_100, 1_100, 1_101]);
        // A minimum of the parent is for its child, even where the parent's own fee is below it.
        assert_eq!(next(2_000, 10_000_000), 2_000);
    }

    #[test]
    fn with_jovian_the_larger_of_gas_and_da_footprint_moves_the_base_fee() {
        let next = |gas, footprint| rollup().with_jovian().next_base_fee(&parent(Some(0), gas, footprint), 1).unwrap();
        assert_eq!(next(0, 20_000_000), 1_100);
        assert_eq!(next(20_000_000, 0), 1_100);
        assert_eq!(next(0, 10_000_000), 1_000);
        assert_eq!(next(5_000_000, 5_000_000), 950);
        assert_eq!(next(5_000_000, 15_000_000), 1_050);
    }

    #[test]
    fn without_jovian_neither_footprint_nor_minimum_is_known() {
        assert_eq!(rollup().next_base_fee(&parent(None, 0, 20_000_000), 1), Some(900));
        let params = BaseFeeParams::new(250, 6);
        assert_eq!(rollup().base_fee_params(&parent(Some(5_000), 0, 0)), params, "extra data of another fork says nothing");
        assert_eq!(rollup().with_jovian().base_fee_params(&parent(None, 0, 0)), params);
        assert_eq!(rollup().min_base_fee(&parent(Some(5_000), 0, 0)), 0);
    }

    #[test]
    fn forks_activate_in_the_order_of_the_config() {
        let config = ChainConfig {
            homestead_block: Some(2),
            terminal_total_difficulty: Some(U256::ZERO),
            shanghai_time: Some(10),
            cancun_time: Some(20),
            ..Default::default()
        };
        let spec = ChainSpec::ethereum(Genesis { config, ..Default::default() });
        assert!(!spec.is_active(EthereumHardfork::Homestead, 1, 0));
        assert!(spec.is_active(EthereumHardfork::Shanghai, 2, 15) && !spec.is_active(EthereumHardfork::Cancun, 2, 15));
        assert_eq!(spec.blob_params(19), None);
        assert_eq!(spec.blob_params(20), Some(BlobParams::cancun()));
    }
}
