// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title L1Block
/// @notice What L2 knows of L1, at Jovian; predeploy 0x4200000000000000000000000000000000000015. The attributes
///         transaction, first in every block, writes it. The executor reads the fee parameters straight from these
///         slots, so the storage layout is consensus (OP Stack specification, "L1 attributes" of each fork).
contract L1Block {
    /// @notice Sender of attributes transactions; nobody has its key.
    address public constant DEPOSITOR_ACCOUNT = 0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001;

    /// @notice Of how many L1 origins `randaoOf` knows: those of the last 27 hours, and as many as EIP-4788 and EIP-2935 keep.
    uint256 public constant RANDAO_HELD = 8192;

    // slot 0
    /// @notice Number of the block's L1 origin.
    uint64 public number;
    /// @notice Time of the origin, seconds.
    uint64 public timestamp;
    // slot 1
    /// @notice Base fee of the origin, wei.
    uint256 public basefee;
    // slot 2
    /// @notice Hash of the origin.
    bytes32 public hash;
    // slot 3
    /// @notice How many L2 blocks of the same origin came before.
    uint64 public sequenceNumber;
    /// @notice Weight of L1's blob base fee in the L1 data fee.
    uint32 public blobBaseFeeScalar;
    /// @notice Weight of L1's base fee in the L1 data fee.
    uint32 public baseFeeScalar;
    // slot 4
    /// @notice The batcher of this chain, as SystemConfig has it.
    bytes32 public batcherHash;
    // slots 5 and 6, unused since Ecotone
    /// @notice Bedrock's, always zero.
    uint256 public l1FeeOverhead;
    /// @notice Bedrock's, always zero.
    uint256 public l1FeeScalar;
    // slot 7
    /// @notice Blob base fee of the origin, wei.
    uint256 public blobBaseFee;
    // slot 8
    /// @notice Part of the operator fee that each transaction pays, wei.
    uint64 public operatorFeeConstant;
    /// @notice Weight of the gas used in the operator fee.
    uint32 public operatorFeeScalar;
    /// @notice Gas that a byte of a transaction counts as in the DA footprint.
    uint16 public daFootprintGasScalar;
    // slots 9 to 8200, this project's own: what L1's block n drew, at n modulo 8192
    bytes32[RANDAO_HELD] private _randao;

    /// @notice Only the depositor account may set L1 values.
    error NotDepositor();

    /// @notice `l1Number` is before the chain's first L1 origin, too long ago, or still to come.
    error RandaoNotHeld(uint64 l1Number);

    /// @notice Sets all values from packed calldata behind the selector 0x3db6be2b:
    ///         baseFeeScalar u32 ‖ blobBaseFeeScalar u32 ‖ sequenceNumber u64 ‖ timestamp u64 ‖ number u64 ‖ basefee u256 ‖
    ///         blobBaseFee u256 ‖ hash b32 ‖ batcherHash b32 ‖ operatorFeeScalar u32 ‖ operatorFeeConstant u64 ‖
    ///         daFootprintGasScalar u16.
    function setL1BlockValuesJovian() external {
        _setEcotoneValues();
        assembly ("memory-safe") {
            let daFootprint := shl(96, shr(240, calldataload(176)))
            sstore(operatorFeeConstant.slot, or(daFootprint, shr(160, calldataload(164))))
        }
    }

    /// @notice The same without the DA footprint, which becomes zero; selector 0x098999be. Blocks of a chain without Jovian use it.
    function setL1BlockValuesIsthmus() external {
        _setEcotoneValues();
        assembly ("memory-safe") {
            sstore(operatorFeeConstant.slot, shr(160, calldataload(164)))
        }
    }

    /// @notice The same without the operator fee, which stays; selector 0x440a5e20. No block of this chain uses it, tools may.
    function setL1BlockValuesEcotone() external {
        _setEcotoneValues();
    }

    /// @notice The randomness (prevrandao) of an L1 block that was the origin of blocks here. Whoever binds itself before that block and asks
    ///         afterwards got a draw that none of the participants chose; L1's proposers can each withhold one.
    function randaoOf(uint64 l1Number) external view returns (bytes32 randao) {
        uint256 newest = number;
        // No origin is left out, so an entry of the window is the number's own or was never written.
        if (l1Number <= newest && newest - l1Number < RANDAO_HELD) randao = _randao[l1Number % RANDAO_HELD];
        if (randao == 0) revert RandaoNotHeld(l1Number);
    }

    /// @notice Version of the OP Stack interface that this contract follows.
    function version() external pure returns (string memory) {
        return "1.7.0";
    }

    /// @notice The native currency has no token contract on L2: the OP Stack's placeholder address, 18 decimals.
    function gasPayingToken() external pure returns (address addr, uint8 decimals) {
        return (0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE, 18);
    }

    /// @notice Name of the native currency.
    function gasPayingTokenName() external pure returns (string memory) {
        return "OPEN";
    }

    /// @notice Symbol of the native currency.
    function gasPayingTokenSymbol() external pure returns (string memory) {
        return "OPEN";
    }

    /// @notice The OP Stack's custom gas token feature isn't used: OPEN is the native currency of the protocol itself.
    function isCustomGasToken() external pure returns (bool) {
        return false;
    }

    /// @dev Two or three values share a slot in the order of the calldata, so each slot is one shifted load.
    function _setEcotoneValues() private {
        if (msg.sender != DEPOSITOR_ACCOUNT) revert NotDepositor();
        uint256 l1Number;
        assembly ("memory-safe") {
            l1Number := and(shr(128, calldataload(20)), 0xffffffffffffffff)
        }
        // Each block has the randomness of its L1 origin, so that the first one's is enough.
        if (l1Number != number) _randao[l1Number % RANDAO_HELD] = bytes32(block.prevrandao);
        assembly ("memory-safe") {
            sstore(sequenceNumber.slot, shr(128, calldataload(4)))
            sstore(number.slot, shr(128, calldataload(20)))
            sstore(basefee.slot, calldataload(36))
            sstore(blobBaseFee.slot, calldataload(68))
            sstore(hash.slot, calldataload(100))
            sstore(batcherHash.slot, calldataload(132))
        }
    }
}
