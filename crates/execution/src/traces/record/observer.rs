//! The machine's inspector: it tells a tracer what happens in geth's order and terms, and ends what takes too long.
//!
//! A step is told after it, when its price is known, with everything as it was before. Frames and logs are told as they come.

use super::{
    event::{Enter, Exit, FrameKind, Step, Undo},
    gas::{Priced, price},
    live::Live,
    words::{self, At, Words},
};
use crate::{
    calls::{abort::Abort, state::State},
    overlay::Overlay,
    traces::tracer::{Needs, Tracer},
};
use alloy_primitives::{Address, Bytes, Log, U256};
use revm::{
    DatabaseRef, Inspector,
    bytecode::opcode as op,
    context::{ContextError, ContextTr, JournalTr},
    context_interface::CreateScheme,
    inspector::JournalExt,
    interpreter::{
        CallInputs, CallOutcome, CallScheme, CreateInputs, CreateOutcome, FrameInput, Gas, InstructionResult, Interpreter,
        InterpreterAction, InterpreterResult,
        interpreter_types::{InputsTr, Jumps, LegacyBytecode, LoopControl, MemoryTr, ReturnData},
    },
    precompile::u64_to_address,
};

/// Gas below which the price of the next instruction may not be affordable, whatever it is, but for memory.
const SCARCE: u64 = 64_000;

/// A frame that was entered and not left.
#[derive(Debug)]
struct Frame {
    kind: FrameKind,
    /// The refund counter when it was entered.
    refund: i64,
    gas_limit: u64,
    /// Index of the next log of a precompile in it.
    next_log: u64,
    /// Why its last instruction failed.
    failure: Option<Words>,
    /// It runs code in place of code that must not run (EIP-7610): its steps are nobody's.
    is_collision: bool,
}

/// A contract that cannot be made where storage is (EIP-7610), between the instruction and its frame.
#[derive(Debug)]
struct Collision {
    kind: FrameKind,
    init_code: Bytes,
}

/// An inspector with a tracer in it.
#[derive(Debug, Default)]
pub(crate) struct Observer {
    pub(crate) abort: Abort,
    pub(crate) tracer: Tracer,
    needs: Needs,
    /// Logs of the block before the transaction.
    logs_before: u64,
    /// The instruction under way, or the last one.
    at: At,
    frames: Vec<Frame>,
    step: Step,
    priced: Priced,
    /// What was copied of memory is not what is there now.
    memory_is_stale: bool,
    /// Refunds of the frames below the current one and of this one at its last step.
    refund: i64,
    destroyed: Option<(Address, Address, U256)>,
    /// Where in memory the init code of the creation under way is.
    init_code: (U256, U256),
    collision: Option<Collision>,
    /// What the call may still use before it ends itself, gas.
    allowance: Option<u64>,
    /// The gas that was left at the last instruction, 0 after a frame was entered or left.
    gas_left: u64,
}

impl Observer {
    /// An inspector that records nothing.
    pub(crate) fn ending(abort: Abort) -> Self {
        Self::new(abort, Tracer::default())
    }

    pub(crate) fn new(abort: Abort, tracer: Tracer) -> Self {
        let (needs, allowance) = (tracer.needs(), abort.allowance());
        Self { abort, tracer, needs, allowance, memory_is_stale: true, ..Self::default() }
    }

    /// Another tracer, for the next transaction.
    pub(crate) fn start(&mut self, tracer: Tracer) {
        *self = Self { logs_before: self.logs_before, ..Self::new(self.abort.clone(), tracer) };
    }

    /// So many logs are in the block before the next transaction.
    pub(crate) fn pass_logs(&mut self, count: usize) {
        self.logs_before += count as u64;
    }

    /// The tracer with what it recorded.
    pub(crate) fn take_tracer(&mut self) -> Tracer {
        let tracer = std::mem::take(&mut self.tracer);
        self.needs = Needs::default();
        tracer
    }

    /// The last instruction that was executed.
    pub(crate) const fn at(&self) -> At {
        self.at
    }

    fn is_watching(&self) -> bool {
        self.needs.frames && !self.frames.last().is_some_and(|frame| frame.is_collision)
    }

    fn enter(&mut self, frame: Frame, event: &Enter) {
        self.frames.push(frame);
        self.memory_is_stale = true;
        self.tracer.enter(event);
    }

