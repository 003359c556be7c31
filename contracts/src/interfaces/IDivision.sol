// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInference} from "./IInference.sol";

/// @title IDivision
/// @notice How payments are divided: read only, so that everybody can ask beforehand what Inference asks when it settles. Predeploy
///         0x00000000000000000000000000000000000a771C.
interface IDivision {
    /// @notice What a session would be opened under now.
    struct Quote {
        bytes32 termsHash;
        address operator;
        /// Whether the version is the newest of a model that takes requests.
        bool offered;
        bool deterministic;
        bool sketches;
        uint64 answerSeconds;
        uint256 price;
        uint16 protocolBps;
        uint16 validatorBps;
        uint16 jurors;
        uint32 contestSeconds;
        uint256 contestBond;
        uint256 penalty;
        /// What the operator has to have at stake.
        uint256 stake;
        /// Numbers of contributors that were given, by source.
        uint32[] contributors;
    }

    /// @notice What is to be divided, and what its session was opened under.
    struct Payment {
        uint256 modelId;
        uint32 version;
        bytes32 termsHash;
        uint16 protocolBps;
        uint16 validatorBps;
        uint256 amount;
        /// End of the chain of answers.
        bytes32 head;
        uint32[] contributors;
    }

    /// @notice A payment's parts: `shares` sum to it, `parts` are all of them but the contributors'.
    struct Divided {
        IInference.Shares shares;
        IInference.Part[] parts;
        IInference.Payee[] payees;
        /// `abi.encode` of an `IInference.Attribution[]`.
        bytes attributions;
    }

    /// @notice The parts of a payment are more than all of it.
    error PartsTooLarge(uint256 bps);
    /// @notice More contributors of a sketch set than can be summed over several scans: settle at most eight answers of one
    ///         price at once.
    error TooManyContributors(uint256 setId);

    /// @notice Reverts for a version that doesn't exist, and for terms whose parts are too large.
    function quote(uint256 modelId, uint32 version) external view returns (Quote memory);

    /// @notice Divides a payment by its answers; without any, when the payer didn't sign, the contributors' pool is the commons'.
    function divide(Payment calldata payment, IInference.Answer[] calldata answers)
        external
        view
        returns (Divided memory);

    /// @notice EIP-712: name `Tributary Inference`, version `1`, this chain, Inference's address.
    function domainSeparator() external view returns (bytes32);

    /// @notice What a payer signs: `Voucher(uint256 session,uint32 count,uint256 amount,bytes32 answers)`.
    /// @param count How many answers of the session it received.
    /// @param amount Their sum.
    /// @param answers `h(count)`.
    function voucherDigest(uint256 sessionId, uint32 count, uint256 amount, bytes32 answers)
        external
        view
        returns (bytes32);

    /// @notice What an operator signs: `Receipt(uint256 session,uint32 index,bytes32 promptHash)`.
    function receiptDigest(uint256 sessionId, uint32 index, bytes32 promptHash) external view returns (bytes32);

    /// @notice `h` after these answers, the first of which is the `first`-th, and what they cost.
    function chain(bytes32 before, uint32 first, IInference.Answer[] calldata answers)
        external
        pure
        returns (bytes32 head, uint256 amount);
}
