//! How far the reading has come, on stderr, once it takes longer than a moment.

use crate::terminal::{LiveLine, complain};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// What is done before is not told.
const MOMENT: Duration = Duration::from_secs(1);
/// How often the live line is drawn …
const DRAWN: Duration = Duration::from_millis(100);
/// … and how often a line is printed where there is no terminal.
const PRINTED: Duration = Duration::from_secs(2);

/// Tells of progress until it is stopped.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    line: LiveLine,
    started: Instant,
    stopped: Arc<AtomicBool>,
}

/// Bytes and files, of all that there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Done {
    pub(crate) files: usize,
    pub(crate) of_files: usize,
    pub(crate) bytes: u64,
    pub(crate) of_bytes: u64,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { line: LiveLine::on_stderr(), started: Instant::now(), stopped: Arc::default() }
    }

    /// Nothing is told any more.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.line.clear();
    }

    /// Whether nobody waits for the result any more.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Tells how far it is when that was last told at `told` and it is time to tell it again.
    pub(crate) fn tell(&self, told: &mut Instant, done: Done) {
        let every = if self.line.is_visible() { DRAWN } else { PRINTED };
        if self.started.elapsed() < MOMENT || told.elapsed() < every || self.is_stopped() {
            return;
        }
        *told = Instant::now();
        let text = line(done, self.started.elapsed());
        if self.line.is_visible() { self.line.show(&text) } else { complain(&text) }
    }

    /// Removes what was told on a terminal.
    pub(crate) fn clear(&self) {
        self.line.clear();
    }
}

fn line(done: Done, spent: Duration) -> String {
    let Done { files, of_files, bytes, of_bytes } = done;
    let rate = (bytes as f64 / spent.as_secs_f64().max(1e-3)).max(1.0);
    let left = of_bytes.saturating_sub(bytes) as f64 / rate;
    let mega = |bytes: u64| bytes as f64 / 1e6;
    format!("{files} of {of_files} files, {:.1} of {:.1} MB, {:.1} MB/s, {left:.0} s left", mega(bytes), mega(of_bytes), rate / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_files_bytes_rate_and_what_is_left() {
        let done = Done { files: 12, of_files: 40, bytes: 3_000_000, of_bytes: 9_000_000 };
        assert_eq!(line(done, Duration::from_secs(2)), "12 of 40 files, 3.0 of 9.0 MB, 1.5 MB/s, 4 s left");
        let none = Done { files: 0, of_files: 40, bytes: 0, of_bytes: 0 };
        assert_eq!(line(none, Duration::ZERO), "0 of 40 files, 0.0 of 0.0 MB, 0.0 MB/s, 0 s left");
    }
}
