// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDatanetRecords} from "../../src/interfaces/IDatanetRecords.sol";
import {IDatanets} from "../../src/interfaces/IDatanets.sol";
import {IJuries, IJuryClient} from "../../src/interfaces/IJuries.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Keys} from "../../src/l2/governance/Keys.sol";

/// @notice Stands in for Datanets, as far as models look: releases, and contributors of rows.
contract ReleasesDouble {
    mapping(uint256 datanetId => IDatanets.Release[]) private releases;
    mapping(uint256 datanetId => mapping(uint64 row => uint32)) private numbers;
    mapping(uint256 datanetId => mapping(uint32 number => address)) private accounts;
    mapping(uint256 datanetId => mapping(uint32 number => uint32)) private previous;

    function publish(uint256 datanetId, uint64 rows, uint32 contributors, IDatanets.Licence calldata licence)
        external
        returns (uint32)
    {
        IDatanets.Release storage added = releases[datanetId].push();
        (added.setId, added.rows, added.contributors, added.licence) = (datanetId, rows, contributors, licence);
        return uint32(releases[datanetId].length);
    }

    function setContributor(uint256 datanetId, uint64 row, uint32 number, address account) external {
        numbers[datanetId][row] = number;
        accounts[datanetId][number] = account;
    }

    function reassign(uint256 datanetId, uint64 row, uint32 number, address account) external {
        previous[datanetId][number] = numbers[datanetId][row];
        numbers[datanetId][row] = number;
        accounts[datanetId][number] = account;
    }

    function release(uint256 datanetId, uint32 releaseId) external view returns (IDatanets.Release memory) {
        if (releaseId == 0 || releaseId > releases[datanetId].length) {
            revert IDatanetRecords.UnknownRelease(datanetId, releaseId);
        }
        return releases[datanetId][releaseId - 1];
    }

    function contributorOf(uint256 datanetId, uint64 row) external view returns (uint32) {
        return numbers[datanetId][row];
    }

    function accountsAt(uint256 datanetId, uint32[] calldata asked, uint32 contributors)
        external
        view
        returns (address[] memory found)
    {
        found = new address[](asked.length);
        for (uint256 i = 0; i < asked.length; ++i) {
            uint32 number = asked[i];
            while (number > contributors) {
                number = previous[datanetId][number];
            }
            found[i] = accounts[datanetId][number];
        }
    }
}

/// @notice Stands in for Stakes: what is free and what is locked of each account, and what slashing gave to whom.
contract TrainerStakesDouble {
    struct Stake {
        uint256 free;
        uint256 locked;
    }

    mapping(address account => Stake) private stakes;
    mapping(address account => uint256) public slashedTo;

    error WrongPurpose(IStakes.Purpose purpose);

    modifier onlyModels(IStakes.Purpose purpose) {
        if (purpose != IStakes.Purpose.Trainer) revert WrongPurpose(purpose);
        if (msg.sender != Predeploys.MODELS) revert IStakes.NotModule(purpose, msg.sender);
        _;
    }

    function stakeFor(IStakes.Purpose purpose, address account) external payable {
        if (purpose != IStakes.Purpose.Trainer) revert WrongPurpose(purpose);
        if (msg.value == 0) revert IStakes.ZeroAmount();
        stakes[account].free += msg.value;
    }

    function lock(IStakes.Purpose purpose, address account, uint256 amount) external onlyModels(purpose) {
        Stake storage stake = stakes[account];
        if (amount == 0) revert IStakes.ZeroAmount();
        if (stake.free < amount) revert IStakes.StakeTooSmall(purpose, account, stake.free, amount);
        (stake.free, stake.locked) = (stake.free - amount, stake.locked + amount);
    }

    function unlock(IStakes.Purpose purpose, address account, uint256 amount) external onlyModels(purpose) {
        Stake storage stake = _take(purpose, account, amount);
        stake.free += amount;
    }

    function slash(IStakes.Purpose purpose, address account, uint256 amount, address to, bytes32)
        external
        onlyModels(purpose)
    {
        if (to == address(0)) revert IStakes.ZeroAccount();
        _take(purpose, account, amount);
        slashedTo[to] += amount;
    }

    function stakeOf(IStakes.Purpose, address account) external view returns (uint256, uint256, uint256, uint64) {
        return (stakes[account].free, stakes[account].locked, 0, 0);
    }

    function _take(IStakes.Purpose purpose, address account, uint256 amount) private returns (Stake storage stake) {
        stake = stakes[account];
        if (amount == 0) revert IStakes.ZeroAmount();
        if (stake.locked < amount) revert IStakes.LockTooSmall(purpose, account, stake.locked, amount);
        stake.locked -= amount;
    }
}

