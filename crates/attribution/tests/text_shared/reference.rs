//! The executable reference as a child that is asked over pipes: a case a line, an answer a line.

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The reference, which works on what it was asked while the test does its own part.
pub(crate) struct Reference {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Reference {
    /// Starts `driver` with the folder of `reference.py`; `None` where there is no Python.
    pub(crate) fn start(driver: &str, reference: &Path) -> Option<Self> {
        let started = Command::new("python3")
            .args(["-B", driver])
            .arg(reference.parent().unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut child) = started else {
            // Past the capture of a passing test's output.
            let _ = writeln!(std::io::stderr(), "SKIPPED, nothing checked: there is no python3 to run the reference");
            return None;
        };
        let questions = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Some(Self { child, questions, answers })
    }

    /// Sends a case, whose answer is waited for later.
    pub(crate) fn send(&mut self, case: &Value) {
        let questions = self.questions.as_mut().unwrap();
        writeln!(questions, "{case}").unwrap();
        questions.flush().unwrap();
    }

    /// The answer to the oldest case that has none.
    pub(crate) fn receive(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).expect("the reference answers each case")
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        drop(self.questions.take());
        let _ = self.child.wait();
    }
}

/// A number from the environment.
pub(crate) fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}
