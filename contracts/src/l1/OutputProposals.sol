// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {Blockhash} from "@openzeppelin/contracts/utils/Blockhash.sol";
import {AttestationVerifier, Claim} from "./AttestationVerifier.sol";
import {AttestedOutput} from "./AttestedOutput.sol";

/// @title OutputProposals
/// @notice The chain of accepted L2 output roots. It answers in the shapes of the OP Stack's DisputeGameFactory and
///         AnchorStateRegistry, so that ordinary withdrawal tools work, but there is no fault-proof game: an output is
///         valid because its attestation is, and is refused otherwise.
/// @dev Anyone may propose; what counts is the attestation. Each output starts where the one before ended, so one
///      genesis root and a sound verifier make every later root right.
contract OutputProposals {
    /// @notice Result of `findLatestGames`, as the OP Stack's tools decode it.
    struct GameSearchResult {
        uint256 index;
        bytes32 metadata;
        uint64 timestamp;
        bytes32 rootClaim;
        bytes extraData;
    }

    /// @notice `GameType` of every output.
    uint32 public constant GAME_TYPE = 630_925;

    /// @notice Decides whether an attestation is good.
    AttestationVerifier public immutable verifier;

    /// @notice Seconds after which an accepted output may be used to finalize withdrawals.
    uint256 public immutable disputeGameFinalityDelaySeconds;

    /// @notice The contract behind every output.
    address public immutable outputImplementation;

    /// @notice L2 block of the newest accepted output (at first, of genesis).
    uint256 public latestBlockNumber;

    /// @notice The newest accepted output root (at first, that of genesis).
    bytes32 public latestOutputRoot;

    AttestedOutput[] private outputs;
    mapping(address output => bool) private isOutput;

    /// @notice The OP Stack's event of a new game.
    event DisputeGameCreated(address indexed disputeProxy, uint32 indexed gameType, bytes32 indexed rootClaim);

    /// @notice The same fact with what the node needs to follow its proposals.
    event OutputProposed(
        uint256 indexed index, uint256 indexed l2BlockNumber, bytes32 indexed outputRoot, bytes32 l1Head, address output
    );

    /// @notice The proposed block isn't after the newest accepted one.
    error BlockNotNew(uint256 latest, uint256 proposed);
    /// @notice The L1 block that the attestation names isn't in this L1 chain, or is too old to tell (8,191 blocks).
    error UnknownL1Head(uint256 l1BlockNumber, bytes32 l1Head);
    /// @notice The prover did not attest this claim.
    error InvalidAttestation();

    constructor(
        AttestationVerifier verifier_,
        bytes32 genesisOutputRoot,
        uint256 genesisBlockNumber,
        uint256 finalityDelaySeconds
    ) {
        verifier = verifier_;
        latestOutputRoot = genesisOutputRoot;
        latestBlockNumber = genesisBlockNumber;
        disputeGameFinalityDelaySeconds = finalityDelaySeconds;
        outputImplementation = address(new AttestedOutput());
    }

    /// @notice Accepts the output root of L2 block `l2BlockNumber`.
    /// @param l2BlockNumber Above `latestBlockNumber`.
    /// @param outputRoot Version 0 output root (OP Stack specification, "L2 output root proposals").
    /// @param l1BlockNumber Number of the L1 block `l1Head`.
    /// @param l1Head Hash of the L1 block up to which the range was derived. Checked against this chain: an output that
    ///        was attested on an L1 fork can't be used on another.
    /// @param attestation See AttestationVerifier; its claim starts at the newest accepted output.
    function propose(
        uint256 l2BlockNumber,
        bytes32 outputRoot,
        uint256 l1BlockNumber,
        bytes32 l1Head,
        bytes calldata attestation
    ) external returns (AttestedOutput output) {
        if (l2BlockNumber <= latestBlockNumber) revert BlockNotNew(latestBlockNumber, l2BlockNumber);
        if (l1Head == 0 || Blockhash.blockHash(l1BlockNumber) != l1Head) revert UnknownL1Head(l1BlockNumber, l1Head);
        Claim memory claim = Claim(l1Head, latestBlockNumber, l2BlockNumber, latestOutputRoot, outputRoot);
        if (!verifier.isValid(claim, attestation)) revert InvalidAttestation();

        latestBlockNumber = l2BlockNumber;
        latestOutputRoot = outputRoot;
        output = _create(AttestedOutput.Facts(outputRoot, l2BlockNumber, l1Head, uint64(block.timestamp), msg.sender));
        uint256 index = outputs.length;
        outputs.push(output);
        isOutput[address(output)] = true;
        emit DisputeGameCreated(address(output), GAME_TYPE, outputRoot);
        emit OutputProposed(index, l2BlockNumber, outputRoot, l1Head, address(output));
    }

    // ---- DisputeGameFactory's shape

    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    function gameCount() external view returns (uint256) {
        return outputs.length;
    }

    function gameAtIndex(uint256 index)
        external
        view
        returns (uint32 gameType, uint64 timestamp, AttestedOutput proxy)
    {
        proxy = outputs[index];
        return (GAME_TYPE, proxy.createdAt(), proxy);
    }

    /// @notice Up to `n` outputs from index `start` downwards, newest first. Empty for another game type, for a `start`
    ///         beyond the last output, and for `n` = 0.
    function findLatestGames(uint32 gameType, uint256 start, uint256 n)
        external
        view
        returns (GameSearchResult[] memory games)
    {
        if (gameType != GAME_TYPE || start >= outputs.length || n == 0) return games;
        uint256 found = n < start + 1 ? n : start + 1;
        games = new GameSearchResult[](found);
        for (uint256 i = 0; i < found; ++i) {
            uint256 index = start - i;
            AttestedOutput output = outputs[index];
            AttestedOutput.Facts memory facts = output.facts();
            games[i] = GameSearchResult({
                index: index,
                metadata: _gameId(facts.createdAt, address(output)),
                timestamp: facts.createdAt,
                rootClaim: facts.rootClaim,
                extraData: abi.encode(facts.l2BlockNumber)
            });
        }
    }

    // ---- AnchorStateRegistry's shape

    /// @notice The newest accepted output root and its L2 block.
    function getAnchorRoot() external view returns (bytes32 root, uint256 l2SequenceNumber) {
        return (latestOutputRoot, latestBlockNumber);
    }

    /// @notice Whether `game` was created here. Nothing else can go wrong with one: none is ever blacklisted.
    function isGameProper(address game) public view returns (bool) {
        return isOutput[game];
    }

    /// @notice There is one game type, so every output is of the respected one.
    function isGameRespected(address game) external view returns (bool) {
        return isOutput[game];
    }

    /// @notice Whether the finality delay of `game` has passed.
    function isGameFinalized(address game) public view returns (bool) {
        // A game of an unknown address may have any code, or none: not called.
        return isOutput[game]
            && block.timestamp >= uint256(AttestedOutput(game).createdAt()) + disputeGameFinalityDelaySeconds;
    }

    /// @notice Whether withdrawals that were proved against `game` may be paid.
    function isGameClaimValid(address game) external view returns (bool) {
        return isGameFinalized(game);
    }

    function _create(AttestedOutput.Facts memory facts) private returns (AttestedOutput) {
        return AttestedOutput(Clones.cloneWithImmutableArgs(outputImplementation, abi.encode(facts)));
    }

    /// @dev `GameId` of the OP Stack: game type u32 ‖ timestamp u64 ‖ address.
    function _gameId(uint64 timestamp, address output) private pure returns (bytes32) {
        return bytes32((uint256(GAME_TYPE) << 224) | (uint256(timestamp) << 160) | uint160(output));
    }
}
