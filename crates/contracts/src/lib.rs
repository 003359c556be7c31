//! Every contract that this project knows by name, once: where it is, what can be asked of it, where it keeps what, and what genesis holds of it.
//!
//! Interfaces are bound from the committed artifacts and from the Solidity that contracts compile against; addresses and slots are checked against
//! both. Nothing here is executed.

pub mod economy;
pub mod genesis;
mod interfaces;
mod l1;
pub mod predeploys;
pub mod preinstalls;
pub mod slots;

pub use economy::{
    commons::Commons, datanet_review::DatanetReview, datanets::Datanets, fee_distributor::FeeDistributor, governor::TributaryGovernor,
    inference::Inference, juries::Juries, model_disputes::ModelDisputes, models::Models, parameters::Parameters, payouts::Payouts,
    stakes::Stakes, timelock::TributaryTimelock, voting_open::VotingOpen, wrapped_open::WrappedOpen,
};
pub use interfaces::{
    AttestationVerifier, GasPriceOracle, IAttributionErrors, IAttributionStore, IDevelopment, IERC20, IL2ToL1MessagePasser, IMulticall3,
    IRewardSplit, IShapleyAttribution, ISketchAttribution, ITextAttribution, L1Block, L1Timelock, OpenToken, OperatorFeeVault, OutputProposals,
    SystemConfig, TributaryPortal,
};
pub use l1::L1Contracts;
