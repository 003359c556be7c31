//! Ethereum's rules for headers, ommers and signatures: what can be said of a block before it is executed.
//!
//! Proof of work is not verified: nonce and mix hash of a mined block are taken as they are. What follows from execution (roots, bloom, gas used)
//! is [`execute_block`](crate::execute_block)'s to compare.

use super::{builder::next_excess_blob_gas, difficulty::next_difficulty};
use crate::error::Error;
use alloy_consensus::{EMPTY_OMMER_ROOT_HASH, Header, Transaction as _, transaction::SignerRecoverable};
use alloy_eips::eip4844::DATA_GAS_PER_BLOB;
use alloy_hardforks::{EthereumHardfork as Fork, EthereumHardforks, ForkCondition};
use alloy_primitives::{Address, B64, B256, Bytes, U256};
use std::fmt::Debug;
use tributary_primitives::{ChainSpec, Transaction};

/// Most bytes of extra data (Yellow Paper, 4.3.4).
const MAX_EXTRA_DATA: usize = 32;
/// A block's gas limit differs from its parent's by less than a 1024th (Yellow Paper, 4.3.4).
const GAS_LIMIT_DIVISOR: u64 = 1024;
/// Least gas limit.
const MIN_GAS_LIMIT: u64 = 5_000;
/// Largest gas limit (EIP-1985).
const MAX_GAS_LIMIT: u64 = i64::MAX as u64;
/// What the fork's first ten blocks say (EIP-779).
const DAO_EXTRA_DATA: &[u8] = b"dao-hard-fork";
/// So many blocks say it.
const DAO_EXTRA_BLOCKS: u64 = 10;
/// Most ommers of a block (Yellow Paper, 11.1).
const MAX_OMMERS: usize = 2;
/// An ommer's parent is at most so many blocks above the block's own parent (Yellow Paper, 11.1).
const OMMER_GENERATIONS: usize = 6;

/// A block below the one in question, as far as the rules of ommers look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ancestor {
    /// Its hash.
    pub hash: B256,
    /// Its header.
    pub header: Header,
    /// Its ommers.
    pub ommers: Vec<Header>,
}

/// Holds the header of an Ethereum chain's block against its parent's and the rules of the forks that are active in it.
///
/// # Errors
/// [`Error::HeaderMismatch`] for a field that can have one value only, [`Error::InvalidBlock`] for one out of its range.
pub fn validate_header(spec: &ChainSpec, parent: &Header, header: &Header) -> Result<(), Error> {
    same("parent_hash", header.parent_hash, parent.hash_slow())?;
    same("number", Some(header.number), parent.number.checked_add(1))?;
    if header.timestamp <= parent.timestamp {
        return Err(Error::InvalidBlock(format!("timestamp {} is not after the parent's {}", header.timestamp, parent.timestamp)));
    }
    validate_gas(spec, parent, header)?;
    validate_extra_data(spec, header)?;
    validate_seal(spec, parent, header)?;
    validate_blob_gas(spec, parent, header)?;
    let active = |fork| spec.is_active(fork, header.number, header.timestamp);
    present("withdrawals_root", header.withdrawals_root.is_some(), active(Fork::Shanghai))?;
    present("parent_beacon_block_root", header.parent_beacon_block_root.is_some(), active(Fork::Cancun))?;
    present("requests_hash", header.requests_hash.is_some(), active(Fork::Prague))
}

