use std::{env, path::PathBuf, process::Command};

use super::{
    Outcome, Run,
    program::{self, Finished},
    tally::{CargoTests, Tally},
};

/// The oracle's derivation nests deeply.
const STACK: (&str, &str) = ("RUST_MIN_STACK", "67108864");

impl Run<'_> {
    /// Cargo on the repository.
    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // What this program's own cargo told it: with it, build scripts that ask would run again, and everything on them be compiled anew.
        for (name, _) in env::vars_os().filter(|(name, _)| is_of_a_package(name)) {
            cargo.env_remove(name);
        }
        cargo.args(arguments).current_dir(self.dirs.root()).env(STACK.0, STACK.1).env("CARGO_TERM_COLOR", "never");
        cargo
    }

    /// Runs a program with its log under `name` in the build folder.
    pub(super) fn program(&self, name: &str, command: &mut Command) -> Result<Finished, String> {
        program::run(command, &self.dirs.test_log(name), self.deadline)
    }

    /// Compiles everything that tests run, once, and prints why when it cannot. The binary is among it, because its package has integration tests; building it alone would
    /// compile the dependencies again, with other features.
    pub(super) fn build(&self) -> Result<(), String> {
        let build = || {
            let finished = self.program("build", &mut self.cargo(&["test", "--release", "--workspace", "--no-run"]))?;
            if finished.success {
                return Ok(());
            }
            println!("{}", finished.tail());
            Err("the workspace does not compile".to_owned())
        };
        self.built.get_or_init(build).clone()
    }

    /// A program that [`Run::build`] made, of this name. This program stands in the same folder.
    pub(super) fn built(&self, name: &str) -> Result<PathBuf, String> {
        self.build()?;
        let own = env::current_exe().map_err(|error| error.to_string())?;
        Ok(own.with_file_name(name))
    }

    fn installed(&self, subcommand: &str) -> bool {
        self.cargo(&[subcommand, "--version"]).output().is_ok_and(|output| output.status.success())
    }
}

/// The sources are formatted.
pub(super) fn format(run: &Run<'_>) -> Outcome {
    if !run.installed("fmt") {
        return Outcome::skipped("no rustfmt in this toolchain");
    }
    check(run, "format", &["fmt", "--all", "--", "--check", "-l", "--color", "never"])
}

/// Whether cargo sets a variable for the program that it runs, and not for all it starts.
fn is_of_a_package(name: &std::ffi::OsStr) -> bool {
    name.to_str().is_some_and(|name| ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.starts_with(prefix)))
}

/// Clippy has nothing to say.
pub(super) fn clippy(run: &Run<'_>) -> Outcome {
    if !run.installed("clippy") {
        return Outcome::skipped("no clippy in this toolchain");
    }
    check(run, "clippy", &["clippy", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

fn check(run: &Run<'_>, name: &str, arguments: &[&str]) -> Outcome {
    Outcome::of(run.program(name, &mut run.cargo(arguments)).and_then(|done| if done.success { Ok(()) } else { Err(done.tail()) }))
}

/// All Rust tests.
pub(super) fn tests(run: &Run<'_>) -> Outcome {
    cargo_tests(run, "rust", &["--workspace"], &["--show-output"], &[])
}

/// The Rust tests that take minutes each.
pub(super) fn long_tests(run: &Run<'_>) -> Outcome {
    cargo_tests(run, "long", &["--workspace"], &["--show-output", "--ignored"], &[])
}

/// How many cases a random test has in a long run: of proptest, against the reference of attribution, and between its kernels.
const MANY_CASES: [(&str, &str); 3] =
    [("PROPTEST_CASES", "3000"), ("TRIBUTARY_REFERENCE_CASES", "3000"), ("TRIBUTARY_KERNEL_CASES", "1000000")];

/// The packages whose tests are mostly random.
const RANDOM: [&str; 8] = ["attribution", "execution", "journal", "pool", "rollup", "storage", "trie", "oracle"];

/// The random tests, with many cases.
pub(super) fn random_tests(run: &Run<'_>) -> Outcome {
    let packages: Vec<String> = RANDOM.iter().map(|name| format!("--package=tributary-{name}")).collect();
    let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
    cargo_tests(run, "random", &packages, &["--show-output"], &MANY_CASES)
}

/// Runs the tests of these packages and counts them.
fn cargo_tests(run: &Run<'_>, name: &str, packages: &[&str], arguments: &[&str], environment: &[(&str, &str)]) -> Outcome {
    if let Err(error) = run.build() {
        return Outcome::failed(error);
    }
    let arguments = [&["test", "--release", "--no-fail-fast"], packages, &["--"], arguments].concat();
    let finished = match run.program(name, run.cargo(&arguments).envs(environment.iter().copied())) {
        Ok(finished) => finished,
        Err(error) => return Outcome::failed(error),
    };
    let CargoTests { mut tally, failures, skips } = CargoTests::parse(&finished.output);
    let mut report = failures;
    for skip in skips {
        report.push_str(&format!("{} skipped: {}: {}\n", skip.count, skip.test, skip.reason));
    }
    if !finished.success && tally.failed == 0 {
        // A test program that died leaves no line to count.
        tally.failed = 1;
        report.push_str(&finished.tail());
    }
    Outcome { tally, report }
}

/// The outcome of a program that ends with a closing line.
pub(super) fn counted(run: &Run<'_>, name: &str, command: &mut Command) -> Outcome {
    let finished = match run.program(name, command.current_dir(run.dirs.root())) {
        Ok(finished) => finished,
        Err(error) => return Outcome::failed(error),
    };
    let skips = || finished.output.lines().filter(|line| line.starts_with("skipped: ")).collect::<Vec<_>>().join("\n");
    match Tally::closing(&finished.output) {
        Some(tally) if finished.success && tally.failed == 0 => Outcome { tally, report: skips() },
        Some(tally) if tally.failed > 0 => Outcome { tally, report: format!("{name}:\n{}", finished.tail()) },
        _ => Outcome::failed(format!("{name}:\n{}", finished.tail())),
    }
}
