//! The precompiles inside a real EVM.

mod attacks;
mod branches;
mod gas;
mod histories;
mod hostile;
mod machine;
mod parts;
mod reference;
mod sketches;
mod store;
mod texts;
mod vectors;
