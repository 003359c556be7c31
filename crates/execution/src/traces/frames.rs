//! The frames of a transaction: geth's callTracer and flatCallTracer, and OpenEthereum's flat traces.

use super::record::{Enter, Exit, FrameKind, words};
use alloy_primitives::{Log, U256};
use alloy_rpc_types_trace::{
    geth::{CallConfig, CallFrame, CallLogFrame},
    parity::{
        Action, CallAction, CallOutput, CallType, CreateAction, CreateOutput, CreationMethod, SelfdestructAction, TraceOutput,
        TransactionTrace,
    },
};

/// What a frame takes beside what it holds, bytes.
const FRAME: usize = 512;

/// A frame with those inside it.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(super) entered: Enter,
    pub(super) exited: Exit,
    logs: Vec<CallLogFrame>,
    pub(super) calls: Vec<Frame>,
}

/// Records frames as geth's callTracer does.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// Frames that were entered and not left, outermost first.
    open: Vec<Frame>,
    top: Option<Frame>,
    only_top: bool,
    with_logs: bool,
    /// Calls to the machine's own contracts are left out, as OpenEthereum does; the transaction's own frame never is.
    without_precompiles: bool,
    bytes: usize,
}

impl Frames {
    /// What callTracer records.
    pub(crate) fn of_call_tracer(config: &CallConfig) -> Self {
        Self { only_top: config.only_top_call.unwrap_or_default(), with_logs: config.with_log.unwrap_or_default(), ..Self::default() }
    }

    /// What the flat traces record.
    pub(crate) fn flat(without_precompiles: bool) -> Self {
        Self { without_precompiles, ..Self::default() }
    }

    /// Bytes that were recorded.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn enter(&mut self, event: &Enter) {
        if self.only_top && event.depth > 0 {
            return;
        }
        self.bytes += FRAME + event.input.len();
        self.open.push(Frame { entered: event.clone(), exited: Exit::default(), logs: Vec::new(), calls: Vec::new() });
    }

    pub(crate) fn exit(&mut self, event: &Exit) {
        if self.only_top && event.depth > 0 {
            return;
        }
        let Some(mut frame) = self.open.pop() else { return };
        self.bytes += event.output.len();
        frame.exited = event.clone();
        let is_left_out = self.without_precompiles
            && frame.entered.is_precompile
            && matches!(frame.entered.kind, FrameKind::Call | FrameKind::StaticCall);
        match self.open.last_mut() {
            Some(_) if is_left_out => {}
            Some(parent) => parent.calls.push(frame),
            None => self.top = Some(frame),
        }
    }

    /// `depth` is that of the frame which logs.
    pub(crate) fn log(&mut self, log: &Log, index: u64, depth: usize) {
        if !self.with_logs || (self.only_top && depth > 0) {
            return;
        }
        let Some(frame) = self.open.last_mut() else { return };
        self.bytes += FRAME + log.data.data.len();
        frame.logs.push(CallLogFrame {
            address: Some(log.address),
            topics: Some(log.topics().to_vec()),
            data: Some(log.data.data.clone()),
            position: Some(frame.calls.len() as u64),
            index: Some(index),
        });
    }

    /// What was recorded, with the limit and use of gas of the whole transaction.
    pub(crate) fn into_call_frame(self, gas_limit: u64, gas_used: u64) -> CallFrame {
        self.into_top(gas_limit, gas_used).map_or_else(CallFrame::default, |top| top.into_call_frame(false))
    }

    /// The transaction's own frame, with the limit and use of gas of the whole transaction.
    pub(super) fn into_top(self, gas_limit: u64, gas_used: u64) -> Option<Frame> {
        let mut top = self.top?;
        top.entered.gas = gas_limit;
        top.exited.gas_used = gas_used;
        Some(top)
    }

    /// What was recorded, as OpenEthereum's flat traces, outermost first, in the order in which they began. The outermost has the gas that was left for
    /// execution.
    pub(crate) fn into_parity(self) -> Vec<TransactionTrace> {
        let mut all = Vec::new();
        if let Some(top) = self.top {
            top.flatten(&mut Vec::new(), &mut all);
        }
        all
    }
}

impl Frame {
    pub(super) fn is_reverted(&self) -> bool {
        self.exited.error.as_deref() == Some(words::REVERTED)
    }

    /// geth's form of the frame, without what a parent's failure undid.
    fn into_call_frame(self, parent_failed: bool) -> CallFrame {
        let is_reverted = self.is_reverted();
        let Self { entered, exited, logs, calls } = self;
        let failed = exited.error.is_some();
        let keeps_output = !failed || is_reverted;
        let undone = parent_failed || failed;
        CallFrame {
            typ: entered.kind.name().to_owned(),
            from: entered.from,
            to: (!failed || !entered.kind.is_create()).then_some(entered.to),
            value: entered.value,
            gas: U256::from(entered.gas),
            gas_used: U256::from(exited.gas_used),
            revert_reason: if is_reverted { words::revert_reason(&exited.output) } else { None },
            output: (keeps_output && !exited.output.is_empty()).then_some(exited.output),
            input: entered.input,
            error: exited.error.map(std::borrow::Cow::into_owned),
            logs: if undone { Vec::new() } else { logs },
            calls: calls.into_iter().map(|call| call.into_call_frame(undone)).collect(),
            ..Default::default()
        }
    }

    fn flatten(self, address: &mut Vec<usize>, all: &mut Vec<TransactionTrace>) {
        let error = self.exited.error.as_deref().map(|words| words::parity(words).to_owned());
        let has_result = error.is_none() || self.is_reverted();
        let result = if has_result { self.result() } else { None };
        let Self { entered, calls, .. } = self;
        all.push(TransactionTrace { action: action(entered), error, result, subtraces: calls.len(), trace_address: address.clone() });
        for (index, call) in calls.into_iter().enumerate() {
            address.push(index);
            call.flatten(address, all);
            address.pop();
        }
    }

    fn result(&self) -> Option<TraceOutput> {
        let (output, gas_used) = (self.exited.output.clone(), self.exited.gas_used);
        match self.entered.kind {
            FrameKind::SelfDestruct => None,
            kind if kind.is_create() => Some(TraceOutput::Create(CreateOutput { address: self.entered.to, code: output, gas_used })),
            _ => Some(TraceOutput::Call(CallOutput { gas_used, output })),
        }
    }
}

fn action(Enter { kind, from, to, input, gas, value, .. }: Enter) -> Action {
    let value = value.unwrap_or_default();
    let call = |call_type| Action::Call(CallAction { from, call_type, gas, input: input.clone(), to, value });
    let create = |creation_method| Action::Create(CreateAction { from, gas, init: input.clone(), value, creation_method });
    match kind {
        FrameKind::Call => call(CallType::Call),
        FrameKind::CallCode => call(CallType::CallCode),
        FrameKind::DelegateCall => call(CallType::DelegateCall),
        FrameKind::StaticCall => call(CallType::StaticCall),
        FrameKind::Create => create(CreationMethod::Create),
        FrameKind::Create2 => create(CreationMethod::Create2),
        FrameKind::SelfDestruct => Action::Selfdestruct(SelfdestructAction { address: from, balance: value, refund_address: to }),
    }
}