    fn exit(&mut self, result: &InterpreterResult, address: Option<Address>) {
        let Some(frame) = self.frames.pop() else { return };
        let depth = self.frames.len();
        let InterpreterResult { result, output, gas } = result;
        let error = if frame.is_collision {
            Some(words::COLLISION.into())
        } else if let Some(failure) = frame.failure {
            Some(failure)
        } else if frame.kind.is_create() && *result == InstructionResult::Return && address.is_none() {
            Some(words::NONCE_OVERFLOW.into())
        } else if frame.kind.is_create() && *result == InstructionResult::OutOfGas {
            Some(words::CODE_STORE_OUT_OF_GAS.into())
        } else {
            words::of_result(*result, self.at)
        };
        let gas_used = if result.is_ok_or_revert() { gas.total_gas_spent() } else { frame.gas_limit };
        // What a failed frame is refunded is lost.
        self.refund = if result.is_ok() { self.refund } else { frame.refund };
        self.memory_is_stale = true;
        self.tracer.exit(&Exit { depth, output: output.clone(), gas_used, error });
    }

    fn tell_destruction(&mut self) {
        let Some((from, to, balance)) = self.destroyed.take() else { return };
        let depth = self.frames.len();
        self.tracer.enter(&Enter {
            depth,
            kind: FrameKind::SelfDestruct,
            from,
            to,
            input: Bytes::new(),
            gas: 0,
            value: Some(balance),
            is_precompile: false,
        });
        self.tracer.exit(&Exit { depth, ..Default::default() });
    }
}

/// Whether the instruction writes to memory or makes it grow.
const fn touches_memory(what: u8) -> bool {
    matches!(
        what,
        op::MLOAD
            | op::MSTORE
            | op::MSTORE8
            | op::MCOPY
            | op::KECCAK256
            | op::CALLDATACOPY
            | op::CODECOPY
            | op::EXTCODECOPY
            | op::RETURNDATACOPY
    ) || matches!(what, op::LOG0..=op::LOG4 | op::CREATE..=op::REVERT)
}

/// What is looked at before an instruction.
impl Observer {
    fn look<CTX: ContextTr<Journal: JournalExt, Db = Overlay<State>>>(&mut self, interp: &mut Interpreter, context: &mut CTX) {
        let step = &mut self.step;
        step.pc = interp.bytecode.pc();
        step.op = self.at.op;
        step.gas = interp.gas.remaining();
        step.depth = self.frames.len();
        step.error = None;
        step.loaded = None;
        step.undo = None;
        step.stack.clear();
        step.stack.extend_from_slice(interp.stack.data());
        step.memory_size = interp.memory.size();
        if self.needs.memory && self.memory_is_stale {
            step.memory.clear();
            step.memory.extend_from_slice(&interp.memory.context_memory());
            step.memory_version += 1;
            self.memory_is_stale = false;
        }
        step.return_data = interp.return_data.buffer().clone();
        step.contract = interp.input.target_address();
        step.caller = interp.input.caller_address();
        step.value = interp.input.call_value();
        if self.at.op == op::SSTORE
            && self.needs.live
            && let Some(slot) = step.argument(0)
        {
            let now = slot_now(context, step.contract, slot).map_or(U256::ZERO, |(_, now)| now);
            step.undo = Some(Undo::Slot(step.contract, slot, now));
        }
        if step.gas < SCARCE || touches_memory(self.at.op) {
            self.priced = priced(&self.step, context);
        }
    }

    fn look_at_destruction<CTX: ContextTr<Journal: JournalExt, Db = Overlay<State>>>(
        &mut self,
        interp: &mut Interpreter,
        context: &mut CTX,
    ) {
        let Some(top) = interp.stack.data().last() else { return };
        let (from, to) = (interp.input.target_address(), Address::from_word((*top).into()));
        let balance = balance_now(context, from);
        self.destroyed = Some((from, to, balance));
        self.step.undo = Some(Undo::Balances([(from, balance), (to, balance_now(context, to))]));
    }
}

fn balance_now<CTX: ContextTr<Journal: JournalExt, Db = Overlay<State>>>(context: &CTX, whose: Address) -> U256 {
    match context.journal_ref().evm_state().get(&whose) {
        Some(account) => account.info.balance,
        // Whatever cannot be read fails the machine, too.
        None => context.db_ref().basic_ref(whose).ok().flatten().map_or(U256::ZERO, |account| account.balance),
    }
}

/// A slot before the transaction and now.
fn slot_now<CTX: ContextTr<Journal: JournalExt, Db = Overlay<State>>>(context: &CTX, whose: Address, slot: U256) -> Option<(U256, U256)> {
    let account = context.journal_ref().evm_state().get(&whose);
    match account.map(|account| (account.storage.get(&slot), account.is_created())) {
        Some((Some(value), _)) => Some((value.original_value, value.present_value)),
        Some((None, true)) => Some((U256::ZERO, U256::ZERO)),
        _ => context.db_ref().storage_ref(whose, slot).ok().map(|value| (value, value)),
    }
}

