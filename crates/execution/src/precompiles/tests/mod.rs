//! The precompiles inside a real EVM.

mod attacks;
mod branches;
mod gas;
mod machine;
mod sketches;
mod store;
mod texts;
mod vectors;
