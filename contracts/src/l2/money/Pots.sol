// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Pots
/// @notice The money of one datanet by epochs, and what is left of the weights that divide it.
library Pots {
    struct Pot {
        uint128 money;
        uint128 weight;
    }

    struct Series {
        mapping(uint64 epoch => Pot) pots;
        /// The last epoch in which anything came. No earlier one has money without weights.
        uint64 last;
    }

    /// @notice The pot of the epoch of now, into which flows the money of an epoch without credits.
    function open(Series storage self, uint64 epoch) internal returns (Pot storage pot) {
        pot = self.pots[epoch];
        uint64 last = self.last;
        if (last == epoch) return pot;
        self.last = epoch;
        Pot storage before = self.pots[last];
        if (before.weight != 0) return pot;
        pot.money += before.money;
        before.money = 0;
    }

    /// @notice Takes out the part of `weight`. What all weights take out is all of the money: the last takes what is left.
    function take(Series storage self, uint64 epoch, uint128 weight) internal returns (uint128 share) {
        Pot storage pot = self.pots[epoch];
        (uint128 money, uint128 all) = (pot.money, pot.weight);
        share = uint128(uint256(money) * weight / all);
        pot.money = money - share;
        pot.weight = all - weight;
    }
}
