// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDatanets} from "../../interfaces/IDatanets.sol";
import {IDivision} from "../../interfaces/IDivision.sol";
import {IInference} from "../../interfaces/IInference.sol";
import {IModels} from "../../interfaces/IModels.sol";
import {Predeploys} from "../Predeploys.sol";
import {Tally} from "./Tally.sol";

/// @title Attribution
/// @notice Who earns which part of the contributors' pools, by the precompiles.
library Attribution {
    using Tally for Tally.Table;

    /// @dev A settlement while it is computed.
    struct Work {
        uint256 modelId;
        bytes32 head;
        IModels.Terms terms;
        IModels.Source[] sources;
        IDatanets.Release[] releases;
        /// Numbers of contributors that were given when the session was opened, by source.
        uint32[] contributors;
        /// By source, and last what belongs to all datanets.
        uint256[] commons;
        /// By source, and last those by sketches.
        IInference.Payee[][] payees;
        IInference.Attribution[] found;
    }

    /// @dev What one trace found.
    struct Trace {
        uint32[] numbers;
        uint256[] credits;
        uint256 explained;
        uint256 withheld;
        uint256 total;
    }

    /// @dev What sketches found.
    struct Found {
        Tally.Table tally;
        uint256 scans;
        /// Positive weight, of all contributors of a scan.
        uint256 positive;
        bool cut;
    }

    /// @dev A pool's shares.
    struct Divided {
        uint32[] numbers;
        uint256[] weights;
        uint256[] shares;
        uint256 whole;
    }

    uint256 private constant BPS = 10_000;
    /// @notice Most contributors that are credited in one trace, and listed in one scan: the highest ones.
    uint16 internal constant MAX_TRACED = 4_096;
    /// @notice Queries of one scan.
    uint256 private constant BATCH = 8;
    /// @dev An answer's words share `amount << SCALE`: what a floor loses is below a wei's 2^-32.
    uint256 private constant SCALE = 32;

    // ---- Text

    /// @notice Divides a source's pool. Each answer's words share what that answer cost, so no answer dilutes another: of
    ///         `amount`, a contributor gets `credit / max(explained, total * fullAt)`, at most `maxContributorBps`; nobody gets
    ///         the rest, which is the commons'.
    function text(Work memory work, uint256 source, uint256 pool, IInference.Answer[] calldata answers) internal view {
        if (pool == 0) return;
        Tally.Table memory tally = Tally.create(uint256(work.head));
        IInference.Attribution memory found;
        uint256 whole;
        for (uint256 i = 0; i < answers.length; ++i) {
            whole += answers[i].amount << SCALE;
            _trace(work.releases[source], answers[i], tally, found);
        }
        found.pool = pool;
        found.paid = _payText(work, source, _shares(pool, tally, whole));
        work.commons[source] += pool - found.paid;
        (found.datanetId, found.releaseId) = (work.sources[source].datanetId, work.sources[source].releaseId);
        work.found[source] = found;
    }

    function _payText(Work memory work, uint256 source, Divided memory divided) private view returns (uint256) {
        uint256 datanetId = work.sources[source].datanetId;
        address[] memory accounts =
            IDatanets(Predeploys.DATANETS).accountsAt(datanetId, divided.numbers, work.contributors[source]);
        IInference.Payee[] memory payees = new IInference.Payee[](divided.numbers.length);
        for (uint256 i = 0; i < payees.length; ++i) {
            payees[i] = IInference.Payee(
                datanetId, divided.numbers[i], false, accounts[i], divided.shares[i], divided.weights[i]
            );
        }
        return _keep(work, source, payees);
    }

    /// @dev Adds one answer.
    function _trace(
        IDatanets.Release memory release,
        IInference.Answer calldata answer,
        Tally.Table memory tally,
        IInference.Attribution memory found
    ) private view {
        Trace memory trace;
        (trace.numbers, trace.credits, trace.explained, trace.withheld, trace.total) =
            Predeploys.TEXT_ATTRIBUTION.traceByContributor(release.setId, release.version, answer.output, MAX_TRACED);
        found.explained += trace.explained;
        found.withheld += trace.withheld;
        found.total += trace.total;
        uint256 whole = answer.amount << SCALE;
        uint256 most = whole * release.maxContributorBps / BPS;
        uint256 full = _max(trace.explained * BPS, trace.total * release.fullAtBps);
        for (uint256 i = 0; i < trace.numbers.length; ++i) {
            uint256 weight = whole * (trace.credits[i] * BPS) / full;
            tally.add(trace.numbers[i], int256(weight < most ? weight : most));
        }
    }

    // ---- Sketches

    /// @notice Divides the pool that is attributed by sketches: signed scores are summed over all answers, each times what its
    ///         answer cost, before the positive part is taken.
    function sketches(Work memory work, uint256 pool, IInference.Answer[] calldata answers) internal view {
        if (pool == 0) return;
        uint256 all = work.sources.length;
        if (work.terms.sketchSetId == 0) {
            work.commons[all] += pool;
            return;
        }
        Found memory found;
        found.tally = Tally.create(uint256(work.head));
        for (uint256 i = 0; i < answers.length;) {
            i = _scan(work, found, answers, i);
        }
        if (found.cut && found.scans > 1) revert IDivision.TooManyContributors(work.terms.sketchSetId);
        // Of contributors that a scan didn't list, the part is the commons'.
        Divided memory divided = _shares(pool, found.tally, found.cut ? found.positive : 0);
        uint256 paid = _paySketches(work, pool, divided);
        work.found[all] = IInference.Attribution(0, 0, pool, paid, divided.whole, 0, 0);
    }

    function _paySketches(Work memory work, uint256 pool, Divided memory divided) private view returns (uint256 paid) {
        (uint256[] memory datanetIds, address[] memory accounts) =
            IModels(Predeploys.MODELS).sketchContributors(work.modelId, divided.numbers);
        IInference.Payee[] memory payees = new IInference.Payee[](accounts.length);
        uint256 capped;
        for (uint256 i = 0; i < payees.length; ++i) {
            uint256 share = _cap(work, datanetIds[i], pool, divided.shares[i]);
            capped += divided.shares[i] - share;
            payees[i] =
                IInference.Payee(datanetIds[i], divided.numbers[i], true, accounts[i], share, divided.weights[i]);
        }
        uint256 all = work.sources.length;
        paid = _keep(work, all, payees);
        work.commons[all] += pool - paid - capped;
    }

    /// @dev One scan: up to eight answers in a row that cost the same. Returns the next answer.
    function _scan(Work memory work, Found memory found, IInference.Answer[] calldata answers, uint256 from)
        private
        view
        returns (uint256 to)
    {
        uint256 amount = answers[from].amount;
        for (to = from; to < answers.length && to - from < BATCH && answers[to].amount == amount;) {
            ++to;
        }
        if (amount == 0) return to;
        bytes[] memory queries = new bytes[](to - from);
        for (uint256 i = from; i < to; ++i) {
            queries[i - from] = answers[i].query;
        }
        (uint32[] memory numbers, int256[] memory scores, int256 positive) = Predeploys.SKETCH_ATTRIBUTION
            .influenceByContributor(work.terms.sketchSetId, work.terms.sketchVersion, queries, MAX_TRACED);
        ++found.scans;
        found.cut = found.cut || numbers.length == MAX_TRACED;
        found.positive += uint256(positive) * amount;
        for (uint256 i = 0; i < numbers.length; ++i) {
            found.tally.add(numbers[i], scores[i] * int256(amount));
        }
    }

    /// @dev At most what the datanet's release allows; what is above goes to its commons. Nothing for datanets that the model
    ///      doesn't name, whose terms nobody checked.
    function _cap(Work memory work, uint256 datanetId, uint256 pool, uint256 share) private pure returns (uint256) {
        for (uint256 i = 0; i < work.sources.length; ++i) {
            if (work.sources[i].datanetId != datanetId) continue;
            uint256 most = pool * work.releases[i].maxContributorBps / BPS;
            if (share <= most) return share;
            work.commons[i] += share - most;
            return most;
        }
        work.commons[work.sources.length] += share;
        return 0;
    }

    // ---- Shared

    /// @dev Shares in `pool` of those with a positive sum, as if the rest of `whole` were one more of them; a whole of zero
    ///      stands for their sum.
    function _shares(uint256 pool, Tally.Table memory tally, uint256 whole)
        private
        pure
        returns (Divided memory divided)
    {
        (divided.numbers, divided.weights) = _positive(tally);
        uint256 count = divided.weights.length;
        uint256[] memory all = new uint256[](count + 1);
        uint256 sum;
        for (uint256 i = 0; i < count; ++i) {
            all[i] = divided.weights[i];
            sum += all[i];
        }
        divided.whole = whole == 0 ? sum : whole;
        all[count] = divided.whole - sum;
        divided.shares = Predeploys.REWARD_SPLIT.split(pool, all);
    }

    function _positive(Tally.Table memory tally)
        private
        pure
        returns (uint32[] memory numbers, uint256[] memory weights)
    {
        (numbers, weights) = (new uint32[](tally.count), new uint256[](tally.count));
        uint256 count;
        for (uint256 i = 0; i < tally.count; ++i) {
            if (tally.sums[i] <= 0) continue;
            (numbers[count], weights[count]) = (tally.numbers[i], uint256(tally.sums[i]));
            ++count;
        }
        assembly ("memory-safe") {
            mstore(numbers, count)
            mstore(weights, count)
        }
    }

    /// @dev Keeps the payees who get something, and returns their sum. A number without an account earns nobody anything.
    function _keep(Work memory work, uint256 place, IInference.Payee[] memory payees)
        private
        pure
        returns (uint256 paid)
    {
        uint256 count;
        for (uint256 i = 0; i < payees.length; ++i) {
            if (payees[i].amount == 0 || payees[i].account == address(0)) continue;
            paid += payees[i].amount;
            payees[count++] = payees[i];
        }
        assembly ("memory-safe") {
            mstore(payees, count)
        }
        work.payees[place] = payees;
    }

    function _max(uint256 left, uint256 right) private pure returns (uint256) {
        return left > right ? left : right;
    }
}
