//! Ctrl-C and SIGTERM: the first asks to stop, the second ends the process at once.

use crate::error::Error;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

/// What a shell reports for a process that ended on Ctrl-C.
const INTERRUPTED: i32 = 130;

/// Whether somebody asked to stop.
#[derive(Debug, Clone)]
pub(crate) struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// Starts to listen for signals. Must be called on the runtime.
    pub(crate) fn listen() -> Result<Self, Error> {
        let mut signals = Signals {
            interrupt: signal(SignalKind::interrupt()).map_err(Error::Signals)?,
            terminate: signal(SignalKind::terminate()).map_err(Error::Signals)?,
        };
        let (asked, receiver) = watch::channel(false);
        tokio::spawn(async move {
            signals.next().await;
            asked.send_replace(true);
            signals.next().await;
            std::process::exit(INTERRUPTED);
        });
        Ok(Self(receiver))
    }

    /// Ends when somebody asks to stop.
    pub(crate) async fn requested(&mut self) {
        // The sender lives as long as the process listens.
        let _ = self.0.wait_for(|asked| *asked).await;
    }
}

#[derive(Debug)]
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
