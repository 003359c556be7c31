//! Tracers that a client writes in JavaScript (geth's custom tracers), run by boa.
//!
//! A script is bounded in loops and recursion here, but not in memory or time, because the engine has no limits for them: whoever runs scripts of
//! strangers does so in a process that may be killed.
//!
//! `big_integer.min.js` is the npm package big-integer 1.6.52 (Unlicense), the library that geth gives to scripts.

mod builtins;
mod context;
mod current;
mod objects;
mod values;

use super::{
    record::{Enter, Exit, Live, Step, words::Words},
    tracer::{Finished, Traced},
};
use crate::error::Error;
use alloy_primitives::Address;
use alloy_rpc_types_trace::geth::{GethDebugTracerType, GethDebugTracingOptions};
use boa_engine::{Context, JsError, JsObject, JsValue, Source, js_string};
use current::{Current, with, with_step};
use serde_json::Value;

/// The library, which defines `bigInt`.
const BIG_INTEGER: &str = include_str!("big_integer.min.js");
/// Most turns of a loop in one call of a function.
const LOOP_LIMIT: u64 = 200_000;
/// Deepest recursion.
const RECURSION_LIMIT: usize = 10_000;

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
        Ok(Self { code: code.to_owned(), config })
    }

    /// A fresh run of the script.
    pub(crate) fn start(&self) -> Result<Script, Error> {
        Script::new(self)
    }
}

/// A script that watches one transaction.
#[derive(Debug)]
pub(crate) struct Script {
    engine: Context,
    tracer: JsObject,
    result: JsObject,
    fault: JsObject,
    step: Option<JsObject>,
    /// `enter` and `exit`.
    frames: Option<(JsObject, JsObject)>,
    objects: objects::Objects,
    /// The transaction's own frame.
    top: Option<(Enter, Exit)>,
    /// What made it fail, after which it is not called any more.
    failure: Option<String>,
}

impl Script {
    fn new(plan: &ScriptPlan) -> Result<Self, Error> {
        with(|current| *current = Current::default());
        let mut engine = Context::default();
        engine.runtime_limits_mut().set_loop_iteration_limit(LOOP_LIMIT);
        engine.runtime_limits_mut().set_recursion_limit(RECURSION_LIMIT);
        let no_engine = |error: JsError| Error::Trace(format!("the engine does not start: {error}"));
        engine.eval(Source::from_bytes(BIG_INTEGER)).map_err(no_engine)?;
        builtins::register(&mut engine).map_err(no_engine)?;
        let objects = objects::Objects::new(&mut engine);
        let fails = |error: JsError, engine: &mut Context| Error::Trace(in_words(&error, engine));
        let code = format!("({})", plan.code);
        let evaluated = engine.eval(Source::from_bytes(&code)).map_err(|error| fails(error, &mut engine))?;
        let tracer = evaluated.as_object().ok_or_else(|| Error::Trace("trace object must be an object".into()))?;
        let function = |name: &str, engine: &mut Context| {
            let value = tracer.get(js_string!(name), engine).map_err(|error| fails(error, engine))?;
            Ok::<_, Error>(value.as_object().filter(JsObject::is_callable))
        };
        let missing = |name: &str| Error::Trace(format!("trace object must expose a function {name}()"));
        let result = function("result", &mut engine)?.ok_or_else(|| missing("result"))?;
        let fault = function("fault", &mut engine)?.ok_or_else(|| missing("fault"))?;
        let step = function("step", &mut engine)?;
        let frames = match (function("enter", &mut engine)?, function("exit", &mut engine)?) {
            (Some(enter), Some(exit)) => Some((enter, exit)),
            (None, None) => None,
            _ => return Err(Error::Trace("trace object must expose either both or none of enter() and exit()".into())),
        };
        if let Some(setup) = function("setup", &mut engine)? {
            let config = if plan.config.is_null() { "{}".to_owned() } else { plan.config.to_string() };
            let config = JsValue::from(js_string!(config.as_str()));
            setup
                .call(&tracer.clone().into(), &[config], &mut engine)
                .map_err(|error| Error::Trace(inside("setup", &in_words(&error, &mut engine))))?;
        }
        Ok(Self { engine, tracer, result, fault, step, frames, objects, top: None, failure: None })
    }

