// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {StorageProof} from "./StorageProof.sol";
import {Vm} from "./Vm.sol";
import {WithdrawalTest} from "./WithdrawalTest.sol";
import {AttestedOutput} from "../src/l1/AttestedOutput.sol";
import {TributaryPortal} from "../src/l1/TributaryPortal.sol";
import {Withdrawals} from "../src/l1/Withdrawals.sol";

/// @notice Both chains under hands that do anything that users, a prover whose key is stolen, guardian and owner can do. L1 is real; L2 is
///         a ledger that mints what the portal's events say, and sends what the portal is shown proofs of.
contract BothChains is WithdrawalTest {
    /// @notice A withdrawal begun on L2, and when and against which output it was proved.
    struct Sent {
        Withdrawals.Transaction message;
        AttestedOutput output;
        uint256 provedAt;
        bool paid;
    }

    address[3] private users = [address(0xA11CE), address(0xB0B), address(0xCAFE)];

    /// @notice OPEN on L2 by account, its sum, and what was destroyed there.
    mapping(address account => uint256) public l2Balance;
    uint256 public onL2;
    uint256 public burnt;
    /// @notice Minted by L1 and not yet on L2; begun on L2 and not yet paid.
    uint256 public comingDown;
    uint256 public goingUp;
    /// @notice Sent to the portal without a deposit: nobody's.
    uint256 public given;
    /// @notice Set by an action that found something that must not be.
    string public broken;

    Vm.Log[] private deposits;
    Sent[] private sent;

    constructor() {
        deployL1();
        for (uint256 i = 0; i < 3; ++i) {
            open.transfer(users[i], 1_000 ether);
            vm.prank(users[i]);
            open.approve(address(portal), type(uint256).max);
        }
        // L2 genesis gives this out.
        open.transfer(address(portal), 100 ether);
        (l2Balance[users[0]], onL2) = (100 ether, 100 ether);
    }

    function lockedOnL1() external view returns (uint256) {
        return open.balanceOf(address(portal));
    }

    // ---- L1 users

    function deposit(uint8 who, uint256 mint, uint256 value, bool creation) external {
        address user = users[who % 3];
        mint = bound(mint, 0, open.balanceOf(user));
        vm.roll(vm.getBlockNumber() + 1);
        vm.recordLogs();
        vm.prank(user, user);
        portal.depositERC20Transaction(creation ? address(0) : users[value % 3], mint, value, 100_000, creation, "");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != TributaryPortal.TransactionDeposited.selector) continue;
            deposits.push(logs[i]);
            comingDown += mint;
        }
    }

    function give(uint8 who, uint256 amount) external {
        amount = bound(amount, 0, open.balanceOf(users[who % 3]) / 10);
        vm.prank(users[who % 3]);
        open.transfer(address(portal), amount);
        given += amount;
    }

    // ---- L2

    /// @dev What derivation does with the events of an L1 block: mint, then try the transaction.
    function derive() external {
        for (uint256 i = 0; i < deposits.length; ++i) {
            bytes memory opaque = abi.decode(deposits[i].data, (bytes));
            address from = address(uint160(uint256(deposits[i].topics[1])));
            address to = address(uint160(uint256(deposits[i].topics[2])));
            (uint256 mint, uint256 value) = (word(opaque, 32), word(opaque, 64));
            l2Balance[from] += mint;
            onL2 += mint;
            comingDown -= mint;
            if (value <= l2Balance[from]) {
                l2Balance[from] -= value;
                l2Balance[to] += value;
            }
        }
        delete deposits;
    }

    function burn(uint8 who, uint256 amount) external {
        address user = users[who % 3];
        amount = bound(amount, 0, l2Balance[user] / 4);
        l2Balance[user] -= amount;
        onL2 -= amount;
        burnt += amount;
    }

    function send(uint8 who, uint256 amount, bool toContract) external {
        address user = users[who % 3];
        amount = bound(amount, 0, l2Balance[user]);
        l2Balance[user] -= amount;
        onL2 -= amount;
        goingUp += amount;
        // One with data, to an account that is called for nothing, or back into the portal's own arms by way of a contract.
        address target = toContract ? address(this) : users[(uint256(who) + 1) % 3];
        Withdrawals.Transaction memory message = withdrawalTo(target, amount, toContract ? bytes("call") : bytes(""));
        message.nonce += sent.length;
        Sent storage entry = sent.push();
        entry.message = message;
    }

    // ---- Proposals and exits

    /// @dev An output of a state in which this withdrawal is sent, and the proof.
    function prove(uint256 which, uint16 forward) external {
        if (sent.length == 0 || outputs.proposalsStopped()) return;
        if (outputs.latestBlockNumber() == outputs.highestBlockNumber()) return;
        Sent storage entry = sent[which % sent.length];
        vm.roll(vm.getBlockNumber() + 1);
        wait(bound(forward, 1, 20));
        (bytes32 storageRoot, bytes[] memory proof) = StorageProof.amongSixteen(hashOf(entry.message), bytes32(which));
        Withdrawals.OutputRootProof memory root = Withdrawals.OutputRootProof(0, 0, storageRoot, bytes32(which));
        AttestedOutput output = propose(outputs.latestBlockNumber() + 1, keccak256(abi.encode(root)));
        portal.proveWithdrawalTransaction(entry.message, outputs.gameCount() - 1, root, proof);
        (entry.output, entry.provedAt) = (output, outputs.exitTime());
    }

    /// @dev A stolen key: it proposes whatever block and root it likes.
    function attack(uint256 block_, bytes32 root) external {
        uint256 most = outputs.highestBlockNumber();
        if (block_ % 8 != 0) block_ = bound(block_, outputs.latestBlockNumber(), most + 1);
        (uint256 number, bytes32 hash) = l1Head();
        bytes memory attestation = attest(proverKey, hash, block_, root);
        try outputs.propose(block_, root, number, hash, attestation) {
            if (block_ > most) broken = "a block of the future";
        } catch {}
    }

    function finalize(uint256 which) external {
        if (sent.length == 0) return;
        Sent storage entry = sent[which % sent.length];
        bool vetoed = address(entry.output) != address(0) && outputs.isGameBlacklisted(address(entry.output));
        bool ripe = entry.provedAt != 0 && outputs.exitTime() > entry.provedAt + maturity;
        bool expected = ripe && !vetoed && !entry.paid && !outputs.paused();
        try portal.finalizeWithdrawalTransaction(entry.message) {
            if (!expected) broken = "paid without right";
            entry.paid = true;
            goingUp -= entry.message.value;
            if (entry.message.target == address(this)) {
                if (open.balanceOf(address(this)) < entry.message.value) broken = "not paid";
            }
        } catch {
            if (expected) broken = "not paid, though its time has come";
        }
    }

    /// @dev A withdrawal's call: tries to be paid another time.
    fallback() external {
        for (uint256 i = 0; i < sent.length && i < 8; ++i) {
            try portal.finalizeWithdrawalTransaction(sent[i].message) {
                broken = "finalized inside a call";
            } catch {}
        }
    }

    // ---- Powers

    function veto(uint256 index) external {
        uint256 count = outputs.gameCount();
        if (count == 0) return;
        index = count - 1 - index % (count < 3 ? count : 3);
        bool final_ = outputs.isFinal(index);
        vm.prank(guardian);
        try outputs.veto(index) {
            if (final_) broken = "a final output was vetoed";
        } catch {
            if (!final_) broken = "not vetoed";
        }
    }

    function resume() external {
        if (!outputs.proposalsStopped()) return;
        vm.prank(owner);
        outputs.resumeProposals();
    }

    function pause(uint256 duration) external {
        uint256 left = outputs.pauseLeft();
        if (outputs.paused() || left == 0) return;
        vm.prank(guardian);
        outputs.pause(bound(duration, 1, left < 30 ? left : 30));
    }

    function pass(uint8 time) external {
        vm.roll(vm.getBlockNumber() + 1);
        wait(time);
    }

    function word(bytes memory data, uint256 end) private pure returns (uint256 value) {
        for (uint256 i = end - 32; i < end; ++i) {
            value = (value << 8) | uint8(data[i]);
        }
    }
}

