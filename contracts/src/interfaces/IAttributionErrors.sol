// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title IAttributionErrors
/// @notice What the attribution precompiles revert with. Each error names the fault; the call costs what was charged until then.
interface IAttributionErrors {
    /// @notice No function has this selector.
    error UnknownFunction(bytes4 selector);
    /// @notice The call data doesn't decode as the function's arguments, or is longer than any that does.
    error InvalidArguments();
    /// @notice No function takes money.
    error NotPayable(uint256 value);
    /// @notice A state-changing call under STATICCALL, DELEGATECALL or CALLCODE.
    error DirectCallOnly();

    error UnknownSet(uint256 setId);
    error NotOwner(uint256 setId, address caller);
    /// @notice The set is of the other kind (1 sketches, 2 text).
    error WrongKind(uint256 setId, uint8 kind);
    /// @notice The row is beyond the set, or beyond the version asked for.
    error RowOutOfRange(uint256 setId, uint64 row, uint64 rows);
    /// @notice The set has no such version yet.
    error UnknownVersion(uint256 setId, uint64 version, uint64 newest);
    /// @notice Statuses are 0 (active), 1 (refinement) and 2 (withdrawn).
    error UnknownStatus(uint8 status);
    /// @notice A row's status changes at most four times.
    error TooManyChanges(uint256 setId, uint64 row);
    /// @notice The set has as many bytes as a set may have.
    error SetFull(uint256 setId, uint64 size);
    /// @notice A shard doesn't hold what it must.
    error DamagedShard(uint256 setId, uint64 shard);

    /// @notice A dimension is a multiple of 32 in 32..4096.
    error InvalidDimension(uint16 dim);
    error EmptyPayload();
    error PayloadTooLong(uint256 length, uint256 most);
    /// @notice The payload is not a whole number of rows.
    error PartialRow(uint256 length, uint256 rowLength);
    /// @notice A row's exponent is outside the set's band, or the band is not within 0..63.
    error ExponentOutOfRange(uint32 row, uint8 exponent);
    /// @notice A row holds -128; values are -127..127.
    error ValueOutOfRange(uint32 row);
    /// @notice A document or an output is not UTF-8.
    error NotUtf8();

    /// @notice A sketch has another length than the set's dimension.
    error WrongLength(uint256 length, uint256 expected);
    /// @notice The set has no rows to compare with.
    error EmptySet(uint256 setId);
    /// @notice The set's rows carry no labels.
    error NotLabelled(uint256 setId);
    /// @notice DataInf compares rows of equal exponents only.
    error UnequalExponents(uint64 row);
    /// @notice DataInf would divide by zero: a zero row and a zero lambda.
    error ZeroDivisor(uint64 row);
    /// @notice k is zero.
    error ZeroNeighbours();
    /// @notice One to eight queries are scored together.
    error InvalidBatch(uint256 queries);
    /// @notice A score doesn't fit 128 bits.
    error Overflow();
}
