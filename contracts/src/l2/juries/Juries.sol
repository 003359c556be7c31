// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IJuries, IJuryClient} from "../../interfaces/IJuries.sol";
import {IParameters} from "../../interfaces/IParameters.sol";
import {IPayouts} from "../../interfaces/IPayouts.sol";
import {IStakes} from "../../interfaces/IStakes.sol";
import {Governed} from "../governance/Governed.sol";
import {Keys} from "../governance/Keys.sol";
import {Predeploys} from "../Predeploys.sol";
import {CaseSettlement} from "./CaseSettlement.sol";
import {Cases} from "./Cases.sol";
import {Origins} from "./Origins.sol";
import {SumTree} from "./SumTree.sol";
import {Validators} from "./Validators.sol";

/// @title Juries
/// @notice A drawn jury that grows: review, appeal, disputes and matters of taste. Predeploy
///         0x00000000000000000000000000000000000A7713, behind a proxy; it keeps no money, see Payouts and Stakes.
///
///         Validators join with stake, which is locked until they left and every case in which they sat is settled. Jurors
///         are drawn by stake, without replacement, from randomness that nobody knew when the case was opened, among
///         those who had joined before. They commit, then reveal; the majority decides. Whoever disagrees appeals
///         with a bond to a larger jury of others, twice, then to governance. Only the last verdict counts: the client
///         is told it once, and pay, stakes, bonds and reputation follow it (CaseSettlement).
///
///         Cases know nothing of each other: none waits for another.
contract Juries is IJuries, Governed {
    /// @dev What a client may use when it is told an outcome.
    uint256 private constant TELL_GAS = 2_000_000;

    using Cases for Cases.Record;
    using CaseSettlement for Cases.Record;
    using SumTree for SumTree.Tree;
    using Validators for Validators.Registry;

    IPayouts private constant PAYOUTS = IPayouts(Predeploys.PAYOUTS);
    IStakes private constant STAKES = IStakes(Predeploys.STAKES);

    /// @inheritdoc IJuries
    uint256 public caseCount;

    mapping(uint256 caseId => Cases.Record) private cases;
    CaseSettlement.Book private book;

    receive() external payable {
        if (msg.sender != Predeploys.PAYOUTS) revert NotPayouts(msg.sender);
    }

    // ---- Clients

    /// @inheritdoc IJuries
    function open(Opening calldata opening) external payable returns (uint256 caseId) {
        return _open(opening, new address[](0));
    }

    /// @inheritdoc IJuries
    function openAmong(Opening calldata opening, address[] calldata parties) external payable returns (uint256 caseId) {
        return _open(opening, parties);
    }

    function _open(Opening calldata opening, address[] memory parties) private returns (uint256 caseId) {
        if (msg.sender != Predeploys.DATANETS && msg.sender != Predeploys.MODELS && msg.sender != Predeploys.INFERENCE)
        {
            revert NotClient(msg.sender);
        }
        caseId = ++caseCount;
        cases[caseId].terms = Cases.Terms({
            commitSeconds: uint32(_parameter(Keys.COMMIT_SECONDS)),
            revealSeconds: uint32(_parameter(Keys.REVEAL_SECONDS)),
            appealSeconds: uint32(_parameter(Keys.APPEAL_SECONDS)),
            decideSeconds: uint32(_parameter(Keys.DECIDE_SECONDS)),
            governSeconds: uint32(_parameter(Keys.GOVERN_SECONDS)),
            missedBps: uint16(_parameter(Keys.MISSED_BPS)),
            reversedBps: uint16(_parameter(Keys.REVERSED_BPS)),
            jurorFee: uint80(_parameter(Keys.JUROR_FEE)),
            appealBond: uint80(_parameter(Keys.APPEAL_BOND)),
            validatorStake: uint80(_parameter(Keys.VALIDATOR_STAKE))
        });
        cases[caseId].open(caseId, opening, parties, msg.value);
        _hold();
    }

    /// @inheritdoc IJuries
    function fee(uint16 jurors) external view returns (uint256) {
        return _parameter(Keys.JUROR_FEE) * jurors;
    }

    // ---- Rounds

    /// @inheritdoc IJuries
    function draw(uint256 caseId) external {
        _case(caseId).draw(caseId, book.registry);
    }

    /// @inheritdoc IJuries
    function decide(uint256 caseId, bool verdict, string calldata reason) external payable {
        _case(caseId).decide(caseId, verdict, reason);
        _hold();
    }

    /// @inheritdoc IJuries
    function commit(uint256 caseId, bytes32 commitment) external {
        _case(caseId).commit(caseId, commitment);
    }

    /// @inheritdoc IJuries
    function reveal(uint256 caseId, bool verdict, string calldata reason, bytes32 salt) external {
        _case(caseId).reveal(caseId, verdict, reason, salt);
    }

    /// @inheritdoc IJuries
    function appeal(uint256 caseId, string calldata reason) external payable {
        _case(caseId).appeal(caseId, reason);
        _hold();
    }

    /// @inheritdoc IJuries
    function advance(uint256 caseId) external {
        Cases.Record storage found = _case(caseId);
        bool untold = found.phase == Phase.Final && !found.told;
        if (untold || found.advance(caseId)) _tell(caseId, found);
    }

    /// @inheritdoc IJuries
    function rule(uint256 caseId, bool verdict, string calldata reason) external onlyGovernance {
        Cases.Record storage found = _case(caseId);
        found.rule(caseId, verdict, reason);
        _tell(caseId, found);
    }

    /// @inheritdoc IJuries
    function settle(uint256 caseId, uint256 seats) external returns (bool done) {
        return _case(caseId).settle(caseId, book, seats);
    }

    /// @dev A fault of the client keeps nobody's money: it is told again by `advance`. That it ran out of gas is no fault of it,
    ///      so it is always given as much, of which EIP-150 keeps a 64th back.
    function _tell(uint256 caseId, Cases.Record storage found) private {
        if (gasleft() < TELL_GAS + TELL_GAS / 32) revert NotEnoughGas(TELL_GAS);
        found.told = true;
        try IJuryClient(found.client).ruled{gas: TELL_GAS}(caseId, found.upheld) {}
        catch {
            found.told = false;
            emit ClientFailed(caseId, found.client);
        }
    }

    function _hold() private {
        if (msg.value != 0) PAYOUTS.hold{value: msg.value}();
    }

    // ---- Validators

    /// @inheritdoc IJuries
    function join(uint256 amount) external {
        book.registry.join(msg.sender, amount, _parameter(Keys.VALIDATOR_STAKE));
        if (amount != 0) STAKES.lock(IStakes.Purpose.Validator, msg.sender, amount);
        emit Joined(msg.sender, book.registry.validators[msg.sender].stake);
    }

    /// @inheritdoc IJuries
    function leave() external {
        emit Leaving(msg.sender, book.registry.leave(msg.sender));
    }

    /// @inheritdoc IJuries
    function exit() external {
        uint256 stake = book.registry.exit(msg.sender);
        STAKES.unlock(IStakes.Purpose.Validator, msg.sender, stake);
        emit Left(msg.sender, stake);
    }

    // ---- Views

    /// @inheritdoc IJuries
    function caseInfo(uint256 caseId) external view returns (Case memory) {
        Cases.Record storage found = _case(caseId);
        (uint256 amount, uint256 jurorFees) = found.bond();
        return Case({
            client: found.client,
            subject: found.subject,
            kind: found.kind,
            phase: found.phase,
            round: found.round,
            jurors: found.jurors,
            decider: found.decider,
            claimant: found.claimant,
            upheld: found.upheld,
            deadline: found.deadline,
            origin: found.origin,
            bond: amount + jurorFees
        });
    }

    /// @inheritdoc IJuries
    function progressOf(uint256 caseId) external view returns (bool client, bool settled, uint256 held) {
        Cases.Record storage found = _case(caseId);
        return (found.told, found.progress >> 248 == 2, found.held);
    }

    /// @inheritdoc IJuries
    function juryOf(uint256 caseId, uint8 round)
        external
        view
        returns (address[] memory jurors, SeatState[] memory states)
    {
        Cases.Jury storage jury = _case(caseId).juries[round];
        jurors = jury.jurors;
        states = new SeatState[](jurors.length);
        for (uint256 i = 0; i < jurors.length; ++i) {
            states[i] = jury.seats[jurors[i]].state;
        }
    }

    /// @inheritdoc IJuries
    function commitmentOf(uint256 caseId, bool verdict, bytes32 reason, bytes32 salt, address juror)
        external
        view
        returns (bytes32)
    {
        return _case(caseId).commitmentOf(caseId, verdict, reason, salt, juror);
    }

    /// @inheritdoc IJuries
    function reputation(address validator) external view returns (uint64 agreed, uint64 reversed, uint64 missed) {
        CaseSettlement.Reputation storage found = book.reputations[validator];
        return (found.agreed, found.reversed, found.missed);
    }

    /// @inheritdoc IJuries
    function validatorInfo(address validator)
        external
        view
        returns (uint256 stake, uint256 weight, uint32 seats, uint64 until)
    {
        Validators.Validator storage found = book.registry.validators[validator];
        if (found.place != 0) weight = book.registry.tree.weightOf(found.place - 1);
        if (found.left != 0) until = found.left + Origins.HORIZON;
        return (found.stake, weight, found.seats, until);
    }

    /// @inheritdoc IJuries
    function validatorTotals() external view returns (uint256 weight, uint256 count) {
        return book.registry.tree.total(Origins.current());
    }

    function _case(uint256 caseId) private view returns (Cases.Record storage found) {
        found = cases[caseId];
        if (found.phase == Phase.None) revert UnknownCase(caseId);
    }

    function _parameter(bytes32 key) private view returns (uint256) {
        return IParameters(Predeploys.PARAMETERS).get(key);
    }
}
