//! The course of the machine, instruction by instruction: geth's struct logs, and what OpenEthereum's `vmTrace` is made from.

use super::record::{Enter, Exit, Step, words};
use alloy_primitives::{Address, B256, Bytes, U256, hex, map::AddressMap};
use alloy_rpc_types_trace::geth::{DefaultFrame, GethDefaultTracingOptions, StructLog};
use std::collections::BTreeMap;

/// An instruction that was executed.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) pc: usize,
    pub(crate) op: u8,
    pub(crate) gas: u64,
    pub(crate) cost: u64,
    pub(crate) depth: usize,
    refund: u64,
    pub(crate) error: Option<words::Words>,
    /// It failed, before or while it was executed.
    pub(crate) failed: bool,
    pub(crate) stack: Option<Box<[U256]>>,
    pub(crate) memory: Option<Bytes>,
    return_data: Bytes,
    contract: Address,
    loaded: Option<U256>,
}

impl Recorded {
    /// An argument, counted from the top of the stack.
    pub(crate) fn argument(&self, depth: usize) -> Option<U256> {
        let stack = self.stack.as_ref()?;
        stack.len().checked_sub(depth + 1).map(|index| stack[index])
    }
}

/// What is recorded, in its order.
#[derive(Debug)]
pub(crate) enum Item {
    Enter(Enter),
    Step(Recorded),
    Exit,
}

/// Records steps, and frames where it is asked to.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    pub(crate) items: Vec<Item>,
    with_frames: bool,
    with_stack: bool,
    with_memory: bool,
    with_return_data: bool,
    /// The memory of the last step, which the next one mostly shares, and its version.
    memory: Option<(u64, Bytes)>,
    steps: usize,
    words: usize,
    bytes: usize,
}

impl Steps {
    /// What geth's struct logs need.
    pub(crate) fn of_struct_logs(options: &GethDefaultTracingOptions) -> Self {
        Self {
            // Arguments of stores are on the stack, too.
            with_stack: options.is_stack_enabled() || options.is_storage_enabled(),
            with_memory: options.is_memory_enabled(),
            with_return_data: options.is_return_data_enabled(),
            ..Self::default()
        }
    }

    /// What `vmTrace` needs.
    pub(crate) fn of_vm_trace() -> Self {
        Self { with_frames: true, with_stack: true, with_memory: true, ..Self::default() }
    }

    pub(crate) const fn needs_memory(&self) -> bool {
        self.with_memory
    }

    /// Steps, stack items and bytes that were recorded.
    pub(crate) const fn size(&self) -> (usize, usize, usize) {
        (self.steps, self.words, self.bytes)
    }

    pub(crate) fn enter(&mut self, event: &Enter) {
        if self.with_frames {
            self.bytes += event.input.len();
            self.items.push(Item::Enter(event.clone()));
        }
    }

    pub(crate) fn exit(&mut self, _: &Exit) {
        if self.with_frames {
            self.items.push(Item::Exit);
        }
    }

    pub(crate) fn step(&mut self, step: &Step) {
        let memory = self.with_memory.then(|| self.memory_of(step));
        self.steps += 1;
        self.words += if self.with_stack { step.stack.len() } else { 0 };
        self.items.push(Item::Step(Recorded {
            pc: step.pc,
            op: step.op,
            gas: step.gas,
            cost: step.cost,
            depth: step.depth,
            refund: step.refund,
            error: step.error.clone(),
            failed: step.error.is_some(),
            stack: self.with_stack.then(|| step.stack.clone().into_boxed_slice()),
            memory,
            return_data: if self.with_return_data { step.return_data.clone() } else { Bytes::new() },
            contract: step.contract,
            loaded: step.loaded,
        }));
    }

    /// The last step failed while it was executed.
    pub(crate) fn fault(&mut self) {
        if let Some(Item::Step(step)) = self.items.last_mut() {
            step.failed = true;
        }
    }

    fn memory_of(&mut self, step: &Step) -> Bytes {
        match &self.memory {
            Some((version, memory)) if *version == step.memory_version => memory.clone(),
            _ => {
                let memory = Bytes::copy_from_slice(&step.memory);
                self.bytes += memory.len();
                self.memory = Some((step.memory_version, memory.clone()));
                memory
            }
        }
    }

    /// geth's answer; what the transaction returned or reverted with, and whether it failed.
    pub(crate) fn into_struct_logs(self, options: &GethDefaultTracingOptions, gas: u64, (output, failed): (Bytes, bool)) -> DefaultFrame {
        let most = options.limit.filter(|most| *most > 0);
        let mut size = 0;
        let mut slots: AddressMap<BTreeMap<B256, B256>> = AddressMap::default();
        let mut struct_logs = Vec::with_capacity(self.steps);
        for item in self.items {
            let Item::Step(step) = item else { continue };
            if most.is_some_and(|most| size > most) {
                break;
            }
            let log = struct_log(step, options, &mut slots);
            if most.is_some() {
                size += serde_json::to_string(&log).map_or(0, |json| json.len()) as u64;
            }
            struct_logs.push(log);
        }
        DefaultFrame { failed, gas, return_value: output, struct_logs, ..Default::default() }
    }
}

fn struct_log(step: Recorded, options: &GethDefaultTracingOptions, slots: &mut AddressMap<BTreeMap<B256, B256>>) -> StructLog {
    use revm::bytecode::opcode as op;
    let storage = match step.op {
        op::SLOAD if options.is_storage_enabled() => step.argument(0).zip(step.loaded),
        op::SSTORE if options.is_storage_enabled() => step.argument(0).zip(step.argument(1)),
        _ => None,
    };
    let storage = storage.map(|(slot, value)| {
        let slots = slots.entry(step.contract).or_default();
        slots.insert(slot.into(), value.into());
        slots.clone()
    });
    StructLog {
        pc: step.pc as u64,
        op: words::op_name(step.op),
        gas: step.gas,
        gas_cost: step.cost,
        depth: step.depth as u64,
        error: step.error.map(std::borrow::Cow::into_owned),
        stack: step.stack.filter(|_| options.is_stack_enabled()).map(<[U256]>::into_vec),
        return_data: (!step.return_data.is_empty()).then_some(step.return_data),
        memory: step.memory.filter(|memory| !memory.is_empty()).map(|memory| memory.chunks(32).map(memory_word).collect()),
        storage,
        refund_counter: Some(step.refund).filter(|refund| *refund > 0),
        ..Default::default()
    }
}

fn memory_word(chunk: &[u8]) -> String {
    let mut word = [0; 32];
    word[..chunk.len()].copy_from_slice(chunk);
    hex::encode_prefixed(word)
}
