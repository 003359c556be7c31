// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICommons} from "./ICommons.sol";
import {IInference} from "./IInference.sol";
import {IPayouts} from "./IPayouts.sol";

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

    /// @notice What a datanet gets: for its reviewers, or its commons.
    struct Fund {
        bool review;
        uint256 datanetId;
        uint256 amount;
    }

    /// @notice What contributors of a datanet earned, for the commons.
    struct Earned {
        uint256 datanetId;
        ICommons.Credit[] credits;
    }

    /// @notice A page of contributors, as it is paid: what they are owed, what they earned of their commons, and its sum.
    struct Page {
        IPayouts.Credit[] credits;
        Earned[] earned;
        uint256 amount;
    }

    /// @notice A payment's parts: `shares` sum to it.
    struct Divided {
        IInference.Shares shares;
        /// Of accounts other than contributors.
        IPayouts.Credit[] credits;
        Fund[] funds;
        /// The contributors who are paid at once.
        Page page;
        /// All contributors by the page, each `abi.encode` of an `IInference.Payee[]`: the first is `page`, the others wait.
        bytes[] payees;
        /// What those who wait get together, and the hash of their pages (`IInference.carry`).
        uint256 carriedAmount;
        bytes32 carriedHash;
        /// `abi.encode` of an `IInference.Part[]`: all parts but contributors'.
        bytes parts;
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

    /// @notice What a page of contributors is paid.
    /// @param payees One of `Divided.payees`.
    function next(bytes calldata payees, uint16 protocolBps) external pure returns (Page memory);

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

    /// @notice What an operator signs with its key: `Receipt(uint256 session,uint32 index,bytes32 promptHash)`.
    function receiptDigest(uint256 sessionId, uint32 index, bytes32 promptHash) external view returns (bytes32);

    /// @notice Takes answers into a session's chain.
    /// @param before `h(first - 1)`, and `paid` the sum of the answers up to there.
    /// @return head `h` after them.
    /// @return amount What they cost.
    /// @return digest What a payer signs who received them.
    function voucherOf(
        uint256 sessionId,
        bytes32 before,
        uint32 first,
        uint256 paid,
        IInference.Answer[] calldata answers
    ) external view returns (bytes32 head, uint256 amount, bytes32 digest);

    /// @notice `h` after these links, the first of which is the `first`-th.
    function chainOf(bytes32 before, uint32 first, IInference.Link[] calldata links) external pure returns (bytes32);

    /// @notice Whether an account signed: its key, or the contract that it is (EIP-1271).
    function isSigned(address by, bytes32 digest, bytes calldata signature) external view returns (bool);

    /// @notice Whose key signed; the zero address for a signature of nobody. Nobody can take such a signature back.
    function signerOf(bytes32 digest, bytes calldata signature) external pure returns (address);
}
