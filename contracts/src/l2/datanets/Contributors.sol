// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

/// @title Contributors
/// @notice Numbers the contributors of a datanet. Rows of the attribution store carry 32 bits for their contributor; this
///         is the map between those and addresses, in both directions. Numbers start at 1; 0 means none.
/// @dev Numbers only grow, so the greatest of a moment tells what was known then. The attribution store forgets who a row's
///      author was before it was reassigned; here a row that is reassigned gets a number of its own, and the row's authors by
///      number are kept: whoever was it at a moment is found in logarithmic time, however often a row changed hands.
library Contributors {
    using Checkpoints for Checkpoints.Trace224;

    struct Contributor {
        address account;
        /// One more than the row that the number was given for; 0 for an account that handed in documents itself.
        uint64 row;
    }

    struct Registry {
        mapping(address account => uint32) numbers;
        mapping(uint32 number => Contributor) contributors;
        mapping(uint64 row => Checkpoints.Trace224) authors;
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

    /// @notice A new number for `row`, whose number was `previous` and whose author is `account` from now on.
    function succeed(Registry storage self, uint64 row, uint32 previous, address account)
        internal
        returns (uint32 number)
    {
        Checkpoints.Trace224 storage authors = self.authors[row];
        if (authors.length() == 0) authors.push(previous, uint160(self.contributors[previous].account));
        number = ++self.count;
        authors.push(number, uint160(account));
        self.contributors[number] = Contributor(account, row + 1);
    }

    /// @notice The account behind a number when `count` numbers were given; the zero address if there was none.
    function accountAt(Registry storage self, uint32 number, uint32 count) internal view returns (address) {
        Contributor storage found = self.contributors[number];
        if (number <= count || found.row == 0) return number <= count ? found.account : address(0);
        return address(uint160(self.authors[found.row - 1].upperLookup(count)));
    }
}
