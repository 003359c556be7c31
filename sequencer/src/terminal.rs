//! What the user sees: lines on stdout, and at most one live line below them, or on stderr.
//!
//! A closed stdout or stderr is nobody to tell about, so write errors are ignored.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Erases the line that the cursor is on.
const ERASE: &str = "\r\x1b[2K";
/// From here on text beyond the right edge is cut (DECAWM off): a wrapped line could not be erased.
const CUT: &str = "\x1b[?7l";
/// From here on text wraps again.
const WRAP: &str = "\x1b[?7h";

/// Prints a line on stdout.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Prints a line on stderr.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// The line at the bottom of a terminal that is drawn again and again; nothing when it is not on a terminal.
#[derive(Debug, Clone)]
pub(crate) struct LiveLine {
    on: Stream,
    terminal: bool,
    // A std mutex: it is held while a few bytes are written and never across an await.
    shown: Arc<Mutex<String>>,
}

#[derive(Debug, Clone, Copy)]
enum Stream {
    Stdout,
    Stderr,
}

impl LiveLine {
    /// A live line on stdout.
    pub(crate) fn new() -> Self {
        Self { on: Stream::Stdout, terminal: io::stdout().is_terminal(), shown: Arc::default() }
    }

    /// A live line on stderr, for a command whose stdout is its result.
    pub(crate) fn on_stderr() -> Self {
        Self { on: Stream::Stderr, terminal: io::stderr().is_terminal(), shown: Arc::default() }
    }

    /// Whether it is ever seen.
    pub(crate) const fn is_visible(&self) -> bool {
        self.terminal
    }

    /// Draws `text` in place of what the line showed. What does not fit is cut.
    pub(crate) fn show(&self, text: &str) {
        if self.terminal {
            let mut shown = self.lock();
            text.clone_into(&mut shown);
            self.draw(&shown);
        }
    }

    /// Removes the line.
    pub(crate) fn clear(&self) {
        self.show("");
    }

    /// Lets `print` print whole lines above the live line.
    pub(crate) fn above<T>(&self, print: impl FnOnce() -> T) -> T {
        if !self.terminal {
            return print();
        }
        let shown = self.lock();
        self.draw("");
        let printed = print();
        self.draw(&shown);
        printed
    }

    fn lock(&self) -> MutexGuard<'_, String> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn draw(&self, text: &str) {
        let drawn = format!("{ERASE}{CUT}{text}{WRAP}");
        let _ = match self.on {
            Stream::Stdout => write_now(&mut io::stdout().lock(), &drawn),
            Stream::Stderr => write_now(&mut io::stderr().lock(), &drawn),
        };
    }
}

fn write_now(to: &mut impl Write, text: &str) -> io::Result<()> {
    to.write_all(text.as_bytes())?;
    to.flush()
}
