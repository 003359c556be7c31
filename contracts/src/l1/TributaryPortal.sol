// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {AttestedOutput} from "./AttestedOutput.sol";
import {DepositMeter} from "./DepositMeter.sol";
import {Deposits} from "./Deposits.sol";
import {Eoa} from "./Eoa.sol";
import {OutputProposals} from "./OutputProposals.sol";
import {SafeCall} from "./SafeCall.sol";
import {SystemConfig} from "./SystemConfig.sol";
import {Withdrawals} from "./Withdrawals.sol";

/// @title TributaryPortal
/// @notice The door between L1 and L2, in the shape of an OP Stack portal of version 4. OPEN is an ERC-20 here and the
///         native currency of L2: a deposit locks it, a withdrawal pays it out. ETH never passes; a call that carries
///         some reverts.
/// @dev Withdrawal pays `value` OPEN to the target by ERC-20 transfer, then, if the message has data, calls the target with
///      it and no ETH. A call that fails takes nothing back: the target keeps the OPEN, and the message is not replayed.
contract TributaryPortal {
    using DepositMeter for DepositMeter.Meter;
    using SafeERC20 for IERC20;

    /// @notice A proof that was accepted from one submitter, and how many seconds of pause there had been before.
    struct ProvenWithdrawal {
        AttestedOutput disputeGameProxy;
        uint64 timestamp;
        uint32 pausedBefore;
    }

    /// @notice L2 gas that all deposits of one L1 block may ask for together.
    uint64 public constant MAX_DEPOSIT_GAS_PER_BLOCK = DepositMeter.CAP;

    /// @dev `l2Sender` outside a withdrawal.
    address private constant NO_SENDER = 0x000000000000000000000000000000000000dEaD;

    /// @dev Sender of gas estimations, for which a failed inner call must be visible (OP Stack convention).
    address private constant ESTIMATION_ADDRESS = address(1);

    /// @notice OPEN on L1.
    IERC20 public immutable openToken;

    /// @notice Accepted output roots, pauses and delays; factory, registry and superchain configuration of the OP Stack's shapes.
    OutputProposals public immutable disputeGameFactory;

    /// @notice Where the chain's parameters are kept.
    SystemConfig public immutable systemConfig;

    /// @notice Whether a withdrawal was paid and called.
    mapping(bytes32 withdrawalHash => bool) public finalizedWithdrawals;

    /// @dev Proofs by withdrawal and submitter.
    mapping(bytes32 withdrawalHash => mapping(address submitter => ProvenWithdrawal)) private proofs;

    /// @notice Submitters of proofs of a withdrawal, in order.
    mapping(bytes32 withdrawalHash => address[]) public proofSubmitters;

    /// @notice Sender on L2 of the withdrawal that is being called.
    address public l2Sender = NO_SENDER;

    DepositMeter.Meter private depositMeter;

    /// @notice A deposit; L2 nodes derive a transaction from each. `opaqueData`: see Deposits.
    event TransactionDeposited(address indexed from, address indexed to, uint256 indexed version, bytes opaqueData);
    event WithdrawalProven(bytes32 indexed withdrawalHash, address indexed from, address indexed to);
    event WithdrawalProvenExtension1(bytes32 indexed withdrawalHash, address indexed proofSubmitter);
    event WithdrawalFinalized(bytes32 indexed withdrawalHash, bool success);

    /// @notice ETH was sent along; OPEN is deposited by `depositERC20Transaction`.
    error NoValue();
    /// @notice A creation names a target, or a withdrawal's target is the portal or OPEN itself.
    error BadTarget();
    /// @notice Below `minimumGasLimit`.
    error SmallGasLimit();
    /// @notice More than 120,000 bytes.
    error LargeCalldata();
    /// @notice The output root proof doesn't hash to the output.
    error InvalidProof();
    /// @notice The storage proof doesn't show the withdrawal.
    error InvalidMerkleProof();
    /// @notice A withdrawal called back into finalization.
    error NonReentrant();
    /// @notice The guardian paused finalizations.
    error OptimismPortal_CallPaused();
    /// @notice Tells gas estimation that the inner call failed.
    error GasEstimation();
    error OptimismPortal_AlreadyFinalized();
    error OptimismPortal_Unproven();
    error OptimismPortal_ProofNotOldEnough();
    error OptimismPortal_InvalidRootClaim();

    constructor(IERC20 openToken_, OutputProposals outputs, SystemConfig systemConfig_) {
        openToken = openToken_;
        disputeGameFactory = outputs;
        systemConfig = systemConfig_;
    }

    // ---- Deposits

    /// @notice Locks `mint` wei of the caller's OPEN (approved before) and has L2 mint it to the caller's L2 account, from
    ///         which the deposited transaction then sends `value`.
    /// @param gasLimit L2 gas. It is paid in L1 gas, which this call burns (DepositMeter): at ordinary load, and a base fee
    ///        of 1 gwei or less, one for one, what the call uses anyway included.
    function depositERC20Transaction(
        address to,
        uint256 mint,
        uint256 value,
        uint64 gasLimit,
        bool isCreation,
        bytes calldata data
    ) external {
        uint256 gasBefore = gasleft();
        uint256 cost = _deposit(Deposits.Request(to, mint, value, gasLimit, isCreation, data));
        if (mint != 0) openToken.safeTransferFrom(msg.sender, address(this), mint);
        DepositMeter.pay(gasBefore, cost);
    }

    /// @notice Deposits a transaction without minting; `value` is sent from what the caller has on L2. Payable only to
    ///         have the OP Stack's shape.
    function depositTransaction(address to, uint256 value, uint64 gasLimit, bool isCreation, bytes calldata data)
        external
        payable
    {
        uint256 gasBefore = gasleft();
        if (msg.value != 0) revert NoValue();
        uint256 cost = _deposit(Deposits.Request(to, 0, value, gasLimit, isCreation, data));
        DepositMeter.pay(gasBefore, cost);
    }

    /// @notice Least `gasLimit` of a deposit with `byteCount` bytes of data.
    function minimumGasLimit(uint64 byteCount) external pure returns (uint64) {
        return Deposits.minimumGasLimit(byteCount);
    }

    /// @notice The market for deposits' L2 gas after the last deposit: price in wei of a unit in the L1 block `prevBlockNum`,
    ///         and what was bought there.
    function params() external view returns (uint128 prevBaseFee, uint64 prevBoughtGas, uint64 prevBlockNum) {
        return (depositMeter.price, depositMeter.boughtGas, depositMeter.blockNumber);
    }

    // ---- Withdrawals

    /// @notice Shows that L2 sent `withdrawal`. Anyone may do it, also during a pause; each submitter's proof ripens for itself.
    ///         Who proves again, which is needed when the output was vetoed, waits from then on.
    /// @param disputeGameIndex Index of an output whose block is at or after the withdrawal's.
    /// @param withdrawalProof Storage proof (eth_getProof) of the message in L2ToL1MessagePasser.
    function proveWithdrawalTransaction(
        Withdrawals.Transaction memory withdrawal,
        uint256 disputeGameIndex,
        Withdrawals.OutputRootProof calldata outputRootProof,
        bytes[] calldata withdrawalProof
    ) external {
        if (_isUnsafeTarget(withdrawal.target)) revert BadTarget();
        (,, AttestedOutput output) = disputeGameFactory.gameAtIndex(disputeGameIndex);
        if (Withdrawals.outputRoot(outputRootProof) != output.rootClaim()) revert InvalidProof();
        bytes32 withdrawalHash = Withdrawals.hash(withdrawal);
        if (!Withdrawals.isSent(withdrawalHash, outputRootProof.messagePasserStorageRoot, withdrawalProof)) {
            revert InvalidMerkleProof();
        }

        proofs[withdrawalHash][msg.sender] =
            ProvenWithdrawal(output, uint64(block.timestamp), uint32(disputeGameFactory.pausedSeconds()));
        proofSubmitters[withdrawalHash].push(msg.sender);
        emit WithdrawalProven(withdrawalHash, withdrawal.sender, withdrawal.target);
        emit WithdrawalProvenExtension1(withdrawalHash, msg.sender);
    }

    /// @notice Pays and calls a withdrawal that the caller proved.
    function finalizeWithdrawalTransaction(Withdrawals.Transaction memory withdrawal) external {
        finalizeWithdrawalTransactionExternalProof(withdrawal, msg.sender);
    }

    /// @notice Pays and calls a withdrawal that `proofSubmitter` proved.
    function finalizeWithdrawalTransactionExternalProof(
        Withdrawals.Transaction memory withdrawal,
        address proofSubmitter
    ) public {
        if (l2Sender != NO_SENDER) revert NonReentrant();
        if (paused()) revert OptimismPortal_CallPaused();
        bytes32 withdrawalHash = Withdrawals.hash(withdrawal);
        checkWithdrawal(withdrawalHash, proofSubmitter);

        finalizedWithdrawals[withdrawalHash] = true;
        l2Sender = withdrawal.sender;
        bool success = _pay(withdrawal);
        l2Sender = NO_SENDER;

        emit WithdrawalFinalized(withdrawalHash, success);
        if (!success && tx.origin == ESTIMATION_ADDRESS) revert GasEstimation();
    }

    /// @notice Reverts, saying why, unless the withdrawal can be finalized now with the proof of `proofSubmitter`.
    function checkWithdrawal(bytes32 withdrawalHash, address proofSubmitter) public view {
        if (finalizedWithdrawals[withdrawalHash]) revert OptimismPortal_AlreadyFinalized();
        (AttestedOutput output, uint64 timestamp) = provenWithdrawals(withdrawalHash, proofSubmitter);
        if (timestamp == 0) revert OptimismPortal_Unproven();
        if (block.timestamp - timestamp <= proofMaturityDelaySeconds()) revert OptimismPortal_ProofNotOldEnough();
        // Not valid during a pause either.
        if (!disputeGameFactory.isGameClaimValid(address(output))) revert OptimismPortal_InvalidRootClaim();
    }

    /// @notice The proof of a withdrawal by a submitter, zeros if there is none.
    /// @return disputeGameProxy The output that it was proved against.
    /// @return timestamp When it was proved, later by the pauses since: from then on the delay counts.
    function provenWithdrawals(bytes32 withdrawalHash, address submitter)
        public
        view
        returns (AttestedOutput disputeGameProxy, uint64 timestamp)
    {
        ProvenWithdrawal memory proven = proofs[withdrawalHash][submitter];
        if (proven.timestamp == 0) return (disputeGameProxy, 0);
        uint256 pausedSince = disputeGameFactory.pausedSeconds() - proven.pausedBefore;
        return (proven.disputeGameProxy, uint64(proven.timestamp + pausedSince));
    }

    /// @notice How many proofs of a withdrawal were accepted.
    function numProofSubmitters(bytes32 withdrawalHash) external view returns (uint256) {
        return proofSubmitters[withdrawalHash].length;
    }

    // ---- Facts in the OP Stack's shape

    /// @notice Version of the OP Stack interface that this contract follows.
    function version() external pure returns (string memory) {
        return "4.0.0";
    }

    /// @notice The only game type.
    function respectedGameType() external view returns (uint32) {
        return disputeGameFactory.GAME_TYPE();
    }

    /// @notice Seconds between proving and finalizing a withdrawal, pauses not counted.
    function proofMaturityDelaySeconds() public view returns (uint256) {
        return disputeGameFactory.proofMaturityDelaySeconds();
    }

    /// @notice Seconds after which an output may be used to finalize withdrawals, pauses not counted.
    function disputeGameFinalityDelaySeconds() external view returns (uint256) {
        return disputeGameFactory.disputeGameFinalityDelaySeconds();
    }

    /// @notice Whether finalizations are paused. Deposits and proofs never are.
    function paused() public view returns (bool) {
        return disputeGameFactory.paused();
    }

    /// @notice Who may pause and veto.
    function guardian() external view returns (address) {
        return disputeGameFactory.guardian();
    }

    /// @notice Whether an output was vetoed.
    function disputeGameBlacklist(address game) external view returns (bool) {
        return disputeGameFactory.isGameBlacklisted(game);
    }

    /// @notice Who knows guardian and pauses.
    function superchainConfig() external view returns (OutputProposals) {
        return disputeGameFactory;
    }

    /// @notice The registry that tools ask why a withdrawal can't be finalized yet.
    function anchorStateRegistry() external view returns (OutputProposals) {
        return disputeGameFactory;
    }

    /// @return cost L1 gas that the deposit must have cost in the end.
    function _deposit(Deposits.Request memory request) private returns (uint256 cost) {
        if (request.isCreation && request.to != address(0)) revert BadTarget();
        if (request.data.length > Deposits.MAX_DATA) revert LargeCalldata();
        if (request.gasLimit < Deposits.minimumGasLimit(uint64(request.data.length))) revert SmallGasLimit();
        cost = depositMeter.take(request.gasLimit);

        address from = Eoa.isCaller() ? msg.sender : Deposits.applyAlias(msg.sender);
        emit TransactionDeposited(from, request.to, Deposits.VERSION, Deposits.opaqueData(request));
    }

    function _pay(Withdrawals.Transaction memory withdrawal) private returns (bool success) {
        if (withdrawal.value != 0) openToken.safeTransfer(withdrawal.target, withdrawal.value);
        if (withdrawal.data.length == 0) return true;
        return SafeCall.callWithMinGas(withdrawal.target, withdrawal.gasLimit, withdrawal.data);
    }

    /// @dev The portal calls targets as itself, and it owns all locked OPEN: a message to the token could move it.
    function _isUnsafeTarget(address target) private view returns (bool) {
        return target == address(this) || target == address(openToken);
    }
}
