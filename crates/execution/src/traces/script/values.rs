//! Values as they go into a script and come out of it: bytes are Uint8Arrays, large numbers are those of big-integer.

use super::current::with;
use alloy_primitives::{Address, B256, U256};
use boa_engine::{
    Context, JsNativeError, JsObject, JsResult, JsValue, js_string,
    object::builtins::{AlignedVec, JsArray, JsArrayBuffer, JsUint8Array},
    value::IntegerOrInfinity,
};
use serde_json::Value;

/// The largest number below which every whole number is one of JavaScript's.
const SAFE: u64 = 1 << 53;

/// A Uint8Array.
pub(super) fn buffer(bytes: &[u8], engine: &mut Context) -> JsResult<JsValue> {
    let block = JsArrayBuffer::from_byte_block(AlignedVec::from_slice(0, bytes), engine)?;
    Ok(JsUint8Array::from_array_buffer(block, engine)?.into())
}

/// A number of big-integer.
pub(super) fn big(value: U256, engine: &mut Context) -> JsResult<JsValue> {
    let make = engine.global_object().get(js_string!("bigInt"), engine)?;
    let make = make.as_callable().ok_or_else(|| JsNativeError::typ().with_message("bigInt was replaced"))?;
    let number = match u64::try_from(value) {
        Ok(small) if small < SAFE => JsValue::from(small as f64),
        _ => JsValue::from(js_string!(value.to_string().as_str())),
    };
    make.call(&JsValue::undefined(), &[number], engine)
}

/// A whole number, also one of big-integer, which says its value as a Number.
pub(super) fn integer(value: Option<&JsValue>, engine: &mut Context) -> JsResult<i64> {
    let Some(value) = value else { return Ok(0) };
    Ok(match value.to_integer_or_infinity(engine)? {
        IntegerOrInfinity::Integer(value) => value,
        IntegerOrInfinity::PositiveInfinity => i64::MAX,
        IntegerOrInfinity::NegativeInfinity => i64::MIN,
    })
}

/// The bytes of a Uint8Array or an array, and of a hex string where `may_be_text`.
pub(super) fn bytes(value: Option<&JsValue>, may_be_text: bool, engine: &mut Context) -> JsResult<Vec<u8>> {
    let invalid = || refuse("invalid buffer type");
    let value = value.ok_or_else(invalid)?;
    if let Some(text) = value.as_string() {
        return if may_be_text { Ok(from_hex(&text.to_std_string_escaped())) } else { Err(invalid()) };
    }
    let object = value.as_object().ok_or_else(invalid)?;
    if let Ok(array) = JsUint8Array::from_object(object.clone()) {
        return of_buffer(&array, engine);
    }
    let array = JsArray::from_object(object).map_err(|_| invalid())?;
    let length = array.length(engine)?;
    (0..length).map(|index| Ok(array.get(index, engine)?.to_number(engine)? as i64 as u8)).collect()
}

fn of_buffer(array: &JsUint8Array, engine: &mut Context) -> JsResult<Vec<u8>> {
    let (offset, length) = (array.byte_offset(engine)?, array.length(engine)?);
    let block = array.buffer(engine)?.as_object().ok_or_else(|| refuse("invalid buffer type"))?;
    let block = JsArrayBuffer::from_object(block)?;
    let data = block.data().ok_or_else(|| refuse("invalid buffer type"))?;
    Ok(data.get(offset..offset + length).unwrap_or_default().to_vec())
}

/// geth's reading of hex: with or without a prefix, a digit more or less, up to what is none.
fn from_hex(text: &str) -> Vec<u8> {
    let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let text = if text.len() % 2 == 1 { format!("0{text}") } else { text.to_owned() };
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    text.as_bytes().chunks(2).map_while(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// The last 20 bytes.
pub(super) fn address(bytes: &[u8]) -> Address {
    Address::from_word(word(bytes))
}

/// The last 32 bytes.
pub(super) fn word(bytes: &[u8]) -> B256 {
    B256::left_padding_from(&bytes[bytes.len().saturating_sub(32)..])
}

/// Refuses a script something, which ends it even when it catches the error.
pub(super) fn refuse(words: impl Into<String>) -> boa_engine::JsError {
    let words = words.into();
    with(|current| current.refused = Some(words.clone()));
    JsNativeError::error().with_message(words).into()
}

/// A value as `JSON.stringify` writes it; what it does not write is null.
pub(super) fn to_json(value: &JsValue, engine: &mut Context) -> JsResult<Value> {
    let json = engine.global_object().get(js_string!("JSON"), engine)?;
    let json = json.as_object().unwrap_or_else(JsObject::with_null_proto);
    let stringify = json.get(js_string!("stringify"), engine)?;
    let stringify = stringify.as_callable().ok_or_else(|| JsNativeError::typ().with_message("JSON.stringify was replaced"))?;
    let text = stringify.call(&JsValue::undefined(), std::slice::from_ref(value), engine)?;
    let Some(text) = text.as_string() else { return Ok(Value::Null) };
    serde_json::from_str(&text.to_std_string_escaped())
        .map_err(|error| JsNativeError::typ().with_message(format!("the result is no JSON: {error}")).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_read_as_geth_reads_it() {
        assert_eq!(from_hex("0x0102"), [1, 2]);
        assert_eq!(from_hex("102"), [1, 2]);
        assert_eq!(from_hex("01zz02"), [1]);
        assert_eq!(from_hex(""), Vec::<u8>::new());
        assert_eq!(address(&[7; 40]), Address::repeat_byte(7));
        assert_eq!(word(&[1]), B256::with_last_byte(1));
    }
}
