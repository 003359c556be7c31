//! Tests of the node as a whole; what they are built from is here.

pub mod conformance;
pub mod dev_process;
