// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {VotingOpen} from "../../src/l2/money/VotingOpen.sol";
import {Forcer, MoneyTest, Reentrant, Rejecter} from "./Money.sol";

contract VotingOpenTest is MoneyTest {
    uint256 private constant KEY = 0xA11CE;
    address private constant BOB = address(0xB0B);
    address private constant CAROL = address(0xCA401);
    address payable private constant SAFE = payable(address(0x5AFE));
    uint48 private constant DELAY = 7 days;

    address private alice;

    function setUp() public {
        deployMoney();
        alice = vm.addr(KEY);
        vm.deal(alice, 100 ether);
    }

    function test_ItIsNamedAndCountsSeconds() public view {
        vm.assertEq(gopen.name(), "Voting OPEN", "name");
        vm.assertEq(gopen.symbol(), "gOPEN", "symbol");
        vm.assertEq(gopen.decimals(), 18, "decimals");
        vm.assertEq(gopen.clock(), START, "clock");
        vm.assertEq(gopen.CLOCK_MODE(), "mode=timestamp", "mode");
    }

    function test_OpenBecomesVotesAtOnce() public {
        vm.prank(alice);
        gopen.deposit{value: 1 ether}();
        vm.prank(alice);
        (bool plain,) = Predeploys.VOTING_OPEN.call{value: 2 ether}("");
        vm.assertTrue(plain, "accepted");
        vm.prank(alice);
        gopen.depositFor{value: 4 ether}(BOB);
        vm.assertEq(gopen.balanceOf(alice), 3 ether, "alice");
        vm.assertEq(gopen.getVotes(alice), 3 ether, "her votes");
        vm.assertEq(gopen.getVotes(BOB), 4 ether, "and those of bob");
        vm.assertEq(gopen.totalSupply(), 7 ether, "supply");
    }

    function test_NothingAndNobodyAreRefused() public {
        vm.expectRevert(VotingOpen.ZeroAmount.selector);
        gopen.deposit();
        vm.expectRevert(VotingOpen.ZeroAmount.selector);
        gopen.depositFor(BOB);
        vm.expectRevert(VotingOpen.ZeroAmount.selector);
        gopen.beginWithdrawal(0);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        vm.prank(alice);
        gopen.depositFor{value: 1}(address(0));
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 0, 1));
        vm.prank(alice);
        gopen.beginWithdrawal(1);
    }

    function test_WhatBeginsToLeaveVotesNoMore() public {
        deposit(10 ether);
        vm.warp(START + 1);
        vm.prank(alice);
        gopen.beginWithdrawal(4 ether);
        vm.assertEq(gopen.getVotes(alice), 6 ether, "votes");
        vm.assertEq(gopen.totalSupply(), 6 ether, "supply");
        vm.warp(START + 2);
        vm.assertEq(gopen.getPastVotes(alice, START), 10 ether, "before");
        vm.assertEq(gopen.getPastTotalSupply(START + 1), 6 ether, "all after");
    }

    function test_OpenComesOutAfterTheDelayAndOnce() public {
        deposit(10 ether);
        vm.prank(alice);
        gopen.beginWithdrawal(4 ether);
        (uint256 amount, uint48 ready) = gopen.leavingOf(alice);
        vm.assertEq(amount, 4 ether, "leaving");
        vm.assertEq(ready, START + DELAY, "ready");
        vm.warp(START + DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(VotingOpen.NotReady.selector, START + DELAY));
        vm.prank(alice);
        gopen.withdraw(SAFE);
        vm.warp(START + DELAY);
        vm.expectRevert(VotingOpen.ZeroAccount.selector);
        vm.prank(alice);
        gopen.withdraw(payable(address(0)));
        vm.prank(alice);
        vm.assertEq(gopen.withdraw(SAFE), 4 ether, "amount");
        vm.assertEq(SAFE.balance, 4 ether, "paid");
        vm.expectRevert(abi.encodeWithSelector(VotingOpen.NotReady.selector, 0));
        vm.prank(alice);
        gopen.withdraw(SAFE);
    }

    function test_WhatBeginsToLeaveLaterDelaysWhatIsLeaving() public {
        deposit(10 ether);
        vm.prank(alice);
        gopen.beginWithdrawal(4 ether);
        vm.warp(START + DELAY - 1);
        vm.prank(alice);
        gopen.beginWithdrawal(1 ether);
        (uint256 amount, uint48 ready) = gopen.leavingOf(alice);
        vm.assertEq(amount, 5 ether, "both");
        vm.assertEq(ready, START + 2 * DELAY - 1, "later");
    }

    function test_BorrowedOpenCannotVoteAndGoBackInOneTransaction() public {
        deposit(10 ether);
        vm.assertEq(gopen.getPastVotes(alice, START - 1), 0, "no votes before");
        vm.prank(alice);
        gopen.beginWithdrawal(10 ether);
        vm.expectRevert(abi.encodeWithSelector(VotingOpen.NotReady.selector, START + DELAY));
        vm.prank(alice);
        gopen.withdraw(SAFE);
    }

    function test_VotesFollowTransfersAndDelegation() public {
        deposit(10 ether);
        vm.assertEq(gopen.delegates(alice), alice, "at first itself");
        vm.prank(alice);
        gopen.delegate(BOB);
        expectVotes(0, 10 ether, 0);
        vm.prank(alice);
        gopen.transfer(CAROL, 4 ether);
        expectVotes(0, 6 ether, 4 ether);
        vm.prank(alice);
        gopen.delegate(address(0));
        vm.assertEq(gopen.delegates(alice), alice, "nobody is itself");
        expectVotes(6 ether, 0, 4 ether);
        vm.prank(CAROL);
        gopen.delegate(CAROL);
        expectVotes(6 ether, 0, 4 ether);
        vm.prank(alice);
        gopen.beginWithdrawal(6 ether);
        expectVotes(0, 0, 4 ether);
        vm.assertEq(gopen.delegates(address(0)), address(0), "nobody has no delegate");
    }

    function test_DelegationAndPermitBySignatureAreUsedOnce() public {
        deposit(10 ether);
        bytes32 kind = keccak256("Delegation(address delegatee,uint256 nonce,uint256 expiry)");
        bytes32 domain = domainOf("Voting OPEN", block.chainid, Predeploys.VOTING_OPEN);
        vm.assertEq(gopen.DOMAIN_SEPARATOR(), domain, "domain");
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, digestOf(domain, keccak256(abi.encode(kind, BOB, 0, START))));
        gopen.delegateBySig(BOB, 0, START, v, r, s);
        expectVotes(0, 10 ether, 0);
        vm.expectRevert(abi.encodeWithSignature("InvalidAccountNonce(address,uint256)", alice, 1));
        gopen.delegateBySig(BOB, 0, START, v, r, s);

        kind = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        (v, r, s) = vm.sign(KEY, digestOf(domain, keccak256(abi.encode(kind, alice, BOB, 3, 1, START))));
        gopen.permit(alice, BOB, 3, START, v, r, s);
        vm.assertEq(gopen.allowance(alice, BOB), 3, "allowance");
        vm.assertEq(gopen.nonces(alice), 2, "nonces");
        vm.expectRevert();
        gopen.permit(alice, BOB, 3, START, v, r, s);
    }

    function test_TheDomainFollowsTheChain() public {
        vm.chainId(77);
        vm.assertEq(gopen.DOMAIN_SEPARATOR(), domainOf("Voting OPEN", 77, Predeploys.VOTING_OPEN), "elsewhere");
    }

    function test_WhoRejectsOpenSendsItElsewhere() public {
        address rejecter = address(new Rejecter());
        vm.prank(alice);
        gopen.depositFor{value: 1 ether}(rejecter);
        vm.prank(rejecter);
        gopen.beginWithdrawal(1 ether);
        vm.warp(START + DELAY);
        vm.expectRevert(abi.encodeWithSelector(VotingOpen.TransferFailed.selector, rejecter, 1 ether));
        vm.prank(rejecter);
        gopen.withdraw(payable(rejecter));
        vm.prank(rejecter);
        gopen.withdraw(SAFE);
        vm.assertEq(SAFE.balance, 1 ether, "paid");
    }

    function test_WhoCallsBackWhileItWithdrawsGetsItOnce() public {
        Reentrant thief = new Reentrant();
        deposit(10 ether);
        vm.prank(alice);
        gopen.depositFor{value: 1 ether}(address(thief));
        vm.prank(address(thief));
        gopen.beginWithdrawal(1 ether);
        vm.warp(START + DELAY);
        thief.go(Predeploys.VOTING_OPEN, abi.encodeCall(gopen.withdraw, (payable(address(thief)))), 0);
        vm.assertTrue(!thief.again(), "the second fails");
        vm.assertEq(address(thief).balance, 1 ether, "once");
    }

    function test_WhatIsForcedInIsNobodysVote() public {
        vm.deal(address(this), 5 ether);
        new Forcer{value: 5 ether}(payable(Predeploys.VOTING_OPEN));
        vm.assertEq(gopen.totalSupply(), 0, "supply");
    }

    function test_TheConstructorLeavesOnlyEmptyStorage() public {
        bytes32[] memory written = place(Predeploys.VOTING_OPEN, type(VotingOpen).creationCode);
        for (uint256 i = 0; i < written.length; ++i) {
            vm.assertEq(vm.load(Predeploys.VOTING_OPEN, written[i]), bytes32(0), "slot");
        }
    }

    function testFuzz_VotesAreTheSupply(uint96 amount, uint96 moved, uint96 left, bool delegated) public {
        amount = uint96(bound(amount, 1, type(uint96).max));
        vm.deal(alice, amount);
        deposit(amount);
        if (delegated) {
            vm.prank(alice);
            gopen.delegate(BOB);
        }
        vm.prank(alice);
        gopen.transfer(CAROL, bound(moved, 0, amount));
        uint256 leave = bound(left, 0, gopen.balanceOf(alice));
        if (leave != 0) {
            vm.prank(alice);
            gopen.beginWithdrawal(leave);
        }
        uint256 votes = gopen.getVotes(alice) + gopen.getVotes(BOB) + gopen.getVotes(CAROL);
        vm.assertEq(votes, gopen.totalSupply(), "votes");
        vm.assertEq(gopen.totalSupply() + leave, Predeploys.VOTING_OPEN.balance, "held");
    }

    function deposit(uint256 amount) private {
        vm.prank(alice);
        gopen.deposit{value: amount}();
    }

    function expectVotes(uint256 first, uint256 second, uint256 third) private view {
        vm.assertEq(gopen.getVotes(alice), first, "alice");
        vm.assertEq(gopen.getVotes(BOB), second, "bob");
        vm.assertEq(gopen.getVotes(CAROL), third, "carol");
    }
}
