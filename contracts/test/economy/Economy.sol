// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Genesis} from "../../script/Genesis.s.sol";
import {IDatanetRecords} from "../../src/interfaces/IDatanetRecords.sol";
import {IDatanetReview} from "../../src/interfaces/IDatanetReview.sol";
import {IDatanets} from "../../src/interfaces/IDatanets.sol";
import {IInference} from "../../src/interfaces/IInference.sol";
import {IJuries} from "../../src/interfaces/IJuries.sol";
import {IModelDisputes} from "../../src/interfaces/IModelDisputes.sol";
import {IModelRegistry} from "../../src/interfaces/IModelRegistry.sol";
import {IModels} from "../../src/interfaces/IModels.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {L1Block} from "../../src/l2/L1Block.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Datanets} from "../../src/l2/datanets/Datanets.sol";
import {Division} from "../../src/l2/inference/Division.sol";
import {Inference} from "../../src/l2/inference/Inference.sol";
import {Juries} from "../../src/l2/juries/Juries.sol";
import {Models} from "../../src/l2/models/Models.sol";
import {SplitDouble} from "../doubles/SplitDouble.sol";
import {StoreDouble} from "../doubles/StoreDouble.sol";
import {TraceDouble, Words} from "../doubles/TraceDouble.sol";
import {GovernanceTest} from "../governance/Governance.sol";
import {SketchDouble} from "../inference/SketchDouble.sol";

