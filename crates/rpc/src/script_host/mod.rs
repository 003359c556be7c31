//! Tracers that clients write in JavaScript, each request in a process of its own.
//!
//! The engine cannot be bounded in memory or time, so what runs it can: the process gives up its rights to memory, files and processor time before it
//! reads the script, asks over its pipes for each account, slot and code of the state, and is killed when its time is over.

mod child;
mod protocol;

use crate::{
    api::{Api, to_json},
    error::RpcError,
    time_limit::DEFAULT_TRACE_TIME,
};
use alloy_rpc_types_eth::Bundle;
use alloy_rpc_types_trace::geth::{GethDebugTracingOptions, GethTrace};
use protocol::{Answer, Chain, GREETING, Job, MAX_GREETING, Question, Work};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{
    io::{BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    time::Duration,
};
use tributary_execution::{Abort, BlockReplay, CallSequence, Simulation, State, encode};

pub use child::run as run_script_host;

/// The argument with which this node's own program runs one script ([`run_script_host`]).
pub const SCRIPT_HOST: &str = "script-host";

/// The program that runs clients' scripts, and its bounds.
#[derive(Debug, Clone)]
pub struct ScriptHost {
    /// The program; its `main` must call [`run_script_host`] when it has these arguments.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Longest time that a script may take, whatever it asks for.
    pub time: Duration,
    /// Address space of the process, bytes.
    pub memory: u64,
    /// Scripts that run at the same time; more are refused.
    pub at_once: usize,
    running: Arc<AtomicUsize>,
}

impl ScriptHost {
    /// A host with ordinary bounds: 15 seconds, 1 GiB, and half the processors.
    pub fn new(program: PathBuf, arguments: Vec<String>) -> Self {
        let at_once = std::thread::available_parallelism().map_or(1, |all| usize::from(all).div_ceil(2));
        Self { program, arguments, time: Duration::from_secs(15), memory: 1 << 30, at_once, running: Arc::default() }
    }

    /// This very program with the argument [`SCRIPT_HOST`]; `None` when the system does not say where it is.
    pub fn this_program() -> Option<Self> {
        Some(Self::new(std::env::current_exe().ok()?, vec![SCRIPT_HOST.to_owned()]))
    }

    fn admit(&self) -> Result<Running, RpcError> {
        let running = Running(self.running.clone());
        match self.running.fetch_add(1, Ordering::Relaxed) {
            before if before >= self.at_once => Err(RpcError::limit("too many JavaScript tracers run already, try again later")),
            _ => Ok(running),
        }
    }
}

/// Counts a script as running until it ends.
#[derive(Debug)]
struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The JSON of a trace, whoever made it.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct TraceAnswer(Box<RawValue>);

impl TraceAnswer {
    pub(crate) fn of(trace: &impl Serialize) -> Result<Self, RpcError> {
        Ok(Self(to_json(trace)?))
    }
}

/// Calls to trace one after the other.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Calls {
    pub(crate) bundles: Vec<Bundle>,
    /// There is one call, and its trace alone is the answer.
    pub(crate) single: bool,
}

impl Calls {
    /// Traces them here, until they end or are told to. Each bundle is in a block of its own: number and time are one more than in the bundle before.
    pub(crate) fn trace(&self, simulation: Simulation, options: &GethDebugTracingOptions, abort: &Abort) -> Result<TraceAnswer, RpcError> {
        if let (true, [Bundle { transactions, .. }]) = (self.single, &self.bundles[..])
            && let [request] = &transactions[..]
        {
            return TraceAnswer::of(&simulation.trace_call(request, options, abort)?);
        }
        let mut sequence = CallSequence::new(simulation)?;
        let mut traces: Vec<Vec<GethTrace>> = Vec::with_capacity(self.bundles.len());
        for (index, bundle) in self.bundles.iter().enumerate() {
            if index > 0 {
                sequence.next_block();
            }
            if bundle.block_override.is_some() {
                sequence.set_block(bundle.block_override.clone());
            }
            let of_bundle = bundle.transactions.iter().map(|request| sequence.trace(request, options, abort));
            traces.push(of_bundle.collect::<Result<_, _>>()?);
        }
        TraceAnswer::of(&traces)
    }
}

/// Traces one transaction of a block, or all, with a client's script.
pub(crate) fn trace_block(
    api: &Api,
    block: &BlockReplay<'_>,
    index: Option<usize>,
    options: &GethDebugTracingOptions,
) -> Result<TraceAnswer, RpcError> {
    let work = Work::Block {
        header: Box::new(block.block.header.clone()),
        transactions: block.block.body.transactions.iter().map(encode).collect(),
        hash: block.hash,
        senders: block.senders.to_vec(),
        index,
    };
    run(api, work, &block.state, options)
}

/// Traces calls with a client's script.
pub(crate) fn trace_calls(
    api: &Api,
    simulation: Simulation,
    calls: Calls,
    options: &GethDebugTracingOptions,
) -> Result<TraceAnswer, RpcError> {
    let Simulation { state, header, overrides, gas_cap, .. } = simulation;
    let work = Work::Calls { header: Box::new(header), state: overrides.state, block: overrides.block.map(Box::new), gas_cap, calls };
    run(api, work, &state, options)
}