    /// Tells it the machine's own contracts.
    pub(crate) fn set_precompiles(&mut self, all: Vec<Address>) {
        with(|current| current.precompiles = all);
    }

    pub(crate) fn enter(&mut self, event: &Enter) {
        if event.depth == 0 {
            self.top = Some((event.clone(), Exit::default()));
        }
        with(|current| current.inputs.push(if event.kind.is_create() { Default::default() } else { event.input.clone() }));
        let Some((enter, _)) = self.frames.clone().filter(|_| event.depth > 0) else { return };
        with(|current| current.frame = Some(event.clone()));
        let frame = self.objects.frame.clone().into();
        self.call("enter", &enter, &[frame]);
    }

    pub(crate) fn exit(&mut self, event: &Exit) {
        with(|current| current.inputs.pop());
        if let Some((_, end)) = self.top.as_mut().filter(|_| event.depth == 0) {
            *end = event.clone();
        }
        let Some((_, exit)) = self.frames.clone().filter(|_| event.depth > 0) else { return };
        with(|current| current.ended = Some(event.clone()));
        let result = self.objects.frame_result.clone().into();
        self.call("exit", &exit, &[result]);
    }

    pub(crate) fn step(&mut self, step: &mut Step, live: Option<&mut Live>) {
        if let Some(function) = self.step.clone() {
            self.look("step", &function, step, live);
        }
    }

    pub(crate) fn fault(&mut self, step: &mut Step, words: Words, live: Option<&mut Live>) {
        step.error = Some(words);
        let function = self.fault.clone();
        self.look("fault", &function, step, live);
    }

    /// Calls a function that sees the step and the state.
    fn look(&mut self, name: &str, function: &JsObject, step: &mut Step, live: Option<&mut Live>) {
        let Some(live) = live else { return };
        let arguments = [self.objects.log.clone().into(), self.objects.db.clone().into()];
        with_step(step, live, || self.call(name, function, &arguments));
    }

    fn call(&mut self, name: &str, function: &JsObject, arguments: &[JsValue]) {
        if self.failure.is_some() {
            return;
        }
        match function.call(&self.tracer.clone().into(), arguments, &mut self.engine) {
            Ok(_) => {}
            Err(error) => self.failure = Some(inside(name, &in_words(&error, &mut self.engine))),
        }
        // What a binding refuses ends the trace, even when the script caught it.
        if let Some(words) = with(|current| current.refused.take()) {
            self.failure = Some(inside(name, &words));
        }
    }

    /// What the script's `result` gives, of a transaction that was executed and not committed.
    pub(crate) fn result(mut self, done: &Finished<'_>, traced: &Traced) -> Result<Value, Error> {
        if let Some(failure) = self.failure {
            return Err(Error::Trace(failure));
        }
        let Some((enter, exit)) = &self.top else { return Err(Error::Trace("nothing was executed".into())) };
        let mut after = done.after();
        let context = context::of_transaction((enter, exit), done, traced, &mut self.engine);
        let json = context.and_then(|context| {
            let arguments = [context.into(), self.objects.db.clone().into()];
            let (this, engine) = (self.tracer.clone().into(), &mut self.engine);
            with_step(&mut Step::default(), &mut after, || values::to_json(&self.result.call(&this, &arguments, engine)?, engine))
        });
        let refused = with(|current| current.refused.take());
        match (json, refused) {
            (_, Some(words)) => Err(Error::Trace(inside("result", &words))),
            (Ok(json), None) => Ok(json),
            (Err(error), None) => Err(Error::Trace(inside("result", &in_words(&error, &mut self.engine)))),
        }
    }
}

fn inside(function: &str, words: &str) -> String {
    format!("{words}    in server-side tracer function '{function}'")
}

/// What a script threw, as the script would print it.
fn in_words(error: &JsError, engine: &mut Context) -> String {
    if error.as_native().is_some_and(|error| error.is_runtime_limit()) {
        return "RangeError: limit of loops or recursion reached".to_owned();
    }
    let thrown = error.to_opaque(engine);
    thrown.to_string(engine).map_or_else(|_| "an error that cannot be printed".to_owned(), |words| words.to_std_string_escaped())
}
