//! Genesis accounts of both chains: address (lower case, which clients accept without a checksum) → `{name, nonce, code, storage}`.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::{
    contracts,
    dirs::{Dirs, read_json},
    error::Error,
};

/// Compiled code that `@eth-optimism/contracts-bedrock` ships, with nothing to fill in.
const PLAIN: [(&str, &str); 1] = [("L2ToL1MessagePasser", "0x4200000000000000000000000000000000000016")];

/// Fee vaults of the same package. Ours, the fourth, has a constructor that runs with the other contracts.
const VAULTS: [(&str, &str); 3] = [
    ("SequencerFeeVault", "0x4200000000000000000000000000000000000011"),
    ("BaseFeeVault", "0x4200000000000000000000000000000000000019"),
    ("L1FeeVault", "0x420000000000000000000000000000000000001a"),
];

/// Immutables of a vault, in the order of declaration: the least withdrawal, the recipient, and the network on which it pays.
const IMMUTABLES: [u128; 3] = [VAULT_MINIMUM, FEE_DISTRIBUTOR, VAULT_NETWORK_L2];

/// The contract that shares out fees.
const FEE_DISTRIBUTOR: u128 = 0x0a_77_18;

/// Precompiles of the attribution engine.
const PRECOMPILES: [(&str, &str); 5] = [
    ("IAttributionStore", "0x00000000000000000000000000000000000a7701"),
    ("ISketchAttribution", "0x00000000000000000000000000000000000a7702"),
    ("IShapleyAttribution", "0x00000000000000000000000000000000000a7703"),
    ("ITextAttribution", "0x00000000000000000000000000000000000a7704"),
    ("IRewardSplit", "0x00000000000000000000000000000000000a7705"),
];

/// 1 OPEN: below it a withdrawal from a vault isn't worth its events.
const VAULT_MINIMUM: u128 = 1_000_000_000_000_000_000;

/// `WithdrawalNetwork.L2`.
const VAULT_NETWORK_L2: u128 = 1;

/// Accounts that the embedded L1 has besides those with money.
pub(crate) fn l1(dirs: &Dirs) -> Result<Value, Error> {
    Ok(system_contracts(dirs, "l1")?.into())
}

/// Accounts of L2 genesis besides those with money.
pub(crate) fn l2(dirs: &Dirs) -> Result<Value, Error> {
    let mut accounts = Map::new();
    for (name, address) in PRECOMPILES {
        // Solidity calls only what has code; nonce 1 keeps the store's account from ever being empty.
        accounts.insert(address.into(), account(name, "0xfe"));
    }
    for (name, address) in PLAIN {
        accounts.insert(address.into(), account(name, compiled(dirs, name)?.bytes()?));
    }
    for (name, address) in VAULTS {
        accounts.insert(address.into(), vault(name, &compiled(dirs, name)?)?);
    }
    accounts.append(
        &mut constructed(&contracts::genesis(dirs)?)
            .ok_or_else(|| Error::Output { program: "the genesis script", lacks: "the accounts".into() })?,
    );
    // isEcotone, isFjord, isIsthmus and isJovian share slot 0. The genesis builder takes the last away from a chain without Jovian.
    accounts["0x420000000000000000000000000000000000000f"]["storage"] = json!({ word(0): word(0x01_01_01_01) });
    Ok(accounts.into())
}

/// Our own contracts, as the genesis script tells them.
fn constructed(told: &Value) -> Option<Map<String, Value>> {
    let text = |of: &Value, field: &str| of[field].as_str().map(str::to_owned);
    let entry = |of: &Value| {
        let mut account = account(&text(of, "name")?, &text(of, "code")?);
        // A constructor may write a slot and empty it again.
        let slots = of["storage"].as_object()?.iter().filter(|(_, value)| **value != json!(word(0)));
        account["storage"] = slots.map(|(slot, value)| (slot.clone(), value.clone())).collect::<Map<_, _>>().into();
        Some((text(of, "address")?.to_lowercase(), account))
    };
    told.as_array()?.iter().map(entry).collect()
}

pub(crate) fn account(name: &str, code: &str) -> Value {
    json!({ "name": name, "nonce": "0x1", "code": code, "storage": {} })
}