/// @notice Stands in for Juries: keeps what was opened, and rules as a test says.
contract CasesDouble {
    IJuries.Opening[] private openings;
    uint256 public paid;

    function fee(uint16 jurors) public pure returns (uint256) {
        return uint256(jurors) * 0.1 ether;
    }

    function openAmong(IJuries.Opening calldata opening, address[] calldata) external payable returns (uint256) {
        if (msg.sender != Predeploys.MODELS) revert IJuries.NotClient(msg.sender);
        if (opening.jurors % 2 == 0) revert IJuries.InvalidJury(opening.jurors);
        if (msg.value < fee(opening.jurors)) revert IJuries.FeeTooSmall(fee(opening.jurors), msg.value);
        paid += msg.value;
        openings.push(opening);
        return openings.length;
    }

    function rule(uint256 caseId, bool upheld) external {
        IJuryClient(Predeploys.MODELS).ruled(caseId, upheld);
    }

    function opened(uint256 caseId) external view returns (IJuries.Opening memory) {
        return openings[caseId - 1];
    }

    function caseCount() external view returns (uint256) {
        return openings.length;
    }
}

/// @notice Stands in for Parameters: what a test set, else the initial value.
contract KeysDouble {
    mapping(bytes32 key => uint256) private values;
    mapping(bytes32 key => bool) private known;

    function set(bytes32 key, uint256 value) external {
        (values[key], known[key]) = (value, true);
    }

    function get(bytes32 key) external view returns (uint256 value) {
        if (known[key]) return values[key];
        (,, value) = Keys.bounds(key);
    }
}

/// @notice Stands in for the attribution store's sketch sets.
contract SketchStoreDouble {
    struct Set {
        address owner;
        uint16 dim;
        uint64 version;
        bytes[] rows;
        uint32[] contributors;
    }

    Set[] private sets;

    error NotOwner(uint256 setId, address caller);

    function createSketchSet(uint16 dim, bool labelled, uint8, uint8) external returns (uint256) {
        require(!labelled && dim >= 32 && dim % 32 == 0);
        Set storage set = sets.push();
        (set.owner, set.dim, set.version) = (msg.sender, dim, 1);
        return sets.length;
    }

    function append(uint256 setId, uint32 contributor, bytes calldata payload)
        external
        returns (uint64 first, uint32 rows, uint64 version)
    {
        Set storage set = sets[setId - 1];
        if (set.owner != msg.sender) revert NotOwner(setId, msg.sender);
        first = uint64(set.rows.length);
        uint256 length = 1 + uint256(set.dim);
        require(payload.length != 0 && payload.length % length == 0);
        rows = uint32(payload.length / length);
        for (uint256 i = 0; i < rows; ++i) {
            set.rows.push(payload[i * length:(i + 1) * length]);
            set.contributors.push(contributor);
        }
        version = ++set.version;
    }

    function reassign(uint256 setId, uint64 index, uint32 contributor) external {
        Set storage set = sets[setId - 1];
        if (set.owner != msg.sender) revert NotOwner(setId, msg.sender);
        set.contributors[index] = contributor;
    }

    function info(uint256 setId)
        external
        view
        returns (address, uint8, uint16, bool, uint64, uint64, uint64, uint64, bytes32)
    {
        Set storage set = sets[setId - 1];
        uint64 rows = uint64(set.rows.length);
        return (set.owner, 1, set.dim, false, set.version, rows, rows, 0, 0);
    }

    function row(uint256 setId, uint64 index) external view returns (uint32, uint8, uint64, bytes memory) {
        Set storage set = sets[setId - 1];
        return (set.contributors[index], 0, 0, set.rows[index]);
    }
}
