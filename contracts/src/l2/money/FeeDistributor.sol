// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICommons} from "../../interfaces/ICommons.sol";
import {IFeeDistributor} from "../../interfaces/IFeeDistributor.sol";
import {IParameters} from "../../interfaces/IParameters.sol";
import {IPayouts} from "../../interfaces/IPayouts.sol";
import {Predeploys} from "../Predeploys.sol";
import {Governed} from "../governance/Governed.sol";
import {Keys} from "../governance/Keys.sol";

/// @title Burner
/// @notice Destroys what it receives. It must live and die in one transaction (EIP-6780): else it would only keep the money.
contract Burner {
    receive() external payable {
        selfdestruct(payable(address(this)));
    }
}

/// @title FeeDistributor
/// @notice See IFeeDistributor.
/// @dev Keeps no balance: what it is sent is held in Payouts in the same call, and what was forced in otherwise, or is owed
///      to it there, goes the same way before it divides.
contract FeeDistributor is IFeeDistributor, Governed {
    uint256 private constant BPS = 10_000;

    IPayouts private constant PAYOUTS = IPayouts(Predeploys.PAYOUTS);
    IParameters private constant PARAMETERS = IParameters(Predeploys.PARAMETERS);

    /// @inheritdoc IFeeDistributor
    uint256 public burntTotal;

    receive() external payable {
        PAYOUTS.hold{value: msg.value}();
    }

    /// @inheritdoc IFeeDistributor
    function distribute() external returns (uint256 treasury, uint256 burnt, uint256 commons) {
        if (PAYOUTS.owed(address(this)) != 0) PAYOUTS.claim(payable(address(this)));
        if (address(this).balance != 0) PAYOUTS.hold{value: address(this).balance}();
        uint256 all = PAYOUTS.escrowOf(address(this));
        if (all == 0) revert NothingToDistribute();
        treasury = all * PARAMETERS.get(Keys.TREASURY_BPS) / BPS;
        burnt = all * PARAMETERS.get(Keys.BURN_BPS) / BPS;
        commons = all - treasury - burnt;

        IPayouts.Credit[] memory credits = new IPayouts.Credit[](2);
        credits[0] = IPayouts.Credit(Predeploys.TIMELOCK, treasury, IPayouts.Reason.Protocol);
        credits[1] = IPayouts.Credit(address(this), burnt, IPayouts.Reason.Protocol);
        PAYOUTS.release(credits, bytes32(0));
        _burn(burnt);
        if (commons != 0) {
            PAYOUTS.move(Predeploys.COMMONS, commons);
            ICommons(Predeploys.COMMONS).add(0, commons);
        }
        emit Distributed(treasury, burnt, commons);
    }

    /// @inheritdoc IFeeDistributor
    function pending() external view returns (uint256) {
        return address(this).balance + PAYOUTS.owed(address(this)) + PAYOUTS.escrowOf(address(this));
    }

    /// @dev All that is owed to this contract now is what is to be burnt.
    function _burn(uint256 amount) private {
        if (amount == 0) return;
        burntTotal += amount;
        PAYOUTS.claim(payable(address(new Burner())));
    }
}
