// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice Stands in for the reward split precompile: largest remainder, ties to the lower index; all zero
///         when every weight is.
contract SplitDouble {
    function split(uint256 pool, uint256[] calldata weights) external pure returns (uint256[] memory shares) {
        uint256 total;
        for (uint256 i = 0; i < weights.length; ++i) {
            total += weights[i];
        }
        shares = new uint256[](weights.length);
        if (total == 0) return shares;
        uint256[] memory remainders = new uint256[](weights.length);
        uint256 left = pool;
        for (uint256 i = 0; i < weights.length; ++i) {
            shares[i] = Math.mulDiv(pool, weights[i], total);
            // One more than the remainder, so that zero can mean "has had its wei".
            remainders[i] = mulmod(pool, weights[i], total) + 1;
            left -= shares[i];
        }
        for (; left > 0; --left) {
            uint256 best = 0;
            for (uint256 i = 1; i < weights.length; ++i) {
                if (remainders[i] > remainders[best]) best = i;
            }
            ++shares[best];
            remainders[best] = 0;
        }
    }
}
