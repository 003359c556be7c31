//! The contracts that the demo talks to, bound to their sources.

#![allow(clippy::too_many_arguments, reason = "the functions are the contracts'")]

use alloy_primitives::{Address, address};
use alloy_sol_types::sol;

sol!("../contracts/src/interfaces/ITextAttribution.sol");
sol!(
    #[derive(Debug)]
    Datanets,
    "../contracts/artifacts/Datanets.json"
);
sol!(
    #[derive(Debug)]
    Inference,
    "../contracts/artifacts/Inference.json"
);

/// `Predeploys.DATANETS`.
pub(crate) const DATANETS: Address = address!("00000000000000000000000000000000000A7710");
/// `Predeploys.INFERENCE`.
pub(crate) const INFERENCE: Address = address!("00000000000000000000000000000000000A7711");
/// `Predeploys.TEXT_ATTRIBUTION`.
pub(crate) const TEXT_ATTRIBUTION: Address = address!("00000000000000000000000000000000000A7704");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_are_those_of_the_contracts_library() {
        let library = include_str!("../../../contracts/src/l2/Predeploys.sol").to_lowercase();
        for address in [DATANETS, INFERENCE, TEXT_ATTRIBUTION] {
            assert!(library.contains(&address.to_string().to_lowercase()), "{address}");
        }
    }
}