/// Checks a block's ommers: at most two, distinct, valid headers, none since the merge; each the child of one of the second to seventh ancestor,
/// itself neither an ancestor nor an ommer of one (Yellow Paper, 11.1).
///
/// `ancestors` are those of the block with this header, the parent first: seven, or all that there are.
///
/// # Errors
/// [`Error::InvalidBlock`], or whatever is wrong with an ommer's header.
pub fn validate_ommers(spec: &ChainSpec, header: &Header, ommers: &[Header], ancestors: &[Ancestor]) -> Result<(), Error> {
    if ommers.is_empty() {
        return Ok(());
    }
    let invalid = |reason: &str| Err(Error::InvalidBlock(format!("ommer: {reason}")));
    if spec.is_active(Fork::Paris, header.number, header.timestamp) {
        return invalid("there are none since the merge");
    }
    if ommers.len() > MAX_OMMERS {
        return invalid("more than two");
    }
    let ancestors = &ancestors[..ancestors.len().min(OMMER_GENERATIONS + 1)];
    let mut included: Vec<B256> = ancestors.iter().flat_map(|ancestor| &ancestor.ommers).map(Header::hash_slow).collect();
    for ommer in ommers {
        let hash = ommer.hash_slow();
        if included.contains(&hash) {
            return invalid("already included");
        }
        if ancestors.iter().any(|ancestor| ancestor.hash == hash) {
            return invalid("an ancestor of the block");
        }
        let Some(parent) = ancestors.iter().skip(1).find(|ancestor| ancestor.hash == ommer.parent_hash) else {
            return invalid("not the child of a recent ancestor");
        };
        validate_header(spec, &parent.header, ommer)?;
        included.push(hash);
    }
    Ok(())
}

/// The sender of a transaction in the block with this number and timestamp. The forks decide which signatures count: since Homestead only those
/// with a low `s` (EIP-2), since Spurious Dragon those that name the chain (EIP-155).
///
/// # Errors
/// [`Error::InvalidBlock`] when the signature does not count or belongs to nobody.
pub fn recover_sender(spec: &ChainSpec, number: u64, timestamp: u64, tx: &Transaction) -> Result<Address, Error> {
    let active = |fork| spec.is_active(fork, number, timestamp);
    let invalid = || Error::InvalidBlock(format!("transaction {}: invalid signature", tx.hash()));
    if matches!(tx, Transaction::Legacy(_)) && tx.chain_id().is_some() && !active(Fork::SpuriousDragon) {
        return Err(invalid());
    }
    let sender = if active(Fork::Homestead) { tx.recover_signer() } else { tx.recover_signer_unchecked() };
    sender.map_err(|_| invalid())
}

fn validate_gas(spec: &ChainSpec, parent: &Header, header: &Header) -> Result<(), Error> {
    if header.gas_used > header.gas_limit {
        return Err(Error::InvalidBlock(format!("gas used {} is above the limit {}", header.gas_used, header.gas_limit)));
    }
    let base_fee = spec.next_base_fee(parent, header.timestamp);
    // EIP-1559: the first block with a base fee has twice the gas limit, so that its target is what the limit was.
    let first = base_fee.is_some() && parent.base_fee_per_gas.is_none();
    let before =
        if first { parent.gas_limit.saturating_mul(spec.base_fee_params(parent).elasticity_multiplier as u64) } else { parent.gas_limit };
    let allowed = MIN_GAS_LIMIT..=MAX_GAS_LIMIT;
    if header.gas_limit.abs_diff(before) >= before / GAS_LIMIT_DIVISOR || !allowed.contains(&header.gas_limit) {
        return Err(Error::InvalidBlock(format!("gas limit {} does not follow {before}", header.gas_limit)));
    }
    same("base_fee_per_gas", header.base_fee_per_gas, base_fee)
}

fn validate_extra_data(spec: &ChainSpec, header: &Header) -> Result<(), Error> {
    if header.extra_data.len() > MAX_EXTRA_DATA {
        return Err(Error::InvalidBlock(format!("extra data of {} bytes", header.extra_data.len())));
    }
    match spec.ethereum_fork_activation(Fork::Dao) {
        ForkCondition::Block(at) if (at..at.saturating_add(DAO_EXTRA_BLOCKS)).contains(&header.number) => {
            same("extra_data", &header.extra_data, &Bytes::from_static(DAO_EXTRA_DATA))
        }
        _ => Ok(()),
    }
}

