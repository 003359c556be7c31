//! Other ways to the same results, in the same run: Solidity on the same machine, and other people's tools on the same data.

mod python;
mod solidity;

pub use python::python;
pub use solidity::solidity;
