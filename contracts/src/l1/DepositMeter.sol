// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title DepositMeter
/// @notice Sells the L2 gas that deposits ask for, by the rules and with the parameters of the OP Stack's guaranteed gas
///         market (specification, "Guaranteed Gas Fee Market"). The gas of a deposit is not bought on L2, and what is asked for in
///         one L1 block must fit in one L2 block, hence a cap; were it free, one caller could take all of it in every
///         block and keep everybody else from depositing. So its price follows demand as in EIP-1559, and is paid in
///         L1 gas that is burnt. Who takes the whole cap more than doubles the price of the next block.
library DepositMeter {
    /// @notice Price in wei and gas asked for so far, of the L1 block `blockNumber`, the last one with a deposit.
    struct Meter {
        uint128 price;
        uint64 boughtGas;
        uint64 blockNumber;
    }

    /// @notice L2 gas that all deposits of one L1 block may ask for together.
    uint64 internal constant CAP = 20_000_000;

    /// @notice The price rises after a block that asked for more than this, and falls after one that asked for less.
    uint256 internal constant TARGET = CAP / 10;

    /// @notice Steepness: a block at the target twice over raises the price by an eighth, an empty one lowers it by an eighth.
    uint256 internal constant DENOMINATOR = 8;

    /// @notice Least price of a unit of L2 gas, in wei.
    uint256 internal constant MINIMUM_PRICE = 1 gwei;

    /// @notice The deposits of this L1 block would ask for more gas than the cap: try again in the next one.
    error OutOfGas();

    /// @notice Takes `gas` from what this L1 block has left.
    /// @return cost L1 gas that it costs: as much as price times `gas` buys at the L1 block's base fee. A base fee below 1 gwei
    ///         counts as 1 gwei, or a deposit on a cheap L1 would cost more gas than a block has.
    function take(Meter storage self, uint64 gas) internal returns (uint256 cost) {
        Meter memory meter = current(self);
        // Compared by subtraction: `boughtGas <= CAP` always holds, a sum could overflow.
        if (gas > CAP - meter.boughtGas) revert OutOfGas();
        meter.boughtGas += gas;
        (self.price, self.boughtGas, self.blockNumber) = (meter.price, meter.boughtGas, meter.blockNumber);
        return uint256(meter.price) * gas / Math.max(block.basefee, 1 gwei);
    }

    /// @notice Burns the rest of `cost`, of which what was used since `gasBefore` was left is paid already.
    function pay(uint256 gasBefore, uint256 cost) internal view {
        while (gasBefore - gasleft() < cost) {}
    }

    /// @notice The meter as this L1 block's first deposit finds it, or as the one before left it in this block.
    function current(Meter storage self) internal view returns (Meter memory meter) {
        meter = self;
        uint256 passed = block.number - meter.blockNumber;
        if (passed == 0) return meter;
        uint256 price = _next(meter.price, meter.boughtGas);
        // Blocks without a deposit. From any price that can be paid the floor is near.
        for (uint256 i = 1; i < passed && price > MINIMUM_PRICE; ++i) {
            price = _next(price, 0);
        }
        return Meter(uint128(price), 0, uint64(block.number));
    }

    /// @dev EIP-1559's rule between `MINIMUM_PRICE` and the largest price that the meter can hold.
    function _next(uint256 price, uint256 bought) private pure returns (uint256) {
        if (bought > TARGET) price += price * (bought - TARGET) / (TARGET * DENOMINATOR);
        else price -= price * (TARGET - bought) / (TARGET * DENOMINATOR);
        return Math.min(Math.max(price, MINIMUM_PRICE), type(uint128).max);
    }
}
