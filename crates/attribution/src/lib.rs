//! Attribution scores over integers: who contributed how much to an output of a model.
//!
//! This crate knows nothing of the EVM, of gas or of storage. Each module is one consensus rule of
//! the attribution design, and an implementation is right when it gives the same integers as the
//! executable reference. There is no floating point, no clock and no order that depends on a hash.
//!
//! | Module | Rule |
//! |---|---|
//! | [`rarity`] | `log2_q8`, the weight of a token |
//! | [`text`] | words, trace, origin, novelty, evidence |
//! | [`first_edition`] | trace as the precompiles execute it until they move to [`text`] |
//! | [`sketch`] | influence, DataInf, nearest row over int8 sketches |
//! | [`shapley`] | kNN-Shapley in fixed point |
//! | [`split`] | largest-remainder split of a pool |

mod error;
pub mod first_edition;
pub mod rarity;
pub mod shapley;
pub mod sketch;
pub mod split;
pub mod text;

pub use error::Error;
