// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICommons} from "../../interfaces/ICommons.sol";
import {IDivision} from "../../interfaces/IDivision.sol";
import {IInference} from "../../interfaces/IInference.sol";
import {IPayouts} from "../../interfaces/IPayouts.sol";

/// @title Pages
/// @notice Contributors by the page, each written once, as it is logged and hashed: those who are paid at once, and those who
///         wait.
library Pages {
    /// @notice All contributors of a settlement. A page is `abi.encode` of an `IInference.Payee[]`.
    struct Book {
        bytes[] pages;
        uint256 count;
        uint256 sum;
    }

    uint256 private constant BPS = 10_000;
    /// @notice Contributors of a page. The first is paid at once; it bounds the gas of a settlement and of each `carry`.
    uint256 internal constant MAX_PAYEES = 128;
    /// @dev Six words, in memory as in its encoding.
    uint256 private constant PAYEE_BYTES = 192;

    function add(Book memory self, IInference.Payee memory payee) internal pure {
        uint256 place = self.count % MAX_PAYEES;
        if (place == 0) _turn(self);
        bytes memory page = self.pages[self.count++ / MAX_PAYEES];
        self.sum += payee.amount;
        assembly ("memory-safe") {
            mstore(page, add(64, mul(add(place, 1), PAYEE_BYTES)))
            mstore(add(page, 64), add(place, 1))
            mcopy(add(add(page, 96), mul(place, PAYEE_BYTES)), payee, PAYEE_BYTES)
        }
    }

    /// @notice What the first page pays, and what binds the others.
    function close(Book memory self, IDivision.Divided memory divided, uint256 protocolBps) internal pure {
        bytes[] memory pages = self.pages;
        uint256 length = (self.count + MAX_PAYEES - 1) / MAX_PAYEES;
        assembly ("memory-safe") {
            mstore(pages, length)
        }
        divided.payees = pages;
        if (length == 0) return;
        divided.page = pay(abi.decode(pages[0], (IInference.Payee[])), protocolBps);
        divided.carriedAmount = self.sum - divided.page.amount;
        for (uint256 i = length - 1; i > 0; --i) {
            divided.carriedHash = keccak256(abi.encode(keccak256(pages[i]), divided.carriedHash));
        }
    }

    function pay(IInference.Payee[] memory payees, uint256 protocolBps)
        internal
        pure
        returns (IDivision.Page memory page)
    {
        page.credits = new IPayouts.Credit[](payees.length);
        for (uint256 i = 0; i < payees.length; ++i) {
            page.credits[i] = IPayouts.Credit(payees[i].account, payees[i].amount, IPayouts.Reason.Contributor);
            page.amount += payees[i].amount;
        }
        page.earned = _earned(payees, protocolBps);
    }

    function _turn(Book memory self) private pure {
        (bytes[] memory pages, uint256 turned) = (self.pages, self.count / MAX_PAYEES);
        if (turned == pages.length) {
            self.pages = new bytes[](2 * turned + 1);
            for (uint256 i = 0; i < turned; ++i) {
                self.pages[i] = pages[i];
            }
        }
        bytes memory page = new bytes(64 + MAX_PAYEES * PAYEE_BYTES);
        assembly ("memory-safe") {
            mstore(add(page, 32), 32)
        }
        self.pages[turned] = page;
    }

    /// @dev In runs of one datanet. A credit draws at most the protocol fee that it bore.
    function _earned(IInference.Payee[] memory payees, uint256 protocolBps)
        private
        pure
        returns (IDivision.Earned[] memory earned)
    {
        earned = new IDivision.Earned[](payees.length);
        uint256 count;
        for (uint256 from = 0; from < payees.length;) {
            uint256 datanetId = payees[from].datanetId;
            uint256 to = from;
            while (to < payees.length && payees[to].datanetId == datanetId) ++to;
            ICommons.Credit[] memory credits = new ICommons.Credit[](to - from);
            for (uint256 i = from; i < to; ++i) {
                uint256 amount = payees[i].amount;
                credits[i - from] = ICommons.Credit(payees[i].account, amount, amount * protocolBps / BPS);
            }
            earned[count++] = IDivision.Earned(datanetId, credits);
            from = to;
        }
        assembly ("memory-safe") {
            mstore(earned, count)
        }
    }
}