/// @notice All contracts of the economy as genesis has them, over doubles of the precompiles alone, and steps of its people.
abstract contract EconomyTest is GovernanceTest, IDatanetRecords {
    Datanets internal constant datanets = Datanets(payable(Predeploys.DATANETS));
    IDatanetReview internal constant review = IDatanetReview(Predeploys.DATANETS);
    Juries internal constant juries = Juries(payable(Predeploys.JURIES));
    Models internal constant models = Models(payable(Predeploys.MODELS));
    IModelDisputes internal constant modelDisputes = IModelDisputes(Predeploys.MODELS);
    Inference internal constant inference = Inference(Predeploys.INFERENCE);
    Division internal constant division = Division(Predeploys.DIVISION);
    L1Block internal constant l1 = L1Block(Predeploys.L1_BLOCK);
    StoreDouble internal constant store = StoreDouble(address(Predeploys.ATTRIBUTION_STORE));

    uint256 internal constant PAYER_KEY = 0xA5A5;
    uint256 internal constant OPERATOR_KEY = 0x0909;
    address internal constant curator = address(0xC0);
    address internal constant alice = address(0xA1);
    address internal constant bob = address(0xB0);
    address internal constant mallory = address(0xE0);
    address internal constant trainer = address(0x7A);
    uint256 internal constant PRICE = 1 ether;
    uint256 internal constant VALIDATORS = 7;
    uint256 internal constant VALIDATOR_STAKE = 1_000 ether;
    uint256 internal constant DISPUTE_BOND = 5 ether;
    uint256 internal constant JURY = 0.3 ether;
    uint256 internal constant CONTEST_COST = 1.5 ether;
    uint64 internal constant NONE = type(uint64).max;
    bytes32 internal constant SALT = "salt";
    uint8 internal constant WITHDRAWN = 2;

    Genesis internal genesis;
    address internal payer;
    address internal operator;
    uint256 private made;

    function deployEconomy() internal {
        genesis = new Genesis();
        genesis.place();
        vm.warp(START);
        vm.etch(address(Predeploys.ATTRIBUTION_STORE), address(new StoreDouble()).code);
        vm.etch(address(Predeploys.TEXT_ATTRIBUTION), address(new TraceDouble()).code);
        vm.etch(address(Predeploys.SKETCH_ATTRIBUTION), address(new SketchDouble()).code);
        vm.etch(address(Predeploys.REWARD_SPLIT), address(new SplitDouble()).code);
        (payer, operator) = (vm.addr(PAYER_KEY), vm.addr(OPERATOR_KEY));
        address[9] memory people = [curator, alice, bob, mallory, trainer, payer, operator, ALICE, BOB];
        for (uint256 i = 0; i < people.length; ++i) {
            vm.deal(people[i], 1_000_000 ether);
        }
        origin(1_000);
        stakeAs(operator, IStakes.Purpose.Operator, 1_000 ether);
        stakeAs(trainer, IStakes.Purpose.Trainer, 1_000 ether);
        stakeAs(bob, IStakes.Purpose.Trainer, 1_000 ether);
    }

    function stakeAs(address account, IStakes.Purpose purpose, uint256 amount) internal {
        vm.prank(account);
        stakes.stake{value: amount}(purpose);
    }

    // ---- L1

    /// @dev L1's block `number` is the origin of the blocks from now on.
    function origin(uint64 number) internal {
        vm.prevrandao(keccak256(abi.encode("randao", number)));
        bytes memory values = abi.encodePacked(
            L1Block.setL1BlockValuesIsthmus.selector,
            uint32(0),
            uint32(0),
            uint64(0),
            uint64(vm.getBlockTimestamp()),
            number,
            uint256(1),
            uint256(1),
            bytes32(0),
            bytes32(0),
            uint32(0),
            uint64(0)
        );
        vm.prank(l1.DEPOSITOR_ACCOUNT());
        (bool success,) = address(l1).call(values);
        vm.assertTrue(success, "attributes");
    }

    /// @dev `count` blocks of L1.
    function pass(uint64 count) internal {
        uint64 number = l1.number();
        for (uint64 i = 1; i <= count; ++i) {
            vm.warp(vm.getBlockTimestamp() + 12);
            origin(number + i);
        }
    }

    /// @dev A long time, of whose origins only the last is kept (`remember`).
    function wait_(uint256 time) internal {
        vm.warp(vm.getBlockTimestamp() + time);
        origin(l1.number() + uint64(time / 12) + 1);
    }

    // ---- Validators and juries

    function validator(uint256 i) internal pure returns (address) {
        return address(uint160(0xA11D0000 + i));
    }

    function joinValidators(uint256 count) internal {
        for (uint256 i = 1; i <= count; ++i) {
            vm.deal(validator(i), 10_000 ether);
            stakeAs(validator(i), IStakes.Purpose.Validator, VALIDATOR_STAKE);
            vm.prank(validator(i));
            juries.join(VALIDATOR_STAKE);
        }
        pass(2);
    }

    function drawJury(uint256 caseId) internal {
        // An origin that L1Block has forgotten is replaced by another.
        while (juries.caseInfo(caseId).phase == IJuries.Phase.Drawing) {
            while (l1.number() < juries.caseInfo(caseId).origin) {
                pass(1);
            }
            remember(juries.caseInfo(caseId).origin);
            juries.draw(caseId);
        }
    }

    /// @dev L1Block has the randomness of each origin, also of those that `wait_` left out.
    function remember(uint64 number) internal {
        uint256 held = l1.RANDAO_HELD();
        if (l1.number() - number >= held) return;
        vm.store(address(l1), bytes32(9 + number % held), keccak256(abi.encode("randao", number)));
    }

    function juryOf(uint256 caseId) internal view returns (address[] memory jurors) {
        (jurors,) = juries.juryOf(caseId, juries.caseInfo(caseId).round);
    }

    /// @dev All of the drawn jury say the same.
    function vote(uint256 caseId, bool verdict) internal {
        drawJury(caseId);
        address[] memory jurors = juryOf(caseId);
        for (uint256 i = 0; i < jurors.length; ++i) {
            bytes32 commitment = juries.commitmentOf(caseId, verdict, keccak256("because"), "salt", jurors[i]);
            vm.prank(jurors[i]);
            juries.commit(caseId, commitment);
        }
        for (uint256 i = 0; i < jurors.length; ++i) {
            vm.prank(jurors[i]);
            juries.reveal(caseId, verdict, "because", "salt");
        }
    }

    function close(uint256 caseId) internal {
        wait_(3 days + 1);
        juries.advance(caseId);
    }

    function settleCase(uint256 caseId) internal {
        while (!juries.settle(caseId, 64)) {}
    }

    /// @dev From the draw to the last wei.
    function judge(uint256 caseId, bool verdict) internal {
        vote(caseId, verdict);
        close(caseId);
        settleCase(caseId);
    }

    function appeal(uint256 caseId, address who) internal returns (uint256 bond) {
        bond = juries.caseInfo(caseId).bond;
        vm.prank(who);
        juries.appeal{value: bond}(caseId, "wrong");
    }

    // ---- Datanets

    function found(Policy memory policy) internal returns (uint256) {
        Settings memory settings;
        (settings.name, settings.purpose) = ("poems", "to be read");
        settings.licence = IDatanets.Licence(true, true, false, 2_000, 7_000, "licence");
        (settings.policy, settings.curatorBps) = (policy, 300);
        vm.prank(curator);
        return datanets.create(settings);
    }

    function foundOpen() internal returns (uint256) {
        return found(Policy(0, false, 0, 0, 0));
    }

    function foundCommitted() internal returns (uint256) {
        return found(Policy(0, true, 0, 0, 0));
    }

    function foundReviewed() internal returns (uint256) {
        return found(Policy(3, true, 0, 0.01 ether, 1 ether));
    }

    function contribute(address author, uint256 id, bytes memory document) internal returns (uint64) {
        vm.prank(author);
        return datanets.contribute(id, document);
    }

    function one(bytes memory document) internal pure returns (bytes[] memory documents) {
        documents = new bytes[](1);
        documents[0] = document;
    }

    function commit(address author, uint256 id, bytes memory document) internal returns (uint256) {
        bytes32 root = review.leafOf(id, author, SALT, 0, document);
        (, Policy memory policy,,,) = datanets.termsOf(id);
        vm.prank(author);
        return review.commit{value: uint256(policy.fee) + policy.bond}(id, root, 1);
    }

    function reveal(address author, uint256 commitmentId, bytes memory document, uint64 parent) internal {
        Revelation[] memory shown = new Revelation[](1);
        shown[0] = Revelation(document, parent, new bytes32[](0));
        vm.prank(author);
        review.reveal(commitmentId, SALT, shown);
    }

    /// @return caseId 0 if there is no review.
    function submit(address author, uint256 commitmentId) internal returns (uint256 caseId) {
        uint256 cost = review.reviewCost(commitmentId);
        vm.prank(author);
        review.submit{value: cost}(commitmentId);
        return review.commitmentInfo(commitmentId).caseId;
    }

    function handIn(address author, uint256 id, bytes memory document) internal returns (uint256 commitmentId) {
        commitmentId = commit(author, id, document);
        reveal(author, commitmentId, document, NONE);
        submit(author, commitmentId);
    }

    function append(uint256 commitmentId, bytes memory document) internal {
        review.append(commitmentId, 0, one(document));
    }

    function caseOf(uint256 commitmentId) internal view returns (uint256) {
        return review.commitmentInfo(commitmentId).caseId;
    }

    function publish(uint256 id) internal returns (uint32) {
        vm.prank(curator);
        return datanets.publish(id, "note");
    }

    function authorOf(uint256 id, uint64 row) internal view returns (address) {
        return datanets.rowInfo(id, row).account;
    }

    // ---- Models

    /// @dev Of 10,000: protocol 500, reviewers 200, curator 300, lineage 1,000, contributors 6,000, operator 2,000.
    function registration(uint256 id, uint32 releaseId) internal returns (IModelRegistry.Registration memory entry) {
        entry.licence = IDatanets.Licence(true, true, false, 2_000, 7_000, "licence");
        entry.weightsHash = keccak256(abi.encode("weights", ++made));
        (entry.manifestHash, entry.metricsHash, entry.uri) = ("manifest", "metrics", "ipfs://model");
        (entry.operator, entry.price) = (operator, uint128(PRICE));
        (entry.contributorBps, entry.lineageBps) = (6_000, 1_000);
        (entry.answerSeconds, entry.deterministic) = (1 days, true);
        entry.sources = new IModels.Source[](1);
        entry.sources[0] = IModels.Source(id, releaseId, 10_000);
    }

    /// @dev A model of the first release, which the operator serves.
    function registerAs(address who, IModelRegistry.Registration memory entry) internal returns (uint256 modelId) {
        vm.startPrank(who);
        modelId = models.create("model", "");
        models.registerVersion(modelId, entry);
        vm.stopPrank();
        serve(modelId);
    }

    function register(uint256 id) internal returns (uint256) {
        return registerAs(trainer, registration(id, datanets.releaseCount(id)));
    }

    function serve(uint256 modelId) internal {
        bytes32 hash = termsOf(modelId);
        vm.prank(operator);
        inference.serve(hash, true);
    }

    function termsOf(uint256 modelId) internal view returns (bytes32) {
        (uint32 version,) = models.latest(modelId);
        return models.termsHash(modelId, version);
    }

    /// @dev An open datanet with a row each of alice's and bob's, a release, a model.
    function market() internal returns (uint256 id, uint256 modelId) {
        id = foundOpen();
        contribute(alice, id, "alice wrote this");
        contribute(bob, id, "bob wrote that");
        publish(id);
        modelId = register(id);
    }

    // ---- Sessions

    function open(uint256 modelId, uint32 maxAnswers) internal returns (uint256) {
        (uint32 version,) = models.latest(modelId);
        IInference.Opening memory asked = IInference.Opening(modelId, version, termsOf(modelId), 0, maxAnswers, 0);
        vm.prank(payer);
        return inference.open{value: PRICE * maxAnswers}(asked, "");
    }

    function answers(uint256 count, bytes memory text) internal pure returns (IInference.Answer[] memory all) {
        all = new IInference.Answer[](count);
        for (uint256 i = 0; i < count; ++i) {
            all[i] = IInference.Answer(keccak256("prompt"), PRICE, text, "");
        }
    }

    function voucher(uint256 sessionId, IInference.Answer[] memory all) internal view returns (bytes memory) {
        IInference.Session memory session = inference.sessionInfo(sessionId);
        (,, bytes32 digest) = division.voucherOf(sessionId, session.head, session.answers + 1, session.paid, all);
        return signed(PAYER_KEY, digest);
    }

    function settle(uint256 sessionId, IInference.Answer[] memory all) internal returns (uint256) {
        bytes memory signature = voucher(sessionId, all);
        vm.prank(operator);
        return inference.settle(sessionId, all, signature);
    }

    function post(uint256 sessionId, IInference.Answer[] memory all) internal {
        vm.prank(operator);
        inference.post(sessionId, all);
    }

    function contest(uint256 sessionId, uint32 index) internal returns (uint256) {
        vm.prank(payer);
        return inference.dispute{value: CONTEST_COST}(sessionId, index, IInference.Dispute.NoAnswer, "the prompt");
    }

    /// @dev Made of words of the rows 0 and 1 with these weights, and of others that nobody contributed.
    function output(uint256 first, uint256 second, uint256 unexplained) internal pure returns (bytes memory) {
        Words[] memory words = new Words[](2);
        (words[0], words[1]) = (Words(0, first, false), Words(1, second, false));
        return abi.encode(words, unexplained);
    }

    // ---- Money

    function owed(address account) internal view returns (uint256) {
        return payouts.owed(account);
    }

    function claimAs(address account) internal returns (uint256 amount) {
        if (owed(account) == 0) return 0;
        vm.prank(account);
        return payouts.claim(payable(account));
    }

    /// @dev What `Payouts` holds is what is owed and in escrow, to the wei.
    function checkBooks() internal view {
        (uint256 owedTotal, uint256 escrowTotal) = payouts.totals();
        vm.assertEq(address(payouts).balance, owedTotal + escrowTotal, "Payouts covers what it owes");
        uint256 escrows = payouts.escrowOf(Predeploys.DATANETS) + payouts.escrowOf(Predeploys.INFERENCE)
            + payouts.escrowOf(Predeploys.JURIES) + payouts.escrowOf(Predeploys.COMMONS)
            + payouts.escrowOf(Predeploys.FEE_DISTRIBUTOR);
        vm.assertEq(escrows, escrowTotal, "escrow is the modules'");
        vm.assertEq(payouts.escrowOf(Predeploys.COMMONS), commons.held(), "the commons' pots are its escrow");
        address[6] memory empty = [
            Predeploys.DATANETS,
            Predeploys.INFERENCE,
            Predeploys.JURIES,
            Predeploys.MODELS,
            Predeploys.COMMONS,
            Predeploys.FEE_DISTRIBUTOR
        ];
        for (uint256 i = 0; i < empty.length; ++i) {
            vm.assertEq(empty[i].balance, 0, "a module keeps no balance");
        }
    }

    // ---- Governance

    /// @dev From the proposal to the deed. Who decides must have deposited.
    function govern(address target, bytes memory call) internal {
        Proposal memory made_ = proposal(target, call);
        decide(made_);
        execute(made_);
        origin(l1.number() + 60_000);
    }

    function depositVotes() internal {
        vm.prank(ALICE);
        gopen.deposit{value: 10_000 ether}();
        wait_(1);
    }
}
