//! geth's tracers as one recorder: which one a client asks for, what it records, and the form of its answer.

use super::{
    bundled::{Bundled, Name},
    erc7562::{Erc7562, Erc7562Config},
    flat::flatten,
    four_byte::FourByte,
    frames::Frames,
    prestate::{PreState, PreStateConfig},
    record::{Enter, Exit, Live, Observer, Step, words::Words},
    script::{Script, ScriptPlan},
    steps::Steps,
};
use crate::{calls::state::State, error::Error, machine::Machine, overlay::Overlay};
use alloy_primitives::{Address, Bytes, Log, U256};
use alloy_rpc_types_eth::TransactionInfo;
use alloy_rpc_types_trace::geth::{
    CallConfig, FlatCallConfig, FourByteFrame, GethDebugBuiltInTracerType as BuiltIn, GethDebugTracerType, GethDebugTracingOptions,
    GethDefaultTracingOptions, GethTrace, NoopFrame,
};
use revm::context::result::{ExecutionResult, HaltReason, ResultAndState};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Most steps that a step tracer records in one request; each takes about a kilobyte here and some hundred bytes in the answer.
const MAX_STEPS: usize = 250_000;
/// Most bytes that a tracer records in one request.
const MAX_BYTES: usize = 256 << 20;
/// Most stack items that a step tracer records in one request, 32 bytes each.
const MAX_WORDS: usize = MAX_BYTES / 32;

/// A tracer that a client asked for, with its options.
#[derive(Debug)]
pub(crate) enum Plan {
    Steps(GethDefaultTracingOptions),
    Call(CallConfig),
    FlatCall(FlatCallConfig),
    PreState(PreStateConfig),
    Erc7562(Erc7562Config),
    FourByte,
    Mux(Vec<(String, Plan)>),
    Noop,
    Bundled(Name),
    Script(ScriptPlan),
}

impl Plan {
    /// Reads a client's options.
    pub(crate) fn new(options: &GethDebugTracingOptions) -> Result<Self, Error> {
        let config = options.tracer_config.clone();
        let Some(tracer) = &options.tracer else { return Ok(Self::Steps(options.config)) };
        match tracer {
            GethDebugTracerType::BuiltInTracer(tracer) => Self::builtin(*tracer, config.0),
            GethDebugTracerType::JsTracer(code) => match Name::of(code) {
                Some(name) => Ok(Self::Bundled(name)),
                None => Ok(Self::Script(ScriptPlan::new(code, config.0)?)),
            },
        }
    }

    fn builtin(tracer: BuiltIn, config: Value) -> Result<Self, Error> {
        let invalid = |error: serde_json::Error| Error::Trace(format!("invalid tracer config: {error}"));
        fn read<T: Default + serde::de::DeserializeOwned>(config: Value) -> Result<T, serde_json::Error> {
            if config.is_null() { Ok(T::default()) } else { serde_json::from_value(config) }
        }
        Ok(match tracer {
            BuiltIn::CallTracer => Self::Call(read(config).map_err(invalid)?),
            BuiltIn::FlatCallTracer => Self::FlatCall(read(config).map_err(invalid)?),
            BuiltIn::PreStateTracer => {
                let config: PreStateConfig = read(config).map_err(invalid)?;
                config.check()?;
                Self::PreState(config)
            }
            BuiltIn::Erc7562Tracer => Self::Erc7562(read(config).map_err(invalid)?),
            BuiltIn::FourByteTracer => Self::FourByte,
            BuiltIn::MuxTracer => {
                let configs: BTreeMap<String, Value> = read(config).map_err(invalid)?;
                let plan = |(name, config): (String, Value)| {
                    if let Some(bundled) = Name::of(&name) {
                        return Ok((name, Self::Bundled(bundled)));
                    }
                    let tracer: BuiltIn = serde_json::from_value(name.clone().into()).map_err(|_| Error::no_such_tracer(&name))?;
                    match tracer {
                        BuiltIn::MuxTracer => Err(Error::Trace("muxTracer cannot be nested".into())),
                        _ => Ok((name, Self::builtin(tracer, config)?)),
                    }
                };
                Self::Mux(configs.into_iter().map(plan).collect::<Result<_, _>>()?)
            }
            BuiltIn::NoopTracer => Self::Noop,
            BuiltIn::StateGasTracer => return Err(Error::no_such_tracer("stateGasTracer")),
        })
    }

    /// A fresh tracer, after what was recorded for the same request.
    pub(crate) fn tracer(&self, spent: Spent) -> Result<Tracer, Error> {
        Ok(Tracer { recorder: self.recorder()?, spent })
    }

