// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IPayouts} from "../../interfaces/IPayouts.sol";

/// @title Ledger
/// @notice Who is owed how much of the OPEN that a contract holds. Money enters a module's escrow, leaves it by being owed
///         to somebody, and goes out only by `take`: what came in is always what went out plus the two totals.
library Ledger {
    using SafeCast for uint256;

    struct Book {
        mapping(address account => uint256) owed;
        mapping(address module => uint256) escrow;
        uint128 owedTotal;
        uint128 escrowTotal;
    }

    /// @notice Money came in for a purpose of `module` that isn't decided yet.
    function hold(Book storage self, address module, uint256 amount) internal {
        self.escrow[module] += amount;
        self.escrowTotal += amount.toUint128();
    }

    /// @notice It was decided: parts of the module's escrow belong to accounts. Parts of nothing are passed over.
    function release(Book storage self, address module, IPayouts.Credit[] calldata credits, bytes32 ref) internal {
        uint256 sum;
        for (uint256 i = 0; i < credits.length; ++i) {
            (address account, uint256 amount) = (credits[i].account, credits[i].amount);
            if (amount == 0) continue;
            if (account == address(0)) revert IPayouts.ZeroAccount();
            sum += amount;
            self.owed[account] += amount;
            emit IPayouts.Credited(module, account, ref, amount, credits[i].reason);
        }
        _leave(self, module, sum);
        self.owedTotal += uint128(sum);
        self.escrowTotal -= uint128(sum);
    }

    /// @notice A part of the escrow of `from` becomes that of `to`.
    function move(Book storage self, address from, address to, uint256 amount) internal {
        if (to == address(0)) revert IPayouts.ZeroAccount();
        _leave(self, from, amount);
        self.escrow[to] += amount;
    }

    /// @notice Empties what `account` is owed; the caller must send it.
    function take(Book storage self, address account) internal returns (uint256 amount) {
        amount = self.owed[account];
        self.owed[account] = 0;
        self.owedTotal -= uint128(amount);
    }

    /// @dev No escrow is larger than the total, which has 128 bits: so no sum that passes here has more.
    function _leave(Book storage self, address module, uint256 amount) private {
        uint256 escrow = self.escrow[module];
        if (escrow < amount) revert IPayouts.EscrowTooSmall(module, escrow, amount);
        self.escrow[module] = escrow - amount;
    }
}
