// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IInference} from "../../src/interfaces/IInference.sol";
import {IModels} from "../../src/interfaces/IModels.sol";
import {IStakes} from "../../src/interfaces/IStakes.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {Division} from "../../src/l2/inference/Division.sol";
import {Inference} from "../../src/l2/inference/Inference.sol";
import {SplitDouble} from "../doubles/SplitDouble.sol";
import {StoreDouble} from "../doubles/StoreDouble.sol";
import {TraceDouble, Words} from "../doubles/TraceDouble.sol";
import {MoneyTest} from "../money/Money.sol";
import {DatanetsDouble} from "./DatanetsDouble.sol";
import {JuriesDouble} from "./JuriesDouble.sol";
import {ModelsDouble} from "./ModelsDouble.sol";
import {SketchDouble} from "./SketchDouble.sol";

/// @notice Inference with the real contracts of money, over doubles of datanets, models, juries and precompiles: one datanet of
///         eight contributors, one model.
abstract contract MarketTest is MoneyTest {
    Inference internal constant inference = Inference(Predeploys.INFERENCE);
    Division internal constant division = Division(Predeploys.DIVISION);
    DatanetsDouble internal constant datanets = DatanetsDouble(Predeploys.DATANETS);
    ModelsDouble internal constant models = ModelsDouble(Predeploys.MODELS);
    JuriesDouble internal constant juries = JuriesDouble(Predeploys.JURIES);

    uint256 internal constant PAYER_KEY = 0xA5A5;
    uint256 internal constant OPERATOR_KEY = 0x0909;
    address internal constant curator = address(0xC0);
    address internal constant trainer = address(0x7A);
    uint256 internal constant PRICE = 1 ether;
    uint256 internal constant STAKE = 100 ether;
    uint256 internal constant PENALTY = 20 ether;
    uint256 internal constant CONTEST = 3 days;
    /// @dev Fee of five jurors, and the bond.
    uint256 internal constant CONTEST_COST = 1.5 ether;

    address internal payer;
    address internal operator;
    uint256 internal datanetId;
    uint256 internal modelId;

    function deployMarket() internal {
        deployMoney();
        vm.etch(address(Predeploys.ATTRIBUTION_STORE), address(new StoreDouble()).code);
        vm.etch(address(Predeploys.TEXT_ATTRIBUTION), address(new TraceDouble()).code);
        vm.etch(address(Predeploys.SKETCH_ATTRIBUTION), address(new SketchDouble()).code);
        vm.etch(address(Predeploys.REWARD_SPLIT), address(new SplitDouble()).code);
        vm.etch(Predeploys.DATANETS, address(new DatanetsDouble()).code);
        vm.etch(Predeploys.MODELS, address(new ModelsDouble()).code);
        vm.etch(Predeploys.JURIES, address(new JuriesDouble()).code);
        placeProxy(Predeploys.INFERENCE, type(Inference).creationCode);
        placeProxy(Predeploys.DIVISION, type(Division).creationCode);
        (payer, operator) = (vm.addr(PAYER_KEY), vm.addr(OPERATOR_KEY));
        vm.deal(payer, 1e27);
        vm.deal(operator, 1e27);
        datanetId = datanetOf(8, 6_000, 10_000, 300);
        modelId = models.register(terms(), sourcesOf(datanetId));
        lineageOf(modelId, trainer, address(0x7B));
        offer(modelId);
        stake(operator, STAKE);
    }

    // ---- Worlds

    function datanetOf(uint256 contributors, uint16 fullAtBps, uint16 maxContributorBps, uint16 curatorBps)
        internal
        returns (uint256 id)
    {
        id = datanets.create(curator);
        for (uint256 i = 1; i <= contributors; ++i) {
            datanets.contribute(id, contributor(i));
        }
        datanets.makeRelease(id, fullAtBps, maxContributorBps, curatorBps);
    }

    /// @dev Of 10,000: protocol 500, reviewers 200, curator 300, lineage 1,000, contributors 6,000, operator 2,000.
    function terms() internal view returns (IModels.Terms memory) {
        return IModels.Terms({
            operator: operator,
            price: PRICE,
            contributorBps: 6_000,
            lineageBps: 1_000,
            sketchBps: 0,
            sketchSetId: 0,
            sketchVersion: 0,
            answerSeconds: 600,
            deterministic: false
        });
    }

    function sourcesOf(uint256 id) internal pure returns (IModels.Source[] memory sources) {
        sources = new IModels.Source[](1);
        sources[0] = IModels.Source(id, 1, 10_000);
    }

    function sourcesOf(uint256 first, uint16 firstBps, uint256 second) internal pure returns (IModels.Source[] memory) {
        IModels.Source[] memory sources = new IModels.Source[](2);
        sources[0] = IModels.Source(first, 1, firstBps);
        sources[1] = IModels.Source(second, 1, 10_000 - firstBps);
        return sources;
    }

    function lineageOf(uint256 model, address first, address second) internal {
        uint256[] memory parts = new uint256[](2);
        (parts[0], parts[1]) = (700_000_000, 300_000_000);
        models.setLineage(model, list(first, second), parts);
    }

    /// @dev The operator answers under the newest terms.
    function offer(uint256 model) internal {
        bytes32 termsHash = hashOf(model);
        vm.prank(operator);
        inference.serve(termsHash, true);
    }

    function stake(address account, uint256 amount) internal {
        vm.deal(address(this), amount);
        stakes.stakeFor{value: amount}(IStakes.Purpose.Operator, account);
    }

    function hashOf(uint256 model) internal view returns (bytes32) {
        (uint32 version,) = models.latest(model);
        return models.termsHash(model, version);
    }

    function contributor(uint256 number) internal pure returns (address) {
        return address(uint160(0xAA00 + number));
    }

    // ---- Sessions

    function opening(uint256 model, uint32 maxAnswers) internal view returns (IInference.Opening memory) {
        (uint32 version,) = models.latest(model);
        return IInference.Opening(model, version, models.termsHash(model, version), 0, maxAnswers, 0);
    }

    function open(uint256 model, uint32 maxAnswers, uint256 payment) internal returns (uint256) {
        IInference.Opening memory asked = opening(model, maxAnswers);
        vm.prank(payer);
        return inference.open{value: payment}(asked, "");
    }

    function ask(uint256 payment) internal returns (uint256) {
        return open(modelId, 1, payment);
    }

    function answer(bytes memory output, uint256 amount) internal pure returns (IInference.Answer memory) {
        return IInference.Answer(keccak256("prompt"), amount, output, "");
    }

    function answers(bytes memory output, uint256 amount) internal pure returns (IInference.Answer[] memory all) {
        all = new IInference.Answer[](1);
        all[0] = answer(output, amount);
    }

    function digest(uint256 sessionId, IInference.Answer[] memory all) internal view returns (bytes32 signedDigest) {
        IInference.Session memory session = inference.sessionInfo(sessionId);
        (,, signedDigest) = division.voucherOf(sessionId, session.head, session.answers + 1, session.paid, all);
    }

    function voucher(uint256 sessionId, IInference.Answer[] memory all) internal view returns (bytes memory) {
        return signed(PAYER_KEY, digest(sessionId, all));
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

    // ---- Answers, as the double of the trace reads them

    /// @dev Made of the words of the rows 0, 1, … with these weights, and of others that nobody contributed.
    function answerOf(uint256[] memory credits, uint256 unexplained) internal pure returns (bytes memory) {
        Words[] memory words = new Words[](credits.length);
        for (uint256 i = 0; i < credits.length; ++i) {
            words[i] = Words(uint64(i), credits[i], false);
        }
        return abi.encode(words, unexplained);
    }

    function quote(uint256 first, uint256 second, uint256 unexplained) internal pure returns (bytes memory) {
        uint256[] memory credits = new uint256[](2);
        (credits[0], credits[1]) = (first, second);
        return answerOf(credits, unexplained);
    }

    // ---- Money

    function commonsOf(uint256 id) internal view returns (uint256 money) {
        (uint64 epoch,,) = commons.epochNow();
        (money,) = commons.potOf(id, epoch);
    }

    function escrow() internal view returns (uint256) {
        return payouts.escrowOf(Predeploys.INFERENCE);
    }

    function owed(address account) internal view returns (uint256) {
        return payouts.owed(account);
    }
}
