//! A bound on requests in a second: a token bucket that holds one second's worth.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

/// Tokens of one endpoint. As in the generic cell rate algorithm a bucket is one instant: that at which it would be full again.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Time in which one token comes.
    interval: Duration,
    full_at: Mutex<Instant>,
}

/// What a full bucket holds.
const BURST: Duration = Duration::from_secs(1);

impl Pace {
    pub(crate) fn new(per_second: u32) -> Self {
        Self { interval: BURST / per_second.max(1), full_at: Mutex::new(Instant::now()) }
    }

    /// How long a request has to wait for its token, were it made now.
    pub(crate) fn wait(&self, now: Instant) -> Duration {
        self.wait_until(*self.full_at(), now)
    }

    /// Takes a token, and tells how long to wait for it.
    pub(crate) fn take(&self, now: Instant) -> Duration {
        let mut full_at = self.full_at();
        let wait = self.wait_until(*full_at, now);
        *full_at = (*full_at).max(now) + self.interval;
        wait
    }

    fn wait_until(&self, full_at: Instant, now: Instant) -> Duration {
        (full_at.saturating_duration_since(now) + self.interval).saturating_sub(BURST)
    }

    fn full_at(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.full_at.lock().expect("invariant: nothing panics while it holds this lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_as_many_tokens_as_were_agreed_and_the_next_ones_wait() {
        let pace = Pace::new(10);
        let now = Instant::now() + Duration::from_secs(1);
        let waits: Vec<_> = (0..12).map(|_| pace.take(now)).collect();
        assert_eq!(waits[..10], [Duration::ZERO; 10]);
        assert_eq!(waits[10..], [Duration::from_millis(100), Duration::from_millis(200)]);
        // Two were lent, and the third comes after them.
        assert_eq!(pace.wait(now + Duration::from_millis(250)), Duration::from_millis(50));
        assert_eq!(pace.wait(now + Duration::from_secs(9)), Duration::ZERO);
    }
}
