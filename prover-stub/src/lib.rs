//! The roof of the pure half: a witness goes in, an attested result comes out.
//!
//! [`record`] runs where the state is and leaves a [`BlockWitness`]. [`prove`] runs anywhere: it re-executes a [`RangeWitness`] with nothing but
//! the chain's rules and the witness, and gives the output roots before and after. [`attest`] signs that result for the `AttestationVerifier`
//! contract on L1. A validity prover would put [`prove`] into its circuit and replace [`attest`]; nothing else would change.
//!
//! What is proved is the state transition. That the blocks are those which L1 prescribes is the verifier's finding, which the claim repeats in
//! its `l1Head`.

mod attestation;
mod error;
mod history;
mod prove;
mod record;
mod witness;

pub use attestation::{Attestation, Claim, attest};
pub use error::Error;
pub use prove::{RangeOutput, prove};
pub use record::record;
pub use witness::{BlockWitness, RangeWitness};
