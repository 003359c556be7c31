//! What the genesis of either chain holds beside money, from the committed artifacts.

use crate::{
    predeploys::{ATTRIBUTION_STORE, GAS_PRICE_ORACLE},
    preinstalls::PERMIT2,
    slots::{attribution_store, gas_price_oracle::IS_JOVIAN},
};
use alloy_genesis::GenesisAccount;
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_sol_types::{Eip712Domain, eip712_domain};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Contracts that the embedded L1 has from its beginning.
pub(crate) const L1_PREDEPLOYS: &str = include_str!("../../../contracts/artifacts/l1-predeploys.json");

/// The protocol's contracts on L2.
pub(crate) const L2_PREDEPLOYS: &str = include_str!("../../../contracts/artifacts/l2-predeploys.json");

/// Contracts of others on L2.
pub(crate) const L2_PREINSTALLS: &str = include_str!("../../../contracts/artifacts/l2-preinstalls.json");

/// One entry of an artifact.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    #[cfg_attr(not(test), expect(dead_code, reason = "for people who read the artifact, and for tests"))]
    name: String,
    code: Bytes,
    storage: BTreeMap<B256, B256>,
    nonce: U64,
    /// Offsets in the code of the 32-byte words that hold the chain id.
    #[serde(default)]
    chain_id: Vec<usize>,
    /// Offsets of the words that hold the domain separator (EIP-712) that follows from the chain id.
    #[serde(default)]
    domain_separator: Vec<usize>,
}

/// What an L2 chain fills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct L2Genesis {
    /// The chain's id.
    pub chain_id: u64,
    /// Whether Jovian is active.
    pub jovian: bool,
}

/// Accounts of the embedded L1.
pub fn l1_accounts() -> BTreeMap<Address, GenesisAccount> {
    entries(L1_PREDEPLOYS).into_iter().map(|(address, entry)| (address, account(entry))).collect()
}

/// Accounts of L2: predeploys and preinstalls.
pub fn l2_accounts(genesis: L2Genesis) -> BTreeMap<Address, GenesisAccount> {
    let entries = entries(L2_PREDEPLOYS).into_iter().chain(entries(L2_PREINSTALLS));
    let mut accounts: BTreeMap<_, _> = entries.map(|(address, entry)| (address, account(filled(entry, genesis)))).collect();
    let mut slot = |address, key: U256, change: &dyn Fn(U256) -> U256| {
        let storage = accounts.entry(address).or_default().storage.get_or_insert_default();
        let value = storage.entry(key.into()).or_default();
        *value = change((*value).into()).into();
    };
    slot(ATTRIBUTION_STORE, attribution_store::SET_LIMIT.key(), &|_| U256::from(attribution_store::SET_BYTES));
    if !genesis.jovian {
        // The artifact has the flags of all forks.
        slot(GAS_PRICE_ORACLE, IS_JOVIAN.key(), &|flags| flags & !(U256::from(0xff) << (8 * usize::from(IS_JOVIAN.offset))));
    }
    accounts
}

fn entries(artifact: &str) -> BTreeMap<Address, Entry> {
    serde_json::from_str(artifact).expect("invariant: the committed artifacts are well-formed, and a test reads them all")
}

fn filled(mut entry: Entry, genesis: L2Genesis) -> Entry {
    let mut code = entry.code.to_vec();
    let domain: Eip712Domain = eip712_domain! { name: "Permit2", chain_id: genesis.chain_id, verifying_contract: PERMIT2, };
    for (offsets, word) in [(&entry.chain_id, U256::from(genesis.chain_id).into()), (&entry.domain_separator, domain.separator())] {
        for offset in offsets {
            code[*offset..offset + 32].copy_from_slice(word.as_slice());
        }
    }
    entry.code = code.into();
    entry
}

fn account(entry: Entry) -> GenesisAccount {
    let code = Some(entry.code).filter(|code| !code.is_empty());
    let storage = Some(entry.storage).filter(|storage| !storage.is_empty());
    GenesisAccount { nonce: Some(entry.nonce.to()), code, storage, ..Default::default() }
}

