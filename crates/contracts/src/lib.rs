//! Every contract that this project knows by name, once: where it is, what can be asked of it, where it keeps what, and what genesis holds of it.
//!
//! Interfaces are bound from the committed artifacts and from the Solidity that contracts compile against; addresses and slots are checked against
//! both. Nothing here is executed.

pub mod genesis;
pub mod interfaces;
mod l1;
pub mod predeploys;
pub mod preinstalls;
pub mod shards;
pub mod slots;

pub use interfaces::{
    AttestationVerifier, Commons, DatanetReview, Datanets, Division, FeeDistributor, GasPriceOracle, IAttributionErrors, IAttributionStore,
    IDevelopment, IERC20, IL2ToL1MessagePasser, IMulticall3, IRewardSplit, IShapleyAttribution, ISketchAttribution, ITextAttribution,
    Inference, Juries, L1Block, L1Timelock, ModelDisputes, Models, OpenToken, OperatorFeeVault, OutputProposals, Parameters, Payouts,
    Stakes, SystemConfig, TributaryGovernor, TributaryPortal, TributaryTimelock, VotingOpen, WrappedOpen,
};
pub use l1::L1Contracts;
