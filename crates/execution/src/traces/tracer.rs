//! geth's tracers as one inspector: which one a client asks for, what it records, and the form of its answer.

use super::script::{Script, ScriptPlan};
use crate::{
    calls::{abort::Abort, state::State},
    error::Error,
    machine::Machine,
    overlay::Overlay,
};
use alloy_primitives::{Address, Log, U256};
use alloy_rpc_types_eth::TransactionInfo;
use alloy_rpc_types_trace::geth::{
    CallConfig, FlatCallConfig, FourByteFrame, GethDebugBuiltInTracerType as BuiltIn, GethDebugTracerType, GethDebugTracingOptions,
    GethDefaultTracingOptions, GethTrace, NoopFrame, PreStateConfig, StructLog, erc7562::Erc7562Config, mux::MuxFrame,
};
use revm::{
    DatabaseRef, Inspector,
    context::{
        ContextError, ContextTr,
        result::{HaltReason, ResultAndState},
    },
    inspector::JournalExt,
    interpreter::{CallInputs, CallOutcome, CreateInputs, CreateOutcome, Interpreter},
};
use revm_inspectors::tracing::{FourByteInspector, TraceLimitBehavior, TraceLimits, TracingInspector, TracingInspectorConfig};
use std::collections::BTreeMap;

/// Most steps that a step tracer records in one request; each takes about a kilobyte here and some hundred bytes in the answer.
const MAX_STEPS: usize = 250_000;
/// Most bytes of call data, memory and return data that a tracer records.
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
    Mux(Vec<(BuiltIn, Plan)>),
    Noop,
    Script(ScriptPlan),
}

impl Plan {
    /// Reads a client's options.
    pub(crate) fn new(options: &GethDebugTracingOptions) -> Result<Self, Error> {
        let config = options.tracer_config.clone();
        let Some(tracer) = &options.tracer else { return Ok(Self::Steps(options.config)) };
        match tracer {
            GethDebugTracerType::BuiltInTracer(tracer) => Self::builtin(*tracer, config.0),
            GethDebugTracerType::JsTracer(code) => Ok(Self::Script(ScriptPlan::new(code, config.0)?)),
        }
    }

    fn builtin(tracer: BuiltIn, config: serde_json::Value) -> Result<Self, Error> {
        let invalid = |error: serde_json::Error| Error::Trace(format!("invalid tracer config: {error}"));
        fn read<T: Default + serde::de::DeserializeOwned>(config: serde_json::Value) -> Result<T, serde_json::Error> {
            if config.is_null() { Ok(T::default()) } else { serde_json::from_value(config) }
        }
        Ok(match tracer {
            BuiltIn::CallTracer => Self::Call(read(config).map_err(invalid)?),
            BuiltIn::FlatCallTracer => Self::FlatCall(read(config).map_err(invalid)?),
            BuiltIn::PreStateTracer => Self::PreState(read(config).map_err(invalid)?),
            BuiltIn::Erc7562Tracer => Self::Erc7562(read(config).map_err(invalid)?),
            BuiltIn::FourByteTracer => Self::FourByte,
            BuiltIn::MuxTracer => {
                let configs: BTreeMap<String, serde_json::Value> = read(config).map_err(invalid)?;
                let plan = |(name, config): (String, serde_json::Value)| {
                    let tracer: BuiltIn = serde_json::from_value(name.clone().into()).map_err(|_| Error::no_such_tracer(&name))?;
                    match tracer {
                        BuiltIn::MuxTracer => Err(Error::Trace("muxTracer cannot be nested".into())),
                        _ => Ok((tracer, Self::builtin(tracer, config)?)),
                    }
                };
                Self::Mux(configs.into_iter().map(plan).collect::<Result<_, _>>()?)
            }
            BuiltIn::NoopTracer => Self::Noop,
            BuiltIn::StateGasTracer => return Err(Error::no_such_tracer("stateGasTracer")),
        })
    }

