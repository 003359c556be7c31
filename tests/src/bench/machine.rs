//! What the machine says of itself and of processes. (Linux; elsewhere times are zero and the processor is unknown.)

use std::{fs, thread, time::Duration};

/// Clock ticks a second, as `/proc` counts processor time on every Linux.
const TICKS: u32 = 100;

/// Processors.
pub(super) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The processor's name.
pub(super) fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")).and_then(|rest| rest.split_once(':'));
    name.map_or_else(|| "unknown processor".to_owned(), |(_, name)| name.trim().to_owned())
}

/// Processor time that a process has used so far; ours when `id` is `None`.
pub(super) fn processor_time(id: Option<u32>) -> Duration {
    let process = id.map_or_else(|| "self".to_owned(), |id| id.to_string());
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // `id (name) state …`, where the name may hold anything; user and system time are the 12th and 13th after it.
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace()).into_iter().flatten();
    let ticks: u32 = fields.skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum();
    Duration::from_secs(1) * ticks / TICKS
}