/// What the price of an instruction depends on.
fn priced<CTX: ContextTr<Journal: JournalExt, Db = Overlay<State>>>(step: &Step, context: &CTX) -> Priced {
    let mut of = Priced { memory: step.memory_size, ..Default::default() };
    for (index, item) in of.top.iter_mut().enumerate() {
        *item = step.argument(index).map_or(0, |value| value.saturating_to());
    }
    let state = context.journal_ref().evm_state();
    let address = |depth| step.argument(depth).map(|word| Address::from_word(word.into()));
    let target = match step.op {
        op::BALANCE | op::EXTCODESIZE | op::EXTCODECOPY | op::EXTCODEHASH | op::SELFDESTRUCT => address(0),
        op::CALL | op::CALLCODE | op::DELEGATECALL | op::STATICCALL => address(1),
        _ => None,
    };
    if let Some(target) = target {
        of.cold = !state.contains_key(&target) && !context.journal_ref().precompile_addresses().contains(&target);
        of.absent = match state.get(&target) {
            Some(account) => account.is_empty(),
            None => context.db_ref().basic_ref(target).ok().flatten().is_none_or(|account| account.is_empty()),
        };
        of.pays = match step.op {
            op::SELFDESTRUCT => !balance_now(context, step.contract).is_zero(),
            _ => step.argument(2).is_some_and(|value| !value.is_zero()),
        };
    }
    if let (op::SLOAD | op::SSTORE, Some(slot)) = (step.op, step.argument(0)) {
        of.cold = !state.get(&step.contract).is_some_and(|account| account.storage.contains_key(&slot));
        if let Some((original, now)) = slot_now(context, step.contract, slot) {
            let new = step.argument(1).unwrap_or_default();
            of.slot = [original == now, original.is_zero(), now != new];
        }
    }
    if step.op == op::EXP {
        of.exponent = step.argument(1).map_or(0, |exponent| exponent.byte_len() as u64);
    }
    of
}

/// Ending a call that uses more than it may.
impl Observer {
    /// Takes this much off the allowance.
    fn use_up(&mut self, gas: u64) {
        if let Some(left) = &mut self.allowance {
            match left.checked_sub(gas) {
                Some(less) => *left = less,
                None => self.abort.set(),
            }
        }
    }

    /// Takes what the instruction before cost off the allowance. What was passed on to a frame does not count, which counts itself.
    fn meter(&mut self, gas_left: u64) {
        if self.allowance.is_some() {
            self.use_up(self.gas_left.saturating_sub(gas_left));
            self.gas_left = gas_left;
        }
    }

    /// Takes a call off the allowance, and ends what may take long in one step; `None` when the call may go on.
    fn meter_call<CTX: ContextTr<Journal: JournalExt>>(&mut self, context: &CTX, inputs: &CallInputs) -> Option<CallOutcome> {
        self.allowance?;
        self.gas_left = 0;
        let is_precompile = context.journal_ref().precompile_addresses().contains(&inputs.bytecode_address);
        let price = if is_precompile { SHORT_PRECOMPILE_GAS } else { CALL_GAS };
        self.use_up(price + 3 * (inputs.input.len() as u64).div_ceil(32));
        if is_precompile && !SHORT_PRECOMPILES.contains(&inputs.bytecode_address) {
            self.abort.set();
        }
        self.abort.is_set().then(|| {
            let result = InterpreterResult::new(InstructionResult::OutOfGas, Bytes::new(), Gas::new_spent(inputs.gas_limit));
            CallOutcome::new(result, inputs.return_memory_offset.clone())
        })
    }
}

/// What a call costs beside what it passes on, at least, gas.
const CALL_GAS: u64 = 100;

/// Precompiles that take a few microseconds and more only as their input is longer: ecrecover, SHA-256, RIPEMD-160, identity.
const SHORT_PRECOMPILES: [Address; 4] = [u64_to_address(1), u64_to_address(2), u64_to_address(3), u64_to_address(4)];

/// What one of them counts for, gas.
const SHORT_PRECOMPILE_GAS: u64 = 3000;

/// A creation of nothing: geth executes no instruction of it, and this machine a STOP.
fn has_no_code(interp: &Interpreter) -> bool {
    interp.bytecode.bytecode_len() == 0
}

