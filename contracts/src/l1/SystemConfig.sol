// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Owned} from "./Owned.sol";

/// @title SystemConfig
/// @notice The parameters of the L2 chain that may change while it runs. Derivation reads the `ConfigUpdate` events
///         (OP Stack specification, "System Config"), never the storage; the getters are for people and tools.
contract SystemConfig is Owned {
    /// @notice Kinds of `ConfigUpdate`; the numbers are consensus.
    enum UpdateType {
        BATCHER,
        FEE_SCALARS,
        GAS_LIMIT,
        UNSAFE_BLOCK_SIGNER,
        EIP_1559_PARAMS,
        OPERATOR_FEE_PARAMS,
        MIN_BASE_FEE,
        DA_FOOTPRINT_GAS_SCALAR
    }

    /// @notice Everything that a chain starts with. Must equal `genesis.system_config` of its rollup.json.
    struct Init {
        address owner;
        address batcher;
        address batchInbox;
        address unsafeBlockSigner;
        uint64 gasLimit;
        uint32 basefeeScalar;
        uint32 blobbasefeeScalar;
        uint32 eip1559Denominator;
        uint32 eip1559Elasticity;
        uint32 operatorFeeScalar;
        uint64 operatorFeeConstant;
        uint64 minBaseFee;
        uint16 daFootprintGasScalar;
    }

    /// @notice Version of the `ConfigUpdate` event, its first topic.
    uint256 public constant VERSION = 0;

    /// @notice The lowest L2 gas limit: all deposits of one L1 block and the attributes transaction must fit in one
    ///         L2 block, or the chain would stop. See TributaryPortal.MAX_DEPOSIT_GAS_PER_BLOCK.
    uint64 public constant minimumGasLimit = 21_000_000;

    /// @notice The highest L2 gas limit, a bound against a slip of the owner's hand.
    uint64 public constant maximumGasLimit = 10_000_000_000;

    /// @notice Layout of the fee scalar word since Ecotone.
    uint256 private constant ECOTONE_SCALAR_VERSION = uint256(0x01) << 248;

    /// @notice First L1 block that can hold data of this chain.
    uint256 public immutable startBlock;

    /// @notice Address to which batches are sent. Fixed: derivation has no update for it.
    address public immutable batchInbox;

    /// @notice Versioned hash that authenticates the batcher: version 0 is an address, left-padded.
    bytes32 public batcherHash;

    /// @notice Ecotone encoding of both fee scalars: version byte 1, blob base fee scalar in bits 32..64, base fee scalar in bits 0..32.
    uint256 public scalar;

    /// @notice Key that signs unsafe blocks.
    address public unsafeBlockSigner;

    /// @notice Gas limit of an L2 block.
    uint64 public gasLimit;
    /// @notice By what part the L2 base fee moves at most: 1 / denominator a block.
    uint32 public eip1559Denominator;

    /// @notice How many times its gas target an L2 block may hold.
    uint32 public eip1559Elasticity;
    /// @notice Weight of L1's base fee in the L1 data fee, scaled by 10⁶.
    uint32 public basefeeScalar;
    /// @notice Weight of L1's blob base fee in the L1 data fee, scaled by 10⁶.
    uint32 public blobbasefeeScalar;
    /// @notice Weight of the gas used in the operator fee.
    uint32 public operatorFeeScalar;
    /// @notice Part of the operator fee that each transaction pays, wei.
    uint64 public operatorFeeConstant;

    /// @notice The least base fee of an L2 block, wei.
    uint64 public minBaseFee;
    /// @notice Gas that a byte of a transaction's estimated compressed size counts as in its block's DA footprint; 0 means 400.
    uint16 public daFootprintGasScalar;

    /// @notice A parameter changed. `data` is ABI-encoded as the specification says for each type.
    event ConfigUpdate(uint256 indexed version, UpdateType indexed updateType, bytes data);

    /// @notice The gas limit is outside `minimumGasLimit..=maximumGasLimit`.
    error GasLimitOutOfRange(uint64 gasLimit);
    /// @notice Denominator and elasticity must both be at least 1.
    error InvalidEip1559Params(uint32 denominator, uint32 elasticity);

    constructor(Init memory init) Owned(init.owner) {
        startBlock = block.number;
        batchInbox = init.batchInbox;
        _setBatcherHash(bytes32(uint256(uint160(init.batcher))));
        _setGasConfigEcotone(init.basefeeScalar, init.blobbasefeeScalar);
        _setGasLimit(init.gasLimit);
        _setUnsafeBlockSigner(init.unsafeBlockSigner);
        _setEIP1559Params(init.eip1559Denominator, init.eip1559Elasticity);
        _setOperatorFeeScalars(init.operatorFeeScalar, init.operatorFeeConstant);
        // Not announced, as the specification has it: who derives the chain has both from its rollup.json.
        minBaseFee = init.minBaseFee;
        daFootprintGasScalar = init.daFootprintGasScalar;
    }

    /// @notice Names another batcher, for the L1 blocks after this one.
    function setBatcherHash(bytes32 newBatcherHash) external onlyOwner {
        _setBatcherHash(newBatcherHash);
    }

    /// @notice Sets both scalars of the L1 data fee.
    function setGasConfigEcotone(uint32 newBasefeeScalar, uint32 newBlobbasefeeScalar) external onlyOwner {
        _setGasConfigEcotone(newBasefeeScalar, newBlobbasefeeScalar);
    }

    /// @notice Sets the gas limit of L2 blocks, within its bounds.
    function setGasLimit(uint64 newGasLimit) external onlyOwner {
        _setGasLimit(newGasLimit);
    }

    /// @notice Names another signer of unsafe blocks.
    function setUnsafeBlockSigner(address newSigner) external onlyOwner {
        _setUnsafeBlockSigner(newSigner);
    }

    /// @notice Sets how fast, and up to what, L2 blocks follow demand.
    function setEIP1559Params(uint32 denominator, uint32 elasticity) external onlyOwner {
        _setEIP1559Params(denominator, elasticity);
    }

    /// @notice Sets both parts of the operator fee.
    function setOperatorFeeScalars(uint32 newScalar, uint64 newConstant) external onlyOwner {
        _setOperatorFeeScalars(newScalar, newConstant);
    }

    /// @notice Sets the least base fee of L2 blocks, wei.
    function setMinBaseFee(uint64 newMinBaseFee) external onlyOwner {
        minBaseFee = newMinBaseFee;
        emit ConfigUpdate(VERSION, UpdateType.MIN_BASE_FEE, abi.encode(newMinBaseFee));
    }

    /// @notice Sets what a byte of a transaction counts as in the DA footprint; 0 means 400.
    function setDAFootprintGasScalar(uint16 newScalar) external onlyOwner {
        daFootprintGasScalar = newScalar;
        emit ConfigUpdate(VERSION, UpdateType.DA_FOOTPRINT_GAS_SCALAR, abi.encode(newScalar));
    }

    /// @notice Version of the OP Stack interface that this contract follows.
    function version() external pure returns (string memory) {
        return "2.5.0";
    }

    /// @notice Unused since Ecotone; always zero.
    function overhead() external pure returns (uint256) {
        return 0;
    }

    function _setBatcherHash(bytes32 newBatcherHash) private {
        batcherHash = newBatcherHash;
        emit ConfigUpdate(VERSION, UpdateType.BATCHER, abi.encode(newBatcherHash));
    }

    function _setGasConfigEcotone(uint32 newBasefeeScalar, uint32 newBlobbasefeeScalar) private {
        basefeeScalar = newBasefeeScalar;
        blobbasefeeScalar = newBlobbasefeeScalar;
        scalar = ECOTONE_SCALAR_VERSION | (uint256(newBlobbasefeeScalar) << 32) | newBasefeeScalar;
        emit ConfigUpdate(VERSION, UpdateType.FEE_SCALARS, abi.encode(uint256(0), scalar));
    }

    function _setGasLimit(uint64 newGasLimit) private {
        if (newGasLimit < minimumGasLimit || newGasLimit > maximumGasLimit) revert GasLimitOutOfRange(newGasLimit);
        gasLimit = newGasLimit;
        emit ConfigUpdate(VERSION, UpdateType.GAS_LIMIT, abi.encode(newGasLimit));
    }

    function _setUnsafeBlockSigner(address newSigner) private {
        unsafeBlockSigner = newSigner;
        emit ConfigUpdate(VERSION, UpdateType.UNSAFE_BLOCK_SIGNER, abi.encode(newSigner));
    }

    function _setEIP1559Params(uint32 denominator, uint32 elasticity) private {
        // Zero means "use the chain's constants" in a header, so the specification forbids it here.
        if (denominator == 0 || elasticity == 0) revert InvalidEip1559Params(denominator, elasticity);
        eip1559Denominator = denominator;
        eip1559Elasticity = elasticity;
        emit ConfigUpdate(VERSION, UpdateType.EIP_1559_PARAMS, abi.encode((uint256(denominator) << 32) | elasticity));
    }

    function _setOperatorFeeScalars(uint32 newScalar, uint64 newConstant) private {
        operatorFeeScalar = newScalar;
        operatorFeeConstant = newConstant;
        emit ConfigUpdate(VERSION, UpdateType.OPERATOR_FEE_PARAMS, abi.encode((uint256(newScalar) << 64) | newConstant));
    }
}
