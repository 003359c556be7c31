//! `tributary dev`: a whole rollup with its L1 in one process.

mod arguments;
mod banner;
mod status;

pub(crate) use arguments::DevArguments;

use crate::{error::Error, logging, shutdown::Shutdown, terminal, terminal::LiveLine};
use std::time::Duration;
use tributary_node::{DevConfig, DevNode};

/// The node has this long to stop in order. After it the process ends anyway: everything acknowledged is on disk.
const GRACE: Duration = Duration::from_millis(1_700);

/// How often the live line is drawn when nothing changes: a resized terminal is right again.
const REDRAW: Duration = Duration::from_secs(1);

/// Runs the node until somebody asks to stop. A node that halts says why and stays, for its state to be looked at.
pub(crate) async fn run(arguments: DevArguments) -> Result<(), Error> {
    let mut shutdown = Shutdown::listen()?;
    let line = LiveLine::new();
    logging::install(arguments.log(), &line)?;
    let config = DevConfig::from(arguments);
    line.show("starting …");
    let started = tokio::select! {
        started = tributary_node::dev(config) => started,
        () = shutdown.requested() => {
            line.clear();
            return Ok(());
        }
    };
    line.clear();
    let mut node = started?;
    terminal::say(&banner::render(&node.info));
    let halted = watch(&mut node, &mut shutdown, &line).await;
    line.clear();
    if tokio::time::timeout(GRACE, node.stop()).await.is_err() {
        tracing::warn!("the node did not stop in time and was left; what it acknowledged is on disk");
    }
    halted.map_or(Ok(()), |reason| Err(Error::Halted(reason)))
}

/// Shows what the node does until somebody asks to stop. The reason if it halted meanwhile.
async fn watch(node: &mut DevNode, shutdown: &mut Shutdown, line: &LiveLine) -> Option<String> {
    let mut status = node.status.clone();
    let mut narrator = status::Narrator::default();
    let mut halted: Option<String> = None;
    loop {
        let now = status.borrow_and_update().clone();
        line.show(&status::line(&now));
        narrator.tell(&now);
        tokio::select! {
            () = shutdown.requested() => return halted,
            reason = node.halted(), if halted.is_none() => {
                line.above(|| terminal::complain(&format!("tributary: halted: {reason}")));
                halted = Some(reason);
            }
            changed = status.changed(), if halted.is_none() => {
                if changed.is_err() {
                    halted = Some("the node ended by itself".to_owned());
                }
            }
            () = tokio::time::sleep(REDRAW) => {}
        }
    }
}