impl<CTX: ContextTr<Journal: JournalExt, Db = Overlay<State>>> Inspector<CTX> for Observer {
    fn step(&mut self, interp: &mut Interpreter, context: &mut CTX) {
        self.meter(interp.gas.remaining());
        if self.abort.is_set() {
            return interp.halt_oog();
        }
        self.at = At { op: interp.bytecode.opcode(), stack: interp.stack.len(), gas: interp.gas.remaining() };
        if !self.is_watching() || has_no_code(interp) {
            return;
        }
        if self.needs.steps {
            self.look(interp, context);
        }
        match self.at.op {
            op::SELFDESTRUCT => self.look_at_destruction(interp, context),
            op::CREATE | op::CREATE2 if self.at.stack >= 3 => {
                let stack = interp.stack.data();
                self.init_code = (stack[self.at.stack - 2], stack[self.at.stack - 3]);
            }
            _ => {}
        }
    }

    fn step_end(&mut self, interp: &mut Interpreter, context: &mut CTX) {
        if !self.is_watching() || has_no_code(interp) {
            return;
        }
        let ended = if interp.bytecode.is_end() { self.ended(interp) } else { None };
        if self.needs.steps {
            self.tell_step(interp, context, ended);
        }
        if ended == Some(InstructionResult::SelfDestruct) {
            self.tell_destruction();
        }
        if self.tracer.is_too_large() {
            *context.error() = Err(ContextError::Custom("trace is too large".into()));
            interp.halt_fatal();
        }
    }

    /// A log of a precompile, told after it ran.
    fn log(&mut self, _: &mut CTX, log: Log) {
        let depth = self.frames.len().saturating_sub(1);
        if let Some(frame) = self.frames.last_mut() {
            let index = frame.next_log;
            frame.next_log += 1;
            self.tracer.log(&log, index, depth);
        }
    }

    fn log_full(&mut self, _: &mut Interpreter, context: &mut CTX, log: Log) {
        if self.is_watching() {
            let index = self.logs_before + context.journal_mut().logs().len().saturating_sub(1) as u64;
            self.tracer.log(&log, index, self.frames.len().saturating_sub(1));
        }
    }

    fn call(&mut self, context: &mut CTX, inputs: &mut CallInputs) -> Option<CallOutcome> {
        if let Some(ended) = self.meter_call(context, inputs) {
            return Some(ended);
        }
        if !self.needs.frames {
            return None;
        }
        if self.frames.is_empty() && self.needs.live {
            self.tracer.set_precompiles(&|| context.journal_ref().precompile_addresses().iter().copied().collect());
        }
        let (kind, from, to) = match inputs.scheme {
            CallScheme::Call => (FrameKind::Call, inputs.caller, inputs.target_address),
            CallScheme::StaticCall => (FrameKind::StaticCall, inputs.caller, inputs.target_address),
            CallScheme::CallCode => (FrameKind::CallCode, inputs.target_address, inputs.bytecode_address),
            CallScheme::DelegateCall => (FrameKind::DelegateCall, inputs.target_address, inputs.bytecode_address),
        };
        let next_log = self.logs_before + context.journal_mut().logs().len() as u64;
        let frame = Frame { kind, refund: self.refund, gas_limit: inputs.gas_limit, next_log, failure: None, is_collision: false };
        let event = Enter {
            depth: self.frames.len(),
            kind,
            from,
            to,
            input: inputs.input.bytes(context),
            gas: inputs.gas_limit,
            value: (kind != FrameKind::StaticCall).then(|| inputs.call_value()),
            is_precompile: context.journal_ref().precompile_addresses().contains(&to),
        };
        self.enter(frame, &event);
        None
    }

    fn call_end(&mut self, _: &mut CTX, _: &CallInputs, outcome: &mut CallOutcome) {
        self.gas_left = 0;
        if self.needs.frames {
            self.exit(&outcome.result, None);
        }
    }

    fn create(&mut self, context: &mut CTX, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        self.gas_left = 0;
        if !self.needs.frames {
            return None;
        }
        let nonce = context.journal_mut().load_account(inputs.caller()).ok()?.info.nonce;
        let (kind, input, is_collision) = match (inputs.scheme(), self.collision.take()) {
            (CreateScheme::Custom { .. }, Some(Collision { kind, init_code })) => (kind, init_code, true),
            (CreateScheme::Create2 { .. }, _) => (FrameKind::Create2, inputs.init_code().clone(), false),
            _ => (FrameKind::Create, inputs.init_code().clone(), false),
        };
        let frame = Frame { kind, refund: self.refund, gas_limit: inputs.gas_limit(), next_log: 0, failure: None, is_collision };
        let event = Enter {
            depth: self.frames.len(),
            kind,
            from: inputs.caller(),
            to: inputs.created_address(nonce),
            input,
            gas: inputs.gas_limit(),
            value: Some(inputs.value()),
            is_precompile: false,
        };
        self.enter(frame, &event);
        None
    }

