//! geth's callTracerLegacy: calls as its first tracer found them, from the instructions that make them and from the instruction after. So a call of code
//! knows its gas, one of an account without code does not; calls of the machine's own contracts are none; and one that could not begin is an "internal
//! failure".

use super::address_in;
use crate::traces::{
    erc7562::padded,
    record::{
        Enter, Exit, Live, Step,
        words::{REVERTED, Words},
    },
    tracer::{Finished, Traced},
};
use alloy_primitives::{Address, Bytes, U64, U256};
use revm::bytecode::opcode as op;
use serde::Serialize;

/// A call, as it is told.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Call {
    r#type: &'static str,
    from: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<U256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gas: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gas_used: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    calls: Vec<Call>,
    /// Gas before the instruction that made it less what that cost, which has the gas of a call in it.
    #[serde(skip)]
    gas_beside: u64,
    /// Where in the caller's memory the output goes.
    #[serde(skip)]
    output_at: (U256, U256),
}

/// Calls that began and did not end, the transaction's own first.
#[derive(Debug)]
pub(super) struct Calls {
    open: Vec<Call>,
    /// The instruction before made a call.
    descended: bool,
    precompiles: Vec<Address>,
    bytes: usize,
}

impl Default for Calls {
    fn default() -> Self {
        Self { open: vec![Call::default()], descended: false, precompiles: Vec::new(), bytes: 0 }
    }
}

impl Calls {
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn set_precompiles(&mut self, all: Vec<Address>) {
        self.precompiles = all;
    }

    pub(super) fn step(&mut self, step: &Step, live: &Live) {
        if let Some(words) = &step.error {
            return self.fault(words);
        }
        match step.op {
            op::CREATE | op::CREATE2 => return self.begin(creation(step)),
            op::SELFDESTRUCT => return self.destroy(step, live),
            op::CALL | op::CALLCODE | op::DELEGATECALL | op::STATICCALL => {
                if !address_in(step, 1).is_some_and(|to| self.precompiles.contains(&to)) {
                    self.begin(call(step));
                }
                return;
            }
            _ => {}
        }
        let depth = self.open.len();
        let Some(last) = self.open.last_mut() else { return };
        if std::mem::take(&mut self.descended) && step.depth >= depth {
            last.gas = Some(U64::from(step.gas));
        }
        if step.op == op::REVERT {
            last.error = Some(REVERTED.to_owned());
        } else if step.depth + 1 == depth {
            self.end(step, live);
        }
    }

    fn begin(&mut self, call: Call) {
        self.bytes += 512 + call.input.as_ref().map_or(0, |input| input.len());
        self.open.push(call);
        self.descended = true;
    }

    fn destroy(&mut self, step: &Step, live: &Live) {
        // Whatever cannot be read fails the machine, too.
        let balance = live.account(step.contract).ok().flatten().map_or(U256::ZERO, |account| account.balance);
        self.bytes += 512;
        self.close(Call { r#type: "SELFDESTRUCT", from: step.contract, to: address_in(step, 0), value: Some(balance), ..Call::default() });
    }

    /// Puts a call into the one that it is in.
    fn close(&mut self, call: Call) {
        match self.open.last_mut() {
            Some(outer) => outer.calls.push(call),
            None => self.open.push(call),
        }
    }

    /// The call before this instruction ended; what it gave is on the stack.
    fn end(&mut self, step: &Step, live: &Live) {
        let Some(mut call) = self.open.pop() else { return };
        let is_creation = call.r#type.starts_with("CREATE");
        let made = address_in(step, 0).filter(|_| step.argument(0).is_some_and(|given| !given.is_zero()));
        // The gas of a call is part of what its instruction cost; that of a creation is not.
        let own = if is_creation { Some(0) } else { call.gas.map(|gas| gas.to::<u64>()) };
        call.gas_used = own.map(|own| U64::from(call.gas_beside.saturating_add(own).saturating_sub(step.gas)));
        match made {
            Some(made) if is_creation => {
                call.to = Some(made);
                call.output = Some(live.code(made).unwrap_or_default());
            }
            Some(_) => call.output = Some(padded(&step.memory, call.output_at.0, call.output_at.1).unwrap_or_default().into()),
            None if call.error.is_none() => call.error = Some("internal failure".to_owned()),
            None => {}
        }
        self.bytes += call.output.as_ref().map_or(0, |output| output.len());
        self.close(call);
    }

    /// The innermost call failed, unless it reverted, which was told before.
    pub(super) fn fault(&mut self, words: &Words) {
        if self.open.last().is_none_or(|last| last.error.is_some()) {
            return;
        }
        let Some(mut call) = self.open.pop() else { return };
        call.error = Some(words.to_string());
        call.gas_used = call.gas;
        self.close(call);
    }

    /// The answer.
    pub(super) fn into_call(self, (enter, exit): (&Enter, &Exit), done: &Finished<'_>, traced: &Traced) -> Call {
        let top = self.open.into_iter().next().unwrap_or_default();
        let error = top.error.or_else(|| exit.error.as_deref().map(str::to_owned));
        let has_output = error.as_ref().is_none_or(|words| words == REVERTED && !exit.output.is_empty());
        Call {
            r#type: if enter.kind.is_create() { "CREATE" } else { "CALL" },
            from: enter.from,
            to: Some(enter.to),
            value: Some(enter.value.unwrap_or_default()),
            gas: Some(U64::from(traced.gas_limit)),
            gas_used: Some(U64::from(done.result.result.tx_gas_used())),
            input: Some(enter.input.clone()),
            output: has_output.then(|| exit.output.clone()),
            error,
            calls: top.calls,
            ..Call::default()
        }
    }
}

fn creation(step: &Step) -> Call {
    let argument = |depth| step.argument(depth).unwrap_or_default();
    Call {
        r#type: if step.op == op::CREATE2 { "CREATE2" } else { "CREATE" },
        from: step.contract,
        value: step.argument(0),
        input: Some(padded(&step.memory, argument(1), argument(2)).unwrap_or_default().into()),
        gas_beside: step.gas.saturating_sub(step.cost),
        ..Call::default()
    }
}

fn call(step: &Step) -> Call {
    let argument = |depth| step.argument(depth).unwrap_or_default();
    let (name, has_value) = match step.op {
        op::CALL => ("CALL", true),
        op::CALLCODE => ("CALLCODE", true),
        op::DELEGATECALL => ("DELEGATECALL", false),
        _ => ("STATICCALL", false),
    };
    let data = if has_value { 3 } else { 2 };
    Call {
        r#type: name,
        from: step.contract,
        to: address_in(step, 1),
        value: step.argument(2).filter(|_| has_value),
        input: Some(padded(&step.memory, argument(data), argument(data + 1)).unwrap_or_default().into()),
        gas_beside: step.gas.saturating_sub(step.cost),
        output_at: (argument(data + 2), argument(data + 3)),
        ..Call::default()
    }
}
