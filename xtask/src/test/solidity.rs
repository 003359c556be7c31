use super::{Outcome, Run, install, tally::forge_tests};
use crate::contracts;

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
    if let Err(outcome) = tools(run) {
        return outcome;
    }
    let finished = match run.program("forge", contracts::tests(run.dirs).arg("--json")) {
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
