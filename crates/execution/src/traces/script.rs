//! Tracers that a client writes in JavaScript (geth's custom tracers), run by boa.
//!
//! A script is bounded in loops and recursion here, but not in memory or time, because the engine has no limits for them: whoever runs scripts of
//! strangers does so in a process that may be killed.

use crate::{
    calls::state::State,
    error::{DbError, Error},
    machine::{AnyInspector, Machine},
    overlay::Overlay,
};
use alloy_primitives::{Address, B256, Log, U256};
use alloy_rpc_types_eth::TransactionInfo;
use alloy_rpc_types_trace::geth::{GethDebugTracerType, GethDebugTracingOptions};
use revm::{
    DatabaseRef, Inspector,
    bytecode::Bytecode,
    context::{
        ContextTr,
        result::{HaltReason, ResultAndState},
    },
    inspector::JournalExt,
    interpreter::{CallInputs, CallOutcome, CreateInputs, CreateOutcome, Interpreter},
    primitives::{StorageKey, StorageValue},
    state::{AccountInfo, EvmState},
};
use revm_inspectors::tracing::{
    TransactionContext,
    js::{JsInspector, JsInspectorError},
};
use serde_json::Value;

/// Around the client's object: what geth gives to scripts and the engine's binding does not, and the failures that the binding swallows.
const PRELUDE: &str = include_str!("script.js");
/// Stands in [`PRELUDE`] for the client's code.
const PLACE: &str = "TRACER_CODE";

/// Whether these options ask for a tracer written by the client.
pub fn asks_for_script(options: &GethDebugTracingOptions) -> bool {
    matches!(&options.tracer, Some(GethDebugTracerType::JsTracer(code)) if !is_name(code))
}

/// Whether this can only be the name of a tracer.
fn is_name(code: &str) -> bool {
    code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A script that a client sent, with its configuration.
#[derive(Debug)]
pub(crate) struct ScriptPlan {
    code: String,
    config: Value,
}

impl ScriptPlan {
    pub(crate) fn new(code: &str, config: Value) -> Result<Self, Error> {
        if is_name(code) {
            return Err(Error::no_such_tracer(code));
        }
        Ok(Self {
            code: PRELUDE.replacen(PLACE, code, 1),
            config: if config.is_null() { Value::Object(Default::default()) } else { config },
        })
    }

    /// A fresh run of the script.
    pub(crate) fn start(&self) -> Result<Script, Error> {
        Ok(Script(JsInspector::new(self.code.clone(), self.config.clone()).map_err(in_words)?))
    }
}

fn in_words(error: JsInspectorError) -> Error {
    Error::Trace(match error {
        JsInspectorError::SetupCallFailed(error) => failed_in("setup", error),
        JsInspectorError::EvalCode(error) => error.to_string(),
        other => other.to_string(),
    })
}

fn failed_in(function: &str, error: impl std::fmt::Display) -> String {
    format!("{error}    in server-side tracer function '{function}'")
}

/// The state after a transaction that was not committed, which is what a script sees in the end.
struct After<'a> {
    state: &'a EvmState,
    before: &'a Overlay<State>,
}

impl DatabaseRef for After<'_> {
    type Error = DbError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, DbError> {
        self.before.basic_ref(address)
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, DbError> {
        self.before.code_by_hash_ref(hash)
    }

    fn storage_ref(&self, address: Address, slot: StorageKey) -> Result<StorageValue, DbError> {
        match self.state.get(&address).and_then(|account| account.storage.get(&slot)) {
            Some(value) => Ok(value.present_value),
            None => self.before.storage_ref(address, slot),
        }
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, DbError> {
        self.before.block_hash_ref(number)
    }
}

impl<I: AnyInspector<State>> Machine<State, I> {
    fn script_result(&self, script: &mut JsInspector, result: &ResultAndState<HaltReason>) -> Result<Value, JsInspectorError> {
        let after = After { state: &result.state, before: self.state() };
        match self {
            Self::Ethereum(evm) => script.json_result(result.clone(), &evm.ctx().tx, &evm.ctx().block, &after),
            Self::Rollup(evm) => script.json_result(result.clone(), &evm.ctx().tx, &evm.ctx().block, &after),
        }
    }
}

/// A script that watches one transaction.
#[derive(Debug)]
pub(crate) struct Script(JsInspector);

impl Script {
    /// What the script's `result` gives, of a transaction that `machine` executed and did not commit.
    pub(crate) fn result<I: AnyInspector<State>>(
        mut self,
        machine: &Machine<State, I>,
        done: &ResultAndState<HaltReason>,
        info: TransactionInfo,
    ) -> Result<Value, Error> {
        self.0.set_transaction_context(TransactionContext::from(info));
        let answer = machine.script_result(&mut self.0, done).map_err(|error| Error::Trace(failed_in("result", error)))?;
        let Value::Object(mut answer) = answer else { return Ok(answer) };
        match answer.remove("failure") {
            Some(Value::String(words)) => Err(Error::Trace(words)),
            _ => Ok(answer.remove("value").unwrap_or_default()),
        }
    }
}

impl<CTX: ContextTr<Journal: JournalExt, Db: DatabaseRef>> Inspector<CTX> for Script {
    fn initialize_interp(&mut self, interp: &mut Interpreter, context: &mut CTX) {
        self.0.initialize_interp(interp, context);
    }

    fn step(&mut self, interp: &mut Interpreter, context: &mut CTX) {
        self.0.step(interp, context);
    }

    fn step_end(&mut self, interp: &mut Interpreter, context: &mut CTX) {
        self.0.step_end(interp, context);
    }

    fn log(&mut self, context: &mut CTX, log: Log) {
        self.0.log(context, log);
    }

    fn call(&mut self, context: &mut CTX, inputs: &mut CallInputs) -> Option<CallOutcome> {
        self.0.call(context, inputs)
    }

    fn call_end(&mut self, context: &mut CTX, inputs: &CallInputs, outcome: &mut CallOutcome) {
        self.0.call_end(context, inputs, outcome);
    }

    fn create(&mut self, context: &mut CTX, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        self.0.create(context, inputs)
    }

    fn create_end(&mut self, context: &mut CTX, inputs: &CreateInputs, outcome: &mut CreateOutcome) {
        self.0.create_end(context, inputs, outcome);
    }

    fn selfdestruct(&mut self, contract: Address, target: Address, value: U256) {
        Inspector::<CTX>::selfdestruct(&mut self.0, contract, target, value);
    }
}
