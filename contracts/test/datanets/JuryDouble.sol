// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IJuries, IJuryClient} from "../../src/interfaces/IJuries.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";

/// @notice Stands in for Juries: takes the fee, remembers what was asked, and says what the test wants it to say.
contract JuryDouble {
    uint256 public constant FEE = 0.1 ether;

    uint256 public caseCount;
    mapping(uint256 caseId => IJuries.Opening) private openings;
    mapping(uint256 caseId => address[]) private parties;
    bool private empty;

    function fee(uint16 jurors) public pure returns (uint256) {
        return FEE * jurors;
    }

    function open(IJuries.Opening calldata opening) external payable returns (uint256) {
        return openAmong(opening, new address[](0));
    }

    function openAmong(IJuries.Opening calldata opening, address[] memory concerned)
        public
        payable
        returns (uint256 caseId)
    {
        if (msg.value < fee(opening.jurors)) revert IJuries.FeeTooSmall(fee(opening.jurors), msg.value);
        IPayouts(Predeploys.PAYOUTS).hold{value: msg.value}();
        caseId = ++caseCount;
        openings[caseId] = opening;
        parties[caseId] = concerned;
    }

    function say(uint256 caseId, bool upheld) external {
        IJuryClient(Predeploys.DATANETS).ruled(caseId, upheld);
    }

    /// @notice For tests: as if there were too few validators for a jury.
    function setEmpty(bool empty_) external {
        empty = empty_;
    }

    function juryOf(uint256 caseId, uint8) external view returns (address[] memory jurors, IJuries.SeatState[] memory) {
        jurors = new address[](empty ? 0 : openings[caseId].jurors);
        return (jurors, new IJuries.SeatState[](jurors.length));
    }

    function openingOf(uint256 caseId) external view returns (IJuries.Opening memory, address[] memory) {
        return (openings[caseId], parties[caseId]);
    }
}
