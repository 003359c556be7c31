//! `vmTrace` of OpenEthereum's traces: per call the code and every instruction with what it pushed, wrote to memory and stored.

use super::tracer::Finished;
use crate::error::Error;
use alloy_primitives::{Address, Bytes, U256};
use alloy_rpc_types_trace::parity::{MemoryDelta, StorageDelta, VmExecutedOperation, VmInstruction, VmTrace};
use revm::{DatabaseRef, bytecode::opcode as op};
use revm_inspectors::tracing::types::{CallTraceNode, CallTraceStep, TraceMemberOrder};

/// The course of the machine through a transaction, from the recorded calls, of which the first is the transaction's own. The depth of recursion is
/// that of the EVM's calls, at most 1,024.
pub(crate) fn vm_trace(nodes: &[CallTraceNode], done: &Finished<'_>) -> Result<VmTrace, Error> {
    nodes.first().map_or_else(|| Ok(VmTrace::default()), |root| of_call(nodes, root, done))
}

fn of_call(nodes: &[CallTraceNode], node: &CallTraceNode, done: &Finished<'_>) -> Result<VmTrace, Error> {
    let steps = &node.trace.steps;
    let code = if node.trace.kind.is_any_create() { node.trace.data.clone() } else { code_at(node.trace.address, done)? };
    let mut ops: Vec<VmInstruction> = Vec::with_capacity(steps.len());
    for member in &node.ordering {
        match member {
            TraceMemberOrder::Step(index) => {
                // Running over the end of the code is no instruction, but the machine stops by one.
                if let Some(step) = steps.get(*index).filter(|step| step.pc < code.len() || step.op.get() != op::STOP) {
                    ops.push(instruction(step, steps.get(index + 1)));
                }
            }
            TraceMemberOrder::Call(index) => {
                let called = node.children.get(*index).and_then(|child| nodes.get(*child));
                if let (Some(caller), Some(called)) = (ops.last_mut(), called) {
                    caller.sub = Some(of_call(nodes, called, done)?);
                }
            }
            TraceMemberOrder::Log(_) => {}
        }
    }
    Ok(VmTrace { code, ops })
}

/// The code as the transaction left it, which is what a contract that it made itself ran.
fn code_at(address: Address, done: &Finished<'_>) -> Result<Bytes, Error> {
    if let Some(code) = done.result.state.get(&address).and_then(|account| account.info.code.as_ref()) {
        return Ok(code.original_bytes());
    }
    match done.before().basic_ref(address)?.filter(|account| !account.is_empty_code_hash()) {
        Some(account) => Ok(done.before().code_by_hash_ref(account.code_hash)?.original_bytes()),
        None => Ok(Bytes::new()),
    }
}

/// `next` is the instruction after it in the same call; what a subordinate call left behind shows there first.
fn instruction(step: &CallTraceStep, next: Option<&CallTraceStep>) -> VmInstruction {
    let failed = step.status.is_some_and(|status| status.is_error());
    let ex = (!failed).then(|| VmExecutedOperation {
        used: next.map_or(step.gas_remaining.saturating_sub(step.gas_cost), |next| next.gas_remaining),
        push: pushed(step, next),
        mem: next.and_then(|next| written(step, next)),
        store: stored(step),
    });
    VmInstruction { pc: step.pc, cost: step.gas_cost, ex, sub: None, op: Some(step.op.to_string()), idx: None }
}

/// The items that an instruction leaves on top of the stack.
fn pushed(step: &CallTraceStep, next: Option<&CallTraceStep>) -> Vec<U256> {
    let count = if step.op.is_valid() { usize::from(step.op.outputs()) } else { 0 };
    match next.and_then(|next| next.stack.as_ref()) {
        Some(stack) => stack[stack.len().saturating_sub(count)..].to_vec(),
        None => Vec::new(),
    }
}

/// An instruction's argument, counted from the top of the stack.
fn argument(step: &CallTraceStep, depth: usize) -> Option<U256> {
    let stack = step.stack.as_ref()?;
    stack.len().checked_sub(depth + 1).map(|index| stack[index])
}

fn written(step: &CallTraceStep, next: &CallTraceStep) -> Option<MemoryDelta> {
    let at = |offset, length| Some((argument(step, offset)?, argument(step, length)?));
    let (offset, length) = match step.op.get() {
        op::MSTORE => (argument(step, 0)?, U256::from(32)),
        op::MSTORE8 => (argument(step, 0)?, U256::from(1)),
        op::CALLDATACOPY | op::CODECOPY | op::RETURNDATACOPY | op::MCOPY => at(0, 2)?,
        op::EXTCODECOPY => at(1, 3)?,
        op::CALL | op::CALLCODE => at(5, 6)?,
        op::DELEGATECALL | op::STATICCALL => at(4, 5)?,
        _ => return None,
    };
    let (off, length): (usize, usize) = (offset.try_into().ok()?, length.try_into().ok()?);
    let memory = next.memory.as_ref()?.as_bytes();
    let end = off.checked_add(length).filter(|end| length > 0 && *end <= memory.len())?;
    Some(MemoryDelta { off, data: memory.slice(off..end) })
}

fn stored(step: &CallTraceStep) -> Option<StorageDelta> {
    if step.op.get() != op::SSTORE {
        return None;
    }
    Some(StorageDelta { key: argument(step, 0)?, val: argument(step, 1)? })
}
