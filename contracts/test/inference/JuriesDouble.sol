// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IJuries, IJuryClient} from "../../src/interfaces/IJuries.sol";

/// @notice Stands in for Juries: the test says the verdict.
contract JuriesDouble {
    struct Opened {
        address client;
        bytes32 subject;
        uint8 kind;
        uint16 jurors;
        address decider;
        address claimant;
    }

    uint256 public constant JUROR_FEE = 0.1 ether;
    uint256 public caseCount;
    mapping(uint256 caseId => Opened) public opened;
    /// @notice Who is not drawn.
    mapping(uint256 caseId => address[]) public parties;

    function fee(uint16 jurors) public pure returns (uint256) {
        return jurors * JUROR_FEE;
    }

    function openAmong(IJuries.Opening calldata opening, address[] calldata parties_)
        external
        payable
        returns (uint256 caseId)
    {
        if (msg.value < fee(opening.jurors)) revert IJuries.FeeTooSmall(fee(opening.jurors), msg.value);
        caseId = ++caseCount;
        parties[caseId] = parties_;
        opened[caseId] =
            Opened(msg.sender, opening.subject, opening.kind, opening.jurors, opening.decider, opening.claimant);
    }

    function ruleNow(uint256 caseId, bool upheld) external {
        IJuryClient(opened[caseId].client).ruled(caseId, upheld);
    }
}
