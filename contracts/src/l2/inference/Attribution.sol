// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IDatanets} from "../../interfaces/IDatanets.sol";
import {IDivision} from "../../interfaces/IDivision.sol";
import {IInference} from "../../interfaces/IInference.sol";
import {IModels} from "../../interfaces/IModels.sol";
import {Predeploys} from "../Predeploys.sol";
import {Pages} from "./Pages.sol";
import {Tally} from "./Tally.sol";

/// @title Attribution
/// @notice Who earns which part of the contributors' pools, by the precompiles.
library Attribution {
    using Pages for Pages.Book;
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
        Pages.Book payees;
        IInference.Attribution[] found;
        /// Contributors of one trace or scan.
        uint16 topK;
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

    /// @dev A pool's shares. Who gets them stands beside.
    struct Divided {
        uint32[] numbers;
        uint256[] weights;
        uint256[] shares;
        uint256 whole;
    }

    uint256 private constant BPS = 10_000;
    /// @notice Most contributors that one answer is attributed to, the highest ones: of all pools together, so that any answer can
    ///         be settled in one transaction.
    uint256 internal constant MAX_TRACED = 3_072;
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
        Tally.Table memory tally = Tally.create(uint256(work.head), 0);
        IInference.Attribution memory found;
        uint256 whole;
        for (uint256 i = 0; i < answers.length; ++i) {
            whole += answers[i].amount << SCALE;
            _trace(work, source, answers[i], tally, found);
        }
        found.pool = pool;
        found.paid = _payText(work, source, _shares(pool, tally, whole));
        work.commons[source] += pool - found.paid;
        (found.datanetId, found.releaseId) = (work.sources[source].datanetId, work.sources[source].releaseId);
        work.found[source] = found;
    }

    function _payText(Work memory work, uint256 source, Divided memory divided) private view returns (uint256) {
        address[] memory accounts = _accounts(work, source, divided.numbers);
        IInference.Payee memory payee;
        payee.datanetId = work.sources[source].datanetId;
        uint256 before = work.payees.sum;
        for (uint256 i = 0; i < accounts.length; ++i) {
            (payee.number, payee.account) = (divided.numbers[i], accounts[i]);
            (payee.amount, payee.weight) = (divided.shares[i], divided.weights[i]);
            _pay(work, payee);
        }
        return work.payees.sum - before;
    }

    /// @dev Adds one answer.
    function _trace(
        Work memory work,
        uint256 source,
        IInference.Answer calldata answer,
        Tally.Table memory tally,
        IInference.Attribution memory found
    ) private view {
        IDatanets.Release memory release = work.releases[source];
        Trace memory trace;
        (trace.numbers, trace.credits, trace.explained, trace.withheld, trace.total) =
            Predeploys.TEXT_ATTRIBUTION.traceByContributor(release.setId, release.version, answer.output, work.topK);
        found.explained += trace.explained;
        found.withheld += trace.withheld;
        found.total += trace.total;
        uint256 whole = answer.amount << SCALE;
        uint256 full = _max(trace.explained * BPS, trace.total * release.fullAtBps);
        uint256[] memory weights = trace.credits;
        for (uint256 i = 0; i < weights.length; ++i) {
            weights[i] = whole * (weights[i] * BPS) / full;
        }
        // All of them together have no more than the whole.
        if (release.maxContributorBps < BPS) {
            address[] memory accounts = _accounts(work, source, trace.numbers);
            _cap(tally.seed, accounts, weights, whole * release.maxContributorBps / BPS);
        }
        tally.reserve(weights.length);
        for (uint256 i = 0; i < weights.length; ++i) {
            tally.add(trace.numbers[i], int256(weights[i]));
        }
    }

    /// @dev As they were when the session was opened.
    function _accounts(Work memory work, uint256 source, uint32[] memory numbers)
        private
        view
        returns (address[] memory)
    {
        return IDatanets(Predeploys.DATANETS)
            .accountsAt(work.sources[source].datanetId, numbers, work.contributors[source]);
    }

    /// @dev No account has more than `most`, under however many numbers: each row that changed hands has one of its own.
    function _cap(uint256 seed, address[] memory accounts, uint256[] memory weights, uint256 most) private pure {
        uint256[] memory keys;
        assembly ("memory-safe") {
            keys := accounts
        }
        uint256[] memory sums = _together(seed, keys, weights);
        for (uint256 i = 0; i < sums.length; ++i) {
            if (sums[i] > most) weights[i] = weights[i] * most / sums[i];
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
        found.tally = Tally.create(uint256(work.head), 0);
        for (uint256 i = 0; i < answers.length;) {
            i = _scan(work, found, answers, i);
        }
        if (found.cut && found.scans > 1) revert IDivision.TooManyContributors(work.terms.sketchSetId);
        _keepPositive(found.tally);
        // Of contributors that a scan didn't list, the part is the commons'.
        Divided memory divided = _shares(pool, found.tally, found.cut ? found.positive : 0);
        uint256 paid = _paySketches(work, pool, divided);
        work.found[all] = IInference.Attribution(0, 0, pool, paid, divided.whole, 0, 0);
    }

    function _paySketches(Work memory work, uint256 pool, Divided memory divided) private view returns (uint256) {
        (uint256[] memory datanetIds, address[] memory accounts) =
            IModels(Predeploys.MODELS).sketchContributors(work.modelId, divided.numbers);
        // In the place of the datanets: an account has a most in each of them.
        uint256[] memory keys = datanetIds;
        for (uint256 i = 0; i < keys.length; ++i) {
            keys[i] = datanetIds[i] << 160 | uint160(accounts[i]);
        }
        uint256[] memory sums = _together(uint256(work.head), keys, divided.shares);
        IInference.Payee memory payee;
        payee.bySketch = true;
        uint256 before = work.payees.sum;
        uint256 capped;
        for (uint256 i = 0; i < keys.length; ++i) {
            (payee.datanetId, payee.number, payee.account) = (keys[i] >> 160, divided.numbers[i], accounts[i]);
            payee.weight = divided.weights[i];
            payee.amount = _allowed(work, payee.datanetId, pool, divided.shares[i], sums[i]);
            capped += divided.shares[i] - payee.amount;
            _pay(work, payee);
        }
        uint256 paid = work.payees.sum - before;
        work.commons[work.sources.length] += pool - paid - capped;
        return paid;
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
            .influenceByContributor(work.terms.sketchSetId, work.terms.sketchVersion, queries, work.topK);
        ++found.scans;
        found.cut = found.cut || numbers.length == work.topK;
        found.positive += uint256(positive) * amount;
        found.tally.reserve(numbers.length);
        for (uint256 i = 0; i < numbers.length; ++i) {
            found.tally.add(numbers[i], scores[i] * int256(amount));
        }
    }

    /// @dev Of an account's shares, `sum` in all, at most what the datanet's release allows; what is above goes to its commons.
    ///      Nothing for datanets that the model doesn't name, whose terms nobody checked.
    function _allowed(Work memory work, uint256 datanetId, uint256 pool, uint256 share, uint256 sum)
        private
        pure
        returns (uint256 allowed)
    {
        for (uint256 i = 0; i < work.sources.length; ++i) {
            if (work.sources[i].datanetId != datanetId) continue;
            uint256 most = pool * work.releases[i].maxContributorBps / BPS;
            if (sum <= most) return share;
            allowed = share * most / sum;
            work.commons[i] += share - allowed;
            return allowed;
        }
        work.commons[work.sources.length] += share;
    }

    function _keepPositive(Tally.Table memory tally) private pure {
        uint256 count;
        for (uint256 i = 0; i < tally.count; ++i) {
            if (tally.sums[i] <= 0) continue;
            (tally.keys[count], tally.sums[count]) = (tally.keys[i], tally.sums[i]);
            ++count;
        }
        tally.count = count;
    }

    // ---- Shared

    /// @dev Shares in `pool` of those with a sum, none of which is negative, as if the rest of `whole` were one more of them; a
    ///      whole of zero stands for their sum. The tally's memory is theirs from now on.
    function _shares(uint256 pool, Tally.Table memory tally, uint256 whole)
        private
        pure
        returns (Divided memory divided)
    {
        uint256 count = tally.count;
        (uint256[] memory keys, int256[] memory sums) = (tally.keys, tally.sums);
        (uint32[] memory numbers, uint256[] memory weights) = (divided.numbers, divided.weights);
        assembly ("memory-safe") {
            numbers := keys
            weights := sums
            mstore(numbers, count)
            mstore(weights, add(count, 1))
        }
        uint256 sum;
        for (uint256 i = 0; i < count; ++i) {
            sum += weights[i];
        }
        divided.whole = whole == 0 ? sum : whole;
        weights[count] = divided.whole - sum;
        (divided.numbers, divided.weights) = (numbers, weights);
        divided.shares = Predeploys.REWARD_SPLIT.split(pool, weights);
    }

    /// @dev What all amounts of the same key are together, for each.
    function _together(uint256 seed, uint256[] memory keys, uint256[] memory amounts)
        private
        pure
        returns (uint256[] memory sums)
    {
        Tally.Table memory table = Tally.create(seed, keys.length);
        sums = new uint256[](keys.length);
        for (uint256 i = 0; i < sums.length; ++i) {
            sums[i] = table.add(keys[i], int256(amounts[i]));
        }
        for (uint256 i = 0; i < sums.length; ++i) {
            sums[i] = uint256(table.sums[sums[i]]);
        }
    }

    /// @dev Keeps a payee who gets something. A number without an account earns nobody anything.
    function _pay(Work memory work, IInference.Payee memory payee) private pure {
        if (payee.amount != 0 && payee.account != address(0)) work.payees.add(payee);
    }

    function _max(uint256 left, uint256 right) private pure returns (uint256) {
        return left > right ? left : right;
    }
}
