//! EIP-712: signatures of structured data by the accounts of a development chain.

use super::accounts::key;
use crate::{
    api::{Api, Module, heavy},
    args::Args,
    error::RpcError,
};
use alloy_dyn_abi::TypedData;
use alloy_primitives::{Address, B256, Bytes};
use alloy_signer::SignerSync;
use jsonrpsee::server::RegisterMethodError;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Most properties of a message's type, where a type inside counts each time that it is there: types are written out in full before they are hashed.
const MAX_PROPERTIES: usize = 10_000;
/// How deeply types and arrays may be nested.
const MAX_DEPTH: usize = 32;

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    for name in ["eth_signTypedData", "eth_signTypedData_v4"] {
        heavy(module, name, sign)?;
    }
    Ok(())
}

/// (account, typed data as an object or as its JSON in a string).
fn sign(api: &Api, args: &mut Args) -> Result<Bytes, RpcError> {
    let (address, data): (Address, Value) = (args.required()?, args.required()?);
    let key = key(api, address)?;
    let hash = signing_hash(data).map_err(|words| RpcError::params(format!("invalid argument 1: {words}")))?;
    Ok(key.sign_hash_sync(&hash).map_err(RpcError::server)?.as_bytes().into())
}

/// What is signed.
fn signing_hash(data: Value) -> Result<B256, String> {
    let data = match data {
        Value::String(json) => serde_json::from_str(&json).map_err(|error| error.to_string())?,
        other => other,
    };
    check_size(&data)?;
    let data: TypedData = serde_json::from_value(data).map_err(|error| error.to_string())?;
    data.eip712_signing_hash().map_err(|error| error.to_string())
}

/// The part of typed data that says how large it is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Types {
    types: BTreeMap<String, Vec<Property>>,
    primary_type: String,
}

#[derive(Debug, Deserialize)]
struct Property {
    #[serde(rename = "type")]
    ty: String,
}

/// Refuses types that a few lines can make as large as memory.
fn check_size(data: &Value) -> Result<(), String> {
    let Types { types, primary_type } = Types::deserialize(data).map_err(|error| error.to_string())?;
    if types.values().flatten().any(|property| property.ty.matches('[').count() > MAX_DEPTH) {
        return Err("array type too deep".to_owned());
    }
    let mut count = 0;
    let mut open = vec![(primary_type.as_str(), 0)];
    while let Some((name, depth)) = open.pop() {
        let properties = types.get(name).map(Vec::as_slice).unwrap_or_default();
        count += properties.len();
        if count > MAX_PROPERTIES || depth > MAX_DEPTH {
            return Err(format!("type {primary_type} is circular or too large"));
        }
        let root = |property: &'_ Property| property.ty.find('[').unwrap_or(property.ty.len());
        open.extend(properties.iter().map(|property| (&property.ty[..root(property)], depth + 1)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::b256;
    use serde_json::json;

    /// The example of the EIP.
    fn mail() -> Value {
        json!({
            "types": {
                "EIP712Domain": [
                    { "name": "name", "type": "string" },
                    { "name": "version", "type": "string" },
                    { "name": "chainId", "type": "uint256" },
                    { "name": "verifyingContract", "type": "address" },
                ],
                "Person": [{ "name": "name", "type": "string" }, { "name": "wallet", "type": "address" }],
                "Mail": [{ "name": "from", "type": "Person" }, { "name": "to", "type": "Person" }, { "name": "contents", "type": "string" }],
            },
            "primaryType": "Mail",
            "domain": { "name": "Ether Mail", "version": "1", "chainId": 1, "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC" },
            "message": {
                "from": { "name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
                "to": { "name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB" },
                "contents": "Hello, Bob!",
            },
        })
    }

    #[test]
    fn the_example_of_the_eip_has_the_hash_of_the_eip() {
        let expected = b256!("be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2");
        assert_eq!(signing_hash(mail()), Ok(expected));
        assert_eq!(signing_hash(mail().to_string().into()), Ok(expected), "as viem and ethers send it");
    }

    #[test]
    fn types_that_grow_without_end_are_refused() {
        let types = |types: Value| json!({ "types": types, "primaryType": "T0", "domain": {}, "message": {} });
        let field = |ty: String| json!({ "name": "a", "type": ty });
        let circular = types(json!({ "EIP712Domain": [], "T0": [field("T0[]".into())] }));
        let doubling: serde_json::Map<_, _> = (0..30)
            .map(|number: usize| {
                let next = format!("T{}", number + 1);
                (format!("T{number}"), json!([{ "name": "a", "type": next }, { "name": "b", "type": next }]))
            })
            .collect();
        let long: serde_json::Map<_, _> =
            (0..50_000).map(|number: usize| (format!("T{number}"), json!([field(format!("T{}", number + 1))]))).collect();
        for (data, words) in [
            (circular, "circular or too large"),
            (types(doubling.into()), "circular or too large"),
            (types(long.into()), "circular or too large"),
            (types(json!({ "T0": [field(format!("uint8{}", "[]".repeat(10_000)))] })), "too deep"),
            (json!({}), "missing field"),
            (json!("{"), "EOF"),
            (json!(5), "invalid type"),
        ] {
            let error = signing_hash(data).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
        let mut incomplete = mail();
        incomplete["message"]["from"] = Value::Null;
        assert!(signing_hash(incomplete).is_err());
    }
}
