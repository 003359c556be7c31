//! Where contracts keep their variables. A proof (`eth_getProof`) and whoever reads state without the EVM need to know.

use alloy_primitives::{B256, U256, keccak256};

/// A variable: its slot, and the byte at which it begins, from the low end of the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Number of the slot; of a mapping or an array, that from which its elements' slots follow.
    pub slot: u64,
    /// Byte in the slot's word.
    pub offset: u8,
}

impl Variable {
    /// The slot as storage names it.
    pub fn key(self) -> U256 {
        U256::from(self.slot)
    }

    /// The slot of a mapping's value.
    pub fn at(self, key: impl Into<B256>) -> U256 {
        value_of(self.key(), key)
    }
}

/// The slot of a value in the mapping at `slot` (Solidity, "Layout of State Variables in Storage"). For a mapping in a mapping, call it twice.
pub fn value_of(slot: U256, key: impl Into<B256>) -> U256 {
    keccak256([key.into().0, slot.to_be_bytes()].concat()).into()
}

/// Declares the variables of contracts, and a table of them that the tests compare with the artifacts.
macro_rules! layouts {
    ($($module:ident $contract:literal { $($name:ident $label:literal $slot:literal $offset:literal)* })*) => {
        $(
            #[doc = concat!("`", $contract, "`.")]
            pub mod $module {
                use super::Variable;
                $(
                    #[doc = concat!("`", $label, "`.")]
                    pub const $name: Variable = Variable { slot: $slot, offset: $offset };
                )*
            }
        )*
        #[cfg(test)]
        const LAYOUTS: &[(&str, &str, &[(&str, Variable)])] = &[$((
            $contract,
            include_str!(concat!("../../../contracts/artifacts/", $contract, ".json")),
            &[$(($label, $module::$name)),*],
        )),*];
    };
}

layouts! {
    open_token "OpenToken" {
        BALANCES "_balances" 0 0
        ALLOWANCES "_allowances" 1 0
        TOTAL_SUPPLY "_totalSupply" 2 0
        NAME "_name" 3 0
        SYMBOL "_symbol" 4 0
    }
    system_config "SystemConfig" {
        OWNER "_owner" 0 0
        BATCHER_HASH "batcherHash" 1 0
        SCALAR "scalar" 2 0
        UNSAFE_BLOCK_SIGNER "unsafeBlockSigner" 3 0
        GAS_LIMIT "gasLimit" 3 20
        EIP1559_DENOMINATOR "eip1559Denominator" 3 28
        EIP1559_ELASTICITY "eip1559Elasticity" 4 0
        BASEFEE_SCALAR "basefeeScalar" 4 4
        BLOBBASEFEE_SCALAR "blobbasefeeScalar" 4 8
        OPERATOR_FEE_SCALAR "operatorFeeScalar" 4 12
        OPERATOR_FEE_CONSTANT "operatorFeeConstant" 4 16
        MIN_BASE_FEE "minBaseFee" 4 24
        DA_FOOTPRINT_GAS_SCALAR "daFootprintGasScalar" 5 0
    }
    attestation_verifier "AttestationVerifier" {
        OWNER "_owner" 0 0
        PROVER "prover" 1 0
    }
    output_proposals "OutputProposals" {
        LATEST_BLOCK_NUMBER "latestBlockNumber" 0 0
        LATEST_OUTPUT_ROOT "latestOutputRoot" 1 0
        OUTPUTS "outputs" 2 0
        IS_OUTPUT "isOutput" 3 0
    }
    tributary_portal "TributaryPortal" {
        FINALIZED_WITHDRAWALS "finalizedWithdrawals" 0 0
        PROVEN_WITHDRAWALS "provenWithdrawals" 1 0
        PROOF_SUBMITTERS "proofSubmitters" 2 0
        L2_SENDER "l2Sender" 3 0
        DEPOSIT_METER "depositMeter" 4 0
    }
    gas_price_oracle "GasPriceOracle" {
        IS_ECOTONE "isEcotone" 0 0
        IS_FJORD "isFjord" 0 1
        IS_ISTHMUS "isIsthmus" 0 2
        IS_JOVIAN "isJovian" 0 3
    }
    l1_block "L1Block" {
        NUMBER "number" 0 0
        TIMESTAMP "timestamp" 0 8
        BASEFEE "basefee" 1 0
        HASH "hash" 2 0
        SEQUENCE_NUMBER "sequenceNumber" 3 0
        BLOB_BASE_FEE_SCALAR "blobBaseFeeScalar" 3 8
        BASE_FEE_SCALAR "baseFeeScalar" 3 12
        BATCHER_HASH "batcherHash" 4 0
        L1_FEE_OVERHEAD "l1FeeOverhead" 5 0
        L1_FEE_SCALAR "l1FeeScalar" 6 0
        BLOB_BASE_FEE "blobBaseFee" 7 0
        OPERATOR_FEE_CONSTANT "operatorFeeConstant" 8 0
        OPERATOR_FEE_SCALAR "operatorFeeScalar" 8 8
        DA_FOOTPRINT_GAS_SCALAR "daFootprintGasScalar" 8 12
        RANDAO "_randao" 9 0
    }
    operator_fee_vault "OperatorFeeVault" {
        TOTAL_PROCESSED "totalProcessed" 0 0
    }
}