    /// A fresh inspector that records what the answer needs, after what was recorded for the same request.
    pub(crate) fn tracer(&self, spent: Spent) -> Result<Tracer, Error> {
        let recording = |config| Tracer::recording(config, spent);
        Ok(match self {
            Self::Steps(options) => recording(TracingInspectorConfig::from_geth_config(options)),
            Self::Call(config) => recording(TracingInspectorConfig::from_geth_call_config(config)),
            Self::FlatCall(config) => recording(TracingInspectorConfig::from_flat_call_config(config)),
            Self::PreState(config) => recording(TracingInspectorConfig::from_geth_prestate_config(config)),
            Self::Erc7562(config) => recording(TracingInspectorConfig::from_geth_erc7562_config(config)),
            Self::FourByte => Tracer::FourByte(FourByteInspector::default()),
            Self::Mux(plans) => Tracer::Mux(plans.iter().map(|(_, plan)| plan.tracer(spent)).collect::<Result<_, _>>()?),
            Self::Noop => Tracer::Off,
            Self::Script(plan) => Tracer::Script(Box::new(plan.start()?)),
        })
    }

    /// The answer, from what the tracer recorded and a machine that executed the transaction and has not committed it.
    pub(crate) fn trace(&self, tracer: Tracer, done: &Finished<'_>, traced: &Traced) -> Result<GethTrace, Error> {
        let mut inspector = match tracer {
            Tracer::Off => return Ok(NoopFrame::default().into()),
            Tracer::FourByte(inspector) => return Ok(FourByteFrame::from(&inspector).into()),
            Tracer::Mux(tracers) => {
                let Self::Mux(plans) = self else { return Ok(NoopFrame::default().into()) };
                let frame = |((name, plan), tracer): (&(BuiltIn, Self), Tracer)| {
                    Ok((GethDebugTracerType::BuiltInTracer(*name), plan.trace(tracer, done, traced)?))
                };
                return Ok(MuxFrame(plans.iter().zip(tracers).map(frame).collect::<Result<_, Error>>()?).into());
            }
            Tracer::Script(script) => return Ok(GethTrace::JS(script.result(done.machine, done.result, traced.info)?)),
            Tracer::Recording { inspector, .. } => inspector,
        };
        inspector.set_transaction_gas_limit(traced.gas_limit);
        inspector.set_transaction_caller(traced.sender);
        let before = done.before();
        let gas_used = done.result.result.tx_gas_used();
        Ok(match self {
            Self::Call(config) => inspector.geth_builder().geth_call_traces(*config, gas_used).into(),
            Self::FlatCall(_) => inspector.into_parity_builder().into_localized_transaction_traces(traced.info).into(),
            Self::PreState(config) => inspector.geth_builder().geth_prestate_traces(done.result, config, before)?.into(),
            Self::Erc7562(config) => inspector.geth_builder().geth_erc7562_traces(config.clone(), gas_used, before).into(),
            Self::Steps(options) => {
                let output = done.result.result.output().cloned().unwrap_or_default();
                let mut frame = inspector.geth_builder().geth_traces(gas_used, output, *options);
                if let Some(most) = options.limit.filter(|most| *most > 0) {
                    limit(&mut frame.struct_logs, most);
                }
                frame.into()
            }
            Self::FourByte | Self::Mux(_) | Self::Noop | Self::Script(_) => NoopFrame::default().into(),
        })
    }
}

/// Keeps the first steps up to and including the one with which their JSON is longer than `most` bytes, as geth does.
fn limit(steps: &mut Vec<StructLog>, most: u64) {
    let mut size = 0;
    let within = |step: &StructLog| {
        let is_within = size <= most;
        size += serde_json::to_string(step).map_or(0, |json| json.len()) as u64;
        is_within
    };
    let kept = steps.iter().map(within).take_while(|is_within| *is_within).count();
    steps.truncate(kept);
}

/// A machine that traces until it is told to end.
pub(crate) type TracingMachine = Machine<State, (Abort, Tracer)>;

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
}

/// What a tracer wants to know of a transaction beside its execution.
#[derive(Debug)]
pub(crate) struct Traced {
    pub(crate) sender: Address,
    pub(crate) gas_limit: u64,
    pub(crate) info: TransactionInfo,
}

/// What was recorded so far for one request, which may trace many transactions.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spent {
    steps: usize,
    words: usize,
}

/// The inspector behind every tracer.
#[derive(Debug, Default)]
pub(crate) enum Tracer {
    /// Records nothing.
    #[default]
    Off,
    /// Records calls and, where it was made to, steps.
    Recording {
        inspector: Box<TracingInspector>,
        spent: Spent,
    },
    FourByte(FourByteInspector),
    Mux(Vec<Tracer>),
    Script(Box<Script>),
}

