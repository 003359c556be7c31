//! The time that blocks are made by: the machine's, except that a development node's users may move it.

use std::time::{Duration, SystemTime};
use tokio::sync::watch;

/// A clock that all chains of a process share. Clones are the same clock.
#[derive(Debug, Clone)]
pub(crate) struct Clock(watch::Sender<Reading>);

/// How the clock's time follows from the machine's. Times are of the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// This much ahead of the machine's, or behind.
    Ahead(Duration),
    Behind(Duration),
    /// Not moving.
    Stopped(Duration),
}

impl Reading {
    fn now(self, machine: Duration) -> Duration {
        match self {
            Self::Ahead(by) => machine + by,
            Self::Behind(by) => machine.saturating_sub(by),
            Self::Stopped(at) => at,
        }
    }

    /// A clock that shows `time` now and runs on.
    fn running(time: Duration, machine: Duration) -> Self {
        match time.checked_sub(machine) {
            Some(ahead) => Self::Ahead(ahead),
            None => Self::Behind(machine - time),
        }
    }
}

fn machine() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

impl Clock {
    /// A clock that shows the machine's time, or `newest` (seconds) if that is later: a chain whose clock was moved goes on where it was.
    pub(crate) fn not_before(newest: u64) -> Self {
        let machine = machine();
        Self(watch::Sender::new(Reading::running(machine.max(Duration::from_secs(newest)), machine)))
    }

    /// The time, since the Unix epoch.
    pub(crate) fn now(&self) -> Duration {
        self.0.borrow().now(machine())
    }

    /// Whole seconds of [`Self::now`].
    pub(crate) fn seconds(&self) -> u64 {
        self.now().as_secs()
    }

    /// Whether the clock stands.
    pub(crate) fn is_stopped(&self) -> bool {
        matches!(*self.0.borrow(), Reading::Stopped(_))
    }

    /// How much the clock, or a time that it is about to have, is ahead of the machine's, in seconds.
    pub(crate) fn ahead(&self, coming: Duration) -> u64 {
        let machine = machine();
        (self.0.borrow().now(machine).max(coming).saturating_sub(machine) + Duration::from_millis(500)).as_secs()
    }

    /// Sets the clock forward to `time`; it is never set back by this.
    pub(crate) fn advance_to(&self, time: Duration) {
        self.change(|reading, machine| {
            let time = time.max(reading.now(machine));
            if matches!(reading, Reading::Stopped(_)) { Reading::Stopped(time) } else { Reading::running(time, machine) }
        });
    }

    /// Sets the clock, back too.
    pub(crate) fn set(&self, time: Duration) {
        self.change(|reading, machine| match reading {
            Reading::Stopped(_) => Reading::Stopped(time),
            _ => Reading::running(time, machine),
        });
    }

    /// Stops the clock, or lets it run on from where it stands.
    pub(crate) fn stop(&self, stop: bool) {
        self.change(|reading, machine| {
            let now = reading.now(machine);
            if stop { Reading::Stopped(now) } else { Reading::running(now, machine) }
        });
    }

    fn change(&self, to: impl FnOnce(Reading, Duration) -> Reading) {
        self.0.send_modify(|reading| *reading = to(*reading, machine()));
    }

    /// Resolves when the clock is moved, stopped or started after the call.
    pub(crate) async fn moved(&self) {
        // The sender is alive as long as `self` is.
        let _ = self.0.subscribe().changed().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[test]
    fn a_clock_that_is_behind_or_ahead_keeps_its_distance() {
        assert_eq!(Reading::running(7 * S, 5 * S).now(9 * S), 11 * S);
        assert_eq!(Reading::running(3 * S, 5 * S).now(9 * S), 7 * S);
    }

    #[test]
    fn a_stopped_clock_moves_only_when_it_is_advanced() {
        let clock = Clock::not_before(0);
        clock.stop(true);
        assert!(clock.is_stopped());
        let before = clock.now();
        clock.advance_to(before + 5 * S);
        assert_eq!(clock.now(), before + 5 * S);
        clock.advance_to(before);
        assert_eq!(clock.now(), before + 5 * S, "never back");
        clock.set(before);
        assert_eq!(clock.now(), before);
        clock.stop(false);
        assert!(clock.now() >= before);
    }
}
