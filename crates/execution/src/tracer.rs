//! geth's tracers as one inspector: which one a client asks for, what it records, and the form of its answer.

use crate::{
    error::Error,
    trace::{Before, Traced},
};
use alloy_primitives::{Address, Log, U256};
use alloy_rpc_types_trace::geth::{
    CallConfig, FlatCallConfig, FourByteFrame, GethDebugBuiltInTracerType as BuiltIn, GethDebugTracerType, GethDebugTracingOptions,
    GethDefaultTracingOptions, GethTrace, NoopFrame, PreStateConfig, erc7562::Erc7562Config, mux::MuxConfig,
};
use revm::{
    Inspector,
    context::{
        ContextError, ContextTr,
        result::{HaltReason, ResultAndState},
    },
    inspector::JournalExt,
    interpreter::{CallInputs, CallOutcome, CreateInputs, CreateOutcome, Interpreter},
};
use revm_inspectors::tracing::{
    FourByteInspector, MuxInspector, TraceLimitBehavior, TraceLimits, TracingInspector, TracingInspectorConfig,
};

/// Most steps that a step tracer records; each takes about a kilobyte here and some hundred bytes in the answer.
const MAX_STEPS: usize = 250_000;
/// Most bytes of call data, memory and return data that a tracer records.
const MAX_BYTES: usize = 256 << 20;

/// A tracer that a client asked for, with its options.
#[derive(Debug)]
pub(crate) enum Plan {
    Steps(GethDefaultTracingOptions),
    Call(CallConfig),
    FlatCall(FlatCallConfig),
    PreState(PreStateConfig),
    Erc7562(Erc7562Config),
    FourByte,
    Mux(MuxConfig),
    Noop,
}

impl Plan {
    /// Reads a client's options.
    pub(crate) fn new(options: &GethDebugTracingOptions) -> Result<Self, Error> {
        let config = options.tracer_config.clone();
        let invalid = |error: serde_json::Error| Error::Trace(format!("invalid tracer config: {error}"));
        let Some(tracer) = &options.tracer else { return Ok(Self::Steps(options.config)) };
        let GethDebugTracerType::BuiltInTracer(tracer) = tracer else {
            return Err(Error::Trace(format!("tracer not found: {}", tracer.as_str().chars().take(64).collect::<String>())));
        };
        Ok(match tracer {
            BuiltIn::CallTracer => Self::Call(config.into_call_config().map_err(invalid)?),
            BuiltIn::FlatCallTracer => Self::FlatCall(config.into_flat_call_config().map_err(invalid)?),
            BuiltIn::PreStateTracer => Self::PreState(config.into_pre_state_config().map_err(invalid)?),
            BuiltIn::Erc7562Tracer if config.is_null() => Self::Erc7562(Erc7562Config::default()),
            BuiltIn::Erc7562Tracer => Self::Erc7562(config.from_value().map_err(invalid)?),
            BuiltIn::FourByteTracer => Self::FourByte,
            BuiltIn::MuxTracer => Self::Mux(config.into_mux_config().map_err(invalid)?),
            BuiltIn::NoopTracer => Self::Noop,
            BuiltIn::StateGasTracer => return Err(Error::Trace("tracer not found: stateGasTracer".into())),
        })
    }

    /// A fresh inspector that records what the answer needs.
    pub(crate) fn tracer(&self) -> Result<Tracer, Error> {
        let recording = |config| {
            let limits = TraceLimits::default().set_max_recorded_bytes(Some(MAX_BYTES)).set_behavior(TraceLimitBehavior::Halt);
            Tracer::Recording { inspector: Box::new(TracingInspector::new(config).with_limits(limits)), steps: 0 }
        };
        Ok(match self {
            Self::Steps(options) => recording(TracingInspectorConfig::from_geth_config(options)),
            Self::Call(config) => recording(TracingInspectorConfig::from_geth_call_config(config)),
            Self::FlatCall(config) => recording(TracingInspectorConfig::from_flat_call_config(config)),
            Self::PreState(config) => recording(TracingInspectorConfig::from_geth_prestate_config(config)),
            Self::Erc7562(config) => recording(TracingInspectorConfig::from_geth_erc7562_config(config)),
            Self::FourByte => Tracer::FourByte(FourByteInspector::default()),
            Self::Mux(config) => {
                Tracer::Mux(Box::new(MuxInspector::try_from_config(config.clone()).map_err(|error| Error::Trace(error.to_string()))?))
            }
            Self::Noop => Tracer::Off,
        })
    }

