// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title ICommons
/// @notice Money of a datanet that nobody earned, paid out over past credits. Predeploy 0x00000000000000000000000000000000000A7715.
/// @dev A credit draws at most the protocol fee that its payment bore, so that whoever pays itself gains nothing.
interface ICommons {
    struct Credit {
        address account;
        /// What the account was paid as a contributor.
        uint256 weight;
        /// The protocol fee that the account's part of the payment bore: most that this credit draws.
        uint256 cap;
    }

    event Added(uint256 indexed datanetId, uint256 amount);

    /// @notice Only Inference adds and credits, and FeeDistributor adds.
    error NotModule(address caller);

    /// @notice `amount` was moved here in Payouts, for this datanet; 0 for all of them.
    function add(uint256 datanetId, uint256 amount) external;

    /// @notice Records, in the epoch of now, who was paid.
    function credit(uint256 datanetId, Credit[] calldata credits) external;
}
