//! What a script's `result` is told of the transaction.

use super::values::{big, buffer};
use crate::traces::{
    record::{Enter, Exit},
    tracer::{Finished, Traced},
};
use boa_engine::{Context, JsObject, JsResult, JsValue, js_string};

pub(super) fn of_transaction(
    (enter, exit): (&Enter, &Exit),
    done: &Finished<'_>,
    traced: &Traced,
    engine: &mut Context,
) -> JsResult<JsObject> {
    let block = done.machine.block_env();
    let number = |value: u64| JsValue::from(value as f64);
    let mut fields: Vec<(&str, JsValue)> = vec![
        ("type", js_string!(if enter.kind.is_create() { "CREATE" } else { "CALL" }).into()),
        ("from", buffer(enter.from.as_slice(), engine)?),
        ("to", buffer(enter.to.as_slice(), engine)?),
        ("input", buffer(&enter.input, engine)?),
        ("gas", number(traced.gas_limit)),
        ("gasUsed", number(done.result.result.tx_gas_used())),
        ("gasPrice", big(traced.gas_price, engine)?),
        ("intrinsicGas", number(traced.gas_limit.saturating_sub(enter.gas))),
        ("value", big(enter.value.unwrap_or_default(), engine)?),
        ("block", number(block.number.saturating_to())),
        ("coinbase", buffer(block.beneficiary.as_slice(), engine)?),
        ("output", buffer(&exit.output, engine)?),
    ];
    if let Some(words) = &exit.error {
        fields.push(("error", js_string!(&**words).into()));
    }
    let info = &traced.info;
    if let Some(hash) = info.block_hash.filter(|hash| !hash.is_zero()) {
        fields.push(("blockHash", buffer(hash.as_slice(), engine)?));
    }
    if let (Some(hash), Some(index)) = (info.hash, info.index) {
        fields.push(("txHash", buffer(hash.as_slice(), engine)?));
        fields.push(("txIndex", number(index)));
    }
    let context = JsObject::with_object_proto(engine.intrinsics());
    for (name, value) in fields {
        context.create_data_property_or_throw(js_string!(name), value, engine)?;
    }
    Ok(context)
}
