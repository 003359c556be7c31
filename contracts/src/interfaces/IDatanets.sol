// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title IDatanets
/// @notice What models, inference and the index ask of datanets. Predeploy 0x00000000000000000000000000000000000A7710.
interface IDatanets {
    /// @notice Terms that contracts enforce. A release keeps those of its moment.
    struct Licence {
        bool mayTrain;
        bool commercial;
        /// A model's licence must be share-alike, too.
        bool shareAlike;
        /// Least part of a payment for contributors, basis points.
        uint16 minContributorBps;
        /// Most that a model's own lineage and operator may take together, basis points of a payment.
        uint16 maxRoyaltyBps;
        /// Keccak-256 of the licence's text.
        bytes32 text;
    }

    /// @notice A version of a datanet that can be cited for ever.
    struct Release {
        uint256 setId;
        uint64 version;
        uint64 rows;
        /// How many numbers of contributors were given then.
        uint32 contributors;
        uint64 releasedAt;
        /// Payload bytes.
        uint256 size;
        /// The set's running root.
        bytes32 root;
        Licence licence;
        /// Part of an answer's words that has to be explained for the whole pool to be paid, basis points.
        uint16 fullAtBps;
        /// Most of one answer's pool for one account, under all of its numbers, basis points.
        uint16 maxContributorBps;
        /// The curator's part of a payment, basis points.
        uint16 curatorBps;
    }

    /// @notice Releases count from 1.
    function release(uint256 datanetId, uint32 releaseId) external view returns (Release memory);
    /// @notice How many releases a datanet has; they are numbered from 1.
    function releaseCount(uint256 datanetId) external view returns (uint32);
    /// @notice Who is curator.
    function curatorOf(uint256 datanetId) external view returns (address);
    /// @notice How many datanets there are; they are numbered from 1.
    function datanetCount() external view returns (uint256);

    /// @notice Accounts of contributors as they were when `contributors` numbers were given (`Release.contributors`): of a row
    ///         that was reassigned since, the author at that time. The zero address for a number that was not given.
    function accountsAt(uint256 datanetId, uint32[] calldata numbers, uint32 contributors)
        external
        view
        returns (address[] memory);

    /// @notice Number of a row's contributor at the newest version.
    function contributorOf(uint256 datanetId, uint64 row) external view returns (uint32);

    /// @notice How many numbers of contributors were given until now. A session keeps it, for `accountsAt`.
    function contributorCount(uint256 datanetId) external view returns (uint32);

    /// @notice By Inference only: `amount` was moved here in Payouts, for those who review this datanet.
    function fundReview(uint256 datanetId, uint256 amount) external;
}
