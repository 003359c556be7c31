// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Ledger
/// @notice Who is owed how much of the native currency a contract holds. Money enters escrow, leaves it by being owed to
///         somebody, and goes out only by `take`: what came in is always what went out plus `escrowed` plus `owedTotal`.
library Ledger {
    struct Book {
        mapping(address account => uint256) owed;
        uint256 owedTotal;
        uint256 escrowed;
    }

    /// @notice Money came in for a purpose that isn't decided yet.
    function hold(Book storage self, uint256 amount) internal {
        self.escrowed += amount;
    }

    /// @notice It was decided: part of the escrow belongs to `account`.
    function release(Book storage self, address account, uint256 amount) internal {
        self.escrowed -= amount;
        self.owed[account] += amount;
        self.owedTotal += amount;
    }

    /// @notice Empties what `account` is owed; the caller must send it.
    function take(Book storage self, address account) internal returns (uint256 amount) {
        amount = self.owed[account];
        self.owed[account] = 0;
        self.owedTotal -= amount;
    }
}