/// Proof of work's fields: the difficulty that the formula gives, or nothing since the merge (EIP-3675).
fn validate_seal(spec: &ChainSpec, parent: &Header, header: &Header) -> Result<(), Error> {
    if !spec.is_active(Fork::Paris, header.number, header.timestamp) {
        return same("difficulty", header.difficulty, next_difficulty(spec, parent, header.timestamp));
    }
    same("difficulty", header.difficulty, U256::ZERO)?;
    same("nonce", header.nonce, B64::ZERO)?;
    same("ommers_hash", header.ommers_hash, EMPTY_OMMER_ROOT_HASH)
}

/// EIP-4844: what the parent left over, and whole blobs within the limit.
fn validate_blob_gas(spec: &ChainSpec, parent: &Header, header: &Header) -> Result<(), Error> {
    same("excess_blob_gas", header.excess_blob_gas, next_excess_blob_gas(spec, parent, header.timestamp))?;
    present("blob_gas_used", header.blob_gas_used.is_some(), header.excess_blob_gas.is_some())?;
    let most = spec.blob_params(header.timestamp).map_or(0, |params| params.max_blob_gas_per_block());
    match header.blob_gas_used {
        Some(used) if used > most || used % DATA_GAS_PER_BLOB != 0 => {
            Err(Error::InvalidBlock(format!("blob gas used {used} of at most {most}")))
        }
        _ => Ok(()),
    }
}

fn same<T: PartialEq + Debug>(field: &'static str, got: T, expected: T) -> Result<(), Error> {
    if got == expected { Ok(()) } else { Err(Error::HeaderMismatch { field, got: format!("{got:?}"), expected: format!("{expected:?}") }) }
}

