//! The measurements, and the order in which one node goes through them.

use super::{
    load::{CHAIN_ID, Kind, Lane, ask, flood, paced, sign},
    machine::{cores, processor_time},
    node::{Contender, Running},
};
use crate::{
    rpc::{Rpc, RpcError, number},
    token,
    wallet::{Signed, Wallet},
};
use alloy_primitives::{Address, keccak256};
use serde_json::{Value, json};
use std::{
    io, thread,
    time::{Duration, Instant},
};

/// Connections of a flood.
const LANES: u32 = 16;

/// Connections of a paced measurement: what can be under way at the same time.
const PACED_LANES: u32 = 64;

/// How long a flood lasts, and a paced measurement.
const TIME: Duration = Duration::from_secs(5);

/// Transactions signed for each lane of a flood; more than a node takes in [`TIME`].
const PER_LANE: usize = 12_000;

/// Connections over which questions are asked, and for how long.
const ASKERS: usize = 4;
const ASKING: Duration = Duration::from_secs(3);

/// Transactions in a JSON-RPC batch.
const BATCH: usize = 100;

/// Longest wait for blocks or batches after a measurement.
const PATIENCE: Duration = Duration::from_secs(180);

/// A node that seals nothing for so long seals nothing more.
const STALLED: Duration = Duration::from_secs(15);

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A node did not start.
    #[error("{0}")]
    Start(String),
    /// A file or a socket failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A request failed or was refused.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// Something that must come did not.
    #[error("still not there after a long wait: {0}")]
    Late(&'static str),
}

/// A flood's outcome.
#[derive(Debug, Clone, Copy, Default)]
pub struct Throughput {
    /// Transactions a second, from the first request to the block that sealed the last.
    pub per_second: u64,
    /// Percent of the machine that the load generator used meanwhile.
    pub generator: u64,
    /// Percent of the machine that the node used meanwhile.
    pub node: u64,
    /// Bytes of compressed batches on L1 for each thousand transactions; `None` without an L1.
    pub da_bytes_per_thousand: Option<u64>,
}

/// A paced measurement's outcome.
#[derive(Debug, Clone, Copy, Default)]
pub struct Latency {
    /// Half of the acknowledgements came within this.
    pub median: Duration,
    /// 99 of 100 came within this.
    pub p99: Duration,
}

