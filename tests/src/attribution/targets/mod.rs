//! What the design sets as targets, measured: floor, and what lies beyond.

mod scans;
mod sets;

pub use scans::scans;
pub use sets::texts;
