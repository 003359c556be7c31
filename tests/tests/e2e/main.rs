//! The real binary on real sockets: what a user of `tributary dev` relies on.
//!
//! Needs the binary that `cargo build --release -p tributary` makes; `cargo xtask test` makes it with everything else.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the failure")]
#![allow(clippy::disallowed_macros, reason = "a failing random test prints its seed")]

mod client;
mod contracts;
mod crashes;
mod development;
mod economy;
mod fees;
mod guardian;
mod heads;
mod index;
mod kinds;
mod layer1;
mod node;
mod operate;
mod preinstalls;
mod recovery;
mod rejections;
mod replicas;
mod roles;
mod runbooks;
mod scripts;
mod transfers;
mod waiting;