/// Proxies (ERC-1967).
pub mod erc1967 {
    use super::U256;
    /// The implementation's address: `keccak256("eip1967.proxy.implementation") - 1`.
    pub const IMPLEMENTATION: U256 =
        U256::from_be_bytes(alloy_primitives::hex!("360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"));
}

/// `L2ToL1MessagePasser`, which comes compiled, without a layout (specs: protocol/withdrawals).
pub mod message_passer {
    use super::Variable;
    /// Hash of a withdrawal → whether it was begun. What a withdrawal is proved with.
    pub const SENT_MESSAGES: Variable = Variable { slot: 0, offset: 0 };
}

/// The precompile `IAttributionStore`, which has no Solidity.
pub mod attribution_store {
    use super::{U256, Variable, keccak256};

    /// Number of sets; ids count from 1.
    pub const SET_COUNT: Variable = Variable { slot: 0, offset: 0 };

    /// Most payload bytes of a set; zero means [`SET_BYTES`]. Genesis writes it, and nothing can change it yet: that is for a governance to come.
    pub const SET_LIMIT: Variable = Variable { slot: 1, offset: 0 };

    /// What genesis writes there. A million sketches of 256 values fit (257 bytes each), or more than twice the 100 MB of text at which the engine is
    /// measured. At some 20 bytes of memory for a byte of text it is what a node of 8 GiB can index.
    pub const SET_BYTES: u64 = 1 << 28;

    /// The slots of a set: terms, growth, root.
    pub fn set(id: U256) -> [U256; 3] {
        let base: U256 = keccak256([b"tributary/set".as_slice(), &id.to_be_bytes::<32>()].concat()).into();
        [base, base.wrapping_add(U256::from(1)), base.wrapping_add(U256::from(2))]
    }

    /// The slot of a row's changes of status: four times a version of 56 bits and a status of 8, the oldest lowest; zeros where there is none.
    pub fn statuses(id: U256, row: u64) -> U256 {
        keccak256([b"tributary/status".as_slice(), &id.to_be_bytes::<32>(), &row.to_be_bytes()].concat()).into()
    }

    /// The slot of a row's contributor when the row was reassigned: 2^32 and the contributor.
    pub fn contributor(id: U256, row: u64) -> U256 {
        keccak256([b"tributary/contributor".as_slice(), &id.to_be_bytes::<32>(), &row.to_be_bytes()].concat()).into()
    }

    /// A slot of the list of a set of sketches' rows that were ever changed: eight numbers of 32 bits, the first lowest.
    pub fn changed_rows(id: U256, slot: u32) -> U256 {
        keccak256([b"tributary/changed".as_slice(), &id.to_be_bytes::<32>(), &u64::from(slot).to_be_bytes()].concat()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{address, b256};
    use serde_json::Value;

    #[test]
    fn every_variable_is_where_the_compiler_put_it_and_none_is_missing() {
        for (contract, artifact, listed) in LAYOUTS {
            let artifact: Value = serde_json::from_str(artifact).unwrap();
            let compiled = artifact["storageLayout"].as_array().unwrap().iter().map(|variable| {
                let place = Variable {
                    slot: variable["slot"].as_str().unwrap().parse().unwrap(),
                    offset: variable["offset"].as_u64().unwrap().try_into().unwrap(),
                };
                (variable["label"].as_str().unwrap().to_owned(), place)
            });
            let listed: Vec<_> = listed.iter().map(|(label, place)| ((*label).to_owned(), *place)).collect();
            assert_eq!(compiled.collect::<Vec<_>>(), listed, "{contract}");
        }
    }

    #[test]
    fn the_implementations_slot_is_that_of_erc_1967() {
        let hash: U256 = keccak256("eip1967.proxy.implementation").into();
        assert_eq!(erc1967::IMPLEMENTATION, hash - U256::from(1));
    }

    #[test]
    fn a_mappings_value_is_where_solidity_puts_it() {
        // As of `cast index address 0x…dead 2`.
        let slot = Variable { slot: 2, offset: 0 }.at(address!("000000000000000000000000000000000000dEaD").into_word());
        assert_eq!(B256::from(slot), b256!("6a9609baa168169acaea398c4407efea4be641bb08e21e88806d9836fd9333cc"));
    }
}
