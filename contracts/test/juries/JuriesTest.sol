// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {Test} from "../Vm.sol";
import {ClientDouble, OriginsDouble, ParametersDouble, PayoutsDouble, StakesDouble} from "./Doubles.sol";
import {IJuries} from "../../src/interfaces/IJuries.sol";
import {IParameters} from "../../src/interfaces/IParameters.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Juries} from "../../src/l2/juries/Juries.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";

/// @notice Juries behind its proxy, over doubles of what it uses, and the steps of a case.
abstract contract JuriesTest is Test {
    Juries internal constant juries = Juries(payable(Predeploys.JURIES));
    IPayouts internal constant payouts = IPayouts(Predeploys.PAYOUTS);
    IStakes internal constant stakes = IStakes(Predeploys.STAKES);
    OriginsDouble internal constant origins = OriginsDouble(Predeploys.L1_BLOCK);
    ClientDouble internal constant client = ClientDouble(Predeploys.DATANETS);

    uint256 internal constant STAKE = 1_000 ether;
    uint256 internal constant FEE = 0.1 ether;
    uint256 internal constant BOND = 10 ether;
    uint64 internal constant COMMIT = 1 days;
    uint64 internal constant REVEAL = 1 days;
    uint64 internal constant APPEAL = 3 days;
    uint64 internal constant DECIDE = 3 days;
    uint64 internal constant GOVERN = 60 days;
    uint64 internal constant HORIZON = 8_192 + 2 + 254;
    address internal constant CLAIMANT = address(0xC1A1);
    address internal constant CURATOR = address(0xC0A7);
    address internal constant LOSER = address(0x105E);
    bytes32 internal constant SUBJECT = keccak256("subject");

    function deployJuries() internal {
        vm.etch(Predeploys.PAYOUTS, address(new PayoutsDouble()).code);
        vm.etch(Predeploys.STAKES, address(new StakesDouble()).code);
        vm.etch(Predeploys.PARAMETERS, address(new ParametersDouble()).code);
        vm.etch(Predeploys.L1_BLOCK, address(new OriginsDouble()).code);
        bytes memory code = address(new ClientDouble()).code;
        vm.etch(Predeploys.DATANETS, code);
        vm.etch(Predeploys.MODELS, code);
        vm.etch(Predeploys.INFERENCE, code);
        address implementation = address(new Juries());
        vm.etch(Predeploys.JURIES, type(ERC1967Proxy).runtimeCode);
        vm.store(Predeploys.JURIES, ERC1967Utils.IMPLEMENTATION_SLOT, bytes32(uint256(uint160(implementation))));
        vm.warp(1_700_000_000);
        origins.set(1_000, 1_700_000_000);
    }

    // ---- Validators

    function validator(uint256 i) internal pure returns (address) {
        return address(uint160(0xA11D0000 + i));
    }

    function give(address account, uint256 amount) internal {
        vm.deal(account, account.balance + amount);
        vm.prank(account);
        stakes.stake{value: amount}(IStakes.Purpose.Validator);
    }

    function join(address account, uint256 amount) internal {
        give(account, amount);
        vm.prank(account);
        juries.join(amount);
    }

    /// @dev They count from the next origin on.
    function joinMany(uint256 count) internal {
        for (uint256 i = 1; i <= count; ++i) {
            join(validator(i), STAKE);
        }
        pass(1);
    }

    function locked(address account) internal view returns (uint256 amount) {
        (, amount,,) = stakes.stakeOf(IStakes.Purpose.Validator, account);
    }

    // ---- Time

    /// @dev L1 makes blocks, and L2 follows.
    function pass(uint64 count) internal {
        vm.warp(vm.getBlockTimestamp() + 12 * count);
        origins.set(origins.number() + count, uint64(vm.getBlockTimestamp()));
    }

    function wait_(uint64 time) internal {
        pass(time / 12 + 1);
    }

    // ---- Steps of a case

    function opening(uint16 jurors, address decider) internal pure returns (IJuries.Opening memory) {
        return IJuries.Opening({subject: SUBJECT, kind: 7, jurors: jurors, decider: decider, claimant: CLAIMANT});
    }

    function open(uint16 jurors, address decider) internal returns (uint256) {
        return open(jurors, decider, new address[](0));
    }

    function open(uint16 jurors, address decider, address[] memory parties) internal returns (uint256) {
        uint256 fee = juries.fee(jurors);
        vm.deal(address(this), address(this).balance + fee);
        return client.open{value: fee}(opening(jurors, decider), parties);
    }

    function drawn(uint16 jurors) internal returns (uint256 caseId) {
        caseId = open(jurors, CURATOR);
        pass(2);
        juries.draw(caseId);
    }

    function jury(uint256 caseId) internal view returns (address[] memory jurors) {
        (jurors,) = juries.juryOf(caseId, juries.caseInfo(caseId).round);
    }

    function commit(uint256 caseId, address juror, bool verdict) internal {
        bytes32 commitment = juries.commitmentOf(caseId, verdict, keccak256("because"), "salt", juror);
        vm.prank(juror);
        juries.commit(caseId, commitment);
    }

    function reveal(uint256 caseId, address juror, bool verdict) internal {
        vm.prank(juror);
        juries.reveal(caseId, verdict, "because", "salt");
    }

    /// @dev The first `upholding` jurors uphold, the next `rejecting` don't, others do nothing.
    function vote(uint256 caseId, uint256 upholding, uint256 rejecting) internal {
        address[] memory jurors = jury(caseId);
        for (uint256 i = 0; i < upholding + rejecting; ++i) {
            commit(caseId, jurors[i], i < upholding);
        }
        if (upholding + rejecting < jurors.length) wait_(COMMIT);
        for (uint256 i = 0; i < upholding + rejecting; ++i) {
            reveal(caseId, jurors[i], i < upholding);
        }
    }

    function appeal(uint256 caseId, address who) internal returns (uint256 bond) {
        bond = juries.caseInfo(caseId).bond;
        vm.deal(who, who.balance + bond);
        vm.prank(who);
        juries.appeal{value: bond}(caseId, "wrong");
    }

    function decide(uint256 caseId, bool verdict) internal {
        uint256 bond = juries.caseInfo(caseId).bond;
        vm.deal(CURATOR, CURATOR.balance + bond);
        vm.prank(CURATOR);
        juries.decide{value: bond}(caseId, verdict, "because");
    }

    function drawAgain(uint256 caseId) internal {
        pass(2);
        juries.draw(caseId);
    }

    function close(uint256 caseId) internal {
        wait_(APPEAL);
        juries.advance(caseId);
    }

    function settleAll(uint256 caseId) internal {
        while (!juries.settle(caseId, 64)) {}
    }

    // ---- What is seen

    function phase(uint256 caseId) internal view returns (IJuries.Phase) {
        return juries.caseInfo(caseId).phase;
    }

    function assertPhase(uint256 caseId, IJuries.Phase expected) internal view {
        vm.assertEq(uint256(phase(caseId)), uint256(expected), "phase");
    }

    function assertOwed(address account, uint256 amount, string memory reason) internal view {
        vm.assertEq(payouts.owed(account), amount, reason);
    }

    function assertReputation(address account, uint64 agreed, uint64 reversed, uint64 missed) internal view {
        (uint64 a, uint64 r, uint64 m) = juries.reputation(account);
        vm.assertEq(a, agreed, "agreed");
        vm.assertEq(r, reversed, "reversed");
        vm.assertEq(m, missed, "missed");
    }

    function assertNothingHeld(uint256 caseId) internal view {
        (, bool settled, uint256 held) = juries.progressOf(caseId);
        vm.assertTrue(settled, "settled");
        vm.assertEq(held, 0, "held");
    }
}
