// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {Blockhash} from "@openzeppelin/contracts/utils/Blockhash.sol";
import {AttestedOutput} from "./AttestedOutput.sol";
import {ExitClock} from "./ExitClock.sol";
import {Claim, IOutputVerifier} from "./IOutputVerifier.sol";

/// @title OutputProposals
/// @notice The chain of accepted L2 output roots. It answers in the shapes of the OP Stack's DisputeGameFactory and
///         AnchorStateRegistry, so that ordinary withdrawal tools work, but there is no fault-proof game: an output is
///         valid because its attestation is, and is refused otherwise.
/// @dev Anyone may propose; what counts is the attestation. Each output starts where the one before ended, so one
///      genesis root and a sound verifier make every later root right. Should the verifier fail, the guardian has an output's
///      finality delay to veto it. The owner, a timelock, lets proposals go on, names the guardian and another verifier.
contract OutputProposals is ExitClock {
    /// @notice Result of `findLatestGames`, as the OP Stack's tools decode it.
    struct GameSearchResult {
        uint256 index;
        bytes32 metadata;
        uint64 timestamp;
        bytes32 rootClaim;
        bytes extraData;
    }

    /// @notice What a chain starts with. `verifierDelaySeconds` must be longer than an exit.
    struct Init {
        address owner;
        address guardian;
        IOutputVerifier verifier;
        bytes32 genesisOutputRoot;
        uint256 genesisBlockNumber;
        uint256 genesisTime;
        uint256 blockTime;
        uint256 finalityDelaySeconds;
        uint256 proofMaturityDelaySeconds;
        uint256 verifierDelaySeconds;
    }

    /// @notice `GameType` of every output.
    uint32 public constant GAME_TYPE = 630_925;

    /// @notice Seconds that L2 may be ahead of L1 (OP Stack specification, Fjord's `max_sequencer_drift`).
    uint256 public constant MAX_SEQUENCER_DRIFT = 1_800;

    /// @notice Seconds after which an accepted output may be used to finalize withdrawals, and can't be vetoed any more.
    uint256 public immutable disputeGameFinalityDelaySeconds;

    /// @notice Seconds between proving and finalizing a withdrawal.
    uint256 public immutable proofMaturityDelaySeconds;

    /// @notice Seconds between naming another verifier and its first use.
    uint256 public immutable verifierDelaySeconds;

    /// @notice The contract behind every output.
    address public immutable outputImplementation;

    /// @notice Output root of L2 genesis.
    bytes32 public immutable genesisOutputRoot;
    /// @notice Number of the L2 genesis block.
    uint256 public immutable genesisBlockNumber;
    /// @notice Time of the L2 genesis block.
    uint256 public immutable genesisTime;
    /// @notice Least seconds between two L2 blocks.
    uint256 public immutable blockTime;

    /// @notice L2 block of the newest accepted output (at first, of genesis).
    uint256 public latestBlockNumber;

    /// @notice The newest accepted output root (at first, that of genesis).
    bytes32 public latestOutputRoot;

    /// @notice How many outputs there are. Those that were vetoed are not among them.
    uint256 public gameCount;

    /// @notice Decides whether an attestation is good.
    IOutputVerifier public verifier;

    /// @notice The verifier that the owner named next; zero if none.
    IOutputVerifier public pendingVerifier;

    /// @notice `exitTime()` when it was named.
    uint64 public pendingVerifierSince;

    /// @notice Whether a veto stopped proposals and the owner has not yet resumed them.
    bool public proposalsStopped;

    /// @dev An index beyond `gameCount` may hold an output that was vetoed.
    mapping(uint256 index => AttestedOutput) private outputs;
    /// @dev Index of every output that was ever accepted, and 1.
    mapping(address output => uint256) private numbers;

    /// @notice The OP Stack's event of a new game.
    event DisputeGameCreated(address indexed disputeProxy, uint32 indexed gameType, bytes32 indexed rootClaim);

    /// @notice The same fact with what the node needs to follow its proposals.
    event OutputProposed(
        uint256 indexed index, uint256 indexed l2BlockNumber, bytes32 indexed outputRoot, bytes32 l1Head, address output
    );

    /// @notice The outputs from `index` on are void; the chain of outputs ends in L2 block `latestBlockNumber` again.
    event OutputsVetoed(uint256 indexed index, uint256 outputs, uint256 latestBlockNumber);
    /// @notice Outputs may be proposed again.
    event ProposalsResumed();
    /// @notice `next` may take the verifier's place when `exitTime()` is above `after_`; zero: the proposal was taken back.
    event VerifierProposed(IOutputVerifier indexed next, uint256 after_);
    /// @notice `current` decides from now on.
    event VerifierReplaced(IOutputVerifier indexed previous, IOutputVerifier indexed current);

    /// @notice The proposed block isn't after the newest accepted one.
    error BlockNotNew(uint256 latest, uint256 proposed);
    /// @notice L2 can't have come further than to block `most` yet.
    error BlockInFuture(uint256 most, uint256 proposed);
    /// @notice The L1 block that the attestation names isn't in this L1 chain, or is too old to tell (8,191 blocks).
    error UnknownL1Head(uint256 l1BlockNumber, bytes32 l1Head);
    /// @notice The prover did not attest this claim.
    error InvalidAttestation();
    /// @notice A veto stopped proposals; the owner has to resume them.
    error ProposalsAreStopped();
    /// @notice There is no veto to recover from.
    error ProposalsAreNotStopped();
    /// @notice There are not so many outputs.
    error NoSuchOutput(uint256 index);
    /// @notice The finality delay of this output is over: exits rely on it.
    error OutputIsFinal(uint256 index);
    /// @notice A block time is of one second at least, a verifier's delay longer than an exit.
    error InvalidDelays(uint256 blockTime, uint256 verifierDelaySeconds);
    /// @notice A verifier is a contract.
    error NotAVerifier(IOutputVerifier verifier);
    /// @notice The owner named no verifier, or its delay is not over.
    error VerifierNotReady();

    constructor(Init memory init) ExitClock(init.owner, init.guardian) {
        uint256 exit = init.finalityDelaySeconds + init.proofMaturityDelaySeconds;
        if (init.blockTime == 0 || init.verifierDelaySeconds <= exit) {
            revert InvalidDelays(init.blockTime, init.verifierDelaySeconds);
        }
        _requireCode(init.verifier);
        verifier = init.verifier;
        genesisOutputRoot = latestOutputRoot = init.genesisOutputRoot;
        genesisBlockNumber = latestBlockNumber = init.genesisBlockNumber;
        genesisTime = init.genesisTime;
        blockTime = init.blockTime;
        disputeGameFinalityDelaySeconds = init.finalityDelaySeconds;
        proofMaturityDelaySeconds = init.proofMaturityDelaySeconds;
        verifierDelaySeconds = init.verifierDelaySeconds;
        outputImplementation = address(new AttestedOutput());
    }

    // ---- Anyone

    /// @notice Accepts the output root of L2 block `l2BlockNumber`.
    /// @param l2BlockNumber Above `latestBlockNumber`, and no further than `highestBlockNumber()`.
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
        if (proposalsStopped) revert ProposalsAreStopped();
        if (l2BlockNumber <= latestBlockNumber) revert BlockNotNew(latestBlockNumber, l2BlockNumber);
        if (l2BlockNumber > highestBlockNumber()) revert BlockInFuture(highestBlockNumber(), l2BlockNumber);
        if (l1Head == 0 || Blockhash.blockHash(l1BlockNumber) != l1Head) revert UnknownL1Head(l1BlockNumber, l1Head);
        Claim memory claim = Claim(l1Head, latestBlockNumber, l2BlockNumber, latestOutputRoot, outputRoot);
        if (!verifier.isValid(claim, attestation)) revert InvalidAttestation();

        latestBlockNumber = l2BlockNumber;
        latestOutputRoot = outputRoot;
        output = _create(outputRoot, l2BlockNumber, l1Head);
        uint256 index = gameCount++;
        outputs[index] = output;
        numbers[address(output)] = index + 1;
        emit DisputeGameCreated(address(output), GAME_TYPE, outputRoot);
        emit OutputProposed(index, l2BlockNumber, outputRoot, l1Head, address(output));
    }

    /// @notice The furthest that L2 can have come: each block is `blockTime` or more after the one before, and none is more
    ///         than the drift ahead of L1.
    function highestBlockNumber() public view returns (uint256) {
        uint256 latest = block.timestamp + MAX_SEQUENCER_DRIFT;
        return latest <= genesisTime ? genesisBlockNumber : genesisBlockNumber + (latest - genesisTime) / blockTime;
    }

    // ---- The guardian

    /// @notice Whether the finality delay of the output at `index` is over, so that nobody can veto it. A pause doesn't change that.
    function isFinal(uint256 index) public view returns (bool) {
        if (index >= gameCount) revert NoSuchOutput(index);
        AttestedOutput.Facts memory facts = outputs[index].facts();
        return exitTime() >= facts.createdAt - facts.pausedBefore + disputeGameFinalityDelaySeconds;
    }

    /// @notice Makes the outputs from `index` on void, for ever: what was proved against them has to be proved again. The
    ///         output before is the newest again, and none is accepted until the owner resumes proposals.
    /// @param index Of an output in its finality delay. All later ones were built on it.
    function veto(uint256 index) external onlyGuardian {
        uint256 count = gameCount;
        if (isFinal(index)) revert OutputIsFinal(index);
        gameCount = index;
        if (index == 0) {
            (latestBlockNumber, latestOutputRoot) = (genesisBlockNumber, genesisOutputRoot);
        } else {
            AttestedOutput.Facts memory previous = outputs[index - 1].facts();
            (latestBlockNumber, latestOutputRoot) = (previous.l2BlockNumber, previous.rootClaim);
        }
        proposalsStopped = true;
        emit OutputsVetoed(index, count - index, latestBlockNumber);
    }

    // ---- The owner

    /// @notice Lets proposals go on after a veto.
    function resumeProposals() external onlyOwner {
        if (!proposalsStopped) revert ProposalsAreNotStopped();
        proposalsStopped = false;
        emit ProposalsResumed();
    }

    /// @notice Names the verifier that may take the place of the present one after `verifierDelaySeconds` of exit time,
    ///         instead of one that was named before; zero takes that back.
    function proposeVerifier(IOutputVerifier next) external onlyOwner {
        if (address(next) != address(0)) _requireCode(next);
        pendingVerifier = next;
        pendingVerifierSince = uint64(exitTime());
        emit VerifierProposed(next, pendingVerifierSince + verifierDelaySeconds);
    }

    /// @notice Puts the named verifier in its place.
    function acceptVerifier() external onlyOwner {
        IOutputVerifier next = pendingVerifier;
        if (address(next) == address(0) || exitTime() <= pendingVerifierSince + verifierDelaySeconds) {
            revert VerifierNotReady();
        }
        emit VerifierReplaced(verifier, next);
        verifier = next;
        delete pendingVerifier;
    }

    // ---- DisputeGameFactory's shape

    /// @notice Version of the OP Stack interface that this contract follows.
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    /// @notice The output at `index`, below `gameCount`.
    function gameAtIndex(uint256 index)
        external
        view
        returns (uint32 gameType, uint64 timestamp, AttestedOutput proxy)
    {
        if (index >= gameCount) {
            revert NoSuchOutput(index);
        }
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
        if (gameType != GAME_TYPE || start >= gameCount || n == 0) return games;
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

    /// @notice Whether `game` was accepted here, vetoed since or not.
    function isGameRegistered(address game) public view returns (bool) {
        return numbers[game] != 0;
    }

    /// @notice Whether `game` was accepted here and not vetoed.
    function isGameProper(address game) public view returns (bool) {
        uint256 number = numbers[game];
        return number != 0 && number <= gameCount && address(outputs[number - 1]) == game;
    }

    /// @notice There is one game type, so every output is of the respected one.
    function isGameRespected(address game) external view returns (bool) {
        return isGameRegistered(game);
    }

    /// @notice Whether `game` was vetoed.
    function isGameBlacklisted(address game) public view returns (bool) {
        return isGameRegistered(game) && !isGameProper(game);
    }

    /// @notice The name that the portal's tools use for `isGameBlacklisted`.
    function disputeGameBlacklist(address game) external view returns (bool) {
        return isGameBlacklisted(game);
    }

    /// @notice Outputs don't age.
    function isGameRetired(address) external pure returns (bool) {
        return false;
    }

    /// @notice Whether `game` is not vetoed and can't be any more. During a pause nothing is.
    function isGameFinalized(address game) public view returns (bool) {
        return !paused() && isGameProper(game) && isFinal(numbers[game] - 1);
    }

    /// @notice Whether withdrawals that were proved against `game` may be paid.
    function isGameClaimValid(address game) external view returns (bool) {
        return isGameFinalized(game);
    }

    // ----

    function _requireCode(IOutputVerifier candidate) private view {
        if (address(candidate).code.length == 0) revert NotAVerifier(candidate);
    }

    function _create(bytes32 outputRoot, uint256 l2BlockNumber, bytes32 l1Head) private returns (AttestedOutput) {
        AttestedOutput.Facts memory facts = AttestedOutput.Facts(
            outputRoot, l2BlockNumber, l1Head, uint64(block.timestamp), msg.sender, uint32(pausedSeconds())
        );
        return AttestedOutput(Clones.cloneWithImmutableArgs(outputImplementation, abi.encode(facts)));
    }

    /// @dev `GameId` of the OP Stack: game type u32 ‖ timestamp u64 ‖ address.
    function _gameId(uint64 timestamp, address output) private pure returns (bytes32) {
        return bytes32((uint256(GAME_TYPE) << 224) | (uint256(timestamp) << 160) | uint160(output));
    }
}
