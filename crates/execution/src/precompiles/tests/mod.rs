//! The precompiles inside a real EVM.

mod gas;
mod machine;
mod sketches;
mod store;
mod texts;
