//! geth's erc7562Tracer: per frame the slots, instructions and code that ERC-7562 has rules for.

use super::{
    record::{Enter, Exit, FrameKind, Live, Step, words},
    tracer::Traced,
};
use alloy_primitives::{Address, B256, Bytes, Log, U64, U256};
use alloy_rpc_types_trace::geth::CallLogFrame;
use revm::bytecode::opcode as op;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What the tracer is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Erc7562Config {
    with_log: bool,
    #[serde(deserialize_with = "opcodes")]
    ignored_opcodes: Option<Vec<u8>>,
    // geth keeps so many items of the stack, and looks at the topmost alone.
    #[serde(rename = "stackTopItemsSize")]
    _stack_top_items_size: Option<u64>,
}

fn opcodes<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
    let given: Option<Vec<U64>> = Option::deserialize(from)?;
    Ok(given.map(|all| all.into_iter().map(|op| op.to::<u64>() as u8).collect()))
}

/// Instructions that no rule is about.
fn is_ignored_by_default(what: u8) -> bool {
    matches!(what, op::PUSH0..=op::SWAP16)
        || matches!(what, op::POP | op::ADD | op::SUB | op::MUL | op::DIV | op::EQ | op::LT | op::GT)
        || matches!(what, op::SLT | op::SGT | op::SHL | op::SHR | op::AND | op::OR | op::NOT | op::ISZERO)
}

#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct AccessedSlots {
    reads: BTreeMap<B256, Vec<B256>>,
    writes: BTreeMap<B256, u64>,
    transient_reads: BTreeMap<B256, u64>,
    transient_writes: BTreeMap<B256, u64>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct ContractSize {
    contract_size: usize,
    opcode: u8,
}

/// A frame in geth's form.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Erc7562Frame {
    r#type: &'static str,
    from: Address,
    gas: U64,
    gas_used: U64,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Address>,
    input: Bytes,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revert_reason: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logs: Vec<CallLogFrame>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<U256>,
    accessed_slots: AccessedSlots,
    ext_code_access_info: Vec<Address>,
    used_opcodes: BTreeMap<U64, u64>,
    contract_size: BTreeMap<Address, ContractSize>,
    out_of_gas: bool,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    keccak: BTreeSet<Bytes>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    calls: Vec<Erc7562Frame>,
    #[serde(skip)]
    kind: Option<FrameKind>,
}

/// Records what ERC-7562 asks for.
#[derive(Debug, Default)]
pub(crate) struct Erc7562 {
    config: Erc7562Config,
    open: Vec<Erc7562Frame>,
    top: Option<Erc7562Frame>,
    /// What `KECCAK256` was applied to, in the whole transaction.
    keccak: BTreeSet<Bytes>,
    /// The instruction before, and the top of the stack before that.
    last: Option<(u8, U256)>,
    bytes: usize,
}

impl Erc7562 {
    pub(crate) fn new(config: Erc7562Config) -> Self {
        Self { config, ..Self::default() }
    }

