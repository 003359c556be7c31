//! The precompiles inside a real EVM.

mod attacks;
mod branches;
mod gas;
mod machine;
mod measure;
mod parts;
mod sketches;
mod store;
mod texts;
mod vectors;
