//! Health and metrics over HTTP.
//!
//! | Path | Answer |
//! |---|---|
//! | `/health` | [`Report`] as JSON; 200 when the heads advance and the checks agree, 503 otherwise, with the reasons |
//! | `/live` | [`LiveReport`]: 200 while the process answers, halted or not |
//! | `/ready` | [`ReadyReport`]: 200 when the node may lead or serve, 503 otherwise, with the reasons |
//! | `/metrics` | Prometheus text; every name is documented in [`metrics`](mod@metrics) |
//!
//! The node tells [`Health`] facts as they happen; what they amount to is decided here, in one function of the facts and the time.

mod error;
mod health;
pub mod metrics;
mod ready;
mod server;

pub use error::Error;
pub use health::{HeadReport, Health, Held, Limits, LiveReport, Report};
pub use ready::{AccountReport, AccountStanding, L1Report, L1Standing, ReadyLimits, ReadyReport, Standing};
pub use server::{ServerHandle, serve};
