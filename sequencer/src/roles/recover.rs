//! `tributary recover`: a rollup from its L1 alone.

use super::RoleArguments;
use crate::{error::Error, logging, shutdown::Shutdown, terminal, terminal::LiveLine};
use clap::{Args, ValueEnum};
use std::time::{Duration, Instant};
use tributary_node::{RecoverFor, Recovering};

const EXAMPLES: &str = "\
Examples:
  tributary recover --chain ./rollup --datadir ./sequencer --l1-url http://127.0.0.1:8551 --l1-chain-config l1.json
                                   everything that L1 has, for a sequencer to go on with: `tributary sequencer --datadir ./sequencer …`
  tributary recover --for verifier --chain ./rollup --datadir ./verifier --l1-url …
                                   for a verifier; interrupted, either goes on where it was";

/// How often progress is told where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);

/// Flags of `tributary recover`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RecoverArguments {
    #[command(flatten)]
    role: RoleArguments,
    /// Whose directory this becomes.
    #[arg(long = "for", value_enum, value_name = "ROLE", default_value = "sequencer")]
    becomes: Becomes,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Becomes {
    /// A sequencer's.
    Sequencer,
    /// A verifier's.
    Verifier,
}

/// Recovers, and says how far it is.
pub(crate) async fn run(arguments: RecoverArguments) -> Result<(), Error> {
    let mut shutdown = Shutdown::listen()?;
    let live = LiveLine::on_stderr();
    logging::install(Some(&arguments.role.log), &live)?;
    let role = match arguments.becomes {
        Becomes::Sequencer => RecoverFor::Sequencer,
        Becomes::Verifier => RecoverFor::Verifier,
    };
    let config = arguments.role.config()?;
    let mut progress = Progress::new(live.clone());
    let recovered = tokio::select! {
        recovered = tributary_node::recover(&config, role, |state| progress.tell(state)) => recovered?,
        // What is there is on disk, and is gone on with.
        () = shutdown.requested() => return Ok(()),
    };
    live.clear();
    terminal::say(&format!("recovered; the head is block {} {}", recovered.number, recovered.hash));
    Ok(())
}

struct Progress {
    live: LiveLine,
    began: Instant,
    told: Option<Instant>,
    /// The L1 block that had been read when this began.
    first: Option<u64>,
}

impl Progress {
    fn new(live: LiveLine) -> Self {
        Self { live, began: Instant::now(), told: None, first: None }
    }

    fn tell(&mut self, state: Recovering) {
        let line = words(state, *self.first.get_or_insert(state.l1[1]), self.began.elapsed());
        self.live.show(&line);
        if self.told.is_none_or(|told| told.elapsed() >= EVERY) {
            self.told = Some(Instant::now());
            tracing::info!("{line}");
        }
    }
}

/// How far a recovery is that had read up to L1 block `first` when it began, so long ago.
fn words(state: Recovering, first: u64, elapsed: Duration) -> String {
    let [begin, read, head] = state.l1;
    let share = if head > begin { 100 * (read - begin) / (head - begin) } else { 100 };
    let done = format!("L1 block {read} of {head} ({share} %), L2 block {}", state.l2);
    let (read, left) = (read.saturating_sub(first), head.saturating_sub(read));
    if read == 0 || left == 0 {
        return done;
    }
    let seconds = elapsed.as_secs_f64() * left as f64 / read as f64;
    format!("{done}, {} left", if seconds < 90.0 { format!("{seconds:.0} s") } else { format!("{:.0} min", seconds / 60.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_has_a_share_and_a_time_left_once_something_is_known_of_the_speed() {
        let state = |read| Recovering { l1: [100, read, 300], l2: 7 };
        assert_eq!(words(state(100), 100, Duration::from_secs(1)), "L1 block 100 of 300 (0 %), L2 block 7");
        assert_eq!(words(state(150), 100, Duration::from_secs(10)), "L1 block 150 of 300 (25 %), L2 block 7, 30 s left");
        assert_eq!(words(state(200), 150, Duration::from_secs(100)), "L1 block 200 of 300 (50 %), L2 block 7, 3 min left");
        assert_eq!(words(state(300), 100, Duration::from_secs(1)), "L1 block 300 of 300 (100 %), L2 block 7");
    }
}