/// Everything about one node.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Name and figures of each flood.
    pub throughput: Vec<(&'static str, Throughput)>,
    /// Name of each question, and answers to it a second.
    pub reads: Vec<(&'static str, u64)>,
    /// Name and figures of each paced measurement; `None` where the node has no such method.
    pub latency: Vec<(String, Option<Latency>)>,
}

/// What is sent, signed once for all nodes.
struct Loads {
    floods: Vec<(&'static str, usize, Vec<Lane>)>,
    paces: Vec<(&'static str, u32, Vec<Lane>)>,
    preparation: Vec<Signed>,
    /// Transfers of the token that are sent at once and then traced.
    traced: Vec<Signed>,
    token: Address,
}

impl Loads {
    fn sign() -> Self {
        let mut deployer = Wallet::funded(0, CHAIN_ID);
        let (creation, token) = deployer.create(token::creation(deployer.address(), u64::MAX));
        let mut preparation = vec![creation];
        let mut next = 1;
        let mut accounts = |count: u32| {
            next += count;
            next - count..next
        };
        let floods = [
            ("transfers/s, one a request", 1, Kind::Transfer),
            ("transfers/s, batches of 100", BATCH, Kind::Transfer),
            ("ERC-20 transfers/s, one a request", 1, Kind::Token(token)),
            ("ERC-20 transfers/s, batches of 100", BATCH, Kind::Token(token)),
        ]
        .map(|(name, batch, kind)| {
            let range = accounts(LANES);
            if kind == Kind::Token(token) {
                let fund = |index| deployer.call(token, token::transfer(Wallet::funded(index, CHAIN_ID).address(), 1 << 40), 70_000);
                preparation.extend(range.clone().map(fund));
            }
            (name, batch, sign(range, PER_LANE, kind))
        });
        let paces =
            ["eth_sendRawTransaction", "eth_sendRawTransactionSync"].into_iter().flat_map(|method| [(method, 100), (method, 1_000)]);
        let paces = paces.map(|(method, rate)| {
            let each = rate as usize * TIME.as_secs() as usize / PACED_LANES as usize;
            (method, rate, sign(accounts(PACED_LANES), each.max(1), Kind::Transfer))
        });
        let recipient = |index: usize| Address::from_word(keccak256((index as u64).to_be_bytes()));
        let traced = (0..BATCH).map(|index| deployer.call(token, token::transfer(recipient(index), 1), token::TRANSFER_GAS)).collect();
        Self { paces: paces.collect(), floods: floods.into(), preparation, traced, token }
    }
}

/// Measures each of them, one after the other. `progress` hears what is going on.
///
/// # Errors
/// When a node does not start, refuses a good transaction, or ends.
pub fn measure(contenders: &[Contender], progress: &dyn Fn(&str)) -> Result<Vec<Figures>, Error> {
    progress("signing");
    let loads = Loads::sign();
    contenders.iter().map(|contender| measure_one(contender, &loads, progress)).collect()
}

fn measure_one(contender: &Contender, loads: &Loads, progress: &dyn Fn(&str)) -> Result<Figures, Error> {
    let node = Running::start(contender)?;
    let mut rpc = Rpc::connect(node.url())?;
    for transaction in &loads.preparation {
        rpc.call("eth_sendRawTransaction", json!([transaction.json()]))?;
    }
    let last = loads.preparation.last().map(|transaction| transaction.hash);
    wait_for("the token", || Ok(!rpc.call("eth_getTransactionReceipt", json!([last]))?.is_null()))?;

    progress(&format!("{contender:?}: calls and traces"));
    let mut figures = Figures { reads: reads(&node, &mut rpc, loads)?, ..Figures::default() };
    for (method, rate, lanes) in &loads.paces {
        let name = format!("{method} at {rate} tx/s");
        progress(&format!("{contender:?}: {name}"));
        let taken = paced(node.url(), lanes, method, *rate);
        let quantile = |taken: &[Duration], percent: usize| taken[(taken.len() * percent / 100).min(taken.len() - 1)];
        let latency = match taken {
            Ok(taken) => Some(Latency { median: quantile(&taken, 50), p99: quantile(&taken, 99) }),
            // A node without the method; whatever else is wrong shows in the floods.
            Err(Error::Rpc(RpcError::Answer(_))) if method.ends_with("Sync") => None,
            Err(error) => return Err(error),
        };
        figures.latency.push((name, latency));
    }
    for (name, batch, lanes) in &loads.floods {
        progress(&format!("{contender:?}: {name}"));
        figures.throughput.push((name, throughput(&node, &mut rpc, lanes, *batch)?));
    }
    Ok(figures)
}

/// Traces transactions that share a block, and calls.
fn reads(node: &Running, rpc: &mut Rpc, loads: &Loads) -> Result<Vec<(&'static str, u64)>, Error> {
    flood(node.url(), std::slice::from_ref(&loads.traced), BATCH, ASKING)?;
    let last = loads.traced.last().map(|transaction| transaction.hash);
    let is_sealed = |receipt: &Value| receipt["blockHash"].as_str().is_some_and(|hash| !hash.trim_start_matches(['0', 'x']).is_empty());
    wait_for("the traced transactions", || Ok(is_sealed(&rpc.call("eth_getTransactionReceipt", json!([last]))?)))?;
    let question = |method: &str, params: Value| json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    let trace = |transaction: &Signed| question("debug_traceTransaction", json!([transaction.hash, { "tracer": "callTracer" }]));
    let traces: Vec<_> = loads.traced.iter().map(trace).collect();
    let holder = Wallet::funded(0, CHAIN_ID).address();
    let call = question("eth_call", json!([{ "to": loads.token, "data": token::balance_of(holder) }, "latest"]));
    let per_second = |questions: &[String]| Ok::<_, Error>(ask(node.url(), questions, ASKERS, ASKING)? as u64 / ASKING.as_secs());
    Ok(vec![
        ("debug_traceTransaction (callTracer), each of 100 ERC-20 transfers of a block", per_second(&traces)?),
        ("eth_call, balanceOf", per_second(&[call])?),
    ])
}

/// Floods the node, and waits until everything is sealed and on L1.
fn throughput(node: &Running, rpc: &mut Rpc, lanes: &[Lane], batch: usize) -> Result<Throughput, Error> {
    settle(node, rpc)?;
    let bytes_before = node.counter("tributary_batch_bytes_total");
    let mut sealed = Sealed { next: head(rpc)? + 1, transactions: 0 };
    let (start, own, nodes) = (Instant::now(), processor_time(None), processor_time(Some(node.id())));
    let sent = flood(node.url(), lanes, batch, TIME)?;
    let own = processor_time(None) - own;
    let flooding = start.elapsed();
    let end = sealed.until(rpc, sent)?;
    let (elapsed, nodes) = (end.duration_since(start), processor_time(Some(node.id())) - nodes);
    let sent = sealed.transactions;
    settle(node, rpc)?;
    let bytes = node.counter("tributary_batch_bytes_total").zip(bytes_before).map(|(after, before)| after - before);
    let percent = |used: Duration, of: Duration| (used.as_millis() * 100 / (of.as_millis() * cores() as u128).max(1)) as u64;
    Ok(Throughput {
        per_second: (sent as u128 * 1000 / elapsed.as_millis().max(1)) as u64,
        generator: percent(own, flooding),
        node: percent(nodes, elapsed),
        da_bytes_per_thousand: bytes.map(|bytes| bytes * 1000 / (sent as u64).max(1)),
    })
}

fn head(rpc: &mut Rpc) -> Result<u128, Error> {
    Ok(number(&rpc.call("eth_blockNumber", json!([]))?))
}

/// Counts the users' transactions of sealed blocks as they come.
struct Sealed {
    next: u128,
    transactions: usize,
}

impl Sealed {
    /// Waits until as many are sealed as were acknowledged; when the last came. A node that seals no more of what it acknowledged is counted by
    /// what it did seal.
    fn until(&mut self, rpc: &mut Rpc, acknowledged: usize) -> Result<Instant, Error> {
        let (mut last, mut seen) = (Instant::now(), self.transactions);
        while self.count(rpc)? < acknowledged && last.elapsed() < STALLED {
            if self.transactions > seen {
                (last, seen) = (Instant::now(), self.transactions);
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(if self.transactions > seen { Instant::now() } else { last })
    }

    fn count(&mut self, rpc: &mut Rpc) -> Result<usize, Error> {
        let head = head(rpc)?;
        while self.next <= head {
            let count = rpc.call("eth_getBlockTransactionCountByNumber", json!([format!("{:#x}", self.next)]))?;
            let first = rpc.call("eth_getTransactionByBlockNumberAndIndex", json!([format!("{:#x}", self.next), "0x0"]))?;
            let deposits = usize::from(first["type"] == json!("0x7e"));
            self.transactions += number(&count) as usize - deposits;
            self.next += 1;
        }
        Ok(self.transactions)
    }
}

/// Waits until all that a rollup has sealed is safe, so that one measurement's batches are not the next one's.
fn settle(node: &Running, rpc: &mut Rpc) -> Result<(), Error> {
    if matches!(node, Running::Anvil(..)) {
        return Ok(());
    }
    let head = head(rpc)?;
    wait_for("the safe head", || {
        let safe: Value = rpc.call("eth_getBlockByNumber", json!(["safe", false]))?;
        Ok(number(&safe["number"]) >= head)
    })
}

fn wait_for(what: &'static str, mut done: impl FnMut() -> Result<bool, Error>) -> Result<(), Error> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if done()? {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(10));
    }
    Err(Error::Late(what))
}