    /// Bytes that were recorded.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn enter(&mut self, event: &Enter) {
        self.bytes += 1024 + event.input.len();
        self.open.push(Erc7562Frame {
            r#type: event.kind.name(),
            from: event.from,
            gas: U64::from(event.gas),
            gas_used: U64::ZERO,
            to: Some(event.to),
            input: event.input.clone(),
            output: None,
            error: None,
            revert_reason: None,
            logs: Vec::new(),
            value: event.value,
            accessed_slots: AccessedSlots::default(),
            ext_code_access_info: Vec::new(),
            used_opcodes: BTreeMap::new(),
            contract_size: BTreeMap::new(),
            out_of_gas: false,
            keccak: BTreeSet::new(),
            calls: Vec::new(),
            kind: Some(event.kind),
        });
    }

    pub(crate) fn exit(&mut self, event: &Exit) {
        let Some(mut frame) = self.open.pop() else { return };
        self.bytes += event.output.len();
        frame.gas_used = U64::from(event.gas_used);
        let error = event.error.as_deref();
        frame.out_of_gas =
            event.depth > 0 && error.is_some_and(|words| words.starts_with(words::OUT_OF_GAS) || words == words::CODE_STORE_OUT_OF_GAS);
        if error.is_some() && frame.kind.is_some_and(FrameKind::is_create) {
            frame.to = None;
        }
        let is_reverted = error == Some(words::REVERTED);
        frame.output = ((error.is_none() || is_reverted) && !event.output.is_empty()).then(|| event.output.clone());
        frame.revert_reason = if is_reverted { words::revert_reason(&event.output) } else { None };
        frame.error = error.map(str::to_owned);
        match self.open.last_mut() {
            Some(parent) => parent.calls.push(frame),
            None => self.top = Some(frame),
        }
    }

    pub(crate) fn log(&mut self, log: &Log, index: u64) {
        let Some(frame) = self.open.last_mut().filter(|_| self.config.with_log) else { return };
        self.bytes += 512 + log.data.data.len();
        frame.logs.push(CallLogFrame {
            address: Some(log.address),
            topics: Some(log.topics().to_vec()),
            data: Some(log.data.data.clone()),
            position: Some(frame.calls.len() as u64),
            index: Some(index),
        });
    }

    pub(crate) fn step(&mut self, step: &Step, live: Option<&mut Live>) {
        if matches!(step.op, op::REVERT | op::RETURN) {
            self.last = None;
        }
        self.look_back(step.op);
        self.look_at_code(step, live);
        self.count(step.op);
        self.look_at_slot(step);
        if step.op == op::KECCAK256 {
            self.keep_preimage(step);
        }
        self.last = Some((step.op, step.argument(0).unwrap_or_default()));
    }

    /// What the instruction before was depends on this one: EXTCODESIZE may be followed by ISZERO (OP-051), GAS by a call (OP-012).
    fn look_back(&mut self, now: u8) {
        let (Some((before, top)), Some(frame)) = (self.last, self.open.last_mut()) else { return };
        let looks_at_code = matches!(before, op::EXTCODEHASH | op::EXTCODESIZE | op::EXTCODECOPY);
        if looks_at_code && !(before == op::EXTCODESIZE && now == op::ISZERO) {
            self.bytes += 32;
            frame.ext_code_access_info.push(Address::from_word(top.into()));
        }
        if before == op::GAS && !is_call(now) {
            *frame.used_opcodes.entry(U64::from(op::GAS)).or_default() += 1;
        }
    }

    /// OP-041.
    fn look_at_code(&mut self, step: &Step, live: Option<&mut Live>) {
        let depth = match step.op {
            op::EXTCODEHASH | op::EXTCODESIZE | op::EXTCODECOPY => 0,
            what if is_call(what) => 1,
            _ => return,
        };
        let (Some(word), Some(live), Some(frame)) = (step.argument(depth), live, self.open.last_mut()) else { return };
        let address = Address::from_word(word.into());
        frame.contract_size.entry(address).or_insert_with(|| {
            // Whatever cannot be read fails the machine, too.
            ContractSize { contract_size: live.code(address).map_or(0, |code| code.len()), opcode: step.op }
        });
    }

    fn count(&mut self, what: u8) {
        let is_ignored = match &self.config.ignored_opcodes {
            Some(ignored) => ignored.contains(&what),
            None => is_ignored_by_default(what),
        };
        if let Some(frame) = self.open.last_mut().filter(|_| what != op::GAS && !is_ignored) {
            *frame.used_opcodes.entry(U64::from(what)).or_default() += 1;
        }
    }

    fn look_at_slot(&mut self, step: &Step) {
        let (Some(slot), Some(frame)) = (step.argument(0), self.open.last_mut()) else { return };
        let slot = B256::from(slot);
        let slots = &mut frame.accessed_slots;
        match step.op {
            op::SLOAD if slots.reads.contains_key(&slot) || slots.writes.contains_key(&slot) => return,
            op::SLOAD => slots.reads.entry(slot).or_default().push(step.loaded.unwrap_or_default().into()),
            op::SSTORE => *slots.writes.entry(slot).or_default() += 1,
            op::TLOAD => *slots.transient_reads.entry(slot).or_default() += 1,
            op::TSTORE => *slots.transient_writes.entry(slot).or_default() += 1,
            _ => return,
        }
        self.bytes += 64;
    }

    fn keep_preimage(&mut self, step: &Step) {
        let (Some(offset), Some(length)) = (step.argument(0), step.argument(1)) else { return };
        if let Some(preimage) = padded(&step.memory, offset, length) {
            self.bytes += preimage.len();
            self.keccak.insert(preimage.into());
        }
    }

    /// The answer.
    pub(crate) fn into_frame(self, traced: &Traced, gas_used: u64) -> Option<Erc7562Frame> {
        let mut top = self.top?;
        top.gas = U64::from(traced.gas_limit);
        top.gas_used = U64::from(gas_used);
        top.keccak = self.keccak;
        clear_failed_logs(&mut top, false);
        Some(top)
    }
}

fn clear_failed_logs(frame: &mut Erc7562Frame, parent_failed: bool) {
    let failed = parent_failed || frame.error.is_some();
    if failed {
        frame.logs.clear();
    }
    frame.calls.iter_mut().for_each(|call| clear_failed_logs(call, failed));
}

const fn is_call(what: u8) -> bool {
    matches!(what, op::CALL | op::CALLCODE | op::DELEGATECALL | op::STATICCALL)
}

/// Most bytes beyond the end of memory that are given as zeros.
const MAX_PADDING: usize = 1 << 20;

/// A piece of memory, with zeros beyond its end; `None` when that would be too many.
pub(crate) fn padded(memory: &[u8], offset: U256, length: U256) -> Option<Vec<u8>> {
    let (offset, length): (usize, usize) = (offset.try_into().ok()?, length.try_into().ok()?);
    let end = offset.checked_add(length)?;
    if end.saturating_sub(memory.len()) > MAX_PADDING {
        return None;
    }
    let mut piece = vec![0; length];
    if let Some(there) = memory.get(offset..end.min(memory.len())) {
        piece[..there.len()].copy_from_slice(there);
    }
    Some(piece)
}
