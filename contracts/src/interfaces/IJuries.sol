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

    /// @notice A case is open; its jury is drawn from the randomness of L1 origin `origin`.
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
    /// @notice A jury sits. If all commit early, the time to reveal begins and ends early.
    event JuryDrawn(
        uint256 indexed caseId, uint8 indexed round, address[] jurors, uint64 commitUntil, uint64 revealUntil
    );
    /// @notice A juror committed to a verdict.
    event VerdictCommitted(uint256 indexed caseId, uint8 indexed round, address indexed juror, bytes32 commitment);
    /// @notice A juror revealed its verdict, and says why.
    event VerdictRevealed(
        uint256 indexed caseId, uint8 indexed round, address indexed juror, bool verdict, string reason
    );
    /// @notice The decider's verdict (`by` says whose), governance's, or a round's (`by` is zero, the reasons are the jurors'),
    ///         which stands unless appealed.
    event Decided(uint256 indexed caseId, uint8 indexed round, bool upheld, address by, string reason);
    /// @notice Somebody appeals, with `bond` wei in all.
    event Appealed(uint256 indexed caseId, uint8 indexed round, address indexed appellant, uint256 bond);
    /// @notice Why, beside each `Appealed`.
    event AppealReason(uint256 indexed caseId, uint8 indexed round, string reason);
    /// @notice The outcome is final.
    event CaseClosed(uint256 indexed caseId, bool upheld);
    /// @notice The case is in another phase than `Drawing`, which ends at `deadline` (seconds; 0: it has no end of its own).
    event PhaseChanged(uint256 indexed caseId, uint8 indexed round, Phase phase, uint64 deadline);
    /// @notice A jury is to be drawn from the randomness of this origin: at first, after an appeal, when nobody of a jury
    ///         revealed, and when nobody called `draw` as long as L1Block remembered the last one.
    event DrawAwaited(uint256 indexed caseId, uint8 indexed round, uint64 origin);
    /// @notice The client did not take the outcome; `advance` tells it again.
    event ClientFailed(uint256 indexed caseId, address indexed client);
    /// @notice A seat's work is paid for and judged: what it got, what it lost.
    event SeatSettled(
        uint256 indexed caseId,
        uint8 indexed round,
        address indexed juror,
        uint256 pay,
        uint256 slashed,
        SeatState state
    );
    /// @notice All money of a case was given away.
    event CaseSettled(uint256 indexed caseId, uint256 slashed, uint256 bonus, uint256 rest);
    /// @notice `stake` is all that the validator has joined with.
    event Joined(address indexed validator, uint256 stake);
    /// @notice The validator is drawn no more; it can `exit` at L1 origin `until`, if it is bound to nothing then.
    event Leaving(address indexed validator, uint64 until);
    /// @notice A validator has its stake back.
    event Left(address indexed validator, uint256 stake);

    /// @notice What became of a seat of a jury.
    enum SeatState {
        None,
        Drawn,
        Committed,
        /// It revealed that it upholds.
        Upholds,
        Rejects
    }

    /// @notice The client could not be told the outcome with the gas that is left.
    error NotEnoughGas(uint256 needed);
    /// @notice There is no case of this id.
    error UnknownCase(uint256 caseId);
    /// @notice The case is in `phase`, which has no such step.
    error WrongPhase(uint256 caseId, Phase phase);
    /// @notice Only Datanets, Models and Inference open cases.
    error NotClient(address caller);
    /// @notice What was sent is less than the jurors' fees.
    error FeeTooSmall(uint256 fee, uint256 sent);
    /// @notice The caller does not sit in the round of now.
    error NotJuror(uint256 caseId, address caller);
    /// @notice A juror commits once.
    error AlreadyCommitted(uint256 caseId, address juror);
    /// @notice What is revealed is not what was committed to.
    error WrongReveal(uint256 caseId, address juror);
    /// @notice A reason has at most `most` bytes.
    error ReasonTooLong(uint256 most, uint256 length);
    /// @notice A first jury has an odd number of jurors, at most 21.
    error InvalidJury(uint16 jurors);
    /// @notice More parties than can be kept off a jury.
    error TooManyParties(uint256 parties, uint256 most);
    /// @notice The randomness of L1 origin `origin` is not known yet.
    error NotYetDrawable(uint256 caseId, uint64 origin);
    /// @notice The phase goes on until `deadline`.
    error TooEarly(uint256 caseId, uint64 deadline);
    /// @notice The phase was over at `deadline`.
    error TooLate(uint256 caseId, uint64 deadline);
    /// @notice Somebody else decides.
    error NotDecider(uint256 caseId, address caller);
    /// @notice The bond is exactly `bond`.
    error WrongBond(uint256 bond, uint256 sent);
    /// @notice All money of the case was given away.
    error AlreadySettled(uint256 caseId);
    /// @notice A validator joins with at least `least`.
    error StakeBelowMinimum(uint256 least, uint256 stake);
    /// @notice The account did not join.
    error NotValidator(address account);
    /// @notice Who exits has to leave first.
    error NotLeaving(address account);
    /// @notice The account left already, and may exit at L1 origin `until`.
    error AlreadyLeaving(address account, uint64 until);
    /// @notice The validator sits in cases that are not settled, or can still be drawn, before L1 origin `until`.
    error StillBound(address account, uint32 seats, uint64 until);
    /// @notice All places are taken.
    error TooManyValidators(uint256 most);
    /// @notice Only Payouts sends money here, on its way back into escrow.
    error NotPayouts(address sender);

    /// @notice What a first round of this many jurors costs, wei.
    function fee(uint16 jurors) external view returns (uint256);

    /// @notice Opens a case, by a client. The value is at least `fee(jurors)`; what is more is the jurors', too.
    function open(Opening calldata opening) external payable returns (uint256 caseId);

    /// @notice The same, where others than claimant and decider are concerned, too: `parties`, at most 8, are never drawn, and
    ///         a decider among them does not decide.
    function openAmong(Opening calldata opening, address[] calldata parties) external payable returns (uint256 caseId);

    /// @notice Draws the jury once the randomness of the case's origin is known. Anyone may call it, whenever: the same jury
    ///         is drawn, of the validators of the origin before the case was opened or appealed.
    function draw(uint256 caseId) external;

    /// @notice The decider decides, with the bond that `caseInfo` names; it is paid like one juror. A reason, here and below, is
    ///         a text of at most 1,024 bytes.
    function decide(uint256 caseId, bool verdict, string calldata reason) external payable;

    /// @notice A juror commits to `commitmentOf` its verdict. Once all did, they may reveal.
    function commit(uint256 caseId, bytes32 commitment) external;

    /// @notice A juror reveals what it committed to, once nobody can commit any more. After the last one the round is counted.
    function reveal(uint256 caseId, bool verdict, string calldata reason, bytes32 salt) external;

    /// @notice Anyone appeals, with the bond that `caseInfo` names: it pays the larger jury, is lost to those who were right if
    ///         the verdict stays in the end, and comes back if not.
    function appeal(uint256 caseId, string calldata reason) external payable;

    /// @notice Ends the phase if its time is over: counts a round, or closes the case and tells the client. Anyone may call it.
    /// @dev Of a final case whose client failed, tells the client again.
    function advance(uint256 caseId) external;

    /// @notice The Timelock decides after the last appeal, or after one for which there are too few validators.
    function rule(uint256 caseId, bool verdict, string calldata reason) external;

    /// @notice Pays, slashes and frees up to `seats` seats of a final case, then the bonds. Anyone may call it, until `done`.
    function settle(uint256 caseId, uint256 seats) external returns (bool done);

    // ---- Validators

    /// @notice Locks `amount` of the caller's free validator stake, and lets the caller be drawn, by all that it joined with,
    ///         for what is opened from the next L1 origin on. Also takes back `leave`.
    function join(uint256 amount) external;

    /// @notice The caller is drawn no more for what is opened from the next L1 origin on.
    function leave() external;

    /// @notice Unlocks the stake of the caller, who left, once no seat binds it and no draw can reach it.
    function exit() external;

    // ---- Views

    /// @notice Where a case is, and what a bond costs now. Reverts for a case that does not exist.
    function caseInfo(uint256 caseId) external view returns (Case memory);

    /// @notice Ids run from 1 to this.
    function caseCount() external view returns (uint256);

    /// @return client Whether the client was told the outcome.
    /// @return settled Whether all money of the case was given away.
    /// @return held What of the case's money is in escrow, wei.
    function progressOf(uint256 caseId) external view returns (bool client, bool settled, uint256 held);

    /// @notice The jury of a round, and what became of its seats.
    function juryOf(uint256 caseId, uint8 round)
        external
        view
        returns (address[] memory jurors, SeatState[] memory states);

    /// @notice What a juror commits to, for the round of now: `reason` is the hash (keccak256) of its words, which are told only
    ///         when they are revealed. The salt is 32 random bytes, which nobody else may know.
    function commitmentOf(uint256 caseId, bool verdict, bytes32 reason, bytes32 salt, address juror)
        external
        view
        returns (bytes32);

    /// @return stake What the validator joined with, less what it lost.
    /// @return weight By what it is drawn; 0 if it left, or lost too much.
    /// @return seats Seats in cases that are not settled.
    /// @return until L1 origin at which it may exit; 0 if it did not leave.
    function validatorInfo(address validator)
        external
        view
        returns (uint256 stake, uint256 weight, uint32 seats, uint64 until);

    /// @return weight Sum of all validators' weights.
    /// @return count How many can be drawn.
    function validatorTotals() external view returns (uint256 weight, uint256 count);

    /// @notice A validator's record, which only juries write.
    function reputation(address validator) external view returns (uint64 agreed, uint64 reversed, uint64 missed);
}
