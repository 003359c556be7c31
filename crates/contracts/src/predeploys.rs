//! Addresses that are fixed before the first L2 block: the OP Stack's, this project's contracts, and precompiles.

use alloy_primitives::{Address, address};

pub use tributary_primitives::rollup::predeploys::{BASE_FEE_VAULT, DEPOSITOR, L1_BLOCK, MESSAGE_PASSER, SEQUENCER_FEE_VAULT};

/// OPEN as a token: WETH9's functions, and permits.
pub const WRAPPED_OPEN: Address = address!("4200000000000000000000000000000000000006");
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
/// Holds what accounts are owed and what modules have in escrow.
pub const PAYOUTS: Address = address!("00000000000000000000000000000000000A7712");
/// Draws juries, who review and judge.
pub const JURIES: Address = address!("00000000000000000000000000000000000A7713");
/// Registers models.
pub const MODELS: Address = address!("00000000000000000000000000000000000A7714");
/// Pays what nobody's words explain over a datanet's past credits.
pub const COMMONS: Address = address!("00000000000000000000000000000000000A7715");
/// Holds stakes.
pub const STAKES: Address = address!("00000000000000000000000000000000000A7716");
/// What governance may change, within bounds.
pub const PARAMETERS: Address = address!("00000000000000000000000000000000000A7717");
/// Shares out what the fee vaults collect.
pub const FEE_DISTRIBUTOR: Address = address!("00000000000000000000000000000000000A7718");
/// OPEN that votes.
pub const VOTING_OPEN: Address = address!("00000000000000000000000000000000000A7719");
/// Decides by votes.
pub const GOVERNOR: Address = address!("00000000000000000000000000000000000A771A");
/// Executes what was decided, after a delay; owns what may be changed.
pub const TIMELOCK: Address = address!("00000000000000000000000000000000000A771b");
/// Reads and divides what an answer is made of, for `Inference`.
pub const DIVISION: Address = address!("00000000000000000000000000000000000A771C");
/// Code that `Models` runs on its own storage.
pub const MODEL_DISPUTES: Address = address!("c0De00000000000000000000000000000D0A7714");
/// Code that `Datanets` runs on its own storage.
pub const DATANET_REVIEW: Address = address!("c0de00000000000000000000000000000d0A7710");

/// Contracts that governance may replace, each a proxy (ERC-1967).
pub const PROXIES: [Address; 8] = [DATANETS, INFERENCE, JURIES, MODELS, COMMONS, PARAMETERS, FEE_DISTRIBUTOR, DIVISION];

/// Proxies that wait for contracts to come, so that a chain that exists gets those at addresses that every chain has.
pub const RESERVED: [Address; 19] = reserved();

const fn reserved() -> [Address; 19] {
    let mut all = [DIVISION; 19];
    let mut index = 0;
    while index < all.len() {
        all[index].0.0[19] = 0x1d + index as u8;
        index += 1;
    }
    all
}

/// Where the implementation behind a proxy stands at genesis. Those in reserve share the first one's.
pub fn implementation_of(proxy: Address) -> Address {
    let mut address = if RESERVED.contains(&proxy) { RESERVED[0] } else { proxy };
    address[..2].copy_from_slice(&[0xc0, 0xde]);
    address
}

/// Precompile `IDevelopment`, on development chains alone.
pub const DEVELOPMENT: Address = address!("00000000000000000000000000000000000A77dE");
/// Who may call it: an account without a key, from which a development node sends unsigned transactions.
pub const DEVELOPER: Address = address!("00000000000000000000000000000000000A77d0");

/// Precompiles of the attribution engine.
pub const ATTRIBUTION: [Address; 5] = [ATTRIBUTION_STORE, SKETCH_ATTRIBUTION, SHAPLEY_ATTRIBUTION, TEXT_ATTRIBUTION, REWARD_SPLIT];

/// Everything in L2 genesis that is no preinstall, no implementation and not in reserve, by the name that the artifacts use.
pub const ALL: [(&str, Address); 28] = [
    ("WrappedOpen", WRAPPED_OPEN),
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
    ("Payouts", PAYOUTS),
    ("Juries", JURIES),
    ("Models", MODELS),
    ("Commons", COMMONS),
    ("Stakes", STAKES),
    ("Parameters", PARAMETERS),
    ("FeeDistributor", FEE_DISTRIBUTOR),
    ("VotingOpen", VOTING_OPEN),
    ("TributaryGovernor", GOVERNOR),
    ("TributaryTimelock", TIMELOCK),
    ("Division", DIVISION),
    ("ModelDisputes", MODEL_DISPUTES),
    ("DatanetReview", DATANET_REVIEW),
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
            ("SKETCH_ATTRIBUTION".to_owned(), SKETCH_ATTRIBUTION),
            ("TEXT_ATTRIBUTION".to_owned(), TEXT_ATTRIBUTION),
            ("REWARD_SPLIT".to_owned(), REWARD_SPLIT),
            ("L1_BLOCK".to_owned(), L1_BLOCK),
            ("WRAPPED_OPEN".to_owned(), WRAPPED_OPEN),
            ("DATANETS".to_owned(), DATANETS),
            ("INFERENCE".to_owned(), INFERENCE),
            ("PAYOUTS".to_owned(), PAYOUTS),
            ("JURIES".to_owned(), JURIES),
            ("MODELS".to_owned(), MODELS),
            ("COMMONS".to_owned(), COMMONS),
            ("STAKES".to_owned(), STAKES),
            ("PARAMETERS".to_owned(), PARAMETERS),
            ("FEE_DISTRIBUTOR".to_owned(), FEE_DISTRIBUTOR),
            ("VOTING_OPEN".to_owned(), VOTING_OPEN),
            ("GOVERNOR".to_owned(), GOVERNOR),
            ("TIMELOCK".to_owned(), TIMELOCK),
            ("DIVISION".to_owned(), DIVISION),
            ("MODEL_DISPUTES".to_owned(), MODEL_DISPUTES),
            ("DATANET_REVIEW".to_owned(), DATANET_REVIEW),
        ]);
        assert_eq!(library(), ours, "a constant of the library is missing here, or is another address");
    }

    #[test]
    fn what_genesis_holds_is_what_is_listed() {
        let named = crate::genesis::names(crate::genesis::L2_PREDEPLOYS);
        for (name, address) in ALL {
            assert_eq!(named.get(&address).map(String::as_str), Some(name), "{address}");
        }
        let behind = PROXIES.into_iter().chain(RESERVED).map(implementation_of);
        let known: Vec<_> = ALL.iter().map(|(_, address)| *address).chain(RESERVED).chain(behind).collect();
        let others: Vec<_> = named.iter().filter(|(address, _)| !known.contains(address)).collect();
        assert!(others.is_empty(), "neither listed here nor a preinstall: {others:?}");
    }
}