/// Has a child process do the work, and answers its questions about the state.
fn run(api: &Api, work: Work, state: &State, options: &GethDebugTracingOptions) -> Result<TraceAnswer, RpcError> {
    let Some(host) = &api.chain.limits.scripts else { return Err(RpcError::server("JavaScript tracers are not enabled")) };
    let time = api.trace_time(options, DEFAULT_TRACE_TIME)?.min(host.time);
    let _running = host.admit()?;
    let job = Job { chain: Chain::of(&api.chain.spec), options: options.clone(), work, memory: host.memory, seconds: time.as_secs() + 1 };
    let start = Command::new(&host.program)
        .args(&host.arguments)
        // Whatever this process was told in secret is none of a script's business.
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = start.map_err(|error| RpcError::internal(&error))?;
    let pipes = child.stdin.take().zip(child.stdout.take()).expect("invariant: both were asked for");
    let watched = Watched::start(child, time);
    let mut greeted = false;
    let answer = converse(pipes, &job, state, (&mut greeted, api.chain.limits.response_size));
    match answer {
        Ok(Some(answer)) => answer,
        // The pipe broke or ended early: the child is gone.
        Ok(None) | Err(_) if watched.is_out_of_time() => Err(RpcError::execution_timeout()),
        Ok(None) | Err(_) if !greeted => Err(RpcError::server("JavaScript tracers are not available: their host does not start")),
        Ok(None) | Err(_) => Err(RpcError::server("the tracer was stopped: it needs too much memory or recursion")),
    }
}

/// A child that is killed when its time is over or nobody waits for it any more.
#[derive(Debug)]
struct Watched {
    out_of_time: Arc<AtomicBool>,
    /// Dropped to end the watch.
    _waiting: mpsc::Sender<()>,
}

impl Watched {
    fn start(mut child: Child, time: Duration) -> Self {
        let (waiting, gone) = mpsc::channel::<()>();
        let out_of_time = Arc::new(AtomicBool::new(false));
        let flag = out_of_time.clone();
        std::thread::spawn(move || {
            if gone.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
                flag.store(true, Ordering::SeqCst);
            }
            // It may have ended by itself; either way it must be waited for.
            let _ = child.kill();
            let _ = child.wait();
        });
        Self { out_of_time, _waiting: waiting }
    }

    fn is_out_of_time(&self) -> bool {
        self.out_of_time.load(Ordering::SeqCst)
    }
}

/// Gives the child its job and what it asks for until it has an answer of at most so many bytes. `None` when it ends without one. Says whether it has
/// greeted.
fn converse(
    (mut to, from): (ChildStdin, ChildStdout),
    job: &Job,
    state: &State,
    (greeted, most): (&mut bool, u32),
) -> std::io::Result<Option<Result<TraceAnswer, RpcError>>> {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    // Before its greeting a host may say what it likes.
    loop {
        if read_line(&mut from, &mut line, MAX_GREETING)? == 0 {
            return Ok(None);
        }
        if line == GREETING.as_bytes() {
            break;
        }
    }
    *greeted = true;
    send(&mut to, job)?;
    loop {
        // The last thing that it says is its answer.
        if read_line(&mut from, &mut line, u64::from(most))? == 0 {
            return Ok(None);
        }
        let answer = match serde_json::from_slice(&line)? {
            Question::Account(address) => state.account(address).map(|account| Answer::Account(account.map(Into::into))),
            Question::Storage(address, slot) => state.storage(address, slot).map(Answer::Word),
            Question::HasStorage(address) => state.has_storage(address).map(Answer::Flag),
            Question::Code(hash) => state.code(hash).map(Answer::Code),
            Question::BlockHash(number) => state.block_hash(number).map(Answer::Hash),
            Question::Done(answer) => return Ok(Some(Ok(TraceAnswer(answer)))),
            Question::Failed(words) => return Ok(Some(Err(RpcError::server(words)))),
        };
        send(&mut to, &answer.unwrap_or_else(|error| Answer::Failed(error.to_string())))?;
    }
}

/// Reads a line of at most `most` bytes, without its end.
fn read_line(from: &mut impl BufRead, line: &mut Vec<u8>, most: u64) -> std::io::Result<usize> {
    line.clear();
    let read = from.take(most).read_until(b'\n', line)?;
    if line.pop_if(|last| *last == b'\n').is_none() && read > 0 {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "line too long or cut off"));
    }
    Ok(read)
}

fn send(to: &mut impl Write, message: &impl Serialize) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    to.write_all(&line)?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_where_it_must() {
        let mut line = Vec::new();
        assert_eq!(read_line(&mut &b"ab\ncd"[..], &mut line, 10).unwrap(), 3);
        assert_eq!(line, b"ab");
        assert!(read_line(&mut &b"abcdef\n"[..], &mut line, 4).is_err());
        assert!(read_line(&mut &b"ab"[..], &mut line, 10).is_err());
        assert_eq!(read_line(&mut &b""[..], &mut line, 10).unwrap(), 0);
    }

    #[test]
    fn no_more_scripts_run_at_once_than_may() {
        let host = ScriptHost { at_once: 1, ..ScriptHost::new("host".into(), Vec::new()) };
        let first = host.admit().unwrap();
        assert_eq!(host.admit().unwrap_err().code, crate::error::code::LIMIT_EXCEEDED);
        drop(first);
        assert!(host.admit().is_ok());
    }
}
