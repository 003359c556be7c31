//! Contracts of others in L2 genesis (OP Stack specification, "Preinstalls"), from the npm packages that hold their code. Fields as in `predeploys`, and
//! `chainId` and `domainSeparator`: byte offsets of the words of Permit2's code that follow from the chain's id.
//!
//! What this finds is compared with the hashes of the code elsewhere by the tests of `tributary-contracts`.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::{
    dirs::{Dirs, read, read_json},
    error::Error,
    predeploys,
};

/// Name, address, and name of the constant in `Preinstalls.sol` of `@eth-optimism/contracts-bedrock`.
const CONSTANTS: [(&str, &str, &str); 11] = [
    ("Safe", "0x69f4d1788e39c87893c980c06edf4b7f686e2938", "Safe_v130Code"),
    ("SafeL2", "0xfb1bffc9d739b8d520daf37df666da4c687191ea", "SafeL2_v130Code"),
    ("MultiSend", "0x998739bfdaadde7c933b942a68053933098f9eda", "MultiSend_v130Code"),
    ("MultiSendCallOnly", "0xa1dabef33b3b82c7814b6d82a79e50f4ac44102b", "MultiSendCallOnly_v130Code"),
    ("SafeSingletonFactory", "0x914d7fec6aac8cd542e72bca78b30650d45643d7", "SafeSingletonFactoryCode"),
    ("Multicall3", "0xca11bde05977b3631167028862be2a173976ca11", "MultiCall3Code"),
    ("Create2Deployer", "0x13b0d85ccb8bf860b6b79af3029fca081ae9bef2", "Create2DeployerCode"),
    ("DeterministicDeploymentProxy", "0x4e59b44847b379578588920ca78fbf26c0b4956c", "DeterministicDeploymentProxyCode"),
    ("EntryPoint 0.6", "0x5ff137d4b0fdcd49dca30c7cf57e578a026d2789", "EntryPointCode"),
    ("SenderCreator 0.6", "0x7fc98430eaedbb6070b35b39d798725049088348", "SenderCreatorCode"),
    ("EIP-4788 beacon roots", "0x000f3df6d732807ef1319fb7b8bb8522d0beac02", "BeaconBlockRootsCode"),
];

const PERMIT2: &str = "0x000000000022d473030f116ddee9f6b43ac78ba3";

/// Where `getPermit2Code` of `Preinstalls.sol` writes.
const PERMIT2_CHAIN_ID: usize = 6945;
const PERMIT2_DOMAIN_SEPARATOR: usize = 6983;

const CREATE_X: &str = "0xba5ed099633d3b313e4d5f7bdc1305d3c28ba5ed";
const ENTRY_POINT_07: &str = "0x0000000071727de22e5e9d8baf0edac6f37da032";
const SENDER_CREATOR_07: &str = "0xefc2c1444ebcc4db75e7613d20c6a62ff67a167c";

/// Runtime code in the init code that begins with a copy of it: first byte and length.
type Part = (usize, usize);

/// CreateX's in its own init code, and SenderCreator's in that of EntryPoint 0.7, which creates it. As a compilation of its own it is other code.
const CREATE_X_RUNTIME: Part = (0xd8, 0x2e3e);
const SENDER_CREATOR_07_RUNTIME: Part = (16_171 + 0x1c, 0x1c3);

/// Accounts whose first transaction put the contracts of EIP-4788 and EIP-2935 on Ethereum: their nonce is used up.
const SENDERS: [(&str, &str); 2] =
    [("EIP-4788 sender", "0x0b799c86a49deeb90402691f1041aa3af2d3c875"), ("EIP-2935 sender", "0x3462413af4609098e1e27a490f554f260213d685")];

/// Accounts of L2 genesis that are the same on every OP Stack chain and belong to nobody's protocol.
pub(crate) fn l2(dirs: &Dirs) -> Result<Value, Error> {
    let library = Text::of(dirs, "@eth-optimism/contracts-bedrock", "src/libraries/Preinstalls.sol")?;
    let mut accounts: Map<String, Value> = Map::new();
    for (name, address, constant) in CONSTANTS {
        accounts.insert(address.into(), account(name, &library.hex_after(&format!("constant {constant} ="))?));
    }
    let mut permit2 = account("Permit2", &library.hex_after("constant Permit2TemplateCode =")?);
    permit2["chainId"] = json!([PERMIT2_CHAIN_ID]);
    permit2["domainSeparator"] = json!([PERMIT2_DOMAIN_SEPARATOR]);
    accounts.insert(PERMIT2.into(), permit2);
    accounts.insert(CREATE_X.into(), account("CreateX", &create_x(dirs)?));

    let entry_point = compiled(dirs, "EntryPoint")?;
    let sender_creator = entry_point.part("bytecode", SENDER_CREATOR_07_RUNTIME)?;
    let code = with_immutables(&entry_point.hex("deployedBytecode")?, SENDER_CREATOR_07);
    accounts.insert(ENTRY_POINT_07.into(), account("EntryPoint 0.7", &code));
    accounts.insert(SENDER_CREATOR_07.into(), account("SenderCreator 0.7", &sender_creator));

    accounts.extend(predeploys::system_contracts(dirs, "l2")?);
    for (name, address) in SENDERS {
        accounts.insert(address.into(), account(name, ""));
    }
    Ok(accounts.into())
}

