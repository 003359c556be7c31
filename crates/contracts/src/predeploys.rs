//! Addresses that are fixed before the first L2 block: the OP Stack's, this project's contracts, and precompiles.

use alloy_primitives::{Address, address};

pub use tributary_primitives::rollup::predeploys::{BASE_FEE_VAULT, DEPOSITOR, L1_BLOCK, MESSAGE_PASSER, SEQUENCER_FEE_VAULT};

/// WETH9, here wrapped OPEN.
pub const WETH: Address = address!("4200000000000000000000000000000000000006");
/// Tells what a transaction pays beside its gas.
pub const GAS_PRICE_ORACLE: Address = address!("420000000000000000000000000000000000000F");
/// Receives what transactions pay for L1 data.
pub const L1_FEE_VAULT: Address = address!("420000000000000000000000000000000000001A");
/// Receives the operator fee (specs: protocol/isthmus/predeploys).
pub const OPERATOR_FEE_VAULT: Address = address!("420000000000000000000000000000000000001B");

/// Precompile `IAttributionStore`.
pub const ATTRIBUTION_STORE: Address = address!("00000000000000000000000000000000000A7701");
/// Precompile `ISketchAttribution`.
pub const SKETCH_ATTRIBUTION: Address = address!("00000000000000000000000000000000000A7702");
/// Precompile `IShapleyAttribution`.
pub const SHAPLEY_ATTRIBUTION: Address = address!("00000000000000000000000000000000000A7703");
/// Precompile `ITextAttribution`.
pub const TEXT_ATTRIBUTION: Address = address!("00000000000000000000000000000000000A7704");
/// Precompile `IRewardSplit`.
pub const REWARD_SPLIT: Address = address!("00000000000000000000000000000000000A7705");

/// Keeps datanets.
pub const DATANETS: Address = address!("00000000000000000000000000000000000A7710");
/// Sells inference.
pub const INFERENCE: Address = address!("00000000000000000000000000000000000A7711");

/// Holds what accounts are owed.
pub const PAYOUTS: Address = address!("00000000000000000000000000000000000A7712");
/// Draws juries.
pub const JURIES: Address = address!("00000000000000000000000000000000000A7713");
/// Keeps models and their lineage.
pub const MODELS: Address = address!("00000000000000000000000000000000000A7714");
/// Pays out what nobody earned.
pub const COMMONS: Address = address!("00000000000000000000000000000000000A7715");
/// Holds what accounts put at risk.
pub const STAKES: Address = address!("00000000000000000000000000000000000A7716");
/// Numbers that governance may change.
pub const PARAMETERS: Address = address!("00000000000000000000000000000000000A7717");
/// Receives what the protocol earns.
pub const FEE_DISTRIBUTOR: Address = address!("00000000000000000000000000000000000A7718");
/// Votes, one for each OPEN that is locked.
pub const VOTING_OPEN: Address = address!("00000000000000000000000000000000000A7719");
/// Takes proposals and votes.
pub const GOVERNOR: Address = address!("00000000000000000000000000000000000A771A");
/// Executes what was decided, after a delay.
pub const TIMELOCK: Address = address!("00000000000000000000000000000000000A771b");

/// Precompile `IDevelopment`, on development chains alone.
pub const DEVELOPMENT: Address = address!("00000000000000000000000000000000000A77dE");
/// Who may call it: an account without a key, from which a development node sends unsigned transactions.
pub const DEVELOPER: Address = address!("00000000000000000000000000000000000A77d0");

/// Precompiles of the attribution engine.
pub const ATTRIBUTION: [Address; 5] = [ATTRIBUTION_STORE, SKETCH_ATTRIBUTION, SHAPLEY_ATTRIBUTION, TEXT_ATTRIBUTION, REWARD_SPLIT];

/// Everything in L2 genesis that is no preinstall, by the name that the artifacts use.
pub const ALL: [(&str, Address); 15] = [
    ("WETH", WETH),
    ("L2ToL1MessagePasser", MESSAGE_PASSER),
    ("GasPriceOracle", GAS_PRICE_ORACLE),
    ("L1Block", L1_BLOCK),
    ("SequencerFeeVault", SEQUENCER_FEE_VAULT),
    ("BaseFeeVault", BASE_FEE_VAULT),
    ("L1FeeVault", L1_FEE_VAULT),
    ("OperatorFeeVault", OPERATOR_FEE_VAULT),
    ("IAttributionStore", ATTRIBUTION_STORE),
    ("ISketchAttribution", SKETCH_ATTRIBUTION),
    ("IShapleyAttribution", SHAPLEY_ATTRIBUTION),
    ("ITextAttribution", TEXT_ATTRIBUTION),
    ("IRewardSplit", REWARD_SPLIT),
    ("Datanets", DATANETS),
    ("Inference", INFERENCE),
];

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::hex;
    use std::collections::BTreeMap;

    /// Constants of `Predeploys.sol`: name → address.
    fn library() -> BTreeMap<String, Address> {
        let source = include_str!("../../../contracts/src/l2/Predeploys.sol");
        let statements = source.split(';').filter(|statement| statement.contains(" constant "));
        statements
            .map(|statement| {
                let name = statement.split(" constant ").nth(1).unwrap().split('=').next().unwrap().trim();
                let digits = &statement[statement.find("0x").unwrap() + 2..][..40];
                (name.to_owned(), Address::from_slice(&hex::decode(digits).unwrap()))
            })
            .collect()
    }

    #[test]
    fn the_addresses_are_those_of_the_contracts_library() {
        let ours = BTreeMap::from([
            ("ATTRIBUTION_STORE".to_owned(), ATTRIBUTION_STORE),
            ("TEXT_ATTRIBUTION".to_owned(), TEXT_ATTRIBUTION),
            ("REWARD_SPLIT".to_owned(), REWARD_SPLIT),
            ("DATANETS".to_owned(), DATANETS),
            ("INFERENCE".to_owned(), INFERENCE),
            ("L1_BLOCK".to_owned(), L1_BLOCK),
        ]);
        assert_eq!(library(), ours, "a constant of the library is missing here, or is another address");
    }

    #[test]
    fn what_genesis_holds_is_what_is_listed() {
        let named = crate::genesis::names(crate::genesis::L2_PREDEPLOYS);
        for (name, address) in ALL {
            assert_eq!(named.get(&address).map(String::as_str), Some(name), "{address}");
        }
        let known = |address: &Address| ALL.iter().any(|(_, listed)| listed == address);
        let others: Vec<_> = named.iter().filter(|(address, _)| !known(address)).collect();
        assert!(others.is_empty(), "neither listed here nor a preinstall: {others:?}");
    }
}
