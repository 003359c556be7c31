// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICommons} from "../../src/interfaces/ICommons.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Keys} from "../../src/l2/governance/Keys.sol";
import {MoneyTest} from "./Money.sol";

/// @notice Does what accounts, modules, governance and time do, in any order, and counts all OPEN that there is.
contract Money is MoneyTest {
    uint256 public constant ACCOUNTS = 4;
    uint256 public constant NETS = 3;

    /// @notice All OPEN that was ever given to an account.
    uint256 public minted;
    /// @notice All OPEN that left contracts, by the counts of what they said they paid.
    uint256 public released;
    uint256 public claimed;
    /// @notice Stake under lock, as the modules count it.
    mapping(uint256 purpose => uint256) public locked;
    mapping(address account => uint256) public drawn;
    mapping(address account => uint256) public caps;

    function account(uint256 seed) public pure returns (address) {
        return address(uint160(0xAC00 + seed % ACCOUNTS));
    }

    function neighbour(uint256 seed) private pure returns (address) {
        return account(seed % ACCOUNTS + 1);
    }

    function module(uint256 seed) public pure returns (address) {
        address[4] memory modules =
            [Predeploys.INFERENCE, Predeploys.FEE_DISTRIBUTOR, Predeploys.STAKES, Predeploys.JURIES];
        return modules[seed % 4];
    }

    function give(address to, uint256 amount) private {
        minted += amount;
        vm.deal(to, to.balance + amount);
    }

    // ---- Payouts

    function hold(uint256 who, uint96 amount) external {
        address from = who % 2 == 0 ? Predeploys.INFERENCE : Predeploys.JURIES;
        give(from, amount);
        vm.prank(from);
        payouts.hold{value: amount}();
    }

    function release(uint256 to, uint256 amount) external {
        amount = bound(amount, 0, payouts.escrowOf(Predeploys.INFERENCE));
        IPayouts.Credit[] memory credits = new IPayouts.Credit[](2);
        credits[0] = IPayouts.Credit(account(to), amount / 2, IPayouts.Reason.Contributor);
        credits[1] = IPayouts.Credit(
            to % 5 == 0 ? Predeploys.FEE_DISTRIBUTOR : neighbour(to), amount - amount / 2, IPayouts.Reason.Operator
        );
        vm.prank(Predeploys.INFERENCE);
        payouts.release(credits, bytes32(to));
        released += amount;
    }

    function move(uint256 to, uint256 amount) external {
        amount = bound(amount, 0, payouts.escrowOf(Predeploys.INFERENCE));
        vm.prank(Predeploys.INFERENCE);
        payouts.move(to % 2 == 0 ? Predeploys.FEE_DISTRIBUTOR : Predeploys.JURIES, amount);
    }

    function claim(uint256 who, uint256 to) external {
        (address payee,,) = payouts.payeeOf(account(who));
        if (payouts.owed(account(who)) == 0) return;
        vm.prank(payee);
        claimed += payouts.claimFor(list(account(who)), payable(account(to)));
    }

    function setPayee(uint256 who, uint256 payee) external {
        vm.prank(account(who));
        payouts.setPayee(account(payee));
    }

    // ---- Stakes

    function stake(uint8 purpose, uint256 who, uint96 amount) external {
        amount = uint96(bound(amount, 1, type(uint96).max));
        give(account(who), amount);
        vm.prank(account(who));
        stakes.stake{value: amount}(IStakes.Purpose(purpose % 3));
    }

    function lock(uint8 purpose, uint256 who, uint256 amount) external {
        IStakes.Purpose kind = IStakes.Purpose(purpose % 3);
        (uint256 free,,,) = stakes.stakeOf(kind, account(who));
        amount = bound(amount, 0, free);
        address from = stakes.moduleOf(kind);
        vm.prank(from);
        stakes.lock(kind, account(who), amount);
        locked[purpose % 3] += amount;
    }

    function unlock(uint8 purpose, uint256 who, uint256 amount, bool slashed) external {
        IStakes.Purpose kind = IStakes.Purpose(purpose % 3);
        (, uint256 under,,) = stakes.stakeOf(kind, account(who));
        amount = bound(amount, 0, under);
        address from = stakes.moduleOf(kind);
        vm.prank(from);
        if (slashed) {
            stakes.slash(kind, account(who), amount, neighbour(who), "");
            released += amount;
        } else {
            stakes.unlock(kind, account(who), amount);
        }
        locked[purpose % 3] -= amount;
    }

    function leave(uint8 purpose, uint256 who, uint256 amount) external {
        IStakes.Purpose kind = IStakes.Purpose(purpose % 3);
        (uint256 free,, uint256 leaving, uint64 ready) = stakes.stakeOf(kind, account(who));
        if (leaving != 0 && vm.getBlockTimestamp() >= ready) {
            vm.prank(account(who));
            stakes.withdraw(kind, payable(neighbour(who)));
        } else if (free != 0) {
            vm.prank(account(who));
            stakes.beginWithdrawal(kind, bound(amount, 1, free));
        }
    }

    // ---- Fees and commons

    function fee(uint96 amount) external {
        give(address(this), amount);
        (bool success,) = Predeploys.FEE_DISTRIBUTOR.call{value: amount}("");
        vm.assertTrue(success, "fees come in");
    }

    function distribute() external {
        uint256 owed = payouts.owed(Predeploys.FEE_DISTRIBUTOR);
        if (distributor.pending() == 0) return;
        (uint256 treasury, uint256 burnt,) = distributor.distribute();
        released += treasury + burnt;
        claimed += owed + burnt;
    }

    function add(uint256 net, uint256 amount) external {
        amount = bound(amount, 0, payouts.escrowOf(Predeploys.INFERENCE));
        vm.startPrank(Predeploys.INFERENCE);
        payouts.move(Predeploys.COMMONS, amount);
        commons.add(net % NETS, amount);
        vm.stopPrank();
    }

    function credit(uint256 net, uint256 who, uint96 weight, uint96 cap) external {
        ICommons.Credit[] memory credits = new ICommons.Credit[](2);
        credits[0] = ICommons.Credit(account(who), weight, cap);
        credits[1] = ICommons.Credit(neighbour(who), cap, weight);
        vm.prank(Predeploys.INFERENCE);
        commons.credit(1 + net % (NETS - 1), credits);
        caps[account(who)] += cap;
        caps[neighbour(who)] += weight;
    }

    function draw(uint256 net, uint256 epoch, uint256 who) external {
        (uint64 number,,) = commons.epochNow();
        epoch = bound(epoch, 1, number);
        (uint256 weight,) = commons.creditOf(net % NETS, uint64(epoch), account(who));
        if (epoch == number || weight == 0) return;
        uint256 paid = commons.draw(net % NETS, uint64(epoch), account(who));
        drawn[account(who)] += paid;
        released += paid;
    }

    function setParameter(uint8 which, uint256 value) external {
        vm.startPrank(Predeploys.TIMELOCK);
        if (which % 3 == 0) {
            parameters.set(Keys.COMMONS_EPOCH, bound(value, 1 days, 90 days));
        } else if (which % 3 == 1) {
            parameters.set(Keys.TREASURY_BPS, bound(value, 0, 10_000 - parameters.get(Keys.BURN_BPS)));
        } else {
            parameters.set(Keys.BURN_BPS, bound(value, 0, 10_000 - parameters.get(Keys.TREASURY_BPS)));
        }
        vm.stopPrank();
    }

    // ---- Tokens

    function wrap(uint256 who, uint96 amount, uint256 back) external {
        give(account(who), amount);
        vm.startPrank(account(who));
        wopen.deposit{value: amount}();
        wopen.transfer(neighbour(who), amount / 2);
        wopen.withdraw(bound(back, 0, wopen.balanceOf(account(who))));
        vm.stopPrank();
    }

    function vote(uint256 who, uint96 amount, uint256 to) external {
        amount = uint96(bound(amount, 1, type(uint96).max));
        give(account(who), amount);
        vm.startPrank(account(who));
        gopen.deposit{value: amount}();
        gopen.transfer(account(to), amount / 3);
        gopen.delegate(neighbour(to));
        vm.stopPrank();
    }

    function unvote(uint256 who, uint256 amount) external {
        (uint256 leaving, uint48 ready) = gopen.leavingOf(account(who));
        vm.startPrank(account(who));
        if (leaving != 0 && vm.getBlockTimestamp() >= ready) {
            gopen.withdraw(payable(neighbour(who)));
        } else if (gopen.balanceOf(account(who)) != 0) {
            gopen.beginWithdrawal(bound(amount, 1, gopen.balanceOf(account(who))));
        }
        vm.stopPrank();
    }

    function pass(uint256 time) external {
        vm.warp(vm.getBlockTimestamp() + bound(time, 1, 10 days));
    }
}

