//! The economy with a thousand who take part, some of whom cheat: who earns what under which policy.
//!
//! Every policy has a chain of its own, in this process, with the contracts and precompiles of genesis, and the same people who do the same on it. What
//! each put in and got is kept from receipts, and compared at the end with what it has.

mod chain;
mod checks;
mod closing;
mod juries;
mod lies;
mod market;
mod people;
mod policy;
mod report;
mod supply;
mod texts;
mod world;

pub use checks::Check;
pub use report::{Line, PolicyReport, Report};

use alloy_primitives::U256;
use checks::Closing;
use policy::{MILLI_OPEN, POLICIES, Policy};
use std::{io, thread, time::Instant};
use world::World;

/// What an answer costs. Not a round number, so that its split leaves units over.
const PRICE: u128 = 1_000 * MILLI_OPEN + 7;

/// Most answers of a session.
const SESSION: usize = 20;

/// Why nothing came of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A block could not be executed.
    #[error(transparent)]
    Execution(#[from] tributary_execution::Error),
    /// A block could not be written or read.
    #[error(transparent)]
    Storage(#[from] tributary_storage::Error),
    /// A set could not be indexed.
    #[error(transparent)]
    Node(#[from] tributary_node::Error),
    /// State could not be read.
    #[error(transparent)]
    State(#[from] tributary_primitives::StateError),
    /// A call ended otherwise than it was to.
    #[error("{0}")]
    Refused(String),
    /// A policy's thread ended early.
    #[error("the simulation of a policy broke off")]
    BrokeOff,
}

/// How much is simulated, of each policy.
#[derive(Debug, Clone, Copy)]
struct Plan {
    seed: u64,
    sessions: usize,
    /// Of each session.
    answers: usize,
}

/// Simulates `agents` under every policy, with `requests` in all. `tell` is told how far it is.
///
/// # Errors
/// When a chain cannot be made, or a call ends otherwise than it was to.
pub fn simulate(agents: usize, requests: usize, seed: u64, tell: &(dyn Fn(&str) + Sync)) -> Result<Report, Error> {
    let each = requests.div_ceil(POLICIES.len());
    let answers = (each / 10).clamp(1, SESSION);
    let plan = Plan { seed, sessions: each.div_ceil(answers), answers };
    let policies = thread::scope(|scope| {
        let started: Vec<_> = POLICIES.iter().map(|policy| scope.spawn(|| play(*policy, agents, plan, tell))).collect();
        started.into_iter().map(|policy| policy.join().map_err(|_| Error::BrokeOff)?).collect::<Result<Vec<_>, _>>()
    })?;
    Ok(Report { policies })
}

/// One policy, from genesis to the last claim.
fn play(policy: Policy, agents: usize, plan: Plan, tell: &(dyn Fn(&str) + Sync)) -> Result<PolicyReport, Error> {
    let started = Instant::now();
    let say = |what: &str| tell(&format!("{:>5.1} s  {}: {what}", started.elapsed().as_secs_f64(), policy.name));
    let people = people::gather(agents, plan.seed);
    // Enough for whatever anybody pays.
    let initial = U256::from(PRICE) * U256::from(10_000 + plan.sessions * plan.answers);
    let mut world = World::new(people, policy, initial, plan.seed)?;
    juries::join(&mut world)?;
    say("contributions");
    let datanet = supply::found(&mut world, plan.seed)?;
    say(&format!("{} rows; sessions", datanet.authors.len()));
    let (requests, told) = market::trade(&mut world, &datanet, plan)?;
    say(&format!("{requests} requests; claims"));
    closing::close(&mut world)?;
    let closing = Closing::read(&world)?;
    let checks = checks::all(&world, &closing, initial);
    say("done");
    Ok(PolicyReport {
        name: policy.name,
        rules: policy.rules(),
        requests,
        rows: datanet.authors.len(),
        transactions: world.transactions,
        gas: world.gas,
        refused: told.refused,
        seconds: started.elapsed().as_secs_f64(),
        roles: report::lines(&world, &closing, initial.to()),
        others: closing.others,
        checks,
    })
}