impl Tracer {
    pub(crate) fn recording(config: TracingInspectorConfig, spent: Spent) -> Self {
        let limits = TraceLimits::default().set_max_recorded_bytes(Some(MAX_BYTES)).set_behavior(TraceLimitBehavior::Halt);
        Self::Recording { inspector: Box::new(TracingInspector::new(config).with_limits(limits)), spent }
    }

    /// An error when the recording was broken off because it grew too large.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self {
            Self::Recording { spent, .. } if spent.steps > MAX_STEPS => {
                Err(Error::Trace(format!("trace has more than {MAX_STEPS} steps: use a tracer that does not record them")))
            }
            Self::Recording { inspector, spent } if spent.words > MAX_WORDS || inspector.limit_exceeded() => {
                Err(Error::Trace(format!("trace holds more than {MAX_BYTES} bytes: use a tracer that records less")))
            }
            Self::Mux(tracers) => tracers.iter().try_for_each(Self::check),
            _ => Ok(()),
        }
    }

    /// What was recorded so far.
    pub(crate) fn spent(&self) -> Spent {
        match self {
            Self::Recording { spent, .. } => *spent,
            Self::Mux(tracers) => tracers.iter().map(Self::spent).max_by_key(|spent| spent.steps).unwrap_or_default(),
            _ => Spent::default(),
        }
    }
}

macro_rules! delegate {
    ($tracer:expr, $default:expr, $inspector:ident => $call:expr) => {
        match $tracer {
            Tracer::Off => $default,
            Tracer::Recording { inspector: $inspector, .. } => $call,
            Tracer::FourByte($inspector) => $call,
            Tracer::Mux(tracers) => tracers.iter_mut().fold($default, |_, $inspector| $call),
            Tracer::Script($inspector) => $call,
        }
    };
}

impl<CTX: ContextTr<Journal: JournalExt, Db: DatabaseRef>> Inspector<CTX> for Tracer {
    fn initialize_interp(&mut self, interp: &mut Interpreter, context: &mut CTX) {
        delegate!(self, (), inspector => inspector.initialize_interp(interp, context));
    }

    fn step(&mut self, interp: &mut Interpreter, context: &mut CTX) {
        if let Self::Recording { inspector, spent } = self
            && inspector.config().record_steps
        {
            spent.steps += 1;
            let stacks = inspector.config().record_stack_snapshots;
            if stacks.is_full() || stacks.is_all() {
                spent.words += interp.stack.len();
            }
            if spent.steps > MAX_STEPS || spent.words > MAX_WORDS {
                *context.error() = Err(ContextError::Custom("trace is too large".into()));
                interp.halt_fatal();
                return;
            }
        }
        delegate!(self, (), inspector => inspector.step(interp, context));
    }

    fn step_end(&mut self, interp: &mut Interpreter, context: &mut CTX) {
        delegate!(self, (), inspector => inspector.step_end(interp, context));
    }

    fn log(&mut self, context: &mut CTX, log: Log) {
        delegate!(self, (), inspector => inspector.log(context, log.clone()));
    }

    fn log_full(&mut self, interp: &mut Interpreter, context: &mut CTX, log: Log) {
        delegate!(self, (), inspector => inspector.log_full(interp, context, log.clone()));
    }

    fn call(&mut self, context: &mut CTX, inputs: &mut CallInputs) -> Option<CallOutcome> {
        delegate!(self, None, inspector => inspector.call(context, inputs))
    }

    fn call_end(&mut self, context: &mut CTX, inputs: &CallInputs, outcome: &mut CallOutcome) {
        delegate!(self, (), inspector => inspector.call_end(context, inputs, outcome));
    }

    fn create(&mut self, context: &mut CTX, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        delegate!(self, None, inspector => inspector.create(context, inputs))
    }

    fn create_end(&mut self, context: &mut CTX, inputs: &CreateInputs, outcome: &mut CreateOutcome) {
        delegate!(self, (), inspector => inspector.create_end(context, inputs, outcome));
    }

    fn selfdestruct(&mut self, contract: Address, target: Address, value: U256) {
        delegate!(self, (), inspector => Inspector::<CTX>::selfdestruct(&mut *inspector, contract, target, value));
    }
}
