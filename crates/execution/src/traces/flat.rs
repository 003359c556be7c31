//! geth's flatCallTracer: OpenEthereum's form, in geth's words unless it is asked for the others.

use super::{
    frames::Frame,
    record::{FrameKind, words},
};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_rpc_types_eth::TransactionInfo;
use serde::Serialize;

/// One frame, standing alone.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FlatFrame {
    action: FlatAction,
    block_hash: Option<B256>,
    block_number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<FlatResult>,
    subtraces: usize,
    trace_address: Vec<usize>,
    transaction_hash: Option<B256>,
    transaction_position: u64,
    r#type: &'static str,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct FlatAction {
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<U256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creation_method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gas: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    init: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_address: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<U256>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct FlatResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Bytes>,
    gas_used: U64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Bytes>,
}

/// The frames of a transaction, outermost first, in the order in which they began.
pub(crate) fn flatten(top: Frame, convert_errors: bool, info: TransactionInfo) -> Vec<FlatFrame> {
    let mut all = Vec::new();
    add(top, convert_errors, info, &mut Vec::new(), &mut all);
    all
}

fn add(frame: Frame, convert_errors: bool, info: TransactionInfo, address: &mut Vec<usize>, all: &mut Vec<FlatFrame>) {
    let error = frame.exited.error.as_deref();
    let keeps_result = error.is_none() || frame.is_reverted();
    let result = if keeps_result { result(&frame) } else { None };
    let error = error.map(|words| if convert_errors { words::converted(words) } else { words }.to_owned());
    let r#type = match frame.entered.kind {
        FrameKind::SelfDestruct => "suicide",
        kind if kind.is_create() => "create",
        _ => "call",
    };
    all.push(FlatFrame {
        action: action(&frame),
        block_hash: info.block_hash.filter(|hash| !hash.is_zero()),
        block_number: info.block_number.unwrap_or_default(),
        error,
        result,
        subtraces: frame.calls.len(),
        trace_address: address.clone(),
        transaction_hash: info.hash,
        transaction_position: info.index.unwrap_or_default(),
        r#type,
    });
    for (index, call) in frame.calls.into_iter().enumerate() {
        address.push(index);
        add(call, convert_errors, info, address, all);
        address.pop();
    }
}

fn action(frame: &Frame) -> FlatAction {
    let entered = &frame.entered;
    let value = Some(entered.value.unwrap_or_default());
    let method = Some(entered.kind.name().to_lowercase());
    match entered.kind {
        FrameKind::SelfDestruct => {
            FlatAction { address: Some(entered.from), balance: value, refund_address: Some(entered.to), ..Default::default() }
        }
        kind if kind.is_create() => FlatAction {
            creation_method: method,
            from: Some(entered.from),
            gas: Some(U64::from(entered.gas)),
            value,
            init: Some(entered.input.clone()),
            ..Default::default()
        },
        _ => FlatAction {
            call_type: method,
            from: Some(entered.from),
            to: Some(entered.to),
            gas: Some(U64::from(entered.gas)),
            value,
            input: Some(entered.input.clone()),
            ..Default::default()
        },
    }
}

fn result(frame: &Frame) -> Option<FlatResult> {
    let (output, gas_used) = (frame.exited.output.clone(), U64::from(frame.exited.gas_used));
    match frame.entered.kind {
        FrameKind::SelfDestruct => None,
        kind if kind.is_create() => {
            let address = frame.exited.error.is_none().then_some(frame.entered.to);
            Some(FlatResult { address, code: Some(output), gas_used, output: None })
        }
        _ => Some(FlatResult { gas_used, output: Some(output), ..Default::default() }),
    }
}
