// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IJuries, IJuryClient} from "../../src/interfaces/IJuries.sol";
import {IParameters} from "../../src/interfaces/IParameters.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Keys} from "../../src/l2/governance/Keys.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";

/// @notice Escrow and debts of `IPayouts`, without payees.
contract PayoutsDouble {
    mapping(address module => uint256) public escrowOf;
    mapping(address account => uint256) public owed;

    function hold() external payable {
        escrowOf[msg.sender] += msg.value;
    }

    function release(IPayouts.Credit[] calldata credits, bytes32 ref) external {
        for (uint256 i = 0; i < credits.length; ++i) {
            IPayouts.Credit calldata credit = credits[i];
            if (credit.account == address(0)) revert IPayouts.ZeroAccount();
            if (credit.amount > escrowOf[msg.sender]) {
                revert IPayouts.EscrowTooSmall(msg.sender, escrowOf[msg.sender], credit.amount);
            }
            escrowOf[msg.sender] -= credit.amount;
            owed[credit.account] += credit.amount;
            emit IPayouts.Credited(msg.sender, credit.account, ref, credit.amount, credit.reason);
        }
    }

    function claim(address payable to) external returns (uint256 amount) {
        amount = owed[msg.sender];
        if (amount == 0) revert IPayouts.NothingOwed(msg.sender);
        owed[msg.sender] = 0;
        (bool success,) = to.call{value: amount}("");
        if (!success) revert IPayouts.TransferFailed(to, amount);
    }
}

/// @notice Free and locked stake of `IStakes`, without withdrawals.
contract StakesDouble {
    mapping(address account => uint256) private free;
    mapping(address account => uint256) private locked;

    function stake(IStakes.Purpose) external payable {
        free[msg.sender] += msg.value;
    }

    function lock(IStakes.Purpose purpose, address account, uint256 amount) external {
        _module(purpose);
        if (amount == 0) revert IStakes.ZeroAmount();
        if (free[account] < amount) revert IStakes.StakeTooSmall(purpose, account, free[account], amount);
        (free[account], locked[account]) = (free[account] - amount, locked[account] + amount);
    }

    function unlock(IStakes.Purpose purpose, address account, uint256 amount) external {
        _module(purpose);
        if (locked[account] < amount) revert IStakes.LockTooSmall(purpose, account, locked[account], amount);
        (free[account], locked[account]) = (free[account] + amount, locked[account] - amount);
    }

    function slash(IStakes.Purpose purpose, address account, uint256 amount, address to, bytes32 ref) external {
        _module(purpose);
        if (amount == 0) revert IStakes.ZeroAmount();
        if (locked[account] < amount) revert IStakes.LockTooSmall(purpose, account, locked[account], amount);
        locked[account] -= amount;
        IPayouts(Predeploys.PAYOUTS).hold{value: amount}();
        IPayouts.Credit[] memory credits = new IPayouts.Credit[](1);
        credits[0] = IPayouts.Credit(to, amount, IPayouts.Reason.Slashing);
        IPayouts(Predeploys.PAYOUTS).release(credits, ref);
        emit IStakes.Slashed(purpose, account, to, amount, ref);
    }

    function stakeOf(IStakes.Purpose, address account) external view returns (uint256, uint256, uint256, uint64) {
        return (free[account], locked[account], 0, 0);
    }

    function _module(IStakes.Purpose purpose) private view {
        if (msg.sender != Predeploys.JURIES || purpose != IStakes.Purpose.Validator) {
            revert IStakes.NotModule(purpose, msg.sender);
        }
    }
}

/// @notice `IParameters` that the Timelock sets, without bounds.
contract ParametersDouble {
    mapping(bytes32 key => uint256) private values;
    mapping(bytes32 key => bool) private given;

    function set(bytes32 key, uint256 value) external {
        require(msg.sender == Predeploys.TIMELOCK, "timelock");
        (values[key], given[key]) = (value, true);
    }

    function get(bytes32 key) external view returns (uint256 value) {
        if (given[key]) return values[key];
        (,, value) = Keys.bounds(key);
    }
}

/// @notice L1 origins that a test makes; each has the randomness that the test says, or else one of its own.
contract OriginsDouble {
    uint64 public number;
    uint64 public timestamp;
    mapping(uint64 origin => bytes32) private said;

    error NotHeld(uint64 origin);

    function set(uint64 number_, uint64 timestamp_) external {
        (number, timestamp) = (number_, timestamp_);
    }

    function say(uint64 origin, bytes32 randao) external {
        said[origin] = randao;
    }

    function randaoOf(uint64 origin) external view returns (bytes32) {
        if (origin > number || origin + 8_192 <= number) revert NotHeld(origin);
        return said[origin] == 0 ? keccak256(abi.encode("randao", origin)) : said[origin];
    }
}

/// @notice A module that opens cases, and remembers what it is told.
contract ClientDouble is IJuryClient {
    mapping(uint256 caseId => uint256) public told;
    mapping(uint256 caseId => bool) public outcome;
    bool public broken;
    bool public greedy;

    function breakDown(bool broken_) external {
        broken = broken_;
    }

    function beGreedy() external {
        greedy = true;
    }

    function open(IJuries.Opening calldata opening, address[] calldata parties) external payable returns (uint256) {
        return IJuries(Predeploys.JURIES).openAmong{value: msg.value}(opening, parties);
    }

    function ruled(uint256 caseId, bool upheld) external {
        require(msg.sender == Predeploys.JURIES, "juries");
        require(!broken, "broken");
        ++told[caseId];
        if (greedy) try IJuries(msg.sender).advance(caseId) {} catch {}
        outcome[caseId] = upheld;
    }
}