contract L1Invariant is WithdrawalTest {
    BothChains private chains;

    function setUp() public {
        chains = new BothChains();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(chains);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetSelectors() external view returns (FuzzSelector[] memory selectors) {
        selectors = new FuzzSelector[](1);
        selectors[0].addr = address(chains);
        selectors[0].selectors = new bytes4[](12);
        bytes4[12] memory all = [
            BothChains.deposit.selector,
            BothChains.give.selector,
            BothChains.derive.selector,
            BothChains.burn.selector,
            BothChains.send.selector,
            BothChains.prove.selector,
            BothChains.attack.selector,
            BothChains.finalize.selector,
            BothChains.veto.selector,
            BothChains.resume.selector,
            BothChains.pause.selector,
            BothChains.pass.selector
        ];
        for (uint256 i = 0; i < all.length; ++i) {
            selectors[0].selectors[i] = all[i];
        }
    }

    function invariant_OpenLockedOnL1IsWhatIsOnL2BurntAndInFlight() public view {
        uint256 inFlight = chains.comingDown() + chains.goingUp();
        vm.assertEq(chains.lockedOnL1(), chains.onL2() + chains.burnt() + inFlight + chains.given(), "OPEN");
        vm.assertEq(bytes(chains.broken()).length, 0, chains.broken());
    }
}
