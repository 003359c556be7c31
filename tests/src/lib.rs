//! Tests of the node as a whole; what they are built from is here.

pub mod attribution;
pub mod bench;
pub mod conformance;
pub mod dev_process;
pub mod rpc;
pub mod simulation;
pub mod token;
pub mod wallet;
