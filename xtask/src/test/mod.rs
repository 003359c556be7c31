//! `cargo xtask test`: everything that must hold before a change lands, counted.

mod anvil;
mod clients;
mod program;
mod restarts;
mod rust;
mod solidity;
mod tally;

use std::{
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use crate::{dirs::Dirs, npm};
use tally::Tally;

/// After this long the step that runs is ended and counts as failed, as do the steps that are left.
const TIME: Duration = Duration::from_secs(58 * 60);

/// What a step came to: the counts, and lines for the reader (failures, reasons for skipping).
#[derive(Debug, Default)]
struct Outcome {
    tally: Tally,
    report: String,
}

impl Outcome {
    fn passed() -> Self {
        Self { tally: Tally { passed: 1, ..Tally::default() }, report: String::new() }
    }

    fn failed(report: impl Into<String>) -> Self {
        Self { tally: Tally { failed: 1, ..Tally::default() }, report: report.into() }
    }

    fn skipped(reason: &str) -> Self {
        Self { tally: Tally { skipped: 1, ..Tally::default() }, report: format!("skipped: {reason}") }
    }

    /// One check that passed, or failed with what there is to say.
    fn of(result: Result<(), String>) -> Self {
        result.map_or_else(Self::failed, |()| Self::passed())
    }

    fn and(mut self, other: Self) -> Self {
        self.tally += other.tally;
        if !self.report.is_empty() && !other.report.is_empty() {
            self.report.push('\n');
        }
        self.report.push_str(&other.report);
        self
    }
}

/// What steps share.
#[derive(Debug)]
struct Run<'a> {
    dirs: &'a Dirs,
    deadline: Instant,
    built: OnceLock<Result<(), String>>,
}

/// A named part of the tests.
struct Step {
    name: &'static str,
    about: &'static str,
    run: fn(&Run<'_>) -> Outcome,
    /// Whether it mostly waits, and does so while the step before works.
    beside: bool,
}

/// In this order: what is quick to tell comes first, and what builds the binary before what runs it.
const STEPS: &[Step] = &[
    Step { name: "format", about: "cargo fmt --check", run: rust::format, beside: false },
    Step { name: "clippy", about: "clippy on everything; a warning fails", run: rust::clippy, beside: false },
    Step {
        name: "rust",
        about: "cargo test of the workspace: units, properties, oracle, Ethereum's own tests, end to end, demo",
        run: rust::tests,
        beside: false,
    },
    Step {
        name: "artifacts",
        about: "the committed contract artifacts are what the sources give",
        run: solidity::artifacts,
        beside: false,
    },
    Step { name: "solidity", about: "forge test of the contracts", run: solidity::tests, beside: false },
    Step {
        name: "anvil",
        about: "the programs of the next step against anvil, so that none is bent to fit our node",
        run: clients::anvil,
        beside: true,
    },
    Step {
        name: "clients",
        about: "viem, our package for it, ethers, a browser, web3.py, mlcroissant, alloy, Foundry and Hardhat against a `tributary dev` that they have restarted",
        run: clients::run,
        beside: false,
    },
];

/// What takes longer than a test run may.
const SOAK: &[Step] = &[
    Step { name: "long", about: "the tests that take minutes each", run: rust::long_tests, beside: false },
    Step { name: "random", about: "the random tests, with many more cases", run: rust::random_tests, beside: false },
    Step {
        name: "fuzz",
        about: "the contracts' fuzz tests with 10,000 cases each, and their invariants with longer and more runs",
        run: solidity::random_tests,
        beside: false,
    },
];

/// After this long a soak ends.
const SOAK_TIME: Duration = Duration::from_secs(3 * 60 * 60);

/// Names of the steps, for the command line.
pub(crate) fn names() -> Vec<&'static str> {
    STEPS.iter().map(|step| step.name).collect()
}

/// Prints the steps.
pub(crate) fn list() {
    for step in STEPS {
        println!("{:<12} {}", step.name, step.about);
    }
}

/// Runs the named steps, or all of them; goes on after a failure. The last line printed is the sum. Returns whether nothing failed.
pub(crate) fn run(dirs: &Dirs, only: &[String]) -> bool {
    run_steps(dirs, TIME, STEPS.iter().filter(|step| only.is_empty() || only.iter().any(|name| name == step.name)))
}

/// Runs what takes longer. Returns whether nothing failed.
pub(crate) fn soak(dirs: &Dirs) -> bool {
    run_steps(dirs, SOAK_TIME, SOAK)
}

fn run_steps<'a>(dirs: &Dirs, time: Duration, steps: impl IntoIterator<Item = &'a Step>) -> bool {
    let run = Run { dirs, deadline: Instant::now() + time, built: OnceLock::new() };
    let steps: Vec<&Step> = steps.into_iter().collect();
    let mut sum = Tally::default();
    for together in steps.chunk_by(|_, next| next.beside) {
        together.iter().for_each(|step| println!("{:<12} …", step.name));
        let outcomes: Vec<_> = thread::scope(|scope| {
            let started: Vec<_> = together.iter().map(|step| scope.spawn(|| timed(&run, step))).collect();
            let panicked = |_| (Outcome::failed("the step panicked"), Duration::ZERO);
            started.into_iter().map(|step| step.join().unwrap_or_else(panicked)).collect()
        });
        for (step, (outcome, time)) in together.iter().zip(outcomes) {
            if !outcome.report.is_empty() {
                println!("{}", outcome.report.trim_end());
            }
            println!("{:<12} {} ({} s)", step.name, outcome.tally, time.as_secs());
            sum += outcome.tally;
        }
    }
    println!("{sum}");
    sum.failed == 0
}

fn timed(run: &Run<'_>, step: &Step) -> (Outcome, Duration) {
    let start = Instant::now();
    let outcome = if start < run.deadline { (step.run)(run) } else { Outcome::failed("no time left") };
    (outcome, start.elapsed())
}

/// Installs the npm packages of a folder. `Err` is the outcome of a step that needs them: skipped where there is no Node.js, or no registry
/// that answers; failed where the lock file is at fault.
fn install(source: &std::path::Path, target: &std::path::Path) -> Result<(), Outcome> {
    if !npm::exists() {
        return Err(Outcome::skipped("no node or no npm on this machine"));
    }
    npm::install(source, target).map_err(|error| match error {
        crate::error::Error::Npm { output } if npm::unreachable(&output) => {
            Outcome::skipped(&format!("npm packages cannot be installed: {}", npm::first_error(&output)))
        }
        error => Outcome::failed(error.to_string()),
    })
}
