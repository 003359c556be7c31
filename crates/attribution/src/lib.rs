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
//! | [`scan`] | influence, DataInf, kNN-Shapley and the nearest row over int8 sketches as they are stored |
//! | [`split`] | largest-remainder split of a pool |
//!
//! From texts to shares of a fee:
//!
//! ```
//! use alloy_primitives::U256;
//! use tributary_attribution::{Error, split::split, text::{MemoryIndex, TextIndex, Unmetered, evidence, trace}};
//!
//! let river = "The river Oder rises in Moravia, crosses Silesia and meets the sea at Stettin.";
//! let grain = "Winter barley is sown in autumn; it ripens weeks before any summer wheat does.";
//! let mut set = MemoryIndex::new();
//! for (contributor, document) in (1..).zip([river, grain, river]) {
//!     set.append(document, contributor, &mut Unmetered)?;
//! }
//!
//! // The copy has no words of its own: all of them keep their origin.
//! let output = "Note that winter barley is sown in autumn. The river oder rises in moravia.";
//! let version = set.version()?;
//! let found = trace(&set, version, output, &mut Unmetered)?;
//! assert_eq!(found.credits.iter().map(|credit| credit.origin).collect::<Vec<_>>(), [0, 1]);
//! assert!(found.explained < found.total);
//!
//! let first = evidence(&set, version, output, 1, &mut Unmetered)?[0];
//! assert_eq!(&output[first.output_start as usize..first.output_end as usize], "winter barley is sown in autumn");
//! assert_eq!(&grain[first.origin_start as usize..first.origin_end as usize], "Winter barley is sown in autumn");
//!
//! // What nobody is credited for takes part in the split, so that it goes to nobody.
//! let mut weights: Vec<U256> = found.credits.iter().map(|credit| U256::from(credit.weight)).collect();
//! weights.push(U256::from(found.total - found.explained + found.withheld));
//! let shares = split(U256::from(1_000_000), &weights);
//! assert_eq!(shares.iter().sum::<U256>(), U256::from(1_000_000));
//! # Ok::<(), Error>(())
//! ```

pub mod contributors;
mod error;
pub mod kernels;
pub mod rarity;
pub mod rows;
pub mod scan;
pub mod split;
pub mod text;
pub mod top;

pub use error::Error;
