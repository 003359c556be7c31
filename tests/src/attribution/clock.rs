//! Processor time of this thread, so that what else the machine does is not measured.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

/// A moment, as far as this thread has run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    ran: Option<Duration>,
    at: Instant,
}

impl Moment {
    pub(super) fn now() -> Self {
        // The kernel adds up what a thread has run when it gives way.
        thread::yield_now();
        let ran = fs::read_to_string("/proc/thread-self/schedstat").ok();
        let ran = ran.and_then(|text| text.split_whitespace().next()?.parse().ok()).map(Duration::from_nanos);
        Self { ran, at: Instant::now() }
    }

    /// How long this thread has run since; where that is not known (it is on Linux), how long ago it was.
    pub(super) fn elapsed(self) -> Duration {
        let waited = self.at.elapsed();
        let ran = Self::now().ran.zip(self.ran).map(|(now, then)| now.saturating_sub(then));
        ran.unwrap_or(waited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_not_measured_and_working_is() {
        let (began, started) = (Moment::now(), Instant::now());
        thread::sleep(Duration::from_millis(100));
        let waited = began.elapsed();
        let began = Moment::now();
        let mut sum = 0_u64;
        let working = Instant::now();
        while working.elapsed() < Duration::from_millis(100) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        let worked = began.elapsed();
        if began.ran.is_some() {
            assert!(waited < Duration::from_millis(50), "{waited:?}");
        }
        assert!(worked > Duration::ZERO && worked <= started.elapsed(), "{worked:?}");
    }
}