    fn create_end(&mut self, _: &mut CTX, _: &CreateInputs, outcome: &mut CreateOutcome) {
        self.gas_left = 0;
        if self.needs.frames {
            self.exit(&outcome.result, outcome.address);
        }
    }
}

/// What is told after an instruction.
impl Observer {
    /// How the frame's code ended, where it did; a failure is kept for the end of the frame.
    fn ended(&mut self, interp: &mut Interpreter) -> Option<InstructionResult> {
        match interp.bytecode.action() {
            Some(InterpreterAction::Return(InterpreterResult { result, .. })) => {
                let result = *result;
                if let (Some(words), Some(frame)) = (words::of_result(result, self.at), self.frames.last_mut()) {
                    frame.failure = Some(words);
                }
                Some(result)
            }
            Some(InterpreterAction::NewFrame(FrameInput::Create(inputs))) if matches!(inputs.scheme(), CreateScheme::Custom { .. }) => {
                let kind = if self.at.op == op::CREATE2 { FrameKind::Create2 } else { FrameKind::Create };
                let (offset, length): (usize, usize) = (self.init_code.0.saturating_to(), self.init_code.1.saturating_to());
                let memory = interp.memory.context_memory();
                let init_code = offset.checked_add(length).and_then(|end| memory.get(offset..end)).unwrap_or_default();
                let init_code = Bytes::copy_from_slice(init_code);
                drop(memory);
                self.collision = Some(Collision { kind, init_code });
                None
            }
            _ => None,
        }
    }

    fn tell_step<CTX: ContextTr<Journal: JournalExt, Db = Overlay<State>>>(
        &mut self,
        interp: &mut Interpreter,
        context: &mut CTX,
        ended: Option<InstructionResult>,
    ) {
        let failed = ended.filter(|result| !result.is_ok());
        let failure = failed.and_then(|result| Some((self.at.first_failure(result), words::of_result(result, self.at)?)));
        let is_paid = failure.as_ref().is_none_or(|(result, _)| words::is_while_executing(*result));
        self.step.cost = match &failure {
            Some((InstructionResult::StackUnderflow | InstructionResult::StackOverflow, _)) => price(self.step.op, 0, &Priced::default()),
            Some(_) if !is_paid => price(self.step.op, self.step.gas, &self.priced),
            _ => self.step.gas.saturating_sub(interp.gas.remaining()),
        };
        // geth counts the gas that a call passes on, and not that of a creation.
        if let Some(InterpreterAction::NewFrame(FrameInput::Create(inputs))) = interp.bytecode.action() {
            self.step.cost = self.step.cost.saturating_sub(inputs.gas_limit());
        }
        if self.step.op == op::SLOAD && failure.is_none() {
            self.step.loaded = interp.stack.data().last().copied();
        }
        if touches_memory(self.step.op) {
            self.memory_is_stale = true;
        }
        // geth counts what a store is refunded before it tells of the step.
        self.refund = self.frames.last().map_or(0, |frame| frame.refund).saturating_add(interp.gas.refunded());
        self.step.refund = self.refund.max(0).unsigned_abs();
        let words = failure.map(|(_, words)| words);
        let (before, after) = if is_paid { (None, words) } else { (words, None) };
        self.step.error = before;
        if self.needs.live {
            let mut live = take(context, self.step.undo);
            self.tracer.step(&mut self.step, Some(&mut live));
            if let Some(words) = after {
                self.tracer.fault(&mut self.step, words, Some(&mut live));
            }
            give_back(context, live);
        } else {
            self.tracer.step(&mut self.step, None);
            if let Some(words) = after {
                self.tracer.fault(&mut self.step, words, None);
            }
        }
    }
}

/// Takes the state out of the machine, which must not go on before it has it back.
fn take<CTX: ContextTr<Journal: JournalExt, Db = Overlay<State>>>(context: &mut CTX, undo: Option<Undo>) -> Live {
    let changed = std::mem::take(context.journal_mut().evm_state_mut());
    let base = context.db_ref().base().clone();
    let before = std::mem::replace(context.db_mut(), Overlay::new(base));
    Live { changed, before, undo }
}

fn give_back<CTX: ContextTr<Journal: JournalExt, Db = Overlay<State>>>(context: &mut CTX, live: Live) {
    *context.journal_mut().evm_state_mut() = live.changed;
    *context.db_mut() = live.before;
}
