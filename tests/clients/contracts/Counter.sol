// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.24;

/// What clients are tried with: writes, reads, an event, and each way in which Solidity fails.
contract Counter {
    enum Colour {
        Red,
        Green
    }

    error LimitExceeded(address who, uint256 limit, uint256 wanted);
    error Closed();

    event Counted(address indexed who, uint256 amount, string note);

    uint256 public immutable limit;
    uint256 public total;
    mapping(address who => uint256) public counted;
    uint256[] private items;

    constructor(uint256 limit_) {
        if (limit_ == 0) revert Closed();
        limit = limit_;
    }

    function count(uint256 amount, string calldata note) external returns (uint256) {
        if (total + amount > limit) revert LimitExceeded(msg.sender, limit, total + amount);
        total += amount;
        counted[msg.sender] += amount;
        emit Counted(msg.sender, amount, note);
        return total;
    }

    /// Never ends.
    function spin() external {
        while (true) total += 1;
    }

    function failWithReason() external pure {
        revert("no such luck");
    }

    function failWithoutWords() external pure {
        revert();
    }

    function failWithError() external pure {
        revert Closed();
    }

    function failByAssertion() external pure {
        assert(false);
    }

    function failByOverflow(uint256 number) external pure returns (uint256) {
        return number + type(uint256).max;
    }

    function failByDivision(uint256 divisor) external pure returns (uint256) {
        return 1 / divisor;
    }

    function failByEnum(uint256 number) external pure returns (Colour) {
        return Colour(number);
    }

    function failByPop() external {
        items.pop();
    }

    function failByIndex(uint256 index) external view returns (uint256) {
        return items[index];
    }

    function failByMemory(uint256 length) external pure returns (uint256) {
        return new uint256[](length).length;
    }

    function failByPointer() external pure returns (uint256) {
        function() internal pure returns (uint256) nowhere;
        return nowhere();
    }

    function failByInvalidOpcode() external pure {
        assembly ("memory-safe") {
            invalid()
        }
    }
}
