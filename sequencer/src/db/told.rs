//! How sizes and progress are told.

use crate::terminal::{self, LiveLine};
use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// How often a log gets a line of its own.
const LOGGED: Duration = Duration::from_secs(10);

/// Says how far something is: on a terminal always, in a log from time to time.
#[derive(Debug)]
pub(super) struct Progress {
    line: LiveLine,
    logged: Cell<Instant>,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { line: LiveLine::on_stderr(), logged: Cell::new(Instant::now()) }
    }

    pub(super) fn of(&self, store: &str, part: &str, done: u64, of: u64) {
        let text = format!("{store}: {part} {done} of {of}");
        if self.line.is_visible() {
            self.line.show(&text);
        } else if self.logged.get().elapsed() >= LOGGED {
            self.logged.set(Instant::now());
            terminal::complain(&text);
        }
    }

    pub(super) fn end(&self) {
        self.line.clear();
    }
}

/// A size in the unit in which it is short.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut whole, mut rest, mut unit) = (count, 0, 0);
    while whole >= 1024 && unit + 1 < UNITS.len() {
        (rest, whole, unit) = (whole % 1024 * 10 / 1024, whole / 1024, unit + 1);
    }
    if unit == 0 { format!("{whole} B") } else { format!("{whole}.{rest} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_are_short() {
        let told = [0, 1023, 1024, 1536, 5 << 20, (3 << 40) + (1 << 39)].map(bytes);
        assert_eq!(told, ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "5.0 MiB", "3.5 TiB"]);
    }
}
