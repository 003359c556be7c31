// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInference} from "../../interfaces/IInference.sol";
import {IJuryClient} from "../../interfaces/IJuries.sol";
import {Governed} from "../governance/Governed.sol";
import {Disputes} from "./Disputes.sol";
import {Payments} from "./Payments.sol";
import {SessionSettlement} from "./SessionSettlement.sol";
import {Sessions} from "./Sessions.sol";

/// @title Inference
/// @notice Paid answers of models, and the split of each payment among those whose work the answers came from: see
///         IInference. Predeploy 0x00000000000000000000000000000000000A7711, behind a proxy.
/// @dev It holds no money: escrow is Payouts', stakes are Stakes'.
contract Inference is IInference, Governed {
    Sessions.State private state;

    // ---- Operators

    /// @inheritdoc IInference
    function serve(bytes32 termsHash, bool on) external {
        state.serves[msg.sender][termsHash] = on;
        emit Served(msg.sender, termsHash, on);
    }

    /// @inheritdoc IInference
    function settle(uint256 sessionId, Answer[] calldata answers, bytes calldata signature)
        external
        returns (uint256 settlementId)
    {
        return SessionSettlement.settle(state, sessionId, answers, signature);
    }

    /// @inheritdoc IInference
    function post(uint256 sessionId, Answer[] calldata answers) external {
        Sessions.post(state, sessionId, answers);
    }

    /// @inheritdoc IInference
    function finalize(uint256 sessionId) external returns (uint256 settlementId) {
        return SessionSettlement.finalize(state, sessionId);
    }

    /// @inheritdoc IInference
    function carry(uint256 settlementId, bytes calldata payees, bytes32 rest) external {
        Payments.carry(state, settlementId, payees, rest);
    }

    /// @inheritdoc IInference
    function close(uint256 sessionId) external {
        Sessions.close(state, sessionId);
    }

    // ---- Payers

    /// @inheritdoc IInference
    function open(Opening calldata opening, bytes calldata prompt) external payable returns (uint256 sessionId) {
        return Sessions.open(state, opening, prompt);
    }

    /// @inheritdoc IInference
    function refund(uint256 sessionId) external returns (uint256 amount) {
        return Sessions.refund(state, sessionId);
    }

    // ---- Anyone

    /// @inheritdoc IInference
    function dispute(uint256 sessionId, uint32 index, Dispute kind, bytes calldata evidence)
        external
        payable
        returns (uint256 caseId)
    {
        return Disputes.dispute(state, sessionId, index, kind, evidence);
    }

    /// @inheritdoc IInference
    function showReceipt(
        uint256 sessionId,
        uint32 index,
        bytes32 promptHash,
        bytes calldata signature,
        bytes32 before,
        Link[] calldata links
    ) external {
        Disputes.showReceipt(state, Disputes.Promise(sessionId, index, promptHash, before), signature, links);
    }

    /// @inheritdoc IJuryClient
    function ruled(uint256 caseId, bool upheld) external {
        Disputes.ruled(state, caseId, upheld);
    }

    // ---- Views

    /// @inheritdoc IInference
    function sessionCount() external view returns (uint256) {
        return state.count;
    }

    /// @inheritdoc IInference
    function sessionInfo(uint256 sessionId) external view returns (Session memory) {
        return state.sessions[sessionId];
    }

    /// @inheritdoc IInference
    function pendingOf(uint256 sessionId) external view returns (Pending memory) {
        return state.pending[sessionId];
    }

    /// @inheritdoc IInference
    function caseOf(uint256 caseId) external view returns (Case memory) {
        return state.cases[caseId];
    }

    /// @inheritdoc IInference
    function carriedOf(uint256 settlementId) external view returns (uint256 amount, bytes32 payeesHash) {
        return (state.carried[settlementId].amount, state.carried[settlementId].payeesHash);
    }

    /// @inheritdoc IInference
    function serves(address operator, bytes32 termsHash) external view returns (bool) {
        return state.serves[operator][termsHash];
    }

    /// @inheritdoc IInference
    function openSessions(address operator) external view returns (uint256) {
        return state.openSessions[operator];
    }
}
