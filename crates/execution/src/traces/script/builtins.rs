//! The functions that geth gives to scripts.

use super::{
    current::with,
    values::{address, buffer, bytes, integer, refuse, word},
};
use alloy_primitives::{hex, keccak256};
use boa_engine::{Context, JsResult, JsValue, NativeFunction, js_string, native_function::NativeFunctionPointer};

pub(super) fn register(engine: &mut Context) -> JsResult<()> {
    let functions: [(&str, usize, NativeFunctionPointer); 7] = [
        ("toHex", 1, to_hex),
        ("toWord", 1, to_word),
        ("toAddress", 1, to_address),
        ("toContract", 2, to_contract),
        ("toContract2", 3, to_contract2),
        ("isPrecompiled", 1, is_precompiled),
        ("slice", 3, slice),
    ];
    for (name, length, function) in functions {
        engine.register_global_callable(js_string!(name), length, NativeFunction::from_fn_ptr(function))?;
    }
    Ok(())
}

fn to_hex(_: &JsValue, given: &[JsValue], engine: &mut Context) -> JsResult<JsValue> {
    let bytes = bytes(given.first(), false, engine)?;
    Ok(js_string!(hex::encode_prefixed(bytes).as_str()).into())
}

fn to_word(_: &JsValue, given: &[JsValue], engine: &mut Context) -> JsResult<JsValue> {
    let bytes = bytes(given.first(), true, engine)?;
    buffer(word(&bytes).as_slice(), engine)
}

fn to_address(_: &JsValue, given: &[JsValue], engine: &mut Context) -> JsResult<JsValue> {
    let bytes = bytes(given.first(), true, engine)?;
    buffer(address(&bytes).as_slice(), engine)
}

fn to_contract(_: &JsValue, given: &[JsValue], engine: &mut Context) -> JsResult<JsValue> {
    let from = address(&bytes(given.first(), true, engine)?);
    let nonce = integer(given.get(1), engine)?;
    buffer(from.create(nonce.max(0).unsigned_abs()).as_slice(), engine)
}

fn to_contract2(_: &JsValue, given: &[JsValue], engine: &mut Context) -> JsResult<JsValue> {
    let from = address(&bytes(given.first(), true, engine)?);
    let salt = word(&bytes(given.get(1), true, engine)?);
    let code = bytes(given.get(2), true, engine)?;
    buffer(from.create2(salt, keccak256(code)).as_slice(), engine)
}

fn is_precompiled(_: &JsValue, given: &[JsValue], engine: &mut Context) -> JsResult<JsValue> {
    let address = address(&bytes(given.first(), true, engine)?);
    Ok(with(|current| current.precompiles.contains(&address)).into())
}

fn slice(_: &JsValue, given: &[JsValue], engine: &mut Context) -> JsResult<JsValue> {
    let bytes = bytes(given.first(), false, engine)?;
    let (start, end) = (integer(given.get(1), engine)?, integer(given.get(2), engine)?);
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok()).and_then(|(start, end)| bytes.get(start..end));
    match range {
        Some(part) => buffer(part, engine),
        None => {
            let (available, size) = (bytes.len(), end.saturating_sub(start));
            Err(refuse(format!("Tracer accessed out of bound memory: available {available}, offset {start}, size {size}")))
        }
    }
}
