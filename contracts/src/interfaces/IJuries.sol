// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title IJuryClient
/// @notice A module that lets juries decide.
interface IJuryClient {
    /// @notice A case is final. Called once, by Juries; it must not revert for reasons that others control.
    function ruled(uint256 caseId, bool upheld) external;
}

/// @title IJuries
/// @notice A drawn jury that grows: review, appeal and matters of taste. Predeploy 0x00000000000000000000000000000000000A7713.
/// @dev A round: jurors are drawn by stake from the randomness of the L1 origin two after the opening's; each commits
///      to a verdict, then reveals it; the majority decides, a tie does not uphold; then anyone may appeal with a bond,
///      which doubles each round, to a larger jury. After the last round's appeal governance rules.
interface IJuries {
    enum Phase {
        None,
        /// Waits for the randomness and `draw`.
        Drawing,
        /// Too few validators: `decider` decides.
        Deciding,
        Committing,
        Revealing,
        /// Decided, may be appealed.
        Appealable,
        /// The last appeal: governance rules.
        Governing,
        Final
    }

    struct Opening {
        /// What is decided about: binds the content and where it belongs.
        bytes32 subject;
        /// The client's own number for what upholding means.
        uint8 kind;
        /// Jurors of the first round, an odd number.
        uint16 jurors;
        /// Who decides when there are fewer validators than `jurors`; zero for nobody.
        address decider;
        /// Who wants it upheld; its bond, if any, is the client's business.
        address claimant;
    }

    struct Case {
        address client;
        bytes32 subject;
        uint8 kind;
        Phase phase;
        uint8 round;
        uint16 jurors;
        address decider;
        address claimant;
        /// The last round's verdict.
        bool upheld;
        /// End of the phase, seconds; 0 where it has none.
        uint64 deadline;
        /// L1 origin whose randomness draws the jury.
        uint64 origin;
        /// What an appeal costs now, wei.
        uint256 bond;
    }

    event CaseOpened(
        uint256 indexed caseId,
        address indexed client,
        bytes32 indexed subject,
        uint8 kind,
        uint16 jurors,
        address decider,
        address claimant,
        uint64 origin
    );
    event JuryDrawn(
        uint256 indexed caseId, uint8 indexed round, address[] jurors, uint64 commitUntil, uint64 revealUntil
    );
    event VerdictCommitted(uint256 indexed caseId, uint8 indexed round, address indexed juror, bytes32 commitment);
    event VerdictRevealed(
        uint256 indexed caseId, uint8 indexed round, address indexed juror, bool verdict, bytes32 reason
    );
    /// @notice The decider's verdict, or a round's.
    event Decided(uint256 indexed caseId, uint8 indexed round, bool upheld, address by, bytes32 reason);
    event Appealed(uint256 indexed caseId, uint8 indexed round, address indexed appellant, uint256 bond);
    event CaseClosed(uint256 indexed caseId, bool upheld);
    event Joined(address indexed validator, uint256 stake);
    event Left(address indexed validator, uint256 stake);

    error UnknownCase(uint256 caseId);
    error WrongPhase(uint256 caseId, Phase phase);
    error NotClient(address caller);
    error FeeTooSmall(uint256 fee, uint256 sent);
    error NotJuror(uint256 caseId, address caller);
    error AlreadyCommitted(uint256 caseId, address juror);
    /// @notice What is revealed is not what was committed to.
    error WrongReveal(uint256 caseId, address juror);
    error InvalidJury(uint16 jurors);

    /// @notice What a first round of this many jurors costs, wei.
    function fee(uint16 jurors) external view returns (uint256);

    /// @notice Opens a case, by a client. The value is at least `fee(jurors)`; what is more is the jurors', too.
    function open(Opening calldata opening) external payable returns (uint256 caseId);
    function draw(uint256 caseId) external;
    function decide(uint256 caseId, bool verdict, bytes32 reason) external payable;
    function commit(uint256 caseId, bytes32 commitment) external;
    function reveal(uint256 caseId, bool verdict, bytes32 reason, bytes32 salt) external;
    function appeal(uint256 caseId, bytes32 reason) external payable;
    /// @notice Ends the phase if its time is over: counts a round, or closes the case and tells the client. Anyone may call it.
    function advance(uint256 caseId) external;
    /// @notice Governance decides after the last appeal.
    function rule(uint256 caseId, bool verdict, bytes32 reason) external;

    function caseInfo(uint256 caseId) external view returns (Case memory);
    function caseCount() external view returns (uint256);

    /// @notice A validator's record, which only juries write.
    function reputation(address validator) external view returns (uint64 agreed, uint64 reversed, uint64 missed);
}
