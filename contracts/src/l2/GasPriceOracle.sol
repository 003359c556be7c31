// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {LibZip} from "solady/src/utils/LibZip.sol";
import {L1Block} from "./L1Block.sol";
import {Predeploys} from "./Predeploys.sol";

/// @title GasPriceOracle
/// @notice Fees of a transaction as a contract or wallet can ask for them, at Jovian; predeploy
///         0x420000000000000000000000000000000000000F. Only an estimate is possible here: the executor charges for the
///         exact bytes of the signed transaction.
contract GasPriceOracle {
    /// @notice Decimals of the fee scalars.
    uint256 public constant DECIMALS = 6;

    /// @dev Fjord's regression from FastLZ length to the batcher's brotli length, scaled by 1e6.
    int256 private constant COST_INTERCEPT = -42_585_600;
    uint256 private constant COST_FASTLZ_COEF = 836_500;
    uint256 private constant MIN_TRANSACTION_SIZE = 100;

    /// @dev Bytes that a signature adds to an unsigned transaction.
    uint256 private constant SIGNATURE_SIZE = 68;

    L1Block private constant L1_BLOCK = L1Block(Predeploys.L1_BLOCK);

    /// @notice Forks; genesis sets those that the chain has, so that the flags of slot 0 read as on any OP Stack chain.
    bool public isEcotone;
    /// @notice Whether the chain has Fjord: sizes are estimated by FastLZ.
    bool public isFjord;
    /// @notice Whether the chain has Isthmus: there is an operator fee.
    bool public isIsthmus;
    /// @notice Whether the chain has Jovian: the scaled part of the operator fee is times 100, and not divided by 10⁶.
    bool public isJovian;

    /// @notice Bedrock's fee parameters don't exist since Ecotone.
    error Deprecated();

    /// @notice L1 data fee, in wei, of the unsigned RLP-encoded transaction `data`.
    function getL1Fee(bytes memory data) external view returns (uint256) {
        return _l1Cost(LibZip.flzCompress(data).length + SIGNATURE_SIZE);
    }

    /// @notice Upper bound of the L1 data fee of an unsigned transaction of `unsignedTxSize` bytes (holds for 99.99 %).
    function getL1FeeUpperBound(uint256 unsignedTxSize) external view returns (uint256) {
        uint256 size = unsignedTxSize + SIGNATURE_SIZE;
        return _l1Cost(size + size / 255 + 16);
    }

    /// @notice Estimated L1 gas of the transaction's bytes, at 16 gas a byte.
    function getL1GasUsed(bytes memory data) external pure returns (uint256) {
        return _estimatedSize(LibZip.flzCompress(data).length + SIGNATURE_SIZE) * 16 / 1e6;
    }

    /// @notice Operator fee, in wei, of a transaction that uses `gasUsed` gas; saturating as the executor does.
    function getOperatorFee(uint256 gasUsed) external view returns (uint256) {
        uint256 scaled = Math.saturatingMul(gasUsed, L1_BLOCK.operatorFeeScalar());
        uint256 fee = isJovian ? Math.saturatingMul(scaled, 100) : scaled / 1e6;
        return Math.saturatingAdd(fee, L1_BLOCK.operatorFeeConstant());
    }

    /// @notice Base fee of the block, wei: the name from before EIP-1559.
    function gasPrice() external view returns (uint256) {
        return block.basefee;
    }

    /// @notice Base fee of the block, wei.
    function baseFee() external view returns (uint256) {
        return block.basefee;
    }

    /// @notice L1's base fee at the block's origin, wei.
    function l1BaseFee() public view returns (uint256) {
        return L1_BLOCK.basefee();
    }

    /// @notice L1's blob base fee at the block's origin, wei.
    function blobBaseFee() public view returns (uint256) {
        return L1_BLOCK.blobBaseFee();
    }

    /// @notice Weight of L1's base fee in the L1 data fee.
    function baseFeeScalar() public view returns (uint32) {
        return L1_BLOCK.baseFeeScalar();
    }

    /// @notice Weight of L1's blob base fee in the L1 data fee.
    function blobBaseFeeScalar() public view returns (uint32) {
        return L1_BLOCK.blobBaseFeeScalar();
    }

    /// @notice The same as `DECIMALS`.
    function decimals() external pure returns (uint256) {
        return DECIMALS;
    }

    /// @notice Reverts: see `Deprecated`.
    function overhead() external pure returns (uint256) {
        revert Deprecated();
    }

    /// @notice Reverts: see `Deprecated`.
    function scalar() external pure returns (uint256) {
        revert Deprecated();
    }

    /// @notice Version of the OP Stack interface that this contract follows.
    function version() external pure returns (string memory) {
        return "1.6.0";
    }

    function _l1Cost(uint256 fastLzSize) private view returns (uint256) {
        uint256 feeScaled = uint256(baseFeeScalar()) * 16 * l1BaseFee() + uint256(blobBaseFeeScalar()) * blobBaseFee();
        return _estimatedSize(fastLzSize) * feeScaled / 10 ** (DECIMALS * 2);
    }

    /// @dev Estimated compressed size in millionths of a byte, at least 100 bytes.
    function _estimatedSize(uint256 fastLzSize) private pure returns (uint256) {
        int256 estimated = COST_INTERCEPT + int256(COST_FASTLZ_COEF * fastLzSize);
        int256 least = int256(MIN_TRANSACTION_SIZE * 1e6);
        return uint256(estimated < least ? least : estimated);
    }
}