    fn recorder(&self) -> Result<Recorder, Error> {
        Ok(match self {
            Self::Steps(options) => Recorder::Steps(Steps::of_struct_logs(options)),
            Self::Call(config) => Recorder::Frames(Frames::of_call_tracer(config)),
            Self::FlatCall(config) => Recorder::Frames(Frames::flat(!config.include_precompiles.unwrap_or_default())),
            Self::PreState(_) => Recorder::PreState(PreState::default()),
            Self::Erc7562(config) => Recorder::Erc7562(Box::new(Erc7562::new(config.clone()))),
            Self::FourByte => Recorder::FourByte(FourByte::default()),
            Self::Mux(plans) => Recorder::Mux(plans.iter().map(|(_, plan)| plan.recorder()).collect::<Result<_, _>>()?),
            Self::Noop => Recorder::Off,
            Self::Bundled(name) => Recorder::Bundled(Box::new(name.start())),
            Self::Script(plan) => Recorder::Script(Box::new(plan.start()?)),
        })
    }

    /// The answer, from what the tracer recorded and a machine that executed the transaction and has not committed it.
    pub(crate) fn trace(&self, tracer: Tracer, done: &Finished<'_>, traced: &Traced) -> Result<GethTrace, Error> {
        self.answer(tracer.recorder, done, traced)
    }

    fn answer(&self, recorder: Recorder, done: &Finished<'_>, traced: &Traced) -> Result<GethTrace, Error> {
        let gas_used = done.result.result.tx_gas_used();
        Ok(match (self, recorder) {
            (Self::Steps(options), Recorder::Steps(steps)) => steps.into_struct_logs(options, gas_used, done.ending()).into(),
            (Self::Call(_), Recorder::Frames(frames)) => frames.into_call_frame(traced.gas_limit, gas_used).into(),
            (Self::FlatCall(config), Recorder::Frames(frames)) => {
                let convert_errors = config.convert_parity_errors.unwrap_or_default();
                let top = frames.into_top(traced.gas_limit, gas_used);
                json(&top.map_or_else(Vec::new, |top| flatten(top, convert_errors, traced.info)))?
            }
            (Self::PreState(config), Recorder::PreState(recorded)) => GethTrace::JS(recorded.answer(*config, done, traced)?),
            (Self::Erc7562(_), Recorder::Erc7562(recorded)) => json(&recorded.into_frame(traced, gas_used))?,
            (_, Recorder::FourByte(counts)) => FourByteFrame(counts.into_counts()).into(),
            (Self::Mux(plans), Recorder::Mux(recorders)) => {
                let answers = plans.iter().zip(recorders).map(|((name, plan), recorder)| Ok((name, plan.answer(recorder, done, traced)?)));
                json(&answers.collect::<Result<BTreeMap<_, _>, Error>>()?)?
            }
            (_, Recorder::Bundled(recorded)) => GethTrace::JS(recorded.answer(done, traced)?),
            (_, Recorder::Script(script)) => GethTrace::JS(script.result(done, traced)?),
            _ => NoopFrame::default().into(),
        })
    }
}

/// An answer in a form that the types of the library do not have.
fn json(answer: &impl Serialize) -> Result<GethTrace, Error> {
    serde_json::to_value(answer).map(GethTrace::JS).map_err(|error| Error::Trace(error.to_string()))
}

/// A machine that traces until it is told to end.
pub(crate) type TracingMachine = Machine<State, Observer>;

/// A transaction that was executed and not committed, on the machine that did it.
#[derive(Debug)]
pub(crate) struct Finished<'a> {
    pub(crate) machine: &'a TracingMachine,
    pub(crate) result: &'a ResultAndState<HaltReason>,
}

impl Finished<'_> {
    /// The state before the transaction.
    pub(crate) fn before(&self) -> &Overlay<State> {
        self.machine.state()
    }

    /// The state after it.
    pub(crate) fn after(&self) -> Live {
        Live { changed: self.result.state.clone(), before: self.before().clone(), undo: None }
    }

    /// What it returned or reverted with, and whether it failed.
    fn ending(&self) -> (Bytes, bool) {
        let output = self.result.result.output().cloned().unwrap_or_default();
        (output, !matches!(self.result.result, ExecutionResult::Success { .. }))
    }
}

