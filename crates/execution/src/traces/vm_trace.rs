//! `vmTrace` of OpenEthereum's traces: per call the code and every instruction with what it pushed, wrote to memory and stored.

use super::{
    record::{Enter, words::op_name},
    steps::{Item, Recorded},
    tracer::Finished,
};
use crate::error::Error;
use alloy_primitives::{Address, Bytes, U256};
use alloy_rpc_types_trace::parity::{MemoryDelta, StorageDelta, VmExecutedOperation, VmInstruction, VmTrace};
use revm::{
    DatabaseRef,
    bytecode::opcode::{self as op, OpCode},
};

/// The course of the machine through a transaction, from what was recorded. The depth of recursion is that of the EVM's calls, at most 1,024.
pub(crate) fn vm_trace(items: &[Item], done: &Finished<'_>) -> Result<VmTrace, Error> {
    match items {
        [Item::Enter(enter), rest @ ..] => Ok(of_call(enter, rest, done)?.0),
        _ => Ok(VmTrace::default()),
    }
}

/// The trace of a frame, and what follows its end.
fn of_call<'a>(enter: &Enter, mut items: &'a [Item], done: &Finished<'_>) -> Result<(VmTrace, &'a [Item]), Error> {
    let code = if enter.kind.is_create() { enter.input.clone() } else { code_at(enter.to, done)? };
    let mut ops: Vec<VmInstruction> = Vec::new();
    let mut last: Option<&Recorded> = None;
    loop {
        match items {
            [Item::Step(step), rest @ ..] => {
                finish(ops.last_mut(), last, Some(step));
                last = None;
                // Running over the end of the code is no instruction, but the machine stops by one.
                if step.pc < code.len() || step.op != op::STOP {
                    ops.push(VmInstruction {
                        pc: step.pc,
                        cost: step.cost,
                        ex: None,
                        sub: None,
                        op: Some(op_name(step.op).into_owned()),
                        idx: None,
                    });
                    last = Some(step);
                }
                items = rest;
            }
            [Item::Enter(called), rest @ ..] if called.kind.is_call() || called.kind.is_create() => {
                let (sub, rest) = of_call(called, rest, done)?;
                // The machine's own contracts have no code to tell of.
                if let Some(caller) = ops.last_mut().filter(|_| !called.is_precompile) {
                    caller.sub = Some(sub);
                }
                items = rest;
            }
            // A self-destruct runs nothing.
            [Item::Enter(_), Item::Exit, rest @ ..] => items = rest,
            [Item::Enter(_), rest @ ..] => items = rest,
            [Item::Exit, rest @ ..] => {
                finish(ops.last_mut(), last, None);
                return Ok((VmTrace { code, ops }, rest));
            }
            [] => {
                finish(ops.last_mut(), last, None);
                return Ok((VmTrace { code, ops }, items));
            }
        }
    }
}

/// The code as the transaction left it, which is what a contract that it made itself ran; of a delegated account what it delegates to.
fn code_at(address: Address, done: &Finished<'_>) -> Result<Bytes, Error> {
    let code = plain_code_at(address, done)?;
    match code.strip_prefix(&[0xef, 0x01, 0x00]) {
        Some(target) if target.len() == 20 => plain_code_at(Address::from_slice(target), done),
        _ => Ok(code),
    }
}

fn plain_code_at(address: Address, done: &Finished<'_>) -> Result<Bytes, Error> {
    if let Some(code) = done.result.state.get(&address).and_then(|account| account.info.code.as_ref()) {
        return Ok(code.original_bytes());
    }
    match done.before().basic_ref(address)?.filter(|account| !account.is_empty_code_hash()) {
        Some(account) => Ok(done.before().code_by_hash_ref(account.code_hash)?.original_bytes()),
        None => Ok(Bytes::new()),
    }
}

/// Tells what an instruction did. `next` is the one after it in the same call; what a subordinate call left behind shows there first.
fn finish(instruction: Option<&mut VmInstruction>, step: Option<&Recorded>, next: Option<&Recorded>) {
    let (Some(instruction), Some(step)) = (instruction, step) else { return };
    instruction.ex = (!step.failed).then(|| VmExecutedOperation {
        used: next.map_or(step.gas.saturating_sub(step.cost), |next| next.gas),
        push: pushed(step, next),
        mem: next.and_then(|next| written(step, next)),
        store: stored(step),
    });
}

/// The items that an instruction leaves on top of the stack.
fn pushed(step: &Recorded, next: Option<&Recorded>) -> Vec<U256> {
    let count = OpCode::new(step.op).map_or(0, |op| usize::from(op.outputs()));
    match next.and_then(|next| next.stack.as_ref()) {
        Some(stack) => stack[stack.len().saturating_sub(count)..].to_vec(),
        None => Vec::new(),
    }
}

fn written(step: &Recorded, next: &Recorded) -> Option<MemoryDelta> {
    let at = |offset, length| Some((step.argument(offset)?, step.argument(length)?));
    let (offset, length) = match step.op {
        op::MSTORE => (step.argument(0)?, U256::from(32)),
        op::MSTORE8 => (step.argument(0)?, U256::from(1)),
        op::CALLDATACOPY | op::CODECOPY | op::RETURNDATACOPY | op::MCOPY => at(0, 2)?,
        op::EXTCODECOPY => at(1, 3)?,
        op::CALL | op::CALLCODE => at(5, 6)?,
        op::DELEGATECALL | op::STATICCALL => at(4, 5)?,
        _ => return None,
    };
    let (off, length): (usize, usize) = (offset.try_into().ok()?, length.try_into().ok()?);
    let memory = next.memory.as_ref()?;
    let end = off.checked_add(length).filter(|end| length > 0 && *end <= memory.len())?;
    Some(MemoryDelta { off, data: memory.slice(off..end) })
}

fn stored(step: &Recorded) -> Option<StorageDelta> {
    if step.op != op::SSTORE {
        return None;
    }
    Some(StorageDelta { key: step.argument(0)?, val: step.argument(1)? })
}
