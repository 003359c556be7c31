// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title DepositMeter
/// @notice Bounds the L2 gas that deposits may ask for in one L1 block. Deposited gas is not bought on L2, and all of it
///         must fit in the first L2 block of an epoch, hence a hard cap. The OP Stack also burns L1 gas on a price
///         curve below its cap; here the first to come are served and nothing is burnt.
library DepositMeter {
    /// @notice Gas asked for in `blockNumber` so far.
    struct Meter {
        uint64 boughtGas;
        uint64 blockNumber;
    }

    /// @notice The deposits of this L1 block would ask for more than `cap` gas: try again in the next one.
    error OutOfGas();

    function consume(Meter storage self, uint64 gas, uint64 cap) internal {
        uint64 bought = self.blockNumber == block.number ? self.boughtGas : 0;
        // Compared by subtraction: `bought <= cap` always holds, a sum could overflow.
        if (gas > cap - bought) revert OutOfGas();
        self.boughtGas = bought + gas;
        self.blockNumber = uint64(block.number);
    }
}
