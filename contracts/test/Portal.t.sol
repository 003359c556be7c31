// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {L1Test} from "./L1Test.sol";
import {StorageProof} from "./StorageProof.sol";
import {Vm} from "./Vm.sol";
import {WithdrawalTest} from "./WithdrawalTest.sol";
import {AttestedOutput} from "../src/l1/AttestedOutput.sol";
import {DepositMeter} from "../src/l1/DepositMeter.sol";
import {OutputProposals} from "../src/l1/OutputProposals.sol";
import {SafeCall} from "../src/l1/SafeCall.sol";
import {TributaryPortal} from "../src/l1/TributaryPortal.sol";
import {Withdrawals} from "../src/l1/Withdrawals.sol";

contract PortalDepositTest is L1Test {
    address private constant alice = address(0xA11CE);
    uint64 private constant enough = 1_000_000;

    function setUp() public {
        deployL1();
        open.transfer(alice, 1_000 ether);
        vm.prank(alice);
        open.approve(address(portal), type(uint256).max);
    }

    function testFuzz_ADepositLocksOpenAndSaysSoInTheSpecifiedBytes(
        address to,
        uint256 mint,
        uint256 value,
        uint64 gasLimit,
        bytes calldata data
    ) public {
        vm.assume(data.length <= 1_000);
        mint = bound(mint, 0, 1_000 ether);
        gasLimit = uint64(bound(gasLimit, portal.minimumGasLimit(uint64(data.length)), 20_000_000));
        vm.expectEmit(address(portal));
        emit TributaryPortal.TransactionDeposited(
            alice, to, 0, abi.encodePacked(bytes32(mint), bytes32(value), bytes8(gasLimit), bytes1(0), data)
        );
        vm.prank(alice, alice);
        portal.depositERC20Transaction(to, mint, value, gasLimit, false, data);
        vm.assertEq(open.balanceOf(address(portal)), mint, "locked");
    }

    function test_ACreationIsMarkedAndNamesNoTarget() public {
        vm.expectEmit(address(portal));
        emit TributaryPortal.TransactionDeposited(
            alice, address(0), 0, abi.encodePacked(uint256(0), uint256(0), enough, true, hex"6001")
        );
        vm.prank(alice, alice);
        portal.depositTransaction(address(0), 0, enough, true, hex"6001");
        vm.expectRevert(TributaryPortal.BadTarget.selector);
        portal.depositTransaction(alice, 0, enough, true, hex"6001");
    }

    function test_AContractDepositsUnderItsAlias() public {
        address sender = address(type(uint160).max);
        vm.expectEmit(address(portal));
        emit TributaryPortal.TransactionDeposited(
            // Modulo 2^160.
            address(0x1111000000000000000000000000000000001110),
            alice,
            0,
            abi.encodePacked(uint256(0), uint256(5), enough, false)
        );
        vm.prank(sender, alice);
        portal.depositTransaction(alice, 5, enough, false, "");
    }

    function expectDepositFrom(address from) private {
        vm.expectEmit(address(portal));
        emit TributaryPortal.TransactionDeposited(
            from, alice, 0, abi.encodePacked(uint256(0), uint256(5), enough, false)
        );
    }

    function testFuzz_ADelegatedAccountThatASponsorCallsKeepsItsAddress(address delegate, address sponsor) public {
        vm.assume(sponsor != alice);
        vm.etch(alice, abi.encodePacked(hex"ef0100", delegate));
        expectDepositFrom(alice);
        vm.prank(alice, sponsor);
        portal.depositTransaction(alice, 5, enough, false, "");
    }

    function testFuzz_OtherCodeIsAContract(bytes23 code, uint8 length) public {
        vm.assume(bytes3(code) != 0xef0100 && bytes1(code) != 0xef);
        address sender = address(0xC0DE);
        vm.etch(sender, abi.encodePacked(code));
        expectDepositFrom(address(0x111100000000000000000000000000000000D1eF));
        vm.prank(sender, alice);
        portal.depositTransaction(alice, 5, enough, false, "");
        // As many bytes as `length` says, none of them a delegation's.
        bytes memory other = new bytes(length);
        vm.etch(sender, other);
        expectDepositFrom(address(0x111100000000000000000000000000000000D1eF));
        vm.prank(sender, alice);
        portal.depositTransaction(alice, 5, enough, false, "");
    }

    function test_EthIsRefused() public {
        vm.deal(alice, 2);
        vm.expectRevert(TributaryPortal.NoValue.selector);
        vm.prank(alice, alice);
        portal.depositTransaction{value: 1}(alice, 1, enough, false, "");
        vm.prank(alice);
        (bool accepted,) = address(portal).call{value: 1}("");
        vm.assertTrue(!accepted, "plain transfer");
    }

    function testFuzz_GasBelowTheMinimumIsRefused(uint16 length, uint64 gasLimit) public {
        bytes memory data = new bytes(bound(length, 0, 2_000));
        uint64 minimum = uint64(21_000 + 40 * data.length);
        vm.expectRevert(TributaryPortal.SmallGasLimit.selector);
        portal.depositTransaction(alice, 0, uint64(bound(gasLimit, 0, minimum - 1)), false, data);
        portal.depositTransaction(alice, 0, minimum, false, data);
    }

    function test_DataAboveTheLimitIsRefused() public {
        portal.depositTransaction(alice, 0, 10_000_000, false, new bytes(120_000));
        vm.expectRevert(TributaryPortal.LargeCalldata.selector);
        portal.depositTransaction(alice, 0, 10_000_000, false, new bytes(120_001));
    }

    function test_DepositsOfOneL1BlockShareTwentyMillionGas() public {
        portal.depositTransaction(alice, 0, 15_000_000, false, "");
        portal.depositTransaction(alice, 0, 5_000_000, false, "");
        vm.expectRevert(DepositMeter.OutOfGas.selector);
        portal.depositTransaction(alice, 0, 21_000, false, "");
        vm.expectRevert(DepositMeter.OutOfGas.selector);
        portal.depositTransaction(alice, 0, type(uint64).max, false, "");
        vm.roll(vm.getBlockNumber() + 1);
        portal.depositTransaction(alice, 0, 20_000_000, false, "");
    }

    function test_MintingMoreThanTheCallerHasChangesNothing() public {
        vm.expectRevert();
        vm.prank(alice, alice);
        portal.depositERC20Transaction(alice, 1_000 ether + 1, 0, enough, false, "");
        vm.assertEq(open.balanceOf(address(portal)), 0, "locked");
    }
}