/// What a tracer wants to know of a transaction beside its execution.
#[derive(Debug)]
pub(crate) struct Traced {
    pub(crate) sender: Address,
    /// Whom it calls; where it makes a contract, if it does that.
    pub(crate) to: Option<Address>,
    pub(crate) gas_limit: u64,
    /// What it pays for a unit of gas.
    pub(crate) gas_price: U256,
    /// Who signed its authorisations (EIP-7702).
    pub(crate) authorities: Vec<Address>,
    pub(crate) info: TransactionInfo,
}

/// What was recorded so far for one request, which may trace many transactions.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spent {
    steps: usize,
    words: usize,
    bytes: usize,
}

/// What the recorder behind a tracer has to be told.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Needs {
    pub(crate) frames: bool,
    pub(crate) steps: bool,
    pub(crate) memory: bool,
    /// It may ask for any of the state at each step.
    pub(crate) live: bool,
}

/// A tracer at work.
#[derive(Debug, Default)]
pub(crate) struct Tracer {
    recorder: Recorder,
    /// Before this transaction.
    spent: Spent,
}

/// What records.
#[derive(Debug, Default)]
enum Recorder {
    /// Records nothing.
    #[default]
    Off,
    Frames(Frames),
    Steps(Steps),
    PreState(PreState),
    Erc7562(Box<Erc7562>),
    FourByte(FourByte),
    Mux(Vec<Recorder>),
    Bundled(Box<Bundled>),
    Script(Box<Script>),
}

impl Tracer {
    /// Records frames for OpenEthereum's traces.
    pub(crate) fn frames(spent: Spent) -> Self {
        Self { recorder: Recorder::Frames(Frames::flat(true)), spent }
    }

    /// Records frames and steps for OpenEthereum's traces.
    pub(crate) fn frames_and_steps(spent: Spent) -> Self {
        Self { recorder: Recorder::Mux(vec![Recorder::Frames(Frames::flat(true)), Recorder::Steps(Steps::of_vm_trace())]), spent }
    }

    /// The frames and steps that were recorded for OpenEthereum's traces.
    pub(crate) fn into_parts(self) -> (Option<Frames>, Option<Steps>) {
        match self.recorder {
            Recorder::Frames(frames) => (Some(frames), None),
            Recorder::Mux(parts) => {
                let (mut frames, mut steps) = (None, None);
                for part in parts {
                    match part {
                        Recorder::Frames(part) => frames = Some(part),
                        Recorder::Steps(part) => steps = Some(part),
                        _ => {}
                    }
                }
                (frames, steps)
            }
            _ => (None, None),
        }
    }

    /// What was recorded so far for the request.
    pub(crate) fn spent(&self) -> Spent {
        let Spent { steps, words, bytes } = self.recorder.size();
        Spent { steps: self.spent.steps + steps, words: self.spent.words + words, bytes: self.spent.bytes + bytes }
    }

    /// An error when the recording was broken off because it grew too large.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let spent = self.spent();
        if spent.steps > MAX_STEPS {
            return Err(Error::Trace(format!("trace has more than {MAX_STEPS} steps: use a tracer that does not record them")));
        }
        if spent.words > MAX_WORDS || spent.bytes > MAX_BYTES {
            return Err(Error::Trace(format!("trace holds more than {MAX_BYTES} bytes: use a tracer that records less")));
        }
        Ok(())
    }

    pub(crate) fn is_too_large(&self) -> bool {
        let spent = self.spent();
        spent.steps > MAX_STEPS || spent.words > MAX_WORDS || spent.bytes > MAX_BYTES
    }

    pub(crate) fn needs(&self) -> Needs {
        self.recorder.needs()
    }

    pub(crate) fn set_precompiles(&mut self, all: &dyn Fn() -> Vec<Address>) {
        self.recorder.set_precompiles(all);
    }

    pub(crate) fn enter(&mut self, event: &Enter) {
        self.recorder.enter(event);
    }

    pub(crate) fn exit(&mut self, event: &Exit) {
        self.recorder.exit(event);
    }

    /// `depth` is that of the frame which logs, `index` that of the log in the block.
    pub(crate) fn log(&mut self, log: &Log, index: u64, depth: usize) {
        self.recorder.log(log, index, depth);
    }

    pub(crate) fn step(&mut self, step: &mut Step, live: Option<&mut Live>) {
        self.recorder.step(step, live);
    }

    pub(crate) fn fault(&mut self, step: &mut Step, words: Words, live: Option<&mut Live>) {
        self.recorder.fault(step, words, live);
    }
}

