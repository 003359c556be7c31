//! Attribution scores over integers: who contributed how much to an output of a model.
//!
//! This crate knows nothing of the EVM, of gas or of storage. Each module is one consensus rule of
//! the attribution design, and an implementation is right when it gives the same integers as the
//! executable reference. There is no floating point, no clock and no order that depends on a hash.
//!
//! | Module | Rule |
//! |---|---|
//! | [`rarity`] | `log2_q8`, the weight of a token |
//! | [`text`] | trace: seeds, chains, credit by cover, evidence |
//! | [`sketch`] | influence, DataInf, nearest row over int8 sketches |
//! | [`shapley`] | kNN-Shapley in fixed point |
//! | [`scan`] | the same, over rows as they are stored, at the speed of memory |
//! | [`split`] | largest-remainder split of a pool |

pub mod contributors;
mod error;
pub mod kernels;
pub mod rarity;
pub mod rows;
pub mod scan;
pub mod shapley;
pub mod sketch;
pub mod split;
pub mod text;
pub mod top;

pub use error::Error;