    /// The answer, from what the tracer recorded and the state before the transaction.
    pub(crate) fn trace(
        &self,
        tracer: Tracer,
        result: &ResultAndState<HaltReason>,
        before: &Before<'_>,
        traced: Traced,
    ) -> Result<GethTrace, Error> {
        let mut inspector = match tracer {
            Tracer::Off => return Ok(NoopFrame::default().into()),
            Tracer::FourByte(inspector) => return Ok(FourByteFrame::from(&inspector).into()),
            Tracer::Mux(inspector) => return Ok(inspector.try_into_mux_frame(result, before, traced.info)?.into()),
            Tracer::Recording { inspector, .. } => inspector,
        };
        inspector.set_transaction_gas_limit(traced.gas_limit);
        inspector.set_transaction_caller(traced.sender);
        let gas_used = result.result.tx_gas_used();
        Ok(match self {
            Self::Call(config) => inspector.geth_builder().geth_call_traces(*config, gas_used).into(),
            Self::FlatCall(_) => inspector.into_parity_builder().into_localized_transaction_traces(traced.info).into(),
            Self::PreState(config) => inspector.geth_builder().geth_prestate_traces(result, config, before)?.into(),
            Self::Erc7562(config) => inspector.geth_builder().geth_erc7562_traces(config.clone(), gas_used, before).into(),
            Self::Steps(options) => {
                let output = result.result.output().cloned().unwrap_or_default();
                inspector.geth_builder().geth_traces(gas_used, output, *options).into()
            }
            Self::FourByte | Self::Mux(_) | Self::Noop => NoopFrame::default().into(),
        })
    }
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
        steps: usize,
    },
    FourByte(FourByteInspector),
    Mux(Box<MuxInspector>),
}

impl Tracer {
    /// An error when the recording was broken off because it grew too large.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self {
            Self::Recording { steps, .. } if *steps > MAX_STEPS => {
                Err(Error::Trace(format!("trace has more than {MAX_STEPS} steps: use a tracer that does not record them")))
            }
            Self::Recording { inspector, .. } if inspector.limit_exceeded() => {
                Err(Error::Trace(format!("trace holds more than {MAX_BYTES} bytes: use a tracer that records less")))
            }
            _ => Ok(()),
        }
    }
}

macro_rules! delegate {
    ($tracer:expr, $default:expr, $inspector:ident => $call:expr) => {
        match $tracer {
            Tracer::Off => $default,
            Tracer::Recording { inspector: $inspector, .. } => $call,
            Tracer::FourByte($inspector) => $call,
            Tracer::Mux($inspector) => $call,
        }
    };
}

impl<CTX: ContextTr<Journal: JournalExt>> Inspector<CTX> for Tracer {
    fn initialize_interp(&mut self, interp: &mut Interpreter, context: &mut CTX) {
        delegate!(self, (), inspector => inspector.initialize_interp(interp, context));
    }

    fn step(&mut self, interp: &mut Interpreter, context: &mut CTX) {
        if let Self::Recording { inspector, steps } = self {
            *steps += usize::from(inspector.config().record_steps);
            if *steps > MAX_STEPS {
                *context.error() = Err(ContextError::Custom("trace has too many steps".into()));
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
        delegate!(self, (), inspector => inspector.log(context, log));
    }

    fn log_full(&mut self, interp: &mut Interpreter, context: &mut CTX, log: Log) {
        delegate!(self, (), inspector => inspector.log_full(interp, context, log));
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
