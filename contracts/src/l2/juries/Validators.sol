// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IJuries} from "../../interfaces/IJuries.sol";
import {Origins} from "./Origins.sol";
import {SumTree} from "./SumTree.sol";

/// @title Validators
/// @notice Who can be drawn, by what stake, and who is bound to unfinished cases.
library Validators {
    using SumTree for SumTree.Tree;

    struct Validator {
        /// What it put at risk; locked in Stakes.
        uint128 stake;
        /// First L1 origin in which it does not count any more; 0 for one that did not leave.
        uint64 left;
        /// Its leaf in the tree, from 1 on; 0 for none.
        uint32 place;
        /// Seats in cases that are not settled.
        uint32 seats;
    }

    struct Registry {
        SumTree.Tree tree;
        mapping(address account => Validator) validators;
        mapping(uint256 leaf => address) accounts;
        uint32[] vacant;
        uint32 places;
    }

    /// @notice Adds to a validator's stake and lets it be drawn for what is opened from the next origin on.
    function join(Registry storage self, address account, uint256 amount, uint256 least) internal {
        Validator storage validator = self.validators[account];
        uint256 stake = validator.stake + amount;
        if (stake < least) revert IJuries.StakeBelowMinimum(least, stake);
        if (validator.place == 0) {
            validator.place = _place(self) + 1;
            self.accounts[validator.place - 1] = account;
        }
        // OPEN's supply is far below 2¹²⁸ wei.
        validator.stake = uint128(stake);
        validator.left = 0;
        _weigh(self, validator, least);
    }

    /// @notice Lets a validator be drawn no more for what is opened from the next origin on.
    function leave(Registry storage self, address account) internal returns (uint64 until) {
        Validator storage validator = self.validators[account];
        if (validator.place == 0) revert IJuries.NotValidator(account);
        if (validator.left != 0) revert IJuries.AlreadyLeaving(account, validator.left + Origins.HORIZON);
        validator.left = Origins.current() + 1;
        _weigh(self, validator, 0);
        return validator.left + Origins.HORIZON;
    }

    /// @notice Forgets a validator that left and is bound to nothing.
    /// @return stake What is to be unlocked.
    function exit(Registry storage self, address account) internal returns (uint256 stake) {
        Validator storage validator = self.validators[account];
        if (validator.left == 0) revert IJuries.NotLeaving(account);
        uint64 until = validator.left + Origins.HORIZON;
        // Until then it may be drawn from a snapshot in which it counts, and its place must stay its own.
        if (validator.seats != 0 || Origins.current() < until) {
            revert IJuries.StillBound(account, validator.seats, until);
        }
        stake = validator.stake;
        uint32 leaf = validator.place - 1;
        self.vacant.push(leaf);
        delete self.accounts[leaf];
        delete self.validators[account];
    }

    /// @notice Takes a part of a validator's stake, and drops it from later draws if too little is left.
    function cut(Registry storage self, address account, uint256 bps, uint256 least) internal returns (uint256 amount) {
        Validator storage validator = self.validators[account];
        amount = uint256(validator.stake) * bps / 10_000;
        if (amount == 0) return 0;
        validator.stake -= uint128(amount);
        _weigh(self, validator, least);
    }

    function _weigh(Registry storage self, Validator storage validator, uint256 least) private {
        bool drawn = validator.left == 0 && validator.stake >= least;
        self.tree.set(validator.place - 1, drawn ? validator.stake : 0, Origins.current());
    }

    function _place(Registry storage self) private returns (uint32 place) {
        uint256 vacancies = self.vacant.length;
        if (vacancies != 0) {
            place = self.vacant[vacancies - 1];
            self.vacant.pop();
        } else {
            place = self.places++;
            if (place == SumTree.CAPACITY) revert IJuries.TooManyValidators(SumTree.CAPACITY);
        }
    }
}