#[cfg(test)]
pub(crate) fn names(artifact: &str) -> BTreeMap<Address, String> {
    entries(artifact).into_iter().map(|(address, entry)| (address, entry.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predeploys::{
        BASE_FEE_VAULT, FEE_DISTRIBUTOR, L1_FEE_VAULT, OPERATOR_FEE_VAULT, PROXIES, RESERVED, SEQUENCER_FEE_VAULT, implementation_of,
    };
    use crate::preinstalls::{
        BEACON_BLOCK_ROOTS_SENDER, CODE_HASHES, ENTRY_POINT_V06, ENTRY_POINT_V07, HISTORY_STORAGE_SENDER, SENDER_CREATOR_V06,
        SENDER_CREATOR_V07,
    };
    use crate::slots::erc1967;
    use alloy_primitives::keccak256;

    /// Most bytes of a contract's code (EIP-170).
    const MAX_CODE: usize = 24_576;

    fn l2(chain_id: u64) -> BTreeMap<Address, GenesisAccount> {
        l2_accounts(L2Genesis { chain_id, jovian: true })
    }

    fn code(account: &GenesisAccount) -> Bytes {
        account.code.clone().unwrap_or_default()
    }

    #[test]
    fn every_preinstall_has_the_code_that_it_has_elsewhere() {
        let accounts = l2(1);
        for (address, hash) in CODE_HASHES {
            assert_eq!(keccak256(code(&accounts[&address])), hash, "{address}");
        }
        let listed = CODE_HASHES.iter().map(|(address, _)| *address).chain([BEACON_BLOCK_ROOTS_SENDER, HISTORY_STORAGE_SENDER]);
        assert_eq!(listed.collect::<std::collections::BTreeSet<_>>(), names(L2_PREINSTALLS).into_keys().collect());
    }

    #[test]
    fn permit2_is_filled_for_its_chain_and_nothing_else_depends_on_it() {
        let (one, other) = (l2(1), l2(630_925));
        let differing: Vec<_> = one.iter().filter(|(address, account)| other[*address] != **account).map(|(address, _)| *address).collect();
        assert_eq!(differing, [PERMIT2]);
        // The cached domain separator of Ethereum's Permit2.
        let separator = alloy_primitives::hex!("866a5aba21966af95d6c7ab78eb2b2fc913915c28be3b9aa07cc04ff903e3f28");
        let holds = |account: &GenesisAccount| code(account).windows(32).any(|word| word == separator);
        assert!(holds(&one[&PERMIT2]) && !holds(&other[&PERMIT2]));
    }

    #[test]
    fn the_oracle_has_the_flags_of_the_chains_forks_and_the_store_has_a_limit() {
        let word = |jovian, address: Address, slot: u64| {
            let accounts = l2_accounts(L2Genesis { chain_id: 1, jovian });
            U256::from_be_bytes(accounts[&address].storage.as_ref().unwrap()[&B256::from(U256::from(slot))].0)
        };
        assert_eq!(word(true, GAS_PRICE_ORACLE, 0), U256::from(0x01_01_01_01));
        assert_eq!(word(false, GAS_PRICE_ORACLE, 0), U256::from(0x01_01_01));
        assert_eq!(word(true, ATTRIBUTION_STORE, 1), U256::from(268_435_456));
    }

    #[test]
    fn fee_vaults_pay_the_distributor() {
        let accounts = l2(1);
        for vault in [SEQUENCER_FEE_VAULT, BASE_FEE_VAULT, L1_FEE_VAULT, OPERATOR_FEE_VAULT] {
            let words = code(&accounts[&vault]).windows(32).filter(|word| *word == FEE_DISTRIBUTOR.into_word()).count();
            assert!(words > 0, "{vault}");
        }
    }

    #[test]
    fn a_proxy_is_openzeppelins_and_has_an_implementation_that_knows_its_own_address() {
        let accounts = l2(1);
        for proxy in PROXIES.into_iter().chain(RESERVED) {
            assert_eq!(code(&accounts[&proxy]), code(&accounts[&PROXIES[0]]), "{proxy}");
            let storage = accounts[&proxy].storage.clone().unwrap();
            let implementation = Address::from_word(storage[&B256::from(erc1967::IMPLEMENTATION)]);
            assert_eq!((implementation, storage.len()), (implementation_of(proxy), 1), "{proxy}");
            assert!(accounts[&implementation].storage.is_none(), "{proxy} would not see what its implementation's constructor stored");
            // `__self` of UUPS, without which it could be upgraded to nothing.
            let known = code(&accounts[&implementation]).windows(32).any(|word| *word == implementation.into_word());
            assert!(known, "{proxy}");
        }
    }

    #[test]
    fn sender_creators_are_where_their_entry_points_would_have_created_them() {
        assert_eq!(ENTRY_POINT_V06.create(1), SENDER_CREATOR_V06);
        assert_eq!(ENTRY_POINT_V07.create(1), SENDER_CREATOR_V07);
        let accounts = l2(1);
        assert!(code(&accounts[&ENTRY_POINT_V07]).windows(20).any(|word| word == SENDER_CREATOR_V07.as_slice()));
    }

    #[test]
    fn no_account_is_empty_or_larger_than_a_deployed_contract_may_be() {
        for (address, account) in l1_accounts().into_iter().chain(l2(1)) {
            assert_eq!(account.nonce, Some(1), "{address}");
            assert!(code(&account).len() <= MAX_CODE, "{address}");
        }
    }

    #[test]
    fn predeploys_and_preinstalls_do_not_overlap() {
        let predeploys = names(L2_PREDEPLOYS);
        assert!(names(L2_PREINSTALLS).keys().all(|address| !predeploys.contains_key(address)));
    }
}
