//! Why the dashboard does not start.

use std::{io, net::SocketAddr};

/// Why the dashboard does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be listened on; most often something else does.
    #[error("cannot listen on {addr}: {source}")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The process has another metrics recorder.
    #[error("the process already has another metrics recorder")]
    ForeignRecorder,
}