contract PortalWithdrawalTest is WithdrawalTest {
    function setUp() public {
        deployL1();
        open.transfer(address(portal), locked);
    }

    function testFuzz_AProvenWithdrawalIsPaidOnceAfterItsTime(uint256 value, address target) public {
        vm.assume(target != address(portal) && target != address(open) && target != address(0));
        value = bound(value, 0, locked);
        Withdrawals.Transaction memory withdrawal = withdrawalTo(target, value, "");
        uint256 before = open.balanceOf(target);
        bytes32 hash = prove(withdrawal);
        ripen();
        vm.expectEmit(address(portal));
        emit TributaryPortal.WithdrawalFinalized(hash, true);
        portal.finalizeWithdrawalTransaction(withdrawal);
        vm.assertEq(open.balanceOf(target), before + value, "paid");
        vm.assertEq(open.balanceOf(address(portal)), locked - value, "left");
        vm.expectRevert(TributaryPortal.OptimismPortal_AlreadyFinalized.selector);
        portal.finalizeWithdrawalTransaction(withdrawal);
    }

    function test_ProvingIsRecordedInTheShapesThatToolsRead() public {
        bytes32 hash = prove(withdrawalTo(bob, 1, ""));
        vm.assertEq(portal.numProofSubmitters(hash), 1, "submitters");
        vm.assertEq(portal.proofSubmitters(hash, 0), address(this), "submitter");
        (AttestedOutput output, uint64 timestamp) = portal.provenWithdrawals(hash, address(this));
        vm.assertEq(timestamp, vm.getBlockTimestamp(), "time");
        vm.assertTrue(outputs.isGameProper(address(output)), "output");
    }

    function test_AProofOfATrieOfOneLeafIsAccepted() public {
        Withdrawals.Transaction memory withdrawal = withdrawalTo(bob, 1, "");
        (bytes32 storageRoot, bytes[] memory proof) = StorageProof.alone(hashOf(withdrawal));
        Withdrawals.OutputRootProof memory rootProof = Withdrawals.OutputRootProof(0, 0, storageRoot, 0);
        propose(10, keccak256(abi.encode(rootProof)));
        portal.proveWithdrawalTransaction(withdrawal, 0, rootProof, proof);
        vm.assertEq(portal.numProofSubmitters(hashOf(withdrawal)), 1, "submitters");
    }

    function test_BeforeItsTimeAWithdrawalIsRefused() public {
        Withdrawals.Transaction memory withdrawal = withdrawalTo(bob, 1, "");
        vm.expectRevert(TributaryPortal.OptimismPortal_Unproven.selector);
        portal.finalizeWithdrawalTransaction(withdrawal);
        prove(withdrawal);
        vm.warp(vm.getBlockTimestamp() + maturity);
        vm.expectRevert(TributaryPortal.OptimismPortal_ProofNotOldEnough.selector);
        portal.finalizeWithdrawalTransaction(withdrawal);
    }

    function test_AnOutputInItsFinalityDelayPaysNothing() public {
        // A proof ripens sooner than an output becomes final.
        OutputProposals.Init memory init = outputsInit();
        init.proofMaturityDelaySeconds = 0;
        outputs = new OutputProposals(init);
        portal = new TributaryPortal(open, outputs, config);
        Withdrawals.Transaction memory withdrawal = withdrawalTo(bob, 0, "");
        prove(withdrawal);
        vm.warp(vm.getBlockTimestamp() + 1);
        vm.expectRevert(TributaryPortal.OptimismPortal_InvalidRootClaim.selector);
        portal.finalizeWithdrawalTransaction(withdrawal);
        vm.warp(vm.getBlockTimestamp() + finality);
        portal.finalizeWithdrawalTransaction(withdrawal);
    }

    function test_AProofRipensForItsSubmitterAndAnyoneMayUseIt() public {
        Withdrawals.Transaction memory withdrawal = withdrawalTo(bob, 1, "");
        prove(withdrawal);
        ripen();
        vm.expectRevert(TributaryPortal.OptimismPortal_Unproven.selector);
        vm.prank(bob);
        portal.finalizeWithdrawalTransaction(withdrawal);
        vm.prank(bob);
        portal.finalizeWithdrawalTransactionExternalProof(withdrawal, address(this));
        vm.assertEq(open.balanceOf(bob), 1, "paid");
    }

    function testFuzz_AChangedWithdrawalIsNotProven(uint8 field, uint256 change) public {
        change = bound(change, 1, type(uint128).max);
        Withdrawals.Transaction memory withdrawal = withdrawalTo(bob, 1, "");
        (uint256 index, Withdrawals.OutputRootProof memory rootProof, bytes[] memory proof) = publish(withdrawal);
        if (field % 4 == 0) withdrawal.value += change;
        if (field % 4 == 1) withdrawal.nonce += change;
        if (field % 4 == 2) withdrawal.target = address(uint160(bob) + uint160(change));
        if (field % 4 == 3) withdrawal.data = abi.encode(change);
        vm.assume(withdrawal.target != address(portal) && withdrawal.target != address(open));
        vm.expectRevert(TributaryPortal.InvalidMerkleProof.selector);
        portal.proveWithdrawalTransaction(withdrawal, index, rootProof, proof);
    }

    function testFuzz_AProofWithOneChangedByteIsRefused(uint256 node, uint256 position, uint8 change) public {
        Withdrawals.Transaction memory withdrawal = withdrawalTo(bob, 1, "");
        (uint256 index, Withdrawals.OutputRootProof memory rootProof, bytes[] memory proof) = publish(withdrawal);
        bytes memory changed = proof[node % proof.length];
        position %= changed.length;
        changed[position] ^= bytes1(uint8(bound(change, 1, 255)));
        vm.expectRevert();
        portal.proveWithdrawalTransaction(withdrawal, index, rootProof, proof);
    }

    function test_AnotherOutputRootIsRefused() public {
        Withdrawals.Transaction memory withdrawal = withdrawalTo(bob, 1, "");
        (uint256 index, Withdrawals.OutputRootProof memory rootProof, bytes[] memory proof) = publish(withdrawal);
        rootProof.stateRoot = keccak256("another state");
        vm.expectRevert(TributaryPortal.InvalidProof.selector);
        portal.proveWithdrawalTransaction(withdrawal, index, rootProof, proof);
    }

    function test_AMessageToThePortalOrToOpenIsRefused() public {
        address[2] memory targets = [address(portal), address(open)];
        for (uint256 i = 0; i < 2; ++i) {
            Withdrawals.Transaction memory withdrawal =
                withdrawalTo(targets[i], 0, abi.encodeCall(open.transfer, (bob, locked)));
            (uint256 index, Withdrawals.OutputRootProof memory rootProof, bytes[] memory proof) = publish(withdrawal);
            vm.expectRevert(TributaryPortal.BadTarget.selector);
            portal.proveWithdrawalTransaction(withdrawal, index, rootProof, proof);
        }
    }

    function test_AMessageWithDataIsCalledAfterThePaymentAndSeesItsSender() public {
        Receiver receiver = new Receiver(portal);
        Withdrawals.Transaction memory withdrawal =
            withdrawalTo(address(receiver), 3 ether, abi.encodeCall(Receiver.receiveMessage, ()));
        prove(withdrawal);
        ripen();
        portal.finalizeWithdrawalTransaction(withdrawal);
        vm.assertEq(receiver.seenSender(), address(0x5E7D), "l2Sender");
        vm.assertEq(receiver.seenBalance(), 3 ether, "paid before the call");
        vm.assertTrue(portal.l2Sender() != address(0x5E7D), "l2Sender after the call");
    }

    function test_AFailedCallKeepsThePaymentAndIsNotReplayed() public {
        Receiver receiver = new Receiver(portal);
        Withdrawals.Transaction memory withdrawal = withdrawalTo(address(receiver), 3 ether, hex"deadbeef");
        bytes32 hash = prove(withdrawal);
        ripen();
        vm.expectEmit(address(portal));
        emit TributaryPortal.WithdrawalFinalized(hash, false);
        portal.finalizeWithdrawalTransaction(withdrawal);
        vm.assertEq(open.balanceOf(address(receiver)), 3 ether, "paid");
        vm.expectRevert(TributaryPortal.OptimismPortal_AlreadyFinalized.selector);
        portal.finalizeWithdrawalTransaction(withdrawal);
    }

    function test_AFailedCallIsVisibleToGasEstimation() public {
        Withdrawals.Transaction memory withdrawal = withdrawalTo(address(new Receiver(portal)), 0, hex"deadbeef");
        prove(withdrawal);
        ripen();
        vm.expectRevert(TributaryPortal.GasEstimation.selector);
        vm.prank(address(this), address(1));
        portal.finalizeWithdrawalTransaction(withdrawal);
    }

    function test_TooLittleGasForTheCallFinalizesNothing() public {
        Receiver receiver = new Receiver(portal);
        Withdrawals.Transaction memory withdrawal =
            withdrawalTo(address(receiver), 0, abi.encodeCall(Receiver.receiveMessage, ()));
        bytes32 hash = prove(withdrawal);
        ripen();
        vm.expectRevert(abi.encodeWithSelector(SafeCall.NotEnoughGas.selector, 200_000));
        portal.finalizeWithdrawalTransaction{gas: 250_000}(withdrawal);
        vm.assertTrue(!portal.finalizedWithdrawals(hash), "finalized");
    }

    function test_AWithdrawalCannotFinalizeAnotherInsideItsCall() public {
        Receiver receiver = new Receiver(portal);
        Withdrawals.Transaction memory inner = withdrawalTo(bob, 1, "");
        prove(inner);
        Withdrawals.Transaction memory outer = withdrawalTo(
            address(receiver),
            0,
            abi.encodeCall(portal.finalizeWithdrawalTransactionExternalProof, (inner, address(this)))
        );
        outer.gasLimit = 2_000_000;
        prove(outer);
        ripen();
        portal.finalizeWithdrawalTransaction(outer);
        vm.assertTrue(!portal.finalizedWithdrawals(hashOf(inner)), "inner");
        vm.assertTrue(!receiver.forwarded(), "forwarded");
        vm.assertEq(bytes32(receiver.refusal()), bytes32(TributaryPortal.NonReentrant.selector), "refusal");
        portal.finalizeWithdrawalTransaction(inner);
        vm.assertEq(open.balanceOf(bob), 1, "inner, afterwards");
    }

    function test_ThePortalAnswersAsOneOfTheOpStack() public view {
        vm.assertEq(portal.version(), "4.0.0", "version");
        vm.assertEq(portal.respectedGameType(), outputs.GAME_TYPE(), "game type");
        vm.assertEq(portal.disputeGameFinalityDelaySeconds(), finality, "finality");
        vm.assertEq(portal.proofMaturityDelaySeconds(), maturity, "maturity");
        vm.assertEq(address(portal.anchorStateRegistry()), address(outputs), "registry");
        vm.assertEq(address(portal.superchainConfig()), address(outputs), "superchain configuration");
        vm.assertEq(portal.guardian(), guardian, "guardian");
        vm.assertTrue(!portal.paused(), "paused");
    }
}

/// @notice An L1 contract that messages go to. It passes unknown calls on to the portal and notes what that says.
contract Receiver {
    TributaryPortal private immutable portal;
    address public seenSender;
    uint256 public seenBalance;
    bool public forwarded;
    bytes4 public refusal;

    constructor(TributaryPortal portal_) {
        portal = portal_;
    }

    function receiveMessage() external {
        seenSender = portal.l2Sender();
        seenBalance = portal.openToken().balanceOf(address(this));
    }

    fallback(bytes calldata data) external returns (bytes memory) {
        (bool success, bytes memory problem) = address(portal).call(data);
        (forwarded, refusal) = (success, bytes4(problem));
        require(success || refusal != 0, "no function of the portal");
        return "";
    }
}
