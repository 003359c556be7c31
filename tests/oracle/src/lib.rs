//! A second opinion: kona 0.4.5 derives the rollup from the same L1 bytes.
//!
//! kona speaks alloy 1.x, the node alloy 2.x; so nothing but bytes, JSON and alloy-primitives crosses this crate's border. Its known fault:
//! it accepts a singular batch with a wrong parent hash, which the specification drops, and so does the node.

mod derive;
mod jovian;
mod served;
mod source;

pub use derive::{Attributes, Error, L1Block, kona_attributes};
pub use jovian::{Jovian, holocene_extra_data, isthmus_attributes};
pub use served::{L2Block, served_l1_block, served_l2_block};
