//! How long one request may execute, and what it is told when that is over.

use crate::{deadlines::Deadline, error::RpcError};
use std::{
    cell::Cell,
    time::{Duration, Instant},
};
use tributary_execution::Abort;

/// How long a trace may take that asks for no time, as in geth.
pub(crate) const DEFAULT_TRACE_TIME: Duration = Duration::from_secs(5);

/// What a call may use where it is tried, gas: some hundred microseconds' worth.
const TRIAL_GAS: u64 = 200_000;

/// Whether a job is only tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trial {
    No,
    UnderWay,
    GivenUp,
}

thread_local! {
    static TRIAL: Cell<Trial> = const { Cell::new(Trial::No) };
    /// When all must be over that this worker does for the request at hand.
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Does a worker's whole job, all parts of which share this time.
pub(crate) fn within<T>(time: Duration, job: impl FnOnce() -> T) -> T {
    let outer = DEADLINE.replace(Instant::now().checked_add(time));
    let done = job();
    DEADLINE.set(outer);
    done
}

/// Tries a job, the call in which is ended before it takes long; `None` when it was.
pub(crate) fn tried<T>(job: impl FnOnce() -> T) -> Option<T> {
    TRIAL.set(Trial::UnderWay);
    let done = job();
    (TRIAL.replace(Trial::No) == Trial::UnderWay).then_some(done)
}

/// Does a part of a job under a flag that is set after `time`, or when the time of the whole is over; `None` when it was set before the part was done.
pub(crate) fn until<T>(time: Duration, job: impl FnOnce(&Abort) -> T) -> Option<T> {
    if TRIAL.get() != Trial::No {
        let abort = Abort::after(TRIAL_GAS);
        let done = job(&abort);
        if abort.is_set() {
            TRIAL.set(Trial::GivenUp);
        }
        return (!abort.is_set()).then_some(done);
    }
    let left = DEADLINE.get().map_or(time, |deadline| deadline.saturating_duration_since(Instant::now()));
    let time = time.min(left);
    if time.is_zero() {
        return None;
    }
    let abort = Abort::default();
    let deadline = Deadline::start(time, abort.clone());
    let done = job(&abort);
    drop(deadline);
    (!abort.is_set()).then_some(done)
}

/// A time as Go writes it ("1m30s", "500ms"), in which geth takes a tracer's time-out; one that is negative is over at once.
///
/// # Errors
/// Go's words.
pub(crate) fn go_duration(text: &str) -> Result<Duration, RpcError> {
    let invalid = || RpcError::server(format!("time: invalid duration {text:?}"));
    let (is_negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len()));
        let number: f64 = number.parse().map_err(|_| invalid())?;
        let (unit, after) = after.split_at(after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len()));
        let seconds = match unit {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "" => return Err(RpcError::server(format!("time: missing unit in duration {text:?}"))),
            other => return Err(RpcError::server(format!("time: unknown unit {other:?} in duration {text:?}"))),
        };
        total = total.saturating_add(Duration::try_from_secs_f64(number * seconds).map_err(|_| invalid())?);
        rest = after;
    }
    Ok(if is_negative { Duration::ZERO } else { total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_out_is_read_as_go_reads_it() {
        for (text, milliseconds) in [
            ("5s", 5000),
            ("500ms", 500),
            ("1m30s", 90_000),
            ("1.5h", 5_400_000),
            ("2h45m", 9_900_000),
            ("0", 0),
            ("-1s", 0),
            ("+.5s", 500),
        ] {
            assert_eq!(go_duration(text).unwrap(), Duration::from_millis(milliseconds), "{text}");
        }
        for (text, words) in [
            ("", "time: invalid duration \"\""),
            ("soon", "time: invalid duration \"soon\""),
            ("..s", "time: invalid duration \"..s\""),
            ("99999999999999999999999h", "time: invalid duration \"99999999999999999999999h\""),
            ("5", "time: missing unit in duration \"5\""),
            ("5x", "time: unknown unit \"x\" in duration \"5x\""),
            ("5 s", "time: unknown unit \" s\" in duration \"5 s\""),
        ] {
            let error = go_duration(text).unwrap_err();
            assert_eq!((error.code, error.message.as_str()), (crate::error::code::SERVER_ERROR, words));
        }
    }
}
