//! The objects that a script is given: the step with instruction, stack, memory and contract; the state; frames and how they ended.

use super::{
    current::{Current, with},
    values::{address, big, buffer, bytes, integer, refuse, word},
};
use crate::{
    error::DbError,
    traces::{
        erc7562::padded,
        record::{Live, words::op_name},
    },
};
use alloy_primitives::{Address, U256};
use boa_engine::{
    Context, JsObject, JsResult, JsValue, NativeFunction, js_string, native_function::NativeFunctionPointer, object::ObjectInitializer,
    property::Attribute,
};
use revm::bytecode::opcode as op;

/// Made once, used for every call.
#[derive(Debug)]
pub(super) struct Objects {
    pub(super) log: JsObject,
    pub(super) db: JsObject,
    pub(super) frame: JsObject,
    pub(super) frame_result: JsObject,
}

impl Objects {
    pub(super) fn new(engine: &mut Context) -> Self {
        let parts = [
            ("op", object(engine, &[("toNumber", op_number), ("toString", op_string), ("isPush", op_is_push)])),
            ("stack", object(engine, &[("peek", peek), ("length", stack_length)])),
            ("memory", object(engine, &[("slice", memory_slice), ("getUint", memory_uint), ("length", memory_length)])),
            (
                "contract",
                object(
                    engine,
                    &[
                        ("getCaller", contract_caller),
                        ("getAddress", contract_address),
                        ("getValue", contract_value),
                        ("getInput", contract_input),
                    ],
                ),
            ),
        ];
        let mut log = ObjectInitializer::new(engine);
        for (name, part) in parts {
            log.property(js_string!(name), part, Attribute::all());
        }
        let functions: [(&str, NativeFunctionPointer); 6] =
            [("getPC", pc), ("getGas", gas), ("getCost", cost), ("getDepth", depth), ("getRefund", refund), ("getError", error)];
        for (name, function) in functions {
            log.function(NativeFunction::from_fn_ptr(function), js_string!(name), 0);
        }
        let log = log.build();
        let db =
            object(engine, &[("getBalance", balance), ("getNonce", nonce), ("getCode", code), ("getState", state), ("exists", exists)]);
        let frame = object(
            engine,
            &[
                ("getType", frame_type),
                ("getFrom", frame_from),
                ("getTo", frame_to),
                ("getInput", frame_input),
                ("getGas", frame_gas),
                ("getValue", frame_value),
            ],
        );
        let frame_result = object(engine, &[("getGasUsed", result_gas), ("getOutput", result_output), ("getError", result_error)]);
        Self { log, db, frame, frame_result }
    }
}

fn object(engine: &mut Context, functions: &[(&str, NativeFunctionPointer)]) -> JsObject {
    let mut object = ObjectInitializer::new(engine);
    for (name, function) in functions {
        object.function(NativeFunction::from_fn_ptr(*function), js_string!(*name), 0);
    }
    object.build()
}

/// A whole number of the machine; none of those is beyond what JavaScript counts.
fn number(read: impl FnOnce(&Current) -> u64) -> JsResult<JsValue> {
    Ok(JsValue::from(with(|current| read(current)) as f64))
}

fn text(words: Option<&str>) -> JsValue {
    words.map_or_else(JsValue::undefined, |words| js_string!(words).into())
}

macro_rules! numbers {
    ($($name:ident: $read:expr),+ $(,)?) => {$(
        fn $name(_: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
            number($read)
        }
    )+};
}

numbers!(
    op_number: |current| u64::from(current.step.op),
    stack_length: |current| current.step.stack.len() as u64,
    memory_length: |current| current.step.memory_size as u64,
    pc: |current| current.step.pc as u64,
    gas: |current| current.step.gas,
    cost: |current| current.step.cost,
    depth: |current| current.step.depth as u64,
    refund: |current| current.step.refund,
    frame_gas: |current| current.frame.as_ref().map_or(0, |frame| frame.gas),
    result_gas: |current| current.ended.as_ref().map_or(0, |ended| ended.gas_used),
);

macro_rules! buffers {
    ($($name:ident: $read:expr),+ $(,)?) => {$(
        fn $name(_: &JsValue, _: &[JsValue], engine: &mut Context) -> JsResult<JsValue> {
            let read: fn(&Current) -> Vec<u8> = $read;
            buffer(&with(|current| read(current)), engine)
        }
    )+};
}

buffers!(
    contract_caller: |current| current.step.caller.to_vec(),
    contract_address: |current| current.step.contract.to_vec(),
    contract_input: |current| current.inputs.last().map(|input| input.to_vec()).unwrap_or_default(),
    frame_from: |current| current.frame.as_ref().map(|frame| frame.from.to_vec()).unwrap_or_default(),
    frame_to: |current| current.frame.as_ref().map(|frame| frame.to.to_vec()).unwrap_or_default(),
    frame_input: |current| current.frame.as_ref().map(|frame| frame.input.to_vec()).unwrap_or_default(),
    result_output: |current| current.ended.as_ref().map(|ended| ended.output.to_vec()).unwrap_or_default(),
);