impl Recorder {
    fn needs(&self) -> Needs {
        let frames = Needs { frames: true, ..Needs::default() };
        let steps = Needs { steps: true, ..frames };
        match self {
            Self::Off => Needs::default(),
            Self::Frames(_) | Self::FourByte(_) => frames,
            Self::Steps(recorded) => Needs { memory: recorded.needs_memory(), ..steps },
            Self::PreState(_) => steps,
            Self::Erc7562(_) => Needs { memory: true, live: true, ..steps },
            Self::Bundled(recorded) => recorded.needs(),
            // One without `step` is told of faults all the same.
            Self::Script(_) => Needs { memory: true, live: true, ..steps },
            Self::Mux(all) => all.iter().map(Self::needs).fold(Needs::default(), |all, one| Needs {
                frames: all.frames || one.frames,
                steps: all.steps || one.steps,
                memory: all.memory || one.memory,
                live: all.live || one.live,
            }),
        }
    }

    fn set_precompiles(&mut self, all: &dyn Fn() -> Vec<Address>) {
        match self {
            Self::Script(script) => script.set_precompiles(all()),
            Self::Bundled(recorder) => recorder.set_precompiles(all()),
            Self::Mux(many) => many.iter_mut().for_each(|one| one.set_precompiles(all)),
            _ => {}
        }
    }

    fn size(&self) -> Spent {
        match self {
            Self::Off | Self::FourByte(_) | Self::Script(_) => Spent::default(),
            Self::Frames(recorded) => Spent { bytes: recorded.bytes(), ..Spent::default() },
            Self::Erc7562(recorded) => Spent { bytes: recorded.bytes(), ..Spent::default() },
            Self::Bundled(recorded) => Spent { bytes: recorded.bytes(), ..Spent::default() },
            Self::PreState(recorded) => Spent { bytes: 128 * recorded.len(), ..Spent::default() },
            Self::Steps(recorded) => {
                let (steps, words, bytes) = recorded.size();
                Spent { steps, words, bytes }
            }
            Self::Mux(all) => all.iter().map(Self::size).fold(Spent::default(), |all, one| Spent {
                steps: all.steps + one.steps,
                words: all.words + one.words,
                bytes: all.bytes + one.bytes,
            }),
        }
    }

    fn enter(&mut self, event: &Enter) {
        match self {
            Self::Off => {}
            Self::Frames(recorder) => recorder.enter(event),
            Self::Steps(recorder) => recorder.enter(event),
            Self::PreState(recorder) => recorder.enter(event),
            Self::Erc7562(recorder) => recorder.enter(event),
            Self::FourByte(recorder) => recorder.enter(event),
            Self::Bundled(recorder) => recorder.enter(event),
            Self::Script(recorder) => recorder.enter(event),
            Self::Mux(all) => all.iter_mut().for_each(|one| one.enter(event)),
        }
    }

    fn exit(&mut self, event: &Exit) {
        match self {
            Self::Off | Self::PreState(_) | Self::FourByte(_) => {}
            Self::Frames(recorder) => recorder.exit(event),
            Self::Steps(recorder) => recorder.exit(event),
            Self::Erc7562(recorder) => recorder.exit(event),
            Self::Bundled(recorder) => recorder.exit(event),
            Self::Script(recorder) => recorder.exit(event),
            Self::Mux(all) => all.iter_mut().for_each(|one| one.exit(event)),
        }
    }

    fn log(&mut self, log: &Log, index: u64, depth: usize) {
        match self {
            Self::Frames(recorder) => recorder.log(log, index, depth),
            Self::Erc7562(recorder) => recorder.log(log, index),
            Self::Mux(all) => all.iter_mut().for_each(|one| one.log(log, index, depth)),
            _ => {}
        }
    }

    fn step(&mut self, step: &mut Step, mut live: Option<&mut Live>) {
        match self {
            Self::Off | Self::Frames(_) | Self::FourByte(_) => {}
            Self::Steps(recorder) => recorder.step(step),
            Self::PreState(recorder) => recorder.step(step),
            Self::Erc7562(recorder) => recorder.step(step, live),
            Self::Bundled(recorder) => recorder.step(step, live),
            Self::Script(recorder) => recorder.step(step, live),
            Self::Mux(all) => all.iter_mut().for_each(|one| one.step(step, live.as_deref_mut())),
        }
    }

    fn fault(&mut self, step: &mut Step, words: Words, mut live: Option<&mut Live>) {
        match self {
            Self::Steps(recorder) => recorder.fault(),
            Self::Bundled(recorder) => recorder.fault(&words),
            Self::Script(recorder) => recorder.fault(step, words, live),
            Self::Mux(all) => all.iter_mut().for_each(|one| one.fault(step, words.clone(), live.as_deref_mut())),
            _ => {}
        }
    }
}