/// Contracts that every chain of the kind has, with code that is a fact and not ours to compile.
pub(crate) fn system_contracts(dirs: &Dirs, chain: &str) -> Result<Map<String, Value>, Error> {
    let path = dirs.contracts().join("script").join("system-contracts.json");
    let list = read_json(&path)?;
    let field = |contract: &Value, field: &str| match contract[field].as_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(Error::Field { path: path.clone(), field: field.into() }),
    };
    let contracts = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let here = |contract: &&Value| contract["chains"].as_array().is_some_and(|chains| chains.contains(&json!(chain)));
    contracts
        .iter()
        .filter(here)
        .map(|contract| Ok((field(contract, "address")?.to_lowercase(), account(&field(contract, "name")?, &field(contract, "code")?))))
        .collect()
}

/// A vault with its immutables filled in.
fn vault(name: &str, compiled: &Compiled) -> Result<Value, Error> {
    let mut code = compiled.bytes()?.to_owned();
    for (value, offsets) in IMMUTABLES.iter().zip(compiled.immutables(IMMUTABLES.len())?) {
        for offset in offsets {
            // Two hex digits a byte, behind "0x".
            let start = 2 + 2 * offset;
            code.replace_range(start..start + 64, &word(*value)[2..]);
        }
    }
    Ok(account(name, &code))
}

/// A contract as forge writes it.
struct Compiled {
    path: PathBuf,
    json: Value,
}

fn compiled(dirs: &Dirs, name: &str) -> Result<Compiled, Error> {
    let file = Path::new(&format!("{name}.sol")).join(format!("{name}.json"));
    let path = dirs.package("@eth-optimism/contracts-bedrock").join("forge-artifacts").join(file);
    Ok(Compiled { json: read_json(&path)?, path })
}

impl Compiled {
    /// Runtime code, hex with 0x.
    fn bytes(&self) -> Result<&str, Error> {
        self.json["deployedBytecode"]["object"].as_str().ok_or_else(|| self.lacks("deployedBytecode.object"))
    }

    /// Byte offsets of each of `count` immutables, in the order of declaration.
    fn immutables(&self, count: usize) -> Result<Vec<Vec<usize>>, Error> {
        let lacks = || self.lacks("deployedBytecode.immutableReferences");
        let references = self.json["deployedBytecode"]["immutableReferences"].as_object().ok_or_else(lacks)?;
        // Keys are syntax tree ids, which grow with the position in the source.
        let mut by_id = Vec::new();
        for (id, places) in references {
            let starts = places.as_array().into_iter().flatten().map(|place| place["start"].as_u64().map(|start| start as usize));
            by_id.push((id.parse::<u64>().map_err(|_| lacks())?, starts.collect::<Option<Vec<_>>>().ok_or_else(lacks)?));
        }
        by_id.sort_unstable();
        if by_id.len() == count { Ok(by_id.into_iter().map(|(_, starts)| starts).collect()) } else { Err(lacks()) }
    }

    fn lacks(&self, field: &str) -> Error {
        Error::Field { path: self.path.clone(), field: field.into() }
    }
}

/// A 32-byte word in hex.
fn word(value: u128) -> String {
    format!("0x{value:064x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vault_words_are_filled_where_the_compiler_says() {
        let references = json!({
            "30": [{"start": 65, "length": 32}],
            "9": [{"start": 1, "length": 32}],
            "20": [{"start": 33, "length": 32}],
        });
        let code = format!("0xfe{}", "00".repeat(96));
        let json = json!({"deployedBytecode": {"object": code, "immutableReferences": references}});
        let account = vault("V", &Compiled { path: "V.json".into(), json }).unwrap();
        let expected = format!("0xfe{}{}{}", &word(VAULT_MINIMUM)[2..], &word(FEE_DISTRIBUTOR)[2..], &word(1)[2..]);
        assert_eq!(account["code"], expected);
    }

    #[test]
    fn vault_of_another_number_of_immutables_is_refused() {
        let json = json!({"deployedBytecode": {"object": "0x00", "immutableReferences": {}}});
        assert!(vault("V", &Compiled { path: "V.json".into(), json }).is_err());
    }

    #[test]
    fn what_a_constructor_has_left_is_told_without_empty_slots() {
        let told = json!([{"name": "C", "address": "0x0000000000000000000000000000000000000aBc", "code": "0xfe",
            "storage": {word(1): word(2), word(3): word(0)}}]);
        let accounts = constructed(&told).unwrap();
        assert_eq!(
            Value::from(accounts),
            json!({"0x0000000000000000000000000000000000000abc":
            {"name": "C", "nonce": "0x1", "code": "0xfe", "storage": {word(1): word(2)}}})
        );
        assert!(constructed(&json!([{"name": "C"}])).is_none());
    }
}
