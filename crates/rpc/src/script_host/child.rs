//! The side of the process that runs a script.

use super::{
    protocol::{Answer, GREETING, Job, Question, Work},
    read_line, send,
};
use crate::error::RpcError;
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{Address, B256, Bytes, U256};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde_json::value::{RawValue, to_raw_value};
use std::{
    fmt,
    io::{BufReader, Stdin, Stdout, Write},
    process::ExitCode,
    sync::{Arc, Mutex},
};
use tributary_execution::{Abort, BlockReplay, Executor, Overrides, Simulation};
use tributary_primitives::{Account, Block, BlockBody, StateError, StateReader, Transaction};

/// Stack of the thread that runs the script: scripts may recurse deeply.
const STACK: usize = 256 << 20;

/// Runs one script for the node at the other end of this process's pipes, and ends. To be called by `main` before anything else, when the program was
/// started with the argument [`SCRIPT_HOST`](super::SCRIPT_HOST).
pub fn run() -> ExitCode {
    let host = std::thread::Builder::new().stack_size(STACK).spawn(|| serve().is_ok());
    match host.map(std::thread::JoinHandle::join) {
        Ok(Ok(true)) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn serve() -> std::io::Result<()> {
    let mut to = std::io::stdout();
    to.write_all(GREETING.as_bytes())?;
    to.write_all(b"\n")?;
    to.flush()?;
    let mut from = BufReader::new(std::io::stdin());
    let mut line = Vec::new();
    read_line(&mut from, &mut line, u64::MAX)?;
    let job: Job = serde_json::from_slice(&line)?;
    give_up_rights(&job)?;
    let node = Arc::new(Node(Mutex::new(Pipes { from, to, line })));
    let last = match work(job, node.clone()) {
        Ok(answer) => Question::Done(answer),
        Err(error) => Question::Failed(error.message),
    };
    node.say(&last)
}

/// From here on this process cannot take more memory or time than it was given, nor open or write files.
fn give_up_rights(job: &Job) -> std::io::Result<()> {
    for (what, most) in
        [(Resource::As, job.memory), (Resource::Cpu, job.seconds), (Resource::Core, 0), (Resource::Fsize, 0), (Resource::Nofile, 3)]
    {
        setrlimit(what, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

fn work(job: Job, node: Arc<Node>) -> Result<Box<RawValue>, RpcError> {
    let executor = Executor::new(Arc::new(job.chain.spec()));
    // The node ends what takes too long by killing this process.
    let abort = Abort::default();
    match job.work {
        Work::Block { header, transactions, hash, senders, index } => {
            let transactions = transactions.iter().map(|encoded| Transaction::decode_2718(&mut &encoded[..]));
            let transactions = transactions.collect::<Result<_, _>>().map_err(RpcError::server)?;
            let block = Block { header: *header, body: BlockBody { transactions, ..Default::default() } };
            let replay = BlockReplay { executor, state: node, block: &block, hash, senders: &senders, replayed: None, abort };
            match index {
                Some(index) => json(&replay.trace_transaction(index, &job.options)?),
                None => json(&replay.trace_block(&job.options)?),
            }
        }
        Work::Calls { header, state, block, gas_cap, calls } => {
            let overrides = Overrides { state, block: block.map(|block| *block) };
            json(&calls.trace(Simulation { executor, state: node, header: *header, overrides, gas_cap }, &job.options, &abort)?)
        }
    }
}

fn json(trace: &impl serde::Serialize) -> Result<Box<RawValue>, RpcError> {
    to_raw_value(trace).map_err(|error| RpcError::server(error.to_string()))
}

struct Pipes {
    from: BufReader<Stdin>,
    to: Stdout,
    line: Vec<u8>,
}

/// The node, of which the state can be asked.
struct Node(Mutex<Pipes>);

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Node")
    }
}

impl Node {
    fn say(&self, message: &Question) -> std::io::Result<()> {
        let mut pipes = self.0.lock().map_err(|_| std::io::Error::other("a question broke off"))?;
        send(&mut pipes.to, message)
    }

    fn ask(&self, question: &Question) -> Result<Answer, StateError> {
        let broken = || StateError::Missing("the node".to_owned());
        let mut pipes = self.0.lock().map_err(|_| broken())?;
        let Pipes { from, to, line } = &mut *pipes;
        send(to, question).map_err(StateError::backend)?;
        read_line(from, line, u64::MAX).map_err(StateError::backend)?;
        match serde_json::from_slice(line).map_err(StateError::backend)? {
            Answer::Failed(words) => Err(StateError::Missing(words)),
            answer => Ok(answer),
        }
    }
}

fn unexpected() -> StateError {
    StateError::Missing("the answer to a question about it".to_owned())
}

impl StateReader for Node {
    fn account(&self, address: Address) -> Result<Option<Account>, StateError> {
        match self.ask(&Question::Account(address))? {
            Answer::Account(account) => Ok(account.map(Into::into)),
            _ => Err(unexpected()),
        }
    }

    fn storage(&self, address: Address, slot: U256) -> Result<U256, StateError> {
        match self.ask(&Question::Storage(address, slot))? {
            Answer::Word(word) => Ok(word),
            _ => Err(unexpected()),
        }
    }

    fn has_storage(&self, address: Address) -> Result<bool, StateError> {
        match self.ask(&Question::HasStorage(address))? {
            Answer::Flag(flag) => Ok(flag),
            _ => Err(unexpected()),
        }
    }

    fn code(&self, hash: B256) -> Result<Bytes, StateError> {
        match self.ask(&Question::Code(hash))? {
            Answer::Code(code) => Ok(code),
            _ => Err(unexpected()),
        }
    }

    fn block_hash(&self, number: u64) -> Result<B256, StateError> {
        match self.ask(&Question::BlockHash(number))? {
            Answer::Hash(hash) => Ok(hash),
            _ => Err(unexpected()),
        }
    }

    fn may_be_kept(&self) -> bool {
        true
    }
}
