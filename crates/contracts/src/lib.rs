//! Every contract that this project knows by name, once: where it is, what can be asked of it, where it keeps what, and what genesis holds of it.
//!
//! Interfaces are bound from the committed artifacts and from the Solidity that contracts compile against; addresses and slots are checked against
//! both. Nothing here is executed.

pub mod genesis;
pub mod interfaces;
mod l1;
pub mod predeploys;
pub mod preinstalls;
pub mod slots;

pub use interfaces::{
    AttestationVerifier, Datanets, GasPriceOracle, IAttributionErrors, IAttributionStore, IDevelopment, IERC20, IL2ToL1MessagePasser,
    IMulticall3, IRewardSplit, IShapleyAttribution, ISketchAttribution, ITextAttribution, Inference, L1Block, OpenToken, OperatorFeeVault,
    OutputProposals, SystemConfig, TributaryPortal,
};
pub use interfaces::{
    Commons, DatanetReview, Division, FeeDistributor, Juries, ModelDisputes, Models, Parameters, Payouts, Stakes, TributaryGovernor,
    TributaryTimelock, VotingOpen, WrappedOpen,
};
pub use l1::L1Contracts;
