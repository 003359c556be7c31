use super::{Outcome, Run, install, tally::forge_tests};
use crate::contracts;
use std::{process::Command, time::SystemTime};

/// Whether forge's npm package has a program for this platform (contracts/package.json).
const FORGE_RUNS: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

/// The committed artifacts are what the sources give.
pub(super) fn artifacts(run: &Run<'_>) -> Outcome {
    if let Err(outcome) = tools(run) {
        return outcome;
    }
    Outcome::of(contracts::check(run.dirs).map_err(|error| error.to_string()))
}

/// The contracts' own tests.
pub(super) fn tests(run: &Run<'_>) -> Outcome {
    forge(run, "forge", |_| {})
}

/// How many cases a fuzz test has in a long run, how many sequences of calls an invariant is held against, and how many calls each has.
const MANY_CASES: [(&str, &str); 3] =
    [("FOUNDRY_FUZZ_RUNS", "10000"), ("FOUNDRY_INVARIANT_RUNS", "256"), ("FOUNDRY_INVARIANT_DEPTH", "128")];

/// The random ones among them, with many cases, and other ones each time. A case that fails is kept in the build folder, and is the first of the next run.
pub(super) fn random_tests(run: &Run<'_>) -> Outcome {
    let seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    let outcome = forge(run, "forge-random", |forge| {
        forge.args(["--match-test", contracts::RANDOM, "--fuzz-seed", &format!("{seed:#x}")]).envs(MANY_CASES);
    });
    Outcome { report: format!("seed {seed:#x}\n{}", outcome.report), ..outcome }
}

fn forge(run: &Run<'_>, log: &str, more: impl FnOnce(&mut Command)) -> Outcome {
    if let Err(outcome) = tools(run) {
        return outcome;
    }
    let mut forge = contracts::tests(run.dirs);
    more(forge.arg("--json"));
    let finished = match run.program(log, &mut forge) {
        Ok(finished) => finished,
        Err(error) => return Outcome::failed(error),
    };
    match forge_tests(&finished.output) {
        Some((tally, failures)) if finished.success == (tally.failed == 0) && tally.passed > 0 => Outcome { tally, report: failures },
        _ => Outcome::failed(finished.tail()),
    }
}

fn tools(run: &Run<'_>) -> Result<(), Outcome> {
    if !FORGE_RUNS {
        return Err(Outcome::skipped("the forge that contracts/package.json names is for Linux on x86-64"));
    }
    install(&run.dirs.contracts(), &run.dirs.npm())
}
