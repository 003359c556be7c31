// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Payees
/// @notice Who claims what an account is owed, where every change takes effect only after a delay.
library Payees {
    struct Payee {
        /// Who claims from `effective` on.
        address next;
        uint64 effective;
        /// Who claims until then; zero is the account itself.
        address current;
    }

    /// @notice A change, whoever claims now, replaces one that is under way; `current` stays until the new one's time.
    function change(Payee storage self, address account, address next, uint64 effective) internal {
        self.current = payeeOf(self, account);
        self.next = next;
        self.effective = effective;
    }

    function payeeOf(Payee storage self, address account) internal view returns (address) {
        uint64 effective = self.effective;
        if (effective == 0) return account;
        return block.timestamp >= effective ? self.next : self.current;
    }
}
