// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICommons} from "../../interfaces/ICommons.sol";
import {IParameters} from "../../interfaces/IParameters.sol";
import {IPayouts} from "../../interfaces/IPayouts.sol";
import {Predeploys} from "../Predeploys.sol";
import {Governed} from "../governance/Governed.sol";
import {Keys} from "../governance/Keys.sol";
import {Epochs} from "./Epochs.sol";
import {Owing} from "./Owing.sol";
import {Pots} from "./Pots.sol";

/// @title Commons
/// @notice See ICommons.
/// @dev No loop over accounts or epochs: a pot knows what is left of its money and of its weights, whoever draws takes its
///      part of both, and what its cap refuses goes into the pot of now.
contract Commons is ICommons, Governed {
    using Epochs for Epochs.Epoch;
    using Pots for Pots.Series;
    using SafeCast for uint256;

    /// @dev Of an account in an epoch: in one datanet, or (cap is what is left of it) in all of them.
    struct Entry {
        uint128 weight;
        uint128 cap;
    }

    /// @dev The general pot's datanet.
    uint256 private constant ALL = 0;

    IPayouts private constant PAYOUTS = IPayouts(Predeploys.PAYOUTS);

    /// @inheritdoc ICommons
    uint256 public held;

    Epochs.Epoch private epoch_;
    mapping(uint256 datanetId => Pots.Series) private series;
    mapping(uint256 datanetId => mapping(uint64 epoch => mapping(address account => Entry))) private entries;

    /// @inheritdoc ICommons
    function add(uint256 datanetId, uint256 amount) external {
        if (msg.sender != Predeploys.INFERENCE && msg.sender != Predeploys.FEE_DISTRIBUTOR) {
            revert NotModule(msg.sender);
        }
        uint256 spare = PAYOUTS.escrowOf(address(this)) - held;
        if (spare < amount) revert NotMoved(spare, amount);
        _add(datanetId, amount);
    }

    /// @inheritdoc ICommons
    /// @dev A credit that may draw nothing is not counted, so that it takes no part of those that may.
    function credit(uint256 datanetId, Credit[] calldata credits) external {
        if (msg.sender != Predeploys.INFERENCE) revert NotModule(msg.sender);
        if (datanetId == ALL) revert NoDatanet();
        uint64 number = _epoch();
        uint128 sum;
        for (uint256 i = 0; i < credits.length; ++i) {
            (address account, uint128 weight) = (credits[i].account, credits[i].weight.toUint128());
            uint128 cap = credits[i].cap.toUint128();
            if (weight == 0 || cap == 0) continue;
            sum += weight;
            _record(entries[datanetId][number][account], weight, cap);
            _record(entries[ALL][number][account], weight, cap);
            emit Recorded(datanetId, number, account, weight, cap);
        }
        series[datanetId].open(number).weight += sum;
        series[ALL].open(number).weight += sum;
    }

    /// @inheritdoc ICommons
    function sweep() external returns (uint256 amount) {
        amount = PAYOUTS.escrowOf(address(this)) - held;
        _add(ALL, amount);
    }

    /// @inheritdoc ICommons
    function draw(uint256 datanetId, uint64 epoch, address account) external returns (uint256 paid) {
        uint64 number = _epoch();
        if (epoch >= number) revert EpochNotOver(epoch, number);
        Entry memory entry = entries[datanetId][epoch][account];
        if (entry.weight == 0) revert NothingToDraw(datanetId, epoch, account);
        entries[datanetId][epoch][account].weight = 0;
        uint128 share = series[datanetId].take(epoch, entry.weight);
        uint128 part = _min(share, entry.cap);
        // The general entry's cap is what all draws of the epoch together may still take.
        Entry storage general = entries[ALL][epoch][account];
        part = _min(part, general.cap);
        general.cap -= part;
        if (share != part) series[datanetId].open(number).money += share - part;
        emit Drawn(datanetId, epoch, account, part, share - part);
        paid = part;
        _pay(datanetId, epoch, account, paid);
    }

    // ---- Views

    /// @inheritdoc ICommons
    function epochNow() external view returns (uint64 epoch, uint64 start, uint64 length) {
        Epochs.Epoch memory now_ = epoch_.current(_length());
        return (now_.number, now_.start, now_.length);
    }

    /// @inheritdoc ICommons
    function potOf(uint256 datanetId, uint64 epoch) external view returns (uint256 money, uint256 weight) {
        Pots.Pot storage pot = series[datanetId].pots[epoch];
        return (pot.money, pot.weight);
    }

    /// @inheritdoc ICommons
    function creditOf(uint256 datanetId, uint64 epoch, address account)
        external
        view
        returns (uint256 weight, uint256 cap)
    {
        Entry storage entry = entries[datanetId][epoch][account];
        weight = entry.weight;
        cap = weight == 0 ? 0 : _min(entry.cap, entries[ALL][epoch][account].cap);
    }

    function _add(uint256 datanetId, uint256 amount) private {
        held += amount;
        series[datanetId].open(_epoch()).money += amount.toUint128();
        emit Added(datanetId, amount);
    }

    function _record(Entry storage entry, uint128 weight, uint128 cap) private {
        entry.weight += weight;
        entry.cap += cap;
    }

    function _pay(uint256 datanetId, uint64 epoch, address account, uint256 amount) private {
        if (amount == 0) return;
        held -= amount;
        Owing.owe(account, amount, IPayouts.Reason.Commons, bytes32(datanetId << 64 | epoch));
    }

    /// @dev Number of the epoch of now, which begins here if nobody saw it begin.
    function _epoch() private returns (uint64) {
        Epochs.Epoch memory stored = epoch_;
        Epochs.Epoch memory now_ = stored.current(_length());
        if (now_.number != stored.number) {
            epoch_ = now_;
            emit EpochBegun(now_.number, now_.start, now_.length);
        }
        return now_.number;
    }

    function _length() private view returns (uint64) {
        return uint64(IParameters(Predeploys.PARAMETERS).get(Keys.COMMONS_EPOCH));
    }

    function _min(uint128 left, uint128 right) private pure returns (uint128) {
        return left < right ? left : right;
    }
}
