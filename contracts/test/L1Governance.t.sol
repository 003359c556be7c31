// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {L1Test} from "./L1Test.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {AttestationVerifier} from "../src/l1/AttestationVerifier.sol";
import {IOutputVerifier} from "../src/l1/IOutputVerifier.sol";
import {L1Timelock} from "../src/l1/L1Timelock.sol";
import {OutputProposals} from "../src/l1/OutputProposals.sol";
import {Owned} from "../src/l1/Owned.sol";

contract L1GovernanceTest is L1Test {
    uint256 private constant newKey = 0x2222;
    address private constant heir = address(0x0222);

    function setUp() public {
        deployL1();
    }

    function newVerifier() private returns (AttestationVerifier) {
        return new AttestationVerifier(vm.addr(newKey), l2ChainId);
    }

    function proposeVerifier(IOutputVerifier next) private {
        vm.prank(owner);
        outputs.proposeVerifier(next);
    }

    function acceptVerifier() private {
        vm.prank(owner);
        outputs.acceptVerifier();
    }

    function test_AnotherVerifierIsUsedAfterItsDelayOnly() public {
        AttestationVerifier next = newVerifier();
        vm.expectRevert(OutputProposals.VerifierNotReady.selector);
        acceptVerifier();
        vm.expectEmit(address(outputs));
        emit OutputProposals.VerifierProposed(next, vm.getBlockTimestamp() + verifierDelay);
        proposeVerifier(next);
        vm.assertEq(address(outputs.verifier()), address(verifier), "at once");
        wait(verifierDelay);
        vm.expectRevert(OutputProposals.VerifierNotReady.selector);
        acceptVerifier();
        wait(1);
        vm.expectEmit(address(outputs));
        emit OutputProposals.VerifierReplaced(verifier, next);
        acceptVerifier();

        (uint256 number, bytes32 hash) = l1Head();
        bytes memory byOld = attest(proverKey, hash, 10, genesisRoot);
        vm.expectRevert(OutputProposals.InvalidAttestation.selector);
        outputs.propose(10, genesisRoot, number, hash, byOld);
        outputs.propose(10, genesisRoot, number, hash, attest(newKey, hash, 10, genesisRoot));
        // Nothing is left to accept twice.
        vm.expectRevert(OutputProposals.VerifierNotReady.selector);
        acceptVerifier();
    }

    function test_ExchangingTheProposedVerifierBeginsTheDelayAgain() public {
        proposeVerifier(newVerifier());
        wait(verifierDelay);
        proposeVerifier(newVerifier());
        wait(verifierDelay);
        vm.expectRevert(OutputProposals.VerifierNotReady.selector);
        acceptVerifier();
        // Taken back.
        proposeVerifier(IOutputVerifier(address(0)));
        wait(10 * verifierDelay);
        vm.expectRevert(OutputProposals.VerifierNotReady.selector);
        acceptVerifier();
    }

    function testFuzz_APauseDoesNotShortenTheTimeToLeaveBeforeAnotherVerifier(uint256 duration) public {
        duration = bound(duration, 1, 7 days);
        proposeVerifier(newVerifier());
        vm.prank(guardian);
        outputs.pause(duration);
        wait(duration + verifierDelay);
        vm.expectRevert(OutputProposals.VerifierNotReady.selector);
        acceptVerifier();
        wait(1);
        acceptVerifier();
    }

    function testFuzz_AVerifiersDelayIsLongerThanAnExit(uint32 finality_, uint32 maturity_, uint64 delay) public {
        OutputProposals.Init memory init = outputsInit();
        (init.finalityDelaySeconds, init.proofMaturityDelaySeconds) = (finality_, maturity_);
        uint256 exit = uint256(finality_) + maturity_;
        init.verifierDelaySeconds = bound(delay, 0, exit);
        bytes memory refusal =
            abi.encodeWithSelector(OutputProposals.InvalidDelays.selector, 1, init.verifierDelaySeconds);
        vm.expectRevert(refusal);
        new OutputProposals(init);
        init.verifierDelaySeconds = exit + 1;
        vm.assertEq(new OutputProposals(init).verifierDelaySeconds(), exit + 1, "delay");
    }

    function test_ABlockTimeOfNothingIsRefused() public {
        OutputProposals.Init memory init = outputsInit();
        init.blockTime = 0;
        vm.expectRevert(abi.encodeWithSelector(OutputProposals.InvalidDelays.selector, 0, verifierDelay));
        new OutputProposals(init);
    }

    function test_AnAccountIsNoVerifier() public {
        bytes memory refusal = abi.encodeWithSelector(OutputProposals.NotAVerifier.selector, heir);
        vm.expectRevert(refusal);
        proposeVerifier(IOutputVerifier(heir));
        OutputProposals.Init memory init = outputsInit();
        init.verifier = IOutputVerifier(heir);
        vm.expectRevert(refusal);
        new OutputProposals(init);
    }

    function test_OwnershipTakesTwoStepsAndIsNeverGivenUp() public {
        Ownable2Step[2] memory owned = [Ownable2Step(outputs), Ownable2Step(config)];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(owner);
            owned[i].transferOwnership(heir);
            vm.assertEq(owned[i].owner(), owner, "after the first step");
            vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
            owned[i].acceptOwnership();
            vm.expectRevert(Owned.OwnershipCannotBeRenounced.selector);
            vm.prank(owner);
            owned[i].renounceOwnership();
            vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
            owned[i].renounceOwnership();
            vm.prank(heir);
            owned[i].acceptOwnership();
            vm.assertEq(owned[i].owner(), heir, "after the second step");
        }
    }

    function test_ATimelockResumesProposalsAndNamesTheGuardianAfterItsDelay() public {
        address[] memory council = new address[](1);
        council[0] = address(this);
        L1Timelock timelock = new L1Timelock(2 days, council, council);
        OutputProposals.Init memory init = outputsInit();
        init.owner = address(timelock);
        outputs = new OutputProposals(init);
        propose(10, genesisRoot);
        vm.prank(guardian);
        outputs.veto(0);

        bytes[2] memory calls =
            [abi.encodeCall(outputs.resumeProposals, ()), abi.encodeCall(outputs.setGuardian, (heir))];
        for (uint256 i = 0; i < 2; ++i) {
            timelock.schedule(address(outputs), 0, calls[i], 0, 0, 2 days);
        }
        wait(2 days - 1);
        vm.expectRevert();
        timelock.execute(address(outputs), 0, calls[0], 0, 0);
        wait(1);
        for (uint256 i = 0; i < 2; ++i) {
            timelock.execute(address(outputs), 0, calls[i], 0, 0);
        }
        vm.assertEq(outputs.guardian(), heir, "guardian");
        propose(10, genesisRoot);
        // Nobody but the timelock itself changes its delay or its members.
        vm.expectRevert(abi.encodeWithSelector(TimelockController.TimelockUnauthorizedCaller.selector, address(this)));
        timelock.updateDelay(0);
        vm.assertTrue(!timelock.hasRole(timelock.DEFAULT_ADMIN_ROLE(), address(this)), "administrator");
    }
}
