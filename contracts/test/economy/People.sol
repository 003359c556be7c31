// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ICommons} from "../../src/interfaces/ICommons.sol";
import {IDatanetReview} from "../../src/interfaces/IDatanetReview.sol";
import {IFeeDistributor} from "../../src/interfaces/IFeeDistributor.sol";
import {IInference} from "../../src/interfaces/IInference.sol";
import {IJuries} from "../../src/interfaces/IJuries.sol";
import {IModelDisputes} from "../../src/interfaces/IModelDisputes.sol";
import {IParameters} from "../../src/interfaces/IParameters.sol";
import {IPayouts} from "../../src/interfaces/IPayouts.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Datanets} from "../../src/l2/datanets/Datanets.sol";
import {Keys} from "../../src/l2/governance/Keys.sol";
import {EconomyTest} from "./Economy.sol";

/// @notice Everybody does anything, in any order, with the real contracts. What a contract refuses is no step.
contract People is EconomyTest {
    uint256 public total;
    uint256 public reviewed;
    uint256 public opened;
    uint256 public modelId;
    /// @notice Another model, which may be found untrue.
    uint256 public disputed;
    /// @notice How often each kind of step was one.
    uint256[24] public reached;
    address[] private people;
    bytes[] private documents;
    mapping(uint256 caseId => uint256) public bondOf;

    constructor() {
        deployEconomy();
        joinValidators(VALIDATORS);
        (opened, modelId) = market();
        disputed = register(opened);
        reviewed = foundReviewed();
        people = [curator, alice, bob, mallory, trainer, payer, operator];
        for (uint256 i = 1; i <= VALIDATORS; ++i) {
            people.push(validator(i));
        }
        for (uint256 i = 0; i < 10; ++i) {
            documents.push(abi.encode("document", i));
        }
        total = sum();
    }

    // ---- What is seen

    function count() external view returns (uint256) {
        return people.length;
    }

    function person(uint256 i) external view returns (address) {
        return people[i];
    }

    /// @notice All OPEN of everybody and of every contract, and what was burnt.
    function sum() public view returns (uint256 all) {
        for (uint256 i = 0; i < people.length; ++i) {
            all += people[i].balance;
        }
        for (uint160 at = 0x0a7710; at <= 0x0a772f; ++at) {
            all += address(at).balance;
        }
        all += distributor.burntTotal();
    }

    // ---- Contributing

    function contribute(uint256 who, uint256 what) external {
        bytes memory call = abi.encodeCall(Datanets.contribute, (opened, documents[what % documents.length]));
        step(0, people[1 + who % 3], Predeploys.DATANETS, 0, call);
    }

    function handInReviewed(uint256 who, uint256 what) external {
        bytes memory document = documents[what % documents.length];
        address author = people[1 + who % 3];
        if (author.balance < 10 ether) return;
        uint256 commitmentId = commit(author, reviewed, document);
        if ((what >> 64) % 4 == 0) {
            // A thief learns of it before it is shown.
            pass(1);
            step(0, mallory, Predeploys.DATANETS, 0, abi.encodeCall(Datanets.contribute, (opened, document)));
        }
        reveal(author, commitmentId, document, NONE);
        submit(author, commitmentId);
        ++reached[1];
    }

    function appendAccepted(uint256 which) external {
        uint256 number = review.commitmentCount();
        if (number == 0) return;
        uint256 id = 1 + which % number;
        for (uint256 i = 0; i < number && review.commitmentInfo(id).stage != Stage.Accepted; ++i) {
            id = id % number + 1;
        }
        (bytes32 hash,) = review.documentOf(id, 0);
        bytes memory document = documents[0];
        for (uint256 i = 0; keccak256(document) != hash; document = documents[++i]) {}
        bytes memory call = abi.encodeCall(IDatanetReview.append, (id, 0, one(document)));
        step(2, mallory, Predeploys.DATANETS, 0, call);
    }

    function advanceQueue() external {
        review.advance(reviewed, 20);
    }

    function withdrawRow(uint256 which) external {
        (uint256 id, uint64 row, bool there) = pick(which);
        if (!there) return;
        step(3, authorOf(id, row), Predeploys.DATANETS, 0, abi.encodeCall(Datanets.withdraw, (id, row)));
    }

    function disownRow(uint256 which) external {
        (uint256 id, uint64 row, bool there) = pick(which);
        if (!there) return;
        step(4, mallory, Predeploys.DATANETS, 0, abi.encodeCall(IDatanetReview.disown, (id, row)));
    }

    function challengeRow(uint256 who, uint256 which) external {
        (uint256 id, uint64 row, bool there) = pick(which);
        if (!there) return;
        uint256 bond = parameters.get(Keys.DISPUTE_BOND);
        uint256 value = bond + juries.fee(3);
        bytes memory call = abi.encodeCall(IDatanetReview.challenge, (id, row, "because"));
        if (step(5, people[who % 4], Predeploys.DATANETS, value, call)) bondOf[juries.caseCount()] = bond;
    }

    function claimRow(uint256 who, uint256 which) external {
        (uint256 id, uint64 row, bool there) = pick(which);
        if (!there) return;
        bytes memory text = abi.encode("earlier", id, row);
        uint64[] memory rows = new uint64[](1);
        uint256[] memory weights = new uint256[](1);
        (rows[0], weights[0]) = (row, 90);
        store.inherit(text, [uint256(90), 0, 100], rows, weights);
        uint256 bond = parameters.get(Keys.DISPUTE_BOND);
        uint256 value = bond + juries.fee(3);
        bytes memory call = abi.encodeCall(IDatanetReview.claimAuthorship, (id, row, 0, text, "signed"));
        if (step(6, people[who % 4], Predeploys.DATANETS, value, call)) bondOf[juries.caseCount()] = bond;
    }

    // ---- Sessions

    function openSession(uint8 most) external {
        uint32 maxAnswers = uint32(1 + most % 4);
        IInference.Opening memory asked = IInference.Opening(modelId, 1, termsOf(modelId), 0, maxAnswers, 0);
        step(7, payer, Predeploys.INFERENCE, PRICE * maxAnswers, abi.encodeCall(IInference.open, (asked, "")));
    }

    function settleSession(uint256 which, uint256 seed) external {
        (uint256 id, bool there) = session(which);
        if (!there || inference.sessionInfo(id).status != IInference.Status.Open) return;
        IInference.Answer[] memory all = answered(id, seed);
        bytes memory signature = voucher(id, all);
        step(8, operator, Predeploys.INFERENCE, 0, abi.encodeCall(IInference.settle, (id, all, signature)));
    }

    function postAnswers(uint256 which, uint256 seed) external {
        (uint256 id, bool there) = session(which);
        if (!there || inference.sessionInfo(id).status != IInference.Status.Open) return;
        step(9, operator, Predeploys.INFERENCE, 0, abi.encodeCall(IInference.post, (id, answered(id, seed))));
    }

    function endSession(uint256 which) external {
        (uint256 id, bool there) = session(which);
        if (!there) return;
        step(10, mallory, Predeploys.INFERENCE, 0, abi.encodeCall(IInference.finalize, (id)));
        step(11, mallory, Predeploys.INFERENCE, 0, abi.encodeCall(IInference.refund, (id)));
        step(12, mallory, Predeploys.INFERENCE, 0, abi.encodeCall(IInference.close, (id)));
    }

    function disputeAnswer(uint256 which, uint8 kind) external {
        (uint256 id, bool there) = session(which);
        if (!there) return;
        IInference.Session memory found_ = inference.sessionInfo(id);
        IInference.Dispute what = IInference.Dispute(1 + kind % 2);
        uint32 index = what == IInference.Dispute.NoAnswer || found_.answers == 0 ? found_.answers + 1 : 1;
        uint256 value = juries.fee(found_.rules.jurors) + found_.rules.contestBond;
        bytes memory call = abi.encodeCall(IInference.dispute, (id, index, what, ""));
        step(13, payer, Predeploys.INFERENCE, value, call);
    }

    function disputeModel() external {
        uint256 fee = juries.fee(uint16(parameters.get(Keys.CHALLENGE_JURORS)) | 1);
        bytes memory call = abi.encodeWithSelector(IModelDisputes.challenge.selector, disputed, 1, bytes32("evidence"));
        step(14, bob, Predeploys.MODELS, fee, call);
    }

    // ---- Juries

    /// @dev What the case waits for, by jurors of whom each says what the seed says, or nothing.
    function tryCase(uint256 which, uint256 seed) public {
        uint256 number = juries.caseCount();
        if (number == 0) return;
        uint256 id = unsettled(1 + which % number, number);
        // Time passes in other steps: a jury that is drawn votes at once, or never.
        if (phaseOf(id) == IJuries.Phase.Drawing) drawJury(id);
        if (phaseOf(id) == IJuries.Phase.Committing) commitAll(id, seed);
        IJuries.Phase phase = phaseOf(id);
        if (phase == IJuries.Phase.Revealing) revealAll(id, seed);
        else if (phase == IJuries.Phase.Deciding) decideCase(id, seed);
        else if (phase == IJuries.Phase.Appealable) endOrAppeal(id, seed >> 128);
        else if (phase == IJuries.Phase.Governing) ruleCase(id, seed);
        else step(15, mallory, Predeploys.JURIES, 0, abi.encodeCall(IJuries.settle, (id, seed % 9)));
    }

    function phaseOf(uint256 id) private view returns (IJuries.Phase) {
        return juries.caseInfo(id).phase;
    }

    /// @dev The next case, from `id` on, of which something is left to do.
    function unsettled(uint256 id, uint256 number) private view returns (uint256) {
        for (uint256 i = 0; i < number; ++i) {
            (, bool settled,) = juries.progressOf(id);
            if (!settled) return id;
            id = id % number + 1;
        }
        return id;
    }

    function commitAll(uint256 id, uint256 seed) private {
        address[] memory jurors = juryOf(id);
        for (uint256 i = 0; i < jurors.length; ++i) {
            if ((seed >> (2 * i)) % 4 == 3) continue;
            bool verdict = (seed >> (2 * i)) % 4 != 0;
            bytes32 commitment = juries.commitmentOf(id, verdict, keccak256(""), "salt", jurors[i]);
            step(16, jurors[i], Predeploys.JURIES, 0, abi.encodeCall(IJuries.commit, (id, commitment)));
        }
        if (juries.caseInfo(id).phase != IJuries.Phase.Committing) return;
        pass(1);
        wait_(1 days);
        step(17, mallory, Predeploys.JURIES, 0, abi.encodeCall(IJuries.advance, (id)));
    }

    function revealAll(uint256 id, uint256 seed) private {
        address[] memory jurors = juryOf(id);
        for (uint256 i = 0; i < jurors.length; ++i) {
            bytes memory call = abi.encodeCall(IJuries.reveal, (id, true, "", "salt"));
            if (step(18, jurors[i], Predeploys.JURIES, 0, call)) continue;
            call = abi.encodeCall(IJuries.reveal, (id, false, "", "salt"));
            if (seed % 8 != 0) step(18, jurors[i], Predeploys.JURIES, 0, call);
        }
        if (juries.caseInfo(id).phase != IJuries.Phase.Revealing) return;
        wait_(1 days + 1);
        step(17, mallory, Predeploys.JURIES, 0, abi.encodeCall(IJuries.advance, (id)));
    }

    function decideCase(uint256 id, uint256 seed) private {
        uint256 bond = juries.caseInfo(id).bond;
        bytes memory call = abi.encodeCall(IJuries.decide, (id, seed % 2 == 0, ""));
        step(19, juries.caseInfo(id).decider, Predeploys.JURIES, bond, call);
    }

    function endOrAppeal(uint256 id, uint256 seed) private {
        if (seed % 4 == 0) {
            uint256 bond = juries.caseInfo(id).bond;
            step(20, people[seed % 7], Predeploys.JURIES, bond, abi.encodeCall(IJuries.appeal, (id, "")));
            return;
        }
        wait_(3 days + 1);
        step(17, mallory, Predeploys.JURIES, 0, abi.encodeCall(IJuries.advance, (id)));
    }

    function ruleCase(uint256 id, uint256 seed) private {
        bytes memory call = abi.encodeCall(IJuries.rule, (id, seed % 2 == 0, ""));
        step(21, Predeploys.TIMELOCK, Predeploys.JURIES, 0, call);
    }

    function leaveOrJoin(uint256 which, bool leaves) external {
        address account = validator(1 + which % VALIDATORS);
        bytes memory call = leaves ? abi.encodeCall(IJuries.leave, ()) : abi.encodeCall(IJuries.join, (0));
        step(22, account, Predeploys.JURIES, 0, call);
        if (which % 3 == 0) step(22, account, Predeploys.JURIES, 0, abi.encodeCall(IJuries.exit, ()));
        pass(2);
    }

    // ---- Money and governance

    function claimAll(uint256 who) external {
        claimAs(people[who % people.length]);
    }

    function divideFees() external {
        step(23, mallory, Predeploys.FEE_DISTRIBUTOR, 0, abi.encodeCall(IFeeDistributor.distribute, ()));
    }

    function drawCommons(uint256 who, bool general) external {
        (uint64 epoch,,) = commons.epochNow();
        uint256 id = general ? 0 : opened;
        for (uint64 i = 1; i < epoch; ++i) {
            bytes memory call = abi.encodeCall(ICommons.draw, (id, i, people[who % 4]));
            step(23, mallory, Predeploys.COMMONS, 0, call);
        }
    }

    function changeParameter(uint256 which, uint256 value) external {
        bytes32[6] memory keys = [
            Keys.PROTOCOL_BPS,
            Keys.JUROR_FEE,
            Keys.DISPUTE_BOND,
            Keys.REVERSED_BPS,
            Keys.VALIDATOR_STAKE,
            Keys.CONTEST_BOND
        ];
        bytes32 key = keys[which % keys.length];
        (uint256 least, uint256 most, uint256 initial) = parameters.bounds(key);
        if (most > 2 * initial) most = 2 * initial;
        vm.prank(Predeploys.TIMELOCK);
        parameters.set(key, bound(value, least, most));
    }

    function timePasses(uint256 time) external {
        wait_(bound(time, 1, 3 days));
    }

    // ---- Shared

    function step(uint256 kind, address by, address target, uint256 value, bytes memory call)
        private
        returns (bool success)
    {
        if (by.balance < value) return false;
        vm.prank(by);
        (success,) = target.call{value: value}(call);
        if (success) ++reached[kind];
    }

    function pick(uint256 which) private view returns (uint256 id, uint64 row, bool there) {
        id = which % 2 == 0 ? opened : reviewed;
        uint64 rows = datanets.datanetInfo(id).rows;
        if (rows == 0) return (id, 0, false);
        return (id, uint64((which >> 1) % rows), true);
    }

    function session(uint256 which) private view returns (uint256 id, bool there) {
        uint256 number = inference.sessionCount();
        return number == 0 ? (0, false) : (1 + which % number, true);
    }

    function answered(uint256 id, uint256 seed) private view returns (IInference.Answer[] memory) {
        IInference.Session memory found_ = inference.sessionInfo(id);
        uint256 number = 1 + seed % (found_.maxAnswers - found_.answers);
        return answers(number, output(1 + (seed >> 8) % 100, (seed >> 16) % 100, (seed >> 24) % 100));
    }
}
