//! geth's evmdisTracer: every instruction with what it left on the stack, calls with the instructions in them, as the disassembler evmdis reads it. As in
//! geth, the first instruction after a call is left out, and contracts that are made are not entered.

use crate::traces::{
    erc7562::padded,
    record::{
        Step,
        words::{Words, op_name},
    },
};
use alloy_primitives::U256;
use revm::bytecode::opcode as op;
use serde_json::{Map, Value, json};

/// The largest number below which every whole number is one of JavaScript's.
const SAFE: u64 = 1 << 53;

/// An instruction.
#[derive(Debug)]
struct Op {
    op: u8,
    depth: usize,
    /// Where it is, of a place to jump to.
    pc: Option<usize>,
    result: Vec<U256>,
    call: Option<Call>,
}

/// What a call has beside.
#[derive(Debug)]
struct Call {
    gas: U256,
    to: U256,
    value: Option<U256>,
    input: Vec<u8>,
    frame: Frame,
}

/// What was executed in a frame, and how it ended.
#[derive(Debug, Default)]
struct Frame {
    ops: Vec<Op>,
    error: Option<Words>,
    output: Option<Vec<u8>>,
}

/// The frames that were entered and not left; each but the first belongs to the last instruction of the one before.
#[derive(Debug)]
pub(super) struct Evmdis {
    frames: Vec<Frame>,
    bytes: usize,
}

impl Default for Evmdis {
    fn default() -> Self {
        Self { frames: vec![Frame::default()], bytes: 0 }
    }
}

impl Evmdis {
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn step(&mut self, step: &Step) {
        let depth = self.frames.len();
        let Some(frame) = self.frames.last_mut() else { return };
        if step.error.is_some() {
            frame.error.clone_from(&step.error);
            return;
        }
        if step.depth != depth {
            return self.leave(step.depth);
        }
        if let Some(before) = frame.ops.last_mut() {
            before.result.extend((0..results(before.op)).map_while(|index| step.argument(index)));
            self.bytes += 32 * before.result.len();
        }
        let call = call(step);
        let enters = call.is_some();
        match step.op {
            op::RETURN | op::REVERT => frame.output = step.argument(0).zip(step.argument(1)).map(|(at, size)| piece(step, at, size)),
            op::STOP | op::SELFDESTRUCT => frame.output = Some(Vec::new()),
            _ => {}
        }
        // A byte takes some forty in the answer.
        let copied = call.as_ref().map_or(0, |call| call.input.len()) + frame.output.as_ref().map_or(0, Vec::len);
        self.bytes += 1024 + 40 * copied;
        let pc = (step.op == op::JUMPDEST).then_some(step.pc);
        frame.ops.push(Op { op: step.op, depth: step.depth, pc, result: Vec::new(), call });
        if enters {
            self.frames.push(Frame::default());
        }
    }

    /// Leaves the frames that are deeper.
    fn leave(&mut self, depth: usize) {
        while self.frames.len() > depth.max(1) {
            let Some(left) = self.frames.pop() else { return };
            let outer = self.frames.last_mut().and_then(|frame| frame.ops.last_mut());
            if let Some(call) = outer.and_then(|op| op.call.as_mut()) {
                call.frame = left;
            }
        }
    }

    /// The answer.
    pub(super) fn into_ops(mut self) -> Value {
        self.leave(1);
        let ops = self.frames.pop().map(|frame| frame.ops).unwrap_or_default();
        ops.into_iter().map(told).collect()
    }
}

fn piece(step: &Step, offset: U256, length: U256) -> Vec<u8> {
    padded(&step.memory, offset, length).unwrap_or_default()
}

fn call(step: &Step) -> Option<Call> {
    let value = match step.op {
        op::CALL | op::CALLCODE => Some(step.argument(2)?),
        op::DELEGATECALL | op::STATICCALL => None,
        _ => return None,
    };
    let input = if value.is_some() { 3 } else { 2 };
    let input = piece(step, step.argument(input)?, step.argument(input + 1)?);
    Some(Call { gas: step.argument(0)?, to: step.argument(1)?, value, input, frame: Frame::default() })
}

/// How many items an instruction is told to leave on the stack. geth's table ends with Homestead; of others, and of those calls that it tells by name,
/// none are told.
const fn results(what: u8) -> usize {
    match what {
        op::ADD..=op::SIGNEXTEND | op::LT..=op::BYTE | op::KECCAK256 => 1,
        op::ADDRESS..=op::CALLDATALOAD | op::CALLDATASIZE | op::CODESIZE | op::GASPRICE | op::EXTCODESIZE => 1,
        op::BLOCKHASH..=op::GASLIMIT | op::MLOAD | op::SLOAD | op::PC | op::MSIZE | op::GAS | op::PUSH1..=op::PUSH32 => 1,
        op::DUP1..=op::DUP16 => (what - op::DUP1) as usize + 2,
        op::SWAP1..=op::SWAP16 => (what - op::SWAP1) as usize + 2,
        op::CREATE | op::CALL | op::CALLCODE => 1,
        _ => 0,
    }
}

fn told(op: Op) -> Value {
    let result: Vec<_> = op.result.iter().map(|item| format!("{item:x}")).collect();
    let mut told = json!({ "op": op.op, "depth": op.depth, "result": result });
    if (op::PUSH0..=op::PUSH32).contains(&op.op) {
        told["len"] = json!(op.op - 0x5e);
    }
    if let Some(pc) = op.pc {
        told["pc"] = json!(pc);
    }
    let Some(call) = op.call else { return told };
    match call.value {
        Some(value) => told["value"] = json!(value.to_string()),
        None => told["op"] = json!(op_name(op.op)),
    }
    told["gas"] = number(call.gas);
    told["to"] = json!(format!("{:x}", call.to));
    told["input"] = indexed(&call.input);
    told["error"] = json!(call.frame.error);
    told["return"] = call.frame.output.as_deref().map_or(Value::Null, indexed);
    told["ops"] = call.frame.ops.into_iter().map(self::told).collect();
    told
}

/// A number as JavaScript writes it.
fn number(value: U256) -> Value {
    match u64::try_from(value) {
        Ok(small) if small < SAFE => json!(small),
        _ => value.to_string().parse().map_or(Value::Null, |number: f64| json!(number)),
    }
}

/// Bytes as JavaScript writes a Uint8Array.
fn indexed(bytes: &[u8]) -> Value {
    let all: Map<_, _> = bytes.iter().enumerate().map(|(index, byte)| (index.to_string(), json!(byte))).collect();
    Value::Object(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_javascript() {
        assert_eq!(number(U256::from(SAFE - 1)).to_string(), "9007199254740991");
        assert_eq!(number(U256::MAX), json!(1.157920892373162e77));
        assert_eq!(indexed(&[7, 0]), json!({ "0": 7, "1": 0 }));
    }
}
