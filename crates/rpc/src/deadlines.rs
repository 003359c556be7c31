//! One thread that sets flags when their time is over. A timer of its own for each call would cost two changes of threads, which is more than most calls take.

use std::{
    collections::BTreeMap,
    sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tributary_execution::Abort;

static DEADLINES: LazyLock<Arc<Deadlines>> = LazyLock::new(|| {
    let deadlines = Arc::new(Deadlines::default());
    let watched = deadlines.clone();
    // Without the thread nothing would end what takes too long.
    std::thread::Builder::new().name("deadlines".into()).spawn(move || watched.watch()).expect("invariant: threads can be started");
    deadlines
});

#[derive(Debug, Default)]
struct Deadlines {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    /// By time, and a number that is different for each.
    flags: BTreeMap<(Instant, u64), Abort>,
    next: u64,
    /// When the thread wakes up by itself; `None` when it does not.
    wakes: Option<Instant>,
}

/// A flag that will be set, unless this is dropped before.
#[derive(Debug)]
pub(crate) struct Deadline((Instant, u64));

impl Deadline {
    /// Sets the flag after `time`.
    pub(crate) fn start(time: Duration, abort: Abort) -> Self {
        // A time that the clock cannot count is one that does not come.
        let at = Instant::now().checked_add(time).unwrap_or_else(|| Instant::now() + Duration::from_secs(1 << 30));
        let mut waiting = DEADLINES.waiting();
        waiting.next += 1;
        let key = (at, waiting.next);
        waiting.flags.insert(key, abort);
        if waiting.wakes.is_none_or(|wakes| at < wakes) {
            waiting.wakes = Some(at);
            DEADLINES.changed.notify_one();
        }
        Self(key)
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        DEADLINES.waiting().flags.remove(&self.0);
    }
}

impl Deadlines {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self) {
        let mut waiting = self.waiting();
        loop {
            let now = Instant::now();
            while let Some(first) = waiting.flags.first_entry().filter(|first| first.key().0 <= now) {
                first.remove().set();
            }
            waiting.wakes = waiting.flags.first_key_value().map(|((at, _), _)| *at);
            waiting = match waiting.wakes {
                Some(at) => self.changed.wait_timeout(waiting, at.saturating_duration_since(now)).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_set_in_the_order_of_their_times_and_dropped_ones_never() {
        let flags: Vec<Abort> = (0..3).map(|_| Abort::default()).collect();
        let _late = Deadline::start(Duration::from_secs(1000), flags[0].clone());
        let _early = Deadline::start(Duration::from_millis(20), flags[1].clone());
        drop(Deadline::start(Duration::from_millis(1), flags[2].clone()));
        while !flags[1].is_set() {
            std::thread::yield_now();
        }
        assert!(!flags[0].is_set() && !flags[2].is_set());
    }
}
