// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title OperatorFeeVault
/// @notice Collects the operator fee of Isthmus; predeploy 0x420000000000000000000000000000000000001b. The same
///         interface and events as the three vaults of the OP Stack package, which is older than this fee.
contract OperatorFeeVault {
    /// @notice Where `withdraw` sends the fees to.
    enum WithdrawalNetwork {
        L1,
        L2
    }

    /// @notice Who gets the fees.
    address public immutable RECIPIENT;
    /// @notice Least balance that `withdraw` sends, wei.
    uint256 public immutable MIN_WITHDRAWAL_AMOUNT;
    /// @notice Always L2: the recipient can withdraw to L1 like anybody.
    WithdrawalNetwork public constant WITHDRAWAL_NETWORK = WithdrawalNetwork.L2;

    /// @notice Sum of all withdrawals, in wei.
    uint256 public totalProcessed;

    event Withdrawal(uint256 value, address to, address from);
    event Withdrawal(uint256 value, address to, address from, WithdrawalNetwork withdrawalNetwork);

    constructor(address recipient, uint256 minWithdrawalAmount) {
        RECIPIENT = recipient;
        MIN_WITHDRAWAL_AMOUNT = minWithdrawalAmount;
    }

    receive() external payable {}

    /// @notice Sends everything to the recipient. Anyone may call it.
    function withdraw() external {
        uint256 value = address(this).balance;
        require(
            value >= MIN_WITHDRAWAL_AMOUNT, "FeeVault: withdrawal amount must be greater than minimum withdrawal amount"
        );
        totalProcessed += value;
        emit Withdrawal(value, RECIPIENT, msg.sender);
        emit Withdrawal(value, RECIPIENT, msg.sender, WITHDRAWAL_NETWORK);
        (bool success,) = RECIPIENT.call{value: value}("");
        require(success, "FeeVault: failed to send ETH to L2 fee recipient");
    }

    /// @notice Version of the OP Stack interface that this contract follows.
    function version() external pure returns (string memory) {
        return "1.0.0";
    }
}