/// The code that CreateX's presigned transaction leaves, whose one immutable is its own address.
fn create_x(dirs: &Dirs) -> Result<String, Error> {
    let module = "dist/src/internal/execution/strategy/createx-artifact.js";
    let module = Text::of(dirs, "@nomicfoundation/ignition-core", module)?;
    let transaction = module.hex_after("const presignedTx =")?;
    let begin = transaction.find("60a06040").ok_or_else(|| module.lacks("presignedTx"))?;
    let runtime = part(&transaction[begin..], CREATE_X_RUNTIME).ok_or_else(|| module.lacks("presignedTx"))?;
    Ok(with_immutables(runtime, CREATE_X))
}

/// Fills every immutable of a contract that has one: the compiler leaves `PUSH32 0` in its places.
fn with_immutables(code: &str, address: &str) -> String {
    let empty = format!("7f{}", "0".repeat(64));
    code.replace(&empty, &format!("7f{}{}", "0".repeat(24), &address[2..]))
}

/// Bytes of a hexadecimal text without 0x.
fn part(hex: &str, (begin, length): Part) -> Option<&str> {
    hex.get(2 * begin..2 * (begin + length))
}

/// `code` is hexadecimal without 0x.
fn account(name: &str, code: &str) -> Value {
    predeploys::account(name, &format!("0x{code}"))
}

/// A contract as Hardhat wrote it for `@account-abstraction/contracts`.
struct Compiled {
    path: PathBuf,
    json: Value,
}

fn compiled(dirs: &Dirs, name: &str) -> Result<Compiled, Error> {
    let path = dirs.package("@account-abstraction/contracts").join("artifacts").join(format!("{name}.json"));
    Ok(Compiled { json: read_json(&path)?, path })
}

impl Compiled {
    fn hex(&self, field: &str) -> Result<String, Error> {
        let text = self.json[field].as_str().and_then(|text| text.strip_prefix("0x"));
        text.map(ToOwned::to_owned).ok_or_else(|| Error::Field { path: self.path.clone(), field: field.into() })
    }

    fn part(&self, field: &str, range: Part) -> Result<String, Error> {
        let hex = self.hex(field)?;
        part(&hex, range).map(ToOwned::to_owned).ok_or_else(|| Error::Field { path: self.path.clone(), field: field.into() })
    }
}

/// A source file of a package.
struct Text {
    path: PathBuf,
    text: String,
}

impl Text {
    fn of(dirs: &Dirs, package: &str, file: &str) -> Result<Self, Error> {
        let path = dirs.package(package).join(file);
        Ok(Self { text: read(&path)?, path })
    }

    /// The hexadecimal string that is assigned by the statement which begins so, without 0x.
    fn hex_after(&self, beginning: &str) -> Result<String, Error> {
        let quoted = self.text.split_once(beginning).and_then(|(_, rest)| rest.split('"').nth(1));
        let digits = quoted.map(|text| text.strip_prefix("0x").unwrap_or(text));
        let valid = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        valid.map(ToOwned::to_owned).ok_or_else(|| self.lacks(beginning))
    }

    fn lacks(&self, field: &str) -> Error {
        Error::Field { path: self.path.clone(), field: field.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_read_from_solidity_and_from_javascript() {
        let text = |text: &str| Text { path: "f".into(), text: text.into() };
        let solidity = text("bytes internal constant ACode =\n        hex\"6001\";\n\nbytes internal constant BCode = hex\"6002\";");
        assert_eq!(solidity.hex_after("constant ACode =").unwrap(), "6001");
        assert_eq!(solidity.hex_after("constant BCode =").unwrap(), "6002");
        assert!(solidity.hex_after("constant CCode =").is_err());
        assert_eq!(text("export const tx = \"0xf9\";").hex_after("const tx =").unwrap(), "f9");
        assert!(text("const tx = \"zz\"").hex_after("const tx =").is_err());
    }

    #[test]
    fn immutables_are_filled_and_other_words_are_not() {
        let code = format!("6001{empty}50{empty}7f{other}", empty = format!("7f{}", "0".repeat(64)), other = "1".repeat(64));
        let filled = with_immutables(&code, "0x00000000000000000000000000000000000000ff");
        let word = format!("{}ff", "0".repeat(62));
        assert_eq!(filled, format!("60017f{word}507f{word}7f{}", "1".repeat(64)));
    }
}
