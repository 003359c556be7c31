//! Health and metrics over HTTP.
//!
//! | Path | Answer |
//! |---|---|
//! | `/health` | [`Report`] as JSON; 200 when the heads advance and the checks agree, 503 otherwise, with the reasons |
//! | `/metrics` | Prometheus text; every name is documented in [`metrics`](mod@metrics) |
//!
//! The node tells [`Health`] facts as they happen; what they amount to is decided here, in one function of the facts and the time.

mod error;
mod health;
pub mod metrics;
mod server;

pub use error::Error;
pub use health::{HeadReport, Health, Held, Limits, Report};
pub use server::{ServerHandle, serve};
