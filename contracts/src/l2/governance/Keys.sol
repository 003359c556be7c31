// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Keys
/// @notice The parameters that governance may change, with their bounds. Parts are basis points, times seconds, money wei.
library Keys {
    // ---- Payments
    /// @notice The protocol's part of a payment.
    bytes32 internal constant PROTOCOL_BPS = "protocolBps";
    /// @notice The part of a payment for the reviewers of the datanets that answer.
    bytes32 internal constant VALIDATOR_BPS = "validatorBps";
    /// @notice Time in which a payer may contest an answer that it did not sign for.
    bytes32 internal constant CONTEST_SECONDS = "contestSeconds";
    bytes32 internal constant CONTEST_BOND = "contestBond";
    /// @notice Least stake of an operator.
    bytes32 internal constant OPERATOR_STAKE = "operatorStake";
    /// @notice Part of that stake that a lost case, or a promise that was not kept, costs an operator.
    bytes32 internal constant PENALTY_BPS = "penaltyBps";
    /// @notice Jurors of the first round about an answer; an even number stands for the next odd one.
    bytes32 internal constant CONTEST_JURORS = "contestJurors";
    /// @notice Least bond of a model's trainer.
    bytes32 internal constant TRAINER_BOND = "trainerBond";
    bytes32 internal constant COMMONS_EPOCH = "commonsEpoch";

    // ---- Models
    /// @notice Time that a trainer's bond stays locked after its last version took requests. No shorter than the longest session
    ///         and the longest contest after it.
    bytes32 internal constant TRAINER_SECONDS = "trainerSeconds";
    /// @notice Bond of whoever disputes a model.
    bytes32 internal constant CHALLENGE_BOND = "challengeBond";
    /// @notice Jurors of such a dispute; an even number counts as one more.
    bytes32 internal constant CHALLENGE_JURORS = "challengeJurors";
    /// @notice The part of a lost bond that the other side gets; the rest goes to the fee distributor.
    bytes32 internal constant WINNER_BPS = "winnerBps";

    // ---- Juries
    bytes32 internal constant COMMIT_SECONDS = "commitSeconds";
    bytes32 internal constant REVEAL_SECONDS = "revealSeconds";
    bytes32 internal constant APPEAL_SECONDS = "appealSeconds";
    /// @notice Time of a decider where there are too few validators.
    bytes32 internal constant DECIDE_SECONDS = "decideSeconds";
    /// @notice Time of governance after the last appeal; the verdict stays if it lets that pass.
    bytes32 internal constant GOVERN_SECONDS = "governSeconds";
    bytes32 internal constant JUROR_FEE = "jurorFee";
    /// @notice Bond of a first appeal, and of a decider.
    bytes32 internal constant APPEAL_BOND = "appealBond";
    bytes32 internal constant VALIDATOR_STAKE = "validatorStake";
    /// @notice Part of a juror's stake that a reversed verdict costs.
    bytes32 internal constant REVERSED_BPS = "reversedBps";
    /// @notice Part of a juror's stake that a verdict that was not given costs.
    bytes32 internal constant MISSED_BPS = "missedBps";

    // ---- Datanets
    /// @notice Time to reveal what was committed to, and to hand it in.
    bytes32 internal constant DOCUMENTS_SECONDS = "documentsSeconds";
    /// @notice Time after a commitment in which later ones wait for the end of its review.
    bytes32 internal constant QUEUE_SECONDS = "queueSeconds";
    /// @notice Time to append what was accepted, before later commitments may pass.
    bytes32 internal constant APPEND_SECONDS = "appendSeconds";
    /// @notice Bond of whoever asks a jury to withdraw a row, or to name another author.
    bytes32 internal constant DISPUTE_BOND = "disputeBond";
    /// @notice Least part of an earlier text that must be in a row for a jury to be asked whose that is.
    bytes32 internal constant COPIED_BPS = "copiedBps";

    // ---- Fees
    /// @notice The treasury's part of what fee vaults and payments bring.
    bytes32 internal constant TREASURY_BPS = "treasuryBps";
    /// @notice The part of it that is burnt; what is left is the commons'.
    bytes32 internal constant BURN_BPS = "burnBps";

    /// @notice Bounds and initial value of a parameter; all zero for an unknown one.
    function bounds(bytes32 key) internal pure returns (uint256 least, uint256 most, uint256 initial) {
        if (key == PROTOCOL_BPS) return (0, 2_000, 500);
        if (key == VALIDATOR_BPS) return (0, 1_000, 200);
        if (key == CONTEST_SECONDS) return (1 hours, 7 days, 3 days);
        if (key == CONTEST_BOND) return (0.001 ether, 100 ether, 1 ether);
        if (key == OPERATOR_STAKE) return (0, 1_000_000 ether, 100 ether);
        if (key == PENALTY_BPS) return (0, 10_000, 2_000);
        if (key == CONTEST_JURORS) return (3, 21, 5);
        if (key == TRAINER_BOND) return (0, 1_000_000 ether, 100 ether);
        if (key == COMMONS_EPOCH) return (1 days, 90 days, 7 days);
        if (key == TRAINER_SECONDS) return (14 days, 180 days, 30 days);
        if (key == CHALLENGE_BOND) return (0.001 ether, 10_000 ether, 10 ether);
        if (key == CHALLENGE_JURORS) return (3, 21, 5);
        if (key == WINNER_BPS) return (1_000, 9_000, 5_000);
        if (key == COMMIT_SECONDS) return (1 hours, 7 days, 1 days);
        if (key == REVEAL_SECONDS) return (1 hours, 7 days, 1 days);
        if (key == APPEAL_SECONDS) return (1 days, 14 days, 3 days);
        if (key == DECIDE_SECONDS) return (1 days, 14 days, 3 days);
        if (key == GOVERN_SECONDS) return (14 days, 365 days, 60 days);
        if (key == JUROR_FEE) return (0, 100 ether, 0.1 ether);
        if (key == APPEAL_BOND) return (0.001 ether, 10_000 ether, 10 ether);
        if (key == VALIDATOR_STAKE) return (1 ether, 1_000_000 ether, 1_000 ether);
        if (key == REVERSED_BPS) return (0, 5_000, 500);
        if (key == MISSED_BPS) return (0, 500, 50);
        if (key == DOCUMENTS_SECONDS) return (1 hours, 7 days, 1 days);
        if (key == QUEUE_SECONDS) return (7 days, 60 days, 21 days);
        if (key == APPEND_SECONDS) return (1 hours, 7 days, 1 days);
        if (key == DISPUTE_BOND) return (0.001 ether, 10_000 ether, 5 ether);
        if (key == COPIED_BPS) return (500, 10_000, 3_000);
        if (key == TREASURY_BPS) return (0, 10_000, 4_000);
        if (key == BURN_BPS) return (0, 10_000, 3_000);
    }
}