contract MoneyInvariant is MoneyTest {
    Money private money;

    function setUp() public {
        deployMoney();
        money = new Money();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(money);
    }

    function invariant_AllOpenIsSomewhereOrBurnt() public view {
        uint256 sum = Predeploys.PAYOUTS.balance + Predeploys.STAKES.balance + Predeploys.VOTING_OPEN.balance
            + Predeploys.WRAPPED_OPEN.balance;
        for (uint256 i = 0; i < money.ACCOUNTS(); ++i) {
            sum += money.account(i).balance;
        }
        vm.assertEq(sum + distributor.burntTotal(), money.minted(), "held + burnt = minted");
        uint256 proxies = Predeploys.FEE_DISTRIBUTOR.balance + Predeploys.COMMONS.balance;
        vm.assertEq(proxies + Predeploys.PARAMETERS.balance, 0, "no proxy holds any");
    }

    function invariant_PayoutsHoldsWhatItsBooksSay() public view {
        (uint256 owedTotal, uint256 escrowTotal) = payouts.totals();
        vm.assertEq(owedTotal + escrowTotal, Predeploys.PAYOUTS.balance, "balance");
        uint256 owed = payouts.owed(Predeploys.TIMELOCK) + payouts.owed(Predeploys.FEE_DISTRIBUTOR);
        for (uint256 i = 0; i < money.ACCOUNTS(); ++i) {
            owed += payouts.owed(money.account(i));
        }
        vm.assertEq(owed, owedTotal, "owed");
        vm.assertEq(owedTotal, money.released() - money.claimed(), "what was released was claimed once or is owed");
        uint256 escrow = payouts.escrowOf(Predeploys.COMMONS);
        for (uint256 i = 0; i < 4; ++i) {
            escrow += payouts.escrowOf(money.module(i));
        }
        vm.assertEq(escrow, escrowTotal, "escrow");
        vm.assertEq(payouts.escrowOf(Predeploys.STAKES), 0, "of stakes none");
    }

    function invariant_StakesHoldsWhatAccountsStakedAndLockedStakeStays() public view {
        uint256 sum;
        for (uint256 purpose = 0; purpose < 3; ++purpose) {
            uint256 under;
            for (uint256 i = 0; i < money.ACCOUNTS(); ++i) {
                (uint256 free, uint256 locked, uint256 leaving,) =
                    stakes.stakeOf(IStakes.Purpose(purpose), money.account(i));
                sum += free + locked + leaving;
                under += locked;
            }
            vm.assertEq(under, money.locked(purpose), "locked");
        }
        vm.assertEq(sum, Predeploys.STAKES.balance, "balance");
    }

    function invariant_TheCommonsIsThePotsAndNobodyDrawsMoreThanItsFees() public view {
        vm.assertEq(commons.held(), payouts.escrowOf(Predeploys.COMMONS), "escrow");
        (uint64 last,,) = commons.epochNow();
        uint256 sum;
        for (uint256 net = 0; net < money.NETS(); ++net) {
            for (uint64 epoch = 1; epoch <= last; ++epoch) {
                (uint256 part,) = commons.potOf(net, epoch);
                sum += part;
            }
        }
        vm.assertEq(sum, commons.held(), "pots");
        for (uint256 i = 0; i < money.ACCOUNTS(); ++i) {
            address account = money.account(i);
            vm.assertTrue(money.drawn(account) <= money.caps(account), "cap");
        }
    }

    function invariant_TokensAreOneToOne() public view {
        uint256 wrapped;
        uint256 votes;
        uint256 leaving;
        for (uint256 i = 0; i < money.ACCOUNTS(); ++i) {
            address account = money.account(i);
            wrapped += wopen.balanceOf(account);
            votes += gopen.getVotes(account);
            (uint256 amount,) = gopen.leavingOf(account);
            leaving += amount;
        }
        vm.assertEq(wrapped, Predeploys.WRAPPED_OPEN.balance, "WOPEN");
        vm.assertEq(votes, gopen.totalSupply(), "votes");
        vm.assertEq(gopen.totalSupply() + leaving, Predeploys.VOTING_OPEN.balance, "gOPEN");
    }
}
