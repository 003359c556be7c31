// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Contributors
/// @notice Numbers the contributors of a datanet. Rows of the attribution store carry 32 bits for their contributor; this
///         is the map between those and addresses, in both directions. Numbers start at 1; 0 means none.
library Contributors {
    struct Registry {
        mapping(address account => uint32) numbers;
        mapping(uint32 number => address) accounts;
        uint32 count;
    }

    /// @notice The number of `account`, a new one when it had none.
    function numberFor(Registry storage self, address account) internal returns (uint32 number) {
        number = self.numbers[account];
        if (number == 0) {
            number = ++self.count;
            self.numbers[account] = number;
            self.accounts[number] = account;
        }
    }
}
