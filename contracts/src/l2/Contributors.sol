// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Contributors
/// @notice Numbers the contributors of a datanet. Rows of the attribution store carry 32 bits for their contributor; this
///         is the map between those and addresses, in both directions. Numbers start at 1; 0 means none.
/// @dev Numbers only grow, so the greatest of a moment tells what was known then. The attribution store forgets who a row's
///      author was before it was reassigned; here a row that is reassigned gets a number of its own, which remembers the
///      one before it.
library Contributors {
    struct Contributor {
        address account;
        /// What the row's number was before; 0 for an account that handed in documents itself.
        uint32 previous;
        /// How many numbers the row had before.
        uint8 changes;
    }

    struct Registry {
        mapping(address account => uint32) numbers;
        mapping(uint32 number => Contributor) contributors;
        uint32 count;
    }

    /// @notice The number of `account`, a new one when it had none.
    function numberFor(Registry storage self, address account) internal returns (uint32 number) {
        number = self.numbers[account];
        if (number == 0) {
            number = ++self.count;
            self.numbers[account] = number;
            self.contributors[number].account = account;
        }
    }

    /// @notice A new number for a row of `previous`, whose author is `account` from now on.
    function succeed(Registry storage self, uint32 previous, address account) internal returns (uint32 number) {
        number = ++self.count;
        self.contributors[number] = Contributor(account, previous, self.contributors[previous].changes + 1);
    }

    /// @notice The account behind a number when `count` numbers were given; the zero address if there was none.
    function accountAt(Registry storage self, uint32 number, uint32 count) internal view returns (address) {
        while (number > count) {
            number = self.contributors[number].previous;
        }
        return self.contributors[number].account;
    }
}
