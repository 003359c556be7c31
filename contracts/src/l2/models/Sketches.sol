// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IAttributionStore} from "../../interfaces/IAttributionStore.sol";
import {IDatanets} from "../../interfaces/IDatanets.sol";
import {IModelDisputes} from "../../interfaces/IModelDisputes.sol";
import {IModelRegistry} from "../../interfaces/IModelRegistry.sol";
import {IModels} from "../../interfaces/IModels.sol";
import {IParameters} from "../../interfaces/IParameters.sol";
import {Predeploys} from "../Predeploys.sol";
import {Keys} from "../governance/Keys.sol";
import {Bonds} from "./Bonds.sol";
import {ModelState} from "./ModelState.sol";

/// @title Sketches
/// @notice Sets of a model's sketches. Only the bonded trainer appends, each row of a datanet has one sketch in a set (a pair of
///         opposite sketches of one row would win from any answer), and how they are computed is committed to before the
///         first. A set that a version uses is frozen.
library Sketches {
    using ModelState for ModelState.State;

    IAttributionStore private constant STORE = Predeploys.ATTRIBUTION_STORE;
    IDatanets private constant DATANETS = IDatanets(Predeploys.DATANETS);
    IParameters private constant PARAMETERS = IParameters(Predeploys.PARAMETERS);
    uint8 private constant MAX_EXPONENT = 63;

    /// @notice Dimension and band of exponents of a set.
    struct Shape {
        uint16 dim;
        uint8 minExponent;
        uint8 maxExponent;
    }

    /// @notice Rows of one release, and the sketches that stand for them.
    struct Batch {
        uint256 setId;
        uint256 datanetId;
        uint256 rowLength;
    }

    function create(ModelState.State storage self, uint256 modelId, Shape memory shape, bytes32 commitment)
        internal
        returns (uint256 setId)
    {
        ModelState.Model storage model = self.owned(modelId);
        if (commitment == 0) revert IModelRegistry.ZeroHash();
        uint256 bond = PARAMETERS.get(Keys.TRAINER_BOND);
        Bonds.ensure(model, modelId, msg.sender, bond);
        setId = STORE.createSketchSet(shape.dim, false, shape.minExponent, shape.maxExponent);
        ModelState.SketchSet storage set = self.sets[setId];
        (set.trainer, set.dim, set.commitment) = (msg.sender, shape.dim, commitment);
        (set.modelId, set.bond) = (uint128(modelId), uint128(bond));
        emit IModelDisputes.SketchSetCreated(
            modelId, setId, msg.sender, shape.dim, shape.minExponent, shape.maxExponent, commitment
        );
    }

    function append(
        ModelState.State storage self,
        uint256 setId,
        uint256 datanetId,
        uint32 releaseId,
        uint64[] calldata rows,
        bytes calldata payload
    ) internal {
        ModelState.SketchSet storage set = self.sets[setId];
        ModelState.Model storage model = self.models[set.modelId];
        if (set.trainer != msg.sender || model.bonds[msg.sender].amount < set.bond) {
            revert IModelRegistry.NotTrainer(set.modelId, msg.sender);
        }
        if (set.frozen) revert IModelRegistry.SketchesFrozen(setId);
        Batch memory batch = Batch(setId, datanetId, 1 + uint256(set.dim));
        if (rows.length == 0 || payload.length != rows.length * batch.rowLength) revert IModelDisputes.InvalidSketch();
        IDatanets.Release memory release = DATANETS.release(datanetId, releaseId);
        _noteRelease(set, datanetId << 32 | releaseId);
        uint32[] memory numbers = new uint32[](rows.length);
        for (uint256 i = 0; i < rows.length; ++i) {
            if (rows[i] >= release.rows) revert IModelDisputes.RowNotInRelease(datanetId, releaseId, rows[i]);
            numbers[i] = _numberFor(model, set.modelId, datanetId, rows[i]);
        }
        uint64 first = _store(set, batch, rows, numbers, payload);
        emit IModelDisputes.SketchesAppended(set.modelId, setId, datanetId, releaseId, first, rows, numbers);
    }

    /// @notice Freezes the set for a version and returns the version of the set that answers.
    function pin(ModelState.State storage self, uint256 modelId, IModelRegistry.Registration memory made)
        internal
        returns (uint64 setVersion)
    {
        uint256 setId = made.sketchSetId;
        if ((setId == 0) != (made.sketchBps == 0)) revert IModelRegistry.SketchesUnused(setId, made.sketchBps);
        if (setId == 0) return 0;
        ModelState.SketchSet storage set = self.sets[setId];
        if (set.modelId != modelId) revert IModelRegistry.UnknownSketchSet(modelId, setId);
        // Who registers is bonded for the sketches, and so made them.
        if (set.trainer != msg.sender) revert IModelRegistry.NotTrainer(modelId, msg.sender);
        if (set.commitment != keccak256(abi.encode(made.seed, made.whiteningHash, made.manifestHash))) {
            revert IModelRegistry.WrongSketchCommitment(setId);
        }
        if (set.releases.length == 0) revert IModelRegistry.EmptySketchSet(setId);
        for (uint256 i = 0; i < set.releases.length; ++i) {
            _requireSource(set.releases[i], made.sources);
        }
        set.frozen = true;
        (,,,, setVersion,,,,) = STORE.info(setId);
    }

    /// @notice Whom numbers of a model's sketches stand for.
    function contributors(ModelState.State storage self, uint256 modelId, uint32[] calldata numbers)
        internal
        view
        returns (uint256[] memory datanetIds, address[] memory accounts)
    {
        ModelState.Model storage model = self.model(modelId);
        (datanetIds, accounts) = (new uint256[](numbers.length), new address[](numbers.length));
        uint32[] memory theirs = new uint32[](numbers.length);
        for (uint256 i = 0; i < numbers.length; ++i) {
            if (numbers[i] == 0 || numbers[i] > model.contributors.length) {
                revert IModelDisputes.UnknownNumber(modelId, numbers[i]);
            }
            ModelState.Contributor storage found = model.contributors[numbers[i] - 1];
            (datanetIds[i], theirs[i]) = (found.datanetId, found.number);
        }
        for (uint256 from = 0; from < accounts.length;) {
            from = _lookUp(datanetIds, theirs, accounts, from);
        }
    }

    /// @dev The accounts of a run of numbers of one datanet, at once. Returns the next run's beginning.
    function _lookUp(uint256[] memory datanetIds, uint32[] memory theirs, address[] memory accounts, uint256 from)
        private
        view
        returns (uint256 to)
    {
        uint256 datanetId = datanetIds[from];
        for (to = from + 1; to < datanetIds.length && datanetIds[to] == datanetId;) {
            ++to;
        }
        uint32[] memory run;
        assembly ("memory-safe") {
            // The run with its length before it, where a number stood that nobody needs any more.
            run := add(theirs, mul(from, 32))
            mstore(run, sub(to, from))
        }
        // A number of a row that was reassigned has an account of its own: as of any later moment.
        address[] memory found = DATANETS.accountsAt(datanetId, run, type(uint32).max);
        for (uint256 i = 0; i < found.length; ++i) {
            accounts[from + i] = found[i];
        }
    }

    function followAuthor(ModelState.State storage self, uint256 setId, uint256 datanetId, uint64 row) internal {
        ModelState.SketchSet storage set = self.sets[setId];
        (bool found, uint64 setRow) = rowOf(self, setId, datanetId, row);
        if (!found) revert IModelDisputes.UnknownSketch(setId, datanetId, row);
        uint32 number = _numberFor(self.models[set.modelId], set.modelId, datanetId, row);
        // The store keeps each call for ever, and every later scan reads it.
        (uint32 before,,,) = STORE.row(setId, setRow);
        if (before == number) revert IModelDisputes.NothingChanged(setId, datanetId, row);
        STORE.reassign(setId, setRow, number);
        emit IModelDisputes.SketchReassigned(set.modelId, setId, datanetId, row, setRow, number);
    }

    function rowOf(ModelState.State storage self, uint256 setId, uint256 datanetId, uint64 row)
        internal
        view
        returns (bool found, uint64 setRow)
    {
        setRow = self.sets[setId].rows[datanetId][row];
        found = setRow != 0;
        if (found) --setRow;
    }

    /// @notice Refuses a sketch that agrees with the set's row, so that rounding slashes nobody: cosine² of at least .99, and
    ///         squared lengths of which neither is a tenth more than the other (scores grow with the length, so a
    ///         sketch of the right direction that is too long takes from the others, too).
    function requireDifference(ModelState.SketchSet storage set, uint256 setId, uint64 setRow, bytes calldata sketch)
        internal
        view
    {
        if (sketch.length != 1 + uint256(set.dim) || uint8(sketch[0]) > MAX_EXPONENT) {
            revert IModelDisputes.InvalidSketch();
        }
        (,,, bytes memory stored) = STORE.row(setId, setRow);
        (int256 dot, uint256 left, uint256 right) = _products(stored, sketch);
        // q · 2^-e: the one of the smaller exponent is the longer.
        uint256 e = uint8(stored[0]);
        uint256 f = uint8(sketch[0]);
        bool aligned = dot >= 0 && uint256(dot * dot) * 100 >= left * right * 99;
        if (e < f) left <<= 2 * (f - e);
        else right <<= 2 * (e - f);
        if (aligned && left * 10 <= right * 11 && right * 10 <= left * 11) revert IModelDisputes.SketchesAgree();
    }

    function _products(bytes memory stored, bytes calldata sketch)
        private
        pure
        returns (int256 dot, uint256 left, uint256 right)
    {
        for (uint256 i = 1; i < sketch.length; ++i) {
            int256 a = int8(uint8(stored[i]));
            int256 b = int8(uint8(sketch[i]));
            if (b == -128) revert IModelDisputes.InvalidSketch();
            // At most 4,096 products of 127²: nothing overflows.
            unchecked {
                dot += a * b;
                left += uint256(a * a);
                right += uint256(b * b);
            }
        }
    }

    function _noteRelease(ModelState.SketchSet storage set, uint256 release) private {
        uint256 count = set.releases.length;
        for (uint256 i = 0; i < count; ++i) {
            if (set.releases[i] == release) return;
        }
        // More could answer for no version.
        if (count == 16) revert IModelRegistry.TooManySources(count + 1);
        set.releases.push(release);
    }

    function _requireSource(uint256 release, IModels.Source[] memory sources) private pure {
        for (uint256 i = 0; i < sources.length; ++i) {
            if (sources[i].datanetId << 32 | sources[i].releaseId == release) return;
        }
        revert IModelDisputes.SketchOfOtherRelease(release >> 32, uint32(release));
    }

    /// @dev The number in the model's sketches of a row's author of now, a new one where it had none.
    function _numberFor(ModelState.Model storage model, uint256 modelId, uint256 datanetId, uint64 row)
        private
        returns (uint32 number)
    {
        uint32 contributor = DATANETS.contributorOf(datanetId, row);
        number = model.numbers[datanetId][contributor];
        if (number != 0) return number;
        model.contributors.push(ModelState.Contributor(uint128(datanetId), contributor));
        number = uint32(model.contributors.length);
        model.numbers[datanetId][contributor] = number;
        emit IModelDisputes.SketchContributor(modelId, number, datanetId, contributor);
    }

    /// @dev Appends each run of rows of one contributor at once.
    function _store(
        ModelState.SketchSet storage set,
        Batch memory batch,
        uint64[] calldata rows,
        uint32[] memory numbers,
        bytes calldata payload
    ) private returns (uint64 first) {
        uint256 start = 0;
        for (uint256 i = 1; i <= rows.length; ++i) {
            if (i < rows.length && numbers[i] == numbers[start]) continue;
            bytes calldata part = payload[start * batch.rowLength:i * batch.rowLength];
            (uint64 at,,) = STORE.append(batch.setId, numbers[start], part);
            if (start == 0) first = at;
            for (; start < i; ++start) {
                _noteRow(set, batch, rows[start], first + uint64(start));
            }
        }
    }

    function _noteRow(ModelState.SketchSet storage set, Batch memory batch, uint64 row, uint64 setRow) private {
        if (set.rows[batch.datanetId][row] != 0) {
            revert IModelDisputes.DuplicateSketch(batch.setId, batch.datanetId, row);
        }
        set.rows[batch.datanetId][row] = setRow + 1;
    }
}