fn op_string(_: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(text(Some(&op_name(with(|current| current.step.op)))))
}

fn op_is_push(_: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(with(|current| (op::PUSH0..=op::PUSH32).contains(&current.step.op)).into())
}

fn peek(_: &JsValue, given: &[JsValue], engine: &mut Context) -> JsResult<JsValue> {
    let index = integer(given.first(), engine)?;
    let found = with(|current| (usize::try_from(index).ok().and_then(|index| current.step.argument(index)), current.step.stack.len()));
    match found {
        (Some(item), _) => big(item, engine),
        (None, size) => Err(refuse(format!("tracer accessed out of bound stack: size {size}, index {index}"))),
    }
}

fn memory_slice(_: &JsValue, given: &[JsValue], engine: &mut Context) -> JsResult<JsValue> {
    let (begin, end) = (integer(given.first(), engine)?, integer(given.get(1), engine)?);
    if begin == end {
        return buffer(&[], engine);
    }
    if end < begin || begin < 0 {
        return Err(refuse(format!("tracer accessed out of bound memory: offset {begin}, end {end}")));
    }
    let (offset, length) = (begin.unsigned_abs(), (end - begin).unsigned_abs());
    let piece = with(|current| (padded(&current.step.memory, U256::from(offset), U256::from(length)), current.step.memory.len()));
    match piece {
        (Some(piece), _) => buffer(&piece, engine),
        (None, size) => {
            let needed = i128::from(end) - size as i128;
            Err(refuse(format!("reached limit for padding memory slice: {needed}")))
        }
    }
}

fn memory_uint(_: &JsValue, given: &[JsValue], engine: &mut Context) -> JsResult<JsValue> {
    let offset = integer(given.first(), engine)?;
    let word = with(|current| {
        let start = usize::try_from(offset).ok();
        let bytes = start.and_then(|start| current.step.memory.get(start..start.checked_add(32)?));
        (bytes.map(U256::from_be_slice), current.step.memory.len())
    });
    match word {
        (Some(word), _) => big(word, engine),
        (None, size) => Err(refuse(format!("tracer accessed out of bound memory: available {size}, offset {offset}, size 32"))),
    }
}

fn contract_value(_: &JsValue, _: &[JsValue], engine: &mut Context) -> JsResult<JsValue> {
    big(with(|current| current.step.value), engine)
}

fn error(_: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(with(|current| text(current.step.error.as_deref())))
}

fn frame_type(_: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(with(|current| text(current.frame.as_ref().map(|frame| frame.kind.name()))))
}

fn frame_value(_: &JsValue, _: &[JsValue], engine: &mut Context) -> JsResult<JsValue> {
    match with(|current| current.frame.as_ref().and_then(|frame| frame.value)) {
        Some(value) => big(value, engine),
        None => Ok(JsValue::undefined()),
    }
}

fn result_error(_: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(with(|current| text(current.ended.as_ref().and_then(|ended| ended.error.as_deref()))))
}

/// Reads something of the account that is the first argument.
fn of_account<T>(given: &[JsValue], engine: &mut Context, read: impl FnOnce(&Live, Address) -> Result<T, DbError>) -> JsResult<T> {
    let whose = address(&bytes(given.first(), false, engine)?);
    let found = with(|current| current.live.as_ref().map(|live| read(live, whose)));
    match found {
        Some(Ok(value)) => Ok(value),
        Some(Err(error)) => Err(refuse(error.to_string())),
        None => Err(refuse("the state cannot be read here")),
    }
}

fn balance(_: &JsValue, given: &[JsValue], engine: &mut Context) -> JsResult<JsValue> {
    let account = of_account(given, engine, Live::account)?;
    big(account.map_or(U256::ZERO, |account| account.balance), engine)
}

fn nonce(_: &JsValue, given: &[JsValue], engine: &mut Context) -> JsResult<JsValue> {
    let account = of_account(given, engine, Live::account)?;
    Ok(JsValue::from(account.map_or(0, |account| account.nonce) as f64))
}

fn code(_: &JsValue, given: &[JsValue], engine: &mut Context) -> JsResult<JsValue> {
    let code = of_account(given, engine, Live::code)?;
    buffer(&code, engine)
}

fn state(_: &JsValue, given: &[JsValue], engine: &mut Context) -> JsResult<JsValue> {
    let slot = U256::from_be_bytes(word(&bytes(given.get(1), false, engine)?).0);
    let value = of_account(given, engine, |live, whose| live.storage(whose, slot))?;
    buffer(&value.to_be_bytes::<32>(), engine)
}

fn exists(_: &JsValue, given: &[JsValue], engine: &mut Context) -> JsResult<JsValue> {
    Ok(of_account(given, engine, Live::account)?.is_some().into())
}