fn present(field: &'static str, is: bool, should: bool) -> Result<(), Error> {
    let words = |there| if there { "present" } else { "absent" }.to_owned();
    if is == should { Ok(()) } else { Err(Error::HeaderMismatch { field, got: words(is), expected: words(should) }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_genesis::{ChainConfig, Genesis};

    /// A chain at London, before the merge.
    fn london() -> ChainSpec {
        let config = ChainConfig { homestead_block: Some(0), byzantium_block: Some(0), london_block: Some(0), ..Default::default() };
        ChainSpec::ethereum(Genesis { config, ..Default::default() })
    }

    fn child(spec: &ChainSpec, parent: &Header, timestamp: u64) -> Header {
        Header {
            parent_hash: parent.hash_slow(),
            number: parent.number + 1,
            timestamp,
            gas_limit: parent.gas_limit,
            difficulty: next_difficulty(spec, parent, timestamp),
            base_fee_per_gas: spec.next_base_fee(parent, timestamp),
            ..Default::default()
        }
    }

    /// Eight blocks, ten seconds apart, the newest first.
    fn chain(spec: &ChainSpec) -> Vec<Ancestor> {
        let genesis = Header { gas_limit: 30_000_000, base_fee_per_gas: Some(7), difficulty: U256::from(1 << 30), ..Default::default() };
        let mut headers = vec![genesis];
        for _ in 0..8 {
            headers.push(child(spec, &headers[headers.len() - 1], headers[headers.len() - 1].timestamp + 10));
        }
        headers.reverse();
        headers.into_iter().map(|header| Ancestor { hash: header.hash_slow(), header, ommers: Vec::new() }).collect()
    }

    fn refusal(result: Result<(), Error>) -> String {
        result.expect_err("it should not be valid").to_string()
    }

    #[test]
    fn a_header_that_breaks_one_rule_is_refused_for_it() {
        let spec = london();
        let parent = chain(&spec)[0].header.clone();
        let good = child(&spec, &parent, parent.timestamp + 5);
        validate_header(&spec, &parent, &good).unwrap();
        let most = parent.gas_limit + parent.gas_limit / 1024;
        validate_header(&spec, &parent, &Header { gas_limit: most - 1, ..good.clone() }).unwrap();
        for (bad, words) in [
            (Header { parent_hash: B256::ZERO, ..good.clone() }, "parent_hash"),
            (Header { number: 1, ..good.clone() }, "number"),
            (Header { timestamp: parent.timestamp, ..good.clone() }, "timestamp"),
            (Header { gas_limit: most, ..good.clone() }, "gas limit"),
            (Header { gas_used: good.gas_limit + 1, ..good.clone() }, "gas used"),
            (Header { extra_data: vec![0; 33].into(), ..good.clone() }, "extra data of 33 bytes"),
            (Header { difficulty: good.difficulty + U256::ONE, ..good.clone() }, "difficulty"),
            (Header { base_fee_per_gas: Some(8), ..good.clone() }, "base_fee_per_gas"),
            (Header { withdrawals_root: Some(B256::ZERO), ..good.clone() }, "withdrawals_root is present"),
            (Header { blob_gas_used: Some(0), ..good.clone() }, "blob_gas_used is present"),
            (Header { excess_blob_gas: Some(0), ..good.clone() }, "excess_blob_gas"),
            (Header { requests_hash: Some(B256::ZERO), ..good.clone() }, "requests_hash is present"),
        ] {
            let refusal = refusal(validate_header(&spec, &parent, &bad));
            assert!(refusal.contains(words), "{refusal:?} does not name {words:?}");
        }
    }

    #[test]
    fn an_ommer_is_the_child_of_the_second_to_seventh_ancestor() {
        let spec = london();
        let ancestors = chain(&spec);
        let header = child(&spec, &ancestors[0].header, ancestors[0].header.timestamp + 10);
        let ommer = |generation: usize| child(&spec, &ancestors[generation].header, ancestors[generation].header.timestamp + 7);
        for generation in 1..=6 {
            validate_ommers(&spec, &header, &[ommer(generation)], &ancestors).unwrap();
        }
        for generation in [0, 7] {
            assert!(refusal(validate_ommers(&spec, &header, &[ommer(generation)], &ancestors)).contains("recent ancestor"));
        }
        assert!(refusal(validate_ommers(&spec, &header, &[ancestors[2].header.clone()], &ancestors)).contains("an ancestor"));
    }

    #[test]
    fn an_ommer_counts_once() {
        let spec = london();
        let mut ancestors = chain(&spec);
        let header = child(&spec, &ancestors[0].header, ancestors[0].header.timestamp + 10);
        let ommer = |later: u64| child(&spec, &ancestors[2].header, ancestors[2].header.timestamp + later);
        let [one, two, three] = [1, 2, 3].map(ommer);
        validate_ommers(&spec, &header, &[one.clone(), two.clone()], &ancestors).unwrap();
        assert!(refusal(validate_ommers(&spec, &header, &[one.clone(), one.clone()], &ancestors)).contains("already included"));
        assert!(refusal(validate_ommers(&spec, &header, &[one.clone(), two, three], &ancestors)).contains("more than two"));
        ancestors[1].ommers.push(one.clone());
        assert!(refusal(validate_ommers(&spec, &header, &[one], &ancestors)).contains("already included"));
    }

    #[test]
    fn since_the_merge_there_is_no_difficulty_and_no_ommer() {
        let config = ChainConfig { london_block: Some(0), terminal_total_difficulty: Some(U256::ZERO), ..Default::default() };
        let spec = ChainSpec::ethereum(Genesis { config, ..Default::default() });
        let parent = Header { gas_limit: 30_000_000, base_fee_per_gas: Some(7), ..Default::default() };
        let good = Header { difficulty: U256::ZERO, ..child(&spec, &parent, 5) };
        validate_header(&spec, &parent, &good).unwrap();
        assert!(refusal(validate_header(&spec, &parent, &Header { difficulty: U256::ONE, ..good.clone() })).contains("difficulty"));
        assert!(refusal(validate_header(&spec, &parent, &Header { nonce: B64::repeat_byte(1), ..good.clone() })).contains("nonce"));
        assert!(refusal(validate_ommers(&spec, &good, &[parent], &[])).contains("since the merge"));
    }
}
